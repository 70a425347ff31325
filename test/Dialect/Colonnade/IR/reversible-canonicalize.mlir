// RUN: colonnade-opt %s --canonicalize --split-input-file | FileCheck %s
// RUN: colonnade-opt %s --cse --split-input-file | FileCheck %s --check-prefix=CSE

#fixed = #colonnade.encoding<fixed_point = <fraction = 8>>

// Fixed point comes back bit for bit.
// CHECK-LABEL: func.func @inverse_of_forward
// CHECK-SAME: (%[[X1:.+]]: tensor<4xi32, {{.*}}>, %[[X2:.+]]: tensor<4xi32, {{.*}}>, %{{.+}}: tensor<4xf32>)
// CHECK-NEXT: return %[[X1]], %[[X2]]
func.func @inverse_of_forward(%x1: tensor<4xi32, #fixed>,
                              %x2: tensor<4xi32, #fixed>, %w: tensor<4xf32>)
    -> (tensor<4xi32, #fixed>, tensor<4xi32, #fixed>) {
  %y1, %y2 = colonnade.reversible additive %x1, %x2 activations = store
      : tensor<4xi32, #fixed> f(%a: tensor<4xf32>) {
    %r = linalg.mul ins(%a, %w : tensor<4xf32>, tensor<4xf32>)
                    outs(%w : tensor<4xf32>) -> tensor<4xf32>
    colonnade.yield %r : tensor<4xf32>
  } g(%a: tensor<4xf32>) {
    colonnade.yield %a : tensor<4xf32>
  }
  %z1, %z2 = colonnade.reversible inverse additive %y1, %y2
      : tensor<4xi32, #fixed> f(%b: tensor<4xf32>) {
    %r = linalg.mul ins(%b, %w : tensor<4xf32>, tensor<4xf32>)
                    outs(%w : tensor<4xf32>) -> tensor<4xf32>
    colonnade.yield %r : tensor<4xf32>
  } g(%b: tensor<4xf32>) {
    colonnade.yield %b : tensor<4xf32>
  }
  return %z1, %z2 : tensor<4xi32, #fixed>, tensor<4xi32, #fixed>
}

// -----

#fixed = #colonnade.encoding<fixed_point = <fraction = 8>>

// CHECK-LABEL: func.func @forward_of_inverse
// CHECK-SAME: (%[[Y1:.+]]: tensor<4xi32, {{.*}}>, %[[Y2:.+]]: tensor<4xi32, {{.*}}>)
// CHECK-NEXT: return %[[Y1]], %[[Y2]]
func.func @forward_of_inverse(%y1: tensor<4xi32, #fixed>,
                              %y2: tensor<4xi32, #fixed>)
    -> (tensor<4xi32, #fixed>, tensor<4xi32, #fixed>) {
  %x1, %x2 = colonnade.reversible inverse additive %y1, %y2
      : tensor<4xi32, #fixed> f(%a: tensor<4xf32>) {
    colonnade.yield %a : tensor<4xf32>
  }
  %z1, %z2 = colonnade.reversible additive %x1, %x2
      : tensor<4xi32, #fixed> f(%a: tensor<4xf32>) {
    colonnade.yield %a : tensor<4xf32>
  }
  return %z1, %z2 : tensor<4xi32, #fixed>, tensor<4xi32, #fixed>
}

// -----

#fixed = #colonnade.encoding<fixed_point = <fraction = 8>>

// Not the inverse: other weights, another region, streams exchanged, the same
// direction.
// CHECK-LABEL: func.func @not_inverse
// CHECK-COUNT-8: colonnade.reversible
// CHECK-NOT: colonnade.reversible
// CHECK: return
func.func @not_inverse(%x1: tensor<4xi32, #fixed>, %x2: tensor<4xi32, #fixed>,
                       %v: tensor<4xf32>, %w: tensor<4xf32>)
    -> (tensor<4xi32, #fixed>, tensor<4xi32, #fixed>, tensor<4xi32, #fixed>,
        tensor<4xi32, #fixed>) {
  %a:2 = colonnade.reversible additive %x1, %x2 : tensor<4xi32, #fixed>
      f(%in: tensor<4xf32>) {
    colonnade.yield %v : tensor<4xf32>
  }
  %b:2 = colonnade.reversible inverse additive %a#0, %a#1
      : tensor<4xi32, #fixed> f(%in: tensor<4xf32>) {
    colonnade.yield %w : tensor<4xf32>
  }
  %c:2 = colonnade.reversible additive %b#0, %b#1 : tensor<4xi32, #fixed>
      f(%in: tensor<4xf32>) {
    colonnade.yield %w : tensor<4xf32>
  } g(%in: tensor<4xf32>) {
    colonnade.yield %in : tensor<4xf32>
  }
  %d:2 = colonnade.reversible inverse additive %c#1, %c#0
      : tensor<4xi32, #fixed> f(%in: tensor<4xf32>) {
    colonnade.yield %w : tensor<4xf32>
  } g(%in: tensor<4xf32>) {
    colonnade.yield %in : tensor<4xf32>
  }
  %e:2 = colonnade.reversible inverse additive %d#0, %d#1
      : tensor<4xi32, #fixed> f(%in: tensor<4xf32>) {
    colonnade.yield %w : tensor<4xf32>
  } g(%in: tensor<4xf32>) {
    colonnade.yield %in : tensor<4xf32>
  }
  %f:2 = colonnade.reversible additive %e#0, %e#1
      : tensor<4xi32, #fixed> f(%in: tensor<4xf32>) {
    colonnade.yield %w : tensor<4xf32>
  } g(%in: tensor<4xf32>) {
    colonnade.yield %v : tensor<4xf32>
  }
  %g:2 = colonnade.reversible inverse additive %x1, %f#0
      : tensor<4xi32, #fixed> f(%in: tensor<4xf32>) {
    colonnade.yield %w : tensor<4xf32>
  }
  %h:2 = colonnade.reversible additive %g#0, %f#1
      : tensor<4xi32, #fixed> f(%in: tensor<4xf32>) {
    colonnade.yield %w : tensor<4xf32>
  }
  return %h#0, %h#1, %g#1, %e#0 : tensor<4xi32, #fixed>,
      tensor<4xi32, #fixed>, tensor<4xi32, #fixed>, tensor<4xi32, #fixed>
}

// -----

// Floats come back up to rounding, so results would change.
// CHECK-LABEL: func.func @float_streams
// CHECK-COUNT-2: colonnade.reversible
func.func @float_streams(%x1: tensor<4xf32>, %x2: tensor<4xf32>)
    -> (tensor<4xf32>, tensor<4xf32>) {
  %y1, %y2 = colonnade.reversible additive %x1, %x2 : tensor<4xf32>
      f(%a: tensor<4xf32>) {
    colonnade.yield %a : tensor<4xf32>
  }
  %z1, %z2 = colonnade.reversible inverse additive %y1, %y2 : tensor<4xf32>
      f(%a: tensor<4xf32>) {
    colonnade.yield %a : tensor<4xf32>
  }
  return %z1, %z2 : tensor<4xf32>, tensor<4xf32>
}

// -----

// Equal couplings are one; a coupling that nobody reads is none.
// CSE-LABEL: func.func @equal
// CSE-COUNT-1: colonnade.reversible
// CSE-NOT: colonnade.reversible
// CSE: return
func.func @equal(%x: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  %0:2 = colonnade.reversible additive %x, %x : tensor<4xf32>
      f(%a: tensor<4xf32>) {
    colonnade.yield %a : tensor<4xf32>
  }
  %1:2 = colonnade.reversible additive %x, %x : tensor<4xf32>
      f(%a: tensor<4xf32>) {
    colonnade.yield %a : tensor<4xf32>
  }
  %2:2 = colonnade.reversible additive %1#0, %x : tensor<4xf32>
      f(%a: tensor<4xf32>) {
    colonnade.yield %a : tensor<4xf32>
  }
  return %0#0, %1#1 : tensor<4xf32>, tensor<4xf32>
}

// -----

#fixed = #colonnade.encoding<fixed_point = <fraction = 8>>

// What was added is taken away, on either side.
// CHECK-LABEL: func.func @sums
// CHECK-SAME: (%[[A:.+]]: tensor<4xi32, {{.*}}>, %[[B:.+]]: tensor<4xi32, {{.*}}>)
// CHECK-NEXT: return %[[A]], %[[A]], %[[A]], %[[A]]
func.func @sums(%a: tensor<4xi32, #fixed>, %b: tensor<4xi32, #fixed>)
    -> (tensor<4xi32, #fixed>, tensor<4xi32, #fixed>, tensor<4xi32, #fixed>,
        tensor<4xi32, #fixed>) {
  %sum = colonnade.add_fixed %a, %b : tensor<4xi32, #fixed>
  %0 = colonnade.subtract_fixed %sum, %b : tensor<4xi32, #fixed>
  %other = colonnade.add_fixed %b, %a : tensor<4xi32, #fixed>
  %1 = colonnade.subtract_fixed %other, %b : tensor<4xi32, #fixed>
  %difference = colonnade.subtract_fixed %a, %b : tensor<4xi32, #fixed>
  %2 = colonnade.add_fixed %difference, %b : tensor<4xi32, #fixed>
  %3 = colonnade.add_fixed %b, %difference : tensor<4xi32, #fixed>
  return %0, %1, %2, %3 : tensor<4xi32, #fixed>, tensor<4xi32, #fixed>,
      tensor<4xi32, #fixed>, tensor<4xi32, #fixed>
}

// -----

#fixed = #colonnade.encoding<fixed_point = <fraction = 8>>

// From 2^24 units on an f32 has fewer bits than the integer.
// CHECK-LABEL: func.func @not_exact
// CHECK: %[[X:.+]] = colonnade.from_fixed
// CHECK: %[[Q:.+]] = colonnade.to_fixed %[[X]]
// CHECK: %[[A_B:.+]] = colonnade.subtract_fixed
// CHECK: %[[D:.+]] = colonnade.subtract_fixed %{{.+}}, %[[A_B]]
// CHECK: return %[[Q]], %[[D]]
func.func @not_exact(%a: tensor<4xi32, #fixed>, %b: tensor<4xi32, #fixed>)
    -> (tensor<4xi32, #fixed>, tensor<4xi32, #fixed>) {
  %x = colonnade.from_fixed %a : tensor<4xi32, #fixed> to tensor<4xf32>
  %q = colonnade.to_fixed %x : tensor<4xf32> to tensor<4xi32, #fixed>
  // b - (a - b) is not a.
  %difference = colonnade.subtract_fixed %a, %b : tensor<4xi32, #fixed>
  %d = colonnade.subtract_fixed %b, %difference : tensor<4xi32, #fixed>
  return %q, %d : tensor<4xi32, #fixed>, tensor<4xi32, #fixed>
}

// -----

// CHECK-LABEL: func.func @space_to_depth
// CHECK-SAME: (%[[X:.+]]: tensor<1x4x4x4xf32>)
// CHECK: %[[OTHER:.+]] = colonnade.space_to_depth inverse %{{.+}} block = 2 channel = 1 height = 3 width = 2
// CHECK: return %[[X]], %[[X]], %[[OTHER]]
func.func @space_to_depth(%x: tensor<1x4x4x4xf32>)
    -> (tensor<1x4x4x4xf32>, tensor<1x4x4x4xf32>, tensor<1x4x4x4xf32>) {
  %0 = colonnade.space_to_depth %x block = 2 channel = 1 height = 2 width = 3
      : tensor<1x4x4x4xf32> to tensor<1x16x2x2xf32>
  %1 = colonnade.space_to_depth inverse %0 block = 2 channel = 1 height = 2
      width = 3 : tensor<1x16x2x2xf32> to tensor<1x4x4x4xf32>
  %2 = colonnade.space_to_depth inverse %x block = 2 channel = 1 height = 2
      width = 3 : tensor<1x4x4x4xf32> to tensor<1x1x8x8xf32>
  %3 = colonnade.space_to_depth %2 block = 2 channel = 1 height = 2 width = 3
      : tensor<1x1x8x8xf32> to tensor<1x4x4x4xf32>
  // Height and width exchanged: another order.
  %4 = colonnade.space_to_depth inverse %0 block = 2 channel = 1 height = 3
      width = 2 : tensor<1x16x2x2xf32> to tensor<1x4x4x4xf32>
  return %1, %3, %4 : tensor<1x4x4x4xf32>, tensor<1x4x4x4xf32>,
      tensor<1x4x4x4xf32>
}

// -----

// Neither merged nor moved through, and gone where nobody reads.
// CHECK-LABEL: func.func @barrier
// CHECK-SAME: (%[[X:.+]]: tensor<4xf32>, %[[Y:.+]]: tensor<4xf32>)
// CHECK: %[[T:.+]] = linalg.tanh ins(%[[X]] :
// CHECK: %[[A:.+]] = colonnade.barrier %[[X]] : tensor<4xf32>
// CHECK: %[[U:.+]] = linalg.tanh ins(%[[A]] :
// CHECK: %[[B:.+]]:2 = colonnade.barrier %[[X]], %[[Y]] :
// CHECK-NOT: colonnade.barrier
// CHECK: return %[[T]], %[[U]], %[[B]]#0, %[[B]]#1
// CSE-LABEL: func.func @barrier
// CSE: linalg.tanh
// CSE: colonnade.barrier
// CSE: linalg.tanh
// CSE: colonnade.barrier
// CSE: return
func.func @barrier(%x: tensor<4xf32>, %y: tensor<4xf32>)
    -> (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) {
  %empty = tensor.empty() : tensor<4xf32>
  %t = linalg.tanh ins(%x : tensor<4xf32>) outs(%empty : tensor<4xf32>)
      -> tensor<4xf32>
  %a:2 = colonnade.barrier %x, %y : tensor<4xf32>, tensor<4xf32>
  %u = linalg.tanh ins(%a#0 : tensor<4xf32>) outs(%empty : tensor<4xf32>)
      -> tensor<4xf32>
  %b:2 = colonnade.barrier %x, %y : tensor<4xf32>, tensor<4xf32>
  %c:2 = colonnade.barrier %x, %y : tensor<4xf32>, tensor<4xf32>
  return %t, %u, %b#0, %b#1 : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>,
      tensor<4xf32>
}
