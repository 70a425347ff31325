//===- QuantizedProducts.h - Products of quantized tensors ------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Importers of the ops that multiply quantized tensors as integers.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_LIB_TARGET_ONNX_QUANTIZEDPRODUCTS_H
#define COLONNADE_LIB_TARGET_ONNX_QUANTIZEDPRODUCTS_H

#include "NodeImporter.h"

namespace colonnade::onnximport {

mlir::LogicalResult importConvInteger(NodeImporter &node);
mlir::LogicalResult importMatMulInteger(NodeImporter &node);
mlir::LogicalResult importQLinearConv(NodeImporter &node);
mlir::LogicalResult importQLinearMatMul(NodeImporter &node);

} // namespace colonnade::onnximport

#endif // COLONNADE_LIB_TARGET_ONNX_QUANTIZEDPRODUCTS_H
