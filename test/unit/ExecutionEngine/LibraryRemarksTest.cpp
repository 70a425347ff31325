//===- LibraryRemarksTest.cpp - What the library leaves to loops ----------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Contractions that oneDNN does not compute are remarked in the context of the
// module that was compiled, where they are.
//
//===----------------------------------------------------------------------===//

#include "JitFixture.h"
#include "mlir/IR/Remarks.h"
#include "gmock/gmock.h"

using namespace mlir;
using namespace colonnade;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

namespace {

/// Keeps remarks and their locations as text.
class Collector : public remark::detail::MLIRRemarkStreamerBase {
public:
  explicit Collector(std::vector<std::string> &texts) : texts(texts) {}

  void streamOptimizationRemark(const remark::detail::Remark &remark) override {
    std::string &text = texts.emplace_back();
    llvm::raw_string_ostream stream(text);
    remark.print(stream);
    stream << " at " << remark.getLocation();
  }

private:
  std::vector<std::string> &texts;
};

class LibraryRemarksTest : public JitFixture {
protected:
  LibraryRemarksTest() {
    std::string ours = "colonnade";
    remark::RemarkCategories categories{ours, ours, ours, ours, ours};
    EXPECT_TRUE(succeeded(remark::enableOptimizationRemarks(
        context, std::make_unique<Collector>(texts),
        std::make_unique<remark::RemarkEmittingPolicyAll>(), categories)));
  }

  std::vector<std::string> texts;
};

constexpr const char *kDepthwise = R"mlir(
func.func @main(%x: tensor<2x3x5x5xf32>, %w: tensor<3x3x3xf32>) -> tensor<2x3x3x3xf32> {
  %zero = arith.constant dense<0.0> : tensor<2x3x3x3xf32>
  %y = linalg.depthwise_conv_2d_nchw_chw
      ins(%x, %w : tensor<2x3x5x5xf32>, tensor<3x3x3xf32>)
      outs(%zero : tensor<2x3x3x3xf32>) -> tensor<2x3x3x3xf32> loc("conv"("net.onnx":7:3))
  return %y : tensor<2x3x3x3xf32>
})mlir";

constexpr const char *kIntegers = R"mlir(
func.func @main(%x: tensor<2x3xi32>, %w: tensor<3x4xi32>) -> tensor<2x4xi32> {
  %zero = arith.constant dense<0> : tensor<2x4xi32>
  %y = linalg.matmul ins(%x, %w : tensor<2x3xi32>, tensor<3x4xi32>)
                     outs(%zero : tensor<2x4xi32>) -> tensor<2x4xi32>
  return %y : tensor<2x4xi32>
})mlir";

constexpr const char *kProduct = R"mlir(
func.func @main(%x: tensor<2x3xf32>, %w: tensor<3x4xf32>) -> tensor<2x4xf32> {
  %zero = arith.constant dense<0.0> : tensor<2x4xf32>
  %y = linalg.matmul ins(%x, %w : tensor<2x3xf32>, tensor<3x4xf32>)
                     outs(%zero : tensor<2x4xf32>) -> tensor<2x4xf32>
  return %y : tensor<2x4xf32>
})mlir";

TEST_F(LibraryRemarksTest, NameConvolutionsByGroups) {
  ASSERT_TRUE(compile(kDepthwise, JitOptimization::Library));
  EXPECT_THAT(texts,
              ElementsAre(testing::AllOf(
                  HasSubstr("call-library"), HasSubstr("Function=main"),
                  HasSubstr("Loops=2x3x3x3x3x3"), HasSubstr("net.onnx\":7:3"),
                  HasSubstr("neither those of a matrix product nor those of a "
                            "convolution, without groups"))));
}

TEST_F(LibraryRemarksTest, NameOtherTypes) {
  ASSERT_TRUE(compile(kIntegers, JitOptimization::Library));
  EXPECT_THAT(texts, ElementsAre(HasSubstr(
                         "an operand is of i32, and the library is called")));
}

TEST_F(LibraryRemarksTest, AreNotOfWhatTheLibraryComputes) {
  ASSERT_TRUE(compile(kProduct, JitOptimization::Library));
  EXPECT_THAT(texts, IsEmpty());
}

TEST_F(LibraryRemarksTest, AreNotOfProgramsWithoutLibrary) {
  ASSERT_TRUE(compile(kDepthwise));
  EXPECT_THAT(texts, IsEmpty());
}

} // namespace
