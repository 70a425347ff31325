//===- HostMemory.cpp - What the host keeps in DRAM -----------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See the header.
//
//===----------------------------------------------------------------------===//

#include "HostMemory.h"
#include "llvm/Support/FormatVariadic.h"

using namespace colonnade;
using namespace colonnade::sim;

int64_t sim::getHostBytes(const HostTensor &tensor) {
  int64_t bytes = getBytes(tensor.type);
  for (int64_t extent : tensor.shape)
    bytes *= extent;
  return bytes;
}

int64_t sim::getPackedBytes(const Program &program, unsigned weights) {
  const PackedWeights &packed = program.weights[weights];
  if (packed.isRunTime)
    return 0;
  int64_t bytes = 0;
  for (int64_t row = 0; row < packed.rows; row += program.machine.rows)
    for (int64_t column = 0; column < packed.arrayColumns;
         column += program.machine.columns)
      bytes += program.getTileBytes({weights, /*block=*/0, row, column});
  return packed.blocks * bytes;
}

HostRegion sim::getHostRegion(const HostTensor &tensor, llvm::StringRef kind) {
  HostRegion region = {tensor.address, tensor.address + getHostBytes(tensor),
                       ("the " + kind).str()};
  if (!tensor.name.empty())
    region.name += llvm::formatv(" '{0}'", tensor.name);
  return region;
}

HostRegion sim::getConstantRegion(const ConstantBytes &constant) {
  int64_t bytes = constant.bytes.size();
  return {constant.address, constant.address + bytes,
          llvm::formatv("constant '{0}'", constant.name)};
}

HostRegion sim::getWeightsRegion(const Program &program, unsigned weights) {
  const PackedWeights &packed = program.weights[weights];
  return {packed.address, packed.address + getPackedBytes(program, weights),
          llvm::formatv("weights '{0}'", packed.name)};
}
