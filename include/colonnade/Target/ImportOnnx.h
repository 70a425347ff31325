//===- ImportOnnx.h - ONNX models to linalg --------------------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reads ONNX models (operator sets 1 to 17, as the ONNX 1.12 library knows
// them) into linalg, tensor, arith and math. See docs/rationale/onnx.md.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_TARGET_IMPORTONNX_H
#define COLONNADE_TARGET_IMPORTONNX_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"
#include "llvm/Support/MemoryBuffer.h"
#include <memory>
#include <optional>
#include <string>

namespace colonnade {

struct OnnxImportOptions {
  /// Size of the inputs' first dimension where the model leaves it open.
  std::optional<int64_t> batch;
  /// Name of the function that computes the model.
  std::string entryName = "main";
  /// Import BatchNormalization, in its training mode too, as
  /// colonnade.batch_norm_inference with the model's statistics, to train the
  /// network. Otherwise known parameters are folded, and the training mode
  /// computes what ONNX defines.
  bool keepBatchNorm = false;
};

/// A module with one function: the model's inputs are its arguments and the
/// model's outputs its results, both in the model's order, as static tensors
/// (signless integers, i1 for bool). Weights of more than 64 elements are
/// dense_resources named after their initializers; every op's location is its
/// node's name over the model's path. The module owns its weights, whose bytes
/// are not copied.
/// Null after an error, which has been emitted and names file and node.
mlir::OwningOpRef<mlir::ModuleOp>
importOnnx(llvm::StringRef path, mlir::MLIRContext *context,
           const OnnxImportOptions &options = {});

/// As above. The buffer is freed as soon as it is parsed; its identifier is the
/// model's path, next to which external data files are looked for.
mlir::OwningOpRef<mlir::ModuleOp>
importOnnx(std::unique_ptr<llvm::MemoryBuffer> buffer,
           mlir::MLIRContext *context, const OnnxImportOptions &options = {});

/// --import-onnx of colonnade-translate, with --onnx-batch=<N>,
/// --onnx-entry=<name>, --onnx-keep-batch-norm and --onnx-bytecode. Text and bytecode have locations, so
/// that later messages name nodes.
void registerOnnxImportTranslation();

} // namespace colonnade

#endif // COLONNADE_TARGET_IMPORTONNX_H
