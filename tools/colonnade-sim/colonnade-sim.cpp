//===- colonnade-sim.cpp - Runs scheduled programs -*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reads a module with a systolic.program, runs images through it on the
// machine-level simulator and reports cycles and accuracy.
//
//===----------------------------------------------------------------------===//

#include "Report.h"
#include "colonnade/InitAllDialects.h"
#include "colonnade/Numerics/Quantization.h"
#include "colonnade/Simulator/Simulator.h"
#include "colonnade/Support/FileOutput.h"
#include "colonnade/Support/ImageInput.h"
#include "colonnade/Target/ProgramExport.h"
#include "mlir/IR/AsmState.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Support/FileUtilities.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/SourceMgr.h"

using namespace mlir;
using namespace colonnade;

namespace cl = llvm::cl;

static cl::opt<std::string> programPath(cl::Positional, cl::Required,
                                        cl::desc("<scheduled .mlir>"));
static cl::opt<std::string>
    inputsPath("inputs", cl::desc("Images (.npy, uint8 or float32)"),
               cl::value_desc("file"));
static cl::opt<std::string>
    labelsPath("labels", cl::desc("Labels (.npy, uint8), for the accuracy"),
               cl::value_desc("file"));
static cl::opt<std::string>
    outputsPath("outputs", cl::desc("Write the outputs as float32 .npy"),
                cl::value_desc("file"));
static cl::opt<double>
    meanOption("mean", cl::init(0.0),
               cl::desc("uint8 pixels become (pixel / 255 - mean) / std"));
static cl::opt<double> stdOption("std", cl::init(1.0), cl::desc("See --mean"));
static cl::opt<int64_t> limitOption("limit", cl::init(0),
                                    cl::desc("Run only so many images"));
static cl::opt<sim::Fidelity> fidelityOption(
    "fidelity", cl::init(sim::Fidelity::Machine),
    cl::desc("How the array is simulated"),
    cl::values(clEnumValN(sim::Fidelity::Machine, "machine",
                          "fast kernels and closed forms"),
               clEnumValN(sim::Fidelity::Cell, "cell",
                          "every register of every cell, every cycle")));
static cl::opt<bool>
    baselineOption("baseline", cl::init(true),
                   cl::desc("Also run the module's dense 8-bit baseline"));
static cl::opt<ReportFormat>
    reportFormat("report", cl::init(ReportFormat::Text),
                 cl::desc("Form of the report"),
                 cl::values(clEnumValN(ReportFormat::Text, "text", "a table"),
                            clEnumValN(ReportFormat::Json, "json", "JSON")));

static llvm::Error makeError(const llvm::Twine &message) {
  return llvm::createStringError(message);
}

/// The first program directly in `module`, or null.
static systolic::ProgramOp findProgram(ModuleOp module) {
  auto programs = module.getOps<systolic::ProgramOp>();
  return programs.empty() ? systolic::ProgramOp() : *programs.begin();
}

/// Simulates `count` images; `outputs` receives the real outputs.
static llvm::Error runImages(sim::Simulator &simulator, const ImageSet &images,
                             int64_t count, std::vector<float> &outputs) {
  const sim::HostTensor &input = simulator.getProgram().input;
  const sim::HostTensor &output = simulator.getProgram().output;
  PixelNormalization normalization{meanOption, stdOption};
  if (llvm::Error error = normalization.check())
    return error;
  if (llvm::Error error = images.checkImageShape(input.shape))
    return error;
  if (input.elementBytes != 1)
    return makeError("expected a program with an i8 input");
  int64_t outputElements = 1;
  for (int64_t extent : output.shape)
    outputElements *= extent;
  std::vector<float> values(images.getImageElements());
  std::vector<uint8_t> inputBytes(values.size());
  std::vector<uint8_t> outputBytes(outputElements * output.elementBytes);
  for (int64_t image = 0; image < count; ++image) {
    images.getInput(image, normalization, values);
    for (auto [byte, value] : llvm::zip(inputBytes, values))
      byte = static_cast<uint8_t>(quantizeSymmetric(value, input.scale));
    if (llvm::Error error = simulator.run(inputBytes, outputBytes))
      return error;
    for (int64_t i = 0; i < outputElements; ++i)
      outputs.push_back(static_cast<float>(
          getElement(outputBytes, i, output.elementBytes) * output.scale));
  }
  return llvm::Error::success();
}

/// Share of images whose largest output is at the label.
static llvm::Expected<double> getAccuracy(llvm::ArrayRef<float> outputs,
                                          int64_t count) {
  llvm::Expected<NpyArray> labels = readNpy(labelsPath);
  if (!labels)
    return labels.takeError();
  auto values = labels->getValues<uint8_t>();
  if (!values)
    return values.takeError();
  if (static_cast<int64_t>(values->size()) < count)
    return makeError(labelsPath + ": expected " + llvm::Twine(count) +
                     " labels, one for each image, got " +
                     llvm::Twine(values->size()) + ": use --limit");
  int64_t classes = outputs.size() / count, correct = 0;
  for (int64_t image = 0; image < count; ++image) {
    auto row = outputs.slice(image * classes, classes);
    int64_t best = std::max_element(row.begin(), row.end()) - row.begin();
    correct += best == (*values)[image];
  }
  return static_cast<double>(correct) / static_cast<double>(count);
}

static llvm::Error writeOutputs(llvm::ArrayRef<float> outputs, int64_t count) {
  int64_t elements = outputs.size() / count;
  return writeNpy(outputsPath,
                  NpyArray::get<float>(outputs, {count, elements}));
}

/// Checks options that mean nothing without others.
static llvm::Error checkOptions() {
  if (limitOption < 0)
    return makeError("expected --limit of at least 0, got " +
                     llvm::Twine(limitOption));
  if (inputsPath.empty() && !(labelsPath.empty() && outputsPath.empty()))
    return makeError("--labels and --outputs need --inputs");
  return llvm::Error::success();
}

/// Runs the images, if there are any; writes outputs if `isMain`.
static llvm::Expected<RunReport> simulate(sim::Simulator &simulator,
                                          bool isMain) {
  RunReport report;
  if (inputsPath.empty())
    return report;
  llvm::Expected<ImageSet> images = ImageSet::read(inputsPath);
  if (!images)
    return images.takeError();
  report.images = images->getCount();
  if (limitOption > 0)
    report.images = std::min<int64_t>(report.images, limitOption);
  std::vector<float> outputs;
  if (llvm::Error error = runImages(simulator, *images, report.images, outputs))
    return std::move(error);
  if (!labelsPath.empty()) {
    llvm::Expected<double> accuracy = getAccuracy(outputs, report.images);
    if (!accuracy)
      return accuracy.takeError();
    report.accuracy = *accuracy;
  }
  if (isMain && !outputsPath.empty())
    if (llvm::Error error = writeOutputs(outputs, report.images))
      return std::move(error);
  return report;
}

static llvm::Expected<SimulatedProgram> simulateProgram(sim::Program program,
                                                        bool isMain) {
  sim::SimulationOptions options;
  options.fidelity = fidelityOption;
  auto simulator = sim::Simulator::create(std::move(program), options);
  if (!simulator)
    return simulator.takeError();
  llvm::Expected<RunReport> report = simulate(**simulator, isMain);
  if (!report)
    return report.takeError();
  return SimulatedProgram{std::move(*simulator), *report};
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
    return module.emitError()
           << "holds no systolic.program: compile it with colonnade-opt "
              "--colonnade-compile";
  auto baseline = module.lookupSymbol<ModuleOp>("baseline");
  if (baseline && baselineOption)
    if (systolic::ProgramOp program = findProgram(baseline))
      programs.push_back(program);
  return programs;
}

static LogicalResult run(MLIRContext &context) {
  if (llvm::Error error = checkOptions())
    return emitFailure(std::move(error));
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
    auto result =
        simulateProgram(std::move(exported->program), simulated.empty());
    if (!result)
      return emitFailure(result.takeError());
    simulated.push_back(std::move(*result));
  }
  printReport(llvm::outs(), simulated.front(),
              simulated.size() > 1 ? &simulated.back() : nullptr, reportFormat);
  return success();
}

int main(int argc, char **argv) {
  llvm::InitLLVM init(argc, argv);
  cl::ParseCommandLineOptions(argc, argv, "Colonnade simulator\n");
  DialectRegistry registry;
  registerAllDialects(registry);
  MLIRContext context(registry);
  llvm::SourceMgr sourceMgr;
  SourceMgrDiagnosticHandler handler(sourceMgr, &context);
  return failed(run(context));
}
