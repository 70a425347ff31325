//===- ActivationProbes.cpp - Memory of parts of a step -------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See the header.
//
//===----------------------------------------------------------------------===//

#include "ActivationProbes.h"
#include "ActivationCosts.h"
#include "ErasePromises.h"
#include "colonnade/Dialect/Colonnade/Transforms/BatchNorm.h"
#include "colonnade/Dialect/Colonnade/Transforms/Coupling.h"
#include "colonnade/Dialect/Systolic/Analysis/TensorViews.h"
#include "colonnade/Differentiation/Differentiate.h"
#include "colonnade/Differentiation/OutlineParameters.h"
#include "colonnade/Differentiation/StoredCouplings.h"
#include "colonnade/ExecutionEngine/MemoryPrediction.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/Transforms/RegionUtils.h"

using namespace mlir;
using namespace colonnade;

/// Of both streams.
static int64_t getStreamBytes(ReversibleOp op) {
  return 2 * getTensorBytes(op.getStream1());
}

int64_t colonnade::getTensorBytes(Value value) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  return type ? type.getNumElements() * systolic::getElementBytes(type) : 0;
}

/// As the training step does it.
static LogicalResult normalizeByBatch(Operation *root) {
  OpBuilder builder(root->getContext());
  for (BatchNormInferenceOp op : collectTrainedBatchNorms(root)) {
    builder.setInsertionPoint(op);
    FailureOr<BatchNormStep> step = buildBatchNormStep(builder, op);
    if (failed(step))
      return failure();
    op.replaceAllUsesWith(step->result);
    op.erase();
  }
  return success();
}

/// Of a probe, lowered as the trainer lowers a step.
static FailureOr<std::vector<MemorySegment>> predict(func::FuncOp probe,
                                                     Operation *about) {
  if (failed(erasePromises(probe->getParentOfType<ModuleOp>())))
    return failure();
  auto segments = predictMemory(probe);
  if (!segments)
    return about->emitError("cannot predict the memory of its training: ")
           << llvm::toString(segments.takeError());
  return std::move(*segments);
}

/// Has a function return these values.
static void finishFunction(ImplicitLocOpBuilder &builder, func::FuncOp function,
                           ValueRange results) {
  func::ReturnOp::create(builder, results);
  function.setType(builder.getFunctionType(
      function.getBody().getArgumentTypes(), results.getTypes()));
}

//===----------------------------------------------------------------------===//
// One coupling
//===----------------------------------------------------------------------===//

namespace {

/// Builds: streams, barrier, coupling, barrier, cotangents, barrier, gradient,
/// barrier.
class CouplingProbe {
public:
  CouplingProbe(ReversibleOp op, ActivationPlan plan)
      : op(op), plan(plan), module(ModuleOp::create(op.getLoc())),
        builder(op.getLoc(), op.getContext()) {}

  LogicalResult build();
  func::FuncOp getFunction() { return *module->getOps<func::FuncOp>().begin(); }

private:
  void createFunction();
  /// A buffer of its own with one number everywhere; no two are the same.
  Value createStream(bool isCotangent);
  /// One element, so that nobody takes the tensor for unused.
  Value readFirst(Value tensor);
  /// The coupling's results.
  FailureOr<SmallVector<Value>> cloneCoupling(ValueRange streams);

  ReversibleOp op;
  ActivationPlan plan;
  OwningOpRef<ModuleOp> module;
  ImplicitLocOpBuilder builder;
  IRMapping mapping;
  SmallVector<Value> inputs;
  int64_t next = 1;
};

} // namespace

void CouplingProbe::createFunction() {
  builder.setInsertionPointToStart(module->getBody());
  auto function =
      func::FuncOp::create(builder, "probe", builder.getFunctionType({}, {}));
  builder.setInsertionPointToStart(function.addEntryBlock());
  llvm::SetVector<Value> captured;
  getUsedValuesDefinedAbove(op->getRegions(), captured);
  for (Value value : captured) {
    if (!isa<RankedTensorType>(value.getType())) {
      // Scalars are constants here: others come from tensors in a step only.
      builder.clone(*value.getDefiningOp(), mapping);
      continue;
    }
    Value argument =
        function.getBody().addArgument(value.getType(), value.getLoc());
    mapping.map(value, argument);
    inputs.push_back(argument);
  }
}

Value CouplingProbe::createStream(bool isCotangent) {
  Type element = op.isExact()
                     ? builder.getF32Type()
                     : cast<Type>(op.getStream1().getType().getElementType());
  Value empty = tensor::EmptyOp::create(
      builder, op.getStream1().getType().getShape(), element);
  Value number = arith::ConstantOp::create(
      builder, builder.getFloatAttr(element, static_cast<double>(next++)));
  Value filled = linalg::FillOp::create(builder, number, empty).getResult(0);
  if (isCotangent || !op.isExact())
    return filled;
  return ToFixedOp::create(builder, op.getStream1().getType(), filled);
}

Value CouplingProbe::readFirst(Value tensor) {
  auto type = cast<RankedTensorType>(tensor.getType());
  Value zero = arith::ConstantIndexOp::create(builder, 0);
  Value element = tensor::ExtractOp::create(
      builder, tensor, SmallVector<Value>(type.getRank(), zero));
  return tensor::FromElementsOp::create(
      builder, RankedTensorType::get({}, type.getElementType()), element);
}

FailureOr<SmallVector<Value>> CouplingProbe::cloneCoupling(ValueRange streams) {
  for (auto [operand, stream] : llvm::zip_equal(op->getOperands(), streams))
    mapping.map(operand, stream);
  auto clone = cast<ReversibleOp>(builder.clone(*op, mapping));
  clone.setActivations(plan);
  if (failed(normalizeByBatch(clone)))
    return failure();
  if (plan != ActivationPlan::Store)
    return SmallVector<Value>(clone->getResults());
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPoint(clone);
  IRMapping regions;
  SmallVector<Value> results = buildReversible(builder, clone, regions);
  clone.erase();
  return results;
}

LogicalResult CouplingProbe::build() {
  createFunction();
  bool isOneStream = op.getStream1() == op.getStream2();
  SmallVector<Value> streams{createStream(/*isCotangent=*/false)};
  if (!isOneStream)
    streams.push_back(createStream(/*isCotangent=*/false));
  streams = BarrierOp::create(builder, streams).getResults();
  if (isOneStream)
    streams.push_back(streams.front());
  FailureOr<SmallVector<Value>> results = cloneCoupling(streams);
  if (failed(results))
    return failure();
  SmallVector<Value> outputs;
  for (Value result : BarrierOp::create(builder, *results).getResults())
    outputs.push_back(readFirst(result));
  SmallVector<Value> cotangents{createStream(/*isCotangent=*/true),
                                createStream(/*isCotangent=*/true)};
  cotangents = BarrierOp::create(builder, cotangents).getResults();

  SmallVector<Value> all = inputs;
  llvm::append_range(all, streams);
  GradientRule rule;
  BackwardPass pass(builder, all, rule);
  SmallVector<Operation *> ops;
  for (Operation &inner : *builder.getInsertionBlock())
    ops.push_back(&inner);
  if (failed(pass.propagate(ops, *results, cotangents)))
    return failure();
  SmallVector<Value> ends;
  for (Value stream :
       isOneStream ? ArrayRef(streams).take_front() : ArrayRef(streams)) {
    if (Value cotangent = pass.getCotangent(stream))
      ends.push_back(cotangent);
    if (pass.getAvailable(stream) != stream)
      ends.push_back(pass.getAvailable(stream));
  }
  llvm::append_range(outputs, BarrierOp::create(builder, ends).getResults());
  for (Value input : inputs)
    if (Value cotangent = pass.getCotangent(input))
      outputs.push_back(cotangent);
  finishFunction(builder, getFunction(), outputs);
  return success();
}

FailureOr<PlanBytes> CouplingProbes::measure(ReversibleOp op,
                                             ActivationPlan plan) {
  CouplingProbe probe(op, plan);
  if (failed(probe.build()))
    return failure();
  std::string text;
  llvm::raw_string_ostream stream(text);
  probe.getFunction().print(stream);
  auto found = known.find(text);
  if (found != known.end())
    return found->second;
  auto segments = predict(probe.getFunction(), op);
  if (failed(segments))
    return failure();
  // Streams are made, then coupled; cotangents are made, and the rest is
  // theirs.
  PlanBytes bytes;
  bytes.forward = (*segments)[1].peak;
  bytes.kept = (*segments)[2].behind - getStreamBytes(op);
  if (plan == ActivationPlan::Invert)
    bytes.kept -= getStreamBytes(op); // The results, which it computes from.
  bytes.backward = getPeak(ArrayRef(*segments).drop_front(2));
  return known[text] = bytes;
}

FailureOr<CouplingBytes> CouplingProbes::measure(ReversibleOp op) {
  CouplingBytes bytes;
  bytes.streams = getStreamBytes(op);
  for (auto [plan, own] : llvm::zip_equal(kActivationPlans, bytes.plans)) {
    FailureOr<PlanBytes> measured = measure(op, plan);
    if (failed(measured))
      return failure();
    own = *measured;
  }
  return bytes;
}

//===----------------------------------------------------------------------===//
// The rest of the network
//===----------------------------------------------------------------------===//

/// A stream that takes a buffer beside the coupling's.
static Value createOther(OpBuilder &builder, ReversibleOp op) {
  Value stream = op.getStream1();
  if (op.isExact())
    return AddFixedOp::create(builder, op.getLoc(), stream.getType(), stream,
                              stream);
  return arith::AddFOp::create(builder, op.getLoc(), stream, stream);
}

/// A barrier in the place of each coupling, which two different streams pass.
static void takeOutCouplings(func::FuncOp function) {
  SmallVector<ReversibleOp> ops;
  for (auto op : function.getBody().getOps<ReversibleOp>())
    if (!op.getInverse())
      ops.push_back(op);
  OpBuilder builder(function.getContext());
  for (ReversibleOp op : ops) {
    builder.setInsertionPoint(op);
    SmallVector<Value> streams(op->getOperands());
    if (streams[0] == streams[1]) // The results are two.
      streams[1] = createOther(builder, op);
    op->replaceAllUsesWith(BarrierOp::create(builder, op.getLoc(), streams));
    op.erase();
  }
}

/// Appends the gradient of the results by the parameters.
static LogicalResult appendGradient(func::FuncOp function) {
  SmallVector<Value> parameters;
  for (BlockArgument argument : function.getArguments())
    if (function.getArgAttr(argument.getArgNumber(), kParameterAttribute))
      parameters.push_back(argument);
  if (parameters.empty())
    return function.emitError("has no parameters to train");
  Operation *terminator = function.getBody().front().getTerminator();
  SmallVector<Value> outputs(terminator->getOperands()), seeds;
  for (Value output : outputs)
    seeds.push_back(
        function.getBody().addArgument(output.getType(), output.getLoc()));
  ImplicitLocOpBuilder builder(function.getLoc(), terminator);
  auto cotangents = createCotangents(builder, outputs, seeds, parameters);
  if (failed(cotangents))
    return failure();
  terminator->erase();
  builder.setInsertionPointToEnd(&function.getBody().front());
  llvm::copy_if(*cotangents, std::back_inserter(outputs),
                [](Value cotangent) { return cotangent; });
  finishFunction(builder, function, outputs);
  return success();
}

/// By barrier, the bytes of what it passes on, each value once.
static SmallVector<int64_t> getBarrierBytes(func::FuncOp function) {
  SmallVector<int64_t> bytes;
  for (auto barrier : function.getBody().getOps<BarrierOp>()) {
    int64_t sum = 0;
    for (Value value : llvm::SmallDenseSet<Value>(barrier.getSources().begin(),
                                                  barrier.getSources().end()))
      sum += getTensorBytes(value);
    bytes.push_back(sum);
  }
  return bytes;
}

/// A copy in a module of its own, with parameters as arguments.
static OwningOpRef<ModuleOp> copyAlone(func::FuncOp function) {
  OwningOpRef<ModuleOp> module = ModuleOp::create(function.getLoc());
  auto probe = cast<func::FuncOp>(function->clone());
  module->push_back(probe);
  outlineParameters(probe);
  return module;
}

FailureOr<int64_t> colonnade::measureWhole(func::FuncOp function) {
  OwningOpRef<ModuleOp> module = copyAlone(function);
  auto probe = *module->getOps<func::FuncOp>().begin();
  lowerStoredCouplings(probe);
  if (failed(normalizeByBatch(probe)) || failed(appendGradient(probe)))
    return failure();
  auto segments = predict(probe, function);
  if (failed(segments))
    return failure();
  return getPeak(*segments);
}

FailureOr<RestBytes> colonnade::measureRest(func::FuncOp function,
                                            ArrayRef<ReversibleOp> couplings) {
  OwningOpRef<ModuleOp> module = copyAlone(function);
  auto probe = *module->getOps<func::FuncOp>().begin();
  takeOutCouplings(probe);
  if (failed(normalizeByBatch(probe)) || failed(appendGradient(probe)))
    return failure();
  SmallVector<int64_t> passed = getBarrierBytes(probe);
  auto segments = predict(probe, function);
  if (failed(segments))
    return failure();
  size_t count = couplings.size();
  if (segments->size() != 2 * count + 1 || passed.size() != 2 * count)
    return function.emitError(
               "has couplings whose streams no gradient passes (")
           << passed.size() << " places for " << count
           << " couplings, forward and backward): train something in front of "
              "the first one";
  RestBytes rest;
  for (size_t i = 0; i < count; ++i) {
    size_t backward = 2 * count - 1 - i;
    rest.forward.push_back((*segments)[i].atEnd - passed[i]);
    rest.backward.push_back((*segments)[backward].atEnd - passed[backward]);
  }
  for (size_t i = 0; i <= count; ++i)
    rest.code.push_back(
        std::max((*segments)[i].peak, (*segments)[2 * count - i].peak));
  return rest;
}
