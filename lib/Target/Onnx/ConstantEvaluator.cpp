//===- ConstantEvaluator.cpp - Shape arithmetic at import time ------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See the header. Works backwards from the results; an op that it cannot run
// ends the attempt, and the node stays as it was imported.
//
//===----------------------------------------------------------------------===//

#include "ConstantEvaluator.h"
#include "TensorData.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/IndexingUtils.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace colonnade::onnximport;

/// Bounds the time that a node may take: shapes have a handful of elements, a
/// table of positions some thousands.
static constexpr int64_t maxElements = 4096, maxIterations = 1 << 16;

namespace {
using Elements = SmallVector<Attribute>;
using Scalars = DenseMap<Value, Attribute>;

class Evaluator {
public:
  FailureOr<ElementsAttr> evaluate(Value value);

private:
  FailureOr<Elements> getElements(Value value);
  FailureOr<Elements> run(Operation *op, OpResult result);
  FailureOr<Elements> run(arith::ConstantOp constant);
  FailureOr<Elements> run(tensor::EmptyOp empty);
  FailureOr<Elements> run(tensor::ExtractSliceOp slice);
  FailureOr<Elements> run(tensor::ConcatOp concat);
  FailureOr<Elements> run(tensor::PadOp pad);
  FailureOr<Elements> run(linalg::LinalgOp linalgOp, unsigned result);

  FailureOr<Attribute> getScalar(const Scalars &scalars, Value value);
  FailureOr<Attribute> runScalar(Operation &op, Scalars &scalars,
                                 ArrayRef<int64_t> indices);
  FailureOr<Attribute> extract(tensor::ExtractOp extract,
                               const Scalars &scalars);
  LogicalResult runIteration(linalg::LinalgOp linalgOp,
                             ArrayRef<int64_t> indices,
                             MutableArrayRef<Elements> operands);
};
} // namespace

static ArrayRef<int64_t> getShape(Value value) {
  return cast<RankedTensorType>(value.getType()).getShape();
}

static int64_t getNumElements(Value value) {
  return cast<RankedTensorType>(value.getType()).getNumElements();
}

/// A position as the index of the element in row-major order.
static int64_t linearize(Value value, ArrayRef<int64_t> position) {
  return mlir::linearize(position, computeStrides(getShape(value)));
}

/// Calls `function` with every position in `sizes`, in row-major order.
template <typename FunctionT>
static LogicalResult forEachPosition(ArrayRef<int64_t> sizes,
                                     FunctionT function) {
  int64_t count = computeProduct(sizes);
  SmallVector<int64_t> strides = computeStrides(sizes);
  for (int64_t index = 0; index < count; ++index)
    if (failed(function(delinearize(index, strides))))
      return failure();
  return success();
}

FailureOr<Elements> Evaluator::run(arith::ConstantOp constant) {
  auto elements = dyn_cast<ElementsAttr>(constant.getValue());
  if (!elements)
    return failure();
  return llvm::to_vector(getDenseElements(elements).getValues<Attribute>());
}

/// What it holds is overwritten; zeros stand in for it.
FailureOr<Elements> Evaluator::run(tensor::EmptyOp empty) {
  Builder builder(empty.getContext());
  return Elements(getNumElements(empty),
                  builder.getZeroAttr(empty.getType().getElementType()));
}

FailureOr<Elements> Evaluator::run(tensor::ExtractSliceOp slice) {
  FailureOr<Elements> source = getElements(slice.getSource());
  if (failed(source))
    return failure();
  ArrayRef<int64_t> offsets = slice.getStaticOffsets();
  ArrayRef<int64_t> strides = slice.getStaticStrides();
  Elements result;
  (void)forEachPosition(slice.getStaticSizes(), [&](ArrayRef<int64_t> at) {
    SmallVector<int64_t> from;
    for (auto [position, offset, stride] :
         llvm::zip_equal(at, offsets, strides))
      from.push_back(offset + position * stride);
    result.push_back((*source)[linearize(slice.getSource(), from)]);
    return success();
  });
  return result;
}

FailureOr<Elements> Evaluator::run(tensor::ConcatOp concat) {
  Elements result(getNumElements(concat));
  int64_t dimension = concat.getDim(), begin = 0;
  for (Value input : concat.getInputs()) {
    FailureOr<Elements> elements = getElements(input);
    if (failed(elements))
      return failure();
    int64_t next = 0;
    (void)forEachPosition(getShape(input), [&](SmallVector<int64_t> at) {
      at[dimension] += begin;
      result[linearize(concat.getResult(), at)] = (*elements)[next++];
      return success();
    });
    begin += getShape(input)[dimension];
  }
  return result;
}

FailureOr<Elements> Evaluator::run(tensor::PadOp pad) {
  Attribute padding;
  Value scalar = pad.getConstantPaddingValue();
  FailureOr<Elements> source = getElements(pad.getSource());
  if (failed(source) || !scalar || !matchPattern(scalar, m_Constant(&padding)))
    return failure();
  Elements result(getNumElements(pad.getResult()), padding);
  int64_t next = 0;
  (void)forEachPosition(getShape(pad.getSource()), [&](SmallVector<int64_t> at) {
    for (auto [position, low] : llvm::zip_equal(at, pad.getStaticLow()))
      position += low;
    result[linearize(pad.getResult(), at)] = (*source)[next++];
    return success();
  });
  return result;
}

FailureOr<Attribute> Evaluator::getScalar(const Scalars &scalars, Value value) {
  if (Attribute attribute = scalars.lookup(value))
    return attribute;
  Attribute constant;
  if (matchPattern(value, m_Constant(&constant)))
    return constant;
  return failure();
}

FailureOr<Attribute> Evaluator::extract(tensor::ExtractOp extract,
                                        const Scalars &scalars) {
  FailureOr<Elements> elements = getElements(extract.getTensor());
  if (failed(elements))
    return failure();
  SmallVector<int64_t> position;
  for (auto [index, size] :
       llvm::zip_equal(extract.getIndices(), getShape(extract.getTensor()))) {
    FailureOr<Attribute> attribute = getScalar(scalars, index);
    if (failed(attribute))
      return failure();
    position.push_back(cast<IntegerAttr>(*attribute).getInt());
    if (position.back() < 0 || position.back() >= size)
      return failure();
  }
  return (*elements)[linearize(extract.getTensor(), position)];
}

FailureOr<Attribute> Evaluator::runScalar(Operation &op, Scalars &scalars,
                                          ArrayRef<int64_t> indices) {
  if (auto index = dyn_cast<linalg::IndexOp>(op))
    return Attribute(
        Builder(op.getContext()).getIndexAttr(indices[index.getDim()]));
  if (auto extractOp = dyn_cast<tensor::ExtractOp>(op))
    return extract(extractOp, scalars);
  Elements operands;
  for (Value operand : op.getOperands()) {
    FailureOr<Attribute> attribute = getScalar(scalars, operand);
    if (failed(attribute))
      return failure();
    operands.push_back(*attribute);
  }
  SmallVector<OpFoldResult> folded;
  if (failed(op.fold(operands, folded)) || folded.size() != 1)
    return failure();
  if (auto value = dyn_cast<Value>(folded.front()))
    return getScalar(scalars, value);
  return cast<Attribute>(folded.front());
}

/// Runs the body once; the last operands are the results.
LogicalResult Evaluator::runIteration(linalg::LinalgOp linalgOp,
                                      ArrayRef<int64_t> indices,
                                      MutableArrayRef<Elements> operands) {
  Scalars scalars;
  SmallVector<int64_t> places;
  for (OpOperand &operand : linalgOp->getOpOperands()) {
    unsigned number = operand.getOperandNumber();
    SmallVector<int64_t> position =
        linalgOp.getMatchingIndexingMap(&operand).compose(indices);
    bool isTensor = isa<RankedTensorType>(operand.get().getType());
    places.push_back(isTensor ? linearize(operand.get(), position) : 0);
    scalars[linalgOp.getMatchingBlockArgument(&operand)] =
        operands[number][places.back()];
  }
  for (Operation &op : linalgOp.getBlock()->without_terminator()) {
    FailureOr<Attribute> attribute = runScalar(op, scalars, indices);
    if (failed(attribute))
      return failure();
    scalars[op.getResult(0)] = *attribute;
  }
  unsigned first = linalgOp.getNumDpsInputs();
  for (auto [number, value] :
       llvm::enumerate(linalgOp.getBlock()->getTerminator()->getOperands())) {
    FailureOr<Attribute> attribute = getScalar(scalars, value);
    if (failed(attribute))
      return failure();
    operands[first + number][places[first + number]] = *attribute;
  }
  return success();
}

FailureOr<Elements> Evaluator::run(linalg::LinalgOp linalgOp, unsigned result) {
  SmallVector<int64_t> sizes = linalgOp.getStaticLoopRanges();
  if (computeProduct(sizes) > maxIterations)
    return failure();
  SmallVector<Elements> operands;
  for (Value operand : linalgOp->getOperands()) {
    FailureOr<Elements> elements = failure();
    Attribute scalar;
    if (isa<RankedTensorType>(operand.getType()))
      elements = getElements(operand);
    else if (matchPattern(operand, m_Constant(&scalar)))
      elements = Elements{scalar};
    if (failed(elements))
      return failure();
    operands.push_back(std::move(*elements));
  }
  if (failed(forEachPosition(sizes, [&](ArrayRef<int64_t> indices) {
        return runIteration(linalgOp, indices, operands);
      })))
    return failure();
  return operands[linalgOp.getNumDpsInputs() + result];
}

FailureOr<Elements> Evaluator::run(Operation *op, OpResult result) {
  return TypeSwitch<Operation *, FailureOr<Elements>>(op)
      .Case<arith::ConstantOp, tensor::EmptyOp, tensor::ExtractSliceOp,
            tensor::ConcatOp, tensor::PadOp>(
          [&](auto concrete) { return run(concrete); })
      .Case<tensor::ExpandShapeOp, tensor::CollapseShapeOp>(
          [&](auto reshape) { return getElements(reshape.getSrc()); })
      .Case<linalg::LinalgOp>([&](linalg::LinalgOp linalgOp) {
        return run(linalgOp, result.getResultNumber());
      })
      .Default([](Operation *) { return failure(); });
}

FailureOr<Elements> Evaluator::getElements(Value value) {
  auto result = dyn_cast<OpResult>(value);
  if (!result || getNumElements(value) > maxElements)
    return failure();
  return run(result.getOwner(), result);
}

/// A reshaped constant of any size: its elements need not be looked at.
static ElementsAttr reshapeConstant(Value value) {
  auto type = cast<RankedTensorType>(value.getType());
  while (Operation *op = value.getDefiningOp()) {
    if (auto constant = dyn_cast<arith::ConstantOp>(op)) {
      if (auto resource =
              dyn_cast<DenseResourceElementsAttr>(constant.getValue()))
        return DenseResourceElementsAttr::get(type, resource.getRawHandle());
      return cast<DenseElementsAttr>(constant.getValue()).reshape(type);
    }
    if (!isa<tensor::ExpandShapeOp, tensor::CollapseShapeOp>(op))
      return {};
    value = op->getOperand(0);
  }
  return {};
}

FailureOr<ElementsAttr> Evaluator::evaluate(Value value) {
  if (ElementsAttr constant = reshapeConstant(value))
    return constant;
  FailureOr<Elements> elements = getElements(value);
  if (failed(elements))
    return failure();
  return ElementsAttr(DenseElementsAttr::get(
      cast<RankedTensorType>(value.getType()), *elements));
}

FailureOr<SmallVector<ElementsAttr>>
colonnade::onnximport::evaluateConstants(ArrayRef<Value> results) {
  Evaluator evaluator;
  SmallVector<ElementsAttr> constants;
  for (Value result : results) {
    FailureOr<ElementsAttr> constant = evaluator.evaluate(result);
    if (failed(constant))
      return failure();
    constants.push_back(*constant);
  }
  return constants;
}
