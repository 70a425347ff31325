//===- BlockQuantizeProgram.h - One block_quantize, compiled ----*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the agreement test and the benchmark of block floating point run: a
// function of one op, its promises erased.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_TEST_INTEGRATION_BLOCKQUANTIZEPROGRAM_H
#define COLONNADE_TEST_INTEGRATION_BLOCKQUANTIZEPROGRAM_H

#include "colonnade/ExecutionEngine/JitFunction.h"
#include "colonnade/Numerics/BlockFloat.h"

namespace colonnade {

struct BlockQuantizeProgram {
  llvm::SmallVector<int64_t> shape;
  int64_t axis = 0;
  BlockFormat format;
  BlockRounder rounder;

  int64_t getNumElements() const;

  /// `main(values, mantissa bits, counter) -> rounded values`: a tensor of f32,
  /// of i32 and of i64, the latter two of rank 0.
  std::string print() const;

  llvm::Expected<std::unique_ptr<JitFunction>> compile() const;
};

} // namespace colonnade

#endif // COLONNADE_TEST_INTEGRATION_BLOCKQUANTIZEPROGRAM_H
