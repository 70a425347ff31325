//===- InsertBatchNorm.cpp - Batch normalization behind convolutions ------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Networks are shipped with their normalizations folded into the weights, which
// is fast to run and slow to train. This puts them back.
//
//===----------------------------------------------------------------------===//

#include "colonnade/Dialect/Colonnade/IR/ColonnadeOps.h"
#include "colonnade/Dialect/Colonnade/IR/Contractions.h"
#include "colonnade/Dialect/Colonnade/Transforms/Remarks.h"
#include "colonnade/Differentiation/OutlineParameters.h"
#include "colonnade/Training/Passes.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/IR/AsmState.h"
#include "mlir/IR/DialectResourceBlobManager.h"

namespace colonnade {
#define GEN_PASS_DEF_INSERTBATCHNORM
#include "colonnade/Training/Passes.h.inc"
} // namespace colonnade

using namespace mlir;
using namespace colonnade;

static constexpr llvm::StringLiteral kRule = "insert-batch-norm";

/// Whether an operand is read at places that two loops add up to: a window.
static bool hasWindow(linalg::LinalgOp op) {
  return llvm::any_of(
      op.getMatchingIndexingMap(op.getDpsInputOperand(0)).getResults(),
      [](AffineExpr index) { return isa<AffineBinaryOpExpr>(index); });
}

/// The result's dimensions that the weights' output channels are.
static SmallVector<int64_t> getChannelDims(linalg::LinalgOp op) {
  AffineMap weights = op.getMatchingIndexingMap(op.getDpsInputOperand(1));
  AffineMap result = op.getMatchingIndexingMap(op.getDpsInitOperand(0));
  SmallVector<int64_t> dims;
  for (auto [dim, index] : llvm::enumerate(result.getResults()))
    if (auto loop = dyn_cast<AffineDimExpr>(index);
        loop && weights.isFunctionOfDim(loop.getPosition()))
      dims.push_back(dim);
  return dims;
}

/// The op that does nothing but add a constant per channel to `value`, the only
/// one that reads it; and that constant.
static std::pair<linalg::GenericOp, Value> findBias(Value value, int64_t axis) {
  if (!value.hasOneUse())
    return {};
  auto generic = dyn_cast<linalg::GenericOp>(*value.user_begin());
  if (!generic || generic.getNumDpsInputs() != 2 ||
      generic.getNumDpsInits() != 1 || generic.getNumReductionLoops() != 0)
    return {};
  Block *body = generic.getBody();
  auto add =
      body->getTerminator()->getOperand(0).getDefiningOp<arith::AddFOp>();
  unsigned place = generic.getDpsInputs()[0] == value ? 0 : 1;
  Value bias = generic.getDpsInputs()[1 - place];
  SmallVector<AffineMap> maps = generic.getIndexingMapsArray();
  AffineMap identity = maps[place];
  bool addsBoth =
      add && llvm::hasSingleElement(body->without_terminator()) &&
      llvm::is_contained(add->getOperands(), body->getArgument(0)) &&
      llvm::is_contained(add->getOperands(), body->getArgument(1));
  bool isPerChannel =
      identity.isIdentity() && maps[2] == identity &&
      maps[1 - place] ==
          AffineMap::get(identity.getNumDims(), 0, identity.getResult(axis));
  if (!addsBoth || !isPerChannel || !bias.getDefiningOp<arith::ConstantOp>())
    return {};
  return {generic, bias};
}

namespace {

class Inserter {
public:
  Inserter(func::FuncOp function, double epsilon, double momentum)
      : function(function), builder(function.getContext()), epsilon(epsilon),
        momentum(momentum) {}

  void run();

private:
  /// Why there is no normalization behind `op`; none after inserting one.
  std::optional<std::string> visit(linalg::LinalgOp op, StringRef name);
  /// Equal constants in the program would become one; resources stay what they
  /// are.
  Value createConstant(int64_t channels, float value, const Twine &name);

  func::FuncOp function;
  OpBuilder builder;
  double epsilon, momentum;
};

} // namespace

Value Inserter::createConstant(int64_t channels, float value,
                               const Twine &name) {
  MLIRContext *context = builder.getContext();
  std::vector<float> values(channels, value);
  auto type = RankedTensorType::get(channels, builder.getF32Type());
  std::string text = name.str();
  auto attribute = DenseResourceElementsAttr::get(
      type, text,
      HeapAsmResourceBlob::allocateAndCopyInferAlign(ArrayRef<float>(values)));
  return arith::ConstantOp::create(
      builder, NameLoc::get(StringAttr::get(context, text)), attribute);
}

std::optional<std::string> Inserter::visit(linalg::LinalgOp op,
                                           StringRef name) {
  Value result = op->getResult(0);
  auto type = cast<RankedTensorType>(result.getType());
  if (!type.getElementType().isF32())
    return llvm::formatv("its result is of {0}, expected f32",
                         type.getElementType());
  SmallVector<int64_t> channelDims = getChannelDims(op);
  if (channelDims.size() != 1)
    return llvm::formatv("its weights index {0} dimensions of the result, "
                         "expected one, the channels",
                         channelDims.size());
  int64_t axis = channelDims.front();
  if (type.isDynamicDim(axis))
    return "its channels are not known statically";
  if (llvm::any_of(result.getUsers(), llvm::IsaPred<BatchNormInferenceOp>))
    return "it has a normalization already";

  int64_t channels = type.getDimSize(axis);
  auto [addition, bias] = findBias(result, axis);
  Value normalized = addition ? addition.getResult(0) : result;
  auto create = [&](float value, StringRef suffix) {
    return createConstant(channels, value, name + ".batch_norm." + suffix);
  };
  builder.setInsertionPointAfterValue(op.getDpsInputOperand(1)->get());
  Value scale = create(1, "scale");
  Value offset = bias ? bias : create(0, "offset");
  Value mean = create(0, "mean"), variance = create(1, "variance");
  builder.setInsertionPointAfter(addition ? addition.getOperation()
                                          : op.getOperation());
  auto norm = BatchNormInferenceOp::create(
      builder, op.getLoc(), type, result, scale, offset, mean, variance,
      builder.getI64IntegerAttr(axis), builder.getF64FloatAttr(epsilon),
      builder.getF64FloatAttr(momentum));
  normalized.replaceAllUsesExcept(norm.getResult(), norm);
  if (addition)
    addition.erase();
  return std::nullopt;
}

void Inserter::run() {
  llvm::DenseMap<Value, std::string> names;
  for (Parameter parameter : collectParameters(function)) {
    names[parameter.constant.getResult()] = parameter.name;
    nameConstant(parameter);
  }
  SmallVector<linalg::LinalgOp> convolutions;
  function.walk([&](linalg::LinalgOp op) {
    if (isContraction(op) && hasWindow(op))
      convolutions.push_back(op);
  });
  for (linalg::LinalgOp op : convolutions) {
    auto name = names.find(op.getDpsInputOperand(1)->get());
    std::optional<std::string> obstacle =
        name == names.end() ? "its filter is no f32 constant of its own"
                            : visit(op, name->second);
    if (obstacle)
      remarkMissed(kRule, op, *obstacle);
    else
      remark::passed(op.getLoc(), getRemarkOpts(kRule, op))
          << remark::metric("Op", op->getName().getStringRef())
          << remark::metric("Weights", name->second);
  }
}

namespace {
struct InsertBatchNorm : colonnade::impl::InsertBatchNormBase<InsertBatchNorm> {
  using InsertBatchNormBase::InsertBatchNormBase;

  void runOnOperation() override {
    auto reject = [&](StringRef option, double value, StringRef expected) {
      getOperation().emitError("expected ")
          << option << expected << ", got " << value;
      signalPassFailure();
    };
    if (!(epsilon > 0) || !std::isfinite(epsilon))
      return reject("epsilon", epsilon, " > 0");
    if (!(momentum >= 0 && momentum <= 1))
      return reject("momentum", momentum, " in [0, 1]");
    Inserter(getOperation(), epsilon, momentum).run();
  }
};
} // namespace
