// RUN: colonnade-opt %s --colonnade-verify-promises -split-input-file -verify-diagnostics

#enc = #colonnade.encoding<
  block_float = <axis = 1, group = 2, exponent = 8, mantissa = 2>>

func.func @kept() {
  %0 = arith.constant dense<[[4.0, -2.0, 0.5], [0.0, -0.0, 3.0]]> : tensor<2x3xf32, #enc>
  %1 = arith.constant dense<0.0> : tensor<2x3xf32, #enc>
  return
}

// -----

#enc = #colonnade.encoding<
  block_float = <axis = 1, group = 2, exponent = 8, mantissa = 2>>

// 1 would do in a run of its own; beside 4 the unit is 2.
func.func @unit() {
  // expected-error @+1 {{broken promise: expected a multiple of the unit that #colonnade.block_float<axis = 1, group = 2, exponent = 8, mantissa = 2> gives its run, got 1.000000e+00 : f32 at [1, 1]}}
  %0 = arith.constant dense<[[4.0, -2.0, 1.0], [4.0, 1.0, 3.0]]> : tensor<2x3xf32, #enc>
  return
}

// -----

#enc = #colonnade.encoding<
  block_float = <axis = 0, group = 2, exponent = 8, mantissa = 2>>

func.func @infinite() {
  // expected-error @+1 {{gives its run, got 0x7F800000 : f32 at [0]}}
  %0 = arith.constant dense<[0x7F800000]> : tensor<1xf32, #enc>
  return
}

// -----

#enc = #colonnade.encoding<
  block_float = <axis = 0, group = 2, exponent = 8, mantissa = 2>>

func.func @unreadable() {
  // expected-error @+1 {{expected a dense or dense_resource constant with 4 readable values, to check its promises}}
  %0 = arith.constant dense_resource<no_such_data> : tensor<4xf32, #enc>
  return
}
