//===- InitializeParameters.cpp - Fresh random weights --------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a parameter is for shows in the op that reads it: reduced loops that
// index it make it a weight, and the body of an elementwise op adds it or
// multiplies by it.
//
//===----------------------------------------------------------------------===//

#include "colonnade/Dialect/Colonnade/IR/ColonnadeOps.h"
#include "colonnade/Differentiation/OutlineParameters.h"
#include "colonnade/Training/Passes.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include <cmath>
#include <random>

namespace colonnade {
#define GEN_PASS_DEF_INITIALIZEPARAMETERS
#include "colonnade/Training/Passes.h.inc"
} // namespace colonnade

using namespace mlir;
using namespace colonnade;

namespace {
/// What fresh values of a parameter are.
struct Freshness {
  /// Inputs summed up in one output, for weights; 0 for others.
  int64_t fanIn = 0;
  /// Of all elements, for others.
  float value = 0;
};
} // namespace

/// The structured op that reads a value, as it is or moved, and as which
/// operand.
static OpOperand *findReader(Value value) {
  for (OpOperand &use : value.getUses()) {
    Operation *user = use.getOwner();
    auto structured = dyn_cast<linalg::LinalgOp>(user);
    bool isMovement = isa<linalg::TransposeOp, linalg::BroadcastOp>(user) ||
                      isa<tensor::TensorDialect>(user->getDialect());
    if (structured && !isMovement && structured.isDpsInput(&use))
      return &use;
    if (isMovement && user->getNumResults() == 1)
      if (OpOperand *reader = findReader(user->getResult(0)))
        return reader;
  }
  return nullptr;
}

/// Iterations that sum up in an output and read different elements.
static int64_t getFanIn(linalg::LinalgOp op, OpOperand &operand) {
  AffineMap map = op.getMatchingIndexingMap(&operand);
  int64_t fanIn = 1;
  for (auto [loop, extent] : llvm::enumerate(op.getStaticLoopRanges()))
    if (op.getIteratorTypesArray()[loop] == utils::IteratorType::reduction &&
        map.isFunctionOfDim(loop))
      fanIn *= extent;
  return fanIn;
}

/// As a normalization that changes nothing yet has them.
static std::optional<Freshness> getBatchNormFreshness(Value value) {
  for (OpOperand &use : value.getUses())
    if (auto norm = dyn_cast<BatchNormInferenceOp>(use.getOwner())) {
      bool isFactor =
          use == norm.getScaleMutable() || use == norm.getVarianceMutable();
      return Freshness{0, isFactor ? 1.0f : 0.0f};
    }
  return std::nullopt;
}

static FailureOr<Freshness> getFreshness(Parameter &parameter) {
  if (auto fresh = getBatchNormFreshness(parameter.constant))
    return *fresh;
  OpOperand *reader = findReader(parameter.constant.getResult());
  auto op =
      reader ? cast<linalg::LinalgOp>(reader->getOwner()) : linalg::LinalgOp();
  if (op && op.getNumReductionLoops() != 0)
    return Freshness{getFanIn(op, *reader), 0};
  if (op)
    for (Operation *user : op.getMatchingBlockArgument(reader).getUsers()) {
      if (isa<arith::AddFOp, arith::SubFOp>(user))
        return Freshness{0, 0};
      if (isa<arith::MulFOp>(user))
        return Freshness{0, 1};
    }
  return emitError(parameter.constant.getLoc())
         << "parameter '" << parameter.name
         << "' is neither summed with, added nor multiplied by: no fresh "
            "values "
            "are known for it";
}

static std::vector<float> drawWeights(std::mt19937_64 &random, int64_t count,
                                      int64_t fanIn) {
  double limit = std::sqrt(6.0 / static_cast<double>(fanIn));
  std::vector<float> weights(count);
  for (float &weight : weights) {
    // The standard's distributions differ between libraries.
    double uniform = std::ldexp(static_cast<double>(random() >> 11), -53);
    weight = static_cast<float>(limit * (2 * uniform - 1));
  }
  return weights;
}

namespace {
struct InitializeParameters
    : colonnade::impl::InitializeParametersBase<InitializeParameters> {
  using InitializeParametersBase::InitializeParametersBase;

  void runOnOperation() override {
    std::mt19937_64 random(seed);
    SmallVector<Parameter> parameters = collectParameters(getOperation());
    llvm::append_range(parameters, collectStatistics(getOperation()));
    for (Parameter &parameter : parameters) {
      FailureOr<Freshness> fresh = getFreshness(parameter);
      if (failed(fresh))
        return signalPassFailure();
      auto type = cast<RankedTensorType>(parameter.constant.getType());
      std::vector<float> values(type.getNumElements(), fresh->value);
      if (fresh->fanIn != 0)
        values = drawWeights(random, type.getNumElements(), fresh->fanIn);
      arith::ConstantOp constant = parameter.constant;
      constant.setValueAttr(DenseElementsAttr::get(type, ArrayRef(values)));
    }
  }
};
} // namespace
