//===- SmallTraining.h - A small network in training -----------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Two layers on a few random images: what the tests of training hooks run.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_TEST_UNIT_TRAINING_SMALLTRAINING_H
#define COLONNADE_TEST_UNIT_TRAINING_SMALLTRAINING_H

#include "../Support/RandomCases.h"
#include "Errors.h"
#include "TemporaryDirectory.h"
#include "colonnade/InitAllDialects.h"
#include "colonnade/Training/Passes.h"
#include "colonnade/Training/Trainer.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "gtest/gtest.h"

namespace colonnade {

inline constexpr int64_t kImages = 32, kFeatures = 12, kClasses = 4, kBatch = 8;
inline constexpr int64_t kTotalSteps = 12;
/// Places of the two weight matrices among the parameters.
inline constexpr size_t kMatrices[] = {0, 2};

/// Two layers; the values are replaced by random ones.
inline constexpr const char *kNetwork = R"(
#id = affine_map<(i, j) -> (i, j)>
#column = affine_map<(i, j) -> (j)>
func.func @main(%x: tensor<1x12xf32>) -> tensor<1x4xf32> {
  %w1 = arith.constant dense<1.0> : tensor<12x16xf32>
  %b1 = arith.constant dense<1.0> : tensor<16xf32>
  %w2 = arith.constant dense<1.0> : tensor<16x4xf32>
  %zero = arith.constant 0.0 : f32
  %e1 = tensor.empty() : tensor<1x16xf32>
  %i1 = linalg.fill ins(%zero : f32) outs(%e1 : tensor<1x16xf32>) -> tensor<1x16xf32>
  %p1 = linalg.matmul ins(%x, %w1 : tensor<1x12xf32>, tensor<12x16xf32>)
                      outs(%i1 : tensor<1x16xf32>) -> tensor<1x16xf32>
  %r1 = linalg.generic {indexing_maps = [#id, #column, #id],
                        iterator_types = ["parallel", "parallel"]}
      ins(%p1, %b1 : tensor<1x16xf32>, tensor<16xf32>)
      outs(%e1 : tensor<1x16xf32>) {
  ^bb0(%a: f32, %bias: f32, %out: f32):
    %sum = arith.addf %a, %bias : f32
    %relu = arith.maximumf %sum, %zero : f32
    linalg.yield %relu : f32
  } -> tensor<1x16xf32>
  %e2 = tensor.empty() : tensor<1x4xf32>
  %i2 = linalg.fill ins(%zero : f32) outs(%e2 : tensor<1x4xf32>) -> tensor<1x4xf32>
  %p2 = linalg.matmul ins(%r1, %w2 : tensor<1x16xf32>, tensor<16x4xf32>)
                      outs(%i2 : tensor<1x4xf32>) -> tensor<1x4xf32>
  return %p2 : tensor<1x4xf32>
})";

class SmallTraining : public testing::Test {
protected:
  void SetUp() override {
    RandomCases random(1);
    std::vector<uint8_t> pixels(kImages * kFeatures), classes(kImages);
    for (uint8_t &pixel : pixels)
      pixel = random.getInteger(0, 255);
    for (uint8_t &label : classes)
      label = random.getInteger(0, kClasses - 1);
    llvm::cantFail(
        writeNpy(images, NpyArray::get<uint8_t>(pixels, {kImages, kFeatures})));
    llvm::cantFail(
        writeNpy(labels, NpyArray::get<uint8_t>(classes, {kImages})));
    data = getValue(Dataset::read(images, labels, {}, {kFeatures}, kClasses));
    ASSERT_TRUE(data);
    mlir::DialectRegistry registry;
    registerAllDialects(registry);
    context.appendDialectRegistry(registry);
  }

  /// With random weights, the same each time.
  mlir::OwningOpRef<mlir::ModuleOp> createNetwork() {
    auto module = mlir::parseSourceString<mlir::ModuleOp>(kNetwork, &context);
    mlir::PassManager manager(&context);
    manager.addNestedPass<mlir::func::FuncOp>(createInitializeParameters({7}));
    EXPECT_TRUE(succeeded(manager.run(*module)));
    return module;
  }

  std::unique_ptr<Trainer>
  createTrainer(mlir::ModuleOp module,
                llvm::StringRef step = "learning-rate=0.1") {
    TrainingSettings settings;
    settings.batch = kBatch;
    settings.stepOptions = step.str();
    return llvm::cantFail(Trainer::create(module, settings));
  }

  void step(Trainer &trainer, int64_t count) {
    for (int64_t i = 0; i < count; ++i)
      llvm::cantFail(trainer.runStep(*data));
  }

  TemporaryDirectory directory;
  std::string images = directory.getPath("images.npy");
  std::string labels = directory.getPath("labels.npy");
  std::optional<Dataset> data;
  mlir::MLIRContext context;
};

/// All arrays of two checkpoints, bit for bit.
inline void expectEqual(const NamedArrays &left, const NamedArrays &right) {
  EXPECT_EQ(left.metadata, right.metadata);
  ASSERT_EQ(left.arrays.size(), right.arrays.size());
  for (const auto &[name, array] : left.arrays) {
    auto found = right.arrays.find(name);
    ASSERT_NE(found, right.arrays.end()) << name;
    EXPECT_EQ(array.bytes, found->second.bytes) << name;
  }
}

} // namespace colonnade

#endif // COLONNADE_TEST_UNIT_TRAINING_SMALLTRAINING_H
