//===- Report.h - What the simulator prints -*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Text and JSON reports of a simulated program, beside its dense 8-bit
// baseline.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_TOOLS_COLONNADESIM_REPORT_H
#define COLONNADE_TOOLS_COLONNADESIM_REPORT_H

#include "colonnade/Simulator/Lifetimes.h"
#include "colonnade/Simulator/Simulator.h"
#include "colonnade/Support/SafetensorsFile.h"
#include <optional>

namespace llvm {
class raw_ostream;
} // namespace llvm

namespace colonnade {

enum class ReportFormat { Text, Json };

/// What running images has shown.
struct RunReport {
  int64_t images = 0;
  /// Real outputs, image by image.
  std::vector<float> outputs;
  /// What the last run made, by name, if its inputs came by name.
  NamedArrays tensors;
  /// Top-1, in [0, 1].
  std::optional<double> accuracy;
};

struct SimulatedProgram {
  std::unique_ptr<sim::Simulator> simulator;
  RunReport run;
  /// What to report of its tensors' lifetimes, if anything.
  std::optional<sim::Lifetimes> lifetimes;
};

/// Element `index` of a host tensor of i8, i32, i64 or f32.
double getElement(llvm::ArrayRef<uint8_t> bytes, int64_t index,
                  sim::ScalarType type);

/// `baseline` may be null. Utilization from useful work and energy need an
/// image that was run; without one the report says that they are not simulated.
void printReport(llvm::raw_ostream &os, const SimulatedProgram &main,
                 const SimulatedProgram *baseline, ReportFormat format);

} // namespace colonnade

#endif // COLONNADE_TOOLS_COLONNADESIM_REPORT_H
