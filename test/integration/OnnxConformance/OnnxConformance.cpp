//===- OnnxConformance.cpp - ONNX's own test suites ----------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Runs every case of libonnx-testdata through import and JIT, and holds the
// outcome against docs/onnx-status.md, which is a ratchet: no result is wrong,
// every case that the list of operators promises passes, and what passed once
// does so until somebody writes a new table (--update).
//
//===----------------------------------------------------------------------===//

#include "ConformanceCase.h"
#include "StatusReport.h"
#include "colonnade/Support/FileOutput.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/CrashRecoveryContext.h"
#include "llvm/Support/LineIterator.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/WithColor.h"
#include <thread>

using namespace colonnade;
using namespace colonnade::test;

namespace {

namespace cl = llvm::cl;

cl::opt<std::string> statusPath("status", cl::Required,
                                cl::desc("docs/onnx-status.md"));
cl::opt<bool> update("update", cl::desc("Write the status"));
cl::opt<std::string> filter("filter",
                            cl::desc("Only run cases whose name contains this, "
                                     "and compare no table"));

constexpr unsigned kThreads = 2;

llvm::Expected<std::unique_ptr<llvm::MemoryBuffer>>
readFile(llvm::StringRef path) {
  auto buffer = llvm::MemoryBuffer::getFile(path);
  if (!buffer)
    return llvm::createStringError("cannot read '" + path +
                                   "': " + buffer.getError().message());
  return std::move(*buffer);
}

/// The first word of every line that is no comment.
llvm::Expected<llvm::StringSet<>> readNames(llvm::StringRef path) {
  auto buffer = readFile(path);
  if (!buffer)
    return buffer.takeError();
  llvm::StringSet<> names;
  for (llvm::line_iterator line(**buffer, true, '#'); !line.is_at_end(); ++line)
    names.insert(line->split(' ').first);
  return names;
}

llvm::Expected<Promises> readPromises() {
  auto ops = readNames(COLONNADE_PROMISES "/ListedOps.txt");
  if (!ops)
    return ops.takeError();
  auto exemptions = readNames(COLONNADE_PROMISES "/Exemptions.txt");
  if (!exemptions)
    return exemptions.takeError();
  return Promises{std::move(*ops), std::move(*exemptions)};
}

/// A crash is the result of the case it happened in.
ConformanceResult runGuarded(const ConformanceCase &subject,
                             const Promises &promises) {
  ConformanceResult result;
  llvm::CrashRecoveryContext guard;
  if (guard.RunSafely([&] { result = runConformanceCase(subject, promises); }))
    return result;
  result.name = subject.name;
  result.reason = "crashed";
  return result;
}

std::vector<ConformanceResult> runCases(llvm::ArrayRef<ConformanceCase> cases,
                                        const Promises &promises) {
  std::vector<ConformanceResult> results(cases.size());
  std::atomic<size_t> next = 0;
  auto work = [&] {
    for (size_t index = next++; index < cases.size(); index = next++)
      results[index] = runGuarded(cases[index], promises);
  };
  std::vector<std::thread> threads;
  for (unsigned thread = 0; thread < kThreads; ++thread)
    threads.emplace_back(work);
  for (std::thread &thread : threads)
    thread.join();
  return results;
}

/// Prints the cases that must not be as they are; their number.
size_t reportFailures(llvm::ArrayRef<ConformanceResult> results) {
  size_t count = 0;
  for (const ConformanceResult &result : results) {
    if (!result.isFailure())
      continue;
    ++count;
    llvm::errs() << result.name << ": "
                 << (result.outcome == Outcome::Wrong ? "wrong" : "refused")
                 << ": " << result.reason << "\n";
  }
  return count;
}

/// Prints the exemptions that nobody needs; their number.
size_t reportStaleExemptions(llvm::ArrayRef<ConformanceResult> results,
                             const llvm::StringSet<> &exemptions) {
  std::set<llvm::StringRef> stale(exemptions.keys().begin(),
                                  exemptions.keys().end());
  for (const ConformanceResult &result : results)
    if (!result.isExemptForNothing())
      stale.erase(result.name);
  for (llvm::StringRef name : stale)
    llvm::errs() << name
                 << ": exempt, but passes, is not required to, or does not "
                    "exist: remove it from Exemptions.txt\n";
  return stale.size();
}

/// Writes the status or compares it with the one that is there.
llvm::Error checkStatus(const std::string &status) {
  if (update)
    return writeFile(statusPath,
                     [&](llvm::raw_ostream &stream) { stream << status; });
  auto shipped = readFile(statusPath);
  if (!shipped)
    return shipped.takeError();
  if ((*shipped)->getBuffer() == status)
    return llvm::Error::success();
  return llvm::createStringError(
      "'" + statusPath +
      "' is not what the cases give now; if it has become "
      "better, run 'ninja colonnade-update-onnx-status'");
}

llvm::Error run() {
  llvm::Expected<Promises> promises = readPromises();
  if (!promises)
    return promises.takeError();
  std::vector<ConformanceCase> cases =
      findConformanceCases(COLONNADE_ONNX_DATA);
  llvm::erase_if(cases, [](const ConformanceCase &subject) {
    return !llvm::StringRef(subject.name).contains(filter);
  });
  if (cases.empty())
    return llvm::createStringError("no case in " COLONNADE_ONNX_DATA " has '" +
                                   filter + "' in its name");
  std::vector<ConformanceResult> results = runCases(cases, *promises);
  size_t failures = reportFailures(results);
  if (filter.empty()) {
    failures += reportStaleExemptions(results, promises->exemptions);
    if (llvm::Error error =
            checkStatus(printStatus(results, promises->listedOps)))
      return error;
  }
  if (failures != 0)
    return llvm::createStringError("%zu failures in %zu cases", failures,
                                   cases.size());
  return llvm::Error::success();
}

} // namespace

int main(int argc, char **argv) {
  cl::ParseCommandLineOptions(argc, argv, "ONNX's own test suites\n");
  llvm::CrashRecoveryContext::Enable();
  if (llvm::Error error = run()) {
    llvm::WithColor::error() << llvm::toString(std::move(error)) << "\n";
    return 1;
  }
  return 0;
}
