// RUN: colonnade-opt %s | FileCheck %s
// RUN: colonnade-opt %s | colonnade-opt | FileCheck %s
// RUN: colonnade-opt %s --mlir-print-op-generic | colonnade-opt | FileCheck %s
// RUN: colonnade-opt %s --emit-bytecode | colonnade-opt | FileCheck %s
// RUN: colonnade-opt %s --canonicalize | FileCheck %s --check-prefix=FOLD

// CHECK-DAG: [[PAIRS:#.+]] = #colonnade.encoding<block_float = <axis = 0, group = 2, exponent = 8, mantissa = 2>>
// CHECK-DAG: [[ROWS:#.+]] = #colonnade.encoding<block_float = <axis = 1, group = 16, exponent = 8, mantissa = 4>>
#pairs = #colonnade.encoding<
  block_float = <axis = 0, group = 2, exponent = 8, mantissa = 2>>
#rows = #colonnade.encoding<
  block_float = <axis = 1, group = 16, exponent = 8, mantissa = 4>>
#columns = #colonnade.encoding<
  block_float = <axis = 0, group = 16, exponent = 8, mantissa = 4>>

// CHECK-LABEL: func.func @forms
// CHECK-SAME: ([[X:%.+]]: tensor<8x?xf32>, [[M:%.+]]: i32, [[C:%.+]]: i64)
func.func @forms(%x: tensor<8x?xf32>, %m: i32, %c: i64) {
  // CHECK: colonnade.block_quantize [[X]] rounding = <truncate> : tensor<8x?xf32> to tensor<8x?xf32, [[ROWS]]>
  %0 = colonnade.block_quantize %x rounding = <truncate>
      : tensor<8x?xf32> to tensor<8x?xf32, #rows>
  // CHECK: colonnade.block_quantize [[X]] rounding = <nearest> mantissa([[M]]) :
  %1 = colonnade.block_quantize %x rounding = <nearest> mantissa(%m)
      : tensor<8x?xf32> to tensor<8x?xf32, #rows>
  // CHECK: colonnade.block_quantize [[X]] rounding = <stochastic, seed = -3, noise_bits = 8> mantissa([[M]]) counter([[C]]) :
  %2 = colonnade.block_quantize %x
      rounding = <stochastic, seed = -3, noise_bits = 8> mantissa(%m) counter(%c)
      : tensor<8x?xf32> to tensor<8x?xf32, #rows>
  // CHECK: rounding = <stochastic, seed = 0, noise_bits = 24> counter
  %3 = colonnade.block_quantize %x rounding = <stochastic> counter(%c)
      : tensor<8x?xf32> to tensor<8x?xf32, #rows>
  // CHECK: colonnade.drop_encoding {{.+}} : tensor<8x?xf32, [[ROWS]]> to tensor<8x?xf32>
  %4 = colonnade.drop_encoding %0
      : tensor<8x?xf32, #rows> to tensor<8x?xf32>
  return
}

// The example of the op's description.
// FOLD-LABEL: func.func @constant
func.func @constant() -> tensor<4xf32, #pairs> {
  // FOLD: arith.constant dense<[4.000000e+00, -2.000000e+00, 5.000000e-01, 0.000000e+00]> : tensor<4xf32, #
  %x = arith.constant dense<[5.0, -1.5, 0.6, 0.1]> : tensor<4xf32>
  %q = colonnade.block_quantize %x rounding = <nearest>
      : tensor<4xf32> to tensor<4xf32, #pairs>
  return %q : tensor<4xf32, #pairs>
}

// Fewer bits than promised, the same ones for the same counter.
// FOLD-LABEL: func.func @constant_operands
func.func @constant_operands() -> (tensor<1x4xf32, #rows>, tensor<1x4xf32, #rows>) {
  %x = arith.constant dense<[[7.0, 1.7, 1.7, 1.7]]> : tensor<1x4xf32>
  %two = arith.constant 2 : i32
  %c = arith.constant 41 : i64
  // FOLD-DAG: dense<{{\[\[}}6.000000e+00, 0.000000e+00, 0.000000e+00, 0.000000e+00]]>
  %0 = colonnade.block_quantize %x rounding = <truncate> mantissa(%two)
      : tensor<1x4xf32> to tensor<1x4xf32, #rows>
  // FOLD-NOT: colonnade.block_quantize
  %1 = colonnade.block_quantize %x rounding = <stochastic> counter(%c)
      : tensor<1x4xf32> to tensor<1x4xf32, #rows>
  return %0, %1 : tensor<1x4xf32, #rows>, tensor<1x4xf32, #rows>
}

// FOLD-LABEL: func.func @again
// FOLD-SAME: ([[X:%.+]]: tensor<8x8xf32, #{{.+}}>, {{.+}}: i64)
func.func @again(%x: tensor<8x8xf32, #rows>, %c: i64) -> tensor<8x8xf32, #rows> {
  // FOLD-NEXT: return [[X]]
  %0 = colonnade.block_quantize %x rounding = <stochastic> counter(%c)
      : tensor<8x8xf32, #rows> to tensor<8x8xf32, #rows>
  return %0 : tensor<8x8xf32, #rows>
}

// Blocks formed again along the other axis, and values of unknown precision,
// are no identities; neither is a constant with an infinity.
// FOLD-LABEL: func.func @stay
// FOLD-COUNT-3: colonnade.block_quantize
func.func @stay(%x: tensor<8x8xf32, #rows>, %m: i32)
    -> (tensor<8x8xf32, #columns>, tensor<8x8xf32, #rows>, tensor<2xf32, #pairs>) {
  %0 = colonnade.block_quantize %x rounding = <nearest>
      : tensor<8x8xf32, #rows> to tensor<8x8xf32, #columns>
  %1 = colonnade.block_quantize %x rounding = <nearest> mantissa(%m)
      : tensor<8x8xf32, #rows> to tensor<8x8xf32, #rows>
  %infinite = arith.constant dense<[1.0, 0x7F800000]> : tensor<2xf32>
  %2 = colonnade.block_quantize %infinite rounding = <nearest>
      : tensor<2xf32> to tensor<2xf32, #pairs>
  return %0, %1, %2
      : tensor<8x8xf32, #columns>, tensor<8x8xf32, #rows>, tensor<2xf32, #pairs>
}
