//===- HostMemory.h - What the host keeps in DRAM ---------------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Address ranges of host tensors, constants and packed weights.
//
//===----------------------------------------------------------------------===//

#ifndef LIB_SIMULATOR_HOSTMEMORY_H
#define LIB_SIMULATOR_HOSTMEMORY_H

#include "colonnade/Simulator/Program.h"

namespace colonnade::sim {

struct HostRegion {
  int64_t begin = 0, end = 0;
  std::string name;
};

/// Bytes of a host tensor.
int64_t getHostBytes(const HostTensor &tensor);

/// Bytes of all tiles of a matrix, one after another.
int64_t getPackedBytes(const Program &program, unsigned weights);

/// `kind` is "input" or "output".
HostRegion getHostRegion(const HostTensor &tensor, llvm::StringRef kind);
HostRegion getConstantRegion(const ConstantBytes &constant);
HostRegion getWeightsRegion(const Program &program, unsigned weights);

} // namespace colonnade::sim

#endif // LIB_SIMULATOR_HOSTMEMORY_H
