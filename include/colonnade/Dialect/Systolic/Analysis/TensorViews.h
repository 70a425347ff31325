//===- TensorViews.h - Where the tensors of a network lie ------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reshapes, transposes and slices move no data where strides can say what they
// mean, and the operands of a concatenation are made inside its result. This
// analysis decides where; the mapper, which inserts copies where it says no,
// and the scheduler, which gives the buffers addresses, both ask it.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_DIALECT_SYSTOLIC_ANALYSIS_TENSORVIEWS_H
#define COLONNADE_DIALECT_SYSTOLIC_ANALYSIS_TENSORVIEWS_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/ADT/DenseMap.h"
#include <optional>

namespace colonnade::systolic {

using Pitches = llvm::SmallVector<int64_t, 6>;

/// Where a tensor's elements lie: the one at index i is at byte `offset` + the
/// sum of i[d] * pitches[d] of the buffer that `root` stands for.
struct TensorView {
  mlir::Value root;
  int64_t offset = 0;
  Pitches pitches;
};

/// Bytes of one element; tensors of i1 take a byte each.
int64_t getElementBytes(mlir::RankedTensorType type);

/// Byte pitches of a dense row-major tensor.
Pitches getDensePitches(mlir::RankedTensorType type);

/// Pitches that give the elements of a tensor of `shape` and `pitches` another
/// shape without moving them; none if there are none.
std::optional<Pitches> getReshapedPitches(llvm::ArrayRef<int64_t> shape,
                                          llvm::ArrayRef<int64_t> pitches,
                                          llvm::ArrayRef<int64_t> newShape,
                                          int64_t elementBytes);

/// A layer of the mapped network: an op that makes a tensor.
bool isLayer(mlir::Operation *op);

/// A reshape, transpose or slice: an op whose result may be a view.
bool isViewOp(mlir::Operation *op);

/// What a view op reads.
mlir::Value getViewSource(mlir::Operation *op);

/// Views of all tensors of a mapped function. Buffers are made by layers,
/// concatenations, insertions, constants and arguments, dense and row-major, with
/// three exceptions: an operand of a concatenation that a layer makes lies in
/// the concatenation's buffer; an insertion happens in the buffer of its target,
/// and its source is made there, where no one needs what they overwrite; and a
/// layer's result that is read through one chain of reshapes and transposes lies
/// in the order of the chain's end if a link would need a copy otherwise.
class TensorViews {
public:
  explicit TensorViews(mlir::func::FuncOp function);

  /// The view of a tensor; null where only a copy could make it one.
  const TensorView *lookup(mlir::Value value) const;

  /// Whether an operand of a tensor.concat or tensor.insert_slice is made in the
  /// result's buffer, or is a tensor.empty.
  bool isMadeInPlace(mlir::OpOperand &operand) const {
    return inPlace.contains(&operand);
  }

  /// Whether `value` fills its buffer densely, in row-major order.
  bool isWhole(mlir::Value value) const;

private:
  void placeConcatenation(mlir::tensor::ConcatOp concat);
  void placeInsertion(mlir::tensor::InsertSliceOp insertion);
  bool canWriteOver(mlir::tensor::InsertSliceOp insertion,
                    mlir::Operation *writer, const TensorView &place) const;
  void placeResult(mlir::Value value);
  bool placeOrigin(mlir::Value value, TensorView view);
  void placeForward(mlir::Operation *op);

  llvm::DenseMap<mlir::Value, TensorView> views;
  llvm::DenseSet<mlir::OpOperand *> inPlace;
};

} // namespace colonnade::systolic

#endif // COLONNADE_DIALECT_SYSTOLIC_ANALYSIS_TENSORVIEWS_H
