// RUN: colonnade-opt %s --colonnade-strip-encodings | FileCheck %s --implicit-check-not=colonnade
// RUN: colonnade-opt %s --colonnade-strip-encodings | mlir-opt | FileCheck %s --implicit-check-not=colonnade

#rows = #colonnade.encoding<
  block_float = <axis = 1, group = 16, exponent = 8, mantissa = 4>>
#columns = #colonnade.encoding<
  block_float = <axis = 0, group = 16, exponent = 8, mantissa = 4>>

// The largest magnitude of every block, then the rounding of every value.
// CHECK-LABEL: func.func @nearest
// CHECK-SAME: ([[X:%.+]]: tensor<8x32xf32>) -> tensor<8x32xf32>
func.func @nearest(%x: tensor<8x32xf32>) -> tensor<8x32xf32, #rows> {
  // CHECK: [[BLOCKED:%.+]] = tensor.expand_shape [[X]] {{.+}} output_shape [8, 2, 16]
  // CHECK: [[LARGEST:%.+]] = linalg.generic {{.+}}"reduction"]} ins([[BLOCKED]]
  // CHECK: arith.maxsi
  // CHECK: } -> tensor<8x2xi32>
  // CHECK: [[ROUNDED:%.+]] = linalg.generic {{.+}} ins([[BLOCKED]], [[LARGEST]]
  // CHECK-NOT: arith.muli
  // CHECK: } -> tensor<8x2x16xf32>
  // CHECK: [[Y:%.+]] = tensor.collapse_shape [[ROUNDED]]
  // CHECK: return [[Y]]
  %0 = colonnade.block_quantize %x rounding = <nearest>
      : tensor<8x32xf32> to tensor<8x32xf32, #rows>
  return %0 : tensor<8x32xf32, #rows>
}

// A short last block is a loop nest of its own.
// CHECK-LABEL: func.func @short_block
func.func @short_block(%x: tensor<8x37xf32>, %c: i64) -> tensor<8x37xf32, #rows> {
  // CHECK: tensor.extract_slice {{.+}}[0, 0] [8, 32] [1, 1]
  // CHECK: tensor.expand_shape {{.+}} output_shape [8, 2, 16]
  // CHECK: tensor.insert_slice {{.+}}[0, 0] [8, 32] [1, 1]
  // CHECK: tensor.extract_slice {{.+}}[0, 32] [8, 5] [1, 1]
  // CHECK: tensor.expand_shape {{.+}} output_shape [8, 1, 5]
  // CHECK: tensor.insert_slice {{.+}}[0, 32] [8, 5] [1, 1]
  %0 = colonnade.block_quantize %x rounding = <stochastic> counter(%c)
      : tensor<8x37xf32> to tensor<8x37xf32, #rows>
  return %0 : tensor<8x37xf32, #rows>
}

// Blocks are formed again along the other axis: two roundings.
// CHECK-LABEL: func.func @reform
func.func @reform(%x: tensor<8x8xf32>) -> tensor<8x8xf32, #columns> {
  // CHECK-COUNT-2: tensor.expand_shape {{.+}} output_shape [{{8, 1, 8|1, 8, 8}}]
  // CHECK: return
  %0 = colonnade.block_quantize %x rounding = <truncate>
      : tensor<8x8xf32> to tensor<8x8xf32, #rows>
  %1 = colonnade.block_quantize %0 rounding = <truncate>
      : tensor<8x8xf32, #rows> to tensor<8x8xf32, #columns>
  return %1 : tensor<8x8xf32, #columns>
}

// A promised argument, and nothing to round.
// CHECK-LABEL: func.func @argument
func.func @argument(%x: tensor<8x8xf32, #rows>, %e: tensor<0x8xf32>)
    -> (tensor<8x8xf32, #columns>, tensor<0x8xf32, #columns>) {
  // CHECK-COUNT-2: linalg.generic
  // CHECK-NOT: linalg.generic
  // CHECK: return {{%.+}}, {{%.+}} : tensor<8x8xf32>, tensor<0x8xf32>
  %0 = colonnade.block_quantize %x rounding = <nearest>
      : tensor<8x8xf32, #rows> to tensor<8x8xf32, #columns>
  %1 = colonnade.block_quantize %e rounding = <nearest>
      : tensor<0x8xf32> to tensor<0x8xf32, #columns>
  return %0, %1 : tensor<8x8xf32, #columns>, tensor<0x8xf32, #columns>
}
