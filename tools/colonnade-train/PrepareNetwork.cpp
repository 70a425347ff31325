//===- PrepareNetwork.cpp - A network before it is trained ----------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See the header.
//
//===----------------------------------------------------------------------===//

#include "PrepareNetwork.h"
#include "colonnade/Dialect/Colonnade/Transforms/Passes.h"
#include "colonnade/Differentiation/Passes.h"
#include "colonnade/Support/ToolOptions.h"
#include "colonnade/Training/Passes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/CommandLine.h"

using namespace mlir;
using namespace colonnade;
namespace cl = llvm::cl;

static cl::opt<bool> initializeOption(
    "initialize", cl::init(false),
    cl::desc("Begin with fresh random weights, drawn by --seed, instead of "
             "those in the file"),
    cl::cat(getToolCategory()));
static cl::opt<bool> batchNormOption(
    "batch-norm", cl::init(false),
    cl::desc("Put batch normalization behind the network's convolutions first "
             "(--colonnade-insert-batch-norm)"),
    cl::cat(getToolCategory()));
static cl::opt<std::string> reversibleOption(
    "reversible", cl::ValueOptional,
    cl::desc("Make chains of residual blocks couplings of two streams first, "
             "whose activations need not be kept (--colonnade-make-reversible): "
             "streams of fixed point with so many fractional bits, or without a "
             "number of f32"),
    cl::value_desc("fraction"), cl::cat(getToolCategory()));
static cl::opt<std::string> freezeOption(
    "freeze",
    cl::desc("Leave the parameters whose names match as they are "
             "(--colonnade-freeze-parameters)"),
    cl::value_desc("regex"), cl::cat(getToolCategory()));

llvm::Error colonnade::prepareNetwork(ModuleOp module, bool normalizes,
                                      uint64_t seed) {
  PassManager manager(module.getContext());
  if (normalizes)
    manager.addNestedPass<func::FuncOp>(
        createNormalizeContractions({/*keepBatchNorm=*/true}));
  if (batchNormOption)
    manager.addNestedPass<func::FuncOp>(createInsertBatchNorm());
  if (reversibleOption.getNumOccurrences() > 0) {
    MakeReversibleOptions options;
    // Without a number the streams are f32.
    if (!reversibleOption.empty() &&
        !llvm::to_integer(reversibleOption, options.fraction))
      return llvm::createStringError(
          "expected --reversible with a number of fractional bits, got '" +
          reversibleOption + "'");
    manager.addNestedPass<func::FuncOp>(createMakeReversible(options));
  }
  if (!freezeOption.empty())
    manager.addNestedPass<func::FuncOp>(
        createFreezeParameters({freezeOption}));
  if (initializeOption)
    manager.addNestedPass<func::FuncOp>(
        createInitializeParameters({seed}));
  if (failed(manager.run(module)))
    return llvm::createStringError("the network cannot be prepared");
  return llvm::Error::success();
}
