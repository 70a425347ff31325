//===- Differentiate.cpp - Reverse-mode differentiation -------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See the header; the walk is in BackwardPass.cpp.
//
//===----------------------------------------------------------------------===//

#include "colonnade/Differentiation/Differentiate.h"
#include "TensorBuilders.h"

using namespace mlir;
using namespace colonnade;

FailureOr<SmallVector<Value>>
colonnade::createCotangents(OpBuilder &builder, ValueRange outputs,
                            ValueRange outputCotangents, ValueRange inputs,
                            GradientRule *rule) {
  GradientRule ownRule;
  BackwardPass pass(builder, inputs, rule ? *rule : ownRule);
  Block *block = outputs.front().getParentBlock();
  SmallVector<Operation *> ops;
  for (Operation &op :
       llvm::make_range(block->begin(), builder.getInsertionPoint()))
    ops.push_back(&op);
  if (failed(pass.propagate(ops, outputs, outputCotangents)))
    return failure();
  return llvm::map_to_vector(
      inputs, [&](Value input) { return pass.getCotangent(input); });
}

FailureOr<SmallVector<Value>> colonnade::differentiate(OpBuilder &builder,
                                                       Value loss,
                                                       ValueRange inputs,
                                                       GradientRule *rule) {
  Value one = createSplat(builder, loss.getLoc(),
                          cast<RankedTensorType>(loss.getType()), 1);
  auto gradients = createCotangents(builder, loss, one, inputs, rule);
  if (failed(gradients))
    return failure();
  for (auto [gradient, input] : llvm::zip_equal(*gradients, inputs))
    if (!gradient)
      gradient = createZero(builder, input.getLoc(), getCotangentType(input));
  return gradients;
}
