//===- SystolicProgramOps.cpp - Programs and queue entries -*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Verification of the program level. What needs the whole schedule (hazards,
// tile contents, address ranges of every access) is checked on its flat form,
// see Simulator/ProgramVerifier.h.
//
//===----------------------------------------------------------------------===//

#include "VectorBody.h"
#include "colonnade/Dialect/Systolic/IR/Systolic.h"
#include <cmath>

using namespace mlir;
using namespace colonnade;
using namespace colonnade::systolic;

static MemorySpace getMemory(Value buffer) {
  return cast<BufferType>(buffer.getType()).getMemory();
}

static LogicalResult checkMemory(Operation *op, StringRef what, Value buffer,
                                 MemorySpace memory) {
  if (getMemory(buffer) == memory)
    return success();
  return op->emitOpError() << "expected the " << what << " in "
                           << stringifyMemorySpace(memory) << ", got "
                           << stringifyMemorySpace(getMemory(buffer));
}

static LogicalResult checkPair(Operation *op, StringRef what, size_t size) {
  if (size == 2)
    return success();
  return op->emitOpError() << "expected two values of '" << what << "', got "
                           << size;
}

static LogicalResult checkBand(Operation *op, ArrayRef<int64_t> band) {
  if (failed(checkPair(op, "band", band.size())))
    return failure();
  if (band[0] >= 1 && band[1] >= 1)
    return success();
  return op->emitOpError() << "expected band sizes of at least 1, got "
                           << band[0] << "x" << band[1];
}

//===----------------------------------------------------------------------===//
// ProgramOp
//===----------------------------------------------------------------------===//

/// (R4)
static LogicalResult verifyLoop(scf::ForOp loop) {
  for (Value bound :
       {loop.getLowerBound(), loop.getUpperBound(), loop.getStep()})
    if (!bound.getDefiningOp<arith::ConstantOp>())
      return loop.emitOpError() << "in a systolic.program needs constant "
                                   "bounds and step";
  return success();
}

/// (R2)
template <typename OpTy> static LogicalResult checkNames(Region &body) {
  llvm::StringMap<OpTy> named;
  for (OpTy host : body.getOps<OpTy>()) {
    if (!host.getName())
      continue;
    auto [other, isNew] = named.try_emplace(*host.getName(), host);
    if (isNew)
      continue;
    InFlightDiagnostic diag = host.emitOpError()
                              << "expected a name of its own, got \""
                              << *host.getName() << "\" twice";
    diag.attachNote(other->second.getLoc()) << "first used here";
    return diag;
  }
  return success();
}

/// (R2)
static LogicalResult checkState(Region &body) {
  for (auto output : body.getOps<HostOutputOp>())
    for (auto input : body.getOps<HostInputOp>())
      if (output.getName() && output.getName() == input.getName() &&
          output.getTensor() != input.getTensor()) {
        InFlightDiagnostic diag =
            output.emitOpError()
            << "expected the type of the input \"" << *output.getName()
            << "\", " << input.getTensor() << ", got " << output.getTensor();
        diag.attachNote(input.getLoc()) << "the input is here";
        return diag;
      }
  return success();
}

LogicalResult ProgramOp::verifyRegions() {
  if (getTargetHash() != getTarget().getHash()) // (R1)
    return emitOpError() << "was scheduled for a target with hash "
                         << getTargetHash() << ", but its target '"
                         << getTarget().getName() << "' has hash "
                         << getTarget().getHash() << ": schedule it again";
  unsigned inputs = 0, outputs = 0;
  WalkResult result = getBody().walk([&](Operation *op) {
    if (isa<VectorPassOp, NestPassOp>(op->getParentOp()))
      return WalkResult::advance();
    inputs += isa<HostInputOp>(op);
    outputs += isa<HostOutputOp>(op);
    if (auto loop = dyn_cast<scf::ForOp>(op))
      return failed(verifyLoop(loop)) ? WalkResult::interrupt()
                                      : WalkResult::advance();
    bool isAllowed =
        isa<SystolicDialect>(op->getDialect()) &&
        !isa<BlockContractOp, ContractOp, VectorOp, NestOp, ProgramOp>(op);
    if (isAllowed ||
        isa<scf::YieldOp, affine::AffineApplyOp, arith::ConstantOp>(op))
      return WalkResult::advance();
    op->emitOpError() << "is no entry of a queue: a systolic.program holds "
                         "systolic program ops, scf.for, affine.apply and "
                         "arith.constant"; // (R3)
    return WalkResult::interrupt();
  });
  if (result.wasInterrupted())
    return failure();
  if (inputs < 1 || outputs < 1) // (R2)
    return emitOpError()
           << "expected at least one host_input and one host_output, got "
           << inputs << " and " << outputs;
  if (failed(checkNames<HostInputOp>(getBody())) || // (R2)
      failed(checkNames<HostOutputOp>(getBody())))
    return failure();
  return checkState(getBody());
}

//===----------------------------------------------------------------------===//
// Buffers
//===----------------------------------------------------------------------===//

/// (H1)
template <typename OpTy> static LogicalResult verifyHostTensor(OpTy op) {
  auto tensor = cast<RankedTensorType>(op.getTensor());
  Type element = tensor.getElementType();
  if (!tensor.hasStaticShape() || !isStoredType(element))
    return op.emitOpError()
           << "expected a static tensor of i8, i32, i64 or f32, got " << tensor;
  double scale = op.getScale().convertToDouble();
  if (!std::isfinite(scale) || scale <= 0)
    return op.emitOpError()
           << "expected a positive, finite scale, got " << scale;
  if (static_cast<int64_t>(op.getAddress()) < 0)
    return op.emitOpError() << "expected an address of at least 0, got "
                            << static_cast<int64_t>(op.getAddress());
  return checkMemory(op, "buffer", op.getResult(), MemorySpace::Dram);
}

LogicalResult HostInputOp::verify() {
  if (failed(verifyHostTensor(*this)))
    return failure();
  // (H2)
  int32_t zeroPoint = getZeroPoint();
  bool isInt8 =
      cast<RankedTensorType>(getTensor()).getElementType().isInteger(8);
  if (!llvm::isInt<8>(zeroPoint) || (zeroPoint != 0 && !isInt8))
    return emitOpError() << "expected a zero point in [-128, 127], and 0 "
                            "unless the tensor is i8, got "
                         << zeroPoint;
  return success();
}

LogicalResult HostOutputOp::verify() { return verifyHostTensor(*this); }

static std::optional<int64_t> getCapacity(TargetAttr target,
                                          MemorySpace memory) {
  switch (memory) {
  case MemorySpace::Dram:
    return std::nullopt;
  case MemorySpace::WeightSram:
    return target.getWeightSramBytes();
  case MemorySpace::DataSram:
    return target.getDataSramBytes();
  case MemorySpace::Accumulators:
    return target.getAccumulatorBytes();
  }
  return std::nullopt;
}

LogicalResult BufferOp::verify() {
  int64_t address = getAddress(), size = getSize();
  if (address < 0 || size < 1) // (F1)
    return emitOpError() << "expected an address of at least 0 and a size of "
                            "at least 1, got "
                         << address << " and " << size;
  auto program = (*this)->getParentOfType<ProgramOp>();
  MemorySpace memory = getMemory(getResult());
  if (!program)
    return success();
  std::optional<int64_t> capacity = getCapacity(program.getTarget(), memory);
  if (capacity && (size > *capacity || address > *capacity - size)) // (F2)
    return emitOpError() << "needs bytes [" << address << ", " << address + size
                         << ") of " << stringifyMemorySpace(memory)
                         << ", which has " << *capacity
                         << " bytes: " << address + size - *capacity
                         << " too few";
  return success();
}

LogicalResult ConstantsOp::verify() { // (K1)
  if (static_cast<int64_t>(getAddress()) < 0)
    return emitOpError() << "expected an address of at least 0, got "
                         << static_cast<int64_t>(getAddress());
  if (!cast<ShapedType>(getValues().getType()).getElementType().isInteger(8))
    return emitOpError() << "expected i8 values, got " << getValues().getType();
  return checkMemory(*this, "buffer", getResult(), MemorySpace::Dram);
}

//===----------------------------------------------------------------------===//
// Queue entries
//===----------------------------------------------------------------------===//

LogicalResult DmaCopyOp::verify() {
  if (failed(checkPair(*this, "position", getPosition().size())) ||
      failed(checkBand(*this, getBand()))) // (D1), (D2)
    return failure();
  if (static_cast<int64_t>(getChannels()) < 1) // (D2)
    return emitOpError() << "expected at least 1 channel, got "
                         << static_cast<int64_t>(getChannels());
  if (getDestinationOffset().size() > 1)
    return emitOpError() << "expected at most one destination offset, got "
                         << getDestinationOffset().size();
  if (getMemory(getSource()) == getMemory(getDestination())) // (D1)
    return emitOpError() << "expected source and destination in different "
                            "memories, got "
                         << stringifyMemorySpace(getMemory(getSource()))
                         << " twice";
  if (getSourceLayout().getElementType() !=
      getDestinationLayout().getElementType()) // (D1)
    return emitOpError() << "expected equal element types, got "
                         << getSourceLayout().getElementType() << " and "
                         << getDestinationLayout().getElementType();
  return success();
}

/// Block, row and column.
static LogicalResult checkTile(Operation *op, ValueRange tile) {
  if (tile.size() == 3)
    return success();
  return op->emitOpError() << "expected three values of 'tile', got "
                           << tile.size();
}

/// (D4)
static LogicalResult verifySource(DmaWeightsOp op) {
  bool isRunTime =
      isa_and_nonnull<RunTimeWeightsOp>(op.getWeights().getDefiningOp());
  std::optional<StridesAttr> strides = op.getSourceStrides();
  if (static_cast<bool>(op.getSource()) != isRunTime ||
      strides.has_value() != isRunTime)
    return op.emitOpError() << "expected a source with strides "
                            << (isRunTime ? "of" : "only of")
                            << " weights that are computed at run time";
  if (!isRunTime)
    return success();
  MemorySpace memory = getMemory(op.getSource());
  if (memory != MemorySpace::Dram && memory != MemorySpace::DataSram)
    return op.emitOpError() << "expected the source in dram or data_sram, got "
                            << stringifyMemorySpace(memory);
  if (!strides->getElementType().isInteger(8) ||
      strides->getPitches().size() != 3)
    return op.emitOpError()
           << "expected strides of i8 with three pitches, got " << *strides;
  return success();
}

LogicalResult DmaWeightsOp::verify() {
  if (failed(checkTile(*this, getTile())) || // (D3)
      failed(verifySource(*this)))           // (D4)
    return failure();
  return checkMemory(*this, "destination", getDestination(), // (D3)
                     MemorySpace::WeightSram);
}

LogicalResult LoadWeightsOp::verify() { // (D3)
  if (failed(checkTile(*this, getTile())))
    return failure();
  return checkMemory(*this, "source", getSource(), MemorySpace::WeightSram);
}

LogicalResult StreamOp::verify() {
  if (failed(checkTile(*this, getTile())) ||
      failed(checkPair(*this, "position", getPosition().size())) ||
      failed(checkBand(*this, getBand()))) // (S1)
    return failure();
  if (failed(checkMemory(*this, "data", getData(), MemorySpace::DataSram)) ||
      failed(checkMemory(*this, "accumulators", getAccumulators(),
                         MemorySpace::Accumulators))) // (S2)
    return failure();
  if (!getDataLayout().getElementType().isInteger(8) ||
      !getAccumulatorLayout().getElementType().isInteger(32)) // (S2)
    return emitOpError() << "expected i8 data and i32 accumulators, got "
                         << getDataLayout().getElementType() << " and "
                         << getAccumulatorLayout().getElementType();
  if (static_cast<int64_t>(getStepCycles()) < 1) // (S3)
    return emitOpError() << "expected step_cycles of at least 1, got "
                         << static_cast<int64_t>(getStepCycles());
  return success();
}

/// (Y1)
static LogicalResult verifyVectorOperands(VectorPassOp op) {
  size_t inputs = op.getInputs().size();
  if (inputs == 0)
    return op.emitOpError() << "expected at least one input, got none";
  if (op.getOffsets().size() != inputs ||
      op.getInputLayouts().size() != inputs || op.getPerTile().size() != inputs)
    return op.emitOpError()
           << "expected offsets, input_layouts and per_tile for " << inputs
           << " inputs, got " << op.getOffsets().size() << ", "
           << op.getInputLayouts().size() << " and " << op.getPerTile().size();
  for (Attribute layout : op.getInputLayouts())
    if (!isa<LayoutAttr>(layout))
      return op.emitOpError() << "expected a #systolic.layout, got " << layout;
  if (failed(checkPair(op, "position", op.getPosition().size())))
    return failure();
  return checkBand(op, op.getBand());
}

/// (Y3)
static LogicalResult verifyReduction(Operation *op, ReductionKind reduction,
                                     const sim::Window &window) {
  bool isPointwise = window.kernelHeight == 1 && window.kernelWidth == 1 &&
                     window.strideHeight == 1 && window.strideWidth == 1 &&
                     window.padTop == 0 && window.padLeft == 0;
  if (reduction == ReductionKind::None && !isPointwise)
    return op->emitOpError() << "expected a 1x1 window with unit strides and "
                                "no padding, since nothing is reduced";
  return success();
}

LogicalResult VectorPassOp::verify() {
  if (failed(verifyVectorOperands(*this)) ||
      failed(verifyReduction(*this, getReduction(), getWindow().getWindow())))
    return failure();
  if (static_cast<int64_t>(getChannels()) < 1)
    return emitOpError() << "expected at least 1 channel, got "
                         << static_cast<int64_t>(getChannels());
  SmallVector<Type> arguments;
  for (auto layout : getInputLayouts().getAsRange<LayoutAttr>())
    arguments.push_back(layout.getElementType());
  if (getReduction() == ReductionKind::Sum)
    arguments.front() = IntegerType::get(getContext(), 32);
  return verifyVectorBody(*this, getBody().front(), arguments, // (Y2)
                          getOutputLayout().getElementType());
}
