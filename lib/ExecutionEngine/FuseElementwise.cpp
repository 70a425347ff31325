//===- FuseElementwise.cpp - Elementwise ops into their readers -----------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See the header.
//
//===----------------------------------------------------------------------===//

#include "FuseElementwise.h"
#include "ProductForms.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Tensor/Transforms/Transforms.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;

namespace colonnade {

static bool isTranspose(Operation *op) {
  auto generic = dyn_cast<linalg::GenericOp>(op);
  return generic && generic.getNumDpsInputs() == 1 &&
         generic.getBody()->without_terminator().empty() &&
         llvm::all_of(generic.getIndexingMapsArray(),
                      [](AffineMap map) { return map.isPermutation(); });
}

/// Whether the reader's loops meet each element of an operand once.
static bool readsOnce(linalg::LinalgOp reader, OpOperand &operand) {
  AffineMap map = reader.getMatchingIndexingMap(&operand);
  SmallVector<int64_t> extents = reader.getStaticLoopRanges();
  return llvm::all_of(llvm::seq(reader.getNumLoops()), [&](unsigned loop) {
    return extents[loop] == 1 || map.isFunctionOfDim(loop);
  });
}

static bool isWorthFusing(OpOperand *operand) {
  Operation *producer = operand->get().getDefiningOp();
  if (!producer || !producer->hasOneUse())
    return false;
  auto reader = dyn_cast<linalg::LinalgOp>(operand->getOwner());
  if (!reader || !isa<linalg::LinalgOp>(producer))
    return true; // Reshapes, which only move.
  return hasProductForm(reader) ? isTranspose(producer)
                                : readsOnce(reader, *operand);
}

LogicalResult fuseElementwise(ModuleOp module) {
  MLIRContext *context = module.getContext();
  RewritePatternSet patterns(context);
  linalg::populateElementwiseOpsFusionPatterns(patterns, isWorthFusing);
  linalg::populateFoldReshapeOpsByExpansionPatterns(patterns, isWorthFusing);
  tensor::populateBubbleUpExpandShapePatterns(patterns);
  linalg::GenericOp::getCanonicalizationPatterns(patterns, context);
  tensor::ExpandShapeOp::getCanonicalizationPatterns(patterns, context);
  tensor::CollapseShapeOp::getCanonicalizationPatterns(patterns, context);
  context->getOrLoadDialect<linalg::LinalgDialect>()
      ->getCanonicalizationPatterns(patterns);
  // As upstream's pass does it: this order takes least time.
  (void)applyPatternsGreedily(module, std::move(patterns),
                              GreedyRewriteConfig().setUseTopDownTraversal());
  PassManager manager(context);
  manager.addPass(createCanonicalizerPass());
  manager.addPass(createCSEPass());
  return manager.run(module);
}

} // namespace colonnade
