// RUN: colonnade-opt %s --colonnade-training-step='format=m4 evaluation' --canonicalize --cse | FileCheck %s --check-prefixes=CHECK,FIXED
// RUN: colonnade-opt %s --colonnade-training-step='format=fast-adaptive total-steps=10 evaluation' --canonicalize --cse | FileCheck %s --check-prefixes=CHECK,ADAPTIVE
// RUN: colonnade-opt %s --colonnade-training-step='format=bf16 evaluation' --canonicalize --cse | FileCheck %s --check-prefix=BF16
// RUN: colonnade-opt %s --colonnade-training-step="format=fp32 evaluation" | FileCheck %s --check-prefix=NONE --implicit-check-not=@evaluation
// RUN: colonnade-opt %s --colonnade-training-step=format=m4 | FileCheck %s --check-prefix=NONE --implicit-check-not=@evaluation
// NONE: @training_step

// The network in the format stands between the network and its step, the bits of
// every layer in front of the input. Nothing is chosen in it.
// CHECK-LABEL: func.func @main
// CHECK-NOT: block_quantize
// CHECK-LABEL: func.func @evaluation
// CHECK-SAME: (%[[W1:.*]]: tensor<3x4xf32> {colonnade.parameter = "one"}, %[[W2:.*]]: tensor<4x2xf32> {colonnade.parameter = "two"}
// FIXED-SAME: , %[[X:.*]]: tensor<5x3xf32>) -> tensor<5x2xf32>
// FIXED-DAG: colonnade.block_quantize %[[W1]] rounding = <nearest> :
// FIXED-DAG: colonnade.block_quantize %[[X]] rounding = <nearest> :
// FIXED-DAG: colonnade.block_quantize %[[W2]] rounding = <nearest> :
// ADAPTIVE-SAME: , %[[BITS1:.*]]: tensor<3xi32> {colonnade.state = "one.mantissa"}, %[[BITS2:.*]]: tensor<3xi32> {colonnade.state = "two.mantissa"}, %[[X:.*]]: tensor<5x3xf32>) -> tensor<5x2xf32>
// ADAPTIVE-NOT: scf.if
// ADAPTIVE-DAG: %[[OFW:.*]] = tensor.extract %[[BITS1]][%c0
// ADAPTIVE-DAG: %[[OFA:.*]] = tensor.extract %[[BITS1]][%c1
// ADAPTIVE-DAG: colonnade.block_quantize %[[W1]] rounding = <nearest> mantissa(%[[OFW]])
// ADAPTIVE-DAG: colonnade.block_quantize %[[X]] rounding = <nearest> mantissa(%[[OFA]])
// CHECK: linalg.matmul
// CHECK: return
// CHECK-LABEL: func.func @training_step

// BF16-LABEL: func.func @evaluation
// BF16-COUNT-4: arith.truncf
// BF16-LABEL: func.func @training_step
func.func @main(%x: tensor<5x3xf32>) -> tensor<5x2xf32> {
  %w1 = arith.constant dense<0.5> : tensor<3x4xf32> loc("one")
  %w2 = arith.constant dense<0.25> : tensor<4x2xf32> loc("two")
  %zero = arith.constant 0.0 : f32
  %e1 = tensor.empty() : tensor<5x4xf32>
  %init1 = linalg.fill ins(%zero : f32) outs(%e1 : tensor<5x4xf32>) -> tensor<5x4xf32>
  %h = linalg.matmul ins(%x, %w1 : tensor<5x3xf32>, tensor<3x4xf32>)
                     outs(%init1 : tensor<5x4xf32>) -> tensor<5x4xf32>
  %e2 = tensor.empty() : tensor<5x2xf32>
  %init2 = linalg.fill ins(%zero : f32) outs(%e2 : tensor<5x2xf32>) -> tensor<5x2xf32>
  %y = linalg.matmul ins(%h, %w2 : tensor<5x4xf32>, tensor<4x2xf32>)
                     outs(%init2 : tensor<5x2xf32>) -> tensor<5x2xf32>
  return %y : tensor<5x2xf32>
}
