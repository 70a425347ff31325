//===- TensorBuilders.h - The tensor ops importers are made of --*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The same few forms come out of every importer: a filled tensor, a padded or
// reshaped one, an elementwise generic. They are built here, in the one form
// that the passes behind the importer match.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_LIB_TARGET_ONNX_TENSORBUILDERS_H
#define COLONNADE_LIB_TARGET_ONNX_TENSORBUILDERS_H

#include "NodeImporter.h"
#include "mlir/IR/AffineMap.h"
#include "mlir/IR/BuiltinTypes.h"

namespace colonnade::onnximport {

/// Type, shape and element type of a tensor of static shape.
mlir::RankedTensorType getTensorType(mlir::Value value);
llvm::ArrayRef<int64_t> getShape(mlir::Value value);
mlir::Type getElementType(mlir::Value value);

/// `number` as an attribute of a float or integer type.
mlir::TypedAttr getNumberAttr(mlir::Type type, double number);
/// A scalar constant of a float or integer type.
mlir::Value createNumber(mlir::ImplicitLocOpBuilder &builder, mlir::Type type,
                         double number);
/// The least value of the type: -inf, or the lowest integer.
mlir::TypedAttr getLeastAttr(mlir::Type type, Signedness signedness);
/// A constant tensor of floats, rounded to the element type of `type`.
mlir::Value createFloats(mlir::ImplicitLocOpBuilder &builder,
                         mlir::RankedTensorType type,
                         llvm::ArrayRef<double> values);

mlir::Value createEmpty(mlir::ImplicitLocOpBuilder &builder,
                        mlir::RankedTensorType type);
mlir::Value createFilled(mlir::ImplicitLocOpBuilder &builder,
                         mlir::RankedTensorType type, mlir::TypedAttr value);
mlir::Value createZeroFilled(mlir::ImplicitLocOpBuilder &builder,
                             mlir::RankedTensorType type);

/// The elements of `value` in row-major order under another shape; one expand
/// or collapse if there is one, else a collapse to rank 1 and an expand.
mlir::Value createReshape(mlir::ImplicitLocOpBuilder &builder,
                          mlir::Value value, llvm::ArrayRef<int64_t> shape);
/// Dimension i of the result is dimension permutation[i] of `value`.
mlir::Value createTranspose(mlir::ImplicitLocOpBuilder &builder,
                            mlir::Value value,
                            llvm::ArrayRef<int64_t> permutation);
/// `value` itself if all widths are 0.
mlir::Value createPad(mlir::ImplicitLocOpBuilder &builder, mlir::Value value,
                      llvm::ArrayRef<int64_t> low, llvm::ArrayRef<int64_t> high,
                      mlir::TypedAttr padding);
/// The slice of `size` positions from `begin` along one dimension.
mlir::Value createSlice(mlir::ImplicitLocOpBuilder &builder, mlir::Value value,
                        int64_t dimension, int64_t begin, int64_t size);

/// Makes one result element of the operands' elements.
using ElementFunction = llvm::function_ref<mlir::Value(
    mlir::ImplicitLocOpBuilder &, mlir::ValueRange)>;

/// An operand of a generic and how it is read.
struct MappedValue {
  mlir::Value value;
  mlir::AffineMap map;
};

/// `value`, whose dimensions are dimensions `dimensions` of the result.
MappedValue mapTo(mlir::Value value, unsigned resultRank,
                  llvm::ArrayRef<unsigned> dimensions);
/// Whether numpy broadcasts a tensor of shape `from` to `shape`.
bool broadcastsTo(llvm::ArrayRef<int64_t> from, llvm::ArrayRef<int64_t> shape);
/// `value` broadcast to the result shape as numpy does, which must be possible.
MappedValue broadcastTo(mlir::ImplicitLocOpBuilder &builder, mlir::Value value,
                        llvm::ArrayRef<int64_t> resultShape);

/// A generic whose loops are all parallel.
mlir::Value createElementwise(mlir::ImplicitLocOpBuilder &builder,
                              mlir::RankedTensorType type,
                              llvm::ArrayRef<MappedValue> operands,
                              ElementFunction body);
/// The elementwise op on one tensor.
mlir::Value createUnary(
    mlir::ImplicitLocOpBuilder &builder, mlir::Value value,
    llvm::function_ref<mlir::Value(mlir::ImplicitLocOpBuilder &, mlir::Value)>
        body);
/// Floats times a scalar; `value` itself for 1.
mlir::Value createScaleBy(mlir::ImplicitLocOpBuilder &builder,
                          mlir::Value value, double number);
/// `value` plus a tensor that is read through a map from its dimensions.
mlir::Value createAdd(mlir::ImplicitLocOpBuilder &builder, mlir::Value value,
                      MappedValue addend);
/// `value` plus the rank-1 `bias` along `dimension`.
mlir::Value createAddBias(mlir::ImplicitLocOpBuilder &builder,
                          mlir::Value value, mlir::Value bias,
                          unsigned dimension);
/// `init` plus the sum of products of `left` and `right` over the loops that
/// `result`, the map of the result, leaves out.
mlir::Value createContraction(mlir::ImplicitLocOpBuilder &builder,
                              mlir::Value init, MappedValue left,
                              MappedValue right, mlir::AffineMap result);
/// Combines the elements along the dimensions `reduced`, which the result does
/// not have, in row-major order, starting from `init`; the body gets the
/// accumulator and the element.
mlir::Value createReduction(mlir::ImplicitLocOpBuilder &builder,
                            mlir::Value value, llvm::ArrayRef<unsigned> reduced,
                            mlir::TypedAttr init, ElementFunction body);
/// The float sum over the dimensions `reduced`, which the result does not have.
mlir::Value createSum(mlir::ImplicitLocOpBuilder &builder, mlir::Value value,
                      llvm::ArrayRef<unsigned> reduced);

} // namespace colonnade::onnximport

#endif // COLONNADE_LIB_TARGET_ONNX_TENSORBUILDERS_H
