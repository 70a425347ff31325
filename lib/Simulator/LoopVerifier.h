//===- LoopVerifier.h - Checks of loop nests --------------------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the vector unit's nests and the array's products of blocks have in
// common: loops over strided operands. Every function gives the violation that
// it finds, which goes on from "instruction ...".
//
//===----------------------------------------------------------------------===//

#ifndef LIB_SIMULATOR_LOOPVERIFIER_H
#define LIB_SIMULATOR_LOOPVERIFIER_H

#include "colonnade/Simulator/Program.h"

namespace colonnade::sim {

std::optional<std::string> checkLoops(llvm::ArrayRef<int64_t> extents,
                                      unsigned reductionLoops);

/// `name` says what the operand is.
std::optional<std::string> checkOperand(llvm::ArrayRef<int64_t> extents,
                                        const NestOperand &operand,
                                        llvm::ArrayRef<Memory> memories,
                                        const char *name);

/// No two elements that the loops write share a byte, and reduction loops write
/// in one place.
std::optional<std::string> checkOutput(llvm::ArrayRef<int64_t> extents,
                                       unsigned reductionLoops,
                                       const NestOperand &output,
                                       const char *name);

/// The same for all that concerns a BlockPass alone.
std::optional<std::string> findViolation(const MachineDescription &machine,
                                         const BlockPass &pass);

} // namespace colonnade::sim

#endif // LIB_SIMULATOR_LOOPVERIFIER_H
