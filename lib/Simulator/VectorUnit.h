//===- VectorUnit.h - Values of the vector unit -----------------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Runs window passes and loop nests on memory contents.
//
//===----------------------------------------------------------------------===//

#ifndef LIB_SIMULATOR_VECTORUNIT_H
#define LIB_SIMULATOR_VECTORUNIT_H

#include "MachineState.h"
#include "colonnade/Numerics/TermSelection.h"

namespace colonnade::sim {

/// Storage for the values of a body, kept from pass to pass.
struct VectorScratch {
  std::vector<int32_t> narrow;
  std::vector<int64_t> wide;
};

/// Runs a vector pass. Fails when a value leaves its type or a scale's shift
/// is out of range.
llvm::Error runVectorPass(MachineState &state, const VectorPass &pass,
                          llvm::ArrayRef<TermLookupTable> tables,
                          VectorScratch &scratch);

/// Runs a loop nest; fails likewise.
llvm::Error runNest(MachineState &state, const NestPass &nest,
                    llvm::ArrayRef<TermLookupTable> tables,
                    VectorScratch &scratch);

} // namespace colonnade::sim

#endif // LIB_SIMULATOR_VECTORUNIT_H
