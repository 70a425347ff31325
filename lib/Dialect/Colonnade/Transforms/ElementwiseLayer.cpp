//===- ElementwiseLayer.cpp - Elementwise linalg as layers ---------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reads the body of a generic: which operand is the data, which are constants,
// and what constant each channel sees.
//
//===----------------------------------------------------------------------===//

#include "ElementwiseLayer.h"
#include "Constants.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Matchers.h"
#include "llvm/Support/Format.h"

using namespace mlir;

namespace colonnade {

std::string formatNumber(double value) {
  std::string text;
  llvm::raw_string_ostream(text) << llvm::format("%.6g", value);
  return text;
}

std::optional<double> ElementwiseLayer::getBound() const {
  bool isBound = kind == Kind::Maximum || kind == Kind::Minimum;
  if (!isBound || !values.isUniform())
    return std::nullopt;
  return values.values.front();
}

namespace {

using Kind = ElementwiseLayer::Kind;

/// An operand of the body's op: a tensor of activations, or constants.
struct BodyOperand {
  Value tensor;
  ChannelValues constants;

  bool isConstant() const { return !tensor; }
};

class BodyReader {
public:
  explicit BodyReader(linalg::GenericOp op) : op(op) {}

  std::optional<ElementwiseLayer> read();

private:
  bool hasElementwiseForm();
  bool readsInPlace(OpOperand &operand);
  std::optional<BodyOperand> readOperand(Value value);
  std::optional<BodyOperand> readTensor(OpOperand &operand);
  std::optional<ElementwiseLayer> combine(Operation &body, BodyOperand first,
                                          BodyOperand second);

  linalg::GenericOp op;
};

bool BodyReader::hasElementwiseForm() {
  return op.getNumDpsInits() == 1 && op.getNumResults() == 1 &&
         op.getNumParallelLoops() == op.getNumLoops() &&
         op.getMatchingIndexingMap(op.getDpsInitOperand(0)).isIdentity();
}

/// Whether an operand is read by the identity, or by the index 0 along loops of
/// one step.
bool BodyReader::readsInPlace(OpOperand &operand) {
  AffineMap map = op.getMatchingIndexingMap(&operand);
  if (map.getNumResults() != map.getNumDims())
    return false;
  SmallVector<int64_t> loops = op.getStaticLoopRanges();
  return llvm::all_of(llvm::enumerate(map.getResults()), [&](auto result) {
    if (auto dim = dyn_cast<AffineDimExpr>(result.value()))
      return dim.getPosition() == result.index();
    return loops[result.index()] == 1;
  });
}

std::optional<BodyOperand> BodyReader::readTensor(OpOperand &operand) {
  if (matchPattern(operand.get(), m_Constant())) {
    std::optional<FloatConstant> constant = FloatConstant::get(operand.get());
    if (!constant || constant->getValues().empty())
      return std::nullopt;
    std::optional<ChannelValues> values = getChannelValues(
        constant->getValues(), constant->getShape(),
        op.getMatchingIndexingMap(&operand), op.getStaticLoopRanges());
    if (!values)
      return std::nullopt;
    return BodyOperand{{}, std::move(*values)};
  }
  if (!readsInPlace(operand))
    return std::nullopt;
  return BodyOperand{operand.get(), {}};
}

std::optional<BodyOperand> BodyReader::readOperand(Value value) {
  FloatAttr scalar;
  if (matchPattern(value, m_Constant(&scalar)))
    return BodyOperand{{}, {{}, {scalar.getValueAsDouble()}}};
  auto argument = dyn_cast<BlockArgument>(value);
  if (!argument || argument.getOwner() != op.getBody())
    return std::nullopt;
  OpOperand *operand = op.getMatchingOpOperand(argument);
  if (op.isDpsInit(operand))
    return std::nullopt;
  return readTensor(*operand);
}

ChannelValues negate(ChannelValues values) {
  for (double &value : values.values)
    value = -value;
  return values;
}

/// What `body` does to data with a constant as its second operand.
std::optional<Kind> getKind(Operation &body) {
  if (isa<arith::AddFOp, arith::SubFOp>(body))
    return Kind::AddConstant;
  if (isa<arith::MulFOp>(body))
    return Kind::MultiplyConstant;
  if (isa<arith::DivFOp>(body))
    return Kind::DivideConstant;
  if (isa<arith::MaximumFOp, arith::MaxNumFOp>(body))
    return Kind::Maximum;
  if (isa<arith::MinimumFOp, arith::MinNumFOp>(body))
    return Kind::Minimum;
  return std::nullopt;
}

std::optional<ElementwiseLayer>
BodyReader::combine(Operation &body, BodyOperand first, BodyOperand second) {
  bool commutes =
      isa<arith::AddFOp, arith::MulFOp, arith::MaximumFOp, arith::MaxNumFOp,
          arith::MinimumFOp, arith::MinNumFOp>(body);
  if (commutes && first.isConstant())
    std::swap(first, second);
  if (first.isConstant())
    return std::nullopt;
  Value data = first.tensor;
  if (!second.isConstant()) {
    if (isa<arith::AddFOp>(body))
      return ElementwiseLayer{Kind::AddTensors, data, second.tensor, {}};
    return std::nullopt;
  }
  std::optional<Kind> kind = getKind(body);
  if (!kind)
    return std::nullopt;
  if (isa<arith::SubFOp>(body))
    second.constants = negate(std::move(second.constants));
  return ElementwiseLayer{*kind, data, {}, std::move(second.constants)};
}

std::optional<ElementwiseLayer> BodyReader::read() {
  if (!hasElementwiseForm())
    return std::nullopt;
  Value yielded = op.getBody()->getTerminator()->getOperand(0);
  Operation *body = yielded.getDefiningOp();
  if (!body || body->getBlock() != op.getBody() || body->getNumOperands() != 2)
    return std::nullopt;
  std::optional<BodyOperand> first = readOperand(body->getOperand(0));
  if (!first)
    return std::nullopt;
  std::optional<BodyOperand> second = readOperand(body->getOperand(1));
  if (!second)
    return std::nullopt;
  return combine(*body, std::move(*first), std::move(*second));
}

} // namespace

std::optional<ElementwiseLayer> matchElementwiseLayer(linalg::GenericOp op) {
  return BodyReader(op).read();
}

} // namespace colonnade
