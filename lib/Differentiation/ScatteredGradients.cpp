//===- ScatteredGradients.cpp - Operands read by windows ------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// An operand indexed by s * o + t * k (the images of a convolution or pooling)
// gets contributions of several windows o in each element. Structured ops have
// no such results, so either the windows are what moves: the cotangent is
// spread by s and padded by t (K - 1), and a convolution with the taps turned
// around collects it. Or each tap's contributions, which lie s apart, are
// added to a slice.
//
//===----------------------------------------------------------------------===//

#include "StructuredGradient.h"
#include "TensorBuilders.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace colonnade;

SmallVector<OperandIndex>
StructuredGradient::getWindows(ArrayRef<OperandIndex> indices) const {
  SmallVector<OperandIndex> windows;
  llvm::copy_if(indices, std::back_inserter(windows),
                [&](const OperandIndex &index) { return !isSimple(index); });
  return windows;
}

FailureOr<Value>
StructuredGradient::createWindows(OpOperand &operand,
                                  ArrayRef<OperandIndex> indices) {
  SmallVector<unsigned> loops, taps;
  for (const OperandIndex &index : indices) {
    if (index.outer)
      loops.push_back(*index.outer);
    if (index.inner)
      taps.push_back(*index.inner);
  }
  llvm::append_range(loops, taps);
  SmallVector<int64_t> shape =
      llvm::map_to_vector(loops, [&](unsigned loop) { return extents[loop]; });
  return createSumOverLoops(operand, getNest(), loops, shape);
}

//===----------------------------------------------------------------------===//
// Spread cotangents
//===----------------------------------------------------------------------===//

/// Whether a map's results depend on the place of one of these windows.
static bool dependsOnPlace(AffineMap map, ArrayRef<OperandIndex> windows) {
  return llvm::any_of(windows, [&](const OperandIndex &window) {
    return map.isFunctionOfDim(*window.outer);
  });
}

FailureOr<bool> StructuredGradient::canSpread(OpOperand &operand,
                                              ArrayRef<OperandIndex> indices) {
  SmallVector<OperandIndex> windows = getWindows(indices);
  auto iterators = op.getIteratorTypesArray();
  for (const OperandIndex &window : windows)
    if (iterators[*window.outer] != utils::IteratorType::parallel ||
        readsIndex(*window.outer) ||
        (window.inner &&
         (iterators[*window.inner] != utils::IteratorType::reduction ||
          readsIndex(*window.inner))))
      return false;
  if (llvm::any_of(extras, [](const auto &extra) { return !extra.empty(); }))
    return false;
  // What the derivative depends on shows once it has been made.
  FailureOr<Value> trial = createWindows(operand, indices);
  if (failed(trial))
    return failure();
  if (!*trial)
    return true;
  auto generic = trial->getDefiningOp<linalg::GenericOp>();
  bool isFree = true;
  for (OpOperand *input : generic.getDpsInputOperands())
    isFree &= generic.getMatchingBlockArgument(input).use_empty() ||
              llvm::is_contained(cotangents, input->get()) ||
              !dependsOnPlace(generic.getMatchingIndexingMap(input), windows);
  generic.erase();
  return isFree;
}

Value StructuredGradient::spreadCotangent(Value cotangent, AffineMap map,
                                          ArrayRef<OperandIndex> windows) {
  auto type = cast<RankedTensorType>(cotangent.getType());
  SmallVector<int64_t> shape(type.getShape()), offsets(shape.size(), 0),
      strides(shape.size(), 1);
  for (const OperandIndex &window : windows)
    for (auto [dim, index] : llvm::enumerate(map.getResults())) {
      if (!index.isFunctionOfDim(*window.outer))
        continue;
      int64_t reach =
          window.inner ? window.innerStep * (extents[*window.inner] - 1) : 0;
      shape[dim] = window.size + reach;
      offsets[dim] = reach;
      strides[dim] = window.outerStep;
    }
  Value zero = createZero(builder, loc, type.clone(shape));
  return createInsertion(builder, loc, cotangent, zero, offsets,
                         type.getShape(), strides);
}

/// `value` with the dimensions that `map` indexes by the windows' taps turned
/// around.
static Value turnTaps(OpBuilder &builder, Location loc, Value value,
                      AffineMap map, ArrayRef<OperandIndex> windows) {
  auto type = cast<RankedTensorType>(value.getType());
  int64_t rank = type.getRank();
  AffineMap identity = builder.getMultiDimIdentityMap(rank);
  SmallVector<AffineExpr> backward(identity.getResults());
  for (auto [dim, index] : llvm::enumerate(map.getResults()))
    for (const OperandIndex &window : windows)
      if (window.inner && index == builder.getAffineDimExpr(*window.inner))
        backward[dim] = type.getDimSize(dim) - 1 - backward[dim];
  AffineMap reading = AffineMap::get(rank, 0, backward, builder.getContext());
  if (reading == identity)
    return value;
  Value empty = tensor::EmptyOp::create(builder, loc, type.getShape(),
                                        type.getElementType());
  SmallVector<utils::IteratorType> iterators(rank,
                                             utils::IteratorType::parallel);
  return linalg::GenericOp::create(
             builder, loc, empty.getType(), value, empty,
             ArrayRef{reading, identity}, iterators,
             [](OpBuilder &nested, Location loc, ValueRange args) {
               linalg::YieldOp::create(nested, loc, args.front());
             })
      .getResult(0);
}

FailureOr<Value>
StructuredGradient::createSpread(OpOperand &operand,
                                 ArrayRef<OperandIndex> indices) {
  SmallVector<OperandIndex> windows = getWindows(indices);
  LoopNest nest = getNest();
  unsigned operands = op->getNumOperands();
  MLIRContext *context = builder.getContext();
  for (auto [i, input, map] : llvm::enumerate(nest.inputs, nest.maps)) {
    if (i < operands) {
      if (input != operand.get() && isa<RankedTensorType>(input.getType()))
        input = turnTaps(builder, loc, input, map, windows);
      continue;
    }
    input = spreadCotangent(input, map, windows);
    for (const OperandIndex &window : windows) {
      AffineExpr place = getAffineDimExpr(*window.outer, context);
      if (window.inner)
        map = map.replace(place,
                          place + window.innerStep *
                                      getAffineDimExpr(*window.inner, context),
                          extents.size(), 0);
    }
  }
  SmallVector<unsigned> loops;
  SmallVector<int64_t> shape;
  for (const OperandIndex &index : indices)
    if (index.outer) {
      loops.push_back(*index.outer);
      shape.push_back(index.size);
    }
  return createSumOverLoops(operand, std::move(nest), loops, shape);
}

//===----------------------------------------------------------------------===//
// Tap by tap
//===----------------------------------------------------------------------===//

Value StructuredGradient::addTap(Value sum, Value windows,
                                 ArrayRef<OperandIndex> indices,
                                 ArrayRef<int64_t> tap) {
  SmallVector<int64_t> offsets, sizes, strides;
  size_t taps = 0;
  for (const OperandIndex &index : indices) {
    if (!index.outer)
      continue;
    offsets.push_back(index.inner ? index.innerStep * tap[taps++] : 0);
    sizes.push_back(extents[*index.outer]);
    strides.push_back(index.outerStep);
  }
  auto windowsType = cast<RankedTensorType>(windows.getType());
  SmallVector<int64_t> begin(sizes.size(), 0), part(sizes);
  llvm::append_range(begin, tap);
  part.append(tap.size(), 1);
  SmallVector<OpFoldResult> ones(windowsType.getRank(),
                                 builder.getIndexAttr(1));
  Value contribution = tensor::ExtractSliceOp::create(
      builder, loc, windowsType.clone(sizes), windows,
      getAsIndexOpFoldResult(builder.getContext(), begin),
      getAsIndexOpFoldResult(builder.getContext(), part), ones);
  Value before = createSlice(builder, loc, sum, offsets, sizes, strides);
  return createInsertion(builder, loc, createSum(builder, before, contribution),
                         sum, offsets, sizes, strides);
}

FailureOr<Value>
StructuredGradient::createTapByTap(OpOperand &operand,
                                   ArrayRef<OperandIndex> indices) {
  FailureOr<Value> windows = createWindows(operand, indices);
  if (failed(windows) || !*windows)
    return windows;
  SmallVector<int64_t> shape, kernel;
  for (const OperandIndex &index : indices) {
    if (index.outer)
      shape.push_back(index.size);
    if (index.inner)
      kernel.push_back(extents[*index.inner]);
  }
  Type elementType = getElementTypeOrSelf(operand.get().getType());
  Value sum =
      createZero(builder, loc, RankedTensorType::get(shape, elementType));
  SmallVector<int64_t> tap(kernel.size(), 0);
  for (int64_t i = 0, count = llvm::product_of(kernel); i < count; ++i) {
    int64_t rest = i;
    for (size_t dim = kernel.size(); dim-- > 0; rest /= kernel[dim])
      tap[dim] = rest % kernel[dim];
    sum = addTap(sum, *windows, indices, tap);
  }
  return sum;
}
