//===- QuantizeLayers.h - The layers that can be quantized -----*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The legality function of --colonnade-quantize: what each op of a float
// network is to it, or a located error. Private to the transforms library.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_LIB_DIALECT_COLONNADE_TRANSFORMS_QUANTIZELAYERS_H
#define COLONNADE_LIB_DIALECT_COLONNADE_TRANSFORMS_QUANTIZELAYERS_H

#include "ElementwiseLayer.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace colonnade {

struct QuantizableLayer {
  enum class Kind {
    Convolution,
    Matmul,
    Elementwise,
    MaxPool,
    SumPool,
    Pad,
    Reshape
  };
  Kind kind = Kind::Reshape;
  mlir::Operation *op = nullptr;
  /// The activation that the layer reads.
  mlir::Value data;
  /// Weights of a contraction in row-major order, all finite.
  std::vector<float> weights;
  /// For Kind::Elementwise.
  ElementwiseLayer elementwise;
};

/// Whether an op only provides constants, initial values or the return.
bool isLayerParameter(mlir::Operation *op);

/// The layer that `op` is, or an error emitted at it.
mlir::FailureOr<QuantizableLayer> matchQuantizableLayer(mlir::Operation *op);

/// All layers of a function with one f32 tensor argument and f32 results, in
/// order; emits an error at the first op or value that cannot be quantized.
mlir::FailureOr<std::vector<QuantizableLayer>>
matchQuantizableFunction(mlir::func::FuncOp function);

} // namespace colonnade

#endif // COLONNADE_LIB_DIALECT_COLONNADE_TRANSFORMS_QUANTIZELAYERS_H
