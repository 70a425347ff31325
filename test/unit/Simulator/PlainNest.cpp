//===- PlainNest.cpp - Loop nests, one element at a time ------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See the header.
//
//===----------------------------------------------------------------------===//

#include "PlainNest.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/bit.h"
#include <cfenv>
#include <cmath>

using namespace colonnade;
using namespace colonnade::sim;

//===----------------------------------------------------------------------===//
// Bodies
//===----------------------------------------------------------------------===//

namespace {

/// A value: `number` for integers, `real` for F32.
struct Element {
  ScalarType type = ScalarType::I32;
  __int128 number = 0;
  float real = 0;
};

class PlainBody {
public:
  PlainBody(const ScalarBody &body, llvm::ArrayRef<TermLookupTable> tables)
      : body(body), tables(tables) {}

  /// The result on these arguments; `outcome` says whether there is one.
  Element run(std::vector<Element> values);
  PlainOutcome outcome = PlainOutcome::Done;

private:
  void compute(const ScalarOperation &operation, const Element &a,
               const Element &b, const Element &c, Element &out);
  void computeInteger(const ScalarOperation &operation, const Element &a,
                      const Element &b, Element &out);
  void computeFloat(ScalarOpcode opcode, float a, float b, Element &out);
  void scale(const Element &a, const Element &b, const Element &c,
             Element &out);
  void trap() { outcome = PlainOutcome::Trapped; }

  const ScalarBody &body;
  llvm::ArrayRef<TermLookupTable> tables;
};

} // namespace

template <typename Operand>
static bool compare(int64_t predicate, Operand a, Operand b) {
  switch (static_cast<ComparePredicate>(predicate)) {
  case ComparePredicate::Equal:
    return a == b;
  case ComparePredicate::NotEqual:
    // Ordered: false on NaN.
    return a == a && b == b && a != b;
  case ComparePredicate::Less:
    return a < b;
  case ComparePredicate::LessOrEqual:
    return a <= b;
  case ComparePredicate::Greater:
    return a > b;
  case ComparePredicate::GreaterOrEqual:
    return a >= b;
  }
  return false;
}

void PlainBody::scale(const Element &a, const Element &b, const Element &c,
                      Element &out) {
  if (c.number < 2 || c.number > 62)
    return trap();
  __int128 half = __int128(1) << (c.number - 1);
  out.number = (a.number * b.number + half) >> c.number;
}

/// The lowest bits of `value` that the operation's type has.
static int64_t wrap(__int128 value, const ScalarOperation &operation) {
  int64_t unused = 64 - getBits(operation.type);
  return static_cast<int64_t>(static_cast<uint64_t>(value) << unused) >> unused;
}

void PlainBody::computeInteger(const ScalarOperation &operation,
                               const Element &a, const Element &b,
                               Element &out) {
  bool isAmount = b.number >= 0 && b.number < getBits(operation.type);
  switch (operation.opcode) {
  case ScalarOpcode::Add:
    out.number = a.number + b.number;
    break;
  case ScalarOpcode::Subtract:
    out.number = a.number - b.number;
    break;
  case ScalarOpcode::Multiply:
    out.number = a.number * b.number;
    break;
  case ScalarOpcode::Divide:
  case ScalarOpcode::Remainder:
    if (b.number == 0)
      return trap();
    out.number = operation.opcode == ScalarOpcode::Divide ? a.number / b.number
                                                          : a.number % b.number;
    break;
  case ScalarOpcode::AddWrapping:
    out.number = wrap(static_cast<__int128>(a.number) + b.number, operation);
    break;
  case ScalarOpcode::MultiplyWrapping:
    out.number = wrap(static_cast<__int128>(a.number) * b.number, operation);
    break;
  case ScalarOpcode::Maximum:
    out.number = std::max(a.number, b.number);
    break;
  case ScalarOpcode::Minimum:
    out.number = std::min(a.number, b.number);
    break;
  case ScalarOpcode::And:
    out.number = a.number & b.number;
    break;
  case ScalarOpcode::Or:
    out.number = a.number | b.number;
    break;
  case ScalarOpcode::Xor:
    out.number = a.number ^ b.number;
    break;
  case ScalarOpcode::ShiftLeft:
    isAmount ? void(out.number = a.number * (__int128(1) << b.number)) : trap();
    break;
  case ScalarOpcode::ShiftRight:
    isAmount ? void(out.number = a.number >> b.number) : trap();
    break;
  default:
    isAmount ? void(out.number = static_cast<int32_t>(
                        static_cast<uint32_t>(a.number) >> b.number))
             : trap();
  }
}

static float chooseMaximum(float a, float b) {
  if (std::isnan(a) || std::isnan(b))
    return NAN;
  if (a == b)
    return std::signbit(a) ? b : a;
  return a > b ? a : b;
}

void PlainBody::computeFloat(ScalarOpcode opcode, float a, float b,
                             Element &out) {
  switch (opcode) {
  case ScalarOpcode::AddFloat:
    out.real = a + b;
    break;
  case ScalarOpcode::SubtractFloat:
    out.real = a - b;
    break;
  case ScalarOpcode::MultiplyFloat:
    out.real = a * b;
    break;
  case ScalarOpcode::DivideFloat:
    out.real = a / b;
    break;
  case ScalarOpcode::MaximumFloat:
    out.real = chooseMaximum(a, b);
    break;
  case ScalarOpcode::MinimumFloat:
    out.real = -chooseMaximum(-a, -b);
    break;
  case ScalarOpcode::NegateFloat:
    out.real = -a;
    break;
  case ScalarOpcode::AbsoluteFloat:
    out.real = std::fabs(a);
    break;
  case ScalarOpcode::SquareRoot:
    out.real = std::sqrt(a);
    break;
  case ScalarOpcode::RoundEven:
    out.real = std::nearbyint(a);
    break;
  default:
    out.real = std::floor(a);
  }
}

static bool isIntegerOperation(ScalarOpcode opcode) {
  return (opcode >= ScalarOpcode::Add && opcode <= ScalarOpcode::Minimum) ||
         (opcode >= ScalarOpcode::And &&
          opcode <= ScalarOpcode::ShiftRightLogical);
}

void PlainBody::compute(const ScalarOperation &operation, const Element &a,
                        const Element &b, const Element &c, Element &out) {
  switch (operation.opcode) {
  case ScalarOpcode::Constant:
    out.number = operation.immediate;
    out.real =
        llvm::bit_cast<float>(static_cast<uint32_t>(operation.immediate));
    break;
  case ScalarOpcode::ExtendSign:
  case ScalarOpcode::Truncate:
    out.number = a.number;
    break;
  case ScalarOpcode::ApplyScale:
    scale(a, b, c, out);
    break;
  case ScalarOpcode::EncodeTerms:
    out.number =
        tables[operation.immediate][static_cast<size_t>(a.number + 128)];
    break;
  case ScalarOpcode::CompareInteger:
    out.number = compare(operation.immediate, a.number, b.number);
    break;
  case ScalarOpcode::CompareFloat:
    out.number = compare(operation.immediate, a.real, b.real);
    break;
  case ScalarOpcode::Select:
    out = a.number ? b : c;
    break;
  case ScalarOpcode::IntegerToFloat:
    out.real = static_cast<float>(static_cast<int64_t>(a.number));
    break;
  case ScalarOpcode::FloatToInteger:
    if (std::isnan(a.real) || std::fabs(a.real) > 0x1p70f)
      return trap();
    out.number = static_cast<__int128>(a.real);
    break;
  case ScalarOpcode::Bitcast:
    if (std::isnan(a.real) && operation.type == ScalarType::I32)
      outcome = PlainOutcome::Unspecified;
    out.number = llvm::bit_cast<int32_t>(a.real);
    out.real = llvm::bit_cast<float>(static_cast<int32_t>(a.number));
    break;
  default:
    if (isIntegerOperation(operation.opcode))
      computeInteger(operation, a, b, out);
    else
      computeFloat(operation.opcode, a.real, b.real, out);
  }
}

Element PlainBody::run(std::vector<Element> values) {
  for (const ScalarOperation &operation : body.operations) {
    auto get = [&](unsigned i) {
      unsigned operand = operation.operands[i];
      return operand < values.size() ? values[operand] : Element();
    };
    Element out;
    compute(operation, get(0), get(1), get(2), out);
    out.type = operation.type;
    __int128 limit = __int128(1) << (getBits(out.type) - 1);
    bool isNumber = out.type != ScalarType::F32 && out.type != ScalarType::I1;
    if (isNumber && (out.number < -limit || out.number >= limit))
      trap();
    if (outcome == PlainOutcome::Trapped)
      return out;
    values.push_back(out);
  }
  return values[body.result];
}

//===----------------------------------------------------------------------===//
// Nests
//===----------------------------------------------------------------------===//

/// The index that step number `step` has.
static std::vector<int64_t> getIndex(llvm::ArrayRef<int64_t> extents,
                                     int64_t step) {
  std::vector<int64_t> index(extents.size());
  for (size_t i = extents.size(); i-- > 0; step /= extents[i])
    index[i] = step % extents[i];
  return index;
}

static uint8_t *getElement(MachineState &state, const NestOperand &operand,
                           llvm::ArrayRef<int64_t> index) {
  int64_t address = operand.address;
  for (auto [i, pitch] : llvm::zip_equal(index, operand.pitches))
    address += i * pitch;
  return state.get(operand.memory, address);
}

static Element readElement(const uint8_t *from, ScalarType type) {
  Element element;
  element.type = type;
  if (type == ScalarType::I8) {
    element.number = static_cast<int8_t>(*from);
    return element;
  }
  if (type == ScalarType::I64) {
    int64_t number;
    std::memcpy(&number, from, sizeof(number));
    element.number = number;
    return element;
  }
  int32_t word;
  std::memcpy(&word, from, sizeof(word));
  element.number = word;
  element.real = llvm::bit_cast<float>(word);
  return element;
}

static void writeElement(uint8_t *to, const Element &element) {
  int64_t word = element.type == ScalarType::F32
                     ? llvm::bit_cast<int32_t>(element.real)
                     : static_cast<int64_t>(element.number);
  std::memcpy(to, &word, getBytes(element.type));
}

PlainOutcome sim::runPlainNest(MachineState &state, const NestPass &nest,
                               llvm::ArrayRef<TermLookupTable> tables) {
  PlainBody body(nest.body, tables);
  llvm::ArrayRef<int64_t> extents = nest.extents;
  int64_t inner = llvm::product_of(extents.take_back(nest.reductionLoops));
  int64_t steps = llvm::product_of(extents);
  Element accumulator;
  bool isUnspecified = false;
  for (int64_t step = 0; step < steps; ++step) {
    std::vector<int64_t> index = getIndex(extents, step);
    std::vector<Element> arguments;
    for (const NestOperand &input : nest.inputs)
      arguments.push_back(
          readElement(getElement(state, input, index), input.type));
    if (step % inner == 0) {
      accumulator.type = nest.output.type;
      accumulator.number = nest.initial;
      accumulator.real =
          llvm::bit_cast<float>(static_cast<uint32_t>(nest.initial));
    }
    if (nest.reductionLoops)
      arguments.push_back(accumulator);
    accumulator = body.run(std::move(arguments));
    if (body.outcome == PlainOutcome::Trapped)
      return PlainOutcome::Trapped;
    isUnspecified |= body.outcome == PlainOutcome::Unspecified;
    if (step % inner == inner - 1)
      writeElement(getElement(state, nest.output, index), accumulator);
  }
  return isUnspecified ? PlainOutcome::Unspecified : PlainOutcome::Done;
}

//===----------------------------------------------------------------------===//
// Cycles
//===----------------------------------------------------------------------===//

int64_t sim::countPlainCycles(const MachineDescription &machine,
                              const NestPass &nest) {
  llvm::ArrayRef<int64_t> extents = nest.extents;
  int64_t outputs = llvm::product_of(extents.drop_back(nest.reductionLoops));
  int64_t inner = llvm::product_of(extents.take_back(nest.reductionLoops));
  int64_t cycles = 0;
  for (int64_t first = 0; first < outputs; first += machine.vectorLanes)
    for (int64_t step = 0; step < inner; ++step) {
      // The group's elements go through the stages once, and again whenever
      // the stages are used up.
      ++cycles;
      int64_t freeStages = machine.vectorStages;
      for (const ScalarOperation &operation : nest.body.operations) {
        int64_t slots = operation.opcode != ScalarOpcode::Constant;
        if (operation.opcode == ScalarOpcode::DivideFloat ||
            operation.opcode == ScalarOpcode::SquareRoot ||
            operation.opcode == ScalarOpcode::Divide ||
            operation.opcode == ScalarOpcode::Remainder)
          slots = machine.vectorDivideSlots;
        for (; slots > 0; --slots, --freeStages)
          if (freeStages == 0) {
            ++cycles;
            freeStages = machine.vectorStages;
          }
      }
    }
  return machine.vectorLatency + cycles;
}
