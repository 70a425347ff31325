//===- SetBatch.cpp - How many inputs a network takes at a time -----------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Shapes stand in every type of a linalg program, so a batch cannot be changed
// at one place. It is followed from the arguments through the program: at each
// op the operands' types have been changed already, and the op's rule says
// which dimension of the results holds the batch.
//
//===----------------------------------------------------------------------===//

#include "colonnade/Dialect/Colonnade/IR/ColonnadeOps.h"
#include "colonnade/Differentiation/OutlineParameters.h"
#include "colonnade/Training/Passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Interfaces/FunctionInterfaces.h"
#include "llvm/ADT/TypeSwitch.h"

namespace colonnade {
#define GEN_PASS_DEF_SETBATCH
#include "colonnade/Training/Passes.h.inc"
} // namespace colonnade

using namespace mlir;
using namespace colonnade;

/// Whether an argument has no batch: a parameter or running statistics.
static bool isParameter(func::FuncOp function, unsigned argument) {
  return function.getArgAttr(argument, kParameterAttribute) ||
         function.getArgAttr(argument, kStateAttribute);
}

namespace {

/// Changes the batch of one function from `oldSize` to `newSize`.
class BatchSetter {
public:
  BatchSetter(func::FuncOp function, int64_t oldSize, int64_t newSize)
      : function(function), builder(function.getContext()), oldSize(oldSize),
        newSize(newSize) {}

  LogicalResult run();

private:
  /// Changes the results of an op that reads a batch.
  LogicalResult visit(Operation *op);
  LogicalResult visitLinalg(linalg::LinalgOp op);
  LogicalResult visitElementwise(Operation *op);
  LogicalResult visitBatchNorm(BatchNormInferenceOp op);
  LogicalResult visitCollapse(tensor::CollapseShapeOp op);
  LogicalResult visitExpand(tensor::ExpandShapeOp op);
  LogicalResult visitPad(tensor::PadOp op);
  LogicalResult visitConcat(tensor::ConcatOp op);
  LogicalResult visitExtractSlice(tensor::ExtractSliceOp op);
  LogicalResult visitInsertSlice(tensor::InsertSliceOp op);
  LogicalResult visitConversion(Operation *op);
  LogicalResult visitSpaceToDepth(SpaceToDepthOp op);
  LogicalResult visitReversible(ReversibleOp op);
  LogicalResult visitReturn(func::ReturnOp op);

  /// The loop of `op` that runs over the batch.
  FailureOr<unsigned> getBatchLoop(linalg::LinalgOp op);

  /// Fails if a region of `op` reads a batch from outside.
  LogicalResult checkCaptures(Operation *op);
  /// Fails unless a slice takes the whole batch.
  LogicalResult checkWholeBatch(OffsetSizeAndStrideOpInterface slice,
                                int64_t dim, int64_t extent);

  /// Which dimension of a value holds the batch, the elements' places one after
  /// the other: its extent is a multiple of the batch.
  std::optional<int64_t> getBatchDim(Value value) const {
    auto found = batchDims.find(value);
    return found == batchDims.end() ? std::nullopt
                                    : std::optional(found->second);
  }
  /// Gives `value` the type it has with the new batch in dimension `dim`.
  void setBatchDim(Value value, int64_t dim) {
    value.setType(getBatchedType(value, dim));
    batchDims[value] = dim;
  }
  RankedTensorType getBatchedType(Value value, int64_t dim) const;

  /// Makes an operand that does not depend on the batch as long as one that
  /// does. There must be one element in the old batch.
  LogicalResult extendOperand(OpOperand &operand, int64_t dim);
  Value extend(Location loc, Value value, int64_t dim);
  Value broadcast(Location loc, Value value, int64_t dim);

  func::FuncOp function;
  OpBuilder builder;
  int64_t oldSize, newSize;
  DenseMap<Value, int64_t> batchDims;
};

} // namespace

RankedTensorType BatchSetter::getBatchedType(Value value, int64_t dim) const {
  auto type = cast<RankedTensorType>(value.getType());
  SmallVector<int64_t> shape(type.getShape());
  shape[dim] = shape[dim] / oldSize * newSize;
  return type.clone(shape);
}

//===----------------------------------------------------------------------===//
// Values that do not depend on the batch
//===----------------------------------------------------------------------===//

/// `value` repeated along a new dimension in front of `dim`, which then joins
/// it.
Value BatchSetter::broadcast(Location loc, Value value, int64_t dim) {
  auto type = cast<RankedTensorType>(value.getType());
  SmallVector<int64_t> shape(type.getShape());
  shape.insert(shape.begin() + dim, newSize);
  Value empty =
      tensor::EmptyOp::create(builder, loc, shape, type.getElementType());
  Value repeated = linalg::BroadcastOp::create(builder, loc, value, empty, dim)
                       ->getResult(0);
  SmallVector<ReassociationIndices> groups;
  for (int64_t i = 0; i < type.getRank(); ++i) {
    int64_t place = i < dim ? i : i + 1;
    groups.push_back(i == dim ? ReassociationIndices{dim, dim + 1}
                              : ReassociationIndices{place});
  }
  return tensor::CollapseShapeOp::create(builder, loc, repeated, groups);
}

Value BatchSetter::extend(Location loc, Value value, int64_t dim) {
  RankedTensorType type = getBatchedType(value, dim);
  if (value.getDefiningOp<tensor::EmptyOp>())
    return tensor::EmptyOp::create(builder, loc, type.getShape(),
                                   type.getElementType());
  if (auto fill = value.getDefiningOp<linalg::FillOp>()) {
    Value init = extend(loc, fill.getOutputs().front(), dim);
    return linalg::FillOp::create(builder, loc, fill.getInputs(), init)
        .getResult(0);
  }
  DenseElementsAttr constant;
  if (matchPattern(value, m_Constant(&constant)) && constant.isSplat())
    return arith::ConstantOp::create(builder, loc, constant.resizeSplat(type));
  return broadcast(loc, value, dim);
}

LogicalResult BatchSetter::extendOperand(OpOperand &operand, int64_t dim) {
  Operation *op = operand.getOwner();
  if (oldSize != 1)
    return op->emitOpError("joins a value of the batch with operand ")
           << operand.getOperandNumber()
           << ", which has the batch's extent but does not depend on it: "
              "import the network with a batch of 1, got "
           << oldSize;
  builder.setInsertionPoint(op);
  operand.set(extend(op->getLoc(), operand.get(), dim));
  batchDims[operand.get()] = dim;
  return success();
}

//===----------------------------------------------------------------------===//
// Structured and elementwise ops
//===----------------------------------------------------------------------===//

FailureOr<unsigned> BatchSetter::getBatchLoop(linalg::LinalgOp op) {
  std::optional<unsigned> loop;
  for (OpOperand &operand : op->getOpOperands()) {
    std::optional<int64_t> dim = getBatchDim(operand.get());
    if (!dim)
      continue;
    AffineExpr index = op.getMatchingIndexingMap(&operand).getResult(*dim);
    auto loopOfOperand = dyn_cast<AffineDimExpr>(index);
    if (!loopOfOperand || (loop && *loop != loopOfOperand.getPosition()))
      return op.emitOpError("mixes the elements of a batch: dimension ")
             << *dim << " of operand " << operand.getOperandNumber()
             << " holds the batch and is indexed by "
             << AffineMapAttr::get(op.getMatchingIndexingMap(&operand));
    loop = loopOfOperand.getPosition();
  }
  return *loop;
}

/// Whether the body asks for the number of the loop's iteration.
static bool readsIndex(linalg::LinalgOp op, unsigned loop) {
  return llvm::any_of(
      op.getBlock()->getOps<linalg::IndexOp>(),
      [&](linalg::IndexOp index) { return index.getDim() == loop; });
}

LogicalResult BatchSetter::visitLinalg(linalg::LinalgOp op) {
  FailureOr<unsigned> loop = getBatchLoop(op);
  if (failed(loop))
    return failure();
  if (op.getIteratorTypesArray()[*loop] != utils::IteratorType::parallel ||
      readsIndex(op, *loop))
    return op.emitOpError("mixes the elements of a batch: loop ")
           << *loop
           << " runs over the batch and is reduced or read by linalg.index";
  for (OpOperand &operand : op->getOpOperands()) {
    AffineMap map = op.getMatchingIndexingMap(&operand);
    for (auto [dim, index] : llvm::enumerate(map.getResults())) {
      if (!index.isFunctionOfDim(*loop) || getBatchDim(operand.get()))
        continue;
      if (!isa<AffineDimExpr>(index))
        return op.emitOpError("indexes operand ")
               << operand.getOperandNumber() << " by "
               << AffineMapAttr::get(map) << ", in which loop " << *loop
               << " over the batch does not stand alone";
      if (failed(extendOperand(operand, dim)))
        return failure();
    }
  }
  for (auto [result, init] :
       llvm::zip_equal(op->getResults(), op.getDpsInits()))
    setBatchDim(result, *getBatchDim(init));
  return success();
}

LogicalResult BatchSetter::visitElementwise(Operation *op) {
  int64_t dim = 0;
  for (Value operand : op->getOperands())
    if (std::optional<int64_t> found = getBatchDim(operand))
      dim = *found;
  for (OpOperand &operand : op->getOpOperands()) {
    if (!isa<RankedTensorType>(operand.get().getType()))
      continue;
    std::optional<int64_t> own = getBatchDim(operand.get());
    if (own && *own != dim)
      return op->emitOpError("mixes the elements of a batch: operands hold it "
                             "in dimensions ")
             << dim << " and " << *own;
    if (!own && failed(extendOperand(operand, dim)))
      return failure();
  }
  for (Value result : op->getResults())
    setBatchDim(result, dim);
  return success();
}

/// By running statistics every element is normalized for itself.
LogicalResult BatchSetter::visitBatchNorm(BatchNormInferenceOp op) {
  for (OpOperand &operand : op->getOpOperands().drop_front())
    if (getBatchDim(operand.get()))
      return op.emitOpError("takes operand ")
             << operand.getOperandNumber() << " from a batch: expected one "
             << "element per channel that does not depend on it";
  int64_t dim = *getBatchDim(op.getSource());
  if (dim == static_cast<int64_t>(op.getAxis()))
    return op.emitOpError("has the batch, dimension ")
           << dim << ", as its channels";
  setBatchDim(op.getResult(), dim);
  return success();
}

//===----------------------------------------------------------------------===//
// Views and movement
//===----------------------------------------------------------------------===//

LogicalResult BatchSetter::visitCollapse(tensor::CollapseShapeOp op) {
  int64_t dim = *getBatchDim(op.getSrc());
  for (auto [i, group] : llvm::enumerate(op.getReassociationIndices())) {
    if (!llvm::is_contained(group, dim))
      continue;
    for (int64_t before : group)
      if (before < dim && op.getSrcType().getDimSize(before) != 1)
        return op.emitOpError("puts the batch, dimension ")
               << dim << ", behind dimension " << before << " of the same "
               << "group: transpose it to the front first";
    setBatchDim(op.getResult(), i);
  }
  return success();
}

LogicalResult BatchSetter::visitExpand(tensor::ExpandShapeOp op) {
  ReassociationIndices group =
      op.getReassociationIndices()[*getBatchDim(op.getSrc())];
  if (op.getResultType().getDimSize(group.front()) % oldSize != 0)
    return op.emitOpError("cuts the batch of ")
           << oldSize << " into parts of "
           << op.getResultType().getDimSize(group.front());
  builder.setInsertionPoint(op);
  auto expanded = tensor::ExpandShapeOp::create(
      builder, op.getLoc(), getBatchedType(op.getResult(), group.front()),
      op.getSrc(), op.getReassociationIndices());
  batchDims[expanded.getResult()] = group.front();
  op.replaceAllUsesWith(expanded.getResult());
  op.erase();
  return success();
}

LogicalResult BatchSetter::visitPad(tensor::PadOp op) {
  std::optional<int64_t> dim = getBatchDim(op.getSource());
  if (!dim)
    return success();
  if (op.getStaticLow()[*dim] != 0 || op.getStaticHigh()[*dim] != 0)
    return op.emitOpError("pads the batch, dimension ") << *dim;
  setBatchDim(op.getResult(), *dim);
  return success();
}

LogicalResult BatchSetter::visitConcat(tensor::ConcatOp op) {
  if (failed(visitElementwise(op)))
    return failure();
  if (*getBatchDim(op.getResult()) != static_cast<int64_t>(op.getDim()))
    return success();
  return op.emitOpError("concatenates along the batch, dimension ")
         << op.getDim();
}

LogicalResult BatchSetter::checkWholeBatch(OffsetSizeAndStrideOpInterface slice,
                                           int64_t dim, int64_t extent) {
  if (slice.getStaticOffsets()[dim] == 0 &&
      slice.getStaticStrides()[dim] == 1 &&
      slice.getStaticSizes()[dim] == extent / newSize * oldSize)
    return success();
  return slice->emitOpError("takes a part of the batch, dimension ") << dim;
}

/// Sizes of a slice with one of them changed.
static SmallVector<OpFoldResult>
replaceSize(OffsetSizeAndStrideOpInterface slice, int64_t dim, int64_t size) {
  SmallVector<OpFoldResult> sizes = slice.getMixedSizes();
  sizes[dim] = OpBuilder(slice->getContext()).getIndexAttr(size);
  return sizes;
}

LogicalResult BatchSetter::visitExtractSlice(tensor::ExtractSliceOp op) {
  int64_t dim = *getBatchDim(op.getSource());
  int64_t extent = op.getSourceType().getDimSize(dim);
  llvm::SmallBitVector dropped = op.getDroppedDims();
  if (failed(checkWholeBatch(op, dim, extent)))
    return failure();
  if (dropped.test(dim))
    return op.emitOpError("drops the batch, dimension ") << dim;
  int64_t resultDim = dim;
  for (int64_t i = 0; i < dim; ++i)
    resultDim -= dropped.test(i);
  builder.setInsertionPoint(op);
  auto slice = tensor::ExtractSliceOp::create(
      builder, op.getLoc(), getBatchedType(op.getResult(), resultDim),
      op.getSource(), op.getMixedOffsets(), replaceSize(op, dim, extent),
      op.getMixedStrides());
  batchDims[slice.getResult()] = resultDim;
  op.replaceAllUsesWith(slice.getResult());
  op.erase();
  return success();
}

LogicalResult BatchSetter::visitInsertSlice(tensor::InsertSliceOp op) {
  if (op.getSourceType().getRank() != op.getDestType().getRank())
    return op.emitOpError("inserts into a batch with a change of rank: insert "
                          "a slice of rank ")
           << op.getDestType().getRank();
  if (failed(visitElementwise(op)))
    return failure();
  int64_t dim = *getBatchDim(op.getDest());
  int64_t extent = op.getDestType().getDimSize(dim);
  if (failed(checkWholeBatch(op, dim, extent)))
    return failure();
  builder.setInsertionPoint(op);
  auto slice = tensor::InsertSliceOp::create(
      builder, op.getLoc(), op.getSource(), op.getDest(), op.getMixedOffsets(),
      replaceSize(op, dim, extent), op.getMixedStrides());
  batchDims[slice.getResult()] = dim;
  op.replaceAllUsesWith(slice.getResult());
  op.erase();
  return success();
}

LogicalResult BatchSetter::visitReturn(func::ReturnOp op) {
  for (OpOperand &operand : op->getOpOperands())
    if (getBatchDim(operand.get()).value_or(-1) != 0)
      return op.emitOpError("returns value ")
             << operand.getOperandNumber()
             << ", whose leading dimension is not the batch";
  return success();
}

//===----------------------------------------------------------------------===//
// Reversible networks
//===----------------------------------------------------------------------===//

/// From and to fixed point: element by element, of another type.
LogicalResult BatchSetter::visitConversion(Operation *op) {
  setBatchDim(op->getResult(0), *getBatchDim(op->getOperand(0)));
  return success();
}

LogicalResult BatchSetter::visitSpaceToDepth(SpaceToDepthOp op) {
  uint64_t dim = *getBatchDim(op.getSource());
  if (dim == op.getChannel() || dim == op.getHeight() || dim == op.getWidth())
    return op.emitOpError("has the batch, dimension ")
           << dim << ", as its channels or positions";
  setBatchDim(op.getResult(), dim);
  return success();
}

/// Both streams hold the batch in one dimension, as do the regions' arguments
/// and what they yield.
LogicalResult BatchSetter::visitReversible(ReversibleOp op) {
  if (failed(visitElementwise(op)))
    return failure();
  int64_t dim = *getBatchDim(op.getResult1());
  for (Region &region : op->getRegions()) {
    if (region.empty())
      continue;
    setBatchDim(region.getArgument(0), dim);
    for (Operation &inner : llvm::make_early_inc_range(region.front()))
      if (failed(visit(&inner)))
        return failure();
    for (OpOperand &yielded : op.getYield(region)->getOpOperands()) {
      std::optional<int64_t> own = getBatchDim(yielded.get());
      if (own && *own != dim)
        return op.emitOpError("mixes the elements of a batch: a region yields "
                              "it in dimension ")
               << *own << ", its streams hold it in " << dim;
      if (!own && failed(extendOperand(yielded, dim)))
        return failure();
    }
  }
  return success();
}

//===----------------------------------------------------------------------===//
// The function
//===----------------------------------------------------------------------===//

LogicalResult BatchSetter::checkCaptures(Operation *op) {
  WalkResult result = op->walk([&](Operation *inner) {
    if (inner == op || llvm::none_of(inner->getOperands(), [&](Value operand) {
          return getBatchDim(operand).has_value();
        }))
      return WalkResult::advance();
    inner->emitOpError("reads a whole batch inside the region of ")
        << op->getName() << ": it must be an operand of that op";
    return WalkResult::interrupt();
  });
  return failure(result.wasInterrupted());
}

LogicalResult BatchSetter::visit(Operation *op) {
  bool readsBatch = llvm::any_of(op->getOperands(), [&](Value operand) {
    return getBatchDim(operand).has_value();
  });
  bool isCoupling = isa<ReversibleOp>(op) && readsBatch;
  if (!isCoupling && failed(checkCaptures(op)))
    return failure();
  if (isa<CouplingYieldOp>(op))
    return success(); // visitReversible's.
  if (auto returnOp = dyn_cast<func::ReturnOp>(op))
    return visitReturn(returnOp);
  if (!readsBatch)
    return success();
  return TypeSwitch<Operation *, LogicalResult>(op)
      .Case([&](linalg::LinalgOp op) { return visitLinalg(op); })
      .Case([&](BatchNormInferenceOp op) { return visitBatchNorm(op); })
      .Case([&](BatchNormTrainingOp op) -> LogicalResult {
        return op.emitOpError("mixes the elements of a batch, whose statistics "
                              "it takes: give the network as "
                              "colonnade.batch_norm_inference, which a "
                              "training step replaces");
      })
      .Case([&](tensor::CollapseShapeOp op) { return visitCollapse(op); })
      .Case([&](tensor::ExpandShapeOp op) { return visitExpand(op); })
      .Case([&](tensor::PadOp op) { return visitPad(op); })
      .Case([&](tensor::ConcatOp op) { return visitConcat(op); })
      .Case([&](tensor::ExtractSliceOp op) { return visitExtractSlice(op); })
      .Case([&](tensor::InsertSliceOp op) { return visitInsertSlice(op); })
      .Case([&](SpaceToDepthOp op) { return visitSpaceToDepth(op); })
      .Case([&](ReversibleOp op) { return visitReversible(op); })
      .Default([&](Operation *op) -> LogicalResult {
        if (isa<ToFixedOp, FromFixedOp>(op))
          return visitConversion(op);
        if (isa<FakeQuantizeOp, AddFixedOp, SubtractFixedOp>(op) ||
            OpTrait::hasElementwiseMappableTraits(op))
          return visitElementwise(op);
        return op->emitOpError(
            "reads a batch, and no rule says how to change its size: bring it "
            "to linalg, tensor or elementwise arith ops first");
      });
}

LogicalResult BatchSetter::run() {
  for (BlockArgument argument : function.getArguments())
    if (!isParameter(function, argument.getArgNumber()))
      setBatchDim(argument, 0);
  for (Operation &op : llvm::make_early_inc_range(function.getBody().front()))
    if (failed(visit(&op)))
      return failure();
  auto results = function.getBody().front().getTerminator()->getOperandTypes();
  function.setType(builder.getFunctionType(
      function.getBody().front().getArgumentTypes(), results));
  return success();
}

/// The batch that all arguments have.
static FailureOr<int64_t> getBatchSize(func::FuncOp function) {
  std::optional<int64_t> size;
  for (auto [i, type] : llvm::enumerate(function.getArgumentTypes())) {
    if (isParameter(function, i))
      continue;
    auto tensor = dyn_cast<RankedTensorType>(type);
    if (!tensor || !tensor.hasStaticShape() || tensor.getRank() == 0 ||
        tensor.getDimSize(0) == 0)
      return function.emitError("argument ")
             << i << " has no static batch as its leading dimension: " << type;
    if (size && *size != tensor.getDimSize(0))
      return function.emitError("argument ")
             << i << " has a batch of " << tensor.getDimSize(0)
             << ", the ones before it have " << *size;
    size = tensor.getDimSize(0);
  }
  if (!size)
    return function.emitError("has no argument that could have a batch");
  return *size;
}

namespace {
struct SetBatch : colonnade::impl::SetBatchBase<SetBatch> {
  using SetBatchBase::SetBatchBase;

  void runOnOperation() override {
    func::FuncOp function = getOperation();
    if (size < 1) {
      function.emitError("a batch needs a size of at least 1, got ")
          << size.getValue();
      return signalPassFailure();
    }
    if (!function.getBody().hasOneBlock()) {
      function.emitError("expected a function of one block");
      return signalPassFailure();
    }
    FailureOr<int64_t> oldSize = getBatchSize(function);
    if (failed(oldSize) || failed(BatchSetter(function, *oldSize, size).run()))
      return signalPassFailure();
  }
};
} // namespace
