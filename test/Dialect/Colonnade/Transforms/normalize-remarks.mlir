// RUN: colonnade-opt %s --colonnade-normalize --remarks-filter=colonnade 2>&1 >/dev/null | FileCheck %s

// CHECK: normalize-remarks.mlir:[[#@LINE+7]]:8: remark: [Passed] normalize | Category:colonnade | Function=passed
// CHECK-SAME: Op=linalg.matmul, Weights=2x3
func.func @passed(%x: tensor<1x2xf32>) -> tensor<1x3xf32> {
  %zero = arith.constant 0.0 : f32
  %w = arith.constant dense<1.0> : tensor<2x3xf32>
  %empty = tensor.empty() : tensor<1x3xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<1x3xf32>) -> tensor<1x3xf32>
  %y = linalg.matmul ins(%x, %w : tensor<1x2xf32>, tensor<2x3xf32>)
                     outs(%init : tensor<1x3xf32>) -> tensor<1x3xf32>
  return %y : tensor<1x3xf32>
}

// CHECK: remark: [Missed] normalize | Category:colonnade | Function=dynamic
// CHECK-SAME: Op=linalg.matmul, Reason="an operand is of dynamic shape ?x2"
func.func @dynamic(%x: tensor<?x2xf32>, %init: tensor<?x3xf32>) -> tensor<?x3xf32> {
  %w = arith.constant dense<1.0> : tensor<2x3xf32>
  %y = linalg.matmul ins(%x, %w : tensor<?x2xf32>, tensor<2x3xf32>)
                     outs(%init : tensor<?x3xf32>) -> tensor<?x3xf32>
  return %y : tensor<?x3xf32>
}

// Of two activations, as in attention.
// CHECK: remark: [Passed] normalize | Category:colonnade | Function=computed
// CHECK-SAME: Op=linalg.matmul, Weights=2x3
func.func @computed(%x: tensor<1x2xf32>, %w: tensor<2x3xf32>, %init: tensor<1x3xf32>) -> tensor<1x3xf32> {
  %y = linalg.matmul ins(%x, %w : tensor<1x2xf32>, tensor<2x3xf32>)
                     outs(%init : tensor<1x3xf32>) -> tensor<1x3xf32>
  return %y : tensor<1x3xf32>
}

// CHECK: remark: [Missed] normalize | Category:colonnade | Function=channels_last
// CHECK-SAME: Op=linalg.conv_2d_nhwc_hwcf, Reason="it is no convolution in NCHW and no linalg.matmul or batch_matmul of [m, k] and [k, n]"
func.func @channels_last(%x: tensor<1x4x4x2xf32>, %init: tensor<1x4x4x3xf32>) -> tensor<1x4x4x3xf32> {
  %w = arith.constant dense<1.0> : tensor<1x1x2x3xf32>
  %y = linalg.conv_2d_nhwc_hwcf ins(%x, %w : tensor<1x4x4x2xf32>, tensor<1x1x2x3xf32>)
      outs(%init : tensor<1x4x4x3xf32>) -> tensor<1x4x4x3xf32>
  return %y : tensor<1x4x4x3xf32>
}
