//===- StepCost.cpp - A training step on a machine of blocks --------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which loops of a layer are lines, positions and reduction follows from the
// operands that they index, so matrix products and convolutions of any layout
// are treated alike.
//
//===----------------------------------------------------------------------===//

#include "colonnade/Training/StepCost.h"
#include "LayerProducts.h"
#include "colonnade/Differentiation/OutlineParameters.h"
#include "colonnade/Differentiation/Passes.h"
#include "colonnade/Training/Passes.h"
#include "mlir/Pass/PassManager.h"

using namespace mlir;
using namespace colonnade;
using sim::BlockDataflow;
using sim::BlockGemm;

//===----------------------------------------------------------------------===//
// Products
//===----------------------------------------------------------------------===//

BlockGemm LayerGemms::getForward(const LayerPrecision &precision) const {
  BlockGemm gemm{BlockDataflow::Forward, outputs, positions, reduction};
  gemm.heldBits = precision.weights;
  gemm.passingBits = precision.activations;
  gemm.passingValues = activationValues;
  gemm.groups = groups;
  return gemm;
}

BlockGemm
LayerGemms::getActivationGradient(const LayerPrecision &precision) const {
  BlockGemm gemm{BlockDataflow::Orthogonal, reduction, positions, outputs};
  gemm.heldBits = precision.weights;
  gemm.passingBits = precision.gradient;
  gemm.groups = groups;
  return gemm;
}

// Patches have other blocks along the positions for every tap, so all of their
// values are converted.
BlockGemm LayerGemms::getWeightGradient(const LayerPrecision &precision) const {
  BlockGemm gemm{BlockDataflow::OutputStationary, outputs, reduction,
                 positions};
  gemm.heldBits = precision.gradient;
  gemm.passingBits = precision.activations;
  gemm.groups = groups;
  return gemm;
}

/// Sorts a layer's loops by the operands that they index.
static LayerGemms getGemms(const LayerProduct &layer) {
  linalg::LinalgOp op = layer.op;
  SmallVector<AffineMap> maps = op.getIndexingMapsArray();
  auto indexes = [&](LayerTensor tensor, unsigned loop) {
    return maps[layer.getOperandNumber(tensor)].isFunctionOfDim(loop);
  };
  LayerGemms gemms;
  gemms.name = layer.name;
  for (auto [loop, extent] : llvm::enumerate(op.getStaticLoopRanges())) {
    bool ofWeights = indexes(LayerTensor::Weights, loop);
    bool ofActivations = indexes(LayerTensor::Activations, loop);
    bool ofResult = indexes(LayerTensor::Result, loop);
    if (ofWeights && ofActivations && ofResult)
      gemms.groups *= extent;
    else if (!ofResult)
      gemms.reduction *= extent;
    else if (ofWeights)
      gemms.outputs *= extent;
    else
      gemms.positions *= extent;
  }
  auto activations =
      cast<ShapedType>(op->getOperand(layer.getActivations()).getType());
  gemms.activationValues = std::min(activations.getNumElements() / gemms.groups,
                                    gemms.reduction * gemms.positions);
  return gemms;
}

/// Values that depend on a parameter: through them gradients flow back.
static DenseSet<Value> findTrained(func::FuncOp network) {
  DenseSet<Value> trained;
  for (BlockArgument argument : network.getArguments())
    if (network.getArgAttr(argument.getArgNumber(), kParameterAttribute))
      trained.insert(argument);
  for (Operation &op : network.getBody().front())
    if (llvm::any_of(op.getOperands(),
                     [&](Value value) { return trained.contains(value); }))
      trained.insert(op.result_begin(), op.result_end());
  return trained;
}

static FailureOr<OwningOpRef<ModuleOp>> prepare(ModuleOp network,
                                                int64_t batch) {
  OwningOpRef<ModuleOp> module(network.clone());
  PassManager manager(module->getContext());
  manager.addNestedPass<func::FuncOp>(createOutlineParameters());
  SetBatchOptions options;
  options.size = batch;
  manager.addNestedPass<func::FuncOp>(createSetBatch(options));
  if (failed(manager.run(*module)))
    return failure();
  return module;
}

//===----------------------------------------------------------------------===//
// Costs
//===----------------------------------------------------------------------===//

/// The formats of the operands have the cell's blocks, and mantissas that fit.
static llvm::Error checkFormat(const BlockFormat &format,
                               const sim::MachineDescription &machine) {
  const sim::BlockCell *cell = machine.cell->getBlockCell();
  if (!cell)
    return llvm::createStringError("target '" + machine.name + "' has " +
                                   machine.cell->getName() +
                                   " cells; training needs block cells, as "
                                   "fast-256x64 has");
  if (format.group != cell->format.group ||
      format.exponentBits > cell->format.exponentBits)
    return llvm::createStringError(
        "target '" + machine.name + "' multiplies blocks of " +
        Twine(cell->format.group) + " values with " +
        Twine(cell->format.exponentBits) +
        " exponent bits; the training step has blocks of " +
        Twine(format.group) + " with " + Twine(format.exponentBits));
  return cell->checkMantissa(format.mantissaBits);
}

llvm::Expected<StepCost> StepCost::create(ModuleOp network, int64_t batch,
                                          const BlockFormat &format,
                                          sim::MachineDescription machine) {
  if (llvm::Error error = checkFormat(format, machine))
    return std::move(error);
  FailureOr<OwningOpRef<ModuleOp>> module = prepare(network, batch);
  if (failed(module))
    return llvm::createStringError("the network cannot be trained");
  auto main = (*module)->lookupSymbol<func::FuncOp>("main");
  DenseSet<Value> trained = findTrained(main);
  StepCost cost;
  cost.machine = std::move(machine);
  for (const LayerProduct &layer : collectLayerProducts(main)) {
    LayerGemms gemms = getGemms(layer);
    linalg::LinalgOp op = layer.op;
    gemms.needsActivationGradient =
        trained.contains(op->getOperand(layer.getActivations()));
    cost.layers.push_back(std::move(gemms));
  }
  // At any other precision the products fit as well.
  int64_t bits = format.mantissaBits;
  for (const LayerGemms &layer : cost.layers)
    for (const BlockGemm &gemm :
         {layer.getForward({bits, bits, bits}),
          layer.getActivationGradient({bits, bits, bits}),
          layer.getWeightGradient({bits, bits, bits})})
      if (auto schedule = sim::scheduleBlockGemm(cost.machine, gemm); !schedule)
        return schedule.takeError();
  return cost;
}

ProductCost StepCost::getCost(const BlockGemm &gemm) const {
  sim::BlockSchedule schedule =
      llvm::cantFail(sim::scheduleBlockGemm(machine, gemm));
  ProductCost cost{schedule.cycles, schedule.events.busyCellCycles, 0};
  for (const auto &[event, energy] : sim::getEnergy(schedule, machine))
    cost.picojoules += energy;
  return cost;
}

const StepCost::LayerCost &StepCost::getCost(size_t number,
                                             const LayerPrecision &precision) {
  auto [found, isNew] = costs.try_emplace({number, precision});
  if (!isNew)
    return found->second;
  const LayerGemms &layer = layers[number];
  found->second = {getCost(layer.getForward(precision)),
                   layer.needsActivationGradient
                       ? getCost(layer.getActivationGradient(precision))
                       : ProductCost(),
                   getCost(layer.getWeightGradient(precision))};
  return found->second;
}
