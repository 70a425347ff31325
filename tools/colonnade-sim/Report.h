//===- Report.h - What the simulator prints -*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Text and JSON reports of a simulated program.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_TOOLS_COLONNADESIM_REPORT_H
#define COLONNADE_TOOLS_COLONNADESIM_REPORT_H

#include "colonnade/Simulator/Simulator.h"
#include <optional>

namespace llvm {
class raw_ostream;
} // namespace llvm

namespace colonnade {

enum class ReportFormat { Text, Json };

/// What running images has shown.
struct RunReport {
  int64_t images = 0;
  /// Top-1, in [0, 1].
  std::optional<double> accuracy;
};

/// Element `index` of little-endian integers.
int64_t getElement(llvm::ArrayRef<uint8_t> bytes, int64_t index,
                   int64_t elementBytes);

void printReport(llvm::raw_ostream &os, const sim::Simulator &simulator,
                 const RunReport &run, ReportFormat format);

} // namespace colonnade

#endif // COLONNADE_TOOLS_COLONNADESIM_REPORT_H
