//===- OnnxImport.cpp - Time and memory of importing large models --------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Imports generated models, each in a process of its own, whose peak memory is
// its own, too. The time includes reading the file. The baseline is protobuf's
// own parser on the same file.
//
//===----------------------------------------------------------------------===//

#include "GeneratedNetworks.h"
#include "OnnxFiles.h"
#include "colonnade/Target/ImportOnnx.h"
#include "mlir/IR/MLIRContext.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Program.h"
#include <benchmark/benchmark.h>

using namespace colonnade;
using namespace colonnade::test;

namespace {

constexpr double kDensity = 0.15;
constexpr uint64_t kSeed = 1;
constexpr double kMegabyte = 1e6;

/// Runs this program in another process, so that the memory of one task is not
/// counted for the next (a child's peak is at least its parent's size).
bool runMode(llvm::StringRef mode, llvm::StringRef path,
             std::optional<llvm::sys::ProcessStatistics> *statistics) {
  static const std::string program =
      llvm::sys::fs::getMainExecutable(nullptr, nullptr);
  return llvm::sys::ExecuteAndWait(program, {program, mode, path}, std::nullopt,
                                   {}, 0, 0, nullptr, nullptr, statistics) == 0;
}

/// A generated model, gone with the program.
class ModelFile {
public:
  explicit ModelFile(llvm::StringRef writeMode) {
    llvm::cantFail(llvm::errorCodeToError(llvm::sys::fs::createUniqueDirectory(
        "colonnade-benchmark", directory)));
    path = (directory + "/model.onnx").str();
    if (!runMode(writeMode, path, nullptr))
      llvm::report_fatal_error("the model cannot be written");
  }
  ~ModelFile() { llvm::sys::fs::remove_directories(directory); }

  const std::string &getPath() const { return path; }

  /// Model and external weights.
  uint64_t getBytes() const {
    uint64_t total = 0;
    for (const std::string &file : {path, path + ".data"}) {
      uint64_t size = 0;
      if (!llvm::sys::fs::file_size(file, size))
        total += size;
    }
    return total;
  }

private:
  llvm::SmallString<128> directory;
  std::string path;
};

const ModelFile &getResNet50() {
  static ModelFile file("--write-resnet50");
  return file;
}

const ModelFile &getDecoderLayer() {
  static ModelFile file("--write-decoder-layer");
  return file;
}

/// Runs `mode` (see main) on the file.
void runChild(benchmark::State &state, llvm::StringRef mode,
              const ModelFile &file) {
  uint64_t peakKilobytes = 0;
  for (auto _ : state) {
    std::optional<llvm::sys::ProcessStatistics> statistics;
    auto start = std::chrono::steady_clock::now();
    bool done = runMode(mode, file.getPath(), &statistics);
    std::chrono::duration<double> elapsed =
        std::chrono::steady_clock::now() - start;
    if (!done || !statistics) {
      state.SkipWithError("the child process failed");
      return;
    }
    state.SetIterationTime(elapsed.count());
    peakKilobytes = std::max(peakKilobytes, statistics->PeakMemory);
  }
  double bytes = static_cast<double>(file.getBytes());
  state.counters["file_MB"] = bytes / kMegabyte;
  state.counters["peak_MB"] =
      static_cast<double>(peakKilobytes) * 1024 / kMegabyte;
  state.counters["peak_per_file"] =
      static_cast<double>(peakKilobytes) * 1024 / bytes;
}

BENCHMARK_CAPTURE(runChild, resnet50_parse, "--parse", getResNet50())
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(runChild, resnet50_import, "--import", getResNet50())
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(runChild, decoder_layer_import, "--import", getDecoderLayer())
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond);

llvm::Error import(llvm::StringRef path) {
  mlir::MLIRContext context;
  return importOnnx(path, &context)
             ? llvm::Error::success()
             : llvm::createStringError("the model does not import");
}

llvm::Error write(llvm::StringRef path, WeightStorage storage,
                  llvm::function_ref<llvm::Error(OnnxWriter &)> network) {
  auto writer = OnnxWriter::create(path, storage, kDensity, kSeed);
  return writer ? network(**writer) : writer.takeError();
}

/// What the other processes do.
llvm::Error runAs(llvm::StringRef mode, llvm::StringRef path) {
  if (mode == "--import")
    return import(path);
  if (mode == "--parse")
    return readOnnxModel(path).takeError();
  if (mode == "--write-resnet50")
    return write(path, WeightStorage::Inside, writeResNet50);
  if (mode == "--write-decoder-layer")
    return write(path, WeightStorage::External,
                 [](OnnxWriter &writer) { return writeDecoderLayer(writer); });
  return llvm::createStringError("unknown mode '" + mode + "'");
}

} // namespace

/// With a mode and a model, the program does one task; else it is the
/// benchmark, which runs itself so.
int main(int argc, char **argv) {
  benchmark::Initialize(&argc, argv);
  if (argc == 1) {
    benchmark::RunSpecifiedBenchmarks();
    return 0;
  }
  llvm::Error error =
      argc == 3 ? runAs(argv[1], argv[2])
                : llvm::createStringError("expected a mode and a model");
  if (!error)
    return 0;
  llvm::errs() << llvm::toString(std::move(error)) << "\n";
  return 1;
}
