// RUN: colonnade-opt %s --convert-linalg-to-systolic=target=%S/../../../data/targets/tiny-block-8x4.json --systolic-schedule | FileCheck %s
// RUN: colonnade-opt %s --convert-linalg-to-systolic=target=%S/../../../data/targets/tiny-block-8x4.json --systolic-schedule | colonnade-opt | FileCheck %s
// RUN: colonnade-opt %s --convert-linalg-to-systolic=target=%S/../../../data/targets/tiny-block-8x4.json --systolic-schedule | colonnade-opt --systolic-verify-schedule | colonnade-translate --systolic-to-json | FileCheck %s --check-prefix=JSON

// 24 x 16 sums need 1,536 bytes of accumulators, and the machine has 1,024: two
// chunks. Each is a pass of the array, which converts both operands to blocks,
// and a pass of the vector unit that moves the sums.
// CHECK-LABEL: systolic.program @main
// CHECK-DAG: %[[ACC:.+]] = systolic.buffer "accumulators" at 0 size 1024
// CHECK-DAG: %[[HELD:.+]] = systolic.buffer "held_blocks" at 0 size {{.+}} : !systolic.buffer<weight_sram>
// CHECK-DAG: %[[PASSING:.+]] = systolic.buffer "passing_blocks" at {{.+}} : !systolic.buffer<data_sram>
// CHECK: scf.for %[[ROW:[a-z0-9]+]] = 
// CHECK: %[[TOKEN:.+]] = systolic.block_pass "product1" <weight_stationary> loops [24, 16, 6] chunk [12, 16, 6] at[%[[ROW]], %{{.+}}, %{{.+}}] reduce 1
// CHECK-SAME: in %[[HELD]]
// CHECK-SAME: in %[[PASSING]]
// CHECK-SAME: accumulators %[[ACC]]
// CHECK: systolic.nest_pass "product1" loops [24, 16] chunk [12, 16]
// CHECK-SAME: ins(%[[ACC]]
// CHECK-SAME: after %[[TOKEN]]

// JSON: "kind": "block_pass"
// JSON-NEXT: "dataflow": "forward"
// JSON: "group": 4
// JSON: "mantissa_bits": 3
// JSON: "rounding": "nearest"

#rows = #colonnade.encoding<block_float = <axis = 1, group = 4, exponent = 8, mantissa = 4>>
#columns = #colonnade.encoding<block_float = <axis = 0, group = 4, exponent = 8, mantissa = 3>>
func.func @main(%x: tensor<24x6xf32>) -> tensor<24x16xf32> {
  %zero = arith.constant 0.0 : f32
  %w = arith.constant dense<0.75> : tensor<6x16xf32, #columns>
  %q = colonnade.block_quantize %x rounding = <nearest> : tensor<24x6xf32> to tensor<24x6xf32, #rows>
  %e = tensor.empty() : tensor<24x16xf32>
  %z = linalg.fill ins(%zero : f32) outs(%e : tensor<24x16xf32>) -> tensor<24x16xf32>
  %y = linalg.matmul ins(%q, %w : tensor<24x6xf32, #rows>, tensor<6x16xf32, #columns>) outs(%z : tensor<24x16xf32>) -> tensor<24x16xf32>
  return %y : tensor<24x16xf32>
}
