//===- PruningLog.cpp - What each round of pruning left -------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See the header.
//
//===----------------------------------------------------------------------===//

#include "colonnade/Training/PruningLog.h"
#include "colonnade/Support/FileOutput.h"
#include "colonnade/Support/LinePlot.h"
#include "colonnade/Training/FigureTable.h"
#include "llvm/Support/raw_ostream.h"

using namespace colonnade;

static FigureTable getTable(const PruningLog &log) {
  FigureTable table{{"round", "step", "target_sparsity", "sparsity",
                     "utilization", "columns", "groups", "dense_tiles", "tiles",
                     "pruned_accuracy", "retrained_accuracy"},
                    {}};
  for (const PruningRound &r : log)
    table.rows.push_back({double(r.round), double(r.step), r.targetSparsity,
                          r.sparsity, r.utilization, double(r.columns),
                          double(r.groups), double(r.denseTiles),
                          double(r.tiles), r.prunedAccuracy,
                          r.retrainedAccuracy});
  return table;
}

/// A figure over the rounds, in percent.
static PlotSeries getSeries(llvm::StringRef name, const PruningLog &log,
                            double PruningRound::*figure) {
  PlotSeries series{name.str(), {}};
  for (const PruningRound &round : log)
    series.points.emplace_back(round.round, 100 * (round.*figure));
  return series;
}

static void printCurves(llvm::raw_ostream &stream, const PruningLog &log) {
  LinePlot packing{"Packing",
                   "round",
                   "%",
                   {getSeries("utilization", log, &PruningRound::utilization),
                    getSeries("zeros", log, &PruningRound::sparsity)}};
  PlotSeries packed{"packed", {}}, dense{"as they are", {}};
  for (const PruningRound &round : log) {
    packed.points.emplace_back(round.round, round.tiles);
    dense.points.emplace_back(round.round, round.denseTiles);
  }
  LinePlot tiles{"Tiles", "round", "tiles", {packed, dense}};
  LinePlot accuracy{
      "Accuracy",
      "round",
      "%",
      {getSeries("pruned", log, &PruningRound::prunedAccuracy),
       getSeries("retrained", log, &PruningRound::retrainedAccuracy)}};
  printSvg(stream, {packing, tiles, accuracy});
}

llvm::Error colonnade::writePruningLog(llvm::StringRef path,
                                       const PruningLog &log) {
  return writeFigures(path, getTable(log), [&](llvm::raw_ostream &stream) {
    printCurves(stream, log);
  });
}

NpyArray colonnade::packPruningLog(const PruningLog &log) {
  return packFigures(getTable(log));
}

llvm::Expected<PruningLog> colonnade::unpackPruningLog(const NpyArray &array) {
  llvm::Expected<FigureTable> table = unpackFigures(array, getTable({}));
  if (!table)
    return table.takeError();
  PruningLog log;
  for (const std::vector<double> &row : table->rows)
    log.push_back({std::llround(row[0]), std::llround(row[1]), row[2], row[3],
                   row[4], std::llround(row[5]), std::llround(row[6]),
                   std::llround(row[7]), std::llround(row[8]), row[9],
                   row[10]});
  return log;
}
