// RUN: colonnade-opt %s --colonnade-outline-parameters --colonnade-set-batch=size=2 --colonnade-training-step='learning-rate=0.01' --colonnade-compile-step=target=fast-256x64 --mlir-elide-elementsattrs-if-larger=4 | FileCheck %s

// A network with batch normalization stands beside its step; both are programs.
// CHECK-DAG: systolic.program @main
// CHECK-DAG: systolic.program @training_step
func.func @main(%x: tensor<1x4x2x2xf32>) -> tensor<1x2xf32> {
  %scale = arith.constant dense<1.0> : tensor<4xf32> loc("norm.scale")
  %offset = arith.constant dense<0.5> : tensor<4xf32> loc("norm.offset")
  %mean = arith.constant dense<0.25> : tensor<4xf32> loc("norm.mean")
  %variance = arith.constant dense<2.0> : tensor<4xf32> loc("norm.variance")
  %w = arith.constant dense<0.125> : tensor<16x2xf32> loc("classifier.weight")
  %zeros = arith.constant dense<0.0> : tensor<1x2xf32>
  %n = colonnade.batch_norm_inference %x scale(%scale) offset(%offset) mean(%mean) variance(%variance) axis = 1 epsilon = 1.0e-5 momentum = 0.1 : tensor<1x4x2x2xf32>, tensor<4xf32>
  %flat = tensor.collapse_shape %n [[0], [1, 2, 3]] : tensor<1x4x2x2xf32> into tensor<1x16xf32>
  %y = linalg.matmul ins(%flat, %w : tensor<1x16xf32>, tensor<16x2xf32>) outs(%zeros : tensor<1x2xf32>) -> tensor<1x2xf32>
  return %y : tensor<1x2xf32>
}
