// Options and files that quantization cannot work with.

// RUN: not colonnade-opt %s --colonnade-quantize 2>&1 | FileCheck %s --check-prefix=NONE
// NONE: error: quantization needs images to measure activations on: give calibration=<file.npy>, uint8 or float32 [count, ...], or ranges=<file.json> of an earlier run
// RUN: not colonnade-opt %s --colonnade-quantize=calibration=%t.missing.npy 2>&1 | FileCheck %s --check-prefix=MISSING
// MISSING: error: cannot calibrate: {{.*}}missing.npy
// RUN: echo "no array" > %t.npy
// RUN: not colonnade-opt %s --colonnade-quantize=calibration=%t.npy 2>&1 | FileCheck %s --check-prefix=MALFORMED
// MALFORMED: quantize-options.mlir:[[#@LINE+10]]:1: error: cannot calibrate:
// RUN: not colonnade-opt %s --colonnade-quantize="calibration=%data/calibration.npy output-bits=7" 2>&1 | FileCheck %s --check-prefix=FEW-BITS
// FEW-BITS: error: expected output-bits between 8 and 32, got 7
// RUN: not colonnade-opt %s --colonnade-quantize="calibration=%data/calibration.npy output-bits=33" 2>&1 | FileCheck %s --check-prefix=MANY-BITS
// MANY-BITS: error: expected output-bits between 8 and 32, got 33
// RUN: not colonnade-opt %s --colonnade-quantize="calibration=%data/calibration.npy calibration-limit=-1" 2>&1 | FileCheck %s --check-prefix=LIMIT
// LIMIT: error: expected calibration-limit of at least 0 (0: all images), got -1
// RUN: not colonnade-opt %s --colonnade-quantize="calibration=%data/calibration.npy std=0" 2>&1 | FileCheck %s --check-prefix=STD
// STD: error: expected a finite mean and a finite, positive std, got mean 0 and std 0

func.func @main(%x: tensor<28x28xf32>) -> tensor<28x28xf32> {
  return %x : tensor<28x28xf32>
}

// The input alone, at another number of bits.
// RUN: colonnade-opt %s --colonnade-quantize="calibration=%data/calibration.npy output-bits=8 calibration-limit=2" | FileCheck %s --check-prefix=EIGHT
// EIGHT: func.func @main({{.*}}) -> (tensor<28x28xi32> {colonnade.scale = 0.0078740157480314959 : f64})
// EIGHT: arith.constant -127 : i32
// EIGHT: arith.constant 127 : i32
