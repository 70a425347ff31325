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
      builder.getI64IntegerAttr(
          allocateDram(plan.tensors[argument].place.bytes)),
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
Value ScheduleBuilder::copyWhole(StringRef name, RankedTensorType type,
                                 Value source, Value destination,
                                 ValueRange after) {
  int64_t elements = type.getNumElements();
  auto strides = StridesAttr::get(builder.getContext(), type.getElementType(),
                                  /*offset=*/0, {getElementBytes(type)}, false);
  DenseI64ArrayAttr size = builder.getDenseI64ArrayAttr({elements});
  return DmaBoxOp::create(builder, plan.function.getLoc(), getTokenType(), name,
                          source, destination, ValueRange{getIndex(0)}, after,
                          size, size, strides, strides);
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

/// In the order in which layers need them: the first ones need not wait for
/// all.
void ScheduleBuilder::loadInputs() {
  llvm::SetVector<Value> inputs;
  for (const LayerPlan &layer : plan.layers)
    for (Value buffer : getReadBuffers(layer))
      if (isa<BlockArgument>(buffer) && !plan.tensors[buffer].isSpilled)
        inputs.insert(buffer);
  for (Value tensor : inputs) {
    Value copied =
        copyWhole("input", cast<RankedTensorType>(tensor.getType()),
                  hostInputs.at(tensor), getTensorBuffer(tensor), ValueRange());
    tracker.record(MemorySpace::DataSram, plan.tensors[tensor].place,
                   /*isWrite=*/true, sim::Queue::Dma, copied);
  }
}

/// Whether a layer from `first` on makes a part of a buffer.
static bool isMadeLater(const NetworkPlan &plan, Value buffer, size_t first) {
  return llvm::any_of(
      ArrayRef(plan.layers).drop_front(first),
      [&](const LayerPlan &layer) { return layer.resultView.root == buffer; });
}

/// An output leaves when it is complete.
void ScheduleBuilder::storeOutput(size_t index) {
  const LayerPlan &layer = plan.layers[index];
  Value tensor = layer.resultView.root;
  const TensorPlan &output = plan.tensors[tensor];
  bool isOutput = output.lastLayer == static_cast<int64_t>(plan.layers.size());
  if (!isOutput || output.isSpilled || isMadeLater(plan, tensor, index + 1))
    return;
  // What leaves at the end is a line of its own in reports.
  bool isLast = index + 1 == plan.layers.size();
  copyWhole(isLast ? "output" : StringRef(layer.name),
            cast<RankedTensorType>(tensor.getType()), getTensorBuffer(tensor),
            hostOutputs.at(tensor),
            tracker.getConflicts(MemorySpace::DataSram, output.place,
                                 /*isWrite=*/false, sim::Queue::Dma));
}
