//===- BlockOps.cpp - Products of blocks ----------------------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Verification of products of blocks, mapped and scheduled, and of conversions.
// Comments name the constraints of the ODS descriptions.
//
//===----------------------------------------------------------------------===//

#include "LoopChecks.h"
#include "colonnade/Dialect/Systolic/IR/Systolic.h"

using namespace mlir;
using namespace colonnade;
using namespace colonnade::systolic;

/// (Q1), (J1)
static LogicalResult verifyLoops(Operation *op, ArrayRef<int64_t> extents,
                                 int64_t reductionLoops) {
  if (failed(checkSizes(op, "loops", extents)))
    return failure();
  int64_t loops = extents.size();
  if (reductionLoops < 1 || reductionLoops > loops)
    return op->emitOpError() << "expected 'reduce' in [1, " << loops
                             << "], got " << reductionLoops;
  return success();
}

/// (Q6), (J4)
template <typename OpTy> static LogicalResult verifyGroups(OpTy op) {
  int64_t held = op.getHeldConversion().getGroup();
  int64_t passing = op.getPassingConversion().getGroup();
  if (held == passing)
    return success();
  return op.emitOpError() << "expected both operands in blocks of one size, "
                             "got groups of "
                          << held << " and " << passing;
}

/// (Q7), (J5)
template <typename OpTy> static LogicalResult verifyCounter(OpTy op) {
  bool isNeeded = op.getHeldConversion().needsCounter() ||
                  op.getPassingConversion().needsCounter();
  if (isNeeded == static_cast<bool>(op.getCounter()))
    return success();
  return op.emitOpError()
         << (isNeeded ? "expected a counter, since a stochastic conversion has "
                        "none of its own"
                      : "expected no counter, since no conversion takes one");
}

//===----------------------------------------------------------------------===//
// ConversionAttr
//===----------------------------------------------------------------------===//

LogicalResult
ConversionAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                       int64_t group, int64_t exponent, int64_t mantissa,
                       RoundingAttr rounding, std::optional<int64_t> counter) {
  if (llvm::Error error =
          BlockFormat{group, exponent, mantissa}.check()) // (O1)
    return emitError() << llvm::toString(std::move(error));
  if (counter && !rounding.isStochastic()) // (O2)
    return emitError() << "expected a counter with stochastic rounding only, "
                          "got counter "
                       << *counter << " with "
                       << stringifyBlockRounding(rounding.getMode());
  return success();
}

BlockRounder ConversionAttr::getRounder() const {
  return getRounding().getRounder(
      static_cast<uint64_t>(getCounter().value_or(0)));
}

bool ConversionAttr::needsCounter() const {
  return getRounding().isStochastic() && !getCounter();
}

//===----------------------------------------------------------------------===//
// BlockContractOp
//===----------------------------------------------------------------------===//

/// (Q2)
static LogicalResult verifyTypes(BlockContractOp op) {
  std::pair<StringRef, Value> values[] = {{"held operand", op.getHeld()},
                                          {"passing operand", op.getPassing()},
                                          {"result", op.getResult()}};
  for (auto [what, value] : values) {
    auto type = cast<RankedTensorType>(value.getType());
    if (!type.hasStaticShape() || !type.getElementType().isF32())
      return op.emitOpError()
             << "expected a static f32 " << what << ", got " << type;
  }
  auto type = cast<RankedTensorType>(op.getResult().getType());
  return checkResultShape(op, type,
                          op.getExtents().take_front(op.getNumParallelLoops()));
}

/// (Q3)
static FailureOr<SmallVector<LinearForm>>
verifyMap(BlockContractOp op, unsigned operand, RankedTensorType type) {
  AffineMap map = op.getMap(operand);
  ArrayRef<int64_t> extents = op.getExtents();
  if (failed(checkMapRanks(op, map, operand, extents.size(), type.getRank())))
    return failure();
  SmallVector<LinearForm> forms;
  for (unsigned dimension = 0; dimension < map.getNumResults(); ++dimension) {
    FailureOr<LinearForm> form = getIndexForm(op, map, operand, dimension);
    if (failed(form))
      return failure();
    int64_t first = form->getFirst(extents), last = form->getLast(extents);
    if (first < 0 || last >= type.getDimSize(dimension))
      return op.emitOpError() << "map " << operand << " reaches indices "
                              << first << " to " << last << " of dimension "
                              << dimension << ", but the operand is " << type;
    forms.push_back(*form);
  }
  return forms;
}

/// (Q4)
static LogicalResult verifyBlocks(BlockContractOp op, unsigned operand,
                                  RankedTensorType type,
                                  ArrayRef<LinearForm> forms) {
  int64_t length = op.getExtents().back();
  unsigned followers = 0;
  bool isWhole = false;
  for (auto [dimension, form] : llvm::enumerate(forms)) {
    if (form.coefficients.back() == 0)
      continue;
    ++followers;
    LinearForm alone;
    alone.coefficients.assign(form.coefficients.size(), 0);
    alone.coefficients.back() = 1;
    isWhole = form.offset == 0 && form.coefficients == alone.coefficients &&
              type.getDimSize(dimension) == length;
  }
  if (followers == 1 && isWhole)
    return success();
  return op.emitOpError() << "expected the innermost loop of " << length
                          << " steps, along which blocks lie, to be one "
                             "dimension of operand "
                          << operand << ", from its start to its end, got "
                          << op.getMaps()[operand] << " on " << type;
}

/// (Q5)
static LogicalResult verifyFollowers(BlockContractOp op,
                                     ArrayRef<LinearForm> held,
                                     ArrayRef<LinearForm> passing) {
  for (auto [loop, extent] : llvm::enumerate(op.getExtents())) {
    auto follows = [loop = loop](const LinearForm &form) {
      return form.coefficients[loop] != 0;
    };
    bool isHeld = llvm::any_of(held, follows);
    bool isPassing = llvm::any_of(passing, follows);
    bool isReduction = static_cast<int64_t>(loop) >= op.getNumParallelLoops();
    if (extent > 1 &&
        !(isReduction ? isHeld && isPassing : isHeld || isPassing))
      return op.emitOpError()
             << "expected " << (isReduction ? "reduction" : "parallel")
             << " loop " << loop << " of " << extent
             << " steps to be followed by "
             << (isReduction ? "both operands" : "an operand");
  }
  return success();
}

LogicalResult BlockContractOp::verify() {
  if (failed(verifyLoops(*this, getExtents(), getReductionLoops())) ||
      failed(verifyTypes(*this)) ||
      failed(checkCount(*this, "maps", getMaps().size(), 2)))
    return failure();
  SmallVector<SmallVector<LinearForm>> forms;
  Value operands[] = {getHeld(), getPassing()};
  for (auto [index, operand] : llvm::enumerate(operands)) {
    auto type = cast<RankedTensorType>(operand.getType());
    FailureOr<SmallVector<LinearForm>> form = verifyMap(*this, index, type);
    if (failed(form) || failed(verifyBlocks(*this, index, type, *form)))
      return failure();
    forms.push_back(*form);
  }
  if (failed(verifyFollowers(*this, forms[0], forms[1])) ||
      failed(verifyGroups(*this)) || failed(verifyCounter(*this)))
    return failure();
  if (!getCounter())
    return success();
  auto counter = cast<RankedTensorType>(getCounter().getType());
  if (counter.getRank() != 0 || !counter.getElementType().isInteger(64)) // (Q7)
    return emitOpError() << "expected a counter of type tensor<i64>, got "
                         << counter;
  return success();
}

//===----------------------------------------------------------------------===//
// BlockPassOp
//===----------------------------------------------------------------------===//

/// (J1)
static LogicalResult verifyChunk(BlockPassOp op) {
  ArrayRef<int64_t> extents = op.getExtents(), chunk = op.getChunk();
  if (failed(checkCount(op, "chunk", chunk.size(), extents.size())) ||
      failed(
          checkCount(op, "position", op.getPosition().size(), extents.size())))
    return failure();
  for (auto [loop, size] : llvm::enumerate(chunk)) {
    bool isReduction = loop + op.getReductionLoops() >= extents.size();
    int64_t least = isReduction ? extents[loop] : 1;
    if (size < least)
      return op.emitOpError() << "expected a chunk of at least " << least
                              << " steps of loop " << loop << ", got " << size;
  }
  return success();
}

/// (J2)
static LogicalResult verifyStrides(BlockPassOp op) {
  size_t loops = op.getExtents().size();
  if (failed(checkCount(op, "strides", op.getStrides().size(), 3)) ||
      failed(checkCount(op, "positions", op.getPositions().size(), 2)))
    return failure();
  for (Attribute attr : op.getStrides()) {
    auto strides = dyn_cast<StridesAttr>(attr);
    if (!strides || !strides.getElementType().isF32())
      return op.emitOpError()
             << "expected a #systolic.strides of f32, got " << attr;
    if (failed(checkCount(op, "pitches", strides.getPitches().size(), loops)))
      return failure();
  }
  ArrayRef<int64_t> sums = cast<StridesAttr>(op.getStrides()[2]).getPitches();
  for (int64_t pitch : sums.take_back(op.getReductionLoops()))
    if (pitch != 0)
      return op.emitOpError() << "expected a pitch of 0 of the sums in "
                                 "reduction loops, got "
                              << pitch;
  for (AffineMap map : op.getPositions().getAsValueRange<AffineMapAttr>())
    if (map.getNumDims() != loops || map.getNumSymbols() != 0 ||
        map.getNumResults() != 1 || !getLinearForm(map.getResult(0), loops))
      return op.emitOpError()
             << "expected a position that is a sum of " << loops
             << " loops times constants, got " << AffineMapAttr::get(map);
  return success();
}

/// (J3), (J5)
static LogicalResult verifyMemories(BlockPassOp op) {
  std::tuple<StringRef, Value, MemorySpace> buffers[] = {
      {"held operand", op.getHeld(), MemorySpace::DataSram},
      {"passing operand", op.getPassing(), MemorySpace::DataSram},
      {"counter", op.getCounter(), MemorySpace::DataSram},
      {"held blocks", op.getHeldBlocks(), MemorySpace::WeightSram},
      {"passing blocks", op.getPassingBlocks(), MemorySpace::DataSram},
      {"sums", op.getAccumulators(), MemorySpace::Accumulators}};
  for (auto [what, buffer, expected] : buffers) {
    if (!buffer)
      continue;
    MemorySpace memory = cast<BufferType>(buffer.getType()).getMemory();
    if (memory != expected)
      return op.emitOpError() << "expected the " << what << " in "
                              << stringifyMemorySpace(expected) << ", got "
                              << stringifyMemorySpace(memory);
  }
  return success();
}

LogicalResult BlockPassOp::verify() {
  if (failed(verifyLoops(*this, getExtents(), getReductionLoops())) ||
      failed(verifyChunk(*this)) || failed(verifyStrides(*this)) ||
      failed(verifyMemories(*this)) || failed(verifyGroups(*this)))
    return failure();
  return verifyCounter(*this);
}
