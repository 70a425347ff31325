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

/// D6.
static LogicalResult rejectAttribute(Operation *op, NamedAttribute attribute) {
  return op->emitOpError() << "has an unexpected attribute '"
                           << attribute.getName().getValue()
                           << "': the colonnade dialect has only '"
                           << ColonnadeDialect::getScaleAttrName() << "', '"
                           << ColonnadeDialect::getParameterAttrName()
                           << "' and '" << ColonnadeDialect::getStateAttrName()
                           << "' on function arguments and results, '"
                           << ColonnadeDialect::getZeroPointAttrName()
                           << "' on function arguments, '"
                           << ColonnadeDialect::getQuantizedAttrName()
                           << "' on linalg.generic and '"
                           << ColonnadeDialect::getFrozenAttrName()
                           << "', a unit, on arith.constant of f32 tensors";
}

/// D5.
static LogicalResult verifyName(Operation *op, NamedAttribute attribute,
                                StringRef what, unsigned index) {
  if (isa<StringAttr>(attribute.getValue()))
    return success();
  return op->emitOpError() << "expected '" << attribute.getName().getValue()
                           << "' of " << what << " " << index
                           << " to be a string, got " << attribute.getValue();
}

/// D1 and D2 for the argument or result (`what`) number `index` of `type`.
static LogicalResult verifyScale(Operation *op, NamedAttribute attribute,
                                 StringRef what, unsigned index, Type type) {
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

/// D1, D2, D5 and D6 for the argument or result (`what`) number `index`.
static LogicalResult verifyBoundaryAttribute(Operation *op,
                                             NamedAttribute attribute,
                                             StringRef what, unsigned index,
                                             Type type) {
  StringAttr name = attribute.getName();
  if (name == ColonnadeDialect::getScaleAttrName())
    return verifyScale(op, attribute, what, index, type);
  if (name == ColonnadeDialect::getParameterAttrName() ||
      name == ColonnadeDialect::getStateAttrName())
    return verifyName(op, attribute, what, index);
  return rejectAttribute(op, attribute);
}

Int8Form colonnade::getArgumentForm(FunctionOpInterface function,
                                    unsigned index) {
  Int8Form form;
  if (auto scale = function.getArgAttrOfType<FloatAttr>(
          index, ColonnadeDialect::getScaleAttrName()))
    form.scale = scale.getValueAsDouble();
  if (auto zeroPoint = function.getArgAttrOfType<IntegerAttr>(
          index, ColonnadeDialect::getZeroPointAttrName()))
    form.zeroPoint = int32_t(zeroPoint.getInt());
  return form;
}

/// D3.
static LogicalResult verifyZeroPoint(FunctionOpInterface function,
                                     NamedAttribute attribute, unsigned index) {
  auto zeroPoint = dyn_cast<IntegerAttr>(attribute.getValue());
  Type element = getElementTypeOrSelf(function.getArgumentTypes()[index]);
  bool isScaled =
      function.getArgAttr(index, ColonnadeDialect::getScaleAttrName()) &&
      element.isInteger(8);
  if (isScaled && zeroPoint && zeroPoint.getType().isSignlessInteger(32) &&
      llvm::isInt<8>(zeroPoint.getInt()))
    return success();
  return function->emitOpError()
         << "expected '" << attribute.getName().getValue()
         << "' to be an i32 attribute in [-128, 127] of an i8 argument with '"
         << ColonnadeDialect::getScaleAttrName() << "', got "
         << attribute.getValue() << " on argument " << index << " of type "
         << function.getArgumentTypes()[index];
}

LogicalResult
ColonnadeDialect::verifyOperationAttribute(Operation *op,
                                           NamedAttribute attribute) {
  // D8.
  if (attribute.getName() == getFrozenAttrName() &&
      isa<UnitAttr>(attribute.getValue()) && isa<arith::ConstantOp>(op) &&
      isa<RankedTensorType>(op->getResult(0).getType()) &&
      getElementTypeOrSelf(op->getResult(0).getType()).isF32())
    return success();
  if (attribute.getName() != getQuantizedAttrName() ||
      op->getName().getStringRef() != "linalg.generic")
    return rejectAttribute(op, attribute);
  // D4.
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
  if (attribute.getName() == getZeroPointAttrName())
    return verifyZeroPoint(function, attribute, index);
  return verifyBoundaryAttribute(op, attribute, "argument", index,
                                 function.getArgumentTypes()[index]);
}

/// D7.
static LogicalResult verifyReplacesArgument(FunctionOpInterface function,
                                            NamedAttribute attribute,
                                            unsigned index) {
  SmallVector<unsigned> named;
  for (unsigned i = 0, e = function.getNumArguments(); i < e; ++i)
    if (function.getArgAttr(i, attribute.getName()) == attribute.getValue())
      named.push_back(i);
  if (named.size() != 1)
    return function->emitOpError()
           << "expected one argument with the '"
           << attribute.getName().getValue() << "' of result " << index << ", "
           << attribute.getValue() << ", got " << named.size();
  Type argument = function.getArgumentTypes()[named.front()];
  Type result = function.getResultTypes()[index];
  if (argument != result)
    return function->emitOpError()
           << "expected result " << index << ", the next "
           << attribute.getValue() << ", to have the type of argument "
           << named.front() << ", " << argument << ", got " << result;
  return success();
}

LogicalResult ColonnadeDialect::verifyRegionResultAttribute(
    Operation *op, unsigned regionIndex, unsigned index,
    NamedAttribute attribute) {
  auto function = dyn_cast<FunctionOpInterface>(op);
  if (!function)
    return rejectAttribute(op, attribute);
  if (failed(verifyBoundaryAttribute(op, attribute, "result", index,
                                     function.getResultTypes()[index])))
    return failure();
  bool isName = attribute.getName() == getParameterAttrName() ||
                attribute.getName() == getStateAttrName();
  return isName ? verifyReplacesArgument(function, attribute, index)
                : success();
}
