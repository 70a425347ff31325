//===- KeepBaseline.cpp - Keep a copy of the network -*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See the pass's description.
//
//===----------------------------------------------------------------------===//

#include "colonnade/Dialect/Colonnade/IR/ColonnadeDialect.h"
#include "colonnade/Dialect/Colonnade/Transforms/Passes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinOps.h"

using namespace mlir;
using namespace colonnade;

namespace colonnade {
#define GEN_PASS_DEF_KEEPBASELINE
#include "colonnade/Dialect/Colonnade/Transforms/Passes.h.inc"
} // namespace colonnade

static constexpr StringLiteral kBaseline =
    ColonnadeDialect::getBaselineModuleName();

namespace {
struct KeepBaseline : colonnade::impl::KeepBaselineBase<KeepBaseline> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    if (Operation *existing = SymbolTable::lookupSymbolIn(module, kBaseline)) {
      emitError(existing->getLoc())
          << "the module holds a '" << kBaseline << "' already";
      return signalPassFailure();
    }
    OpBuilder builder(&getContext());
    builder.setInsertionPointToEnd(module.getBody());
    auto baseline = ModuleOp::create(builder, module.getLoc(), kBaseline);
    builder.setInsertionPointToStart(baseline.getBody());
    for (auto function : module.getOps<func::FuncOp>())
      builder.clone(*function);
  }
};
} // namespace
