// Models that come quantized (QuantizeLinear and DequantizeLinear around each
// op) keep the scales and zero points of their activations and the values of
// their weights.

// RUN: colonnade-opt %s --colonnade-normalize | FileCheck %s --check-prefix=NORMAL
// RUN: colonnade-opt %s --colonnade-normalize --colonnade-quantize="default-range=1" | FileCheck %s
// RUN: colonnade-opt %s --colonnade-normalize --colonnade-quantize="default-range=1" --remarks-filter=colonnade 2>&1 >/dev/null | FileCheck %s --check-prefix=REMARK

#id = affine_map<(d0, d1) -> (d0, d1)>
#scalar = affine_map<(d0, d1) -> ()>

// NORMAL-LABEL: func.func @main
// Weights at a scale per column: 127 * 0.5, -64 * 0.25, ...
// NORMAL: dense<{{\[\[}}6.350000e+01, -1.600000e+01], [5.000000e-01, 3.175000e+01]]> : tensor<2x2xf32>
// NORMAL: [[MATMUL:%.+]] = linalg.matmul
// NORMAL: [[LOW:%.+]] = linalg.generic {{.*}} ins([[MATMUL]] :
// NORMAL: arith.maximumf
// NORMAL: linalg.generic {{.*}} ins([[LOW]] : {{.*}} attrs = {colonnade.quantized = !quant.uniform<i8:f32, 5.000000e-01:-128>}
// NORMAL: arith.minimumf
// NORMAL-NOT: quant.

// The integers come back, and the lowest of u8, 0, is a relu. The 256 integers are
// held less 128, at the model's own scale; what 128 adds to the product behind is
// a bias, here 128 * (127 - 127).
// CHECK-LABEL: func.func @main
// CHECK: dense<{{\[\[}}127, -64], [1, 127]]> : tensor<2x2xi8>
// CHECK: [[MATMUL:%.+]] = linalg.matmul
// CHECK: linalg.generic {{.*}} ins([[MATMUL]], {{.*}} outs({{.*}} : tensor<1x2xi8>)
// CHECK: [[ZERO:%.+]] = arith.constant -128 : i32
// CHECK: arith.addi {{.*}}, [[ZERO]]
// CHECK: [[LOW:%.+]] = arith.constant -128 : i32
// CHECK: arith.maxsi {{.*}}, [[LOW]]
// CHECK-NOT: quant.
// REMARK: remark: [Passed] quantize | {{.*}} Range=127.5, Scale=0.5
func.func @main(%x: tensor<1x2xf32>) -> tensor<1x1xf32> {
  %zero = arith.constant 0.0 : f32
  %scale = arith.constant dense<0.5> : tensor<f32>
  %high = arith.constant 255.0 : f32
  %stored = arith.constant dense<[[127, -64], [1, 127]]> : tensor<2x2xi8>
  %typed = quant.scast %stored : tensor<2x2xi8> to
      tensor<2x2x!quant.uniform<i8:f32:1, {0.5, 0.25}>>
  %w = quant.dcast %typed : tensor<2x2x!quant.uniform<i8:f32:1, {0.5, 0.25}>> to tensor<2x2xf32>
  %empty = tensor.empty() : tensor<1x2xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<1x2xf32>) -> tensor<1x2xf32>
  %y = linalg.matmul ins(%x, %w : tensor<1x2xf32>, tensor<2x2xf32>)
      outs(%init : tensor<1x2xf32>) -> tensor<1x2xf32>
  %bytes = tensor.empty() : tensor<1x2xi8>
  %q = linalg.generic {indexing_maps = [#id, #scalar, #id],
                       iterator_types = ["parallel", "parallel"]}
      ins(%y, %scale : tensor<1x2xf32>, tensor<f32>) outs(%bytes : tensor<1x2xi8>) {
  ^bb0(%a: f32, %s: f32, %o: i8):
    %0 = arith.divf %a, %s : f32
    %1 = math.roundeven %0 : f32
    %2 = arith.maximumf %1, %zero : f32
    %3 = arith.minimumf %2, %high : f32
    %4 = arith.fptoui %3 : f32 to i8
    linalg.yield %4 : i8
  } -> tensor<1x2xi8>
  %qt = quant.scast %q : tensor<1x2xi8> to tensor<1x2x!quant.uniform<u8:f32, 0.5>>
  %d = quant.dcast %qt : tensor<1x2x!quant.uniform<u8:f32, 0.5>> to tensor<1x2xf32>
  %v = arith.constant dense<[[1.0], [-1.0]]> : tensor<2x1xf32>
  %empty1 = tensor.empty() : tensor<1x1xf32>
  %init1 = linalg.fill ins(%zero : f32) outs(%empty1 : tensor<1x1xf32>) -> tensor<1x1xf32>
  %z = linalg.matmul ins(%d, %v : tensor<1x2xf32>, tensor<2x1xf32>)
      outs(%init1 : tensor<1x1xf32>) -> tensor<1x1xf32>
  return %z : tensor<1x1xf32>
}
