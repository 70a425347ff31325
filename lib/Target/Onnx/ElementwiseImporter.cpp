//===- ElementwiseImporter.cpp - Nodes that become one generic ------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See the header.
//
//===----------------------------------------------------------------------===//

#include "ElementwiseImporter.h"
#include "llvm/ADT/Sequence.h"

using namespace mlir;
using llvm::Twine;
using namespace colonnade::onnximport;

bool colonnade::onnximport::isBroadcastable(ArrayRef<int64_t> shape,
                                            ArrayRef<int64_t> resultShape) {
  if (shape.size() > resultShape.size())
    return false;
  return llvm::all_of(
      llvm::zip_equal(shape, resultShape.take_back(shape.size())),
      [](auto sizes) {
        auto [size, resultSize] = sizes;
        return size == 1 || size == resultSize;
      });
}

LogicalResult colonnade::onnximport::importElementwise(
    NodeImporter &node, ArrayRef<unsigned> indices, ElementFunction body) {
  RankedTensorType type = node.getResultType(0);
  SmallVector<MappedValue> operands;
  for (unsigned index : indices) {
    if (!node.hasInput(index))
      return node.reject("operand " + Twine(index) + " is missing");
    if (!isBroadcastable(node.getInputType(index).getShape(), type.getShape()))
      return node.reject("operand " + Twine(index) +
                         " does not broadcast to the result's shape");
    operands.push_back(
        broadcastTo(node.builder, node.getInput(index), type.getShape()));
  }
  node.setResult(0, createElementwise(node.builder, type, operands, body));
  return success();
}

LogicalResult colonnade::onnximport::importElementwise(NodeImporter &node,
                                                       ElementFunction body) {
  return importElementwise(
      node, llvm::to_vector(llvm::seq<unsigned>(0, node.getNumInputs())), body);
}
