// RUN: colonnade-opt %s --convert-linalg-to-systolic=target=%S/../../../data/targets/tiny-8x4.json --systolic-schedule | colonnade-opt --systolic-verify-schedule | FileCheck %s

// 64 x 40 floats do not fit into 4096 bytes: the nest runs over chunks of rows,
// the outer loop first, with a box of each tensor; the row that all chunks
// read is loaded once.

// CHECK-LABEL: systolic.program @main
// CHECK:         %[[ONCE:.*]] = systolic.dma_box "nest1" {{.*}} box [1, 40] of [1, 40]
// CHECK:         scf.for %[[I:.*]] = %{{.*}} to %{{.*}} step %{{.*}}
// CHECK:           %[[BOX:.*]] = systolic.dma_box "nest1" {{.*}} chunked = true> box [4, 40] of [64, 40] at[%[[I]],
// CHECK:           %[[PASS:.*]] = systolic.nest_pass "nest1" loops [64, 40] chunk [4, 40] at[%[[I]], {{.*}} after %[[ONCE]], %[[BOX]],
// CHECK:           systolic.dma_box "nest1" {{.*}} box [4, 40] of [64, 40] at[%[[I]], {{.*}} after %[[PASS]]

#id = affine_map<(d0, d1) -> (d0, d1)>
#row = affine_map<(d0, d1) -> (0, d1)>
func.func @main(%x: tensor<64x40xf32>) -> tensor<64x40xf32> {
  %b = arith.constant dense_resource<bias> : tensor<1x40xf32>
  %e = tensor.empty() : tensor<64x40xf32>
  %y = linalg.generic {indexing_maps = [#id, #row, #id], iterator_types = ["parallel", "parallel"]}
      ins(%x, %b : tensor<64x40xf32>, tensor<1x40xf32>) outs(%e : tensor<64x40xf32>) {
  ^bb0(%a: f32, %c: f32, %o: f32):
    %s = arith.addf %a, %c : f32
    linalg.yield %s : f32
  } -> tensor<64x40xf32>
  return %y : tensor<64x40xf32>
}

{-#
  dialect_resources: {
    builtin: {
      bias: "0x04000000000000000000803F0000004000004040000080400000A0400000C0400000E0400000004100001041000020410000304100004041000050410000604100007041000080410000884100009041000098410000A0410000A8410000B0410000B8410000C0410000C8410000D0410000D8410000E0410000E8410000F0410000F84100000042000004420000084200000C4200001042000014420000184200001C42"
    }
  }
#-}
