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
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/IR/Matchers.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/FormatVariadic.h"
#include <cmath>

using namespace mlir;

namespace colonnade {

std::optional<std::vector<float>> readFloatValues(Attribute attribute) {
  if (auto dense = dyn_cast_if_present<DenseElementsAttr>(attribute)) {
    if (!dense.getElementType().isF32())
      return std::nullopt;
    auto values = dense.getValues<float>();
    return std::vector<float>(values.begin(), values.end());
  }
  if (auto resource =
          dyn_cast_if_present<DenseF32ResourceElementsAttr>(attribute))
    if (auto values = resource.tryGetAsArrayRef())
      return values->vec();
  return std::nullopt;
}

std::string formatNumber(double value) {
  std::string text;
  llvm::raw_string_ostream(text) << llvm::format("%.6g", value);
  return text;
}

namespace {

using Kind = ElementwiseLayer::Kind;

/// An operand of the body's op: a tensor of activations, or constants.
struct BodyOperand {
  Value tensor;
  std::vector<double> constants;

  bool isConstant() const { return !tensor; }
};

class BodyReader {
public:
  BodyReader(linalg::GenericOp op, std::string &whyNot)
      : op(op), whyNot(whyNot) {}

  std::optional<ElementwiseLayer> read();

private:
  bool hasElementwiseForm();
  std::optional<BodyOperand> readOperand(Value value);
  std::optional<BodyOperand> readTensor(OpOperand &operand);
  std::optional<std::vector<double>> readChannels(OpOperand &operand,
                                                  ArrayRef<float> values);
  std::optional<ElementwiseLayer> combine(Operation &body, BodyOperand first,
                                          BodyOperand second);

  int64_t getNumChannels() { return op.getStaticLoopRanges()[kChannelDim]; }
  std::nullopt_t reject(const Twine &reason) {
    whyNot = reason.str();
    return std::nullopt;
  }

  linalg::GenericOp op;
  std::string &whyNot;
};

bool BodyReader::hasElementwiseForm() {
  if (op.getNumDpsInits() != 1 || op.getNumResults() != 1 ||
      op.getNumParallelLoops() != op.getNumLoops() ||
      !op.getMatchingIndexingMap(op.getDpsInitOperand(0)).isIdentity()) {
    whyNot = "it is not elementwise with one result";
    return false;
  }
  if (op.getNumLoops() <= kChannelDim) {
    whyNot = llvm::formatv("its rank is {0}, a tensor with channels has at "
                           "least {1}",
                           op.getNumLoops(), kChannelDim + 1);
    return false;
  }
  return true;
}

/// The constant that each channel sees, when no other loop matters.
std::optional<std::vector<double>>
BodyReader::readChannels(OpOperand &operand, ArrayRef<float> values) {
  auto type = cast<RankedTensorType>(operand.get().getType());
  AffineMap map = op.getMatchingIndexingMap(&operand);
  // Elements per channel step, and channels: none if the channel is not used.
  int64_t inner = 1, channels = 1;
  for (int64_t axis = type.getRank(); axis-- > 0;) {
    auto dim = dyn_cast<AffineDimExpr>(map.getResult(axis));
    if (dim && dim.getPosition() == kChannelDim) {
      channels = type.getDimSize(axis);
      break;
    }
    inner *= type.getDimSize(axis);
  }
  std::vector<double> perChannel(getNumChannels());
  for (auto [channel, value] : llvm::enumerate(perChannel))
    value = values[channel % channels * inner];
  for (auto [position, value] : llvm::enumerate(values)) {
    double expected = perChannel[int64_t(position) / inner % channels];
    if (value != expected && !(std::isnan(value) && std::isnan(expected)))
      return reject("a constant varies along other dimensions than the "
                    "channel, " +
                    Twine(kChannelDim));
  }
  return perChannel;
}

std::optional<BodyOperand> BodyReader::readTensor(OpOperand &operand) {
  Attribute attribute;
  if (matchPattern(operand.get(), m_Constant(&attribute))) {
    std::optional<std::vector<float>> values = readFloatValues(attribute);
    if (!values || values->empty())
      return reject("a constant is not of f32, or empty");
    auto channels = readChannels(operand, *values);
    if (!channels)
      return std::nullopt;
    return BodyOperand{{}, std::move(*channels)};
  }
  if (!op.getMatchingIndexingMap(&operand).isIdentity())
    return reject("an input is permuted or broadcast");
  return BodyOperand{operand.get(), {}};
}

std::optional<BodyOperand> BodyReader::readOperand(Value value) {
  FloatAttr scalar;
  if (matchPattern(value, m_Constant(&scalar)))
    return BodyOperand{
        {}, std::vector<double>(getNumChannels(), scalar.getValueAsDouble())};
  auto argument = dyn_cast<BlockArgument>(value);
  if (!argument || argument.getOwner() != op.getBody())
    return reject("its body has more than one op");
  OpOperand *operand = op.getMatchingOpOperand(argument);
  if (op.isDpsInit(operand))
    return reject("its body reads the output");
  return readTensor(*operand);
}

bool isZero(ArrayRef<double> values) {
  return llvm::all_of(values, [](double value) { return value == 0; });
}

std::vector<double> negate(std::vector<double> values) {
  for (double &value : values)
    value = -value;
  return values;
}

std::optional<ElementwiseLayer>
BodyReader::combine(Operation &body, BodyOperand first, BodyOperand second) {
  bool commutes =
      isa<arith::AddFOp, arith::MulFOp, arith::MaximumFOp, arith::MaxNumFOp>(
          body);
  if (commutes && first.isConstant())
    std::swap(first, second);
  if (first.isConstant())
    return reject("'" + body.getName().getStringRef() +
                  "' has a constant as its first operand");
  Value data = first.tensor;
  if (!second.isConstant()) {
    if (isa<arith::AddFOp>(body))
      return ElementwiseLayer{Kind::AddTensors, data, second.tensor, {}};
    return reject("'" + body.getName().getStringRef() +
                  "' combines two tensors");
  }
  if (isa<arith::AddFOp>(body))
    return ElementwiseLayer{Kind::AddConstant, data, {}, second.constants};
  if (isa<arith::SubFOp>(body))
    return ElementwiseLayer{
        Kind::AddConstant, data, {}, negate(second.constants)};
  if (isa<arith::MulFOp>(body))
    return ElementwiseLayer{Kind::MultiplyConstant, data, {}, second.constants};
  if (isa<arith::DivFOp>(body))
    return ElementwiseLayer{Kind::DivideConstant, data, {}, second.constants};
  if (isa<arith::MaximumFOp, arith::MaxNumFOp>(body) &&
      isZero(second.constants))
    return ElementwiseLayer{Kind::Relu, data, {}, {}};
  return reject("'" + body.getName().getStringRef() +
                "' with this constant is none of x + c, x - c, x * c, x / c "
                "and max(x, 0)");
}

std::optional<ElementwiseLayer> BodyReader::read() {
  if (!hasElementwiseForm())
    return std::nullopt;
  Value yielded = op.getBody()->getTerminator()->getOperand(0);
  Operation *body = yielded.getDefiningOp();
  if (!body || body->getBlock() != op.getBody() || body->getNumOperands() != 2)
    return reject("its body is not one op with two operands");
  std::optional<BodyOperand> first = readOperand(body->getOperand(0));
  if (!first)
    return std::nullopt;
  std::optional<BodyOperand> second = readOperand(body->getOperand(1));
  if (!second)
    return std::nullopt;
  return combine(*body, std::move(*first), std::move(*second));
}

} // namespace

std::optional<ElementwiseLayer> matchElementwiseLayer(linalg::GenericOp op,
                                                      std::string &whyNot) {
  return BodyReader(op, whyNot).read();
}

} // namespace colonnade
