//===- ReversibleGradient.cpp - Gradient of a coupling --------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Each region is evaluated once, and serves both the inverse and the gradient
// (Gomez et al., NeurIPS 2017, algorithm 1): a step then evaluates regions
// twice and their gradients once, about a third more than with stored
// activations. Sums are in the order in which the gradient of the lowered op
// has them, so that with fixed-point streams the bits are the same.
//
//===----------------------------------------------------------------------===//

#include "TensorBuilders.h"
#include "colonnade/Dialect/Colonnade/IR/ColonnadeOps.h"
#include "colonnade/Dialect/Colonnade/Transforms/Coupling.h"
#include "colonnade/Dialect/Colonnade/Transforms/ElementwiseCode.h"
#include "colonnade/Differentiation/BackwardPass.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/DialectRegistry.h"

using namespace mlir;
using namespace colonnade;

namespace {

/// The backward pass of one coupling.
class CouplingGradient {
public:
  CouplingGradient(ReversibleOp op, BackwardPass &pass)
      : op(op), coupling(op), pass(pass), builder(pass.getBuilder()),
        loc(op.getLoc()), owners(op->getResults()) {}

  LogicalResult run();

private:
  /// A step done again: its region's copy, and the stream it changes before.
  struct Again {
    Coupling::Step step;
    Value argument, before;
    SmallVector<Operation *> ops;
    SmallVector<Value> change;
  };

  /// Separates two values, and the cotangents of the results, from the forward
  /// pass: what is computed from them is not what it computed, and not before
  /// the cotangents are there.
  SmallVector<Value> separate(Value first, Value second);
  /// Without `before` yet.
  Again evaluate(const Coupling::Step &step, Value stream);
  /// From the results backward, taking each step's gradient as soon as its
  /// region has been evaluated.
  LogicalResult invert();
  /// From the inputs forward, and then backward.
  LogicalResult evaluateForward();
  /// Passes the cotangent of the changed stream to what it was before, and to
  /// what the region reads.
  LogicalResult propagate(const Again &again);
  Value multiply(Value left, Value right);

  ReversibleOp op;
  Coupling coupling;
  BackwardPass &pass;
  OpBuilder &builder;
  Location loc;
  /// The values of the forward pass that the streams are, on the way back.
  SmallVector<Value, 2> owners;
};

} // namespace

SmallVector<Value> CouplingGradient::separate(Value first, Value second) {
  SmallVector<Value> values{first, second}, primals;
  for (Value result : op->getResults())
    if (Value cotangent = pass.getCotangent(result)) {
      primals.push_back(result);
      values.push_back(cotangent);
    }
  auto barrier = BarrierOp::create(builder, loc, values);
  for (auto [primal, cotangent] :
       llvm::zip_equal(primals, barrier.getResults().drop_front(2)))
    pass.setCotangent(primal, cotangent);
  return SmallVector<Value>(barrier.getResults().take_front(2));
}

CouplingGradient::Again CouplingGradient::evaluate(const Coupling::Step &step,
                                                   Value stream) {
  Again again{step, fromStream(builder, loc, stream), {}, {}, {}};
  IRMapping mapping;
  again.change = coupling.evaluate(builder, step, again.argument, mapping);
  for (Operation &original : step.region->front().without_terminator())
    again.ops.push_back(mapping.lookup(&original));
  pass.getRule().notifyCloned(mapping);
  return again;
}

Value CouplingGradient::multiply(Value left, Value right) {
  return buildElementwise(builder, loc, cast<RankedTensorType>(left.getType()),
                          {left, right}, [](ScalarBuilder &b, ValueRange args) {
                            return b.apply<arith::MulFOp>(args[0], args[1]);
                          });
}

LogicalResult CouplingGradient::propagate(const Again &again) {
  Value &owner = owners[again.step.changed];
  Value before = op->getOperand(again.step.changed);
  Value read = owners[again.step.read];
  Value cotangent = pass.getCotangent(std::exchange(owner, before));
  if (!cotangent)
    return success();
  Value ofStream = cotangent;
  SmallVector<Value> ofChange{cotangent};
  if (op.getKind() == CouplingKind::Affine) {
    Value logarithm = again.change[0];
    Value scale = buildElementwise(
        builder, loc, cast<RankedTensorType>(logarithm.getType()), logarithm,
        [](ScalarBuilder &b, ValueRange args) -> Value {
          return math::ExpOp::create(b, args[0]);
        });
    ofStream = multiply(cotangent, scale);
    ofChange = {multiply(ofStream, again.before), cotangent};
  }
  if (pass.isActive(before))
    pass.addCotangent(before, ofStream);
  if (pass.isActive(read))
    pass.setActive(again.argument);
  if (failed(pass.propagate(again.ops, again.change, ofChange)))
    return failure();
  if (Value back = pass.getCotangent(again.argument))
    pass.addCotangent(read, back);
  return success();
}

LogicalResult CouplingGradient::invert() {
  SmallVector<Value> streams = separate(pass.getAvailable(op.getResult1()),
                                        pass.getAvailable(op.getResult2()));
  for (const Coupling::Step &step : llvm::reverse(coupling.getSteps())) {
    Again again = evaluate(step, streams[step.read]);
    Value &stream = streams[step.changed];
    stream = again.before = coupling.undo(builder, loc, stream, again.change);
    if (failed(propagate(again)))
      return failure();
  }
  for (auto [operand, stream] : llvm::zip_equal(op->getOperands(), streams)) {
    pass.setAvailable(operand, stream);
    pass.getRule().notifyReconstructed(operand, stream);
  }
  return success();
}

LogicalResult CouplingGradient::evaluateForward() {
  SmallVector<Value> streams = separate(op.getStream1(), op.getStream2());
  SmallVector<Again> all;
  for (const Coupling::Step &step : coupling.getSteps()) {
    all.push_back(evaluate(step, streams[step.read]));
    Value &stream = streams[step.changed];
    all.back().before = stream;
    if (all.size() < coupling.getSteps().size())
      stream = coupling.apply(builder, loc, stream, all.back().change);
  }
  for (const Again &again : llvm::reverse(all))
    if (failed(propagate(again)))
      return failure();
  return success();
}

LogicalResult CouplingGradient::run() {
  bool keepsInputs = op.getPlan() == ActivationPlan::Checkpoint;
  // What no step changes is its own input.
  for (unsigned i = 0; i < owners.size(); ++i)
    if (llvm::none_of(coupling.getSteps(), [&](const Coupling::Step &step) {
          return step.changed == i;
        })) {
      Value operand = op->getOperand(i);
      if (Value cotangent = pass.getCotangent(owners[i]))
        if (pass.isActive(operand))
          pass.addCotangent(operand, cotangent);
      owners[i] = operand;
    }
  return keepsInputs ? evaluateForward() : invert();
}

namespace {
struct ReversibleGradient
    : DifferentiableOpInterface::ExternalModel<ReversibleGradient,
                                               ReversibleOp> {
  FailureOr<SmallVector<Value>> createOperandCotangents(Operation *op,
                                                        OpBuilder &, ValueRange,
                                                        ArrayRef<bool>) const {
    op->emitOpError("has cotangents of what its regions read, too: ask for "
                    "them by propagateCotangents");
    return failure();
  }

  bool readsRegionValues(Operation *) const { return true; }

  LogicalResult propagateCotangents(Operation *op, BackwardPass &pass) const {
    auto coupling = cast<ReversibleOp>(op);
    if (coupling.getInverse() || coupling.getPlan() == ActivationPlan::Store)
      return op->emitOpError(
          "keeps its intermediate values, or is an inverse: lower it before "
          "differentiation (--colonnade-lower-reversible)");
    return CouplingGradient(coupling, pass).run();
  }
};
/// Cotangents pass as values do.
struct BarrierGradient
    : DifferentiableOpInterface::ExternalModel<BarrierGradient, BarrierOp> {
  FailureOr<SmallVector<Value>> createOperandCotangents(Operation *op,
                                                        OpBuilder &builder,
                                                        ValueRange cotangents,
                                                        ArrayRef<bool>) const {
    SmallVector<Value> present, result(cotangents);
    llvm::copy_if(cotangents, std::back_inserter(present),
                  [](Value cotangent) { return cotangent; });
    ValueRange passed =
        BarrierOp::create(builder, op->getLoc(), present).getResults();
    for (Value &cotangent : result)
      if (cotangent) {
        cotangent = passed.front();
        passed = passed.drop_front();
      }
    return result;
  }
};
} // namespace

void colonnade::registerReversibleGradient(DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, ColonnadeDialect *) {
    BarrierOp::attachInterface<BarrierGradient>(*context);
    ReversibleOp::attachInterface<ReversibleGradient>(*context);
  });
}
