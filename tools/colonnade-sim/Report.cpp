//===- Report.cpp - What the simulator prints -*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See the header. Both forms print the same figures: a row of figures per layer
// and in total, then the run as a whole.
//
//===----------------------------------------------------------------------===//

#include "Report.h"
#include "LifetimeReport.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"
#include <cstring>

using namespace colonnade;

template <typename Element>
static Element readElement(llvm::ArrayRef<uint8_t> bytes, int64_t index) {
  Element value;
  std::memcpy(&value, bytes.data() + index * sizeof(value), sizeof(value));
  return value;
}

double colonnade::getElement(llvm::ArrayRef<uint8_t> bytes, int64_t index,
                             sim::ScalarType type) {
  switch (type) {
  case sim::ScalarType::I8:
    return readElement<int8_t>(bytes, index);
  case sim::ScalarType::I32:
    return readElement<int32_t>(bytes, index);
  case sim::ScalarType::I64:
    return readElement<int64_t>(bytes, index);
  case sim::ScalarType::F32:
    return readElement<float>(bytes, index);
  default:
    llvm_unreachable("programs have no host tensors of other types");
  }
}

namespace {
/// The figures of a layer or of all of them.
struct Figures {
  std::string name;
  sim::LayerTiming timing;
  sim::LayerActivity activity;
  int64_t denseMacs = 0, effectiveMacs = 0;
  int64_t tilesBefore = 0, tiles = 0;
  /// Picojoules.
  double energy = 0;
  /// Cycles the layer adds to the run: its end - the latest end of the layers
  /// before it. They add up to the run's cycles; prefetching for a layer goes
  /// on during the ones before it and is not counted twice.
  int64_t cycles = 0;

  int64_t getSramBytes() const {
    return activity.getBytes(sim::Memory::WeightSram) +
           activity.getBytes(sim::Memory::DataSram) +
           activity.getBytes(sim::Memory::Accumulators);
  }
};
} // namespace

static std::vector<Figures> getFigures(const sim::Simulator &simulator) {
  const sim::Program &program = simulator.getProgram();
  const sim::ProgramTiming &timing = simulator.getTiming();
  const sim::Activity &activity = simulator.getActivity();
  std::vector<Figures> rows;
  Figures total{"total", timing.total, activity.total};
  for (auto [i, layer] : llvm::enumerate(program.layers)) {
    rows.push_back({layer.name, timing.layers[i], activity.layers[i],
                    layer.denseMacs, layer.effectiveMacs,
                    layer.tilesBeforeCombining, layer.tiles,
                    sim::getTotalEnergy(activity.layers[i], program.machine)});
    Figures &row = rows.back();
    row.cycles = std::max<int64_t>(0, row.timing.end - total.cycles);
    total.cycles += row.cycles;
    total.denseMacs += layer.denseMacs;
    total.effectiveMacs += layer.effectiveMacs;
    total.tilesBefore += layer.tilesBeforeCombining;
    total.tiles += layer.tiles;
  }
  total.energy = sim::getTotalEnergy(activity.total, program.machine);
  rows.push_back(total);
  return rows;
}

static double getSeconds(const sim::Simulator &simulator) {
  return static_cast<double>(simulator.getTiming().getCycles()) /
         (simulator.getProgram().machine.clockMegahertz * 1e6);
}

//===----------------------------------------------------------------------===//
// Text
//===----------------------------------------------------------------------===//

static constexpr char kRowFormat[] =
    "{0,-10} {1,9} {2,9} {3,9} {4,9} {5,8} {6,6} {7,6} {8,6} {9,6} {10,9} "
    "{11,10} {12,9} {13,10} {14,7}\n";

static std::string formatPercent(double share) {
  return llvm::formatv("{0:f1}", share * 100).str();
}

/// Effective MAC/s while the layer runs, in 10^9.
static double getEffectiveRate(const Figures &row,
                               const sim::MachineDescription &machine) {
  if (row.cycles == 0)
    return 0;
  return static_cast<double>(row.effectiveMacs) * machine.clockMegahertz /
         static_cast<double>(row.cycles) / 1e3;
}

static void printRow(llvm::raw_ostream &os, const Figures &row,
                     const sim::MachineDescription &machine, bool hasUseful) {
  bool hasArray = row.activity.cells != 0;
  os << llvm::formatv(
      kRowFormat, row.name, row.cycles, row.timing.arrayBusy,
      row.timing.weightLoadStall,
      row.timing.weightDmaStall + row.timing.dataDmaStall,
      row.timing.vectorBusy,
      hasArray ? formatPercent(row.activity.getCellUtilization()) : "-",
      hasArray && hasUseful ? formatPercent(row.activity.getUtilization())
                            : "-",
      row.tilesBefore, row.tiles, row.activity.getBytes(sim::Memory::Dram),
      row.getSramBytes(), row.activity.copiedBytes,
      hasUseful ? llvm::formatv("{0:f1}", row.energy / 1e3).str() : "-",
      hasArray ? llvm::formatv("{0:f3}", getEffectiveRate(row, machine)).str()
               : "-");
}

static void printProgram(llvm::raw_ostream &os, const SimulatedProgram &program,
                         llvm::ArrayRef<Figures> rows, llvm::StringRef title) {
  const sim::Simulator &simulator = *program.simulator;
  const sim::Program &source = simulator.getProgram();
  os << title << " '" << source.name << "' on target '" << source.machine.name
     << "', one inference\n";
  os << llvm::formatv(kRowFormat, "layer", "cycles", "compute", "w-stall",
                      "dma-stall", "vector", "cell%", "work%", "tiles0",
                      "tiles", "DRAM B", "SRAM B", "copied B", "energy nJ",
                      "GMAC/s");
  for (const Figures &row : rows)
    printRow(os, row, source.machine, simulator.getActivity().images != 0);
  double seconds = getSeconds(simulator);
  auto perSecond = [&](int64_t macs) {
    return static_cast<double>(macs) / seconds / 1e9;
  };
  os << llvm::formatv("{0} cycles, {1:f2} us at {2} MHz, {3:f3} effective "
                      "GMAC/s, {4:f3} dense-equivalent GMAC/s\n",
                      simulator.getTiming().getCycles(), seconds * 1e6,
                      source.machine.clockMegahertz,
                      perSecond(rows.back().effectiveMacs),
                      perSecond(rows.back().denseMacs));
  if (program.run.accuracy)
    os << llvm::formatv("top-1 {0:f2} % of {1} images\n",
                        *program.run.accuracy * 100, program.run.images);
  else if (program.run.images)
    os << program.run.images << " images\n";
  else
    os << "no images: useful work and energy are not simulated\n";
}

/// The figures of a training step's layers by role and place, in the order in
/// which they begin.
static void printRoles(llvm::raw_ostream &os, const SimulatedProgram &program,
                       llvm::ArrayRef<Figures> rows) {
  static constexpr char kFormat[] =
      "{0,-10} {1,6} {2,9} {3,9} {4,9} {5,10} {6,11} {7,10}  {8}\n";
  struct Sum {
    int64_t layers = 0, cycles = 0, compute = 0, vector = 0, dram = 0, sram = 0;
    double energy = 0;
  };
  llvm::MapVector<std::pair<llvm::StringRef, llvm::StringRef>, Sum> sums;
  const sim::Simulator &simulator = *program.simulator;
  for (auto [layer, row] :
       llvm::zip(simulator.getProgram().layers, rows.drop_back())) {
    if (layer.role.empty())
      continue;
    Sum &sum = sums[{layer.role, layer.location}];
    ++sum.layers;
    sum.cycles += row.cycles;
    sum.compute += row.timing.arrayBusy;
    sum.vector += row.timing.vectorBusy;
    sum.dram += row.activity.getBytes(sim::Memory::Dram);
    sum.sram += row.getSramBytes();
    sum.energy += row.energy;
  }
  if (sums.empty())
    return;
  os << "\n"
     << llvm::formatv(kFormat, "part", "layers", "cycles", "compute", "vector",
                      "DRAM B", "SRAM B", "energy nJ", "of");
  bool hasUseful = simulator.getActivity().images != 0;
  for (const auto &[key, sum] : sums)
    os << llvm::formatv(
        kFormat, key.first, sum.layers, sum.cycles, sum.compute, sum.vector,
        sum.dram, sum.sram,
        hasUseful ? llvm::formatv("{0:f1}", sum.energy / 1e3).str() : "-",
        key.second);
}

static void printComparison(llvm::raw_ostream &os, const RunReport &main,
                            const Figures &ours, const RunReport &baseline,
                            const Figures &theirs) {
  auto ratio = [](double a, double b) { return b == 0 ? 0 : a / b; };
  os << llvm::formatv(
      "against the dense 8-bit run: {0:f2} x fewer cycles, {1:f2} x fewer "
      "compute cycles, {2:f2} x less DRAM traffic",
      ratio(theirs.timing.end, ours.timing.end),
      ratio(theirs.timing.arrayBusy, ours.timing.arrayBusy),
      ratio(theirs.activity.getBytes(sim::Memory::Dram),
            ours.activity.getBytes(sim::Memory::Dram)));
  if (main.images && baseline.images)
    os << llvm::formatv(", {0:f2} x less energy",
                        ratio(theirs.energy, ours.energy));
  if (main.accuracy && baseline.accuracy)
    os << llvm::formatv(", top-1 {0}{1:f2} points",
                        *main.accuracy < *baseline.accuracy ? "" : "+",
                        (*main.accuracy - *baseline.accuracy) * 100);
  os << "\n";
}

static constexpr char kLegend[] =
    "cycles: a layer's end - the latest end before it; compute: cycles the "
    "array takes data; w-stall: it waits for weights; "
    "dma-stall: of that, and for data, for the DMA\n"
    "copied B: bytes that the vector unit only moves\n"
    "cell%: cells holding a nonzero / cells; work%: useful cell-cycles / "
    "offered ones (first image); tiles0: tiles without combining\n"
    "GMAC/s, effective: MACs whose weight is not zero; dense-equivalent: all "
    "of "
    "the dense layers; per second of the layer or run\n";

//===----------------------------------------------------------------------===//
// JSON
//===----------------------------------------------------------------------===//

static llvm::json::Object toJson(const Figures &row,
                                 const sim::Simulator &simulator) {
  const sim::LayerActivity &activity = row.activity;
  llvm::json::Object object{
      {"name", row.name},
      {"cycles", row.cycles},
      {"span_cycles", row.timing.getSpan()},
      {"compute_cycles", row.timing.arrayBusy},
      {"weight_stall_cycles", row.timing.weightLoadStall},
      {"weight_dma_stall_cycles", row.timing.weightDmaStall},
      {"data_dma_stall_cycles", row.timing.dataDmaStall},
      {"vector_cycles", row.timing.vectorBusy},
      {"cell_utilization", activity.getCellUtilization()},
      {"dense_macs", row.denseMacs},
      {"effective_macs", row.effectiveMacs},
      {"effective_gmacs_per_second",
       getEffectiveRate(row, simulator.getProgram().machine)},
      {"tiles_before_combining", row.tilesBefore},
      {"tiles", row.tiles},
      {"dram_bytes", activity.getBytes(sim::Memory::Dram)},
      {"weight_sram_bytes", activity.getBytes(sim::Memory::WeightSram)},
      {"data_sram_bytes", activity.getBytes(sim::Memory::DataSram)},
      {"accumulator_bytes", activity.getBytes(sim::Memory::Accumulators)},
      {"tensor_dma_bytes", activity.tensorDmaBytes},
      {"weight_dma_bytes", activity.weightDmaBytes},
      {"copied_bytes", activity.copiedBytes}};
  if (simulator.getActivity().images == 0) {
    object["useful_work"] = "not simulated";
    return object;
  }
  llvm::json::Object energy;
  for (const auto &[event, picojoules] :
       sim::getEnergy(activity, simulator.getProgram().machine))
    energy[event] = picojoules;
  object["work_utilization"] = activity.getUtilization();
  object["energy_picojoules"] = row.energy;
  object["energy_by_event"] = std::move(energy);
  return object;
}

static llvm::json::Object toJson(const SimulatedProgram &program) {
  const sim::Simulator &simulator = *program.simulator;
  std::vector<Figures> rows = getFigures(simulator);
  llvm::json::Array layers;
  for (auto [layer, row] : llvm::zip(simulator.getProgram().layers,
                                     llvm::ArrayRef(rows).drop_back())) {
    llvm::json::Object figures = toJson(row, simulator);
    figures["location"] = layer.location;
    if (!layer.role.empty())
      figures["role"] = layer.role;
    layers.push_back(std::move(figures));
  }
  llvm::json::Object report{{"program", simulator.getProgram().name},
                            {"target", simulator.getProgram().machine.name},
                            {"cycles", simulator.getTiming().getCycles()},
                            {"seconds", getSeconds(simulator)},
                            {"total", toJson(rows.back(), simulator)},
                            {"layers", std::move(layers)},
                            {"images", program.run.images}};
  if (program.lifetimes)
    report["lifetimes"] = getLifetimesJson(simulator, *program.lifetimes);
  if (program.run.accuracy)
    report["top1"] = *program.run.accuracy;
  return report;
}

void colonnade::printReport(llvm::raw_ostream &os, const SimulatedProgram &main,
                            const SimulatedProgram *baseline,
                            ReportFormat format) {
  if (format == ReportFormat::Json) {
    llvm::json::Object report = toJson(main);
    if (baseline)
      report["baseline"] = toJson(*baseline);
    os << llvm::formatv("{0:2}", llvm::json::Value(std::move(report))) << "\n";
    return;
  }
  std::vector<Figures> ours = getFigures(*main.simulator);
  printProgram(os, main, ours, "program");
  printRoles(os, main, ours);
  if (main.lifetimes)
    printLifetimes(os, *main.simulator, *main.lifetimes);
  if (baseline) {
    std::vector<Figures> theirs = getFigures(*baseline->simulator);
    os << "\n";
    printProgram(os, *baseline, theirs, "dense 8-bit baseline");
    os << "\n";
    printComparison(os, main.run, ours.back(), baseline->run, theirs.back());
  }
  os << kLegend;
}
