//===- OperandChecks.cpp - What importers ask of operands -----------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See OperandChecks.h.
//
//===----------------------------------------------------------------------===//

#include "OperandChecks.h"
#include "mlir/IR/BuiltinTypes.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;

namespace colonnade::onnximport {

static LogicalResult requireOperand(NodeImporter &node, unsigned index) {
  if (node.hasInput(index))
    return success();
  return node.reject("operand " + Twine(index) + " is missing");
}

LogicalResult requireRank(NodeImporter &node, unsigned index, int64_t rank) {
  if (failed(requireOperand(node, index)))
    return failure();
  int64_t actual = node.getInputType(index).getRank();
  if (actual >= rank)
    return success();
  return node.reject("expected operand " + Twine(index) + " to have at least " +
                     Twine(rank) + " dimensions, got " + Twine(actual));
}

/// "2x3", or "scalar".
static std::string formatShape(ArrayRef<int64_t> shape) {
  if (shape.empty())
    return "scalar";
  std::string text;
  llvm::raw_string_ostream stream(text);
  llvm::interleave(shape, stream, "x");
  return text;
}

LogicalResult requireShape(NodeImporter &node, unsigned index,
                           ArrayRef<int64_t> shape) {
  if (failed(requireOperand(node, index)))
    return failure();
  ArrayRef<int64_t> actual = node.getInputType(index).getShape();
  if (actual == shape)
    return success();
  return node.reject("expected operand " + Twine(index) + " of shape " +
                     formatShape(shape) + ", got " + formatShape(actual));
}

} // namespace colonnade::onnximport
