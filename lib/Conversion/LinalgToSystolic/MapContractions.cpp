//===- MapContractions.cpp - Maps contractions -*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The part of NetworkMapper that puts convolutions and products on the array,
// and those depthwise convolutions on the vector unit that are cheaper there.
//
//===----------------------------------------------------------------------===//

#include "NetworkMapper.h"
#include "colonnade/Dialect/Colonnade/IR/MatrixView.h"
#include "colonnade/Packing/ColumnGrouping.h"
#include "colonnade/Packing/ConflictPruning.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace colonnade;
using namespace colonnade::systolic;

//===----------------------------------------------------------------------===//
// Shapes
//===----------------------------------------------------------------------===//

/// [(blocks,) channels, positions] as an image of height 1:
/// [1, (blocks,) channels, 1, positions].
static RankedTensorType getImageType(RankedTensorType type) {
  SmallVector<int64_t> shape = {1};
  llvm::append_range(shape, type.getShape().drop_back());
  shape.push_back(1);
  shape.push_back(type.getShape().back());
  return RankedTensorType::get(shape, type.getElementType());
}

static SmallVector<ReassociationIndices> getImageReassociation(int64_t rank) {
  SmallVector<ReassociationIndices> groups;
  for (int64_t d = 0; d < rank; ++d)
    groups.push_back({d + 1});
  groups.front().insert(groups.front().begin(), 0);
  groups.back().push_back(rank + 1);
  return groups;
}

tensor::CollapseShapeOp colonnade::getMergedChannels(Value result) {
  auto type = cast<RankedTensorType>(result.getType());
  if (type.getRank() != 5 || !result.hasOneUse())
    return {};
  auto collapse = dyn_cast<tensor::CollapseShapeOp>(*result.getUsers().begin());
  if (!collapse || collapse.getResultType().getRank() != 4)
    return {};
  return collapse.getReassociationIndices()[1].size() == 2
             ? collapse
             : tensor::CollapseShapeOp();
}

//===----------------------------------------------------------------------===//
// Legality
//===----------------------------------------------------------------------===//

static Objection checkLayout(StringRef what, RankedTensorType type) {
  std::string reason;
  if (succeeded(getTensorLayout(type, &reason)))
    return std::nullopt;
  return llvm::formatv("{0}: {1}", what, reason).str();
}

Objection NetworkMapper::planContraction(linalg::LinalgOp op,
                                         Contraction &contraction) {
  ArrayOperands &operands = contraction.operands;
  if (Objection objection = matchArrayOperands(op, operands))
    return objection;
  for (auto [what, value] : {std::pair("data", operands.data->get()),
                             std::pair("result", Value(op->getResult(0)))}) {
    auto type = cast<RankedTensorType>(value.getType());
    if (Objection objection = checkLayout(
            what, operands.isTransposed ? getImageType(type) : type))
      return objection;
  }
  if (!isZeroFilled(op.getDpsInits().front()))
    return std::string("the accumulators must start at zero: add a bias in "
                       "an elementwise op");
  contraction.data = getLayerData(operands.data->get(), op);
  int64_t dataTerms = contraction.data.getDataTerms();
  std::shared_ptr<const sim::CellModel> cell = target.getCellModel();
  RankedTensorType weights = operands.getWeightType();
  if (operands.isRunTime) {
    contraction.stationary = getLayerData(operands.weights->get(), op);
    contraction.promises =
        planRunTimePacking(weights.getDimSize(operands.inputChannelAxis),
                           contraction.stationary.getDataTerms(), dataTerms,
                           target.getColumns(), *cell);
    return std::nullopt;
  }
  if (operands.isDepthwise())
    return planDepthwise(op, contraction);
  auto plan = planPacking(weights, operands.axes, operands.inputChannelAxis,
                          dataTerms, target.getColumns(), *cell);
  if (!plan)
    return llvm::toString(plan.takeError());
  contraction.packing = std::move(*plan);
  return std::nullopt;
}

/// The vector unit needs no plan. It runs what the array refuses.
Objection NetworkMapper::planDepthwise(linalg::LinalgOp op,
                                       Contraction &contraction) {
  ArrayOperands &operands = contraction.operands;
  const DepthwiseChoice &choice = chooseDepthwise(op);
  if (!choice.isOnArray && choice.blocks != 0)
    return std::nullopt;
  operands.axes.depthwiseBlocks = std::max<int64_t>(choice.blocks, 1);
  auto plan =
      planPacking(operands.getWeightType(), operands.axes,
                  operands.inputChannelAxis, contraction.data.getDataTerms(),
                  target.getColumns(), *target.getCellModel());
  if (plan) {
    contraction.packing = std::move(*plan);
    if (!choice.isOnArray)
      contraction.whyNotArray = "no schedule fits the machine's memories";
    return std::nullopt;
  }
  std::string reason = llvm::toString(plan.takeError());
  if (choice.isOnArray)
    return reason;
  contraction.whyNotArray = std::move(reason);
  return std::nullopt;
}

//===----------------------------------------------------------------------===//
// Weights
//===----------------------------------------------------------------------===//

template <typename T>
static ElementsAttr makeConstant(Builder &builder, ArrayRef<int64_t> shape,
                                 ArrayRef<T> values) {
  auto type =
      RankedTensorType::get(shape, builder.getIntegerType(8 * sizeof(T)));
  return DenseElementsAttr::get(type, values);
}

Value NetworkMapper::createWeights(StringRef name,
                                   const Contraction &contraction,
                                   Location loc) {
  const ArrayOperands &operands = contraction.operands;
  RankedTensorType type = operands.getWeightType();
  ElementsAttr constant;
  matchPattern(operands.weights->get(), m_Constant(&constant));
  BlockMatrixView view(type.getShape(), operands.axes);
  sim::PackedWeights packed = packWeights(
      contraction.packing, view, view.toMatrices(*readInt8Values(constant)));
  int64_t rows = packed.blocks * packed.rows;
  int64_t columns = packed.arrayColumns, depth = packed.depth;
  ArrayRef<int8_t> selects(
      reinterpret_cast<const int8_t *>(packed.selects.data()),
      packed.selects.size());
  IntegerAttr blockAxis;
  if (operands.axes.block)
    blockAxis = builder.getI64IntegerAttr(*operands.axes.block);
  return WeightsOp::create(
      builder, loc, PackedWeightsType::get(builder.getContext()), name, type,
      operands.axes.row, blockAxis, operands.isDepthwise(), packed.blocks,
      packed.promises.weightTerms,
      makeConstant<int8_t>(builder, {rows, columns, depth}, packed.values),
      makeConstant<int8_t>(builder, {rows, columns, depth}, selects),
      makeConstant<int32_t>(builder,
                            {packed.blocks * columns, depth, packed.fanIn},
                            packed.streams),
      llvm::utohexstr(packed.digest, /*LowerCase=*/true, /*Width=*/16),
      IntegerAttr());
}

Value NetworkMapper::createRunTimeWeights(StringRef name,
                                          const Contraction &contraction,
                                          Location loc) {
  const ArrayOperands &operands = contraction.operands;
  Value tensor = getMappedData(contraction.stationary, loc);
  auto type = cast<RankedTensorType>(tensor.getType());
  IntegerAttr blockAxis;
  if (operands.axes.block)
    blockAxis = builder.getI64IntegerAttr(*operands.axes.block);
  return RunTimeWeightsOp::create(
      builder, loc, PackedWeightsType::get(builder.getContext()), name, tensor,
      type, operands.axes.row, blockAxis, contraction.promises.slots,
      contraction.promises.weightTerms);
}

//===----------------------------------------------------------------------===//
// Mapping
//===----------------------------------------------------------------------===//

Objection NetworkMapper::mapContraction(linalg::LinalgOp op) {
  Contraction contraction;
  if (Objection objection = planContraction(op, contraction))
    return objection;
  if (!contraction.operands.isDepthwise()) {
    mapToArray(op, contraction);
    return std::nullopt;
  }
  const DepthwiseChoice &choice = chooseDepthwise(op);
  reportChoice(op, choice, contraction.whyNotArray);
  if (choice.isOnArray)
    mapToArray(op, contraction);
  else
    mapDepthwiseToNest(op);
  return std::nullopt;
}

void NetworkMapper::mapToArray(linalg::LinalgOp op,
                               const Contraction &contraction) {
  const ArrayOperands &operands = contraction.operands;
  Value accumulators = op->getResult(0);
  if (auto merged = getMergedChannels(accumulators))
    accumulators = merged.getResult();
  // Weights in front leave their result as an image, which is reshaped.
  linalg::GenericOp epilogue;
  if (!operands.isTransposed)
    epilogue = getEpilogue(accumulators);
  if (epilogue)
    builder.setInsertionPoint(epilogue);
  Value replaced = epilogue ? epilogue->getResult(0) : accumulators;
  auto type = cast<RankedTensorType>(replaced.getType());
  Location loc =
      builder.getFusedLoc({op.getLoc(), replaced.getDefiningOp()->getLoc()});
  std::string name = makeLayerName(operands.kind);
  Value source = getMappedData(contraction.data, op.getLoc());
  auto dataType = cast<RankedTensorType>(source.getType());
  if (operands.isTransposed) {
    source = tensor::ExpandShapeOp::create(
        builder, loc, getImageType(dataType), source,
        getImageReassociation(dataType.getRank()));
    dataType = getImageType(dataType);
  }
  RankedTensorType layerType =
      operands.isTransposed ? getImageType(type) : type;
  Value weights = operands.isRunTime
                      ? createRunTimeWeights(name, contraction, op.getLoc())
                      : createWeights(name, contraction, op.getLoc());
  sim::PackedWeights packed = getPackedShape(weights);
  sim::Window window = getWindow(contraction.data, dataType, layerType);
  setKernel(window, op);
  window.channels =
      packed.matrixColumns / (window.kernelHeight * window.kernelWidth);
  int64_t dataTerms = contraction.data.getDataTerms();
  auto layer = ContractOp::create(
      builder, loc, layerType, name, source, weights, ValueRange(),
      WindowAttr::get(builder.getContext(), window), dataTerms);
  SmallVector<Value> others = buildBody(layer.getBody(), epilogue, accumulators,
                                        builder.getI32Type(), loc);
  layer.getEpilogueOperandsMutable().assign(others);
  Value result = layer.getResult();
  if (operands.isTransposed)
    result = tensor::CollapseShapeOp::create(
        builder, loc, type, result, getImageReassociation(type.getRank()));
  mapping.map(replaced, result);
  if (epilogue)
    fused.insert(epilogue);
  packed.promises.dataTerms = dataTerms;
  reportArrayLayer(op, name, packed);
}

void NetworkMapper::reportArrayLayer(linalg::LinalgOp op, StringRef name,
                                     const sim::PackedWeights &weights) {
  int64_t tiles =
      weights.blocks * countTiles(weights.rows, weights.arrayColumns,
                                  target.getRows(), target.getColumns());
  passed(op.getLoc(), "mapped")
      << remark::add("layer {0} runs on the array", name)
      << remark::metric("blocks", weights.blocks)
      << remark::metric("rows", weights.rows)
      << remark::metric("array columns", weights.arrayColumns)
      << remark::metric("tiles", tiles)
      << remark::metric(
             "cycles per step",
             target.getCellModel()->getCyclesPerStep(weights.promises));
}

//===----------------------------------------------------------------------===//
// Depthwise convolutions
//===----------------------------------------------------------------------===//

const DepthwiseChoice &NetworkMapper::chooseDepthwise(linalg::LinalgOp op) {
  if (trial)
    return *trial;
  auto [it, isNew] = depthwiseChoices.try_emplace(op);
  if (!isNew)
    return it->second;
  DepthwiseChoice choice =
      colonnade::chooseDepthwise(op, getEpilogue(op->getResult(0)), target);
  if (depthwisePlace != DepthwisePlace::Cheaper && choice.blocks != 0)
    choice.isOnArray = depthwisePlace == DepthwisePlace::Array;
  return it->second = choice;
}

void NetworkMapper::reportChoice(linalg::LinalgOp op,
                                 const DepthwiseChoice &choice,
                                 const Objection &whyNotArray) {
  auto report = passed(op.getLoc(), "depthwise");
  report << remark::add("runs on the {0}",
                        choice.isOnArray ? "array" : "vector unit")
         << remark::metric("blocks", choice.blocks);
  if (choice.arrayCycles)
    report << remark::metric("array cycles", *choice.arrayCycles);
  if (choice.vectorCycles)
    report << remark::metric("vector cycles", *choice.vectorCycles);
  if (whyNotArray)
    report << remark::reason("not on the array: {0}", *whyNotArray);
}

/// What the convolution reads, with its terms selected and its padding made.
Value NetworkMapper::createPadded(linalg::LinalgOp op) {
  LayerData data = getLayerData(op.getDpsInputs()[0], op);
  Value source = getMappedData(data, op.getLoc());
  Value padded = op.getDpsInputs()[0];
  if (auto select = padded.getDefiningOp<TermQuantizeOp>())
    if (data.terms)
      padded = select->getOperand(0);
  auto pad = padded.getDefiningOp<tensor::PadOp>();
  if (!pad || data.source != pad.getSource())
    return source;
  // Zeros have no terms: selecting before padding is the same.
  if (data.terms || lookup(pad.getResult()) == pad.getResult())
    return createBorders(pad, source);
  return lookup(pad.getResult());
}

/// (channel, row, column) x taps: extend, multiply, add.
void NetworkMapper::mapDepthwiseToNest(linalg::LinalgOp op) {
  Location loc = op.getLoc();
  Value data = createPadded(op), weights = op.getDpsInputs()[1];
  auto type = cast<RankedTensorType>(op->getResult(0).getType());
  sim::Window w;
  setKernel(w, op);
  SmallVector<int64_t> extents(type.getShape());
  extents.append({w.kernelHeight, w.kernelWidth});
  AffineExpr n, c, y, x, i, j;
  bindDims(builder.getContext(), n, c, y, x, i, j);
  AffineMap dataMap =
      AffineMap::get(6, 0,
                     {n, c, y * w.strideHeight + i * w.dilationHeight,
                      x * w.strideWidth + j * w.dilationWidth},
                     builder.getContext());
  AffineMap weightMap = AffineMap::get(6, 0, {c, i, j}, builder.getContext());
  std::string name = makeLayerName("depthwise");
  auto nest = NestOp::create(
      builder, loc, type, builder.getStringAttr(name),
      ValueRange{data, weights}, builder.getDenseI64ArrayAttr(extents),
      builder.getI64IntegerAttr(2),
      builder.getAffineMapArrayAttr({dataMap, weightMap}),
      builder.getI32IntegerAttr(0));
  OpBuilder::InsertionGuard guard(builder);
  Type i8 = builder.getI8Type(), i32 = builder.getI32Type();
  Block *body =
      builder.createBlock(&nest.getBody(), {}, {i8, i8, i32}, {loc, loc, loc});
  Value a = arith::ExtSIOp::create(builder, loc, i32, body->getArgument(0));
  Value b = arith::ExtSIOp::create(builder, loc, i32, body->getArgument(1));
  Value product = arith::MulIOp::create(builder, loc, a, b);
  YieldOp::create(
      builder, loc,
      arith::AddIOp::create(builder, loc, body->getArgument(2), product));
  mapping.map(op->getResult(0), nest.getResult());
  accept(op, name);
}
