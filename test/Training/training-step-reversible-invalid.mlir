// RUN: colonnade-opt %s --split-input-file --verify-diagnostics --colonnade-training-step -o %t
// RUN: not colonnade-opt %s --split-input-file --colonnade-training-step='format=fast-adaptive total-steps=9' 2>&1 | FileCheck %s

// No gradient passes the coupling: the step would not know what is next.

func.func @main(%w0: tensor<4x4xf32> {colonnade.parameter = "w0"}, %w: tensor<4x4xf32> {colonnade.parameter = "w"},
                %scale: tensor<4xf32> {colonnade.parameter = "scale"}, %offset: tensor<4xf32> {colonnade.parameter = "offset"},
                %mean: tensor<4xf32> {colonnade.state = "mean"}, %variance: tensor<4xf32> {colonnade.state = "variance"},
                %x: tensor<8x4xf32>) -> tensor<8x4xf32> {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<8x4xf32>
  %z = linalg.fill ins(%zero : f32) outs(%e : tensor<8x4xf32>) -> tensor<8x4xf32>
  %h = linalg.matmul ins(%x, %w0 : tensor<8x4xf32>, tensor<4x4xf32>) outs(%z : tensor<8x4xf32>) -> tensor<8x4xf32>
  %y1, %y2 = colonnade.reversible additive %h, %h : tensor<8x4xf32>
      f(%a: tensor<8x4xf32>) {
    %r = linalg.matmul ins(%a, %w : tensor<8x4xf32>, tensor<4x4xf32>) outs(%z : tensor<8x4xf32>) -> tensor<8x4xf32>
    // expected-error@below {{normalizes by a batch in a coupling that no gradient passes, and nobody would know its running statistics: freeze them or remove the coupling}}
    %n = colonnade.batch_norm_inference %r scale(%scale) offset(%offset)
        mean(%mean) variance(%variance) axis = 1 epsilon = 1.0e-5 momentum = 0.25
        : tensor<8x4xf32>, tensor<4xf32>
    colonnade.yield %n : tensor<8x4xf32>
  }
  return %h : tensor<8x4xf32>
}

// -----

// CHECK: error: 'linalg.matmul' op chooses precisions in a coupling that no gradient passes, and nobody would know them: take a fixed format, or remove the coupling
func.func @main(%w0: tensor<4x4xf32> {colonnade.parameter = "w0"}, %w: tensor<4x4xf32> {colonnade.parameter = "w"},
                %scale: tensor<4xf32> {colonnade.parameter = "scale"}, %offset: tensor<4xf32> {colonnade.parameter = "offset"},
                %x: tensor<8x4xf32>) -> tensor<8x4xf32> {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<8x4xf32>
  %z = linalg.fill ins(%zero : f32) outs(%e : tensor<8x4xf32>) -> tensor<8x4xf32>
  %h = linalg.matmul ins(%x, %w0 : tensor<8x4xf32>, tensor<4x4xf32>) outs(%z : tensor<8x4xf32>) -> tensor<8x4xf32>
  %y1, %y2 = colonnade.reversible additive %h, %h : tensor<8x4xf32>
      f(%a: tensor<8x4xf32>) {
    %r = linalg.matmul ins(%a, %w : tensor<8x4xf32>, tensor<4x4xf32>) outs(%z : tensor<8x4xf32>) -> tensor<8x4xf32>
    colonnade.yield %r : tensor<8x4xf32>
  }
  return %h : tensor<8x4xf32>
}
