//===- NormalizeContractions.cpp - One form for every network ------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The pass behind --colonnade-normalize: importers differ, quantization and
// lowering should not have to care.
//
//===----------------------------------------------------------------------===//

#include "Normalize.h"
#include "QuantizedTypes.h"
#include "colonnade/Dialect/Colonnade/IR/Contractions.h"
#include "colonnade/Dialect/Colonnade/Transforms/BatchNorm.h"
#include "colonnade/Dialect/Colonnade/Transforms/Passes.h"
#include "colonnade/Dialect/Colonnade/Transforms/Remarks.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "mlir/Transforms/Passes.h"

namespace colonnade {

#define GEN_PASS_DEF_NORMALIZECONTRACTIONS
#include "colonnade/Dialect/Colonnade/Transforms/Passes.h.inc"

namespace {

using namespace mlir;

constexpr llvm::StringLiteral kRule = "normalize";

class NormalizeContractions
    : public impl::NormalizeContractionsBase<NormalizeContractions> {
public:
  using NormalizeContractionsBase::NormalizeContractionsBase;
  void runOnOperation() override;

private:
  LogicalResult cleanUp();
  LogicalResult generalize();
  LogicalResult rewrite();
};

/// Named elementwise ops, maps, broadcasts and reductions: everything that has
/// one form as linalg.generic. Transposes only move elements.
bool hasGenericForm(linalg::LinalgOp op) {
  return op.hasPureTensorSemantics() &&
         !isa<linalg::GenericOp, linalg::FillOp, linalg::TransposeOp>(op) &&
         (op.getNumParallelLoops() == op.getNumLoops() ||
          isa<linalg::ReduceOp>(op));
}

/// Whether a generic only reads its input at other positions.
bool isPureMove(linalg::GenericOp op) {
  Block *body = op.getBody();
  return op.getNumDpsInputs() == 1 && op.getNumResults() == 1 &&
         body->without_terminator().empty() &&
         body->getTerminator()->getOperand(0) == body->getArgument(0);
}

/// Broadcasts move into the ops that read them.
bool shouldFuse(OpOperand *use) {
  auto producer = use->get().getDefiningOp<linalg::GenericOp>();
  return producer && isPureMove(producer);
}

LogicalResult NormalizeContractions::cleanUp() {
  OpPassManager manager(func::FuncOp::getOperationName());
  manager.addPass(createCanonicalizerPass());
  manager.addPass(createCSEPass());
  return runPipeline(manager, getOperation());
}

LogicalResult NormalizeContractions::generalize() {
  SmallVector<linalg::LinalgOp> ops;
  getOperation().walk([&](linalg::LinalgOp op) {
    if (hasGenericForm(op))
      ops.push_back(op);
  });
  IRRewriter rewriter(&getContext());
  for (linalg::LinalgOp op : ops) {
    rewriter.setInsertionPoint(op);
    if (failed(linalg::generalizeNamedOp(rewriter, op)))
      return emitError(op.getLoc(), "cannot turn '")
             << op->getName() << "' into linalg.generic";
  }
  return success();
}

LogicalResult NormalizeContractions::rewrite() {
  RewritePatternSet patterns(&getContext());
  linalg::populateDecomposeLinalgOpsPattern(patterns);
  linalg::populateElementwiseOpsFusionPatterns(patterns, shouldFuse);
  linalg::populateConstantFoldLinalgOperations(
      patterns, [](OpOperand *) { return true; });
  populateConstantMovementPatterns(patterns);
  populateContractionFormPatterns(patterns);
  populateInsertionPatterns(patterns);
  populateScaleFoldingPatterns(patterns);
  return applyPatternsGreedily(getOperation(), std::move(patterns));
}

/// Why a contraction is still not as quantization needs it; none if it is.
std::optional<std::string> getObstacle(linalg::LinalgOp op) {
  for (Value operand : op->getOperands()) {
    auto type = dyn_cast<RankedTensorType>(operand.getType());
    if (!type)
      return "an operand is no ranked tensor";
    if (!type.hasStaticShape())
      return "an operand is of dynamic shape " + formatShape(type.getShape());
  }
  if (!isNormalContraction(op))
    return "it is no convolution in NCHW and no linalg.matmul or batch_matmul "
           "of [m, k] and [k, n]";
  return std::nullopt;
}

void remarkContraction(linalg::LinalgOp op) {
  if (std::optional<std::string> obstacle = getObstacle(op))
    return remarkMissed(kRule, op, *obstacle);
  Value weights = op.getDpsInputOperand(1)->get();
  remark::passed(op.getLoc(), getRemarkOpts(kRule, op))
      << remark::metric("Op", op->getName().getStringRef())
      << remark::metric(
             "Weights",
             formatShape(cast<ShapedType>(weights.getType()).getShape()));
}

void NormalizeContractions::runOnOperation() {
  foldQuantizedTypes(getOperation());
  if (!keepBatchNorm)
    lowerBatchNorms(getOperation());
  if (failed(cleanUp()) || failed(generalize()) || failed(rewrite()) ||
      failed(cleanUp()))
    return signalPassFailure();
  getOperation().walk([](linalg::LinalgOp op) {
    if (isContraction(op))
      remarkContraction(op);
  });
}

} // namespace
} // namespace colonnade
