// Windows of channels-last images work on channels first; in between nothing is
// transposed.

// RUN: colonnade-opt %s --colonnade-channels-first --split-input-file | FileCheck %s

// CHECK-LABEL: @documented
// CHECK-SAME: %[[X:.*]]: tensor<1x6x6x3xi8>
// CHECK: %[[T:.*]] = linalg.transpose ins(%[[X]] {{.*}} permutation = [0, 3, 1, 2]
// CHECK: %[[P:.*]] = linalg.pooling_nchw_max {{.*}} ins(%[[T]], %{{.*}} : tensor<1x3x6x6xi8>, tensor<2x2xi8>)
// CHECK: %[[Y:.*]] = linalg.transpose ins(%[[P]] {{.*}} permutation = [0, 2, 3, 1]
// CHECK: return %[[Y]]
func.func @documented(%x: tensor<1x6x6x3xi8>) -> tensor<1x5x5x3xi8> {
  %least = arith.constant -128 : i8
  %window = tensor.empty() : tensor<2x2xi8>
  %e = tensor.empty() : tensor<1x5x5x3xi8>
  %init = linalg.fill ins(%least : i8) outs(%e : tensor<1x5x5x3xi8>) -> tensor<1x5x5x3xi8>
  %y = linalg.pooling_nhwc_max {dilations = dense<1> : tensor<2xi64>, strides = dense<1> : tensor<2xi64>}
      ins(%x, %window : tensor<1x6x6x3xi8>, tensor<2x2xi8>) outs(%init : tensor<1x5x5x3xi8>) -> tensor<1x5x5x3xi8>
  return %y : tensor<1x5x5x3xi8>
}

// -----

// The bias is read by the channel in dimension 1, the pad has moved along, and
// the residual reads the same tensor as the convolution.
// CHECK: #[[CHANNEL:.*]] = affine_map<(d0, d1, d2, d3) -> (d1)>
// CHECK-LABEL: @chain
// CHECK-COUNT-1: linalg.transpose {{.*}} permutation = [0, 3, 1, 2]
// CHECK: linalg.conv_2d_nchw_fchw
// CHECK: %[[BIASED:.*]] = linalg.generic {{.*}}#[[CHANNEL]]{{.*}} outs(%{{.*}} : tensor<1x2x4x4xf32>)
// CHECK: tensor.pad %[[BIASED]] low[0, 0, 1, 1] high[0, 0, 1, 1]
// CHECK: linalg.conv_2d_nchw_fchw
// CHECK-NOT: linalg.transpose {{.*}} permutation = [0, 3, 1, 2]
// CHECK: return
#id = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
#last = affine_map<(d0, d1, d2, d3) -> (d3)>
func.func @chain(%x: tensor<1x4x4x2xf32>) -> tensor<1x4x4x2xf32> {
  %zero = arith.constant 0.0 : f32
  %w = arith.constant dense<[[[[1.0, 2.0]]], [[[3.0, 4.0]]]]> : tensor<2x1x1x2xf32>
  %v = arith.constant dense<0.5> : tensor<3x3x2x2xf32>
  %b = arith.constant dense<[5.0, 6.0]> : tensor<2xf32>
  %e = tensor.empty() : tensor<1x4x4x2xf32>
  %init = linalg.fill ins(%zero : f32) outs(%e : tensor<1x4x4x2xf32>) -> tensor<1x4x4x2xf32>
  %0 = linalg.conv_2d_nhwc_fhwc {dilations = dense<1> : tensor<2xi64>, strides = dense<1> : tensor<2xi64>}
      ins(%x, %w : tensor<1x4x4x2xf32>, tensor<2x1x1x2xf32>) outs(%init : tensor<1x4x4x2xf32>) -> tensor<1x4x4x2xf32>
  %1 = linalg.generic {indexing_maps = [#id, #last, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%0, %b : tensor<1x4x4x2xf32>, tensor<2xf32>) outs(%e : tensor<1x4x4x2xf32>) {
  ^bb0(%p: f32, %q: f32, %o: f32):
    %s = arith.addf %p, %q : f32
    linalg.yield %s : f32
  } -> tensor<1x4x4x2xf32>
  %2 = tensor.pad %1 low[0, 1, 1, 0] high[0, 1, 1, 0] {
  ^bb0(%i: index, %j: index, %k: index, %l: index):
    tensor.yield %zero : f32
  } : tensor<1x4x4x2xf32> to tensor<1x6x6x2xf32>
  %3 = linalg.conv_2d_nhwc_hwcf {dilations = dense<1> : tensor<2xi64>, strides = dense<1> : tensor<2xi64>}
      ins(%2, %v : tensor<1x6x6x2xf32>, tensor<3x3x2x2xf32>) outs(%init : tensor<1x4x4x2xf32>) -> tensor<1x4x4x2xf32>
  %4 = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%3, %1 : tensor<1x4x4x2xf32>, tensor<1x4x4x2xf32>) outs(%e : tensor<1x4x4x2xf32>) {
  ^bb0(%p: f32, %q: f32, %o: f32):
    %s = arith.addf %p, %q : f32
    linalg.yield %s : f32
  } -> tensor<1x4x4x2xf32>
  return %4 : tensor<1x4x4x2xf32>
}

// -----

// Two results per channel: a group per channel.
// CHECK-LABEL: @multiplier
// CHECK: arith.constant dense<{{.*}}> : tensor<3x2x1x1x1xi8>
// CHECK: linalg.conv_2d_ngchw_gfchw {{.*}} -> tensor<1x3x2x4x4xi32>
func.func @multiplier(%x: tensor<1x4x4x3xi8>, %init: tensor<1x4x4x3x2xi32>) -> tensor<1x4x4x3x2xi32> {
  %w = arith.constant dense<[[[[1, 2], [3, 4], [5, 6]]]]> : tensor<1x1x3x2xi8>
  %y = linalg.depthwise_conv_2d_nhwc_hwcm {dilations = dense<1> : tensor<2xi64>, strides = dense<1> : tensor<2xi64>}
      ins(%x, %w : tensor<1x4x4x3xi8>, tensor<1x1x3x2xi8>) outs(%init : tensor<1x4x4x3x2xi32>) -> tensor<1x4x4x3x2xi32>
  return %y : tensor<1x4x4x3x2xi32>
}
