//===- Passes.td - Tensor-level passes of Colonnade --------*- tablegen -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The passes that work on linalg over builtin tensors: quantization, the
// passes that establish promises, and the ones that check and drop them.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_DIALECT_COLONNADE_TRANSFORMS_PASSES
#define COLONNADE_DIALECT_COLONNADE_TRANSFORMS_PASSES

include "mlir/Pass/PassBase.td"

def NormalizeContractions
    : Pass<"colonnade-normalize", "::mlir::func::FuncOp"> {
  let summary = "Fold and canonicalize a network to contractions and elementwise code";
  let dependentDialects = ["::mlir::arith::ArithDialect",
                           "::mlir::linalg::LinalgDialect",
                           "::mlir::tensor::TensorDialect"];
}

def Quantize : Pass<"colonnade-quantize", "::mlir::ModuleOp"> {
  let summary = "Post-training 8-bit symmetric quantization to integer linalg";
  let options = [
    Option<"calibration", "calibration", "std::string", /*default=*/"\"\"",
           "Images (.npy, uint8 or float32) that the activation ranges are measured on">,
    Option<"mean", "mean", "double", /*default=*/"0.0",
           "uint8 pixels are normalised as (pixel / 255 - mean) / std">,
    Option<"std", "std", "double", /*default=*/"1.0",
           "See mean">,
    Option<"calibrationLimit", "calibration-limit", "int64_t", /*default=*/"0",
           "Use only the first so many calibration images (0: all)">,
    Option<"outputBits", "output-bits", "int64_t", /*default=*/"16",
           "Width of the fixed-point network outputs, held in i32">];
  let dependentDialects = ["::mlir::arith::ArithDialect",
                           "::mlir::linalg::LinalgDialect",
                           "::mlir::tensor::TensorDialect",
                           "::mlir::tosa::TosaDialect",
                           "::colonnade::ColonnadeDialect"];
}

def CombineColumns
    : Pass<"colonnade-combine-columns", "::mlir::func::FuncOp"> {
  let summary = "Pack sparse filter columns into dense array columns";
  let options = [
    Option<"fanIn", "fan-in", "int64_t", /*default=*/"8",
           "Most columns combined into one (the paper's alpha)">,
    Option<"conflictLimit", "conflict-limit", "double", /*default=*/"0.0",
           "Most pruned weights of a group, as a share of the rows (the paper's gamma)">,
    Option<"algorithm", "algorithm", "std::string", /*default=*/"\"agglomerative\"",
           "Grouping algorithm: agglomerative or dense-first">];
  let dependentDialects = ["::colonnade::ColonnadeDialect"];
}

def TermQuantize : Pass<"colonnade-term-quantize", "::mlir::func::FuncOp"> {
  let summary = "Keep a budget of the largest power-of-two terms per group of values";
  let options = [
    Option<"group", "group", "int64_t", /*default=*/"8",
           "Weights that share a budget">,
    Option<"budget", "budget", "int64_t", /*default=*/"0",
           "Terms kept per group of weights (0: weights are left alone)">,
    Option<"dataTerms", "data-terms", "int64_t", /*default=*/"0",
           "Terms kept per activation at run time (0: activations are left alone)">,
    Option<"digits", "digits", "std::string", /*default=*/"\"naf\"",
           "Digit set: binary, naf, booth4 or hese-msb">];
  let dependentDialects = ["::colonnade::ColonnadeDialect"];
}

def StripEncodings
    : Pass<"colonnade-strip-encodings", "::mlir::ModuleOp"> {
  let summary = "Drop all promises: plain linalg that stock MLIR runs";
  let dependentDialects = ["::mlir::arith::ArithDialect",
                           "::mlir::linalg::LinalgDialect",
                           "::mlir::tensor::TensorDialect"];
}

def VerifyPromises
    : Pass<"colonnade-verify-promises", "::mlir::ModuleOp"> {
  let summary = "Check that constants keep what their types promise";
}

#endif // COLONNADE_DIALECT_COLONNADE_TRANSFORMS_PASSES
