//===- AllocationMeter.cpp - What a run has allocated ---------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// free() is told no size: a header in front of the memory has it.
//
//===----------------------------------------------------------------------===//

#include "AllocationMeter.h"
#include <algorithm>
#include <cstdlib>

using namespace colonnade;

namespace {

struct Header {
  AllocationMeter *meter;
  void *begin;
  int64_t bytes;
};

thread_local AllocationMeter *current = nullptr;

} // namespace

AllocationMeter::Scope::Scope(AllocationMeter *meter) : outer(current) {
  current = meter;
}

AllocationMeter::Scope::~Scope() { current = outer; }

AllocationMeter *AllocationMeter::getCurrent() { return current; }

void AllocationMeter::add(int64_t bytes) {
  int64_t now = live.fetch_add(bytes) + bytes;
  int64_t known = peak;
  while (known < now && !peak.compare_exchange_weak(known, now))
    ;
}

void *AllocationMeter::allocate(size_t alignment, size_t bytes) {
  // In multiples of the alignment, so that what follows is aligned too.
  alignment = std::max(alignment, alignof(Header));
  size_t offset = (sizeof(Header) + alignment - 1) / alignment * alignment;
  size_t rounded = (bytes + alignment - 1) / alignment * alignment;
  void *begin = std::aligned_alloc(alignment, offset + rounded);
  // Compiled code has no way to complain: it would write to address 0.
  if (!begin)
    std::abort();
  char *memory = static_cast<char *>(begin) + offset;
  reinterpret_cast<Header *>(memory)[-1] = {current, begin,
                                            static_cast<int64_t>(bytes)};
  if (current)
    current->add(static_cast<int64_t>(bytes));
  return memory;
}

void AllocationMeter::release(void *memory) {
  if (!memory)
    return;
  Header header = static_cast<Header *>(memory)[-1];
  if (header.meter)
    header.meter->live.fetch_sub(header.bytes);
  std::free(header.begin);
}
