//===- ExpandMathTest.cpp - Math as arithmetic against libm --------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// How far the polynomials are from the functions, over every 256th float, and
// that everybody who evaluates them gets the same bits. The bounds are
// ratchets: a test fails when an error exceeds its bound, and also when the
// bound is twice what is measured.
//
//===----------------------------------------------------------------------===//

#include "ScalarInterpreter.h"
#include "colonnade/Dialect/Colonnade/Transforms/Passes.h"
#include "colonnade/ExecutionEngine/JitFunction.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/ADT/bit.h"
#include "llvm/Support/FormatVariadic.h"
#include "gtest/gtest.h"
#include <cmath>
#include <limits>
#include <random>

using namespace mlir;
using namespace colonnade;

namespace {

constexpr int64_t kBatch = 1 << 16;

/// A function over a batch of f32 scalars with `body` between %x and %y.
class ExpandedFunction {
public:
  explicit ExpandedFunction(StringRef body) {
    context.loadDialect<arith::ArithDialect, func::FuncDialect,
                        linalg::LinalgDialect, math::MathDialect,
                        tensor::TensorDialect>();
    std::string source = llvm::formatv(
        R"mlir(
#id = affine_map<(d0) -> (d0)>
func.func @main(%in: tensor<{0}xf32>) -> tensor<{0}xf32> {{
  %empty = tensor.empty() : tensor<{0}xf32>
  %out = linalg.generic {{indexing_maps = [#id, #id], iterator_types = ["parallel"]}
      ins(%in : tensor<{0}xf32>) outs(%empty : tensor<{0}xf32>) {{
  ^bb0(%x: f32, %o: f32):
    {1}
    linalg.yield %y : f32
  } -> tensor<{0}xf32>
  return %out : tensor<{0}xf32>
})mlir",
        kBatch, body);
    module = parseSourceString<ModuleOp>(source, &context);
    PassManager manager(&context);
    manager.addNestedPass<func::FuncOp>(createExpandMath());
    if (!module || failed(manager.run(*module)))
      llvm::report_fatal_error("cannot expand the test's function");
    jit = llvm::cantFail(JitFunction::compile(*module, "main"));
  }

  std::vector<float> run(const std::vector<float> &inputs) {
    std::vector<float> outputs(kBatch);
    llvm::cantFail(jit->run({inputs.data()}, {outputs.data()}));
    return outputs;
  }

  Block &getBody() {
    linalg::GenericOp generic;
    module->walk([&](linalg::GenericOp op) { generic = op; });
    return *generic.getBody();
  }

private:
  MLIRContext context;
  OwningOpRef<ModuleOp> module;
  std::unique_ptr<JitFunction> jit;
};

/// Calls `visit` with every float whose bits are `offset` modulo 256.
void forEachBatch(uint32_t offset,
                  llvm::function_ref<void(const std::vector<float> &)> visit) {
  std::vector<float> inputs(kBatch);
  for (uint32_t batch = 0; batch < 256; ++batch) {
    for (uint32_t index = 0; index < kBatch; ++index)
      inputs[index] = llvm::bit_cast<float>(
          (batch * uint32_t(kBatch) + index) << 8 | offset);
    visit(inputs);
  }
}

/// Distance in units of the last place of the result; of the smallest normal
/// number's, below it.
double getUlps(float result, double exact) {
  double magnitude =
      std::max<double>(std::fabs(exact), std::numeric_limits<float>::min());
  int exponent;
  std::frexp(magnitude, &exponent);
  return std::fabs(result - exact) / std::ldexp(1.0, exponent - 24);
}

double getAbsolute(float result, double exact) {
  return std::fabs(result - exact);
}

double getRelative(float result, double exact) {
  return std::fabs(result / exact - 1);
}

struct Function {
  const char *name, *body;
  double (*exact)(double);
  double (*getError)(float, double);
  double bound;
  /// Arguments outside of which only the class of the result is compared.
  float low, high;
};

constexpr float kInfinity = std::numeric_limits<float>::infinity();

class ExpandMath : public testing::TestWithParam<Function> {};

TEST_P(ExpandMath, IsAsExactAsDocumented) {
  const Function &function = GetParam();
  ExpandedFunction expanded(function.body);
  double largest = 0;
  float worst = 0;
  forEachBatch(0x55, [&](const std::vector<float> &inputs) {
    std::vector<float> outputs = expanded.run(inputs);
    for (auto [input, output] : llvm::zip_equal(inputs, outputs)) {
      double exact = function.exact(input);
      if (!(input >= function.low && input <= function.high))
        continue;
      ASSERT_EQ(std::isnan(output), std::isnan(exact)) << input;
      if (std::isnan(exact) || output == exact || float(exact) == output)
        continue;
      double error = function.getError(output, exact);
      if (error > largest) {
        largest = error;
        worst = input;
      }
    }
  });
  llvm::outs() << function.name << ": " << largest << " at " << worst << "\n";
  EXPECT_LE(largest, function.bound);
  EXPECT_GE(largest, function.bound / 2);
}

TEST_P(ExpandMath, SpecialValuesAreThoseOfTheFunction) {
  const Function &function = GetParam();
  ExpandedFunction expanded(function.body);
  std::vector<float> inputs(kBatch, 0.0f);
  float specials[] = {0.0f,   -0.0f,   kInfinity, -kInfinity, std::nanf(""),
                      1e-45f, -1e-45f, 3.4e38f,   -3.4e38f};
  std::copy(std::begin(specials), std::end(specials), inputs.begin());
  std::vector<float> outputs = expanded.run(inputs);
  for (auto [input, output] : llvm::zip_first(specials, outputs)) {
    if (!std::isnan(input) &&
        !(input >= function.low && input <= function.high))
      continue;
    float exact = float(function.exact(input));
    if (std::isnan(exact) || std::isinf(exact))
      EXPECT_EQ(std::isnan(exact) ? std::isnan(output) : output == exact, true)
          << function.name << "(" << input << ") = " << output;
    else
      EXPECT_NEAR(output, exact, 3e-6 * std::max(1.0f, std::fabs(exact)))
          << function.name << "(" << input << ")";
  }
}

/// Op by op, on the host: every op is one that lanes have, no conversion is out
/// of range, and the bits are those of the JIT.
TEST_P(ExpandMath, HasTheSameBitsEverywhere) {
  ExpandedFunction expanded(GetParam().body);
  test::ScalarInterpreter interpreter(expanded.getBody());
  std::mt19937 engine(11);
  std::vector<float> inputs(kBatch);
  for (int round = 0; round < 2; ++round) {
    // Bits of all exponents, then the numbers that networks have.
    for (float &input : inputs)
      input = round == 0 ? llvm::bit_cast<float>(uint32_t(engine()))
                         : float(int32_t(engine())) * 0x1p-28f;
    std::vector<float> outputs = expanded.run(inputs);
    for (auto [input, output] : llvm::zip_equal(inputs, outputs)) {
      float expected = interpreter.evaluate({input});
      ASSERT_EQ(interpreter.getObjection(), "") << input;
      if (!std::isnan(expected) || !std::isnan(output))
        ASSERT_EQ(llvm::bit_cast<uint32_t>(output),
                  llvm::bit_cast<uint32_t>(expected))
            << input;
    }
  }
}

double square(double x) { return x * x; }
double cube(double x) { return x * x * x; }
double inverseSquare(double x) { return 1 / (x * x); }
double inverseRoot(double x) { return 1 / std::sqrt(x); }
double powerOf3(double x) { return std::pow(3.0, x); }
double power0_3(double x) { return std::pow(x, 0.3f); }
double exp2OfReal(double x) { return std::exp2(x); }
double trueMaximum(double x) { return std::isnan(x) ? 0.5 : std::fmax(x, 0.5); }
double isUnorderedOrLess(double x) { return x >= 0.5 ? 0 : 1; }

INSTANTIATE_TEST_SUITE_P(
    Functions, ExpandMath,
    testing::Values(
        Function{"exp", "%y = math.exp %x : f32", std::exp, getUlps, 1,
                 -kInfinity, kInfinity},
        Function{"exp2", "%y = math.exp2 %x : f32", exp2OfReal, getRelative,
                 6e-7, -15, 15},
        Function{"log", "%y = math.log %x : f32", std::log, getUlps, 0.8,
                 -kInfinity, kInfinity},
        Function{"log2", "%y = math.log2 %x : f32", std::log2, getUlps, 1.8,
                 -kInfinity, kInfinity},
        Function{"log10", "%y = math.log10 %x : f32", std::log10, getUlps, 2,
                 -kInfinity, kInfinity},
        Function{"log1p", "%y = math.log1p %x : f32", std::log1p, getUlps, 2.4,
                 -kInfinity, kInfinity},
        Function{"tanh", "%y = math.tanh %x : f32", std::tanh, getUlps, 5.5,
                 -kInfinity, kInfinity},
        Function{"erf", "%y = math.erf %x : f32", std::erf, getAbsolute, 4e-7,
                 -kInfinity, kInfinity},
        Function{"sin", "%y = math.sin %x : f32", std::sin, getAbsolute, 8e-8,
                 -8192, 8192},
        Function{"cos", "%y = math.cos %x : f32", std::cos, getAbsolute, 8e-8,
                 -8192, 8192},
        Function{"rsqrt", "%y = math.rsqrt %x : f32", inverseRoot, getUlps, 1.5,
                 0, kInfinity},
        Function{"pow_2",
                 "%c = arith.constant 2.0 : f32 %y = math.powf %x, %c : f32",
                 square, getUlps, 0, -kInfinity, kInfinity},
        Function{"pow_3",
                 "%c = arith.constant 3.0 : f32 %y = math.powf %x, %c : f32",
                 cube, getUlps, 1.3, -kInfinity, kInfinity},
        Function{"pow_minus_2",
                 "%c = arith.constant -2.0 : f32 %y = math.powf %x, %c : f32",
                 inverseSquare, getRelative, 2.7e-7, -1e15f, 1e15f},
        Function{"pow_0_3",
                 "%c = arith.constant 0.3 : f32 %y = math.powf %x, %c : f32",
                 power0_3, getRelative, 2.2e-6, 0, kInfinity},
        Function{"pow_of_3",
                 "%c = arith.constant 3.0 : f32 %y = math.powf %c, %x : f32",
                 powerOf3, getRelative, 7.5e-7, -10, 10},
        Function{"ceil", "%y = math.ceil %x : f32", std::ceil, getAbsolute, 0,
                 -kInfinity, kInfinity},
        Function{"trunc", "%y = math.trunc %x : f32", std::trunc, getAbsolute,
                 0, -kInfinity, kInfinity},
        Function{
            "maxnum",
            "%c = arith.constant 0.5 : f32 %y = arith.maxnumf %x, %c : f32",
            trueMaximum, getAbsolute, 0, -kInfinity, kInfinity},
        Function{"less_or_unordered",
                 "%c = arith.constant 0.5 : f32 %b = arith.cmpf ult, %x, %c : "
                 "f32 %y = arith.uitofp %b : i1 to f32",
                 isUnorderedOrLess, getAbsolute, 0, -kInfinity, kInfinity}),
    [](const testing::TestParamInfo<Function> &info) {
      return info.param.name;
    });

} // namespace
