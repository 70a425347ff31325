//===- MapMovement.cpp - Reshapes, slices, concatenations -----*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The part of NetworkMapper for ops that only move data. They stay tensor ops
// at the mapped level, where most of them mean nothing but another view; when
// all layers are mapped, copies are inserted where views cannot do, and every
// choice is reported.
//
//===----------------------------------------------------------------------===//

#include "NetworkMapper.h"
#include "mlir/IR/Matchers.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace colonnade;
using namespace colonnade::systolic;

//===----------------------------------------------------------------------===//
// Legality
//===----------------------------------------------------------------------===//

template <typename OpTy> static Objection checkSlice(OpTy op) {
  if (!op.getOffsets().empty() || !op.getSizes().empty() ||
      !op.getStrides().empty())
    return std::string("slices must have static offsets, sizes and strides");
  for (int64_t stride : op.getStaticStrides())
    if (stride < 1)
      return llvm::formatv("slices must have strides of at least 1, got {0}",
                           stride)
          .str();
  return std::nullopt;
}

static Objection checkPad(tensor::PadOp op) {
  if (!op.getLow().empty() || !op.getHigh().empty())
    return std::string("paddings must be static");
  for (int64_t padding :
       llvm::concat<const int64_t>(op.getStaticLow(), op.getStaticHigh()))
    if (padding < 0)
      return llvm::formatv("paddings must be at least 0, got {0}", padding)
          .str();
  Value value = op.getConstantPaddingValue();
  if (!value || !matchPattern(value, m_Constant()))
    return std::string("the padding value must be one constant");
  return std::nullopt;
}

Objection NetworkMapper::checkMovement(Operation *op) const {
  for (Value operand : op->getOperands()) {
    auto type = dyn_cast<RankedTensorType>(operand.getType());
    if (!type)
      continue;
    if (!type.hasStaticShape() || llvm::is_contained(type.getShape(), 0))
      return llvm::formatv("operands must have static shapes without extents "
                           "of 0, got {0}",
                           type)
          .str();
    if (!isStoredType(type.getElementType()))
      return llvm::formatv("the machine moves elements of type i8, i32 or "
                           "f32, got {0}",
                           type.getElementType())
          .str();
  }
  if (auto slice = dyn_cast<tensor::ExtractSliceOp>(op))
    return checkSlice(slice);
  if (auto insertion = dyn_cast<tensor::InsertSliceOp>(op))
    return checkSlice(insertion);
  if (auto pad = dyn_cast<tensor::PadOp>(op))
    return checkPad(pad);
  return std::nullopt;
}

//===----------------------------------------------------------------------===//
// Mapping
//===----------------------------------------------------------------------===//

Objection NetworkMapper::mapMovement(Operation *op) {
  if (Objection objection = checkMovement(op))
    return objection;
  if (auto pad = dyn_cast<tensor::PadOp>(op))
    return mapPad(pad);
  bool isMapped = llvm::any_of(
      op->getOperands(), [&](Value value) { return lookup(value) != value; });
  if (isMapped)
    builder.clone(*op, mapping);
  return std::nullopt;
}

/// A padding is a concatenation with constants, dimension by dimension.
Value NetworkMapper::createBorder(tensor::PadOp op, Value inner,
                                  int64_t dimension) {
  int64_t low = op.getStaticLow()[dimension];
  int64_t high = op.getStaticHigh()[dimension];
  if (low == 0 && high == 0)
    return inner;
  auto type = cast<RankedTensorType>(inner.getType());
  TypedAttr value = getUniformValue(op.getConstantPaddingValue());
  auto fill = [&](int64_t size) {
    SmallVector<int64_t> shape(type.getShape());
    shape[dimension] = size;
    return createFill(RankedTensorType::get(shape, type.getElementType()),
                      value, op.getLoc());
  };
  SmallVector<Value> parts;
  if (low > 0)
    parts.push_back(fill(low));
  parts.push_back(inner);
  if (high > 0)
    parts.push_back(fill(high));
  return tensor::ConcatOp::create(builder, op.getLoc(), dimension, parts);
}

/// The innermost dimension first: its borders are the smallest fills.
Value NetworkMapper::createBorders(tensor::PadOp op, Value inner) {
  for (int64_t d = op.getSourceType().getRank(); d-- > 0;)
    inner = createBorder(op, inner, d);
  return inner;
}

Objection NetworkMapper::mapPad(tensor::PadOp op) {
  if (isAbsorbed(op))
    return std::nullopt;
  mapping.map(op.getResult(), createBorders(op, lookup(op.getSource())));
  return std::nullopt;
}

//===----------------------------------------------------------------------===//
// Copies
//===----------------------------------------------------------------------===//

static int64_t getBytes(Value value) {
  auto type = cast<RankedTensorType>(value.getType());
  return type.getNumElements() * getElementBytes(type);
}

void NetworkMapper::copyOperand(OpOperand &operand, Location loc,
                                StringRef reason) {
  builder.setInsertionPoint(operand.getOwner());
  Value copy = createCopy(operand.get(), loc);
  passed(loc, "copied")
      << remark::add("layer {0} copies {1}",
                     cast<NestOp>(copy.getDefiningOp()).getLayer(),
                     llvm::formatv("{0}", operand.get().getType()).str())
      << remark::metric("bytes", getBytes(copy))
      << remark::reason("{0}", reason);
  operand.set(copy);
}

/// Returns whether a copy was made, as do the other two.
bool NetworkMapper::resolveView(Operation *op, const TensorViews &views) {
  // What is made by an op that was refused has no place.
  if (!views.lookup(getViewSource(op)))
    return false;
  if (!views.lookup(op->getResult(0))) {
    copyOperand(op->getOpOperand(0), op->getLoc(),
                "no strides give the tensor this shape");
    return true;
  }
  passed(op->getLoc(), "view") << remark::add("'{0}' is a view, no data moves",
                                              op->getName().getStringRef());
  return false;
}

bool NetworkMapper::resolveConcat(tensor::ConcatOp op,
                                  const TensorViews &views) {
  for (OpOperand &operand : op->getOpOperands()) {
    if (views.isMadeInPlace(operand) || !views.lookup(operand.get()))
      continue;
    copyOperand(operand, op.getLoc(),
                "only what a layer makes, for one concatenation, can be made "
                "inside it");
    return true;
  }
  passed(op.getLoc(), "view")
      << remark::add("the {0} operands of 'tensor.concat' are made inside its "
                     "buffer",
                     op->getNumOperands());
  return false;
}

bool NetworkMapper::resolveInsertion(tensor::InsertSliceOp op,
                                     const TensorViews &views) {
  // The target first: what is inserted comes on top of it.
  for (OpOperand *operand : {&op.getDestMutable(), &op.getSourceMutable()}) {
    if (views.isMadeInPlace(*operand) || !views.lookup(operand->get()))
      continue;
    copyOperand(*operand, op.getLoc(),
                operand == &op.getDestMutable()
                    ? "the tensor as it was before the insertion is needed "
                      "somewhere else"
                    : "only what a layer makes, after the rest of the tensor "
                      "and for one insertion, can be made inside it");
    return true;
  }
  passed(op.getLoc(), "view") << remark::add(
      "'tensor.insert_slice' happens inside its target's buffer");
  return false;
}

/// The host reads whole buffers that the machine has written.
bool NetworkMapper::resolveReturn(Operation *op, const TensorViews &views) {
  SmallPtrSet<Value, 8> roots;
  for (OpOperand &operand : op->getOpOperands()) {
    const TensorView *view = views.lookup(operand.get());
    if (!view)
      continue;
    bool isMade =
        view->root.getDefiningOp() && !matchPattern(view->root, m_Constant());
    bool isWhole = views.isWhole(operand.get());
    if (isMade && isWhole && roots.insert(view->root).second)
      continue;
    StringRef reason = "the result is not made by a layer";
    if (isMade)
      reason = isWhole ? "the result lies where another one does"
                       : "the result is part of a larger buffer or lies in "
                         "another order";
    copyOperand(operand, op->getLoc(), reason);
    return true;
  }
  return false;
}

void NetworkMapper::resolveMovement() {
  TensorViews views(function);
  for (Operation &op : function.getBody().front()) {
    if (op.hasAttr(SystolicDialect::getRejectedAttrName()))
      continue;
    auto resolve = [&] {
      if (isViewOp(&op))
        return resolveView(&op, views);
      if (auto concat = dyn_cast<tensor::ConcatOp>(op))
        return resolveConcat(concat, views);
      if (auto insertion = dyn_cast<tensor::InsertSliceOp>(op))
        return resolveInsertion(insertion, views);
      return isa<func::ReturnOp>(op) && resolveReturn(&op, views);
    };
    // Every copy changes what can be a view.
    while (resolve())
      views = TensorViews(function);
  }
}
