//===- TensorRuns.cpp - Runs on named tensors -----------------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See the header.
//
//===----------------------------------------------------------------------===//

#include "TensorRuns.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"

using namespace colonnade;

static NpyType getArrayType(sim::ScalarType type) {
  switch (type) {
  case sim::ScalarType::I8:
    return NpyType::Int8;
  case sim::ScalarType::I32:
    return NpyType::Int32;
  case sim::ScalarType::I64:
    return NpyType::Int64;
  case sim::ScalarType::F32:
    return NpyType::Float32;
  case sim::ScalarType::I1:
    break;
  }
  llvm_unreachable("programs have no host tensors of truth values");
}

static std::string getKey(const sim::HostTensor &tensor, llvm::StringRef kind,
                          size_t index) {
  if (!tensor.name.empty())
    return tensor.name;
  return llvm::formatv("{0}{1}", kind, index);
}

static NpyArray makeArray(const sim::HostTensor &tensor) {
  NpyArray array{getArrayType(tensor.type), tensor.shape, {}};
  array.bytes.resize(llvm::product_of(tensor.shape) *
                     getNpyTypeSize(array.type));
  return array;
}

static std::string describe(NpyType type, llvm::ArrayRef<int64_t> shape) {
  return llvm::formatv(
      "{0} [{1}]", stringifyNpyType(type),
      llvm::join(
          llvm::map_range(
              shape, [](int64_t extent) { return std::to_string(extent); }),
          ", "));
}

/// The program's inputs, in order, out of those that are given.
static llvm::Expected<std::vector<NpyArray>>
takeInputs(const sim::Program &program, const NamedArrays &given) {
  std::vector<NpyArray> inputs;
  llvm::SmallVector<std::string> keys;
  for (auto [i, tensor] : llvm::enumerate(program.inputs)) {
    keys.push_back(getKey(tensor, "input", i));
    auto found = given.arrays.find(keys.back());
    NpyArray expected = makeArray(tensor);
    if (found == given.arrays.end())
      return llvm::createStringError(
          llvm::formatv("input '{0}', {1}, is missing", keys.back(),
                        describe(expected.type, expected.shape))
              .str());
    const NpyArray &array = found->second;
    if (array.type != expected.type || array.shape != expected.shape)
      return llvm::createStringError(
          llvm::formatv("expected input '{0}' to be {1}, got {2}", keys.back(),
                        describe(expected.type, expected.shape),
                        describe(array.type, array.shape))
              .str());
    inputs.push_back(array);
  }
  for (const auto &[name, array] : given.arrays)
    if (!llvm::is_contained(keys, name))
      return llvm::createStringError(
          llvm::formatv("program '{0}' has no input '{1}'; it has {2}",
                        program.name, name, llvm::join(keys, ", "))
              .str());
  return inputs;
}

/// What the host writes next: outputs in place of the inputs whose names they
/// have.
static void carryState(const sim::Program &program,
                       llvm::ArrayRef<NpyArray> outputs,
                       llvm::MutableArrayRef<NpyArray> inputs) {
  for (auto [tensor, input] : llvm::zip_equal(program.inputs, inputs))
    for (auto [made, output] : llvm::zip_equal(program.outputs, outputs))
      if (!tensor.name.empty() && tensor.name == made.name)
        input.bytes = output.bytes;
}

static uint8_t *getBytes(NpyArray &array) {
  return reinterpret_cast<uint8_t *>(array.bytes.data());
}

llvm::Expected<NamedArrays> colonnade::runTensors(sim::Simulator &simulator,
                                                  const NamedArrays &given,
                                                  int64_t runs) {
  const sim::Program &program = simulator.getProgram();
  llvm::Expected<std::vector<NpyArray>> inputs = takeInputs(program, given);
  if (!inputs)
    return inputs.takeError();
  std::vector<NpyArray> outputs;
  for (const sim::HostTensor &tensor : program.outputs)
    outputs.push_back(makeArray(tensor));
  llvm::SmallVector<llvm::ArrayRef<uint8_t>> from;
  llvm::SmallVector<llvm::MutableArrayRef<uint8_t>> to;
  for (NpyArray &array : *inputs)
    from.emplace_back(getBytes(array), array.bytes.size());
  for (NpyArray &array : outputs)
    to.emplace_back(getBytes(array), array.bytes.size());
  for (int64_t run = 0; run < runs; ++run) {
    if (llvm::Error error = simulator.run(from, to))
      return std::move(error);
    llvm::MutableArrayRef<NpyArray> next(*inputs);
    carryState(program, outputs, next);
    for (auto [array, bytes] : llvm::zip_equal(next, from))
      bytes = {getBytes(array), array.bytes.size()};
  }
  NamedArrays result;
  for (auto [i, tensor] : llvm::enumerate(program.outputs))
    result.arrays[getKey(tensor, "output", i)] = std::move(outputs[i]);
  return result;
}
