//===- Gradients.cpp - Gradients against finite differences ---------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Random programs: the derivative of a weighted sum of the result, along a
// random direction of one argument, is what the difference of two runs says.
//
//===----------------------------------------------------------------------===//

#include "RandomTensorPrograms.h"
#include "ScalarFunctions.h"
#include "colonnade/Dialect/Colonnade/Transforms/Passes.h"
#include "colonnade/Differentiation/Passes.h"
#include "colonnade/ExecutionEngine/JitFunction.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "gtest/gtest.h"
#include <numeric>

using namespace mlir;
using namespace colonnade;
using namespace colonnade::test;

namespace {

constexpr int64_t kProgramsPerFamily = 6;
constexpr int64_t kMaxSteps = 4;
/// Of a directional derivative, beside the larger of it and 1.
constexpr double kTolerance = 1e-6;

using Arrays = std::vector<std::vector<double>>;

double getProduct(ArrayRef<double> left, ArrayRef<double> right) {
  return std::inner_product(left.begin(), left.end(), right.begin(), 0.0);
}

/// The gradient function of a program, on doubles.
class GradientFunction {
public:
  explicit GradientFunction(std::unique_ptr<JitFunction> jit)
      : jit(std::move(jit)) {}

  /// All arguments and, last, the result's cotangent: drawn.
  Arrays drawInputs(RandomCases &cases) const {
    Arrays inputs;
    for (const JitFunction::Buffer &buffer : jit->getInputs()) {
      inputs.emplace_back(buffer.getNumElements());
      for (double &value : inputs.back())
        value = cases.getNormal() / 2;
    }
    return inputs;
  }

  /// The result, then the gradients of the arguments.
  Arrays run(const Arrays &inputs) const {
    std::vector<const void *> inputBuffers;
    for (const std::vector<double> &input : inputs)
      inputBuffers.push_back(input.data());
    Arrays outputs;
    for (const JitFunction::Buffer &buffer : jit->getOutputs())
      outputs.emplace_back(buffer.getNumElements());
    std::vector<void *> outputBuffers;
    for (std::vector<double> &output : outputs)
      outputBuffers.push_back(output.data());
    llvm::cantFail(jit->run(inputBuffers, outputBuffers));
    return outputs;
  }

private:
  std::unique_ptr<JitFunction> jit;
};

std::string print(ModuleOp module) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  module.print(stream);
  return text;
}

/// The central difference, over a distance of 2 `step`, of the weighted result
/// along `direction` of an argument.
double getDifference(const GradientFunction &function, Arrays inputs,
                     size_t argument, ArrayRef<double> direction, double step) {
  double sums[2];
  std::vector<double> center = inputs[argument];
  for (int side : {0, 1}) {
    for (size_t i = 0; i < center.size(); ++i)
      inputs[argument][i] = center[i] + (side ? step : -step) * direction[i];
    sums[side] = getProduct(function.run(inputs)[0], inputs.back());
  }
  return (sums[1] - sums[0]) / (2 * step);
}

/// How far the gradient is off, along a drawn direction. Of several steps the
/// best one counts: a long one may cross a kink of a maximum.
double getError(const GradientFunction &function, const Arrays &inputs,
                ArrayRef<double> gradient, size_t argument,
                RandomCases &cases) {
  std::vector<double> direction(gradient.size());
  for (double &value : direction)
    value = cases.getNormal();
  double derivative = getProduct(gradient, direction);
  double smallest = std::numeric_limits<double>::infinity();
  for (double step : {1e-4, 1e-5, 1e-6}) {
    double difference =
        getDifference(function, inputs, argument, direction, step);
    smallest = std::min(smallest, std::abs(difference - derivative) /
                                      std::max(1.0, std::abs(derivative)));
  }
  return smallest;
}

std::optional<GradientFunction> differentiate(ModuleOp module) {
  PassManager manager(module.getContext());
  manager.addPass(createDifferentiate());
  manager.addNestedPass<func::FuncOp>(createLowerBatchNorm());
  if (failed(manager.run(module))) {
    ADD_FAILURE() << "not differentiable:\n" << print(module);
    return std::nullopt;
  }
  auto jit = JitFunction::compile(module, "main_gradient",
                                  JitOptimization::CompileTime);
  if (!jit) {
    ADD_FAILURE() << llvm::toString(jit.takeError()) << "\n" << print(module);
    return std::nullopt;
  }
  return GradientFunction(std::move(*jit));
}

/// Of every argument of the program.
void checkGradients(ModuleOp module, RandomCases &cases) {
  ASSERT_TRUE(succeeded(verify(module)));
  std::optional<GradientFunction> function = differentiate(module);
  ASSERT_TRUE(function);
  Arrays inputs = function->drawInputs(cases);
  Arrays outputs = function->run(inputs);
  ASSERT_EQ(outputs.size(), inputs.size());
  for (size_t argument = 0; argument + 1 < inputs.size(); ++argument)
    ASSERT_LE(
        getError(*function, inputs, outputs[argument + 1], argument, cases),
        kTolerance)
        << "argument " << argument << " of\n"
        << print(module);
}

class Gradients : public testing::TestWithParam<size_t> {};

TEST_P(Gradients, AreFiniteDifferences) {
  for (int64_t number = 0; number < kProgramsPerFamily; ++number) {
    MLIRContext context;
    RandomCases cases(GetParam() * kProgramsPerFamily + number);
    RandomTensorPrograms programs(context, cases);
    OwningOpRef<ModuleOp> module =
        programs.build(GetParam(), cases.getInteger(0, kMaxSteps));
    ASSERT_NO_FATAL_FAILURE(checkGradients(*module, cases));
  }
}

INSTANTIATE_TEST_SUITE_P(
    Families, Gradients,
    testing::Range<size_t>(0, RandomTensorPrograms::getFamilyCount()),
    [](const auto &info) {
      std::string name = RandomTensorPrograms::getFamilyName(info.param).str();
      for (char &c : name)
        c = llvm::isAlnum(c) ? c : '_';
      return name;
    });

/// Products of rows without a zero, with one and with two.
TEST(ProductGradients, AreFiniteDifferencesAtZeros) {
  MLIRContext context;
  context.loadDialect<arith::ArithDialect, func::FuncDialect,
                      linalg::LinalgDialect>();
  auto module = parseSourceString<ModuleOp>(R"(
    func.func @main(%x: tensor<3x3xf64>) -> tensor<3xf64> {
      %two = arith.constant dense<2.0> : tensor<3xf64>
      %y = linalg.reduce { arith.mulf } ins(%x : tensor<3x3xf64>)
                                        outs(%two : tensor<3xf64>) dimensions = [1]
      return %y : tensor<3xf64>
    })",
                                            &context);
  ASSERT_TRUE(module);
  std::optional<GradientFunction> function = differentiate(*module);
  ASSERT_TRUE(function);
  Arrays inputs = {{0.5, -2, 3, 4, 0, -5, 0, 6, 0}, {1, 0.5, -1}};
  Arrays outputs = function->run(inputs);
  EXPECT_EQ(outputs[0], (std::vector<double>{-6, 0, 0}));
  EXPECT_EQ(outputs[1], (std::vector<double>{-12, 3, -2, 0, -20, 0, 0, 0, 0}));
  RandomCases cases(1);
  EXPECT_LE(getError(*function, inputs, outputs[1], 0, cases), kTolerance);
}

class FunctionGradients : public testing::TestWithParam<size_t> {};

TEST_P(FunctionGradients, AreFiniteDifferences) {
  MLIRContext context;
  RandomCases cases(GetParam());
  OwningOpRef<ModuleOp> module =
      RandomTensorPrograms(context, cases).buildFunction(GetParam());
  checkGradients(*module, cases);
}

INSTANTIATE_TEST_SUITE_P(Functions, FunctionGradients,
                         testing::Range<size_t>(0, getScalarFunctions().size()),
                         [](const auto &info) {
                           return std::string(
                               getScalarFunctions()[info.param].name);
                         });

} // namespace
