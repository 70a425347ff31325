//===- OnnxOperatorCases.h - A small network for each operator -*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Every operator that Colonnade promises to import stands in a network between
// two contractions, as real networks have it.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_TEST_INTEGRATION_ONNXOPERATORCASES_H
#define COLONNADE_TEST_INTEGRATION_ONNXOPERATORCASES_H

#include "llvm/ADT/ArrayRef.h"
#include <ostream>
#include <string>
#include <vector>

namespace colonnade::test {

/// The network is a 3x3 convolution of x, [1,3,6,6], to a, [1,4,6,6], these
/// nodes, which make b of a, and a product of b, flattened, with a matrix.
struct OperatorCase {
  std::string name;
  std::string nodes;
  /// Further operands of the nodes, as ONNX's text form writes them; they
  /// become constants.
  std::string weights = {};
  /// Decibels that the quantized network's signal to noise ratio must reach.
  double leastRatio = 20;
};

/// How googletest shows a case that fails.
void PrintTo(const OperatorCase &c, std::ostream *stream);

/// Of all nodes.
constexpr int64_t kOperatorOpset = 17;

/// Each operator once or more.
llvm::ArrayRef<OperatorCase> getOperatorCases();

/// Operators with random attributes, operands and shapes, each kind as often as
/// any other; the same ones for the same seed.
std::vector<OperatorCase> drawOperatorCases(int count, unsigned seed);

/// The network in ONNX's text form, with the weights as inputs.
std::string getGraph(const OperatorCase &c);

} // namespace colonnade::test

#endif // COLONNADE_TEST_INTEGRATION_ONNXOPERATORCASES_H
