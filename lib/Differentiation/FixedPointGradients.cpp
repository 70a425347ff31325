//===- FixedPointGradients.cpp - Gradients of fixed-point streams ---------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The integers of a fixed-point tensor stand for numbers, and these have f32
// cotangents. Rounding to fixed point is trained with the straight-through
// gradient, values that it saturates included; sums are sums, wrapped or not.
//
//===----------------------------------------------------------------------===//

#include "TensorBuilders.h"
#include "colonnade/Dialect/Colonnade/IR/ColonnadeOps.h"
#include "colonnade/Dialect/Colonnade/Transforms/ElementwiseCode.h"
#include "colonnade/Differentiation/BackwardPass.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/DialectRegistry.h"

using namespace mlir;
using namespace colonnade;

namespace {

/// Of to_fixed and from_fixed.
template <typename OpT>
struct ConversionGradient
    : DifferentiableOpInterface::ExternalModel<ConversionGradient<OpT>, OpT> {
  FailureOr<SmallVector<Value>> createOperandCotangents(Operation *,
                                                        OpBuilder &,
                                                        ValueRange cotangents,
                                                        ArrayRef<bool>) const {
    return SmallVector<Value>{cotangents.front()};
  }
};

/// Of a sum or a difference.
template <typename OpT>
struct SumGradient
    : DifferentiableOpInterface::ExternalModel<SumGradient<OpT>, OpT> {
  FailureOr<SmallVector<Value>>
  createOperandCotangents(Operation *op, OpBuilder &builder,
                          ValueRange cotangents, ArrayRef<bool> needed) const {
    Value cotangent = cotangents.front();
    SmallVector<Value> result{cotangent, cotangent};
    if (std::is_same_v<OpT, SubtractFixedOp> && needed[1])
      result[1] = buildElementwise(
          builder, op->getLoc(), cast<RankedTensorType>(cotangent.getType()),
          cotangent, [](ScalarBuilder &b, ValueRange args) -> Value {
            return arith::NegFOp::create(b, args[0]);
          });
    return result;
  }
};

/// The positions' cotangents move back. So do values that were computed again.
struct SpaceToDepthGradient
    : DifferentiableOpInterface::ExternalModel<SpaceToDepthGradient,
                                               SpaceToDepthOp> {
  static Value createInverse(SpaceToDepthOp op, OpBuilder &builder,
                             Value value) {
    return SpaceToDepthOp::create(builder, op.getLoc(), value, !op.getInverse(),
                                  op.getBlock(), op.getChannel(),
                                  op.getHeight(), op.getWidth());
  }

  FailureOr<SmallVector<Value>> createOperandCotangents(Operation *op,
                                                        OpBuilder &builder,
                                                        ValueRange cotangents,
                                                        ArrayRef<bool>) const {
    return SmallVector<Value>{
        createInverse(cast<SpaceToDepthOp>(op), builder, cotangents.front())};
  }

  LogicalResult propagateCotangents(Operation *op, BackwardPass &pass) const {
    auto move = cast<SpaceToDepthOp>(op);
    Value again = pass.getAvailable(move.getResult());
    if (again != move.getResult())
      pass.setAvailable(move.getSource(),
                        createInverse(move, pass.getBuilder(), again));
    return propagateByOperands(cast<DifferentiableOpInterface>(op), pass);
  }
};

} // namespace

void colonnade::registerFixedPointGradients(DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, ColonnadeDialect *) {
    ToFixedOp::attachInterface<ConversionGradient<ToFixedOp>>(*context);
    FromFixedOp::attachInterface<ConversionGradient<FromFixedOp>>(*context);
    SpaceToDepthOp::attachInterface<SpaceToDepthGradient>(*context);
    AddFixedOp::attachInterface<SumGradient<AddFixedOp>>(*context);
    SubtractFixedOp::attachInterface<SumGradient<SubtractFixedOp>>(*context);
  });
}
