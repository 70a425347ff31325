// RUN: colonnade-opt %s --split-input-file --verify-diagnostics --colonnade-training-step

// expected-error @below {{expected a function '@main' of one block}}
module {
}

// -----

// expected-error @below {{has no parameters to train: no float constant feeds a contraction or an elementwise op}}
func.func @main(%x: tensor<4x2xf32>) -> tensor<4x2xf32> {
  return %x : tensor<4x2xf32>
}

// -----

// expected-error @below {{expected one input and one result besides the parameters, got 2 and 1}}
func.func @main(%x: tensor<4x2xf32>, %mask: tensor<4x2xf32>) -> tensor<4x2xf32> {
  %w = arith.constant dense<[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0], [7.0, 8.0]]> : tensor<4x2xf32>
  %scaled = linalg.mul ins(%x, %w : tensor<4x2xf32>, tensor<4x2xf32>)
                       outs(%mask : tensor<4x2xf32>) -> tensor<4x2xf32>
  return %scaled : tensor<4x2xf32>
}

// -----

// expected-error @below {{expected an input [batch, ...] and logits [batch, classes] of f32, got 'tensor<4x2xf32>' and 'tensor<8xf32>'}}
func.func @main(%x: tensor<4x2xf32>) -> tensor<8xf32> {
  %w = arith.constant dense<[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0], [7.0, 8.0]]> : tensor<4x2xf32>
  %e = tensor.empty() : tensor<4x2xf32>
  %scaled = linalg.mul ins(%x, %w : tensor<4x2xf32>, tensor<4x2xf32>)
                       outs(%e : tensor<4x2xf32>) -> tensor<4x2xf32>
  %y = tensor.collapse_shape %scaled [[0, 1]] : tensor<4x2xf32> into tensor<8xf32>
  return %y : tensor<8xf32>
}

// -----

func.func @main(%x: tensor<1x3xf32>) -> tensor<1x3xf32> {
  %scale = arith.constant dense<[1.0, 2.0, 3.0]> : tensor<3xf32>
  %mean = arith.constant dense<[0.25, 0.5, 0.75]> : tensor<3xf32>
  %variance = arith.constant dense<[1.0, 1.5, 2.0]> : tensor<3xf32>
  // expected-error @below {{expected a static shape with two elements or more in every channel to train with, got 'tensor<1x3xf32>': give it a larger batch}}
  %y = colonnade.batch_norm_inference %x scale(%scale) offset(%scale)
      mean(%mean) variance(%variance) axis = 1 epsilon = 1.0e-5 momentum = 0.25
      : tensor<1x3xf32>, tensor<3xf32>
  return %y : tensor<1x3xf32>
}

// -----

func.func @main(%x: tensor<4x3xf32>) -> tensor<4x3xf32> {
  %scale = arith.constant dense<[1.0, 2.0, 3.0]> : tensor<3xf32>
  %mean = arith.constant dense<[0.25, 0.5, 0.75]> : tensor<3xf32>
  // expected-error @below {{expected a mean and a variance of its own to train with: f32 constants that nothing else reads}}
  %y = colonnade.batch_norm_inference %x scale(%scale) offset(%mean)
      mean(%mean) variance(%scale) axis = 1 epsilon = 1.0e-5 momentum = 0.25
      : tensor<4x3xf32>, tensor<3xf32>
  return %y : tensor<4x3xf32>
}
