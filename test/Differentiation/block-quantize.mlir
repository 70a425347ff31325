// RUN: colonnade-opt %s --colonnade-differentiate --canonicalize | FileCheck %s

#rows = #colonnade.encoding<
  block_float = <axis = 1, group = 16, exponent = 8, mantissa = 4>>

// Rounding passes the cotangent straight through, whatever its mode, to the
// values alone; a promise is not made about cotangents.
// CHECK-LABEL: func.func @main_gradient
// CHECK-SAME: (%[[X:.*]]: tensor<4x32xf32>, %{{.*}}: i32, %{{.*}}: i64, %[[COTANGENT:.*]]: tensor<4x32xf32>)
// CHECK-SAME: -> (tensor<4x32xf32>, tensor<4x32xf32>)
// CHECK: %[[ROUNDED:.*]] = colonnade.block_quantize %[[X]] rounding = <stochastic, seed = 3, noise_bits = 24>
// CHECK: %[[Y:.*]] = colonnade.drop_encoding %[[ROUNDED]]
// CHECK: return %[[Y]], %[[COTANGENT]] : tensor<4x32xf32>, tensor<4x32xf32>
func.func @main(%x: tensor<4x32xf32>, %bits: i32, %counter: i64) -> tensor<4x32xf32> {
  %rounded = colonnade.block_quantize %x rounding = <stochastic, seed = 3>
      mantissa(%bits) counter(%counter) : tensor<4x32xf32> to tensor<4x32xf32, #rows>
  %y = colonnade.drop_encoding %rounded : tensor<4x32xf32, #rows> to tensor<4x32xf32>
  return %y : tensor<4x32xf32>
}
