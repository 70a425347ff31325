//===- LowerBlockQuantize.cpp - Block rounding in plain arith -------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Two loop nests: the largest magnitude of every block, as an integer maximum
// of the floats' bits, and the rounding of every value. A short last block has
// nests of its own, so that no body has a condition. What lies in front of the
// blocks' axis is one dimension, and what lies behind it another: the innermost
// loop is then long enough for vector instructions.
//
//===----------------------------------------------------------------------===//

#include "colonnade/Dialect/Colonnade/Transforms/LowerBlockQuantize.h"
#include "BlockRoundingCode.h"
#include "colonnade/Dialect/Colonnade/IR/BlockPromises.h"
#include "colonnade/Dialect/Colonnade/IR/Promises.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/IndexingUtils.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace colonnade;

//===----------------------------------------------------------------------===//
// Loops
//===----------------------------------------------------------------------===//

namespace {

/// Part of the source along the axis, in blocks of the same size.
struct Part {
  int64_t start, length, group;
};

/// The loops of one op. Values are seen with the axis split in two: the number
/// of the block and the number in the block.
class BlockLoops {
public:
  BlockLoops(ImplicitLocOpBuilder &builder, BlockQuantizeOp op)
      : builder(builder), code(makeCode(builder, op)) {
    flatten(dropEncoding(op.getType()),
            getBlockFloatPromise(op.getType()).getAxis());
    strides = computeStrides(type.getShape());
  }

  Value quantize(Value source, int64_t group);

private:
  static BlockRoundingCode makeCode(ImplicitLocOpBuilder &builder,
                                    BlockQuantizeOp op) {
    ScalarBuilder scalars(op.getLoc(), builder);
    return BlockRoundingCode(scalars, op);
  }

  /// Decides how the op's values are seen.
  void flatten(RankedTensorType opType, int64_t opAxis);
  Value quantizeFlat(Value source, int64_t group);
  Value quantizePart(Value source, const Part &part);
  Value extract(Value source, const Part &part);
  Value insert(Value quantized, Value target, const Part &part);
  SmallVector<OpFoldResult> getOffsets(const Part &part);
  SmallVector<OpFoldResult> getSizes(const Part &part);
  SmallVector<int64_t> getBlockedShape(const Part &part);
  SmallVector<ReassociationIndices> getReassociation();
  AffineMap getBlockMap();
  Value buildLargest(Value blocked);
  Value buildRounding(Value blocked, Value largest, const Part &part);
  Value buildPosition(ScalarBuilder &body, const Part &part);

  ImplicitLocOpBuilder &builder;
  BlockRoundingCode code;
  /// The op's dimensions in front of the axis, the axis, and those behind it.
  SmallVector<ReassociationIndices> dimensions;
  /// Of the values as they are seen, with the dimensions above.
  RankedTensorType type;
  int64_t axis;
  SmallVector<int64_t> strides;
};

} // namespace

void BlockLoops::flatten(RankedTensorType opType, int64_t opAxis) {
  SmallVector<int64_t> shape;
  auto addDimension = [&](int64_t begin, int64_t end) {
    if (begin == end)
      return;
    dimensions.push_back(llvm::to_vector<2>(llvm::seq(begin, end)));
    shape.push_back(
        llvm::product_of(opType.getShape().slice(begin, end - begin)));
  };
  addDimension(0, opAxis);
  axis = static_cast<int64_t>(shape.size());
  addDimension(opAxis, opAxis + 1);
  addDimension(opAxis + 1, opType.getRank());
  type = opType.clone(shape);
}

SmallVector<OpFoldResult> BlockLoops::getOffsets(const Part &part) {
  SmallVector<OpFoldResult> offsets(type.getRank(), builder.getIndexAttr(0));
  offsets[axis] = builder.getIndexAttr(part.start);
  return offsets;
}

SmallVector<OpFoldResult> BlockLoops::getSizes(const Part &part) {
  SmallVector<int64_t> sizes(type.getShape());
  sizes[axis] = part.length;
  return getAsIndexOpFoldResult(builder.getContext(), sizes);
}

Value BlockLoops::extract(Value source, const Part &part) {
  SmallVector<OpFoldResult> ones(type.getRank(), builder.getIndexAttr(1));
  return tensor::ExtractSliceOp::create(builder, source, getOffsets(part),
                                        getSizes(part), ones);
}

Value BlockLoops::insert(Value quantized, Value target, const Part &part) {
  SmallVector<OpFoldResult> ones(type.getRank(), builder.getIndexAttr(1));
  return tensor::InsertSliceOp::create(builder, quantized, target,
                                       getOffsets(part), getSizes(part), ones);
}

SmallVector<int64_t> BlockLoops::getBlockedShape(const Part &part) {
  SmallVector<int64_t> shape(type.getShape());
  shape[axis] = part.group;
  shape.insert(shape.begin() + axis, part.length / part.group);
  return shape;
}

SmallVector<ReassociationIndices> BlockLoops::getReassociation() {
  SmallVector<ReassociationIndices> groups;
  for (int64_t dim = 0, blocked = 0; dim < type.getRank(); ++dim) {
    groups.push_back({blocked++});
    if (dim == axis)
      groups.back().push_back(blocked++);
  }
  return groups;
}

/// From a value to its block.
AffineMap BlockLoops::getBlockMap() {
  return builder.getMultiDimIdentityMap(type.getRank() + 1)
      .dropResult(axis + 1);
}

Value BlockLoops::buildLargest(Value blocked) {
  auto source = cast<RankedTensorType>(blocked.getType());
  SmallVector<int64_t> shape(source.getShape());
  shape.erase(shape.begin() + axis + 1);
  Value empty = tensor::EmptyOp::create(builder, shape, builder.getI32Type());
  Value zero = arith::ConstantOp::create(builder, builder.getI32IntegerAttr(0));
  Value init = linalg::FillOp::create(builder, zero, empty).getResult(0);
  SmallVector<utils::IteratorType> iterators(source.getRank(),
                                             utils::IteratorType::parallel);
  iterators[axis + 1] = utils::IteratorType::reduction;
  auto generic = linalg::GenericOp::create(
      builder, init.getType(), blocked, init,
      {builder.getMultiDimIdentityMap(source.getRank()), getBlockMap()},
      iterators, [&](OpBuilder &nested, Location loc, ValueRange arguments) {
        ScalarBuilder body(loc, nested);
        Value bits = body.magnitudeBits(arguments[0]);
        linalg::YieldOp::create(body,
                                body.apply<arith::MaxSIOp>(bits, arguments[1]));
      });
  return generic.getResult(0);
}

/// Modulo 2^32, as the numerics library has it.
Value BlockLoops::buildPosition(ScalarBuilder &body, const Part &part) {
  Value position = body.integer(part.start * strides[axis]);
  SmallVector<int64_t> pitches(strides);
  pitches.insert(pitches.begin() + axis, part.group * strides[axis]);
  for (auto [dim, pitch] : llvm::enumerate(pitches)) {
    Value index = arith::IndexCastOp::create(
        body, body.getI32Type(), linalg::IndexOp::create(body, dim));
    position = body.apply<arith::AddIOp>(
        position, body.apply<arith::MulIOp>(index, pitch));
  }
  return position;
}

Value BlockLoops::buildRounding(Value blocked, Value largest,
                                const Part &part) {
  auto blockedType = cast<RankedTensorType>(blocked.getType());
  Value empty = tensor::EmptyOp::create(builder, blockedType.getShape(),
                                        blockedType.getElementType());
  AffineMap identity = builder.getMultiDimIdentityMap(blockedType.getRank());
  SmallVector<utils::IteratorType> iterators(blockedType.getRank(),
                                             utils::IteratorType::parallel);
  auto generic = linalg::GenericOp::create(
      builder, blockedType, ValueRange{blocked, largest}, empty,
      {identity, getBlockMap(), identity}, iterators,
      [&](OpBuilder &nested, Location loc, ValueRange arguments) {
        ScalarBuilder body(loc, nested);
        linalg::YieldOp::create(
            body, code.round(body, arguments[0], arguments[1],
                             [&](ScalarBuilder &position) {
                               return buildPosition(position, part);
                             }));
      });
  return generic.getResult(0);
}

Value BlockLoops::quantizePart(Value source, const Part &part) {
  Type element = type.getElementType();
  SmallVector<int64_t> shape(type.getShape());
  shape[axis] = part.length;
  SmallVector<ReassociationIndices> reassociation = getReassociation();
  Value blocked = tensor::ExpandShapeOp::create(
      builder, RankedTensorType::get(getBlockedShape(part), element), source,
      reassociation);
  Value rounded = buildRounding(blocked, buildLargest(blocked), part);
  return tensor::CollapseShapeOp::create(
      builder, RankedTensorType::get(shape, element), rounded, reassociation);
}

Value BlockLoops::quantize(Value source, int64_t group) {
  auto sourceType = cast<RankedTensorType>(source.getType());
  if (sourceType.getRank() == type.getRank())
    return quantizeFlat(source, group);
  Value flat =
      tensor::CollapseShapeOp::create(builder, type, source, dimensions);
  return tensor::ExpandShapeOp::create(builder, dropEncoding(sourceType),
                                       quantizeFlat(flat, group), dimensions);
}

Value BlockLoops::quantizeFlat(Value source, int64_t group) {
  int64_t length = type.getDimSize(axis), rest = length % group;
  if (rest == 0 || length < group)
    return quantizePart(source, {0, length, std::min(group, length)});
  Part whole{0, length - rest, group}, last{length - rest, rest, rest};
  Value target =
      tensor::EmptyOp::create(builder, type.getShape(), type.getElementType());
  for (const Part &part : {whole, last})
    target = insert(quantizePart(extract(source, part), part), target, part);
  return target;
}

//===----------------------------------------------------------------------===//
// Entry
//===----------------------------------------------------------------------===//

/// An infinity or NaN in a constant is a mistake that is known now.
static LogicalResult checkConstant(BlockQuantizeOp op) {
  ElementsAttr elements;
  if (!matchPattern(op.getSource(), m_Constant(&elements)))
    return success();
  std::optional<std::vector<float>> values = readFloatValues(elements);
  std::optional<int64_t> position =
      values ? findNonFinite(*values) : std::nullopt;
  if (!position)
    return success();
  InFlightDiagnostic diagnostic = op.emitOpError(
      "expected a finite constant, got an infinity or a NaN at [");
  llvm::interleaveComma(getElementIndex(op.getType(), *position), diagnostic);
  return diagnostic << "]";
}

Value colonnade::lowerBlockQuantize(OpBuilder &builder, BlockQuantizeOp op) {
  RankedTensorType type = op.getType();
  if (!type.hasStaticShape()) {
    op.emitOpError("expected a static shape to quantize at run time, got ")
        << dropEncoding(type) << ": give all extents";
    return nullptr;
  }
  if (failed(checkConstant(op)))
    return nullptr;
  ImplicitLocOpBuilder located(op.getLoc(), builder);
  if (type.getNumElements() == 0)
    return op.getSource();
  return BlockLoops(located, op)
      .quantize(op.getSource(), getBlockFloatPromise(type).getGroup());
}
