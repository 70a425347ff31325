//===- NestOps.cpp - Loop nests of the vector unit ------------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Verification of loop nests, mapped and scheduled, and of the boxes that the
// DMA queue copies for them. Comments name the constraints of the ODS
// descriptions.
//
//===----------------------------------------------------------------------===//

#include "LoopChecks.h"
#include "VectorBody.h"
#include "colonnade/Dialect/Systolic/IR/LinearMap.h"
#include "colonnade/Dialect/Systolic/IR/Systolic.h"

using namespace mlir;
using namespace colonnade;
using namespace colonnade::systolic;

/// (E1), (A1)
static LogicalResult verifyLoops(Operation *op, ArrayRef<int64_t> extents,
                                 int64_t reductionLoops, TypedAttr initial,
                                 Type resultType) {
  if (failed(checkSizes(op, "loops", extents)))
    return failure();
  int64_t loops = extents.size();
  if (reductionLoops < 0 || reductionLoops > loops)
    return op->emitOpError() << "expected 'reduce' in [0, " << loops
                             << "], got " << reductionLoops;
  if (reductionLoops == 0 && initial)
    return op->emitOpError() << "expected no initial value, since nothing is "
                                "reduced, got "
                             << initial;
  if (reductionLoops != 0 && (!initial || initial.getType() != resultType))
    return op->emitOpError()
           << "expected an initial value of the result's element type "
           << resultType << ", got " << Attribute(initial);
  return success();
}

/// Argument types and yield of a nest's region: (E4), (A4).
static LogicalResult verifyNestBody(Operation *op, Block &body,
                                    SmallVector<Type> inputs, Type result,
                                    int64_t reductionLoops) {
  if (reductionLoops != 0)
    inputs.push_back(result);
  return verifyVectorBody(op, body, inputs, result);
}

//===----------------------------------------------------------------------===//
// StridesAttr
//===----------------------------------------------------------------------===//

LogicalResult StridesAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                                  Type elementType, int64_t offset,
                                  ArrayRef<int64_t>, bool) {
  if (offset < 0) // (I1)
    return emitError() << "expected 'offset' of at least 0, got " << offset;
  if (!isStoredType(elementType)) // (I2)
    return emitError()
           << "expected an element type of i8, i32, i64 or f32, got "
           << elementType;
  return success();
}

//===----------------------------------------------------------------------===//
// NestOp
//===----------------------------------------------------------------------===//

/// (E2)
static LogicalResult verifyNestResult(NestOp op) {
  auto type = cast<RankedTensorType>(op.getResult().getType());
  if (!type.hasStaticShape() || !isStoredType(type.getElementType()))
    return op.emitOpError()
           << "expected a static result of i8, i32, i64 or f32, got " << type;
  return checkResultShape(op, type,
                          op.getExtents().take_front(op.getNumParallelLoops()));
}

/// (E3)
static LogicalResult verifyNestInput(NestOp op, unsigned input) {
  auto type = cast<RankedTensorType>(op.getInputs()[input].getType());
  if (!type.hasStaticShape() || !isStoredType(type.getElementType()))
    return op.emitOpError()
           << "expected input " << input
           << " to be static, of i8, i32, i64 or f32, got " << type;
  AffineMap map = op.getMap(input);
  ArrayRef<int64_t> extents = op.getExtents();
  if (failed(checkMapRanks(op, map, input, extents.size(), type.getRank())))
    return failure();
  for (unsigned dimension = 0; dimension < map.getNumResults(); ++dimension) {
    FailureOr<LinearForm> form = getIndexForm(op, map, input, dimension);
    if (failed(form))
      return failure();
    int64_t first = form->getFirst(extents);
    if (first < 0)
      return op.emitOpError()
             << "map " << input << " reaches index " << first
             << " of dimension " << dimension << ", expected at least 0";
    int64_t end = form->getLast(extents) + 1;
    if (end > type.getDimSize(dimension))
      return op.emitOpError()
             << "map " << input << " reaches index " << end - 1
             << " of dimension " << dimension << ", but the input is " << type;
  }
  return success();
}

LogicalResult NestOp::verify() {
  auto result = cast<RankedTensorType>(getResult().getType());
  if (failed(verifyLoops(*this, getExtents(), getReductionLoops(),
                         getInitialAttr(), result.getElementType())) ||
      failed(verifyNestResult(*this)) ||
      failed(checkCount(*this, "maps", getMaps().size(), getInputs().size())))
    return failure();
  SmallVector<Type> arguments;
  for (auto [index, input] : llvm::enumerate(getInputs())) {
    if (failed(verifyNestInput(*this, index)))
      return failure();
    arguments.push_back(
        cast<RankedTensorType>(input.getType()).getElementType());
  }
  return verifyNestBody(*this, getBody().front(), arguments,
                        result.getElementType(), getReductionLoops());
}

//===----------------------------------------------------------------------===//
// NestPassOp
//===----------------------------------------------------------------------===//

/// (A1)
static LogicalResult verifyChunk(NestPassOp op) {
  ArrayRef<int64_t> extents = op.getExtents(), chunk = op.getChunk();
  if (failed(checkCount(op, "chunk", chunk.size(), extents.size())) ||
      failed(checkCount(op, "position", op.getPosition().size(),
                        extents.size())) ||
      failed(checkSizes(op, "chunk", chunk)))
    return failure();
  for (size_t i = extents.size() - op.getReductionLoops(); i < extents.size();
       ++i)
    if (chunk[i] < extents[i])
      return op.emitOpError()
             << "expected the chunk to hold all " << extents[i]
             << " of reduction loop " << i << ", got " << chunk[i];
  return success();
}

/// (A2)
static LogicalResult verifyNestStrides(NestPassOp op) {
  size_t loops = op.getExtents().size();
  if (failed(checkCount(op, "input_strides", op.getInputStrides().size(),
                        op.getInputs().size())))
    return failure();
  for (Attribute attr : op.getInputStrides()) {
    auto strides = dyn_cast<StridesAttr>(attr);
    if (!strides)
      return op.emitOpError() << "expected a #systolic.strides, got " << attr;
    if (failed(checkCount(op, "pitches", strides.getPitches().size(), loops)))
      return failure();
  }
  ArrayRef<int64_t> pitches = op.getOutputStrides().getPitches();
  if (failed(checkCount(op, "pitches", pitches.size(), loops)))
    return failure();
  for (int64_t pitch : pitches.take_back(op.getReductionLoops()))
    if (pitch != 0)
      return op.emitOpError() << "expected an output pitch of 0 in reduction "
                                 "loops, got "
                              << pitch;
  return success();
}

/// (A3)
static LogicalResult verifyNestMemories(NestPassOp op) {
  auto getMemory = [](Value buffer) {
    return cast<BufferType>(buffer.getType()).getMemory();
  };
  for (Value input : op.getInputs())
    if (getMemory(input) == MemorySpace::Dram)
      return op.emitOpError() << "expected inputs on the chip, got one in "
                              << stringifyMemorySpace(getMemory(input));
  if (getMemory(op.getOutput()) != MemorySpace::DataSram)
    return op.emitOpError() << "expected the output in data_sram, got "
                            << stringifyMemorySpace(getMemory(op.getOutput()));
  return success();
}

LogicalResult NestPassOp::verify() {
  Type result = getOutputStrides().getElementType();
  if (failed(verifyLoops(*this, getExtents(), getReductionLoops(),
                         getInitialAttr(), result)) ||
      failed(verifyChunk(*this)) || failed(verifyNestStrides(*this)) ||
      failed(verifyNestMemories(*this)))
    return failure();
  SmallVector<Type> arguments;
  for (auto strides : getInputStrides().getAsRange<StridesAttr>())
    arguments.push_back(strides.getElementType());
  return verifyNestBody(*this, getBody().front(), arguments, result,
                        getReductionLoops());
}

//===----------------------------------------------------------------------===//
// DmaBoxOp
//===----------------------------------------------------------------------===//

LogicalResult DmaBoxOp::verify() {
  size_t rank = getBox().size();
  if (failed(checkSizes(*this, "box", getBox())) ||
      failed(checkSizes(*this, "extents", getExtents())) ||
      failed(checkCount(*this, "extents", getExtents().size(), rank)) ||
      failed(checkCount(*this, "position", getPosition().size(), rank)) ||
      failed(checkCount(*this, "pitches",
                        getSourceStrides().getPitches().size(), rank)) ||
      failed(checkCount(*this, "pitches",
                        getDestinationStrides().getPitches().size(), rank)))
    return failure();                                      // (X1)
  if (getSource().getType() == getDestination().getType()) // (X2)
    return emitOpError() << "expected source and destination in different "
                            "memories, got "
                         << getSource().getType() << " twice";
  if (getSourceStrides().getElementType() !=
      getDestinationStrides().getElementType()) // (X2)
    return emitOpError() << "expected equal element types, got "
                         << getSourceStrides().getElementType() << " and "
                         << getDestinationStrides().getElementType();
  return success();
}
