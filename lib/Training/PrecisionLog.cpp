//===- PrecisionLog.cpp - Which precisions a run chose --------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See the header.
//
//===----------------------------------------------------------------------===//

#include "colonnade/Training/PrecisionLog.h"
#include "StepFormat.h"
#include "colonnade/Support/FileOutput.h"
#include "colonnade/Support/LinePlot.h"
#include "colonnade/Training/Trainer.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace colonnade;

static constexpr llvm::StringLiteral kPrecisions("training.precisions");

static std::vector<std::string> getColumns(const Trainer &trainer) {
  std::vector<std::string> columns = {"step"};
  for (const LayerMantissas &layer : trainer.getMantissas())
    for (StringRef operand : kMantissaOperands)
      columns.push_back((layer.name + "." + operand).str());
  return columns;
}

llvm::Error PrecisionLog::begin(Trainer &trainer) {
  table.columns = getColumns(trainer);
  return llvm::Error::success();
}

llvm::Error PrecisionLog::afterStep(Trainer &trainer) {
  steps = trainer.getStep();
  std::vector<double> row = {double(steps - 1)};
  for (const LayerMantissas &layer : trainer.getMantissas())
    llvm::append_range(row, layer.bits);
  if (table.rows.empty() ||
      ArrayRef(row).drop_front() != ArrayRef(table.rows.back()).drop_front())
    table.rows.push_back(std::move(row));
  return llvm::Error::success();
}

std::pair<std::string, std::string> PrecisionLog::getFingerprint() const {
  return {"format", "fast-adaptive"};
}

void PrecisionLog::addToCheckpoint(NamedArrays &checkpoint) const {
  checkpoint.arrays[kPrecisions.str()] = packFigures(table);
}

llvm::Error PrecisionLog::restore(const NamedArrays &checkpoint) {
  llvm::Expected<const NpyArray *> found = checkpoint.find(kPrecisions.str());
  if (!found)
    return found.takeError();
  llvm::Expected<FigureTable> read = unpackFigures(**found, table);
  if (!read)
    return read.takeError();
  table = std::move(*read);
  return llvm::Error::success();
}

/// Means of a column over windows of `length` steps.
static PlotSeries getSeries(const FigureTable &table, size_t column,
                            int64_t steps, int64_t length) {
  PlotSeries series{table.columns[column], {}};
  size_t row = 0;
  for (int64_t begin = 0; begin < steps; begin += length) {
    int64_t end = std::min(begin + length, steps);
    double sum = 0;
    for (int64_t step = begin; step < end; ++step) {
      while (row + 1 < table.rows.size() &&
             table.rows[row + 1].front() <= double(step))
        ++row;
      sum += table.rows[row][column];
    }
    series.points.emplace_back(begin, sum / double(end - begin));
  }
  return series;
}

void PrecisionLog::printCurves(llvm::raw_ostream &stream) const {
  constexpr int64_t kWindows = 40;
  int64_t length = std::max<int64_t>(1, steps / kWindows);
  std::vector<LinePlot> plots;
  for (auto [number, operand] : llvm::enumerate(kMantissaOperands)) {
    plots.push_back(
        {("Mantissa bits of " + operand).str(), "step", "bits", {}});
    for (size_t column = 1 + number; column < table.columns.size();
         column += std::size(kMantissaOperands))
      plots.back().series.push_back(getSeries(table, column, steps, length));
  }
  printSvg(stream, plots);
}

llvm::Error PrecisionLog::write(StringRef path) const {
  return writeFigures(path, table,
                      [&](llvm::raw_ostream &stream) { printCurves(stream); });
}

std::string colonnade::describePrecisions(const Trainer &trainer) {
  std::vector<LayerMantissas> layers = trainer.getMantissas();
  if (layers.empty())
    return "";
  std::array<double, 3> means = {};
  for (const LayerMantissas &layer : layers)
    for (auto [mean, bits] : llvm::zip_equal(means, layer.bits))
      mean += double(bits) / double(layers.size());
  return llvm::formatv("W {0:f1} A {1:f1} G {2:f1} bits", means[0], means[1],
                       means[2])
      .str();
}
