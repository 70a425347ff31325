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

/// D3.
static LogicalResult rejectAttribute(Operation *op, NamedAttribute attribute) {
  return op->emitOpError() << "has an unexpected attribute '"
                           << attribute.getName().getValue()
                           << "': the colonnade dialect has only '"
                           << ColonnadeDialect::getScaleAttrName()
                           << "', on function arguments and results";
}

/// D1 to D3 for the argument or result (`what`) number `index` of `type`.
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
  return rejectAttribute(op, attribute);
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
