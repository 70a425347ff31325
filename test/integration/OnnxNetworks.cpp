//===- OnnxNetworks.cpp - The shipped ONNX files against their logits ----===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Trained networks as PyTorch exported them, through import and JIT: the logits
// of all test images are those that PyTorch computed.
//
//===----------------------------------------------------------------------===//

#include "TestData.h"
#include "colonnade/ExecutionEngine/JitFunction.h"
#include "colonnade/Target/ImportOnnx.h"
#include "mlir/IR/MLIRContext.h"
#include "gtest/gtest.h"

using namespace mlir;
using namespace colonnade;

namespace {

constexpr float kTolerance = 1e-4f;
constexpr int64_t kImageSize = 28;
constexpr int64_t kPatchSide = 4;

constexpr PixelNormalization kLeNet = {0.1307, 0.3081};
constexpr PixelNormalization kOthers = {0.286, 0.353};

struct Network {
  const char *name;
  PixelNormalization normalization;
  bool takesPatches = false;
};

void PrintTo(const Network &network, std::ostream *stream) {
  *stream << network.name;
}

std::unique_ptr<JitFunction> importAndCompile(llvm::StringRef name) {
  MLIRContext context;
  OwningOpRef<ModuleOp> module =
      importOnnx(test::getDataPath("models/" + name + ".onnx"), &context);
  if (!module) {
    ADD_FAILURE() << name.str() << " does not import";
    return nullptr;
  }
  auto jit = JitFunction::compile(*module, "main");
  if (jit)
    return std::move(*jit);
  ADD_FAILURE() << llvm::toString(jit.takeError());
  return nullptr;
}

std::vector<float> getInput(const Network &network, const ImageSet &images,
                            int64_t index) {
  std::vector<float> pixels(images.getImageElements());
  images.getInput(index, network.normalization, pixels);
  return network.takesPatches ? test::cutPatches(pixels, kImageSize, kPatchSide)
                              : pixels;
}

class OnnxNetworks : public testing::TestWithParam<Network> {};

TEST_P(OnnxNetworks, LogitsArePyTorchs) {
  const Network &network = GetParam();
  std::unique_ptr<JitFunction> jit = importAndCompile(network.name);
  ASSERT_TRUE(jit);
  ImageSet images = test::readImages();
  NpyArray reference = llvm::cantFail(readNpy(test::getDataPath(
      "logits/" + llvm::Twine(network.name) + ".logits.npy")));
  auto expected = llvm::cantFail(reference.getValues<float>());
  float largest = 0;
  for (int64_t index = 0; index < images.getCount(); ++index) {
    std::vector<float> input = getInput(network, images, index);
    ASSERT_EQ(static_cast<int64_t>(input.size()),
              jit->getInputs()[0].getNumElements());
    float logits[test::kClasses];
    llvm::cantFail(jit->run({input.data()}, {logits}));
    for (int64_t label = 0; label < test::kClasses; ++label)
      largest =
          std::max(largest, std::abs(logits[label] -
                                     expected[index * test::kClasses + label]));
  }
  EXPECT_LE(largest, kTolerance);
}

INSTANTIATE_TEST_SUITE_P(
    FashionMnist, OnnxNetworks,
    testing::Values(Network{"lenet5-fashion", kLeNet},
                    Network{"lenet5-fashion-pruned85", kLeNet},
                    Network{"resnet8-fashion", kOthers},
                    Network{"resnet8-fashion-pruned80", kOthers},
                    Network{"vit-fashion", kOthers, true}),
    [](const auto &info) {
      std::string name = info.param.name;
      llvm::replace(name, '-', '_');
      return name;
    });

/// No reference logits are shipped: its batch normalizations, strided slices
/// and channel padding are there to be run at all.
TEST(OnnxNetworks, ResNet20GivesFiniteLogits) {
  std::unique_ptr<JitFunction> jit = importAndCompile("resnet20-cifar10");
  ASSERT_TRUE(jit);
  std::vector<float> image(jit->getInputs()[0].getNumElements(), 0.5f);
  float logits[test::kClasses];
  llvm::cantFail(jit->run({image.data()}, {logits}));
  for (float logit : logits)
    EXPECT_TRUE(std::isfinite(logit));
}

} // namespace
