//===- Program.h - A systolic program as the simulator runs it --*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The flat form of a `systolic.program`: one instruction per queue entry, tile
// loops unrolled, addresses resolved, tokens replaced by instruction indices.
// It is what verification, timing, both simulators and the emitters share; it
// has no dependence on MLIR IR.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_SIMULATOR_PROGRAM_H
#define COLONNADE_SIMULATOR_PROGRAM_H

#include "colonnade/Numerics/SignedDigits.h"
#include "colonnade/Simulator/MachineDescription.h"
#include <array>
#include <string>
#include <variant>
#include <vector>

namespace colonnade::sim {

enum class Memory : uint8_t { Dram, WeightSram, DataSram, Accumulators };
enum class Queue : uint8_t { Dma, WeightLoader, Array, Vector };
inline constexpr unsigned kNumQueues = 4;

llvm::StringRef stringify(Memory memory);
llvm::StringRef stringify(Queue queue);

/// A packed filter matrix as the array holds it. Matrix row r and slot d of
/// array column a hold value values[(r * arrayColumns + a) * depth + d], which
/// meets the data of matrix column
/// streams[(a * depth + d) * fanIn + selects[same index as the value]].
struct PackedWeights {
  std::string name;
  int64_t rows = 0;
  /// Columns of the matrix before packing: channels * kernel height * kernel
  /// width, in that (row-major) order.
  int64_t matrixColumns = 0;
  int64_t arrayColumns = 0;
  int64_t depth = 0;
  int64_t fanIn = 0;
  std::vector<int8_t> values;
  std::vector<uint8_t> selects;
  /// Matrix column of each stream, -1 where a group has fewer members.
  std::vector<int32_t> streams;
  /// Promises about the weights; dataTerms is that of the layer's data.
  OperandPromises promises;
  /// digestMatrix() of the dense matrix that the packing stands for.
  uint64_t digest = 0;
  /// DRAM address of the first tile.
  int64_t address = 0;
};

/// Digest of a dense row-major int8 matrix; platform independent.
uint64_t digestMatrix(llvm::ArrayRef<int8_t> values, int64_t rows,
                      int64_t columns);

/// The dense row-major [rows x matrixColumns] matrix a packing stands for, or
/// an error that names the cell whose select or stream is out of range or
/// collides with another one.
llvm::Expected<std::vector<int8_t>> unpackWeights(const PackedWeights &weights);

/// Constant bytes in DRAM: parameters of the vector unit.
struct ConstantBytes {
  std::string name;
  int64_t address = 0;
  std::vector<uint8_t> bytes;
};

/// A sliding window over a [channels, height, width] tensor, padded with
/// zeros. Output position (y, x), tap (i, j) reads input row
/// y * strideHeight + i * dilationHeight - padTop (columns alike). A matrix
/// product over [positions, channels] data has a 1x1 kernel and height 1.
struct Window {
  int64_t channels = 1, height = 1, width = 1;
  int64_t kernelHeight = 1, kernelWidth = 1;
  int64_t strideHeight = 1, strideWidth = 1;
  int64_t dilationHeight = 1, dilationWidth = 1;
  int64_t padTop = 0, padLeft = 0;
  int64_t outHeight = 1, outWidth = 1;
};

/// A rectangle of output positions, clamped at outHeight and outWidth.
struct Band {
  int64_t row = 0, column = 0;
  int64_t height = 1, width = 1;
};

/// Where the element (channel, row, column) of a tensor lies:
/// address + channel * channelPitch + (row - originRow) * rowPitch
///         + (column - originColumn) * columnPitch. Pitches in bytes.
/// A per-channel vector has row and column pitch 0.
struct View {
  Memory memory = Memory::DataSram;
  int64_t address = 0;
  /// Element width: 1 (int8) or 4 (int32, little endian).
  int64_t elementBytes = 1;
  int64_t channelPitch = 0, rowPitch = 0, columnPitch = 0;
  int64_t originRow = 0, originColumn = 0;
  /// Bytes of the buffer that starts at `bufferAddress`; every access must
  /// stay inside.
  int64_t bufferAddress = 0, bufferBytes = 0;
};

/// Tile of a packed matrix: matrix rows from `row`, array columns from
/// `column`, clamped at the matrix's edges.
struct WeightTile {
  unsigned weights = 0;
  int64_t row = 0, column = 0;
};

/// DMA queue: copies counts[0] x counts[1] runs of counts[2] bytes. Pitches in
/// bytes, outermost first.
struct DmaCopy {
  Memory sourceMemory = Memory::Dram, destinationMemory = Memory::DataSram;
  int64_t sourceAddress = 0, destinationAddress = 0;
  std::array<int64_t, 3> counts = {1, 1, 1};
  std::array<int64_t, 2> sourcePitch = {0, 0}, destinationPitch = {0, 0};
};

/// DMA queue: copies one tile of packed weights from DRAM to weight SRAM.
struct DmaWeights {
  WeightTile tile;
  int64_t destinationAddress = 0;
};

/// Weight loader queue: shifts the tile at `sourceAddress` of weight SRAM into
/// the array's shadow registers.
struct LoadWeights {
  WeightTile tile;
  int64_t sourceAddress = 0;
};

/// Array queue: swaps the shadow registers in and streams the band's positions
/// through the array. The accumulator of matrix row tile.row + r and band
/// position (y, x) is element (r, y, x) of `accumulators`, a view whose
/// origin is the band's.
struct StreamTile {
  WeightTile tile;
  Window window;
  Band band;
  View data;
  View accumulators;
  /// Add to the accumulators instead of overwriting them.
  bool accumulate = false;
  /// Cycles per step; at least what the cell and the data SRAM banks need.
  int64_t stepCycles = 1;
};

enum class ScalarOpcode : uint8_t {
  Constant,   // immediate
  ExtendSign, // a
  Truncate,   // a; traps when the value does not fit
  Add,        // a, b; traps on overflow of `bits`
  Subtract,
  Multiply,
  Maximum,
  Minimum,
  ApplyScale, // value a, multiplier b, shift c: TOSA apply_scale, single round
  EncodeTerms // a: table[immediate]
};

/// One scalar operation of a vector body. Values are numbered: the body's
/// arguments first, then one per operation.
struct ScalarOperation {
  ScalarOpcode opcode = ScalarOpcode::Constant;
  /// Width of the result: 8, 32 or 64 bits, signed.
  int64_t bits = 32;
  std::array<unsigned, 3> operands = {0, 0, 0};
  int64_t immediate = 0;
};

/// Straight-line scalar code; `result` is the number of the value stored.
struct ScalarBody {
  std::vector<ScalarOperation> operations;
  unsigned result = 0;
};

/// Run-time term selection: digit set and terms kept per value.
struct TermTable {
  DigitSet digits = DigitSet::Naf;
  int64_t terms = 0;
};

enum class Reduction : uint8_t { None, Maximum, Sum };

/// Vector queue: for each channel in [channel, channel + channels) and each
/// position of the band, reduces input 0 over the window (Reduction::None
/// reads the one element at the position), applies the body to it and to the
/// same-position elements of the other inputs, and stores the result.
/// Padding does not take part in a maximum; it counts as zero in a sum.
struct VectorPass {
  int64_t channel = 0, channels = 1;
  Band band;
  Window window;
  Reduction reduction = Reduction::None;
  std::vector<View> inputs;
  View output;
  ScalarBody body;
};

using Payload =
    std::variant<DmaCopy, DmaWeights, LoadWeights, StreamTile, VectorPass>;

/// A point in time another instruction can wait for.
struct Token {
  unsigned instruction = 0;
  /// For a StreamTile only: the moment the last cell has taken its weights
  /// from the shadow register, instead of the moment all results are stored.
  bool swapped = false;
};

struct Instruction {
  Payload payload;
  std::vector<Token> after;
  /// Index into Program::layers.
  unsigned layer = 0;

  Queue getQueue() const;
};

/// One layer of the network, for reports.
struct Layer {
  std::string name;
  /// "file:line:col" or the op's name; opens every message about the layer.
  std::string location;
  /// Multiply-accumulates of the dense layer; 0 for vector layers.
  int64_t denseMacs = 0;
  /// Those of them whose weight is not zero.
  int64_t effectiveMacs = 0;
  /// Tiles the layer would take without column combining.
  int64_t tilesBeforeCombining = 0;
  int64_t tiles = 0;
};

/// A tensor that the host writes or reads.
struct HostTensor {
  std::vector<int64_t> shape;
  int64_t elementBytes = 1;
  /// Real value of the integer 1.
  double scale = 1.0;
  int64_t address = 0;
};

struct Program {
  std::string name;
  MachineDescription machine;
  /// Hash of the target the schedule was made for.
  std::string targetHash;
  HostTensor input, output;
  std::vector<PackedWeights> weights;
  std::vector<ConstantBytes> constants;
  std::vector<TermTable> termTables;
  std::vector<Layer> layers;
  std::vector<Instruction> instructions;

  /// Bytes of one tile in DRAM and weight SRAM.
  int64_t getTileBytes(const WeightTile &tile) const;
  /// Rows and array columns a tile really has.
  int64_t getTileRows(const WeightTile &tile) const;
  int64_t getTileColumns(const WeightTile &tile) const;
};

} // namespace colonnade::sim

#endif // COLONNADE_SIMULATOR_PROGRAM_H
