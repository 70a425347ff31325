//===- ErasePromises.cpp - A step as the trainer compiles it --------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See the header.
//
//===----------------------------------------------------------------------===//

#include "ErasePromises.h"
#include "colonnade/Dialect/Colonnade/Transforms/Passes.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;
using namespace colonnade;

LogicalResult colonnade::erasePromises(ModuleOp step) {
  PassManager manager(step.getContext());
  StripEncodingsOptions options;
  // Products run in a library, which has an order of its own.
  options.keepBlockProducts = true;
  // Common subexpressions are still looked for.
  options.keepBarriers = true;
  manager.addPass(createStripEncodings(options));
  manager.addPass(createCanonicalizerPass());
  manager.addPass(createCSEPass());
  return manager.run(step);
}
