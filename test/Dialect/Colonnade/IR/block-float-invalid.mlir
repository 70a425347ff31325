// RUN: colonnade-opt %s -split-input-file -verify-diagnostics

// B1: axis
// expected-error @+1 {{expected axis of at least 0, got -1}}
#enc = #colonnade.block_float<axis = -1, group = 16, exponent = 8, mantissa = 4>

// -----

// B2: group
// expected-error @+1 {{expected group in [1, 65535], got 0}}
#enc = #colonnade.block_float<axis = 0, group = 0, exponent = 8, mantissa = 4>

// -----

// B3: exponent
// expected-error @+1 {{expected exponent in [2, 8], got 9}}
#enc = #colonnade.block_float<axis = 0, group = 16, exponent = 9, mantissa = 4>

// -----

// B4: mantissa
// expected-error @+1 {{expected mantissa in [2, 16], got 1}}
#enc = #colonnade.block_float<axis = 0, group = 16, exponent = 8, mantissa = 1>

// -----

// B: no mantissa
// expected-error @+1 {{expected ','}}
#enc = #colonnade.block_float<axis = 0, group = 16, exponent = 8>

// -----

// R1: noise_bits
// expected-error @+1 {{expected noise_bits in [1, 24], got 25}}
#rounding = #colonnade.rounding<stochastic, noise_bits = 25>

// -----

// R: unknown mode
// expected-error @+1 {{expected rounding to be one of truncate, nearest, stochastic, unbiased, got 'up'}}
#rounding = #colonnade.rounding<up>

// -----

// R: a seed for a rounding without noise
// expected-error @+1 {{expected '>'}}
#rounding = #colonnade.rounding<nearest, seed = 1>

// -----

// R: unknown parameter
// expected-error @+1 {{expected seed or noise_bits, got 'counter'}}
#rounding = #colonnade.rounding<stochastic, counter = 1>

// -----

// E10: element type
// expected-error @+1 {{expected element type f32 with a block_float promise, got 'bf16'}}
func.func private @f(tensor<4xbf16, #colonnade.encoding<block_float = <axis = 0, group = 16, exponent = 8, mantissa = 4>>>)

// -----

// E3 and E10: terms are promised of integers, block_float of floats
// expected-error @+1 {{expected element type f32 with a block_float promise, got 'i8'}}
func.func private @f(tensor<4xi8, #colonnade.encoding<terms = <axis = 0, group = 1, budget = 2, digits = naf>, block_float = <axis = 0, group = 16, exponent = 8, mantissa = 4>>>)

// -----

// E11: axis of the tensor
// expected-error @+1 {{expected block_float axis less than the rank 1, got 1}}
func.func private @f(tensor<4xf32, #colonnade.encoding<block_float = <axis = 1, group = 16, exponent = 8, mantissa = 4>>>)

// -----

// BQ1: another shape
#enc = #colonnade.encoding<block_float = <axis = 0, group = 16, exponent = 8, mantissa = 4>>
func.func @f(%x: tensor<4xf32>) {
  // expected-error @+1 {{expected the result type 'tensor<4xf32>' apart from the encoding, got 'tensor<5xf32>'}}
  %0 = colonnade.block_quantize %x rounding = <nearest> : tensor<4xf32> to tensor<5xf32, #enc>
  return
}

// -----

// BQ2: no promise
func.func @f(%x: tensor<4xf32>) {
  // expected-error @+1 {{expected a block_float promise in the result type, got 'tensor<4xf32>'}}
  %0 = colonnade.block_quantize %x rounding = <nearest> : tensor<4xf32> to tensor<4xf32>
  return
}

// -----

// BQ3: no counter
#enc = #colonnade.encoding<block_float = <axis = 0, group = 16, exponent = 8, mantissa = 4>>
func.func @f(%x: tensor<4xf32>) {
  // expected-error @+1 {{expected a counter for stochastic rounding, got none}}
  %0 = colonnade.block_quantize %x rounding = <stochastic> : tensor<4xf32> to tensor<4xf32, #enc>
  return
}

// -----

// BQ3: a counter that nobody reads
#enc = #colonnade.encoding<block_float = <axis = 0, group = 16, exponent = 8, mantissa = 4>>
func.func @f(%x: tensor<4xf32>, %c: i64) {
  // expected-error @+1 {{expected no counter without stochastic rounding, got one with rounding nearest}}
  %0 = colonnade.block_quantize %x rounding = <nearest> counter(%c) : tensor<4xf32> to tensor<4xf32, #enc>
  return
}

// -----

// DE2: a promise that the source does not make
#enc = #colonnade.encoding<block_float = <axis = 0, group = 16, exponent = 8, mantissa = 4>>
func.func @f(%x: tensor<4xf32>) {
  // expected-error @+1 {{expected to keep only the source's block_float promise: none, got #colonnade.block_float<}}
  %0 = colonnade.drop_encoding %x : tensor<4xf32> to tensor<4xf32, #enc>
  return
}
