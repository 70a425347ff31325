// RUN: mlir-opt %s --load-dialect-plugin=%colonnade_plugin --load-pass-plugin=%colonnade_plugin --pass-pipeline="builtin.module(func.func(colonnade-combine-columns{fan-in=2}),colonnade-verify-promises,convert-linalg-to-systolic{target=edge-32x32},systolic-schedule)" | FileCheck %s

// Dialects, passes and shipped targets all work in stock mlir-opt.

// CHECK: systolic.program @main target(<name = "edge-32x32"
// CHECK: systolic.weights "matmul1" {{.*}}original = tensor<2x2xi8, #{{[a-z]+}}>
// CHECK: systolic.stream "matmul1"

func.func @main(%x: tensor<1x2xi8>) -> tensor<1x2xi32> {
  %zero = arith.constant 0 : i32
  %w = arith.constant dense<[[1, 0], [0, 3]]> : tensor<2x2xi8>
  %empty = tensor.empty() : tensor<1x2xi32>
  %init = linalg.fill ins(%zero : i32) outs(%empty : tensor<1x2xi32>) -> tensor<1x2xi32>
  %y = linalg.matmul ins(%x, %w : tensor<1x2xi8>, tensor<2x2xi8>) outs(%init : tensor<1x2xi32>) -> tensor<1x2xi32>
  return %y : tensor<1x2xi32>
}
