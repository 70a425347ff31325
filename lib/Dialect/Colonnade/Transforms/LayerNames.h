//===- LayerNames.h - How users call the layers of a network ---*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Ranges files and layer policies name layers as the ONNX model does. Importers
// keep those names as locations; this file reads them back. Private to the
// transforms library.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_LIB_DIALECT_COLONNADE_TRANSFORMS_LAYERNAMES_H
#define COLONNADE_LIB_DIALECT_COLONNADE_TRANSFORMS_LAYERNAMES_H

#include "mlir/IR/Operation.h"
#include "mlir/IR/Value.h"
#include <string>
#include <vector>

namespace colonnade {

/// The first name inside the op's location; without one, the name of the op
/// ("linalg.matmul").
std::string getLayerName(mlir::Operation *op);

/// The name of the op that defines `value`, or of the argument ("argument 0").
std::string getLayerName(mlir::Value value);

/// Makes repeated names unique by their place: "x", "x#1", "x#2".
void makeUnique(std::vector<std::string> &names);

} // namespace colonnade

#endif // COLONNADE_LIB_DIALECT_COLONNADE_TRANSFORMS_LAYERNAMES_H
