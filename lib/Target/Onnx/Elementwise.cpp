//===- Elementwise.cpp - ONNX arithmetic, comparison, logic ---------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One table entry per operator; most differ in the scalar op alone.
//
//===----------------------------------------------------------------------===//

#include "ElementwiseImporter.h"
#include "ScalarBuilders.h"
#include "TensorBuilders.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace colonnade::onnximport;

using UnaryFunction = Value (*)(ImplicitLocOpBuilder &, Signedness, Value);
using BinaryFunction = Value (*)(ImplicitLocOpBuilder &, Signedness, Value,
                                 Value);

template <UnaryFunction function>
static LogicalResult importUnary(NodeImporter &node) {
  Signedness signedness = node.getInputSignedness(0);
  return importElementwise(node, [&](ImplicitLocOpBuilder &b, ValueRange args) {
    return function(b, signedness, args[0]);
  });
}

/// One op of the math dialect, on floats.
template <typename OpT> static LogicalResult importMath(NodeImporter &node) {
  return importElementwise(
      node, [](ImplicitLocOpBuilder &b, ValueRange args) -> Value {
        return OpT::create(b, args[0]);
      });
}

/// Two operands, or any number that are combined from the left.
template <BinaryFunction function>
static LogicalResult importChain(NodeImporter &node) {
  Signedness signedness = node.getInputSignedness(0);
  return importElementwise(node, [&](ImplicitLocOpBuilder &b, ValueRange args) {
    Value result = args.front();
    // The last argument is the generic's own output.
    for (Value next : args.slice(1, node.getNumInputs() - 1))
      result = function(b, signedness, result, next);
    return result;
  });
}

static LogicalResult importMean(NodeImporter &node) {
  return importElementwise(node, [&](ImplicitLocOpBuilder &b, ValueRange args) {
    Value sum = args.front();
    for (Value next : args.slice(1, node.getNumInputs() - 1))
      sum = arith::AddFOp::create(b, sum, next);
    Value count = createNumber(b, sum.getType(), node.getNumInputs());
    return Value(arith::DivFOp::create(b, sum, count));
  });
}

template <arith::CmpFPredicate onFloats, arith::CmpIPredicate onSigned,
          arith::CmpIPredicate onUnsigned>
static Value createComparison(ImplicitLocOpBuilder &builder,
                              Signedness signedness, Value left, Value right) {
  if (isa<FloatType>(left.getType()))
    return arith::CmpFOp::create(builder, onFloats, left, right);
  bool isUnsigned = signedness == Signedness::Unsigned;
  return arith::CmpIOp::create(builder, isUnsigned ? onUnsigned : onSigned,
                               left, right);
}

static Value createNegation(ImplicitLocOpBuilder &builder, Signedness,
                            Value value) {
  if (isa<FloatType>(value.getType()))
    return arith::NegFOp::create(builder, value);
  Value zero = createNumber(builder, value.getType(), 0);
  return arith::SubIOp::create(builder, zero, value);
}

static Value createAbsolute(ImplicitLocOpBuilder &builder,
                            Signedness signedness, Value value) {
  if (isa<FloatType>(value.getType()))
    return math::AbsFOp::create(builder, value);
  if (signedness == Signedness::Unsigned)
    return value;
  return math::AbsIOp::create(builder, value);
}

static Value createReciprocal(ImplicitLocOpBuilder &builder, Signedness,
                              Value value) {
  Value one = createNumber(builder, value.getType(), 1);
  return arith::DivFOp::create(builder, one, value);
}

/// ONNX's logical operators are on bool only.
template <typename OpT>
static Value createLogic(ImplicitLocOpBuilder &builder, Signedness, Value left,
                         Value right) {
  return OpT::create(builder, left, right);
}

static Value createNot(ImplicitLocOpBuilder &builder, Signedness, Value value) {
  Value one = createNumber(builder, value.getType(), 1);
  return arith::XOrIOp::create(builder, value, one);
}

static LogicalResult importWhere(NodeImporter &node) {
  return importElementwise(
      node, [](ImplicitLocOpBuilder &b, ValueRange args) -> Value {
        return arith::SelectOp::create(b, args[0], args[1], args[2]);
      });
}

static LogicalResult importCast(NodeImporter &node) {
  if (node.getResultType(0) == node.getInputType(0)) {
    node.setResult(0, node.getInput(0));
    return success();
  }
  // CastLike has a second operand, of which only the type matters.
  return importElementwise(
      node, 0, [&](ImplicitLocOpBuilder &b, ValueRange args) {
        return createCast(b, args[0], node.getInputSignedness(0),
                          node.getResultType(0).getElementType(),
                          node.getResultSignedness(0));
      });
}

/// Whether every element of the exponent is 2, as in a variance.
static bool isSquare(NodeImporter &node) {
  DenseElementsAttr exponent = node.getConstant(1);
  if (!exponent || !exponent.isSplat())
    return false;
  if (isa<FloatType>(exponent.getElementType()))
    return exponent.getSplatValue<APFloat>().isExactlyValue(2);
  return exponent.getSplatValue<APInt>() == 2;
}

/// Integers to a power of floats are computed in f64 and cut off, as numpy
/// does.
static Value createPower(ImplicitLocOpBuilder &builder, NodeImporter &node,
                         Value base, Value exponent) {
  Type type = base.getType();
  bool isFloat = isa<FloatType>(type);
  if (!isFloat && isa<IntegerType>(exponent.getType())) {
    Value power = createCast(builder, exponent, node.getInputSignedness(1),
                             type, Signedness::Signed);
    return math::IPowIOp::create(builder, base, power);
  }
  Type work = isFloat ? type : builder.getF64Type();
  Value result = math::PowFOp::create(
      builder,
      createCast(builder, base, node.getInputSignedness(0), work,
                 Signedness::Signed),
      createCast(builder, exponent, node.getInputSignedness(1), work,
                 Signedness::Signed));
  return createCast(builder, result, Signedness::Signed, type,
                    node.getResultSignedness(0));
}

static LogicalResult importPow(NodeImporter &node) {
  RankedTensorType type = node.getInputType(0);
  // x * x is exact, and the machine has no power.
  if (isSquare(node) && type == node.getResultType(0))
    return importElementwise(
        node, 0, [](ImplicitLocOpBuilder &b, ValueRange args) {
          return createArithmetic<arith::MulFOp, arith::MulIOp>(
              b, Signedness::Signed, args[0], args[0]);
        });
  return importElementwise(node, [&](ImplicitLocOpBuilder &b, ValueRange args) {
    return createPower(b, node, args[0], args[1]);
  });
}

static void addArithmetic(ImportTable &table) {
  table["Add"] = importChain<createAddition>;
  table["Sum"] = importChain<createAddition>;
  table["Sub"] = importChain<createArithmetic<arith::SubFOp, arith::SubIOp>>;
  table["Mul"] = importChain<createArithmetic<arith::MulFOp, arith::MulIOp>>;
  table["Div"] = importChain<
      createArithmetic<arith::DivFOp, arith::DivSIOp, arith::DivUIOp>>;
  table["Max"] = importChain<createMaximum>;
  table["Min"] = importChain<createMinimum>;
  table["Mean"] = importMean;
  table["Pow"] = importPow;
  table["Neg"] = importUnary<createNegation>;
  table["Abs"] = importUnary<createAbsolute>;
  table["Reciprocal"] = importUnary<createReciprocal>;
}

static void addMath(ImportTable &table) {
  table["Sqrt"] = importMath<math::SqrtOp>;
  table["Exp"] = importMath<math::ExpOp>;
  table["Log"] = importMath<math::LogOp>;
  table["Erf"] = importMath<math::ErfOp>;
  table["Floor"] = importMath<math::FloorOp>;
  table["Ceil"] = importMath<math::CeilOp>;
  table["Round"] = importMath<math::RoundEvenOp>;
  table["Sin"] = importMath<math::SinOp>;
  table["Cos"] = importMath<math::CosOp>;
  table["Tan"] = importMath<math::TanOp>;
  table["Asin"] = importMath<math::AsinOp>;
  table["Acos"] = importMath<math::AcosOp>;
  table["Atan"] = importMath<math::AtanOp>;
  table["Sinh"] = importMath<math::SinhOp>;
  table["Cosh"] = importMath<math::CoshOp>;
}

static void addLogic(ImportTable &table) {
  using arith::CmpFPredicate, arith::CmpIPredicate;
  table["Equal"] =
      importChain<createComparison<CmpFPredicate::OEQ, CmpIPredicate::eq,
                                   CmpIPredicate::eq>>;
  table["Less"] =
      importChain<createComparison<CmpFPredicate::OLT, CmpIPredicate::slt,
                                   CmpIPredicate::ult>>;
  table["LessOrEqual"] =
      importChain<createComparison<CmpFPredicate::OLE, CmpIPredicate::sle,
                                   CmpIPredicate::ule>>;
  table["Greater"] =
      importChain<createComparison<CmpFPredicate::OGT, CmpIPredicate::sgt,
                                   CmpIPredicate::ugt>>;
  table["GreaterOrEqual"] =
      importChain<createComparison<CmpFPredicate::OGE, CmpIPredicate::sge,
                                   CmpIPredicate::uge>>;
  table["And"] = importChain<createLogic<arith::AndIOp>>;
  table["Or"] = importChain<createLogic<arith::OrIOp>>;
  table["Xor"] = importChain<createLogic<arith::XOrIOp>>;
  table["Not"] = importUnary<createNot>;
  table["Where"] = importWhere;
}

void colonnade::onnximport::addElementwiseOps(ImportTable &table) {
  addArithmetic(table);
  addMath(table);
  addLogic(table);
  table["Cast"] = importCast;
  table["CastLike"] = importCast;
}
