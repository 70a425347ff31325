//===- HostTensors.cpp - What the host gives and takes ----- -*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Arguments and results of a network in DRAM, by the names that training gives
// them, and their copies to and from data SRAM.
//
//===----------------------------------------------------------------------===//

#include "ScheduleBuilder.h"
#include "colonnade/Dialect/Colonnade/IR/ColonnadeDialect.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;
using namespace colonnade;
using namespace colonnade::systolic;

//===----------------------------------------------------------------------===//
// Legality
//===----------------------------------------------------------------------===//

/// An argument that the host can write to DRAM.
static LogicalResult checkArgument(BlockArgument argument) {
  auto type = dyn_cast<RankedTensorType>(argument.getType());
  if (type && type.hasStaticShape() &&
      !llvm::is_contained(type.getShape(), 0) &&
      isStoredType(type.getElementType()))
    return success();
  return emitError(argument.getLoc())
         << "expected argument " << argument.getArgNumber()
         << " to be of static shape, without extents of 0, of i8, i32, i64 or "
            "f32, got "
         << argument.getType();
}

LogicalResult systolic::checkInterface(func::FuncOp function,
                                       const TensorViews &views) {
  Operation *terminator = function.getBody().front().getTerminator();
  if (function.getNumArguments() < 1 || terminator->getNumOperands() < 1)
    return emitError(function.getLoc())
           << "expected at least one argument and one result, got "
           << function.getNumArguments() << " and "
           << terminator->getNumOperands();
  for (BlockArgument argument : function.getArguments())
    if (failed(checkArgument(argument)))
      return failure();
  SmallPtrSet<Value, 8> roots;
  for (OpOperand &result : terminator->getOpOperands()) {
    const TensorView *view = views.lookup(result.get());
    bool isMade = view && view->root.getDefiningOp() &&
                  !matchPattern(view->root, m_Constant());
    if (!isMade || !views.isWhole(result.get()) ||
        !roots.insert(view->root).second)
      return emitError(terminator->getLoc())
             << "expected result " << result.getOperandNumber()
             << " to be made by a layer, in a buffer of its own: map the "
                "function with convert-linalg-to-systolic";
  }
  return success();
}

//===----------------------------------------------------------------------===//
// DRAM
//===----------------------------------------------------------------------===//

/// What training calls a tensor, or null.
static StringAttr getTensorName(DictionaryAttr attributes) {
  if (!attributes)
    return {};
  if (auto name = attributes.getAs<StringAttr>(
          ColonnadeDialect::getParameterAttrName()))
    return name;
  return attributes.getAs<StringAttr>(ColonnadeDialect::getStateAttrName());
}

Value ScheduleBuilder::buildHostInput(BlockArgument argument) {
  unsigned index = argument.getArgNumber();
  Int8Form form = getArgumentForm(plan.function, index);
  return HostInputOp::create(
      builder, argument.getLoc(),
      BufferType::get(builder.getContext(), MemorySpace::Dram),
      getTensorName(plan.function.getArgAttrDict(index)),
      builder.getI64IntegerAttr(allocateDram(plan.getTensor(argument).bytes)),
      TypeAttr::get(argument.getType()), builder.getF64FloatAttr(form.scale),
      builder.getSI32IntegerAttr(form.zeroPoint));
}

Value ScheduleBuilder::buildHostOutput(OpOperand &result) {
  unsigned index = result.getOperandNumber();
  auto scale = plan.function.getResultAttrOfType<FloatAttr>(
      index, ColonnadeDialect::getScaleAttrName());
  auto type = cast<RankedTensorType>(result.get().getType());
  int64_t bytes = type.getNumElements() * getElementBytes(type);
  return HostOutputOp::create(
      builder, program.getLoc(),
      BufferType::get(builder.getContext(), MemorySpace::Dram),
      getTensorName(plan.function.getResultAttrDict(index)),
      builder.getI64IntegerAttr(allocateDram(bytes)), TypeAttr::get(type),
      builder.getF64FloatAttr(scale ? scale.getValueAsDouble() : 1.0));
}

void ScheduleBuilder::buildHostTensors() {
  for (BlockArgument argument : plan.function.getArguments())
    hostInputs[argument] = buildHostInput(argument);
  Operation *terminator = plan.function.getBody().front().getTerminator();
  TensorViews views(plan.function);
  for (OpOperand &result : terminator->getOpOperands())
    hostOutputs[views.lookup(result.get())->root] = buildHostOutput(result);
}

//===----------------------------------------------------------------------===//
// Copies
//===----------------------------------------------------------------------===//

/// Copies a whole tensor between the host's part of DRAM and data SRAM.
Value ScheduleBuilder::copyWhole(Location loc, StringRef name,
                                 RankedTensorType type, Value source,
                                 Value destination, ValueRange after) {
  int64_t elements = type.getNumElements();
  auto strides = StridesAttr::get(builder.getContext(), type.getElementType(),
                                  /*offset=*/0, {getElementBytes(type)}, false);
  DenseI64ArrayAttr size = builder.getDenseI64ArrayAttr({elements});
  return DmaBoxOp::create(builder, loc, getTokenType(), name, source,
                          destination, ValueRange{getIndex(0)}, after, size,
                          size, strides, strides);
}

/// The buffers that a layer reads.
static SmallVector<Value> getReadBuffers(const LayerPlan &layer) {
  SmallVector<Value> buffers;
  for (const OperandPlan &operand : layer.operands)
    if (!operand.parameterOffset)
      buffers.push_back(operand.view.root);
  if (layer.stationary)
    buffers.push_back(layer.stationary->view.root);
  return buffers;
}

void ScheduleBuilder::loadTensor(Location loc, StringRef name, Value tensor,
                                 int64_t layer) {
  const Placement &place = plan.getTensor(tensor).findStay(layer)->place;
  SmallVector<Value> after = tracker.getConflicts(
      MemorySpace::DataSram, place, /*isWrite=*/true, sim::Queue::Dma);
  Value copied =
      copyWhole(loc, name, cast<RankedTensorType>(tensor.getType()),
                getDramBuffer(tensor), getTensorBuffer(tensor, layer), after);
  tracker.record(MemorySpace::DataSram, place, /*isWrite=*/true,
                 sim::Queue::Dma, copied);
}

/// In the order in which layers need them: the first ones need not wait for
/// all.
void ScheduleBuilder::loadInputs() {
  llvm::SetVector<Value> inputs;
  for (const LayerPlan &layer : plan.layers)
    for (Value buffer : getReadBuffers(layer))
      if (isa<BlockArgument>(buffer) &&
          plan.getTensor(buffer).findStay(/*layer=*/-1))
        inputs.insert(buffer);
  for (Value tensor : inputs)
    loadTensor(plan.function.getLoc(), "input", tensor, /*layer=*/-1);
}

/// Stays that do not begin with the making of their tensor, in the order of
/// their uses.
void ScheduleBuilder::loadReturning(int64_t index) {
  SmallVector<std::pair<int64_t, Value>> returning;
  for (auto &[tensor, tensorPlan] : plan.tensors) {
    const Stay *stay = tensorPlan.findStay(index);
    if (stay && stay->firstLayer == index && !tensorPlan.makers.empty() &&
        tensorPlan.makers.front() < index)
      returning.push_back(
          {*llvm::lower_bound(tensorPlan.readers, index), tensor});
  }
  llvm::stable_sort(returning, llvm::less_first());
  for (auto [use, tensor] : returning) {
    const LayerPlan &user = plan.layers[use];
    loadTensor(user.op->getLoc(), user.name, tensor, index);
  }
}

void ScheduleBuilder::storeCompleted(int64_t index) {
  const LayerPlan &layer = plan.layers[index];
  Value tensor = layer.resultView.root;
  const TensorPlan &made = plan.getTensor(tensor);
  const Stay *stay = made.findStay(index);
  int64_t layers = plan.layers.size();
  if (!stay || made.makers.back() != index || !made.isInDram(layers))
    return;
  // What leaves at the end is a line of its own in reports.
  bool isLast = index + 1 == layers;
  Value copied =
      copyWhole(isLast ? plan.function.getLoc() : layer.op->getLoc(),
                isLast ? "output" : StringRef(layer.name),
                cast<RankedTensorType>(tensor.getType()),
                getTensorBuffer(tensor, index), getDramBuffer(tensor),
                tracker.getConflicts(MemorySpace::DataSram, stay->place,
                                     /*isWrite=*/false, sim::Queue::Dma));
  tracker.record(MemorySpace::DataSram, stay->place, /*isWrite=*/false,
                 sim::Queue::Dma, copied);
}
