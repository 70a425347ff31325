// RUN: colonnade-opt %s --colonnade-strip-encodings | FileCheck %s --implicit-check-not=colonnade
// RUN: colonnade-opt %s --colonnade-strip-encodings=keep-block-products | FileCheck %s --check-prefix=KEEP

#rows = #colonnade.encoding<block_float = <axis = 1, group = 16, exponent = 8, mantissa = 4>>
#columns = #colonnade.encoding<block_float = <axis = 0, group = 16, exponent = 8, mantissa = 4>>

// Each block exactly, in f64; then rounded, and added block by block.
// CHECK-LABEL: func.func @blocks
// CHECK-SAME: (%[[X:.+]]: tensor<8x40xf32>, %[[W:.+]]: tensor<40x5xf32>)
// CHECK: %[[SUMS:.+]]:2 = linalg.generic {{.*}}iterator_types = ["parallel", "parallel", "reduction"]} ins(%[[X]], %[[W]]
// CHECK: ^bb0(%[[A:.+]]: f32, %[[B:.+]]: f32, %[[SUM:.+]]: f32, %[[BLOCK:.+]]: f64):
// CHECK: linalg.index 2
// CHECK: arith.constant 16
// CHECK: arith.constant 15
// CHECK: arith.constant 39
// CHECK: arith.mulf %{{.+}}, %{{.+}} : f64
// CHECK: arith.addf %[[BLOCK]], %{{.+}} : f64
// CHECK: arith.truncf {{.*}} : f64 to f32
// CHECK: arith.addf %[[SUM]], %{{.+}} : f32
// CHECK: return %[[SUMS]]#0
// KEEP-LABEL: func.func @blocks
// KEEP: linalg.matmul
func.func @blocks(%x: tensor<8x40xf32, #rows>, %w: tensor<40x5xf32, #columns>) -> tensor<8x5xf32> {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<8x5xf32>
  %z = linalg.fill ins(%zero : f32) outs(%e : tensor<8x5xf32>) -> tensor<8x5xf32>
  %y = linalg.matmul ins(%x, %w : tensor<8x40xf32, #rows>, tensor<40x5xf32, #columns>) outs(%z : tensor<8x5xf32>) -> tensor<8x5xf32>
  return %y : tensor<8x5xf32>
}

// Blocks along what is not summed up meet no blocks: linalg's order.
// CHECK-LABEL: func.func @other_axis
// CHECK: linalg.matmul
func.func @other_axis(%x: tensor<8x40xf32, #columns>, %w: tensor<40x5xf32, #columns>) -> tensor<8x5xf32> {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<8x5xf32>
  %z = linalg.fill ins(%zero : f32) outs(%e : tensor<8x5xf32>) -> tensor<8x5xf32>
  %y = linalg.matmul ins(%x, %w : tensor<8x40xf32, #columns>, tensor<40x5xf32, #columns>) outs(%z : tensor<8x5xf32>) -> tensor<8x5xf32>
  return %y : tensor<8x5xf32>
}
