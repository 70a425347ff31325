//===- ReversibleGradients.cpp - Recomputed against stored ----------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Random chains of couplings: whatever of the activations is stored or computed
// again, gradients are those of the program that stores all of them. Bit for
// bit with fixed-point streams, within the drift with float streams.
//
//===----------------------------------------------------------------------===//

#include "../unit/Support/RandomCases.h"
#include "colonnade/Dialect/Colonnade/Transforms/Passes.h"
#include "colonnade/Differentiation/Passes.h"
#include "colonnade/ExecutionEngine/JitFunction.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Transforms/Passes.h"
#include "gtest/gtest.h"

using namespace mlir;
using namespace colonnade;

namespace {

constexpr int64_t kWeights = 4;

/// Prints a chain as a function of an input, weights and one more activation.
class ChainPrinter {
public:
  ChainPrinter(RandomCases &cases, bool isExact, bool isAffine)
      : cases(cases), isExact(isExact), isAffine(isAffine) {}

  /// By coupling: none (invert), "store", "checkpoint", in any mixture.
  std::string print(int64_t depth, ArrayRef<std::string> plans);

private:
  static constexpr const char *kPlain = "tensor<3x4xf32>";
  std::string getStream() const {
    return isExact ? "tensor<3x4xi32, #colonnade.encoding<fixed_point = "
                     "<fraction = 20>>>"
                   : kPlain;
  }

  std::string name() { return "%v" + std::to_string(next++); }
  std::string addElementwise(std::vector<std::string> inputs,
                             const std::string &body);
  std::string addProduct(const std::string &input);
  /// A value of the region from its argument; small, so that no chain diverges.
  std::string addBranch(const std::string &argument);
  std::string addCapturing(const std::string &argument);
  void addRegion(const char *letter);

  RandomCases &cases;
  bool isExact, isAffine;
  int64_t next = 0;
  std::string text;
};

std::string ChainPrinter::addElementwise(std::vector<std::string> inputs,
                                         const std::string &body) {
  std::string empty = name(), result = name(), maps, types, arguments, list;
  for (size_t i = 0; i < inputs.size(); ++i) {
    maps += "affine_map<(d0, d1) -> (d0, d1)>, ";
    types += std::string(i ? ", " : "") + kPlain;
    list += (i ? ", " : "") + inputs[i];
    arguments += "%i" + std::to_string(i) + ": f32, ";
  }
  text += empty + " = tensor.empty() : " + kPlain + "\n" + result +
          " = linalg.generic {indexing_maps = [" + maps +
          "affine_map<(d0, d1) -> (d0, d1)>], iterator_types = "
          "[\"parallel\", \"parallel\"]} ins(" +
          list + " : " + types + ") outs(" + empty + " : " + kPlain +
          ") {\n^bb0(" + arguments + "%o: f32):\n" + body +
          "\nlinalg.yield %r : f32\n} -> " + kPlain + "\n";
  return result;
}

std::string ChainPrinter::addProduct(const std::string &input) {
  std::string empty = name(), zero = name(), fill = name(), result = name();
  text += zero + " = arith.constant 0.0 : f32\n" + empty +
          " = tensor.empty() : " + kPlain + "\n" + fill +
          " = linalg.fill ins(" + zero + " : f32) outs(" + empty + " : " +
          kPlain + ") -> " + kPlain + "\n" + result + " = linalg.matmul ins(" +
          input + ", %w" + std::to_string(cases.getInteger(0, kWeights - 1)) +
          " : tensor<3x4xf32>, tensor<4x4xf32>) outs(" + fill + " : " + kPlain +
          ") -> " + kPlain + "\n";
  return result;
}

std::string ChainPrinter::addCapturing(const std::string &argument) {
  switch (cases.getInteger(0, 3)) {
  case 0: // Reads the stream several times.
    return addElementwise({argument, addProduct(argument), argument},
                          "%p = arith.mulf %i0, %i1 : f32\n"
                          "%r = arith.subf %p, %i2 : f32");
  case 1: // Reads an activation from above.
    return addElementwise({argument, "%side"},
                          "%r = arith.mulf %i0, %i1 : f32");
  case 2:
    return addProduct(addElementwise({addProduct(argument)},
                                     "%z = arith.constant 0.0 : f32\n"
                                     "%r = arith.maximumf %i0, %z : f32"));
  default:
    return addProduct(argument);
  }
}

std::string ChainPrinter::addBranch(const std::string &argument) {
  return addElementwise({addCapturing(argument)},
                        "%c = arith.constant 0.3 : f32\n"
                        "%t = math.tanh %i0 : f32\n"
                        "%r = arith.mulf %t, %c : f32");
}

void ChainPrinter::addRegion(const char *letter) {
  text += std::string(letter) + "(%" + letter + ": " + kPlain + ") {\n";
  std::string argument = std::string("%") + letter;
  std::string yielded = addBranch(argument), types = kPlain;
  if (isAffine) {
    yielded += ", " + addBranch(argument);
    types += std::string(", ") + kPlain;
  }
  text += "colonnade.yield " + yielded + " : " + types + "\n}";
}

std::string ChainPrinter::print(int64_t depth, ArrayRef<std::string> plans) {
  text = std::string("func.func @main(%x: ") + kPlain + ", %s: " + kPlain;
  for (int64_t i = 0; i < kWeights; ++i)
    text += ", %w" + std::to_string(i) + ": tensor<4x4xf32>";
  text += std::string(") -> ") + kPlain +
          " {\n%stem = math.tanh %x : " + kPlain +
          "\n%side = math.tanh %s : " + kPlain + "\n";
  std::string first = "%stem";
  if (isExact) {
    first = name();
    text += first + " = colonnade.to_fixed %stem : " + kPlain + " to " +
            getStream() + "\n";
  }
  std::string second = first;
  for (int64_t i = 0; i < depth; ++i) {
    std::string y1 = name(), y2 = name();
    text += y1 + ", " + y2 + " = colonnade.reversible " +
            (isAffine ? "affine " : "additive ") + first + ", " + second;
    if (!plans[i].empty())
      text += " activations = " + plans[i];
    text += " : " + getStream() + "\n";
    addRegion("f");
    if (cases.getInteger(0, 5) != 0)
      addRegion("g");
    text += "\n";
    first = y1;
    second = y2;
  }
  if (isExact)
    for (std::string *stream : {&first, &second}) {
      std::string plain = name();
      text += plain + " = colonnade.from_fixed " + *stream + " : " +
              getStream() + " to " + kPlain + "\n";
      *stream = plain;
    }
  text += std::string("%mean = arith.addf ") + first + ", " + second + " : " +
          kPlain + "\nreturn %mean : " + kPlain + "\n}\n";
  return text;
}

using Arrays = std::vector<std::vector<float>>;

/// The result and all gradients of a program, on drawn numbers.
Arrays runGradient(const std::string &program) {
  MLIRContext context;
  context.loadDialect<arith::ArithDialect, func::FuncDialect,
                      linalg::LinalgDialect, math::MathDialect,
                      tensor::TensorDialect, ColonnadeDialect>();
  auto module = parseSourceString<ModuleOp>(program, &context);
  if (!module) {
    ADD_FAILURE() << program;
    return {};
  }
  PassManager manager(&context);
  manager.addPass(createDifferentiate());
  manager.addPass(createCanonicalizerPass());
  manager.addPass(createCSEPass());
  StripEncodingsOptions options;
  options.keepBarriers = true;
  manager.addPass(createStripEncodings(options));
  manager.addPass(createCanonicalizerPass());
  manager.addPass(createCSEPass());
  if (failed(manager.run(*module))) {
    ADD_FAILURE() << program;
    return {};
  }
  auto jit = JitFunction::compile(*module, "main_gradient",
                                  JitOptimization::CompileTime);
  if (!jit) {
    ADD_FAILURE() << llvm::toString(jit.takeError());
    return {};
  }
  RandomCases numbers(99);
  Arrays inputs, outputs;
  std::vector<const void *> inputBuffers;
  std::vector<void *> outputBuffers;
  for (const JitFunction::Buffer &buffer : (*jit)->getInputs()) {
    inputs.emplace_back(buffer.getNumElements());
    for (float &value : inputs.back())
      value = static_cast<float>(numbers.getNormal() / 2);
    inputBuffers.push_back(inputs.back().data());
  }
  for (const JitFunction::Buffer &buffer : (*jit)->getOutputs()) {
    outputs.emplace_back(buffer.getNumElements());
    outputBuffers.push_back(outputs.back().data());
  }
  llvm::cantFail((*jit)->run(inputBuffers, outputBuffers));
  return outputs;
}

struct Chain {
  uint64_t seed;
  int64_t depth;
  bool isExact, isAffine;

  std::string print(ArrayRef<std::string> plans) const {
    RandomCases cases(seed);
    return ChainPrinter(cases, isExact, isAffine).print(depth, plans);
  }
  std::string print(const std::string &plan) const {
    return print(std::vector<std::string>(depth, plan));
  }
  std::string printMixed() const {
    RandomCases cases(seed + 1000);
    std::vector<std::string> plans;
    for (int64_t i = 0; i < depth; ++i)
      plans.push_back(std::array<const char *, 3>{
          "store", "", "checkpoint"}[cases.getInteger(0, 2)]);
    return print(plans);
  }
};

void expectBits(const Arrays &actual, const Arrays &expected) {
  ASSERT_EQ(actual.size(), expected.size());
  for (size_t i = 0; i < actual.size(); ++i)
    ASSERT_TRUE(actual[i].size() == expected[i].size() &&
                std::memcmp(actual[i].data(), expected[i].data(),
                            actual[i].size() * sizeof(float)) == 0)
        << "result " << i;
}

/// Relative to the largest element of each result.
double getDistance(const Arrays &actual, const Arrays &expected) {
  double largest = 0;
  for (size_t i = 0; i < actual.size(); ++i) {
    double scale = 0, distance = 0;
    for (size_t j = 0; j < actual[i].size(); ++j) {
      scale = std::max<double>(scale, std::abs(expected[i][j]));
      distance =
          std::max<double>(distance, std::abs(actual[i][j] - expected[i][j]));
    }
    if (distance > 0)
      largest = std::max(largest, distance / scale);
  }
  return largest;
}

TEST(ReversibleGradients, AreBitsOfTheStoredOnesWithFixedPoint) {
  for (int64_t depth : {1, 2, 3, 7, 38})
    for (uint64_t seed = 0; seed < (depth < 5 ? 4 : 1); ++seed) {
      SCOPED_TRACE("depth " + std::to_string(depth) + ", seed " +
                   std::to_string(seed));
      Chain chain{seed * 100 + depth, depth, true, false};
      Arrays stored = runGradient(chain.print("store"));
      bool isMoving = false;
      for (size_t i = 1; i < stored.size(); ++i)
        for (float value : stored[i])
          isMoving |= value != 0;
      EXPECT_TRUE(isMoving) << "all gradients are zero";
      std::vector<std::string> programs{chain.print(""), chain.printMixed()};
      if (depth < 20) // Compiling takes most of the time.
        programs.push_back(chain.print("checkpoint"));
      for (const std::string &program : programs)
        ASSERT_NO_FATAL_FAILURE(expectBits(runGradient(program), stored));
    }
}

TEST(ReversibleGradients, AreThoseOfTheStoredOnesInFloat) {
  for (bool isAffine : {false, true})
    for (int64_t depth : {1, 4, isAffine ? 12 : 38})
      for (uint64_t seed = 0; seed < (depth < 5 ? 3 : 1); ++seed) {
        SCOPED_TRACE("depth " + std::to_string(depth) + ", seed " +
                     std::to_string(seed) + (isAffine ? ", affine" : ""));
        Chain chain{seed * 100 + depth, depth, false, isAffine};
        Arrays stored = runGradient(chain.print("store"));
        double distance =
            getDistance(runGradient(chain.print("invert")), stored);
        EXPECT_LE(distance, 1e-5);
        RecordProperty("distance", std::to_string(distance));
        if (depth < 20)
          EXPECT_LE(getDistance(runGradient(chain.printMixed()), stored), 1e-5);
      }
}

/// A wrong recomputation must be seen: other weights give other gradients.
TEST(ReversibleGradients, DependOnWhatIsRecomputed) {
  Chain chain{3, 4, true, false}, other{4, 4, true, false};
  EXPECT_GT(getDistance(runGradient(chain.print("invert")),
                        runGradient(other.print("store"))),
            1e-3);
}

} // namespace
