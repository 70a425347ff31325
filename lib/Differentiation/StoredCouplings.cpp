//===- StoredCouplings.cpp - Couplings that keep their values -------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See the header.
//
//===----------------------------------------------------------------------===//

#include "colonnade/Differentiation/StoredCouplings.h"
#include "colonnade/Dialect/Colonnade/Transforms/Coupling.h"

using namespace mlir;
using namespace colonnade;

void colonnade::lowerStoredCouplings(func::FuncOp function) {
  SmallVector<ReversibleOp> ops;
  function.walk([&](ReversibleOp op) {
    if (op.getInverse() || op.getPlan() == ActivationPlan::Store)
      ops.push_back(op);
  });
  IRRewriter rewriter(function.getContext());
  for (ReversibleOp op : ops) {
    rewriter.setInsertionPoint(op);
    lowerReversible(rewriter, op);
  }
}
