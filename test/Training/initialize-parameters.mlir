// RUN: colonnade-opt %s --colonnade-initialize-parameters=seed=3 | FileCheck %s
// RUN: colonnade-opt %s --colonnade-initialize-parameters=seed=3 > %t.same
// RUN: colonnade-opt %s --colonnade-initialize-parameters=seed=3 | diff %t.same -
// RUN: colonnade-opt %s --colonnade-initialize-parameters=seed=4 | not diff %t.same - > /dev/null

// Weights within sqrt(6 / 6) = 1, a bias of 0, a factor of 1.
// CHECK-LABEL: func.func @main
// CHECK: arith.constant dense<{{.*}}{{-?}}0.{{.*}}> : tensor<6x2xf32>
// CHECK: arith.constant dense<0.000000e+00> : tensor<2xf32>
// CHECK: arith.constant dense<1.000000e+00> : tensor<2xf32>
func.func @main(%x: tensor<1x6xf32>) -> tensor<1x2xf32> {
  %w = arith.constant dense<[[9.0, 8.0], [7.0, 6.0], [5.0, 4.0], [9.0, 8.0], [7.0, 6.0], [5.0, 4.0]]> : tensor<6x2xf32>
  %b = arith.constant dense<[3.0, 2.0]> : tensor<2xf32>
  %f = arith.constant dense<[3.0, 2.5]> : tensor<2xf32>
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<1x2xf32>
  %i = linalg.fill ins(%zero : f32) outs(%e : tensor<1x2xf32>) -> tensor<1x2xf32>
  %p = linalg.matmul ins(%x, %w : tensor<1x6xf32>, tensor<6x2xf32>) outs(%i : tensor<1x2xf32>) -> tensor<1x2xf32>
  %y = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d1)>, affine_map<(d0, d1) -> (d1)>, affine_map<(d0, d1) -> (d0, d1)>], iterator_types = ["parallel", "parallel"]}
      ins(%p, %b, %f : tensor<1x2xf32>, tensor<2xf32>, tensor<2xf32>) outs(%e : tensor<1x2xf32>) {
  ^bb0(%a: f32, %c: f32, %d: f32, %out: f32):
    %s = arith.addf %a, %c : f32
    %m = arith.mulf %s, %d : f32
    linalg.yield %m : f32
  } -> tensor<1x2xf32>
  return %y : tensor<1x2xf32>
}
