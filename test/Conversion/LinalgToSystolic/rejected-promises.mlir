// A promise helps only where the layer reads its weights as the promise does;
// otherwise the layer is refused, or a depthwise one runs on the vector unit,
// and the reason is said.

// RUN: colonnade-opt %s --split-input-file --convert-linalg-to-systolic=target=edge-32x32 --remarks-filter=systolic --remark-format=emitRemark -o /dev/null 2>&1 | FileCheck %s

#whole = #colonnade.encoding<
  columns = <row_axis = 2, fan_in = 2, assignment = [0, 1, 0, 1]>>

// CHECK: remark: [Missed] rejected | Category:systolic {{.*}}the layer reads its weights with row_axis = 2 and block_axis = 0, but their columns promise is about row_axis = 2: combine the columns of each layer's own weights
func.func @main(%x: tensor<2x3x2xi8>) -> tensor<2x3x2xi32> {
  %zero = arith.constant 0 : i32
  %w = arith.constant dense<[[[1, 0], [0, 1]], [[0, 1], [1, 0]]]> : tensor<2x2x2xi8, #whole>
  %e = tensor.empty() : tensor<2x3x2xi32>
  %f = linalg.fill ins(%zero : i32) outs(%e : tensor<2x3x2xi32>) -> tensor<2x3x2xi32>
  %y = linalg.batch_matmul ins(%x, %w : tensor<2x3x2xi8>, tensor<2x2x2xi8, #whole>)
                           outs(%f : tensor<2x3x2xi32>) -> tensor<2x3x2xi32>
  return %y : tensor<2x3x2xi32>
}

// -----

#taps = #colonnade.encoding<
  columns = <row_axis = 0, fan_in = 2, assignment = [0, 0]>>

// CHECK: remark: [Passed] depthwise | Category:systolic
// CHECK-SAME: Reason="not on the array: combined columns of depthwise weights are not supported: leave them to the packing"
// CHECK-SAME: Remark="runs on the vector unit", blocks=0, vector cycles=
func.func @main(%x: tensor<1x2x1x4xi8>) -> tensor<1x2x1x3xi32> {
  %zero = arith.constant 0 : i32
  %w = arith.constant dense<[[[1, 0]], [[0, 1]]]> : tensor<2x1x2xi8, #taps>
  %e = tensor.empty() : tensor<1x2x1x3xi32>
  %f = linalg.fill ins(%zero : i32) outs(%e : tensor<1x2x1x3xi32>) -> tensor<1x2x1x3xi32>
  %y = linalg.depthwise_conv_2d_nchw_chw
      ins(%x, %w : tensor<1x2x1x4xi8>, tensor<2x1x2xi8, #taps>)
      outs(%f : tensor<1x2x1x3xi32>) -> tensor<1x2x1x3xi32>
  return %y : tensor<1x2x1x3xi32>
}
