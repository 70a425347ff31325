//===- CopyLoops.cpp - Strided copies -*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See the header.
//
//===----------------------------------------------------------------------===//

#include "CopyLoops.h"
#include "llvm/ADT/STLExtras.h"

using namespace colonnade;

void colonnade::coalesce(llvm::SmallVectorImpl<CopyLoop> &loops) {
  llvm::stable_sort(loops, [](const CopyLoop &a, const CopyLoop &b) {
    return a.sourcePitch > b.sourcePitch;
  });
  llvm::erase_if(loops, [](const CopyLoop &l) { return l.count == 1; });
  for (size_t i = loops.size(); i-- > 1;) {
    CopyLoop &outer = loops[i - 1], &inner = loops[i];
    if (outer.sourcePitch != inner.count * inner.sourcePitch ||
        outer.destinationPitch != inner.count * inner.destinationPitch)
      continue;
    outer = {outer.count * inner.count, inner.sourcePitch,
             inner.destinationPitch};
    loops.erase(loops.begin() + i);
  }
}
