//===- LinePlot.h - Curves as SVG ------------------------------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Loss and accuracy over epochs, utilization over rounds, precision over steps:
// one kind of picture, which any browser shows.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_SUPPORT_LINEPLOT_H
#define COLONNADE_SUPPORT_LINEPLOT_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include <string>
#include <vector>

namespace llvm {
class raw_ostream;
} // namespace llvm

namespace colonnade {

/// Points joined by lines. A point that is not finite is left out and breaks
/// the line.
struct PlotSeries {
  std::string name;
  std::vector<std::pair<double, double>> points;
};

struct LinePlot {
  std::string title, xLabel, yLabel;
  std::vector<PlotSeries> series;
};

/// Multiples of 1, 2 or 5 times a power of ten that cover [low, high] in at
/// most about `count` steps: the first is at most low, the last at least high.
/// An empty range is widened.
std::vector<double> getAxisTicks(double low, double high, int64_t count);

/// Prints the plots one below the other in one SVG 1.1 document. The same bytes
/// for the same plots.
void printSvg(llvm::raw_ostream &stream, llvm::ArrayRef<LinePlot> plots);

} // namespace colonnade

#endif // COLONNADE_SUPPORT_LINEPLOT_H
