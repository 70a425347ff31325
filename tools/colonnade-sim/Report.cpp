//===- Report.cpp - What the simulator prints -*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See the header.
//
//===----------------------------------------------------------------------===//

#include "Report.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"
#include <cstring>

using namespace colonnade;

int64_t colonnade::getElement(llvm::ArrayRef<uint8_t> bytes, int64_t index,
                              int64_t elementBytes) {
  if (elementBytes == 1)
    return static_cast<int8_t>(bytes[index]);
  int32_t value;
  std::memcpy(&value, bytes.data() + index * 4, sizeof(value));
  return value;
}

static void printRow(llvm::raw_ostream &os, llvm::StringRef name,
                     const sim::LayerTiming &timing, int64_t macs,
                     int64_t tilesBefore, int64_t tiles) {
  os << llvm::formatv("{0,-12} {1,10} {2,10} {3,10} {4,10} {5,10} {6,12} "
                      "{7,7} {8,7}\n",
                      name, timing.getSpan(), timing.arrayBusy,
                      timing.weightLoadStall, timing.dataDmaStall,
                      timing.vectorBusy, macs, tilesBefore, tiles);
}

static void printText(llvm::raw_ostream &os, const sim::Simulator &simulator,
                      const RunReport &run) {
  const sim::Program &program = simulator.getProgram();
  const sim::ProgramTiming &timing = simulator.getTiming();
  os << "program '" << program.name << "' on target '" << program.machine.name
     << "', one inference\n";
  os << llvm::formatv("{0,-12} {1,10} {2,10} {3,10} {4,10} {5,10} {6,12} "
                      "{7,7} {8,7}\n",
                      "layer", "span", "compute", "w-stall", "d-stall",
                      "vector", "dense MACs", "tiles0", "tiles");
  int64_t macs = 0, tilesBefore = 0, tiles = 0;
  for (auto [layer, times] : llvm::zip(program.layers, timing.layers)) {
    printRow(os, layer.name, times, layer.denseMacs,
             layer.tilesBeforeCombining, layer.tiles);
    macs += layer.denseMacs;
    tilesBefore += layer.tilesBeforeCombining;
    tiles += layer.tiles;
  }
  printRow(os, "total", timing.total, macs, tilesBefore, tiles);
  double seconds =
      static_cast<double>(timing.getCycles()) /
      (program.machine.clockMegahertz * 1e6);
  os << llvm::formatv("cycles {0}, {1:f2} us at {2} MHz, {3:f2} dense GMAC/s\n",
                      timing.getCycles(), seconds * 1e6,
                      program.machine.clockMegahertz,
                      static_cast<double>(macs) / seconds / 1e9);
  if (run.images)
    os << "images " << run.images << "\n";
  if (run.accuracy)
    os << llvm::formatv("top-1 {0:f2} %\n", *run.accuracy * 100);
}

static llvm::json::Object toJson(const sim::LayerTiming &timing) {
  return llvm::json::Object{{"span_cycles", timing.getSpan()},
                            {"compute_cycles", timing.arrayBusy},
                            {"weight_stall_cycles", timing.weightLoadStall},
                            {"weight_dma_stall_cycles", timing.weightDmaStall},
                            {"data_dma_stall_cycles", timing.dataDmaStall},
                            {"vector_cycles", timing.vectorBusy}};
}

static void printJson(llvm::raw_ostream &os, const sim::Simulator &simulator,
                      const RunReport &run) {
  const sim::Program &program = simulator.getProgram();
  const sim::ProgramTiming &timing = simulator.getTiming();
  llvm::json::Array layers;
  for (auto [layer, times] : llvm::zip(program.layers, timing.layers)) {
    llvm::json::Object entry = toJson(times);
    entry["name"] = layer.name;
    entry["dense_macs"] = layer.denseMacs;
    entry["tiles_before_combining"] = layer.tilesBeforeCombining;
    entry["tiles"] = layer.tiles;
    layers.push_back(std::move(entry));
  }
  llvm::json::Object report{{"program", program.name},
                            {"target", program.machine.name},
                            {"cycles", timing.getCycles()},
                            {"total", toJson(timing.total)},
                            {"layers", std::move(layers)},
                            {"images", run.images}};
  if (run.accuracy)
    report["top1"] = *run.accuracy;
  os << llvm::formatv("{0:2}", llvm::json::Value(std::move(report))) << "\n";
}

void colonnade::printReport(llvm::raw_ostream &os,
                            const sim::Simulator &simulator,
                            const RunReport &run, ReportFormat format) {
  if (format == ReportFormat::Json)
    printJson(os, simulator, run);
  else
    printText(os, simulator, run);
}
