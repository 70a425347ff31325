//===- InstructionSet.h - Choice between kernels ----------------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Kernels come in a portable and a faster version that give the same integers;
// tests ask for both.
//
//===----------------------------------------------------------------------===//

#ifndef LIB_SIMULATOR_INSTRUCTIONSET_H
#define LIB_SIMULATOR_INSTRUCTIONSET_H

#include <cstdint>

namespace colonnade::sim {

enum class InstructionSet : uint8_t { Portable, Best };

/// Whether to run the AVX2 version of a kernel.
inline bool hasAvx2(InstructionSet instructions) {
#if defined(__x86_64__)
  return instructions == InstructionSet::Best && __builtin_cpu_supports("avx2");
#else
  return false;
#endif
}

} // namespace colonnade::sim

#endif // LIB_SIMULATOR_INSTRUCTIONSET_H
