// RUN: colonnade-opt %s --colonnade-training-step='optimizer=sgd momentum=0.5' | FileCheck %s --check-prefixes=CHECK,SGD
// RUN: colonnade-opt %s --colonnade-training-step=optimizer=adam | FileCheck %s --check-prefixes=CHECK,ADAM

// The step takes and returns parameters and state under the same names, then
// the step's number; the network stays, with its weights as arguments.
// CHECK-LABEL: func.func @main
// CHECK-SAME: (%{{.*}}: tensor<3x2xf32> {colonnade.parameter = "fc.weight"}, %{{.*}}: tensor<4x3xf32>)
// CHECK-LABEL: func.func @training_step
// CHECK-SAME: (%[[W:.*]]: tensor<3x2xf32> {colonnade.parameter = "fc.weight"}
// SGD-SAME: %[[STATE:[a-z0-9]*]]: tensor<3x2xf32> {colonnade.state = "fc.weight.momentum"}
// ADAM-SAME: %{{[a-z0-9]*}}: tensor<3x2xf32> {colonnade.state = "fc.weight.first_moment"}
// ADAM-SAME: %{{[a-z0-9]*}}: tensor<3x2xf32> {colonnade.state = "fc.weight.second_moment"}
// CHECK-SAME: %[[STEP:[a-z0-9]*]]: tensor<i64> {colonnade.state = "step"}, %[[X:[a-z0-9]*]]: tensor<4x3xf32>, %[[LABELS:[a-z0-9]*]]: tensor<4xi32>)
// CHECK-SAME: -> (tensor<3x2xf32> {colonnade.parameter = "fc.weight"}
// SGD-SAME: tensor<3x2xf32> {colonnade.state = "fc.weight.momentum"}
// CHECK-SAME: tensor<i64> {colonnade.state = "step"}, tensor<f32>, tensor<4x2xf32>)
// CHECK: linalg.matmul ins(%[[X]], %[[W]]
func.func @main(%x: tensor<4x3xf32>) -> tensor<4x2xf32> {
  %w = arith.constant dense<[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]> : tensor<3x2xf32> loc("fc.weight")
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<4x2xf32>
  %init = linalg.fill ins(%zero : f32) outs(%e : tensor<4x2xf32>) -> tensor<4x2xf32>
  %y = linalg.matmul ins(%x, %w : tensor<4x3xf32>, tensor<3x2xf32>)
                     outs(%init : tensor<4x2xf32>) -> tensor<4x2xf32>
  return %y : tensor<4x2xf32>
}
