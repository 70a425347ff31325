// RUN: colonnade-opt %s --colonnade-fake-quantize=default-range=1 -split-input-file -verify-diagnostics

// A model with scales of its own.
#id = affine_map<(i, j) -> (i, j)>
func.func @main(%x: tensor<1x4xf32>) -> tensor<1x4xf32> {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<1x4xf32>
  // expected-error @+1 {{is held as integers that the model itself gives (colonnade.quantized): expected a float network}}
  %r = linalg.generic {indexing_maps = [#id, #id],
                       iterator_types = ["parallel", "parallel"],
                       colonnade.quantized = !quant.uniform<i8:f32, 0.5:3>}
      ins(%x : tensor<1x4xf32>) outs(%e : tensor<1x4xf32>) {
  ^bb0(%a: f32, %out: f32):
    %relu = arith.maximumf %a, %zero : f32
    linalg.yield %relu : f32
  } -> tensor<1x4xf32>
  return %r : tensor<1x4xf32>
}

// -----

// What cannot be quantized is not pretended to be.
// expected-error @+1 {{cannot quantize '@main': expected 1 argument, the image, got 2}}
func.func @main(%x: tensor<1x4xf32>, %y: tensor<1x4xf32>) -> tensor<1x4xf32> {
  return %x : tensor<1x4xf32>
}
