//===- DataAllocation.cpp - Who lies where in data SRAM -------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Data SRAM is allocated by first fit over lifetimes measured in layers, the
// largest buffers first; when one does not fit, the largest buffer alive there
// moves to DRAM, and when none is left, its layer works in smaller pieces.
//
//===----------------------------------------------------------------------===//

#include "BlockPlan.h"
#include "NestPlan.h"
#include "NetworkPlan.h"

using namespace mlir;
using namespace colonnade;
using namespace colonnade::systolic;

//===----------------------------------------------------------------------===//
// Bands and boxes
//===----------------------------------------------------------------------===//

static bool shrinkBand(LayerPlan &layer) {
  if (layer.bandHeight > 1)
    layer.bandHeight = llvm::divideCeil(layer.bandHeight, 2);
  else if (layer.bandWidth > 1)
    layer.bandWidth = llvm::divideCeil(layer.bandWidth, 2);
  else
    return false;
  return true;
}

bool systolic::shrinkLayer(LayerPlan &layer) {
  return layer.isNest() ? shrinkChunk(layer) : shrinkBand(layer);
}

/// Bytes of the band that operand `index` of a windowed layer needs.
static int64_t getBandBytes(const LayerPlan &layer, unsigned index) {
  auto [height, width] = index == 0
                             ? getBandInput(layer)
                             : std::pair(layer.bandHeight, layer.bandWidth);
  const TensorLayout &layout = layer.operands[index].layout;
  return height * width * layout.channels * layout.getElementBytes();
}

static int64_t getResultBandBytes(const LayerPlan &layer) {
  if (layer.isNest())
    return getBoxBytes(layer.getResultType(), getResultBox(layer));
  return layer.bandHeight * layer.bandWidth * layer.result.channels *
         layer.result.getElementBytes();
}

void systolic::sizeBands(const NetworkPlan &plan, LayerPlan &layer) {
  auto isSpilled = [&](const TensorView &view) {
    return plan.tensors.find(view.root)->second.isSpilled;
  };
  for (auto [index, operand] : llvm::enumerate(layer.operands)) {
    operand.band.bytes = 0;
    if (operand.parameterOffset || !isSpilled(operand.view))
      continue;
    operand.band.bytes =
        layer.isNest()
            ? getBoxBytes(operand.type, getOperandBox(layer, operand))
            : getBandBytes(layer, index);
  }
  layer.resultBand.bytes =
      isSpilled(layer.resultView) ? getResultBandBytes(layer) : 0;
  if (layer.isBlockProduct())
    sizeBlocks(plan, layer);
}

/// A layer's bands may take half of data SRAM, so that not everything else has
/// to leave it.
static void boundBands(NetworkPlan &plan, LayerPlan &layer) {
  auto getTotal = [&] {
    sizeBands(plan, layer);
    int64_t total = layer.resultBand.bytes + layer.passingBlocks.bytes;
    for (const OperandPlan &operand : layer.operands)
      total += operand.band.bytes;
    return total;
  };
  while (getTotal() > plan.target.getDataSramBytes() / 2)
    if (!shrinkLayer(layer))
      return;
}

//===----------------------------------------------------------------------===//
// First fit
//===----------------------------------------------------------------------===//

namespace {

/// Something that needs a place while layers [first, last] run.
struct Interval {
  int64_t first, last;
  Placement *place;
};

/// What has a place already, by the layers during which it needs it.
class PlacedIntervals {
public:
  explicit PlacedIntervals(int64_t layers) : alive(layers + 2) {}

  void add(const Interval &interval);
  /// Lowest address at which `interval` overlaps nothing in time and space.
  int64_t findAddress(const Interval &interval) const;

private:
  /// Alive during layer i - 1; the host's turns are the first and last entry.
  std::vector<SmallVector<const Placement *>> alive;
};

} // namespace

void PlacedIntervals::add(const Interval &interval) {
  for (int64_t layer = interval.first; layer <= interval.last; ++layer)
    alive[layer + 1].push_back(interval.place);
}

int64_t PlacedIntervals::findAddress(const Interval &interval) const {
  SmallVector<const Placement *> busy;
  for (int64_t layer = interval.first; layer <= interval.last; ++layer)
    llvm::append_range(busy, alive[layer + 1]);
  llvm::sort(busy, [](const Placement *a, const Placement *b) {
    return a->address < b->address;
  });
  int64_t address = 0;
  for (const Placement *place : busy)
    if (place->address < address + interval.place->bytes &&
        address < place->address + place->bytes)
      address = place->address + place->bytes;
  return address;
}

static SmallVector<Interval> getIntervals(NetworkPlan &plan) {
  SmallVector<Interval> result;
  for (auto &[value, tensor] : plan.tensors)
    if (!tensor.isSpilled)
      result.push_back({tensor.firstLayer, tensor.lastLayer, &tensor.place});
  for (auto [index, layer] : llvm::enumerate(plan.layers)) {
    int64_t i = index;
    boundBands(plan, layer);
    for (OperandPlan &operand : layer.operands)
      if (operand.band.bytes)
        result.push_back({i, i, &operand.band});
    if (layer.resultBand.bytes)
      result.push_back({i, i, &layer.resultBand});
    if (layer.passingBlocks.bytes)
      result.push_back({i, i, &layer.passingBlocks});
  }
  llvm::stable_sort(result, [](const Interval &a, const Interval &b) {
    return a.place->bytes > b.place->bytes;
  });
  return result;
}

/// Spills the largest tensor alive with `failed`, or shrinks its layer.
static bool makeRoom(NetworkPlan &plan, const Interval &failed) {
  TensorPlan *largest = nullptr;
  for (auto &[value, tensor] : plan.tensors)
    if (!tensor.isSpilled && tensor.firstLayer <= failed.last &&
        failed.first <= tensor.lastLayer &&
        (!largest || tensor.place.bytes > largest->place.bytes))
      largest = &tensor;
  if (largest) {
    largest->isSpilled = true;
    return true;
  }
  return failed.first >= 0 &&
         failed.first < static_cast<int64_t>(plan.layers.size()) &&
         shrinkLayer(plan.layers[failed.first]);
}

/// Places what fits; the first interval that does not.
static std::optional<Interval> placeAll(NetworkPlan &plan) {
  PlacedIntervals placed(plan.layers.size());
  for (const Interval &interval : getIntervals(plan)) {
    interval.place->address = placed.findAddress(interval);
    if (interval.place->address + interval.place->bytes >
        plan.target.getDataSramBytes())
      return interval;
    placed.add(interval);
  }
  return std::nullopt;
}

LogicalResult systolic::allocateData(NetworkPlan &plan) {
  int64_t capacity = plan.target.getDataSramBytes();
  for (auto &[value, tensor] : plan.tensors)
    tensor.isSpilled |= tensor.place.bytes > capacity;
  while (std::optional<Interval> tooLarge = placeAll(plan)) {
    if (makeRoom(plan, *tooLarge))
      continue;
    const LayerPlan &layer = plan.layers[tooLarge->first];
    return emitError(layer.op->getLoc())
           << "layer '" << layer.name << "' needs " << tooLarge->place->bytes
           << " bytes of data SRAM for one output position, at address "
           << tooLarge->place->address << ", but target '"
           << plan.target.getName() << "' has " << capacity
           << ": enlarge data_sram_bytes";
  }
  return success();
}
