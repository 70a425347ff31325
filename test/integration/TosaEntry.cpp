//===- TosaEntry.cpp - TOSA means what upstream says ------------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Networks in TOSA give the same results through --colonnade-from-tosa as
// through upstream's lowering alone: int8 bit for bit, f32 within roundings of
// sums in another order.
//
//===----------------------------------------------------------------------===//

#include "../unit/Support/RandomCases.h"
#include "ShippedNetworks.h"
#include "colonnade/ExecutionEngine/JitFunction.h"
#include "colonnade/InitAllDialects.h"
#include "mlir/Conversion/TosaToArith/TosaToArith.h"
#include "mlir/Conversion/TosaToLinalg/TosaToLinalg.h"
#include "mlir/Conversion/TosaToTensor/TosaToTensor.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Transforms/Passes.h"
#include "gtest/gtest.h"
#include <cstring>

using namespace mlir;
using namespace colonnade;
using namespace colonnade::test;

namespace {

constexpr int kInputs = 50;

void buildUpstreamPipeline(OpPassManager &manager) {
  tosa::addTosaToLinalgPasses(manager, TosaToLinalgOptions());
  OpPassManager &functions = manager.nest<func::FuncOp>();
  functions.addPass(createTosaToArithPass());
  functions.addPass(createTosaToTensorPass());
  // Shapes are constants that nothing reads any more.
  functions.addPass(createCanonicalizerPass());
}

class TosaEntry : public testing::TestWithParam<const char *> {
protected:
  TosaEntry() { registerAllDialects(registry); }

  std::unique_ptr<JitFunction>
  compile(llvm::function_ref<void(OpPassManager &)> build) {
    MLIRContext context(registry);
    auto module = parseSourceFile<ModuleOp>(
        getDataPath("tosa/" + Twine(GetParam()) + ".mlir"), &context);
    PassManager manager(&context);
    build(manager);
    if (!module || failed(manager.run(*module)))
      return nullptr;
    return llvm::cantFail(JitFunction::compile(*module, "main"));
  }

  static std::vector<char> run(const JitFunction &function,
                               llvm::ArrayRef<char> input) {
    const JitFunction::Buffer &output = function.getOutputs().front();
    std::vector<char> result(output.getNumElements() * output.elementBytes);
    llvm::cantFail(function.run({input.data()}, {result.data()}));
    return result;
  }

  DialectRegistry registry;
};

/// Random int8 values or small floats.
std::vector<char> makeInput(const JitFunction::Buffer &buffer,
                            RandomCases &random) {
  std::vector<char> bytes(buffer.getNumElements() * buffer.elementBytes);
  for (int64_t i = 0; i < buffer.getNumElements(); ++i) {
    if (buffer.elementBytes == 1) {
      bytes[i] = char(random.getInteger(-128, 127));
    } else {
      auto value = float(random.getNormal());
      std::memcpy(&bytes[i * sizeof(float)], &value, sizeof(float));
    }
  }
  return bytes;
}

void expectClose(llvm::ArrayRef<char> left, llvm::ArrayRef<char> right) {
  for (size_t i = 0; i < left.size(); i += sizeof(float)) {
    float a, b;
    std::memcpy(&a, &left[i], sizeof(float));
    std::memcpy(&b, &right[i], sizeof(float));
    EXPECT_NEAR(a, b, 1e-5);
  }
}

TEST_P(TosaEntry, AgreesWithUpstream) {
  std::unique_ptr<JitFunction> ours = compile(buildFromTosaPipeline);
  std::unique_ptr<JitFunction> upstream = compile(buildUpstreamPipeline);
  ASSERT_TRUE(ours && upstream);
  bool isFloat = llvm::StringRef(GetParam()).starts_with("float");
  RandomCases random(5);
  std::vector<char> first;
  bool differ = false;
  for (int index = 0; index < kInputs; ++index) {
    std::vector<char> input = makeInput(ours->getInputs().front(), random);
    std::vector<char> expected = run(*upstream, input);
    if (isFloat)
      expectClose(run(*ours, input), expected);
    else
      EXPECT_EQ(run(*ours, input), expected);
    differ |= index > 0 && expected != first;
    first = expected;
  }
  // Saturated everywhere, a network would agree with any other.
  EXPECT_TRUE(differ);
}

INSTANTIATE_TEST_SUITE_P(Networks, TosaEntry,
                         testing::Values("int8-network", "int8-attention",
                                         "int8-multiplier", "float-network"),
                         [](const testing::TestParamInfo<const char *> &info) {
                           std::string name = info.param;
                           llvm::replace(name, '-', '_');
                           return name;
                         });

} // namespace
