// RUN: colonnade-opt %s --colonnade-lower-reversible | FileCheck %s
// RUN: colonnade-opt %s --colonnade-lower-reversible=keep-barriers | FileCheck %s --check-prefix=BARRIERS
// RUN: colonnade-opt %s --colonnade-lower-reversible=keep-fixed-point | FileCheck %s --check-prefix=NUMBERS
// RUN: colonnade-opt %s --colonnade-strip-encodings | FileCheck %s --check-prefix=PLAIN
// RUN: colonnade-opt %s --colonnade-strip-encodings='keep-reversible keep-barriers' | FileCheck %s --check-prefix=KEPT
// RUN: colonnade-opt %s --colonnade-lower-reversible=keep-barriers --one-shot-bufferize=bufferize-function-boundaries \
// RUN:   --canonicalize | FileCheck %s --check-prefix=BUFFERS

// Nothing of Colonnade is left, and no copies; or all of it.
// PLAIN-NOT: colonnade
// CHECK-NOT: colonnade
// KEPT: #[[FIXED:.+]] = #colonnade.encoding<fixed_point = <fraction = 4>>

#fixed = #colonnade.encoding<fixed_point = <fraction = 4>>

// Saturated and rounded to even in units of 1/16; only numbers in range are
// converted.
// CHECK-LABEL: func.func @to_fixed
// KEPT-LABEL: func.func @to_fixed
// KEPT: colonnade.to_fixed %{{.+}} : tensor<2x?xf32> to tensor<2x?xi32, #[[FIXED]]>
func.func @to_fixed(%x: tensor<2x?xf32>) -> tensor<2x?xi32, #fixed> {
  // CHECK: ^bb0(%[[X:.+]]: f32, %{{.+}}: i32):
  // CHECK-DAG: %[[SCALE:.+]] = arith.constant 1.600000e+01 : f32
  // CHECK-DAG: %[[LIMIT:.+]] = arith.constant 2.14748365E+9 : f32
  // CHECK-DAG: %[[LEAST:.+]] = arith.constant -2.14748365E+9 : f32
  // CHECK-DAG: %[[UNITS:.+]] = arith.mulf %[[X]], %[[SCALE]]
  // CHECK-DAG: %[[LARGE:.+]] = arith.cmpf oge, %[[UNITS]], %[[LIMIT]]
  // CHECK-DAG: %[[BELOW:.+]] = arith.cmpf olt, %[[UNITS]], %[[LIMIT]]
  // CHECK-DAG: %[[ABOVE:.+]] = arith.cmpf oge, %[[UNITS]], %[[LEAST]]
  // CHECK: %[[FITS:.+]] = arith.andi %[[BELOW]], %[[ABOVE]]
  // CHECK: %[[INSIDE:.+]] = arith.select %[[FITS]], %[[UNITS]], %{{.+}}
  // CHECK: %[[EVEN:.+]] = math.roundeven %[[INSIDE]]
  // CHECK: %[[NEAREST:.+]] = arith.fptosi %[[EVEN]]
  // CHECK: %[[OUTSIDE:.+]] = arith.select %[[LARGE]], %c2147483647_i32, %c-2147483648_i32
  // CHECK: arith.select %[[FITS]], %[[NEAREST]], %[[OUTSIDE]]
  %q = colonnade.to_fixed %x : tensor<2x?xf32> to tensor<2x?xi32, #fixed>
  return %q : tensor<2x?xi32, #fixed>
}

// CHECK-LABEL: func.func @sums
// NUMBERS-LABEL: func.func @sums
// NUMBERS: colonnade.add_fixed
// NUMBERS: colonnade.subtract_fixed
// NUMBERS: colonnade.from_fixed
func.func @sums(%a: tensor<4xi32, #fixed>, %b: tensor<4xi32, #fixed>)
    -> (tensor<4xi32, #fixed>, tensor<4xi32, #fixed>, tensor<4xf32>) {
  // CHECK: ^bb0(%[[A:.+]]: i32, %[[B:.+]]: i32, %{{.+}}: i32):
  // CHECK-NEXT: %[[SUM:.+]], %{{.+}} = arith.addui_extended %[[A]], %[[B]]
  // CHECK-NEXT: linalg.yield %[[SUM]]
  %sum = colonnade.add_fixed %a, %b : tensor<4xi32, #fixed>
  // a - b is ~(~a + b).
  // CHECK: ^bb0(%[[A:.+]]: i32, %[[B:.+]]: i32, %{{.+}}: i32):
  // CHECK-NEXT: %[[ONES:.+]] = arith.constant -1
  // CHECK-NEXT: %[[NOT:.+]] = arith.xori %[[A]], %[[ONES]]
  // CHECK-NEXT: %[[SUM:.+]], %{{.+}} = arith.addui_extended %[[NOT]], %[[B]]
  // CHECK: %[[DIFFERENCE:.+]] = arith.xori %[[SUM]], %{{.+}}
  // CHECK-NEXT: linalg.yield %[[DIFFERENCE]]
  %difference = colonnade.subtract_fixed %a, %b : tensor<4xi32, #fixed>
  // CHECK: arith.sitofp
  // CHECK: %[[UNIT:.+]] = arith.constant 6.250000e-02
  // CHECK: arith.mulf %{{.+}}, %[[UNIT]]
  %x = colonnade.from_fixed %difference : tensor<4xi32, #fixed> to tensor<4xf32>
  return %sum, %difference, %x : tensor<4xi32, #fixed>, tensor<4xi32, #fixed>,
      tensor<4xf32>
}

// CHECK-LABEL: func.func @forward
// NUMBERS-LABEL: func.func @forward
// NUMBERS-NOT: colonnade.reversible
// CHECK-SAME: (%[[X1:.+]]: tensor<4xf32>, %[[X2:.+]]: tensor<4xf32>, %[[W:.+]]: tensor<4xf32>)
// PLAIN-LABEL: func.func @forward
// KEPT-LABEL: func.func @forward
// KEPT: colonnade.reversible additive
func.func @forward(%x1: tensor<4xf32>, %x2: tensor<4xf32>, %w: tensor<4xf32>)
    -> (tensor<4xf32>, tensor<4xf32>) {
  // CHECK: %[[F:.+]] = linalg.mul ins(%[[X2]], %[[W]] :
  // CHECK: %[[Y1:.+]] = linalg.generic {{.+}} ins(%[[X1]], %[[F]] :
  // CHECK: arith.addf
  // CHECK: %[[G:.+]] = linalg.sub ins(%[[Y1]], %[[W]] :
  // CHECK: %[[Y2:.+]] = linalg.generic {{.+}} ins(%[[X2]], %[[G]] :
  // CHECK: arith.addf
  // CHECK: return %[[Y1]], %[[Y2]]
  %y1, %y2 = colonnade.reversible additive %x1, %x2 : tensor<4xf32>
      f(%a: tensor<4xf32>) {
    %r = linalg.mul ins(%a, %w : tensor<4xf32>, tensor<4xf32>)
                    outs(%w : tensor<4xf32>) -> tensor<4xf32>
    colonnade.yield %r : tensor<4xf32>
  } g(%a: tensor<4xf32>) {
    %r = linalg.sub ins(%a, %w : tensor<4xf32>, tensor<4xf32>)
                    outs(%w : tensor<4xf32>) -> tensor<4xf32>
    colonnade.yield %r : tensor<4xf32>
  }
  return %y1, %y2 : tensor<4xf32>, tensor<4xf32>
}

// The steps in the other order, undone.
// CHECK-LABEL: func.func @inverse
// CHECK-SAME: (%[[Y1:.+]]: tensor<4xf32>, %[[Y2:.+]]: tensor<4xf32>, %[[W:.+]]: tensor<4xf32>)
func.func @inverse(%y1: tensor<4xf32>, %y2: tensor<4xf32>, %w: tensor<4xf32>)
    -> (tensor<4xf32>, tensor<4xf32>) {
  // CHECK: %[[G:.+]] = linalg.sub ins(%[[Y1]], %[[W]] :
  // CHECK: %[[X2:.+]] = linalg.generic {{.+}} ins(%[[Y2]], %[[G]] :
  // CHECK: arith.subf
  // CHECK: %[[F:.+]] = linalg.mul ins(%[[X2]], %[[W]] :
  // CHECK: %[[X1:.+]] = linalg.generic {{.+}} ins(%[[Y1]], %[[F]] :
  // CHECK: arith.subf
  // CHECK: return %[[X1]], %[[X2]]
  %x1, %x2 = colonnade.reversible inverse additive %y1, %y2 : tensor<4xf32>
      f(%a: tensor<4xf32>) {
    %r = linalg.mul ins(%a, %w : tensor<4xf32>, tensor<4xf32>)
                    outs(%w : tensor<4xf32>) -> tensor<4xf32>
    colonnade.yield %r : tensor<4xf32>
  } g(%a: tensor<4xf32>) {
    %r = linalg.sub ins(%a, %w : tensor<4xf32>, tensor<4xf32>)
                    outs(%w : tensor<4xf32>) -> tensor<4xf32>
    colonnade.yield %r : tensor<4xf32>
  }
  return %x1, %x2 : tensor<4xf32>, tensor<4xf32>
}

// x * exp(s) + t, then (y - t) * exp(-s). Inner couplings go too.
// CHECK-LABEL: func.func @affine
// CHECK-SAME: (%[[X1:.+]]: tensor<4xf64>, %[[X2:.+]]: tensor<4xf64>)
func.func @affine(%x1: tensor<4xf64>, %x2: tensor<4xf64>)
    -> (tensor<4xf64>, tensor<4xf64>) {
  // CHECK: %[[S:.+]] = linalg.generic {{.+}} ins(%[[X2]], %[[X2]] :
  // CHECK: arith.addf
  // CHECK: %[[Y1:.+]] = linalg.generic {{.+}} ins(%[[X1]], %[[S]], %[[X2]] :
  // CHECK: ^bb0(%[[A:.+]]: f64, %[[B:.+]]: f64, %[[C:.+]]: f64, %{{.+}}: f64):
  // CHECK: %[[E:.+]] = math.exp %[[B]]
  // CHECK: %[[P:.+]] = arith.mulf %[[A]], %[[E]]
  // CHECK: arith.addf %[[P]], %[[C]]
  %y1, %y2 = colonnade.reversible affine %x1, %x2 : tensor<4xf64>
      f(%a: tensor<4xf64>) {
    %s:2 = colonnade.reversible additive %a, %a : tensor<4xf64>
        f(%b: tensor<4xf64>) {
      colonnade.yield %b : tensor<4xf64>
    }
    colonnade.yield %s#0, %s#1 : tensor<4xf64>, tensor<4xf64>
  }
  // CHECK: linalg.generic {{.+}} ins(%[[Y1]], %[[X2]], %[[X2]] :
  // CHECK: ^bb0(%[[A:.+]]: f64, %[[B:.+]]: f64, %[[C:.+]]: f64, %{{.+}}: f64):
  // CHECK: %[[N:.+]] = arith.negf %[[B]]
  // CHECK: %[[E:.+]] = math.exp %[[N]]
  // CHECK: %[[D:.+]] = arith.subf %[[A]], %[[C]]
  // CHECK: arith.mulf %[[D]], %[[E]]
  %z1, %z2 = colonnade.reversible inverse affine %y1, %y2 : tensor<4xf64>
      f(%a: tensor<4xf64>) {
    colonnade.yield %a, %a : tensor<4xf64>, tensor<4xf64>
  }
  return %z1, %z2 : tensor<4xf64>, tensor<4xf64>
}

// Channel (i * 2 + j) * 3 + c is position (i, j) of channel c.
// CHECK-LABEL: func.func @space_to_depth
// CHECK-SAME: (%[[X:.+]]: tensor<5x3x4x6xf32>)
func.func @space_to_depth(%x: tensor<5x3x4x6xf32>) -> tensor<5x12x2x3xf32> {
  // CHECK: %[[E:.+]] = tensor.expand_shape %[[X]] {{\[}}[0], [1], [2, 3], [4, 5]] {{.+}} into tensor<5x3x2x2x3x2xf32>
  // CHECK: %[[T:.+]] = linalg.transpose ins(%[[E]] : {{.+}}) outs(%{{.+}} : tensor<5x2x2x3x2x3xf32>) permutation = [0, 3, 5, 1, 2, 4]
  // CHECK: tensor.collapse_shape %[[T]] {{\[}}[0], [1, 2, 3], [4], [5]] {{.+}} into tensor<5x12x2x3xf32>
  %y = colonnade.space_to_depth %x block = 2 channel = 1 height = 2 width = 3
      : tensor<5x3x4x6xf32> to tensor<5x12x2x3xf32>
  return %y : tensor<5x12x2x3xf32>
}

// CHECK-LABEL: func.func @depth_to_space
// CHECK-SAME: (%[[X:.+]]: tensor<5x12x2x3xi32>) -> tensor<5x3x4x6xi32>
func.func @depth_to_space(%x: tensor<5x12x2x3xi32, #fixed>)
    -> tensor<5x3x4x6xi32, #fixed> {
  // CHECK: %[[E:.+]] = tensor.expand_shape %[[X]] {{\[}}[0], [1, 2, 3], [4], [5]] {{.+}} into tensor<5x2x2x3x2x3xi32>
  // CHECK: %[[T:.+]] = linalg.transpose ins(%[[E]] : {{.+}}) outs(%{{.+}} : tensor<5x3x2x2x3x2xi32>) permutation = [0, 3, 4, 1, 5, 2]
  // CHECK: tensor.collapse_shape %[[T]] {{\[}}[0], [1], [2, 3], [4, 5]] {{.+}} into tensor<5x3x4x6xi32>
  %y = colonnade.space_to_depth inverse %x block = 2 channel = 1 height = 2
      width = 3 : tensor<5x12x2x3xi32, #fixed> to tensor<5x3x4x6xi32, #fixed>
  return %y : tensor<5x3x4x6xi32, #fixed>
}

// CHECK-LABEL: func.func @barrier
// CHECK-SAME: (%[[X:.+]]: tensor<4xf32>, %[[Y:.+]]: tensor<4xf32>)
// CHECK-NEXT: return %[[Y]], %[[X]]
// BARRIERS-LABEL: func.func @barrier
// BARRIERS: %[[B:.+]]:2 = colonnade.barrier
// BARRIERS-NEXT: return %[[B]]#1, %[[B]]#0
// KEPT-LABEL: func.func @barrier
// KEPT: %[[B:.+]]:2 = colonnade.barrier
// KEPT-NEXT: return %[[B]]#1, %[[B]]#0
// BUFFERS-LABEL: func.func @barrier
// BUFFERS-SAME: (%[[X:.+]]: memref<4xf32, {{.*}}>, %[[Y:.+]]: memref<4xf32, {{.*}}>)
// BUFFERS-NOT: memref.alloc
// BUFFERS-NOT: colonnade.barrier
// BUFFERS: return %[[Y]], %[[X]]
func.func @barrier(%x: tensor<4xf32>, %y: tensor<4xf32>)
    -> (tensor<4xf32>, tensor<4xf32>) {
  %0:2 = colonnade.barrier %x, %y : tensor<4xf32>, tensor<4xf32>
  return %0#1, %0#0 : tensor<4xf32>, tensor<4xf32>
}
