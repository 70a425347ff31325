//===- NetworkPlan.cpp - Where tensors live and how layers are cut -*- C++
//-*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See the header. Data SRAM is allocated by first fit over lifetimes measured
// in layers; when a layer does not fit, the largest tensor alive there moves to
// DRAM, and when none is left, bands get smaller.
//
//===----------------------------------------------------------------------===//

#include "NetworkPlan.h"
#include "colonnade/Simulator/Program.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace colonnade;
using namespace colonnade::systolic;

Value NetworkPlan::getRoot(Value value) {
  while (Operation *op = value.getDefiningOp()) {
    if (!isa<tensor::CollapseShapeOp, tensor::ExpandShapeOp>(op))
      break;
    value = op->getOperand(0);
  }
  return value;
}

//===----------------------------------------------------------------------===//
// Layers
//===----------------------------------------------------------------------===//

static FailureOr<OperandPlan> planOperand(LayerPlan &layer, Value value) {
  OperandPlan plan;
  plan.tensor = NetworkPlan::getRoot(value);
  auto type = cast<RankedTensorType>(value.getType());
  if (type.getRank() != 1) {
    if (matchPattern(plan.tensor, m_Constant()))
      return layer.op->emitError()
             << "expected constants of the vector unit to be scalars or one "
                "value per channel, got "
             << type;
    plan.layout = *getTensorLayout(type);
    return plan;
  }
  if (!matchPattern(value, m_Constant(&plan.constant)))
    return layer.op->emitError()
           << "expected per-channel operands to be constant, got one computed "
              "at run time";
  plan.layout.elementBytes = type.getElementTypeBitWidth() / 8;
  plan.parameterOffset = layer.parameterBytes;
  layer.parameterBytes += plan.layout.elementBytes;
  return plan;
}

static FailureOr<LayerPlan> planLayer(Operation *op) {
  LayerPlan layer;
  layer.op = op;
  SmallVector<Value> operands;
  if (auto contract = dyn_cast<ContractOp>(op)) {
    layer.name = contract.getLayer().str();
    layer.window = contract.getWindow().getWindow();
    operands.push_back(contract.getData());
    llvm::append_range(operands, contract.getEpilogueOperands());
  } else {
    auto vector = cast<VectorOp>(op);
    layer.name = vector.getLayer().str();
    layer.window = vector.getWindow().getWindow();
    operands = vector.getInputs();
  }
  layer.result = *getTensorLayout(op->getResult(0).getType());
  for (Value operand : operands) {
    FailureOr<OperandPlan> plan = planOperand(layer, operand);
    if (failed(plan))
      return failure();
    layer.operands.push_back(*plan);
  }
  layer.bandHeight = layer.window.outHeight;
  layer.bandWidth = layer.window.outWidth;
  return layer;
}

static LogicalResult emitUnmapped(Operation *op) {
  InFlightDiagnostic diag = op->emitError() << "'" << op->getName()
                                            << "' is not mapped to the machine";
  if (auto reason =
          op->getAttrOfType<StringAttr>(SystolicDialect::getRejectedAttrName()))
    diag << ": " << reason.getValue();
  return diag;
}

static LogicalResult collectLayers(NetworkPlan &plan) {
  // What the mapping refused explains itself better than what feeds it.
  for (Operation &op : plan.function.getBody().front())
    if (op.hasAttr(SystolicDialect::getRejectedAttrName()))
      return emitUnmapped(&op);
  for (Operation &op : plan.function.getBody().front()) {
    if (isa<ContractOp, VectorOp>(op)) {
      FailureOr<LayerPlan> layer = planLayer(&op);
      if (failed(layer))
        return failure();
      plan.layers.push_back(std::move(*layer));
    } else if (!isa<WeightsOp, arith::ConstantOp, tensor::CollapseShapeOp,
                    tensor::ExpandShapeOp, func::ReturnOp>(op)) {
      return emitUnmapped(&op);
    }
  }
  return success();
}

//===----------------------------------------------------------------------===//
// Tensors
//===----------------------------------------------------------------------===//

static LogicalResult addTensor(NetworkPlan &plan, Value value, int64_t layer) {
  std::string reason;
  FailureOr<TensorLayout> layout = getTensorLayout(value.getType(), &reason);
  if (failed(layout))
    return emitError(value.getLoc()) << reason << ", got " << value.getType();
  TensorPlan tensor;
  tensor.layout = *layout;
  tensor.firstLayer = tensor.lastLayer = layer;
  tensor.place.bytes = layout->getBytes();
  plan.tensors[value] = tensor;
  return success();
}

static LogicalResult collectTensors(NetworkPlan &plan) {
  func::FuncOp function = plan.function;
  auto terminator =
      cast<func::ReturnOp>(function.getBody().front().getTerminator());
  if (function.getNumArguments() != 1 || terminator.getNumOperands() != 1)
    return function.emitError() << "expected one argument and one result, got "
                                << function.getNumArguments() << " and "
                                << terminator.getNumOperands();
  if (failed(addTensor(plan, function.getArgument(0), -1)))
    return failure();
  for (auto [index, layer] : llvm::enumerate(plan.layers)) {
    for (OperandPlan &operand : layer.operands)
      if (!operand.parameterOffset)
        plan.tensors[operand.tensor].lastLayer = index;
    if (failed(addTensor(plan, layer.op->getResult(0), index)))
      return failure();
  }
  Value result = NetworkPlan::getRoot(terminator.getOperand(0));
  auto it = plan.tensors.find(result);
  if (it == plan.tensors.end() || it->second.firstLayer < 0)
    return terminator.emitError()
           << "expected the result to be made by a layer";
  it->second.lastLayer = plan.layers.size();
  return success();
}

//===----------------------------------------------------------------------===//
// Bands
//===----------------------------------------------------------------------===//

sim::Window systolic::getWholeWindow(const TensorLayout &layout) {
  sim::Window window;
  window.channels = layout.channels;
  window.height = window.outHeight = layout.height;
  window.width = window.outWidth = layout.width;
  return window;
}

std::pair<int64_t, int64_t> systolic::getBandInput(const LayerPlan &layer) {
  const sim::Window &w = layer.window;
  return {(layer.bandHeight - 1) * w.strideHeight +
              (w.kernelHeight - 1) * w.dilationHeight + 1,
          (layer.bandWidth - 1) * w.strideWidth +
              (w.kernelWidth - 1) * w.dilationWidth + 1};
}

/// Halves the band; false when it is one position already.
static bool shrinkBand(LayerPlan &layer) {
  if (layer.bandHeight > 1)
    layer.bandHeight = llvm::divideCeil(layer.bandHeight, 2);
  else if (layer.bandWidth > 1)
    layer.bandWidth = llvm::divideCeil(layer.bandWidth, 2);
  else
    return false;
  return true;
}

/// Bytes of the bands of spilled tensors that a layer holds in data SRAM.
static void sizeBands(NetworkPlan &plan, LayerPlan &layer) {
  auto [height, width] = getBandInput(layer);
  for (auto [i, operand] : llvm::enumerate(layer.operands)) {
    operand.band.bytes = 0;
    if (operand.parameterOffset || !plan.tensors[operand.tensor].isSpilled)
      continue;
    int64_t positions =
        i == 0 ? height * width : layer.bandHeight * layer.bandWidth;
    operand.band.bytes =
        positions * operand.layout.channels * operand.layout.elementBytes;
  }
  layer.resultBand.bytes = 0;
  if (plan.tensors[layer.op->getResult(0)].isSpilled)
    layer.resultBand.bytes = layer.bandHeight * layer.bandWidth *
                             layer.result.channels * layer.result.elementBytes;
}

/// Shrinks bands until a tile's accumulators fit half the memory.
static void fitAccumulators(NetworkPlan &plan) {
  int64_t positions =
      plan.target.getAccumulatorBytes() / 2 / (4 * plan.target.getRows());
  for (LayerPlan &layer : plan.layers)
    while (layer.isContraction() &&
           layer.bandHeight * layer.bandWidth > positions)
      if (!shrinkBand(layer))
        break;
  plan.accumulatorBytes = plan.target.getAccumulatorBytes() / 2 / 4 * 4;
}

//===----------------------------------------------------------------------===//
// Data SRAM
//===----------------------------------------------------------------------===//

namespace {
/// Something that needs a place while layers [first, last] run.
struct Interval {
  int64_t first, last;
  Placement *place;
};
} // namespace

/// Lowest address at which `interval` overlaps none of `placed` in time and
/// space.
static int64_t findAddress(ArrayRef<Interval> placed,
                           const Interval &interval) {
  SmallVector<Placement> busy;
  for (const Interval &other : placed)
    if (other.first <= interval.last && interval.first <= other.last)
      busy.push_back(*other.place);
  llvm::sort(busy, [](const Placement &a, const Placement &b) {
    return a.address < b.address;
  });
  int64_t address = 0;
  for (const Placement &place : busy)
    if (place.address < address + interval.place->bytes &&
        address < place.address + place.bytes)
      address = place.address + place.bytes;
  return address;
}

static SmallVector<Interval> getIntervals(NetworkPlan &plan) {
  SmallVector<Interval> result;
  for (auto &[value, tensor] : plan.tensors)
    if (!tensor.isSpilled)
      result.push_back({tensor.firstLayer, tensor.lastLayer, &tensor.place});
  for (auto [index, layer] : llvm::enumerate(plan.layers)) {
    int64_t i = index;
    sizeBands(plan, layer);
    for (OperandPlan &operand : layer.operands)
      if (operand.band.bytes)
        result.push_back({i, i, &operand.band});
    if (layer.resultBand.bytes)
      result.push_back({i, i, &layer.resultBand});
  }
  llvm::stable_sort(result, [](const Interval &a, const Interval &b) {
    return a.place->bytes > b.place->bytes;
  });
  return result;
}

/// Spills the largest tensor alive with `failed`, or shrinks its layer's band.
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
         shrinkBand(plan.layers[failed.first]);
}

static LogicalResult allocateData(NetworkPlan &plan) {
  int64_t capacity = plan.target.getDataSramBytes();
  while (true) {
    SmallVector<Interval> placed;
    const Interval *tooLarge = nullptr;
    SmallVector<Interval> intervals = getIntervals(plan);
    for (const Interval &interval : intervals) {
      interval.place->address = findAddress(placed, interval);
      if (interval.place->address + interval.place->bytes > capacity) {
        tooLarge = &interval;
        break;
      }
      placed.push_back(interval);
    }
    if (!tooLarge)
      return success();
    if (!makeRoom(plan, *tooLarge))
      return plan.layers[tooLarge->first].op->emitError()
             << "layer '" << plan.layers[tooLarge->first].name << "' needs "
             << tooLarge->place->bytes
             << " bytes of data SRAM for one output position, at address "
             << tooLarge->place->address << ", but target '"
             << plan.target.getName() << "' has " << capacity
             << ": enlarge data_sram_bytes";
  }
}

//===----------------------------------------------------------------------===//
// Weight SRAM
//===----------------------------------------------------------------------===//

static LogicalResult divideWeightSram(NetworkPlan &plan) {
  int64_t rows = plan.target.getRows(), columns = plan.target.getColumns();
  auto cell = plan.target.getCellModel();
  for (LayerPlan &layer : plan.layers) {
    int64_t channels = layer.result.channels;
    if (auto contract = dyn_cast<ContractOp>(layer.op)) {
      auto packed =
          contract.getWeights().getDefiningOp<WeightsOp>().getPackedWeights();
      int64_t cells =
          std::min(rows, packed.rows) * std::min(columns, packed.arrayColumns);
      packed.promises.dataTerms = contract.getDataTerms();
      plan.tileBytes = std::max<int64_t>(
          plan.tileBytes,
          llvm::divideCeil(cells * cell->getWeightBits(packed.promises), 8));
      channels = std::min(channels, rows);
    }
    plan.parameterBytes =
        std::max(plan.parameterBytes, channels * layer.parameterBytes);
  }
  int64_t demand = 2 * (plan.tileBytes + plan.parameterBytes);
  if (demand <= plan.target.getWeightSramBytes())
    return success();
  return plan.function.emitError()
         << "two weight tiles of " << plan.tileBytes
         << " bytes and two parameter blocks of " << plan.parameterBytes
         << " need " << demand << " bytes of weight SRAM, but target '"
         << plan.target.getName() << "' has "
         << plan.target.getWeightSramBytes() << ": enlarge weight_sram_bytes";
}

FailureOr<NetworkPlan> systolic::planNetwork(func::FuncOp function,
                                             TargetAttr target) {
  NetworkPlan plan;
  plan.function = function;
  plan.target = target;
  if (!function.getBody().hasOneBlock())
    return function.emitError() << "expected one block";
  if (failed(collectLayers(plan)) || failed(collectTensors(plan)))
    return failure();
  fitAccumulators(plan);
  if (failed(allocateData(plan)) || failed(divideWeightSram(plan)))
    return failure();
  return plan;
}
