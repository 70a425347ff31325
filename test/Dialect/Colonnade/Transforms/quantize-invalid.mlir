// What cannot be quantized is refused at the op or value at fault, and the
// module stays as it was.

// RUN: colonnade-opt %s --split-input-file --verify-diagnostics --colonnade-quantize="calibration=%data/calibration.npy calibration-limit=2"

#id = affine_map<(d0, d1) -> (d0, d1)>
func.func @lookup(%x: tensor<28x28xf32>) -> tensor<28x28xf32> {
  %empty = tensor.empty() : tensor<28x28xf32>
  // expected-error @+1 {{cannot quantize 'linalg.generic': it looks elements up at positions known at run time only, which no unit of the machine can: make the indices constant}}
  %y = linalg.generic {indexing_maps = [#id, #id],
                       iterator_types = ["parallel", "parallel"]}
      ins(%x : tensor<28x28xf32>) outs(%empty : tensor<28x28xf32>) {
  ^bb0(%a: f32, %o: f32):
    %i = linalg.index 1 : index
    %r = tensor.extract %x[%i, %i] : tensor<28x28xf32>
    linalg.yield %r : f32
  } -> tensor<28x28xf32>
  return %y : tensor<28x28xf32>
}

// -----

#id = affine_map<(d0, d1) -> (d0, d1)>
func.func @unsupported(%x: tensor<28x28xf32>) -> tensor<28x28xf32> {
  %empty = tensor.empty() : tensor<28x28xf32>
  // expected-error @+1 {{cannot quantize 'linalg.generic': expected a body of arith and math operations, got 'linalg.index'}}
  %y = linalg.generic {indexing_maps = [#id, #id],
                       iterator_types = ["parallel", "parallel"]}
      ins(%x : tensor<28x28xf32>) outs(%empty : tensor<28x28xf32>) {
  ^bb0(%a: f32, %o: f32):
    %i = linalg.index 1 : index
    %n = arith.index_cast %i : index to i32
    %r = arith.sitofp %n : i32 to f32
    linalg.yield %r : f32
  } -> tensor<28x28xf32>
  return %y : tensor<28x28xf32>
}

// -----

func.func @other_op(%x: tensor<28x28xf32>) -> tensor<28x28xf32> {
  %empty = tensor.empty() : tensor<28x28xf32>
  // expected-error @+1 {{cannot quantize 'linalg.softmax': supported are convolutions (linalg.conv_2d_nchw_fchw}}
  %y = linalg.softmax dimension(1) ins(%x : tensor<28x28xf32>)
      outs(%empty : tensor<28x28xf32>) -> tensor<28x28xf32>
  return %y : tensor<28x28xf32>
}

// -----

func.func @backwards(%x: tensor<28x28xf32>) -> tensor<28x28xf32> {
  // expected-error @+1 {{cannot quantize 'tensor.extract_slice': expected constant offsets and positive constant strides}}
  %y = tensor.extract_slice %x[27, 0] [28, 28] [-1, 1]
      : tensor<28x28xf32> to tensor<28x28xf32>
  return %y : tensor<28x28xf32>
}

// -----

#row = affine_map<(d0, d1) -> (d0 + d1)>
#id = affine_map<(d0, d1) -> (d0, d1)>
func.func @window(%x: tensor<784xf32>) -> tensor<780x5xf32> {
  %empty = tensor.empty() : tensor<780x5xf32>
  // expected-error @+1 {{cannot quantize 'linalg.generic': it reads or writes a tensor by (d0, d1) -> (d0 + d1), expected one loop per dimension}}
  %y = linalg.generic {indexing_maps = [#row, #id],
                       iterator_types = ["parallel", "parallel"]}
      ins(%x : tensor<784xf32>) outs(%empty : tensor<780x5xf32>) {
  ^bb0(%a: f32, %o: f32):
    linalg.yield %a : f32
  } -> tensor<780x5xf32>
  return %y : tensor<780x5xf32>
}

// -----

// No libm on the machine, and no polynomial for this one.
#id = affine_map<(d0, d1) -> (d0, d1)>
func.func @no_polynomial(%x: tensor<28x28xf32>) -> tensor<28x28xf32> {
  %empty = tensor.empty() : tensor<28x28xf32>
  %y = linalg.generic {indexing_maps = [#id, #id],
                       iterator_types = ["parallel", "parallel"]}
      ins(%x : tensor<28x28xf32>) outs(%empty : tensor<28x28xf32>) {
  ^bb0(%a: f32, %o: f32):
    // expected-error @+1 {{cannot quantize 'linalg.generic': the vector unit has no 'math.atan'}}
    %r = math.atan %a : f32
    linalg.yield %r : f32
  } -> tensor<28x28xf32>
  return %y : tensor<28x28xf32>
}

// -----

#id = affine_map<(d0, d1) -> (d0, d1)>
func.func @reduced_onto_values(%x: tensor<28x28xf32>) -> tensor<28x28xf32> {
  // expected-error @+1 {{cannot quantize 'linalg.generic': its body reads outs that are not filled with a constant}}
  %y = linalg.generic {indexing_maps = [#id, #id],
                       iterator_types = ["parallel", "parallel"]}
      ins(%x : tensor<28x28xf32>) outs(%x : tensor<28x28xf32>) {
  ^bb0(%a: f32, %o: f32):
    %r = arith.mulf %a, %o : f32
    linalg.yield %r : f32
  } -> tensor<28x28xf32>
  return %y : tensor<28x28xf32>
}

// -----

// expected-error @+1 {{cannot quantize '@two_inputs': expected 1 argument, the image, got 2}}
func.func @two_inputs(%x: tensor<1x784xf32>, %y: tensor<1x1xf32>) -> tensor<1x784xf32> {
  return %x : tensor<1x784xf32>
}

// -----

func.func @not_finite(%x: tensor<392x2xf32>) -> tensor<392x3xf32> {
  %zero = arith.constant 0.0 : f32
  // expected-error @+1 {{expected finite values to quantize, got inf at index [1, 2]}}
  %w = arith.constant dense<[[1.0, 2.0, 3.0], [4.0, 5.0, 0x7F800000]]> : tensor<2x3xf32>
  %empty = tensor.empty() : tensor<392x3xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<392x3xf32>) -> tensor<392x3xf32>
  %y = linalg.matmul ins(%x, %w : tensor<392x2xf32>, tensor<2x3xf32>)
                     outs(%init : tensor<392x3xf32>) -> tensor<392x3xf32>
  return %y : tensor<392x3xf32>
}

// -----

func.func @bias_in_outs(%x: tensor<1x784xf32>) -> tensor<1x2xf32> {
  %w = arith.constant dense<1.0> : tensor<784x2xf32>
  %b = arith.constant dense<[[1.0, 2.0]]> : tensor<1x2xf32>
  // expected-error @+1 {{cannot quantize 'linalg.matmul': expected outs filled with 0 (--colonnade-normalize makes it so)}}
  %y = linalg.matmul ins(%x, %w : tensor<1x784xf32>, tensor<784x2xf32>)
                     outs(%b : tensor<1x2xf32>) -> tensor<1x2xf32>
  return %y : tensor<1x2xf32>
}

// -----

// expected-error @+1 {{cannot quantize '@dynamic': expected static f32 tensors as argument and results, got 'tensor<?x28xf32>'}}
func.func @dynamic(%x: tensor<?x28xf32>) -> tensor<?x28xf32> {
  return %x : tensor<?x28xf32>
}

// -----

// expected-error @+1 {{cannot quantize '@main': it has no body}}
func.func private @main(%x: tensor<28x28xf32>) -> tensor<28x28xf32>

// -----

// expected-error @+1 {{calibration.npy: expected inputs of the network's shape [10, 10], got inputs of [28, 28]}}
func.func @wrong_size(%x: tensor<10x10xf32>) -> tensor<10x10xf32> {
  return %x : tensor<10x10xf32>
}

// -----

func.func @maximum_with_zero(%x: tensor<1x1x28x28xf32>) -> tensor<1x1x27x27xf32> {
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty() : tensor<1x1x27x27xf32>
  %window = tensor.empty() : tensor<2x2xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<1x1x27x27xf32>) -> tensor<1x1x27x27xf32>
  // expected-error @+1 {{cannot quantize 'linalg.pooling_nchw_max': expected outs filled with -inf or the lowest float}}
  %y = linalg.pooling_nchw_max ins(%x, %window : tensor<1x1x28x28xf32>, tensor<2x2xf32>)
      outs(%init : tensor<1x1x27x27xf32>) -> tensor<1x1x27x27xf32>
  return %y : tensor<1x1x27x27xf32>
}

// -----

func.func @constant_result(%x: tensor<28x28xf32>) -> tensor<2x2xf32> {
  %c = arith.constant dense<1.0> : tensor<2x2xf32>
  // expected-error @+1 {{cannot quantize 'func.return' of a constant: expected a value that depends on the input}}
  return %c : tensor<2x2xf32>
}

// -----

#id = affine_map<(d0, d1) -> (d0, d1)>
#channel = affine_map<(d0, d1) -> (d1)>
func.func @bias_too_large(%x: tensor<1x784xf32>) -> tensor<1x2xf32> {
  %zero = arith.constant 0.0 : f32
  %w = arith.constant dense<1.0e-6> : tensor<784x2xf32>
  %b = arith.constant dense<[0.0, 1000.0]> : tensor<2xf32>
  %empty = tensor.empty() : tensor<1x2xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<1x2xf32>) -> tensor<1x2xf32>
  %y = linalg.matmul ins(%x, %w : tensor<1x784xf32>, tensor<784x2xf32>)
                     outs(%init : tensor<1x2xf32>) -> tensor<1x2xf32>
  // expected-error @-2 {{cannot quantize channel 1: its bias is 8.128e+12 at the accumulators' scale of 1.23031e-10}}
  %z = linalg.generic {indexing_maps = [#id, #channel, #id],
                       iterator_types = ["parallel", "parallel"]}
      ins(%y, %b : tensor<1x2xf32>, tensor<2xf32>) outs(%empty : tensor<1x2xf32>) {
  ^bb0(%a: f32, %c: f32, %o: f32):
    %r = arith.addf %a, %c : f32
    linalg.yield %r : f32
  } -> tensor<1x2xf32>
  return %z : tensor<1x2xf32>
}

// -----

// expected-error @+1 {{expected a function '@main' or exactly one public function to quantize, got 2 public ones}}
module {
  func.func @first(%x: tensor<28x28xf32>) -> tensor<28x28xf32> {
    return %x : tensor<28x28xf32>
  }
  func.func @second(%x: tensor<28x28xf32>) -> tensor<28x28xf32> {
    return %x : tensor<28x28xf32>
  }
}

// -----

// expected-error @+1 {{cannot quantize '@main': it is used inside the module, and its type would change (--inline inlines calls)}}
func.func @main(%x: tensor<28x28xf32>) -> tensor<28x28xf32> {
  return %x : tensor<28x28xf32>
}
func.func @caller(%x: tensor<28x28xf32>) -> tensor<28x28xf32> {
  %y = func.call @main(%x) : (tensor<28x28xf32>) -> tensor<28x28xf32>
  return %y : tensor<28x28xf32>
}

// -----

#id = affine_map<(d0, d1) -> (d0, d1)>
func.func @overflows(%x: tensor<28x28xf32>) -> tensor<28x28xf32> {
  %large = arith.constant 3.0e38 : f32
  %empty = tensor.empty() : tensor<28x28xf32>
  %y = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%x : tensor<28x28xf32>) outs(%empty : tensor<28x28xf32>) {
  ^bb0(%a: f32, %o: f32):
    %r = arith.mulf %a, %large : f32
    linalg.yield %r : f32
  } -> tensor<28x28xf32>
  // expected-error @+1 {{cannot calibrate: this value is infinite or NaN for image 0}}
  %z = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%y : tensor<28x28xf32>) outs(%empty : tensor<28x28xf32>) {
  ^bb0(%a: f32, %o: f32):
    %r = arith.mulf %a, %large : f32
    linalg.yield %r : f32
  } -> tensor<28x28xf32>
  return %z : tensor<28x28xf32>
}

// -----

func.func @integers_of_unknown_scale(%x: tensor<28x28xf32>) -> tensor<28x28xf32> {
  %empty = tensor.empty() : tensor<28x28xi8>
  // expected-error @+1 {{cannot quantize 'quant.scast': expected a static f32 tensor with elements as its result, got 'tensor<28x28x!quant.uniform<i8:f32, 5.000000e-01>>'}}
  %q = quant.scast %empty : tensor<28x28xi8> to tensor<28x28x!quant.uniform<i8:f32, 0.5>>
  %d = quant.dcast %q : tensor<28x28x!quant.uniform<i8:f32, 0.5>> to tensor<28x28xf32>
  return %d : tensor<28x28xf32>
}
