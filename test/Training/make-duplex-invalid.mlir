// RUN: colonnade-opt %s --colonnade-make-duplex --split-input-file --verify-diagnostics

// expected-error @+1 {{expected a function of one block that returns logits [1, classes] of f32}}
func.func @two_images(%x: tensor<2x1x4x4xf32>) -> tensor<2x10xf32> {
  %y = tensor.empty() : tensor<2x10xf32>
  return %y : tensor<2x10xf32>
}

// -----

// expected-error @+1 {{has no feature map [1, channels, height, width] of f32 that a branch could read}}
func.func @no_maps(%x: tensor<1x16xf32>) -> tensor<1x10xf32> {
  %w = arith.constant dense<1.0> : tensor<16x10xf32>
  %zeros = arith.constant dense<0.0> : tensor<1x10xf32>
  %y = linalg.matmul ins(%x, %w : tensor<1x16xf32>, tensor<16x10xf32>) outs(%zeros : tensor<1x10xf32>) -> tensor<1x10xf32>
  return %y : tensor<1x10xf32>
}

// -----

func.func @odd(%x: tensor<1x1x5x5xf32>) -> tensor<1x10xf32> {
  %e = tensor.empty() : tensor<1x1x5x5xf32>
  // expected-error @+1 {{expected the height and width of a feature map to be multiples of 2 and 2, those of the last one, got 5 and 5}}
  %a = linalg.abs ins(%x : tensor<1x1x5x5xf32>) outs(%e : tensor<1x1x5x5xf32>) -> tensor<1x1x5x5xf32>
  %w = arith.constant dense<1.0> : tensor<1x1x3x3xf32>
  %zeros = arith.constant dense<0.0> : tensor<1x1x2x2xf32>
  %c = linalg.conv_2d_nchw_fchw {dilations = dense<1> : tensor<2xi64>, strides = dense<2> : tensor<2xi64>}
      ins(%a, %w : tensor<1x1x5x5xf32>, tensor<1x1x3x3xf32>) outs(%zeros : tensor<1x1x2x2xf32>) -> tensor<1x1x2x2xf32>
  %flat = tensor.collapse_shape %c [[0], [1, 2, 3]] : tensor<1x1x2x2xf32> into tensor<1x4xf32>
  %v = arith.constant dense<1.0> : tensor<4x10xf32>
  %init = arith.constant dense<0.0> : tensor<1x10xf32>
  %y = linalg.matmul ins(%flat, %v : tensor<1x4xf32>, tensor<4x10xf32>) outs(%init : tensor<1x10xf32>) -> tensor<1x10xf32>
  return %y : tensor<1x10xf32>
}
