//===- NestUnit.cpp - Values of loop nests --------------------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Outputs of a nest do not depend on each other, so that their loops may be
// merged and reordered. The lanes are a block of outputs, rows of the two
// innermost loops; the reduction loops run one step at a time over the block,
// in the order that float sums demand. Bodies without operations are copies.
//
//===----------------------------------------------------------------------===//

#include "LaneBody.h"
#include "LaneElements.h"
#include "StridedLoops.h"
#include "VectorUnit.h"
#include "colonnade/Simulator/InstructionCosts.h"
#include "llvm/Support/MathExtras.h"

using namespace colonnade;
using namespace colonnade::sim;

/// Loops [first, last) of a nest, with a pitch per input and the output's.
static StridedLoops getLoops(const NestPass &nest, size_t first, size_t last) {
  StridedLoops loops;
  for (size_t i = first; i < last; ++i) {
    StridedLoop &loop = loops.emplace_back();
    loop.extent = nest.extents[i];
    for (const NestOperand &input : nest.inputs)
      loop.pitches.push_back(input.pitches[i]);
    loop.pitches.push_back(nest.output.pitches[i]);
  }
  return loops;
}

/// The loops over the outputs, merged, the innermost one long: the one that
/// walks the output's neighbours unless it is short.
static StridedLoops getOutputLoops(const NestPass &nest) {
  static constexpr int64_t kShort = 16;
  StridedLoops loops =
      getLoops(nest, 0, nest.extents.size() - nest.reductionLoops);
  orderLoops(loops, nest.inputs.size());
  if (loops.empty() || loops.back().extent >= kShort)
    return loops;
  auto longest =
      llvm::max_element(loops, [](const StridedLoop &a, const StridedLoop &b) {
        return a.extent < b.extent;
      });
  std::rotate(longest, longest + 1, loops.end());
  return loops;
}

static llvm::SmallVector<int64_t, 4> getAddresses(const NestPass &nest) {
  llvm::SmallVector<int64_t, 4> addresses;
  for (const NestOperand &input : nest.inputs)
    addresses.push_back(input.address);
  addresses.push_back(nest.output.address);
  return addresses;
}

//===----------------------------------------------------------------------===//
// Copies
//===----------------------------------------------------------------------===//

template <typename Element>
static void copyElements(const uint8_t *from, uint8_t *to,
                         const StridedLoop &loop) {
  for (int64_t i = 0; i < loop.extent; ++i)
    std::memcpy(to + i * loop.pitches[1], from + i * loop.pitches[0],
                sizeof(Element));
}

static void copyLine(const uint8_t *from, uint8_t *to, const StridedLoop &loop,
                     int64_t elementBytes) {
  if (loop.pitches[0] == elementBytes && loop.pitches[1] == elementBytes)
    std::memcpy(to, from, loop.extent * elementBytes);
  else if (elementBytes == 1)
    copyElements<int8_t>(from, to, loop);
  else if (elementBytes == 8)
    copyElements<int64_t>(from, to, loop);
  else
    copyElements<int32_t>(from, to, loop);
}

static void runCopy(MachineState &state, const NestPass &nest) {
  StridedLoops loops = getOutputLoops(nest);
  StridedLoop inner = {1, {0, 0}};
  if (!loops.empty())
    inner = loops.pop_back_val();
  Memory from = nest.inputs.front().memory;
  LoopCounter counter(loops, getAddresses(nest));
  do
    copyLine(state.get(from, counter.getOffsets()[0]),
             state.get(nest.output.memory, counter.getOffsets()[1]), inner,
             getBytes(nest.output.type));
  while (counter.advance());
}

//===----------------------------------------------------------------------===//
// Nests
//===----------------------------------------------------------------------===//

namespace {

/// Most lanes that run at once: few enough for a body's values to stay in a
/// processor's cache.
constexpr int64_t kMostLanes = 1024;

template <typename Value> class NestRunner {
public:
  NestRunner(MachineState &state, const NestPass &nest,
             llvm::ArrayRef<TermLookupTable> tables,
             std::vector<Value> &storage);

  llvm::Error run();

private:
  /// Outputs that run at once: `rows` steps of the second innermost loop times
  /// `columns` of the innermost one.
  struct Block {
    int64_t rows, columns;
    int64_t getLanes() const { return rows * columns; }
  };

  void split();
  Block getBlock(const LoopCounter &counter) const;
  llvm::Error runBlock(const Block &block, llvm::ArrayRef<int64_t> addresses);
  void readInput(unsigned input, const Block &block, int64_t address);
  bool isUniform(unsigned operand) const {
    return row.pitches[operand] == 0 && column.pitches[operand] == 0;
  }
  bool isReduced(unsigned operand) const {
    return llvm::any_of(reduction, [&](const StridedLoop &loop) {
      return loop.pitches[operand] != 0;
    });
  }
  bool hasAccumulator() const { return nest.reductionLoops != 0; }

  MachineState &state;
  const NestPass &nest;
  /// The loops over blocks, and the two that blocks are cut from.
  StridedLoops blocks;
  StridedLoop row, column;
  /// A full block.
  Block whole;
  StridedLoops reduction;
  LaneBody<Value> body;
};

} // namespace

template <typename Value>
NestRunner<Value>::NestRunner(MachineState &state, const NestPass &nest,
                              llvm::ArrayRef<TermLookupTable> tables,
                              std::vector<Value> &storage)
    : state(state), nest(nest), blocks(getOutputLoops(nest)),
      reduction(getLoops(nest, nest.extents.size() - nest.reductionLoops,
                         nest.extents.size())),
      body(nest.body, nest.inputs.size() + hasAccumulator(), kMostLanes, tables,
           storage) {
  mergeLoops(reduction);
  split();
  for (unsigned input = 0; input < nest.inputs.size(); ++input)
    if (isUniform(input))
      body.setUniform(input);
}

/// Replaces the two innermost loops by loops over blocks of their steps.
template <typename Value> void NestRunner<Value>::split() {
  StridedLoop once;
  once.pitches.assign(nest.inputs.size() + 1, 0);
  column = blocks.empty() ? once : blocks.pop_back_val();
  row = blocks.empty() ? once : blocks.pop_back_val();
  whole.columns = std::min(column.extent, kMostLanes);
  whole.rows = std::min(row.extent, kMostLanes / whole.columns);
  auto addBlocks = [&](const StridedLoop &loop, int64_t steps) {
    StridedLoop &added = blocks.emplace_back(loop);
    added.extent = llvm::divideCeil(loop.extent, steps);
    for (int64_t &pitch : added.pitches)
      pitch *= steps;
  };
  addBlocks(row, whole.rows);
  addBlocks(column, whole.columns);
}

/// Blocks at the edges are smaller.
template <typename Value>
typename NestRunner<Value>::Block
NestRunner<Value>::getBlock(const LoopCounter &counter) const {
  int64_t firstRow = counter.getIndex(blocks.size() - 2) * whole.rows;
  int64_t firstColumn = counter.getIndex(blocks.size() - 1) * whole.columns;
  return {std::min(whole.rows, row.extent - firstRow),
          std::min(whole.columns, column.extent - firstColumn)};
}

template <typename Value>
void NestRunner<Value>::readInput(unsigned input, const Block &block,
                                  int64_t address) {
  const NestOperand &operand = nest.inputs[input];
  const uint8_t *from = state.get(operand.memory, address);
  Value *out = body.getValues(input);
  if (isUniform(input)) {
    readLine(from, operand.type, 0, 1, out);
    std::fill(out + 1, out + block.getLanes(), *out);
    return;
  }
  for (int64_t y = 0; y < block.rows; ++y)
    readLine(from + y * row.pitches[input], operand.type, column.pitches[input],
             block.columns, out + y * block.columns);
}

template <typename Value>
llvm::Error NestRunner<Value>::runBlock(const Block &block,
                                        llvm::ArrayRef<int64_t> addresses) {
  unsigned inputs = nest.inputs.size();
  int64_t lanes = block.getLanes();
  for (unsigned input = 0; input < inputs; ++input)
    readInput(input, block, addresses[input]);
  if (hasAccumulator())
    std::fill_n(
        body.getValues(inputs), lanes,
        static_cast<Value>(getLaneBits(nest.output.type, nest.initial)));
  LoopCounter steps(reduction, addresses);
  for (bool isFirst = true; isFirst || steps.advance(); isFirst = false) {
    for (unsigned input = 0; input < inputs && !isFirst; ++input)
      if (isReduced(input))
        readInput(input, block, steps.getOffsets()[input]);
    if (llvm::Error error = body.run(lanes))
      return error;
    if (hasAccumulator())
      std::copy_n(body.getResult(), lanes, body.getValues(inputs));
  }
  const Value *results =
      hasAccumulator() ? body.getValues(inputs) : body.getResult();
  uint8_t *to = state.get(nest.output.memory, addresses[inputs]);
  for (int64_t y = 0; y < block.rows; ++y)
    writeLine(results + y * block.columns, block.columns, nest.output.type,
              column.pitches[inputs], to + y * row.pitches[inputs]);
  return llvm::Error::success();
}

template <typename Value> llvm::Error NestRunner<Value>::run() {
  LoopCounter counter(blocks, getAddresses(nest));
  do {
    if (llvm::Error error = runBlock(getBlock(counter), counter.getOffsets()))
      return error;
  } while (counter.advance());
  return llvm::Error::success();
}

/// Whether the lanes of a nest must hold an I64.
static bool needsWideLanes(const NestPass &nest) {
  return isWide(nest.body) || nest.output.type == ScalarType::I64 ||
         llvm::any_of(nest.inputs, [](const NestOperand &input) {
           return input.type == ScalarType::I64;
         });
}

llvm::Error sim::runNest(MachineState &state, const NestPass &nest,
                         llvm::ArrayRef<TermLookupTable> tables,
                         VectorScratch &scratch) {
  if (isCopy(nest)) {
    runCopy(state, nest);
    return llvm::Error::success();
  }
  if (needsWideLanes(nest))
    return NestRunner<int64_t>(state, nest, tables, scratch.wide).run();
  return NestRunner<int32_t>(state, nest, tables, scratch.narrow).run();
}
