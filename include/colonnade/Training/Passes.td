//===- Passes.td - From a network to its training step -----*- tablegen -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_TRAINING_PASSES
#define COLONNADE_TRAINING_PASSES

include "mlir/Pass/PassBase.td"

def SetBatch : Pass<"colonnade-set-batch", "::mlir::func::FuncOp"> {
  let summary = "Change how many inputs a network takes at a time";
  let description = [{
    Networks are shipped with a batch of 1; training wants more. The leading
    dimension of every argument is the batch; it is followed through linalg,
    tensor and elementwise arith ops, whose types are rewritten, and values that
    do not depend on the batch (a position embedding) are broadcast where they
    meet one that does. Each input's result is what it was with its own batch:
    an op that mixes the elements of a batch, or that has no rule here, is an
    error that names it.

    Example, `--colonnade-set-batch=size=128`:

    ```mlir
    func.func @main(%x: tensor<1x784xf32>) -> tensor<1x10xf32> {
      %w = arith.constant dense<0.5> : tensor<784x10xf32>
      %e = tensor.empty() : tensor<1x10xf32>
      // becomes tensor<128x784xf32>, tensor<784x10xf32> -> tensor<128x10xf32>
      %y = linalg.matmul ins(%x, %w : tensor<1x784xf32>, tensor<784x10xf32>)
                         outs(%e : tensor<1x10xf32>) -> tensor<1x10xf32>
      return %y : tensor<1x10xf32>
    }
    ```
  }];
  let options = [Option<"size", "size", "int64_t", /*default=*/"1",
                        "How many inputs the network is to take at a time">];
  let dependentDialects = ["::mlir::linalg::LinalgDialect",
                           "::mlir::tensor::TensorDialect"];
}

#endif // COLONNADE_TRAINING_PASSES
