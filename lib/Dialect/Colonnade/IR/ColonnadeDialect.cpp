//===- ColonnadeDialect.cpp - The colonnade dialect -----------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Registers the dialect and verifies its discardable attributes.
//
//===----------------------------------------------------------------------===//

#include "colonnade/Dialect/Colonnade/IR/ColonnadeDialect.h"
#include "colonnade/Dialect/Colonnade/IR/ColonnadeOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Quant/IR/QuantTypes.h"
#include "mlir/IR/Builders.h"
#include "mlir/Interfaces/FunctionInterfaces.h"

using namespace mlir;
using namespace colonnade;

#include "colonnade/Dialect/Colonnade/IR/ColonnadeDialect.cpp.inc"

void ColonnadeDialect::initialize() {
  registerAttributes();
  addOperations<
#define GET_OP_LIST
#include "colonnade/Dialect/Colonnade/IR/ColonnadeOps.cpp.inc"
      >();
}

Operation *ColonnadeDialect::materializeConstant(OpBuilder &builder,
                                                 Attribute value, Type type,
                                                 Location loc) {
  return arith::ConstantOp::materialize(builder, value, type, loc);
}

//===----------------------------------------------------------------------===//
// Discardable attributes
//===----------------------------------------------------------------------===//

/// D4.
static LogicalResult rejectAttribute(Operation *op, NamedAttribute attribute) {
  return op->emitOpError() << "has an unexpected attribute '"
                           << attribute.getName().getValue()
                           << "': the colonnade dialect has only '"
                           << ColonnadeDialect::getScaleAttrName()
                           << "', on function arguments and results";
}

/// D1, D2 and D4 for the argument or result (`what`) number `index` of `type`.
static LogicalResult verifyScale(Operation *op, NamedAttribute attribute,
                                 StringRef what, unsigned index, Type type) {
  if (attribute.getName() != ColonnadeDialect::getScaleAttrName())
    return rejectAttribute(op, attribute);
  auto scale = dyn_cast<FloatAttr>(attribute.getValue());
  if (!scale || !scale.getType().isF64())
    return op->emitOpError()
           << "expected '" << attribute.getName().getValue() << "' of " << what
           << " " << index << " to be an f64 attribute, got "
           << attribute.getValue();
  double value = scale.getValueAsDouble();
  if (!scale.getValue().isFinite() || !(value > 0))
    return op->emitOpError()
           << "expected '" << attribute.getName().getValue() << "' of " << what
           << " " << index << " to be finite and positive, got "
           << attribute.getValue();
  if (isa<FloatType>(getElementTypeOrSelf(type)))
    return op->emitOpError()
           << "expected an integer type for " << what << " " << index
           << " with '" << attribute.getName().getValue() << "', got " << type;
  return success();
}

LogicalResult
ColonnadeDialect::verifyOperationAttribute(Operation *op,
                                           NamedAttribute attribute) {
  if (attribute.getName() != getQuantizedAttrName() ||
      op->getName().getStringRef() != "linalg.generic")
    return rejectAttribute(op, attribute);
  // D3.
  auto typeAttr = dyn_cast<TypeAttr>(attribute.getValue());
  auto type = typeAttr
                  ? dyn_cast<quant::UniformQuantizedType>(typeAttr.getValue())
                  : quant::UniformQuantizedType();
  if (type && type.isSigned() && type.getStorageTypeIntegralWidth() == 8 &&
      type.getExpressedType().isF32())
    return success();
  return op->emitOpError() << "expected '" << getQuantizedAttrName()
                           << "' to be a !quant.uniform<i8:f32, ...>, got "
                           << attribute.getValue();
}

LogicalResult
ColonnadeDialect::verifyRegionArgAttribute(Operation *op, unsigned regionIndex,
                                           unsigned index,
                                           NamedAttribute attribute) {
  auto function = dyn_cast<FunctionOpInterface>(op);
  if (!function)
    return rejectAttribute(op, attribute);
  return verifyScale(op, attribute, "argument", index,
                     function.getArgumentTypes()[index]);
}

LogicalResult ColonnadeDialect::verifyRegionResultAttribute(
    Operation *op, unsigned regionIndex, unsigned index,
    NamedAttribute attribute) {
  auto function = dyn_cast<FunctionOpInterface>(op);
  if (!function)
    return rejectAttribute(op, attribute);
  return verifyScale(op, attribute, "result", index,
                     function.getResultTypes()[index]);
}
