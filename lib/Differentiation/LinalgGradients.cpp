//===- LinalgGradients.cpp - Gradients of linalg ops ----------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// All structured ops, named or generic, have the same gradient: their body's.
//
//===----------------------------------------------------------------------===//

#include "StructuredGradient.h"
#include "colonnade/Differentiation/DifferentiableOpInterface.h"
#include "mlir/IR/DialectRegistry.h"

using namespace mlir;
using namespace colonnade;

namespace {
template <typename OpT>
struct LinalgGradient
    : DifferentiableOpInterface::ExternalModel<LinalgGradient<OpT>, OpT> {
  FailureOr<SmallVector<Value>>
  createOperandCotangents(Operation *op, OpBuilder &builder,
                          ValueRange cotangents, ArrayRef<bool> needed) const;
};
} // namespace

static FailureOr<SmallVector<Value>>
createStructuredCotangents(linalg::LinalgOp op, OpBuilder &builder,
                           ValueRange cotangents, ArrayRef<bool> needed) {
  StructuredGradient gradient(builder, op, cotangents);
  if (failed(gradient.analyze()))
    return failure();
  SmallVector<Value> result(op->getNumOperands());
  for (OpOperand &operand : op->getOpOperands()) {
    if (!needed[operand.getOperandNumber()])
      continue;
    FailureOr<Value> cotangent = gradient.create(operand);
    if (failed(cotangent))
      return failure();
    result[operand.getOperandNumber()] = *cotangent;
  }
  return result;
}

template <typename OpT>
FailureOr<SmallVector<Value>>
LinalgGradient<OpT>::createOperandCotangents(Operation *op, OpBuilder &builder,
                                             ValueRange cotangents,
                                             ArrayRef<bool> needed) const {
  return createStructuredCotangents(cast<linalg::LinalgOp>(op), builder,
                                    cotangents, needed);
}

template <typename... Ops> static void attachAll(MLIRContext *context) {
  (Ops::template attachInterface<LinalgGradient<Ops>>(*context), ...);
}

void colonnade::registerLinalgGradients(DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, linalg::LinalgDialect *) {
    attachAll<
#define GET_OP_LIST
#include "mlir/Dialect/Linalg/IR/LinalgStructuredOps.cpp.inc"
        >(context);
  });
}

void colonnade::registerGradients(DialectRegistry &registry) {
  registerArithGradients(registry);
  registerMathGradients(registry);
  registerTensorGradients(registry);
  registerLinalgGradients(registry);
  registerSoftmaxGradient(registry);
  registerPromiseGradients(registry);
  registerBatchNormGradients(registry);
  registerFixedPointGradients(registry);
  registerReversibleGradient(registry);
}
