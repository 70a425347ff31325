//===- VerifyPromises.cpp - Check constants against their types -----------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Upstream rewrites copy encodings blindly; this pass catches a promise that
// was carried to values that do not keep it.
//
//===----------------------------------------------------------------------===//

#include "Weights.h"
#include "colonnade/Dialect/Colonnade/IR/ColonnadeOps.h"
#include "colonnade/Dialect/Colonnade/IR/Promises.h"
#include "colonnade/Dialect/Colonnade/Transforms/Passes.h"
#include "mlir/IR/Matchers.h"

namespace colonnade {
#define GEN_PASS_DEF_VERIFYPROMISES
#include "colonnade/Dialect/Colonnade/Transforms/Passes.h.inc"
} // namespace colonnade

using namespace mlir;
using namespace colonnade;

namespace {

struct VerifyPromises
    : public colonnade::impl::VerifyPromisesBase<VerifyPromises> {
  void runOnOperation() override;
};

} // namespace

/// Whether a constant keeps what its type promises. True for other ops.
static LogicalResult verifyConstant(Operation *op) {
  Attribute value;
  if (op->getNumResults() != 1 || !getEncoding(op->getResult(0).getType()) ||
      !matchPattern(op, m_Constant(&value)))
    return success();
  auto emitError = [&] {
    return mlir::emitError(op->getLoc(), "broken promise: ");
  };
  auto elements = dyn_cast<ElementsAttr>(value);
  if (!elements)
    return emitError() << "expected an elements attribute, got " << value;
  return checkPromise(cast<RankedTensorType>(op->getResult(0).getType()),
                      elements, emitError);
}

/// Whether combine_columns of a constant, which the folder may have refused,
/// leaves out zero columns only.
static LogicalResult verifyCombineColumns(CombineColumnsOp op) {
  std::optional<std::vector<int8_t>> values = readWeights(op.getSource());
  if (!values || op.getSource().getType() == op.getType())
    return success();
  return checkUnassignedColumns(op.getType(), *values, [&] {
    InFlightDiagnostic diagnostic = op.emitOpError("cannot keep its promise: ");
    diagnostic.attachNote(op.getSource().getLoc()) << "the constant is here";
    return diagnostic;
  });
}

void VerifyPromises::runOnOperation() {
  bool broken = false;
  getOperation()->walk([&](Operation *op) {
    broken |= failed(verifyConstant(op));
    if (auto combine = dyn_cast<CombineColumnsOp>(op))
      broken |= failed(verifyCombineColumns(combine));
  });
  if (broken)
    signalPassFailure();
}
