//===- Pipelines.cpp - Named pipelines -*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See the header.
//
//===----------------------------------------------------------------------===//

#include "colonnade/Pipelines/Pipelines.h"
#include "colonnade/Conversion/LinalgToSystolic/Passes.h"
#include "colonnade/Dialect/Systolic/Transforms/Passes.h"
#include "colonnade/Training/Passes.h"
#include "mlir/Conversion/TosaToArith/TosaToArith.h"
#include "mlir/Conversion/TosaToLinalg/TosaToLinalg.h"
#include "mlir/Conversion/TosaToTensor/TosaToTensor.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/Passes.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;
using namespace colonnade;

void colonnade::buildFromTosaPipeline(OpPassManager &manager) {
  tosa::addTosaToLinalgPasses(manager, TosaToLinalgOptions());
  OpPassManager &functions = manager.nest<func::FuncOp>();
  functions.addPass(createTosaToArithPass());
  functions.addPass(createTosaToTensorPass());
  functions.addPass(createSimplifyDepthwiseConvPass());
  functions.addPass(createCanonicalizerPass());
  functions.addPass(createCSEPass());
  functions.addPass(createFoldZeroPoints());
  functions.addPass(createChannelsFirst());
  functions.addPass(createCanonicalizerPass());
  functions.addPass(createCSEPass());
}

void colonnade::buildQuantizePipeline(OpPassManager &manager,
                                      const CompileOptions &options) {
  manager.addNestedPass<func::FuncOp>(createNormalizeContractions());
  QuantizeOptions quantize;
  quantize.calibration = options.calibration;
  quantize.calibrationLimit = options.calibrationLimit;
  quantize.mean = options.mean;
  quantize.std = options.std;
  quantize.patches = options.patches;
  quantize.calibrationMethod = options.calibrationMethod;
  quantize.percentile = options.percentile;
  quantize.progress = options.progress;
  quantize.ranges = options.ranges;
  quantize.saveRanges = options.saveRanges;
  quantize.defaultRange = options.defaultRange;
  quantize.policy = options.policy;
  manager.addPass(createQuantize(quantize));
  manager.addPass(createCanonicalizerPass());
  manager.addPass(createCSEPass());
}

void colonnade::buildPromisePipeline(OpPassManager &manager,
                                     const CompileOptions &options) {
  bool hasPolicy = !options.policy.empty();
  if (options.fanIn != 1 || hasPolicy) {
    CombineColumnsOptions combine;
    combine.fanIn = options.fanIn;
    combine.conflictLimit = options.conflictLimit;
    combine.algorithm = options.algorithm;
    combine.policy = options.policy;
    manager.addNestedPass<func::FuncOp>(createCombineColumns(combine));
  }
  TermQuantizeOptions terms;
  terms.group = options.group;
  terms.budget = options.budget;
  terms.dataTerms = options.dataTerms;
  terms.digits = options.digits;
  terms.policy = options.policy;
  if (options.budget != 0 || options.dataTerms != 0 || hasPolicy)
    manager.addNestedPass<func::FuncOp>(createTermQuantize(terms));
  manager.addPass(createVerifyPromises());
}

void colonnade::buildSchedulePipeline(OpPassManager &manager,
                                      const CompileOptions &options) {
  ConvertLinalgToSystolicOptions convert;
  convert.target = options.target;
  manager.addPass(createConvertLinalgToSystolic(convert));
  manager.addPass(systolic::createSchedule());
  // The baseline, where there is one, is a nested module.
  OpPassManager &baseline = manager.nest<ModuleOp>();
  baseline.addPass(createConvertLinalgToSystolic(convert));
  baseline.addPass(systolic::createSchedule());
}

void colonnade::buildCompileStepPipeline(OpPassManager &manager,
                                         const CompileStepOptions &options) {
  buildLowerStepPipeline(manager);
  ConvertLinalgToSystolicOptions convert;
  convert.target = options.target;
  convert.blockDataflow = options.blockDataflow;
  manager.addPass(createConvertLinalgToSystolic(convert));
  manager.addPass(systolic::createSchedule());
}

void colonnade::buildCompilePipeline(OpPassManager &manager,
                                     const CompileOptions &options) {
  buildQuantizePipeline(manager, options);
  if (options.baseline)
    manager.addPass(createKeepBaseline());
  buildPromisePipeline(manager, options);
  buildSchedulePipeline(manager, options);
}

void colonnade::registerPipelines() {
  PassPipelineRegistration<>(
      "colonnade-from-tosa",
      "TOSA, in f32 or int8, to linalg with channels first",
      buildFromTosaPipeline);
  PassPipelineRegistration<CompileOptions>("colonnade-quantize-pipeline",
                                           "Float linalg to integer linalg",
                                           buildQuantizePipeline);
  PassPipelineRegistration<CompileOptions>(
      "colonnade-promise-pipeline", "Establish promises on integer linalg",
      buildPromisePipeline);
  PassPipelineRegistration<CompileOptions>("colonnade-schedule-pipeline",
                                           "Integer linalg to a schedule",
                                           buildSchedulePipeline);
  PassPipelineRegistration<CompileOptions>(
      "colonnade-compile",
      "Compile float linalg to a schedule for a systolic array",
      buildCompilePipeline);
  PassPipelineRegistration<CompileStepOptions>(
      "colonnade-compile-step",
      "Compile a training step to a schedule for a systolic array",
      buildCompileStepPipeline);
}
