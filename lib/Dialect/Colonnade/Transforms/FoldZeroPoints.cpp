//===- FoldZeroPoints.cpp - Contractions without zero points --------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The array multiplies int8 values as they are. Contractions of values with
// zero points are split into a plain contraction and corrections:
//   sum (x - p)(w - q) = sum x w - p sum w - q sum x + p q count,
// which is exact in 32-bit arithmetic, wrapping included.
//
//===----------------------------------------------------------------------===//

#include "Weights.h"
#include "colonnade/Dialect/Colonnade/Transforms/Passes.h"
#include "colonnade/Dialect/Colonnade/Transforms/Remarks.h"
#include "mlir/Dialect/Utils/IndexingUtils.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "llvm/ADT/STLExtras.h"

namespace colonnade {
#define GEN_PASS_DEF_FOLDZEROPOINTS
#include "colonnade/Dialect/Colonnade/Transforms/Passes.h.inc"
} // namespace colonnade

using namespace mlir;
using namespace colonnade;

static constexpr StringLiteral kRule = "fold-zero-points";

namespace {

/// What is added to the plain products: a tensor indexed by some of the
/// result's dimensions.
struct Summand {
  Value tensor;
  AffineMap map;
};

/// A contraction with zero points, being rewritten.
class ZeroPointFolder {
public:
  ZeroPointFolder(linalg::LinalgOp op, RewriterBase &rewriter)
      : op(op), rewriter(rewriter), loc(op.getLoc()),
        resultType(cast<RankedTensorType>(op->getResult(0).getType())) {}

  /// Reads the zero points; fails with the reason in `whyNot`.
  LogicalResult match(std::string &whyNot);

  Value getData() { return op->getOperand(0); }
  /// The weights, their zero point subtracted if they are constant.
  Value getWeights();
  Value getZeros();
  /// `plain` with the corrections and what the contraction added to.
  Value correct(Value plain);

private:
  AffineMap getMap(unsigned operand) {
    return op.getMatchingIndexingMap(&op->getOpOperand(operand));
  }
  /// Loops that index operand `index` and the result.
  SmallVector<unsigned> getSharedLoops(unsigned index);
  /// From the result's dimensions to those of a sum over operand `index`.
  AffineMap getSumMap(unsigned index);
  int64_t countProducts();

  Value makeConstantCorrection();
  Value makeRunTimeSum(unsigned operand, int64_t factor);
  std::vector<int64_t> sumWeights(ArrayRef<int64_t> shape);
  std::optional<Summand> getInitialValue();
  void addConstant(SmallVector<Summand> &summands, Summand summand);
  Value add(Value plain, ArrayRef<Summand> summands);

  linalg::LinalgOp op;
  RewriterBase &rewriter;
  Location loc;
  RankedTensorType resultType;
  int64_t dataZero = 0, weightZero = 0;
  /// Constant weights less their zero point.
  std::optional<std::vector<int8_t>> weights;
};

} // namespace

//===----------------------------------------------------------------------===//
// Matching
//===----------------------------------------------------------------------===//

LogicalResult ZeroPointFolder::match(std::string &whyNot) {
  APInt data, weight;
  if (!matchPattern(op->getOperand(2), m_ConstantInt(&data)) ||
      !matchPattern(op->getOperand(3), m_ConstantInt(&weight))) {
    whyNot = "its zero points are computed, expected constants";
    return failure();
  }
  dataZero = data.getSExtValue();
  weightZero = weight.getSExtValue();
  weights = readWeights(op->getOperand(1));
  if (!weights) {
    if (getMap(0).isProjectedPermutation() || weightZero == 0)
      return success();
    whyNot = "the zero point of run-time weights folds into matrix products "
             "only";
    return failure();
  }
  for (int8_t &value : *weights) {
    int64_t difference = value - weightZero;
    if (!llvm::isInt<8>(difference)) {
      whyNot = llvm::formatv("a weight less its zero point is {0} - {1} = {2}, "
                             "which is no int8: quantize weights "
                             "symmetrically",
                             int(value), weightZero, difference);
      return failure();
    }
    value = int8_t(difference);
  }
  return success();
}

//===----------------------------------------------------------------------===//
// Sums
//===----------------------------------------------------------------------===//

SmallVector<unsigned> ZeroPointFolder::getSharedLoops(unsigned index) {
  SmallVector<unsigned> loops;
  AffineMap map = getMap(index);
  for (AffineExpr result : getMap(4).getResults()) {
    unsigned loop = cast<AffineDimExpr>(result).getPosition();
    if (map.isFunctionOfDim(loop))
      loops.push_back(loop);
  }
  return loops;
}

AffineMap ZeroPointFolder::getSumMap(unsigned index) {
  AffineMap results = getMap(4);
  SmallVector<AffineExpr> dimensions;
  for (unsigned loop : getSharedLoops(index))
    dimensions.push_back(rewriter.getAffineDimExpr(
        *results.getResultPosition(rewriter.getAffineDimExpr(loop))));
  return AffineMap::get(results.getNumResults(), 0, dimensions,
                        op->getContext());
}

int64_t ZeroPointFolder::countProducts() {
  SmallVector<int64_t> ranges = op.getStaticLoopRanges();
  int64_t count = 1;
  for (auto [range, iterator] :
       llvm::zip_equal(ranges, op.getIteratorTypesArray()))
    if (iterator == utils::IteratorType::reduction)
      count *= range;
  return count;
}

/// The sum of the weights for each index of the loops they share with the
/// result, in row-major order.
std::vector<int64_t> ZeroPointFolder::sumWeights(ArrayRef<int64_t> shape) {
  SmallVector<unsigned> loops = getSharedLoops(1);
  AffineMap map = getMap(1);
  auto weightShape = cast<ShapedType>(op->getOperand(1).getType()).getShape();
  SmallVector<int64_t> strides = computeStrides(weightShape);
  std::vector<int64_t> sums(llvm::product_of(shape), 0);
  for (auto [position, weight] : llvm::enumerate(*weights)) {
    int64_t target = 0;
    for (auto [loop, extent] : llvm::zip_equal(loops, shape)) {
      unsigned axis =
          *map.getResultPosition(getAffineDimExpr(loop, op->getContext()));
      target = target * extent +
               int64_t(position) / strides[axis] % weightShape[axis];
    }
    sums[target] += weight;
  }
  return sums;
}

Value ZeroPointFolder::makeConstantCorrection() {
  SmallVector<int64_t> shape;
  SmallVector<int64_t> ranges = op.getStaticLoopRanges();
  for (unsigned loop : getSharedLoops(1))
    shape.push_back(ranges[loop]);
  SmallVector<int32_t> values;
  for (int64_t sum : sumWeights(shape))
    values.push_back(static_cast<int32_t>(-dataZero * sum));
  auto type = RankedTensorType::get(shape, rewriter.getI32Type());
  return arith::ConstantOp::create(
      rewriter, loc, DenseElementsAttr::get(type, ArrayRef<int32_t>(values)));
}

/// `factor` times the sum of an operand over the loops that are reduced.
Value ZeroPointFolder::makeRunTimeSum(unsigned operand, int64_t factor) {
  AffineMap map = getMap(operand);
  SmallVector<AffineExpr> kept;
  SmallVector<utils::IteratorType> iterators;
  SmallVector<int64_t> shape;
  auto type = cast<RankedTensorType>(op->getOperand(operand).getType());
  for (auto [axis, result] : llvm::enumerate(map.getResults())) {
    unsigned loop = cast<AffineDimExpr>(result).getPosition();
    iterators.push_back(op.getIteratorTypesArray()[loop]);
    if (iterators.back() == utils::IteratorType::reduction)
      continue;
    kept.push_back(rewriter.getAffineDimExpr(axis));
    shape.push_back(type.getDimSize(axis));
  }
  Value zero =
      arith::ConstantOp::create(rewriter, loc, rewriter.getI32IntegerAttr(0));
  Value empty =
      tensor::EmptyOp::create(rewriter, loc, shape, rewriter.getI32Type());
  Value init = linalg::FillOp::create(rewriter, loc, zero, empty).getResult(0);
  SmallVector<AffineMap> maps = {
      rewriter.getMultiDimIdentityMap(type.getRank()),
      AffineMap::get(type.getRank(), 0, kept, op->getContext())};
  auto body = [&](OpBuilder &builder, Location loc, ValueRange arguments) {
    Value wide = arith::ExtSIOp::create(builder, loc, builder.getI32Type(),
                                        arguments[0]);
    Value scale = arith::ConstantOp::create(
        builder, loc, builder.getI32IntegerAttr(static_cast<int32_t>(factor)));
    Value scaled = arith::MulIOp::create(builder, loc, wide, scale);
    Value sum = arith::AddIOp::create(builder, loc, arguments[1], scaled);
    linalg::YieldOp::create(builder, loc, sum);
  };
  return linalg::GenericOp::create(rewriter, loc, init.getType(),
                                   op->getOperand(operand), init, maps,
                                   iterators, body)
      .getResult(0);
}

//===----------------------------------------------------------------------===//
// Adding up
//===----------------------------------------------------------------------===//

Value ZeroPointFolder::getWeights() {
  Value original = op->getOperand(1);
  if (!weights || weightZero == 0)
    return original;
  auto type = cast<RankedTensorType>(original.getType());
  return arith::ConstantOp::create(
      rewriter, original.getLoc(),
      DenseElementsAttr::get(type, ArrayRef<int8_t>(*weights)));
}

Value ZeroPointFolder::getZeros() {
  Value zero = arith::ConstantOp::create(
      rewriter, loc, rewriter.getZeroAttr(resultType.getElementType()));
  Value empty = tensor::EmptyOp::create(rewriter, loc, resultType.getShape(),
                                        resultType.getElementType());
  return linalg::FillOp::create(rewriter, loc, zero, empty).getResult(0);
}

/// What the contraction adds to; none if that is zero. A broadcast is read
/// through.
std::optional<Summand> ZeroPointFolder::getInitialValue() {
  Value init = op->getOperand(4);
  if (auto fill = init.getDefiningOp<linalg::FillOp>())
    if (matchPattern(fill.getInputs().front(), m_Zero()))
      return std::nullopt;
  auto broadcast = init.getDefiningOp<linalg::GenericOp>();
  if (broadcast && broadcast.getNumDpsInputs() == 1 &&
      llvm::hasSingleElement(*broadcast.getBlock()) &&
      broadcast.getBlock()->getTerminator()->getOperand(0) ==
          broadcast.getBlock()->getArgument(0) &&
      broadcast.getIndexingMapsArray().back().isIdentity())
    return Summand{broadcast.getInputs().front(),
                   broadcast.getIndexingMapsArray().front()};
  return Summand{init, rewriter.getMultiDimIdentityMap(resultType.getRank())};
}

/// Adds a constant to `summands`, into one that is constant and indexed alike
/// if there is one.
void ZeroPointFolder::addConstant(SmallVector<Summand> &summands,
                                  Summand summand) {
  DenseIntElementsAttr added, present;
  for (Summand &other : summands) {
    if (other.map != summand.map ||
        !matchPattern(other.tensor, m_Constant(&present)) ||
        !matchPattern(summand.tensor, m_Constant(&added)) ||
        added.getType() != present.getType())
      continue;
    SmallVector<int32_t> values;
    for (auto [left, right] : llvm::zip_equal(added.getValues<int32_t>(),
                                              present.getValues<int32_t>()))
      values.push_back(static_cast<int32_t>(uint32_t(left) + uint32_t(right)));
    other.tensor = arith::ConstantOp::create(
        rewriter, loc,
        DenseElementsAttr::get(added.getType(), ArrayRef<int32_t>(values)));
    return;
  }
  summands.push_back(summand);
}

Value ZeroPointFolder::add(Value plain, ArrayRef<Summand> summands) {
  AffineMap identity = rewriter.getMultiDimIdentityMap(resultType.getRank());
  SmallVector<Value> inputs = {plain};
  SmallVector<AffineMap> maps = {identity};
  for (const Summand &summand : summands) {
    inputs.push_back(summand.tensor);
    maps.push_back(summand.map);
  }
  maps.push_back(identity);
  SmallVector<utils::IteratorType> iterators(resultType.getRank(),
                                             utils::IteratorType::parallel);
  Value empty = tensor::EmptyOp::create(rewriter, loc, resultType.getShape(),
                                        resultType.getElementType());
  auto body = [&](OpBuilder &builder, Location loc, ValueRange arguments) {
    Value sum = arguments.front();
    for (Value argument : arguments.slice(1, summands.size()))
      sum = arith::AddIOp::create(builder, loc, sum, argument);
    linalg::YieldOp::create(builder, loc, sum);
  };
  return linalg::GenericOp::create(rewriter, loc, resultType, inputs, empty,
                                   maps, iterators, body)
      .getResult(0);
}

Value ZeroPointFolder::correct(Value plain) {
  SmallVector<Summand> summands;
  if (std::optional<Summand> initial = getInitialValue())
    summands.push_back(*initial);
  if (weights) {
    if (dataZero != 0)
      addConstant(summands, {makeConstantCorrection(), getSumMap(1)});
    return summands.empty() ? plain : add(plain, summands);
  }
  if (dataZero != 0)
    summands.push_back({makeRunTimeSum(1, -dataZero), getSumMap(1)});
  if (weightZero != 0)
    summands.push_back({makeRunTimeSum(0, -weightZero), getSumMap(0)});
  if (int64_t product = dataZero * weightZero * countProducts()) {
    Value constant = arith::ConstantOp::create(
        rewriter, loc,
        DenseElementsAttr::get(RankedTensorType::get({}, rewriter.getI32Type()),
                               static_cast<int32_t>(product)));
    summands.push_back({constant, AffineMap::get(resultType.getRank(), 0, {},
                                                 op->getContext())});
  }
  return summands.empty() ? plain : add(plain, summands);
}

//===----------------------------------------------------------------------===//
// The ops
//===----------------------------------------------------------------------===//

namespace {

template <typename QuantizedOp, typename PlainOp>
struct FoldZeroPointsOf : OpRewritePattern<QuantizedOp> {
  using OpRewritePattern<QuantizedOp>::OpRewritePattern;

  LogicalResult matchAndRewrite(QuantizedOp op,
                                PatternRewriter &rewriter) const override {
    auto linalgOp = cast<linalg::LinalgOp>(op.getOperation());
    ZeroPointFolder folder(linalgOp, rewriter);
    std::string whyNot;
    if (!linalgOp.hasPureTensorSemantics() || linalgOp.hasDynamicShape() ||
        failed(folder.match(whyNot)))
      return rewriter.notifyMatchFailure(op, whyNot);
    SmallVector<Value> inputs = {folder.getData(), folder.getWeights()};
    Value plain = createPlain(rewriter, op, inputs, folder.getZeros());
    rewriter.replaceOp(op, folder.correct(plain));
    return success();
  }

private:
  static Value createPlain(RewriterBase &rewriter, QuantizedOp op,
                           ValueRange inputs, Value zeros) {
    SmallVector<Type> types = {zeros.getType()};
    if constexpr (requires { op.getStrides(); })
      return PlainOp::create(rewriter, op.getLoc(), types, inputs, zeros,
                             op.getStridesAttr(), op.getDilationsAttr())
          .getResult(0);
    else
      return PlainOp::create(rewriter, op.getLoc(), types, inputs, zeros)
          .getResult(0);
  }
};

struct FoldZeroPoints
    : public colonnade::impl::FoldZeroPointsBase<FoldZeroPoints> {
  void runOnOperation() override;
};

} // namespace

static void populatePatterns(RewritePatternSet &patterns) {
  using namespace linalg;
  patterns.add<
      FoldZeroPointsOf<Conv2DNhwcFhwcQOp, Conv2DNhwcFhwcOp>,
      FoldZeroPointsOf<Conv2DNhwcHwcfQOp, Conv2DNhwcHwcfOp>,
      FoldZeroPointsOf<Conv2DNchwFchwQOp, Conv2DNchwFchwOp>,
      FoldZeroPointsOf<Conv2DNgchwGfchwQOp, Conv2DNgchwGfchwOp>,
      FoldZeroPointsOf<DepthwiseConv2DNhwcHwcQOp, DepthwiseConv2DNhwcHwcOp>,
      FoldZeroPointsOf<DepthwiseConv2DNhwcHwcmQOp, DepthwiseConv2DNhwcHwcmOp>,
      FoldZeroPointsOf<QuantizedMatmulOp, MatmulOp>,
      FoldZeroPointsOf<QuantizedBatchMatmulOp, BatchMatmulOp>>(
      patterns.getContext());
}

/// Says of every contraction that kept its zero points why.
static void remarkKept(func::FuncOp function) {
  IRRewriter rewriter(function.getContext());
  function.walk([&](linalg::LinalgOp op) {
    bool hasZeroPoints = op.getNumDpsInputs() == 4 &&
                         op->getOperand(2).getType().isInteger() &&
                         op->getOperand(3).getType().isInteger();
    if (!hasZeroPoints)
      return;
    std::string whyNot = "it is of a kind that is not known";
    if (op.hasDynamicShape())
      whyNot = "it is of dynamic shape";
    else
      (void)ZeroPointFolder(op, rewriter).match(whyNot);
    remarkMissed(kRule, op, whyNot);
  });
}

void FoldZeroPoints::runOnOperation() {
  RewritePatternSet patterns(&getContext());
  populatePatterns(patterns);
  if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
    return signalPassFailure();
  remarkKept(getOperation());
}
