// RUN: colonnade-opt %s --colonnade-verify-promises -split-input-file -verify-diagnostics

// Weights that training has combined promise their columns before they are
// quantized.

#columns = #colonnade.encoding<
  columns = <row_axis = 0, fan_in = 2, assignment = [0, 1, 0, -1]>>
func.func @kept() {
  %0 = arith.constant dense<[[0.0, 4.0, 6.5, -0.0], [1.0e-30, 0.0, 0.0, 0.0]]> : tensor<2x4xf32, #columns>
  %1 = arith.constant dense<0.0> : tensor<2x4xf32, #columns>
  %2 = arith.constant dense_resource<kept> : tensor<2x4xf32, #columns>
  return
}

{-# dialect_resources: { builtin: {
  kept: "0x0400000000000000000080400000C040000000000000803F000000000000000000000000"
} } #-}

// -----

// Small is not zero.
#enc = #colonnade.encoding<
  columns = <row_axis = 0, fan_in = 2, assignment = [0, 0]>>
func.func @conflict() {
  // expected-error @+1 {{broken promise: expected at most one nonzero in row 1 of group 0, got 1e-30 in column 0 and 7.5 in column 1}}
  %0 = arith.constant dense<[[1.0, 0.0], [1.0e-30, 7.5]]> : tensor<2x2xf32, #enc>
  return
}

// -----

#enc = #colonnade.encoding<
  columns = <row_axis = 1, fan_in = 2, assignment = [0, -1]>>
func.func @unassigned() {
  // expected-error @+1 {{broken promise: expected column 1, which is in no group (-1), to be all zero, got 0.25 in row 1}}
  %0 = arith.constant dense<[[1.0, 2.0], [0.0, 0.25]]> : tensor<2x2xf32, #enc>
  return
}

// -----

#enc = #colonnade.encoding<
  columns = <row_axis = 0, fan_in = 2, assignment = [0, 1]>>
func.func @unreadable() {
  // expected-error @+1 {{broken promise: expected a dense or dense_resource constant with 4 readable values, to check its promises}}
  %0 = arith.constant dense_resource<missing> : tensor<2x2xf32, #enc>
  return
}
