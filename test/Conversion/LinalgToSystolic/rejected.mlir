// RUN: colonnade-opt %s --convert-linalg-to-systolic=target=edge-32x32 | FileCheck %s
// RUN: not colonnade-opt %s --convert-linalg-to-systolic=target=edge-32x32 --systolic-schedule -o %t.out 2>&1 | FileCheck %s --check-prefix=ERROR
// RUN: not ls %t.out
// RUN: not colonnade-opt %s --convert-linalg-to-systolic=target=no-such-machine 2>&1 | FileCheck %s --check-prefix=TARGET

// What the vector unit has no operation for stays, and says why; the schedule
// is refused and no file is left.

// CHECK: systolic.rejected = "the vector unit has no 'arith.divui'"
// ERROR: error: 'linalg.generic' is not mapped to the machine: the vector unit has no 'arith.divui'
// TARGET: no-such-machine:1:1: error: cannot read target: {{.*}}; shipped targets are camel-edram, camel-sram, edge-32x32, fast-256x64, paper-cc-32x32, paper-tq-128x64

#id = affine_map<(d0, d1) -> (d0, d1)>
func.func @main(%x: tensor<4x8xi32>) -> tensor<4x8xi32> {
  %empty = tensor.empty() : tensor<4x8xi32>
  %y = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%x : tensor<4x8xi32>) outs(%empty : tensor<4x8xi32>) {
  ^bb0(%a: i32, %o: i32):
    %three = arith.constant 3 : i32
    %q = arith.divui %a, %three : i32
    linalg.yield %q : i32
  } -> tensor<4x8xi32>
  return %y : tensor<4x8xi32>
}
