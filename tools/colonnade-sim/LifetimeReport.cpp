//===- LifetimeReport.cpp - How long tensors are needed -------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See the header.
//
//===----------------------------------------------------------------------===//

#include "LifetimeReport.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/raw_ostream.h"

using namespace colonnade;
using sim::Memory;
using sim::TensorLifetime;

static double getMicroseconds(const sim::Simulator &simulator, int64_t cycles) {
  return static_cast<double>(cycles) /
         simulator.getProgram().machine.clockMegahertz;
}

static const sim::Layer &getLayer(const sim::Simulator &simulator,
                                  unsigned instruction) {
  const sim::Program &program = simulator.getProgram();
  return program.layers[program.instructions[instruction].layer];
}

//===----------------------------------------------------------------------===//
// CSV
//===----------------------------------------------------------------------===//

/// Quoted if need be, as RFC 4180 has it.
static std::string quote(llvm::StringRef field) {
  if (field.find_first_of(",\"\n") == llvm::StringRef::npos)
    return field.str();
  std::string text = field.str();
  for (size_t at = 0; (at = text.find('"', at)) != std::string::npos; at += 2)
    text.insert(at, 1, '"');
  return "\"" + text + "\"";
}

llvm::Error colonnade::writeLifetimes(llvm::StringRef path,
                                      const sim::Simulator &simulator,
                                      const sim::Lifetimes &lifetimes) {
  std::error_code error;
  llvm::raw_fd_ostream os(path, error);
  if (error)
    return llvm::createStringError("cannot write lifetimes to '" + path +
                                   "': " + error.message());
  os << "memory,address,bytes,first_write,last_use,cycles,microseconds,"
        "refreshed_rows,writer,writer_role,writer_location,user,user_role,"
        "user_location\n";
  for (const TensorLifetime &tensor : lifetimes.tensors) {
    os << llvm::formatv("{0},{1},{2},{3},{4},{5},{6:f3},{7}",
                        tensor.memory == Memory::Dram ? "dram" : "data",
                        tensor.bytes.begin, tensor.getBytes(),
                        tensor.firstWrite, tensor.lastUse, tensor.getCycles(),
                        getMicroseconds(simulator, tensor.getCycles()),
                        tensor.refreshes);
    for (unsigned instruction : {tensor.writer, tensor.user}) {
      const sim::Layer &layer = getLayer(simulator, instruction);
      os << "," << quote(layer.name) << "," << quote(layer.role) << ","
         << quote(layer.location);
    }
    os << "\n";
  }
  os.close();
  if (os.has_error())
    return llvm::createStringError("cannot write lifetimes to '" + path +
                                   "': " + os.error().message());
  return llvm::Error::success();
}

//===----------------------------------------------------------------------===//
// Figures
//===----------------------------------------------------------------------===//

namespace {

struct Bucket {
  /// Lifetimes of less than so many cycles that the buckets before do not have.
  int64_t limit = 0;
  int64_t tensors = 0, bytes = 0;
};

struct Summary {
  /// By powers of 10, of the data memory.
  std::vector<Bucket> histogram;
  int64_t tensors = 0, spilled = 0;
  const TensorLifetime *longest = nullptr;
  /// Of the data memory; 0 where nothing is forgotten.
  int64_t beyondRetention = 0, bytesBeyondRetention = 0;
  /// Picojoules by part of the machine; empty where they are not simulated.
  std::vector<std::pair<const char *, double>> energy;
};

} // namespace

/// Useful work follows from a program that multiplies blocks only.
static bool hasEnergy(const sim::Simulator &simulator) {
  return simulator.getActivity().images != 0 ||
         llvm::none_of(simulator.getProgram().instructions,
                       [](const sim::Instruction &instruction) {
                         return std::holds_alternative<sim::StreamTile>(
                             instruction.payload);
                       });
}

static const char *getPart(llvm::StringRef event) {
  return llvm::StringSwitch<const char *>(event)
      .Cases({"weight_sram_byte", "data_sram_byte", "accumulator_byte"}, "SRAM")
      .Case("edram_byte", "eDRAM")
      .Case("edram_refresh_row", "refresh")
      .Case("dram_byte", "DRAM")
      .Cases({"vector_op", "vector_float_op"}, "vector")
      .Default("array");
}

static std::vector<std::pair<const char *, double>>
getEnergySplit(const sim::Simulator &simulator) {
  const sim::MachineDescription &machine = simulator.getProgram().machine;
  std::vector<std::pair<const char *, double>> split = {
      {"array", 0},   {"vector", 0}, {"SRAM", 0},   {"eDRAM", 0},
      {"refresh", 0}, {"DRAM", 0},   {"leakage", 0}};
  auto add = [&](llvm::StringRef part, double energy) {
    llvm::find_if(split, [&](auto &entry) {
      return entry.first == part;
    })->second += energy;
  };
  for (const auto &[event, energy] :
       sim::getEnergy(simulator.getActivity().total, machine))
    add(getPart(event), energy);
  add("leakage",
      sim::getLeakageEnergy(machine, simulator.getTiming().getCycles()));
  return split;
}

static Summary summarize(const sim::Simulator &simulator,
                         const sim::Lifetimes &lifetimes) {
  Summary summary;
  const auto &edram = simulator.getProgram().machine.dataEdram;
  for (const TensorLifetime &tensor : lifetimes.tensors) {
    if (tensor.memory == Memory::Dram) {
      ++summary.spilled;
      continue;
    }
    ++summary.tensors;
    if (!summary.longest || tensor.getCycles() > summary.longest->getCycles())
      summary.longest = &tensor;
    size_t bucket = 0;
    int64_t limit = 10;
    for (; tensor.getCycles() >= limit; limit *= 10)
      ++bucket;
    while (summary.histogram.size() <= bucket)
      summary.histogram.push_back(
          {summary.histogram.empty() ? 10 : summary.histogram.back().limit * 10,
           0, 0});
    ++summary.histogram[bucket].tensors;
    summary.histogram[bucket].bytes += tensor.getBytes();
    if (edram && tensor.getCycles() >= edram->retentionCycles) {
      ++summary.beyondRetention;
      summary.bytesBeyondRetention += tensor.getBytes();
    }
  }
  if (hasEnergy(simulator))
    summary.energy = getEnergySplit(simulator);
  return summary;
}

/// Share of the banks' time that refreshes take. They are not part of the
/// schedule: a bank is refreshed while others are read.
static double getRefreshShare(const sim::Simulator &simulator,
                              const sim::Lifetimes &lifetimes) {
  const sim::EmbeddedDram &edram = *simulator.getProgram().machine.dataEdram;
  double banks = static_cast<double>(edram.banks) *
                 static_cast<double>(simulator.getTiming().getCycles());
  return banks == 0 ? 0
                    : static_cast<double>(lifetimes.refreshes) *
                          static_cast<double>(edram.refreshCycles) / banks;
}

static double getTotal(const Summary &summary) {
  double total = 0;
  for (auto [part, energy] : summary.energy)
    total += energy;
  return total;
}

//===----------------------------------------------------------------------===//
// Text
//===----------------------------------------------------------------------===//

static void printTraffic(llvm::raw_ostream &os,
                         const sim::Lifetimes &lifetimes) {
  static constexpr char kFormat[] = "{0,-12} {1,12} {2,12}\n";
  os << llvm::formatv(kFormat, "DRAM bytes", "read", "written");
  for (unsigned i = 0; i < sim::kNumTrafficKinds; ++i)
    if (lifetimes.dramReads[i] || lifetimes.dramWrites[i])
      os << llvm::formatv(kFormat,
                          sim::stringify(static_cast<sim::TrafficKind>(i)),
                          lifetimes.dramReads[i], lifetimes.dramWrites[i]);
  os << llvm::formatv("{0} bytes of DRAM traffic\n", lifetimes.getDramBytes());
}

void colonnade::printLifetimes(llvm::raw_ostream &os,
                               const sim::Simulator &simulator,
                               const sim::Lifetimes &lifetimes) {
  static constexpr char kFormat[] = "{0,-12} {1,12} {2,12}\n";
  Summary summary = summarize(simulator, lifetimes);
  os << "\n" << llvm::formatv(kFormat, "lifetime <", "tensors", "bytes");
  for (const Bucket &bucket : summary.histogram)
    os << llvm::formatv(kFormat, bucket.limit, bucket.tensors, bucket.bytes);
  os << llvm::formatv("{0} tensors in the data memory, at most {1} bytes at a "
                      "time; {2} in DRAM, at most {3}\n",
                      summary.tensors, lifetimes.getPeakBytes(Memory::DataSram),
                      summary.spilled, lifetimes.getPeakBytes(Memory::Dram));
  if (const TensorLifetime *longest = summary.longest)
    os << llvm::formatv("longest: {0} cycles, {1:f2} us, from layer '{2}' to "
                        "'{3}'\n",
                        longest->getCycles(),
                        getMicroseconds(simulator, longest->getCycles()),
                        getLayer(simulator, longest->writer).name,
                        getLayer(simulator, longest->user).name);
  if (const auto &edram = simulator.getProgram().machine.dataEdram)
    os << llvm::formatv(
        "{0} tensors of {1} bytes live for the retention of "
        "{2} cycles: {3} rows refreshed, {4:f2} % of the banks' "
        "time\n",
        summary.beyondRetention, summary.bytesBeyondRetention,
        edram->retentionCycles, lifetimes.refreshes,
        getRefreshShare(simulator, lifetimes) * 100);
  printTraffic(os, lifetimes);
  if (summary.energy.empty()) {
    os << "no images: useful work and energy are not simulated\n";
    return;
  }
  os << "energy nJ:";
  for (auto [part, energy] : summary.energy)
    if (energy != 0)
      os << llvm::formatv(" {0} {1:f1},", part, energy / 1e3);
  os << llvm::formatv(" total {0:f1}\n", getTotal(summary) / 1e3);
}

//===----------------------------------------------------------------------===//
// JSON
//===----------------------------------------------------------------------===//

llvm::json::Object
colonnade::getLifetimesJson(const sim::Simulator &simulator,
                            const sim::Lifetimes &lifetimes) {
  Summary summary = summarize(simulator, lifetimes);
  llvm::json::Array histogram;
  for (const Bucket &bucket : summary.histogram)
    histogram.push_back(llvm::json::Object{{"below_cycles", bucket.limit},
                                           {"tensors", bucket.tensors},
                                           {"bytes", bucket.bytes}});
  llvm::json::Object reads, writes;
  for (unsigned i = 0; i < sim::kNumTrafficKinds; ++i) {
    llvm::StringRef kind = sim::stringify(static_cast<sim::TrafficKind>(i));
    reads[kind] = lifetimes.dramReads[i];
    writes[kind] = lifetimes.dramWrites[i];
  }
  llvm::json::Object object{
      {"tensors", summary.tensors},
      {"spilled_tensors", summary.spilled},
      {"peak_bytes", lifetimes.getPeakBytes(Memory::DataSram)},
      {"peak_spilled_bytes", lifetimes.getPeakBytes(Memory::Dram)},
      {"longest_cycles", summary.longest ? summary.longest->getCycles() : 0},
      {"histogram", std::move(histogram)},
      {"dram_bytes_read", std::move(reads)},
      {"dram_bytes_written", std::move(writes)}};
  if (const auto &edram = simulator.getProgram().machine.dataEdram) {
    object["retention_cycles"] = edram->retentionCycles;
    object["tensors_beyond_retention"] = summary.beyondRetention;
    object["bytes_beyond_retention"] = summary.bytesBeyondRetention;
    object["refreshed_rows"] = lifetimes.refreshes;
    object["refresh_share_of_bank_time"] =
        getRefreshShare(simulator, lifetimes);
  }
  if (summary.energy.empty())
    return object;
  llvm::json::Object energy;
  for (auto [part, picojoules] : summary.energy)
    energy[part] = picojoules;
  energy["total"] = getTotal(summary);
  object["energy_picojoules"] = std::move(energy);
  return object;
}
