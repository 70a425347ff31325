//===- Loss.cpp - Losses as IR --------------------------------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See the header.
//
//===----------------------------------------------------------------------===//

#include "Loss.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace colonnade;

namespace {
using Body = llvm::function_ref<Value(ImplicitLocOpBuilder &, ValueRange)>;

/// An operand of a structured op and the loops that index it, in order.
struct Operand {
  Value value;
  SmallVector<unsigned, 2> loops;
};
} // namespace

static AffineMap getMap(MLIRContext *context, unsigned loops,
                        ArrayRef<unsigned> positions) {
  return AffineMap::getMultiDimMapWithTargets(loops, positions, context);
}

/// A generic over `loops` loops whose result is indexed by the first of them;
/// the others are reduced into `init`. `body` gets the operands' elements, then
/// the result's so far.
static Value createGeneric(ImplicitLocOpBuilder &builder, unsigned loops,
                           ArrayRef<Operand> operands, Value init, Body body) {
  MLIRContext *context = builder.getContext();
  SmallVector<Value> inputs;
  SmallVector<AffineMap> maps;
  for (const Operand &operand : operands) {
    inputs.push_back(operand.value);
    maps.push_back(getMap(context, loops, operand.loops));
  }
  auto type = cast<RankedTensorType>(init.getType());
  maps.push_back(getMap(
      context, loops, llvm::to_vector(llvm::seq<unsigned>(0, type.getRank()))));
  SmallVector<utils::IteratorType> iterators(loops,
                                             utils::IteratorType::reduction);
  std::fill_n(iterators.begin(), type.getRank(), utils::IteratorType::parallel);
  return linalg::GenericOp::create(
             builder, type, inputs, init, maps, iterators,
             [&](OpBuilder &nested, Location loc, ValueRange args) {
               ImplicitLocOpBuilder inner(loc, nested);
               linalg::YieldOp::create(inner, body(inner, args));
             })
      .getResult(0);
}

static Value createFilled(ImplicitLocOpBuilder &builder,
                          ArrayRef<int64_t> shape, const APFloat &value) {
  Type type = builder.getF32Type();
  Value number =
      arith::ConstantOp::create(builder, builder.getFloatAttr(type, value));
  Value empty = tensor::EmptyOp::create(builder, shape, type);
  return linalg::FillOp::create(builder, number, empty).getResult(0);
}

static APFloat getZero() { return APFloat::getZero(APFloat::IEEEsingle()); }

/// The logit of each row's label.
static Value pickLabels(ImplicitLocOpBuilder &builder, Value logits,
                        Value labels, int64_t batch) {
  return createGeneric(
      builder, 2, {{logits, {0, 1}}, {labels, {0}}},
      createFilled(builder, batch, getZero()),
      [](ImplicitLocOpBuilder &b, ValueRange args) -> Value {
        Value index = linalg::IndexOp::create(b, 1);
        Value column = arith::IndexCastOp::create(b, b.getI32Type(), index);
        Value isLabel =
            arith::CmpIOp::create(b, arith::CmpIPredicate::eq, column, args[1]);
        Value zero = arith::ConstantOp::create(b, b.getF32FloatAttr(0.0f));
        Value picked = arith::SelectOp::create(b, isLabel, args[0], zero);
        return arith::AddFOp::create(b, args[2], picked);
      });
}

namespace {
/// Per row, so that the logarithm of the sum of exponentials is
/// largest + log(sum).
struct RowSums {
  Value largest, sum;
};
} // namespace

static int64_t getBatch(Value logits) {
  return cast<RankedTensorType>(logits.getType()).getDimSize(0);
}

static RowSums createRowSums(ImplicitLocOpBuilder &builder, Value logits) {
  int64_t batch = getBatch(logits);
  Value largest = createGeneric(
      builder, 2, {{logits, {0, 1}}},
      createFilled(builder, batch,
                   APFloat::getInf(APFloat::IEEEsingle(), /*Negative=*/true)),
      [](ImplicitLocOpBuilder &b, ValueRange args) -> Value {
        return arith::MaximumFOp::create(b, args[0], args[1]);
      });
  Value sum = createGeneric(
      builder, 2, {{logits, {0, 1}}, {largest, {0}}},
      createFilled(builder, batch, getZero()),
      [](ImplicitLocOpBuilder &b, ValueRange args) -> Value {
        Value shifted = arith::SubFOp::create(b, args[0], args[1]);
        return arith::AddFOp::create(b, args[2],
                                     math::ExpOp::create(b, shifted));
      });
  return {largest, sum};
}

static Value createNumber(ImplicitLocOpBuilder &builder, double number) {
  return arith::ConstantOp::create(
      builder, builder.getF32FloatAttr(static_cast<float>(number)));
}

/// The mean over rows of largest + log(sum) - taken.
static Value createMeanLoss(ImplicitLocOpBuilder &builder, const RowSums &rows,
                            Value taken) {
  double batch = static_cast<double>(getBatch(taken));
  Value share = createNumber(builder, 1 / batch);
  return createGeneric(
      builder, 1, {{rows.sum, {0}}, {rows.largest, {0}}, {taken, {0}}},
      createFilled(builder, {}, getZero()),
      [&](ImplicitLocOpBuilder &b, ValueRange args) -> Value {
        Value logSum =
            arith::AddFOp::create(b, math::LogOp::create(b, args[0]), args[1]);
        Value loss = arith::SubFOp::create(b, logSum, args[2]);
        return arith::AddFOp::create(b, args[3],
                                     arith::MulFOp::create(b, loss, share));
      });
}

Value colonnade::createCrossEntropy(ImplicitLocOpBuilder &builder, Value logits,
                                    Value labels) {
  RowSums rows = createRowSums(builder, logits);
  return createMeanLoss(builder, rows,
                        pickLabels(builder, logits, labels, getBatch(logits)));
}

//===----------------------------------------------------------------------===//
// Distillation
//===----------------------------------------------------------------------===//

/// logits / temperature.
static Value createSoftened(ImplicitLocOpBuilder &builder, Value logits,
                            double temperature) {
  Value factor = createNumber(builder, 1 / temperature);
  auto type = cast<RankedTensorType>(logits.getType());
  return createGeneric(
      builder, 2, {{logits, {0, 1}}},
      tensor::EmptyOp::create(builder, type.getShape(), builder.getF32Type()),
      [&](ImplicitLocOpBuilder &b, ValueRange args) -> Value {
        return arith::MulFOp::create(b, args[0], factor);
      });
}

/// log(softmax(logits)).
static Value createLogSoftmax(ImplicitLocOpBuilder &builder, Value logits) {
  RowSums rows = createRowSums(builder, logits);
  auto type = cast<RankedTensorType>(logits.getType());
  return createGeneric(
      builder, 2, {{logits, {0, 1}}, {rows.largest, {0}}, {rows.sum, {0}}},
      tensor::EmptyOp::create(builder, type.getShape(), builder.getF32Type()),
      [](ImplicitLocOpBuilder &b, ValueRange args) -> Value {
        Value shifted = arith::SubFOp::create(b, args[0], args[1]);
        return arith::SubFOp::create(b, shifted,
                                     math::LogOp::create(b, args[2]));
      });
}

/// The mean over rows of sum_c p_c (log p_c - log q_c), where p is the teacher
/// and q the softmax of the student. As the p of a row add up to 1, it is
/// largest + log(sum) - sum_c p_c (student_c - log p_c).
static Value createDivergence(ImplicitLocOpBuilder &builder, Value logTeacher,
                              Value student) {
  Value taken = createGeneric(
      builder, 2, {{logTeacher, {0, 1}}, {student, {0, 1}}},
      createFilled(builder, getBatch(student), getZero()),
      [](ImplicitLocOpBuilder &b, ValueRange args) -> Value {
        Value share = math::ExpOp::create(b, args[0]);
        Value difference = arith::SubFOp::create(b, args[1], args[0]);
        return arith::AddFOp::create(
            b, args[2], arith::MulFOp::create(b, share, difference));
      });
  return createMeanLoss(builder, createRowSums(builder, student), taken);
}

DistillationLoss
colonnade::createDistillationLoss(ImplicitLocOpBuilder &builder, Value teacher,
                                  Value student, Value labels,
                                  const DistillationSettings &settings) {
  double temperature = settings.temperature;
  Value logTeacher =
      createLogSoftmax(builder, createSoftened(builder, teacher, temperature));
  Value divergence = createDivergence(
      builder, logTeacher, createSoftened(builder, student, temperature));
  Value hard = createNumber(builder, (1 - settings.weight) / 2);
  Value soft =
      createNumber(builder, settings.weight * temperature * temperature);
  Value loss = createGeneric(
      builder, 0,
      {{createCrossEntropy(builder, teacher, labels), {}},
       {createCrossEntropy(builder, student, labels), {}},
       {divergence, {}}},
      createFilled(builder, {}, getZero()),
      [&](ImplicitLocOpBuilder &b, ValueRange args) -> Value {
        Value both = arith::AddFOp::create(b, args[0], args[1]);
        return arith::AddFOp::create(b, arith::MulFOp::create(b, both, hard),
                                     arith::MulFOp::create(b, args[2], soft));
      });
  return {loss, logTeacher.getDefiningOp()};
}
