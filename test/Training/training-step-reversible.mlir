// RUN: colonnade-opt %s --colonnade-training-step --mlir-print-debuginfo --mlir-print-local-scope | FileCheck %s
// RUN: colonnade-opt %s --colonnade-training-step='format=fast-adaptive total-steps=9' | FileCheck %s --check-prefix=ADAPTIVE

// What a coupling computes again is a part of its own of the step. The next
// running statistics are taken from it: nobody sees what a region computes.

// CHECK-LABEL: func.func @training_step
// CHECK: colonnade.reversible
// CHECK: linalg.matmul {{.*}} loc(fused<"forward">["layer"])
// CHECK: colonnade.barrier {{.*}} loc(fused<"backward">
// CHECK: linalg.matmul {{.*}} loc(fused<"recompute">["layer"])
// CHECK: loc(fused<"recompute">
// CHECK: loc(fused<"dW">["layer"])
// CHECK: return

// So are the precisions that it chooses.

// ADAPTIVE-LABEL: func.func @training_step
// ADAPTIVE: colonnade.reversible
// ADAPTIVE: colonnade.barrier
// ADAPTIVE: %[[WEIGHTS:.*]] = scf.if
// ADAPTIVE: colonnade.block_quantize {{.*}} mantissa(%[[WEIGHTS]])
// ADAPTIVE: %[[ACTIVATIONS:.*]] = scf.if
// ADAPTIVE: colonnade.block_quantize {{.*}} mantissa(%[[ACTIVATIONS]])
// ADAPTIVE: tensor.from_elements %[[WEIGHTS]], %[[ACTIVATIONS]], %{{.*}} : tensor<3xi32>

func.func @main(%w0: tensor<4x4xf32> {colonnade.parameter = "w0"}, %w: tensor<4x4xf32> {colonnade.parameter = "w"},
                %scale: tensor<4xf32> {colonnade.parameter = "scale"}, %offset: tensor<4xf32> {colonnade.parameter = "offset"},
                %mean: tensor<4xf32> {colonnade.state = "mean"}, %variance: tensor<4xf32> {colonnade.state = "variance"},
                %x: tensor<8x4xf32>) -> tensor<8x4xf32> {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<8x4xf32>
  %z = linalg.fill ins(%zero : f32) outs(%e : tensor<8x4xf32>) -> tensor<8x4xf32>
  %h = linalg.matmul ins(%x, %w0 : tensor<8x4xf32>, tensor<4x4xf32>) outs(%z : tensor<8x4xf32>) -> tensor<8x4xf32> loc("stem")
  %y1, %y2 = colonnade.reversible additive %h, %h : tensor<8x4xf32>
      f(%a: tensor<8x4xf32>) {
    %r = linalg.matmul ins(%a, %w : tensor<8x4xf32>, tensor<4x4xf32>) outs(%z : tensor<8x4xf32>) -> tensor<8x4xf32> loc("layer")
    %n = colonnade.batch_norm_inference %r scale(%scale) offset(%offset)
        mean(%mean) variance(%variance) axis = 1 epsilon = 1.0e-5 momentum = 0.25
        : tensor<8x4xf32>, tensor<4xf32>
    colonnade.yield %n : tensor<8x4xf32>
  }
  return %y1 : tensor<8x4xf32>
}
