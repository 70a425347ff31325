//===- LaneBody.cpp - Scalar bodies on many lanes -------------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One loop over the lanes per operation. This file is compiled without
// contraction of float operations.
//
//===----------------------------------------------------------------------===//

#include "LaneBody.h"
#include "FloatLanes.h"
#include "IntegerLanes.h"
#include "ScaleKernel.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FormatVariadic.h"

using namespace colonnade;
using namespace colonnade::sim;

bool sim::isWide(const ScalarBody &body) {
  return llvm::any_of(body.operations, [](const ScalarOperation &operation) {
    return operation.type == ScalarType::I64;
  });
}

template <typename Value>
LaneBody<Value>::LaneBody(const ScalarBody &body, unsigned arguments,
                          int64_t capacity,
                          llvm::ArrayRef<TermLookupTable> tables,
                          std::vector<Value> &storage)
    : body(body), arguments(arguments), capacity(capacity), tables(tables),
      storage(storage), uniform(arguments + body.operations.size()) {
  storage.resize(uniform.size() * capacity);
  for (auto [i, operation] : llvm::enumerate(body.operations))
    if (operation.opcode == ScalarOpcode::Constant) {
      uniform[arguments + i] = true;
      std::fill_n(
          getValues(arguments + i), capacity,
          static_cast<Value>(getLaneBits(operation.type, operation.immediate)));
    }
}

//===----------------------------------------------------------------------===//
// Traps
//===----------------------------------------------------------------------===//

static llvm::StringRef getVerb(ScalarOpcode opcode) {
  switch (opcode) {
  case ScalarOpcode::Truncate:
    return "truncating";
  case ScalarOpcode::Add:
    return "adding";
  case ScalarOpcode::Subtract:
    return "subtracting";
  case ScalarOpcode::Multiply:
    return "multiplying";
  case ScalarOpcode::Divide:
  case ScalarOpcode::Remainder:
    return "dividing";
  case ScalarOpcode::ApplyScale:
    return "scaling";
  case ScalarOpcode::ShiftLeft:
  case ScalarOpcode::ShiftRight:
  case ScalarOpcode::ShiftRightLogical:
    return "shifting";
  default:
    return "computing with";
  }
}

static bool isShift(ScalarOpcode opcode) {
  return opcode == ScalarOpcode::ShiftLeft ||
         opcode == ScalarOpcode::ShiftRight ||
         opcode == ScalarOpcode::ShiftRightLogical;
}

/// The trap of an operation on one lane's operands.
static llvm::Error makeTrap(const ScalarOperation &operation, int64_t a,
                            int64_t b, int64_t c) {
  int64_t bits = getBits(operation.type);
  if (operation.opcode == ScalarOpcode::FloatToInteger)
    return llvm::createStringError(
        llvm::formatv("the vector unit: converting {0} to an integer does not "
                      "fit into {1} bits",
                      toFloat(a), bits)
            .str());
  if (isShift(operation.opcode) && (b < 0 || b >= bits))
    return llvm::createStringError(
        llvm::formatv("the vector unit: shifting {0} by {1}, expected an "
                      "amount in [0, {2}]",
                      a, b, bits - 1)
            .str());
  return llvm::createStringError(
      llvm::formatv("the vector unit: {0} {1} (second operand {2}, third "
                    "operand {3}) does not fit into {4} bits",
                    getVerb(operation.opcode), a, b, c, bits)
          .str());
}

//===----------------------------------------------------------------------===//
// Loops over the lanes
//===----------------------------------------------------------------------===//

/// out[i] = combine(a[i], b[i], c[i]).
template <typename Value>
template <typename Combine>
void LaneBody<Value>::map(const ScalarOperation &operation,
                          Value *__restrict out, Combine combine) {
  const Value *a = getValues(operation.operands[0]);
  const Value *b = getValues(operation.operands[1]);
  const Value *c = getValues(operation.operands[2]);
  for (int64_t i = 0; i < lanes; ++i)
    out[i] = combine(a[i], b[i], c[i]);
}

/// out[i] = combine(a[i], b[i]) on floats.
template <typename Value>
template <typename Combine>
void LaneBody<Value>::mapFloats(const ScalarOperation &operation, Value *out,
                                Combine combine) {
  map(operation, out, [combine](Value a, Value b, Value) -> Value {
    return toBits(combine(toFloat(a), toFloat(b)));
  });
}

/// out[i] = combine(a[i], b[i], c[i]), which must fit the operation's type.
template <typename Value>
template <typename Combine>
llvm::Error LaneBody<Value>::apply(const ScalarOperation &operation,
                                   Value *__restrict out, Combine combine) {
  const Value *a = getValues(operation.operands[0]);
  const Value *b = getValues(operation.operands[1]);
  const Value *c = getValues(operation.operands[2]);
  int64_t bits = getBits(operation.type);
  Value failed = 0;
  for (int64_t i = 0; i < lanes; ++i) {
    Scalar<Value> result = combine(a[i], b[i], c[i]);
    out[i] = result.value;
    failed |= result.failed | getExcess(result.value, bits);
  }
  if (!failed)
    return llvm::Error::success();
  auto fails = [&](int64_t i) {
    Scalar<Value> result = combine(a[i], b[i], c[i]);
    return result.failed || getExcess(result.value, bits);
  };
  int64_t at = 0;
  while (!fails(at))
    ++at;
  return makeTrap(operation, a[at], b[at], c[at]);
}

//===----------------------------------------------------------------------===//
// Integers
//===----------------------------------------------------------------------===//

template <typename Value>
llvm::Error LaneBody<Value>::encode(const ScalarOperation &operation,
                                    Value *out) {
  const TermLookupTable &table = tables[operation.immediate];
  return apply(operation, out, [&](Value a, Value, Value) -> Scalar<Value> {
    return {table[static_cast<uint8_t>(a + 128)], getExcess(a, 8)};
  });
}

template <typename Value>
llvm::Error LaneBody<Value>::scale(const ScalarOperation &operation,
                                   Value *out) {
  if constexpr (std::is_same_v<Value, int32_t>)
    if (uniform[operation.operands[1]] && uniform[operation.operands[2]]) {
      int32_t shift = *getValues(operation.operands[2]);
      if (shift >= 2 && shift <= 62 &&
          scaleLine(getValues(operation.operands[0]), lanes,
                    *getValues(operation.operands[1]), shift, out))
        return llvm::Error::success();
    }
  return apply(operation, out, [](Value a, Value b, Value c) {
    Scalar<int64_t> scaled = applyScale(a, b, c);
    return Scalar<Value>{static_cast<Value>(scaled.value),
                         static_cast<Value>(scaled.failed)};
  });
}

template <typename Value>
llvm::Error LaneBody<Value>::computeInteger(const ScalarOperation &operation,
                                            Value *out) {
  using Result = Scalar<Value>;
  int64_t bits = getBits(operation.type);
  switch (operation.opcode) {
  case ScalarOpcode::Truncate:
    return apply(operation, out,
                 [](Value a, Value, Value) { return Result{a}; });
  case ScalarOpcode::Add:
    return apply(operation, out,
                 [](Value a, Value b, Value) { return add(a, b); });
  case ScalarOpcode::Subtract:
    return apply(operation, out,
                 [](Value a, Value b, Value) { return subtract(a, b); });
  case ScalarOpcode::Multiply:
    return apply(operation, out,
                 [](Value a, Value b, Value) { return multiply(a, b); });
  case ScalarOpcode::Divide:
    return apply(operation, out,
                 [](Value a, Value b, Value) { return divide(a, b); });
  case ScalarOpcode::Remainder:
    return apply(operation, out,
                 [](Value a, Value b, Value) { return remainder(a, b); });
  case ScalarOpcode::AddWrapping:
    return apply(operation, out, [bits](Value a, Value b, Value) {
      return addWrapping(a, b, bits);
    });
  case ScalarOpcode::MultiplyWrapping:
    return apply(operation, out, [bits](Value a, Value b, Value) {
      return multiplyWrapping(a, b, bits);
    });
  case ScalarOpcode::ShiftLeft:
    return apply(operation, out, [bits](Value a, Value b, Value) {
      return shiftLeft(a, b, bits);
    });
  case ScalarOpcode::ShiftRight:
    return apply(operation, out, [bits](Value a, Value b, Value) {
      return shiftRight(a, b, bits);
    });
  default:
    return apply(operation, out, [](Value a, Value b, Value) {
      return shiftRightLogical(a, b);
    });
  }
}

//===----------------------------------------------------------------------===//
// Floats and comparisons
//===----------------------------------------------------------------------===//

/// Calls `use` with the comparison that `predicate` names.
template <typename Operand, typename Use>
static void dispatchPredicate(int64_t predicate, Use use) {
  switch (static_cast<ComparePredicate>(predicate)) {
  case ComparePredicate::Equal:
    return use([](Operand a, Operand b) { return a == b; });
  case ComparePredicate::NotEqual:
    return use([](Operand a, Operand b) { return a < b || a > b; });
  case ComparePredicate::Less:
    return use([](Operand a, Operand b) { return a < b; });
  case ComparePredicate::LessOrEqual:
    return use([](Operand a, Operand b) { return a <= b; });
  case ComparePredicate::Greater:
    return use([](Operand a, Operand b) { return a > b; });
  case ComparePredicate::GreaterOrEqual:
    return use([](Operand a, Operand b) { return a >= b; });
  }
}

template <typename Value>
void LaneBody<Value>::compareIntegers(const ScalarOperation &operation,
                                      Value *out) {
  dispatchPredicate<Value>(operation.immediate, [&](auto holds) {
    map(operation, out,
        [holds](Value a, Value b, Value) -> Value { return holds(a, b); });
  });
}

template <typename Value>
void LaneBody<Value>::compareFloats(const ScalarOperation &operation,
                                    Value *out) {
  dispatchPredicate<float>(operation.immediate, [&](auto holds) {
    map(operation, out, [holds](Value a, Value b, Value) -> Value {
      return holds(toFloat(a), toFloat(b));
    });
  });
}

template <typename Value>
llvm::Error LaneBody<Value>::convertToInteger(const ScalarOperation &operation,
                                              Value *out) {
  IntegerRange range(getBits(operation.type));
  return apply(operation, out, [range](Value a, Value, Value) {
    float value = toFloat(a);
    bool isInside = range.contains(value);
    return Scalar<Value>{static_cast<Value>(isInside ? value : 0.0f),
                         !isInside};
  });
}

template <typename Value>
void LaneBody<Value>::computeFloat(const ScalarOperation &operation,
                                   Value *out) {
  switch (operation.opcode) {
  case ScalarOpcode::AddFloat:
    return mapFloats(operation, out, [](float a, float b) { return a + b; });
  case ScalarOpcode::SubtractFloat:
    return mapFloats(operation, out, [](float a, float b) { return a - b; });
  case ScalarOpcode::MultiplyFloat:
    return mapFloats(operation, out, [](float a, float b) { return a * b; });
  case ScalarOpcode::DivideFloat:
    return mapFloats(operation, out, [](float a, float b) { return a / b; });
  case ScalarOpcode::MaximumFloat:
    return mapFloats(operation, out,
                     [](float a, float b) { return maximumFloat(a, b); });
  case ScalarOpcode::MinimumFloat:
    return mapFloats(operation, out,
                     [](float a, float b) { return minimumFloat(a, b); });
  case ScalarOpcode::SquareRoot:
    return mapFloats(operation, out,
                     [](float a, float) { return std::sqrt(a); });
  case ScalarOpcode::RoundEven:
    return mapFloats(operation, out,
                     [](float a, float) { return roundEvenFloat(a); });
  case ScalarOpcode::Floor:
    return mapFloats(operation, out,
                     [](float a, float) { return floorFloat(a); });
  case ScalarOpcode::NegateFloat:
    return map(operation, out,
               [](Value a, Value, Value) -> Value { return a ^ INT32_MIN; });
  default:
    return map(operation, out,
               [](Value a, Value, Value) -> Value { return a & INT32_MAX; });
  }
}

//===----------------------------------------------------------------------===//
// Dispatch
//===----------------------------------------------------------------------===//

template <typename Value> llvm::Error LaneBody<Value>::compute(unsigned index) {
  const ScalarOperation &operation = body.operations[index];
  Value *out = getValues(arguments + index);
  auto mapAll = [&](auto combine) {
    map(operation, out, combine);
    return llvm::Error::success();
  };
  switch (operation.opcode) {
  case ScalarOpcode::Constant:
    return llvm::Error::success();
  case ScalarOpcode::ExtendSign:
  case ScalarOpcode::Bitcast:
    return mapAll([](Value a, Value, Value) { return a; });
  case ScalarOpcode::Maximum:
    return mapAll([](Value a, Value b, Value) { return std::max(a, b); });
  case ScalarOpcode::Minimum:
    return mapAll([](Value a, Value b, Value) { return std::min(a, b); });
  case ScalarOpcode::And:
    return mapAll([](Value a, Value b, Value) -> Value { return a & b; });
  case ScalarOpcode::Or:
    return mapAll([](Value a, Value b, Value) -> Value { return a | b; });
  case ScalarOpcode::Xor:
    return mapAll([](Value a, Value b, Value) -> Value { return a ^ b; });
  case ScalarOpcode::Select:
    return mapAll([](Value a, Value b, Value c) { return a ? b : c; });
  case ScalarOpcode::IntegerToFloat:
    return mapAll([](Value a, Value, Value) -> Value {
      return toBits(static_cast<float>(a));
    });
  case ScalarOpcode::CompareInteger:
    compareIntegers(operation, out);
    return llvm::Error::success();
  case ScalarOpcode::CompareFloat:
    compareFloats(operation, out);
    return llvm::Error::success();
  case ScalarOpcode::ApplyScale:
    return scale(operation, out);
  case ScalarOpcode::EncodeTerms:
    return encode(operation, out);
  case ScalarOpcode::FloatToInteger:
    return convertToInteger(operation, out);
  case ScalarOpcode::Truncate:
  case ScalarOpcode::Add:
  case ScalarOpcode::Subtract:
  case ScalarOpcode::Multiply:
  case ScalarOpcode::AddWrapping:
  case ScalarOpcode::MultiplyWrapping:
  case ScalarOpcode::Divide:
  case ScalarOpcode::Remainder:
  case ScalarOpcode::ShiftLeft:
  case ScalarOpcode::ShiftRight:
  case ScalarOpcode::ShiftRightLogical:
    return computeInteger(operation, out);
  case ScalarOpcode::AddFloat:
  case ScalarOpcode::SubtractFloat:
  case ScalarOpcode::MultiplyFloat:
  case ScalarOpcode::DivideFloat:
  case ScalarOpcode::MaximumFloat:
  case ScalarOpcode::MinimumFloat:
  case ScalarOpcode::NegateFloat:
  case ScalarOpcode::AbsoluteFloat:
  case ScalarOpcode::SquareRoot:
  case ScalarOpcode::RoundEven:
  case ScalarOpcode::Floor:
    computeFloat(operation, out);
    return llvm::Error::success();
  }
  llvm_unreachable("unknown scalar operation");
}

template <typename Value> llvm::Error LaneBody<Value>::run(int64_t count) {
  lanes = count;
  for (unsigned i = 0; i < body.operations.size(); ++i)
    if (llvm::Error error = compute(i))
      return error;
  return llvm::Error::success();
}

template class sim::LaneBody<int32_t>;
template class sim::LaneBody<int64_t>;
