//===- BlockPasses.h - Products of blocks for the simulator ----*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a mapped product is to the simulator before it has addresses: enough to
// know its cycles, its events and the room that its blocks need.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_DIALECT_SYSTOLIC_IR_BLOCKPASSES_H
#define COLONNADE_DIALECT_SYSTOLIC_IR_BLOCKPASSES_H

#include "colonnade/Dialect/Systolic/IR/Systolic.h"

namespace colonnade::systolic {

sim::BlockDataflow getSimulatedDataflow(BlockDataflow dataflow);

/// A chunk of `op`, of so many steps of each loop, on dense tensors at address
/// 0. Memories are not set.
sim::BlockPass getBlockPass(BlockContractOp op, llvm::ArrayRef<int64_t> chunk);

} // namespace colonnade::systolic

#endif // COLONNADE_DIALECT_SYSTOLIC_IR_BLOCKPASSES_H
