// RUN: colonnade-opt %s --split-input-file --colonnade-differentiate --canonicalize | FileCheck %s

// Overlapping windows of a sum: a convolution of the spread cotangent.
// CHECK-LABEL: func.func @main_gradient
// CHECK-SAME: %[[DY:[a-z0-9]*]]: tensor<1x1x3x3xf32>)
func.func @main(%x: tensor<1x1x5x5xf32>) -> tensor<1x1x3x3xf32> {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<1x1x3x3xf32>
  %init = linalg.fill ins(%zero : f32) outs(%e : tensor<1x1x3x3xf32>) -> tensor<1x1x3x3xf32>
  %window = tensor.empty() : tensor<3x3xf32>
  // CHECK: %[[SPREAD:.*]] = tensor.insert_slice %[[DY]] into %{{.*}}[0, 0, 2, 2] [1, 1, 3, 3] [1, 1, 1, 1]
  // CHECK: linalg.generic {{.*}} ins(%{{.*}}, %[[SPREAD]]
  // CHECK: arith.addf
  %y = linalg.pooling_nchw_sum
      {strides = dense<1> : tensor<2xi64>, dilations = dense<1> : tensor<2xi64>}
      ins(%x, %window : tensor<1x1x5x5xf32>, tensor<3x3xf32>)
      outs(%init : tensor<1x1x3x3xf32>) -> tensor<1x1x3x3xf32>
  return %y : tensor<1x1x3x3xf32>
}

// -----

// Of a maximum: the windows' first largest elements, then what each window
// passes back to each tap, added up tap by tap.
// CHECK-LABEL: func.func @main_gradient
// CHECK-SAME: (%[[X:.*]]: tensor<2x3x4x4xf32>, %[[DY:.*]]: tensor<2x3x2x2xf32>)
func.func @main(%x: tensor<2x3x4x4xf32>) -> tensor<2x3x2x2xf32> {
  %low = arith.constant 0xFF800000 : f32
  %e = tensor.empty() : tensor<2x3x2x2xf32>
  %init = linalg.fill ins(%low : f32) outs(%e : tensor<2x3x2x2xf32>) -> tensor<2x3x2x2xf32>
  %window = tensor.empty() : tensor<2x2xf32>
  // CHECK: %[[Y:.*]] = linalg.pooling_nchw_max
  // CHECK: %[[FIRST:.*]] = linalg.generic {{.*}} ins(%[[X]], %{{.*}}, %[[Y]]
  // CHECK: arith.cmpf oeq
  // CHECK: arith.minsi
  // CHECK: } -> tensor<2x3x2x2xi64>
  // CHECK: %[[PASSED:.*]] = linalg.generic {{.*}} ins(%[[DY]], %[[FIRST]]
  // CHECK: } -> tensor<2x3x2x2x2x2xf32>
  // CHECK-COUNT-4: tensor.insert_slice {{.*}} [2, 3, 2, 2] [1, 1, 2, 2] : tensor<2x3x2x2xf32> into tensor<2x3x4x4xf32>
  // CHECK-NOT: tensor.insert_slice
  // CHECK: return %[[Y]], %{{.*}}
  %y = linalg.pooling_nchw_max
      {strides = dense<2> : tensor<2xi64>, dilations = dense<1> : tensor<2xi64>}
      ins(%x, %window : tensor<2x3x4x4xf32>, tensor<2x2xf32>)
      outs(%init : tensor<2x3x2x2xf32>) -> tensor<2x3x2x2xf32>
  return %y : tensor<2x3x2x2xf32>
}
