//===- TrainingLog.cpp - What a training run reached, epoch by epoch ------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See the header.
//
//===----------------------------------------------------------------------===//

#include "colonnade/Training/TrainingLog.h"
#include "colonnade/Support/FileOutput.h"
#include "colonnade/Support/LinePlot.h"
#include "colonnade/Training/FigureTable.h"
#include "llvm/Support/raw_ostream.h"
#include <cmath>

using namespace colonnade;

namespace {
/// A figure of a record by name, in the order of all three forms.
struct Column {
  llvm::StringLiteral name;
  double (*get)(const EpochRecord &);
};
} // namespace

static constexpr Column kColumns[] = {
    {"epoch", [](const EpochRecord &r) { return double(r.epoch); }},
    {"step", [](const EpochRecord &r) { return double(r.step); }},
    {"train_loss", [](const EpochRecord &r) { return r.trainLoss; }},
    {"train_accuracy", [](const EpochRecord &r) { return r.trainAccuracy; }},
    {"test_accuracy", [](const EpochRecord &r) { return r.testAccuracy; }},
    {"seconds", [](const EpochRecord &r) { return r.seconds; }},
};

static FigureTable getTable(const TrainingLog &log) {
  FigureTable table;
  for (const Column &column : kColumns)
    table.columns.push_back(column.name.str());
  for (const EpochRecord &record : log) {
    std::vector<double> &row = table.rows.emplace_back();
    for (const Column &column : kColumns)
      row.push_back(column.get(record));
  }
  return table;
}

static PlotSeries getSeries(llvm::StringRef name, const TrainingLog &log,
                            double EpochRecord::*figure, double scale) {
  PlotSeries series{name.str(), {}};
  for (const EpochRecord &record : log)
    series.points.emplace_back(record.epoch, scale * (record.*figure));
  return series;
}

static void printCurves(llvm::raw_ostream &stream, const TrainingLog &log) {
  LinePlot loss{"Loss",
                "epoch",
                "mean",
                {getSeries("training", log, &EpochRecord::trainLoss, 1)}};
  LinePlot accuracy{
      "Accuracy",
      "epoch",
      "%",
      {getSeries("training", log, &EpochRecord::trainAccuracy, 100),
       getSeries("test", log, &EpochRecord::testAccuracy, 100)}};
  printSvg(stream, {loss, accuracy});
}

llvm::Error colonnade::writeTrainingLog(llvm::StringRef path,
                                        const TrainingLog &log) {
  return writeFigures(path, getTable(log), [&](llvm::raw_ostream &stream) {
    printCurves(stream, log);
  });
}

NpyArray colonnade::packTrainingLog(const TrainingLog &log) {
  return packFigures(getTable(log));
}

llvm::Expected<TrainingLog>
colonnade::unpackTrainingLog(const NpyArray &array) {
  llvm::Expected<FigureTable> table = unpackFigures(array, getTable({}));
  if (!table)
    return table.takeError();
  TrainingLog log;
  for (const std::vector<double> &row : table->rows)
    log.push_back({std::llround(row[0]), std::llround(row[1]), row[2], row[3],
                   row[4], row[5]});
  return log;
}
