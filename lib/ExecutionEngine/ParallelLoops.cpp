//===- ParallelLoops.cpp - Elementwise work on all cores -----------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See the header. Loops become functions while they are still structured, where
// it is plain which values they use and that buffers do not overlap; the calls
// are redirected when everything is LLVM, where a context is a struct.
//
//===----------------------------------------------------------------------===//

#include "ParallelLoops.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Interfaces/ViewLikeInterface.h"
#include "mlir/Transforms/RegionUtils.h"

using namespace mlir;

namespace colonnade {

/// Iterations below which handing out work costs more than it saves.
static constexpr int64_t kMinIterations = 1 << 15;

bool isWorthThreads(linalg::LinalgOp op) {
  SmallVector<int64_t> ranges = op.getStaticLoopRanges();
  return !ranges.empty() && ranges.front() > 1 &&
         op.getIteratorTypesArray().front() == utils::IteratorType::parallel &&
         llvm::product_of(ranges) >= kMinIterations;
}

//===----------------------------------------------------------------------===//
// Collapsing
//===----------------------------------------------------------------------===//

/// Whether loops `first` and the next one can become one: of one kind, and next
/// to each other in every operand that has either.
static bool areCollapsible(linalg::LinalgOp op, unsigned first) {
  SmallVector<utils::IteratorType> kinds = op.getIteratorTypesArray();
  ReassociationIndices pair = {first, first + 1};
  return kinds[first] == kinds[first + 1] &&
         llvm::all_of(op.getIndexingMapsArray(), [&](AffineMap map) {
           return linalg::isDimSequencePreserved(map, pair);
         });
}

/// Collapses the innermost pair of loops that can be; buffers with gaps make
/// upstream's function fail on some pairs.
static FailureOr<linalg::LinalgOp> collapseOnce(IRRewriter &rewriter,
                                                linalg::LinalgOp op) {
  for (unsigned first = op.getNumLoops() - 1; first-- > 0;) {
    if (!areCollapsible(op, first))
      continue;
    rewriter.setInsertionPoint(op);
    FailureOr<linalg::CollapseResult> collapsed =
        linalg::collapseOpIterationDims(
            op, {ReassociationIndices{first, first + 1}}, rewriter);
    if (failed(collapsed))
      continue;
    rewriter.eraseOp(op);
    return collapsed->collapsedOp;
  }
  return failure();
}

/// Ops that name their dimensions in an attribute as generics: upstream's
/// function collapses the operands and leaves the attribute.
static FailureOr<linalg::LinalgOp> generalize(IRRewriter &rewriter,
                                              linalg::LinalgOp op) {
  if (!isa<linalg::TransposeOp, linalg::BroadcastOp, linalg::ReduceOp>(op))
    return op;
  rewriter.setInsertionPoint(op);
  FailureOr<linalg::GenericOp> generic =
      linalg::generalizeNamedOp(rewriter, op);
  if (failed(generic))
    return failure();
  return cast<linalg::LinalgOp>(generic->getOperation());
}

void collapseLoops(ModuleOp module) {
  SmallVector<linalg::LinalgOp> ops;
  module.walk([&](linalg::LinalgOp op) {
    if (op.getNumLoops() > 1 && !op.hasIndexSemantics() &&
        llvm::all_of(op.getIndexingMapsArray(), [](AffineMap map) {
          return map.isProjectedPermutation();
        }))
      ops.push_back(op);
  });
  IRRewriter rewriter(module.getContext());
  for (linalg::LinalgOp op : ops) {
    FailureOr<linalg::LinalgOp> collapsed = generalize(rewriter, op);
    while (succeeded(collapsed) && collapsed->getNumLoops() > 1)
      collapsed = collapseOnce(rewriter, *collapsed);
  }
}

//===----------------------------------------------------------------------===//
// Outlining
//===----------------------------------------------------------------------===//

/// The buffer that a view is of.
static Value getRoot(Value buffer) {
  while (auto view = buffer.getDefiningOp<ViewLikeOpInterface>())
    buffer = view.getViewSource();
  return buffer;
}

/// Values from outside that the loop uses. Constants are cloned into it first.
static SmallVector<Value> isolate(scf::ForOp loop) {
  SetVector<Value> used;
  getUsedValuesDefinedAbove(loop.getRegion(), used);
  OpBuilder builder = OpBuilder::atBlockBegin(loop.getBody());
  SmallVector<Value> captured;
  for (Value value : used) {
    auto constant = value.getDefiningOp<arith::ConstantOp>();
    if (!constant) {
      captured.push_back(value);
      continue;
    }
    Operation *clone = builder.clone(*constant);
    replaceAllUsesInRegionWith(value, clone->getResult(0), loop.getRegion());
  }
  return captured;
}

/// Tells LLVM of the buffers among the arguments that overlap with no other.
static void markDistinctBuffers(func::FuncOp function,
                                ArrayRef<Value> captured) {
  llvm::DenseMap<Value, unsigned> views;
  for (Value value : captured)
    if (isa<MemRefType>(value.getType()))
      ++views[getRoot(value)];
  unsigned firstCaptured = function.getNumArguments() - captured.size();
  for (auto [i, value] : llvm::enumerate(captured))
    if (isa<MemRefType>(value.getType()) && views[getRoot(value)] == 1)
      function.setArgAttr(firstCaptured + i,
                          LLVM::LLVMDialect::getNoAliasAttrName(),
                          UnitAttr::get(function.getContext()));
}

/// A function (begin, end, captured...) with the loop as body.
static func::FuncOp outline(scf::ForOp loop, StringRef name,
                            ArrayRef<Value> captured) {
  OpBuilder builder(loop->getParentOfType<func::FuncOp>());
  Location loc = loop.getLoc();
  SmallVector<Type> types(2, builder.getIndexType());
  llvm::append_range(types, ValueRange(captured).getTypes());
  auto function = func::FuncOp::create(builder, loc, name,
                                       builder.getFunctionType(types, {}));
  function.setPrivate();
  Block *body = function.addEntryBlock();
  builder.setInsertionPointToStart(body);
  IRMapping mapping;
  mapping.map(captured, body->getArguments().drop_front(2));
  mapping.map(loop.getStep(), arith::ConstantIndexOp::create(builder, loc, 1));
  mapping.map(loop.getLowerBound(), body->getArgument(0));
  mapping.map(loop.getUpperBound(), body->getArgument(1));
  auto copy = cast<scf::ForOp>(builder.clone(*loop, mapping));
  // Bounds may be values that the body uses as well, or be one with the step.
  copy.setLowerBound(body->getArgument(0));
  copy.setUpperBound(body->getArgument(1));
  func::ReturnOp::create(builder, loc);
  markDistinctBuffers(function, captured);
  return function;
}

std::vector<std::string> outlineParallelLoops(ModuleOp module) {
  SmallVector<scf::ForOp> loops;
  module.walk([&](scf::ForOp loop) {
    if (loop->removeAttr(kParallelAttrName))
      loops.push_back(loop);
  });
  std::vector<std::string> names;
  for (scf::ForOp loop : loops) {
    SmallVector<Value> captured = isolate(loop);
    names.push_back(("colonnade_loop" + Twine(names.size())).str());
    func::FuncOp function = outline(loop, names.back(), captured);
    OpBuilder builder(loop);
    SmallVector<Value> arguments = {loop.getLowerBound(), loop.getUpperBound()};
    llvm::append_range(arguments, captured);
    func::CallOp::create(builder, loop.getLoc(), function, arguments);
    loop.erase();
  }
  return names;
}

//===----------------------------------------------------------------------===//
// Calls
//===----------------------------------------------------------------------===//

/// A function (context, begin, end) that calls the loop's with the values in
/// the context, a struct.
static LLVM::LLVMFuncOp createBody(LLVM::LLVMFuncOp loop,
                                   LLVM::LLVMStructType contextType) {
  OpBuilder builder(loop);
  Location loc = loop.getLoc();
  MLIRContext *context = loop.getContext();
  auto pointer = LLVM::LLVMPointerType::get(context);
  auto type = LLVM::LLVMFunctionType::get(
      LLVM::LLVMVoidType::get(context),
      {pointer, builder.getI64Type(), builder.getI64Type()});
  auto body = LLVM::LLVMFuncOp::create(builder, loc,
                                       (loop.getName() + "_share").str(), type);
  Block *block = body.addEntryBlock(builder);
  builder.setInsertionPointToStart(block);
  Value values =
      LLVM::LoadOp::create(builder, loc, contextType, block->getArgument(0));
  SmallVector<Value> arguments = {block->getArgument(1), block->getArgument(2)};
  for (int64_t i = 0, e = contextType.getBody().size(); i < e; ++i)
    arguments.push_back(LLVM::ExtractValueOp::create(builder, loc, values, i));
  LLVM::CallOp::create(builder, loc, loop, arguments);
  LLVM::ReturnOp::create(builder, loc, ValueRange());
  return body;
}

/// The values in a struct on the stack of the calling function.
static Value storeContext(OpBuilder &builder, LLVM::CallOp call,
                          LLVM::LLVMStructType contextType,
                          ValueRange captured) {
  Location loc = call.getLoc();
  Value values = LLVM::PoisonOp::create(builder, loc, contextType);
  for (auto [i, value] : llvm::enumerate(captured))
    values = LLVM::InsertValueOp::create(builder, loc, values, value,
                                         static_cast<int64_t>(i));
  OpBuilder::InsertionGuard guard(builder);
  Region *function = call->getParentRegion();
  builder.setInsertionPointToStart(&function->front());
  Value one = LLVM::ConstantOp::create(builder, loc, builder.getI64Type(),
                                       builder.getI64IntegerAttr(1));
  Value context = LLVM::AllocaOp::create(
      builder, loc, LLVM::LLVMPointerType::get(call.getContext()), contextType,
      one);
  builder.setInsertionPoint(call);
  LLVM::StoreOp::create(builder, loc, values, context);
  return context;
}

static void redirect(LLVM::CallOp call, LLVM::LLVMFuncOp loop,
                     LLVM::LLVMFuncOp parallelFor) {
  ValueRange captured = call.getArgOperands().drop_front(2);
  auto contextType = LLVM::LLVMStructType::getLiteral(
      call.getContext(), SmallVector<Type>(captured.getTypes()));
  LLVM::LLVMFuncOp body = createBody(loop, contextType);
  OpBuilder builder(call);
  Value context = storeContext(builder, call, contextType, captured);
  Value address = LLVM::AddressOfOp::create(builder, call.getLoc(), body);
  // Loops of structured ops begin at 0.
  Value count = call.getArgOperands()[1];
  LLVM::CallOp::create(builder, call.getLoc(), parallelFor,
                       ValueRange{address, context, count});
  call.erase();
}

void callFromAllThreads(ModuleOp module,
                        const std::vector<std::string> &functions) {
  if (functions.empty())
    return;
  OpBuilder builder = OpBuilder::atBlockBegin(module.getBody());
  MLIRContext *context = module.getContext();
  auto pointer = LLVM::LLVMPointerType::get(context);
  auto type =
      LLVM::LLVMFunctionType::get(LLVM::LLVMVoidType::get(context),
                                  {pointer, pointer, builder.getI64Type()});
  auto parallelFor = LLVM::LLVMFuncOp::create(builder, module.getLoc(),
                                              kParallelForName, type);
  llvm::StringMap<LLVM::CallOp> calls;
  module.walk([&](LLVM::CallOp call) {
    if (std::optional<StringRef> callee = call.getCallee())
      calls[*callee] = call;
  });
  for (const std::string &name : functions)
    redirect(calls.lookup(name), module.lookupSymbol<LLVM::LLVMFuncOp>(name),
             parallelFor);
}

} // namespace colonnade
