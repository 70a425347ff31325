// RUN: colonnade-opt %s --convert-linalg-to-systolic=target=fast-256x64 | FileCheck %s

// Two products that one elementwise op could follow: it follows the second, and
// moving both to it comes to an end.

#row = affine_map<(m, n) -> (m, n)>
// CHECK-LABEL: func.func @sum
// CHECK-COUNT-2: systolic.
// CHECK-NOT: linalg
func.func @sum(%a: tensor<8x4xf32>, %b: tensor<4x8xf32>, %c: tensor<8x4xf32>) -> tensor<8x8xf32> {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<8x8xf32>
  %z = linalg.fill ins(%zero : f32) outs(%e : tensor<8x8xf32>) -> tensor<8x8xf32>
  %first = linalg.matmul ins(%a, %b : tensor<8x4xf32>, tensor<4x8xf32>)
                         outs(%z : tensor<8x8xf32>) -> tensor<8x8xf32>
  %second = linalg.matmul ins(%c, %b : tensor<8x4xf32>, tensor<4x8xf32>)
                          outs(%z : tensor<8x8xf32>) -> tensor<8x8xf32>
  %sum = linalg.generic {indexing_maps = [#row, #row, #row], iterator_types = ["parallel", "parallel"]}
      ins(%first, %second : tensor<8x8xf32>, tensor<8x8xf32>) outs(%e : tensor<8x8xf32>) {
  ^bb0(%x: f32, %y: f32, %out: f32):
    %s = arith.addf %x, %y : f32
    linalg.yield %s : f32
  } -> tensor<8x8xf32>
  return %sum : tensor<8x8xf32>
}
