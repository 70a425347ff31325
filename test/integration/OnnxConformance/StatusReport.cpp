//===- StatusReport.cpp - docs/onnx-status.md ----------------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See the header.
//
//===----------------------------------------------------------------------===//

#include "StatusReport.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/raw_ostream.h"
#include <map>
#include <regex>

namespace colonnade::test {
namespace {

struct Counts {
  int64_t passed = 0, refused = 0, wrong = 0;

  void add(Outcome outcome) {
    switch (outcome) {
    case Outcome::Passed:
      ++passed;
      return;
    case Outcome::Refused:
      ++refused;
      return;
    case Outcome::Wrong:
      ++wrong;
      return;
    }
  }
};

/// Sorted by name, so that the table is the same everywhere.
using CountTable = std::map<std::string, Counts>;

void printCounts(llvm::raw_ostream &stream, llvm::StringRef heading,
                 const CountTable &table) {
  stream << "| " << heading << " | cases | passed | refused | wrong |\n"
         << "|---|---:|---:|---:|---:|\n";
  for (const auto &[name, counts] : table)
    stream << llvm::formatv("| {0} | {1} | {2} | {3} | {4} |\n", name,
                            counts.passed + counts.refused + counts.wrong,
                            counts.passed, counts.refused, counts.wrong);
}

CountTable countBySuite(llvm::ArrayRef<ConformanceResult> results) {
  CountTable table;
  for (const ConformanceResult &result : results)
    table[llvm::StringRef(result.name).split('/').first.str()].add(
        result.outcome);
  return table;
}

CountTable countByOp(llvm::ArrayRef<ConformanceResult> results,
                     const llvm::StringSet<> &listedOps) {
  CountTable table;
  for (const ConformanceResult &result : results)
    for (const std::string &op : result.ops)
      if (listedOps.contains(op))
        table[op].add(result.outcome);
  return table;
}

//===----------------------------------------------------------------------===//
// Refusals
//===----------------------------------------------------------------------===//

/// The importer's reason without what names this one model's parts.
std::string getGeneralReason(llvm::StringRef reason) {
  static const std::regex notImported("op '[A-Za-z.]+' is not imported");
  static const std::regex part("^(node|input|output|result) '[^']*'[^:]*: ");
  std::string text = reason.str();
  std::smatch match;
  if (std::regex_search(text, match, notImported))
    return match.str();
  while (std::regex_search(text, match, part))
    text = match.suffix();
  return text;
}

struct Refusal {
  std::string reason;
  std::vector<std::string> cases;
};

/// By reason, the most frequent first.
std::vector<Refusal> groupRefusals(llvm::ArrayRef<ConformanceResult> results) {
  std::map<std::string, std::vector<std::string>> groups;
  for (const ConformanceResult &result : results)
    if (result.outcome == Outcome::Refused)
      groups[getGeneralReason(result.reason)].push_back(result.name);
  std::vector<Refusal> refusals;
  for (auto &[reason, cases] : groups)
    refusals.push_back({reason, std::move(cases)});
  llvm::stable_sort(refusals, [](const Refusal &a, const Refusal &b) {
    return a.cases.size() > b.cases.size();
  });
  return refusals;
}

void printRefusals(llvm::raw_ostream &stream,
                   llvm::ArrayRef<Refusal> refusals) {
  stream << "| reason | cases |\n|---|---:|\n";
  for (const Refusal &refusal : refusals)
    stream << "| " << refusal.reason << " | " << refusal.cases.size() << " |\n";
}

//===----------------------------------------------------------------------===//
// Cases
//===----------------------------------------------------------------------===//

/// A paragraph of names, in lines of about a hundred columns.
void printNames(llvm::raw_ostream &stream, llvm::ArrayRef<std::string> names) {
  constexpr size_t kColumns = 100;
  size_t column = 0;
  for (const std::string &name : names) {
    if (column + name.size() > kColumns) {
      stream << "\n";
      column = 0;
    }
    stream << (column == 0 ? "" : " ") << name;
    column += name.size() + 1;
  }
  stream << "\n";
}

std::vector<std::string> getPassed(llvm::ArrayRef<ConformanceResult> results) {
  std::vector<std::string> names;
  for (const ConformanceResult &result : results)
    if (result.outcome == Outcome::Passed)
      names.push_back(result.name + (result.isBound ? "\\*" : ""));
  return names;
}

void printCases(llvm::raw_ostream &stream,
                llvm::ArrayRef<ConformanceResult> results,
                llvm::ArrayRef<Refusal> refusals) {
  stream << "### Passed\n\n";
  printNames(stream, getPassed(results));
  for (const Refusal &refusal : refusals) {
    stream << "\n### Refused: " << refusal.reason << "\n\n";
    printNames(stream, refusal.cases);
  }
}

constexpr llvm::StringLiteral kIntroduction =
    R"(# ONNX status

Generated by `ninja colonnade-update-onnx-status`; a test fails when it is not current.

Every case of ONNX's own test suites (Debian's `libonnx-testdata`) is imported, compiled by the JIT
and run. *Passed*: the outputs are ONNX's at its own tolerances (integers and booleans equal, floats within
1e-7 + 1e-3 |y|, bf16 within one unit in the last place). *Refused*: the importer says why it does not take the
model. *Wrong*: anything else. The test holds that nothing is wrong and that every case built only from
[listed operators](../test/integration/OnnxConformance/ListedOps.txt) with static shapes passes, but for a few
[exemptions](../test/integration/OnnxConformance/Exemptions.txt).

)";

} // namespace

std::string printStatus(llvm::ArrayRef<ConformanceResult> results,
                        const llvm::StringSet<> &listedOps) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  std::vector<Refusal> refusals = groupRefusals(results);
  stream << kIntroduction;
  printCounts(stream, "suite", countBySuite(results));
  stream << "\n## Listed operators\n\nA case counts for every operator in it, "
            "and is refused for any one of them.\n\n";
  printCounts(stream, "operator", countByOp(results, listedOps));
  stream << "\n## Refusals\n\n";
  printRefusals(stream, refusals);
  stream << "\n## Cases\n\nMarked with *: operands that give shapes are inputs "
            "of the case's model, and were made constants.\n\n";
  printCases(stream, results, refusals);
  return text;
}

} // namespace colonnade::test
