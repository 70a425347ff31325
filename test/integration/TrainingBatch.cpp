//===- TrainingBatch.cpp - A batch is its inputs one by one ---------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Whole networks with another batch give, bit for bit, what they gave for each
// input alone.
//
//===----------------------------------------------------------------------===//

#include "ShippedNetworks.h"
#include "colonnade/ExecutionEngine/JitFunction.h"
#include "colonnade/InitAllDialects.h"
#include "colonnade/Training/Passes.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Pass/PassManager.h"
#include "gtest/gtest.h"
#include <random>

using namespace mlir;
using namespace colonnade;

static constexpr int64_t kBatch = 3;

/// The network `name` as a function of `batch` inputs.
static std::unique_ptr<JitFunction>
compile(MLIRContext &context, llvm::StringRef name, int64_t batch) {
  OwningOpRef<ModuleOp> module = test::parseNetwork(context, name);
  PassManager manager(&context);
  manager.addNestedPass<func::FuncOp>(createSetBatch({batch}));
  if (failed(manager.run(*module))) {
    ADD_FAILURE() << "the batch cannot be set";
    return nullptr;
  }
  return llvm::cantFail(JitFunction::compile(*module, "main"));
}

class TrainingBatch : public testing::TestWithParam<const char *> {};

TEST_P(TrainingBatch, IsItsInputsOneByOne) {
  DialectRegistry registry;
  registerAllDialects(registry);
  MLIRContext context(registry);
  auto single = compile(context, GetParam(), 1);
  auto batched = compile(context, GetParam(), kBatch);
  ASSERT_TRUE(single && batched);
  int64_t inputElements = single->getInputs()[0].getNumElements();
  int64_t outputElements = single->getOutputs()[0].getNumElements();
  ASSERT_EQ(batched->getInputs()[0].getNumElements(), kBatch * inputElements);

  std::mt19937 random(1);
  std::normal_distribution<float> normal;
  std::vector<float> inputs(kBatch * inputElements);
  for (float &value : inputs)
    value = normal(random);
  std::vector<float> together(kBatch * outputElements), alone(together.size());
  llvm::cantFail(batched->run({inputs.data()}, {together.data()}));
  for (int64_t i = 0; i < kBatch; ++i)
    llvm::cantFail(single->run({inputs.data() + i * inputElements},
                               {alone.data() + i * outputElements}));
  EXPECT_EQ(together, alone);
}

INSTANTIATE_TEST_SUITE_P(ShippedNetworks, TrainingBatch,
                         testing::Values("lenet5-fashion",
                                         "resnet8-fashion.onnx",
                                         "resnet20-cifar10.onnx",
                                         "vit-fashion.onnx"),
                         [](const auto &info) {
                           std::string name = info.param;
                           for (char &c : name)
                             c = llvm::isAlnum(c) ? c : '_';
                           return name;
                         });
