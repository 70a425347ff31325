// RUN: colonnade-opt %s --convert-linalg-to-systolic=target=edge-32x32 --remarks-filter="systolic" --remark-format=emitRemark -o /dev/null 2>&1 | FileCheck %s

// Every linalg op is accepted with metrics or rejected with the rule.

// CHECK: remark: [Passed] mapped {{.*}}"layer matmul1 runs on the array"{{.*}}array columns=2{{.*}}cycles per step=49{{.*}}rows=2{{.*}}tiles=1
// CHECK: remark: [Missed] rejected {{.*}}{{.*}}expected batch 1, got 2

func.func @accepted(%x: tensor<1x2xi8>) -> tensor<1x2xi32> {
  %zero = arith.constant 0 : i32
  %w = arith.constant dense<[[1, -2], [4, 3]]> : tensor<2x2xi8>
  %empty = tensor.empty() : tensor<1x2xi32>
  %init = linalg.fill ins(%zero : i32) outs(%empty : tensor<1x2xi32>) -> tensor<1x2xi32>
  %y = linalg.matmul ins(%x, %w : tensor<1x2xi8>, tensor<2x2xi8>) outs(%init : tensor<1x2xi32>) -> tensor<1x2xi32>
  return %y : tensor<1x2xi32>
}

func.func @rejected(%x: tensor<2x1x2x2xi8>) -> tensor<2x1x2x2xi32> {
  %zero = arith.constant 0 : i32
  %w = arith.constant dense<3> : tensor<1x1x1x1xi8>
  %empty = tensor.empty() : tensor<2x1x2x2xi32>
  %init = linalg.fill ins(%zero : i32) outs(%empty : tensor<2x1x2x2xi32>) -> tensor<2x1x2x2xi32>
  %y = linalg.conv_2d_nchw_fchw {dilations = dense<1> : tensor<2xi64>, strides = dense<1> : tensor<2xi64>}
    ins(%x, %w : tensor<2x1x2x2xi8>, tensor<1x1x1x1xi8>) outs(%init : tensor<2x1x2x2xi32>) -> tensor<2x1x2x2xi32>
  return %y : tensor<2x1x2x2xi32>
}
