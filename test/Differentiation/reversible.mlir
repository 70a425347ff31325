// RUN: colonnade-opt %s --split-input-file --colonnade-differentiate | FileCheck %s

// The backward pass of a coupling computes each region once, from the results,
// behind a barrier, for both the inverse and the gradient.

#fixed = #colonnade.encoding<fixed_point = <fraction = 16>>

// CHECK-LABEL: func.func @main_gradient
// CHECK-SAME: %[[X:[^:]*]]: tensor<4x8xf32>, %[[W:[^:]*]]: tensor<8x8xf32>, %[[V:[^:]*]]: tensor<8x8xf32>, %[[DY:[^:]*]]: tensor<4x8xf32>)
// CHECK: %[[Y1:.*]], %[[Y2:.*]] = colonnade.reversible additive
// CHECK: %[[B:.*]]:4 = colonnade.barrier %[[Y1]], %[[Y2]], %[[DY]], %[[DY]]
// CHECK: %[[A1:.*]] = colonnade.from_fixed %[[B]]#0
// CHECK: %[[G:.*]] = linalg.matmul ins(%[[A1]], %[[V]]
// CHECK: %[[GF:.*]] = colonnade.to_fixed %[[G]]
// CHECK: %[[X2:.*]] = colonnade.subtract_fixed %[[B]]#1, %[[GF]]
// CHECK: %[[DG:.*]] = linalg.generic {{.*}} ins(%[[V]], %[[B]]#3
// CHECK: %[[DV:.*]] = linalg.generic {{.*}} ins(%[[A1]], %[[B]]#3
// CHECK: %[[DY1:.*]] = linalg.generic {{.*}} ins(%[[B]]#2, %[[DG]]
// CHECK: %[[A2:.*]] = colonnade.from_fixed %[[X2]]
// CHECK: linalg.matmul ins(%[[A2]], %[[W]]
// CHECK: %[[DX:.*]] = linalg.generic {{.*}} ins(%[[B]]#3, %[[DY1]]
// CHECK: %[[DF:.*]] = linalg.generic {{.*}} ins(%[[W]], %[[DY1]]
// CHECK: %[[DW:.*]] = linalg.generic {{.*}} ins(%[[A2]], %[[DY1]]
// CHECK: %[[SUM:.*]] = linalg.generic {{.*}} ins(%[[DX]], %[[DF]]
// CHECK: return %{{.*}}, %[[SUM]], %[[DW]], %[[DV]]
func.func @main(%x: tensor<4x8xf32>, %w: tensor<8x8xf32>, %v: tensor<8x8xf32>) -> tensor<4x8xf32> {
  %s = colonnade.to_fixed %x : tensor<4x8xf32> to tensor<4x8xi32, #fixed>
  %y1, %y2 = colonnade.reversible additive %s, %s : tensor<4x8xi32, #fixed>
      f(%a: tensor<4x8xf32>) {
    %zero = arith.constant 0.0 : f32
    %e = tensor.empty() : tensor<4x8xf32>
    %z = linalg.fill ins(%zero : f32) outs(%e : tensor<4x8xf32>) -> tensor<4x8xf32>
    %r = linalg.matmul ins(%a, %w : tensor<4x8xf32>, tensor<8x8xf32>) outs(%z : tensor<4x8xf32>) -> tensor<4x8xf32>
    colonnade.yield %r : tensor<4x8xf32>
  } g(%b: tensor<4x8xf32>) {
    %zero = arith.constant 0.0 : f32
    %e = tensor.empty() : tensor<4x8xf32>
    %z = linalg.fill ins(%zero : f32) outs(%e : tensor<4x8xf32>) -> tensor<4x8xf32>
    %r = linalg.matmul ins(%b, %v : tensor<4x8xf32>, tensor<8x8xf32>) outs(%z : tensor<4x8xf32>) -> tensor<4x8xf32>
    colonnade.yield %r : tensor<4x8xf32>
  }
  %y = colonnade.add_fixed %y1, %y2 : tensor<4x8xi32, #fixed>
  %f = colonnade.from_fixed %y : tensor<4x8xi32, #fixed> to tensor<4x8xf32>
  return %f : tensor<4x8xf32>
}

// -----

// With stored activations nothing is computed twice.

// CHECK-LABEL: func.func @main_gradient
// CHECK-NOT: colonnade.barrier
// CHECK: math.tanh
// CHECK-NOT: colonnade.reversible
// CHECK: return
func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> {
  %y1, %y2 = colonnade.reversible additive %x, %x activations = store : tensor<4xf32>
      f(%a: tensor<4xf32>) {
    %r = math.tanh %a : tensor<4xf32>
    colonnade.yield %r : tensor<4xf32>
  }
  return %y1 : tensor<4xf32>
}

// -----

// A checkpoint is the inputs of the forward pass.

// CHECK-LABEL: func.func @main_gradient
// CHECK-SAME: %[[X:[^:]*]]: tensor<4xf32>, %[[DY:[^:]*]]: tensor<4xf32>)
// CHECK: %[[B:.*]]:3 = colonnade.barrier %[[X]], %[[X]], %[[DY]]
// CHECK: math.tanh %[[B]]#1
func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> {
  %y1, %y2 = colonnade.reversible additive %x, %x activations = checkpoint : tensor<4xf32>
      f(%a: tensor<4xf32>) {
    %r = math.tanh %a : tensor<4xf32>
    colonnade.yield %r : tensor<4xf32>
  }
  return %y1 : tensor<4xf32>
}

// -----

// What moves to channels moves back, cotangents and recomputed values alike.

// CHECK-LABEL: func.func @main_gradient
// CHECK: %[[Y:.*]] = colonnade.space_to_depth %{{.*}} block = 2
// CHECK: %[[DX:.*]] = colonnade.space_to_depth inverse %{{.*}} block = 2
// CHECK: return %[[Y]], %[[DX]]
func.func @main(%x: tensor<1x1x4x4xf32>) -> tensor<1x4x2x2xf32> {
  %y = colonnade.space_to_depth %x block = 2 channel = 1 height = 2 width = 3
      : tensor<1x1x4x4xf32> to tensor<1x4x2x2xf32>
  return %y : tensor<1x4x2x2xf32>
}
