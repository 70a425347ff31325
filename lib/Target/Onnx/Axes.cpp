//===- Axes.cpp - Axis attributes of ONNX nodes ---------------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See the header.
//
//===----------------------------------------------------------------------===//

#include "Axes.h"

using namespace mlir;
using namespace colonnade::onnximport;
using llvm::Twine;

FailureOr<int64_t> colonnade::onnximport::normalizeAxis(NodeImporter &node,
                                                        int64_t axis,
                                                        int64_t rank) {
  if (axis < -rank || axis >= rank)
    return node.reject("expected an axis from " + Twine(-rank) + " to " +
                       Twine(rank - 1) + ", got " + Twine(axis));
  return axis < 0 ? axis + rank : axis;
}

FailureOr<int64_t> colonnade::onnximport::getAxis(NodeImporter &node,
                                                  int64_t otherwise,
                                                  int64_t rank) {
  return normalizeAxis(node, node.getInteger("axis", otherwise), rank);
}

FailureOr<std::optional<SmallVector<int64_t>>>
colonnade::onnximport::getIntegerList(NodeImporter &node, int64_t firstOpset,
                                      unsigned index, StringRef name) {
  std::optional<SmallVector<int64_t>> list;
  if (node.getOpset() < firstOpset) {
    if (node.hasAttribute(name))
      list = node.getIntegers(name);
    return list;
  }
  if (!node.hasInput(index))
    return list;
  FailureOr<SmallVector<int64_t>> integers =
      node.getConstantIntegers(index, name);
  if (failed(integers))
    return failure();
  list = std::move(*integers);
  return list;
}
