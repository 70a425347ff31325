//===- FastPolicyAgreement.cpp - Compiled policy is the library's ---------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One function computes r(X), eps(l, i) and the precision, and rounds with it;
// every number it gives is the numerics library's, bit for bit.
//
//===----------------------------------------------------------------------===//

#include "../unit/Support/RandomCases.h"
#include "colonnade/Dialect/Colonnade/IR/BlockPromises.h"
#include "colonnade/Dialect/Colonnade/IR/ColonnadeOps.h"
#include "colonnade/Dialect/Colonnade/Transforms/FastPolicy.h"
#include "colonnade/Dialect/Colonnade/Transforms/Passes.h"
#include "colonnade/ExecutionEngine/JitFunction.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/Pass/PassManager.h"
#include "gtest/gtest.h"
#include <cmath>
#include <limits>
#include <vector>

using namespace mlir;
using namespace colonnade;

/// With slopes that differ, so that none stands in for the other.
static constexpr FastPolicy kPolicy{0.6, 0.5, 0.2};

namespace {

struct PolicyCase {
  SmallVector<int64_t> shape;
  int64_t axis = 0;
  BlockFormat format;
  BlockRounding rounding = BlockRounding::Truncate;
  int64_t layer = 0, layers = 1, iterations = 1;
};

PolicyCase makeCase(RandomCases &random) {
  PolicyCase policyCase;
  for (int64_t dim = random.getInteger(1, 3); dim > 0; --dim)
    policyCase.shape.push_back(random.getInteger(1, 20));
  policyCase.axis = random.getInteger(0, int64_t(policyCase.shape.size()) - 1);
  policyCase.format.group = random.getInteger(1, 18);
  policyCase.rounding = random.getInteger(0, 1) ? BlockRounding::Nearest
                                                : BlockRounding::Truncate;
  policyCase.layers = random.getInteger(1, 20);
  policyCase.layer = random.getInteger(0, policyCase.layers);
  policyCase.iterations = random.getInteger(1, 1000);
  return policyCase;
}

/// main(X, i) -> (r(X), eps(l, i), m, X in blocks of m bits).
void buildBody(ImplicitLocOpBuilder &builder, func::FuncOp function,
               const PolicyCase &policyCase) {
  Block *entry = function.addEntryBlock();
  builder.setInsertionPointToStart(entry);
  Value tensor = entry->getArgument(0);
  auto type = cast<RankedTensorType>(tensor.getType());
  MLIRContext *context = builder.getContext();
  auto promise = BlockFloatAttr::get(
      context, policyCase.axis, policyCase.format.group,
      policyCase.format.exponentBits, FastPolicy::kFineBits);
  Value iteration =
      tensor::ExtractOp::create(builder, entry->getArgument(1), ValueRange());
  Value improvement = buildRelativeImprovement(
      builder, builder.getLoc(), tensor, promise, policyCase.rounding);
  Value threshold =
      buildThreshold(builder, builder.getLoc(), kPolicy, policyCase.layer,
                     policyCase.layers, iteration, policyCase.iterations);
  Value bits =
      buildMantissaBits(builder, builder.getLoc(), improvement, threshold);
  Value rounded = BlockQuantizeOp::create(
      builder, withBlockFloat(type, promise), tensor,
      RoundingAttr::get(context, policyCase.rounding, 0, BlockNoise::kMaxBits),
      bits, /*counter=*/Value());
  SmallVector<Value> results;
  for (Value scalar : {improvement, threshold, bits})
    results.push_back(tensor::FromElementsOp::create(
        builder, RankedTensorType::get({}, scalar.getType()), scalar));
  results.push_back(DropEncodingOp::create(builder, type, rounded));
  func::ReturnOp::create(builder, results);
}

OwningOpRef<ModuleOp> buildModule(MLIRContext &context,
                                  const PolicyCase &policyCase) {
  ImplicitLocOpBuilder builder(UnknownLoc::get(&context), &context);
  OwningOpRef<ModuleOp> module = ModuleOp::create(builder.getLoc());
  builder.setInsertionPointToStart(module->getBody());
  auto type = RankedTensorType::get(policyCase.shape, builder.getF32Type());
  auto scalar = [](Type element) { return RankedTensorType::get({}, element); };
  auto function = func::FuncOp::create(
      builder, "main",
      builder.getFunctionType({type, scalar(builder.getI64Type())},
                              {scalar(builder.getF64Type()),
                               scalar(builder.getF64Type()),
                               scalar(builder.getI32Type()), type}));
  buildBody(builder, function, policyCase);
  return module;
}

llvm::Expected<std::unique_ptr<JitFunction>>
compile(const PolicyCase &policyCase) {
  DialectRegistry registry;
  registry.insert<ColonnadeDialect, arith::ArithDialect, func::FuncDialect,
                  linalg::LinalgDialect, math::MathDialect,
                  tensor::TensorDialect>();
  MLIRContext context(registry);
  context.loadAllAvailableDialects();
  OwningOpRef<ModuleOp> module = buildModule(context, policyCase);
  PassManager manager(&context);
  manager.addPass(createStripEncodings());
  if (failed(manager.run(*module)))
    return llvm::createStringError("the program's promises are not erased");
  return JitFunction::compile(*module, "main");
}

void expectAgreement(const PolicyCase &policyCase, const JitFunction &jit,
                     RandomCases &random) {
  BlockLines lines = BlockLines::get(policyCase.shape, policyCase.axis);
  std::vector<float> values(lines.getNumValues());
  for (float &value : values)
    value = float(random.getNormal());
  if (random.getInteger(0, 9) == 0)
    values.back() = std::numeric_limits<float>::infinity();
  if (random.getInteger(0, 9) == 0)
    std::fill(values.begin(), values.end(), 0.0f);
  int64_t iteration = random.getInteger(0, policyCase.iterations);
  double improvement = 0, threshold = 0;
  int32_t bits = 0;
  std::vector<float> output(values.size());
  llvm::cantFail(jit.run({values.data(), &iteration},
                         {&improvement, &threshold, &bits, output.data()}));

  BlockRounder rounder{policyCase.rounding, {}};
  double expected = getRelativeImprovement(
      values, policyCase.shape, policyCase.axis, policyCase.format, rounder);
  if (std::isnan(expected))
    EXPECT_TRUE(std::isnan(improvement));
  else
    EXPECT_EQ(improvement, expected);
  EXPECT_EQ(threshold,
            kPolicy.getThreshold(policyCase.layer, policyCase.layers,
                                      iteration, policyCase.iterations));
  EXPECT_EQ(bits, FastPolicy::chooseMantissaBits(expected, threshold));
  quantizeBlocks(values, lines, policyCase.format.withMantissaBits(bits),
                 rounder);
  for (auto [got, wanted] : llvm::zip_equal(output, values))
    EXPECT_TRUE(got == wanted || (std::isnan(got) && std::isnan(wanted)))
        << got << " against " << wanted;
}

TEST(FastPolicyAgreement, JitEqualsNumerics) {
  RandomCases random(2022);
  for (int round = 0; round < 10; ++round) {
    PolicyCase policyCase = makeCase(random);
    auto jit = compile(policyCase);
    ASSERT_TRUE(bool(jit)) << llvm::toString(jit.takeError());
    for (int run = 0; run < 20; ++run)
      expectAgreement(policyCase, **jit, random);
  }
}

} // namespace
