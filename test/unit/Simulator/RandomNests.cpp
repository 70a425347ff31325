//===- RandomNests.cpp - Seeded loop nests --------------------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Nests that are valid by construction: operands get layouts that keep their
// elements apart, operations take operands of the types they need.
//
//===----------------------------------------------------------------------===//

#include "PlainNest.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/bit.h"
#include <cmath>
#include <numeric>

using namespace colonnade;
using namespace colonnade::sim;

//===----------------------------------------------------------------------===//
// Elements
//===----------------------------------------------------------------------===//

static float makeFloat(Random &random) {
  static constexpr float kSpecial[] = {0.0f,      -0.0f,   INFINITY, -INFINITY,
                                       NAN,       0.5f,    1.5f,     -2.5f,
                                       0x1p-140f, 0x1p31f, -0x1p31f, 0x1p23f};
  if (random.chance(15))
    return kSpecial[random.between(0, std::size(kSpecial) - 1)];
  if (random.chance(30))
    return static_cast<float>(random.between(-200, 200)) / 2;
  return std::ldexp(static_cast<float>(random.between(-1000000, 1000000)),
                    static_cast<int>(random.between(-24, -8)));
}

static int64_t makeBits(Random &random, ScalarType type) {
  switch (type) {
  case ScalarType::I1:
    return random.between(0, 1);
  case ScalarType::I8:
    return random.chance(70) ? random.between(-8, 8) : random.byte();
  case ScalarType::F32:
    return llvm::bit_cast<int32_t>(makeFloat(random));
  default:
    return random.chance(90) ? random.between(-40, 40)
                             : random.between(INT32_MIN, INT32_MAX);
  }
}

//===----------------------------------------------------------------------===//
// Bodies
//===----------------------------------------------------------------------===//

namespace {

class BodyMaker {
public:
  BodyMaker(Random &random, std::vector<ScalarType> arguments)
      : types(std::move(arguments)), random(random) {}

  ScalarBody body;
  std::vector<ScalarType> types;

  void addOperation();
  void addConstant(ScalarType type);

private:
  unsigned pick(ScalarType type);
  void add(ScalarOpcode opcode, ScalarType type,
           std::array<unsigned, 3> operands, int64_t immediate = 0);
  void addInteger();
  void addFloat();
  void addConversion();

  Random &random;
};

} // namespace

void BodyMaker::add(ScalarOpcode opcode, ScalarType type,
                    std::array<unsigned, 3> operands, int64_t immediate) {
  body.operations.push_back({opcode, type, operands, immediate});
  types.push_back(type);
}

void BodyMaker::addConstant(ScalarType type) {
  add(ScalarOpcode::Constant, type, {}, makeBits(random, type));
}

/// A value of the type, preferably a late one; a new constant if there is none.
unsigned BodyMaker::pick(ScalarType type) {
  std::vector<unsigned> found;
  for (auto [i, known] : llvm::enumerate(types))
    if (known == type)
      found.push_back(i);
  if (found.empty() || random.chance(10)) {
    addConstant(type);
    return types.size() - 1;
  }
  return random.chance(50) ? found.back()
                           : found[random.between(0, found.size() - 1)];
}

void BodyMaker::addInteger() {
  using enum ScalarOpcode;
  static constexpr ScalarOpcode kOpcodes[] = {
      Add,    Subtract,  Multiply,  AddWrapping, MultiplyWrapping,
      Divide, Remainder, Maximum,   Minimum,     And,
      Or,     Xor,       ShiftLeft, ShiftRight,  CompareInteger};
  static constexpr ScalarType kTypes[] = {ScalarType::I8, ScalarType::I32,
                                          ScalarType::I32, ScalarType::I64};
  ScalarType type = kTypes[random.between(0, std::size(kTypes) - 1)];
  ScalarOpcode opcode = kOpcodes[random.between(0, std::size(kOpcodes) - 1)];
  unsigned a = pick(type);
  if (opcode == CompareInteger)
    return add(opcode, ScalarType::I1, {a, pick(type)}, random.between(0, 5));
  if (opcode != ShiftLeft && opcode != ShiftRight)
    return add(opcode, type, {a, pick(type)});
  bool isLogical = type == ScalarType::I32 && random.chance(50);
  if (random.chance(10))
    return add(opcode, type, {a, pick(type)});
  add(Constant, type, {}, random.between(0, 6));
  unsigned amount = types.size() - 1;
  add(isLogical ? ShiftRightLogical : opcode, type, {a, amount});
}

void BodyMaker::addFloat() {
  using enum ScalarOpcode;
  static constexpr ScalarOpcode kOpcodes[] = {
      AddFloat,     SubtractFloat, MultiplyFloat, DivideFloat,
      MaximumFloat, MinimumFloat,  NegateFloat,   AbsoluteFloat,
      SquareRoot,   RoundEven,     Floor,         CompareFloat};
  ScalarOpcode opcode = kOpcodes[random.between(0, std::size(kOpcodes) - 1)];
  unsigned a = pick(ScalarType::F32), b = pick(ScalarType::F32);
  if (opcode == CompareFloat)
    add(opcode, ScalarType::I1, {a, b}, random.between(0, 5));
  else
    add(opcode, ScalarType::F32, {a, b});
}

void BodyMaker::addConversion() {
  using enum ScalarOpcode;
  using enum ScalarType;
  switch (random.between(0, 8)) {
  case 0:
    return add(ExtendSign, I32, {pick(I8)});
  case 1:
    return add(ExtendSign, I64, {pick(I32)});
  case 2:
    return add(Truncate, random.chance(50) ? I32 : I8, {pick(I64)});
  case 3:
    return add(IntegerToFloat, F32, {pick(random.chance(50) ? I8 : I32)});
  case 4:
    return add(FloatToInteger, random.chance(50) ? I8 : I32, {pick(F32)});
  case 5:
    return add(Bitcast, F32, {pick(I32)});
  case 6:
    return add(Bitcast, I32, {pick(F32)});
  case 7: {
    unsigned value = pick(I32), multiplier = pick(I32);
    add(Constant, I8, {}, random.between(2, 62));
    unsigned shift = types.size() - 1;
    return add(ApplyScale, I32, {value, multiplier, shift});
  }
  default:
    return add(EncodeTerms, I8, {pick(I8)}, 0);
  }
}

void BodyMaker::addOperation() {
  int64_t kind = random.between(0, 9);
  if (kind < 3)
    return addInteger();
  if (kind < 7)
    return addFloat();
  if (kind < 9)
    return addConversion();
  ScalarType type = random.chance(50) ? ScalarType::F32 : ScalarType::I32;
  unsigned condition = pick(ScalarType::I1), a = pick(type);
  add(ScalarOpcode::Select, type, {condition, a, pick(type)});
}

//===----------------------------------------------------------------------===//
// Operands
//===----------------------------------------------------------------------===//

static ScalarType makeTensorType(Random &random) {
  static constexpr ScalarType kTypes[] = {ScalarType::I8, ScalarType::I32,
                                          ScalarType::F32, ScalarType::I64};
  return kTypes[random.between(0, 3)];
}

/// Lays the loops below `loops` out in random order and direction, with slack;
/// `sparse` percent of them become broadcasts. The operand's bytes go to the
/// end of its memory.
static NestOperand makeOperand(Random &random, MachineState &state,
                               llvm::ArrayRef<int64_t> extents, size_t loops,
                               Memory memory, int64_t sparse) {
  NestOperand operand;
  operand.memory = memory;
  operand.type = makeTensorType(random);
  operand.pitches.assign(extents.size(), 0);
  std::vector<size_t> order(loops);
  std::iota(order.begin(), order.end(), 0);
  for (size_t i = loops; i-- > 1;)
    std::swap(order[i], order[random.between(0, i)]);
  int64_t span = getBytes(operand.type), offset = 0;
  for (size_t loop : order) {
    if (random.chance(sparse))
      continue;
    int64_t slack = random.chance(30) ? random.between(1, 5) : 0;
    int64_t pitch = span + slack, length = pitch * (extents[loop] - 1);
    bool isReversed = random.chance(15);
    operand.pitches[loop] = isReversed ? -pitch : pitch;
    offset += isReversed ? length : 0;
    span += length;
  }
  auto &bytes = state.memories[static_cast<unsigned>(memory)];
  operand.bufferAddress = bytes.size() + random.between(0, 3);
  operand.bufferBytes = span + random.between(0, 3);
  operand.address = operand.bufferAddress + offset;
  bytes.resize(operand.bufferAddress + operand.bufferBytes);
  return operand;
}

static void fill(Random &random, MachineState &state,
                 llvm::ArrayRef<int64_t> extents, const NestOperand &operand) {
  for (int64_t step = llvm::product_of(extents); step-- > 0;) {
    int64_t address = operand.address, rest = step;
    for (size_t i = extents.size(); i-- > 0; rest /= extents[i])
      address += rest % extents[i] * operand.pitches[i];
    int64_t bits = makeBits(random, operand.type);
    std::memcpy(state.get(operand.memory, address), &bits,
                getBytes(operand.type));
  }
}

/// A body on the nest's operands; the output takes the type of the last value
/// that a tensor can hold.
static void makeBody(Random &random, NestPass &nest) {
  std::vector<ScalarType> arguments;
  for (const NestOperand &input : nest.inputs)
    arguments.push_back(input.type);
  if (nest.reductionLoops)
    arguments.push_back(nest.output.type);
  BodyMaker maker(random, arguments);
  bool isMove = random.chance(15) && !arguments.empty();
  for (int64_t i = isMove ? 0 : random.between(1, 8); i > 0; --i)
    maker.addOperation();
  auto isResult = [&](ScalarType type) { return type == nest.output.type; };
  if (llvm::none_of(maker.types, isResult))
    maker.addConstant(nest.output.type);
  nest.body = maker.body;
  nest.body.result = maker.types.size() - 1;
  while (!isResult(maker.types[nest.body.result]))
    --nest.body.result;
  nest.initial = makeBits(random, nest.output.type);
}

NestPass sim::makeNest(Random &random, MachineState &state) {
  static constexpr Memory kInputs[] = {Memory::DataSram, Memory::WeightSram,
                                       Memory::Accumulators};
  NestPass nest;
  int64_t loops = random.between(0, 5);
  for (int64_t i = 0; i < loops; ++i)
    nest.extents.push_back(random.between(1, 6));
  // Now and then more outputs than run at once.
  if (loops && random.chance(10))
    nest.extents[random.between(0, loops - 1)] = random.between(200, 1200);
  nest.reductionLoops = random.chance(50) ? 0 : random.between(0, loops);
  for (int64_t i = random.between(0, 3); i > 0; --i) {
    Memory memory = kInputs[random.between(0, 2)];
    nest.inputs.push_back(
        makeOperand(random, state, nest.extents, loops, memory, 25));
    fill(random, state, nest.extents, nest.inputs.back());
  }
  nest.output = makeOperand(random, state, nest.extents,
                            loops - nest.reductionLoops, Memory::DataSram, 0);
  makeBody(random, nest);
  return nest;
}
