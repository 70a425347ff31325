//===- TensorData.h - ONNX tensors and MLIR's ------------------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Types and elements of ONNX tensors as MLIR has them. A model's weights are
// most of its file: their bytes move from protobuf into the resource that the
// module owns, without a copy.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_LIB_TARGET_ONNX_TENSORDATA_H
#define COLONNADE_LIB_TARGET_ONNX_TENSORDATA_H

#include "mlir/IR/BuiltinAttributes.h"
#include "onnx/onnx_pb.h"
#include "llvm/Support/Error.h"

namespace colonnade::onnximport {

/// Constants up to here are printed in place; larger ones are resources.
constexpr int64_t maxInlineElements = 64;

/// A tensor's type as ONNX has it: MLIR's does not tell signed from unsigned.
struct OnnxType {
  mlir::RankedTensorType type;
  /// onnx::TensorProto_DataType
  int32_t elementType = 0;

  bool isUnsigned() const;
};

/// The MLIR type of an ONNX element type, or null (strings, complex, ...).
mlir::Type getElementType(int32_t elementType, mlir::MLIRContext *context);
/// "FLOAT", or the number when it is none of ONNX's.
std::string getElementTypeName(int32_t elementType);

/// The tensor type with these sizes. Refuses unknown element types, negative
/// sizes, and more elements than any machine of ours holds.
llvm::Expected<OnnxType> getTensorType(int32_t elementType,
                                       llvm::ArrayRef<int64_t> shape,
                                       mlir::MLIRContext *context);
llvm::Expected<OnnxType> getTensorType(const onnx::TensorProto &tensor,
                                       mlir::MLIRContext *context);

/// The static type that `proto` says, or an error that says what is missing.
llvm::Expected<OnnxType> getStaticType(const onnx::TypeProto &proto,
                                       mlir::MLIRContext *context);
/// The other way round.
onnx::TypeProto getTypeProto(const OnnxType &type);

/// Takes the elements out of `tensor`. External data is read from a file below
/// `directory`.
llvm::Expected<mlir::ElementsAttr> takeElements(onnx::TensorProto &tensor,
                                                llvm::StringRef directory,
                                                mlir::MLIRContext *context);

/// A name like this one for a resource: these are printed bare, as keywords.
std::string makeResourceName(llvm::StringRef name);

/// The elements as an attribute whose values can be read, copied if they are a
/// resource.
mlir::DenseElementsAttr getDenseElements(mlir::ElementsAttr elements);

/// The elements as ONNX has them, for its shape inference.
onnx::TensorProto getTensorProto(mlir::DenseElementsAttr elements,
                                 int32_t elementType);

} // namespace colonnade::onnximport

#endif // COLONNADE_LIB_TARGET_ONNX_TENSORDATA_H
