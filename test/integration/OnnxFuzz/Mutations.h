//===- Mutations.h - Damaged ONNX files ------------------------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Two kinds of damage to a model: to its bytes, as disks and networks do it,
// which mostly ends in the parser, and to its fields, as faulty exporters do
// it, which gets further.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_TEST_INTEGRATION_ONNXFUZZ_MUTATIONS_H
#define COLONNADE_TEST_INTEGRATION_ONNXFUZZ_MUTATIONS_H

#include <random>
#include <string>

namespace colonnade::test {

using RandomEngine = std::mt19937_64;

/// Bytes cut off, flipped, inserted, erased or repeated; one to four times.
std::string damageBytes(std::string model, RandomEngine &random);

/// Fields anywhere in the model set to other values, cleared, or elements of
/// repeated fields removed, doubled or swapped; one to four times.
std::string damageFields(const std::string &model, RandomEngine &random);

} // namespace colonnade::test

#endif // COLONNADE_TEST_INTEGRATION_ONNXFUZZ_MUTATIONS_H
