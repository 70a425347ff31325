//===- LowerFakeQuantize.cpp - Rounding to int8 in plain arith ------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The largest term of an integer is a float with the integer's sign and exponent
// in binary, and with those of 3/2 of the integer in NAF. Code for these has no
// memory access and becomes vector instructions. Terms of other digit sets are
// looked up in a table of what the integers from -128 to 127 stand for, with a
// row for each budget that a limit can choose.
//
//===----------------------------------------------------------------------===//

#include "LowerFakeQuantize.h"
#include "BlockRoundingCode.h"
#include "colonnade/Numerics/TermSelection.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace colonnade;

static constexpr int64_t kIntegers = 256;
static constexpr float kLargestInteger = 127;
static constexpr int32_t kSignAndExponent = static_cast<int32_t>(0xff800000);

namespace {

/// Code that keeps the terms of one op's integers, which are floats.
class TermCode {
public:
  virtual ~TermCode() = default;
  /// The integer that is left.
  virtual Value select(ScalarBuilder &b, Value integer) const = 0;
};

/// For digit sets whose largest term is an exponent.
class ExponentCode : public TermCode {
public:
  ExponentCode(ScalarBuilder &builder, FakeQuantizeOp op);
  Value select(ScalarBuilder &b, Value integer) const override;

  static bool supports(DigitSet digits) {
    return digits == DigitSet::Naf || digits == DigitSet::Binary;
  }

private:
  /// An integer times this has the exponent of its largest term.
  float factor;
  /// Whether the limit lets a term pass, an i1, term by term; null without a
  /// limit.
  SmallVector<Value> isKept;
  /// Of what is left: int8 has 64 in place of 128 alone.
  Value largest;
};

/// For any digit set.
class TableCode : public TermCode {
public:
  TableCode(ScalarBuilder &builder, FakeQuantizeOp op);
  Value select(ScalarBuilder &b, Value integer) const override;

private:
  /// Of all rows.
  Value table;
  /// Where the op's row has the entry of 0, an i32.
  Value row;
};

} // namespace

//===----------------------------------------------------------------------===//
// Exponents
//===----------------------------------------------------------------------===//

/// How many terms an integer of int8 may have.
static int64_t getMostTerms(DigitSet digits) {
  unsigned most = 0;
  for (int32_t value = 0; value < kIntegers / 2; ++value)
    most = std::max(most, countTerms(value, digits));
  return most;
}

ExponentCode::ExponentCode(ScalarBuilder &builder, FakeQuantizeOp op)
    : factor(op.getTerms()->getDigits() == DigitSet::Naf ? 1.5f : 1.0f) {
  TermsAttr terms = *op.getTerms();
  int64_t budget = std::min(terms.getBudget(), getMostTerms(terms.getDigits()));
  isKept.resize(budget);
  Value alone = builder.number(64), any = builder.number(128);
  largest = budget == 1 ? alone : any;
  // The first term is always kept.
  for (int64_t i = 1; op.getLimit() && i < budget; ++i)
    isKept[i] = arith::CmpIOp::create(builder, arith::CmpIPredicate::sgt,
                                      op.getLimit(), builder.integer(i));
  if (budget > 1 && isKept[1])
    largest = arith::SelectOp::create(builder, isKept[1], any, alone);
}

Value ExponentCode::select(ScalarBuilder &b, Value integer) const {
  Value rest = integer;
  for (Value kept : isKept) {
    Value scaled =
        factor == 1 ? rest : b.apply<arith::MulFOp>(rest, b.number(factor));
    Value term =
        b.fromBits(b.apply<arith::AndIOp>(b.bits(scaled), kSignAndExponent));
    if (kept)
      term = arith::SelectOp::create(b, kept, term, b.number(0));
    rest = b.apply<arith::SubFOp>(rest, term);
  }
  return b.apply<arith::MinimumFOp>(b.apply<arith::SubFOp>(integer, rest),
                                    largest);
}

//===----------------------------------------------------------------------===//
// Tables
//===----------------------------------------------------------------------===//

TableCode::TableCode(ScalarBuilder &builder, FakeQuantizeOp op) {
  TermsAttr terms = *op.getTerms();
  std::vector<float> values;
  int64_t first = op.getLimit() ? 1 : terms.getBudget();
  for (int64_t budget = first; budget <= terms.getBudget(); ++budget)
    llvm::append_range(values, makeTermLookupTable(budget, terms.getDigits()));
  auto type = RankedTensorType::get(static_cast<int64_t>(values.size()),
                                    builder.getF32Type());
  table = arith::ConstantOp::create(
      builder, DenseElementsAttr::get(type, ArrayRef<float>(values)));
  row = builder.integer(kIntegers / 2);
  if (!op.getLimit())
    return;
  Value number = builder.apply<arith::MaxSIOp>(op.getLimit(), 1);
  number = builder.apply<arith::MinSIOp>(number, terms.getBudget());
  number = builder.apply<arith::SubIOp>(number, 1);
  number = builder.apply<arith::MulIOp>(number, kIntegers);
  row = builder.apply<arith::AddIOp>(number, row);
}

Value TableCode::select(ScalarBuilder &b, Value integer) const {
  // NaN has no entry, and stays what it is.
  Value isNaN =
      arith::CmpFOp::create(b, arith::CmpFPredicate::UNO, integer, integer);
  Value number = arith::SelectOp::create(b, isNaN, b.number(0), integer);
  Value position = arith::FPToSIOp::create(b, b.getI32Type(), number);
  position = b.apply<arith::AddIOp>(position, row);
  Value index = arith::IndexCastOp::create(b, b.getIndexType(), position);
  Value entry = tensor::ExtractOp::create(b, table, index);
  return arith::SelectOp::create(b, isNaN, integer, entry);
}

//===----------------------------------------------------------------------===//
// The op
//===----------------------------------------------------------------------===//

static std::unique_ptr<TermCode> createTermCode(ScalarBuilder &builder,
                                                FakeQuantizeOp op) {
  if (!op.getTerms())
    return nullptr;
  if (ExponentCode::supports(op.getTerms()->getDigits()))
    return std::make_unique<ExponentCode>(builder, op);
  return std::make_unique<TableCode>(builder, op);
}

/// round(clamp(value / scale)); NaN stays NaN.
static Value createQuotient(ScalarBuilder &b, Value value, double scale) {
  value = b.apply<arith::MulFOp>(value, b.number(float(1 / scale)));
  value = b.apply<arith::MaximumFOp>(value, b.number(-kLargestInteger));
  value = b.apply<arith::MinimumFOp>(value, b.number(kLargestInteger));
  return math::RoundEvenOp::create(b, value);
}

Value colonnade::lowerFakeQuantize(OpBuilder &nested, FakeQuantizeOp op) {
  ScalarBuilder builder(op.getLoc(), nested);
  double scale = op.getScale().convertToDouble();
  std::unique_ptr<TermCode> terms = createTermCode(builder, op);
  RankedTensorType type = op.getType();
  Value empty = tensor::EmptyOp::create(
      builder, tensor::getMixedSizes(builder, op.getLoc(), op.getSource()),
      type.getElementType());
  AffineMap map = builder.getMultiDimIdentityMap(type.getRank());
  SmallVector<utils::IteratorType> iterators(type.getRank(),
                                             utils::IteratorType::parallel);
  return linalg::GenericOp::create(
             builder, empty.getType(), op.getSource(), empty,
             ArrayRef<AffineMap>{map, map}, iterators,
             [&](OpBuilder &body, Location loc, ValueRange arguments) {
               ScalarBuilder b(loc, body);
               Value integer = createQuotient(b, arguments.front(), scale);
               if (terms)
                 integer = terms->select(b, integer);
               linalg::YieldOp::create(
                   b, b.apply<arith::MulFOp>(integer, b.number(float(scale))));
             })
      .getResult(0);
}
