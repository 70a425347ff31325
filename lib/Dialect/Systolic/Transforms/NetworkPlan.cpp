//===- NetworkPlan.cpp - Where tensors live, how layers are cut *- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reads the layers and their tensors and divides accumulators and weight SRAM;
// see DataAllocation.cpp for data SRAM.
//
//===----------------------------------------------------------------------===//

#include "NetworkPlan.h"
#include "BlockPlan.h"
#include "colonnade/Simulator/Program.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace colonnade;
using namespace colonnade::systolic;

Placement NetworkPlan::getRange(const TensorView &view, RankedTensorType type,
                                int64_t layer) const {
  const Placement &place = getTensor(view.root).findStay(layer)->place;
  int64_t span = getElementBytes(type);
  for (auto [size, pitch] : llvm::zip_equal(type.getShape(), view.pitches))
    span += (size - 1) * pitch;
  return {place.address + view.offset, span};
}

//===----------------------------------------------------------------------===//
// Layers
//===----------------------------------------------------------------------===//

/// Sizes of a tensor as windows see it, with the pitches of its view.
static TensorLayout getViewLayout(RankedTensorType type, const TensorView &view,
                                  int64_t blocks) {
  SmallVector<int64_t> pitches;
  for (int64_t pitch : view.pitches)
    pitches.push_back(pitch / getElementBytes(type));
  return cutIntoBlocks(getStridedLayout(type, pitches), blocks);
}

static FailureOr<TensorView> findView(const TensorViews &views, Operation *user,
                                      Value value) {
  if (const TensorView *view = views.lookup(value))
    return *view;
  return emitError(user->getLoc())
         << "expected operands that are views of buffers, "
            "got a reshape that needs a copy of "
         << value.getType();
}

/// A vector of one constant per channel.
static FailureOr<OperandPlan> planParameter(LayerPlan &layer, Value value) {
  OperandPlan plan;
  plan.type = cast<RankedTensorType>(value.getType());
  if (!matchPattern(value, m_Constant(&plan.constant)))
    return emitError(layer.op->getLoc())
           << "expected per-channel operands to be constant, got one computed "
              "at run time";
  plan.layout.type = *getScalarType(plan.type.getElementType());
  plan.parameterOffset = layer.parameterBytes;
  layer.parameterBytes += plan.layout.getElementBytes();
  return plan;
}

static FailureOr<OperandPlan>
planOperand(LayerPlan &layer, const TensorViews &views, Value value) {
  auto type = cast<RankedTensorType>(value.getType());
  if (type.getRank() == 1)
    return planParameter(layer, value);
  FailureOr<TensorView> view = findView(views, layer.op, value);
  if (failed(view))
    return failure();
  OperandPlan plan;
  plan.view = *view;
  plan.type = type;
  plan.layout = getViewLayout(type, *view, layer.blocks);
  return plan;
}

/// An operand whose elements `map` names.
static LogicalResult planMapped(LayerPlan &layer, const TensorViews &views,
                                Value value, AffineMap map) {
  FailureOr<TensorView> view = findView(views, layer.op, value);
  if (failed(view))
    return failure();
  OperandPlan plan;
  plan.view = *view;
  plan.type = cast<RankedTensorType>(value.getType());
  plan.map = map;
  layer.operands.push_back(plan);
  return success();
}

static LogicalResult planNest(LayerPlan &layer, const TensorViews &views) {
  auto nest = cast<NestOp>(layer.op);
  layer.name = nest.getLayer().str();
  layer.chunk.assign(nest.getExtents().begin(), nest.getExtents().end());
  for (auto [index, input] : llvm::enumerate(nest.getInputs()))
    if (failed(planMapped(layer, views, input, nest.getMap(index))))
      return failure();
  return success();
}

/// Held and passing operand and, if there is one, the counter.
static LogicalResult planBlockProduct(LayerPlan &layer,
                                      const TensorViews &views) {
  auto contract = cast<BlockContractOp>(layer.op);
  layer.name = contract.getLayer().str();
  layer.chunk = llvm::to_vector(contract.getExtents());
  if (failed(
          planMapped(layer, views, contract.getHeld(), contract.getMap(0))) ||
      failed(
          planMapped(layer, views, contract.getPassing(), contract.getMap(1))))
    return failure();
  if (!contract.getCounter())
    return success();
  AffineMap map = AffineMap::get(layer.chunk.size(), 0, contract.getContext());
  return planMapped(layer, views, contract.getCounter(), map);
}

/// The blocks of a contraction's weights and, if they are computed at run time,
/// where they lie.
static LogicalResult planWeights(LayerPlan &layer, ContractOp contract,
                                 const TensorViews &views) {
  layer.blocks = getPackedShape(contract.getWeights()).blocks;
  auto weights = contract.getWeights().getDefiningOp<RunTimeWeightsOp>();
  if (!weights)
    return success();
  FailureOr<TensorView> view = findView(views, contract, weights.getTensor());
  if (failed(view))
    return failure();
  layer.stationary.emplace();
  layer.stationary->view = *view;
  layer.stationary->type = cast<RankedTensorType>(weights.getOriginal());
  return success();
}

static LogicalResult planWindowed(LayerPlan &layer, const TensorViews &views) {
  SmallVector<Value> operands;
  if (auto contract = dyn_cast<ContractOp>(layer.op)) {
    if (failed(planWeights(layer, contract, views)))
      return failure();
    layer.name = contract.getLayer().str();
    layer.window = contract.getWindow().getWindow();
    operands.push_back(contract.getData());
    llvm::append_range(operands, contract.getEpilogueOperands());
  } else {
    auto vector = cast<VectorOp>(layer.op);
    layer.name = vector.getLayer().str();
    layer.window = vector.getWindow().getWindow();
    operands = vector.getInputs();
  }
  layer.result =
      getViewLayout(layer.getResultType(), layer.resultView, layer.blocks);
  for (Value operand : operands) {
    FailureOr<OperandPlan> plan = planOperand(layer, views, operand);
    if (failed(plan))
      return failure();
    layer.operands.push_back(*plan);
  }
  layer.bandHeight = layer.window.outHeight;
  layer.bandWidth = layer.window.outWidth;
  return success();
}

static FailureOr<LayerPlan> planLayer(Operation *op, const TensorViews &views) {
  LayerPlan layer;
  layer.op = op;
  layer.resultView = *views.lookup(op->getResult(0));
  LogicalResult planned = layer.isBlockProduct()
                              ? planBlockProduct(layer, views)
                          : layer.isNest() ? planNest(layer, views)
                                           : planWindowed(layer, views);
  if (failed(planned))
    return failure();
  return layer;
}

static LogicalResult emitUnmapped(Operation *op) {
  InFlightDiagnostic diag = emitError(op->getLoc())
                            << "'" << op->getName()
                            << "' is not mapped to the machine";
  if (auto reason =
          op->getAttrOfType<StringAttr>(SystolicDialect::getRejectedAttrName()))
    diag << ": " << reason.getValue();
  return diag;
}

static LogicalResult collectLayers(NetworkPlan &plan,
                                   const TensorViews &views) {
  // What the mapping refused explains itself better than what feeds it.
  for (Operation &op : plan.function.getBody().front())
    if (op.hasAttr(SystolicDialect::getRejectedAttrName()))
      return emitUnmapped(&op);
  for (Operation &op : plan.function.getBody().front()) {
    if (isLayer(&op)) {
      FailureOr<LayerPlan> layer = planLayer(&op, views);
      if (failed(layer))
        return failure();
      layer->index = plan.layers.size();
      plan.layers.push_back(std::move(*layer));
    } else if (!isViewOp(&op) &&
               !isa<WeightsOp, RunTimeWeightsOp, arith::ConstantOp,
                    tensor::ConcatOp, tensor::EmptyOp, tensor::InsertSliceOp,
                    func::ReturnOp>(op)) {
      return emitUnmapped(&op);
    }
  }
  return success();
}

/// Every operand of a concatenation or insertion must be made inside it.
static LogicalResult checkConcatenations(NetworkPlan &plan,
                                         const TensorViews &views) {
  for (Operation &op : plan.function.getBody().front()) {
    if (!isa<tensor::ConcatOp, tensor::InsertSliceOp>(op))
      continue;
    for (OpOperand &operand : op.getOpOperands())
      if (!views.isMadeInPlace(operand))
        return emitError(op.getLoc())
               << "expected operand " << operand.getOperandNumber()
               << " to be made inside the "
               << (isa<tensor::ConcatOp>(op) ? "concatenation" : "insertion")
               << "'s buffer, got one that needs a copy: map it with "
                  "convert-linalg-to-systolic";
  }
  return success();
}

//===----------------------------------------------------------------------===//
// Tensors
//===----------------------------------------------------------------------===//

/// The buffer behind `root`.
static TensorPlan &getTensor(NetworkPlan &plan, Value root) {
  auto [it, isNew] = plan.tensors.insert({root, TensorPlan()});
  TensorPlan &tensor = it->second;
  if (!isNew)
    return tensor;
  auto type = cast<RankedTensorType>(root.getType());
  tensor.bytes = type.getNumElements() * getElementBytes(type);
  matchPattern(root, m_Constant(&tensor.constant));
  return tensor;
}

/// Notes that a layer touches a tensor, after all layers before it.
static void addUse(SmallVectorImpl<int64_t> &layers, int64_t layer) {
  if (layers.empty() || layers.back() != layer)
    layers.push_back(layer);
}

/// Stays of everything that is not constant and that layers touch, as long as
/// it is needed.
static void keepAll(NetworkPlan &plan) {
  for (auto &[root, tensor] : plan.tensors) {
    // What no layer reads stays with the host.
    bool isUnread = tensor.isInput() && tensor.readers.empty();
    if (!tensor.constant && !isUnread)
      tensor.stays = {
          {tensor.getFirstLayer(), tensor.getLastLayer(), {0, tensor.bytes}}};
  }
}

static LogicalResult collectTensors(NetworkPlan &plan,
                                    const TensorViews &views) {
  func::FuncOp function = plan.function;
  if (failed(checkInterface(function, views)))
    return failure();
  for (Value argument : function.getArguments())
    addUse(getTensor(plan, argument).makers, -1);
  for (const LayerPlan &layer : plan.layers) {
    for (const OperandPlan &operand : layer.operands)
      if (!operand.parameterOffset)
        addUse(getTensor(plan, operand.view.root).readers, layer.index);
    if (layer.stationary)
      addUse(getTensor(plan, layer.stationary->view.root).readers, layer.index);
    addUse(getTensor(plan, layer.resultView.root).makers, layer.index);
  }
  for (Value result : function.getBody().front().getTerminator()->getOperands())
    addUse(getTensor(plan, views.lookup(result)->root).readers,
           plan.layers.size());
  keepAll(plan);
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

/// Shrinks bands until a tile's accumulators fit half the memory.
static void fitAccumulators(NetworkPlan &plan) {
  int64_t positions =
      plan.target.getAccumulatorBytes() / 2 / (4 * plan.target.getRows());
  for (LayerPlan &layer : plan.layers)
    while (layer.isContraction() &&
           layer.bandHeight * layer.bandWidth > positions)
      if (!shrinkLayer(layer))
        break;
  plan.accumulatorBytes = plan.target.getAccumulatorBytes() / 2 / 4 * 4;
}

//===----------------------------------------------------------------------===//
// Weight SRAM
//===----------------------------------------------------------------------===//

/// Bytes of the largest tile of a contraction's weights.
static int64_t getTileBytes(ContractOp contract, TargetAttr target) {
  sim::Program program;
  program.machine.rows = target.getRows();
  program.machine.columns = target.getColumns();
  program.machine.cell = target.getCellModel();
  program.weights.push_back(getPackedShape(contract.getWeights()));
  program.weights.front().promises.dataTerms = contract.getDataTerms();
  return program.getTileBytes({});
}

static LogicalResult divideWeightSram(NetworkPlan &plan) {
  for (LayerPlan &layer : plan.layers) {
    plan.tileBytes = std::max<int64_t>(
        plan.tileBytes, llvm::divideCeil(layer.heldBlocks.bytes, 2));
    if (layer.isNest())
      continue;
    int64_t channels = layer.result.channels;
    if (auto contract = dyn_cast<ContractOp>(layer.op)) {
      plan.tileBytes =
          std::max(plan.tileBytes, getTileBytes(contract, plan.target));
      channels = std::min<int64_t>(channels, plan.target.getRows());
    }
    plan.parameterBytes =
        std::max(plan.parameterBytes, channels * layer.parameterBytes);
  }
  int64_t demand = 2 * (plan.tileBytes + plan.parameterBytes);
  if (demand <= plan.target.getWeightSramBytes())
    return success();
  return emitError(plan.function.getLoc())
         << "two weight tiles of " << plan.tileBytes
         << " bytes and two parameter blocks of " << plan.parameterBytes
         << " need " << demand << " bytes of weight SRAM, but target '"
         << plan.target.getName() << "' has "
         << plan.target.getWeightSramBytes() << ": enlarge weight_sram_bytes";
}

FailureOr<NetworkPlan> systolic::planNetwork(func::FuncOp function,
                                             TargetAttr target,
                                             ArrayRef<int64_t> layerEnds) {
  NetworkPlan plan;
  plan.layerEnds.assign(layerEnds.begin(), layerEnds.end());
  plan.function = function;
  plan.target = target;
  plan.machine = target.getMachineDescription();
  if (!function.getBody().hasOneBlock())
    return emitError(function.getLoc()) << "expected one block";
  TensorViews views(function);
  if (failed(collectLayers(plan, views)) ||
      failed(checkConcatenations(plan, views)) ||
      failed(collectTensors(plan, views)))
    return failure();
  fitAccumulators(plan);
  for (LayerPlan &layer : plan.layers)
    if (layer.isBlockProduct() && failed(fitBlockProduct(plan, layer)))
      return failure();
  if (failed(allocateData(plan)) || failed(divideWeightSram(plan)))
    return failure();
  return plan;
}
