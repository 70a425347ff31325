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
#include "AllocationMeter.h"
#include "ForwardRemarks.h"
#include "LowerToLLVM.h"
#include "ParallelLoops.h"
#include "mlir/Bytecode/BytecodeWriter.h"
#include "mlir/ExecutionEngine/ExecutionEngine.h"
#include "mlir/ExecutionEngine/OptUtils.h"
#include "mlir/Parser/Parser.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ExecutionEngine/Orc/JITTargetMachineBuilder.h"
#include "llvm/Support/TargetSelect.h"
#include <climits>
#ifdef __GLIBC__
#include <malloc.h>
#endif

using namespace mlir;

namespace colonnade {
namespace {

/// A module with a copy of the function alone.
OwningOpRef<ModuleOp> isolate(func::FuncOp function) {
  OwningOpRef<ModuleOp> module = ModuleOp::create(function.getLoc());
  auto clone = cast<func::FuncOp>(function->clone());
  clone.setPublic();
  module->push_back(clone);
  return module;
}

std::string serialize(ModuleOp module) {
  std::string bytes;
  llvm::raw_string_ostream stream(bytes);
  // Writing to a string cannot fail, and the newest version is always written.
  (void)writeBytecodeToFile(module, stream);
  return bytes;
}

/// Parses and lowers a serialized function. Diagnostics of `context` are
/// collected into the error.
llvm::Expected<OwningOpRef<ModuleOp>>
parseAndLower(StringRef bytes, MLIRContext &context, LibraryKernels *kernels) {
  std::string messages;
  llvm::raw_string_ostream stream(messages);
  ScopedDiagnosticHandler handler(&context, [&](Diagnostic &diagnostic) {
    stream << diagnostic.getLocation() << ": " << diagnostic << "\n";
    return success();
  });
  auto module = parseSourceString<ModuleOp>(bytes, ParserConfig(&context));
  if (!module)
    return llvm::createStringError("cannot load the function: " + messages);
  if (failed(lowerToLLVM(*module, kernels)))
    return llvm::createStringError("cannot lower the function to LLVM: " +
                                   messages);
  return module;
}

llvm::Expected<std::unique_ptr<ExecutionEngine>>
createEngine(ModuleOp module, JitOptimization optimization) {
  llvm::InitializeNativeTarget();
  llvm::InitializeNativeTargetAsmPrinter();
  auto builder = llvm::orc::JITTargetMachineBuilder::detectHost();
  if (!builder)
    return builder.takeError();
  auto machine = builder->createTargetMachine();
  if (!machine)
    return machine.takeError();
  bool forSpeed = optimization != JitOptimization::CompileTime;
  auto optimize =
      makeOptimizingTransformer(forSpeed ? 3 : 0, 0, machine->get());
  ExecutionEngineOptions options;
  options.transformer = optimize;
  options.jitCodeGenOptLevel =
      forSpeed ? llvm::CodeGenOptLevel::Default : llvm::CodeGenOptLevel::None;
  options.enableGDBNotificationListener = false;
  options.enablePerfNotificationListener = false;
  auto engine = ExecutionEngine::create(module, options);
  if (!engine)
    return engine.takeError();
  (*engine)->registerSymbols([](llvm::orc::MangleAndInterner intern) {
    llvm::orc::SymbolMap symbols;
    symbols[intern(kRunKernelName)] = {
        llvm::orc::ExecutorAddr::fromPtr(runLibraryKernel),
        llvm::JITSymbolFlags::Exported};
    symbols[intern(kParallelForName)] = {
        llvm::orc::ExecutorAddr::fromPtr(runParallelFor),
        llvm::JITSymbolFlags::Exported};
    symbols[intern("aligned_alloc")] = {
        llvm::orc::ExecutorAddr::fromPtr(AllocationMeter::allocate),
        llvm::JITSymbolFlags::Exported};
    symbols[intern("free")] = {
        llvm::orc::ExecutorAddr::fromPtr(AllocationMeter::release),
        llvm::JITSymbolFlags::Exported};
    return symbols;
  });
  return engine;
}

JitFunction::Buffer getBuffer(Type type) {
  auto tensor = cast<RankedTensorType>(type);
  JitFunction::Buffer buffer;
  llvm::append_range(buffer.shape, tensor.getShape());
  buffer.elementBytes = llvm::divideCeil(tensor.getElementTypeBitWidth(), 8);
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

/// A step over a large batch frees its buffers and the next one asks for the
/// same again: memory that goes back to the system in between costs page
/// faults, which take longer than computing (ResNet-8, batch 128: half the
/// time). Process-wide, as malloc is.
void keepFreedMemory() {
#ifdef __GLIBC__
  constexpr int largestThreshold = 32 << 20; // What glibc accepts.
  mallopt(M_MMAP_THRESHOLD, largestThreshold);
  mallopt(M_TRIM_THRESHOLD, INT_MAX);
#endif
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

std::string serializeAlone(func::FuncOp function,
                           std::vector<HoistedConstant> &constants) {
  OwningOpRef<ModuleOp> isolated = isolate(function);
  constants = hoistConstants(*isolated->getOps<func::FuncOp>().begin());
  return serialize(*isolated);
}

JitFunction::JitFunction() : meter(std::make_unique<AllocationMeter>()) {}

JitFunction::~JitFunction() = default;

int64_t JitFunction::getPeakBytes() const { return meter->getPeakBytes(); }

int64_t JitFunction::getScratchBytes() const {
  return kernels ? kernels->scratch.getReservedBytes() : 0;
}

void JitFunction::resetPeakBytes() { meter->reset(); }

size_t JitFunction::getNumLibraryOps() const {
  return kernels ? kernels->kernels.size() : 0;
}

llvm::Expected<std::unique_ptr<JitFunction>>
JitFunction::compile(ModuleOp module, StringRef name,
                     JitOptimization optimization) {
  auto function = module.lookupSymbol<func::FuncOp>(name);
  if (!function) {
    emitError(module.getLoc(), "expected a function '@") << name << "' to run";
    return llvm::createStringError("expected a function '@" + name +
                                   "' to run");
  }
  if (llvm::Error error = checkExecutable(function))
    return error;
  std::unique_ptr<JitFunction> result(new JitFunction);
  if (llvm::Error error = result->load(function, optimization))
    return reportCompileError(function, std::move(error));
  return result;
}

llvm::Error JitFunction::load(func::FuncOp function,
                              JitOptimization optimization) {
  for (Type type : function.getArgumentTypes())
    inputs.push_back(getBuffer(type));
  for (Type type : function.getResultTypes())
    outputs.push_back(getBuffer(type));
  std::vector<HoistedConstant> hoisted;
  std::string bytes = serializeAlone(function, hoisted);
  for (HoistedConstant &constant : hoisted) {
    constants.push_back(getBuffer(constant.type));
    constantBytes.push_back(std::move(constant.bytes));
  }

  DialectRegistry registry;
  function.getContext()->getDialectRegistry().appendTo(registry);
  registerExecutableDialects(registry);
  MLIRContext context(registry, MLIRContext::Threading::DISABLED);
  if (failed(forwardRemarks(context, *function.getContext())))
    return llvm::createStringError("cannot pass remarks on");
  bool usesLibrary = optimization == JitOptimization::Library;
  if (usesLibrary) {
    keepFreedMemory();
    kernels = std::make_unique<LibraryKernels>();
  }
  auto lowered = parseAndLower(bytes, context, kernels.get());
  if (!lowered)
    return lowered.takeError();
  auto created = createEngine(lowered->get(), optimization);
  if (!created)
    return created.takeError();
  engine = std::move(*created);
  auto found =
      engine->lookupPacked(("_mlir_ciface_" + function.getName()).str());
  if (!found)
    return found.takeError();
  entry = *found;
  return llvm::Error::success();
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
  for (auto [buffer, data] : llvm::zip_equal(constants, constantBytes))
    descriptors.push_back(getDescriptor(buffer, data.get()));
  for (auto [buffer, data] : llvm::zip_equal(outputs, outputBuffers))
    descriptors.push_back(getDescriptor(buffer, data));
  // The packed entry takes, per argument, a pointer to the argument, which is
  // itself a pointer to the descriptor.
  SmallVector<void *> arguments, packed;
  for (auto &descriptor : descriptors)
    arguments.push_back(descriptor.data());
  for (void *&argument : arguments)
    packed.push_back(&argument);
  AllocationMeter::Scope scope(meter.get());
  entry(packed.data());
  return llvm::Error::success();
}

} // namespace colonnade
