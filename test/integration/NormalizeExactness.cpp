//===- NormalizeExactness.cpp - Normalization keeps the function ---------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Folding constants changes how floats round, unless nothing rounds: on small
// integers and factors that are powers of two, a normalized network must give
// the same bits as the one written.
//
//===----------------------------------------------------------------------===//

#include "colonnade/Dialect/Colonnade/Transforms/Passes.h"
#include "colonnade/ExecutionEngine/JitFunction.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/Support/FormatVariadic.h"
#include "gtest/gtest.h"
#include <random>

using namespace mlir;
using namespace colonnade;

namespace {

class Generator {
public:
  explicit Generator(uint64_t seed) : engine(seed) {}

  int64_t between(int64_t low, int64_t high) {
    return low + int64_t(engine() % uint64_t(high - low + 1));
  }
  /// "dense<[...]>" of small integers, or of powers of two of either sign.
  std::string vector(int64_t count, bool powers) {
    std::string text = "dense<[";
    for (int64_t index = 0; index < count; ++index) {
      double value =
          powers ? std::ldexp(between(0, 1) ? 1 : -1, int(between(-2, 2)))
                 : double(between(-8, 8));
      text += llvm::formatv("{0}{1:F4}", index ? ", " : "", value).str();
    }
    return text + "]>";
  }
  std::vector<float> input(size_t count) {
    std::vector<float> values(count);
    for (float &value : values)
      value = float(between(-16, 16));
    return values;
  }

private:
  std::mt19937_64 engine;
};

/// A convolution onto a broadcast bias, then a chain of batch normalization
/// steps in random order, in one op.
std::string makeNetwork(Generator &generator) {
  int64_t channels = generator.between(1, 3), filters = generator.between(1, 5);
  std::string constants, inputs, types, arguments, maps, body, last = "%a";
  for (int64_t step = 0, steps = generator.between(1, 5); step < steps;
       ++step) {
    const char *names[] = {"addf", "subf", "mulf", "divf"};
    int64_t kind = generator.between(0, 3);
    constants +=
        llvm::formatv("  %c{0} = arith.constant {1} : tensor<{2}xf32>\n", step,
                      generator.vector(filters, kind >= 2), filters);
    inputs += llvm::formatv(", %c{0}", step);
    types += llvm::formatv(", tensor<{0}xf32>", filters);
    arguments += llvm::formatv("%s{0}: f32, ", step);
    maps += "#channel, ";
    body += llvm::formatv("    %r{0} = arith.{1} {2}, %s{0} : f32\n", step,
                          names[kind], last);
    last = llvm::formatv("%r{0}", step).str();
  }
  std::string weights = generator.vector(filters * channels * 9, false);
  return llvm::formatv(
             R"mlir(
#id = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
#channel = affine_map<(d0, d1, d2, d3) -> (d1)>
func.func @main(%x: tensor<1x{0}x7x6xf32>) -> tensor<1x{1}x5x4xf32> {{
{2}  %flat = arith.constant {3} : tensor<{4}xf32>
  %w = tensor.expand_shape %flat [[0, 1, 2, 3]] output_shape [{1}, {0}, 3, 3]
      : tensor<{4}xf32> into tensor<{1}x{0}x3x3xf32>
  %b = arith.constant {5} : tensor<{1}xf32>
  %empty = tensor.empty() : tensor<1x{1}x5x4xf32>
  %init = linalg.broadcast ins(%b : tensor<{1}xf32>)
      outs(%empty : tensor<1x{1}x5x4xf32>) dimensions = [0, 2, 3]
  %y = linalg.conv_2d_nchw_fchw
      ins(%x, %w : tensor<1x{0}x7x6xf32>, tensor<{1}x{0}x3x3xf32>)
      outs(%init : tensor<1x{1}x5x4xf32>) -> tensor<1x{1}x5x4xf32>
  %z = linalg.generic {{indexing_maps = [#id, {6}#id],
      iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%y{7} : tensor<1x{1}x5x4xf32>{8}) outs(%empty : tensor<1x{1}x5x4xf32>) {{
  ^bb0(%a: f32, {9}%o: f32):
{10}    linalg.yield {11} : f32
  } -> tensor<1x{1}x5x4xf32>
  return %z : tensor<1x{1}x5x4xf32>
})mlir",
             channels, filters, constants, weights, filters * channels * 9,
             generator.vector(filters, false), maps, inputs, types, arguments,
             body, last)
      .str();
}

std::vector<float> run(ModuleOp module, ArrayRef<float> input) {
  OwningOpRef<ModuleOp> plain(module.clone());
  PassManager manager(module.getContext());
  manager.addNestedPass<func::FuncOp>(createLowerBatchNorm());
  EXPECT_TRUE(succeeded(manager.run(*plain)));
  auto jit = JitFunction::compile(*plain, "main");
  if (!jit) {
    ADD_FAILURE() << llvm::toString(jit.takeError());
    return {};
  }
  std::vector<float> output((*jit)->getOutputs().front().getNumElements());
  llvm::cantFail((*jit)->run({input.data()}, {output.data()}));
  return output;
}

/// A convolution and its normalization, by deviations that are powers of two.
std::string makeBatchNorm(Generator &generator) {
  int64_t channels = generator.between(1, 3), filters = generator.between(1, 5);
  std::string variances;
  for (int64_t i = 0; i < filters; ++i) {
    double variance = std::ldexp(1.0, 2 * int(generator.between(0, 2))) - 0.25;
    variances += llvm::formatv("{0}{1:F4}", i ? ", " : "", variance).str();
  }
  return llvm::formatv(
             R"mlir(
func.func @main(%x: tensor<1x{0}x7x6xf32>) -> tensor<1x{1}x5x4xf32> {{
  %flat = arith.constant {2} : tensor<{3}xf32>
  %w = tensor.expand_shape %flat [[0, 1, 2, 3]] output_shape [{1}, {0}, 3, 3]
      : tensor<{3}xf32> into tensor<{1}x{0}x3x3xf32>
  %scale = arith.constant {4} : tensor<{1}xf32>
  %offset = arith.constant {5} : tensor<{1}xf32>
  %mean = arith.constant {6} : tensor<{1}xf32>
  %variance = arith.constant dense<[{7}]> : tensor<{1}xf32>
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty() : tensor<1x{1}x5x4xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<1x{1}x5x4xf32>)
      -> tensor<1x{1}x5x4xf32>
  %y = linalg.conv_2d_nchw_fchw
      ins(%x, %w : tensor<1x{0}x7x6xf32>, tensor<{1}x{0}x3x3xf32>)
      outs(%init : tensor<1x{1}x5x4xf32>) -> tensor<1x{1}x5x4xf32>
  %z = colonnade.batch_norm_inference %y scale(%scale) offset(%offset)
      mean(%mean) variance(%variance) axis = 1 epsilon = 0.25 momentum = 0.1
      : tensor<1x{1}x5x4xf32>, tensor<{1}xf32>
  return %z : tensor<1x{1}x5x4xf32>
})mlir",
             channels, filters, generator.vector(filters * channels * 9, false),
             filters * channels * 9, generator.vector(filters, true),
             generator.vector(filters, false), generator.vector(filters, false),
             variances)
      .str();
}

int64_t countElementwise(ModuleOp module) {
  int64_t count = 0;
  module.walk([&](linalg::GenericOp) { ++count; });
  return count;
}

/// Insertions with strides, as of transposed convolutions, into zeros.
std::string makeInsertion(Generator &generator) {
  int64_t rows = generator.between(1, 4), columns = generator.between(1, 4);
  int64_t rowStride = generator.between(1, 3), columnStride = 2;
  int64_t top = generator.between(0, 2), left = generator.between(0, 2);
  int64_t height = top + (rows - 1) * rowStride + 1 + generator.between(0, 3);
  int64_t width =
      left + (columns - 1) * columnStride + 1 + generator.between(0, 3);
  return llvm::formatv(
             R"mlir(
func.func @main(%x: tensor<{0}x{1}xf32>) -> tensor<{2}x{3}xf32> {{
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty() : tensor<{2}x{3}xf32>
  %zeros = linalg.fill ins(%zero : f32) outs(%empty : tensor<{2}x{3}xf32>)
      -> tensor<{2}x{3}xf32>
  %y = tensor.insert_slice %x into %zeros[{4}, {5}] [{0}, {1}] [{6}, {7}]
      : tensor<{0}x{1}xf32> into tensor<{2}x{3}xf32>
  return %y : tensor<{2}x{3}xf32>
})mlir",
             rows, columns, height, width, top, left, rowStride, columnStride)
      .str();
}

/// Normalizes twelve generated networks, which must compute the same bits as
/// before, and hands each to `check`.
void checkNormalized(uint64_t seed,
                     function_ref<std::string(Generator &)> generate,
                     function_ref<void(ModuleOp)> check) {
  MLIRContext context;
  context.loadDialect<ColonnadeDialect, arith::ArithDialect, func::FuncDialect,
                      linalg::LinalgDialect, tensor::TensorDialect>();
  Generator generator(seed);
  for (int round = 0; round < 12; ++round) {
    std::string source = generate(generator);
    SCOPED_TRACE(source);
    auto module = parseSourceString<ModuleOp>(source, &context);
    ASSERT_TRUE(module);
    auto function = module->lookupSymbol<func::FuncOp>("main");
    std::vector<float> input = generator.input(
        cast<ShapedType>(function.getArgumentTypes().front()).getNumElements());
    std::vector<float> expected = run(*module, input);
    PassManager manager(&context);
    manager.addNestedPass<func::FuncOp>(createNormalizeContractions());
    ASSERT_TRUE(succeeded(manager.run(*module)));
    EXPECT_EQ(run(*module, input), expected);
    check(*module);
  }
}

TEST(NormalizeExactness, InsertionsBecomePadding) {
  checkNormalized(8, makeInsertion, [](ModuleOp module) {
    int64_t insertions = 0;
    module.walk([&](tensor::InsertSliceOp) { ++insertions; });
    EXPECT_EQ(insertions, 0);
  });
}

TEST(NormalizeExactness, BatchNormsFoldIntoWeightsAndOneBias) {
  checkNormalized(9, makeBatchNorm, [](ModuleOp module) {
    EXPECT_LE(countElementwise(module), 1);
  });
}

TEST(NormalizeExactness, ChainsFoldIntoWeightsAndOneBias) {
  checkNormalized(7, makeNetwork, [](ModuleOp module) {
    // Nothing but the addition of one bias is left behind the convolution.
    EXPECT_LE(countElementwise(module), 1);
  });
}

} // namespace
