//===- TensorGradients.cpp - Gradients of views and movement --------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What moves elements moves their cotangents back. Shapes are static.
//
//===----------------------------------------------------------------------===//

#include "TensorBuilders.h"
#include "colonnade/Differentiation/DifferentiableOpInterface.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/DialectRegistry.h"

using namespace mlir;
using namespace colonnade;

namespace {

struct CollapseGradient
    : DifferentiableOpInterface::ExternalModel<CollapseGradient,
                                               tensor::CollapseShapeOp> {
  FailureOr<SmallVector<Value>> createOperandCotangents(Operation *op,
                                                        OpBuilder &builder,
                                                        ValueRange cotangents,
                                                        ArrayRef<bool>) const {
    auto collapse = cast<tensor::CollapseShapeOp>(op);
    return SmallVector<Value>{tensor::ExpandShapeOp::create(
        builder, op->getLoc(), collapse.getSrcType(), cotangents.front(),
        collapse.getReassociationIndices())};
  }
};

struct ExpandGradient
    : DifferentiableOpInterface::ExternalModel<ExpandGradient,
                                               tensor::ExpandShapeOp> {
  FailureOr<SmallVector<Value>> createOperandCotangents(Operation *op,
                                                        OpBuilder &builder,
                                                        ValueRange cotangents,
                                                        ArrayRef<bool>) const {
    auto expand = cast<tensor::ExpandShapeOp>(op);
    return SmallVector<Value>{tensor::CollapseShapeOp::create(
        builder, op->getLoc(), expand.getSrcType(), cotangents.front(),
        expand.getReassociationIndices())};
  }
};

struct PadGradient
    : DifferentiableOpInterface::ExternalModel<PadGradient, tensor::PadOp> {
  FailureOr<SmallVector<Value>>
  createOperandCotangents(Operation *op, OpBuilder &builder,
                          ValueRange cotangents, ArrayRef<bool> needed) const {
    auto pad = cast<tensor::PadOp>(op);
    SmallVector<Value> result(op->getNumOperands());
    SmallVector<OpFoldResult> ones(pad.getSourceType().getRank(),
                                   builder.getIndexAttr(1));
    SmallVector<OpFoldResult> sizes = getAsIndexOpFoldResult(
        builder.getContext(), pad.getSourceType().getShape());
    result[0] = tensor::ExtractSliceOp::create(
        builder, op->getLoc(), cotangents.front(), pad.getMixedLowPad(), sizes,
        ones);
    return result;
  }
};

struct ConcatGradient
    : DifferentiableOpInterface::ExternalModel<ConcatGradient,
                                               tensor::ConcatOp> {
  FailureOr<SmallVector<Value>> createOperandCotangents(Operation *op,
                                                        OpBuilder &builder,
                                                        ValueRange cotangents,
                                                        ArrayRef<bool>) const {
    auto concat = cast<tensor::ConcatOp>(op);
    SmallVector<int64_t> offsets(concat.getResultType().getRank(), 0);
    SmallVector<int64_t> ones(offsets.size(), 1);
    SmallVector<Value> result;
    for (Value input : concat.getInputs()) {
      ArrayRef<int64_t> shape =
          cast<RankedTensorType>(input.getType()).getShape();
      result.push_back(createSlice(builder, op->getLoc(), cotangents.front(),
                                   offsets, shape, ones));
      offsets[concat.getDim()] += shape[concat.getDim()];
    }
    return result;
  }
};

struct ExtractSliceGradient
    : DifferentiableOpInterface::ExternalModel<ExtractSliceGradient,
                                               tensor::ExtractSliceOp> {
  FailureOr<SmallVector<Value>> createOperandCotangents(Operation *op,
                                                        OpBuilder &builder,
                                                        ValueRange cotangents,
                                                        ArrayRef<bool>) const {
    auto slice = cast<tensor::ExtractSliceOp>(op);
    Value zero = createZero(builder, op->getLoc(), slice.getSourceType());
    SmallVector<Value> result(op->getNumOperands());
    result[0] = tensor::InsertSliceOp::create(
        builder, op->getLoc(), cotangents.front(), zero,
        slice.getMixedOffsets(), slice.getMixedSizes(),
        slice.getMixedStrides());
    return result;
  }
};

struct InsertSliceGradient
    : DifferentiableOpInterface::ExternalModel<InsertSliceGradient,
                                               tensor::InsertSliceOp> {
  FailureOr<SmallVector<Value>> createOperandCotangents(Operation *op,
                                                        OpBuilder &builder,
                                                        ValueRange cotangents,
                                                        ArrayRef<bool>) const {
    auto insertion = cast<tensor::InsertSliceOp>(op);
    Location loc = op->getLoc();
    SmallVector<Value> result(op->getNumOperands());
    result[0] = tensor::ExtractSliceOp::create(
        builder, loc, insertion.getSourceType(), cotangents.front(),
        insertion.getMixedOffsets(), insertion.getMixedSizes(),
        insertion.getMixedStrides());
    Value zero = createZero(builder, loc, insertion.getSourceType());
    result[1] = tensor::InsertSliceOp::create(
        builder, loc, zero, cotangents.front(), insertion.getMixedOffsets(),
        insertion.getMixedSizes(), insertion.getMixedStrides());
    return result;
  }
};

} // namespace

void colonnade::registerTensorGradients(DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, tensor::TensorDialect *) {
    tensor::CollapseShapeOp::attachInterface<CollapseGradient>(*context);
    tensor::ExpandShapeOp::attachInterface<ExpandGradient>(*context);
    tensor::PadOp::attachInterface<PadGradient>(*context);
    tensor::ConcatOp::attachInterface<ConcatGradient>(*context);
    tensor::ExtractSliceOp::attachInterface<ExtractSliceGradient>(*context);
    tensor::InsertSliceOp::attachInterface<InsertSliceGradient>(*context);
  });
}
