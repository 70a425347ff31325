// RUN: split-file %s %t
// RUN: colonnade-opt %t/step.mlir --colonnade-training-step='format=fast-adaptive total-steps=10' -o %t/adaptive.mlir
// RUN: colonnade-opt %t/adaptive.mlir --colonnade-fix-precision='log=%t/log.csv step=31' --canonicalize --cse | FileCheck %s --implicit-check-not=scf.if
// RUN: colonnade-opt %t/adaptive.mlir --colonnade-fix-precision='log=%t/log.csv step=32' --canonicalize --cse | FileCheck %s --check-prefix=LATER
// RUN: colonnade-opt %t/adaptive.mlir --colonnade-fix-precision='log=%t/log.csv step=31' --colonnade-compile-step=target=fast-256x64 | FileCheck %s --check-prefix=PROGRAM
// PROGRAM: systolic.program @training_step
// PROGRAM: systolic.block_pass "product1" {{.*}} held %{{[0-9]+}} <group = 16, exponent = 8, mantissa = 2,
// PROGRAM-SAME: passing %{{[0-9]+}} <group = 16, exponent = 8, mantissa = 4,
// PROGRAM: systolic.block_pass "product2" {{.*}} held %{{[0-9]+}} <group = 16, exponent = 8, mantissa = 4,
// PROGRAM-SAME: passing %{{[0-9]+}} <group = 16, exponent = 8, mantissa = 2,

// Constants in every rounding, and in the state that the step returns.
// CHECK-LABEL: func.func @training_step
// CHECK-DAG: %[[TWO:.*]] = arith.constant 2 : i32
// CHECK-DAG: %[[FOUR:.*]] = arith.constant 4 : i32
// CHECK-DAG: %[[BITS1:.*]] = arith.constant dense<[2, 4, 4]> : tensor<3xi32>
// CHECK-DAG: %[[BITS2:.*]] = arith.constant dense<[4, 2, 2]> : tensor<3xi32>
// CHECK: colonnade.block_quantize %{{.*}} rounding = <nearest> mantissa(%[[TWO]])
// CHECK: colonnade.block_quantize %{{.*}} rounding = <nearest> mantissa(%[[FOUR]])
// CHECK: return {{.*}} %[[BITS1]], %[[BITS2]]
// LATER: arith.constant dense<4> : tensor<3xi32>

// RUN: not colonnade-opt %t/step.mlir --colonnade-fix-precision=log=%t/log.csv 2>&1 | FileCheck %s --check-prefix=NO-STEP
// NO-STEP: error: expected a function '@training_step'
// RUN: not colonnade-opt %t/adaptive.mlir --colonnade-fix-precision=log=%t/missing.csv 2>&1 | FileCheck %s --check-prefix=NO-FILE
// NO-FILE: error: cannot read the precision log '{{.*}}missing.csv': No such file
// RUN: not colonnade-opt %t/adaptive.mlir --colonnade-fix-precision=log=%t/step.mlir 2>&1 | FileCheck %s --check-prefix=NO-LOG
// NO-LOG: error: {{.*}}step.mlir:1: expected the columns of a precision log, 'step' first
// RUN: not colonnade-opt %t/adaptive.mlir --colonnade-fix-precision=log=%t/late.csv 2>&1 | FileCheck %s --check-prefix=NO-ROW
// NO-ROW: error: {{.*}}late.csv:1: has no row of a step up to 0
// RUN: not colonnade-opt %t/adaptive.mlir --colonnade-fix-precision=log=%t/short.csv 2>&1 | FileCheck %s --check-prefix=SHORT
// SHORT: error: {{.*}}short.csv:2: expected 7 numbers, a step first
// RUN: not colonnade-opt %t/adaptive.mlir --colonnade-fix-precision=log=%t/wide.csv 2>&1 | FileCheck %s --check-prefix=WIDE
// WIDE: error: {{.*}}wide.csv:2: expected mantissa bits in [2, 4] for 'two.gradient', got '8'
// RUN: not colonnade-opt %t/adaptive.mlir --colonnade-fix-precision=log=%t/other.csv 2>&1 | FileCheck %s --check-prefix=OTHER
// OTHER: error: '{{.*}}other.csv' has no column 'one.weights': it is the log of another network
// RUN: colonnade-opt %t/step.mlir --colonnade-training-step=format=m4 -o %t/fixed.mlir
// RUN: not colonnade-opt %t/fixed.mlir --colonnade-fix-precision=log=%t/log.csv 2>&1 | FileCheck %s --check-prefix=NO-CHOICE
// NO-CHOICE: error: '@training_step' chooses no precision: expected one of the format fast-adaptive

//--- step.mlir
func.func @main(%x: tensor<5x3xf32>) -> tensor<5x2xf32> {
  %w1 = arith.constant dense<0.5> : tensor<3x4xf32> loc("one")
  %w2 = arith.constant dense<0.25> : tensor<4x2xf32> loc("two")
  %zero = arith.constant 0.0 : f32
  %e1 = tensor.empty() : tensor<5x4xf32>
  %init1 = linalg.fill ins(%zero : f32) outs(%e1 : tensor<5x4xf32>) -> tensor<5x4xf32>
  %h = linalg.matmul ins(%x, %w1 : tensor<5x3xf32>, tensor<3x4xf32>)
                     outs(%init1 : tensor<5x4xf32>) -> tensor<5x4xf32>
  %e2 = tensor.empty() : tensor<5x2xf32>
  %init2 = linalg.fill ins(%zero : f32) outs(%e2 : tensor<5x2xf32>) -> tensor<5x2xf32>
  %y = linalg.matmul ins(%h, %w2 : tensor<5x4xf32>, tensor<4x2xf32>)
                     outs(%init2 : tensor<5x2xf32>) -> tensor<5x2xf32>
  return %y : tensor<5x2xf32>
}
//--- log.csv
step,one.weights,one.activations,one.gradient,two.weights,two.activations,two.gradient
0,2,2,2,2,2,2
16,2,4,4,4,2,2
32,4,4,4,4,4,4
//--- late.csv
step,one.weights,one.activations,one.gradient,two.weights,two.activations,two.gradient
16,2,4,4,4,2,2
//--- short.csv
step,one.weights,one.activations,one.gradient,two.weights,two.activations,two.gradient
0,2,2,2,2,2
//--- wide.csv
step,one.weights,one.activations,one.gradient,two.weights,two.activations,two.gradient
0,2,2,2,2,2,8
//--- other.csv
step,three.weights
0,2
