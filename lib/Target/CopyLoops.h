//===- CopyLoops.h - Strided copies -*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// How a DMA copy's loops become as long runs of bytes as there are.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_LIB_TARGET_COPYLOOPS_H
#define COLONNADE_LIB_TARGET_COPYLOOPS_H

#include "llvm/ADT/SmallVector.h"
#include <cstdint>

namespace colonnade {

/// One loop of a strided copy.
struct CopyLoop {
  int64_t count, sourcePitch, destinationPitch;
};

/// Orders the loops by pitch and merges those that continue each other, so that
/// the innermost one is as long a run of bytes as there is.
void coalesce(llvm::SmallVectorImpl<CopyLoop> &loops);

} // namespace colonnade

#endif // COLONNADE_LIB_TARGET_COPYLOOPS_H
