//===- DataAllocation.cpp - Who lies where in data SRAM -------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Data SRAM is allocated by first fit over stays measured in layers, the
// largest buffers first; when one does not fit, a stay is cut short where the
// memory is fullest (see Stays.cpp), and when none is left there, the layer
// works in smaller pieces.
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
  if (layer.isBlockProduct())
    return shrinkBlockChunk(layer);
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
    return plan.isSpilled(view.root, layer.index);
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
  auto fits = [&] { return getTotal() <= plan.target.getDataSramBytes() / 2; };
  if (layer.isBlockProduct()) {
    shrinkBlockChunk(plan, layer, fits);
    return;
  }
  while (!fits() && shrinkLayer(layer)) {
  }
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
  SmallVector<const Placement *> findBusy(const Interval &interval) const;

  SmallVector<Interval> placed;
  /// Alive during layer i - 1; the host's turns are the first and last entry.
  std::vector<SmallVector<const Placement *>> alive;
};

} // namespace

void PlacedIntervals::add(const Interval &interval) {
  for (int64_t layer = interval.first; layer <= interval.last; ++layer)
    alive[layer + 1].push_back(interval.place);
  placed.push_back(interval);
}

/// What is alive at some layer of `interval`: of long ones, each once.
SmallVector<const Placement *>
PlacedIntervals::findBusy(const Interval &interval) const {
  SmallVector<const Placement *> busy;
  for (int64_t layer = interval.first; layer <= interval.last; ++layer) {
    if (busy.size() + alive[layer + 1].size() > placed.size()) {
      busy.clear();
      for (const Interval &other : placed)
        if (other.first <= interval.last && interval.first <= other.last)
          busy.push_back(other.place);
      return busy;
    }
    llvm::append_range(busy, alive[layer + 1]);
  }
  return busy;
}

int64_t PlacedIntervals::findAddress(const Interval &interval) const {
  SmallVector<const Placement *> busy = findBusy(interval);
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
    for (Stay &stay : tensor.stays)
      result.push_back({stay.firstLayer, stay.lastLayer, &stay.place});
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

/// Bytes that data SRAM lacks for all intervals; one entry per layer, behind
/// one for the host.
static SmallVector<int64_t> getOverflow(const NetworkPlan &plan,
                                        ArrayRef<Interval> intervals) {
  SmallVector<int64_t> bytes(plan.layers.size() + 3);
  for (const Interval &interval : intervals) {
    bytes[interval.first + 1] += interval.place->bytes;
    bytes[interval.last + 2] -= interval.place->bytes;
  }
  int64_t total = 0;
  for (int64_t &change : bytes)
    change = (total += change) - plan.target.getDataSramBytes();
  return bytes;
}

/// Cuts a stay short or shrinks a layer where `failed` does not fit, at the
/// layer where the memory is fullest.
static bool makeRoom(NetworkPlan &plan, ArrayRef<Interval> intervals,
                     const Interval &failed) {
  SmallVector<int64_t> overflow = getOverflow(plan, intervals);
  auto *fullest = std::max_element(overflow.begin() + failed.first + 1,
                                   overflow.begin() + failed.last + 2);
  int64_t layer = fullest - overflow.begin() - 1;
  // Where all would fit if it were not for the order of places.
  *fullest = std::max(*fullest, failed.place->bytes);
  return cutStay(plan, layer, overflow) ||
         (layer >= 0 && layer < static_cast<int64_t>(plan.layers.size()) &&
          shrinkLayer(plan.layers[layer]));
}

/// Places what fits; the first interval that does not.
static std::optional<Interval> placeAll(NetworkPlan &plan,
                                        ArrayRef<Interval> intervals) {
  PlacedIntervals placed(plan.layers.size());
  for (const Interval &interval : intervals) {
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
    if (tensor.bytes > capacity)
      tensor.stays.clear();
  cutRefreshedStays(plan);
  while (true) {
    SmallVector<Interval> intervals = getIntervals(plan);
    std::optional<Interval> tooLarge = placeAll(plan, intervals);
    if (!tooLarge)
      return success();
    if (makeRoom(plan, intervals, *tooLarge))
      continue;
    const LayerPlan &layer = plan.layers[tooLarge->first];
    return emitError(layer.op->getLoc())
           << "layer '" << layer.name << "' needs " << tooLarge->place->bytes
           << " bytes of data SRAM for one output position, at address "
           << tooLarge->place->address << ", but target '"
           << plan.target.getName() << "' has " << capacity
           << ": enlarge data_sram_bytes";
  }
}
