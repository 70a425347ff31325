// RUN: not colonnade-opt %s --convert-linalg-to-systolic=target=%S/../../../Conversion/LinalgToSystolic/Inputs/small.json --systolic-schedule 2>&1 | FileCheck %s

// Reductions are not cut: a row of 40 bytes must fit.

// CHECK: error: layer 'nest1' needs 40 bytes of data SRAM for one output position, {{.*}} target 'small' has 16: enlarge data_sram_bytes

#id = affine_map<(d0, d1) -> (d0, d1)>
#row = affine_map<(d0, d1) -> (d0)>
func.func @main(%x: tensor<64x40xi8>) -> tensor<64xi8> {
  %low = arith.constant -128 : i8
  %e = tensor.empty() : tensor<64xi8>
  %z = linalg.fill ins(%low : i8) outs(%e : tensor<64xi8>) -> tensor<64xi8>
  %y = linalg.generic {indexing_maps = [#id, #row], iterator_types = ["parallel", "reduction"]}
      ins(%x : tensor<64x40xi8>) outs(%z : tensor<64xi8>) {
  ^bb0(%a: i8, %o: i8):
    %m = arith.maxsi %a, %o : i8
    linalg.yield %m : i8
  } -> tensor<64xi8>
  return %y : tensor<64xi8>
}
