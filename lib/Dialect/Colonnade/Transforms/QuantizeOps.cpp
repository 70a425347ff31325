//===- QuantizeOps.cpp - The ops of a network, on integers ---------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See the header.
//
//===----------------------------------------------------------------------===//

#include "QuantizeOps.h"
#include "QuantizeBodies.h"
#include "QuantizeLayers.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace colonnade {

static constexpr int64_t kLowestInt8 = -128;

static ArrayRef<int64_t> getShape(Value value) {
  return cast<RankedTensorType>(value.getType()).getShape();
}

/// A convolution or pooling like `op`, of other tensors.
template <typename OpT>
static Value createWindowed(OpBuilder &builder, OpT op, Value data,
                            Value window, Value init) {
  return OpT::create(builder, op.getLoc(), init.getType(),
                     ValueRange{data, window}, init, op.getStrides(),
                     op.getDilations())
      .getResult(0);
}

template <typename OpT>
static Value createProduct(OpBuilder &builder, OpT op, Value left, Value right,
                           Value init) {
  return OpT::create(builder, op.getLoc(), init.getType(),
                     ValueRange{left, right}, init)
      .getResult(0);
}

Value createContraction(OpBuilder &builder, Operation *op, Value data,
                        Value weights) {
  Value init = createFilled(builder, op->getLoc(), getShape(op->getResult(0)),
                            builder.getI32Type(), 0);
  return llvm::TypeSwitch<Operation *, Value>(op)
      .Case<linalg::Conv2DNchwFchwOp, linalg::DepthwiseConv2DNchwChwOp,
            linalg::Conv2DNgchwGfchwOp>([&](auto conv) {
        return createWindowed(builder, conv, data, weights, init);
      })
      .Case<linalg::MatmulOp, linalg::BatchMatmulOp>([&](auto matmul) {
        return createProduct(builder, matmul, data, weights, init);
      });
}

Value createPool(OpBuilder &builder, Operation *op, Value data) {
  Location loc = op->getLoc();
  bool isMaximum = isa<linalg::PoolingNchwMaxOp>(op);
  Value init = createFilled(builder, loc, getShape(op->getResult(0)),
                            builder.getIntegerType(isMaximum ? 8 : 32),
                            isMaximum ? kLowestInt8 : 0);
  Value window = tensor::EmptyOp::create(
      builder, loc, getShape(op->getOperand(1)), builder.getI8Type());
  return llvm::TypeSwitch<Operation *, Value>(op)
      .Case<linalg::PoolingNchwMaxOp, linalg::PoolingNchwSumOp>([&](auto pool) {
        return createWindowed(builder, pool, data, window, init);
      });
}

Value createMoved(OpBuilder &builder, Operation *op, Value source,
                  int64_t zero) {
  Location loc = op->getLoc();
  Type element = cast<RankedTensorType>(source.getType()).getElementType();
  auto type = RankedTensorType::get(getShape(op->getResult(0)), element);
  return llvm::TypeSwitch<Operation *, Value>(op)
      .Case<tensor::CollapseShapeOp, tensor::ExpandShapeOp>(
          [&](auto reshape) -> Value {
            return decltype(reshape)::create(builder, loc, type, source,
                                             reshape.getReassociationIndices());
          })
      .Case<tensor::ExtractSliceOp>([&](tensor::ExtractSliceOp slice) -> Value {
        return tensor::ExtractSliceOp::create(
            builder, loc, type, source, slice.getMixedOffsets(),
            slice.getMixedSizes(), slice.getMixedStrides());
      })
      .Case<linalg::TransposeOp>([&](linalg::TransposeOp transpose) -> Value {
        Value empty =
            tensor::EmptyOp::create(builder, loc, type.getShape(), element);
        return linalg::TransposeOp::create(builder, loc, source, empty,
                                           transpose.getPermutation())
            ->getResult(0);
      })
      .Case<tensor::PadOp>([&](tensor::PadOp pad) -> Value {
        int64_t padding = getPaddingValue(pad)->isZero() ? zero : kLowestInt8;
        Value constant = arith::ConstantOp::create(
            builder, loc, builder.getIntegerAttr(element, padding));
        return tensor::PadOp::create(
            builder, loc, type, source, pad.getMixedLowPad(),
            pad.getMixedHighPad(), constant, pad.getNofold());
      });
}

} // namespace colonnade
