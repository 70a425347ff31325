//===- Differentiate.cpp - Reverse-mode differentiation -------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One walk forward finds what depends on the inputs, one backward adds
// cotangents up. Both levels of a program are walked by the same code: the
// function's tensor ops, and the scalar ops in the body of a structured op.
//
//===----------------------------------------------------------------------===//

#include "colonnade/Differentiation/Differentiate.h"
#include "TensorBuilders.h"
#include "colonnade/Differentiation/DifferentiableOpInterface.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Transforms/RegionUtils.h"
#include "llvm/ADT/STLExtras.h"

#include "colonnade/Differentiation/DifferentiableOpInterface.cpp.inc"

using namespace mlir;
using namespace colonnade;

namespace {

class ReverseMode {
public:
  ReverseMode(OpBuilder &builder, ValueRange outputs, ValueRange inputs,
              GradientRule rule)
      : builder(builder), outputs(outputs), rule(rule),
        active(inputs.begin(), inputs.end()) {}

  LogicalResult run(ValueRange outputCotangents);

  Value getCotangent(Value value) const { return cotangents.lookup(value); }

private:
  /// The ops that some output depends on and that depend on an input.
  SmallVector<Operation *> collectOps();
  LogicalResult visit(Operation *op);
  FailureOr<SmallVector<Value>>
  createOperandCotangents(DifferentiableOpInterface op,
                          ValueRange resultCotangents, ArrayRef<bool> needed);
  void addCotangent(Value value, Value cotangent);
  LogicalResult rejectOp(Operation *op, const Twine &reason);

  OpBuilder &builder;
  ValueRange outputs;
  GradientRule rule;
  /// Values that depend on an input and can have a cotangent.
  DenseSet<Value> active;
  DenseMap<Value, Value> cotangents;
};

} // namespace

static bool hasCotangent(Value value) {
  return isa<FloatType>(getElementTypeOrSelf(value.getType()));
}

/// Everything that an op reads, in its regions too.
static SetVector<Value> getReadValues(Operation *op) {
  SetVector<Value> values(op->operand_begin(), op->operand_end());
  getUsedValuesDefinedAbove(op->getRegions(), values);
  return values;
}

SmallVector<Operation *> ReverseMode::collectOps() {
  SmallVector<Operation *> forward;
  Block *block = outputs.front().getParentBlock();
  for (Operation &op :
       llvm::make_range(block->begin(), builder.getInsertionPoint())) {
    bool dependsOnInput = llvm::any_of(
        getReadValues(&op), [&](Value v) { return active.contains(v); });
    if (!dependsOnInput)
      continue;
    forward.push_back(&op);
    // Bits of a float that come back as a float are no constant: they stay
    // active, so that the cast back, which has no gradient, is noticed.
    bool makesBits =
        isa<arith::BitcastOp>(op) ||
        llvm::any_of(op.getOperands(), [&](Value operand) {
          return active.contains(operand) && !hasCotangent(operand);
        });
    for (Value result : op.getResults())
      if (hasCotangent(result) || makesBits)
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

void ReverseMode::addCotangent(Value value, Value cotangent) {
  Value &sum = cotangents[value];
  sum = sum ? createSum(builder, sum, cotangent) : cotangent;
}

/// Names of ops from `op` to the one that makes an output.
static std::string getPath(Operation *op, ValueRange outputs,
                           const DenseMap<Value, Value> &cotangents) {
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
          llvm::any_of(user->getResults(),
                       [&](Value v) { return cotangents.contains(v); }))
        next = user;
    op = next;
  }
  return llvm::join(names, " -> ") + " -> ...";
}

LogicalResult ReverseMode::rejectOp(Operation *op, const Twine &reason) {
  return emitError(op->getLoc(), "cannot differentiate '")
         << op->getName() << "': " << reason << " (on the way "
         << getPath(op, outputs, cotangents) << ")";
}

/// Whether a value has extents that only the run knows.
static bool isDynamic(Value value) {
  auto type = dyn_cast<ShapedType>(value.getType());
  return type && !(type.hasRank() && type.hasStaticShape());
}

FailureOr<SmallVector<Value>>
ReverseMode::createOperandCotangents(DifferentiableOpInterface op,
                                     ValueRange resultCotangents,
                                     ArrayRef<bool> needed) {
  // What an op's gradient complains about is told with the way to it.
  ScopedDiagnosticHandler handler(
      op->getContext(), [&](Diagnostic &diagnostic) {
        diagnostic.attachNote(op->getLoc())
            << "on the way " << getPath(op, outputs, cotangents);
        return failure();
      });
  return rule(op, builder, resultCotangents, needed);
}

LogicalResult ReverseMode::visit(Operation *op) {
  auto differentiable = dyn_cast<DifferentiableOpInterface>(op);
  if (!differentiable)
    return rejectOp(op, "it has no gradient; attach DifferentiableOpInterface "
                        "to it");
  for (Value value : llvm::concat<Value>(SmallVector<Value>(op->getOperands()),
                                         SmallVector<Value>(op->getResults())))
    if (isDynamic(value))
      return rejectOp(op,
                      "it has a tensor of dynamic extents: give all of them");
  SetVector<Value> captured;
  getUsedValuesDefinedAbove(op->getRegions(), captured);
  for (Value value : captured)
    if (active.contains(value))
      return rejectOp(op,
                      "its region reads a value that depends on the inputs: "
                      "make it an operand");
  SmallVector<Value> resultCotangents;
  for (Value result : op->getResults()) {
    Value cotangent = getCotangent(result);
    resultCotangents.push_back(
        cotangent || !hasCotangent(result)
            ? cotangent
            : createZero(builder, op->getLoc(), result.getType()));
  }
  SmallVector<bool> needed;
  for (Value operand : op->getOperands())
    needed.push_back(active.contains(operand));
  auto operandCotangents =
      createOperandCotangents(differentiable, resultCotangents, needed);
  if (failed(operandCotangents))
    return failure();
  for (auto [operand, cotangent, isNeeded] :
       llvm::zip_equal(op->getOperands(), *operandCotangents, needed))
    if (cotangent && isNeeded)
      addCotangent(operand, cotangent);
  return success();
}

LogicalResult ReverseMode::run(ValueRange outputCotangents) {
  SmallVector<Operation *> ops = collectOps();
  for (auto [output, cotangent] : llvm::zip_equal(outputs, outputCotangents))
    if (active.contains(output))
      addCotangent(output, cotangent);
  for (Operation *op : ops)
    if (llvm::any_of(op->getResults(),
                     [&](Value result) { return getCotangent(result); }) &&
        failed(visit(op)))
      return failure();
  return success();
}

FailureOr<SmallVector<Value>>
colonnade::createOwnCotangents(DifferentiableOpInterface op, OpBuilder &builder,
                               ValueRange cotangents, ArrayRef<bool> needed) {
  return op.createOperandCotangents(builder, cotangents, needed);
}

FailureOr<SmallVector<Value>>
colonnade::createCotangents(OpBuilder &builder, ValueRange outputs,
                            ValueRange outputCotangents, ValueRange inputs,
                            GradientRule rule) {
  ReverseMode reverse(builder, outputs, inputs, rule);
  if (failed(reverse.run(outputCotangents)))
    return failure();
  return llvm::map_to_vector(
      inputs, [&](Value input) { return reverse.getCotangent(input); });
}

FailureOr<SmallVector<Value>> colonnade::differentiate(OpBuilder &builder,
                                                       Value loss,
                                                       ValueRange inputs,
                                                       GradientRule rule) {
  Value one = createSplat(builder, loss.getLoc(),
                          cast<RankedTensorType>(loss.getType()), 1);
  auto gradients = createCotangents(builder, loss, one, inputs, rule);
  if (failed(gradients))
    return failure();
  for (auto [gradient, input] : llvm::zip_equal(*gradients, inputs))
    if (!gradient)
      gradient = createZero(builder, input.getLoc(), input.getType());
  return gradients;
}
