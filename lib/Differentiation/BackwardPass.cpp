//===- BackwardPass.cpp - Cotangents on their way back --------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One walk forward finds what depends on the inputs, one backward adds
// cotangents up. All levels of a program are walked by the same code: the
// function's tensor ops, copies of an op's regions, and the scalar ops in the
// body of a structured op.
//
//===----------------------------------------------------------------------===//

#include "colonnade/Differentiation/BackwardPass.h"
#include "TensorBuilders.h"
#include "colonnade/Dialect/Colonnade/IR/Promises.h"
#include "colonnade/Dialect/Colonnade/Transforms/ReadValues.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Transforms/RegionUtils.h"
#include "llvm/ADT/STLExtras.h"

#include "colonnade/Differentiation/DifferentiableOpInterface.cpp.inc"

using namespace mlir;
using namespace colonnade;

FailureOr<SmallVector<Value>>
GradientRule::createCotangents(DifferentiableOpInterface op, OpBuilder &builder,
                               ValueRange cotangents, ArrayRef<bool> needed) {
  return op.createOperandCotangents(builder, cotangents, needed);
}

Type colonnade::getCotangentType(Value value) {
  Type type = value.getType();
  auto tensor = dyn_cast<RankedTensorType>(type);
  if (tensor && getFixedPointPromise(tensor))
    return RankedTensorType::get(tensor.getShape(),
                                 Float32Type::get(type.getContext()));
  if (!isa<FloatType>(getElementTypeOrSelf(type)))
    return {};
  return tensor ? tensor.dropEncoding() : type;
}

//===----------------------------------------------------------------------===//
// Which ops
//===----------------------------------------------------------------------===//

/// The ops that some output depends on and that depend on an input, backward.
SmallVector<Operation *> BackwardPass::collectActive(ArrayRef<Operation *> ops,
                                                     ValueRange outputs) {
  SmallVector<Operation *> forward;
  for (Operation *op : ops) {
    if (!readsAny(op, active))
      continue;
    forward.push_back(op);
    // Bits of a float that come back as a float are no constant: they stay
    // active, so that the cast back, which has no gradient, is noticed.
    bool makesBits =
        isa<arith::BitcastOp>(op) ||
        llvm::any_of(op->getOperands(), [&](Value operand) {
          return active.contains(operand) && !getCotangentType(operand);
        });
    for (Value result : op->getResults())
      if (getCotangentType(result) || makesBits)
        active.insert(result);
  }
  DenseSet<Value> wanted(outputs.begin(), outputs.end());
  SmallVector<Operation *> backward;
  for (Operation *op : llvm::reverse(forward)) {
    if (llvm::none_of(op->getResults(), [&](Value result) {
          return wanted.contains(result) && active.contains(result);
        }))
      continue;
    backward.push_back(op);
    for (Value value : getReadValues(op))
      if (active.contains(value))
        wanted.insert(value);
  }
  return backward;
}

//===----------------------------------------------------------------------===//
// One op
//===----------------------------------------------------------------------===//

/// Names of ops from `op` to the one that makes an output.
static std::string getPath(Operation *op, ValueRange outputs,
                           llvm::function_ref<bool(Value)> hasCotangent) {
  constexpr size_t longest = 8;
  SmallVector<StringRef> names;
  while (op && names.size() < longest) {
    names.push_back(op->getName().getStringRef());
    if (llvm::any_of(op->getResults(),
                     [&](Value v) { return llvm::is_contained(outputs, v); }))
      return llvm::join(names, " -> ");
    Operation *next = nullptr;
    for (Operation *user : op->getUsers())
      if (user->getBlock() == op->getBlock() &&
          llvm::any_of(user->getResults(), hasCotangent))
        next = user;
    op = next;
  }
  return llvm::join(names, " -> ") + " -> ...";
}

LogicalResult BackwardPass::rejectOp(Operation *op, ValueRange outputs,
                                     const Twine &reason) {
  return emitError(op->getLoc(), "cannot differentiate '")
         << op->getName() << "': " << reason << " (on the way "
         << getPath(op, outputs,
                    [&](Value v) { return cotangents.contains(v); })
         << ")";
}

/// Whether a value has extents that only the run knows.
static bool isDynamic(Value value) {
  auto type = dyn_cast<ShapedType>(value.getType());
  return type && !(type.hasRank() && type.hasStaticShape());
}

LogicalResult BackwardPass::visit(Operation *op, ValueRange outputs) {
  auto differentiable = dyn_cast<DifferentiableOpInterface>(op);
  if (!differentiable)
    return rejectOp(op, outputs,
                    "it has no gradient; attach DifferentiableOpInterface "
                    "to it");
  for (Value value : llvm::concat<Value>(SmallVector<Value>(op->getOperands()),
                                         SmallVector<Value>(op->getResults())))
    if (isDynamic(value))
      return rejectOp(op, outputs,
                      "it has a tensor of dynamic extents: give all of them");
  if (!differentiable.readsRegionValues()) {
    SetVector<Value> captured;
    getUsedValuesDefinedAbove(op->getRegions(), captured);
    for (Value value : captured)
      if (active.contains(value))
        return rejectOp(op, outputs,
                        "its region reads a value that depends on the inputs: "
                        "make it an operand");
  }
  // What an op's gradient complains about is told with the way to it.
  ScopedDiagnosticHandler handler(
      op->getContext(), [&](Diagnostic &diagnostic) {
        diagnostic.attachNote(op->getLoc())
            << "on the way " << getPath(op, outputs, [&](Value v) {
                 return cotangents.contains(v);
               });
        return failure();
      });
  return differentiable.propagateCotangents(*this);
}

LogicalResult colonnade::propagateByOperands(DifferentiableOpInterface op,
                                             BackwardPass &pass) {
  OpBuilder &builder = pass.getBuilder();
  SmallVector<Value> resultCotangents;
  for (Value result : op->getResults()) {
    Value cotangent = pass.getCotangent(result);
    Type type = getCotangentType(result);
    resultCotangents.push_back(cotangent || !type
                                   ? cotangent
                                   : createZero(builder, op->getLoc(), type));
  }
  SmallVector<bool> needed;
  for (Value operand : op->getOperands())
    needed.push_back(pass.isActive(operand));
  auto operandCotangents =
      pass.getRule().createCotangents(op, builder, resultCotangents, needed);
  if (failed(operandCotangents))
    return failure();
  for (auto [operand, cotangent, isNeeded] :
       llvm::zip_equal(op->getOperands(), *operandCotangents, needed))
    if (cotangent && isNeeded)
      pass.addCotangent(operand, cotangent);
  return success();
}

//===----------------------------------------------------------------------===//
// All of them
//===----------------------------------------------------------------------===//

void BackwardPass::addCotangent(Value value, Value cotangent) {
  Value &sum = cotangents[value];
  sum = sum ? createSum(builder, sum, cotangent) : cotangent;
}

LogicalResult BackwardPass::propagate(ArrayRef<Operation *> ops,
                                      ValueRange outputs,
                                      ValueRange outputCotangents) {
  SmallVector<Operation *> backward = collectActive(ops, outputs);
  for (auto [output, cotangent] : llvm::zip_equal(outputs, outputCotangents))
    if (active.contains(output))
      addCotangent(output, cotangent);
  for (Operation *op : backward)
    if (llvm::any_of(op->getResults(),
                     [&](Value result) { return getCotangent(result); }) &&
        failed(visit(op, outputs)))
      return failure();
  return success();
}
