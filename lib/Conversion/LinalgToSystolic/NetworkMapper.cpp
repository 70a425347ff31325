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
#include "NestForms.h"
#include "colonnade/Conversion/LinalgToSystolic/WeightPacking.h"
#include "colonnade/Dialect/Colonnade/IR/Contractions.h"
#include "colonnade/Dialect/Colonnade/IR/MatrixView.h"
#include "colonnade/Dialect/Colonnade/IR/Promises.h"
#include "colonnade/Packing/ConflictPruning.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace colonnade;
using namespace colonnade::systolic;

void NetworkMapper::run() {
  if (!trial)
    rewriteToNestForms(function);
  generalizeNamedOps();
  moveToEpilogues();
  for (Operation &op : llvm::make_early_inc_range(function.getBody().front()))
    mapOp(&op);
  Operation *terminator = function.getBody().front().getTerminator();
  for (OpOperand &operand : terminator->getOpOperands())
    operand.set(lookup(operand.get()));
  fuseTermSelection();
  eraseDeadOps();
  resolveMovement();
}

bool colonnade::isPooling(Operation *op) {
  return isa<linalg::PoolingNchwMaxOp, linalg::PoolingNchwSumOp>(op);
}

/// Floats are pooled by nests: windows compute with integers.
static bool isFloatPooling(Operation *op) {
  return isPooling(op) &&
         isa<FloatType>(getElementTypeOrSelf(op->getOperand(0).getType()));
}

/// Named ops that only say in short what a loop nest says.
void NetworkMapper::generalizeNamedOps() {
  IRRewriter rewriter(function.getContext());
  for (auto op : llvm::make_early_inc_range(
           function.getBody().front().getOps<linalg::LinalgOp>())) {
    if (isa<linalg::GenericOp, linalg::FillOp, linalg::TransposeOp>(op) ||
        (isPooling(op) && !isFloatPooling(op)) || isContraction(op))
      continue;
    rewriter.setInsertionPoint(op);
    // What cannot be generalized is rejected by name.
    (void)linalg::generalizeNamedOp(rewriter, op);
  }
}

/// Whether the array is the only place for a generic op: int8 products.
static bool isInt8Contraction(linalg::LinalgOp op) {
  return isContraction(op) && llvm::all_of(op.getDpsInputs(), [](Value input) {
           return getElementTypeOrSelf(input.getType()).isInteger(8);
         });
}

void NetworkMapper::mapOp(Operation *op) {
  builder.setInsertionPoint(op);
  auto linalgOp = dyn_cast<linalg::LinalgOp>(op);
  auto generic = dyn_cast<linalg::GenericOp>(op);
  Objection objection;
  if (auto cast = dyn_cast<DropEncodingOp>(op))
    mapping.map(cast.getResult(), lookup(cast.getSource()));
  else if (auto rounding = dyn_cast<BlockQuantizeOp>(op))
    objection = mapBlockQuantize(rounding);
  else if (isViewOp(op) ||
           isa<tensor::ConcatOp, tensor::InsertSliceOp, tensor::PadOp>(op))
    objection = mapMovement(op);
  else if (!linalgOp || fused.contains(op))
    return;
  else if (auto fill = dyn_cast<linalg::FillOp>(op))
    objection = mapFill(fill);
  else if (hasBlockCells() && isFloatContraction(linalgOp))
    objection = mapFloatContraction(linalgOp);
  else if (hasBlockCells() && isInt8Contraction(linalgOp))
    objection = llvm::formatv(
        "cells of type {0} multiply blocks; 8-bit networks need mac, "
        "bit_serial or term cells",
        target.getCell());
  else if (isInt8Contraction(linalgOp) || (isContraction(linalgOp) && !generic))
    objection = mapContraction(linalgOp);
  else if (isPooling(op))
    objection = mapPooling(linalgOp);
  else if (generic)
    objection = mapGeneric(generic);
  else
    objection = "the machine has no mapping for this op";
  if (objection)
    reject(op, *objection);
}

//===----------------------------------------------------------------------===//
// What layers read
//===----------------------------------------------------------------------===//

/// Zero padding of the last two dimensions of an image, or nothing.
static tensor::PadOp getZeroPad(Value value) {
  auto pad = value.getDefiningOp<tensor::PadOp>();
  if (!pad || pad.getResultType().getRank() < 4 || !pad.getLow().empty() ||
      !pad.getHigh().empty())
    return {};
  Value padding = pad.getConstantPaddingValue();
  ArrayRef<int64_t> low = pad.getStaticLow(), high = pad.getStaticHigh();
  auto isZero = [](int64_t size) { return size == 0; };
  if (!padding || !matchPattern(padding, m_Zero()) ||
      !llvm::all_of(low.drop_back(2), isZero) ||
      !llvm::all_of(high.drop_back(2), isZero))
    return {};
  return pad;
}

/// Whether every window of `reader` over the padded tensor reads at least one
/// element that is not padding.
static bool reachesTensor(linalg::LinalgOp reader, tensor::PadOp pad) {
  sim::Window w;
  setKernel(w, reader);
  int64_t reach[] = {(w.kernelHeight - 1) * w.dilationHeight,
                     (w.kernelWidth - 1) * w.dilationWidth};
  for (auto [low, high, most] :
       llvm::zip_equal(pad.getStaticLow().take_back(2),
                       pad.getStaticHigh().take_back(2), ArrayRef(reach)))
    if (low > most || high > most)
      return false;
  return true;
}

/// Selections absorb a padding if all their readers do.
bool NetworkMapper::absorbs(Operation *reader, tensor::PadOp pad) {
  if (isa<TermQuantizeOp>(reader))
    return llvm::all_of(reader->getUsers(),
                        [&](Operation *user) { return absorbs(user, pad); });
  if (!isa<linalg::Conv2DNchwFchwOp, linalg::Conv2DNgchwGfchwOp,
           linalg::DepthwiseConv2DNchwChwOp, linalg::PoolingNchwSumOp>(reader))
    return false;
  auto op = cast<linalg::LinalgOp>(reader);
  return reachesTensor(op, pad) &&
         (!isa<linalg::DepthwiseConv2DNchwChwOp>(reader) ||
          chooseDepthwise(op).isOnArray);
}

bool NetworkMapper::isAbsorbed(tensor::PadOp op) {
  return getZeroPad(op.getResult()) &&
         llvm::all_of(op->getUsers(),
                      [&](Operation *user) { return absorbs(user, op); });
}

LayerData NetworkMapper::getLayerData(Value value,
                                      linalg::LinalgOp reader) const {
  LayerData data;
  if (auto select = value.getDefiningOp<TermQuantizeOp>()) {
    TermsAttr terms = getTermsPromise(select.getType());
    if (terms && terms.getGroup() == 1) {
      data.terms = terms;
      value = select->getOperand(0);
    }
  }
  tensor::PadOp pad = getZeroPad(value);
  if (pad && reachesTensor(reader, pad)) {
    data.padTop = pad.getStaticLow().take_back(2)[0];
    data.padLeft = pad.getStaticLow().back();
    value = pad.getSource();
  }
  data.source = value;
  return data;
}

Value NetworkMapper::getMappedData(const LayerData &data, Location loc) {
  if (!data.terms)
    return lookup(data.source);
  // Selection commutes with reshapes and transposes: select where the value is
  // made.
  SmallVector<Operation *> views;
  Value root = data.source;
  while (Operation *op = root.getDefiningOp()) {
    if (!isa<tensor::CollapseShapeOp, tensor::ExpandShapeOp,
             linalg::TransposeOp>(op))
      break;
    views.push_back(op);
    root = getViewSource(op);
  }
  Value result = selectTerms(root, data.terms, loc);
  for (Operation *view : llvm::reverse(views)) {
    IRMapping selection;
    selection.map(getViewSource(view), result);
    result = builder.clone(*view, selection)->getResult(0);
  }
  return result;
}

static sim::Window getPointWindow(const TensorLayout &layout) {
  sim::Window window;
  window.channels = layout.channels;
  window.height = window.outHeight = layout.height;
  window.width = window.outWidth = layout.width;
  return window;
}

//===----------------------------------------------------------------------===//
// Bodies
//===----------------------------------------------------------------------===//

linalg::GenericOp NetworkMapper::findEpilogue(Value result) const {
  if (!result.hasOneUse())
    return {};
  OpOperand &use = *result.getUses().begin();
  auto generic = dyn_cast<linalg::GenericOp>(use.getOwner());
  if (!generic || generic->getBlock() != result.getParentBlock() ||
      checkEpilogue(generic, use))
    return {};
  return generic;
}

void NetworkMapper::moveToEpilogues() {
  // Each op once: two that have one epilogue would pass each other for ever.
  for (linalg::LinalgOp op :
       llvm::to_vector(function.getBody().front().getOps<linalg::LinalgOp>())) {
    if (!isContraction(op) && !isPooling(op))
      continue;
    Operation *last = op;
    if (auto merged = getMergedChannels(op->getResult(0)))
      last = merged;
    linalg::GenericOp epilogue = findEpilogue(last->getResult(0));
    if (!epilogue)
      continue;
    last->moveBefore(epilogue);
    if (last != op)
      op->moveBefore(last);
  }
}

linalg::GenericOp NetworkMapper::getEpilogue(Value result) const {
  linalg::GenericOp epilogue = findEpilogue(result);
  bool isNext = epilogue && result.getDefiningOp() == epilogue->getPrevNode();
  return isNext ? epilogue : linalg::GenericOp();
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
    AffineMap map = epilogue.getMatchingIndexingMap(input);
    Value argument = epilogue.getMatchingBlockArgument(input);
    if (input->get() == first && map.isIdentity()) {
      scalars.map(argument, body->getArgument(0));
      continue;
    }
    if (TypedAttr value = getUniformValue(input->get())) {
      scalars.map(argument, arith::ConstantOp::create(builder, loc, value));
      continue;
    }
    scalars.map(argument, body->addArgument(argument.getType(), loc));
    others.push_back(getEpilogueOperand(*input, map, loc));
  }
  cloneScalars(*epilogue.getBody(), scalars);
  return others;
}

/// The operand itself, or the vector of the constants it has per channel.
Value NetworkMapper::getEpilogueOperand(OpOperand &input, AffineMap map,
                                        Location loc) {
  ElementsAttr vector =
      getChannelConstant(input.get(), map, getChannelDims(map.getNumDims()));
  if (!vector)
    return lookup(input.get());
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(&function.getBody().front());
  return arith::ConstantOp::create(builder, loc, cast<TypedAttr>(vector));
}

void NetworkMapper::cloneScalars(Block &from, IRMapping &scalars) {
  for (Operation &scalar : from) {
    for (Value operand : scalar.getOperands())
      if (operand.getParentBlock() != &from && !scalars.contains(operand))
        scalars.map(operand,
                    builder.clone(*operand.getDefiningOp())->getResult(0));
    if (auto yield = dyn_cast<linalg::YieldOp>(scalar))
      YieldOp::create(builder, yield.getLoc(),
                      scalars.lookup(yield.getOperand(0)));
    else
      builder.clone(scalar, scalars);
  }
}

//===----------------------------------------------------------------------===//
// Layers
//===----------------------------------------------------------------------===//

sim::Window colonnade::getWindow(const LayerData &data, Type dataType,
                                 Type resultType) {
  FailureOr<TensorLayout> input = getTensorLayout(dataType);
  FailureOr<TensorLayout> output = getTensorLayout(resultType);
  sim::Window window = getPointWindow(*input);
  window.padTop = data.padTop;
  window.padLeft = data.padLeft;
  window.outHeight = output->height;
  window.outWidth = output->width;
  return window;
}

Objection NetworkMapper::mapPooling(linalg::LinalgOp op) {
  if (Objection objection = checkPooling(op))
    return objection;
  bool isSum = isa<linalg::PoolingNchwSumOp>(op);
  LayerData data;
  data.source = op.getDpsInputs().front();
  if (isSum && !data.source.getDefiningOp<TermQuantizeOp>())
    data = getLayerData(data.source, op);
  sim::Window window =
      getWindow(data, data.source.getType(), op->getResult(0).getType());
  setKernel(window, op);
  linalg::GenericOp epilogue = getEpilogue(op->getResult(0));
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

//===----------------------------------------------------------------------===//
// Reports and clean-up
//===----------------------------------------------------------------------===//

std::string NetworkMapper::makeLayerName(StringRef kind) {
  return (kind + llvm::Twine(++layerCounts[kind])).str();
}

remark::detail::InFlightRemark NetworkMapper::passed(Location loc,
                                                     StringRef name) const {
  if (trial)
    return {};
  return remark::passed(loc,
                        remark::RemarkOpts::name(name).category("systolic"));
}

void NetworkMapper::accept(Operation *op, StringRef layer) {
  passed(op->getLoc(), "mapped")
      << remark::add("layer {0} runs on the vector unit", layer);
}

void NetworkMapper::reject(Operation *op, StringRef reason) {
  op->setAttr(SystolicDialect::getRejectedAttrName(),
              builder.getStringAttr(reason));
  if (trial)
    return;
  remark::missed(op->getLoc(),
                 remark::RemarkOpts::name("rejected").category("systolic"))
      << remark::reason("{0}", reason);
}

void NetworkMapper::eraseDeadOps() {
  for (Operation &op :
       llvm::make_early_inc_range(llvm::reverse(function.getBody().front())))
    if (op.use_empty() && isMemoryEffectFree(&op) &&
        !op.hasTrait<OpTrait::IsTerminator>())
      op.erase();
}
