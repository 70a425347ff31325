//===- Passes.td - Mapping linalg to the array -*- tablegen -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_CONVERSION_LINALGTOSYSTOLIC_PASSES
#define COLONNADE_CONVERSION_LINALGTOSYSTOLIC_PASSES

include "mlir/Pass/PassBase.td"

def ConvertLinalgToSystolic
    : Pass<"convert-linalg-to-systolic", "::mlir::ModuleOp"> {
  let summary = "Map integer linalg onto the array and the vector unit";
  let description = [{
    Rewrites every function of integer linalg to mapped layers. Convolutions
    and matrix products with constant weights become `systolic.contract`: their
    weights are packed as the encoding promises (column groups share an array
    column; `group` packed columns share a term cell), zero padding becomes part
    of the window (implicit im2col), and the elementwise op that follows becomes
    the epilogue. Pooling and other elementwise ops become `systolic.vector`;
    run-time term selection joins the body of the op that makes the value.

    The machine is `target` (a JSON file or the name of a shipped target) or,
    without it, the module's `systolic.target`.

    Every linalg op is accepted or rejected by one legality function per kind.
    Accepted ones get a passed remark with metrics, rejected ones a missed
    remark and the attribute `systolic.rejected`, both of which name the rule
    and the numbers. Limits: batch 1, static shapes, i8 x i8 to i32, ungrouped
    NCHW convolutions.
  }];
  let options = [
    Option<"target", "target", "std::string", /*default=*/"\"\"",
           "JSON target file, or name of a shipped target">];
  let dependentDialects = ["::colonnade::systolic::SystolicDialect",
                           "::mlir::tensor::TensorDialect"];
}

#endif // COLONNADE_CONVERSION_LINALGTOSYSTOLIC_PASSES
