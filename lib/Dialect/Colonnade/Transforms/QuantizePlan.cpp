//===- QuantizePlan.cpp - Integers or f32, layer by layer ----------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One walk in program order. A value is a constant, integers with a meaning
// pending, or f32; contractions and poolings make integers of f32, what has no
// integer form makes f32 of integers, and everything else stays what it is.
//
//===----------------------------------------------------------------------===//

#include "QuantizePlan.h"
#include "QuantizePending.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;

namespace colonnade {
namespace {

using Kind = QuantizableLayer::Kind;

class Planner {
public:
  Planner(func::FuncOp function, bool floatAdditions)
      : function(function), floatAdditions(floatAdditions) {}

  FailureOr<QuantizationPlan> run();

private:
  LogicalResult checkSignature();
  LogicalResult addLayer(Operation *op);
  LogicalResult addReturn(Operation *op);
  void decide(QuantizableLayer &layer);
  bool canStayInteger(const QuantizableLayer &layer) const;
  PendingForm getResultForm(const QuantizableLayer &layer) const;
  PendingForm applyElementwise(const QuantizableLayer &layer) const;

  bool isInteger(Value value) const { return integers.contains(value); }
  bool isFloat(Value value) const { return floats.contains(value); }
  /// What integers are needed of must be measured, unless it is known.
  void demandIntegers(Value value) {
    if (!isInteger(value) && !value.getDefiningOp<arith::ConstantOp>())
      measured.insert(value);
  }

  func::FuncOp function;
  bool floatAdditions;
  QuantizationPlan plan;
  DenseMap<Value, PendingForm> integers;
  DenseSet<Value> floats;
  llvm::SetVector<Value> measured;
};

LogicalResult Planner::checkSignature() {
  if (function.isExternal())
    return emitError(function.getLoc(), "cannot quantize '@")
           << function.getName() << "': it has no body";
  if (!function.getBody().hasOneBlock())
    return emitError(function.getLoc(), "cannot quantize '@")
           << function.getName() << "': expected 1 block, got "
           << function.getBody().getBlocks().size();
  if (function.getNumArguments() != 1)
    return emitError(function.getLoc(), "cannot quantize '@")
           << function.getName() << "': expected 1 argument, the image, got "
           << function.getNumArguments();
  FunctionType type = function.getFunctionType();
  for (Type boundary :
       llvm::concat<const Type>(type.getInputs(), type.getResults())) {
    auto tensor = dyn_cast<RankedTensorType>(boundary);
    if (!tensor || !tensor.hasStaticShape() || !tensor.getElementType().isF32())
      return emitError(function.getLoc(), "cannot quantize '@")
             << function.getName()
             << "': expected static f32 tensors as argument and results, got "
             << boundary;
  }
  return success();
}

/// Whether an elementwise layer applies to what is pending, or to the int8
/// tensor that it can be rounded to.
PendingForm Planner::applyElementwise(const QuantizableLayer &layer) const {
  PendingForm form = integers.lookup(layer.data.front());
  if (!form.accepts(layer.elementwise))
    form = PendingForm();
  form.apply(layer.elementwise);
  return form;
}

/// Whether a layer has an integer form for the operands that it has.
bool Planner::canStayInteger(const QuantizableLayer &layer) const {
  auto isOneOfIntegers = [&](Value value) { return isInteger(value); };
  switch (layer.kind) {
  case Kind::Contraction:
  case Kind::MaxPool:
  case Kind::SumPool:
    return true;
  case Kind::Movement:
    return isInteger(layer.data.front());
  case Kind::Concat:
    return llvm::any_of(layer.data, isOneOfIntegers) &&
           llvm::none_of(layer.data,
                         [&](Value value) { return isFloat(value); });
  case Kind::AddTensors:
    return llvm::all_of(layer.data, isOneOfIntegers) ||
           (!floatAdditions && llvm::any_of(layer.data, isOneOfIntegers));
  case Kind::Elementwise: {
    // Where constants vary along other dimensions than scales, rounding would
    // help, but cost precision.
    auto form = integers.find(layer.data.front());
    if (form == integers.end())
      return false;
    bool comesTooLate = form->second.isSum || form->second.isBounded;
    return form->second.accepts(layer.elementwise) ||
           (comesTooLate && PendingForm().accepts(layer.elementwise));
  }
  case Kind::Float:
    return false;
  }
  llvm_unreachable("every kind of layer returns");
}

PendingForm Planner::getResultForm(const QuantizableLayer &layer) const {
  PendingForm form;
  if (layer.hasConstantWeights())
    form.channels = getContractionChannels(layer.op)->result;
  if (layer.kind == Kind::AddTensors)
    form.isSum = true;
  if (layer.kind == Kind::Elementwise)
    return applyElementwise(layer);
  bool isReshape =
      isa<tensor::CollapseShapeOp, tensor::ExpandShapeOp>(layer.op);
  if (isReshape)
    return integers.lookup(layer.data.front())
        .reshape(layer.op)
        .value_or(PendingForm());
  return form;
}

void Planner::decide(QuantizableLayer &layer) {
  Value result = layer.getResult();
  if (!canStayInteger(layer)) {
    layer.kind = Kind::Float;
    floats.insert(result);
    return;
  }
  for (Value value : layer.data)
    demandIntegers(value);
  integers[result] = getResultForm(layer);
  // The result of padding and maxima has the scale of what they read.
  if (layer.kind != Kind::MaxPool && !isa<tensor::PadOp>(layer.op))
    measured.insert(result);
}

LogicalResult Planner::addLayer(Operation *op) {
  FailureOr<QuantizableLayer> layer = matchQuantizableLayer(op);
  if (failed(layer))
    return failure();
  decide(*layer);
  plan.layers.push_back(std::move(*layer));
  return success();
}

LogicalResult Planner::addReturn(Operation *op) {
  for (Value result : op->getOperands()) {
    Operation *producer = result.getDefiningOp();
    if (producer && isLayerParameter(producer))
      return emitError(op->getLoc(), "cannot quantize '")
             << op->getName()
             << "' of a constant: expected a value that depends on the input "
                "(--canonicalize folds constants)";
    measured.insert(result);
  }
  return success();
}

FailureOr<QuantizationPlan> Planner::run() {
  if (failed(checkSignature()))
    return failure();
  integers[function.getArgument(0)] = PendingForm();
  for (Operation &op : function.getBody().front()) {
    if (isa<func::ReturnOp>(op)) {
      if (failed(addReturn(&op)))
        return failure();
    } else if (!isLayerParameter(&op) && failed(addLayer(&op))) {
      return failure();
    }
  }
  measured.remove(function.getArgument(0));
  plan.measured = measured.takeVector();
  return std::move(plan);
}

} // namespace

FailureOr<QuantizationPlan> planQuantization(func::FuncOp function,
                                             bool floatAdditions) {
  return Planner(function, floatAdditions).run();
}

} // namespace colonnade
