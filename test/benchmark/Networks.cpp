//===- Networks.cpp - Compile and simulation speed -*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Compiles each shipped model for the edge machine and runs images through it.
// images/s is the rate counter of the simulation benchmarks; the dense 8-bit
// program of the same model is the baseline in the same run.
//
//===----------------------------------------------------------------------===//

#include "colonnade/InitAllDialects.h"
#include "colonnade/Numerics/Quantization.h"
#include "colonnade/Pipelines/Pipelines.h"
#include "colonnade/Simulator/Simulator.h"
#include "colonnade/Support/ImageInput.h"
#include "colonnade/Target/ProgramExport.h"
#include "mlir/Parser/Parser.h"
#include <benchmark/benchmark.h>

using namespace mlir;
using namespace colonnade;

namespace {

struct Model {
  const char *name;
  PixelNormalization normalization;
};

constexpr Model kModels[] = {
    {"lenet5-fashion", {0.1307, 0.3081}},
    {"lenet5-fashion-pruned85", {0.1307, 0.3081}},
    {"resnet8-fashion", {0.286, 0.353}},
    {"resnet8-fashion-pruned80", {0.286, 0.353}},
};

std::string getDataPath(const Twine &name) {
  return (COLONNADE_BENCHMARK_DATA "/" + name).str();
}

/// Compiles with or without promises; the calibration is part of it.
OwningOpRef<ModuleOp> compile(MLIRContext &context, const Model &model,
                              bool hasPromises) {
  auto module = parseSourceFile<ModuleOp>(
      getDataPath("models/" + Twine(model.name) + ".linalg.mlir"), &context);
  CompileOptions options;
  options.target = "edge-32x32";
  options.calibration = getDataPath("calibration.npy");
  options.mean = model.normalization.mean;
  options.std = model.normalization.std;
  options.baseline = false;
  if (hasPromises) {
    options.fanIn = 8;
    options.budget = 16;
    options.dataTerms = 3;
  }
  PassManager manager(&context);
  buildCompilePipeline(manager, options);
  if (failed(manager.run(*module)))
    llvm::report_fatal_error("compilation failed");
  return module;
}

MLIRContext &getContext() {
  static DialectRegistry registry = [] {
    DialectRegistry result;
    registerAllDialects(result);
    return result;
  }();
  static MLIRContext context(registry);
  return context;
}

void compileModel(benchmark::State &state, const Model &model,
                  bool hasPromises) {
  for (auto _ : state)
    benchmark::DoNotOptimize(compile(getContext(), model, hasPromises));
}

void simulateModel(benchmark::State &state, const Model &model,
                   bool hasPromises) {
  OwningOpRef<ModuleOp> module = compile(getContext(), model, hasPromises);
  FailureOr<ExportedProgram> exported =
      exportProgram(*module->getOps<systolic::ProgramOp>().begin());
  auto simulator =
      llvm::cantFail(sim::Simulator::create(std::move(exported->program), {}));
  ImageSet images = llvm::cantFail(ImageSet::read(getDataPath("images.npy")));
  std::vector<float> values(images.getImageElements());
  std::vector<uint8_t> input(values.size()), output(40);
  int64_t image = 0;
  for (auto _ : state) {
    images.getInput(image++ % images.getCount(), model.normalization, values);
    for (auto [byte, value] : llvm::zip(input, values))
      byte = static_cast<uint8_t>(
          quantizeSymmetric(value, simulator->getProgram().input.scale));
    llvm::cantFail(simulator->run(input, output));
  }
  state.counters["images/s"] =
      benchmark::Counter(state.iterations(), benchmark::Counter::kIsRate);
}

} // namespace

int main(int argc, char **argv) {
  for (const Model &model : kModels)
    for (bool hasPromises : {false, true}) {
      std::string suffix =
          std::string(model.name) + (hasPromises ? "/promises" : "/8-bit");
      benchmark::RegisterBenchmark(("compile/" + suffix).c_str(), compileModel,
                                   model, hasPromises)
          ->Unit(benchmark::kMillisecond);
      benchmark::RegisterBenchmark(("simulate/" + suffix).c_str(),
                                   simulateModel, model, hasPromises)
          ->Unit(benchmark::kMicrosecond);
    }
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
}
