//===- ReversibleConversion.cpp - Residual networks with two streams ------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A converted chain of residual blocks must compute, bit for bit, what the two
// streams written down by hand compute, and code with two streams must keep its
// bits when its couplings are found.
//
//===----------------------------------------------------------------------===//

#include "../unit/Support/RandomCases.h"
#include "ShippedNetworks.h"
#include "colonnade/Dialect/Colonnade/IR/ColonnadeOps.h"
#include "colonnade/Dialect/Colonnade/Transforms/Passes.h"
#include "colonnade/Differentiation/OutlineParameters.h"
#include "colonnade/ExecutionEngine/JitFunction.h"
#include "colonnade/InitAllDialects.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/Support/FormatVariadic.h"
#include "gtest/gtest.h"

using namespace mlir;
using namespace colonnade;
using namespace colonnade::test;

namespace {

constexpr int64_t kRows = 3, kColumns = 5;

/// A chain of residual blocks, written as one stream or as two.
class ChainText {
public:
  explicit ChainText(RandomCases &cases) {
    for (int64_t i = 0, e = cases.getInteger(1, 9); i < e; ++i) {
      blocks.push_back({cases.getInteger(0, 2), cases.getInteger(0, 2) == 0,
                        cases.getInteger(0, 1) == 0});
      constants += llvm::formatv("  %w{0} = arith.constant dense<[", i).str();
      for (int64_t k = 0; k < kColumns; ++k) {
        constants += k ? ", [" : "[";
        for (int64_t j = 0; j < kColumns; ++j)
          constants +=
              llvm::formatv("{0}{1:F6}", j ? ", " : "", 0.4 * cases.getNormal())
                  .str();
        constants += "]";
      }
      constants += llvm::formatv("]> : tensor<{0}x{0}xf32>\n", kColumns).str();
    }
  }

  int64_t getDepth() const { return blocks.size(); }

  /// h <- h + R(h), with an activation function behind some sums.
  std::string getPlain() {
    body.clear();
    std::string h = "%x";
    for (auto [i, block] : llvm::enumerate(blocks)) {
      std::string r = addBranch(i, h);
      h = add("linalg.add", block.isStreamFirst ? h : r,
              block.isStreamFirst ? r : h);
      h = addActivation(i, h);
    }
    return finish(h);
  }

  /// The streams take turns; of fixed point for fraction > 0.
  std::string getReference(int64_t fraction) {
    body.clear();
    isFixed = fraction > 0;
    fixedType = llvm::formatv("tensor<{0}x{1}xi32, #colonnade.encoding<"
                              "fixed_point = <fraction = {2}>>>",
                              kRows, kColumns, fraction);
    std::array<std::string, 2> streams;
    streams[0] = streams[1] = toFixed("%x");
    for (size_t i = 0; i < blocks.size(); ++i) {
      std::string read = fromFixed(streams[(i + 1) % 2]);
      if (i > 0)
        read = addActivation(i - 1, read);
      std::string r = toFixed(addBranch(i, read));
      std::string &changed = streams[i % 2];
      changed = isFixed
                    ? define(llvm::formatv("colonnade.add_fixed {0}, {1} : {2}",
                                           changed, r, fixedType))
                    : add("linalg.add", changed, r);
    }
    std::string result = fromFixed(streams[0]);
    if (blocks.size() > 1)
      result = addMean(result, fromFixed(streams[1]));
    return finish(addActivation(blocks.size() - 1, result));
  }

private:
  struct Block {
    int64_t kind;
    bool hasActivation, isStreamFirst;
  };

  std::string define(const std::string &text) {
    std::string name = llvm::formatv("%v{0}", ++count);
    body += "  " + name + " = " + text + "\n";
    return name;
  }
  std::string add(StringRef op, const std::string &left,
                  const std::string &right) {
    std::string e = define("tensor.empty() : " + type);
    return define(llvm::formatv("{0} ins({1}, {2} : {3}, {3}) outs({4} : {3}) "
                                "-> {3}",
                                op, left, right, type, e));
  }
  std::string addUnary(StringRef op, const std::string &value) {
    std::string e = define("tensor.empty() : " + type);
    return define(llvm::formatv("{0} ins({1} : {2}) outs({3} : {2}) -> {2}", op,
                                value, type, e));
  }
  std::string addActivation(size_t block, const std::string &value) {
    return blocks[block].hasActivation ? addUnary("linalg.abs", value) : value;
  }
  std::string addBranch(size_t block, const std::string &value) {
    if (blocks[block].kind == 0)
      return addUnary("linalg.tanh", value);
    std::string e = define("tensor.empty() : " + type);
    std::string zeros = define(llvm::formatv(
        "linalg.fill ins(%zero : f32) outs({0} : {1}) -> {1}", e, type));
    std::string product = define(llvm::formatv(
        "linalg.matmul ins({0}, %w{1} : {2}, tensor<{3}x{3}xf32>) outs({4} : "
        "{2}) -> {2}",
        value, block, type, kColumns, zeros));
    if (blocks[block].kind == 1)
      return product;
    return add("linalg.mul", addUnary("linalg.tanh", product), value);
  }
  std::string addMean(const std::string &left, const std::string &right) {
    std::string e = define("tensor.empty() : " + type);
    return define(llvm::formatv(
        "linalg.generic {{indexing_maps = [#id, #id, #id], iterator_types = "
        "[\"parallel\", \"parallel\"]} ins({0}, {1} : {2}, {2}) outs({3} : "
        "{2}) "
        "{{\n  ^bb0(%a: f32, %b: f32, %o: f32):\n"
        "    %s = arith.addf %a, %b : f32\n    %m = arith.mulf %s, %half : "
        "f32\n"
        "    linalg.yield %m : f32\n  } -> {2}",
        left, right, type, e));
  }
  std::string toFixed(const std::string &value) {
    return isFixed ? define(llvm::formatv("colonnade.to_fixed {0} : {1} to {2}",
                                          value, type, fixedType))
                   : value;
  }
  std::string fromFixed(const std::string &value) {
    return isFixed
               ? define(llvm::formatv("colonnade.from_fixed {0} : {1} to {2}",
                                      value, fixedType, type))
               : value;
  }
  std::string finish(const std::string &result) {
    return llvm::formatv("#id = affine_map<(i, j) -> (i, j)>\n"
                         "func.func @main(%x: {0}) -> {0} {{\n"
                         "  %zero = arith.constant 0.0 : f32\n"
                         "  %half = arith.constant 0.5 : f32\n"
                         "{1}{2}  return {3} : {0}\n}\n",
                         type, constants, body, result);
  }

  const std::string type =
      llvm::formatv("tensor<{0}x{1}xf32>", kRows, kColumns);
  std::vector<Block> blocks;
  std::string constants, body, fixedType;
  bool isFixed = false;
  int64_t count = 0;
};

class ReversibleConversion : public testing::Test {
protected:
  ReversibleConversion() {
    DialectRegistry registry;
    registerAllDialects(registry);
    context.appendDialectRegistry(registry);
  }

  OwningOpRef<ModuleOp> parse(const std::string &text) {
    auto module = parseSourceString<ModuleOp>(text, &context);
    EXPECT_TRUE(module) << text;
    return module;
  }
  void runPass(ModuleOp module, std::unique_ptr<Pass> pass) {
    PassManager manager(&context);
    manager.addNestedPass<func::FuncOp>(std::move(pass));
    EXPECT_TRUE(succeeded(manager.run(module)));
  }
  static int64_t countCouplings(ModuleOp module) {
    int64_t count = 0;
    module.walk([&](ReversibleOp) { ++count; });
    return count;
  }
  /// What the function gives, after everything of this project is erased.
  std::vector<float> run(ModuleOp module, ArrayRef<float> input) {
    OwningOpRef<ModuleOp> plain(module.clone());
    PassManager manager(&context);
    manager.addPass(createStripEncodings());
    EXPECT_TRUE(succeeded(manager.run(*plain)));
    auto jit =
        JitFunction::compile(*plain, "main", JitOptimization::CompileTime);
    if (!jit) {
      ADD_FAILURE() << llvm::toString(jit.takeError());
      return {};
    }
    std::vector<float> output((*jit)->getOutputs().front().getNumElements());
    llvm::cantFail((*jit)->run({input.data()}, {output.data()}));
    return output;
  }

  MLIRContext context;
};

std::vector<float> drawInput(RandomCases &cases, size_t count) {
  std::vector<float> input(count);
  for (float &value : input)
    value = static_cast<float>(2 * cases.getNormal());
  return input;
}

/// Whether all bits are equal.
bool haveEqualBits(ArrayRef<float> left, ArrayRef<float> right) {
  return left.size() == right.size() &&
         std::memcmp(left.data(), right.data(), left.size() * sizeof(float)) ==
             0;
}

TEST_F(ReversibleConversion, ChainsComputeTheTwoStreams) {
  for (uint64_t seed = 0; seed < 24; ++seed) {
    RandomCases cases(seed);
    ChainText chain(cases);
    std::vector<float> input = drawInput(cases, kRows * kColumns);
    int64_t fraction = seed % 2 ? cases.getInteger(8, 24) : 0;
    OwningOpRef<ModuleOp> converted = parse(chain.getPlain());
    runPass(*converted, createMakeReversible({fraction}));
    EXPECT_EQ(countCouplings(*converted), (chain.getDepth() + 1) / 2);
    OwningOpRef<ModuleOp> reference = parse(chain.getReference(fraction));
    EXPECT_TRUE(haveEqualBits(run(*converted, input), run(*reference, input)))
        << "seed " << seed << ", fraction " << fraction << "\n"
        << chain.getPlain();
  }
}

TEST_F(ReversibleConversion, FoundCouplingsKeepTheBits) {
  for (uint64_t seed = 100; seed < 124; ++seed) {
    RandomCases cases(seed);
    ChainText chain(cases);
    std::vector<float> input = drawInput(cases, kRows * kColumns);
    OwningOpRef<ModuleOp> plain = parse(chain.getReference(0));
    OwningOpRef<ModuleOp> found(plain->clone());
    runPass(*found, createDetectCouplings());
    EXPECT_EQ(countCouplings(*found), chain.getDepth() / 2);
    EXPECT_TRUE(haveEqualBits(run(*found, input), run(*plain, input)))
        << "seed " << seed << "\n"
        << chain.getReference(0);
  }
}

/// By name.
std::vector<std::pair<std::string, Attribute>> getParameters(ModuleOp module) {
  std::vector<std::pair<std::string, Attribute>> result;
  for (Parameter parameter :
       collectParameters(module.lookupSymbol<func::FuncOp>("main")))
    result.push_back({parameter.name, parameter.constant.getValue()});
  return result;
}

TEST_F(ReversibleConversion, ParametersStayTheSame) {
  for (auto [name, couplings] :
       {std::pair<StringRef, int64_t>("resnet8-fashion", 1),
        {"vit-fashion.onnx", 3}}) {
    OwningOpRef<ModuleOp> network = parseNetwork(context, name);
    auto before = getParameters(*network);
    runPass(*network, createMakeReversible({16}));
    EXPECT_EQ(countCouplings(*network), couplings) << name.str();
    EXPECT_EQ(getParameters(*network), before) << name.str();
    EXPECT_FALSE(before.empty());
  }
}

// Each of its chains has one block.
TEST_F(ReversibleConversion, ResNet8KeepsItsFunction) {
  OwningOpRef<ModuleOp> network = parseNetwork(context, "resnet8-fashion");
  OwningOpRef<ModuleOp> converted(network->clone());
  runPass(*converted, createMakeReversible());
  EXPECT_EQ(countCouplings(*converted), 1);
  RandomCases cases(7);
  std::vector<float> image = drawInput(cases, 28 * 28);
  EXPECT_TRUE(haveEqualBits(run(*converted, image), run(*network, image)));
}

} // namespace
