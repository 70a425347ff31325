// RUN: colonnade-opt %s --colonnade-training-step=measure-drift --canonicalize | FileCheck %s

// One more result, the ratio of two maxima for each stream that a chain begins
// with; the streams between two couplings are not compared, and not kept.

// CHECK-LABEL: func.func @training_step
// CHECK-SAME: -> (tensor<4x4xf32> {colonnade.parameter = "w"}, tensor<4x4xf32> {colonnade.state = "w.momentum"}, tensor<i64> {colonnade.state = "step"}, tensor<f32>, tensor<2x4xf32>, tensor<f32>)
// CHECK-COUNT-2: colonnade.reversible additive
// CHECK-COUNT-2: math.absf
// CHECK: arith.divf
// CHECK-COUNT-2: math.absf
// CHECK: arith.divf
// CHECK-NOT: math.absf
// CHECK: %[[DRIFT:.+]] = linalg.generic
// CHECK: arith.maximumf
// CHECK: return {{.+}}, %[[DRIFT]] :
func.func @main(%w: tensor<4x4xf32> {colonnade.parameter = "w"},
                %x: tensor<2x4xf32>) -> tensor<2x4xf32> {
  %zero = arith.constant dense<0.0> : tensor<2x4xf32>
  %h = linalg.matmul ins(%x, %w : tensor<2x4xf32>, tensor<4x4xf32>)
                     outs(%zero : tensor<2x4xf32>) -> tensor<2x4xf32>
  %a = linalg.matmul ins(%h, %w : tensor<2x4xf32>, tensor<4x4xf32>)
                     outs(%zero : tensor<2x4xf32>) -> tensor<2x4xf32>
  %y1, %y2 = colonnade.reversible additive %h, %a : tensor<2x4xf32>
      f(%in: tensor<2x4xf32>) {
    %r = linalg.matmul ins(%in, %w : tensor<2x4xf32>, tensor<4x4xf32>)
                       outs(%zero : tensor<2x4xf32>) -> tensor<2x4xf32>
    colonnade.yield %r : tensor<2x4xf32>
  }
  %z1, %z2 = colonnade.reversible additive %y2, %y1 : tensor<2x4xf32>
      f(%in: tensor<2x4xf32>) {
    %r = linalg.matmul ins(%in, %w : tensor<2x4xf32>, tensor<4x4xf32>)
                       outs(%zero : tensor<2x4xf32>) -> tensor<2x4xf32>
    colonnade.yield %r : tensor<2x4xf32>
  }
  %s = linalg.add ins(%z1, %z2 : tensor<2x4xf32>, tensor<2x4xf32>)
                  outs(%zero : tensor<2x4xf32>) -> tensor<2x4xf32>
  return %s : tensor<2x4xf32>
}
