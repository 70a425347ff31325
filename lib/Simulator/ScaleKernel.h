//===- ScaleKernel.h - Rescaling a line of sums, fast -----------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Rescaling is most of the vector unit's time; nearly always, one multiplier
// and shift serve a whole channel.
//
//===----------------------------------------------------------------------===//

#ifndef LIB_SIMULATOR_SCALEKERNEL_H
#define LIB_SIMULATOR_SCALEKERNEL_H

#include "InstructionSet.h"
#include <cstdint>

namespace colonnade::sim {

/// out[i] = TOSA apply_scale of values[i], single round. Returns false, with
/// `out` unspecified, when a result does not fit into 32 bits. `shift` must lie
/// in [2, 62].
bool scaleLine(const int32_t *values, int64_t count, int32_t multiplier,
               int32_t shift, int32_t *out,
               InstructionSet instructions = InstructionSet::Best);

} // namespace colonnade::sim

#endif // LIB_SIMULATOR_SCALEKERNEL_H
