// RUN: colonnade-opt %s --colonnade-normalize --colonnade-quantize="default-range=1" --colonnade-verify-promises | FileCheck %s
// RUN: colonnade-opt %s --colonnade-normalize --colonnade-quantize="default-range=1" --colonnade-combine-columns="fan-in=2 conflict-limit=1" --colonnade-verify-promises | FileCheck %s

// What float weights promise of their columns holds for their integers, also
// where factors of the channels are folded into them first. Combining leaves
// them as they are, though its options would prune.

// CHECK: #[[ENC:.+]] = #colonnade.encoding<columns = <row_axis = 0, fan_in = 4, assignment = [0, 1, 1]>>
// CHECK-LABEL: func.func @main
// CHECK: arith.constant
// CHECK-SAME{LITERAL}: dense<[[[[64]], [[0]], [[32]]], [[[-64]], [[32]], [[0]]]]>
// CHECK-SAME: tensor<2x3x1x1xi8, #[[ENC]]>
#columns = #colonnade.encoding<
  columns = <row_axis = 0, fan_in = 4, assignment = [0, 1, 1]>>
#id = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
#channel = affine_map<(d0, d1, d2, d3) -> (d1)>
func.func @main(%x: tensor<1x3x28x28xf32>) -> tensor<1x2x28x28xf32> {
  %zero = arith.constant 0.0 : f32
  %w = arith.constant dense<[[[[1.0]], [[0.0]], [[0.5]]], [[[-0.25]], [[0.125]], [[0.0]]]]> : tensor<2x3x1x1xf32, #columns>
  %factors = arith.constant dense<[2.0, 3.0]> : tensor<2xf32>
  %empty = tensor.empty() : tensor<1x2x28x28xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<1x2x28x28xf32>)
      -> tensor<1x2x28x28xf32>
  %y = linalg.conv_2d_nchw_fchw
      ins(%x, %w : tensor<1x3x28x28xf32>, tensor<2x3x1x1xf32, #columns>)
      outs(%init : tensor<1x2x28x28xf32>) -> tensor<1x2x28x28xf32>
  %scaled = linalg.generic {
      indexing_maps = [#id, #channel, #id],
      iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%y, %factors : tensor<1x2x28x28xf32>, tensor<2xf32>)
      outs(%empty : tensor<1x2x28x28xf32>) {
  ^bb0(%a: f32, %b: f32, %out: f32):
    %product = arith.mulf %a, %b : f32
    linalg.yield %product : f32
  } -> tensor<1x2x28x28xf32>
  return %scaled : tensor<1x2x28x28xf32>
}
