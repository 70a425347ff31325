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

#include "ShippedNetworks.h"
#include "colonnade/InitAllDialects.h"
#include <benchmark/benchmark.h>

using namespace mlir;
using namespace colonnade;
using namespace colonnade::test;

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

/// Compiles with or without promises; the calibration is part of it.
OwningOpRef<ModuleOp> compile(MLIRContext &context, const Model &model,
                              bool hasPromises) {
  auto module = parseNetwork(context, model.name);
  CompileOptions options;
  setCommonOptions(options, "edge-32x32", model.normalization);
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
  auto simulator =
      llvm::cantFail(sim::Simulator::create(exportOnlyProgram(*module)));
  ImageSet images = readImages();
  int64_t image = 0;
  for (auto _ : state)
    benchmark::DoNotOptimize(simulateImage(
        *simulator, images, image++ % images.getCount(), model.normalization));
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
