//===- LowerStep.cpp - A training step in ops that a machine has ----------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The pipeline.
//
//===----------------------------------------------------------------------===//

#include "colonnade/Dialect/Colonnade/Transforms/Passes.h"
#include "colonnade/Training/Passes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;
using namespace colonnade;

void colonnade::buildLowerStepPipeline(OpPassManager &manager) {
  LowerReversibleOptions lower;
  lower.keepBarriers = lower.keepFixedPoint = true;
  manager.addNestedPass<func::FuncOp>(createLowerReversible(lower));
  // The network beside the step has its normalizations still.
  manager.addNestedPass<func::FuncOp>(createLowerBatchNorm());
  manager.addNestedPass<func::FuncOp>(createExpandMath());
  manager.addPass(createCanonicalizerPass());
  manager.addPass(createCSEPass());
  // From here on nothing is merged, and sums that wrap stay what they are.
  manager.addNestedPass<func::FuncOp>(createLowerReversible());
}
