//===- colonnade-train.cpp - Training a network ---------------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reads a network and a data set, makes and compiles the network's training
// step, runs it over the epochs, and writes the network with the weights it
// ends with. Stopped by Ctrl-C it leaves a checkpoint, from which it goes on
// bit for bit.
//
//===----------------------------------------------------------------------===//

#include "PrepareNetwork.h"
#include "TrainingReport.h"
#include "colonnade/Diagnostics/NodeDiagnostics.h"
#include "colonnade/InitAllDialects.h"
#include "colonnade/Support/FileOutput.h"
#include "colonnade/Support/ProgressBar.h"
#include "colonnade/Support/ToolOptions.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Remarks.h"
#include "mlir/Parser/Parser.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/SourceMgr.h"
#include <chrono>
#include <csignal>
#include <limits>

using namespace mlir;
using namespace colonnade;

namespace cl = llvm::cl;

static cl::opt<std::string> networkPath(cl::Positional, cl::Required,
                                        cl::desc("<network .mlir>"),
                                        cl::cat(getToolCategory()));
static cl::opt<std::string> outputPath("o", cl::Required,
                                       cl::desc("Write the trained network"),
                                       cl::value_desc("file"),
                                       cl::cat(getToolCategory()));
static cl::opt<std::string>
    imagesPath("images", cl::Required,
               cl::desc("Training images (IDX, gzipped or not, or .npy)"),
               cl::value_desc("file"), cl::cat(getToolCategory()));
static cl::opt<std::string>
    labelsPath("labels", cl::Required,
               cl::desc("Training labels (IDX, gzipped or not, or .npy)"),
               cl::value_desc("file"), cl::cat(getToolCategory()));
static cl::opt<std::string>
    testImagesPath("test-images", cl::desc("Images to test with every epoch"),
                   cl::value_desc("file"), cl::cat(getToolCategory()));
static cl::opt<std::string> testLabelsPath("test-labels",
                                           cl::desc("Labels of --test-images"),
                                           cl::value_desc("file"),
                                           cl::cat(getToolCategory()));
static cl::opt<int64_t> limitOption("limit", cl::init(0),
                                    cl::desc("Train with the first N images"),
                                    cl::cat(getToolCategory()));
static cl::opt<double>
    meanOption("mean", cl::init(0.0),
               cl::desc("uint8 pixels become (pixel / 255 - mean) / std"),
               cl::cat(getToolCategory()));
static cl::opt<double> stdOption("std", cl::init(1.0), cl::desc("See --mean"),
                                 cl::cat(getToolCategory()));
static cl::opt<int64_t>
    patchesOption("patches", cl::init(0),
                  cl::desc("Cut uint8 images into square patches of this side"),
                  cl::cat(getToolCategory()));
static cl::opt<int64_t> epochsOption("epochs", cl::init(1),
                                     cl::desc("Passes over the images"),
                                     cl::cat(getToolCategory()));
static cl::opt<int64_t> batchOption("batch", cl::init(128),
                                    cl::desc("Images of a step"),
                                    cl::cat(getToolCategory()));
static cl::opt<uint64_t>
    seedOption("seed", cl::init(1),
               cl::desc("Seed of the images' order and of --initialize"),
               cl::cat(getToolCategory()));
static cl::opt<std::string> stepOption(
    "training-step",
    cl::desc("Options of --colonnade-training-step, such as "
             "'optimizer=adam learning-rate=0.001'; a cosine without "
             "total-steps ends with the run"),
    cl::cat(getToolCategory()));
static cl::opt<std::string> formatOption(
    "format",
    cl::desc("What products multiply: fp32, bf16, m2, m3, m4, m8, msfp12, mx "
             "or fast-adaptive (see --colonnade-training-step)"),
    cl::value_desc("name"), cl::cat(getToolCategory()));
static cl::list<std::string> precisionLogPaths(
    "precision-log",
    cl::desc("Write the mantissa bits of every layer over the steps of "
             "--format=fast-adaptive: JSON for .json, curves for .svg, else "
             "CSV; may be given several times"),
    cl::value_desc("file"), cl::cat(getToolCategory()));
static cl::opt<std::string> combineOption(
    "combine",
    cl::desc("Prune weights and combine columns from round to round of "
             "training: 'fan-in=8 conflict-limit=0.5 sparsity=0.8', "
             "'schedule=cubic' or 'geometric', 'events', 'end-step', "
             "'algorithm', 'policy', 'array-rows', 'array-columns'; brings the "
             "network to normal form first"),
    cl::cat(getToolCategory()));
static cl::list<std::string>
    combineLogPaths("combine-log",
                    cl::desc("Write the figures of all rounds of --combine: "
                             "JSON for .json, curves for .svg, else CSV; may "
                             "be given several times"),
                    cl::value_desc("file"), cl::cat(getToolCategory()));
static cl::opt<std::string> targetPath(
    "target",
    cl::desc("Count what the products of the run cost on a machine of block "
             "cells, a file or fast-256x64; the step must have a block format"),
    cl::value_desc("file"), cl::cat(getToolCategory()));
static cl::list<std::string>
    costLogPaths("cost-log",
                 cl::desc("Write the costs and precisions of all steps on "
                          "--target: JSON for .json, curves for .svg, else "
                          "CSV; may be given several times"),
                 cl::value_desc("file"), cl::cat(getToolCategory()));
static cl::opt<std::string> termsOption(
    "terms",
    cl::desc("Train for weights of 8 bits within a budget of terms: 'group=16 "
             "budget=10', 'digits', 'policy', or for a ladder of data terms and "
             "budgets at once: 'group=16 ladder=2:8,2:10,3:14' or 'ladder=paper'; "
             "gradients pass straight through the rounding; brings the network "
             "to normal form first"),
    cl::cat(getToolCategory()));
static cl::opt<std::string> fakeQuantizeOption(
    "fake-quantize",
    cl::desc("Train with the activations that quantization leaves: options of "
             "--colonnade-fake-quantize, such as 'ranges=ranges.json "
             "data-terms=2'; brings the network to normal form first"),
    cl::cat(getToolCategory()));
static cl::opt<std::string> maxDriftOption(
    "max-drift",
    cl::desc("Measure how far streams that the backward pass computes again are "
             "off (max |x - x'| / max |x|, measure-drift of "
             "--colonnade-training-step), and stop where it is more than this"),
    cl::value_desc("bound"), cl::cat(getToolCategory()));
static cl::opt<int64_t> memoryLimitOption(
    "memory-limit", cl::init(0),
    cl::desc("Bytes that buffers of a step may take at one time: couplings of a "
             "reversible network store, invert or checkpoint their activations "
             "accordingly (--colonnade-plan-activations)"),
    cl::value_desc("bytes"), cl::cat(getToolCategory()));
static cl::opt<std::string>
    checkpointPath("checkpoint",
                   cl::desc("Write a checkpoint (safetensors) after every "
                            "epoch and on Ctrl-C"),
                   cl::value_desc("file"), cl::cat(getToolCategory()));
static cl::opt<std::string> resumePath("resume",
                                       cl::desc("Go on from a checkpoint"),
                                       cl::value_desc("file"),
                                       cl::cat(getToolCategory()));
static cl::list<std::string>
    logPaths("log",
             cl::desc("Write the figures of all epochs: JSON for .json, curves "
                      "for .svg, else CSV; may be given several times"),
             cl::value_desc("file"), cl::cat(getToolCategory()));
static cl::opt<bool>
    progressOption("progress", cl::init(false),
                   cl::desc("Draw the progress bar even without a terminal"),
                   cl::cat(getToolCategory()));

static cl::opt<std::string> remarksFilter(
    "remarks-filter",
    cl::desc("Print remarks of the categories that match, for example "
             "'colonnade': what of a step oneDNN does not compute"),
    cl::value_desc("regex"), cl::cat(getToolCategory()));

static volatile std::sig_atomic_t interrupted = 0;

namespace {
struct TrainingData {
  Dataset training;
  std::optional<Dataset> test;

  /// Of the whole run.
  int64_t countSteps() const {
    return training.getCount() / batchOption * epochsOption;
  }
};
} // namespace

static HookOptions getHookOptions() {
  return {combineOption,   termsOption,  targetPath,
          combineLogPaths, costLogPaths, precisionLogPaths};
}

/// What --max-drift says; a NaN if that is no number.
static double getMaxDrift() {
  double bound = 0;
  return llvm::to_float(maxDriftOption, bound)
             ? bound
             : std::numeric_limits<double>::quiet_NaN();
}

static llvm::Error checkOptions() {
  if (epochsOption < 1)
    return llvm::createStringError("expected --epochs of at least 1, got " +
                                   Twine(epochsOption));
  if (batchOption < 1)
    return llvm::createStringError("expected --batch of at least 1, got " +
                                   Twine(batchOption));
  if (memoryLimitOption < 0)
    return llvm::createStringError(
        "expected --memory-limit of at least 0 bytes, got " +
        Twine(memoryLimitOption));
  if (maxDriftOption.getNumOccurrences() > 0 && !(getMaxDrift() >= 0))
    return llvm::createStringError(
        "expected --max-drift with a number of at least 0, got '" +
        maxDriftOption + "'");
  if (limitOption < 0)
    return llvm::createStringError("expected --limit of at least 0, got " +
                                   Twine(limitOption));
  if (testImagesPath.empty() != testLabelsPath.empty())
    return llvm::createStringError(
        "--test-images and --test-labels need each other");
  return getHookOptions().check();
}

static llvm::Expected<TrainingData> readData(const NetworkShape &network) {
  PixelNormalization normalization{meanOption, stdOption, patchesOption};
  auto training = Dataset::read(imagesPath, labelsPath, normalization,
                                network.input, network.classes, limitOption);
  if (!training)
    return training.takeError();
  TrainingData data{std::move(*training), std::nullopt};
  if (testImagesPath.empty())
    return data;
  auto test = Dataset::read(testImagesPath, testLabelsPath, normalization,
                            network.input, network.classes);
  if (!test)
    return test.takeError();
  data.test = std::move(*test);
  return data;
}

static llvm::Error writeCheckpoint(const Trainer &trainer) {
  if (checkpointPath.empty())
    return llvm::Error::success();
  return writeSafetensors(checkpointPath, trainer.getCheckpoint());
}

static llvm::Error resume(Trainer &trainer) {
  if (resumePath.empty())
    return llvm::Error::success();
  llvm::Expected<NamedArrays> checkpoint = readSafetensors(resumePath);
  if (!checkpoint)
    return checkpoint.takeError();
  if (llvm::Error error = trainer.restore(*checkpoint))
    return llvm::createFileError(resumePath, std::move(error));
  return llvm::Error::success();
}

/// The precision in use, for the progress bar.
static std::string getFormatLabel(const Trainer &trainer) {
  std::string precisions = describePrecisions(trainer);
  if (precisions.empty())
    precisions = formatOption;
  return precisions.empty() ? "" : ", " + precisions;
}

/// Runs the rest of an epoch, or as much of it as Ctrl-C lets.
static llvm::Error runEpoch(Trainer &trainer, const TrainingData &data) {
  int64_t steps = trainer.getStepsPerEpoch(data.training);
  int64_t end = (static_cast<int64_t>(trainer.getLog().size()) + 1) * steps;
  ProgressBar bar(llvm::errs(), "", steps, progressOption);
  auto begin = std::chrono::steady_clock::now();
  while (trainer.getStep() < end && !interrupted) {
    if (llvm::Error error = trainer.runStep(data.training))
      return error;
    bar.setLabel(llvm::formatv("epoch {0}/{1}, loss {2:f4}, accuracy {3:f2} %",
                               trainer.getLog().size() + 1, epochsOption,
                               trainer.getMeanLoss(),
                               100 * trainer.getTrainAccuracy())
                     .str() +
                 getFormatLabel(trainer));
    bar.update(steps - (end - trainer.getStep()));
  }
  if (interrupted)
    return llvm::Error::success();
  std::chrono::duration<double> elapsed =
      std::chrono::steady_clock::now() - begin;
  double testAccuracy = std::nan("");
  if (data.test) {
    llvm::Expected<double> accuracy = trainer.evaluate(*data.test);
    if (!accuracy)
      return accuracy.takeError();
    testAccuracy = *accuracy;
  }
  trainer.finishEpoch(testAccuracy, elapsed.count());
  return llvm::Error::success();
}

static llvm::Error writeLogs(const Training &training) {
  for (const std::string &path : logPaths)
    if (llvm::Error error = writeTrainingLog(path, training.trainer->getLog()))
      return error;
  return writeHookLogs(training, getHookOptions());
}

/// All epochs that are left; stops early when interrupted.
static llvm::Error train(const Training &training, const TrainingData &data) {
  Trainer &trainer = *training.trainer;
  while (static_cast<int64_t>(trainer.getLog().size()) < epochsOption) {
    if (llvm::Error error = runEpoch(trainer, data))
      return error;
    if (llvm::Error error = writeCheckpoint(trainer))
      return error;
    if (interrupted)
      return llvm::Error::success();
    printEpoch(training);
    if (llvm::Error error = writeLogs(training))
      return error;
  }
  if (!training.joint)
    return llvm::Error::success();
  if (llvm::Error error = training.joint->finish(trainer))
    return error;
  return writeLogs(training);
}

/// As published with ladders (ASPLOS 2021): d of --colonnade-training-step.
static constexpr llvm::StringLiteral kDistillation(" distillation=0.1");

/// Without total-steps a cosine ends with the run; a ladder has a student.
static TrainingSettings getSettings(const TrainingData &data) {
  TrainingSettings settings;
  settings.batch = batchOption;
  settings.seed = seedOption;
  settings.stepOptions = stepOption;
  if (!formatOption.empty())
    settings.stepOptions += " format=" + formatOption;
  settings.fakeQuantizeOptions = fakeQuantizeOption;
  settings.memoryLimit = memoryLimitOption;
  if (maxDriftOption.getNumOccurrences() > 0)
    settings.maxDrift = getMaxDrift();
  if (!StringRef(stepOption).contains("distillation") &&
      getHookOptions().needStudent())
    settings.stepOptions += kDistillation;
  if (!StringRef(stepOption).contains("total-steps"))
    settings.stepOptions += (" total-steps=" + Twine(data.countSteps())).str();
  return settings;
}

static llvm::Expected<Training> createTraining(ModuleOp module,
                                               const TrainingData &data) {
  Training training;
  auto trainer = Trainer::create(module, getSettings(data));
  if (!trainer)
    return trainer.takeError();
  training.trainer = std::move(*trainer);
  if (llvm::Error error = training.trainer->checkCount(data.training))
    return std::move(error);
  if (llvm::Error error =
          addHooks(training, module, getHookOptions(), batchOption,
                   data.countSteps(), data.test ? &*data.test : nullptr))
    return std::move(error);
  if (llvm::Error error = resume(*training.trainer))
    return std::move(error);
  return training;
}

/// The name in a location, without where a file had it.
static Location getNameOnly(Location loc) {
  if (auto name = loc->findInstanceOf<NameLoc>())
    return NameLoc::get(name.getName());
  return UnknownLoc::get(loc.getContext());
}

/// Leaves of all locations the names of parameters and layers, which a later run
/// may ask for. False if there are none.
static bool keepNames(ModuleOp module) {
  bool hasNames = false;
  module.walk([&](Operation *op) {
    op->setLoc(getNameOnly(op->getLoc()));
    hasNames |= isa<NameLoc>(op->getLoc());
    for (Region &region : op->getRegions())
      for (Block &block : region)
        for (BlockArgument argument : block.getArguments())
          argument.setLoc(getNameOnly(argument.getLoc()));
  });
  return hasNames;
}

static llvm::Error writeNetwork(const Training &training, ModuleOp module) {
  training.trainer->storeParameters(module);
  if (training.joint)
    training.joint->storePromises(module);
  OpPrintingFlags flags;
  if (keepNames(module))
    flags.enableDebugInfo();
  return writeFile(outputPath, [&](llvm::raw_ostream &stream) {
    module.print(stream, flags);
  });
}

/// Says how to go on after Ctrl-C.
static void reportInterruption(const Trainer &trainer) {
  llvm::errs() << "interrupted after step " << trainer.getStep();
  if (!checkpointPath.empty())
    llvm::errs() << "; go on with --resume=" << checkpointPath;
  llvm::errs() << "\n";
}

/// The exit code.
static llvm::Expected<int> run(MLIRContext &context) {
  if (llvm::Error error = checkOptions())
    return std::move(error);
  OwningOpRef<ModuleOp> module =
      parseSourceFile<ModuleOp>(networkPath, &context);
  if (!module)
    return EXIT_FAILURE;
  llvm::Expected<NetworkShape> network = getNetworkShape(*module);
  if (!network)
    return network.takeError();
  llvm::Expected<TrainingData> data = readData(*network);
  if (!data)
    return data.takeError();
  bool needsNormalForm =
      getHookOptions().needNormalForm() || !fakeQuantizeOption.empty();
  if (llvm::Error error = prepareNetwork(*module, needsNormalForm, seedOption))
    return std::move(error);
  llvm::Expected<Training> training = createTraining(*module, *data);
  if (!training)
    return training.takeError();
  std::signal(SIGINT, [](int) { interrupted = 1; });
  if (llvm::Error error = train(*training, *data))
    return std::move(error);
  if (interrupted) {
    reportInterruption(*training->trainer);
    return 128 + SIGINT;
  }
  if (llvm::Error error =
          printRun(*training, data->test ? &*data->test : nullptr))
    return std::move(error);
  if (llvm::Error error = writeNetwork(*training, *module))
    return std::move(error);
  return EXIT_SUCCESS;
}

static LogicalResult enableRemarks(MLIRContext &context) {
  if (remarksFilter.empty())
    return success();
  remark::RemarkCategories categories{remarksFilter, remarksFilter,
                                      remarksFilter, remarksFilter,
                                      remarksFilter};
  return remark::enableOptimizationRemarks(
      context, nullptr, std::make_unique<remark::RemarkEmittingPolicyAll>(),
      categories, /*printAsEmitRemarks=*/true);
}

int main(int argc, char **argv) {
  llvm::InitLLVM init(argc, argv);
  hideLibraryOptions();
  cl::ParseCommandLineOptions(argc, argv, "Colonnade trainer\n");
  DialectRegistry registry;
  registerAllDialects(registry);
  registerNodeDiagnostics(registry);
  MLIRContext context(registry);
  context.printOpOnDiagnostic(false); // Errors name locations and values.
  llvm::SourceMgr sourceMgr;
  SourceMgrDiagnosticHandler handler(sourceMgr, &context);
  if (failed(enableRemarks(context)))
    return EXIT_FAILURE;
  llvm::Expected<int> exitCode = run(context);
  if (exitCode)
    return *exitCode;
  llvm::errs() << "error: " << llvm::toString(exitCode.takeError()) << "\n";
  return EXIT_FAILURE;
}
