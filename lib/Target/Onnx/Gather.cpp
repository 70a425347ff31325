//===- Gather.cpp - ONNX Gather -------------------------------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One index known at import time is a slice, which the passes behind turn into
// a view; anything else a generic that looks its elements up. Indices that only
// come at run time are not checked there: ONNX leaves those outside undefined.
//
//===----------------------------------------------------------------------===//

#include "Axes.h"
#include "TensorBuilders.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/ADT/Sequence.h"

using namespace mlir;
using namespace colonnade::onnximport;
using llvm::Twine;

static LogicalResult checkIndices(NodeImporter &node, DenseElementsAttr indices,
                                  int64_t size) {
  for (const APInt &index : indices.getValues<APInt>())
    if (index.getSExtValue() < -size || index.getSExtValue() >= size)
      return node.reject("expected indices from " + Twine(-size) + " to " +
                         Twine(size - 1) + ", got " +
                         Twine(index.getSExtValue()));
  return success();
}

/// The index as a position: negative ones count from the back.
static Value createPosition(ImplicitLocOpBuilder &builder, Value index,
                            int64_t size) {
  Value zero = createNumber(builder, index.getType(), 0);
  Value isNegative =
      arith::CmpIOp::create(builder, arith::CmpIPredicate::slt, index, zero);
  Value wrapped = arith::AddIOp::create(
      builder, index, createNumber(builder, index.getType(), size));
  Value position = arith::SelectOp::create(builder, isNegative, wrapped, index);
  return arith::IndexCastOp::create(builder, builder.getIndexType(), position);
}

/// Result dimensions: the data's before the axis, the indices', the data's
/// behind it.
static Value createLookup(NodeImporter &node, int64_t axis) {
  RankedTensorType dataType = node.getInputType(0);
  RankedTensorType type = node.getResultType(0);
  int64_t indexRank = node.getInputType(1).getRank();
  Value data = node.getInput(0);
  auto indexDimensions =
      llvm::to_vector(llvm::seq<unsigned>(axis, axis + indexRank));
  return createElementwise(
      node.builder, type,
      mapTo(node.getInput(1), type.getRank(), indexDimensions),
      [&](ImplicitLocOpBuilder &b, ValueRange args) -> Value {
        SmallVector<Value> position;
        for (int64_t dimension : llvm::seq<int64_t>(0, dataType.getRank())) {
          if (dimension == axis) {
            position.push_back(
                createPosition(b, args[0], dataType.getDimSize(axis)));
            continue;
          }
          int64_t shift = dimension < axis ? 0 : indexRank - 1;
          position.push_back(linalg::IndexOp::create(b, dimension + shift));
        }
        return tensor::ExtractOp::create(b, data, position);
      });
}

static LogicalResult importGather(NodeImporter &node) {
  RankedTensorType dataType = node.getInputType(0);
  FailureOr<int64_t> axis = getAxis(node, 0, dataType.getRank());
  if (failed(axis))
    return failure();
  int64_t size = dataType.getDimSize(*axis);
  DenseElementsAttr indices = node.getConstant(1);
  if (indices && failed(checkIndices(node, indices, size)))
    return failure();
  if (!indices || indices.getNumElements() != 1) {
    node.setResult(0, createLookup(node, *axis));
    return success();
  }
  int64_t index = (*indices.value_begin<APInt>()).getSExtValue();
  Value slice = createSlice(node.builder, node.getInput(0), *axis,
                            index < 0 ? index + size : index, 1);
  node.setResult(
      0, createReshape(node.builder, slice, node.getResultType(0).getShape()));
  return success();
}

void colonnade::onnximport::addGatherOps(ImportTable &table) {
  table["Gather"] = importGather;
}
