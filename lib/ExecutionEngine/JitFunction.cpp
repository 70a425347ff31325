//===- JitFunction.cpp - Running a function through MLIR's JIT -----------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Moves the function into a context of its own (as bytecode), so that lowering
// it neither loads dialects into the caller's context nor leaves its types
// there, compiles it and keeps the entry point.
//
//===----------------------------------------------------------------------===//

#include "colonnade/ExecutionEngine/JitFunction.h"
#include "LowerToLLVM.h"
#include "mlir/Bytecode/BytecodeWriter.h"
#include "mlir/ExecutionEngine/ExecutionEngine.h"
#include "mlir/ExecutionEngine/OptUtils.h"
#include "mlir/Parser/Parser.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ExecutionEngine/Orc/JITTargetMachineBuilder.h"
#include "llvm/Support/TargetSelect.h"

using namespace mlir;

namespace colonnade {
namespace {

constexpr unsigned kOptimizationLevel = 3;

/// The function alone, serialized.
std::string writeFunction(func::FuncOp function) {
  OwningOpRef<ModuleOp> module = ModuleOp::create(function.getLoc());
  auto clone = cast<func::FuncOp>(function->clone());
  clone.setPublic();
  module->push_back(clone);
  std::string bytes;
  llvm::raw_string_ostream stream(bytes);
  // Writing to a string cannot fail, and the newest version is always written.
  (void)writeBytecodeToFile(*module, stream);
  return bytes;
}

/// Asks for the C interface, and keeps bufferization from writing into the
/// caller's inputs.
void prepareBoundary(func::FuncOp function) {
  MLIRContext *context = function.getContext();
  function->setAttr("llvm.emit_c_interface", UnitAttr::get(context));
  for (unsigned index : llvm::seq(function.getNumArguments()))
    function.setArgAttr(index, "bufferization.writable",
                        BoolAttr::get(context, false));
}

/// Parses and lowers a serialized function. Diagnostics of `context` are
/// collected into the error.
llvm::Expected<OwningOpRef<ModuleOp>> parseAndLower(StringRef bytes,
                                                    MLIRContext &context) {
  std::string messages;
  llvm::raw_string_ostream stream(messages);
  ScopedDiagnosticHandler handler(&context, [&](Diagnostic &diagnostic) {
    stream << diagnostic.getLocation() << ": " << diagnostic << "\n";
    return success();
  });
  auto module = parseSourceString<ModuleOp>(bytes, ParserConfig(&context));
  if (!module)
    return llvm::createStringError("cannot load the function: " + messages);
  module->walk(prepareBoundary);
  if (failed(lowerToLLVM(*module)))
    return llvm::createStringError("cannot lower the function to LLVM: " +
                                   messages);
  return module;
}

llvm::Expected<std::unique_ptr<ExecutionEngine>> createEngine(ModuleOp module) {
  llvm::InitializeNativeTarget();
  llvm::InitializeNativeTargetAsmPrinter();
  auto builder = llvm::orc::JITTargetMachineBuilder::detectHost();
  if (!builder)
    return builder.takeError();
  auto machine = builder->createTargetMachine();
  if (!machine)
    return machine.takeError();
  auto optimize =
      makeOptimizingTransformer(kOptimizationLevel, 0, machine->get());
  ExecutionEngineOptions options;
  options.transformer = optimize;
  options.jitCodeGenOptLevel = llvm::CodeGenOptLevel::Default;
  options.enableGDBNotificationListener = false;
  options.enablePerfNotificationListener = false;
  return ExecutionEngine::create(module, options);
}

JitFunction::Buffer getBuffer(Type type) {
  auto tensor = cast<RankedTensorType>(type);
  JitFunction::Buffer buffer;
  llvm::append_range(buffer.shape, tensor.getShape());
  buffer.elementBytes = tensor.getElementTypeBitWidth() / 8;
  return buffer;
}

/// A strided memref descriptor: two pointers, offset, sizes, strides.
SmallVector<int64_t, 12> getDescriptor(const JitFunction::Buffer &buffer,
                                       void *data) {
  static_assert(sizeof(void *) == sizeof(int64_t));
  size_t rank = buffer.shape.size();
  SmallVector<int64_t, 12> words(3 + 2 * rank, 0);
  words[0] = words[1] = reinterpret_cast<intptr_t>(data);
  int64_t stride = 1;
  for (size_t dim = rank; dim-- > 0;) {
    words[3 + dim] = buffer.shape[dim];
    words[3 + rank + dim] = stride;
    stride *= buffer.shape[dim];
  }
  return words;
}

llvm::Error reportCompileError(func::FuncOp function, llvm::Error error) {
  std::string text = llvm::toString(std::move(error));
  emitError(function.getLoc(), "cannot compile '@")
      << function.getName() << "': " << text;
  return llvm::createStringError(text);
}

} // namespace

int64_t JitFunction::Buffer::getNumElements() const {
  return llvm::product_of(shape);
}

JitFunction::~JitFunction() = default;

llvm::Expected<std::unique_ptr<JitFunction>>
JitFunction::compile(ModuleOp module, StringRef name) {
  auto function = module.lookupSymbol<func::FuncOp>(name);
  if (!function) {
    emitError(module.getLoc(), "expected a function '@") << name << "' to run";
    return llvm::createStringError("expected a function '@" + name +
                                   "' to run");
  }
  if (llvm::Error error = checkExecutable(function))
    return error;

  DialectRegistry registry;
  module.getContext()->getDialectRegistry().appendTo(registry);
  registerExecutableDialects(registry);
  MLIRContext context(registry, MLIRContext::Threading::DISABLED);
  auto lowered = parseAndLower(writeFunction(function), context);
  if (!lowered)
    return reportCompileError(function, lowered.takeError());
  auto engine = createEngine(lowered->get());
  if (!engine)
    return reportCompileError(function, engine.takeError());
  auto entry = (*engine)->lookupPacked(("_mlir_ciface_" + name).str());
  if (!entry)
    return reportCompileError(function, entry.takeError());

  std::unique_ptr<JitFunction> result(new JitFunction);
  for (Type type : function.getArgumentTypes())
    result->inputs.push_back(getBuffer(type));
  for (Type type : function.getResultTypes())
    result->outputs.push_back(getBuffer(type));
  result->engine = std::move(*engine);
  result->entry = *entry;
  return result;
}

llvm::Error JitFunction::run(ArrayRef<const void *> inputBuffers,
                             ArrayRef<void *> outputBuffers) const {
  if (inputBuffers.size() != inputs.size() ||
      outputBuffers.size() != outputs.size())
    return llvm::createStringError(
        "expected %zu input and %zu output buffers, got %zu and %zu",
        inputs.size(), outputs.size(), inputBuffers.size(),
        outputBuffers.size());
  SmallVector<SmallVector<int64_t, 12>> descriptors;
  for (auto [buffer, data] : llvm::zip_equal(inputs, inputBuffers))
    descriptors.push_back(getDescriptor(buffer, const_cast<void *>(data)));
  for (auto [buffer, data] : llvm::zip_equal(outputs, outputBuffers))
    descriptors.push_back(getDescriptor(buffer, data));
  // The packed entry takes, per argument, a pointer to the argument, which is
  // itself a pointer to the descriptor.
  SmallVector<void *> arguments, packed;
  for (auto &descriptor : descriptors)
    arguments.push_back(descriptor.data());
  for (void *&argument : arguments)
    packed.push_back(&argument);
  entry(packed.data());
  return llvm::Error::success();
}

} // namespace colonnade
