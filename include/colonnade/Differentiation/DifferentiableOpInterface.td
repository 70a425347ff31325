//===- DifferentiableOpInterface.td - Gradients of ops ------*- tablegen -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What an op must say to be differentiated.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_DIFFERENTIATION_DIFFERENTIABLEOPINTERFACE
#define COLONNADE_DIFFERENTIATION_DIFFERENTIABLEOPINTERFACE

include "mlir/IR/OpBase.td"

def DifferentiableOpInterface : OpInterface<"DifferentiableOpInterface"> {
  let cppNamespace = "::colonnade";
  let description = [{
    An op with a vector-Jacobian product: from the cotangents of its results
    (the derivatives of the loss by them, of the results' types) it makes those
    of its operands. The same interface serves ops on tensors and the scalar ops
    in the body of a `linalg.generic`.

    It is attached from outside, so an op of any dialect gets a gradient without
    a change to Colonnade:

    ```c++
    struct SinGradient : DifferentiableOpInterface::ExternalModel<SinGradient, math::SinOp> {
      FailureOr<SmallVector<Value>>
      createOperandCotangents(Operation *op, OpBuilder &builder,
                              ValueRange cotangents, ArrayRef<bool>) const {
        Value cosine = math::CosOp::create(builder, op->getLoc(), op->getOperand(0));
        return {{arith::MulFOp::create(builder, op->getLoc(), cotangents[0], cosine)}};
      }
    };
    registry.addExtension(+[](MLIRContext *context, math::MathDialect *) {
      math::SinOp::attachInterface<SinGradient>(*context);
    });
    ```
  }];
  let methods = [
    InterfaceMethod<[{
        Creates the cotangents of the operands at the builder, one for each
        operand, of its type; null for an operand that is not `needed` or does
        not influence the results. `cotangents` has one value for each result.
        Values that the forward pass computed may be used. On failure an error
        has been emitted.
      }],
      "::mlir::FailureOr<::llvm::SmallVector<::mlir::Value>>",
      "createOperandCotangents",
      (ins "::mlir::OpBuilder &":$builder, "::mlir::ValueRange":$cotangents,
           "::llvm::ArrayRef<bool>":$needed)>,
    InterfaceMethod<[{
        Whether the gradient is also of values that the op's regions read from
        above it. If not, such a value may not depend on an input.
      }],
      "bool", "readsRegionValues", (ins), "", "return false;">,
    InterfaceMethod<[{
        Adds the cotangents of everything the op reads to the pass, which has
        those of its results. An op that overrides this can pass cotangents to
        what its regions read, and say what of its operands it has computed again.
        By default, those of the operands by the pass's rule.
      }],
      "::llvm::LogicalResult", "propagateCotangents",
      (ins "::colonnade::BackwardPass &":$pass), "", [{
        return ::colonnade::propagateByOperands(
            ::llvm::cast<::colonnade::DifferentiableOpInterface>(
                $_op.getOperation()), pass);
      }]>];
}

#endif // COLONNADE_DIFFERENTIATION_DIFFERENTIABLEOPINTERFACE
