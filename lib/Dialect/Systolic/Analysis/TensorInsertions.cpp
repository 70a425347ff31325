//===- TensorInsertions.cpp - Insertions in place --------- -*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The part of TensorViews for tensor.insert_slice. As values, target and result
// are two tensors; they can be one buffer if whoever reads the target has done
// so when the source is written, or reads each element where it is written.
//
//===----------------------------------------------------------------------===//

#include "ViewOps.h"
#include "colonnade/Dialect/Systolic/IR/Systolic.h"

using namespace mlir;
using namespace colonnade;
using namespace colonnade::systolic;

/// The op behind reshapes, transposes and slices that makes `value`, or null.
static Operation *getOrigin(Value value) {
  Operation *op = value.getDefiningOp();
  while (op && isViewOp(op))
    op = getViewSource(op).getDefiningOp();
  return op;
}

/// The ops that read `value` or a view of it, but for `except`.
static void collectReaders(Value value, Operation *except,
                           SmallVectorImpl<OpOperand *> &readers) {
  for (OpOperand &use : value.getUses()) {
    Operation *reader = use.getOwner();
    if (reader == except)
      continue;
    readers.push_back(&use);
    if (isViewOp(reader))
      collectReaders(reader->getResult(0), except, readers);
  }
}

/// Whether `value`, and all that it is a view of, has one reader.
static bool isReadOnce(Value value) {
  while (value.hasOneUse() && isViewOp(value.getDefiningOp()))
    value = getViewSource(value.getDefiningOp());
  return value.hasOneUse();
}

/// Whether `op` reads the elements of `operand` where it writes its result's,
/// one by one.
static bool readsInStep(NestOp op, OpOperand &operand) {
  if (!op || op.getReductionLoops() != 0)
    return false;
  return op.getMap(operand.getOperandNumber()).isIdentity();
}

static std::optional<TensorView> getView(Value value, Value target,
                                         const TensorView &place) {
  if (value == target)
    return place;
  std::optional<TensorView> source =
      getView(getViewSource(value.getDefiningOp()), target, place);
  return source ? getResultView(value.getDefiningOp(), *source) : std::nullopt;
}

static bool isSamePlace(const TensorView &a, const TensorView &b) {
  return a.offset == b.offset && a.pitches == b.pitches;
}

/// Whether `writer` may write the source of `insertion` to `place` of the
/// target's buffer: whoever reads the target runs before, or reads each element
/// where `writer` writes it.
bool TensorViews::canWriteOver(tensor::InsertSliceOp insertion,
                               Operation *writer,
                               const TensorView &place) const {
  Value target = insertion.getDest();
  if (Operation *maker = getOrigin(target))
    if (!maker->isBeforeInBlock(writer))
      return false;
  SmallVector<OpOperand *> readers;
  collectReaders(target, insertion, readers);
  return llvm::all_of(readers, [&](OpOperand *use) {
    Operation *reader = use->getOwner();
    if (isViewOp(reader) || reader->isBeforeInBlock(writer))
      return !isa<tensor::ConcatOp, tensor::InsertSliceOp>(reader);
    if (reader != writer || insertion.getSource().getDefiningOp() != writer ||
        !readsInStep(dyn_cast<NestOp>(reader), *use))
      return false;
    std::optional<TensorView> view =
        getView(use->get(), target, views.at(insertion.getResult()));
    return view && isSamePlace(*view, place);
  });
}

void TensorViews::placeInsertion(tensor::InsertSliceOp insertion) {
  placeResult(insertion.getResult());
  TensorView place = views[insertion.getResult()];
  OpOperand &target = insertion.getDestMutable();
  OpOperand &source = insertion.getSourceMutable();
  bool isEmpty = isa_and_nonnull<tensor::EmptyOp>(target.get().getDefiningOp());
  SmallVector<OpOperand *> readers;
  collectReaders(target.get(), insertion, readers);
  bool isReadLater = llvm::any_of(readers, [&](OpOperand *use) {
    return !isViewOp(use->getOwner()) &&
           !use->getOwner()->isBeforeInBlock(insertion);
  });
  if (!isEmpty && (isReadLater || !placeOrigin(target.get(), place)))
    return;
  inPlace.insert(&target);
  TensorView part = getPart(place, insertion, insertion.getDroppedDims());
  Operation *writer = getOrigin(source.get());
  // Other readers of the source might find what later insertions wrote.
  if (isLayer(writer) && isReadOnce(source.get()) &&
      (isEmpty || canWriteOver(insertion, writer, part)) &&
      placeOrigin(source.get(), part))
    inPlace.insert(&source);
}
