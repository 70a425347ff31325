// RUN: colonnade-opt %s --split-input-file --colonnade-differentiate --canonicalize | FileCheck %s

// Gradients of a product are products of the same operands, none transposed;
// the init's is the cotangent itself.
// CHECK-DAG: #[[MN:.*]] = affine_map<(d0, d1, d2) -> (d0, d1)>
// CHECK-DAG: #[[KN:.*]] = affine_map<(d0, d1, d2) -> (d2, d1)>
// CHECK-DAG: #[[MK:.*]] = affine_map<(d0, d1, d2) -> (d0, d2)>
// CHECK-LABEL: func.func @main_gradient
// CHECK-SAME: (%[[X:.*]]: tensor<4x3xf32>, %[[W:.*]]: tensor<3x2xf32>, %[[B:.*]]: tensor<4x2xf32>, %[[DY:.*]]: tensor<4x2xf32>)
func.func @main(%x: tensor<4x3xf32>, %w: tensor<3x2xf32>,
                %b: tensor<4x2xf32>) -> tensor<4x2xf32> {
  // CHECK: %[[Y:.*]] = linalg.matmul ins(%[[X]], %[[W]]
  // CHECK: %[[DX:.*]] = linalg.generic {indexing_maps = [#[[KN]], #[[MN]], #[[MK]]]
  // CHECK-SAME: iterator_types = ["parallel", "reduction", "parallel"]
  // CHECK-SAME: ins(%[[W]], %[[DY]]
  // CHECK: arith.mulf
  // CHECK-NEXT: arith.addf
  // CHECK: %[[DW:.*]] = linalg.generic {indexing_maps = [#[[MK]], #[[MN]], #[[KN]]]
  // CHECK-SAME: iterator_types = ["reduction", "parallel", "parallel"]
  // CHECK-SAME: ins(%[[X]], %[[DY]]
  // CHECK: return %[[Y]], %[[DX]], %[[DW]], %[[DY]]
  %y = linalg.matmul ins(%x, %w : tensor<4x3xf32>, tensor<3x2xf32>)
                     outs(%b : tensor<4x2xf32>) -> tensor<4x2xf32>
  return %y : tensor<4x2xf32>
}

// -----

// The input's gradient of a strided convolution: the cotangent spread by the
// stride between zeros, and the filter read backward. The filter's gradient
// reads the image with the stride.
// CHECK-DAG: #[[BACKWARD:.*]] = affine_map<(d0, d1, d2, d3) -> (d0, d1, -d2 + 2, -d3 + 2)>
// CHECK-DAG: #[[WINDOWS:.*]] = affine_map<(d0, d1, d2, d3, d4, d5, d6) -> (d0, d1, d2 + d5, d3 + d6)>
// CHECK-DAG: #[[STRIDED:.*]] = affine_map<(d0, d1, d2, d3, d4, d5, d6) -> (d0, d4, d2 * 2 + d5, d3 * 2 + d6)>
// CHECK-LABEL: func.func @main_gradient
// CHECK-SAME: (%[[X:.*]]: tensor<2x3x9x9xf32>, %[[W:.*]]: tensor<4x3x3x3xf32>, %[[DY:.*]]: tensor<2x4x4x4xf32>)
func.func @main(%x: tensor<2x3x9x9xf32>,
                %w: tensor<4x3x3x3xf32>) -> tensor<2x4x4x4xf32> {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<2x4x4x4xf32>
  %init = linalg.fill ins(%zero : f32) outs(%e : tensor<2x4x4x4xf32>) -> tensor<2x4x4x4xf32>
  // CHECK: linalg.conv_2d_nchw_fchw
  // CHECK: %[[TURNED:.*]] = linalg.generic {indexing_maps = [#[[BACKWARD]]
  // CHECK-SAME: ins(%[[W]]
  // CHECK: %[[SPREAD:.*]] = tensor.insert_slice %[[DY]] into %{{.*}}[0, 0, 2, 2] [2, 4, 4, 4] [1, 1, 2, 2]
  // CHECK-SAME: into tensor<2x4x11x11xf32>
  // CHECK: %[[DX:.*]] = linalg.generic {indexing_maps = [#{{.*}}, #[[WINDOWS]], #{{.*}}]
  // CHECK-SAME: ins(%[[TURNED]], %[[SPREAD]]
  // CHECK: -> tensor<2x3x9x9xf32>
  // CHECK: %[[DW:.*]] = linalg.generic {indexing_maps = [#[[STRIDED]]
  // CHECK-SAME: ins(%[[X]], %[[DY]]
  // CHECK: -> tensor<4x3x3x3xf32>
  // CHECK: return %{{.*}}, %[[DX]], %[[DW]]
  %y = linalg.conv_2d_nchw_fchw
      {strides = dense<2> : tensor<2xi64>, dilations = dense<1> : tensor<2xi64>}
      ins(%x, %w : tensor<2x3x9x9xf32>, tensor<4x3x3x3xf32>)
      outs(%init : tensor<2x4x4x4xf32>) -> tensor<2x4x4x4xf32>
  return %y : tensor<2x4x4x4xf32>
}

// -----

// Dilated taps are as far apart in the gradient.
// CHECK-DAG: #[[DILATED:.*]] = affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2 + d4 * 3)>
// CHECK-LABEL: func.func @main_gradient
// CHECK-SAME: %[[DY:[a-z0-9]*]]: tensor<1x2x4xf32>)
func.func @main(%x: tensor<1x3x10xf32>,
                %w: tensor<2x3x3xf32>) -> tensor<1x2x4xf32> {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<1x2x4xf32>
  %init = linalg.fill ins(%zero : f32) outs(%e : tensor<1x2x4xf32>) -> tensor<1x2x4xf32>
  // CHECK: %[[SPREAD:.*]] = tensor.insert_slice %[[DY]] into %{{.*}}[0, 0, 6] [1, 2, 4] [1, 1, 1]
  // CHECK-SAME: into tensor<1x2x16xf32>
  // CHECK: linalg.generic {indexing_maps = [#{{.*}}, #[[DILATED]], #{{.*}}]
  %y = linalg.conv_1d_ncw_fcw
      {strides = dense<1> : tensor<1xi64>, dilations = dense<3> : tensor<1xi64>}
      ins(%x, %w : tensor<1x3x10xf32>, tensor<2x3x3xf32>)
      outs(%init : tensor<1x2x4xf32>) -> tensor<1x2x4xf32>
  return %y : tensor<1x2x4xf32>
}
