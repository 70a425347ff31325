// RUN: colonnade-opt %s --convert-linalg-to-systolic=target=fast-256x64 --remarks-filter="systolic" --remark-format=emitRemark 2>%t.remarks | FileCheck %s
// RUN: FileCheck %s --check-prefix=REMARK --input-file=%t.remarks

// The rounding of a constant folds with the cast behind it, and its promise goes.
// Values that are in blocks like those of the other operand still are products of
// blocks: the array holds them, and rounding them again changes nothing.

// CHECK-LABEL: func.func @in_blocks
// CHECK: %[[W:.+]] = arith.constant {{.*}} : tensor<16x1xf32>
// CHECK: systolic.block_contract "product1" <weight_stationary>
// CHECK-SAME: held %[[W]] <group = 16, exponent = 8, mantissa = 4, rounding = <nearest>>

// One of them is far smaller than the largest: four bits cannot tell it from 0.
// CHECK-LABEL: func.func @not_in_blocks
// CHECK-NOT: systolic.block_contract
// CHECK: systolic.nest
// REMARK: [Missed] not-on-array {{.*}}operand 1 is not in blocks: round it with colonnade.block_quantize

#rows = #colonnade.encoding<block_float = <axis = 1, group = 16, exponent = 8, mantissa = 4>>

func.func @in_blocks(%x: tensor<4x16xf32>) -> tensor<4x1xf32> {
  %zero = arith.constant 0.0 : f32
  %w = arith.constant dense<[[1.0], [0.5], [-0.25], [0.125], [-1.75], [0.0], [0.0], [0.0],
                             [1.0], [0.5], [-0.25], [0.75], [-1.25], [0.0], [0.0], [0.0]]> : tensor<16x1xf32>
  %xq = colonnade.block_quantize %x rounding = <nearest> : tensor<4x16xf32> to tensor<4x16xf32, #rows>
  %xd = colonnade.drop_encoding %xq : tensor<4x16xf32, #rows> to tensor<4x16xf32>
  %e = tensor.empty() : tensor<4x1xf32>
  %z = linalg.fill ins(%zero : f32) outs(%e : tensor<4x1xf32>) -> tensor<4x1xf32>
  %y = linalg.matmul ins(%xd, %w : tensor<4x16xf32>, tensor<16x1xf32>) outs(%z : tensor<4x1xf32>) -> tensor<4x1xf32>
  return %y : tensor<4x1xf32>
}

func.func @not_in_blocks(%x: tensor<4x16xf32>) -> tensor<4x1xf32> {
  %zero = arith.constant 0.0 : f32
  %w = arith.constant dense<[[1.0], [0.01], [-0.25], [0.125], [-1.75], [0.0], [0.0], [0.0],
                             [1.0], [0.5], [-0.25], [0.75], [-1.25], [0.0], [0.0], [0.0]]> : tensor<16x1xf32>
  %xq = colonnade.block_quantize %x rounding = <nearest> : tensor<4x16xf32> to tensor<4x16xf32, #rows>
  %xd = colonnade.drop_encoding %xq : tensor<4x16xf32, #rows> to tensor<4x16xf32>
  %e = tensor.empty() : tensor<4x1xf32>
  %z = linalg.fill ins(%zero : f32) outs(%e : tensor<4x1xf32>) -> tensor<4x1xf32>
  %y = linalg.matmul ins(%xd, %w : tensor<4x16xf32>, tensor<16x1xf32>) outs(%z : tensor<4x1xf32>) -> tensor<4x1xf32>
  return %y : tensor<4x1xf32>
}
