//===- CheckExecutable.cpp - What the JIT runner accepts -----------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Rejects, at the op at fault, whatever the lowering would only fail on later
// and in other words: dynamic shapes, element types without a defined buffer
// format, ops of other dialects.
//
//===----------------------------------------------------------------------===//

#include "LowerToLLVM.h"
#include "colonnade/Dialect/Colonnade/IR/ColonnadeOps.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Quant/IR/Quant.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Tosa/IR/TosaOps.h"

using namespace mlir;

namespace colonnade {
namespace {

llvm::Error emitAndReturn(Location loc, const Twine &message) {
  std::string text = message.str();
  emitError(loc, text);
  return llvm::createStringError(text);
}

bool isBufferElement(Type type) {
  return type.isF16() || type.isBF16() || type.isF32() || type.isF64() ||
         type.isSignlessInteger(1) || type.isSignlessInteger(8) ||
         type.isSignlessInteger(16) || type.isSignlessInteger(32) ||
         type.isSignlessInteger(64);
}

std::string print(Type type) {
  std::string text;
  llvm::raw_string_ostream(text) << type;
  return text;
}

llvm::Error checkBoundary(Location loc, Type type, StringRef what) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  if (tensor && tensor.hasStaticShape() &&
      isBufferElement(tensor.getElementType()))
    return llvm::Error::success();
  return emitAndReturn(loc, "cannot run a function with " + what + " of type " +
                                print(type) +
                                ": expected a static tensor of f16, bf16, f32, "
                                "f64, i1, i8, i16, i32 or i64");
}

llvm::Error checkStatic(Operation *op) {
  for (Type type : op->getResultTypes())
    if (auto shaped = dyn_cast<ShapedType>(type))
      if (!shaped.hasRank() || !shaped.hasStaticShape())
        return emitAndReturn(op->getLoc(),
                             "cannot run '" + op->getName().getStringRef() +
                                 "' with a result of dynamic type " +
                                 print(type) + ": give all extents");
  return llvm::Error::success();
}

llvm::Error checkOperation(Operation *op) {
  if (isa<affine::AffineApplyOp, BarrierOp, func::ReturnOp,
          tosa::ApplyScaleOp>(op))
    return llvm::Error::success();
  if (isa_and_nonnull<arith::ArithDialect, linalg::LinalgDialect,
                      math::MathDialect, quant::QuantDialect, scf::SCFDialect,
                      tensor::TensorDialect>(op->getDialect()))
    return checkStatic(op);
  return emitAndReturn(
      op->getLoc(),
      "cannot run '" + op->getName().getStringRef() +
          "': expected func.return, affine.apply, tosa.apply_scale or an op of "
          "the arith, linalg, math, quant, scf or tensor dialect (calls can be "
          "inlined "
          "with --inline, "
          "promises dropped with --colonnade-strip-encodings)");
}

} // namespace

llvm::Error checkExecutable(func::FuncOp function) {
  if (function.isExternal())
    return emitAndReturn(function.getLoc(), "cannot run '@" +
                                                function.getName() +
                                                "': it has no body");
  for (Type type : function.getArgumentTypes())
    if (auto error = checkBoundary(function.getLoc(), type, "an argument"))
      return error;
  for (Type type : function.getResultTypes())
    if (auto error = checkBoundary(function.getLoc(), type, "a result"))
      return error;
  if (!function.getBody().hasOneBlock())
    return emitAndReturn(function.getLoc(),
                         "cannot run '@" + function.getName() +
                             "': expected one block, got " +
                             Twine(function.getBody().getBlocks().size()));
  SmallVector<Operation *> ops;
  function.getBody().walk<WalkOrder::PreOrder>(
      [&](Operation *op) { ops.push_back(op); });
  for (Operation *op : ops)
    if (auto error = checkOperation(op))
      return error;
  return llvm::Error::success();
}

} // namespace colonnade
