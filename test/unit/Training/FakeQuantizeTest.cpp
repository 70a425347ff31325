//===- FakeQuantizeTest.cpp - Rounding of f32 to int8 ---------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The op's code against the numerics library, for all int8 values, budgets and
// limits; its gradient; and networks of it against the integer networks that
// they stand for.
//
//===----------------------------------------------------------------------===//

#include "SmallTraining.h"
#include "colonnade/Dialect/Colonnade/IR/ColonnadeOps.h"
#include "colonnade/Dialect/Colonnade/Transforms/Passes.h"
#include "colonnade/Differentiation/Differentiate.h"
#include "colonnade/ExecutionEngine/JitFunction.h"
#include "colonnade/Numerics/TermSelection.h"
#include <cmath>

using namespace mlir;
using namespace colonnade;

namespace {

class FakeQuantizeTest : public SmallTraining {
protected:
  std::unique_ptr<JitFunction> compile(ModuleOp module,
                                       llvm::StringRef name = "main") {
    PassManager manager(&context);
    manager.addPass(createStripEncodings());
    EXPECT_TRUE(succeeded(manager.run(module)));
    return llvm::cantFail(JitFunction::compile(module, name));
  }

  std::unique_ptr<JitFunction> compile(const std::string &text) {
    auto module = parseSourceString<ModuleOp>(text, &context);
    return compile(*module);
  }
};

/// A function of one op on `count` values.
std::string getFunction(int64_t count, const std::string &quantize,
                        bool hasLimit) {
  std::string type = "tensor<" + std::to_string(count) + "xf32>";
  std::string limit = "%zero = arith.constant 0 : index\n"
                      "%l = tensor.extract %t[%zero] : tensor<1xi32>\n";
  return "func.func @main(%x: " + type +
         (hasLimit ? ", %t: tensor<1xi32>" : "") + ") -> " + type + " {\n" +
         (hasLimit ? limit : "") + "%y = colonnade.fake_quantize %x " +
         quantize + " : " + type + "\nreturn %y : " + type + "\n}";
}

constexpr float kScale = 0.25;

/// All int8 integers but -128, in steps.
std::vector<float> getGrid() {
  std::vector<float> values;
  for (int32_t i = -127; i <= 127; ++i)
    values.push_back(static_cast<float>(i) * kScale);
  return values;
}

} // namespace

TEST_F(FakeQuantizeTest, RoundsAndClamps) {
  std::vector<float> values = {0.0f,   0.12f,    0.13f,    -0.13f, 0.125f,
                               0.375f, 31.75f,   31.9f,    1e30f,  -1e30f,
                               -31.8f, INFINITY, -INFINITY};
  std::vector<float> expected = {0.0f,    0.0f,   0.25f,  -0.25f, 0.0f,
                                 0.5f,    31.75f, 31.75f, 31.75f, -31.75f,
                                 -31.75f, 31.75f, -31.75f};
  auto function = compile(
      getFunction(static_cast<int64_t>(values.size()), "scale = 0.25", false));
  std::vector<float> result(values.size());
  llvm::cantFail(function->run({values.data()}, {result.data()}));
  EXPECT_EQ(result, expected);
}

TEST_F(FakeQuantizeTest, NaNBecomesNoNumber) {
  for (const char *options :
       {"scale = 0.25",
        "scale = 0.25 terms = <axis = 0, group = 1, budget = 2, digits = naf>",
        "scale = 0.25 terms = <axis = 0, group = 1, budget = 2, digits = "
        "booth4>"}) {
    auto function = compile(getFunction(1, options, false));
    float value = NAN, result = 0;
    llvm::cantFail(function->run({&value}, {&result}));
    EXPECT_FALSE(std::isfinite(result)) << options;
  }
}

TEST_F(FakeQuantizeTest, KeepsTheTermsThatTheCompilerKeeps) {
  std::vector<float> values = getGrid();
  for (DigitSet digits : getAllDigitSets())
    for (int64_t budget = 1; budget <= 8; ++budget) {
      std::string terms =
          ("scale = 0.25 terms = <axis = 0, group = 1, budget = " +
           Twine(budget) + ", digits = \"" + stringifyDigitSet(digits) + "\">")
              .str();
      auto fixed = compile(getFunction(255, terms, false));
      auto limited = compile(getFunction(255, terms + " limit(%l)", true));
      for (int32_t limit = -1; limit <= 9; ++limit) {
        std::vector<float> expected, result(values.size());
        for (int32_t i = -127; i <= 127; ++i)
          expected.push_back(kScale * static_cast<float>(makeTermLookupTable(
                                          std::clamp<int64_t>(limit, 1, budget),
                                          digits)[i + 128]));
        llvm::cantFail(limited->run({values.data(), &limit}, {result.data()}));
        EXPECT_EQ(result, expected) << terms << ", limit " << limit;
        if (limit != budget)
          continue;
        llvm::cantFail(fixed->run({values.data()}, {result.data()}));
        EXPECT_EQ(result, expected) << terms;
      }
    }
}

TEST_F(FakeQuantizeTest, GradientsPassWhereNothingIsClamped) {
  DialectRegistry gradients;
  registerGradients(gradients);
  context.appendDialectRegistry(gradients);
  context.loadAllAvailableDialects();
  auto module = parseSourceString<ModuleOp>(
      getFunction(8,
                  "scale = 0.25 terms = <axis = 0, group = 1, budget = 2, "
                  "digits = naf>",
                  false),
      &context);
  auto function = module->lookupSymbol<func::FuncOp>("main");
  Operation *terminator = function.getBody().front().getTerminator();
  OpBuilder builder(terminator);
  // The cotangent is the argument itself.
  Value input = function.getArgument(0);
  auto cotangents =
      createCotangents(builder, terminator->getOperand(0), input, input);
  ASSERT_TRUE(succeeded(cotangents));
  terminator->setOperand(0, cotangents->front());
  auto compiled = compile(*module);
  // 127.5 steps round to 128, which is clamped.
  std::vector<float> values = {0.0f,    5.0f,   31.75f, 31.87f,
                               31.875f, -31.8f, -32.0f, 1e30f};
  std::vector<float> expected = {0.0f, 5.0f,   31.75f, 31.87f,
                                 0.0f, -31.8f, 0.0f,   0.0f};
  std::vector<float> result(values.size());
  llvm::cantFail(compiled->run({values.data()}, {result.data()}));
  EXPECT_EQ(result, expected);
}

//===----------------------------------------------------------------------===//
// Networks
//===----------------------------------------------------------------------===//

/// The network with its activations rounded, in f32 and in integers.
TEST_F(FakeQuantizeTest, ANetworkComputesWhatItsIntegersDo) {
  for (int64_t terms : {0, 3, 2, 1}) {
    auto floats = createNetwork(), integers = createNetwork();
    FakeQuantizeOptions fake;
    fake.defaultRange = 4;
    fake.dataTerms = terms;
    QuantizeOptions real;
    real.defaultRange = 4;
    TermQuantizeOptions select;
    select.dataTerms = terms;
    PassManager floatManager(&context), integerManager(&context);
    // Weights are what their integers stand for in both.
    floatManager.addPass(createFakeQuantize(fake));
    integerManager.addPass(createQuantize(real));
    integerManager.addNestedPass<func::FuncOp>(createTermQuantize(select));
    ASSERT_TRUE(succeeded(floatManager.run(*floats)));
    ASSERT_TRUE(succeeded(integerManager.run(*integers)));
    double scale = integers->lookupSymbol<func::FuncOp>("main")
                       .getResultAttrOfType<FloatAttr>(
                           0, ColonnadeDialect::getScaleAttrName())
                       .getValueAsDouble();
    auto floatFunction = compile(*floats), integerFunction = compile(*integers);
    RandomCases random(5);
    double error = 0, size = 0;
    for (int image = 0; image < 100; ++image) {
      std::vector<int8_t> input(kFeatures);
      std::vector<float> inputValues(kFeatures), logits(kClasses);
      std::vector<int32_t> outputs(kClasses);
      for (auto [value, integer] : llvm::zip_equal(inputValues, input)) {
        integer = static_cast<int8_t>(random.getInteger(-127, 127));
        value = static_cast<float>(integer * 4.0 / 127);
      }
      llvm::cantFail(floatFunction->run({inputValues.data()}, {logits.data()}));
      llvm::cantFail(integerFunction->run({input.data()}, {outputs.data()}));
      for (auto [logit, output] : llvm::zip_equal(logits, outputs)) {
        double expected = std::clamp(double(logit), -4.0, 4.0);
        error += std::fabs(expected - output * scale);
        size += std::fabs(expected);
      }
    }
    // Weights are rounded in one of them only: less than a step of 4 / 127.
    EXPECT_LT(error / size, 0.01) << terms;
  }
}
