//===- Stays.cpp - When tensors leave data SRAM ----------------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Where data SRAM is too full, a tensor leaves it between two of its uses: it
// is stored once, when it is complete, and loaded again ahead of its next use.
// The choice is what frees most of the bytes that are lacking per byte that it
// makes the DMA queue move: an input is not stored, an output is not loaded. Of
// equal tensors that is Belady's choice, the next use that is farthest away.
//
//===----------------------------------------------------------------------===//

#include "NetworkPlan.h"
#include "colonnade/Simulator/Activity.h"
#include "colonnade/Simulator/InstructionCosts.h"

using namespace mlir;
using namespace colonnade;
using namespace colonnade::systolic;

const Stay *TensorPlan::findStay(int64_t layer) const {
  const auto *found = llvm::find_if(
      stays, [&](const Stay &stay) { return stay.covers(layer); });
  return found == stays.end() ? nullptr : found;
}

int64_t TensorPlan::getFirstLayer() const {
  // Constants have no makers, and what nobody reads has no readers.
  return std::min(makers.empty() ? INT64_MAX : makers.front(),
                  readers.empty() ? INT64_MAX : readers.front());
}

int64_t TensorPlan::getLastLayer() const {
  return std::max(makers.empty() ? INT64_MIN : makers.back(),
                  readers.empty() ? INT64_MIN : readers.back());
}

namespace {

/// Layers of a stay to cut out, and what that costs.
struct Gap {
  TensorPlan *tensor = nullptr;
  size_t stay = 0;
  int64_t first = 0, last = -1;
  /// Last layer among them that uses the tensor nevertheless, if any does.
  int64_t interrupted = -1;
  /// Additional copies of the whole tensor between data SRAM and DRAM.
  int64_t copies = 0;
  /// Bytes that it frees of those that are lacking, over all layers.
  int64_t freed = 0;

  int64_t getLayers() const { return last - first + 1; }
  void countFreed(ArrayRef<int64_t> overflow) {
    for (int64_t layer = first; layer <= last; ++layer)
      freed += std::clamp<int64_t>(overflow[layer + 1], 0, tensor->bytes);
  }
  /// Whether it frees more per byte moved.
  bool isBetterThan(const Gap &other) const {
    if (!other.tensor || (copies == 0) != (other.copies == 0))
      return !other.tensor || copies == 0;
    // Both sides times the bytes moved: nothing is divided by 0.
    double ours = static_cast<double>(freed) *
                  static_cast<double>(other.copies * other.tensor->bytes);
    double theirs = static_cast<double>(other.freed) *
                    static_cast<double>(copies * tensor->bytes);
    return ours != theirs ? ours > theirs : freed > other.freed;
  }
};

} // namespace

/// The uses of a tensor, ascending. Between the first and the last layer that
/// make it, it is not complete and cannot be copied: each layer is a use.
static SmallVector<int64_t> getUses(const TensorPlan &tensor) {
  SmallVector<int64_t> uses(tensor.readers);
  if (!tensor.makers.empty())
    for (int64_t layer = tensor.makers.front(); layer <= tensor.makers.back();
         ++layer)
      uses.push_back(layer);
  llvm::sort(uses);
  uses.erase(llvm::unique(uses), uses.end());
  return uses;
}

bool TensorPlan::isInDram(int64_t layers) const {
  return isInput() || isOutput(layers) || stays.size() != 1 ||
         llvm::any_of(getUses(*this), [&](int64_t use) {
           return use >= 0 && use < layers && !findStay(use);
         });
}

/// The gap of a stay around `layer`; it begins behind a use or where the tensor
/// is loaded, which is the turn of the host for an input, and ends before a
/// use.
static std::optional<Gap> findGap(TensorPlan &tensor, size_t index,
                                  int64_t layer, int64_t layers) {
  const Stay &stay = tensor.stays[index];
  Gap gap{&tensor, index, stay.firstLayer, stay.lastLayer};
  bool isUsedLater = false, isUsedBefore = false;
  for (int64_t use : getUses(tensor)) {
    // The host's turns need no place.
    if (use < 0 || use == layers || !stay.covers(use))
      continue;
    if (use == layer)
      return std::nullopt;
    if (use < layer) {
      gap.first = use + 1;
      isUsedBefore = true;
    } else if (!isUsedLater) {
      gap.last = use - 1;
      isUsedLater = true;
    }
  }
  // Later uses need a load; one before the gap that was made here, a store.
  gap.copies = (isUsedLater && isUsedBefore) +
               (isUsedBefore && !tensor.isInDram(layers));
  return gap;
}

/// Cuts a gap out. What is loaded behind it is loaded while the layer before
/// its use runs, if the gap is long enough.
static void cutGap(const Gap &gap) {
  Stay stay = gap.tensor->stays[gap.stay];
  bool isAhead = gap.getLayers() > 1 && gap.last > gap.interrupted;
  SmallVector<Stay> parts;
  if (gap.first > stay.firstLayer)
    parts.push_back({stay.firstLayer, gap.first - 1, stay.place});
  if (gap.last < stay.lastLayer)
    parts.push_back(
        {isAhead ? gap.last : gap.last + 1, stay.lastLayer, stay.place});
  auto *at = gap.tensor->stays.erase(gap.tensor->stays.begin() + gap.stay);
  gap.tensor->stays.insert(at, parts.begin(), parts.end());
}

/// The layers to cut out of a stay that makes way for `layer`, which uses it:
/// from behind the use before up to the use after.
static Gap findInterruption(TensorPlan &tensor, size_t index, int64_t layer,
                            int64_t layers) {
  const Stay &stay = tensor.stays[index];
  // An incomplete tensor cannot be copied: it is made in DRAM, all of it.
  int64_t from = layer, to = layer;
  bool isMade = !tensor.makers.empty() && tensor.makers.front() <= layer &&
                layer <= tensor.makers.back();
  if (isMade) {
    from = tensor.makers.front();
    to = tensor.makers.back();
  }
  Gap gap{&tensor, index, stay.firstLayer, stay.lastLayer, to};
  bool isUsedLater = false, isUsedBefore = false;
  for (int64_t use : getUses(tensor)) {
    if (use < 0 || use == layers || !stay.covers(use))
      continue;
    if (use < from) {
      gap.first = use + 1;
      isUsedBefore = true;
    } else if (use > to && !isUsedLater) {
      gap.last = use - 1;
      isUsedLater = true;
    }
  }
  // The layer moves it by itself: in place of a store if it makes it, and of a
  // load if the stay began with one.
  bool isMadeBefore = !isMade && !tensor.makers.empty() &&
                      stay.firstLayer <= tensor.makers.front();
  bool needsStore = isUsedBefore && isMadeBefore && !tensor.isInDram(layers);
  bool replaces =
      isMade ? tensor.isInDram(layers) : !isUsedBefore && !isMadeBefore;
  gap.copies = !replaces + isUsedLater + needsStore;
  return gap;
}

bool systolic::cutStay(NetworkPlan &plan, int64_t layer,
                       ArrayRef<int64_t> overflow) {
  int64_t layers = plan.layers.size();
  Gap best, bestInterruption;
  auto offer = [&](Gap gap, Gap &chosen) {
    gap.countFreed(overflow);
    if (gap.isBetterThan(chosen))
      chosen = gap;
  };
  for (auto &[root, tensor] : plan.tensors) {
    const Stay *stay = tensor.findStay(layer);
    if (!stay)
      continue;
    size_t index = stay - tensor.stays.begin();
    if (std::optional<Gap> gap = findGap(tensor, index, layer, layers))
      offer(*gap, best);
    else
      offer(findInterruption(tensor, index, layer, layers), bestInterruption);
  }
  if (!best.tensor)
    best = bestInterruption;
  if (best.tensor)
    cutGap(best);
  return best.tensor;
}

//===----------------------------------------------------------------------===//
// Refreshes
//===----------------------------------------------------------------------===//

namespace {

/// What it costs in picojoules to keep a tensor in embedded DRAM over a gap,
/// and to move it away and back.
class GapCosts {
public:
  explicit GapCosts(const NetworkPlan &plan)
      : plan(plan), machine(plan.machine) {}

  double getKept(const Gap &gap) const {
    const sim::EmbeddedDram &edram = *machine.dataEdram;
    int64_t cycles = getEnd(gap.last) - getEnd(gap.first - 1);
    int64_t rows = llvm::divideCeil(gap.tensor->bytes, edram.rowBytes);
    return static_cast<double>(cycles / edram.retentionCycles * rows) *
           machine.energy.at("edram_refresh_row");
  }
  /// A gap of one layer leaves no time to load ahead: the machine leaks while
  /// it waits.
  double getMoved(const Gap &gap) const {
    double moved =
        static_cast<double>(gap.copies * gap.tensor->bytes) *
        (machine.energy.at("dram_byte") + machine.energy.at("edram_byte"));
    bool isUsedLater = gap.last < gap.tensor->stays[gap.stay].lastLayer;
    int64_t stall = gap.getLayers() == 1 && isUsedLater
                        ? sim::getDmaCycles(machine, gap.tensor->bytes)
                        : 0;
    return moved + sim::getLeakageEnergy(machine, stall);
  }

private:
  int64_t getEnd(int64_t layer) const {
    if (layer < 0)
      return 0;
    return plan.layerEnds[std::min<int64_t>(layer, plan.layerEnds.size() - 1)];
  }

  const NetworkPlan &plan;
  const sim::MachineDescription &machine;
};

} // namespace

/// The first gap of a tensor's stays that costs less to cut than to keep.
static std::optional<Gap> findCostlyGap(TensorPlan &tensor, int64_t layers,
                                        const GapCosts &costs) {
  for (auto [index, stay] : llvm::enumerate(tensor.stays))
    for (int64_t layer = stay.firstLayer; layer <= stay.lastLayer; ++layer) {
      std::optional<Gap> gap = findGap(tensor, index, layer, layers);
      if (!gap)
        continue;
      if (costs.getMoved(*gap) < costs.getKept(*gap))
        return gap;
      layer = gap->last;
    }
  return std::nullopt;
}

void systolic::cutRefreshedStays(NetworkPlan &plan) {
  if (!plan.target.getDataEdram() || plan.layerEnds.empty())
    return;
  GapCosts costs(plan);
  for (auto &[root, tensor] : plan.tensors)
    while (std::optional<Gap> gap =
               findCostlyGap(tensor, plan.layers.size(), costs))
      cutGap(*gap);
}
