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

using namespace mlir;
using namespace colonnade;
using namespace colonnade::onnximport;

OwningOpRef<ModuleOp>
colonnade::importOnnx(std::unique_ptr<llvm::MemoryBuffer> buffer,
                      MLIRContext *context, const OnnxImportOptions &options) {
  context->loadDialect<arith::ArithDialect, func::FuncDialect,
                       linalg::LinalgDialect, math::MathDialect,
                       quant::QuantDialect, tensor::TensorDialect>();
  std::string path = buffer->getBufferIdentifier().str();
  llvm::Expected<OnnxModel> model = OnnxModel::parse(std::move(buffer));
  if (!model) {
    emitError(FileLineColLoc::get(context, path, 0, 0))
        << llvm::toString(model.takeError());
    return {};
  }
  OwningOpRef<ModuleOp> module =
      GraphImporter(*model, path, context, options).import();
  if (module && failed(verify(*module)))
    return {};
  return module;
}

OwningOpRef<ModuleOp> colonnade::importOnnx(StringRef path,
                                            MLIRContext *context,
                                            const OnnxImportOptions &options) {
  auto buffer = llvm::MemoryBuffer::getFile(path, /*IsText=*/false,
                                            /*RequiresNullTerminator=*/false);
  if (!buffer) {
    emitError(FileLineColLoc::get(context, path, 0, 0))
        << "cannot read the file: " << buffer.getError().message();
    return {};
  }
  return importOnnx(std::move(*buffer), context, options);
}

/// The translation driver owns the buffer; its memory is not the import's.
static LogicalResult translate(llvm::SourceMgr &sources, llvm::raw_ostream &os,
                               MLIRContext *context,
                               const OnnxImportOptions &options,
                               bool asBytecode) {
  const llvm::MemoryBuffer *source =
      sources.getMemoryBuffer(sources.getMainFileID());
  OwningOpRef<ModuleOp> module = importOnnx(
      llvm::MemoryBuffer::getMemBuffer(source->getMemBufferRef(),
                                       /*RequiresNullTerminator=*/false),
      context, options);
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
        if (batch.getNumOccurrences() > 0)
          options.batch = batch;
        return translate(*sources, os, context, options, asBytecode);
      });
}
