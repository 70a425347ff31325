//===- ReversibleProgram.h - Random couplings, compiled ---------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A block of couplings with random regions, as two programs, its forward and
// its inverse form. Run block by block with other weights each time, they are a
// network of any depth, whose inverse the tests compare with what it was given.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_TEST_INTEGRATION_REVERSIBLEPROGRAM_H
#define COLONNADE_TEST_INTEGRATION_REVERSIBLEPROGRAM_H

#include "../unit/Support/RandomCases.h"
#include "colonnade/ExecutionEngine/JitFunction.h"
#include "llvm/ADT/SmallVector.h"
#include <string>

namespace colonnade {

/// What the operands of products inside the regions are rounded to: a named
/// format of blocks, bf16 or fp32.
struct RegionFormat {
  std::string name = "fp32";
  /// For blocks: a rounding with its parameters, as in `rounding = <...>`.
  std::string rounding = "nearest";
  /// Whether the mantissa bits are known at run time only.
  bool isDynamic = true;
};

/// The couplings of one block.
class ReversibleProgram {
public:
  enum class Stream { F32, Bf16, Fixed };

  struct Settings {
    Stream stream = Stream::Fixed;
    int64_t fraction = 16;
    bool isAffine = false;
    /// What regions of float streams are bounded by.
    double gain = 0.25;
    /// The machine has softmax as the nests that it is made of only.
    bool hasSoftmax = true;
    RegionFormat format;
  };

  /// Draws shapes and regions: products or convolutions by weights, and
  /// elementwise functions, normalizations and sums between them.
  ReversibleProgram(RandomCases &random, const Settings &settings);

  int64_t getNumElements() const;
  /// Floats per block.
  int64_t getNumWeights() const { return numWeights; }

  /// `main(x1, x2, weights, mantissa bits, counter)` returns both streams: of
  /// the stream's type, a vector of f32, and i32 and i64 of rank 0.
  std::string print(bool inverse) const;
  llvm::Expected<std::unique_ptr<JitFunction>> compile(bool inverse) const;

private:
  struct Region {
    std::string code;
    std::string result;
  };

  std::string getType(llvm::StringRef element) const;
  std::string fresh() { return "%v" + std::to_string(nextValue++); }
  /// Part of the vector of weights, as a tensor of that shape.
  std::string takeWeights(Region &region, llvm::ArrayRef<int64_t> shape);
  void round(Region &region, std::string &value, std::string &type,
             int64_t axis, bool keepsPromise);
  void addElementwise(Region &region, llvm::StringRef body);
  void addProduct(Region &region);
  void addMatmul(Region &region);
  void addConvolution(Region &region);
  void addBatchNorm(Region &region);
  void addSoftmax(Region &region);
  void addRandomOp(Region &region);
  Region makeRegion();
  std::string makeCoupling(llvm::StringRef keyword, llvm::StringRef first,
                           llvm::StringRef second) const;

  Settings settings;
  RandomCases &random;
  llvm::SmallVector<int64_t> shape;
  int64_t numWeights = 0;
  int64_t nextValue = 0;
  /// Of f, and of g if there is one; each coupling has its own.
  std::vector<std::vector<Region>> couplings;
};

} // namespace colonnade

#endif // COLONNADE_TEST_INTEGRATION_REVERSIBLEPROGRAM_H
