//===- StepCost.cpp - A training step on a machine of blocks --------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Makes the training step of the network, maps it, and finds each layer's
// products again by their locations. Costs are those of a program of one
// instruction.
//
//===----------------------------------------------------------------------===//

#include "colonnade/Training/StepCost.h"
#include "LayerProducts.h"
#include "StepFormat.h"
#include "colonnade/Conversion/LinalgToSystolic/Passes.h"
#include "colonnade/Dialect/Colonnade/IR/Contractions.h"
#include "colonnade/Dialect/Colonnade/Transforms/Passes.h"
#include "colonnade/Dialect/Systolic/IR/BlockPasses.h"
#include "colonnade/Differentiation/Passes.h"
#include "colonnade/Simulator/Activity.h"
#include "colonnade/Simulator/BlockPasses.h"
#include "colonnade/Simulator/Timing.h"
#include "colonnade/Training/Passes.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;
using namespace colonnade;
using systolic::BlockContractOp;

sim::BlockPass StepProduct::getPass(const LayerPrecision &precision) const {
  sim::BlockPass chosen = pass;
  chosen.held.format.mantissaBits = precision.*held;
  chosen.passing.format.mantissaBits = precision.*passing;
  return chosen;
}

//===----------------------------------------------------------------------===//
// The step
//===----------------------------------------------------------------------===//

/// Brings the network into the form that its trainer makes a step of.
static LogicalResult setBatch(ModuleOp module, int64_t batch) {
  PassManager manager(module->getContext());
  StripEncodingsOptions kept;
  kept.keepBatchNorm = kept.keepReversible = true;
  manager.addPass(createStripEncodings(kept));
  manager.addNestedPass<func::FuncOp>(createOutlineParameters());
  SetBatchOptions options;
  options.size = batch;
  manager.addNestedPass<func::FuncOp>(createSetBatch(options));
  return manager.run(module);
}

/// The step with blocks of `format`, as it is before it is mapped.
static LogicalResult makeStep(ModuleOp module, NumberFormat format) {
  PassManager manager(module->getContext());
  TrainingStepOptions options;
  options.format = format;
  options.blocks = BackwardBlocks::Reform;
  manager.addPass(createTrainingStep(options));
  buildLowerStepPipeline(manager);
  return manager.run(module);
}

/// Maps it on the machine of the module's target.
static LogicalResult mapStep(ModuleOp module) {
  PassManager manager(module->getContext());
  manager.addPass(createConvertLinalgToSystolic());
  return manager.run(module);
}

/// The location that all products of a layer have is this and its number.
static constexpr llvm::StringLiteral kLayerLocation("colonnade.layer");

static Location getLayerLocation(MLIRContext *context, size_t number) {
  return NameLoc::get(
      StringAttr::get(context, kLayerLocation + std::to_string(number)));
}

/// The layer that an op of the step is of; none for what is of no layer.
static std::optional<size_t> findLayer(Operation *op) {
  auto location = op->getLoc()->findInstanceOf<NameLoc>();
  StringRef name = location ? location.getName().strref() : StringRef();
  size_t number = 0;
  if (!name.consume_front(kLayerLocation) || name.getAsInteger(10, number))
    return std::nullopt;
  return number;
}

/// Products of layers in the step that is not mapped yet.
static int64_t countProducts(ModuleOp module) {
  int64_t count = 0;
  module.lookupSymbol<func::FuncOp>("training_step")
      .walk([&](linalg::LinalgOp op) {
        count += isContraction(op) && findLayer(op);
      });
  return count;
}

/// Whether an operand is a layer's gradient, which is rounded stochastically.
static bool isGradient(systolic::ConversionAttr conversion) {
  return conversion.getRounding().isStochastic();
}

/// The part of the step that an op belongs to, see StepRoles.h.
static StringRef getRole(Operation *op) {
  auto role = op->getLoc()->findInstanceOf<FusedLocWith<StringAttr>>();
  return role ? role.getMetadata().getValue() : StringRef();
}

static void addProduct(BlockContractOp op, LayerPasses &layer) {
  StepProduct product{systolic::getBlockPass(op, op.getExtents())};
  auto &[forward, activations, weights] = layer.products;
  using Precision = LayerPrecision;
  StringRef role = getRole(op);
  if (role == "forward" || role == "recompute") {
    forward.push_back(product);
    return;
  }
  // Of a product of two activations the first one's gradient comes first.
  bool isOfActivations =
      role == "dA" || (!layer.hasParameter && activations.empty());
  int64_t Precision::*other =
      isOfActivations ? &Precision::weights : &Precision::activations;
  // A gradient that was padded before the product is the one that passes.
  bool isHeld = isGradient(op.getHeldConversion());
  product.held = isHeld ? &Precision::gradient : other;
  product.passing = isHeld ? other : &Precision::gradient;
  (isOfActivations ? activations : weights).push_back(product);
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
                                          systolic::TargetAttr target) {
  StepCost cost;
  cost.machine = target.getMachineDescription();
  if (llvm::Error error = checkFormat(format, cost.machine))
    return std::move(error);
  std::optional<NumberFormat> number = findNumberFormat(format);
  if (!number)
    return llvm::createStringError("the step's blocks have no named format");
  OwningOpRef<ModuleOp> module(network.clone());
  (*module)->setAttr(systolic::SystolicDialect::getTargetAttrName(), target);
  if (failed(setBatch(*module, batch)))
    return llvm::createStringError("the network cannot be trained");
  for (const LayerProduct &layer :
       collectLayerProducts(module->lookupSymbol<func::FuncOp>("main"))) {
    linalg::LinalgOp op = layer.op;
    op->setLoc(getLayerLocation(op.getContext(), cost.layers.size()));
    cost.layers.push_back({layer.name, layer.hasParameter, {}});
  }
  if (failed(makeStep(*module, *number)))
    return llvm::createStringError("the network cannot be trained");
  int64_t products = countProducts(*module), mapped = 0;
  if (failed(mapStep(*module)))
    return llvm::createStringError("the network cannot be trained");
  module->walk([&](BlockContractOp op) {
    if (std::optional<size_t> layer = findLayer(op)) {
      addProduct(op, cost.layers[*layer]);
      ++mapped;
    }
  });
  cost.productsElsewhere = products - mapped;
  if (mapped == 0)
    return llvm::createStringError(
        "no product of the step multiplies blocks by blocks; remarks of "
        "--convert-linalg-to-systolic on the step say why");
  // At any other precision the products fit as well.
  for (const LayerPasses &layer : cost.layers)
    for (const auto &products : layer.products)
      for (const StepProduct &product : products) {
        auto schedule = sim::scheduleBlockPass(cost.machine, product.pass);
        if (!schedule)
          return schedule.takeError();
      }
  return cost;
}

ProductCost StepCost::getCost(const sim::BlockPass &pass) const {
  sim::Program program;
  program.machine = machine;
  program.layers.resize(1);
  program.instructions.resize(1);
  program.instructions.front().payload = pass;
  sim::LayerActivity activity = sim::countActivity(program).total;
  return {llvm::cantFail(sim::computeTiming(program)).getCycles(),
          static_cast<int64_t>(activity.usefulWork),
          sim::getTotalEnergy(activity, machine)};
}

const StepCost::LayerCost &StepCost::getCost(size_t number,
                                             const LayerPrecision &precision) {
  auto [found, isNew] = costs.try_emplace({number, precision});
  if (!isNew)
    return found->second;
  for (auto [products, cost] :
       llvm::zip_equal(layers[number].products, found->second))
    for (const StepProduct &product : products)
      cost += getCost(product.getPass(precision));
  return found->second;
}
