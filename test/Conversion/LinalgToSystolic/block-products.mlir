// RUN: colonnade-opt %s --convert-linalg-to-systolic=target=fast-256x64 | FileCheck %s
// RUN: colonnade-opt %s --convert-linalg-to-systolic=target=fast-256x64 | colonnade-opt | FileCheck %s
// RUN: colonnade-opt %s --convert-linalg-to-systolic=target=fast-256x64 --remarks-filter="systolic" --remark-format=emitRemark -o /dev/null 2>&1 | FileCheck %s --check-prefix=REMARK
// RUN: colonnade-opt %s --convert-linalg-to-systolic='target=fast-256x64 block-dataflow=cheapest' --remarks-filter="systolic" --remark-format=emitRemark -o /dev/null 2>&1 | FileCheck %s --check-prefix=CHEAPEST

// Few weights and many positions: what passes is what is small.
// CHEAPEST: layer product1 runs on the array{{.*}}dataflow=orthogonal{{.*}}held operand=0

#in = #colonnade.encoding<block_float = <axis = 0, group = 16, exponent = 8, mantissa = 4>>
#out = #colonnade.encoding<block_float = <axis = 1, group = 16, exponent = 8, mantissa = 4>>
#narrow = #colonnade.encoding<block_float = <axis = 1, group = 8, exponent = 8, mantissa = 4>>
#nio = affine_map<(n, i, o) -> (n, i)>
#nio1 = affine_map<(n, i, o) -> (i, o)>
#nio2 = affine_map<(n, i, o) -> (n, o)>

// Y = X W holds W as it lies, dX = G W^T holds it turned, dW = X^T G keeps sums.
// No tensor is transposed, and roundings become conversions.
// CHECK-LABEL: func.func @linear
// CHECK-SAME: (%[[X:.+]]: tensor<32x64xf32>, %[[W:.+]]: tensor<64x10xf32> {colonnade.parameter = "w"}, %[[G:.+]]: tensor<32x10xf32>, %[[C:.+]]: tensor<i64>)
// CHECK-NOT: colonnade.block_quantize
// CHECK: systolic.block_contract "product1" <weight_stationary> loops [32, 10, 64] reduce 1
// CHECK-SAME: held %[[W]] <group = 16, exponent = 8, mantissa = 4, rounding = <nearest>>
// CHECK-SAME: passing %[[X]] <group = 16, exponent = 8, mantissa = 2, rounding = <truncate>>
// CHECK: systolic.block_contract "product2" <orthogonal> loops [32, 64, 10] reduce 1
// CHECK-SAME: held %[[W]]
// CHECK-SAME: passing %[[G]] <group = 16, exponent = 8, mantissa = 4, rounding = <stochastic, seed = 7, noise_bits = 24>>
// CHECK-SAME: counter %[[C]]
// CHECK: systolic.block_contract "product3" <output_stationary> loops [64, 10, 32] reduce 1
// CHECK-SAME: held %[[G]] <group = 16, exponent = 8, mantissa = 4, rounding = <stochastic, seed = 8, noise_bits = 24>, counter = 3>
// CHECK-NOT: linalg
// CHECK: return
// REMARK: [Passed] mapped {{.*}}layer product1 runs on the array{{.*}}weight_stationary
// REMARK: [Passed] mapped {{.*}}layer product2 runs on the array{{.*}}orthogonal
// REMARK: [Passed] mapped {{.*}}layer product3 runs on the array{{.*}}output_stationary
func.func @linear(%x: tensor<32x64xf32>, %w: tensor<64x10xf32> {colonnade.parameter = "w"},
                  %g: tensor<32x10xf32>, %c: tensor<i64>)
    -> (tensor<32x10xf32>, tensor<32x64xf32>, tensor<64x10xf32>) {
  %zero = arith.constant 0.0 : f32
  %two = arith.constant 2 : i32
  %three = arith.constant 3 : i64
  %counter = tensor.extract %c[] : tensor<i64>
  %xf = colonnade.block_quantize %x rounding = <truncate> mantissa(%two) : tensor<32x64xf32> to tensor<32x64xf32, #out>
  %wf = colonnade.block_quantize %w rounding = <nearest> : tensor<64x10xf32> to tensor<64x10xf32, #in>
  %xd = colonnade.drop_encoding %xf : tensor<32x64xf32, #out> to tensor<32x64xf32>
  %wd = colonnade.drop_encoding %wf : tensor<64x10xf32, #in> to tensor<64x10xf32>
  %e0 = tensor.empty() : tensor<32x10xf32>
  %z0 = linalg.fill ins(%zero : f32) outs(%e0 : tensor<32x10xf32>) -> tensor<32x10xf32>
  %y = linalg.matmul ins(%xd, %wd : tensor<32x64xf32>, tensor<64x10xf32>) outs(%z0 : tensor<32x10xf32>) -> tensor<32x10xf32>

  %ga = colonnade.block_quantize %g rounding = <stochastic, seed = 7> counter(%counter) : tensor<32x10xf32> to tensor<32x10xf32, #out>
  %wb = colonnade.block_quantize %w rounding = <nearest> : tensor<64x10xf32> to tensor<64x10xf32, #out>
  %e1 = tensor.empty() : tensor<32x64xf32>
  %z1 = linalg.fill ins(%zero : f32) outs(%e1 : tensor<32x64xf32>) -> tensor<32x64xf32>
  %dx = linalg.generic {indexing_maps = [#nio1, #nio2, #nio], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%wb, %ga : tensor<64x10xf32, #out>, tensor<32x10xf32, #out>) outs(%z1 : tensor<32x64xf32>) {
  ^bb0(%a: f32, %b: f32, %s: f32):
    %p = arith.mulf %b, %a : f32
    %t = arith.addf %s, %p : f32
    linalg.yield %t : f32
  } -> tensor<32x64xf32>

  %gb = colonnade.block_quantize %g rounding = <stochastic, seed = 8> counter(%three) : tensor<32x10xf32> to tensor<32x10xf32, #in>
  %xb = colonnade.block_quantize %x rounding = <nearest> : tensor<32x64xf32> to tensor<32x64xf32, #in>
  %e2 = tensor.empty() : tensor<64x10xf32>
  %z2 = linalg.fill ins(%zero : f32) outs(%e2 : tensor<64x10xf32>) -> tensor<64x10xf32>
  %dw = linalg.generic {indexing_maps = [#nio, #nio2, #nio1], iterator_types = ["reduction", "parallel", "parallel"]}
      ins(%xb, %gb : tensor<32x64xf32, #in>, tensor<32x10xf32, #in>) outs(%z2 : tensor<64x10xf32>) {
  ^bb0(%a: f32, %b: f32, %s: f32):
    %p = arith.mulf %a, %b : f32
    %t = arith.addf %s, %p : f32
    linalg.yield %t : f32
  } -> tensor<64x10xf32>
  return %y, %dx, %dw : tensor<32x10xf32>, tensor<32x64xf32>, tensor<64x10xf32>
}

// What multiplies no blocks runs on the vector unit, and a remark says why.
// CHECK-LABEL: func.func @not_blocks
// CHECK-NOT: systolic.block_contract
// CHECK: return
// REMARK: [Missed] not-on-array {{.*}}operand 0 is not in blocks: round it with colonnade.block_quantize
// REMARK: [Missed] not-on-array {{.*}}the blocks of operand 1 lie along dimension 1, which the product does not sum up
// REMARK: [Missed] not-on-array {{.*}}operand 0 has blocks of 8 values with 8 exponent and 4 mantissa bits, but the cells hold blocks of 16 with up to 8 and 4
// REMARK: [Missed] not-on-array {{.*}}the mantissa bits are chosen at run time
func.func @not_blocks(%x: tensor<32x64xf32, #out>, %n: tensor<32x64xf32, #narrow>, %w: tensor<64x10xf32>,
                      %plain: tensor<32x64xf32>, %bits: tensor<i32>)
    -> (tensor<32x10xf32>, tensor<32x10xf32>, tensor<32x10xf32>, tensor<32x10xf32>) {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<32x10xf32>
  %z = linalg.fill ins(%zero : f32) outs(%e : tensor<32x10xf32>) -> tensor<32x10xf32>
  %in = colonnade.block_quantize %w rounding = <nearest> : tensor<64x10xf32> to tensor<64x10xf32, #in>
  %out = colonnade.block_quantize %w rounding = <nearest> : tensor<64x10xf32> to tensor<64x10xf32, #out>
  %in8 = colonnade.block_quantize %w rounding = <nearest> : tensor<64x10xf32> to tensor<64x10xf32, #colonnade.encoding<block_float = <axis = 0, group = 8, exponent = 8, mantissa = 4>>>
  %m = tensor.extract %bits[] : tensor<i32>
  %late = colonnade.block_quantize %w rounding = <nearest> mantissa(%m) : tensor<64x10xf32> to tensor<64x10xf32, #in>
  %0 = linalg.matmul ins(%plain, %in : tensor<32x64xf32>, tensor<64x10xf32, #in>) outs(%z : tensor<32x10xf32>) -> tensor<32x10xf32>
  %1 = linalg.matmul ins(%x, %out : tensor<32x64xf32, #out>, tensor<64x10xf32, #out>) outs(%z : tensor<32x10xf32>) -> tensor<32x10xf32>
  %2 = linalg.matmul ins(%n, %in8 : tensor<32x64xf32, #narrow>, tensor<64x10xf32, #colonnade.encoding<block_float = <axis = 0, group = 8, exponent = 8, mantissa = 4>>>) outs(%z : tensor<32x10xf32>) -> tensor<32x10xf32>
  %3 = linalg.matmul ins(%x, %late : tensor<32x64xf32, #out>, tensor<64x10xf32, #in>) outs(%z : tensor<32x10xf32>) -> tensor<32x10xf32>
  return %0, %1, %2, %3 : tensor<32x10xf32>, tensor<32x10xf32>, tensor<32x10xf32>, tensor<32x10xf32>
}
