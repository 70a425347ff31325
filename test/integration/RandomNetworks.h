//===- RandomNetworks.h - Generated float networks -------------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Networks of contractions, elementwise code, movement and f32 functions in
// random order, each with a bound on how far 8-bit quantization may move its
// result: the generator follows every rounding through every op.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_TEST_INTEGRATION_RANDOMNETWORKS_H
#define COLONNADE_TEST_INTEGRATION_RANDOMNETWORKS_H

#include "llvm/ADT/SmallVector.h"
#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace colonnade::test {

/// A network on one image of 28 x 28 values in [0, 1].
struct RandomNetwork {
  std::string source;
  int64_t outputElements = 0;
  /// Largest difference of a result from that of the float network.
  double bound = 0;
};

class NetworkGenerator {
public:
  explicit NetworkGenerator(uint64_t seed) : engine(seed) {}

  RandomNetwork generate();

private:
  /// A tensor of the network, the largest magnitude that it can reach, and how
  /// far from the float network's it can be.
  struct Tensor {
    std::string name;
    llvm::SmallVector<int64_t> shape;
    double range = 0, error = 0;
  };

  int64_t between(int64_t low, int64_t high) {
    return low + int64_t(engine() % uint64_t(high - low + 1));
  }
  double getReal() { return double(between(-1000, 1000)) / 1000; }
  std::vector<double> getReals(int64_t count);

  std::string getName() { return "%v" + std::to_string(count++); }
  std::string emitConstant(llvm::ArrayRef<int64_t> shape,
                           llvm::ArrayRef<double> values);
  std::string emitFilled(llvm::ArrayRef<int64_t> shape);
  std::string emitGeneric(llvm::ArrayRef<int64_t> shape,
                          llvm::ArrayRef<std::string> operands,
                          llvm::ArrayRef<std::string> types,
                          llvm::ArrayRef<std::string> maps,
                          const std::string &body);
  Tensor emitUnary(const Tensor &x, const std::string &body, double range,
                   double error);
  Tensor emitBinary(const Tensor &x, const Tensor &y, const std::string &op,
                    double range, double error);

  Tensor convolve(const Tensor &x);
  Tensor convolveDepthwise(const Tensor &x);
  Tensor multiplyMatrix(const Tensor &x);
  Tensor multiplyBySelf(const Tensor &x);
  Tensor addBias(const Tensor &x);
  Tensor scale(const Tensor &x);
  Tensor cutOff(const Tensor &x);
  Tensor applyFunction(const Tensor &x);
  Tensor addBranch(const Tensor &x);
  Tensor gate(const Tensor &x);
  Tensor pool(const Tensor &x);
  Tensor pad(const Tensor &x);
  Tensor slice(const Tensor &x);
  Tensor concatenate(const Tensor &x);
  Tensor transpose(const Tensor &x);
  Tensor flatten(const Tensor &x);
  Tensor subtractMean(const Tensor &x);
  Tensor step(const Tensor &x);

  std::mt19937_64 engine;
  std::string text;
  int64_t count = 0;
};

} // namespace colonnade::test

#endif // COLONNADE_TEST_INTEGRATION_RANDOMNETWORKS_H
