//===- ViewOps.h - What view ops do to views ------------ -*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// For the files of TensorViews.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_LIB_DIALECT_SYSTOLIC_ANALYSIS_VIEWOPS_H
#define COLONNADE_LIB_DIALECT_SYSTOLIC_ANALYSIS_VIEWOPS_H

#include "colonnade/Dialect/Systolic/Analysis/TensorViews.h"
#include "mlir/Interfaces/ViewLikeInterface.h"

namespace colonnade::systolic {

/// The view of a view op's result, given that of its source; none where only a
/// copy could make it one.
std::optional<TensorView> getResultView(mlir::Operation *op,
                                        const TensorView &source);

/// The part of a view that a slice or an insertion with static offsets is about,
/// without the dimensions that it drops.
TensorView getPart(TensorView view, mlir::OffsetSizeAndStrideOpInterface op,
                   const llvm::SmallBitVector &dropped);

} // namespace colonnade::systolic

#endif // COLONNADE_LIB_DIALECT_SYSTOLIC_ANALYSIS_VIEWOPS_H
