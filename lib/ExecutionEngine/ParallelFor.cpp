//===- ParallelFor.cpp - Loops on the threads of oneDNN's pool -----------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Debian's oneDNN runs on GNU OpenMP. Threads of a second runtime would compete
// with its spinning ones for the same cores, so loops use the same pool, by the
// entry point that GCC's compiled code uses (Clang's calls another runtime).
//
//===----------------------------------------------------------------------===//

#include "AllocationMeter.h"
#include "ParallelLoops.h"

extern "C" {
void GOMP_parallel(void (*body)(void *), void *data, unsigned threads,
                   unsigned flags);
int omp_get_thread_num();
int omp_get_num_threads();
}

namespace {

struct Loop {
  void (*body)(void *, int64_t, int64_t);
  void *context;
  int64_t count;
  colonnade::AllocationMeter *meter;
};

void runShare(void *data) {
  const Loop &loop = *static_cast<const Loop *>(data);
  int64_t thread = omp_get_thread_num(), threads = omp_get_num_threads();
  int64_t begin = loop.count * thread / threads;
  int64_t end = loop.count * (thread + 1) / threads;
  colonnade::AllocationMeter::Scope scope(loop.meter);
  if (begin != end)
    loop.body(loop.context, begin, end);
}

} // namespace

void colonnade::runParallelFor(void (*body)(void *, int64_t, int64_t),
                               void *context, int64_t count) {
  Loop loop{body, context, count, AllocationMeter::getCurrent()};
  GOMP_parallel(runShare, &loop, /*threads=*/0, /*flags=*/0);
}
