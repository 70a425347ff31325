//===- QuantizeLayers.h - The layers that can be quantized -----*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The legality function of --colonnade-quantize: what each op of a float
// network is by itself, or a located error. Private to the transforms library.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_LIB_DIALECT_COLONNADE_TRANSFORMS_QUANTIZELAYERS_H
#define COLONNADE_LIB_DIALECT_COLONNADE_TRANSFORMS_QUANTIZELAYERS_H

#include "ElementwiseLayer.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

namespace colonnade {

struct QuantizableLayer {
  enum class Kind {
    /// int8 x int8 -> int32, with constant weights or two activations.
    Contraction,
    /// Changes what integers mean, or cuts them off.
    Elementwise,
    AddTensors,
    MaxPool,
    SumPool,
    /// The same integers elsewhere: reshape, transpose, slice, padding.
    Movement,
    /// Integers of several tensors, at one scale.
    Concat,
    /// Computed in f32.
    Float
  };
  Kind kind = Kind::Float;
  mlir::Operation *op = nullptr;
  /// The tensors that it reads, apart from weights and initial values.
  llvm::SmallVector<mlir::Value> data;
  /// That constant weights are quantized to.
  int64_t bits = 8;
  /// For Kind::Elementwise and Kind::AddTensors.
  ElementwiseLayer elementwise;

  mlir::Value getResult() const { return op->getResult(0); }
  bool hasConstantWeights() const {
    return kind == Kind::Contraction && data.size() == 1;
  }
};

/// Emits an error at the first linalg.generic that computes with anything but
/// scalar arithmetic.
mlir::LogicalResult checkBodies(mlir::func::FuncOp function);

/// Whether an op only provides constants, initial values or the return.
bool isLayerParameter(mlir::Operation *op);

/// What `op` is if its operands are integers: Kind::Float when there is no
/// integer form. Emits an error at an op that cannot be quantized at all.
mlir::FailureOr<QuantizableLayer> matchQuantizableLayer(mlir::Operation *op);

/// The number that pads, if it is one constant.
std::optional<llvm::APFloat> getPaddingValue(mlir::tensor::PadOp op);

} // namespace colonnade

#endif // COLONNADE_LIB_DIALECT_COLONNADE_TRANSFORMS_QUANTIZELAYERS_H
