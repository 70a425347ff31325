// RUN: colonnade-opt %s --colonnade-verify-promises -split-input-file -verify-diagnostics

#columns = #colonnade.encoding<
  columns = <row_axis = 0, fan_in = 2, assignment = [0, 1, 0, -1]>>
#both = #colonnade.encoding<
  columns = <row_axis = 0, fan_in = 2, assignment = [0, 1, 0, -1]>,
  terms = <axis = packed, group = 2, budget = 3, digits = naf>>

// Kept promises, and values that promise nothing.
func.func @kept(%x: tensor<2x4xi8, #columns>) {
  %0 = arith.constant dense<[[0, 4, 6, 0], [1, 0, 0, 0]]> : tensor<2x4xi8, #both>
  %1 = arith.constant dense<0> : tensor<2x4xi8, #both>
  %2 = arith.constant dense<[[1, 2, 3, 4], [5, 6, 7, 8]]> : tensor<2x4xi8>
  %3 = arith.constant dense_resource<kept> : tensor<2x4xi8, #both>
  %4 = arith.constant 1 : index
  return
}

{-# dialect_resources: { builtin: {
  kept: "0x010000000004060001000000"
} } #-}

// -----

// The example of the pass description.
#enc = #colonnade.encoding<
  columns = <row_axis = 0, fan_in = 2, assignment = [0, 0]>>
func.func @conflict() {
  // expected-error @+1 {{broken promise: expected at most one nonzero in row 1 of group 0, got 2 in column 0 and 7 in column 1}}
  %0 = arith.constant dense<[[1, 0], [2, 7]]> : tensor<2x2xi8, #enc>
  return
}

// -----

// Matmul weights [in, out]: rows and columns are swapped.
#enc = #colonnade.encoding<
  columns = <row_axis = 1, fan_in = 2, assignment = [0, 0]>>
func.func @conflict_in_out() {
  // expected-error @+1 {{broken promise: expected at most one nonzero in row 0 of group 0, got 1 in column 0 and 2 in column 1}}
  %0 = arith.constant dense<[[1, 0], [2, 7]]> : tensor<2x2xi8, #enc>
  return
}

// -----

#enc = #colonnade.encoding<
  columns = <row_axis = 0, fan_in = 4, assignment = [0, 0, 0, -1]>>
func.func @conflict_splat() {
  // expected-error @+1 {{broken promise: expected column 3, which is in no group (-1), to be all zero, got -3 in row 0}}
  %0 = arith.constant dense<-3> : tensor<2x4xi8, #enc>
  return
}

// -----

#enc = #colonnade.encoding<
  columns = <row_axis = 0, fan_in = 2, assignment = [0, 1, 0, -1]>>
func.func @resource() {
  // expected-error @+1 {{broken promise: expected at most one nonzero in row 1 of group 0, got 1 in column 0 and -1 in column 2}}
  %0 = arith.constant dense_resource<broken> : tensor<2x4xi8, #enc>
  // expected-error @+1 {{broken promise: expected a dense or dense_resource constant with 8 readable values, to check its promises}}
  %1 = arith.constant dense_resource<missing> : tensor<2x4xi8, #enc>
  return
}

{-# dialect_resources: { builtin: {
  broken: "0x01000000000406000100FF00"
} } #-}

// -----

#enc = #colonnade.encoding<
  terms = <axis = 1, group = 2, budget = 3, digits = naf>>
func.func @terms() {
  // expected-error @+1 {{broken promise: expected at most 3 naf terms in the 2 values from [1, 2] along dimension 1, got 4}}
  %0 = arith.constant dense<[[3, 1, 1, 1, 7], [0, 0, 3, 3, 3]]>
      : tensor<2x5xi8, #enc>
  return
}

// -----

#enc = #colonnade.encoding<
  terms = <axis = 1, group = 2, budget = 1, digits = binary>>
func.func @terms_of_a_short_run() {
  // expected-error @+1 {{broken promise: expected at most 1 binary terms in the 1 values from [0, 2, 0] along dimension 1, got 2}}
  %0 = arith.constant dense<[[[1], [0], [3]]]> : tensor<1x3x1xi8, #enc>
  return
}

// -----

#enc = #colonnade.encoding<
  columns = <row_axis = 0, fan_in = 2, assignment = [0, 0, 1, 2]>,
  terms = <axis = packed, group = 2, budget = 3, digits = naf>>
func.func @packed_terms() {
  // expected-error @+1 {{broken promise: expected at most 3 naf terms in the 2 values from group 0 of row 1, got 4}}
  %0 = arith.constant dense<[[0, 1, 3, 3], [0, 3, 3, 1]]> : tensor<2x4xi8, #enc>
  return
}

// -----

// Every broken promise is reported, not only the first.
#enc = #colonnade.encoding<
  terms = <axis = 0, group = 1, budget = 1, digits = naf>>
func.func @all() {
  // expected-error @+1 {{got 2}}
  %0 = arith.constant dense<3> : tensor<2xi8, #enc>
  // expected-error @+1 {{got 3}}
  %1 = arith.constant dense<11> : tensor<2xi8, #enc>
  return
}

// -----

// What the folder of combine_columns refuses.
#enc = #colonnade.encoding<
  columns = <row_axis = 0, fan_in = 2, assignment = [0, 0, -1]>>
func.func @unassigned() -> tensor<2x3xi8, #enc> {
  // expected-note @+1 {{the constant is here}}
  %w = arith.constant dense<[[3, 1, 0], [0, 0, 9]]> : tensor<2x3xi8>
  // expected-error @+1 {{cannot keep its promise: expected column 2, which is in no group (-1), to be all zero, got 9 in row 1}}
  %0 = colonnade.combine_columns %w : tensor<2x3xi8> to tensor<2x3xi8, #enc>
  return %0 : tensor<2x3xi8, #enc>
}
