//===- Pipelines.h - Named pipelines -*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The stage pipelines and their composition. Nothing happens here that the
// passes, run one by one, would not do.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_PIPELINES_PIPELINES_H
#define COLONNADE_PIPELINES_PIPELINES_H

#include "colonnade/Conversion/LinalgToSystolic/Passes.h"
#include "colonnade/Dialect/Colonnade/Transforms/Passes.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassOptions.h"

namespace colonnade {

struct CompileOptions : mlir::PassPipelineOptions<CompileOptions> {
  Option<std::string> target{
      *this, "target", llvm::cl::desc("JSON target, or name of a shipped one")};
  Option<std::string> calibration{*this, "calibration",
                                  llvm::cl::desc("Calibration images (.npy)")};
  Option<int64_t> calibrationLimit{
      *this, "calibration-limit",
      llvm::cl::desc("Use only so many calibration images (0: all)"),
      llvm::cl::init(0)};
  Option<double> mean{*this, "mean",
                      llvm::cl::desc("pixels become (p / 255 - mean) / std"),
                      llvm::cl::init(0.0)};
  Option<double> std{*this, "std", llvm::cl::desc("See mean"),
                     llvm::cl::init(1.0)};
  Option<int64_t> patches{
      *this, "patches",
      llvm::cl::desc("Cut uint8 images into square patches of this side, one "
                     "row of the input each (0: not)"),
      llvm::cl::init(0)};
  Option<RangeMethod> calibrationMethod{
      *this, "calibration-method",
      llvm::cl::desc("How ranges follow from the values measured"),
      getRangeMethodValues(), llvm::cl::init(RangeMethod::MinMax)};
  Option<double> percentile{
      *this, "percentile",
      llvm::cl::desc("Percent of the values within a range (0 to 100], for "
                     "calibration-method=percentile"),
      llvm::cl::init(99.99)};
  Option<bool> progress{
      *this, "progress",
      llvm::cl::desc("Show the progress of calibration even if stderr is no "
                     "terminal"),
      llvm::cl::init(false)};
  Option<std::string> ranges{
      *this, "ranges",
      llvm::cl::desc("JSON file of ranges to use instead of measuring them")};
  Option<std::string> saveRanges{
      *this, "save-ranges", llvm::cl::desc("JSON file to write the ranges to")};
  Option<double> defaultRange{
      *this, "default-range",
      llvm::cl::desc("Range of values that the ranges file does not name (0: "
                     "none)"),
      llvm::cl::init(0.0)};
  Option<std::string> policy{
      *this, "policy",
      llvm::cl::desc("JSON file, or name of a shipped one (paper), with "
                     "settings per layer")};
  Option<int64_t> fanIn{*this, "fan-in",
                        llvm::cl::desc("Columns combined into one (1: none)"),
                        llvm::cl::init(1)};
  Option<double> conflictLimit{
      *this, "conflict-limit",
      llvm::cl::desc("Pruned weights of a group, as a share of the rows"),
      llvm::cl::init(0.0)};
  Option<std::string> algorithm{*this, "algorithm",
                                llvm::cl::desc("Grouping algorithm"),
                                llvm::cl::init("agglomerative")};
  Option<int64_t> group{*this, "group",
                        llvm::cl::desc("Weights that share a term budget"),
                        llvm::cl::init(8)};
  Option<int64_t> budget{*this, "budget",
                         llvm::cl::desc("Terms kept per group (0: all)"),
                         llvm::cl::init(0)};
  Option<int64_t> dataTerms{
      *this, "data-terms", llvm::cl::desc("Terms kept per activation (0: all)"),
      llvm::cl::init(0)};
  Option<bool> baseline{
      *this, "baseline",
      llvm::cl::desc("Also schedule the dense 8-bit network, to compare with"),
      llvm::cl::init(true)};
  Option<std::string> digits{*this, "digits", llvm::cl::desc("Digit set"),
                             llvm::cl::init("naf")};
};

struct CompileStepOptions : mlir::PassPipelineOptions<CompileStepOptions> {
  Option<std::string> target{
      *this, "target", llvm::cl::desc("JSON target, or name of a shipped one")};
  Option<BlockDataflowChoice> blockDataflow{
      *this, "block-dataflow",
      llvm::cl::desc("What products of blocks hold in the cells"),
      llvm::cl::init(BlockDataflowChoice::Roles),
      llvm::cl::values(clEnumValN(BlockDataflowChoice::Roles, "roles",
                                  "parameters, as FAST does; else sums stay"),
                       clEnumValN(BlockDataflowChoice::Cheapest, "cheapest",
                                  "the operand and dataflow of fewest "
                                  "cycles"))};
};

/// `--colonnade-from-tosa`: TOSA to linalg by upstream's lowering, zero points
/// folded into biases, channels first.
void buildFromTosaPipeline(mlir::OpPassManager &manager);

/// Float linalg to integer linalg.
void buildQuantizePipeline(mlir::OpPassManager &manager,
                           const CompileOptions &options);

/// Integer linalg to integer linalg with promises.
void buildPromisePipeline(mlir::OpPassManager &manager,
                          const CompileOptions &options);

/// `--colonnade-compile-step`: a training step in floats and blocks (what
/// `--colonnade-training-step` makes) to a schedule. Math functions become
/// arithmetic; roundings stay, for the array's converter.
void buildCompileStepPipeline(mlir::OpPassManager &manager,
                              const CompileStepOptions &options);

/// Integer linalg to a schedule.
void buildSchedulePipeline(mlir::OpPassManager &manager,
                           const CompileOptions &options);

/// `--colonnade-compile`: the three above in turn.
void buildCompilePipeline(mlir::OpPassManager &manager,
                          const CompileOptions &options);

void registerPipelines();

} // namespace colonnade

#endif // COLONNADE_PIPELINES_PIPELINES_H
