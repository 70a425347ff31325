//===- BlockProducts.cpp - Contractions of blocks -------------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See the header.
//
//===----------------------------------------------------------------------===//

#include "colonnade/Dialect/Colonnade/IR/BlockProducts.h"
#include "colonnade/Dialect/Colonnade/IR/BlockPromises.h"
#include "colonnade/Dialect/Colonnade/IR/Contractions.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/raw_ostream.h"
#include <cstring>

using namespace mlir;
using namespace colonnade;

//===----------------------------------------------------------------------===//
// Where blocks come from
//===----------------------------------------------------------------------===//

static bool isZero(Value value) {
  if (auto fill = value.getDefiningOp<linalg::FillOp>())
    value = fill.getInputs().front();
  return matchPattern(value, m_AnyZeroFloat());
}

/// The origin of a value that is a moved `source`, whose axis is its `axis`;
/// nothing if there is no such axis.
static BlockOrigin move(BlockOrigin source, std::optional<int64_t> axis) {
  if (!source || !axis)
    return {};
  BlockFloatAttr promise = source.promise;
  source.promise =
      BlockFloatAttr::get(promise.getContext(), *axis, promise.getGroup(),
                          promise.getExponent(), promise.getMantissa());
  source.isMoved = true;
  return source;
}

static BlockOrigin moveByPad(tensor::PadOp pad) {
  BlockOrigin source = findBlockOrigin(pad.getSource());
  Value padding = pad.getConstantPaddingValue();
  if (!source || !padding || !isZero(padding))
    return {};
  int64_t axis = source.promise.getAxis();
  if (pad.getStaticLow()[axis] != 0 || pad.getStaticHigh()[axis] != 0)
    return {};
  return move(source, axis);
}

/// Whether a slice takes all of a dimension.
template <typename SliceOp>
static bool isWhole(SliceOp slice, int64_t axis, RankedTensorType type) {
  return slice.getStaticOffsets()[axis] == 0 &&
         slice.getStaticStrides()[axis] == 1 &&
         slice.getStaticSizes()[axis] == type.getDimSize(axis);
}

static BlockOrigin moveBySlice(tensor::ExtractSliceOp slice) {
  BlockOrigin source = findBlockOrigin(slice.getSource());
  RankedTensorType type = slice.getSourceType();
  if (!source || slice.getType().getRank() != type.getRank() ||
      !isWhole(slice, source.promise.getAxis(), type))
    return {};
  return move(source, source.promise.getAxis());
}

static BlockOrigin moveByInsertion(tensor::InsertSliceOp slice) {
  BlockOrigin source = findBlockOrigin(slice.getSource());
  if (!source || slice.getSourceType().getRank() != slice.getType().getRank() ||
      !isZero(slice.getDest()) ||
      !isWhole(slice, source.promise.getAxis(), slice.getType()))
    return {};
  return move(source, source.promise.getAxis());
}

static BlockOrigin moveByTranspose(linalg::TransposeOp transpose) {
  BlockOrigin source = findBlockOrigin(transpose.getInput());
  if (!source)
    return {};
  ArrayRef<int64_t> permutation = transpose.getPermutation();
  return move(source, llvm::find(permutation, source.promise.getAxis()) -
                          permutation.begin());
}

/// A loop nest that stores what it reads.
static BlockOrigin moveByCopy(linalg::GenericOp copy, Value value) {
  if (copy.getNumDpsInputs() != 1 || copy.getNumDpsInits() != 1 ||
      copy.getNumReductionLoops() != 0 ||
      copy.getBody()->getTerminator()->getOperand(0) !=
          copy.getBody()->getArgument(0))
    return {};
  BlockOrigin source = findBlockOrigin(copy.getDpsInputs().front());
  AffineMap from = copy.getIndexingMapsArray()[0];
  AffineMap to = copy.getIndexingMapsArray()[1];
  if (!source || !to.isPermutation())
    return {};
  auto loop = dyn_cast<AffineDimExpr>(from.getResult(source.promise.getAxis()));
  if (!loop)
    return {};
  auto axis = static_cast<int64_t>(*to.getResultPosition(loop));
  auto read = cast<RankedTensorType>(copy.getDpsInputs().front().getType());
  bool isAll = cast<RankedTensorType>(value.getType()).getDimSize(axis) ==
               read.getDimSize(source.promise.getAxis());
  return isAll ? move(source, axis) : BlockOrigin();
}

BlockOrigin colonnade::findBlockOrigin(Value value) {
  Operation *op = value.getDefiningOp();
  if (BlockFloatAttr promise = getBlockFloatPromise(value.getType()))
    return {promise, dyn_cast_or_null<BlockQuantizeOp>(op), false};
  if (!op || !isa<RankedTensorType>(value.getType()))
    return {};
  return llvm::TypeSwitch<Operation *, BlockOrigin>(op)
      .Case(
          [](DropEncodingOp drop) { return findBlockOrigin(drop.getSource()); })
      .Case([](tensor::PadOp pad) { return moveByPad(pad); })
      .Case([](tensor::ExtractSliceOp slice) { return moveBySlice(slice); })
      .Case([](tensor::InsertSliceOp slice) { return moveByInsertion(slice); })
      .Case([](linalg::TransposeOp op) { return moveByTranspose(op); })
      .Case([&](linalg::GenericOp copy) { return moveByCopy(copy, value); })
      .Default([](Operation *) { return BlockOrigin(); });
}

//===----------------------------------------------------------------------===//
// Products
//===----------------------------------------------------------------------===//

using Objection = std::optional<std::string>;

static std::string print(RankedTensorType type) {
  std::string text;
  llvm::raw_string_ostream(text) << type;
  return text;
}

static Objection checkTypes(linalg::LinalgOp op) {
  for (Value operand : op->getOperands()) {
    auto type = dyn_cast<RankedTensorType>(operand.getType());
    if (!type || !type.hasStaticShape() || !type.getElementType().isF32())
      return std::string("products of blocks are of static f32 tensors");
  }
  if (!isZero(op.getDpsInits().front()))
    return std::string("the sums must start at zero: add what they start at in "
                       "an elementwise op");
  return std::nullopt;
}

/// The reduction loop along which the blocks of an operand lie.
static Objection findBlockLoop(linalg::LinalgOp op, unsigned number,
                               const BlockOrigin &origin, unsigned &loop) {
  AffineMap map = op.getIndexingMapsArray()[number];
  auto type = cast<RankedTensorType>(op->getOperand(number).getType());
  int64_t axis = origin.promise.getAxis();
  auto index = dyn_cast<AffineDimExpr>(map.getResult(axis));
  if (!index)
    return llvm::formatv("the blocks of operand {0} lie along dimension {1}, "
                         "whose index is a sum of loops: they do not meet "
                         "whole blocks of the other operand",
                         number, axis)
        .str();
  loop = index.getPosition();
  if (op.getIteratorTypesArray()[loop] != utils::IteratorType::reduction)
    return llvm::formatv("the blocks of operand {0} lie along dimension {1}, "
                         "which the product does not sum up: form blocks along "
                         "a reduced one",
                         number, axis)
        .str();
  for (auto [dimension, result] : llvm::enumerate(map.getResults()))
    if (static_cast<int64_t>(dimension) != axis && result.isFunctionOfDim(loop))
      return llvm::formatv("loop {0} runs along dimensions {1} and {2} of "
                           "operand {3}, {4}",
                           loop, axis, dimension, number, print(type))
          .str();
  return std::nullopt;
}

/// The origin of a constant operand that has lost its promise, as when a
/// rounding was folded with the cast behind it: its values may be blocks like
/// those of the other operand, along the loop that runs along these.
static BlockOrigin findConstantOrigin(linalg::LinalgOp op, unsigned number,
                                      BlockFloatAttr other, unsigned loop) {
  Value operand = op->getOperand(number);
  ElementsAttr constant;
  std::optional<unsigned> axis =
      op.getIndexingMapsArray()[number].getResultPosition(
          getAffineDimExpr(loop, op->getContext()));
  if (!axis || !matchPattern(operand, m_Constant(&constant)))
    return {};
  std::optional<std::vector<float>> values = readFloatValues(constant);
  if (!values)
    return {};
  auto promise = BlockFloatAttr::get(op->getContext(), *axis, other.getGroup(),
                                     other.getExponent(), other.getMantissa());
  std::vector<float> rounded = *values;
  quantizeToBlocks(
      withBlockFloat(cast<RankedTensorType>(operand.getType()), promise),
      rounded, other.getMantissa(), BlockRounder());
  bool isInBlocks = std::memcmp(rounded.data(), values->data(),
                                values->size() * sizeof(float)) == 0;
  return isInBlocks ? BlockOrigin{promise, nullptr, false} : BlockOrigin();
}

/// The origins of both operands, as far as there are any.
static std::array<BlockOrigin, 2> findOrigins(linalg::LinalgOp op) {
  std::array<BlockOrigin, 2> origins = {findBlockOrigin(op->getOperand(0)),
                                        findBlockOrigin(op->getOperand(1))};
  for (unsigned number = 0; number < 2; ++number) {
    const BlockOrigin &other = origins[1 - number];
    unsigned loop = 0;
    if (!origins[number] && other &&
        !findBlockLoop(op, 1 - number, other, loop))
      origins[number] = findConstantOrigin(op, number, other.promise, loop);
  }
  return origins;
}

/// Loops of the result's dimensions first, that of the blocks last.
static Objection orderLoops(linalg::LinalgOp op, unsigned blockLoop,
                            BlockProduct &product) {
  SmallVector<AffineMap> maps = op.getIndexingMapsArray();
  if (!maps[2].isProjectedPermutation())
    return std::string("the result of a product of blocks must be indexed by "
                       "its loops");
  for (AffineExpr result : maps[2].getResults())
    product.loops.push_back(cast<AffineDimExpr>(result).getPosition());
  for (unsigned loop = 0; loop < op.getNumLoops(); ++loop) {
    bool isOfFirst = maps[0].isFunctionOfDim(loop);
    bool isOfSecond = maps[1].isFunctionOfDim(loop);
    bool isSummed = !llvm::is_contained(product.loops, loop);
    if (isSummed ? !isOfFirst || !isOfSecond : !isOfFirst && !isOfSecond)
      return llvm::formatv("loop {0} must be followed by {1}", loop,
                           isSummed ? "both operands" : "an operand")
          .str();
  }
  for (unsigned loop = 0; loop < op.getNumLoops(); ++loop)
    if (loop != blockLoop && !maps[2].isFunctionOfDim(loop))
      product.loops.push_back(loop);
  product.loops.push_back(blockLoop);
  product.numReductions = product.loops.size() - maps[2].getNumResults();
  return std::nullopt;
}

Objection colonnade::matchBlockProduct(linalg::LinalgOp op,
                                       BlockProduct &product) {
  if (!isContraction(op))
    return std::string("no multiply-accumulate of two inputs");
  if (Objection objection = checkTypes(op))
    return objection;
  std::array<unsigned, 2> loops;
  product.origins = findOrigins(op);
  for (unsigned number = 0; number < 2; ++number) {
    const BlockOrigin &origin = product.origins[number];
    if (!origin)
      return llvm::formatv("operand {0} is not in blocks: round it with "
                           "colonnade.block_quantize",
                           number)
          .str();
    if (Objection objection = findBlockLoop(op, number, origin, loops[number]))
      return objection;
  }
  int64_t group = product.origins[1].promise.getGroup();
  if (loops[0] != loops[1] || product.getGroup() != group)
    return llvm::formatv("blocks must meet blocks, but operand 0 has runs of "
                         "{0} along loop {1}, operand 1 runs of {2} along loop "
                         "{3}",
                         product.getGroup(), loops[0], group, loops[1])
        .str();
  return orderLoops(op, loops[0], product);
}
