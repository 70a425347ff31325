//===- PrepareTensors.cpp - Only what bufferizes to loops ----------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Brings a function into the form that bufferization and the lowering to loops
// understand: no op that is a whole computation (softmax, concatenation,
// quantization), and results that are written to buffers of the caller, so that
// a result may be an argument, a constant or another result too.
//
//===----------------------------------------------------------------------===//

#include "LowerToLLVM.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/Passes.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Quant/Transforms/Passes.h"
#include "mlir/Dialect/Tensor/Transforms/Transforms.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Transforms/Passes.h"
#include "mlir/Transforms/WalkPatternRewriteDriver.h"

using namespace mlir;

namespace colonnade {
namespace {

/// Softmax and the like, which linalg itself expresses in its other ops.
LogicalResult decomposeAggregates(ModuleOp module) {
  SmallVector<linalg::AggregatedOpInterface> ops;
  module.walk([&](linalg::AggregatedOpInterface op) { ops.push_back(op); });
  IRRewriter rewriter(module.getContext());
  for (linalg::AggregatedOpInterface op : ops) {
    rewriter.setInsertionPoint(op);
    FailureOr<SmallVector<Value>> values = op.decomposeOperation(rewriter);
    if (failed(values))
      return emitError(op.getLoc(), "cannot decompose this op");
    rewriter.replaceOp(op, *values);
  }
  return success();
}

void decomposeConcatenations(ModuleOp module) {
  RewritePatternSet patterns(module.getContext());
  tensor::populateDecomposeTensorConcatPatterns(patterns);
  walkAndApplyPatterns(module, std::move(patterns));
}

LogicalResult lowerQuantization(ModuleOp module) {
  PassManager manager(module.getContext());
  manager.addNestedPass<func::FuncOp>(quant::createLowerQuantOps());
  // Casts from and back to the storage type cancel; what is left is elementwise
  // arith on tensors.
  manager.addPass(createCanonicalizerPass());
  manager.addPass(createConvertElementwiseToLinalgPass());
  return manager.run(module);
}

/// Turns the results into trailing memref arguments. Nobody but the function
/// knows these, so they may be written at any time.
void writeResultsToArguments(func::FuncOp function) {
  auto returnOp =
      cast<func::ReturnOp>(function.getBody().front().getTerminator());
  OpBuilder builder(returnOp);
  for (Value result : returnOp.getOperands()) {
    auto type = cast<RankedTensorType>(result.getType());
    unsigned index = function.getNumArguments();
    // Inserting and erasing fail only for functions without a body.
    (void)function.insertArgument(
        index, MemRefType::get(type.getShape(), type.getElementType()), {},
        result.getLoc());
    // As soon as it is there, so that its buffer is not kept.
    builder.setInsertionPointAfterValue(result);
    auto copy = bufferization::MaterializeInDestinationOp::create(
        builder, result.getLoc(), result, function.getArgument(index));
    copy.setRestrict(true);
    copy.setWritable(true);
  }
  returnOp.getOperandsMutable().clear();
  (void)function.eraseResults(llvm::BitVector(function.getNumResults(), true));
}

/// Asks for the C interface, and keeps bufferization from writing into the
/// caller's inputs.
void prepareBoundary(func::FuncOp function) {
  MLIRContext *context = function.getContext();
  function->setAttr("llvm.emit_c_interface", UnitAttr::get(context));
  for (BlockArgument argument : function.getArguments())
    function.setArgAttr(argument.getArgNumber(), "bufferization.writable",
                        BoolAttr::get(context, false));
  writeResultsToArguments(function);
}

} // namespace

LogicalResult prepareTensors(ModuleOp module) {
  module.getContext()
      ->loadDialect<bufferization::BufferizationDialect, memref::MemRefDialect,
                    tensor::TensorDialect>();
  if (failed(lowerQuantization(module)) || failed(decomposeAggregates(module)))
    return failure();
  decomposeConcatenations(module);
  module.walk(prepareBoundary);
  return success();
}

} // namespace colonnade
