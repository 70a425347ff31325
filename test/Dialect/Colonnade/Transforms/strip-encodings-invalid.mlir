// RUN: colonnade-opt %s --colonnade-strip-encodings -split-input-file -verify-diagnostics

// A shared budget of values that are not known yet.
#enc = #colonnade.encoding<
  terms = <axis = 1, group = 8, budget = 16, digits = naf>>
func.func @group(%x: tensor<4x8xi8>) -> tensor<4x8xi8, #enc> {
  // expected-error @+1 {{expected group = 1 for values known at run time only, got group = 8: use a limit per value (data-terms)}}
  %0 = colonnade.term_quantize %x : tensor<4x8xi8> to tensor<4x8xi8, #enc>
  return %0 : tensor<4x8xi8, #enc>
}

// -----

#enc = #colonnade.encoding<
  columns = <row_axis = 0, fan_in = 2, assignment = [0, 0, -1]>>
func.func @run_time_weights(%w: tensor<2x3xi8>) -> tensor<2x3xi8, #enc> {
  // expected-error @+1 {{expected constant weights, got values known at run time only}}
  %0 = colonnade.combine_columns %w : tensor<2x3xi8> to tensor<2x3xi8, #enc>
  return %0 : tensor<2x3xi8, #enc>
}

// -----

#enc = #colonnade.encoding<
  columns = <row_axis = 0, fan_in = 2, assignment = [0, 0, -1]>>
func.func @unassigned() -> tensor<2x3xi8, #enc> {
  %w = arith.constant dense<[[3, 1, 0], [0, 0, 9]]> : tensor<2x3xi8>
  // expected-error @+1 {{expected column 2, which is in no group (-1), to be all zero, got 9 in row 1}}
  %0 = colonnade.combine_columns %w : tensor<2x3xi8> to tensor<2x3xi8, #enc>
  return %0 : tensor<2x3xi8, #enc>
}

// -----

// Extents that the loops over blocks need.
#enc = #colonnade.encoding<
  block_float = <axis = 1, group = 16, exponent = 8, mantissa = 4>>
func.func @dynamic(%x: tensor<?x8xf32>) -> tensor<?x8xf32, #enc> {
  // expected-error @+1 {{expected a static shape to quantize at run time, got 'tensor<?x8xf32>': give all extents}}
  %0 = colonnade.block_quantize %x rounding = <nearest>
      : tensor<?x8xf32> to tensor<?x8xf32, #enc>
  return %0 : tensor<?x8xf32, #enc>
}

// -----

// A constant that would make a block NaN.
#enc = #colonnade.encoding<
  block_float = <axis = 0, group = 16, exponent = 8, mantissa = 4>>
func.func @infinite() -> tensor<1x2xf32, #enc> {
  %x = arith.constant dense<[[1.0, 0x7F800000]]> : tensor<1x2xf32>
  // expected-error @+1 {{expected a finite constant, got an infinity or a NaN at [0, 1]}}
  %0 = colonnade.block_quantize %x rounding = <nearest>
      : tensor<1x2xf32> to tensor<1x2xf32, #enc>
  return %0 : tensor<1x2xf32, #enc>
}
