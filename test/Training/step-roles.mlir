// RUN: colonnade-opt %s --colonnade-training-step --mlir-print-debuginfo --mlir-print-local-scope | FileCheck %s

// The parts of a step are in its locations, beside those of the network's ops.
// A parameter is updated as soon as its gradient is there.

// CHECK-LABEL: func.func @training_step
// CHECK: linalg.matmul {{.*}} loc(fused<"forward">["one"])
// CHECK: linalg.matmul {{.*}} loc(fused<"forward">["two"])
// CHECK: loc(fused<"loss">[
// CHECK: loc(fused<"backward">[
// CHECK-DAG: loc(fused<"dA">["two"])
// CHECK-DAG: loc(fused<"dW">["two"])
// CHECK: loc(fused<"update">["w2"])
// CHECK: loc(fused<"dW">["one"])
// CHECK: loc(fused<"update">["w1"])
// CHECK-NOT: loc(fused<"dA">["one"
func.func @main(%w1: tensor<3x4xf32> {colonnade.parameter = "w1"}, %w2: tensor<4x2xf32> {colonnade.parameter = "w2"}, %x: tensor<5x3xf32>) -> tensor<5x2xf32> {
  %zero = arith.constant 0.0 : f32
  %e1 = tensor.empty() : tensor<5x4xf32>
  %init1 = linalg.fill ins(%zero : f32) outs(%e1 : tensor<5x4xf32>) -> tensor<5x4xf32>
  %h = linalg.matmul ins(%x, %w1 : tensor<5x3xf32>, tensor<3x4xf32>)
                     outs(%init1 : tensor<5x4xf32>) -> tensor<5x4xf32> loc("one")
  %e2 = tensor.empty() : tensor<5x2xf32>
  %init2 = linalg.fill ins(%zero : f32) outs(%e2 : tensor<5x2xf32>) -> tensor<5x2xf32>
  %y = linalg.matmul ins(%h, %w2 : tensor<5x4xf32>, tensor<4x2xf32>)
                     outs(%init2 : tensor<5x2xf32>) -> tensor<5x2xf32> loc("two")
  return %y : tensor<5x2xf32>
}
