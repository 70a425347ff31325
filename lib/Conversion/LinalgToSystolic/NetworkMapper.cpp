//===- NetworkMapper.cpp - Maps one function of linalg -*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See the header.
//
//===----------------------------------------------------------------------===//

#include "NetworkMapper.h"
#include "colonnade/Conversion/LinalgToSystolic/WeightPacking.h"
#include "colonnade/Dialect/Colonnade/IR/Contractions.h"
#include "colonnade/Dialect/Colonnade/IR/MatrixView.h"
#include "colonnade/Dialect/Colonnade/IR/Promises.h"
#include "colonnade/Packing/ConflictPruning.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/Remarks.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace colonnade;
using namespace colonnade::systolic;

void NetworkMapper::run() {
  for (Operation &op : llvm::make_early_inc_range(function.getBody().front()))
    mapOp(&op);
  Operation *terminator = function.getBody().front().getTerminator();
  for (OpOperand &operand : terminator->getOpOperands())
    operand.set(lookup(operand.get()));
  fuseTermSelection();
  eraseDeadOps();
}

void NetworkMapper::mapOp(Operation *op) {
  builder.setInsertionPoint(op);
  if (auto pad = dyn_cast<tensor::PadOp>(op))
    return mapPad(pad);
  if (isa<tensor::CollapseShapeOp, tensor::ExpandShapeOp>(op)) {
    if (lookup(op->getOperand(0)) != op->getOperand(0))
      builder.clone(*op, mapping);
    return;
  }
  auto linalgOp = dyn_cast<linalg::LinalgOp>(op);
  if (!linalgOp || isa<linalg::FillOp>(op) || fused.contains(op))
    return;
  Objection objection;
  if (isContraction(linalgOp))
    objection = mapContraction(linalgOp);
  else if (isa<linalg::PoolingNchwMaxOp, linalg::PoolingNchwSumOp>(op))
    objection = mapPooling(linalgOp);
  else if (auto generic = dyn_cast<linalg::GenericOp>(op))
    objection = mapElementwise(generic);
  else
    objection = "the machine has no mapping for this op";
  if (objection)
    reject(op, *objection);
}

//===----------------------------------------------------------------------===//
// What layers read
//===----------------------------------------------------------------------===//

/// Zero padding of the last two dimensions, or nothing.
static tensor::PadOp getZeroPad(Value value) {
  auto pad = value.getDefiningOp<tensor::PadOp>();
  if (!pad || pad.getResultType().getRank() != 4 || !pad.getLow().empty() ||
      !pad.getHigh().empty())
    return {};
  Value padding = pad.getConstantPaddingValue();
  ArrayRef<int64_t> low = pad.getStaticLow(), high = pad.getStaticHigh();
  if (!padding || !matchPattern(padding, m_Zero()) || low[0] || low[1] ||
      high[0] || high[1])
    return {};
  return pad;
}

LayerData NetworkMapper::getLayerData(Value value) const {
  LayerData data;
  if (auto select = value.getDefiningOp<TermQuantizeOp>()) {
    TermsAttr terms = getTermsPromise(select.getType());
    if (terms && terms.getGroup() == 1) {
      data.terms = terms;
      value = select->getOperand(0);
    }
  }
  if (tensor::PadOp pad = getZeroPad(value)) {
    data.padTop = pad.getStaticLow()[2];
    data.padLeft = pad.getStaticLow()[3];
    value = pad.getSource();
  }
  data.source = value;
  return data;
}

Value NetworkMapper::getMappedData(const LayerData &data, Location loc) {
  if (!data.terms)
    return lookup(data.source);
  // Selection commutes with reshapes: select where the value is made.
  if (auto collapse = data.source.getDefiningOp<tensor::CollapseShapeOp>()) {
    Value source = selectTerms(collapse.getSrc(), data.terms, loc);
    return tensor::CollapseShapeOp::create(builder, collapse.getLoc(),
                                           collapse.getResultType(), source,
                                           collapse.getReassociation());
  }
  return selectTerms(data.source, data.terms, loc);
}

static sim::Window getPointWindow(const TensorLayout &layout) {
  sim::Window window;
  window.channels = layout.channels;
  window.height = window.outHeight = layout.height;
  window.width = window.outWidth = layout.width;
  return window;
}

Value NetworkMapper::selectTerms(Value value, TermsAttr terms, Location loc) {
  Value &result = selected[{value, terms}];
  if (result)
    return result;
  Value input = lookup(value);
  FailureOr<TensorLayout> layout = getTensorLayout(input.getType());
  auto op = VectorOp::create(
      builder, loc, input.getType(), makeLayerName("select"), ValueRange(input),
      ReductionKind::None,
      WindowAttr::get(builder.getContext(), getPointWindow(*layout)));
  OpBuilder::InsertionGuard guard(builder);
  Block *body =
      builder.createBlock(&op.getBody(), {}, builder.getI8Type(), loc);
  Value encoded = EncodeTermsOp::create(builder, loc, builder.getI8Type(),
                                        body->getArgument(0), terms.getBudget(),
                                        stringifyDigitSet(terms.getDigits()));
  YieldOp::create(builder, loc, encoded);
  return result = op.getResult();
}

//===----------------------------------------------------------------------===//
// Bodies
//===----------------------------------------------------------------------===//

linalg::GenericOp NetworkMapper::getEpilogue(linalg::LinalgOp op) const {
  Value result = op->getResult(0);
  if (!result.hasOneUse())
    return {};
  auto generic = dyn_cast<linalg::GenericOp>(*result.getUsers().begin());
  if (!generic || checkElementwise(generic) ||
      generic->getBlock() != op->getBlock())
    return {};
  OpOperand &use = *result.getUses().begin();
  if (!generic.isDpsInput(&use) ||
      !generic.getMatchingIndexingMap(&use).isIdentity())
    return {};
  return generic;
}

SmallVector<Value> NetworkMapper::buildBody(Region &region,
                                            linalg::GenericOp epilogue,
                                            Value first, Type firstType,
                                            Location loc) {
  OpBuilder::InsertionGuard guard(builder);
  Block *body = builder.createBlock(&region, {}, firstType, loc);
  if (!epilogue) {
    YieldOp::create(builder, loc, body->getArgument(0));
    return {};
  }
  IRMapping scalars;
  SmallVector<Value> others;
  for (OpOperand *input : epilogue.getDpsInputOperands()) {
    Value argument = epilogue.getMatchingBlockArgument(input);
    bool isFirst = input->get() == first &&
                   epilogue.getMatchingIndexingMap(input).isIdentity();
    if (!isFirst) {
      others.push_back(lookup(input->get()));
      scalars.map(argument, body->addArgument(argument.getType(), loc));
    } else {
      scalars.map(argument, body->getArgument(0));
    }
  }
  for (Operation &scalar : *epilogue.getBody()) {
    for (Value operand : scalar.getOperands())
      if (operand.getParentBlock() != epilogue.getBody() &&
          !scalars.contains(operand))
        scalars.map(operand,
                    builder.clone(*operand.getDefiningOp())->getResult(0));
    if (auto yield = dyn_cast<linalg::YieldOp>(scalar))
      YieldOp::create(builder, yield.getLoc(),
                      scalars.lookup(yield.getOperand(0)));
    else
      builder.clone(scalar, scalars);
  }
  return others;
}

//===----------------------------------------------------------------------===//
// Layers
//===----------------------------------------------------------------------===//

/// Strides and dilations of a named convolution or pooling op.
template <typename OpTy> static void setSteps(sim::Window &window, OpTy op) {
  auto strides = op.getStrides().template getValues<int64_t>();
  auto dilations = op.getDilations().template getValues<int64_t>();
  window.strideHeight = strides[0];
  window.strideWidth = strides[1];
  window.dilationHeight = dilations[0];
  window.dilationWidth = dilations[1];
}

static sim::Window getWindow(const LayerData &data, Value result) {
  FailureOr<TensorLayout> input = getTensorLayout(data.source.getType());
  FailureOr<TensorLayout> output = getTensorLayout(result.getType());
  sim::Window window = getPointWindow(*input);
  window.padTop = data.padTop;
  window.padLeft = data.padLeft;
  window.outHeight = output->height;
  window.outWidth = output->width;
  return window;
}

static WeightsOp createWeights(OpBuilder &builder, Location loc, StringRef name,
                               const WeightOperand &operand, int64_t dataTerms,
                               TargetAttr target) {
  auto type = cast<RankedTensorType>(operand.weights->get().getType());
  ElementsAttr constant;
  matchPattern(operand.weights->get(), m_Constant(&constant));
  MatrixView view(type.getShape(), operand.rowAxis);
  std::vector<int8_t> matrix = view.toMatrix(*readInt8Values(constant));
  PackingPlan plan = llvm::cantFail(
      planPacking(type, operand.rowAxis, operand.inputChannelAxis, dataTerms,
                  target.getColumns(), *target.getCellModel()));
  sim::PackedWeights packed =
      packWeights(plan, matrix, view.getRows(), view.getColumns());
  SmallVector<int64_t, 3> shape = {packed.rows, packed.arrayColumns,
                                   packed.depth};
  auto values = RankedTensorType::get(shape, builder.getI8Type());
  auto streams = RankedTensorType::get(
      {packed.arrayColumns, packed.depth, packed.fanIn}, builder.getI32Type());
  ArrayRef<int8_t> selects(
      reinterpret_cast<const int8_t *>(packed.selects.data()),
      packed.selects.size());
  return WeightsOp::create(
      builder, loc, PackedWeightsType::get(builder.getContext()), name, type,
      operand.rowAxis, packed.promises.weightTerms,
      DenseElementsAttr::get(values, ArrayRef<int8_t>(packed.values)),
      DenseElementsAttr::get(values, selects),
      DenseElementsAttr::get(streams, ArrayRef<int32_t>(packed.streams)),
      llvm::utohexstr(packed.digest, /*LowerCase=*/true, /*Width=*/16),
      IntegerAttr());
}

Objection NetworkMapper::mapContraction(linalg::LinalgOp op) {
  if (Objection objection = checkContraction(op))
    return objection;
  WeightOperand weights = *getWeightOperand(op);
  LayerData data = getLayerData(weights.data->get());
  linalg::GenericOp epilogue = getEpilogue(op);
  sim::Window window = getWindow(data, op->getResult(0));
  if (auto conv = dyn_cast<linalg::Conv2DNchwFchwOp>(op.getOperation())) {
    auto filter = cast<RankedTensorType>(weights.weights->get().getType());
    window.kernelHeight = filter.getDimSize(2);
    window.kernelWidth = filter.getDimSize(3);
    setSteps(window, conv);
  }
  if (epilogue)
    builder.setInsertionPoint(epilogue);
  Operation *last = epilogue ? epilogue.getOperation() : op.getOperation();
  std::string name =
      makeLayerName(isa<linalg::MatmulOp>(op) ? "matmul" : "conv");
  Value source = getMappedData(data, op.getLoc());
  auto packed = createWeights(builder, op.getLoc(), name, weights,
                              data.getDataTerms(), target);
  Location loc = builder.getFusedLoc({op.getLoc(), last->getLoc()});
  auto layer = ContractOp::create(builder, loc, last->getResult(0).getType(),
                                  name, source, packed, ValueRange(),
                                  WindowAttr::get(builder.getContext(), window),
                                  data.getDataTerms());
  SmallVector<Value> others = buildBody(
      layer.getBody(), epilogue, op->getResult(0), builder.getI32Type(), loc);
  layer.getEpilogueOperandsMutable().assign(others);
  mapping.map(last->getResult(0), layer.getResult());
  if (epilogue)
    fused.insert(epilogue);
  sim::PackedWeights matrix = packed.getPackedWeights();
  int64_t nonzeros =
      matrix.values.size() - llvm::count(matrix.values, int8_t(0));
  sim::OperandPromises promises = matrix.promises;
  promises.dataTerms = data.getDataTerms();
  remark::passed(op.getLoc(),
                 remark::RemarkOpts::name("mapped").category("systolic"))
      << remark::add("layer {0} runs on the array", name)
      << remark::metric("rows", matrix.rows)
      << remark::metric("array columns", matrix.arrayColumns)
      << remark::metric("tiles",
                        countTiles(matrix.rows, matrix.arrayColumns,
                                   target.getRows(), target.getColumns()))
      << remark::metric("cycles per step",
                        target.getCellModel()->getCyclesPerStep(promises))
      << remark::metric("utilization",
                        double(nonzeros) / double(matrix.values.size()));
  return std::nullopt;
}

Objection NetworkMapper::mapPooling(linalg::LinalgOp op) {
  if (Objection objection = checkPooling(op))
    return objection;
  bool isSum = isa<linalg::PoolingNchwSumOp>(op);
  LayerData data;
  data.source = op.getDpsInputs().front();
  if (isSum && !data.source.getDefiningOp<TermQuantizeOp>())
    data = getLayerData(data.source);
  sim::Window window = getWindow(data, op->getResult(0));
  auto kernel = cast<RankedTensorType>(op.getDpsInputs()[1].getType());
  window.kernelHeight = kernel.getDimSize(0);
  window.kernelWidth = kernel.getDimSize(1);
  if (auto sum = dyn_cast<linalg::PoolingNchwSumOp>(op.getOperation()))
    setSteps(window, sum);
  else
    setSteps(window, cast<linalg::PoolingNchwMaxOp>(op.getOperation()));
  linalg::GenericOp epilogue = getEpilogue(op);
  if (epilogue)
    builder.setInsertionPoint(epilogue);
  Operation *last = epilogue ? epilogue.getOperation() : op.getOperation();
  std::string name = makeLayerName("pool");
  Location loc = builder.getFusedLoc({op.getLoc(), last->getLoc()});
  auto layer =
      VectorOp::create(builder, loc, last->getResult(0).getType(), name,
                       ValueRange(lookup(data.source)),
                       isSum ? ReductionKind::Sum : ReductionKind::Maximum,
                       WindowAttr::get(builder.getContext(), window));
  SmallVector<Value> others =
      buildBody(layer.getBody(), epilogue, op->getResult(0),
                isSum ? builder.getI32Type() : builder.getI8Type(), loc);
  layer.getInputsMutable().append(others);
  mapping.map(last->getResult(0), layer.getResult());
  if (epilogue)
    fused.insert(epilogue);
  accept(op, name);
  return std::nullopt;
}

Objection NetworkMapper::mapElementwise(linalg::GenericOp op) {
  if (Objection objection = checkElementwise(op))
    return objection;
  OpOperand *first = nullptr;
  for (OpOperand *input : op.getDpsInputOperands())
    if (!first && op.getMatchingIndexingMap(input).isIdentity())
      first = input;
  if (!first)
    return std::string("one input must be indexed like the result");
  std::string name = makeLayerName("vector");
  Value input = lookup(first->get());
  FailureOr<TensorLayout> layout = getTensorLayout(input.getType());
  auto layer = VectorOp::create(
      builder, op.getLoc(), op->getResult(0).getType(), name, ValueRange(input),
      ReductionKind::None,
      WindowAttr::get(builder.getContext(), getPointWindow(*layout)));
  SmallVector<Value> others = buildBody(
      layer.getBody(), op, first->get(),
      cast<RankedTensorType>(input.getType()).getElementType(), op.getLoc());
  layer.getInputsMutable().append(others);
  mapping.map(op->getResult(0), layer.getResult());
  accept(op, name);
  return std::nullopt;
}

void NetworkMapper::mapPad(tensor::PadOp op) {
  auto isAbsorbed = [](Operation *user) {
    return isa<linalg::Conv2DNchwFchwOp, linalg::PoolingNchwSumOp,
               TermQuantizeOp>(user);
  };
  tensor::PadOp zeroPad = getZeroPad(op.getResult());
  if (zeroPad && llvm::all_of(op->getUsers(), isAbsorbed))
    return;
  FailureOr<TensorLayout> input = getTensorLayout(op.getSource().getType());
  if (!zeroPad || failed(input) || input->elementBytes != 1)
    return reject(op, "the vector unit pads the rows and columns of i8 "
                      "tensors with zeros");
  LayerData data = getLayerData(op.getResult());
  std::string name = makeLayerName("pad");
  auto layer = VectorOp::create(
      builder, op.getLoc(), op.getType(), name, ValueRange(lookup(data.source)),
      ReductionKind::Sum,
      WindowAttr::get(builder.getContext(), getWindow(data, op.getResult())));
  OpBuilder::InsertionGuard guard(builder);
  Block *body = builder.createBlock(&layer.getBody(), {}, builder.getI32Type(),
                                    op.getLoc());
  Value value = arith::TruncIOp::create(
      builder, op.getLoc(), builder.getI8Type(), body->getArgument(0));
  YieldOp::create(builder, op.getLoc(), value);
  mapping.map(op.getResult(), layer.getResult());
  accept(op, name);
}

//===----------------------------------------------------------------------===//
// Reports and clean-up
//===----------------------------------------------------------------------===//

std::string NetworkMapper::makeLayerName(StringRef kind) {
  return (kind + llvm::Twine(++layerCounts[kind])).str();
}

void NetworkMapper::accept(Operation *op, StringRef layer) {
  remark::passed(op->getLoc(),
                 remark::RemarkOpts::name("mapped").category("systolic"))
      << remark::add("layer {0} runs on the vector unit", layer);
}

void NetworkMapper::reject(Operation *op, StringRef reason) {
  op->setAttr(SystolicDialect::getRejectedAttrName(),
              builder.getStringAttr(reason));
  remark::missed(op->getLoc(),
                 remark::RemarkOpts::name("rejected").category("systolic"))
      << remark::reason("{0}", reason);
}

/// A selection whose input is made by one layer for it alone joins that layer.
void NetworkMapper::fuseTermSelection() {
  for (auto select : llvm::make_early_inc_range(
           function.getBody().front().getOps<VectorOp>())) {
    Block &body = select.getBody().front();
    auto encode = dyn_cast<EncodeTermsOp>(body.front());
    Operation *producer = select.getInputs().front().getDefiningOp();
    if (!encode || select.getInputs().size() != 1 || !producer ||
        !producer->getResult(0).hasOneUse() ||
        !isa<ContractOp, VectorOp>(producer))
      continue;
    auto yield = cast<YieldOp>(producer->getRegion(0).front().getTerminator());
    builder.setInsertionPoint(yield);
    Value value = EncodeTermsOp::create(builder, encode.getLoc(),
                                        encode.getType(), yield.getValue(),
                                        encode.getTerms(), encode.getDigits());
    yield.getValueMutable().assign(value);
    select.getResult().replaceAllUsesWith(producer->getResult(0));
    select.erase();
  }
}

void NetworkMapper::eraseDeadOps() {
  for (Operation &op :
       llvm::make_early_inc_range(llvm::reverse(function.getBody().front())))
    if (op.use_empty() && isMemoryEffectFree(&op) &&
        !op.hasTrait<OpTrait::IsTerminator>())
      op.erase();
}
