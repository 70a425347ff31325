//===- MakeDuplex.cpp - A trainable branch beside a frozen network --------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Implements the pass: looks for the network's feature maps, freezes what makes
// them, and puts a branch over them.
//
//===----------------------------------------------------------------------===//

#include "DuplexBranch.h"
#include "colonnade/Dialect/Colonnade/IR/ColonnadeOps.h"
#include "colonnade/Dialect/Colonnade/Transforms/Remarks.h"
#include "colonnade/Differentiation/OutlineParameters.h"
#include "colonnade/Training/Passes.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "llvm/ADT/MapVector.h"

namespace colonnade {
#define GEN_PASS_DEF_MAKEDUPLEX
#include "colonnade/Training/Passes.h.inc"
} // namespace colonnade

using namespace mlir;
using namespace colonnade;

static constexpr llvm::StringLiteral kRule = "make-duplex";

static RankedTensorType getType(Value value) {
  return cast<RankedTensorType>(value.getType());
}

//===----------------------------------------------------------------------===//
// The network's features
//===----------------------------------------------------------------------===//

/// Whether the value is a map [1, channels, height, width] that something
/// computes: pads only move one.
static bool isFeatureMap(Value value) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  return type && type.getRank() == 4 && type.hasStaticShape() &&
         type.getElementType().isF32() && type.getDimSize(0) == 1 &&
         type.getDimSize(2) > 1 && type.getDimSize(3) > 1 &&
         isa<linalg::LinalgOp, BatchNormInferenceOp>(value.getDefiningOp());
}

/// The last map of every height and width, in the network's order.
static SmallVector<Value> findFeatureMaps(func::FuncOp function) {
  llvm::MapVector<std::pair<int64_t, int64_t>, Value> maps;
  for (Operation &op : function.getBody().front()) {
    if (op.getNumResults() != 1 || isa<linalg::FillOp>(op) ||
        !isFeatureMap(op.getResult(0)))
      continue;
    RankedTensorType type = getType(op.getResult(0));
    maps[{type.getDimSize(2), type.getDimSize(3)}] = op.getResult(0);
  }
  return llvm::map_to_vector(maps, [](auto &entry) { return entry.second; });
}

/// Fails unless all maps can be averaged to the last one's height and width.
static LogicalResult checkFeatureMaps(func::FuncOp function,
                                      ArrayRef<Value> maps) {
  if (maps.empty())
    return function.emitError("has no feature map [1, channels, height, width] "
                              "of f32 that a branch could read");
  RankedTensorType last = getType(maps.back());
  for (Value map : maps)
    for (int64_t dim : {2, 3})
      if (getType(map).getDimSize(dim) % last.getDimSize(dim) != 0)
        return emitError(map.getLoc())
               << "expected the height and width of a feature map to be "
                  "multiples of "
               << last.getDimSize(2) << " and " << last.getDimSize(3)
               << ", those of the last one, got " << getType(map).getDimSize(2)
               << " and " << getType(map).getDimSize(3);
  return success();
}

//===----------------------------------------------------------------------===//
// The pass
//===----------------------------------------------------------------------===//

/// Freezes what a network keeps; how many elements these are.
static int64_t freeze(func::FuncOp function) {
  SmallVector<Parameter> parameters = collectParameters(function);
  llvm::append_range(parameters, collectStatistics(function));
  int64_t elements = 0;
  for (Parameter parameter : parameters) {
    nameConstant(parameter);
    parameter.constant->setAttr(ColonnadeDialect::getFrozenAttrName(),
                                UnitAttr::get(function.getContext()));
    elements +=
        cast<RankedTensorType>(parameter.constant.getType()).getNumElements();
  }
  return elements;
}

static void eraseDeadOps(Block &block) {
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(block)))
    if (isOpTriviallyDead(&op))
      op.erase();
}

namespace {
struct MakeDuplex : colonnade::impl::MakeDuplexBase<MakeDuplex> {
  using MakeDuplexBase::MakeDuplexBase;

  void runOnOperation() override {
    if (failed(checkOptions()) || failed(convert(getOperation())))
      signalPassFailure();
  }

private:
  LogicalResult checkOptions();
  LogicalResult convert(func::FuncOp function);
};
} // namespace

LogicalResult MakeDuplex::checkOptions() {
  auto reject = [&](StringRef option, int64_t value, StringRef expected) {
    return getOperation().emitError("expected ")
           << option << expected << ", got " << value;
  };
  if (channels < 1)
    return reject("channels", channels, " >= 1");
  if (couplings < 1)
    return reject("couplings", couplings, " >= 1");
  if (fraction < 0 || fraction > FixedPointAttr::kMostFraction)
    return reject("fraction", fraction, " in [0, 31]");
  return success();
}

LogicalResult MakeDuplex::convert(func::FuncOp function) {
  auto logits =
      function.getNumResults() == 1
          ? dyn_cast<RankedTensorType>(function.getResultTypes().front())
          : RankedTensorType();
  if (!function.getBody().hasOneBlock() || !logits || logits.getRank() != 2 ||
      !logits.hasStaticShape() || logits.getDimSize(0) != 1 ||
      !logits.getElementType().isF32())
    return function.emitError("expected a function of one block that returns "
                              "logits [1, classes] of f32");
  SmallVector<Value> maps = findFeatureMaps(function);
  if (failed(checkFeatureMaps(function, maps)))
    return failure();
  Block &body = function.getBody().front();
  // What only made the old logits goes; the feature maps would go with it.
  body.getTerminator()->setOperands(maps);
  eraseDeadOps(body);
  int64_t frozen = freeze(function);
  Value result = writeDuplexBranch(function, maps, logits.getDimSize(1),
                                   {channels, couplings, fraction});
  body.getTerminator()->setOperands(result);
  int64_t trained = 0;
  for (Parameter parameter : collectParameters(function))
    trained +=
        cast<RankedTensorType>(parameter.constant.getType()).getNumElements();
  for (Value map : maps)
    remark::passed(map.getLoc(), getRemarkOpts(kRule, function))
        << remark::metric("FeatureMap", formatShape(getType(map).getShape()));
  remark::passed(function.getLoc(), getRemarkOpts(kRule, function))
      << remark::metric("Parameters", trained)
      << remark::metric("Frozen", frozen);
  return success();
}
