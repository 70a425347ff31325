// RUN: colonnade-opt %s --split-input-file --colonnade-set-batch=size=8 | FileCheck %s

// A weight that no image changes stays; the init is made anew.
// CHECK-LABEL: func.func @product
// CHECK-SAME: %[[X:.*]]: tensor<8x3xf32>) -> tensor<8x2xf32>
func.func @product(%x: tensor<1x3xf32>) -> tensor<1x2xf32> {
  %w = arith.constant dense<0.5> : tensor<3x2xf32>
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<1x2xf32>
  %init = linalg.fill ins(%zero : f32) outs(%e : tensor<1x2xf32>) -> tensor<1x2xf32>
  // CHECK: linalg.matmul ins(%[[X]], %{{.*}} : tensor<8x3xf32>, tensor<3x2xf32>)
  %y = linalg.matmul ins(%x, %w : tensor<1x3xf32>, tensor<3x2xf32>)
                     outs(%init : tensor<1x2xf32>) -> tensor<1x2xf32>
  return %y : tensor<1x2xf32>
}

// -----

// A position embedding is repeated; a splat is a larger splat.
// CHECK-LABEL: func.func @embedding
func.func @embedding(%x: tensor<1x2x2xf32>) -> tensor<1x2x2xf32> {
  %p = arith.constant dense<[[[1.0, 2.0], [3.0, 4.0]]]> : tensor<1x2x2xf32>
  %half = arith.constant dense<0.5> : tensor<1x2x2xf32>
  // CHECK: %[[P:.*]] = linalg.broadcast ins({{.*}} : tensor<1x2x2xf32>)
  // CHECK-SAME: outs({{.*}} : tensor<8x1x2x2xf32>) dimensions = [0]
  // CHECK: %[[Q:.*]] = tensor.collapse_shape %[[P]] {{\[}}[0, 1], [2], [3]]
  // CHECK: arith.addf %{{.*}}, %[[Q]] : tensor<8x2x2xf32>
  %a = arith.addf %x, %p : tensor<1x2x2xf32>
  // CHECK: arith.constant dense<5.000000e-01> : tensor<8x2x2xf32>
  %y = arith.mulf %a, %half : tensor<1x2x2xf32>
  return %y : tensor<1x2x2xf32>
}

// -----

// The batch moves into a larger dimension and out of it.
// CHECK-LABEL: func.func @views
func.func @views(%x: tensor<1x6x4xf32>) -> tensor<1x3x3xf32> {
  // CHECK: tensor.collapse_shape {{.*}} : tensor<8x6x4xf32> into tensor<48x4xf32>
  %c = tensor.collapse_shape %x [[0, 1], [2]] : tensor<1x6x4xf32> into tensor<6x4xf32>
  // CHECK: tensor.extract_slice {{.*}}[0, 1] [48, 3] [1, 1]
  %s = tensor.extract_slice %c[0, 1] [6, 3] [1, 1] : tensor<6x4xf32> to tensor<6x3xf32>
  // CHECK: tensor.expand_shape {{.*}} output_shape [8, 6, 3]
  %e = tensor.expand_shape %s [[0, 1], [2]] output_shape [1, 6, 3] : tensor<6x3xf32> into tensor<1x6x3xf32>
  // CHECK: tensor.extract_slice {{.*}}[0, 0, 0] [8, 3, 3] [1, 2, 1]
  %y = tensor.extract_slice %e[0, 0, 0] [1, 3, 3] [1, 2, 1] : tensor<1x6x3xf32> to tensor<1x3x3xf32>
  return %y : tensor<1x3x3xf32>
}

// -----

// CHECK-LABEL: func.func @movement
func.func @movement(%x: tensor<1x2x4xf32>) -> tensor<1x5x6xf32> {
  %zero = arith.constant 0.0 : f32
  %token = arith.constant dense<[[[1.0, 2.0, 3.0, 4.0]]]> : tensor<1x1x4xf32>
  // CHECK: tensor.concat dim(1) {{.*}} : (tensor<8x1x4xf32>, tensor<8x2x4xf32>) -> tensor<8x3x4xf32>
  %c = tensor.concat dim(1) %token, %x : (tensor<1x1x4xf32>, tensor<1x2x4xf32>) -> tensor<1x3x4xf32>
  // CHECK: tensor.pad
  // CHECK: tensor<8x3x4xf32> to tensor<8x3x6xf32>
  %p = tensor.pad %c low[0, 0, 1] high[0, 0, 1] {
  ^bb0(%i: index, %j: index, %k: index):
    tensor.yield %zero : f32
  } : tensor<1x3x4xf32> to tensor<1x3x6xf32>
  %e = tensor.empty() : tensor<1x5x6xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<1x5x6xf32>) -> tensor<1x5x6xf32>
  // CHECK: tensor.insert_slice {{.*}}[0, 0, 0] [8, 3, 6] [1, 2, 1]
  %y = tensor.insert_slice %p into %f[0, 0, 0] [1, 3, 6] [1, 2, 1] : tensor<1x3x6xf32> into tensor<1x5x6xf32>
  return %y : tensor<1x5x6xf32>
}
