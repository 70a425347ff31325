//===- RunModel.cpp - Import, compile, run, compare ----------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The way of one model through Colonnade. The types of arguments and results
// are held against the data before anything runs on it.
//
//===----------------------------------------------------------------------===//

#include "ConformanceCase.h"
#include "OnnxFiles.h"
#include "colonnade/ExecutionEngine/JitFunction.h"
#include "colonnade/Target/ImportOnnx.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/MLIRContext.h"

using namespace mlir;
using onnx::TensorProto;

namespace colonnade::test {
namespace {

Type getElementType(int32_t elementType, MLIRContext &context) {
  Builder builder(&context);
  switch (elementType) {
  case TensorProto::FLOAT:
    return builder.getF32Type();
  case TensorProto::DOUBLE:
    return builder.getF64Type();
  case TensorProto::FLOAT16:
    return builder.getF16Type();
  case TensorProto::BFLOAT16:
    return builder.getBF16Type();
  case TensorProto::BOOL:
    return builder.getI1Type();
  default:
    return builder.getIntegerType(8 * getElementBytes(elementType));
  }
}

std::string print(Type type) {
  std::string text;
  llvm::raw_string_ostream(text) << type;
  return text;
}

/// Decodes tensors, which must be of these types.
llvm::Expected<std::vector<OnnxTensor>>
decodeTensors(ArrayRef<TensorProto> protos, TypeRange types, StringRef what) {
  if (protos.size() != types.size())
    return llvm::createStringError("expected %zu %s, got %zu", protos.size(),
                                   what.str().c_str(), types.size());
  std::vector<OnnxTensor> tensors;
  for (auto [proto, type] : llvm::zip_equal(protos, types)) {
    llvm::Expected<OnnxTensor> tensor = decodeOnnxTensor(proto);
    if (!tensor)
      return tensor.takeError();
    // The suites were written before numpy knew bf16 and show its bits.
    if (tensor->elementType == TensorProto::UINT16 &&
        cast<RankedTensorType>(type).getElementType().isBF16())
      tensor->elementType = TensorProto::BFLOAT16;
    Type expected = RankedTensorType::get(
        tensor->shape, getElementType(tensor->elementType, *type.getContext()));
    if (type != expected)
      return llvm::createStringError(what + " of type " + print(type) +
                                     ", expected " + print(expected));
    tensors.push_back(std::move(*tensor));
  }
  return tensors;
}

llvm::Error runAndCompare(const JitFunction &jit, ArrayRef<OnnxTensor> inputs,
                          ArrayRef<OnnxTensor> expected) {
  std::vector<std::vector<char>> actual;
  for (const OnnxTensor &tensor : expected)
    actual.emplace_back(tensor.bytes.size());
  SmallVector<const void *> inputPointers;
  for (const OnnxTensor &tensor : inputs)
    inputPointers.push_back(tensor.bytes.data());
  SmallVector<void *> outputPointers;
  for (std::vector<char> &bytes : actual)
    outputPointers.push_back(bytes.data());
  if (llvm::Error error = jit.run(inputPointers, outputPointers))
    return error;
  for (auto [index, tensor] : llvm::enumerate(expected))
    if (llvm::Error error =
            compareElements(tensor.elementType, actual[index], tensor.bytes))
      return llvm::createStringError("output " + llvm::Twine(index) + ": " +
                                     llvm::toString(std::move(error)));
  return llvm::Error::success();
}

/// Compiles the imported model and holds it against the data.
llvm::Error checkModule(ModuleOp module, ArrayRef<TensorProto> inputs,
                        ArrayRef<TensorProto> outputs) {
  auto function = module.lookupSymbol<func::FuncOp>("main");
  if (!function)
    return llvm::createStringError("the module has no function '@main'");
  auto inputTensors =
      decodeTensors(inputs, function.getArgumentTypes(), "arguments");
  if (!inputTensors)
    return inputTensors.takeError();
  auto outputTensors =
      decodeTensors(outputs, function.getResultTypes(), "results");
  if (!outputTensors)
    return outputTensors.takeError();
  auto jit = JitFunction::compile(module, "main", JitOptimization::CompileTime);
  if (!jit)
    return jit.takeError();
  return runAndCompare(**jit, *inputTensors, *outputTensors);
}

} // namespace

std::pair<Outcome, std::string> runModel(const onnx::ModelProto &model,
                                         StringRef path,
                                         ArrayRef<TensorProto> inputs,
                                         ArrayRef<TensorProto> outputs) {
  MLIRContext context(MLIRContext::Threading::DISABLED);
  std::string diagnostics;
  ScopedDiagnosticHandler handler(&context, [&](Diagnostic &diagnostic) {
    if (diagnostics.empty())
      diagnostics = diagnostic.str();
  });
  OwningOpRef<ModuleOp> module = importOnnx(
      llvm::MemoryBuffer::getMemBufferCopy(model.SerializeAsString(), path),
      &context);
  if (!module)
    return {Outcome::Refused, diagnostics};
  if (llvm::Error error = checkModule(*module, inputs, outputs))
    return {Outcome::Wrong, llvm::toString(std::move(error))};
  return {Outcome::Passed, ""};
}

} // namespace colonnade::test
