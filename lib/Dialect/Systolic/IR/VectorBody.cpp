//===- VectorBody.cpp - Scalar code of the vector unit --------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which scalar ops may stand in a body: those of every network and the systolic
// dialect's own; and the check of whole bodies.
//
//===----------------------------------------------------------------------===//

#include "VectorBody.h"

using namespace mlir;
using namespace colonnade;
using namespace colonnade::systolic;

using MaybeObjection = std::optional<std::string>;

//===----------------------------------------------------------------------===//
// Scalar ops
//===----------------------------------------------------------------------===//

MaybeObjection systolic::getVectorUnitObjection(Operation &op) {
  // Its verifier leaves nothing to object to.
  if (isa<EncodeTermsOp>(op))
    return std::nullopt;
  return getScalarOpObjection(op);
}

//===----------------------------------------------------------------------===//
// Bodies
//===----------------------------------------------------------------------===//

LogicalResult systolic::verifyVectorBody(Operation *op, Block &body,
                                         ArrayRef<Type> arguments,
                                         Type result) {
  if (body.getNumArguments() != arguments.size())
    return op->emitOpError() << "expected a region with " << arguments.size()
                             << " arguments, got " << body.getNumArguments();
  for (auto [index, pair] :
       llvm::enumerate(llvm::zip(body.getArgumentTypes(), arguments)))
    if (std::get<0>(pair) != std::get<1>(pair))
      return op->emitOpError()
             << "expected region argument " << index << " of type "
             << std::get<1>(pair) << ", got " << std::get<0>(pair);
  for (Operation &scalar : body.without_terminator())
    if (auto objection = getVectorUnitObjection(scalar)) {
      InFlightDiagnostic diag = op->emitOpError() << *objection;
      diag.attachNote(scalar.getLoc()) << "scalar op is here";
      return diag;
    }
  auto yield = cast<YieldOp>(body.getTerminator());
  if (!yield.getValue() || yield.getValue().getType() != result)
    return op->emitOpError() << "expected the region to yield " << result;
  return success();
}
