//===- PyTorchReference.h - Tensors that PyTorch computed ------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What test/data/gradients/make.py stores of tensors, and how others are
// compared with it.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_TEST_INTEGRATION_PYTORCHREFERENCE_H
#define COLONNADE_TEST_INTEGRATION_PYTORCHREFERENCE_H

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "llvm/Support/JSON.h"
#include <map>
#include <vector>

namespace colonnade::test {

struct DescribedTensor {
  double norm;
  /// Element i * count / samples, rounded down, for each i.
  std::vector<double> samples;
};

/// gradients/<name>.json.
llvm::json::Object readReference(llvm::StringRef name);
std::map<std::string, DescribedTensor>
readTensors(const llvm::json::Object &reference, llvm::StringRef key);

/// Fails the test where a tensor is further than `tolerance` from the
/// reference. Elements are compared beside the root mean square: sums of many
/// terms that cancel have no relative accuracy of their own.
void compareTensors(llvm::ArrayRef<float> tensor,
                    const DescribedTensor &expected, double tolerance,
                    const std::string &name);

/// The elements of an f32 constant.
std::vector<float> getElements(mlir::arith::ConstantOp constant);

} // namespace colonnade::test

#endif // COLONNADE_TEST_INTEGRATION_PYTORCHREFERENCE_H
