//===- ByteMap.h - Who last touched which byte ------------------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// An interval map over one memory.
//
//===----------------------------------------------------------------------===//

#ifndef LIB_SIMULATOR_BYTEMAP_H
#define LIB_SIMULATOR_BYTEMAP_H

#include "MemoryAccesses.h"
#include <map>

namespace colonnade::sim {

/// What is known of some bytes.
struct ByteHistory {
  /// Last instruction that wrote them; -1 for the host or nobody.
  int64_t writer = -1;
  /// Last instruction of each queue that has read them since; -1 for none.
  std::array<int64_t, kNumQueues> readers = {-1, -1, -1, -1};
  /// The buffer they were written as part of.
  std::optional<ByteRange> buffer;
  bool isWritten = false;
};

class ByteMap {
public:
  /// Calls visit(range, history) for the parts of `range` that differ in their
  /// history; `visit` may change it.
  template <typename Visitor> void visit(ByteRange range, Visitor visitor) {
    auto last = splitAt(range.end);
    for (auto it = splitAt(range.begin); it != last; ++it)
      visitor(ByteRange{it->first, std::next(it)->first}, it->second);
  }

  /// Gives all of `range` one history.
  void assign(ByteRange range, const ByteHistory &history) {
    auto last = splitAt(range.end);
    auto first = splitAt(range.begin);
    first->second = history;
    intervals.erase(std::next(first), last);
  }

private:
  /// Each history holds from its key up to the next key.
  using Intervals = std::map<int64_t, ByteHistory>;

  /// Makes `address` the start of an interval.
  Intervals::iterator splitAt(int64_t address) {
    auto it = intervals.lower_bound(address);
    if (it != intervals.end() && it->first == address)
      return it;
    ByteHistory history =
        it == intervals.begin() ? ByteHistory() : std::prev(it)->second;
    return intervals.emplace_hint(it, address, history);
  }

  Intervals intervals;
};

} // namespace colonnade::sim

#endif // LIB_SIMULATOR_BYTEMAP_H
