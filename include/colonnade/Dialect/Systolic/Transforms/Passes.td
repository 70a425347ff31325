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
    get places in data SRAM by first fit over their lifetimes. Where it is too
    full, a tensor leaves between two of its uses, the pair that frees most
    layers per byte moved: it is stored once, when it is complete, and loaded as a
    whole while the layer before its next use runs. Where a layer itself needs too
    much, its largest tensor is in DRAM for it, and the layer works band by band of
    output positions, a nest chunk by chunk of its parallel loops, with a box of each
    such tensor (one buffer per box, loaded inside the loops that change it). The
    loop that is halved is the outermost one, of a product of blocks the one after
    which its passes and loads take the fewest cycles. Weight tiles and vector parameters are
    double-buffered in weight SRAM, accumulators in accumulator SRAM. Tokens order
    exactly the accesses that conflict.

    In embedded DRAM a tensor leaves as well where refreshing it between two uses
    takes more energy than moving it. How long that is follows from a first
    schedule; a second one is made with it.

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
