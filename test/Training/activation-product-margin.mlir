// RUN: colonnade-opt %s --colonnade-training-step='format=fast-adaptive total-steps=10 threshold-start=0.25 threshold-depth-slope=0 gradient-margin=0.5 activation-product-margin=0.125' | FileCheck %s

// Forward, the weights of two products that read the input, whose precision is not
// chosen, then both operands of the product of two activations; backward the
// gradients, of that product first.
// CHECK-LABEL: func.func @training_step
// CHECK-COUNT-2: arith.constant 2.500000e-01 : f64
// CHECK-COUNT-2: arith.constant 3.750000e-01 : f64
// CHECK: arith.constant 8.750000e-01 : f64
// CHECK-COUNT-2: arith.constant 7.500000e-01 : f64

func.func @main(%x: tensor<4x3xf32>) -> tensor<4x4xf32> {
  %q = arith.constant dense<[[0.5, 1.0, 0.25], [1.5, 2.0, -1.0], [0.0, 0.75, 1.25]]> : tensor<3x3xf32>
  %k = arith.constant dense<[[1.5, 1.0, 0.75], [0.5, -2.0, 1.0], [0.25, 0.5, 1.75]]> : tensor<3x3xf32>
  %zero = arith.constant 0.0 : f32
  %space = tensor.empty() : tensor<4x3xf32>
  %zeros = linalg.fill ins(%zero : f32) outs(%space : tensor<4x3xf32>) -> tensor<4x3xf32>
  %queries = linalg.matmul ins(%x, %q : tensor<4x3xf32>, tensor<3x3xf32>)
                           outs(%zeros : tensor<4x3xf32>) -> tensor<4x3xf32>
  %keys = linalg.matmul ins(%x, %k : tensor<4x3xf32>, tensor<3x3xf32>)
                        outs(%zeros : tensor<4x3xf32>) -> tensor<4x3xf32>
  %turned = tensor.empty() : tensor<3x4xf32>
  %across = linalg.transpose ins(%keys : tensor<4x3xf32>)
                             outs(%turned : tensor<3x4xf32>) permutation = [1, 0]
  %square = tensor.empty() : tensor<4x4xf32>
  %none = linalg.fill ins(%zero : f32) outs(%square : tensor<4x4xf32>) -> tensor<4x4xf32>
  %scores = linalg.matmul ins(%queries, %across : tensor<4x3xf32>, tensor<3x4xf32>)
                          outs(%none : tensor<4x4xf32>) -> tensor<4x4xf32>
  return %scores : tensor<4x4xf32>
}
