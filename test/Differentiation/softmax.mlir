// RUN: colonnade-opt %s --colonnade-differentiate --canonicalize | FileCheck %s

#all = affine_map<(i, j) -> (i, j)>
#row = affine_map<(i, j) -> (i)>

// A softmax as networks have it, of four ops. Its exponentials and their sum
// are used again; the maximum passes back what cancels.
// CHECK-LABEL: func.func @main_gradient
// CHECK-SAME: (%[[X:.*]]: tensor<2x3xf32>, %[[DY:.*]]: tensor<2x3xf32>)
func.func @main(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %low = arith.constant 0xFF800000 : f32
  %zero = arith.constant 0.0 : f32
  %er = tensor.empty() : tensor<2xf32>
  %ea = tensor.empty() : tensor<2x3xf32>
  %starts = linalg.fill ins(%low : f32) outs(%er : tensor<2xf32>) -> tensor<2xf32>
  %zeros = linalg.fill ins(%zero : f32) outs(%er : tensor<2xf32>) -> tensor<2xf32>
  // CHECK: %[[MAX:.*]] = linalg.generic
  // CHECK: arith.maximumf
  %max = linalg.generic {indexing_maps = [#all, #row],
                         iterator_types = ["parallel", "reduction"]}
      ins(%x : tensor<2x3xf32>) outs(%starts : tensor<2xf32>) {
  ^bb0(%a: f32, %m: f32):
    %next = arith.maximumf %a, %m : f32
    linalg.yield %next : f32
  } -> tensor<2xf32>
  // CHECK: %[[EXP:.*]] = linalg.generic
  // CHECK: math.exp
  %exp = linalg.generic {indexing_maps = [#all, #row, #all],
                         iterator_types = ["parallel", "parallel"]}
      ins(%x, %max : tensor<2x3xf32>, tensor<2xf32>) outs(%ea : tensor<2x3xf32>) {
  ^bb0(%a: f32, %m: f32, %out: f32):
    %d = arith.subf %a, %m : f32
    %p = math.exp %d : f32
    linalg.yield %p : f32
  } -> tensor<2x3xf32>
  // CHECK: %[[SUM:.*]] = linalg.generic
  // CHECK: arith.addf
  %sum = linalg.generic {indexing_maps = [#all, #row],
                         iterator_types = ["parallel", "reduction"]}
      ins(%exp : tensor<2x3xf32>) outs(%zeros : tensor<2xf32>) {
  ^bb0(%a: f32, %s: f32):
    %next = arith.addf %a, %s : f32
    linalg.yield %next : f32
  } -> tensor<2xf32>
  // CHECK: %[[Y:.*]] = linalg.generic
  // CHECK: arith.divf
  %y = linalg.generic {indexing_maps = [#all, #row, #all],
                       iterator_types = ["parallel", "parallel"]}
      ins(%exp, %sum : tensor<2x3xf32>, tensor<2xf32>) outs(%ea : tensor<2x3xf32>) {
  ^bb0(%a: f32, %s: f32, %out: f32):
    %q = arith.divf %a, %s : f32
    linalg.yield %q : f32
  } -> tensor<2x3xf32>
  // CHECK: %[[DEXP:.*]] = linalg.generic {{.*}} ins(%[[SUM]], %[[DY]]
  // CHECK: arith.divf
  // CHECK: %[[DSUM:.*]] = linalg.generic {{.*}} ["parallel", "reduction"]} ins(%[[EXP]], %[[SUM]], %[[DY]]
  // CHECK: } -> tensor<2xf32>
  // CHECK: return %[[Y]], %{{.*}} : tensor<2x3xf32>, tensor<2x3xf32>
  return %y : tensor<2x3xf32>
}
