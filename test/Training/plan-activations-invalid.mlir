// RUN: colonnade-opt %s --split-input-file --verify-diagnostics --colonnade-plan-activations=memory-limit=100000

// expected-error @below {{expected a function '@main' of one block}}
module {
}

// -----

// expected-error @below {{has no parameters to train}}
func.func @main(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
  return %x : tensor<4x8xf32>
}

// -----

// expected-error @below {{has no colonnade.reversible to plan: --colonnade-make-reversible makes some}}
func.func @main(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %w = arith.constant dense<0.5> : tensor<8x8xf32>
  %e = tensor.empty() : tensor<4x8xf32>
  %c0 = arith.constant 0.0 : f32
  %z = linalg.fill ins(%c0 : f32) outs(%e : tensor<4x8xf32>) -> tensor<4x8xf32>
  %p = linalg.matmul ins(%x, %w : tensor<4x8xf32>, tensor<8x8xf32>) outs(%z : tensor<4x8xf32>) -> tensor<4x8xf32>
  return %p : tensor<4x8xf32>
}

// -----

// Nothing in front of the coupling learns, so no gradient passes it.
// expected-error @below {{has couplings whose streams no gradient passes (1 places for 1 couplings, forward and backward): train something in front of the first one}}
func.func @main(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %w = arith.constant dense<0.5> : tensor<8x8xf32>
  %e = tensor.empty() : tensor<4x8xf32>
  %y1, %y2 = colonnade.reversible additive %x, %x : tensor<4x8xf32>
      f(%a: tensor<4x8xf32>) {
    %r = linalg.tanh ins(%a : tensor<4x8xf32>) outs(%e : tensor<4x8xf32>) -> tensor<4x8xf32>
    colonnade.yield %r : tensor<4x8xf32>
  }
  %c0 = arith.constant 0.0 : f32
  %z = linalg.fill ins(%c0 : f32) outs(%e : tensor<4x8xf32>) -> tensor<4x8xf32>
  %p = linalg.matmul ins(%y1, %w : tensor<4x8xf32>, tensor<8x8xf32>) outs(%z : tensor<4x8xf32>) -> tensor<4x8xf32>
  return %p : tensor<4x8xf32>
}
