//===- SystolicDialect.cpp - The systolic dialect -*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Registration, types, and the dialect's own discardable attributes.
//
//===----------------------------------------------------------------------===//

#include "colonnade/Dialect/Systolic/IR/Systolic.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace colonnade;
using namespace colonnade::systolic;

#include "colonnade/Dialect/Systolic/IR/SystolicDialect.cpp.inc"
#include "colonnade/Dialect/Systolic/IR/SystolicEnums.cpp.inc"

#define GET_TYPEDEF_CLASSES
#include "colonnade/Dialect/Systolic/IR/SystolicTypes.cpp.inc"

void SystolicDialect::initialize() {
  registerAttributes();
  registerTypes();
  addOperations<
#define GET_OP_LIST
#include "colonnade/Dialect/Systolic/IR/SystolicOps.cpp.inc"
      >();
}

void SystolicDialect::registerTypes() {
  addTypes<
#define GET_TYPEDEF_LIST
#include "colonnade/Dialect/Systolic/IR/SystolicTypes.cpp.inc"
      >();
}

LogicalResult SystolicDialect::verifyOperationAttribute(Operation *op,
                                                        NamedAttribute attr) {
  if (attr.getName() == getTargetAttrName()) {
    if (!isa<ModuleOp>(op))
      return op->emitOpError() << "carries '" << getTargetAttrName()
                               << "', which only modules may carry";
    if (!isa<TargetAttr>(attr.getValue()))
      return op->emitOpError()
             << "expected '" << getTargetAttrName()
             << "' to be a #systolic.target, got " << attr.getValue();
    return success();
  }
  if (attr.getName() == getRejectedAttrName()) {
    if (!isa<StringAttr>(attr.getValue()))
      return op->emitOpError() << "expected '" << getRejectedAttrName()
                               << "' to be a string, got " << attr.getValue();
    return success();
  }
  return op->emitOpError() << "has unknown attribute '"
                           << attr.getName().getValue() << "'";
}

bool systolic::isStoredType(Type type) {
  return type.isInteger(8) || type.isInteger(32) || type.isInteger(64) ||
         type.isF32();
}

Type systolic::getType(MLIRContext *context, sim::ScalarType type) {
  if (type == sim::ScalarType::F32)
    return Float32Type::get(context);
  return IntegerType::get(context, sim::getBits(type));
}

TensorLayout systolic::getStridedLayout(RankedTensorType type,
                                        ArrayRef<int64_t> pitches) {
  ArrayRef<int64_t> shape = type.getShape();
  TensorLayout layout;
  layout.type = *getScalarType(type.getElementType());
  bool isImage = shape.size() >= 4;
  shape = shape.drop_front(isImage);
  pitches = pitches.drop_front(isImage);
  if (shape.size() == (isImage ? 4 : 3)) {
    layout.blocks = shape.front();
    layout.blockPitch = pitches.front();
    shape = shape.drop_front();
    pitches = pitches.drop_front();
  }
  size_t channel = isImage ? 0 : 1, column = isImage ? 2 : 0;
  layout.channels = shape[channel];
  layout.channelPitch = pitches[channel];
  layout.width = shape[column];
  layout.columnPitch = pitches[column];
  if (isImage)
    layout.height = shape[1];
  layout.rowPitch = isImage ? pitches[1] : layout.width * layout.columnPitch;
  return layout;
}

TensorLayout systolic::cutIntoBlocks(TensorLayout layout, int64_t blocks) {
  if (layout.blocks == blocks)
    return layout;
  layout.blocks = blocks;
  layout.channels /= blocks;
  layout.blockPitch = layout.channels * layout.channelPitch;
  return layout;
}

FailureOr<TensorLayout> systolic::getTensorLayout(Type type,
                                                  std::string *reason) {
  auto fail = [&](const Twine &message) {
    if (reason)
      *reason = message.str();
    return failure();
  };
  auto tensor = dyn_cast<RankedTensorType>(type);
  if (!tensor || !tensor.hasStaticShape())
    return fail("expected a tensor of static shape");
  if (!isStoredType(tensor.getElementType()) ||
      tensor.getElementType().isInteger(64))
    return fail("expected elements of type i8, i32 or f32");
  ArrayRef<int64_t> shape = tensor.getShape();
  if (llvm::is_contained(shape, 0))
    return fail("expected no extent of 0");
  if (shape.size() < 2 || shape.size() > 5)
    return fail("expected rank 2 to 5, got " + Twine(shape.size()));
  if (shape.size() >= 4 && shape[0] != 1)
    return fail("expected batch 1, got " + Twine(shape[0]));
  SmallVector<int64_t> pitches(shape.size(), 1);
  for (size_t axis = shape.size() - 1; axis-- > 0;)
    pitches[axis] = pitches[axis + 1] * shape[axis + 1];
  return getStridedLayout(tensor, pitches);
}
