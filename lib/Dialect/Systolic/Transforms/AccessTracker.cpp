//===- AccessTracker.cpp - Who touched which bytes -*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See the header.
//
//===----------------------------------------------------------------------===//

#include "AccessTracker.h"

using namespace mlir;
using namespace colonnade;
using namespace colonnade::systolic;

SmallVector<Value> AccessTracker::getConflicts(MemorySpace memory,
                                               const Placement &place,
                                               bool isWrite,
                                               sim::Queue queue) const {
  SmallVector<Value> tokens;
  for (const Access &access : accesses) {
    bool overlaps = access.memory == memory &&
                    access.place.address < place.address + place.bytes &&
                    place.address < access.place.address + access.place.bytes;
    if (overlaps && access.queue != queue && (isWrite || access.isWrite) &&
        !llvm::is_contained(tokens, access.token))
      tokens.push_back(access.token);
  }
  return tokens;
}

void AccessTracker::record(MemorySpace memory, const Placement &place,
                           bool isWrite, sim::Queue queue, Value token) {
  // Whoever conflicts with an access hidden by a later write waits for that
  // write, which has waited for the hidden access.
  if (isWrite)
    llvm::erase_if(accesses, [&](const Access &access) {
      return access.memory == memory && access.place.address >= place.address &&
             access.place.address + access.place.bytes <=
                 place.address + place.bytes;
    });
  accesses.push_back({memory, place, isWrite, queue, token});
}
