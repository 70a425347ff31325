//===- RunModel.h - Small ONNX models, run in tests -------------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Imports a model written as text, compiles it and runs it on vectors, for
// tests that state what the numbers must be.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_TEST_LIB_RUNMODEL_H
#define COLONNADE_TEST_LIB_RUNMODEL_H

#include "ImportedModel.h"
#include <cstring>
#include <random>

namespace colonnade::test {

/// The bytes of an argument.
template <typename T> std::vector<char> toBytes(const std::vector<T> &values) {
  std::vector<char> bytes(values.size() * sizeof(T));
  std::memcpy(bytes.data(), values.data(), bytes.size());
  return bytes;
}

template <typename T> std::vector<T> fromBytes(const std::vector<char> &bytes) {
  std::vector<T> values(bytes.size() / sizeof(T));
  std::memcpy(values.data(), bytes.data(), bytes.size());
  return values;
}

/// The results of the model; a failed expectation and no results if it does not
/// run.
std::vector<std::vector<char>>
runModel(const onnx::ModelProto &model,
         const std::vector<std::vector<char>> &arguments);

/// The model with input `name` turned into an initializer.
onnx::ModelProto bindInput(onnx::ModelProto model, const std::string &name,
                           const std::vector<char> &bytes);

/// Multiples of 1/64 from -2 to 2: products of two are exact in f32.
std::vector<float> makeFloats(std::mt19937 &random, size_t count);
/// Any bytes.
std::vector<uint8_t> makeBytes(std::mt19937 &random, size_t count);

} // namespace colonnade::test

#endif // COLONNADE_TEST_LIB_RUNMODEL_H
