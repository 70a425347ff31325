// Ten classes from one depthwise convolution.
func.func @main(%x: tensor<1x1x28x28xf32>) -> tensor<1x10xf32> {
  %w = arith.constant dense<0.001> : tensor<1x28x19xf32>
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<1x1x1x10xf32>
  %i = linalg.fill ins(%zero : f32) outs(%e : tensor<1x1x1x10xf32>) -> tensor<1x1x1x10xf32>
  %y = linalg.depthwise_conv_2d_nchw_chw
      ins(%x, %w : tensor<1x1x28x28xf32>, tensor<1x28x19xf32>)
      outs(%i : tensor<1x1x1x10xf32>) -> tensor<1x1x1x10xf32>
  %z = tensor.collapse_shape %y [[0], [1, 2, 3]] : tensor<1x1x1x10xf32> into tensor<1x10xf32>
  return %z : tensor<1x10xf32>
}
