//===- MemoryPrediction.cpp - Buffers of a run before it ------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Barriers are gone once there are buffers. Marks behind them stay, and keep
// what a barrier passes on until then.
//
//===----------------------------------------------------------------------===//

#include "colonnade/ExecutionEngine/MemoryPrediction.h"
#include "LibraryOps.h"
#include "LowerToLLVM.h"
#include "colonnade/Dialect/Colonnade/IR/ColonnadeOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Parser/Parser.h"

using namespace mlir;

namespace colonnade {
namespace {

void markBarriers(ModuleOp module) {
  SmallVector<BarrierOp> barriers;
  module.walk([&](BarrierOp op) { barriers.push_back(op); });
  OpBuilder builder(module.getContext());
  for (BarrierOp barrier : barriers) {
    builder.setInsertionPointAfter(barrier);
    library::MarkOp::create(builder, barrier.getLoc(), barrier.getResults());
  }
}

int64_t getBytes(Value buffer) {
  auto type = cast<MemRefType>(buffer.getType());
  return type.getNumElements() * type.getElementTypeBitWidth() / 8;
}

/// Adds up what the ops of a function on buffers allocate and free.
class MemoryWalk {
public:
  std::vector<MemorySegment> run(ModuleOp module) {
    module.walk<WalkOrder::PreOrder>([&](Operation *op) { visit(op); });
    finishMark();
    return std::move(segments);
  }

private:
  void visit(Operation *op) {
    if (auto free = dyn_cast<memref::DeallocOp>(op)) {
      Value buffer = free.getMemref();
      while (auto view = buffer.getDefiningOp<ViewLikeOpInterface>())
        buffer = view.getViewSource();
      live -= getBytes(buffer);
      return;
    }
    finishMark();
    if (auto allocation = dyn_cast<memref::AllocOp>(op))
      live += getBytes(allocation);
    segments.back().peak = std::max(segments.back().peak, live);
    if (isa<library::MarkOp>(op)) {
      segments.back().atEnd = live;
      isMarked = true;
    }
  }

  /// What nobody reads behind a mark has been freed by now.
  void finishMark() {
    if (!std::exchange(isMarked, false))
      return;
    segments.back().behind = live;
    segments.push_back({live, 0, 0});
  }

  std::vector<MemorySegment> segments{1};
  int64_t live = 0;
  bool isMarked = false;
};

} // namespace

llvm::Expected<std::vector<MemorySegment>>
predictMemory(func::FuncOp function) {
  if (llvm::Error error = checkExecutable(function))
    return error;
  std::vector<HoistedConstant> constants;
  std::string bytes = serializeAlone(function, constants);
  DialectRegistry registry;
  function.getContext()->getDialectRegistry().appendTo(registry);
  registerExecutableDialects(registry);
  MLIRContext context(registry, MLIRContext::Threading::DISABLED);
  context.loadDialect<library::LibraryDialect>();
  std::string messages;
  ScopedDiagnosticHandler handler(&context, [&](Diagnostic &diagnostic) {
    llvm::raw_string_ostream(messages) << diagnostic << "\n";
    return success();
  });
  auto module = parseSourceString<ModuleOp>(bytes, ParserConfig(&context));
  if (!module)
    return llvm::createStringError("cannot load the function: " + messages);
  markBarriers(*module);
  if (failed(lowerToBuffers(*module, /*usesLibrary=*/true)))
    return llvm::createStringError("cannot lower the function to buffers: " +
                                   messages);
  return MemoryWalk().run(*module);
}

int64_t getPeak(llvm::ArrayRef<MemorySegment> segments) {
  int64_t peak = 0;
  for (const MemorySegment &segment : segments)
    peak = std::max(peak, segment.peak);
  return peak;
}

} // namespace colonnade
