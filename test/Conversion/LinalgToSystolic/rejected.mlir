// RUN: colonnade-opt %s --convert-linalg-to-systolic=target=edge-32x32 | FileCheck %s
// RUN: not colonnade-opt %s --convert-linalg-to-systolic=target=edge-32x32 --systolic-schedule -o %t.out 2>&1 | FileCheck %s --check-prefix=ERROR
// RUN: not ls %t.out
// RUN: not colonnade-opt %s --convert-linalg-to-systolic=target=no-such-machine 2>&1 | FileCheck %s --check-prefix=TARGET

// A matrix product whose weights are not constant stays, and says why; the
// schedule is refused and no file is left.

// CHECK: systolic.rejected =
// ERROR: error: 'linalg.matmul' is not mapped to the machine:
// TARGET: no-such-machine:1:1: error: cannot read target: {{.*}}; shipped targets are edge-32x32, paper-cc-32x32, paper-tq-128x64

func.func @main(%x: tensor<4x8xi8>) -> tensor<4x4xi32> {
  %zero = arith.constant 0 : i32
  %empty = tensor.empty() : tensor<4x4xi32>
  %init = linalg.fill ins(%zero : i32) outs(%empty : tensor<4x4xi32>) -> tensor<4x4xi32>
  %w = tensor.empty() : tensor<8x4xi8>
  %y = linalg.matmul ins(%x, %w : tensor<4x8xi8>, tensor<8x4xi8>) outs(%init : tensor<4x4xi32>) -> tensor<4x4xi32>
  return %y : tensor<4x4xi32>
}
