//===- InstructionCosts.h - What each instruction takes ---------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Cycles, bytes and elements of single instructions: the part of timing that
// depends on nothing but the instruction itself. The scheduler asks the same
// functions before a program exists.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_SIMULATOR_INSTRUCTIONCOSTS_H
#define COLONNADE_SIMULATOR_INSTRUCTIONCOSTS_H

#include "colonnade/Simulator/Program.h"
#include <array>
#include <map>
#include <tuple>

namespace colonnade::sim {

/// The positions of `band` that lie inside the window's output.
Band clampBand(const Band &band, const Window &window);

/// Number of positions of the clamped band: data vectors of a stream.
int64_t getPositions(const Band &band, const Window &window);

/// Rows and columns of the tensor that a window reads for a band of output
/// positions, clamped at the tensor's edges.
Band getInputRegion(const Window &window, const Band &band);

/// Vector stages that the scalar operations of a body take, apart by the energy
/// they are charged: constants take none, a division or square root
/// vectorDivideSlots, any other operation one.
struct BodySlots {
  int64_t integer = 0, real = 0;
  int64_t getTotal() const { return integer + real; }
};
BodySlots countSlots(const ScalarBody &body, const MachineDescription &machine);

/// Elements the vector unit writes: channels * clamped band positions.
int64_t getVectorElements(const VectorPass &pass);

/// Taps that a reduction visits per element; 1 without a reduction.
int64_t getWindowTaps(const VectorPass &pass);

/// Outputs of a nest: the product of its outer extents.
int64_t getOutputs(const NestPass &nest);

/// Indices of the reduction loops that each output of a nest visits; 1 without
/// reduction loops.
int64_t getReductionSteps(const NestPass &nest);

/// Elements of an operand that a nest reads or writes. A lane keeps an element
/// while only loops run along which it does not change, so the loops inside the
/// innermost one with a pitch do not count.
int64_t countTransfers(const NestPass &nest, const NestOperand &operand);

/// Whether a nest only moves elements.
bool isCopy(const NestPass &nest);

/// Bytes that a DMA instruction moves.
int64_t getDmaBytes(const Program &program, const Payload &payload);

/// dramLatency + ceil(bytes / dramBytesPerCycle).
int64_t getDmaCycles(const MachineDescription &machine, int64_t bytes);

/// ceil(tile bytes / weightLoaderBytesPerCycle).
int64_t getLoadCycles(const Program &program, const WeightTile &tile);

/// vectorLatency + passes * ceil(elements / vectorLanes) * taps, where a body
/// takes passes = max(1, ceil(slots / vectorStages)). Strides cost nothing:
/// bank conflicts are charged to the array's reads only.
int64_t getVectorCycles(const MachineDescription &machine,
                        const VectorPass &pass);

/// vectorLatency + passes * ceil(outputs / vectorLanes) * reduction steps.
int64_t getVectorCycles(const MachineDescription &machine,
                        const NestPass &nest);

/// Data streams (matrix columns) that enter array columns [column, column +
/// columns) of a block of `weights`, each once, in ascending order.
std::vector<int32_t> getTileStreams(const PackedWeights &weights, int64_t block,
                                    int64_t column, int64_t columns);

/// Reads that the busiest data SRAM bank serves for one position: the element
/// of matrix column (channel, i, j) lies channel * channelPitch + i *
/// dilationHeight * rowPitch + j * dilationWidth * columnPitch bytes from the
/// position's base, so the count is the same for every position.
int64_t getBankReadCycles(llvm::ArrayRef<int32_t> streams, const Window &window,
                          const View &data, int64_t banks);

/// Cycles that one step of a tile needs: those of the cell under the weights'
/// promises, or those of the data SRAM if they are more. Of `data` only the
/// pitches matter.
int64_t getRequiredStepCycles(const PackedWeights &weights, int64_t block,
                              int64_t column, int64_t columns,
                              const Window &window, const View &data,
                              const MachineDescription &machine);

/// The streams of a program's tiles, worked out once for all row tiles and
/// bands that share a column tile.
class TileStreams {
public:
  explicit TileStreams(const Program &program) : program(program) {}

  /// getTileStreams() of the tile's columns.
  llvm::ArrayRef<int32_t> get(const WeightTile &tile);
  int64_t getRequiredStepCycles(const StreamTile &stream);

private:
  /// Weights, block and column of a tile.
  using ColumnTile = std::tuple<unsigned, int64_t, int64_t>;
  /// What getBankReadCycles() depends on besides the streams: the steps in
  /// bytes from channel to channel and from tap to tap, and the kernel.
  using Reads = std::array<int64_t, 5>;

  const Program &program;
  std::map<ColumnTile, std::vector<int32_t>> streams;
  std::map<std::pair<ColumnTile, Reads>, int64_t> bankReadCycles;
};

} // namespace colonnade::sim

#endif // COLONNADE_SIMULATOR_INSTRUCTIONCOSTS_H
