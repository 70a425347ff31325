// RUN: sed 's/20/2000/g' %s > %t.long.mlir
// RUN: not colonnade-opt %t.long.mlir --convert-linalg-to-systolic=target=%S/../../../data/targets/tiny-block-8x4.json --systolic-schedule 2>&1 | FileCheck %s --check-prefix=LONG
// RUN: sed 's/20/20/g' %s > %t.short.mlir
// RUN: colonnade-opt %t.short.mlir --convert-linalg-to-systolic=target=%S/../../../data/targets/tiny-block-8x4.json | sed 's/#systolic.block<group = 4, exponent = 8, mantissa = 8>/#systolic.mac<fan_in = 1>/; s/block_sum = [^,]*, //; s/chunk_product = [^,]*, /mac = 1.0, /; s/converter_value = [^,]*, //; s/, converter_values_per_cycle = 8//' > %t.mac.mlir
// RUN: not colonnade-opt %t.mac.mlir --systolic-schedule 2>&1 | FileCheck %s --check-prefix=CELLS

// Reductions are not cut: the blocks of a line must fit, and the line too.
// LONG: error: layer 'product1' needs 4 bytes of accumulators and 2000 bytes of weight SRAM for the blocks of one line, but target 'tiny-block-8x4' has 1024 and 1024: enlarge accumulator_bytes or weight_sram_bytes

// A schedule is for a machine that multiplies blocks.
// CELLS: error: layer 'product1' multiplies blocks, but target 'tiny-block-8x4' has cells of type #systolic.mac<fan_in = 1>: schedule it for a target with block cells

#rows = #colonnade.encoding<block_float = <axis = 1, group = 4, exponent = 8, mantissa = 4>>
#columns = #colonnade.encoding<block_float = <axis = 0, group = 4, exponent = 8, mantissa = 3>>
func.func @main(%x: tensor<2x20xf32>, %w: tensor<20x2xf32>) -> tensor<2x2xf32> {
  %zero = arith.constant 0.0 : f32
  %q = colonnade.block_quantize %x rounding = <nearest> : tensor<2x20xf32> to tensor<2x20xf32, #rows>
  %p = colonnade.block_quantize %w rounding = <nearest> : tensor<20x2xf32> to tensor<20x2xf32, #columns>
  %e = tensor.empty() : tensor<2x2xf32>
  %z = linalg.fill ins(%zero : f32) outs(%e : tensor<2x2xf32>) -> tensor<2x2xf32>
  %y = linalg.matmul ins(%q, %p : tensor<2x20xf32, #rows>, tensor<20x2xf32, #columns>) outs(%z : tensor<2x2xf32>) -> tensor<2x2xf32>
  return %y : tensor<2x2xf32>
}
