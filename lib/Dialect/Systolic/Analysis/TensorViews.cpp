//===- TensorViews.cpp - Where the tensors of a network lie ----*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See the header. Concatenations are placed last to first, so that the buffer
// of an outer one is known before those that lie inside it; views follow in
// program order.
//
//===----------------------------------------------------------------------===//

#include "ViewOps.h"
#include "colonnade/Dialect/Systolic/IR/Systolic.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Utils/IndexingUtils.h"

using namespace mlir;
using namespace colonnade;
using namespace colonnade::systolic;

//===----------------------------------------------------------------------===//
// Pitches
//===----------------------------------------------------------------------===//

int64_t systolic::getElementBytes(RankedTensorType type) {
  return llvm::divideCeil(type.getElementTypeBitWidth(), 8);
}

static Pitches getDensePitches(ArrayRef<int64_t> shape, int64_t elementBytes) {
  Pitches pitches(shape.size());
  int64_t pitch = elementBytes;
  for (size_t i = shape.size(); i-- > 0;) {
    pitches[i] = pitch;
    pitch *= shape[i];
  }
  return pitches;
}

Pitches systolic::getDensePitches(RankedTensorType type) {
  return ::getDensePitches(type.getShape(), getElementBytes(type));
}

namespace {
/// A dimension of more than one element.
struct Axis {
  int64_t size, pitch;
};
} // namespace

/// Splits the innermost `size` elements off `axes`, merging axes that continue
/// each other; the pitch of those elements, or none.
static std::optional<int64_t> splitInnermost(SmallVectorImpl<Axis> &axes,
                                             int64_t size) {
  Axis inner = axes.pop_back_val();
  while (inner.size % size != 0) {
    if (axes.empty() || axes.back().pitch != inner.size * inner.pitch)
      return std::nullopt;
    inner.size *= axes.pop_back_val().size;
  }
  if (inner.size != size)
    axes.push_back({inner.size / size, inner.pitch * size});
  return inner.pitch;
}

std::optional<Pitches> systolic::getReshapedPitches(ArrayRef<int64_t> shape,
                                                    ArrayRef<int64_t> pitches,
                                                    ArrayRef<int64_t> newShape,
                                                    int64_t elementBytes) {
  SmallVector<Axis> axes;
  for (auto [size, pitch] : llvm::zip_equal(shape, pitches))
    if (size != 1)
      axes.push_back({size, pitch});
  Pitches result(newShape.size());
  int64_t next = axes.empty() ? elementBytes : axes.back().pitch;
  for (size_t i = newShape.size(); i-- > 0;) {
    if (newShape[i] != 1) {
      std::optional<int64_t> pitch = splitInnermost(axes, newShape[i]);
      if (!pitch)
        return std::nullopt;
      next = *pitch;
    }
    result[i] = next;
    next *= newShape[i];
  }
  return result;
}

//===----------------------------------------------------------------------===//
// View ops
//===----------------------------------------------------------------------===//

bool systolic::isLayer(Operation *op) {
  return isa_and_nonnull<BlockContractOp, ContractOp, VectorOp, NestOp>(op);
}

static bool isReshape(Operation *op) {
  return isa<tensor::CollapseShapeOp, tensor::ExpandShapeOp>(op);
}

/// Whether a value can lie in a buffer at all.
static bool isStaticTensor(Value value) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  return type && type.hasStaticShape() && type.getElementType().isIntOrFloat();
}

static bool hasStaticSlice(tensor::ExtractSliceOp op) {
  return op.getOffsets().empty() && op.getSizes().empty() &&
         op.getStrides().empty();
}

/// A view op that keeps every element.
static bool isInvertible(Operation *op) {
  return isReshape(op) || isa<linalg::TransposeOp>(op);
}

bool systolic::isViewOp(Operation *op) {
  return isInvertible(op) || isa<tensor::ExtractSliceOp>(op);
}

Value systolic::getViewSource(Operation *op) { return op->getOperand(0); }

static ArrayRef<int64_t> getShape(Value value) {
  return cast<RankedTensorType>(value.getType()).getShape();
}

static int64_t getElementBytes(Value value) {
  return systolic::getElementBytes(cast<RankedTensorType>(value.getType()));
}

static std::optional<TensorView> reshape(TensorView view, Value from,
                                         Value to) {
  std::optional<Pitches> pitches = getReshapedPitches(
      getShape(from), view.pitches, getShape(to), getElementBytes(from));
  if (!pitches)
    return std::nullopt;
  view.pitches = *pitches;
  return view;
}

static TensorView transpose(TensorView view, ArrayRef<int64_t> permutation) {
  Pitches pitches;
  for (int64_t dimension : permutation)
    pitches.push_back(view.pitches[dimension]);
  view.pitches = pitches;
  return view;
}

TensorView systolic::getPart(TensorView view,
                             OffsetSizeAndStrideOpInterface op,
                             const llvm::SmallBitVector &dropped) {
  Pitches pitches;
  for (auto [d, pitch] : llvm::enumerate(view.pitches)) {
    view.offset += op.getStaticOffsets()[d] * pitch;
    if (!dropped.test(d))
      pitches.push_back(op.getStaticStrides()[d] * pitch);
  }
  view.pitches = pitches;
  return view;
}

std::optional<TensorView> systolic::getResultView(Operation *op,
                                                  const TensorView &source) {
  if (isReshape(op))
    return reshape(source, getViewSource(op), op->getResult(0));
  if (auto transposed = dyn_cast<linalg::TransposeOp>(op))
    return transpose(source, transposed.getPermutation());
  auto sliced = cast<tensor::ExtractSliceOp>(op);
  if (!hasStaticSlice(sliced))
    return std::nullopt;
  return getPart(source, sliced, sliced.getDroppedDims());
}

/// The view of an invertible op's source, given that of its result.
static std::optional<TensorView> getSourceView(Operation *op,
                                               const TensorView &result) {
  if (isReshape(op))
    return reshape(result, op->getResult(0), getViewSource(op));
  return transpose(result, invertPermutationVector(
                               cast<linalg::TransposeOp>(op).getPermutation()));
}

//===----------------------------------------------------------------------===//
// Buffers
//===----------------------------------------------------------------------===//

static TensorView makeDense(Value root, Value shapedAs) {
  return {
      root, 0,
      systolic::getDensePitches(cast<RankedTensorType>(shapedAs.getType()))};
}

/// Follows `view` of the last op's result back through `chain`.
static std::optional<TensorView> followBack(ArrayRef<Operation *> chain,
                                            TensorView view) {
  for (Operation *op : llvm::reverse(chain)) {
    std::optional<TensorView> source = getSourceView(op, view);
    if (!source)
      return std::nullopt;
    view = *source;
  }
  return view;
}

static bool canFollow(ArrayRef<Operation *> chain, TensorView view) {
  for (Operation *op : chain) {
    std::optional<TensorView> result = getResultView(op, view);
    if (!result)
      return false;
    view = *result;
  }
  return true;
}

/// The reshapes and transposes that are the only readers of `value`.
static SmallVector<Operation *> getChain(Value value) {
  SmallVector<Operation *> chain;
  while (value.hasOneUse() && isInvertible(*value.user_begin()) &&
         value.use_begin()->getOperandNumber() == 0) {
    chain.push_back(*value.user_begin());
    value = chain.back()->getResult(0);
  }
  return chain;
}

void TensorViews::placeResult(Value value) {
  if (views.contains(value))
    return;
  TensorView dense = makeDense(value, value);
  SmallVector<Operation *> chain = getChain(value);
  TensorView best = dense;
  if (!canFollow(chain, dense))
    for (size_t length = chain.size(); length > 0; --length) {
      ArrayRef<Operation *> part = ArrayRef(chain).take_front(length);
      auto view = followBack(part, makeDense(value, part.back()->getResult(0)));
      if (view) {
        best = *view;
        break;
      }
    }
  views[value] = best;
}

/// Gives the layer or concatenation behind reshapes and transposes the place
/// that makes `value` lie at `view`.
bool TensorViews::placeOrigin(Value value, TensorView view) {
  SmallVector<Operation *> chain;
  while (Operation *op = value.getDefiningOp()) {
    if (!isInvertible(op))
      break;
    chain.insert(chain.begin(), op);
    value = getViewSource(op);
  }
  Operation *origin = value.getDefiningOp();
  bool isBuffer =
      isLayer(origin) ||
      isa_and_nonnull<tensor::ConcatOp, tensor::InsertSliceOp>(origin);
  if (!isBuffer || views.contains(value))
    return false;
  std::optional<TensorView> place = followBack(chain, view);
  if (!place)
    return false;
  views[value] = *place;
  return true;
}

void TensorViews::placeConcatenation(tensor::ConcatOp concat) {
  placeResult(concat.getResult());
  TensorView part = views[concat.getResult()];
  int64_t dimension = concat.getDim();
  for (OpOperand &operand : concat->getOpOperands()) {
    if (placeOrigin(operand.get(), part))
      inPlace.insert(&operand);
    part.offset += getShape(operand.get())[dimension] * part.pitches[dimension];
  }
}

//===----------------------------------------------------------------------===//
// All tensors
//===----------------------------------------------------------------------===//

void TensorViews::placeForward(Operation *op) {
  auto source = views.find(getViewSource(op));
  if (source == views.end() || !isStaticTensor(op->getResult(0)))
    return;
  if (std::optional<TensorView> view = getResultView(op, source->second))
    views[op->getResult(0)] = *view;
}

TensorViews::TensorViews(func::FuncOp function) {
  Block &block = function.getBody().front();
  for (Value argument :
       llvm::make_filter_range(block.getArguments(), isStaticTensor))
    views[argument] = makeDense(argument, argument);
  for (Operation &op : llvm::reverse(block))
    if (auto concat = dyn_cast<tensor::ConcatOp>(op))
      placeConcatenation(concat);
    else if (auto insertion = dyn_cast<tensor::InsertSliceOp>(op))
      placeInsertion(insertion);
  for (Operation &op : block) {
    if (isViewOp(&op))
      placeForward(&op);
    else if (isLayer(&op) || (isa<arith::ConstantOp>(op) &&
                              isa<RankedTensorType>(op.getResult(0).getType())))
      placeResult(op.getResult(0));
  }
}

const TensorView *TensorViews::lookup(Value value) const {
  auto view = views.find(value);
  return view == views.end() ? nullptr : &view->second;
}

bool TensorViews::isWhole(Value value) const {
  const TensorView *view = lookup(value);
  if (!view || view->offset != 0)
    return false;
  auto type = cast<RankedTensorType>(value.getType());
  auto root = cast<RankedTensorType>(view->root.getType());
  Pitches dense = getDensePitches(type);
  for (auto [size, pitch, expected] :
       llvm::zip_equal(type.getShape(), view->pitches, dense))
    if (size != 1 && pitch != expected)
      return false;
  return type.getNumElements() == root.getNumElements();
}
