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

#include "colonnade/Numerics/Quantization.h"
#include "colonnade/Numerics/SignedDigits.h"
#include "colonnade/Simulator/BlockGemm.h"
#include "colonnade/Simulator/MachineDescription.h"
#include "llvm/ADT/SmallVector.h"
#include <array>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace colonnade::sim {

enum class Memory : uint8_t { Dram, WeightSram, DataSram, Accumulators };
enum class Queue : uint8_t { Dma, WeightLoader, Array, Vector };
inline constexpr unsigned kNumQueues = 4;

llvm::StringRef stringify(Memory memory);
llvm::StringRef stringify(Queue queue);

/// Types of the vector unit's lanes and of the elements it reads and writes.
/// Integers are signed and little endian, I1 is one byte of 0 or 1, F32 is IEEE
/// single precision.
enum class ScalarType : uint8_t { I1, I8, I32, I64, F32 };

/// Bytes of one element in memory.
int64_t getBytes(ScalarType type);
/// Bits of the value: 1, 8, 32 or 64.
int64_t getBits(ScalarType type);
llvm::StringRef stringify(ScalarType type);

/// A packed block-diagonal filter matrix as the array holds it; a plain matrix
/// is one block, a grouped convolution has a block per group, a batched matrix
/// product one per batch element. Row r and slot d of array column a of block b
/// hold value values[((b * rows + r) * arrayColumns + a) * depth + d], which
/// meets the data of the block's matrix column
/// streams[((b * arrayColumns + a) * depth + d) * fanIn + selects[same index as
/// the value]].
///
/// Weights that are computed at run time have no values and selects: slot d of
/// array column a holds matrix column a * depth + d, the fan-in is 1, and
/// DmaWeights says where the values of a tile lie. They are stored as they are,
/// one byte each.
struct PackedWeights {
  std::string name;
  int64_t blocks = 1;
  /// Of one block.
  int64_t rows = 0;
  /// Columns of a block's matrix before packing: channels * kernel height *
  /// kernel width, in that (row-major) order.
  int64_t matrixColumns = 0;
  /// Of one block.
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
  /// Computed by the network instead of stored with it.
  bool isRunTime = false;
  /// DRAM address of the first tile; 0 for run-time weights.
  int64_t address = 0;

  /// Of one row of a block.
  int64_t getSlots() const { return arrayColumns * depth; }
  /// Index in `values` and `selects` of a cell's first slot.
  int64_t getCell(int64_t block, int64_t row, int64_t column) const {
    return (block * rows + row) * getSlots() + column * depth;
  }
  /// The streams of `columns` array columns of a block from `column` on.
  llvm::ArrayRef<int32_t> getStreams(int64_t block, int64_t column,
                                     int64_t columns) const {
    return llvm::ArrayRef(streams).slice(
        (block * getSlots() + column * depth) * fanIn, columns * depth * fanIn);
  }
};

/// The streams of run-time weights whose sizes are set: see PackedWeights.
std::vector<int32_t> makeRunTimeStreams(const PackedWeights &weights);

/// Digest of a dense row-major int8 matrix; platform independent.
uint64_t digestMatrix(llvm::ArrayRef<int8_t> values, int64_t rows,
                      int64_t columns);

/// The dense row-major [blocks x rows x matrixColumns] matrices that a packing
/// stands for, or an error that names the cell whose select or stream is out of
/// range or collides with another one.
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
  ScalarType type = ScalarType::I8;
  int64_t channelPitch = 0, rowPitch = 0, columnPitch = 0;
  int64_t originRow = 0, originColumn = 0;
  /// Bytes of the buffer that starts at `bufferAddress`; every access must
  /// stay inside.
  int64_t bufferAddress = 0, bufferBytes = 0;
};

/// Tile of a packed matrix: rows of the block from `row`, its array columns
/// from `column`, clamped at the block's edges.
struct WeightTile {
  unsigned weights = 0;
  int64_t block = 0;
  int64_t row = 0, column = 0;

  bool operator==(const WeightTile &other) const = default;
};

/// Bytes of a memory that belong together.
struct ByteRange {
  int64_t begin = 0, end = 0;
  bool contains(const ByteRange &other) const {
    return begin <= other.begin && other.end <= end;
  }
  bool operator==(const ByteRange &other) const = default;
};

/// DMA queue: copies runs of `runBytes` bytes, as many as the product of
/// `counts`. Counts and pitches (bytes) have one entry per dimension,
/// outermost first.
struct DmaCopy {
  Memory sourceMemory = Memory::Dram, destinationMemory = Memory::DataSram;
  int64_t sourceAddress = 0, destinationAddress = 0;
  int64_t runBytes = 1;
  llvm::SmallVector<int64_t, 4> counts, sourcePitches, destinationPitches;
  /// Where known: every access must stay inside.
  std::optional<ByteRange> sourceBuffer, destinationBuffer;
};

/// Where the values of run-time weights lie: the int8 value of a block's row r
/// and matrix column k is at address + block * blockPitch + r * rowPitch +
/// k * columnPitch.
struct RunTimeMatrix {
  Memory memory = Memory::DataSram;
  int64_t address = 0;
  int64_t blockPitch = 0, rowPitch = 0, columnPitch = 0;
  /// Every access must stay inside.
  int64_t bufferAddress = 0, bufferBytes = 0;
};

/// DMA queue: copies one tile of weights to weight SRAM, from DRAM or, for
/// run-time weights, from the tensor that holds them: its int8 values, row by
/// row.
struct DmaWeights {
  WeightTile tile;
  int64_t destinationAddress = 0;
  std::optional<RunTimeMatrix> source;
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

/// Integer operations trap when their result does not fit its type, float
/// operations are IEEE 754 with rounding to nearest even, never contracted;
/// which NaN they return is not specified. Operands and result have one type
/// where nothing else is said; arithmetic is defined on I8, I32 and I64, logic
/// on I1 as well.
enum class ScalarOpcode : uint8_t {
  Constant,   // immediate: the integer, or the bits of an F32
  ExtendSign, // a
  Truncate,   // a
  Add,        // a, b
  Subtract,
  Multiply,
  AddWrapping, // a, b: modulo 2^bits, no trap; so is MultiplyWrapping
  MultiplyWrapping,
  Divide, // a, b: toward zero; traps on b = 0; so does Remainder, of a's sign
  Remainder,
  Maximum,
  Minimum,
  ApplyScale,  // value a, multiplier b, shift c: TOSA apply_scale, single round
  EncodeTerms, // a: table[immediate]
  And,         // a, b: bitwise, as are Or and Xor
  Or,
  Xor,
  ShiftLeft,         // a, b: the lost bits must be copies of the sign; shifts
                     // trap unless 0 <= b < bits
  ShiftRight,        // arithmetic
  ShiftRightLogical, // of the 32-bit pattern
  CompareInteger,    // a, b; immediate: a ComparePredicate; result I1
  CompareFloat,      // ordered comparisons, false on NaN
  Select,            // a ? b : c
  AddFloat,
  SubtractFloat,
  MultiplyFloat,
  DivideFloat,
  MaximumFloat, // NaN if either is, -0 < +0
  MinimumFloat,
  NegateFloat,
  AbsoluteFloat,
  SquareRoot,
  RoundEven, // to the nearest integral value, ties to even
  Floor,
  IntegerToFloat, // signed; rounds to nearest even
  FloatToInteger, // toward zero; traps on NaN and what does not fit
  Bitcast         // between I32 and F32
};

enum class ComparePredicate : uint8_t {
  Equal,
  NotEqual,
  Less,
  LessOrEqual,
  Greater,
  GreaterOrEqual
};

/// One scalar operation of a vector body. Values are numbered: the body's
/// arguments first, then one per operation.
struct ScalarOperation {
  ScalarOpcode opcode = ScalarOpcode::Constant;
  /// Of the result.
  ScalarType type = ScalarType::I32;
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

/// Where the elements of a nest's operand lie: the one of loop indices i is at
/// address + sum over d of i[d] * pitches[d]. Pitches in bytes, one per loop,
/// may be 0 (a broadcast) or negative.
struct NestOperand {
  Memory memory = Memory::DataSram;
  int64_t address = 0;
  ScalarType type = ScalarType::I8;
  llvm::SmallVector<int64_t, 6> pitches;
  /// Bytes of the buffer that starts at `bufferAddress`; every access must
  /// stay inside.
  int64_t bufferAddress = 0, bufferBytes = 0;
};

/// Vector queue: a perfect loop nest over strided tensors, without windows or
/// padding: elementwise code, reductions, transposes and copies. For each index
/// of the outer loops the accumulator starts at `initial`, the body runs for
/// every index of the last `reductionLoops` loops in lexicographic order, and
/// the last accumulator is stored. The body's arguments are the inputs'
/// elements, then, with reduction loops, the accumulator; its result is the
/// next accumulator. Without reduction loops the result is stored as it is.
struct NestPass {
  /// Outermost first; at least 1 each.
  llvm::SmallVector<int64_t, 6> extents;
  unsigned reductionLoops = 0;
  std::vector<NestOperand> inputs;
  /// Pitch 0 in the reduction loops.
  NestOperand output;
  /// Bits of the accumulator's start, as ScalarOperation::immediate.
  int64_t initial = 0;
  ScalarBody body;
};

/// One operand of a BlockPass: where its f32 values lie, how the converter at
/// the array's border makes blocks of them, and where these lie then.
struct BlockPassOperand {
  NestOperand values;
  BlockFormat format;
  /// The counter is that of the pass if it has one.
  BlockRounder rounder;
  /// The value of loop indices i has row-major position `position` + sum over d
  /// of i[d] * positionPitches[d] in its tensor: noise is drawn by it.
  int64_t position = 0;
  llvm::SmallVector<int64_t, 6> positionPitches;
  /// Bytes of weight SRAM (held operand) or data SRAM (passing one) for the
  /// blocks, each of which is stored once.
  int64_t blockAddress = 0, blockBytes = 0;
};

/// Array queue: a product of blocks (BlockGemm.h), from f32 in data SRAM to f32
/// in the accumulators. A perfect loop nest: the loops in front run over the
/// sums, the last `reductionLoops` over what is added up, of which the innermost
/// one runs along the blocks of both operands. A loop in front is followed by
/// the held operand, the passing one, or both (a group). The products of blocks
/// are added as f32 in the order of the loops, starting at +0
/// (Numerics/BlockProduct.h).
struct BlockPass {
  BlockDataflow dataflow = BlockDataflow::Forward;
  /// Outermost first; at least 1 each.
  llvm::SmallVector<int64_t, 6> extents;
  unsigned reductionLoops = 1;
  BlockPassOperand held, passing;
  /// Pitch 0 in the reduction loops.
  NestOperand sums;
  /// An i64, of pitch 0 in all loops.
  std::optional<NestOperand> counter;
};

using Payload = std::variant<DmaCopy, DmaWeights, LoadWeights, StreamTile,
                             VectorPass, NestPass, BlockPass>;

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
  /// Which part of a training step it belongs to; empty for other programs.
  std::string role;
  /// Multiply-accumulates of the dense layer; 0 for vector layers.
  int64_t denseMacs = 0;
  /// Those of them whose weight is not zero; all of them when the weights are
  /// computed at run time.
  int64_t effectiveMacs = 0;
  /// Tiles the layer would take without column combining.
  int64_t tilesBeforeCombining = 0;
  int64_t tiles = 0;
};

/// A tensor that the host writes or reads.
struct HostTensor {
  /// Empty, or what the host calls it. An output that has an input's name is
  /// what that input becomes in the next run: parameters and other state.
  std::string name;
  std::vector<int64_t> shape;
  ScalarType type = ScalarType::I8;
  /// The real value of an integer m is scale * (m - zeroPoint).
  double scale = 1.0;
  int32_t zeroPoint = 0;
  int64_t address = 0;

  Int8Form getInt8Form() const { return {scale, zeroPoint}; }
};

struct Program {
  std::string name;
  MachineDescription machine;
  /// Hash of the target the schedule was made for.
  std::string targetHash;
  /// At least one output; each has bytes of its own.
  std::vector<HostTensor> inputs, outputs;
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
  /// Matrix columns of a tile of run-time weights: its values per row.
  int64_t getRunTimeColumns(const WeightTile &tile) const;
};

} // namespace colonnade::sim

#endif // COLONNADE_SIMULATOR_PROGRAM_H
