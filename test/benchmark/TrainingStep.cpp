//===- TrainingStep.cpp - Time and memory of a training step -------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Compiles `@training_step` of a module for speed, as colonnade-train does, and
// runs it on arbitrary numbers. For every line on standard input it does a
// round of steps and prints their median times, the peak memory of the process so
// far and the peak of the step's buffers, as JSON, so that test/benchmark/training-step can take turns
// with PyTorch.
//
//===----------------------------------------------------------------------===//

#include "colonnade/Dialect/Colonnade/IR/ColonnadeDialect.h"
#include "colonnade/ExecutionEngine/JitFunction.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Parser/Parser.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/InitLLVM.h"
#include <chrono>
#include <ctime>
#include <iostream>
#include <random>
#include <sys/resource.h>

using namespace mlir;
using namespace colonnade;

namespace {

/// All arguments and results of the step.
struct StepBuffers {
  explicit StepBuffers(const JitFunction &step) {
    for (const JitFunction::Buffer &input : step.getInputs())
      inputs.push_back(makeInput(input, &input == &step.getInputs().back()));
    for (const JitFunction::Buffer &output : step.getOutputs())
      outputs.emplace_back(output.getNumElements() * output.elementBytes);
    for (std::vector<char> &bytes : inputs)
      inputPointers.push_back(bytes.data());
    for (std::vector<char> &bytes : outputs)
      outputPointers.push_back(bytes.data());
  }

  SmallVector<const void *> inputPointers;
  SmallVector<void *> outputPointers;

private:
  /// Small numbers of both signs; zeros for the labels, which come last, and
  /// for the step count, which is the only input of 8 bytes.
  std::vector<char> makeInput(const JitFunction::Buffer &buffer,
                              bool isLabels) {
    std::vector<char> bytes(buffer.getNumElements() * buffer.elementBytes);
    if (isLabels || buffer.elementBytes != 4)
      return bytes;
    std::uniform_real_distribution<float> uniform(-0.1f, 0.1f);
    for (float &value : llvm::MutableArrayRef(
             reinterpret_cast<float *>(bytes.data()), bytes.size() / 4))
      value = uniform(generator);
    return bytes;
  }

  std::mt19937 generator{1};
  std::vector<std::vector<char>> inputs, outputs;
};

/// Milliseconds of the clock on the wall, and of the process on all cores.
struct StepTime {
  double wall, processor;
};

StepTime measureStep(const JitFunction &step, const StepBuffers &buffers) {
  auto begin = std::chrono::steady_clock::now();
  std::clock_t processorBegin = std::clock();
  llvm::cantFail(step.run(buffers.inputPointers, buffers.outputPointers));
  return {std::chrono::duration<double, std::milli>(
              std::chrono::steady_clock::now() - begin)
              .count(),
          1000.0 * static_cast<double>(std::clock() - processorBegin) /
              CLOCKS_PER_SEC};
}

double getMedian(std::vector<double> values) {
  llvm::sort(values);
  return values[values.size() / 2];
}

double getPeakMegabytes() {
  rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024;
}

void measureRound(const JitFunction &step, const StepBuffers &buffers,
                  int count) {
  std::vector<double> times, processorTimes;
  for (int i = 0; i < count; ++i) {
    StepTime time = measureStep(step, buffers);
    times.push_back(time.wall);
    processorTimes.push_back(time.processor);
  }
  llvm::outs() << llvm::format(
      "{\"milliseconds\": %.3f, \"processor_milliseconds\": %.3f, "
      "\"megabytes\": %.1f, \"buffer_bytes\": %lld, "
      "\"scratch_bytes\": %lld}\n",
      getMedian(times), getMedian(processorTimes), getPeakMegabytes(),
      static_cast<long long>(step.getPeakBytes()),
      static_cast<long long>(step.getScratchBytes()));
  llvm::outs().flush();
}

OwningOpRef<ModuleOp> parseModule(MLIRContext &context, StringRef path) {
  DialectRegistry registry;
  registry.insert<arith::ArithDialect, ColonnadeDialect, func::FuncDialect,
                  linalg::LinalgDialect, math::MathDialect, scf::SCFDialect,
                  tensor::TensorDialect>();
  context.appendDialectRegistry(registry);
  return parseSourceFile<ModuleOp>(path, &context);
}

} // namespace

int main(int argc, char **argv) {
  llvm::InitLLVM init(argc, argv);
  int steps = argc > 2 ? std::atoi(argv[2]) : 0;
  if (steps < 1) {
    llvm::errs() << "usage: " << argv[0] << " <module> <steps of a round>\n";
    return 1;
  }
  MLIRContext context;
  OwningOpRef<ModuleOp> module = parseModule(context, argv[1]);
  if (!module)
    return 1;
  auto step =
      JitFunction::compile(*module, "training_step", JitOptimization::Library);
  if (!step) {
    llvm::consumeError(step.takeError()); // Already a diagnostic.
    return 1;
  }
  module.release()->erase();
  StepBuffers buffers(**step);
  measureStep(**step, buffers);
  for (std::string line; std::getline(std::cin, line);)
    measureRound(**step, buffers, steps);
}
