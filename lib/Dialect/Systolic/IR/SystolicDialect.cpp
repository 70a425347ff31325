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
#include "mlir/Dialect/Tosa/IR/TosaOps.h"
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
  TensorLayout layout;
  if (tensor.getElementType().isInteger(8))
    layout.elementBytes = 1;
  else if (tensor.getElementType().isInteger(32))
    layout.elementBytes = 4;
  else
    return fail("expected elements of type i8 or i32");
  ArrayRef<int64_t> shape = tensor.getShape();
  if (llvm::is_contained(shape, 0))
    return fail("expected no extent of 0");
  if (shape.size() == 4) {
    if (shape[0] != 1)
      return fail("expected batch 1, got " + Twine(shape[0]));
    layout.channels = shape[1];
    layout.height = shape[2];
    layout.width = shape[3];
    layout.channelPitch = shape[2] * shape[3];
    layout.rowPitch = shape[3];
    return layout;
  }
  if (shape.size() == 2) {
    layout.channels = shape[1];
    layout.width = shape[0];
    layout.columnPitch = shape[1];
    layout.rowPitch = shape[0] * shape[1];
    return layout;
  }
  return fail("expected rank 2 or 4, got " + Twine(shape.size()));
}

/// The integer types a vector lane computes in.
static bool isLaneType(Type type) {
  return type.isInteger(8) || type.isInteger(32) || type.isInteger(64);
}

std::optional<std::string> systolic::getVectorUnitObjection(Operation &op) {
  if (!isa<arith::ConstantOp, arith::AddIOp, arith::SubIOp, arith::MulIOp,
           arith::MaxSIOp, arith::MinSIOp, arith::ExtSIOp, arith::TruncIOp,
           tosa::ApplyScaleOp, EncodeTermsOp>(op))
    return ("the vector unit has no '" + op.getName().getStringRef() + "'")
        .str();
  for (Type type : op.getResultTypes())
    if (!isLaneType(type))
      return ("'" + op.getName().getStringRef() +
              "' computes in a type other than i8, i32 or i64")
          .str();
  auto scale = dyn_cast<tosa::ApplyScaleOp>(op);
  if (scale && (scale.getRoundingMode() != tosa::RoundingMode::SINGLE_ROUND ||
                !scale.getValue().getType().isInteger(32)))
    return "the vector unit rescales i32 values with SINGLE_ROUND only";
  return std::nullopt;
}
