// A model that quantizes its own input gets it as these integers, unsigned ones
// less 128; weights keep theirs though a channel's largest is below 127.

// RUN: colonnade-opt %s --split-input-file --colonnade-normalize --colonnade-quantize="default-range=1" | FileCheck %s

#id = affine_map<(d0, d1) -> (d0, d1)>

// CHECK-LABEL: func.func @own_form(
// CHECK-SAME: [[X:%.+]]: tensor<1x2xi8> {colonnade.scale = 5.000000e-01 : f64, colonnade.zero_point = -28 : i32})
// CHECK: [[W:%.+]] = arith.constant dense<{{\[\[}}100, 66], [-7, 100]]> : tensor<2x2xi8>
// CHECK: linalg.matmul ins([[X]], [[W]] :
func.func @own_form(%x: tensor<1x2xf32>) -> tensor<1x2xf32> {
  %zero = arith.constant 0.0 : f32
  %scale = arith.constant 0.5 : f32
  %offset = arith.constant 100.0 : f32
  %high = arith.constant 255.0 : f32
  %bytes = tensor.empty() : tensor<1x2xi8>
  %q = linalg.generic {indexing_maps = [#id, #id],
                       iterator_types = ["parallel", "parallel"]}
      ins(%x : tensor<1x2xf32>) outs(%bytes : tensor<1x2xi8>) {
  ^bb0(%a: f32, %o: i8):
    %0 = arith.divf %a, %scale : f32
    %1 = math.roundeven %0 : f32
    %2 = arith.addf %1, %offset : f32
    %3 = arith.maximumf %2, %zero : f32
    %4 = arith.minimumf %3, %high : f32
    %5 = arith.fptoui %4 : f32 to i8
    linalg.yield %5 : i8
  } -> tensor<1x2xi8>
  %typed = quant.scast %q : tensor<1x2xi8> to tensor<1x2x!quant.uniform<u8:f32, 0.5:100>>
  %d = quant.dcast %typed : tensor<1x2x!quant.uniform<u8:f32, 0.5:100>> to tensor<1x2xf32>
  // 0.1 * 100 and 0.1 * -7; 0.1 * 33 and 0.1 * 50, as one scale for all weights
  // makes them: the second channel has room for twice as many steps.
  %w = arith.constant dense<[[10.0, 3.3], [-0.7, 5.0]]> : tensor<2x2xf32>
  %empty = tensor.empty() : tensor<1x2xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<1x2xf32>) -> tensor<1x2xf32>
  %y = linalg.matmul ins(%d, %w : tensor<1x2xf32>, tensor<2x2xf32>)
      outs(%init : tensor<1x2xf32>) -> tensor<1x2xf32>
  return %y : tensor<1x2xf32>
}

// -----

#id = affine_map<(d0, d1) -> (d0, d1)>

// Two forms of the input: it comes at the scale of its range, and both are made
// of that.
// CHECK-LABEL: func.func @two_forms(
// CHECK-SAME: tensor<1x2xi8> {colonnade.scale = 0.0078740157480314959 : f64})
func.func @two_forms(%x: tensor<1x2xf32>) -> tensor<1x2xf32> {
  %scale0 = arith.constant 0.5 : f32
  %scale1 = arith.constant 0.25 : f32
  %low = arith.constant -128.0 : f32
  %high = arith.constant 127.0 : f32
  %bytes = tensor.empty() : tensor<1x2xi8>
  %q0 = linalg.generic {indexing_maps = [#id, #id],
                       iterator_types = ["parallel", "parallel"]}
      ins(%x : tensor<1x2xf32>) outs(%bytes : tensor<1x2xi8>) {
  ^bb0(%a: f32, %o: i8):
    %0 = arith.divf %a, %scale0 : f32
    %1 = math.roundeven %0 : f32
    %2 = arith.maximumf %1, %low : f32
    %3 = arith.minimumf %2, %high : f32
    %4 = arith.fptosi %3 : f32 to i8
    linalg.yield %4 : i8
  } -> tensor<1x2xi8>
  %typed0 = quant.scast %q0 : tensor<1x2xi8> to tensor<1x2x!quant.uniform<i8:f32, 0.5>>
  %d0 = quant.dcast %typed0 : tensor<1x2x!quant.uniform<i8:f32, 0.5>> to tensor<1x2xf32>
  %q1 = linalg.generic {indexing_maps = [#id, #id],
                       iterator_types = ["parallel", "parallel"]}
      ins(%x : tensor<1x2xf32>) outs(%bytes : tensor<1x2xi8>) {
  ^bb0(%a: f32, %o: i8):
    %0 = arith.divf %a, %scale1 : f32
    %1 = math.roundeven %0 : f32
    %2 = arith.maximumf %1, %low : f32
    %3 = arith.minimumf %2, %high : f32
    %4 = arith.fptosi %3 : f32 to i8
    linalg.yield %4 : i8
  } -> tensor<1x2xi8>
  %typed1 = quant.scast %q1 : tensor<1x2xi8> to tensor<1x2x!quant.uniform<i8:f32, 0.25>>
  %d1 = quant.dcast %typed1 : tensor<1x2x!quant.uniform<i8:f32, 0.25>> to tensor<1x2xf32>
  %empty = tensor.empty() : tensor<1x2xf32>
  %y = linalg.add ins(%d0, %d1 : tensor<1x2xf32>, tensor<1x2xf32>)
      outs(%empty : tensor<1x2xf32>) -> tensor<1x2xf32>
  return %y : tensor<1x2xf32>
}
