//===- LowerToLLVM.cpp - From linalg on tensors to LLVM ------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Upstream passes in an order that gives fast code without reassociation: the
// innermost loops run over output positions, where LLVM may vectorise, and
// every output adds up in the order of the named op.
//
//===----------------------------------------------------------------------===//

#include "LowerToLLVM.h"
#include "ConvolutionForms.h"
#include "FuseElementwise.h"
#include "ParallelLoops.h"
#include "ProductForms.h"
#include "colonnade/Dialect/Colonnade/IR/ColonnadeDialect.h"
#include "mlir/Conversion/MathToLibm/MathToLibm.h"
#include "mlir/Conversion/Passes.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Transforms/BufferDeallocationOpInterfaceImpl.h"
#include "mlir/Dialect/Arith/Transforms/BufferizableOpInterfaceImpl.h"
#include "mlir/Dialect/Arith/Transforms/Passes.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Bufferization/Pipelines/Passes.h"
#include "mlir/Dialect/Bufferization/Transforms/FuncBufferizableOpInterfaceImpl.h"
#include "mlir/Dialect/Bufferization/Transforms/Passes.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/Dialect/ControlFlow/Transforms/BufferDeallocationOpInterfaceImpl.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/Passes.h"
#include "mlir/Dialect/Linalg/Transforms/BufferizableOpInterfaceImpl.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/Linalg/Utils/Utils.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Math/Transforms/Passes.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/MemRef/Transforms/Passes.h"
#include "mlir/Dialect/Quant/IR/Quant.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/SCF/Transforms/BufferDeallocationOpInterfaceImpl.h"
#include "mlir/Dialect/SCF/Transforms/BufferizableOpInterfaceImpl.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Tensor/Transforms/BufferizableOpInterfaceImpl.h"
#include "mlir/Dialect/Tosa/IR/TosaOps.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Transforms/DialectConversion.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;

namespace colonnade {

void registerExecutableDialects(DialectRegistry &registry) {
  registry.insert<affine::AffineDialect, arith::ArithDialect, ColonnadeDialect,
                  bufferization::BufferizationDialect, cf::ControlFlowDialect,
                  func::FuncDialect, linalg::LinalgDialect, LLVM::LLVMDialect,
                  math::MathDialect, memref::MemRefDialect, quant::QuantDialect,
                  scf::SCFDialect, tensor::TensorDialect, tosa::TosaDialect>();
  arith::registerBufferDeallocationOpInterfaceExternalModels(registry);
  arith::registerBufferizableOpInterfaceExternalModels(registry);
  bufferization::func_ext::registerBufferizableOpInterfaceExternalModels(
      registry);
  cf::registerBufferDeallocationOpInterfaceExternalModels(registry);
  linalg::registerBufferizableOpInterfaceExternalModels(registry);
  scf::registerBufferDeallocationOpInterfaceExternalModels(registry);
  registerLibraryDialect(registry);
  scf::registerBufferizableOpInterfaceExternalModels(registry);
  tensor::registerBufferizableOpInterfaceExternalModels(registry);
  registerBuiltinDialectTranslation(registry);
  registerLLVMDialectTranslation(registry);
}

/// Copies become linalg ops: the library call that memref.copy lowers to
/// otherwise is not linked.
static void generalizeCopies(ModuleOp module) {
  SmallVector<memref::CopyOp> copies;
  module.walk([&](memref::CopyOp op) { copies.push_back(op); });
  OpBuilder builder(module.getContext());
  for (memref::CopyOp op : copies) {
    builder.setInsertionPoint(op);
    linalg::makeMemRefCopyOp(builder, op.getLoc(), op.getSource(),
                             op.getTarget());
    op.erase();
  }
}

/// Keeps LLVM from unrolling loops fully. An innermost one would be unrolled
/// before it gets to be vectorised, and what is vectorised then is the loop
/// around, by gathers; outer ones grow to blocks on which LLVM spends most of
/// its time (ResNet-20 compiles in 2.4 s, with unrolled outer loops in 15.7).
static LLVM::LoopAnnotationAttr getNoUnrollAnnotation(MLIRContext *context) {
  LLVM::LoopUnrollAttr unroll = LLVM::LoopUnrollAttr::get(
      context, BoolAttr::get(context, true), {}, {}, {}, {}, {}, {});
  return LLVM::LoopAnnotationAttr::get(context, {}, {}, {}, unroll, {}, {}, {},
                                       {}, {}, {}, {}, {}, {}, {}, {});
}

/// With `marksParallel`, outermost loops that all cores may share are marked.
static LogicalResult lowerToLoops(ModuleOp module, bool marksParallel) {
  SmallVector<linalg::LinalgOp> ops;
  module.walk([&](linalg::LinalgOp op) { ops.push_back(op); });
  MLIRContext *context = module.getContext();
  context->loadDialect<LLVM::LLVMDialect>();
  LLVM::LoopAnnotationAttr annotation = getNoUnrollAnnotation(context);
  IRRewriter rewriter(context);
  for (linalg::LinalgOp op : ops) {
    rewriter.setInsertionPoint(op);
    FailureOr<linalg::LinalgLoops> loops =
        linalg::linalgOpToLoops(rewriter, op);
    if (failed(loops))
      return emitError(op.getLoc(), "cannot lower this op to loops");
    // Discardable on a loop, the attribute is the branch's own in the end.
    for (Operation *loop : *loops)
      loop->setAttr("loop_annotation", annotation);
    if (marksParallel && isWorthThreads(op))
      loops->front()->setAttr(kParallelAttrName, rewriter.getUnitAttr());
    rewriter.eraseOp(op);
  }
  return success();
}

static void addBufferizePasses(OpPassManager &manager) {
  TosaToArithPassOptions tosaOptions;
  tosaOptions.includeApplyRescale = true;
  manager.addNestedPass<func::FuncOp>(createTosaToArithPass(tosaOptions));
  bufferization::OneShotBufferizePassOptions bufferizeOptions;
  bufferizeOptions.bufferizeFunctionBoundaries = true;
  bufferizeOptions.allowReturnAllocsFromLoops = true;
  bufferizeOptions.functionBoundaryTypeConversion =
      bufferization::LayoutMapOption::IdentityLayoutMap;
  manager.addPass(bufferization::createOneShotBufferizePass(bufferizeOptions));
  bufferization::buildBufferDeallocationPipeline(manager);
}

/// bf16 has neither arithmetic nor conversions in LLVM's run-time library, and
/// f16 no functions: both compute in f32 and round every op's result.
static void addNarrowFloatPasses(OpPassManager &manager) {
  manager.addPass(math::createMathExtendToSupportedTypes());
  arith::ArithEmulateUnsupportedFloatsOptions options;
  options.sourceTypeStrs = {"bf16"};
  manager.addPass(arith::createArithEmulateUnsupportedFloats(options));
}

/// Flags permit other results, and the passes above set some that permit to
/// leave out their own roundings. Only those in `kept` stay.
static void dropFastMathFlags(ModuleOp module, arith::FastMathFlags kept) {
  module.walk([&](arith::ArithFastMathInterface op) {
    arith::FastMathFlagsAttr flags = op.getFastMathFlagsAttr();
    if (flags && flags.getValue() != arith::FastMathFlags::none)
      op->setAttr(op.getFastMathAttrName(),
                  arith::FastMathFlagsAttr::get(module.getContext(),
                                                flags.getValue() & kept));
  });
}

/// log(1 + x) and exp(x) - 1, as which the LLVM dialect would lower these, lose
/// what the functions exist for; libm has them.
static LogicalResult lowerAccurateFunctions(ModuleOp module) {
  ConversionTarget target(*module.getContext());
  target.addIllegalOp<math::Log1pOp, math::ExpM1Op>();
  target.markUnknownOpDynamicallyLegal([](Operation *) { return true; });
  RewritePatternSet patterns(module.getContext());
  populateMathToLibmConversionPatterns(patterns);
  return applyPartialConversion(module, target, std::move(patterns));
}

/// Functions LLVM has no intrinsic for come from libm, integer powers are
/// generated as functions of the module.
static void addMathPasses(OpPassManager &manager) {
  manager.addPass(createConvertMathToFuncs());
  manager.addPass(createConvertMathToLLVMPass());
  manager.addPass(createConvertMathToLibmPass());
}

static void addLoweringPasses(OpPassManager &manager) {
  arith::ArithExpandOpsPassOptions expandOptions;
  expandOptions.includeBf16 = true;
  manager.addPass(arith::createArithExpandOpsPass(expandOptions));
  addMathPasses(manager);
  manager.addPass(memref::createExpandStridedMetadataPass());
  manager.addPass(createLowerAffinePass());
  manager.addPass(createSCFToControlFlowPass());
  manager.addPass(createArithToLLVMConversionPass());
  // malloc with alignment goes through integers, behind which LLVM sees no
  // distinct buffers.
  FinalizeMemRefToLLVMConversionPassOptions memrefOptions;
  memrefOptions.useAlignedAlloc = true;
  manager.addPass(createFinalizeMemRefToLLVMConversionPass(memrefOptions));
  manager.addPass(createConvertControlFlowToLLVMPass());
  manager.addPass(createConvertFuncToLLVMPass());
  manager.addPass(createReconcileUnrealizedCastsPass());
}

/// Gives every op that accumulates on a filled tensor a fill of its own, so
/// that bufferization needs no copies and the library can leave the fill out.
static void separateFills(ModuleOp module) {
  SmallVector<linalg::FillOp> fills;
  module.walk([&](linalg::FillOp fill) { fills.push_back(fill); });
  for (linalg::FillOp fill : fills) {
    auto empty = fill.getOutputs().front().getDefiningOp<tensor::EmptyOp>();
    if (!empty)
      continue;
    for (OpOperand &use : llvm::make_early_inc_range(fill->getUses())) {
      auto op = dyn_cast<linalg::LinalgOp>(use.getOwner());
      if (!op || !op.isDpsInit(&use))
        continue;
      OpBuilder builder(op);
      Value init = builder.clone(*empty)->getResult(0);
      use.set(
          linalg::FillOp::create(builder, fill.getLoc(), fill.getInputs(), init)
              .getResult(0));
    }
    if (fill->use_empty())
      fill.erase();
  }
}

/// Gives every op that writes to an empty tensor one of its own. Bufferization
/// would have them share a buffer where their results do not meet, which then
/// lives from the first to the last of them.
static void separateEmpties(ModuleOp module) {
  SmallVector<tensor::EmptyOp> empties;
  module.walk([&](tensor::EmptyOp empty) { empties.push_back(empty); });
  for (tensor::EmptyOp empty : empties) {
    for (OpOperand &use : llvm::make_early_inc_range(empty->getUses())) {
      OpBuilder builder(use.getOwner());
      use.set(builder.clone(*empty)->getResult(0));
    }
    empty.erase();
  }
}

/// On tensors: forms that bufferize without copies to loops of a good order.
static LogicalResult prepareLoops(ModuleOp module, bool usesLibrary) {
  if (failed(prepareTensors(module)))
    return failure();
  if (!usesLibrary)
    return orderReductions(module);
  raiseConvolutions(module);
  if (failed(fuseElementwise(module)))
    return failure();
  if (failed(reassociateReductions(module, hasProductForm)))
    return failure();
  separateFills(module);
  separateEmpties(module);
  return success();
}

/// Moves allocations to where buffers are first used. Bufferization allocates
/// where tensors were empty, which may be far before.
static void allocateLate(ModuleOp module) {
  SmallVector<memref::AllocOp> allocations;
  module.walk([&](memref::AllocOp op) { allocations.push_back(op); });
  for (memref::AllocOp allocation : allocations) {
    Operation *first = nullptr;
    for (Operation *user : allocation->getUsers()) {
      Operation *inBlock = allocation->getBlock()->findAncestorOpInBlock(*user);
      if (!first || inBlock->isBeforeInBlock(first))
        first = inBlock;
    }
    if (first)
      allocation->moveBefore(first);
  }
}

LogicalResult lowerToBuffers(ModuleOp module, bool usesLibrary) {
  if (failed(prepareLoops(module, usesLibrary)))
    return failure();
  PassManager bufferize(module.getContext());
  addBufferizePasses(bufferize);
  if (usesLibrary)
    bufferize.addNestedPass<func::FuncOp>(
        bufferization::createOptimizeAllocationLivenessPass());
  if (failed(bufferize.run(module)))
    return failure();
  if (usesLibrary)
    allocateLate(module);
  return success();
}

/// From ops on buffers to loops, and with `kernels` calls of these.
static LogicalResult lowerStructuredOps(ModuleOp module,
                                        LibraryKernels *kernels) {
  if (kernels && failed(callLibrary(module, *kernels)))
    return failure();
  generalizeCopies(module);
  if (kernels)
    collapseLoops(module);
  return lowerToLoops(module, /*marksParallel=*/kernels != nullptr);
}

llvm::LogicalResult lowerToLLVM(ModuleOp module, LibraryKernels *kernels) {
  if (failed(lowerToBuffers(module, kernels != nullptr)) ||
      failed(lowerStructuredOps(module, kernels)))
    return failure();
  std::vector<std::string> parallelLoops = outlineParallelLoops(module);
  PassManager widen(module.getContext());
  addNarrowFloatPasses(widen);
  if (failed(widen.run(module)))
    return failure();
  dropFastMathFlags(module, kernels ? arith::FastMathFlags::reassoc
                                    : arith::FastMathFlags::none);
  if (failed(lowerAccurateFunctions(module)))
    return failure();
  PassManager lower(module.getContext());
  addLoweringPasses(lower);
  if (failed(lower.run(module)))
    return failure();
  callFromAllThreads(module, parallelLoops);
  return success();
}

} // namespace colonnade
