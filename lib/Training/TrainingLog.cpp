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
#include "llvm/Support/Format.h"
#include "llvm/Support/JSON.h"
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

static void printCsv(llvm::raw_ostream &stream, const TrainingLog &log) {
  llvm::interleave(
      kColumns, stream, [&](const Column &c) { stream << c.name; }, ",");
  stream << '\n';
  for (const EpochRecord &record : log) {
    llvm::interleave(
        kColumns, stream,
        [&](const Column &column) {
          if (double value = column.get(record); !std::isnan(value))
            stream << llvm::format("%.9g", value);
        },
        ",");
    stream << '\n';
  }
}

static void printJson(llvm::raw_ostream &stream, const TrainingLog &log) {
  llvm::json::OStream json(stream, /*IndentSize=*/2);
  json.array([&] {
    for (const EpochRecord &record : log)
      json.object([&] {
        for (const Column &column : kColumns) {
          double value = column.get(record);
          json.attribute(column.name, std::isnan(value)
                                          ? llvm::json::Value(nullptr)
                                          : llvm::json::Value(value));
        }
      });
  });
  stream << '\n';
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
  return writeFile(path, [&](llvm::raw_ostream &stream) {
    if (path.ends_with(".json"))
      printJson(stream, log);
    else if (path.ends_with(".svg"))
      printCurves(stream, log);
    else
      printCsv(stream, log);
  });
}

NpyArray colonnade::packTrainingLog(const TrainingLog &log) {
  std::vector<double> values;
  for (const EpochRecord &record : log)
    for (const Column &column : kColumns)
      values.push_back(column.get(record));
  return NpyArray::get<double>(
      values, {static_cast<int64_t>(log.size()), std::size(kColumns)});
}

llvm::Expected<TrainingLog>
colonnade::unpackTrainingLog(const NpyArray &array) {
  auto values = array.getValues<double>();
  if (!values)
    return values.takeError();
  if (array.shape.size() != 2 || array.shape[1] != std::size(kColumns))
    return llvm::createStringError("expected a log of %zu columns",
                                   std::size(kColumns));
  TrainingLog log;
  for (; !values->empty(); *values = values->drop_front(std::size(kColumns)))
    log.push_back({std::llround((*values)[0]), std::llround((*values)[1]),
                   (*values)[2], (*values)[3], (*values)[4], (*values)[5]});
  return log;
}
