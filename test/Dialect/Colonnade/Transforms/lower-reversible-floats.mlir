// RUN: colonnade-opt %s --colonnade-lower-reversible=float-streams | FileCheck %s
// RUN: not colonnade-opt %s --pass-pipeline='builtin.module(func.func(colonnade-lower-reversible{keep-fixed-point float-streams}))' 2>&1 | FileCheck %s --check-prefix=BOTH

// BOTH: error: expected one of keep-fixed-point and float-streams, got both

#fixed = #colonnade.encoding<fixed_point = <fraction = 16>>

// CHECK-LABEL: func.func @coupling
// CHECK-SAME: (%[[X1:.+]]: tensor<1x4x2x2xf32>, %[[X2:.+]]: tensor<1x4x2x2xf32>) -> (tensor<1x1x4x4xf32>, tensor<1x4x2x2xf32>)
// CHECK-NOT: colonnade
// CHECK-NOT: i32
// CHECK: %[[SUM:.+]] = linalg.generic {{.+}} ins(%[[X1]], %[[X2]] :
// CHECK: arith.addf
// CHECK: %[[BACK:.+]] = linalg.generic {{.+}} ins(%[[SUM]], %[[X2]] :
// CHECK: arith.subf
// CHECK: tensor.expand_shape %[[BACK]]
// CHECK: return %{{.+}}, %[[X2]]
func.func @coupling(%x1: tensor<1x4x2x2xf32>,
                    %x2: tensor<1x4x2x2xi32, #fixed>)
    -> (tensor<1x1x4x4xf32>, tensor<1x4x2x2xi32, #fixed>) {
  %q1 = colonnade.to_fixed %x1
      : tensor<1x4x2x2xf32> to tensor<1x4x2x2xi32, #fixed>
  %y1, %y2 = colonnade.reversible additive %q1, %x2
      : tensor<1x4x2x2xi32, #fixed> f(%a: tensor<1x4x2x2xf32>) {
    colonnade.yield %a : tensor<1x4x2x2xf32>
  }
  %b:2 = colonnade.barrier %y1, %y2
      : tensor<1x4x2x2xi32, #fixed>, tensor<1x4x2x2xi32, #fixed>
  %z1, %z2 = colonnade.reversible inverse additive %b#0, %b#1
      : tensor<1x4x2x2xi32, #fixed> f(%a: tensor<1x4x2x2xf32>) {
    colonnade.yield %a : tensor<1x4x2x2xf32>
  }
  %d = colonnade.space_to_depth inverse %z1 block = 2 channel = 1 height = 2
      width = 3
      : tensor<1x4x2x2xi32, #fixed> to tensor<1x1x4x4xi32, #fixed>
  %r = colonnade.from_fixed %d
      : tensor<1x1x4x4xi32, #fixed> to tensor<1x1x4x4xf32>
  return %r, %z2 : tensor<1x1x4x4xf32>, tensor<1x4x2x2xi32, #fixed>
}
