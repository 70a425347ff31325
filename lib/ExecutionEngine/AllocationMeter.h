//===- AllocationMeter.h - What a run has allocated -------------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Compiled functions allocate their buffers with aligned_alloc and free, which
// LLVM knows; the JIT resolves the two names to the functions here. So the peak
// of a run is counted where memory is given out, not derived from the program.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_LIB_EXECUTIONENGINE_ALLOCATIONMETER_H
#define COLONNADE_LIB_EXECUTIONENGINE_ALLOCATIONMETER_H

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace colonnade {

/// Counts the bytes that the threads with a scope on it have allocated and
/// nobody has freed yet.
class AllocationMeter {
public:
  /// Has this thread count on a meter while it lives; null for none.
  class Scope {
  public:
    explicit Scope(AllocationMeter *meter);
    ~Scope();
    Scope(const Scope &) = delete;
    Scope &operator=(const Scope &) = delete;

  private:
    AllocationMeter *outer;
  };

  /// The one that this thread counts on; null if there is none.
  static AllocationMeter *getCurrent();

  /// Stand in for aligned_alloc and free. Memory may be freed by any thread:
  /// it is taken off the meter that counted it, which must still live.
  static void *allocate(size_t alignment, size_t bytes);
  static void release(void *memory);

  int64_t getPeakBytes() const { return peak; }
  /// Forgets the peak, not what is allocated now.
  void reset() { peak = live.load(); }

private:
  void add(int64_t bytes);

  std::atomic<int64_t> live = 0, peak = 0;
};

} // namespace colonnade

#endif // COLONNADE_LIB_EXECUTIONENGINE_ALLOCATIONMETER_H
