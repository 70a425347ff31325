//===- AccessTracker.h - Who touched which bytes -*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Orders what conflicts: the scheduler asks it which tokens to wait for.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_LIB_DIALECT_SYSTOLIC_TRANSFORMS_ACCESSTRACKER_H
#define COLONNADE_LIB_DIALECT_SYSTOLIC_TRANSFORMS_ACCESSTRACKER_H

#include "NetworkPlan.h"

namespace colonnade::systolic {

/// Remembers who touched which bytes, to order what conflicts.
class AccessTracker {
public:
  /// Tokens of earlier accesses that `queue` must wait for before touching
  /// [address, address + bytes).
  llvm::SmallVector<mlir::Value> getConflicts(MemorySpace memory,
                                              const Placement &place,
                                              bool isWrite,
                                              sim::Queue queue) const;
  void record(MemorySpace memory, const Placement &place, bool isWrite,
              sim::Queue queue, mlir::Value token);

private:
  struct Access {
    MemorySpace memory;
    Placement place;
    bool isWrite;
    sim::Queue queue;
    mlir::Value token;
  };
  llvm::SmallVector<Access> accesses;
};

} // namespace colonnade::systolic

#endif // COLONNADE_LIB_DIALECT_SYSTOLIC_TRANSFORMS_ACCESSTRACKER_H
