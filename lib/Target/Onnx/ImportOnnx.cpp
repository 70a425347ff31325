//===- ImportOnnx.cpp - ONNX models to linalg -----------------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See the header.
//
//===----------------------------------------------------------------------===//

#include "colonnade/Target/ImportOnnx.h"
#include "GraphImporter.h"
#include "OnnxModel.h"
#include "colonnade/Dialect/Colonnade/IR/ColonnadeDialect.h"
#include "colonnade/Diagnostics/NodeDiagnostics.h"
#include "mlir/Bytecode/BytecodeWriter.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Quant/IR/Quant.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Tools/mlir-translate/Translation.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/FileSystem.h"
#include <google/protobuf/io/zero_copy_stream_impl.h>

using namespace mlir;
using namespace colonnade;
using namespace colonnade::onnximport;

static InFlightDiagnostic emitModelError(StringRef path, MLIRContext *context) {
  return emitError(FileLineColLoc::get(context, path, 0, 0));
}

/// Imports what was parsed from `path`.
static OwningOpRef<ModuleOp> import(llvm::Expected<OnnxModel> model,
                                    StringRef path, MLIRContext *context,
                                    const OnnxImportOptions &options) {
  if (!model) {
    emitModelError(path, context) << llvm::toString(model.takeError());
    return {};
  }
  context->loadDialect<arith::ArithDialect, func::FuncDialect,
                       linalg::LinalgDialect, math::MathDialect,
                       quant::QuantDialect, tensor::TensorDialect>();
  if (options.keepBatchNorm)
    context->loadDialect<ColonnadeDialect>();
  OwningOpRef<ModuleOp> module =
      GraphImporter(*model, path, context, options).import();
  if (module && failed(verify(*module)))
    return {};
  return module;
}

OwningOpRef<ModuleOp>
colonnade::importOnnx(std::unique_ptr<llvm::MemoryBuffer> buffer,
                      MLIRContext *context, const OnnxImportOptions &options) {
  std::string path = buffer->getBufferIdentifier().str();
  google::protobuf::io::ArrayInputStream stream(
      buffer->getBufferStart(), static_cast<int>(buffer->getBufferSize()));
  llvm::Expected<OnnxModel> model =
      OnnxModel::parse(stream, buffer->getBufferSize());
  buffer.reset();
  return import(std::move(model), path, context, options);
}

/// Reads the file bit by bit: in memory it would stand beside the weights that
/// come out of it.
static llvm::Expected<OnnxModel> parseFile(StringRef path) {
  int file = -1;
  std::error_code error = llvm::sys::fs::openFileForRead(path, file);
  llvm::sys::fs::file_status status;
  if (!error)
    error = llvm::sys::fs::status(file, status);
  if (!error && status.type() == llvm::sys::fs::file_type::directory_file)
    error = std::make_error_code(std::errc::is_a_directory);
  if (error)
    return llvm::createStringError("cannot read the file: " + error.message());
  google::protobuf::io::FileInputStream stream(file, 1 << 20);
  stream.SetCloseOnDelete(true);
  return OnnxModel::parse(stream, status.getSize());
}

OwningOpRef<ModuleOp> colonnade::importOnnx(StringRef path,
                                            MLIRContext *context,
                                            const OnnxImportOptions &options) {
  return import(parseFile(path), path, context, options);
}

/// The driver holds a copy of the file, which is not needed beside the file.
static OwningOpRef<ModuleOp> importSource(llvm::SourceMgr &sources,
                                          MLIRContext *context,
                                          const OnnxImportOptions &options) {
  const llvm::MemoryBuffer *source =
      sources.getMemoryBuffer(sources.getMainFileID());
  std::string path = source->getBufferIdentifier().str();
  if (!llvm::sys::fs::is_regular_file(path))
    return importOnnx(
        llvm::MemoryBuffer::getMemBuffer(source->getMemBufferRef(),
                                         /*RequiresNullTerminator=*/false),
        context, options);
  llvm::SourceMgr().takeSourceBuffersFrom(sources, llvm::SMLoc());
  return importOnnx(path, context, options);
}

static LogicalResult translate(llvm::SourceMgr &sources, llvm::raw_ostream &os,
                               MLIRContext *context,
                               const OnnxImportOptions &options,
                               bool asBytecode) {
  DialectRegistry registry;
  registerNodeDiagnostics(registry);
  context->appendDialectRegistry(registry);
  OwningOpRef<ModuleOp> module = importSource(sources, context, options);
  if (!module)
    return failure();
  if (asBytecode)
    return writeBytecodeToFile(*module, os);
  module->print(os, OpPrintingFlags().enableDebugInfo());
  return success();
}

void colonnade::registerOnnxImportTranslation() {
  static llvm::cl::opt<int64_t> batch(
      "onnx-batch", llvm::cl::value_desc("N"), llvm::cl::init(0),
      llvm::cl::desc("Size of the first dimension of ONNX inputs that leave "
                     "it open"));
  static llvm::cl::opt<std::string> entryName(
      "onnx-entry", llvm::cl::value_desc("name"), llvm::cl::init("main"),
      llvm::cl::desc("Name of the function that an ONNX model becomes"));
  static llvm::cl::opt<bool> keepBatchNorm(
      "onnx-keep-batch-norm", llvm::cl::init(false),
      llvm::cl::desc("Keep ONNX's BatchNormalization as an op, for training"));
  static llvm::cl::opt<bool> asBytecode(
      "onnx-bytecode", llvm::cl::init(false),
      llvm::cl::desc("Write MLIR bytecode: a large model's text has twice its "
                     "size"));
  TranslateRegistration registration(
      "import-onnx", "Import an ONNX model as linalg on tensors",
      [](const std::shared_ptr<llvm::SourceMgr> &sources, llvm::raw_ostream &os,
         MLIRContext *context) {
        OnnxImportOptions options;
        options.entryName = entryName;
        options.keepBatchNorm = keepBatchNorm;
        if (batch.getNumOccurrences() > 0)
          options.batch = batch;
        return translate(*sources, os, context, options, asBytecode);
      });
}
