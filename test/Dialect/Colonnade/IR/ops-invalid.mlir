// RUN: colonnade-opt %s -split-input-file -verify-diagnostics

// Each case names the constraint of ColonnadeOps.td that it breaks.

// CC1: another shape
#columns = #colonnade.encoding<
  columns = <row_axis = 0, fan_in = 2, assignment = [0, 1, 0, -1]>>
func.func @f(%x: tensor<2x4xi8>) {
  // expected-error @+1 {{expected the result type 'tensor<2x4xi8>' apart from the encoding, got 'tensor<3x4xi8>'}}
  %0 = colonnade.combine_columns %x : tensor<2x4xi8> to tensor<3x4xi8, #columns>
  return
}

// -----

// CC1: another static extent
#columns = #colonnade.encoding<
  columns = <row_axis = 0, fan_in = 2, assignment = [0, 1, 0, -1]>>
func.func @f(%x: tensor<2x4xi8>) {
  // expected-error @+1 {{expected the result type 'tensor<2x4xi8>' apart from the encoding, got 'tensor<?x4xi8>'}}
  %0 = colonnade.combine_columns %x : tensor<2x4xi8> to tensor<?x4xi8, #columns>
  return
}

// -----

// TQ1: another shape
#terms = #colonnade.encoding<
  terms = <axis = 1, group = 4, budget = 3, digits = naf>>
func.func @f(%x: tensor<2x4xi8>) {
  // expected-error @+1 {{expected the result type 'tensor<2x4xi8>' apart from the encoding, got 'tensor<3x4xi8>'}}
  %0 = colonnade.term_quantize %x : tensor<2x4xi8> to tensor<3x4xi8, #terms>
  return
}

// -----

// TQ1: another static extent
#terms = #colonnade.encoding<
  terms = <axis = 1, group = 4, budget = 3, digits = naf>>
func.func @f(%x: tensor<2x4xi8>) {
  // expected-error @+1 {{expected the result type 'tensor<2x4xi8>' apart from the encoding, got 'tensor<?x4xi8>'}}
  %0 = colonnade.term_quantize %x : tensor<2x4xi8> to tensor<?x4xi8, #terms>
  return
}

// -----

// DE1: another shape
#terms = #colonnade.encoding<
  terms = <axis = 1, group = 4, budget = 3, digits = naf>>
func.func @f(%x: tensor<2x4xi8, #terms>) {
  // expected-error @+1 {{expected the result type 'tensor<2x4xi8>' apart from the encoding, got 'tensor<3x4xi8>'}}
  %0 = colonnade.drop_encoding %x : tensor<2x4xi8, #terms> to tensor<3x4xi8>
  return
}

// -----

// DE1: another static extent
#terms = #colonnade.encoding<
  terms = <axis = 1, group = 4, budget = 3, digits = naf>>
func.func @f(%x: tensor<2x4xi8, #terms>) {
  // expected-error @+1 {{expected the result type 'tensor<2x4xi8>' apart from the encoding, got 'tensor<?x4xi8>'}}
  %0 = colonnade.drop_encoding %x : tensor<2x4xi8, #terms> to tensor<?x4xi8>
  return
}

// -----

// CC2: no promise
func.func @f(%x: tensor<2x4xi8>) {
  // expected-error @+1 {{expected a columns promise in the result type, got 'tensor<2x4xi8>'}}
  %0 = colonnade.combine_columns %x : tensor<2x4xi8> to tensor<2x4xi8>
  return
}

// -----

// CC2: only terms
#terms = #colonnade.encoding<
  terms = <axis = 1, group = 4, budget = 3, digits = naf>>
func.func @f(%x: tensor<2x4xi8>) {
  // expected-error @+1 {{expected a columns promise in the result type, got}}
  %0 = colonnade.combine_columns %x : tensor<2x4xi8> to tensor<2x4xi8, #terms>
  return
}

// -----

// CC3: other columns before
#columns = #colonnade.encoding<
  columns = <row_axis = 0, fan_in = 2, assignment = [0, 1, 0, -1]>>
#other = #colonnade.encoding<
  columns = <row_axis = 0, fan_in = 2, assignment = [0, 0, 1, 1]>>
func.func @f(%x: tensor<2x4xi8, #other>) {
  // expected-error @+1 {{expected a source without a columns promise, got #colonnade.columns<row_axis = 0, fan_in = 2, assignment = [0, 0, 1, 1]>}}
  %0 = colonnade.combine_columns %x : tensor<2x4xi8, #other> to tensor<2x4xi8, #columns>
  return
}

// -----

// CC3: packed terms rest on the old columns
#columns = #colonnade.encoding<
  columns = <row_axis = 0, fan_in = 2, assignment = [0, 1, 0, -1]>>
#packed = #colonnade.encoding<
  columns = <row_axis = 0, fan_in = 2, assignment = [0, 1, 0, -1]>,
  terms = <axis = packed, group = 2, budget = 3, digits = naf>>
func.func @f(%x: tensor<2x4xi8, #packed>) {
  // expected-error @+1 {{expected a source without a columns promise, got}}
  %0 = colonnade.combine_columns %x : tensor<2x4xi8, #packed> to tensor<2x4xi8, #columns>
  return
}

// -----

// CC4: terms from nowhere
#both = #colonnade.encoding<
  columns = <row_axis = 0, fan_in = 2, assignment = [0, 1, 0, -1]>,
  terms = <axis = 1, group = 4, budget = 3, digits = naf>>
func.func @f(%x: tensor<2x4xi8>) {
  // expected-error @+1 {{expected the source's terms promise in the result: none, got #colonnade.terms<axis = 1, group = 4, budget = 3, digits = naf>}}
  %0 = colonnade.combine_columns %x : tensor<2x4xi8> to tensor<2x4xi8, #both>
  return
}

// -----

// CC4: terms lost
#columns = #colonnade.encoding<
  columns = <row_axis = 0, fan_in = 2, assignment = [0, 1, 0, -1]>>
#terms = #colonnade.encoding<
  terms = <axis = 1, group = 4, budget = 3, digits = naf>>
func.func @f(%x: tensor<2x4xi8, #terms>) {
  // expected-error @+1 {{expected the source's terms promise in the result: #colonnade.terms<axis = 1, group = 4, budget = 3, digits = naf>, got none}}
  %0 = colonnade.combine_columns %x : tensor<2x4xi8, #terms> to tensor<2x4xi8, #columns>
  return
}

// -----

// TQ2: no promise
func.func @f(%x: tensor<2x4xi8>) {
  // expected-error @+1 {{expected a terms promise in the result type, got 'tensor<2x4xi8>'}}
  %0 = colonnade.term_quantize %x : tensor<2x4xi8> to tensor<2x4xi8>
  return
}

// -----

// TQ2: only columns
#columns = #colonnade.encoding<
  columns = <row_axis = 0, fan_in = 2, assignment = [0, 1, 0, -1]>>
func.func @f(%x: tensor<2x4xi8, #columns>) {
  // expected-error @+1 {{expected a terms promise in the result type, got}}
  %0 = colonnade.term_quantize %x : tensor<2x4xi8, #columns> to tensor<2x4xi8, #columns>
  return
}

// -----

// TQ3: columns from nowhere
#both = #colonnade.encoding<
  columns = <row_axis = 0, fan_in = 2, assignment = [0, 1, 0, -1]>,
  terms = <axis = 1, group = 4, budget = 3, digits = naf>>
func.func @f(%x: tensor<2x4xi8>) {
  // expected-error @+1 {{expected the source's columns promise in the result: none, got #colonnade.columns<row_axis = 0, fan_in = 2, assignment = [0, 1, 0, -1]>}}
  %0 = colonnade.term_quantize %x : tensor<2x4xi8> to tensor<2x4xi8, #both>
  return
}

// -----

// TQ3: columns lost
#columns = #colonnade.encoding<
  columns = <row_axis = 0, fan_in = 2, assignment = [0, 1, 0, -1]>>
#terms = #colonnade.encoding<
  terms = <axis = 1, group = 4, budget = 3, digits = naf>>
func.func @f(%x: tensor<2x4xi8, #columns>) {
  // expected-error @+1 {{expected the source's columns promise in the result: #colonnade.columns<row_axis = 0, fan_in = 2, assignment = [0, 1, 0, -1]>, got none}}
  %0 = colonnade.term_quantize %x : tensor<2x4xi8, #columns> to tensor<2x4xi8, #terms>
  return
}

// -----

// TQ3: other columns
#other = #colonnade.encoding<
  columns = <row_axis = 0, fan_in = 2, assignment = [0, 0, 1, 1]>>
#both = #colonnade.encoding<
  columns = <row_axis = 0, fan_in = 2, assignment = [0, 1, 0, -1]>,
  terms = <axis = 1, group = 4, budget = 3, digits = naf>>
func.func @f(%x: tensor<2x4xi8, #other>) {
  // expected-error @+1 {{expected the source's columns promise in the result: #colonnade.columns<row_axis = 0, fan_in = 2, assignment = [0, 0, 1, 1]>}}
  %0 = colonnade.term_quantize %x : tensor<2x4xi8, #other> to tensor<2x4xi8, #both>
  return
}

// -----

// DE2: columns from nowhere
#columns = #colonnade.encoding<
  columns = <row_axis = 0, fan_in = 2, assignment = [0, 1, 0, -1]>>
func.func @f(%x: tensor<2x4xi8>) {
  // expected-error @+1 {{expected to keep only the source's columns promise: none, got #colonnade.columns<row_axis = 0, fan_in = 2, assignment = [0, 1, 0, -1]>}}
  %0 = colonnade.drop_encoding %x : tensor<2x4xi8> to tensor<2x4xi8, #columns>
  return
}

// -----

// DE2: other columns
#columns = #colonnade.encoding<
  columns = <row_axis = 0, fan_in = 2, assignment = [0, 1, 0, -1]>>
#other = #colonnade.encoding<
  columns = <row_axis = 0, fan_in = 2, assignment = [0, 0, 1, 1]>>
func.func @f(%x: tensor<2x4xi8, #columns>) {
  // expected-error @+1 {{expected to keep only the source's columns promise: #colonnade.columns<row_axis = 0, fan_in = 2, assignment = [0, 1, 0, -1]>}}
  %0 = colonnade.drop_encoding %x : tensor<2x4xi8, #columns> to tensor<2x4xi8, #other>
  return
}

// -----

// DE2: terms from nowhere
#columns = #colonnade.encoding<
  columns = <row_axis = 0, fan_in = 2, assignment = [0, 1, 0, -1]>>
#both = #colonnade.encoding<
  columns = <row_axis = 0, fan_in = 2, assignment = [0, 1, 0, -1]>,
  terms = <axis = 1, group = 4, budget = 3, digits = naf>>
func.func @f(%x: tensor<2x4xi8, #columns>) {
  // expected-error @+1 {{expected to keep only the source's terms promise: none, got #colonnade.terms<axis = 1, group = 4, budget = 3, digits = naf>}}
  %0 = colonnade.drop_encoding %x : tensor<2x4xi8, #columns> to tensor<2x4xi8, #both>
  return
}

// -----

// DE2: other terms
#terms = #colonnade.encoding<
  terms = <axis = 1, group = 4, budget = 3, digits = naf>>
#loose = #colonnade.encoding<
  terms = <axis = 1, group = 4, budget = 5, digits = naf>>
func.func @f(%x: tensor<2x4xi8, #terms>) {
  // expected-error @+1 {{expected to keep only the source's terms promise: #colonnade.terms<axis = 1, group = 4, budget = 3, digits = naf>, got #colonnade.terms<axis = 1, group = 4, budget = 5, digits = naf>}}
  %0 = colonnade.drop_encoding %x : tensor<2x4xi8, #terms> to tensor<2x4xi8, #loose>
  return
}

// -----

// Operands: another element type
func.func @f(%x: tensor<2x4xi16>) {
  // expected-error @+1 {{must be ranked tensor of 8-bit signless integer or 32-bit float values, but got 'tensor<2x4xi16>'}}
  %0 = colonnade.drop_encoding %x : tensor<2x4xi16> to tensor<2x4xi16>
  return
}

// -----

// Operands: an unranked tensor
func.func @f(%x: tensor<*xi8>) {
  // expected-error @+1 {{invalid kind of type specified: expected builtin.tensor, but found 'tensor<*xi8>'}}
  %0 = colonnade.drop_encoding %x : tensor<*xi8> to tensor<2x4xi8>
  return
}

// -----

// FQ1: no scale
func.func @f(%x: tensor<2x4xf32>) {
  // expected-error @+1 {{expected a finite and positive scale, got 0.000000e+00}}
  %0 = colonnade.fake_quantize %x scale = 0.0 : tensor<2x4xf32>
  return
}

// -----

// FQ1: an infinite one
func.func @f(%x: tensor<2x4xf32>) {
  // expected-error @+1 {{expected a finite and positive scale, got 0x7FF0000000000000}}
  %0 = colonnade.fake_quantize %x scale = 0x7FF0000000000000 : tensor<2x4xf32>
  return
}

// -----

// FQ2: terms of several values
func.func @f(%x: tensor<2x4xf32>) {
  // expected-error @+1 {{expected terms of groups of one value, got group = 4}}
  %0 = colonnade.fake_quantize %x scale = 0.5
      terms = <axis = 1, group = 4, budget = 3, digits = naf> : tensor<2x4xf32>
  return
}

// -----

// FQ2: terms along no dimension
func.func @f(%x: tensor<2x4xf32>) {
  // expected-error @+1 {{expected the axis of its terms to be a dimension of 'tensor<2x4xf32>', got 2}}
  %0 = colonnade.fake_quantize %x scale = 0.5
      terms = <axis = 2, group = 1, budget = 3, digits = naf> : tensor<2x4xf32>
  return
}

// -----

// FQ3: a limit of nothing
func.func @f(%x: tensor<2x4xf32>, %limit: i32) {
  // expected-error @+1 {{expected no limit without terms, got one}}
  %0 = colonnade.fake_quantize %x scale = 0.5 limit(%limit) : tensor<2x4xf32>
  return
}
