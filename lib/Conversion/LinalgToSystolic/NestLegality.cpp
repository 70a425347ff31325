//===- NestLegality.cpp - What the vector unit can run --------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which linalg.generic ops are loop nests of the vector unit, and which of them
// can be the epilogue of a contraction or pooling.
//
//===----------------------------------------------------------------------===//

#include "NetworkMapper.h"
#include "colonnade/Dialect/Systolic/IR/LinearMap.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/IR/Matchers.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace colonnade;
using namespace colonnade::systolic;

//===----------------------------------------------------------------------===//
// Constants
//===----------------------------------------------------------------------===//

TypedAttr colonnade::getUniformValue(Value value) {
  if (auto fill = value.getDefiningOp<linalg::FillOp>())
    value = fill.getInputs().front();
  Attribute constant;
  if (!matchPattern(value, m_Constant(&constant)))
    return {};
  if (auto elements = dyn_cast<SplatElementsAttr>(constant))
    return cast<TypedAttr>(elements.getSplatValue<Attribute>());
  return isa<IntegerAttr, FloatAttr>(constant) ? cast<TypedAttr>(constant)
                                               : TypedAttr();
}

ArrayRef<unsigned> colonnade::getChannelDims(unsigned rank) {
  static constexpr unsigned kChannels[] = {1}, kLast[] = {2},
                            kBlocksAndChannels[] = {1, 2};
  if (rank == 3)
    return kLast;
  return rank == 5 ? ArrayRef<unsigned>(kBlocksAndChannels) : kChannels;
}

ElementsAttr colonnade::getChannelConstant(Value value, AffineMap map,
                                           ArrayRef<unsigned> channelDims) {
  ElementsAttr constant;
  if (!matchPattern(value, m_Constant(&constant)))
    return {};
  int64_t channels = 1;
  SmallVector<unsigned> seen;
  for (auto [result, size] :
       llvm::zip_equal(map.getResults(), constant.getShapedType().getShape())) {
    auto dim = dyn_cast<AffineDimExpr>(result);
    if (dim && llvm::is_contained(channelDims, dim.getPosition())) {
      seen.push_back(dim.getPosition());
      channels *= size;
    } else if (size != 1) {
      return {};
    }
  }
  // One value for each channel of all blocks, or of each block.
  if (seen.empty() || ArrayRef(seen) != channelDims.take_back(seen.size()))
    return {};
  auto type = RankedTensorType::get({channels}, constant.getElementType());
  if (auto dense = dyn_cast<DenseElementsAttr>(constant))
    return dense.reshape(type);
  if (auto resource = dyn_cast<DenseResourceElementsAttr>(constant))
    return DenseResourceElementsAttr::get(type, resource.getRawHandle());
  return {};
}

//===----------------------------------------------------------------------===//
// Nests
//===----------------------------------------------------------------------===//

static Objection checkStored(StringRef what, Value value) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  std::string text;
  llvm::raw_string_ostream os(text);
  os << what << ": ";
  if (!type || !type.hasStaticShape())
    os << "expected a tensor of static shape, got " << value.getType();
  else if (!isStoredType(type.getElementType()))
    os << "expected elements of type i8, i32, i64 or f32, got "
       << type.getElementType();
  else if (llvm::is_contained(type.getShape(), 0))
    os << "expected no extent of 0, got " << type;
  else
    return std::nullopt;
  return text;
}

/// The result is indexed by every parallel loop, once, and by nothing else.
static Objection checkResultMap(linalg::GenericOp op) {
  AffineMap map = op.getMatchingIndexingMap(op.getDpsInitOperand(0));
  llvm::SmallBitVector seen(op.getNumLoops());
  for (AffineExpr expr : map.getResults()) {
    if (isa<AffineConstantExpr>(expr))
      continue;
    auto loop = dyn_cast<AffineDimExpr>(expr);
    if (!loop || seen.test(loop.getPosition()) ||
        op.getIteratorTypesArray()[loop.getPosition()] !=
            utils::IteratorType::parallel)
      return std::string("each dimension of the result must be indexed by a "
                         "parallel loop of its own");
    seen.set(loop.getPosition());
  }
  if (seen.count() != op.getNumParallelLoops())
    return std::string("every parallel loop must index the result");
  return std::nullopt;
}

static Objection checkAccumulator(linalg::GenericOp op) {
  bool isReduction = op.getNumReductionLoops() != 0;
  if (!isReduction && !op.getRegionOutputArgs().front().use_empty())
    return std::string("the result's old value must not be read");
  if (isReduction && !getUniformValue(op.getDpsInits().front()))
    return std::string("a reduction must start from one constant");
  return std::nullopt;
}

static Objection checkInput(linalg::GenericOp op, OpOperand *input) {
  if (op.getMatchingBlockArgument(input).use_empty() ||
      getUniformValue(input->get()))
    return std::nullopt;
  std::string name = llvm::formatv("input {0}", input->getOperandNumber());
  if (Objection objection = checkStored(name, input->get()))
    return objection;
  AffineMap map = op.getMatchingIndexingMap(input);
  for (AffineExpr expr : map.getResults())
    if (!getLinearForm(expr, op.getNumLoops()))
      return name + " must be indexed by sums of loops times constants";
  return std::nullopt;
}

static Objection checkScalars(linalg::GenericOp op) {
  for (Operation &scalar : op.getBody()->without_terminator()) {
    if (auto objection = getVectorUnitObjection(scalar))
      return objection;
    for (Value operand : scalar.getOperands())
      if (operand.getParentBlock() != op.getBody() &&
          !matchPattern(operand, m_Constant()))
        return std::string("scalars from outside the body must be constants");
  }
  Value yielded = op.getBody()->getTerminator()->getOperand(0);
  if (yielded.getParentBlock() != op.getBody() &&
      !matchPattern(yielded, m_Constant()))
    return std::string("scalars from outside the body must be constants");
  return std::nullopt;
}

Objection NetworkMapper::checkNest(linalg::GenericOp op) const {
  if (op.getNumParallelLoops() + op.getNumReductionLoops() != op.getNumLoops())
    return std::string("the vector unit runs parallel and reduction loops");
  if (op->getNumResults() != 1)
    return std::string("the vector unit runs ops with one result");
  if (Objection objection = checkStored("result", op->getResult(0)))
    return objection;
  if (Objection objection = checkResultMap(op))
    return objection;
  if (Objection objection = checkAccumulator(op))
    return objection;
  for (OpOperand *input : op.getDpsInputOperands())
    if (Objection objection = checkInput(op, input))
      return objection;
  return checkScalars(op);
}

//===----------------------------------------------------------------------===//
// Epilogues
//===----------------------------------------------------------------------===//

Objection NetworkMapper::checkEpilogue(linalg::GenericOp op,
                                       OpOperand &accumulators) const {
  if (Objection objection = checkNest(op))
    return objection;
  if (op.getNumReductionLoops() != 0 || !op.isDpsInput(&accumulators) ||
      !op.getMatchingIndexingMap(op.getDpsInitOperand(0)).isIdentity() ||
      !op.getMatchingIndexingMap(&accumulators).isIdentity())
    return std::string("an epilogue runs over the elements in order");
  unsigned rank = cast<RankedTensorType>(op->getResult(0).getType()).getRank();
  for (OpOperand *input : op.getDpsInputOperands()) {
    AffineMap map = op.getMatchingIndexingMap(input);
    if (!map.isIdentity() && !getUniformValue(input->get()) &&
        !getChannelConstant(input->get(), map, getChannelDims(rank)))
      return llvm::formatv("input {0} of an epilogue must be indexed like the "
                           "result or be constant by channel",
                           input->getOperandNumber())
          .str();
  }
  return std::nullopt;
}
