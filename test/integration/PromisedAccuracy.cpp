//===- PromisedAccuracy.cpp - What promises cost ----------------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Combining columns without conflicts changes nothing at all; term quantization
// at group 8, budget 16 and three data terms costs at most a point of accuracy
// without retraining. Both on whole networks, on the simulated machine. The
// numbers of images are ratchets: a better one replaces them.
//
//===----------------------------------------------------------------------===//

#include "ShippedNetworks.h"
#include "colonnade/InitAllDialects.h"
#include "gtest/gtest.h"

using namespace mlir;
using namespace colonnade;
using namespace colonnade::test;

namespace {

struct Model {
  const char *name;
  PixelNormalization normalization;
  /// Of 1,000 images, classified correctly with term promises.
  int64_t termsCorrect;
};

class PromisedAccuracy : public testing::TestWithParam<Model> {
protected:
  PromisedAccuracy()
      : images(readImages()),
        labels(llvm::cantFail(readNpy(getDataPath("labels.npy")))) {
    registerAllDialects(registry);
  }

  /// Logits of all images, compiled with the options that `set` makes.
  std::vector<int32_t> run(function_ref<void(CompileOptions &)> set) {
    MLIRContext context(registry);
    auto module = parseNetwork(context, GetParam().name);
    CompileOptions options;
    setCommonOptions(options, "edge-32x32", GetParam().normalization);
    set(options);
    PassManager manager(&context);
    buildCompilePipeline(manager, options);
    if (failed(manager.run(*module)))
      return {};
    auto simulator =
        llvm::cantFail(sim::Simulator::create(exportOnlyProgram(*module)));
    std::vector<int32_t> logits;
    for (int64_t image = 0; image < images.getCount(); ++image)
      llvm::append_range(logits, simulateImage(*simulator, images, image,
                                               GetParam().normalization));
    return logits;
  }

  int64_t countCorrect(ArrayRef<int32_t> logits) {
    ArrayRef<uint8_t> classes = llvm::cantFail(labels.getValues<uint8_t>());
    int64_t correct = 0;
    for (int64_t image = 0; image < images.getCount(); ++image) {
      ArrayRef<int32_t> row = logits.slice(image * kClasses, kClasses);
      correct += std::max_element(row.begin(), row.end()) - row.begin() ==
                 classes[image];
    }
    return correct;
  }

  DialectRegistry registry;
  ImageSet images;
  NpyArray labels;
};

TEST_P(PromisedAccuracy, CombiningWithoutConflictsChangesNoLogit) {
  std::vector<int32_t> plain = run([](CompileOptions &) {});
  ASSERT_FALSE(plain.empty());
  EXPECT_EQ(plain, run([](CompileOptions &options) { options.fanIn = 8; }));
}

TEST_P(PromisedAccuracy, TermsCostAtMostAPoint) {
  std::vector<int32_t> plain = run([](CompileOptions &) {});
  std::vector<int32_t> terms = run([](CompileOptions &options) {
    options.group = 8;
    options.budget = 16;
    options.dataTerms = 3;
  });
  ASSERT_FALSE(plain.empty());
  ASSERT_FALSE(terms.empty());
  EXPECT_GE(countCorrect(terms), countCorrect(plain) - 10);
  EXPECT_EQ(countCorrect(terms), GetParam().termsCorrect);
}

INSTANTIATE_TEST_SUITE_P(
    Models, PromisedAccuracy,
    testing::Values(Model{"lenet5-fashion", {0.1307, 0.3081}, 913},
                    Model{"lenet5-fashion-pruned85", {0.1307, 0.3081}, 909},
                    Model{"resnet8-fashion", {0.286, 0.353}, 927},
                    Model{"resnet8-fashion-pruned80", {0.286, 0.353}, 937}),
    [](const auto &info) {
      std::string name = info.param.name;
      llvm::replace(name, '-', '_');
      return name;
    });

} // namespace
