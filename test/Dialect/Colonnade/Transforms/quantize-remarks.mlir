// RUN: colonnade-opt %s --colonnade-quantize="calibration=%data/calibration.npy calibration-limit=4 patches=2" --remarks-filter=colonnade 2>&1 >/dev/null | FileCheck %s

// CHECK: quantize-remarks.mlir:[[#@LINE+11]]:17: remark: [Passed] quantize | Category:colonnade | Function=main
// CHECK-SAME: Op=argument, Range=1, Scale=0.00787402
// CHECK: [[#@LINE+15]]:8: remark: [Passed] quantize | Category:colonnade | Function=main
// CHECK-SAME: InputScale=0.00787402, LargestWeightScale=0.015625, Op=linalg.matmul, SmallestWeightScale=0.0078125, WeightSqnr="159.9 dB", Weights=4x3
// CHECK: [[#@LINE+13]]:8: remark: [Passed] quantize | Category:colonnade | Function=main
// CHECK-SAME: Op=linalg.matmul, Range={{[0-9.]+}}, Scale={{[0-9.e-]+}}
// CHECK: [[#@LINE+5]]:1: remark: [Passed] quantize | Category:colonnade | Function=main
// CHECK-SAME: Contractions=1
// CHECK-SAME: WeightSqnr="159.9 dB"

// The middle channel is zero and takes the largest scale.
func.func @main(%x: tensor<196x4xf32>) -> tensor<196x3xf32> {
  %zero = arith.constant 0.0 : f32
  %w = arith.constant dense<[[1.0, 0.0, 0.5], [-0.3, 0.0, 0.25],
                             [1.0, 0.0, 0.5], [-0.3, 0.0, 0.25]]> : tensor<4x3xf32>
  %empty = tensor.empty() : tensor<196x3xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<196x3xf32>) -> tensor<196x3xf32>
  %y = linalg.matmul ins(%x, %w : tensor<196x4xf32>, tensor<4x3xf32>)
                     outs(%init : tensor<196x3xf32>) -> tensor<196x3xf32>
  return %y : tensor<196x3xf32>
}
