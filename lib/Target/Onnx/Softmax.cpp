//===- Softmax.cpp - ONNX softmax and its logarithm -----------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Softmax as four generics: the maximum along the axis, the exponentials of
// what is left after subtracting it, their sum, and the quotient. Until opset
// 12 the axis split the tensor in two, and everything behind it counted as one.
//
//===----------------------------------------------------------------------===//

#include "Axes.h"
#include "TensorBuilders.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "llvm/ADT/Sequence.h"

using namespace mlir;
using namespace colonnade::onnximport;

namespace {
/// A tensor and the axis that softmax runs along.
struct Rows {
  ImplicitLocOpBuilder &builder;
  Value value;
  unsigned axis;

  int64_t getRank() const { return getTensorType(value).getRank(); }
  /// `other` lacks the axis, whose every position sees the same element.
  MappedValue spread(Value other) const {
    SmallVector<unsigned> kept;
    for (unsigned dimension : llvm::seq<unsigned>(0, getRank()))
      if (dimension != axis)
        kept.push_back(dimension);
    return mapTo(other, getRank(), kept);
  }
  /// `elements` combined with one element for each row.
  Value combine(Value elements, Value perRow, ElementFunction body) const {
    MappedValue whole{elements, builder.getMultiDimIdentityMap(getRank())};
    return createElementwise(builder, getTensorType(elements),
                             {whole, spread(perRow)}, body);
  }
};
} // namespace

template <typename OpT>
static Value createOp(ImplicitLocOpBuilder &builder, ValueRange args) {
  return OpT::create(builder, args[0], args[1]);
}

static Value createMaximum(const Rows &rows) {
  return createReduction(
      rows.builder, rows.value, rows.axis,
      getLeastAttr(getElementType(rows.value), Signedness::Signed),
      createOp<arith::MaximumFOp>);
}

static Value createSoftmax(const Rows &rows) {
  Value exponentials = rows.combine(
      rows.value, createMaximum(rows),
      [](ImplicitLocOpBuilder &b, ValueRange args) -> Value {
        return math::ExpOp::create(b, createOp<arith::SubFOp>(b, args));
      });
  Value sum = createSum(rows.builder, exponentials, rows.axis);
  return rows.combine(exponentials, sum, createOp<arith::DivFOp>);
}

static Value createLogSoftmax(const Rows &rows) {
  Value shifted =
      rows.combine(rows.value, createMaximum(rows), createOp<arith::SubFOp>);
  Value exponentials =
      createUnary(rows.builder, shifted,
                  [](ImplicitLocOpBuilder &b, Value element) -> Value {
                    return math::ExpOp::create(b, element);
                  });
  Value sum = createSum(rows.builder, exponentials, rows.axis);
  return rows.combine(shifted, sum,
                      [](ImplicitLocOpBuilder &b, ValueRange args) -> Value {
                        Value log = math::LogOp::create(b, args[1]);
                        return arith::SubFOp::create(b, args[0], log);
                      });
}

template <Value (*create)(const Rows &)>
static LogicalResult importSoftmax(NodeImporter &node) {
  RankedTensorType type = node.getInputType(0);
  bool splits = node.getOpset() < 13;
  FailureOr<int64_t> axis = getAxis(node, splits ? 1 : -1, type.getRank());
  if (failed(axis))
    return failure();
  Rows rows{node.builder, node.getInput(0), static_cast<unsigned>(*axis)};
  if (splits && *axis != type.getRank() - 1) {
    int64_t count =
        ShapedType::getNumElements(type.getShape().take_front(*axis));
    int64_t size =
        ShapedType::getNumElements(type.getShape().drop_front(*axis));
    rows.value = createReshape(node.builder, rows.value, {count, size});
    rows.axis = 1;
  }
  node.setResult(0, createReshape(node.builder, create(rows), type.getShape()));
  return success();
}

void colonnade::onnximport::addSoftmaxOps(ImportTable &table) {
  table["Softmax"] = importSoftmax<createSoftmax>;
  table["LogSoftmax"] = importSoftmax<createLogSoftmax>;
}
