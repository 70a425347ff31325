// Option values that mean nothing stop the pass manager before it runs.

// RUN: not colonnade-opt %s --colonnade-combine-columns=fan-in=0 2>&1 | FileCheck %s --check-prefix=FAN-IN-0
// FAN-IN-0: error: colonnade-combine-columns: expected fan-in in [1, 255], got 0
// RUN: not colonnade-opt %s --colonnade-combine-columns=fan-in=256 2>&1 | FileCheck %s --check-prefix=FAN-IN-256
// FAN-IN-256: error: colonnade-combine-columns: expected fan-in in [1, 255], got 256
// RUN: not colonnade-opt %s --colonnade-combine-columns=conflict-limit=-0.5 2>&1 | FileCheck %s --check-prefix=LIMIT
// LIMIT: error: colonnade-combine-columns: expected conflict-limit of at least 0, got -0.5
// RUN: not colonnade-opt %s --colonnade-combine-columns=conflict-limit=nan 2>&1 | FileCheck %s --check-prefix=LIMIT-NAN
// LIMIT-NAN: error: colonnade-combine-columns: expected conflict-limit of at least 0, got nan
// RUN: not colonnade-opt %s --colonnade-combine-columns=algorithm=greedy 2>&1 | FileCheck %s --check-prefix=ALGORITHM
// ALGORITHM: error: colonnade-combine-columns: expected algorithm to be one of agglomerative, dense-first, got 'greedy'
// RUN: not colonnade-opt %s --colonnade-term-quantize=group=0 2>&1 | FileCheck %s --check-prefix=GROUP-0
// GROUP-0: error: colonnade-term-quantize: expected group in [1, 65535], got 0
// RUN: not colonnade-opt %s --colonnade-term-quantize=group=65536 2>&1 | FileCheck %s --check-prefix=GROUP-LARGE
// GROUP-LARGE: error: colonnade-term-quantize: expected group in [1, 65535], got 65536
// RUN: not colonnade-opt %s --colonnade-term-quantize=budget=-1 2>&1 | FileCheck %s --check-prefix=BUDGET
// BUDGET: error: colonnade-term-quantize: expected budget in [0, 64] for groups of 8, got -1
// RUN: not colonnade-opt %s --colonnade-term-quantize="group=4 budget=33" 2>&1 | FileCheck %s --check-prefix=BUDGET-LARGE
// BUDGET-LARGE: error: colonnade-term-quantize: expected budget in [0, 32] for groups of 4, got 33
// RUN: not colonnade-opt %s --colonnade-term-quantize=data-terms=9 2>&1 | FileCheck %s --check-prefix=DATA-TERMS
// DATA-TERMS: error: colonnade-term-quantize: expected data-terms in [0, 8], got 9
// RUN: not colonnade-opt %s --colonnade-term-quantize=digits=ternary 2>&1 | FileCheck %s --check-prefix=DIGITS
// DIGITS: error: colonnade-term-quantize: expected digits to be one of binary, naf, booth4, hese-msb, got 'ternary'
// RUN: not colonnade-opt %s --colonnade-fake-quantize=data-terms=9 2>&1 | FileCheck %s --check-prefix=FAKE-TERMS
// FAKE-TERMS: error: colonnade-fake-quantize: expected data-terms in [0, 8], got 9
// RUN: not colonnade-opt %s --colonnade-fake-quantize=digits=ternary 2>&1 | FileCheck %s --check-prefix=FAKE-DIGITS
// FAKE-DIGITS: error: colonnade-fake-quantize: expected digits to be one of binary, naf, booth4, hese-msb, got 'ternary'
// RUN: not colonnade-opt %s --colonnade-fake-quantize=data-terms=2 2>&1 | FileCheck %s --check-prefix=FAKE-RANGES
// FAKE-RANGES: error: quantization needs images to measure activations on

// A failed run leaves no output file.
// RUN: rm -f %t
// RUN: not colonnade-opt %s --colonnade-combine-columns=fan-in=0 -o %t
// RUN: not ls %t

module {}
