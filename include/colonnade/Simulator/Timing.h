//===- Timing.h - When each instruction runs --------------------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Because the four queues are in order and tokens refer only to earlier
// instructions, one pass in program order gives every start and end. The pass
// runs on either array model (ArrayTiming.h), and splits what the array waited
// for into causes.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_SIMULATOR_TIMING_H
#define COLONNADE_SIMULATOR_TIMING_H

#include "colonnade/Simulator/ArrayTiming.h"
#include <optional>

namespace colonnade::sim {

/// Cycles at which an instruction starts and ends (its effects are visible).
struct InstructionTimes {
  int64_t start = 0, end = 0;
  /// StreamTile: the shadow registers are free again. Others: same as end.
  int64_t swapped = 0;

  bool operator==(const InstructionTimes &other) const = default;
};

/// Cycles of one layer, or of the whole program.
struct LayerTiming {
  /// First start and last end of the layer's instructions.
  int64_t start = 0, end = 0;
  /// Sum over the streams of stepCycles * vectors, and over the runs of
  /// products of blocks alike: the array takes data.
  int64_t arrayBusy = 0;
  /// Sum over the streams of start - (the start that the stream would have had
  /// if its weights had been in the shadow registers).
  int64_t weightLoadStall = 0;
  /// The part of weightLoadStall for which the LoadWeights itself waited for
  /// the DMA queue: min(the stream's stall, load start - (load start without
  /// the tokens of DMA instructions)).
  int64_t weightDmaStall = 0;
  /// Sum over the streams of start - (the start that the stream would have had
  /// without its tokens of DMA instructions): data was not there yet.
  int64_t dataDmaStall = 0;
  /// Sums of the cycles that the other queues were busy.
  int64_t dmaBusy = 0, loaderBusy = 0, vectorBusy = 0;
  /// Number of StreamTile and BlockPass instructions.
  int64_t streams = 0;

  int64_t getSpan() const { return end - start; }
  bool operator==(const LayerTiming &other) const = default;
};

struct ProgramTiming {
  /// One entry per instruction of the program.
  std::vector<InstructionTimes> instructions;
  /// One entry per layer of the program; all zero for an empty layer.
  std::vector<LayerTiming> layers;
  LayerTiming total;

  /// Cycle at which the last instruction ends; the first starts at cycle 0.
  int64_t getCycles() const { return total.end; }
};

/// Times the instructions of a verified program one after another.
class TimingPass {
public:
  /// Both must outlive the pass.
  TimingPass(const Program &program, ArrayTimingModel &array);

  /// Times the next instruction. For array models that compute values, `data`
  /// and `sums` are the operands of a StreamTile (see StreamJob), or `data` the
  /// values of a LoadWeights of run-time weights (see LoadJob). A BlockPass has
  /// the array to itself, from its start until its last sum is stored.
  llvm::Error advance(llvm::ArrayRef<int8_t> data = {},
                      llvm::MutableArrayRef<int32_t> sums = {});

  /// Ends the pass after the last instruction.
  llvm::Expected<ProgramTiming> finish();

private:
  /// The latest moment that an instruction's tokens name.
  struct Readiness {
    /// Over all tokens but those of `ownLoad`, and over all but those of
    /// `ownLoad` and of DMA instructions.
    int64_t all = 0, withoutDma = 0;
  };
  Readiness getReadiness(const Instruction &instruction,
                         std::optional<unsigned> ownLoad = std::nullopt) const;

  void runDma(unsigned index, LayerTiming &layer);
  void runVector(unsigned index, LayerTiming &layer);
  llvm::Error runBlocks(unsigned index, LayerTiming &layer);
  llvm::Error runLoad(unsigned index, LayerTiming &layer,
                      llvm::ArrayRef<int8_t> values);
  llvm::Error runStream(unsigned index, LayerTiming &layer,
                        llvm::ArrayRef<int8_t> data,
                        llvm::MutableArrayRef<int32_t> sums);
  void include(unsigned index);

  const Program &program;
  ArrayTimingModel &array;
  ProgramTiming timing;
  std::array<int64_t, kNumQueues> queueFree = {};
  std::vector<bool> layerSeen;
  std::optional<unsigned> lastLoad;
  /// Cycles the last LoadWeights waited for the DMA queue alone.
  int64_t loadDmaWait = 0;
};

/// Times a verified program with the closed forms. Fails where a LoadWeights
/// overwrites shadow registers that are still needed, or a StreamTile does not
/// find its tile there.
llvm::Expected<ProgramTiming> computeTiming(const Program &program);

} // namespace colonnade::sim

#endif // COLONNADE_SIMULATOR_TIMING_H
