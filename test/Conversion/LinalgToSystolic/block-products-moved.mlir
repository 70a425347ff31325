// RUN: colonnade-opt %s --convert-linalg-to-systolic=target=fast-256x64 --remarks-filter="systolic" --remark-format=emitRemark -o /dev/null 2>&1 | FileCheck %s

// Values may be moved between the rounding and the product as long as whole lines
// of blocks are: what the array converts again it then leaves as it is.

#rows = #colonnade.encoding<block_float = <axis = 1, group = 16, exponent = 8, mantissa = 4>>
#columns = #colonnade.encoding<block_float = <axis = 0, group = 16, exponent = 8, mantissa = 4>>
#id = affine_map<(d0, d1) -> (d0, d1)>

// Lines in another order.
// CHECK: layer product1 runs on the array
func.func @flip(%x: tensor<8x32xf32>, %w: tensor<32x4xf32>) -> tensor<8x4xf32> {
  %zero = arith.constant 0.0 : f32
  %q = colonnade.block_quantize %x rounding = <nearest> : tensor<8x32xf32> to tensor<8x32xf32, #rows>
  %d = colonnade.drop_encoding %q : tensor<8x32xf32, #rows> to tensor<8x32xf32>
  %p = colonnade.block_quantize %w rounding = <nearest> : tensor<32x4xf32> to tensor<32x4xf32, #columns>
  %e1 = tensor.empty() : tensor<8x32xf32>
  %m = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (-d0 + 7, d1)>, #id], iterator_types = ["parallel", "parallel"]}
      ins(%d : tensor<8x32xf32>) outs(%e1 : tensor<8x32xf32>) {
  ^bb0(%a: f32, %b: f32):
    linalg.yield %a : f32
  } -> tensor<8x32xf32>
  %e = tensor.empty() : tensor<8x4xf32>
  %z = linalg.fill ins(%zero : f32) outs(%e : tensor<8x4xf32>) -> tensor<8x4xf32>
  %y = linalg.matmul ins(%m, %p : tensor<8x32xf32>, tensor<32x4xf32, #columns>) outs(%z : tensor<8x4xf32>) -> tensor<8x4xf32>
  return %y : tensor<8x4xf32>
}

// Lines of zeros.
// CHECK: layer product1 runs on the array
func.func @pad_lines(%x: tensor<8x32xf32>, %w: tensor<32x4xf32>) -> tensor<10x4xf32> {
  %zero = arith.constant 0.0 : f32
  %q = colonnade.block_quantize %x rounding = <nearest> : tensor<8x32xf32> to tensor<8x32xf32, #rows>
  %d = colonnade.drop_encoding %q : tensor<8x32xf32, #rows> to tensor<8x32xf32>
  %p = colonnade.block_quantize %w rounding = <nearest> : tensor<32x4xf32> to tensor<32x4xf32, #columns>
  %m = tensor.pad %d low[1, 0] high[1, 0] {
  ^bb0(%i: index, %j: index):
    tensor.yield %zero : f32
  } : tensor<8x32xf32> to tensor<10x32xf32>
  %e = tensor.empty() : tensor<10x4xf32>
  %z = linalg.fill ins(%zero : f32) outs(%e : tensor<10x4xf32>) -> tensor<10x4xf32>
  %y = linalg.matmul ins(%m, %p : tensor<10x32xf32>, tensor<32x4xf32, #columns>) outs(%z : tensor<10x4xf32>) -> tensor<10x4xf32>
  return %y : tensor<10x4xf32>
}

// Lines between zeros.
// CHECK: layer product1 runs on the array
func.func @insert_lines(%x: tensor<8x32xf32>, %w: tensor<32x4xf32>) -> tensor<16x4xf32> {
  %zero = arith.constant 0.0 : f32
  %q = colonnade.block_quantize %x rounding = <nearest> : tensor<8x32xf32> to tensor<8x32xf32, #rows>
  %d = colonnade.drop_encoding %q : tensor<8x32xf32, #rows> to tensor<8x32xf32>
  %p = colonnade.block_quantize %w rounding = <nearest> : tensor<32x4xf32> to tensor<32x4xf32, #columns>
  %e1 = tensor.empty() : tensor<16x32xf32>
  %z1 = linalg.fill ins(%zero : f32) outs(%e1 : tensor<16x32xf32>) -> tensor<16x32xf32>
  %m = tensor.insert_slice %d into %z1[0, 0] [8, 32] [2, 1] : tensor<8x32xf32> into tensor<16x32xf32>
  %e = tensor.empty() : tensor<16x4xf32>
  %z = linalg.fill ins(%zero : f32) outs(%e : tensor<16x4xf32>) -> tensor<16x4xf32>
  %y = linalg.matmul ins(%m, %p : tensor<16x32xf32>, tensor<32x4xf32, #columns>) outs(%z : tensor<16x4xf32>) -> tensor<16x4xf32>
  return %y : tensor<16x4xf32>
}

// Some of the lines.
// CHECK: layer product1 runs on the array
func.func @slice_lines(%x: tensor<8x32xf32>, %w: tensor<32x4xf32>) -> tensor<3x4xf32> {
  %zero = arith.constant 0.0 : f32
  %q = colonnade.block_quantize %x rounding = <nearest> : tensor<8x32xf32> to tensor<8x32xf32, #rows>
  %d = colonnade.drop_encoding %q : tensor<8x32xf32, #rows> to tensor<8x32xf32>
  %p = colonnade.block_quantize %w rounding = <nearest> : tensor<32x4xf32> to tensor<32x4xf32, #columns>
  %m = tensor.extract_slice %d[1, 0] [3, 32] [2, 1] : tensor<8x32xf32> to tensor<3x32xf32>
  %e = tensor.empty() : tensor<3x4xf32>
  %z = linalg.fill ins(%zero : f32) outs(%e : tensor<3x4xf32>) -> tensor<3x4xf32>
  %y = linalg.matmul ins(%m, %p : tensor<3x32xf32>, tensor<32x4xf32, #columns>) outs(%z : tensor<3x4xf32>) -> tensor<3x4xf32>
  return %y : tensor<3x4xf32>
}

// Lines read from their ends: a short block would be at the start.
// CHECK: operand 0 is not in blocks
func.func @flip_blocks(%x: tensor<8x32xf32>, %w: tensor<32x4xf32>) -> tensor<8x4xf32> {
  %zero = arith.constant 0.0 : f32
  %q = colonnade.block_quantize %x rounding = <nearest> : tensor<8x32xf32> to tensor<8x32xf32, #rows>
  %d = colonnade.drop_encoding %q : tensor<8x32xf32, #rows> to tensor<8x32xf32>
  %p = colonnade.block_quantize %w rounding = <nearest> : tensor<32x4xf32> to tensor<32x4xf32, #columns>
  %e1 = tensor.empty() : tensor<8x32xf32>
  %m = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, -d1 + 31)>, #id], iterator_types = ["parallel", "parallel"]}
      ins(%d : tensor<8x32xf32>) outs(%e1 : tensor<8x32xf32>) {
  ^bb0(%a: f32, %b: f32):
    linalg.yield %a : f32
  } -> tensor<8x32xf32>
  %e = tensor.empty() : tensor<8x4xf32>
  %z = linalg.fill ins(%zero : f32) outs(%e : tensor<8x4xf32>) -> tensor<8x4xf32>
  %y = linalg.matmul ins(%m, %p : tensor<8x32xf32>, tensor<32x4xf32, #columns>) outs(%z : tensor<8x4xf32>) -> tensor<8x4xf32>
  return %y : tensor<8x4xf32>
}

// Lines between others.
// CHECK: operand 0 is not in blocks
func.func @insert_among(%x: tensor<8x32xf32>, %w: tensor<32x4xf32>, %o: tensor<16x32xf32>) -> tensor<16x4xf32> {
  %zero = arith.constant 0.0 : f32
  %q = colonnade.block_quantize %x rounding = <nearest> : tensor<8x32xf32> to tensor<8x32xf32, #rows>
  %d = colonnade.drop_encoding %q : tensor<8x32xf32, #rows> to tensor<8x32xf32>
  %p = colonnade.block_quantize %w rounding = <nearest> : tensor<32x4xf32> to tensor<32x4xf32, #columns>
  %m = tensor.insert_slice %d into %o[0, 0] [8, 32] [2, 1] : tensor<8x32xf32> into tensor<16x32xf32>
  %e = tensor.empty() : tensor<16x4xf32>
  %z = linalg.fill ins(%zero : f32) outs(%e : tensor<16x4xf32>) -> tensor<16x4xf32>
  %y = linalg.matmul ins(%m, %p : tensor<16x32xf32>, tensor<32x4xf32, #columns>) outs(%z : tensor<16x4xf32>) -> tensor<16x4xf32>
  return %y : tensor<16x4xf32>
}

// No copy: twice the values.
// CHECK: operand 0 is not in blocks
func.func @scaled(%x: tensor<8x32xf32>, %w: tensor<32x4xf32>) -> tensor<8x4xf32> {
  %zero = arith.constant 0.0 : f32
  %q = colonnade.block_quantize %x rounding = <nearest> : tensor<8x32xf32> to tensor<8x32xf32, #rows>
  %d = colonnade.drop_encoding %q : tensor<8x32xf32, #rows> to tensor<8x32xf32>
  %p = colonnade.block_quantize %w rounding = <nearest> : tensor<32x4xf32> to tensor<32x4xf32, #columns>
  %e1 = tensor.empty() : tensor<8x32xf32>
  %m = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%d : tensor<8x32xf32>) outs(%e1 : tensor<8x32xf32>) {
  ^bb0(%a: f32, %b: f32):
    %two = arith.addf %a, %a : f32
    linalg.yield %two : f32
  } -> tensor<8x32xf32>
  %e = tensor.empty() : tensor<8x4xf32>
  %z = linalg.fill ins(%zero : f32) outs(%e : tensor<8x4xf32>) -> tensor<8x4xf32>
  %y = linalg.matmul ins(%m, %p : tensor<8x32xf32>, tensor<32x4xf32, #columns>) outs(%z : tensor<8x4xf32>) -> tensor<8x4xf32>
  return %y : tensor<8x4xf32>
}

// Zeros in front of a line: its blocks begin elsewhere.
// CHECK: operand 0 is not in blocks
func.func @pad_blocks(%x: tensor<8x30xf32>, %w: tensor<32x4xf32>) -> tensor<8x4xf32> {
  %zero = arith.constant 0.0 : f32
  %q = colonnade.block_quantize %x rounding = <nearest> : tensor<8x30xf32> to tensor<8x30xf32, #rows>
  %d = colonnade.drop_encoding %q : tensor<8x30xf32, #rows> to tensor<8x30xf32>
  %p = colonnade.block_quantize %w rounding = <nearest> : tensor<32x4xf32> to tensor<32x4xf32, #columns>
  %m = tensor.pad %d low[0, 2] high[0, 0] {
  ^bb0(%i: index, %j: index):
    tensor.yield %zero : f32
  } : tensor<8x30xf32> to tensor<8x32xf32>
  %e = tensor.empty() : tensor<8x4xf32>
  %z = linalg.fill ins(%zero : f32) outs(%e : tensor<8x4xf32>) -> tensor<8x4xf32>
  %y = linalg.matmul ins(%m, %p : tensor<8x32xf32>, tensor<32x4xf32, #columns>) outs(%z : tensor<8x4xf32>) -> tensor<8x4xf32>
  return %y : tensor<8x4xf32>
}

// Sums that start elsewhere.
// CHECK: the sums must start at zero: add what they start at in an elementwise op
func.func @bias(%x: tensor<8x32xf32>, %w: tensor<32x4xf32>, %b: tensor<8x4xf32>) -> tensor<8x4xf32> {
  %q = colonnade.block_quantize %x rounding = <nearest> : tensor<8x32xf32> to tensor<8x32xf32, #rows>
  %p = colonnade.block_quantize %w rounding = <nearest> : tensor<32x4xf32> to tensor<32x4xf32, #columns>
  %y = linalg.matmul ins(%q, %p : tensor<8x32xf32, #rows>, tensor<32x4xf32, #columns>) outs(%b : tensor<8x4xf32>) -> tensor<8x4xf32>
  return %y : tensor<8x4xf32>
}
