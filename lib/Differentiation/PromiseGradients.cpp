//===- PromiseGradients.cpp - Gradients of promises -----------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Rounding has derivative zero wherever it has one; trained is with the
// straight-through gradient (Bengio et al., arXiv 1308.3432), that of the
// identity, saturated values included. Promises are about values, not about
// derivatives: the cotangent of a promised tensor is a plain one.
//
//===----------------------------------------------------------------------===//

#include "colonnade/Dialect/Colonnade/IR/ColonnadeOps.h"
#include "colonnade/Differentiation/DifferentiableOpInterface.h"
#include "mlir/IR/DialectRegistry.h"

using namespace mlir;
using namespace colonnade;

namespace {

/// Passes the cotangent on to the first operand; the others are integers.
template <typename OpT>
struct StraightThroughGradient
    : DifferentiableOpInterface::ExternalModel<StraightThroughGradient<OpT>,
                                               OpT> {
  FailureOr<SmallVector<Value>> createOperandCotangents(Operation *op,
                                                        OpBuilder &,
                                                        ValueRange cotangents,
                                                        ArrayRef<bool>) const {
    SmallVector<Value> result(op->getNumOperands());
    result.front() = cotangents.front();
    return result;
  }
};

} // namespace

void colonnade::registerPromiseGradients(DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, ColonnadeDialect *) {
    BlockQuantizeOp::attachInterface<StraightThroughGradient<BlockQuantizeOp>>(
        *context);
    DropEncodingOp::attachInterface<StraightThroughGradient<DropEncodingOp>>(
        *context);
  });
}
