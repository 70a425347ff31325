//===- OnnxFuzz.cpp - Damaged models never crash the importer ------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// 10,000 seeded mutations of real models through the importer, which this
// program holds compiled with AddressSanitizer and UndefinedBehaviorSanitizer.
// Each must give a module that verifies or else an error; what stops the
// program tells the number to begin with, with --first.
//
//===----------------------------------------------------------------------===//

#include "Mutations.h"
#include "colonnade/Target/ImportOnnx.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/Verifier.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/WithColor.h"
#include <sanitizer/common_interface_defs.h>

using namespace mlir;
using namespace colonnade;

namespace cl = llvm::cl;

static cl::list<std::string> modelPaths(cl::Positional, cl::OneOrMore,
                                        cl::desc("<models>"));
static cl::opt<uint64_t> mutations("mutations", cl::init(10000),
                                   cl::desc("How many"));
static cl::opt<uint64_t> seed("seed", cl::init(1), cl::desc("Of all of them"));
static cl::opt<uint64_t> first("first", cl::init(0),
                               cl::desc("Number of the first of them"));
static cl::opt<std::string> keep("keep",
                                 cl::desc("Write the mutated model here"));

/// Shown when a sanitizer ends the program.
static uint64_t currentMutation;

static void printMutation() {
  llvm::errs() << "in mutation " << currentMutation
               << ": run again with --seed=" << seed
               << " --first=" << currentMutation << " --mutations=1\n";
}

/// A damaged dimension must not ask for all memory.
extern "C" const char *__asan_default_options() {
  return "max_allocation_size_mb=1024:allocator_may_return_null=0";
}

/// Mutation `index`: the models by turns, bytes and fields by turns.
static std::string mutate(ArrayRef<std::string> models, uint64_t index) {
  std::seed_seq sequence{static_cast<uint64_t>(seed), index};
  test::RandomEngine random(sequence);
  const std::string &model = models[index / 2 % models.size()];
  return index % 2 ? test::damageFields(model, random)
                   : test::damageBytes(model, random);
}

/// What the importer makes of it; null is an error that it must have emitted.
static llvm::Expected<bool> import(const std::string &model) {
  MLIRContext context(MLIRContext::Threading::DISABLED);
  bool sawError = false;
  ScopedDiagnosticHandler handler(&context, [&](Diagnostic &diagnostic) {
    sawError |= diagnostic.getSeverity() == DiagnosticSeverity::Error;
  });
  OwningOpRef<ModuleOp> module = importOnnx(
      llvm::MemoryBuffer::getMemBuffer(model, "mutated.onnx", false), &context);
  if (!module && !sawError)
    return llvm::createStringError("no module and no error");
  if (module && sawError)
    return llvm::createStringError("a module in spite of an error");
  if (module && failed(verify(*module)))
    return llvm::createStringError("a module that does not verify");
  return static_cast<bool>(module);
}

static llvm::Expected<std::vector<std::string>> readModels() {
  std::vector<std::string> models;
  for (const std::string &path : modelPaths) {
    auto buffer = llvm::MemoryBuffer::getFile(path);
    if (!buffer)
      return llvm::createStringError("cannot read '" + path +
                                     "': " + buffer.getError().message());
    models.push_back((*buffer)->getBuffer().str());
    // What is damaged must have been whole.
    llvm::Expected<bool> imported = import(models.back());
    if (!imported || !*imported)
      return llvm::joinErrors(
          imported.takeError(),
          llvm::createStringError("'" + path + "' does not import"));
  }
  return models;
}

static llvm::Error run() {
  auto models = readModels();
  if (!models)
    return models.takeError();
  uint64_t last = first + mutations;
  uint64_t accepted = 0;
  for (currentMutation = first; currentMutation < last; ++currentMutation) {
    std::string model = mutate(*models, currentMutation);
    if (!keep.empty()) {
      std::error_code error;
      llvm::raw_fd_ostream(keep, error) << model;
    }
    llvm::Expected<bool> imported = import(model);
    if (!imported) {
      printMutation();
      return imported.takeError();
    }
    accepted += *imported;
  }
  llvm::outs() << last - first << " mutations: " << accepted
               << " imported, the others refused with an error\n";
  return llvm::Error::success();
}

int main(int argc, char **argv) {
  cl::ParseCommandLineOptions(argc, argv, "Damages models and imports them\n");
  __sanitizer_set_death_callback(printMutation);
  if (llvm::Error error = run()) {
    llvm::WithColor::error() << llvm::toString(std::move(error)) << "\n";
    return 1;
  }
  return 0;
}
