// RUN: colonnade-opt %s --convert-linalg-to-systolic=target=edge-32x32 | FileCheck %s
// RUN: colonnade-opt %s --convert-linalg-to-systolic=target=edge-32x32 | colonnade-opt | FileCheck %s
// RUN: colonnade-opt %s --convert-linalg-to-systolic=target=edge-32x32 --systolic-schedule | colonnade-opt --systolic-verify-schedule | FileCheck %s --check-prefix=SCHEDULE

// Generic ops become nests: the loops of the result's dimensions first, then
// the reductions; constants that are the same everywhere join the body.

#id = affine_map<(d0, d1) -> (d0, d1)>
#row = affine_map<(d0, d1) -> (d0, 0)>
#scalar = affine_map<(d0, d1) -> ()>
#swapped = affine_map<(d0, d1) -> (d1)>

// CHECK-DAG: #[[$ID:.*]] = affine_map<(d0, d1) -> (d0, d1)>
// CHECK-DAG: #[[$SUM:.*]] = affine_map<(d0, d1, d2) -> (d0, d2)>
// CHECK-DAG: #[[$COLUMN:.*]] = affine_map<(d0, d1) -> (d1, d0)>

// CHECK-LABEL: func.func @main(
// CHECK-SAME:      %[[X:.*]]: tensor<4x8xi8>
// CHECK:         %[[REAL:.*]] = systolic.nest "nest1" loops [4, 8] ins(%[[X]]) [#[[$ID]]]
// CHECK-NEXT:    ^bb0(%[[A:.*]]: i8):
// CHECK-DAG:       %[[SCALE:.*]] = arith.constant 2.500000e-01 : f32
// CHECK-DAG:       %[[F:.*]] = arith.sitofp %[[A]]
// CHECK:           arith.mulf %[[F]], %[[SCALE]]
// CHECK:         %[[ROWS:.*]] = systolic.nest "nest2" loops [4, 1, 8] reduce 1 from 0.000000e+00 : f32 ins(%[[REAL]]) [#[[$SUM]]]
// CHECK-NEXT:    ^bb0(%[[B:.*]]: f32, %[[OLD:.*]]: f32):
// CHECK-NEXT:      arith.addf %[[OLD]], %[[B]]
// CHECK:         %[[QUOTIENT:.*]] = systolic.nest "nest3" loops [4, 8] ins(%[[REAL]], %[[ROWS]])
// CHECK:         systolic.nest "nest4" loops [8, 4] reduce 1 from -1.000000e+02 : f32 ins(%[[QUOTIENT]]) [#[[$COLUMN]]]
// CHECK-NOT:     linalg.

// Everything fits, so that each nest is one pass.
// SCHEDULE:     systolic.dma_box "input"
// SCHEDULE-NOT: scf.for
// SCHEDULE:     systolic.nest_pass "nest1" loops [4, 8] chunk [4, 8] at[%[[ZERO:.*]], %[[ZERO]]]
// SCHEDULE:     systolic.nest_pass "nest2" loops [4, 1, 8] chunk [4, 1, 8] {{.*}} reduce 1
// SCHEDULE:     systolic.nest_pass "nest3"
// SCHEDULE:     %[[LAST:.*]] = systolic.nest_pass "nest4"
// SCHEDULE:     systolic.dma_box "output" {{.*}} after {{.*}}%[[LAST]]

func.func @main(%x: tensor<4x8xi8>) -> tensor<8xf32> {
  %quarter = arith.constant dense<0.25> : tensor<f32>
  %zero = arith.constant 0.0 : f32
  %low = arith.constant -100.0 : f32
  %e = tensor.empty() : tensor<4x8xf32>
  %real = linalg.generic {indexing_maps = [#id, #scalar, #id], iterator_types = ["parallel", "parallel"]}
      ins(%x, %quarter : tensor<4x8xi8>, tensor<f32>) outs(%e : tensor<4x8xf32>) {
  ^bb0(%a: i8, %s: f32, %o: f32):
    %f = arith.sitofp %a : i8 to f32
    %m = arith.mulf %f, %s : f32
    linalg.yield %m : f32
  } -> tensor<4x8xf32>
  %er = tensor.empty() : tensor<4x1xf32>
  %zr = linalg.fill ins(%zero : f32) outs(%er : tensor<4x1xf32>) -> tensor<4x1xf32>
  %rows = linalg.generic {indexing_maps = [#id, #row], iterator_types = ["parallel", "reduction"]}
      ins(%real : tensor<4x8xf32>) outs(%zr : tensor<4x1xf32>) {
  ^bb0(%a: f32, %o: f32):
    %s = arith.addf %o, %a : f32
    linalg.yield %s : f32
  } -> tensor<4x1xf32>
  %quotient = linalg.generic {indexing_maps = [#id, #row, #id], iterator_types = ["parallel", "parallel"]}
      ins(%real, %rows : tensor<4x8xf32>, tensor<4x1xf32>) outs(%e : tensor<4x8xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %q = arith.divf %a, %b : f32
    linalg.yield %q : f32
  } -> tensor<4x8xf32>
  %em = tensor.empty() : tensor<8xf32>
  %zm = linalg.fill ins(%low : f32) outs(%em : tensor<8xf32>) -> tensor<8xf32>
  %columns = linalg.generic {indexing_maps = [#id, #swapped], iterator_types = ["reduction", "parallel"]}
      ins(%quotient : tensor<4x8xf32>) outs(%zm : tensor<8xf32>) {
  ^bb0(%a: f32, %o: f32):
    %m = arith.maximumf %o, %a : f32
    linalg.yield %m : f32
  } -> tensor<8xf32>
  return %columns : tensor<8xf32>
}
