//===- colonnade-sim.cpp - Runs scheduled programs -*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reads a module with a systolic.program, runs images through it on the
// simulator and reports cycles, traffic, energy and accuracy.
//
//===----------------------------------------------------------------------===//

#include "LifetimeReport.h"
#include "Report.h"
#include "TensorRuns.h"
#include "colonnade/Diagnostics/NodeDiagnostics.h"
#include "colonnade/InitAllDialects.h"
#include "colonnade/Simulator/Simulator.h"
#include "colonnade/Support/ImageInput.h"
#include "colonnade/Support/Labels.h"
#include "colonnade/Support/ToolOptions.h"
#include "colonnade/Target/ProgramExport.h"
#include "mlir/IR/AsmState.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Support/FileUtilities.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/SourceMgr.h"

using namespace mlir;
using namespace colonnade;

namespace cl = llvm::cl;

static cl::opt<std::string> programPath(cl::Positional, cl::Required,
                                        cl::desc("<scheduled .mlir>"),
                                        cl::cat(getToolCategory()));
static cl::opt<std::string>
    inputsPath("inputs",
               cl::desc("Images (.npy, uint8 or float32), or all tensors of a "
                        "training step by name (.safetensors)"),
               cl::value_desc("file"), cl::cat(getToolCategory()));
static cl::opt<std::string>
    labelsPath("labels", cl::desc("Labels (.npy, uint8), for the accuracy"),
               cl::value_desc("file"), cl::cat(getToolCategory()));
static cl::opt<std::string>
    outputsPath("outputs",
                cl::desc("Write the outputs as float32 .npy; of tensors by "
                         "name, those of the last run as .safetensors"),
                cl::value_desc("file"), cl::cat(getToolCategory()));
static cl::opt<int64_t>
    runsOption("runs", cl::init(1),
               cl::desc("With tensors by name: run so often, each time with "
                        "the state that the run before returned"),
               cl::cat(getToolCategory()));
static cl::opt<std::string> lifetimesPath(
    "lifetimes",
    cl::desc("Write when each tensor is written and used last as "
             ".csv, and report lifetimes, refreshes, DRAM traffic "
             "by kind and energy by part"),
    cl::value_desc("file"), cl::cat(getToolCategory()));
static cl::opt<std::string>
    programName("program", cl::desc("Which program of the module; the first"),
                cl::value_desc("name"), cl::cat(getToolCategory()));
static cl::opt<double>
    meanOption("mean", cl::init(0.0),
               cl::desc("uint8 pixels become (pixel / 255 - mean) / std"),
               cl::cat(getToolCategory()));
static cl::opt<double> stdOption("std", cl::init(1.0), cl::desc("See --mean"),
                                 cl::cat(getToolCategory()));
static cl::opt<int64_t>
    patchesOption("patches", cl::init(0),
                  cl::desc("Cut uint8 images into square patches of this side, "
                           "one row of the input each"),
                  cl::cat(getToolCategory()));
static cl::opt<int64_t> limitOption("limit", cl::init(0),
                                    cl::desc("Run only so many images"),
                                    cl::cat(getToolCategory()));
static cl::opt<sim::Fidelity> fidelityOption(
    "fidelity", cl::init(sim::Fidelity::Machine),
    cl::desc("How the array is simulated"),
    cl::values(clEnumValN(sim::Fidelity::Machine, "machine",
                          "fast kernels and closed forms"),
               clEnumValN(sim::Fidelity::Cell, "cell",
                          "every register of every cell, every cycle")),
    cl::cat(getToolCategory()));
static cl::opt<bool> timingOnlyOption(
    "timing-only",
    cl::desc("Report cycles and traffic without simulating values, as without "
             "--inputs"),
    cl::cat(getToolCategory()));
static cl::opt<bool>
    baselineOption("baseline", cl::init(true),
                   cl::desc("Also run the module's dense 8-bit baseline"),
                   cl::cat(getToolCategory()));
static cl::opt<ReportFormat>
    reportFormat("report", cl::init(ReportFormat::Text),
                 cl::desc("Form of the report"),
                 cl::values(clEnumValN(ReportFormat::Text, "text", "a table"),
                            clEnumValN(ReportFormat::Json, "json", "JSON")),
                 cl::cat(getToolCategory()));

/// The program directly in `module` that --program names, or its first one; or
/// null.
static systolic::ProgramOp findProgram(ModuleOp module) {
  for (auto program : module.getOps<systolic::ProgramOp>())
    if (programName.empty() || program.getSymName() == programName)
      return program;
  return {};
}

namespace {
/// What the command line gives to run, read once for all programs.
struct TestData {
  std::optional<ImageSet> images;
  /// Instead of images.
  std::optional<NamedArrays> tensors;
  /// Of `count` images; empty without --labels.
  std::vector<uint8_t> labels;
  int64_t count = 0;
  PixelNormalization normalization{meanOption, stdOption, patchesOption};

  bool isEmpty() const { return !images && !tensors; }
};
} // namespace

static bool hasTensors() {
  return llvm::StringRef(inputsPath).ends_with(".safetensors");
}

/// Checks options that mean nothing without others.
static llvm::Error checkOptions() {
  if (limitOption < 0)
    return llvm::createStringError("expected --limit of at least 0, got " +
                                   llvm::Twine(limitOption));
  if (runsOption < 1)
    return llvm::createStringError("expected --runs of at least 1, got " +
                                   llvm::Twine(runsOption));
  if (hasTensors() && !(labelsPath.empty() && limitOption == 0))
    return llvm::createStringError(
        "--labels and --limit are about images, but --inputs holds tensors by "
        "name");
  if (!hasTensors() && runsOption != 1)
    return llvm::createStringError("--runs needs --inputs=<file>.safetensors");
  if (inputsPath.empty() && !(labelsPath.empty() && outputsPath.empty()))
    return llvm::createStringError("--labels and --outputs need --inputs");
  if (timingOnlyOption && !inputsPath.empty())
    return llvm::createStringError(
        "--timing-only simulates no values: drop it or --inputs");
  return llvm::Error::success();
}

static llvm::Expected<TestData> readTestData() {
  if (llvm::Error error = checkOptions())
    return std::move(error);
  TestData data;
  if (llvm::Error error = data.normalization.check())
    return std::move(error);
  if (inputsPath.empty())
    return data;
  if (hasTensors()) {
    llvm::Expected<NamedArrays> tensors = readSafetensors(inputsPath);
    if (!tensors)
      return tensors.takeError();
    data.tensors = std::move(*tensors);
    data.count = runsOption;
    return data;
  }
  llvm::Expected<ImageSet> images = ImageSet::read(inputsPath);
  if (!images)
    return images.takeError();
  data.images = std::move(*images);
  data.count = data.images->getCount();
  if (limitOption > 0)
    data.count = std::min<int64_t>(data.count, limitOption);
  if (labelsPath.empty())
    return data;
  llvm::Expected<std::vector<uint8_t>> labels =
      readLabels(labelsPath, data.count);
  if (!labels)
    return labels.takeError();
  data.labels = std::move(*labels);
  return data;
}

/// Simulates the images; returns the real outputs.
static llvm::Expected<std::vector<float>> runImages(sim::Simulator &simulator,
                                                    const TestData &data) {
  const sim::Program &program = simulator.getProgram();
  if (program.inputs.size() != 1 || program.outputs.size() != 1)
    return llvm::createStringError(llvm::formatv(
        "images need a program with one input and one output, got {0} and {1}: "
        "give --inputs=<file>.safetensors",
        program.inputs.size(), program.outputs.size()));
  const sim::HostTensor &input = program.inputs.front();
  const sim::HostTensor &output = program.outputs.front();
  if (llvm::Error error =
          data.images->checkImageShape(input.shape, data.normalization))
    return std::move(error);
  if (input.type != sim::ScalarType::I8)
    return llvm::createStringError("expected a program with an i8 input");
  int64_t outputElements = llvm::product_of(output.shape);
  std::vector<int8_t> inputValues(data.images->getImageElements());
  std::vector<uint8_t> outputBytes(outputElements * sim::getBytes(output.type));
  std::vector<float> outputs;
  for (int64_t image = 0; image < data.count; ++image) {
    data.images->getQuantizedInput(image, data.normalization,
                                   input.getInt8Form(), inputValues);
    llvm::ArrayRef<uint8_t> inputBytes(
        reinterpret_cast<const uint8_t *>(inputValues.data()),
        inputValues.size());
    if (llvm::Error error = simulator.run(inputBytes, outputBytes))
      return std::move(error);
    for (int64_t i = 0; i < outputElements; ++i)
      outputs.push_back(static_cast<float>(
          getElement(outputBytes, i, output.type) * output.scale));
  }
  return outputs;
}

static llvm::Expected<SimulatedProgram> simulateProgram(sim::Program program,
                                                        const TestData &data) {
  sim::SimulationOptions options;
  options.fidelity =
      data.isEmpty() ? sim::Fidelity::Timing : fidelityOption.getValue();
  auto simulator = sim::Simulator::create(std::move(program), options);
  if (!simulator)
    return simulator.takeError();
  SimulatedProgram result;
  result.simulator = std::move(*simulator);
  if (data.isEmpty())
    return result;
  result.run.images = data.count;
  if (data.tensors) {
    llvm::Expected<NamedArrays> tensors =
        runTensors(*result.simulator, *data.tensors, runsOption);
    if (!tensors)
      return tensors.takeError();
    result.run.tensors = std::move(*tensors);
    return result;
  }
  llvm::Expected<std::vector<float>> outputs =
      runImages(*result.simulator, data);
  if (!outputs)
    return outputs.takeError();
  result.run.outputs = std::move(*outputs);
  if (!data.labels.empty())
    result.run.accuracy =
        double(countCorrect(result.run.outputs, data.labels)) /
        double(data.count);
  return result;
}

static llvm::Error writeOutputs(const RunReport &run) {
  if (hasTensors())
    return writeSafetensors(outputsPath, run.tensors);
  int64_t elements = run.outputs.size() / run.images;
  return writeNpy(outputsPath,
                  NpyArray::get<float>(run.outputs, {run.images, elements}));
}

static llvm::Error findLifetimes(SimulatedProgram &program) {
  program.lifetimes = sim::computeLifetimes(program.simulator->getProgram(),
                                            program.simulator->getTiming());
  return writeLifetimes(lifetimesPath, *program.simulator, *program.lifetimes);
}

static LogicalResult emitFailure(llvm::Error error) {
  llvm::errs() << "error: " << llvm::toString(std::move(error)) << "\n";
  return failure();
}

/// The main program and, behind it, its baseline.
static FailureOr<SmallVector<systolic::ProgramOp>>
findPrograms(ModuleOp module) {
  SmallVector<systolic::ProgramOp> programs;
  if (systolic::ProgramOp program = findProgram(module))
    programs.push_back(program);
  else
    return emitError(module.getLoc())
           << "holds no systolic.program"
           << (programName.empty() ? "" : " '" + programName + "'")
           << ": compile it with colonnade-opt --colonnade-compile";
  auto baseline =
      module.lookupSymbol<ModuleOp>(ColonnadeDialect::getBaselineModuleName());
  if (baseline && baselineOption)
    if (systolic::ProgramOp program = findProgram(baseline))
      programs.push_back(program);
  return programs;
}

static LogicalResult run(MLIRContext &context) {
  llvm::Expected<TestData> data = readTestData();
  if (!data)
    return emitFailure(data.takeError());
  OwningOpRef<ModuleOp> module =
      parseSourceFile<ModuleOp>(programPath, &context);
  if (!module)
    return failure();
  FailureOr<SmallVector<systolic::ProgramOp>> programs = findPrograms(*module);
  if (failed(programs))
    return failure();
  std::vector<SimulatedProgram> simulated;
  for (systolic::ProgramOp program : *programs) {
    FailureOr<ExportedProgram> exported = exportProgram(program);
    if (failed(exported))
      return failure();
    auto result = simulateProgram(std::move(exported->program), *data);
    if (!result)
      return emitFailure(result.takeError());
    simulated.push_back(std::move(*result));
  }
  if (!outputsPath.empty())
    if (llvm::Error error = writeOutputs(simulated.front().run))
      return emitFailure(std::move(error));
  if (!lifetimesPath.empty())
    if (llvm::Error error = findLifetimes(simulated.front()))
      return emitFailure(std::move(error));
  printReport(llvm::outs(), simulated.front(),
              simulated.size() > 1 ? &simulated.back() : nullptr, reportFormat);
  return success();
}

int main(int argc, char **argv) {
  llvm::InitLLVM init(argc, argv);
  hideLibraryOptions();
  cl::ParseCommandLineOptions(argc, argv, "Colonnade simulator\n");
  DialectRegistry registry;
  registerAllDialects(registry);
  registerNodeDiagnostics(registry);
  MLIRContext context(registry);
  llvm::SourceMgr sourceMgr;
  SourceMgrDiagnosticHandler handler(sourceMgr, &context);
  return failed(run(context));
}
