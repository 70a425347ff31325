// RUN: colonnade-opt %s --colonnade-training-step="format=m4 gradient-rounding=stochastic" | FileCheck %s --check-prefix=SATURATES
// SATURATES: rounding = <stochastic, seed =
// RUN: colonnade-opt %s --colonnade-training-step=format=m4 --canonicalize --cse | FileCheck %s --check-prefixes=CHECK,BLOCKS,REUSE
// RUN: colonnade-opt %s --colonnade-training-step='format=m4 blocks=reform rounding=truncate seed=2' --canonicalize --cse | FileCheck %s --check-prefixes=CHECK,BLOCKS,REFORM
// RUN: colonnade-opt %s --colonnade-training-step='format=fast-adaptive total-steps=10' --canonicalize --cse | FileCheck %s --check-prefixes=CHECK,ADAPTIVE
// RUN: colonnade-opt %s --colonnade-training-step='format=fast-adaptive total-steps=10 fine-input=false' --canonicalize --cse | FileCheck %s --check-prefix=COARSE
// RUN: colonnade-opt %s --colonnade-training-step='format=fast-adaptive total-steps=10 threshold-slope=0.75 threshold-depth-slope=0.25 gradient-margin=0.125' | FileCheck %s --check-prefix=SLOPES
// RUN: colonnade-opt %s --colonnade-training-step=format=bf16 | FileCheck %s --check-prefixes=CHECK,BF16
// RUN: colonnade-opt %s --colonnade-training-step=format=fp32 | FileCheck %s --implicit-check-not=block_quantize --implicit-check-not=truncf
// RUN: not colonnade-opt %s --colonnade-training-step=format=fast-adaptive 2>&1 | FileCheck %s --check-prefix=NO-TOTAL
// RUN: not colonnade-opt %s --colonnade-training-step='format=m4 refresh-interval=0' 2>&1 | FileCheck %s --check-prefix=NO-INTERVAL
// RUN: not colonnade-opt %s --colonnade-training-step=format=m5 2>&1 | FileCheck %s --check-prefix=NO-FORMAT

// NO-TOTAL: error: expected total-steps >= 1 for the format fast-adaptive, got 0
// NO-INTERVAL: error: expected refresh-interval >= 1, got 0
// NO-FORMAT: 'm5'

// Blocks lie along what a product sums up: axis 0 of the weights, axis 1 of
// the activations.
// BLOCKS-DAG: #[[FIRST:.*]] = #colonnade.encoding<block_float = <axis = 0, group = 16, exponent = 8, mantissa = 4>>
// BLOCKS-DAG: #[[SECOND:.*]] = #colonnade.encoding<block_float = <axis = 1, group = 16, exponent = 8, mantissa = 4>>
// CHECK-LABEL: func.func @main
// CHECK-NOT: block_quantize
// CHECK-LABEL: func.func @training_step
// CHECK-SAME: (%[[W1:.*]]: tensor<3x4xf32> {colonnade.parameter = "one"}, %[[W2:.*]]: tensor<4x2xf32> {colonnade.parameter = "two"}
// ADAPTIVE-SAME: %[[BITS1:[a-z0-9]*]]: tensor<3xi32> {colonnade.state = "one.mantissa"}, %[[BITS2:[a-z0-9]*]]: tensor<3xi32> {colonnade.state = "two.mantissa"}
// CHECK-SAME: %[[STEP:[a-z0-9]*]]: tensor<i64> {colonnade.state = "step"}, %[[X:[a-z0-9]*]]: tensor<5x3xf32>
// ADAPTIVE-SAME: tensor<3xi32> {colonnade.state = "one.mantissa"}, tensor<3xi32> {colonnade.state = "two.mantissa"}

// REUSE-DAG: colonnade.block_quantize %[[W1]] rounding = <nearest> : tensor<3x4xf32> to tensor<3x4xf32, #[[FIRST]]>
// REUSE-DAG: colonnade.block_quantize %[[X]] rounding = <nearest> : tensor<5x3xf32> to tensor<5x3xf32, #[[SECOND]]>
// REUSE-DAG: %[[ROUNDED:.*]] = colonnade.block_quantize %[[W2]] rounding = <nearest> : tensor<4x2xf32> to tensor<4x2xf32, #[[FIRST]]>
// REUSE: %[[WEIGHTS:.*]] = colonnade.drop_encoding %[[ROUNDED]]
// REUSE: linalg.matmul ins(%{{.*}}, %[[WEIGHTS]]

// One rounding of the second layer's gradient for both of its products, one of
// the first's; nothing else is rounded.
// REUSE: colonnade.block_quantize %{{.*}} rounding = <unbiased, seed = {{-?[0-9]+}}, noise_bits = 24> counter(%{{.*}}) : tensor<5x2xf32> to tensor<5x2xf32, #[[SECOND]]>
// REUSE: linalg.generic {{.*}} ins({{.*}}%[[WEIGHTS]]
// REUSE: colonnade.block_quantize %{{.*}} rounding = <unbiased, seed = {{-?[0-9]+}}, noise_bits = 24> counter(%{{.*}}) : tensor<5x4xf32> to tensor<5x4xf32, #[[SECOND]]>
// REUSE-NOT: block_quantize
// REUSE: return

// The weights along the outputs for dA, activations and gradients along the
// batch for dW.
// REFORM: linalg.matmul
// REFORM: linalg.matmul
// REFORM-DAG: colonnade.block_quantize %[[W2]] rounding = <truncate> : tensor<4x2xf32> to tensor<4x2xf32, #[[SECOND]]>
// REFORM-DAG: colonnade.block_quantize %{{.*}} rounding = <unbiased, seed = {{-?[0-9]+}}, noise_bits = 24> counter(%{{.*}}) : tensor<5x2xf32> to tensor<5x2xf32, #[[SECOND]]>
// REFORM-DAG: colonnade.block_quantize %{{.*}} rounding = <unbiased, seed = {{-?[0-9]+}}, noise_bits = 24> counter(%{{.*}}) : tensor<5x2xf32> to tensor<5x2xf32, #[[FIRST]]>
// REFORM-DAG: colonnade.block_quantize %{{.*}} rounding = <truncate> : tensor<5x4xf32> to tensor<5x4xf32, #[[FIRST]]>
// REFORM: colonnade.block_quantize %[[X]] rounding = <truncate> : tensor<5x3xf32> to tensor<5x3xf32, #[[FIRST]]>
// REFORM: return

// What was in use stays between two choices.
// ADAPTIVE: %[[NUMBER:.*]] = tensor.extract %[[STEP]]
// ADAPTIVE: %[[REST:.*]] = arith.remsi %[[NUMBER]]
// ADAPTIVE: %[[NOW:.*]] = arith.cmpi eq, %[[REST]]
// ADAPTIVE: %[[OLD:.*]] = tensor.extract %[[BITS1]]
// ADAPTIVE: %[[CHOSEN:.*]] = scf.if %[[NOW]] -> (i32)
// ADAPTIVE: colonnade.block_quantize %[[W1]] rounding = <nearest> :
// ADAPTIVE: else
// ADAPTIVE: scf.yield %[[OLD]]
// ADAPTIVE: colonnade.block_quantize %[[W1]] rounding = <nearest> mantissa(%[[CHOSEN]])
// The network's input has 4 bits always.
// ADAPTIVE: colonnade.block_quantize %[[X]] rounding = <nearest> mantissa(%c4_i32)
// ADAPTIVE: %[[NEXT:.*]] = tensor.from_elements %[[CHOSEN]], %c4_i32, %{{.*}} : tensor<3xi32>
// ADAPTIVE: return {{.*}}%[[NEXT]]

// COARSE: func.func @training_step
// COARSE: colonnade.block_quantize %{{.*}} rounding = <nearest> mantissa(%{{[0-9]+}}) : tensor<5x3xf32>
// COARSE: tensor.from_elements %{{[0-9]+}}, %{{[0-9]+}}, %{{[0-9]+}} : tensor<3xi32>

// The second of two layers begins at 0.6 - 0.25 / 2, its gradient 0.125 higher.
// SLOPES-DAG: arith.constant 4.750000e-01 : f64
// SLOPES-DAG: arith.constant 7.250000e-01 : f64
// SLOPES-DAG: arith.constant 6.000000e-01 : f64
// SLOPES-DAG: arith.constant 7.500000e-01 : f64

// BF16-COUNT-4: arith.truncf %{{.*}} : tensor<{{.*}}xf32> to tensor<{{.*}}xbf16>
// BF16: return
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
