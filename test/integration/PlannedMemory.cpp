//===- PlannedMemory.cpp - Planned bytes against allocated ones -----------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Training steps of reversible networks under limits: what the allocator gives
// out is what was planned, and the gradients are those without a plan.
//
//===----------------------------------------------------------------------===//

#include "colonnade/Dialect/Colonnade/Transforms/Passes.h"
#include "colonnade/ExecutionEngine/JitFunction.h"
#include "colonnade/Training/Passes.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Transforms/Passes.h"
#include "gtest/gtest.h"

using namespace mlir;
using namespace colonnade;

namespace {

constexpr const char *kType = "tensor<64x96xf32>";

/// A function of two weights, small enough that no chain diverges.
std::string printRegion(const std::string &letter, int first, int second) {
  auto product = [&](const std::string &result, const std::string &input,
                     int weights) {
    return "%" + result + " = linalg.matmul ins(%" + input + ", %w" +
           std::to_string(weights) + " : " + kType +
           ", tensor<96x96xf32>) outs(%z : " + kType + ") -> " + kType + "\n";
  };
  return letter + "(%a: " + kType + ") {\n" + product("p", "a", first) +
         "%t = linalg.tanh ins(%p : " + kType + ") outs(%e : " + kType +
         ") -> " + kType + "\n" + product("q", "t", second) +
         "%r = linalg.tanh ins(%q : " + kType + ") outs(%e : " + kType +
         ") -> " + kType + "\ncolonnade.yield %r : " + kType + "\n}";
}

std::string printNetwork(int depth, bool isExact) {
  std::string stream = isExact ? "tensor<64x96xi32, #colonnade.encoding<"
                                 "fixed_point = <fraction = 20>>>"
                               : kType;
  std::string text = "func.func @main(";
  int weights = 4 * depth + 1;
  for (int i = 0; i < weights; ++i)
    text += "%w" + std::to_string(i) +
            ": tensor<96x96xf32> {colonnade.parameter = \"w" +
            std::to_string(i) + "\"}, ";
  text += std::string("%head: tensor<96x10xf32> {colonnade.parameter = "
                      "\"head\"}, %x: ") +
          kType + R"mlir() -> tensor<64x10xf32> {
    %zero = arith.constant 0.0 : f32
    %e = tensor.empty() : tensor<64x96xf32>
    %z = linalg.fill ins(%zero : f32) outs(%e : tensor<64x96xf32>) -> tensor<64x96xf32>
    %h = linalg.matmul ins(%x, %w0 : tensor<64x96xf32>, tensor<96x96xf32>)
        outs(%z : tensor<64x96xf32>) -> tensor<64x96xf32>
)mlir";
  std::string first = "%h";
  if (isExact) {
    text += std::string("%s = colonnade.to_fixed %h : ") + kType + " to " +
            stream + "\n";
    first = "%s";
  }
  std::string second = first;
  for (int i = 0; i < depth; ++i) {
    std::string number = std::to_string(i);
    text += "%a" + number + ", %b" + number +
            " = colonnade.reversible additive " + first + ", " + second +
            " : " + stream + "\n" + printRegion("f", 4 * i + 1, 4 * i + 2) +
            printRegion("g", 4 * i + 3, 4 * i + 4) + "\n";
    first = "%a" + number;
    second = "%b" + number;
  }
  if (isExact)
    for (std::string *value : {&first, &second}) {
      std::string plain = *value + "f";
      text += plain + " = colonnade.from_fixed " + *value + " : " + stream +
              " to " + kType + "\n";
      *value = plain;
    }
  return text + "%y = linalg.add ins(" + first + ", " + second + " : " + kType +
         ", " + kType + ") outs(%e : " + kType + ") -> " + kType +
         R"mlir(
    %le = tensor.empty() : tensor<64x10xf32>
    %lz = linalg.fill ins(%zero : f32) outs(%le : tensor<64x10xf32>) -> tensor<64x10xf32>
    %logits = linalg.matmul ins(%y, %head : tensor<64x96xf32>, tensor<96x10xf32>)
        outs(%lz : tensor<64x10xf32>) -> tensor<64x10xf32>
    return %logits : tensor<64x10xf32>
  })mlir";
}

struct Step {
  int64_t peak = 0;
  std::vector<std::vector<float>> results;
};

class PlannedMemory : public testing::Test {
protected:
  PlannedMemory() {
    context
        .loadDialect<arith::ArithDialect, func::FuncDialect,
                     linalg::LinalgDialect, math::MathDialect, scf::SCFDialect,
                     tensor::TensorDialect, ColonnadeDialect>();
  }

  /// The step of a network that is planned for a limit; none where it is
  /// refused. 0 is no plan.
  std::optional<Step> run(const std::string &network, int64_t limit,
                          const std::string &stepOptions = "") {
    auto module = parseSourceString<ModuleOp>(network, &context);
    EXPECT_TRUE(module) << network;
    if (limit != 0) {
      std::string messages;
      ScopedDiagnosticHandler handler(&context, [&](Diagnostic &diagnostic) {
        llvm::raw_string_ostream(messages) << diagnostic;
      });
      PlanActivationsOptions options;
      options.memoryLimit = limit;
      PassManager planning(&context);
      planning.addPass(createPlanActivations(options));
      if (failed(planning.run(*module))) {
        least = 0;
        StringRef(messages)
            .split("least of all plans is ")
            .second.split(';')
            .first.getAsInteger(10, least);
        return std::nullopt;
      }
    }
    PassManager manager(&context);
    std::unique_ptr<Pass> step = createTrainingStep();
    EXPECT_TRUE(succeeded(step->initializeOptions(
        stepOptions, [](const Twine &) { return failure(); })));
    manager.addPass(std::move(step));
    manager.addPass(createCanonicalizerPass());
    manager.addPass(createCSEPass());
    StripEncodingsOptions options;
    options.keepBarriers = true;
    manager.addPass(createStripEncodings(options));
    manager.addPass(createCanonicalizerPass());
    manager.addPass(createCSEPass());
    EXPECT_TRUE(succeeded(manager.run(*module)));
    return runStep(*module);
  }

  static Step runStep(ModuleOp module) {
    auto jit = llvm::cantFail(JitFunction::compile(module, "training_step",
                                                   JitOptimization::Library));
    std::vector<std::vector<float>> inputs;
    std::vector<const void *> inputBuffers;
    std::vector<void *> outputBuffers;
    Step step;
    for (const JitFunction::Buffer &buffer : jit->getInputs()) {
      // Labels and the step's number are zeros.
      bool isNumber = buffer.elementBytes != 4 || buffer.shape.size() < 2;
      inputs.emplace_back(buffer.getNumElements() * buffer.elementBytes / 4);
      for (size_t i = 0; !isNumber && i < inputs.back().size(); ++i)
        inputs.back()[i] = 0.2f * std::sin(static_cast<float>(i * i % 1009));
      inputBuffers.push_back(inputs.back().data());
    }
    for (const JitFunction::Buffer &buffer : jit->getOutputs()) {
      step.results.emplace_back(buffer.getNumElements() * buffer.elementBytes /
                                4);
      outputBuffers.push_back(step.results.back().data());
    }
    llvm::cantFail(jit->run(inputBuffers, outputBuffers));
    step.peak = jit->getPeakBytes();
    return step;
  }

  MLIRContext context;
  /// Of the last refusal.
  int64_t least = 0;
};

TEST_F(PlannedMemory, IsWhatIsAllocated) {
  for (bool isExact : {true, false}) {
    std::string network = printNetwork(6, isExact);
    ASSERT_FALSE(run(network, 1000));
    ASSERT_GT(least, 1000);
    int64_t lower = least;
    auto most = run(network, int64_t(1) << 40);
    ASSERT_TRUE(most);
    ASSERT_GT(most->peak, 2 * lower) << "nothing to plan";
    int64_t before = 0;
    for (int part : {1, 5}) {
      int64_t limit = lower + part * (most->peak - lower) / 8;
      auto step = run(network, limit);
      ASSERT_TRUE(step) << limit << ", least " << least;
      // The loss and the optimizer, which the plan does not know, are small.
      EXPECT_LE(step->peak, limit + limit / 50);
      EXPECT_GE(step->peak, limit - 3 * (most->peak - lower) / 8);
      EXPECT_GE(step->peak, before);
      before = step->peak;
    }
  }
}

TEST_F(PlannedMemory, LeastIsThatOfInvertingAll) {
  std::string network = printNetwork(6, true);
  ASSERT_FALSE(run(network, 1000));
  auto inverted = run(network, 0);
  ASSERT_TRUE(inverted);
  EXPECT_NEAR(static_cast<double>(inverted->peak), static_cast<double>(least),
              0.1 * static_cast<double>(least));
}

/// What a region rounds, and the precisions that it chooses, are those of the
/// forward pass when it is evaluated again.
TEST_F(PlannedMemory, FormatsRoundAgainAsBefore) {
  std::string network = printNetwork(2, true);
  for (const char *format :
       {"bf16", "m2", "m3", "m4", "m8", "msfp12", "mx", "m4 blocks=reform",
        "m4 rounding=truncate", "fast-adaptive total-steps=10"}) {
    SCOPED_TRACE(format);
    std::string options = std::string("format=") + format;
    auto inverted = run(network, 0, options);
    auto stored = run(network, int64_t(1) << 40, options);
    ASSERT_TRUE(inverted && stored);
    EXPECT_LT(inverted->peak, stored->peak);
    ASSERT_EQ(inverted->results.size(), stored->results.size());
    for (size_t i = 0; i < stored->results.size(); ++i)
      EXPECT_EQ(std::memcmp(inverted->results[i].data(),
                            stored->results[i].data(),
                            stored->results[i].size() * sizeof(float)),
                0)
          << "result " << i;
  }
}

TEST_F(PlannedMemory, DoesNotChangeTheStep) {
  std::string network = printNetwork(3, true);
  auto plain = run(network, 0);
  ASSERT_FALSE(run(network, 1000));
  auto planned = run(network, least + least / 3);
  ASSERT_TRUE(plain && planned);
  ASSERT_EQ(plain->results.size(), planned->results.size());
  for (size_t i = 0; i < plain->results.size(); ++i)
    EXPECT_EQ(plain->results[i], planned->results[i]) << "result " << i;
}

} // namespace
