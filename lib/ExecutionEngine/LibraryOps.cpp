//===- LibraryOps.cpp - Convolutions as the library has them --------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See the header.
//
//===----------------------------------------------------------------------===//

#include "LibraryOps.h"
#include "mlir/Dialect/Bufferization/IR/BufferizableOpInterface.h"
#include "mlir/Dialect/Bufferization/IR/DstBufferizableOpInterfaceImpl.h"
#include "mlir/IR/Builders.h"
#include "llvm/ADT/SmallBitVector.h"

#include "LibraryDialect.cpp.inc"
#include "LibraryEnums.cpp.inc"
#define GET_OP_CLASSES
#include "LibraryOps.cpp.inc"

using namespace mlir;
using namespace colonnade;
using namespace colonnade::library;

void LibraryDialect::initialize() {
  addOperations<
#define GET_OP_LIST
#include "LibraryOps.cpp.inc"
      >();
}

Value ConvolutionOp::getImages() {
  return getKind() == ConvolutionKind::ImageGradient ? getInit() : getLeft();
}

Value ConvolutionOp::getFilters() {
  return getKind() == ConvolutionKind::FilterGradient ? getInit() : getRight();
}

Value ConvolutionOp::getPositions() {
  switch (getKind()) {
  case ConvolutionKind::Forward:
    return getInit();
  case ConvolutionKind::ImageGradient:
    return getLeft();
  case ConvolutionKind::FilterGradient:
    return getRight();
  }
  llvm_unreachable("not a kind");
}

static bool isPermutationOfFour(ArrayRef<int64_t> dims) {
  llvm::SmallBitVector seen(4);
  for (int64_t dim : dims) {
    if (dim < 0 || dim >= 4)
      return false;
    seen.set(dim);
  }
  return dims.size() == 4 && seen.all();
}

static LogicalResult verifyShapes(ConvolutionOp op) {
  auto extent = [](Value value, ArrayRef<int64_t> dims, unsigned dim) {
    return cast<ShapedType>(value.getType()).getDimSize(dims[dim]);
  };
  std::array<std::tuple<StringRef, int64_t, int64_t>, 3> pairs = {
      std::tuple("images", extent(op.getImages(), op.getImageDims(), 0),
                 extent(op.getPositions(), op.getPositionDims(), 0)),
      {"channels", extent(op.getImages(), op.getImageDims(), 1),
       extent(op.getFilters(), op.getFilterDims(), 1)},
      {"filters", extent(op.getFilters(), op.getFilterDims(), 0),
       extent(op.getPositions(), op.getPositionDims(), 1)}};
  for (auto [name, left, right] : pairs)
    if (left != right)
      return op.emitOpError("expected one number of ")
             << name << ", got " << left << " and " << right; // C2
  return success();
}

LogicalResult ConvolutionOp::verify() {
  for (auto [name, values] : {std::pair("strides", getStrides()),
                              {"dilations", getDilations()},
                              {"padding", getPadding()}})
    if (values.size() != 2)
      return emitOpError("expected two ")
             << name << ", got " << values.size(); // C1
  for (Value operand : {getLeft(), getRight(), getInit()}) {
    auto type = cast<ShapedType>(operand.getType());
    if (!type.hasStaticShape() || type.getRank() != 4)
      return emitOpError("expected operands of rank 4 and static shape, got ")
             << type;
  }
  for (auto [name, dims] : {std::pair("image_dims", getImageDims()),
                            {"filter_dims", getFilterDims()},
                            {"position_dims", getPositionDims()}})
    if (!isPermutationOfFour(dims))
      return emitOpError("expected '")
             << name << "' to be a permutation of 0 to 3, got [" << dims
             << "]"; // C1
  if (getAccumulates() && getKind() != ConvolutionKind::Forward)
    return emitOpError("accumulates, but is no forward convolution"); // C3
  return verifyShapes(*this);
}

void ConvolutionOp::getEffects(
    SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>>
        &effects) {
  for (OpOperand *read : {&getLeftMutable(), &getRightMutable()})
    if (isa<BaseMemRefType>(read->get().getType()))
      effects.emplace_back(MemoryEffects::Read::get(), read);
  if (!isa<BaseMemRefType>(getInit().getType()))
    return;
  if (getAccumulates())
    effects.emplace_back(MemoryEffects::Read::get(), &getInitMutable());
  effects.emplace_back(MemoryEffects::Write::get(), &getInitMutable());
}

namespace {

struct ConvolutionBufferization
    : bufferization::DstBufferizableOpInterfaceExternalModel<
          ConvolutionBufferization, ConvolutionOp> {
  bool bufferizesToMemoryRead(Operation *op, OpOperand &operand,
                              const bufferization::AnalysisState &) const {
    auto convolution = cast<ConvolutionOp>(op);
    return !convolution.isDpsInit(&operand) || convolution.getAccumulates();
  }

  LogicalResult bufferize(Operation *op, RewriterBase &rewriter,
                          const bufferization::BufferizationOptions &options,
                          bufferization::BufferizationState &state) const {
    SmallVector<Value> buffers;
    for (Value operand : op->getOperands()) {
      FailureOr<Value> buffer =
          bufferization::getBuffer(rewriter, operand, options, state);
      if (failed(buffer))
        return failure();
      buffers.push_back(*buffer);
    }
    ConvolutionOp::create(rewriter, op->getLoc(), TypeRange(), buffers,
                          op->getAttrs());
    bufferization::replaceOpWithBufferizedValues(rewriter, op, buffers.back());
    return success();
  }
};

/// Reads its operands.
struct MarkBufferization
    : bufferization::BufferizableOpInterface::ExternalModel<MarkBufferization,
                                                            MarkOp> {
  bool bufferizesToMemoryRead(Operation *, OpOperand &,
                              const bufferization::AnalysisState &) const {
    return true;
  }
  bool bufferizesToMemoryWrite(Operation *, OpOperand &,
                               const bufferization::AnalysisState &) const {
    return false;
  }
  bufferization::AliasingValueList
  getAliasingValues(Operation *, OpOperand &,
                    const bufferization::AnalysisState &) const {
    return {};
  }
  LogicalResult bufferize(Operation *op, RewriterBase &rewriter,
                          const bufferization::BufferizationOptions &options,
                          bufferization::BufferizationState &state) const {
    for (OpOperand &operand : op->getOpOperands()) {
      FailureOr<Value> buffer =
          bufferization::getBuffer(rewriter, operand.get(), options, state);
      if (failed(buffer))
        return failure();
      rewriter.modifyOpInPlace(op, [&] { operand.set(*buffer); });
    }
    return success();
  }
};

} // namespace

void colonnade::registerLibraryDialect(DialectRegistry &registry) {
  registry.insert<LibraryDialect>();
  registry.addExtension(+[](MLIRContext *context, LibraryDialect *) {
    ConvolutionOp::attachInterface<ConvolutionBufferization>(*context);
    MarkOp::attachInterface<MarkBufferization>(*context);
  });
}
