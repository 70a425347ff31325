//===- PyTorchReference.cpp - Tensors that PyTorch computed ---------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See the header.
//
//===----------------------------------------------------------------------===//

#include "PyTorchReference.h"
#include "TestData.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "llvm/Support/MemoryBuffer.h"
#include "gtest/gtest.h"
#include <cmath>
#include <numeric>

using namespace mlir;
using namespace colonnade;

llvm::json::Object test::readReference(StringRef name) {
  auto buffer =
      llvm::cantFail(llvm::errorOrToExpected(llvm::MemoryBuffer::getFile(
          getDataPath(("gradients/" + name + ".json").str()))));
  llvm::json::Value value =
      llvm::cantFail(llvm::json::parse(buffer->getBuffer()));
  return std::move(*value.getAsObject());
}

std::map<std::string, test::DescribedTensor>
test::readTensors(const llvm::json::Object &reference, StringRef key) {
  std::map<std::string, DescribedTensor> tensors;
  for (const llvm::json::Value &entry : *reference.getArray(key)) {
    const llvm::json::Object &tensor = *entry.getAsObject();
    DescribedTensor described{*tensor.getNumber("norm"), {}};
    for (const llvm::json::Value &sample : *tensor.getArray("samples"))
      described.samples.push_back(*sample.getAsNumber());
    tensors[tensor.getString("name")->str()] = described;
  }
  return tensors;
}

static double getNorm(ArrayRef<float> values) {
  return std::sqrt(std::accumulate(
      values.begin(), values.end(), 0.0,
      [](double sum, float value) { return sum + double(value) * value; }));
}

void test::compareTensors(ArrayRef<float> tensor,
                          const DescribedTensor &expected, double tolerance,
                          const std::string &name) {
  EXPECT_LE(std::abs(getNorm(tensor) - expected.norm),
            tolerance * expected.norm)
      << name;
  double scale = expected.norm / std::sqrt(double(tensor.size()));
  size_t count = expected.samples.size();
  for (size_t i = 0; i < count; ++i)
    EXPECT_LE(std::abs(tensor[i * tensor.size() / count] - expected.samples[i]),
              tolerance * std::max(scale, std::abs(expected.samples[i])))
        << name << ", sample " << i;
}

std::vector<float> test::getElements(arith::ConstantOp constant) {
  auto type = cast<RankedTensorType>(constant.getType());
  auto elements = dyn_cast<DenseElementsAttr>(constant.getValue());
  if (!elements)
    elements = DenseElementsAttr::getFromRawBuffer(
        type, cast<DenseResourceElementsAttr>(constant.getValue())
                  .getRawHandle()
                  .getBlob()
                  ->getData());
  auto values = elements.getValues<float>();
  return {values.begin(), values.end()};
}
