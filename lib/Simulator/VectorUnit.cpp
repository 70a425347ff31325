//===- VectorUnit.cpp - Values of the vector unit -------------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Runs a body one operation at a time over all positions of a channel, in loops
// that compilers vectorise, and traps where a result does not fit its type.
// Bodies without 64-bit values run on 32-bit lanes.
//
//===----------------------------------------------------------------------===//

#include "VectorUnit.h"
#include "ScaleKernel.h"
#include "WindowRange.h"
#include "colonnade/Simulator/InstructionCosts.h"
#include "llvm/Support/FormatVariadic.h"
#include <limits>
#include <type_traits>

using namespace colonnade;
using namespace colonnade::sim;

namespace {

template <typename Value> class PassRunner {
public:
  PassRunner(MachineState &state, const VectorPass &pass,
             llvm::ArrayRef<TermLookupTable> tables,
             std::vector<Value> &storage)
      : state(state), pass(pass), tables(tables),
        band(clampBand(pass.band, pass.window)),
        positions(band.height * band.width), storage(storage) {}

  llvm::Error run();

private:
  Value *getValues(unsigned number) {
    return storage.data() + number * positions;
  }

  template <typename Element>
  void read(const View &view, int64_t channel, Value *out);
  template <typename Element, typename Combine>
  bool reduce(int64_t channel, Value initial, Combine combine, Value *out);
  llvm::Error readReduced(int64_t channel);
  template <typename Element> llvm::Error reduceTo(int64_t channel);
  void readInput(unsigned input, int64_t channel);
  llvm::Error compute(unsigned index);
  template <typename Combine>
  llvm::Error apply(const ScalarOperation &operation, Value *out,
                    Combine combine);
  llvm::Error scale(const ScalarOperation &operation, Value *out);
  bool isUniform(unsigned number) const;
  bool isConstant(unsigned index) const {
    return pass.body.operations[index].opcode == ScalarOpcode::Constant;
  }
  llvm::Error encode(const ScalarOperation &operation, Value *out);
  template <typename Element> void write(int64_t channel);

  MachineState &state;
  const VectorPass &pass;
  llvm::ArrayRef<TermLookupTable> tables;
  Band band;
  int64_t positions;
  std::vector<Value> &storage;
};

} // namespace

//===----------------------------------------------------------------------===//
// Reading and writing
//===----------------------------------------------------------------------===//

/// Widens `count` elements that lie `pitch` bytes apart. Adjacent ones are a
/// case of their own so that the loop vectorises.
template <typename Element, typename Value>
static void readLine(const uint8_t *from, int64_t pitch, int64_t count,
                     Value *out) {
  auto readAll = [=](int64_t step) {
    for (int64_t i = 0; i < count; ++i) {
      Element element;
      std::memcpy(&element, from + i * step, sizeof(element));
      out[i] = element;
    }
  };
  if (pitch == sizeof(Element))
    readAll(sizeof(Element));
  else
    readAll(pitch);
}

/// Narrows `count` values to elements that lie `pitch` bytes apart.
template <typename Element, typename Value>
static void writeLine(const Value *values, int64_t count, int64_t pitch,
                      uint8_t *to) {
  auto writeAll = [=](int64_t step) {
    for (int64_t i = 0; i < count; ++i) {
      Element element = static_cast<Element>(values[i]);
      std::memcpy(to + i * step, &element, sizeof(element));
    }
  };
  if (pitch == sizeof(Element))
    writeAll(sizeof(Element));
  else
    writeAll(pitch);
}

template <typename Value>
template <typename Element>
void PassRunner<Value>::read(const View &view, int64_t channel, Value *out) {
  for (int64_t y = 0; y < band.height; ++y)
    readLine<Element>(
        state.get(view.memory,
                  getAddress(view, channel, band.row + y, band.column)),
        view.columnPitch, band.width, out + y * band.width);
}

template <typename Value>
void PassRunner<Value>::readInput(unsigned input, int64_t channel) {
  const View &view = pass.inputs[input];
  if (view.elementBytes == 1)
    read<int8_t>(view, channel, getValues(input));
  else
    read<int32_t>(view, channel, getValues(input));
}

/// Combines the taps of the window into out, one tap at a time over all
/// positions; whether some combination failed.
template <typename Value>
template <typename Element, typename Combine>
bool PassRunner<Value>::reduce(int64_t channel, Value initial, Combine combine,
                               Value *out) {
  const View &view = pass.inputs.front();
  std::fill(out, out + positions, initial);
  bool hasFailed = false;
  int64_t taps = getWindowTaps(pass);
  for (int64_t tap = 0; tap < taps; ++tap) {
    TapRange range = getTapRange(pass.window, band, tap);
    for (int64_t y = range.firstLine; y < range.lastLine; ++y) {
      const uint8_t *from =
          state.get(view.memory, getAddress(view, channel, range.getRow(y),
                                            range.getColumn(range.begin)));
      int64_t pitch = range.columnStride * view.columnPitch;
      Value *line = out + y * band.width + range.begin;
      for (int64_t x = 0; x < range.end - range.begin; ++x) {
        Element element;
        std::memcpy(&element, from + x * pitch, sizeof(element));
        hasFailed |= combine(line[x], element);
      }
    }
  }
  return hasFailed;
}

template <typename Value>
template <typename Element>
llvm::Error PassRunner<Value>::reduceTo(int64_t channel) {
  Value *out = getValues(0);
  bool hasFailed = false;
  if (pass.reduction == Reduction::Maximum)
    reduce<Element>(
        channel, std::numeric_limits<Element>::min(),
        [](Value &result, Element element) {
          result = std::max<Value>(result, element);
          return false;
        },
        out);
  else
    hasFailed = reduce<Element>(
        channel, 0,
        [](Value &result, Element element) {
          int32_t sum = 0;
          bool overflows = __builtin_add_overflow(static_cast<int32_t>(result),
                                                  element, &sum);
          result = sum;
          return overflows;
        },
        out);
  if (hasFailed)
    return llvm::createStringError(
        llvm::formatv("the vector unit's sum over a window of channel {0} "
                      "does not fit into 32 bits",
                      channel)
            .str());
  return llvm::Error::success();
}

template <typename Value>
llvm::Error PassRunner<Value>::readReduced(int64_t channel) {
  if (pass.reduction == Reduction::None) {
    readInput(0, channel);
    return llvm::Error::success();
  }
  return pass.inputs.front().elementBytes == 1 ? reduceTo<int8_t>(channel)
                                               : reduceTo<int32_t>(channel);
}

template <typename Value>
template <typename Element>
void PassRunner<Value>::write(int64_t channel) {
  const View &view = pass.output;
  const Value *values = getValues(pass.body.result);
  for (int64_t y = 0; y < band.height; ++y)
    writeLine<Element>(
        values + y * band.width, band.width, view.columnPitch,
        state.get(view.memory,
                  getAddress(view, channel, band.row + y, band.column)));
}

//===----------------------------------------------------------------------===//
// Scalar operations
//===----------------------------------------------------------------------===//

namespace {
/// A scalar result; `failed` is nonzero where the computation itself failed. A
/// word, not a flag, so that loops over it vectorise.
template <typename Value> struct Scalar {
  Value value;
  Value failed = 0;
};
} // namespace

/// Nonzero where `value` does not fit `bits`.
template <typename Value> static Value getExcess(Value value, int64_t bits) {
  using Unsigned = std::make_unsigned_t<Value>;
  int64_t unused = 8 * static_cast<int64_t>(sizeof(Value)) - bits;
  Value kept = static_cast<Value>(static_cast<Unsigned>(value) << unused);
  return (kept >> unused) ^ value;
}

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
  case ScalarOpcode::ApplyScale:
    return "scaling";
  default:
    return "computing with";
  }
}

/// out[i] = combine(a[i], b[i], c[i]), which must fit the operation's width.
template <typename Value>
template <typename Combine>
llvm::Error PassRunner<Value>::apply(const ScalarOperation &operation,
                                     Value *__restrict out, Combine combine) {
  const Value *a = getValues(operation.operands[0]);
  const Value *b = getValues(operation.operands[1]);
  const Value *c = getValues(operation.operands[2]);
  int64_t bits = operation.bits;
  Value failed = 0;
  for (int64_t i = 0; i < positions; ++i) {
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
  return llvm::createStringError(
      llvm::formatv("the vector unit: {0} {1} (second operand {2}, third "
                    "operand {3}) does not fit into {4} bits",
                    getVerb(operation.opcode), a[at], b[at], c[at], bits)
          .str());
}

template <typename Value> static Scalar<Value> add(Value a, Value b) {
  using Unsigned = std::make_unsigned_t<Value>;
  Value sum = static_cast<Value>(static_cast<Unsigned>(a) + Unsigned(b));
  return {sum, static_cast<Value>(((a ^ sum) & (b ^ sum)) < 0)};
}

template <typename Value> static Scalar<Value> subtract(Value a, Value b) {
  using Unsigned = std::make_unsigned_t<Value>;
  Value sum = static_cast<Value>(static_cast<Unsigned>(a) - Unsigned(b));
  return {sum, static_cast<Value>(((a ^ b) & (a ^ sum)) < 0)};
}

template <typename Value> static Scalar<Value> multiply(Value a, Value b) {
  Value product = 0;
  bool overflows = __builtin_mul_overflow(a, b, &product);
  return {product, overflows};
}

/// TOSA apply_scale_32 with single rounding.
static Scalar<int64_t> applyScale(int64_t value, int64_t multiplier,
                                  int64_t shift) {
  bool isLegal = shift >= 2 && shift <= 62 && int32_t(value) == value &&
                 int32_t(multiplier) == multiplier;
  shift = isLegal ? shift : 2;
  int64_t product = int64_t(int32_t(value)) * int32_t(multiplier);
  int64_t scaled = (product + (int64_t(1) << (shift - 1))) >> shift;
  return {scaled, !isLegal || int32_t(scaled) != scaled};
}

template <typename Value>
llvm::Error PassRunner<Value>::encode(const ScalarOperation &operation,
                                      Value *out) {
  const TermLookupTable &table = tables[operation.immediate];
  return apply(operation, out, [&](Value a, Value, Value) -> Scalar<Value> {
    return {table[static_cast<uint8_t>(a + 128)], getExcess(a, 8)};
  });
}

/// Whether a value is the same at all positions of a channel.
template <typename Value>
bool PassRunner<Value>::isUniform(unsigned number) const {
  if (number >= pass.inputs.size())
    return isConstant(number - pass.inputs.size());
  bool isReduced = number == 0 && pass.reduction != Reduction::None;
  const View &view = pass.inputs[number];
  return !isReduced && view.rowPitch == 0 && view.columnPitch == 0;
}

template <typename Value>
llvm::Error PassRunner<Value>::scale(const ScalarOperation &operation,
                                     Value *out) {
  if constexpr (std::is_same_v<Value, int32_t>)
    if (isUniform(operation.operands[1]) && isUniform(operation.operands[2]) &&
        operation.bits == 32) {
      int32_t shift = *getValues(operation.operands[2]);
      if (shift >= 2 && shift <= 62 &&
          scaleLine(getValues(operation.operands[0]), positions,
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
llvm::Error PassRunner<Value>::compute(unsigned index) {
  const ScalarOperation &operation = pass.body.operations[index];
  Value *out = getValues(pass.inputs.size() + index);
  using Result = Scalar<Value>;
  switch (operation.opcode) {
  case ScalarOpcode::Constant:
    std::fill(out, out + positions, static_cast<Value>(operation.immediate));
    return llvm::Error::success();
  case ScalarOpcode::ExtendSign:
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
  case ScalarOpcode::Maximum:
    return apply(operation, out, [](Value a, Value b, Value) {
      return Result{std::max(a, b)};
    });
  case ScalarOpcode::Minimum:
    return apply(operation, out, [](Value a, Value b, Value) {
      return Result{std::min(a, b)};
    });
  case ScalarOpcode::ApplyScale:
    return scale(operation, out);
  case ScalarOpcode::EncodeTerms:
    return encode(operation, out);
  }
  llvm_unreachable("unknown scalar operation");
}

template <typename Value> llvm::Error PassRunner<Value>::run() {
  storage.resize((pass.inputs.size() + pass.body.operations.size()) *
                 positions);
  for (int64_t channel = pass.channel; channel < pass.channel + pass.channels;
       ++channel) {
    if (llvm::Error error = readReduced(channel))
      return error;
    for (unsigned input = 1; input < pass.inputs.size(); ++input)
      readInput(input, channel);
    for (unsigned i = 0; i < pass.body.operations.size(); ++i)
      if (channel == pass.channel || !isConstant(i))
        if (llvm::Error error = compute(i))
          return error;
    if (pass.output.elementBytes == 1)
      write<int8_t>(channel);
    else
      write<int32_t>(channel);
  }
  return llvm::Error::success();
}

llvm::Error sim::runVectorPass(MachineState &state, const VectorPass &pass,
                               llvm::ArrayRef<TermLookupTable> tables,
                               VectorScratch &scratch) {
  bool isWide =
      llvm::any_of(pass.body.operations, [](const ScalarOperation &operation) {
        return operation.bits > 32;
      });
  if (isWide)
    return PassRunner<int64_t>(state, pass, tables, scratch.wide).run();
  return PassRunner<int32_t>(state, pass, tables, scratch.narrow).run();
}
