//===- InitAllPasses.h - Passes of Colonnade's tools ------------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Registers Colonnade's passes and the upstream ones that a user needs beside
// them: cleanups, linalg and TOSA, and the way down to LLVM.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_INITALLPASSES_H
#define COLONNADE_INITALLPASSES_H

#include "colonnade/Conversion/LinalgToSystolic/Passes.h"
#include "colonnade/Dialect/Colonnade/Transforms/Passes.h"
#include "colonnade/Differentiation/Passes.h"
#include "colonnade/Dialect/Systolic/Transforms/Passes.h"
#include "colonnade/Pipelines/Pipelines.h"
#include "colonnade/Training/Passes.h"
#include "mlir/Conversion/Passes.h"
#include "mlir/Dialect/Affine/Transforms/Passes.h"
#include "mlir/Dialect/Arith/Transforms/Passes.h"
#include "mlir/Dialect/Bufferization/Pipelines/Passes.h"
#include "mlir/Dialect/Bufferization/Transforms/Passes.h"
#include "mlir/Dialect/Linalg/Passes.h"
#include "mlir/Dialect/MemRef/Transforms/Passes.h"
#include "mlir/Dialect/SCF/Transforms/Passes.h"
#include "mlir/Dialect/Tosa/Transforms/Passes.h"
#include "mlir/Transforms/Passes.h"

namespace colonnade {

/// Colonnade's own passes.
inline void registerColonnadePasses() {
  registerChannelsFirstPass();
  registerCombineColumnsPass();
  registerDetectCouplingsPass();
  registerExpandMathPass();
  registerFakeQuantizePass();
  registerFoldZeroPointsPass();
  registerKeepBaselinePass();
  registerLowerBatchNormPass();
  registerLowerReversiblePass();
  registerMakeReversiblePass();
  registerNormalizeContractionsPass();
  registerQuantizePass();
  registerStripEncodingsPass();
  registerTermQuantizePass();
  registerVerifyPromisesPass();
  registerConvertLinalgToSystolicPass();
  systolic::registerSystolicTransformsPasses();
  registerDifferentiationPasses();
  registerTrainingPasses();
  registerPipelines();
}

/// Upstream conversions from what programs are written in down to LLVM.
inline void registerUpstreamConversionPasses() {
  mlir::registerArithToLLVMConversionPass();
  mlir::registerConvertControlFlowToLLVMPass();
  mlir::registerConvertFuncToLLVMPass();
  mlir::registerConvertIndexToLLVMPass();
  mlir::registerConvertLinalgToStandardPass();
  mlir::registerConvertMathToLLVMPass();
  mlir::registerFinalizeMemRefToLLVMConversionPass();
  mlir::registerLowerAffinePass();
  mlir::registerReconcileUnrealizedCastsPass();
  mlir::registerSCFToControlFlowPass();
  mlir::registerTosaToArithPass();
  mlir::registerTosaToLinalg();
  mlir::registerTosaToLinalgNamed();
  mlir::registerTosaToSCFPass();
  mlir::registerTosaToTensorPass();
}

/// Upstream passes and pipelines on tensors and buffers.
inline void registerUpstreamPasses() {
  mlir::registerTransformsPasses();
  mlir::affine::registerAffinePasses();
  mlir::arith::registerArithPasses();
  mlir::bufferization::registerBufferizationPasses();
  mlir::bufferization::registerBufferizationPipelines();
  mlir::memref::registerMemRefPasses();
  mlir::registerLinalgPasses();
  mlir::registerSCFPasses();
  mlir::tosa::registerTosaPasses();
  registerUpstreamConversionPasses();
}

/// Everything above.
inline void registerAllPasses() {
  registerColonnadePasses();
  registerUpstreamPasses();
}

} // namespace colonnade

#endif // COLONNADE_INITALLPASSES_H
