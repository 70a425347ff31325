//===- RandomNetworks.h - Generated float networks -------------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Networks of contractions, poolings, elementwise code, residual branches,
// movement and f32 functions (softmax, GELU, layer normalization) in random
// order, each with a bound on how far 8-bit quantization may move its result:
// the generator follows every rounding through every op.
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

  /// A network of `least` to `most` steps.
  RandomNetwork generate(int64_t least = 2, int64_t most = 9);

private:
  /// A tensor of the network, the largest magnitude that it can reach, and how
  /// far from the float network's it can be.
  struct Tensor {
    std::string name;
    llvm::SmallVector<int64_t> shape;
    double range = 0, error = 0;
  };

  /// Half a step of int8, and what f32 itself rounds.
  static double getRounding(double range) { return range / 254 + range * 1e-5; }
  /// Range and error of a sum of `terms` products with weights of up to 1: the
  /// weights are off by half a step of at most 1 / 127.
  static std::pair<double, double> contract(double range, double error,
                                            int64_t terms);
  static std::string getType(llvm::ArrayRef<int64_t> shape);
  /// (d0, d1, ...) -> (those of `dims`)
  static std::string getMap(size_t rank, llvm::ArrayRef<int64_t> dims);
  static std::string getIdentity(size_t rank);

  int64_t between(int64_t low, int64_t high) {
    return low + int64_t(engine() % uint64_t(high - low + 1));
  }
  double getReal() { return double(between(-1000, 1000)) / 1000; }
  std::vector<double> getReals(int64_t count);

  std::string getName() { return "%v" + std::to_string(count++); }
  std::string emitConstant(llvm::ArrayRef<int64_t> shape,
                           llvm::ArrayRef<double> values);
  std::string emitFilled(llvm::ArrayRef<int64_t> shape,
                         const std::string &value = "%zero");
  std::string emitGeneric(llvm::ArrayRef<int64_t> shape,
                          llvm::ArrayRef<std::string> operands,
                          llvm::ArrayRef<std::string> types,
                          llvm::ArrayRef<std::string> maps,
                          const std::string &body);
  Tensor emitUnary(const Tensor &x, const std::string &body, double range,
                   double error);
  Tensor emitBinary(const Tensor &x, const Tensor &y, const std::string &op,
                    double range, double error);

  /// One value per row of a matrix: `op` of its elements and `initial`.
  std::string emitRowReduction(const Tensor &x, const std::string &op,
                               const std::string &initial);
  /// `body` computes %r of the matrix's element %a0 and its row's value %a1.
  std::string emitOverRows(const Tensor &x, const std::string &row,
                           const std::string &body);
  Tensor emitSlice(const Tensor &x, llvm::ArrayRef<int64_t> offsets,
                   llvm::ArrayRef<int64_t> sizes,
                   llvm::ArrayRef<int64_t> strides);

  Tensor convolve(const Tensor &x, int64_t filters);
  Tensor convolveImage(const Tensor &x) { return convolve(x, between(1, 3)); }
  Tensor convolveDepthwise(const Tensor &x);
  Tensor multiplyMatrix(const Tensor &x, int64_t columns);
  Tensor projectMatrix(const Tensor &x) {
    return multiplyMatrix(x, between(2, 6));
  }
  Tensor multiplyBySelf(const Tensor &x);
  Tensor addBias(const Tensor &x);
  Tensor scale(const Tensor &x);
  Tensor cutOff(const Tensor &x);
  Tensor applyFunction(const Tensor &x);
  Tensor applyGelu(const Tensor &x);
  Tensor addBranch(const Tensor &x);
  Tensor addConvolution(const Tensor &x);
  Tensor addProduct(const Tensor &x);
  Tensor gate(const Tensor &x);
  Tensor pool(const Tensor &x);
  Tensor pad(const Tensor &x);
  Tensor slice(const Tensor &x);
  Tensor concatenate(const Tensor &x);
  Tensor transpose(const Tensor &x);
  Tensor flatten(const Tensor &x);
  Tensor unflatten(const Tensor &x);
  Tensor subtractMean(const Tensor &x);
  Tensor normalizeRows(const Tensor &x);
  Tensor softmax(const Tensor &x);
  Tensor step(const Tensor &x);

  std::mt19937_64 engine;
  std::string text;
  int64_t count = 0;
};

} // namespace colonnade::test

#endif // COLONNADE_TEST_INTEGRATION_RANDOMNETWORKS_H
