// RUN: colonnade-opt %s --colonnade-set-batch=size=4 | FileCheck %s

// The batch is followed into the regions of couplings, and may be read there
// from above.

#fixed = #colonnade.encoding<fixed_point = <fraction = 16>>

// CHECK-LABEL: func.func @main
// CHECK: %[[SIDE:.*]] = math.tanh %{{.*}} : tensor<4x8xf32>
// CHECK: colonnade.to_fixed %{{.*}} : tensor<4x8xf32> to tensor<4x8xi32, #{{.*}}>
// CHECK: colonnade.reversible additive {{.*}} : tensor<4x8xi32
// CHECK: f(%[[A:.*]]: tensor<4x8xf32>) {
// CHECK: tensor.empty() : tensor<4x8xf32>
// CHECK: linalg.add ins(%[[A]], %[[SIDE]] : tensor<4x8xf32>, tensor<4x8xf32>)
// CHECK: colonnade.yield %{{.*}} : tensor<4x8xf32>
// CHECK: return %{{.*}} : tensor<4x8xf32>
func.func @main(%x: tensor<1x8xf32>) -> tensor<1x8xf32> {
  %side = math.tanh %x : tensor<1x8xf32>
  %s = colonnade.to_fixed %x : tensor<1x8xf32> to tensor<1x8xi32, #fixed>
  %y1, %y2 = colonnade.reversible additive %s, %s : tensor<1x8xi32, #fixed>
      f(%a: tensor<1x8xf32>) {
    %e = tensor.empty() : tensor<1x8xf32>
    %r = linalg.add ins(%a, %side : tensor<1x8xf32>, tensor<1x8xf32>) outs(%e : tensor<1x8xf32>) -> tensor<1x8xf32>
    colonnade.yield %r : tensor<1x8xf32>
  }
  %t = colonnade.add_fixed %y1, %y2 : tensor<1x8xi32, #fixed>
  %f = colonnade.from_fixed %t : tensor<1x8xi32, #fixed> to tensor<1x8xf32>
  return %f : tensor<1x8xf32>
}
