//===- UnpackWeights.cpp - The inverse of packing -*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Shows that a schedule's weights are the ones that were compiled: a schedule
// is turned back into the encoded constants.
//
//===----------------------------------------------------------------------===//

#include "colonnade/Dialect/Colonnade/IR/ColonnadeDialect.h"
#include "colonnade/Dialect/Colonnade/IR/MatrixView.h"
#include "colonnade/Dialect/Systolic/IR/Systolic.h"
#include "colonnade/Dialect/Systolic/Transforms/Passes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

using namespace mlir;
using namespace colonnade;
using namespace colonnade::systolic;

namespace colonnade::systolic {
#define GEN_PASS_DEF_UNPACKWEIGHTS
#include "colonnade/Dialect/Systolic/Transforms/Passes.h.inc"
} // namespace colonnade::systolic

/// @<program>_<weights>() -> the packed tensor.
static void buildUnpacked(OpBuilder &builder, ProgramOp program,
                          WeightsOp weights, ArrayRef<int8_t> matrices) {
  auto type = cast<RankedTensorType>(weights.getOriginal());
  BlockMatrixView view = weights.getMatrixView();
  std::string name = (program.getSymName() + "_" + weights.getName()).str();
  auto function = func::FuncOp::create(
      builder, weights.getLoc(), name,
      builder.getFunctionType(TypeRange(), TypeRange(type)));
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(function.addEntryBlock());
  Value constant = arith::ConstantOp::create(
      builder, weights.getLoc(),
      cast<TypedAttr>(makeInt8Constant(type, view.fromMatrices(matrices))));
  func::ReturnOp::create(builder, weights.getLoc(), constant);
}

namespace {
struct UnpackWeights
    : colonnade::systolic::impl::UnpackWeightsBase<UnpackWeights> {
  void runOnOperation() override {
    for (auto program :
         llvm::make_early_inc_range(getOperation().getOps<ProgramOp>())) {
      OpBuilder builder(program);
      for (auto weights : program.getBody().front().getOps<WeightsOp>()) {
        auto matrix = sim::unpackWeights(weights.getPackedWeights());
        if (!matrix) {
          emitError(weights.getLoc()) << llvm::toString(matrix.takeError());
          return signalPassFailure();
        }
        buildUnpacked(builder, program, weights, *matrix);
      }
      program.erase();
    }
  }
};
} // namespace
