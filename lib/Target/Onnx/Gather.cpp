//===- Gather.cpp - ONNX Gather -------------------------------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Indices known at import time are slices side by side, which the passes behind
// turn into views and copies; others are looked up by a generic. Indices that
// only come at run time are not checked there: ONNX leaves those outside
// undefined.
//
//===----------------------------------------------------------------------===//

#include "Axes.h"
#include "Slices.h"
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

/// Constant indices as positions; negative ones count from the back.
static SmallVector<int64_t> getPositions(DenseElementsAttr indices,
                                         int64_t size) {
  SmallVector<int64_t> positions;
  for (const APInt &index : indices.getValues<APInt>())
    positions.push_back(index.getSExtValue() < 0 ? index.getSExtValue() + size
                                                 : index.getSExtValue());
  return positions;
}

/// Positions as few ranges, one after the other, each of a constant step
/// forward.
static SmallVector<Positions> getRanges(ArrayRef<int64_t> positions) {
  SmallVector<Positions> ranges;
  for (int64_t position : positions) {
    if (!ranges.empty()) {
      Positions &range = ranges.back();
      int64_t step = position - (range.begin + (range.size - 1) * range.step);
      if (step > 0 && (range.size == 1 || step == range.step)) {
        range.step = step;
        ++range.size;
        continue;
      }
    }
    ranges.push_back({position, 1, 1});
  }
  return ranges;
}

static LogicalResult importGather(NodeImporter &node) {
  RankedTensorType dataType = node.getInputType(0);
  FailureOr<int64_t> axis = getAxis(node, 0, dataType.getRank());
  if (failed(axis))
    return failure();
  int64_t size = dataType.getDimSize(*axis);
  DenseElementsAttr indices = node.getConstant(1);
  if (!indices) {
    node.setResult(0, createLookup(node, *axis));
    return success();
  }
  if (failed(checkIndices(node, indices, size)))
    return failure();
  if (node.getResultType(0).getNumElements() == 0) {
    node.setResult(0, createEmpty(node.builder, node.getResultType(0)));
    return success();
  }
  SmallVector<Positions> ranges = getRanges(getPositions(indices, size));
  if (static_cast<int64_t>(ranges.size()) > maxJoinedSlices) {
    node.setResult(0, createLookup(node, *axis));
    return success();
  }
  Value joined =
      createJoinedSlices(node.builder, node.getInput(0), *axis, ranges);
  node.setResult(
      0, createReshape(node.builder, joined, node.getResultType(0).getShape()));
  return success();
}

void colonnade::onnximport::addGatherOps(ImportTable &table) {
  table["Gather"] = importGather;
}
