//===- DifferentiatePass.cpp - The gradient of a function -----------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Clones the function, with arguments for the results' cotangents, and lets the
// backward ops follow the forward ones.
//
//===----------------------------------------------------------------------===//

#include "TensorBuilders.h"
#include "colonnade/Differentiation/DifferentiableOpInterface.h"
#include "colonnade/Differentiation/Differentiate.h"
#include "colonnade/Differentiation/Passes.h"
#include "colonnade/Differentiation/StoredCouplings.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

namespace colonnade {
#define GEN_PASS_DEF_DIFFERENTIATE
#include "colonnade/Differentiation/Passes.h.inc"
} // namespace colonnade

using namespace mlir;
using namespace colonnade;

static bool isFloatTensor(Type type) {
  auto tensorType = dyn_cast<RankedTensorType>(type);
  return tensorType && isa<FloatType>(tensorType.getElementType());
}

static bool isStaticFloatTensor(Type type) {
  return isFloatTensor(type) && cast<RankedTensorType>(type).hasStaticShape();
}

/// The arguments to differentiate by: those asked for, or all float tensors.
static FailureOr<SmallVector<unsigned>>
getArguments(func::FuncOp function, ArrayRef<unsigned> wanted) {
  SmallVector<unsigned> arguments(wanted);
  if (arguments.empty())
    llvm::append_range(
        arguments, llvm::make_filter_range(
                       llvm::seq<unsigned>(0, function.getNumArguments()),
                       [&](unsigned i) {
                         return isFloatTensor(function.getArgumentTypes()[i]);
                       }));
  for (unsigned argument : arguments)
    if (argument >= function.getNumArguments() ||
        !isStaticFloatTensor(function.getArgumentTypes()[argument]))
      return emitError(function.getLoc(), "cannot differentiate by argument ")
             << argument
             << ": expected the number of a static float tensor, below "
             << function.getNumArguments();
  if (arguments.empty())
    return emitError(
        function.getLoc(),
        "has no float tensor as an argument to differentiate by: "
        "--colonnade-outline-parameters makes arguments of weights");
  for (Type type : function.getResultTypes())
    if (!isStaticFloatTensor(type))
      return emitError(function.getLoc(),
                       "cannot be differentiated: its result ")
             << type << " is no static float tensor";
  return arguments;
}

/// A copy of the function with further arguments, the results' cotangents.
static func::FuncOp cloneWithCotangents(func::FuncOp function) {
  OpBuilder builder(function.getContext());
  builder.setInsertionPointAfter(function);
  auto gradient = cast<func::FuncOp>(builder.clone(*function));
  gradient.setSymName((function.getSymName() + "_gradient").str());
  for (Type type : function.getResultTypes())
    (void)gradient.insertArgument(gradient.getNumArguments(), type, {},
                                  function.getLoc());
  return gradient;
}

static LogicalResult createGradient(func::FuncOp function,
                                    ArrayRef<unsigned> arguments) {
  func::FuncOp gradient = cloneWithCotangents(function);
  lowerStoredCouplings(gradient);
  Operation *terminator = gradient.getBody().front().getTerminator();
  SmallVector<Value> results(terminator->getOperands());
  SmallVector<Value> inputs = llvm::map_to_vector(
      arguments, [&](unsigned i) { return Value(gradient.getArgument(i)); });
  OpBuilder builder(terminator);
  auto cotangents = createCotangents(
      builder, results, gradient.getArguments().take_back(results.size()),
      inputs);
  if (failed(cotangents))
    return failure();
  for (auto [cotangent, input] : llvm::zip_equal(*cotangents, inputs))
    results.push_back(
        cotangent ? cotangent
                  : createZero(builder, function.getLoc(), input.getType()));
  terminator->setOperands(results);
  gradient.setType(builder.getFunctionType(gradient.getArgumentTypes(),
                                           ValueRange(results).getTypes()));
  return success();
}

namespace {
struct Differentiate : colonnade::impl::DifferentiateBase<Differentiate> {
  using DifferentiateBase::DifferentiateBase;

  void getDependentDialects(DialectRegistry &registry) const override {
    DifferentiateBase::getDependentDialects(registry);
    registerGradients(registry);
  }

  void runOnOperation() override {
    auto target = getOperation().lookupSymbol<func::FuncOp>(function);
    if (!target || !target.getBody().hasOneBlock() ||
        target.getNumResults() == 0) {
      emitError(getOperation().getLoc(), "expected a function '@")
          << function << "' of one block, with results";
      return signalPassFailure();
    }
    std::string name = function + "_gradient";
    if (Operation *taken = getOperation().lookupSymbol(name)) {
      emitError(taken->getLoc(), "'@")
          << name << "' has the name of the gradient of '@" << function
          << "': rename one of them";
      return signalPassFailure();
    }
    auto numbers = getArguments(target, arguments);
    if (failed(numbers) || failed(createGradient(target, *numbers)))
      signalPassFailure();
  }
};
} // namespace
