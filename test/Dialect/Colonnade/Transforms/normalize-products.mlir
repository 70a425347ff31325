// Matrix products of every storage order, batched and grouped ones, and
// resources.

// RUN: colonnade-opt %s --split-input-file --colonnade-normalize | FileCheck %s

// Scores of an attention: the keys, computed and stored by row, are transposed.

// CHECK-LABEL: func.func @scores
// CHECK-SAME: ([[Q:%.+]]: tensor<4x7x3xf32>, [[K:%.+]]: tensor<4x5x3xf32>
// CHECK: [[T:%.+]] = linalg.transpose ins([[K]] : {{.*}} permutation = [0, 2, 1]
// CHECK: linalg.batch_matmul ins([[Q]], [[T]] : tensor<4x7x3xf32>, tensor<4x3x5xf32>)
func.func @scores(%q: tensor<4x7x3xf32>, %k: tensor<4x5x3xf32>) -> tensor<4x7x5xf32> {
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty() : tensor<4x7x5xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<4x7x5xf32>) -> tensor<4x7x5xf32>
  %0 = linalg.generic {
      indexing_maps = [affine_map<(b, m, n, k) -> (b, m, k)>,
                       affine_map<(b, m, n, k) -> (b, n, k)>,
                       affine_map<(b, m, n, k) -> (b, m, n)>],
      iterator_types = ["parallel", "parallel", "parallel", "reduction"]}
      ins(%q, %k : tensor<4x7x3xf32>, tensor<4x5x3xf32>) outs(%init : tensor<4x7x5xf32>) {
  ^bb0(%a: f32, %b: f32, %c: f32):
    %m = arith.mulf %a, %b : f32
    %s = arith.addf %c, %m : f32
    linalg.yield %s : f32
  } -> tensor<4x7x5xf32>
  return %0 : tensor<4x7x5xf32>
}

// -----

// A factor per channel is folded into the weights of a depthwise convolution.

// CHECK-LABEL: func.func @depthwise
// CHECK: dense<{{\[\[\[}}2.000000e+00]], {{\[\[}}-3.000000e+00]]]> : tensor<2x1x1xf32>
// CHECK: linalg.depthwise_conv_2d_nchw_chw
// CHECK-NOT: arith.mulf
func.func @depthwise(%x: tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32> {
  %zero = arith.constant 0.0 : f32
  %w = arith.constant dense<1.0> : tensor<2x1x1xf32>
  %k = arith.constant dense<[2.0, -3.0]> : tensor<2xf32>
  %empty = tensor.empty() : tensor<1x2x4x4xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32>
  %y = linalg.depthwise_conv_2d_nchw_chw
      ins(%x, %w : tensor<1x2x4x4xf32>, tensor<2x1x1xf32>)
      outs(%init : tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32>
  %z = linalg.generic {
      indexing_maps = [affine_map<(n, c, h, w) -> (n, c, h, w)>,
                       affine_map<(n, c, h, w) -> (c)>,
                       affine_map<(n, c, h, w) -> (n, c, h, w)>],
      iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%y, %k : tensor<1x2x4x4xf32>, tensor<2xf32>) outs(%empty : tensor<1x2x4x4xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %m = arith.mulf %a, %b : f32
    linalg.yield %m : f32
  } -> tensor<1x2x4x4xf32>
  return %z : tensor<1x2x4x4xf32>
}

// -----

// A transposed resource is a resource.

// CHECK-LABEL: func.func @resource
// CHECK: [[W:%.+]] = arith.constant dense_resource<w{{.*}}> : tensor<3x2xf32>
// CHECK-NOT: linalg.transpose
// CHECK: linalg.matmul ins({{.*}}, [[W]] :
// CHECK: w{{.*}}: "0x040000000000803F00004040000000400000804000004040{{.*}}"
func.func @resource(%x: tensor<1x3xf32>) -> tensor<1x2xf32> {
  %zero = arith.constant 0.0 : f32
  %w = arith.constant dense_resource<w> : tensor<2x3xf32>
  %turned = tensor.empty() : tensor<3x2xf32>
  %t = linalg.transpose ins(%w : tensor<2x3xf32>) outs(%turned : tensor<3x2xf32>)
      permutation = [1, 0]
  %empty = tensor.empty() : tensor<1x2xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<1x2xf32>) -> tensor<1x2xf32>
  %y = linalg.matmul ins(%x, %t : tensor<1x3xf32>, tensor<3x2xf32>)
      outs(%init : tensor<1x2xf32>) -> tensor<1x2xf32>
  return %y : tensor<1x2xf32>
}
// [[1, 2, 3], [3, 4, 5]]
{-#
  dialect_resources: {
    builtin: {
      w: "0x040000000000803F000000400000404000004040000080400000A040"
    }
  }
#-}
