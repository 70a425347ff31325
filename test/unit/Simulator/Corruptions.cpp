//===- Corruptions.cpp - Ways to break a program --------------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See the header.
//
//===----------------------------------------------------------------------===//

#include "Corruptions.h"
#include "llvm/ADT/STLExtras.h"

using namespace colonnade;
using namespace colonnade::sim;

std::vector<Corruption> sim::getCorruptions() {
  std::vector<Corruption> corruptions;
  llvm::append_range(corruptions, getWeightCorruptions());
  llvm::append_range(corruptions, getAccessCorruptions());
  llvm::append_range(corruptions, getPassCorruptions());
  return corruptions;
}
