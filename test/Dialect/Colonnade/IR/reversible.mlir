// RUN: colonnade-opt %s | FileCheck %s
// RUN: colonnade-opt %s | colonnade-opt | FileCheck %s
// RUN: colonnade-opt %s --mlir-print-op-generic | colonnade-opt | FileCheck %s

// CHECK: #[[FIXED:.+]] = #colonnade.encoding<fixed_point = <fraction = 16>>
#fixed = #colonnade.encoding<fixed_point = <fraction = 16>>

// CHECK-LABEL: func.func @fixed_point
// CHECK-SAME: (%[[X:.+]]: tensor<2x?xf32>)
func.func @fixed_point(%x: tensor<2x?xf32>) -> tensor<2x?xf32> {
  // CHECK: %[[Q:.+]] = colonnade.to_fixed %[[X]] : tensor<2x?xf32> to tensor<2x?xi32, #[[FIXED]]>
  %q = colonnade.to_fixed %x : tensor<2x?xf32> to tensor<2x?xi32, #fixed>
  // CHECK: %[[S:.+]] = colonnade.add_fixed %[[Q]], %[[Q]] : tensor<2x?xi32, #[[FIXED]]>
  %s = colonnade.add_fixed %q, %q : tensor<2x?xi32, #fixed>
  // CHECK: %[[D:.+]] = colonnade.subtract_fixed %[[Q]], %[[S]] : tensor<2x?xi32, #[[FIXED]]>
  %d = colonnade.subtract_fixed %q, %s : tensor<2x?xi32, #fixed>
  // CHECK: colonnade.from_fixed %[[D]] : tensor<2x?xi32, #[[FIXED]]> to tensor<2x?xf32>
  %y = colonnade.from_fixed %d : tensor<2x?xi32, #fixed> to tensor<2x?xf32>
  return %y : tensor<2x?xf32>
}

// Regions read weights from above.
// CHECK-LABEL: func.func @additive
// CHECK-SAME: (%[[X1:.+]]: tensor<4x8xf32>, %[[X2:.+]]: tensor<4x8xf32>, %[[W:.+]]: tensor<8x8xf32>,
func.func @additive(%x1: tensor<4x8xf32>, %x2: tensor<4x8xf32>,
                    %w: tensor<8x8xf32>, %zeros: tensor<4x8xf32>)
    -> (tensor<4x8xf32>, tensor<4x8xf32>) {
  // CHECK: %[[Y1:.+]], %[[Y2:.+]] = colonnade.reversible additive %[[X1]], %[[X2]] : tensor<4x8xf32>
  // CHECK-NEXT: f(%[[A:.+]]: tensor<4x8xf32>) {
  // CHECK-NEXT:   %[[R:.+]] = linalg.matmul ins(%[[A]], %[[W]] :
  // CHECK-NEXT:   colonnade.yield %[[R]] : tensor<4x8xf32>
  // CHECK-NEXT: } g(%[[B:.+]]: tensor<4x8xf32>) {
  // CHECK-NEXT:   linalg.tanh ins(%[[B]] :
  // CHECK-NEXT:   colonnade.yield
  // CHECK-NEXT: }
  %y1, %y2 = colonnade.reversible additive %x1, %x2 : tensor<4x8xf32>
      f(%a: tensor<4x8xf32>) {
    %r = linalg.matmul ins(%a, %w : tensor<4x8xf32>, tensor<8x8xf32>)
                       outs(%zeros : tensor<4x8xf32>) -> tensor<4x8xf32>
    colonnade.yield %r : tensor<4x8xf32>
  } g(%b: tensor<4x8xf32>) {
    %r = linalg.tanh ins(%b : tensor<4x8xf32>)
                     outs(%zeros : tensor<4x8xf32>) -> tensor<4x8xf32>
    colonnade.yield %r : tensor<4x8xf32>
  }
  // CHECK: return %[[Y1]], %[[Y2]]
  return %y1, %y2 : tensor<4x8xf32>, tensor<4x8xf32>
}

// Couplings nest: F is a network too.
// CHECK-LABEL: func.func @other_forms
func.func @other_forms(%x: tensor<4xf64>, %q: tensor<?xi32, #fixed>)
    -> (tensor<4xf64>, tensor<?xi32, #fixed>) {
  // CHECK: %[[X1:.+]], %{{.+}} = colonnade.reversible inverse affine %{{.+}}, %{{.+}} : tensor<4xf64>
  // CHECK-NEXT: f(%[[A:.+]]: tensor<4xf64>) {
  // CHECK-NEXT:   %[[Y1:.+]], %[[Y2:.+]] = colonnade.reversible additive %[[A]], %[[A]] : tensor<4xf64>
  // CHECK:        colonnade.yield %[[Y1]], %[[Y2]] : tensor<4xf64>, tensor<4xf64>
  // CHECK-NEXT: }
  %x1, %x2 = colonnade.reversible inverse affine %x, %x : tensor<4xf64>
      f(%a: tensor<4xf64>) {
    %y1, %y2 = colonnade.reversible additive %a, %a : tensor<4xf64>
        f(%b: tensor<4xf64>) {
      colonnade.yield %b : tensor<4xf64>
    }
    colonnade.yield %y1, %y2 : tensor<4xf64>, tensor<4xf64>
  }
  // CHECK: colonnade.reversible additive %{{.+}}, %{{.+}} activations = checkpoint {name = "block"} : tensor<?xi32, #[[FIXED]]>
  // CHECK-NEXT: f(%{{.+}}: tensor<?xf32>) {
  %q1, %q2 = colonnade.reversible additive %q, %q activations = checkpoint
      {name = "block"} : tensor<?xi32, #fixed>
      f(%a: tensor<?xf32>) {
    colonnade.yield %a : tensor<?xf32>
  }
  return %x1, %q1 : tensor<4xf64>, tensor<?xi32, #fixed>
}

// CHECK-LABEL: func.func @space_to_depth
func.func @space_to_depth(%x: tensor<2x4x6x3xf32>) -> tensor<2x4x6x3xf32> {
  // CHECK: %[[Y:.+]] = colonnade.space_to_depth %{{.+}} block = 2 channel = 3 height = 1 width = 2 : tensor<2x4x6x3xf32> to tensor<2x2x3x12xf32>
  %y = colonnade.space_to_depth %x block = 2 channel = 3 height = 1 width = 2
      : tensor<2x4x6x3xf32> to tensor<2x2x3x12xf32>
  // CHECK: colonnade.space_to_depth inverse %[[Y]] block = 2 channel = 3 height = 1 width = 2 : tensor<2x2x3x12xf32> to tensor<2x4x6x3xf32>
  %z = colonnade.space_to_depth inverse %y block = 2
      channel = 3 height = 1 width = 2
      : tensor<2x2x3x12xf32> to tensor<2x4x6x3xf32>
  return %z : tensor<2x4x6x3xf32>
}

// CHECK-LABEL: func.func @barrier
// CHECK-SAME: (%[[X:.+]]: tensor<4xf32>, %[[Q:.+]]: tensor<?xi32, #[[FIXED]]>)
func.func @barrier(%x: tensor<4xf32>, %q: tensor<?xi32, #fixed>)
    -> (tensor<4xf32>, tensor<?xi32, #fixed>) {
  // CHECK: colonnade.barrier %[[X]], %[[Q]] : tensor<4xf32>, tensor<?xi32, #[[FIXED]]>
  %0:2 = colonnade.barrier %x, %q : tensor<4xf32>, tensor<?xi32, #fixed>
  return %0#0, %0#1 : tensor<4xf32>, tensor<?xi32, #fixed>
}
