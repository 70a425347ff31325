//===- Passes.td - Scheduling and its checks -*- tablegen -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_DIALECT_SYSTOLIC_TRANSFORMS_PASSES
#define COLONNADE_DIALECT_SYSTOLIC_TRANSFORMS_PASSES

include "mlir/Pass/PassBase.td"

def Schedule : Pass<"systolic-schedule", "::mlir::ModuleOp"> {
  let summary = "Turn mapped layers into entries of the machine's queues";
  let description = [{
    Replaces every function of mapped layers by a `systolic.program`. Tensors
    get places in data SRAM by first fit over their lifetimes; what does not fit
    lives in DRAM, and the layers that touch it work band by band of output
    positions, nests chunk by chunk of their parallel loops, the outer loop
    halved first, with a box of each spilled tensor (one buffer per box, loaded
    once where all chunks read the same). Weight tiles and vector parameters are double-buffered in weight
    SRAM, accumulators in accumulator SRAM. Tokens order exactly the accesses
    that conflict.

    The schedule is checked (`systolic-verify-schedule`) before the pass ends. A
    machine too small for one output position of a layer is an error that names
    the memory, the demand and the limit.
  }];
  let dependentDialects = ["::colonnade::systolic::SystolicDialect"];
}

def VerifySchedule : Pass<"systolic-verify-schedule", "::mlir::ModuleOp"> {
  let summary = "Check that a schedule is free of hazards and fits the machine";
  let description = [{
    Flattens every `systolic.program` and runs the simulator's program checks:
    address ranges, tile contents, promises, cycles per step, and a
    happens-before analysis of all accesses that overlap. Violations are errors
    at the op they come from.
  }];
}

def UnpackWeights : Pass<"systolic-unpack-weights", "::mlir::ModuleOp"> {
  let summary = "Give back the encoded dense weights of a schedule";
  let description = [{
    The inverse of packing: adds, for every `systolic.weights`, a function
    without arguments that returns the weights as the constant of the type that
    was packed, bit for bit, and erases the programs.
  }];
  let dependentDialects = ["::mlir::func::FuncDialect",
                           "::mlir::arith::ArithDialect",
                           "::colonnade::ColonnadeDialect"];
}

#endif // COLONNADE_DIALECT_SYSTOLIC_TRANSFORMS_PASSES
