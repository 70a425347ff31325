//===- LibraryTest.cpp - The fast runner against the exact one -----------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Programs compiled for the library compute what the exact runner does, up to
// the order of sums: generated products and convolutions with their gradients,
// which must run in the library, and loops that all cores share.
//
//===----------------------------------------------------------------------===//

#include "JitFixture.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"
#include <map>

using namespace mlir;
using namespace colonnade;

namespace {

using Shape = std::vector<int64_t>;

std::string print(const Shape &shape) {
  std::string text = "tensor<";
  for (int64_t extent : shape)
    text += std::to_string(extent) + "x";
  return text + "f32>";
}

/// The results of both runners on the same numbers.
class LibraryTest : public JitFixture {
protected:
  std::vector<std::vector<float>> run(const JitFunction &function) {
    Generator generator(7);
    std::vector<std::vector<float>> inputs, outputs;
    for (const JitFunction::Buffer &buffer : function.getInputs())
      inputs.push_back(generator.values<float>(buffer.getNumElements()));
    for (const JitFunction::Buffer &buffer : function.getOutputs())
      outputs.emplace_back(buffer.getNumElements());
    SmallVector<const void *> inputPointers;
    SmallVector<void *> outputPointers;
    for (std::vector<float> &values : inputs)
      inputPointers.push_back(values.data());
    for (std::vector<float> &values : outputs)
      outputPointers.push_back(values.data());
    llvm::cantFail(function.run(inputPointers, outputPointers));
    return outputs;
  }

  /// Relative to the largest value, as sums cancel.
  void checkAgreement(const std::string &source, size_t libraryOps) {
    auto exact = compile(source);
    auto fast = compile(source, JitOptimization::Library);
    ASSERT_TRUE(exact && fast) << source;
    EXPECT_EQ(fast->getNumLibraryOps(), libraryOps) << source;
    auto expected = run(*exact), actual = run(*fast);
    EXPECT_EQ(actual, run(*fast)) << "not the same bits twice\n" << source;
    for (auto [reference, values] : llvm::zip_equal(expected, actual)) {
      float largest = 0;
      for (float value : reference)
        largest = std::max(largest, std::abs(value));
      for (auto [left, right] : llvm::zip_equal(reference, values))
        ASSERT_NEAR(left, right, 1e-5f * largest) << source;
    }
  }
};

/// target[...] = sum of left[...] * right[...], with these maps and loops.
std::string makeProduct(const Shape &left, const Shape &right,
                        const Shape &target, StringRef loops,
                        std::array<StringRef, 3> maps, unsigned reductions,
                        unsigned numLoops) {
  std::string kinds;
  for (unsigned i = 0; i < numLoops; ++i)
    kinds += (i == 0 ? "\"" : ", \"") +
             std::string(i + reductions < numLoops ? "parallel" : "reduction") +
             "\"";
  return llvm::formatv(R"mlir(
func.func @main(%x: {0}, %y: {1}) -> {2} {{
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty() : {2}
  %init = linalg.fill ins(%zero : f32) outs(%empty : {2}) -> {2}
  %sum = linalg.generic {{
    indexing_maps = [affine_map<({3}) -> ({4})>, affine_map<({3}) -> ({5})>,
                     affine_map<({3}) -> ({6})>], iterator_types = [{7}]}
    ins(%x, %y : {0}, {1}) outs(%init : {2}) {{
  ^bb0(%a: f32, %b: f32, %acc: f32):
    %p = arith.mulf %a, %b : f32
    %s = arith.addf %acc, %p : f32
    linalg.yield %s : f32
  } -> {2}
  return %sum : {2}
})mlir",
                       print(left), print(right), print(target), loops, maps[0],
                       maps[1], maps[2], kinds)
      .str();
}

TEST_F(LibraryTest, MultipliesMatricesInAnyOrientation) {
  Generator generator(1);
  for (int i = 0; i < 24; ++i) {
    int64_t b = generator.between(1, 3), m = generator.between(2, 40),
            n = generator.between(2, 40), k = generator.between(2, 70);
    bool transposeX = i & 1, transposeY = i & 2, transposeResult = i & 4;
    checkAgreement(
        makeProduct(transposeX ? Shape{b, k, m} : Shape{b, m, k},
                    transposeY ? Shape{b, n, k} : Shape{b, k, n},
                    transposeResult ? Shape{b, n, m} : Shape{b, m, n},
                    "b, m, n, k",
                    {transposeX ? "b, k, m" : "b, m, k",
                     transposeY ? "b, n, k" : "b, k, n",
                     transposeResult ? "b, n, m" : "b, m, n"},
                    1, 4),
        1);
  }
}

/// Products with several loops of a kind; what the result lacks is summed up.
struct ManyLoops {
  const char *what;
  std::array<StringRef, 3> maps;
  size_t libraryOps;
};

static const ManyLoops kManyLoops[] = {
    {"rows that lie as one", {"a, m, k", "k, n", "a, m, n"}, 1},
    {"rows that do not are a batch", {"m, a, k", "k, n", "a, m, n"}, 1},
    {"columns that do not are a batch", {"m, k", "a, k, n", "m, a, n"}, 1},
    {"a sum over what lies as one", {"m, k, l", "k, l, n", "m, n"}, 1},
    {"a sum over what does not", {"m, k, l", "l, k, n", "m, n"}, 0},
    {"heads of attention", {"a, m, b, k", "a, n, b, k", "a, b, m, n"}, 1},
    {"heads joined", {"a, m, b, k", "b, k, n", "a, m, n"}, 1},
    {"heads' gradient", {"a, m, b, k", "a, m, n", "b, k, n"}, 1},
    {"three batches", {"a, b, c, m, k", "c, b, a, k, n", "b, a, c, m, n"}, 0},
    {"no matrix", {"a, k", "a, k", "a"}, 0},
};

TEST_F(LibraryTest, JoinsLoopsThatLieAsOne) {
  Generator generator(11);
  for (const ManyLoops &product : kManyLoops) {
    SCOPED_TRACE(product.what);
    std::map<char, int64_t> extents;
    std::array<Shape, 3> shapes;
    for (auto [map, shape] : llvm::zip_equal(product.maps, shapes))
      for (char loop : map)
        if (llvm::isAlpha(loop))
          shape.push_back(
              extents.try_emplace(loop, generator.between(2, 9)).first->second);
    // The loops of the result are parallel, and come first.
    std::string loops, sums;
    for (auto [loop, extent] : extents) {
      bool isSum = !product.maps[2].contains(loop);
      std::string &list = isSum ? sums : loops;
      list += std::string(list.empty() ? "" : ", ") + loop;
    }
    unsigned reductions = llvm::count_if(sums, llvm::isAlpha);
    checkAgreement(makeProduct(shapes[0], shapes[1], shapes[2],
                               loops + ", " + sums, product.maps, reductions,
                               extents.size()),
                   product.libraryOps);
  }
}

TEST_F(LibraryTest, ComputesWhatAProductReadsOnce) {
  std::string product =
      makeProduct({9, 20}, {20, 7}, {9, 7}, "m, n, k", {"m, k", "k, n", "m, n"},
                  /*reductions=*/1, /*numLoops=*/3);
  StringRef before = "%zero = ";
  size_t at = product.find(before);
  product.insert(at, R"mlir(%e = tensor.empty() : tensor<9x20xf32>
  %f = linalg.generic {
    indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>,
                     affine_map<(d0, d1) -> (d0, d1)>],
    iterator_types = ["parallel", "parallel"]}
    ins(%x : tensor<9x20xf32>) outs(%e : tensor<9x20xf32>) {
  ^bb0(%a: f32, %o: f32):
    %t = math.erf %a : f32
    linalg.yield %t : f32
  } -> tensor<9x20xf32>
  )mlir");
  size_t operand = product.find("ins(%x, %y");
  product.replace(operand, 10, "ins(%f, %y");
  checkAgreement(product, 1);
}

struct Convolution {
  int64_t images, channels, filters, kernel, stride, dilation, out;

  explicit Convolution(Generator &generator)
      : images(generator.between(2, 4)), channels(generator.between(2, 9)),
        filters(generator.between(2, 20)), kernel(generator.between(2, 3)),
        stride(generator.between(1, 3)), dilation(generator.between(1, 2)),
        out(generator.between(4, 9)) {}

  /// Up to stride - 1 rows and columns that no window reads.
  int64_t getExtent(int64_t rest) const {
    return (out - 1) * stride + (kernel - 1) * dilation + 1 + rest;
  }
  std::string getWindows() const {
    return llvm::formatv("y * {0} + i * {1}, x * {0} + j * {1}", stride,
                         dilation);
  }
};

TEST_F(LibraryTest, Convolves) {
  Generator generator(2);
  for (int i = 0; i < 10; ++i) {
    Convolution c(generator);
    int64_t extent = c.getExtent(generator.between(0, c.stride - 1));
    std::string image = "n, c, " + c.getWindows();
    // The gradient by an image has the filters transposed.
    bool transposed = i & 1;
    checkAgreement(
        makeProduct(
            {c.images, c.channels, extent, extent},
            transposed ? Shape{c.channels, c.filters, c.kernel, c.kernel}
                       : Shape{c.filters, c.channels, c.kernel, c.kernel},
            {c.images, c.filters, c.out, c.out}, "n, f, y, x, c, i, j",
            {image, transposed ? "c, f, i, j" : "f, c, i, j", "n, f, y, x"}, 3,
            7),
        1);
  }
}

TEST_F(LibraryTest, FindsGradientsByFilters) {
  Generator generator(3);
  for (int i = 0; i < 10; ++i) {
    Convolution c(generator);
    int64_t extent = c.getExtent(generator.between(0, c.stride - 1));
    std::string image = "n, c, " + c.getWindows();
    checkAgreement(makeProduct({c.images, c.channels, extent, extent},
                               {c.images, c.filters, c.out, c.out},
                               {c.filters, c.channels, c.kernel, c.kernel},
                               "f, c, i, j, n, y, x",
                               {image, "n, f, y, x", "f, c, i, j"}, 3, 7),
                   1);
  }
}

/// The gradient of a convolution by its images, as differentiation writes it:
/// filters read backward over a cotangent that is spread by the stride within
/// zeros, and a slice of the result that leaves out what was padding.
std::string makeImageGradient(const Convolution &c, int64_t padding) {
  int64_t reach = (c.kernel - 1) * c.dilation;
  int64_t padded = (c.out - 1) * c.stride + reach + 1;
  int64_t spread = padded + reach, extent = padded - 2 * padding;
  Shape cotangent = {c.images, c.filters, c.out, c.out},
        filters = {c.filters, c.channels, c.kernel, c.kernel},
        whole = {c.images, c.filters, spread, spread},
        gradient = {c.images, c.channels, padded, padded},
        result = {c.images, c.channels, extent, extent};
  std::string source = llvm::formatv(
      R"mlir(
#turned = affine_map<(f, c, i, j) -> (f, c, {0} - i, {0} - j)>
#same = affine_map<(f, c, i, j) -> (f, c, i, j)>
func.func @main(%y: {1}, %w: {2}) -> {5} {{
  %zero = arith.constant 0.0 : f32
  %filters = tensor.empty() : {2}
  %turned = linalg.generic {{indexing_maps = [#turned, #same],
    iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
    ins(%w : {2}) outs(%filters : {2}) {{
  ^bb0(%a: f32, %o: f32):
    linalg.yield %a : f32
  } -> {2}
  %whole = tensor.empty() : {3}
  %zeros = linalg.fill ins(%zero : f32) outs(%whole : {3}) -> {3}
  %empty = tensor.empty() : {4}
  %init = linalg.fill ins(%zero : f32) outs(%empty : {4}) -> {4}
)mlir",
      c.kernel - 1, print(cotangent), print(filters), print(whole),
      print(gradient), print(result));
  source += llvm::formatv(
      R"mlir(
  %spread = tensor.insert_slice %y into %zeros[0, 0, {0}, {0}]
    [{1}, {2}, {3}, {3}] [1, 1, {4}, {4}] : {5} into {6}
  %sum = linalg.generic {{indexing_maps = [
      affine_map<(n, c, y, x, f, i, j) -> (f, c, i, j)>,
      affine_map<(n, c, y, x, f, i, j) -> (n, f, y + i * {7}, x + j * {7})>,
      affine_map<(n, c, y, x, f, i, j) -> (n, c, y, x)>],
    iterator_types = ["parallel", "parallel", "parallel", "parallel",
                      "reduction", "reduction", "reduction"]}
)mlir",
      reach, c.images, c.filters, c.out, c.stride, print(cotangent),
      print(whole), c.dilation);
  return source + llvm::formatv(R"mlir(
    ins(%turned, %spread : {0}, {1}) outs(%init : {2}) {{
  ^bb0(%a: f32, %b: f32, %acc: f32):
    %p = arith.mulf %b, %a : f32
    %s = arith.addf %acc, %p : f32
    linalg.yield %s : f32
  } -> {2}
  %part = tensor.extract_slice %sum[0, 0, {3}, {3}] [{4}, {5}, {6}, {6}]
    [1, 1, 1, 1] : {2} to {7}
  return %part : {7}
})mlir",
                                print(filters), print(whole), print(gradient),
                                padding, c.images, c.channels, extent,
                                print(result))
                      .str();
}

TEST_F(LibraryTest, FindsGradientsByImages) {
  Generator generator(5);
  for (int i = 0; i < 10; ++i) {
    Convolution c(generator);
    checkAgreement(makeImageGradient(c, i % 3), 1);
  }
}

/// Without taps to turn, only the spreading by the stride tells it.
TEST_F(LibraryTest, FindsGradientsByImagesOfPointwiseConvolutions) {
  Generator generator(6);
  for (int i = 0; i < 4; ++i) {
    Convolution c(generator);
    c.kernel = 1;
    checkAgreement(makeImageGradient(c, 0), 1);
  }
}

TEST_F(LibraryTest, PadsAndConvolves) {
  checkAgreement(R"mlir(
func.func @main(%x: tensor<4x8x12x12xf32>, %w: tensor<8x8x3x3xf32>)
    -> tensor<4x8x6x6xf32> {
  %zero = arith.constant 0.0 : f32
  %padded = tensor.pad %x low[0, 0, 1, 1] high[0, 0, 1, 1] {
  ^bb0(%n: index, %c: index, %y: index, %z: index):
    tensor.yield %zero : f32
  } : tensor<4x8x12x12xf32> to tensor<4x8x14x14xf32>
  %empty = tensor.empty() : tensor<4x8x6x6xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<4x8x6x6xf32>)
    -> tensor<4x8x6x6xf32>
  %y = linalg.conv_2d_nchw_fchw {strides = dense<2> : tensor<2xi64>}
    ins(%padded, %w : tensor<4x8x14x14xf32>, tensor<8x8x3x3xf32>)
    outs(%init : tensor<4x8x6x6xf32>) -> tensor<4x8x6x6xf32>
  return %y : tensor<4x8x6x6xf32>
})mlir",
                 1);
}

/// Biases, a slice, a maximum and sums by channel, of a size that is shared
/// among cores: nothing of it is the library's.
std::string makeElementwise(int64_t images, int64_t channels, int64_t extent) {
  return llvm::formatv(R"mlir(
#all = affine_map<(n, c, y, x) -> (n, c, y, x)>
#channel = affine_map<(n, c, y, x) -> (c)>
func.func @main(%x: {0}, %bias: tensor<{1}xf32>)
    -> ({2}, tensor<{1}xf32>) {{
  %zero = arith.constant 0.0 : f32
  %part = tensor.extract_slice %x[0, 0, 1, 1] [{3}, {1}, {4}, {4}] [1, 1, 1, 1]
    : {0} to {2}
  %empty = tensor.empty() : {2}
  %y = linalg.generic {{indexing_maps = [#all, #channel, #all],
    iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
    ins(%part, %bias : {2}, tensor<{1}xf32>) outs(%empty : {2}) {{
  ^bb0(%a: f32, %b: f32, %o: f32):
    %s = arith.addf %a, %b : f32
    %r = arith.maximumf %s, %zero : f32
    linalg.yield %r : f32
  } -> {2}
  %sums = tensor.empty() : tensor<{1}xf32>
  %init = linalg.fill ins(%zero : f32) outs(%sums : tensor<{1}xf32>)
    -> tensor<{1}xf32>
  %sum = linalg.generic {{indexing_maps = [#all, #channel],
    iterator_types = ["reduction", "parallel", "reduction", "reduction"]}
    ins(%y : {2}) outs(%init : tensor<{1}xf32>) {{
  ^bb0(%a: f32, %o: f32):
    %s = arith.addf %o, %a : f32
    linalg.yield %s : f32
  } -> tensor<{1}xf32>
  return %y, %sum : {2}, tensor<{1}xf32>
})mlir",
                       print({images, channels, extent + 2, extent + 2}),
                       channels, print({images, channels, extent, extent}),
                       images, extent)
      .str();
}

TEST_F(LibraryTest, SharesLoopsAmongCores) {
  Generator generator(4);
  for (int i = 0; i < 6; ++i)
    checkAgreement(makeElementwise(generator.between(2, 9),
                                   generator.between(1, 9),
                                   generator.between(3, 70)),
                   0);
}

/// Named ops whose loops collapse: their attributes name dimensions.
TEST_F(LibraryTest, CollapsesNamedMovements) {
  checkAgreement(R"mlir(
func.func @main(%x: tensor<6x4x5x3xf32>) -> (tensor<4x5x3x6xf32>, tensor<2x6x4x5x3xf32>, tensor<6xf32>) {
  %zero = arith.constant 0.0 : f32
  %turned = tensor.empty() : tensor<4x5x3x6xf32>
  %t = linalg.transpose ins(%x : tensor<6x4x5x3xf32>)
    outs(%turned : tensor<4x5x3x6xf32>) permutation = [1, 2, 3, 0]
  %more = tensor.empty() : tensor<2x6x4x5x3xf32>
  %b = linalg.broadcast ins(%x : tensor<6x4x5x3xf32>)
    outs(%more : tensor<2x6x4x5x3xf32>) dimensions = [0]
  %few = tensor.empty() : tensor<6xf32>
  %init = linalg.fill ins(%zero : f32) outs(%few : tensor<6xf32>) -> tensor<6xf32>
  %r = linalg.reduce { arith.addf } ins(%x : tensor<6x4x5x3xf32>)
    outs(%init : tensor<6xf32>) dimensions = [1, 2, 3]
  return %t, %b, %r : tensor<4x5x3x6xf32>, tensor<2x6x4x5x3xf32>, tensor<6xf32>
})mlir",
                 0);
}

TEST_F(LibraryTest, ExactRunnersCallNoLibrary) {
  auto function =
      compile(makeProduct({1, 4, 5}, {1, 5, 6}, {1, 4, 6}, "b, m, n, k",
                          {"b, m, k", "b, k, n", "b, m, n"}, 1, 4));
  ASSERT_TRUE(function);
  EXPECT_EQ(function->getNumLibraryOps(), 0u);
}

} // namespace
