//===- Reductions.cpp - ONNX reductions along axes ------------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// All reductions have one shape: something done to each element, a combination
// of what came out, something done to the total. Kept dimensions of size 1 are
// a reshape at the end.
//
//===----------------------------------------------------------------------===//

#include "Axes.h"
#include "ScalarBuilders.h"
#include "TensorBuilders.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "llvm/ADT/Sequence.h"

using namespace mlir;
using namespace colonnade::onnximport;

namespace {
using ElementStep = Value (*)(ImplicitLocOpBuilder &, Value);
using Combination = Value (*)(ImplicitLocOpBuilder &, Signedness, Value, Value);

enum class Start { Zero, One, Least, Greatest };

struct Reduction {
  Combination combine;
  Start start = Start::Zero;
  /// Null: nothing.
  ElementStep before = nullptr, after = nullptr;
  bool isMean = false;
};
} // namespace

static TypedAttr getGreatestAttr(Type type, bool isUnsigned) {
  if (auto floatType = dyn_cast<FloatType>(type))
    return FloatAttr::get(type, APFloat::getInf(floatType.getFloatSemantics()));
  unsigned width = type.getIntOrFloatBitWidth();
  return IntegerAttr::get(type, isUnsigned ? APInt::getMaxValue(width)
                                           : APInt::getSignedMaxValue(width));
}

static TypedAttr getStartAttr(Start start, Type type, Signedness signedness) {
  bool isUnsigned = signedness == Signedness::Unsigned;
  switch (start) {
  case Start::Zero:
    return getNumberAttr(type, 0);
  case Start::One:
    return getNumberAttr(type, 1);
  case Start::Least:
    return getLeastAttr(type, signedness);
  case Start::Greatest:
    return getGreatestAttr(type, isUnsigned);
  }
  llvm_unreachable("all starts are handled");
}

/// The dimensions to reduce: all of them unless the node says which.
static FailureOr<SmallVector<unsigned>> getReduced(NodeImporter &node) {
  int64_t rank = node.getInputType(0).getRank();
  // ReduceSum's axes became an operand in opset 13, the others' later.
  int64_t firstOpset = node.getOpType() == "ReduceSum" ? 13 : 18;
  auto axes = getIntegerList(node, firstOpset, 1, "axes");
  if (failed(axes))
    return failure();
  SmallVector<unsigned> reduced;
  if (!*axes || (*axes)->empty()) {
    if (node.getInteger("noop_with_empty_axes", 0) == 0)
      llvm::append_range(reduced, llvm::seq<unsigned>(0, rank));
    return reduced;
  }
  for (int64_t axis : **axes) {
    FailureOr<int64_t> dimension = normalizeAxis(node, axis, rank);
    if (failed(dimension))
      return failure();
    reduced.push_back(*dimension);
  }
  return reduced;
}

/// The sum of `count` elements becomes their mean.
static Value createMean(ImplicitLocOpBuilder &builder, Signedness signedness,
                        Value sum, int64_t count) {
  return createUnary(builder, sum, [&](ImplicitLocOpBuilder &b, Value element) {
    Value divisor = createNumber(b, element.getType(), count);
    return createArithmetic<arith::DivFOp, arith::DivSIOp, arith::DivUIOp>(
        b, signedness, element, divisor);
  });
}

static LogicalResult importReduction(NodeImporter &node,
                                     const Reduction &reduction) {
  FailureOr<SmallVector<unsigned>> reduced = getReduced(node);
  if (failed(reduced))
    return failure();
  ImplicitLocOpBuilder &builder = node.builder;
  RankedTensorType type = node.getInputType(0),
                   resultType = node.getResultType(0);
  Signedness signedness = node.getInputSignedness(0);
  Value value = node.getInput(0);
  if (reduction.before)
    value = createUnary(builder, value, reduction.before);
  value = createReduction(
      builder, value, *reduced,
      getStartAttr(reduction.start, type.getElementType(), signedness),
      [&](ImplicitLocOpBuilder &b, ValueRange args) {
        return reduction.combine(b, signedness, args[0], args[1]);
      });
  if (reduction.isMean) {
    int64_t count = 1;
    for (unsigned dimension : *reduced)
      count *= type.getDimSize(dimension);
    value = createMean(builder, signedness, value, count);
  }
  if (reduction.after)
    value = createUnary(builder, value, reduction.after);
  if (getTensorType(value).getNumElements() != resultType.getNumElements())
    return node.reject("an axis is given twice");
  node.setResult(0, createReshape(builder, value, resultType.getShape()));
  return success();
}

static Value createScalarProduct(ImplicitLocOpBuilder &builder,
                                 Signedness signedness, Value left,
                                 Value right) {
  return createArithmetic<arith::MulFOp, arith::MulIOp>(builder, signedness,
                                                        left, right);
}

static Value createScalarSquare(ImplicitLocOpBuilder &builder, Value value) {
  return createScalarProduct(builder, Signedness::Signed, value, value);
}

static Value createMagnitude(ImplicitLocOpBuilder &builder, Value value) {
  if (isa<FloatType>(value.getType()))
    return math::AbsFOp::create(builder, value);
  return math::AbsIOp::create(builder, value);
}

template <typename OpT>
static Value createMath(ImplicitLocOpBuilder &builder, Value value) {
  return OpT::create(builder, value);
}

/// Roots and logarithms of integers have no meaning that ONNX defines.
static LogicalResult importFloatReduction(NodeImporter &node,
                                          const Reduction &reduction) {
  if (!isa<FloatType>(node.getInputType(0).getElementType()))
    return node.reject("expected floats: cast the operand first");
  return importReduction(node, reduction);
}

void colonnade::onnximport::addReductionOps(ImportTable &table) {
  table["ReduceSum"] = [](NodeImporter &node) {
    return importReduction(node, {createAddition});
  };
  table["ReduceMean"] = [](NodeImporter &node) {
    return importReduction(
        node, {createAddition, Start::Zero, nullptr, nullptr, true});
  };
  table["ReduceMax"] = [](NodeImporter &node) {
    return importReduction(node, {createMaximum, Start::Least});
  };
  table["ReduceMin"] = [](NodeImporter &node) {
    return importReduction(node, {createMinimum, Start::Greatest});
  };
  table["ReduceProd"] = [](NodeImporter &node) {
    return importReduction(node, {createScalarProduct, Start::One});
  };
  table["ReduceSumSquare"] = [](NodeImporter &node) {
    return importReduction(node,
                           {createAddition, Start::Zero, createScalarSquare});
  };
  table["ReduceL1"] = [](NodeImporter &node) {
    return importReduction(node,
                           {createAddition, Start::Zero, createMagnitude});
  };
  table["ReduceL2"] = [](NodeImporter &node) {
    return importFloatReduction(node,
                                {createAddition, Start::Zero,
                                 createScalarSquare, createMath<math::SqrtOp>});
  };
  table["ReduceLogSum"] = [](NodeImporter &node) {
    return importFloatReduction(
        node, {createAddition, Start::Zero, nullptr, createMath<math::LogOp>});
  };
  table["ReduceLogSumExp"] = [](NodeImporter &node) {
    return importFloatReduction(node, {createAddition, Start::Zero,
                                       createMath<math::ExpOp>,
                                       createMath<math::LogOp>});
  };
}
