// RUN: colonnade-opt %s -split-input-file -verify-diagnostics

// One comment and one case for each constraint of products of blocks and of
// conversions.

// Q1: a loop without steps.
func.func @f(%h: tensor<2x8xf32>, %x: tensor<3x8xf32>) {
  // expected-error @below {{expected 'loops' of at least 1, got 0}}
  %y = systolic.block_contract "p" <weight_stationary> loops [3, 2, 0] reduce 1
      held %h <group = 4, exponent = 8, mantissa = 4, rounding = <nearest>> passing %x <group = 4, exponent = 8, mantissa = 4, rounding = <nearest>>
      [affine_map<(d0, d1, d2) -> (d1, d2)>, affine_map<(d0, d1, d2) -> (d0, d2)>]
      : (tensor<2x8xf32>, tensor<3x8xf32>) -> tensor<3x2xf32>
  return
}

// -----

// Q1: nothing is added up.
func.func @f(%h: tensor<2x8xf32>, %x: tensor<3x8xf32>) {
  // expected-error @below {{expected 'reduce' in [1, 3], got 0}}
  %y = systolic.block_contract "p" <weight_stationary> loops [3, 2, 8] reduce 0
      held %h <group = 4, exponent = 8, mantissa = 4, rounding = <nearest>> passing %x <group = 4, exponent = 8, mantissa = 4, rounding = <nearest>>
      [affine_map<(d0, d1, d2) -> (d1, d2)>, affine_map<(d0, d1, d2) -> (d0, d2)>]
      : (tensor<2x8xf32>, tensor<3x8xf32>) -> tensor<3x2xf32>
  return
}

// -----

// Q2: integers.
func.func @f(%h: tensor<2x8xi8>, %x: tensor<3x8xf32>) {
  // expected-error @below {{expected a static f32 held operand, got 'tensor<2x8xi8>'}}
  %y = systolic.block_contract "p" <weight_stationary> loops [3, 2, 8] reduce 1
      held %h <group = 4, exponent = 8, mantissa = 4, rounding = <nearest>> passing %x <group = 4, exponent = 8, mantissa = 4, rounding = <nearest>>
      [affine_map<(d0, d1, d2) -> (d1, d2)>, affine_map<(d0, d1, d2) -> (d0, d2)>]
      : (tensor<2x8xi8>, tensor<3x8xf32>) -> tensor<3x2xf32>
  return
}

// -----

// Q2: a result of another shape.
func.func @f(%h: tensor<2x8xf32>, %x: tensor<3x8xf32>) {
  // expected-error @below {{expected a result of the parallel loops' type 'tensor<3x2xf32>', got 'tensor<2x3xf32>'}}
  %y = systolic.block_contract "p" <weight_stationary> loops [3, 2, 8] reduce 1
      held %h <group = 4, exponent = 8, mantissa = 4, rounding = <nearest>> passing %x <group = 4, exponent = 8, mantissa = 4, rounding = <nearest>>
      [affine_map<(d0, d1, d2) -> (d1, d2)>, affine_map<(d0, d1, d2) -> (d0, d2)>]
      : (tensor<2x8xf32>, tensor<3x8xf32>) -> tensor<2x3xf32>
  return
}

// -----

// Q3: one map.
func.func @f(%h: tensor<2x8xf32>, %x: tensor<3x8xf32>) {
  // expected-error @below {{expected 2 values of 'maps', got 1}}
  %y = systolic.block_contract "p" <weight_stationary> loops [3, 2, 8] reduce 1
      held %h <group = 4, exponent = 8, mantissa = 4, rounding = <nearest>> passing %x <group = 4, exponent = 8, mantissa = 4, rounding = <nearest>>
      [affine_map<(d0, d1, d2) -> (d1, d2)>]
      : (tensor<2x8xf32>, tensor<3x8xf32>) -> tensor<3x2xf32>
  return
}

// -----

// Q3: a map from two loops.
func.func @f(%h: tensor<2x8xf32>, %x: tensor<3x8xf32>) {
  // expected-error @below {{expected map 0 from 3 loops to 2 dimensions}}
  %y = systolic.block_contract "p" <weight_stationary> loops [3, 2, 8] reduce 1
      held %h <group = 4, exponent = 8, mantissa = 4, rounding = <nearest>> passing %x <group = 4, exponent = 8, mantissa = 4, rounding = <nearest>>
      [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1, d2) -> (d0, d2)>]
      : (tensor<2x8xf32>, tensor<3x8xf32>) -> tensor<3x2xf32>
  return
}

// -----

// Q3: no sum of loops.
func.func @f(%h: tensor<2x8xf32>, %x: tensor<3x8xf32>) {
  // expected-error @below {{expected result 0 of map 1 to be a sum of loops times constants}}
  %y = systolic.block_contract "p" <weight_stationary> loops [3, 2, 8] reduce 1
      held %h <group = 4, exponent = 8, mantissa = 4, rounding = <nearest>> passing %x <group = 4, exponent = 8, mantissa = 4, rounding = <nearest>>
      [affine_map<(d0, d1, d2) -> (d1, d2)>, affine_map<(d0, d1, d2) -> (d0 mod 2, d2)>]
      : (tensor<2x8xf32>, tensor<3x8xf32>) -> tensor<3x2xf32>
  return
}

// -----

// Q3: beyond the operand.
func.func @f(%h: tensor<2x8xf32>, %x: tensor<3x8xf32>) {
  // expected-error @below {{map 1 reaches indices 1 to 3 of dimension 0, but the operand is 'tensor<3x8xf32>'}}
  %y = systolic.block_contract "p" <weight_stationary> loops [3, 2, 8] reduce 1
      held %h <group = 4, exponent = 8, mantissa = 4, rounding = <nearest>> passing %x <group = 4, exponent = 8, mantissa = 4, rounding = <nearest>>
      [affine_map<(d0, d1, d2) -> (d1, d2)>, affine_map<(d0, d1, d2) -> (d0 + 1, d2)>]
      : (tensor<2x8xf32>, tensor<3x8xf32>) -> tensor<3x2xf32>
  return
}

// -----

// Q4: blocks that begin between those of the operand.
func.func @f(%h: tensor<2x8xf32>, %x: tensor<3x10xf32>) {
  // expected-error @below {{expected the innermost loop of 8 steps, along which blocks lie, to be one dimension of operand 1}}
  %y = systolic.block_contract "p" <weight_stationary> loops [3, 2, 8] reduce 1
      held %h <group = 4, exponent = 8, mantissa = 4, rounding = <nearest>> passing %x <group = 4, exponent = 8, mantissa = 4, rounding = <nearest>>
      [affine_map<(d0, d1, d2) -> (d1, d2)>, affine_map<(d0, d1, d2) -> (d0, d2 + 2)>]
      : (tensor<2x8xf32>, tensor<3x10xf32>) -> tensor<3x2xf32>
  return
}

// -----

// Q4: part of a dimension.
func.func @f(%h: tensor<2x9xf32>, %x: tensor<3x8xf32>) {
  // expected-error @below {{from its start to its end}}
  %y = systolic.block_contract "p" <weight_stationary> loops [3, 2, 8] reduce 1
      held %h <group = 4, exponent = 8, mantissa = 4, rounding = <nearest>> passing %x <group = 4, exponent = 8, mantissa = 4, rounding = <nearest>>
      [affine_map<(d0, d1, d2) -> (d1, d2)>, affine_map<(d0, d1, d2) -> (d0, d2)>]
      : (tensor<2x9xf32>, tensor<3x8xf32>) -> tensor<3x2xf32>
  return
}

// -----

// Q4: blocks along two dimensions.
func.func @f(%h: tensor<8x8xf32>, %x: tensor<3x8xf32>) {
  // expected-error @below {{to be one dimension of operand 0}}
  %y = systolic.block_contract "p" <weight_stationary> loops [3, 2, 8] reduce 1
      held %h <group = 4, exponent = 8, mantissa = 4, rounding = <nearest>> passing %x <group = 4, exponent = 8, mantissa = 4, rounding = <nearest>>
      [affine_map<(d0, d1, d2) -> (d2, d2)>, affine_map<(d0, d1, d2) -> (d0, d2)>]
      : (tensor<8x8xf32>, tensor<3x8xf32>) -> tensor<3x2xf32>
  return
}

// -----

// Q5: a sum that the held operand does not follow.
func.func @f(%h: tensor<2x8xf32>, %x: tensor<3x8xf32>) {
  // expected-error @below {{expected reduction loop 1 of 2 steps to be followed by both operands}}
  %y = systolic.block_contract "p" <weight_stationary> loops [3, 2, 8] reduce 2
      held %h <group = 4, exponent = 8, mantissa = 4, rounding = <nearest>> passing %x <group = 4, exponent = 8, mantissa = 4, rounding = <nearest>>
      [affine_map<(d0, d1, d2) -> (0, d2)>, affine_map<(d0, d1, d2) -> (d0, d2)>]
      : (tensor<2x8xf32>, tensor<3x8xf32>) -> tensor<3xf32>
  return
}

// -----

// Q6: blocks of two sizes.
func.func @f(%h: tensor<2x8xf32>, %x: tensor<3x8xf32>) {
  // expected-error @below {{expected both operands in blocks of one size, got groups of 4 and 8}}
  %y = systolic.block_contract "p" <weight_stationary> loops [3, 2, 8] reduce 1
      held %h <group = 4, exponent = 8, mantissa = 4, rounding = <nearest>> passing %x <group = 8, exponent = 8, mantissa = 4, rounding = <nearest>>
      [affine_map<(d0, d1, d2) -> (d1, d2)>, affine_map<(d0, d1, d2) -> (d0, d2)>]
      : (tensor<2x8xf32>, tensor<3x8xf32>) -> tensor<3x2xf32>
  return
}

// -----

// Q7: no counter.
func.func @f(%h: tensor<2x8xf32>, %x: tensor<3x8xf32>) {
  // expected-error @below {{expected a counter, since a stochastic conversion has none of its own}}
  %y = systolic.block_contract "p" <weight_stationary> loops [3, 2, 8] reduce 1
      held %h <group = 4, exponent = 8, mantissa = 4, rounding = <nearest>> passing %x <group = 4, exponent = 8, mantissa = 4, rounding = <stochastic, seed = 1>>
      [affine_map<(d0, d1, d2) -> (d1, d2)>, affine_map<(d0, d1, d2) -> (d0, d2)>]
      : (tensor<2x8xf32>, tensor<3x8xf32>) -> tensor<3x2xf32>
  return
}

// -----

// Q7: a counter for nobody.
func.func @f(%h: tensor<2x8xf32>, %x: tensor<3x8xf32>, %c: tensor<i64>) {
  // expected-error @below {{expected no counter, since no conversion takes one}}
  %y = systolic.block_contract "p" <weight_stationary> loops [3, 2, 8] reduce 1
      held %h <group = 4, exponent = 8, mantissa = 4, rounding = <nearest>> passing %x <group = 4, exponent = 8, mantissa = 4, rounding = <nearest>>
      [affine_map<(d0, d1, d2) -> (d1, d2)>, affine_map<(d0, d1, d2) -> (d0, d2)>] counter %c
      : (tensor<2x8xf32>, tensor<3x8xf32>, tensor<i64>) -> tensor<3x2xf32>
  return
}

// -----

// Q7: many counters.
func.func @f(%h: tensor<2x8xf32>, %x: tensor<3x8xf32>, %c: tensor<2xi64>) {
  // expected-error @below {{expected a counter of type tensor<i64>, got 'tensor<2xi64>'}}
  %y = systolic.block_contract "p" <weight_stationary> loops [3, 2, 8] reduce 1
      held %h <group = 4, exponent = 8, mantissa = 4, rounding = <nearest>> passing %x <group = 4, exponent = 8, mantissa = 4, rounding = <stochastic, seed = 1>>
      [affine_map<(d0, d1, d2) -> (d1, d2)>, affine_map<(d0, d1, d2) -> (d0, d2)>] counter %c
      : (tensor<2x8xf32>, tensor<3x8xf32>, tensor<2xi64>) -> tensor<3x2xf32>
  return
}

// -----

// O1: mantissas that no block has.
// expected-error @below {{mantissa}}
func.func private @f() attributes {a = #systolic.conversion<group = 4, exponent = 8, mantissa = 1, rounding = <nearest>>}

// -----

// O2: a counter that nothing draws by.
// expected-error @below {{expected a counter with stochastic rounding only, got counter 3 with nearest}}
func.func private @f() attributes {a = #systolic.conversion<group = 4, exponent = 8, mantissa = 4, rounding = <nearest>, counter = 3>}

// -----

// J1: a position too few.
func.func @f(%i: index, %h: !systolic.buffer<data_sram>, %x: !systolic.buffer<data_sram>, %hb: !systolic.buffer<weight_sram>,
             %xb: !systolic.buffer<data_sram>, %a: !systolic.buffer<accumulators>) {
  // expected-error @below {{expected 3 values of 'position', got 2}}
  %t = systolic.block_pass "p" <weight_stationary> loops [3, 2, 8] chunk [3, 2, 8] at [%i, %i] reduce 1
      held %h <group = 4, exponent = 8, mantissa = 4, rounding = <nearest>> in %hb passing %x <group = 4, exponent = 8, mantissa = 4, rounding = <nearest>> in %xb accumulators %a + %i
      [#systolic.strides<f32, offset = 0, pitches = [0, 32, 4], chunked = false>,
       #systolic.strides<f32, offset = 0, pitches = [32, 0, 4], chunked = false>,
       #systolic.strides<f32, offset = 0, pitches = [8, 4, 0], chunked = true>]
      [affine_map<(d0, d1, d2) -> (d1 * 8 + d2)>, affine_map<(d0, d1, d2) -> (d0 * 8 + d2)>]
      : !systolic.buffer<data_sram>, !systolic.buffer<weight_sram>, !systolic.buffer<data_sram>, !systolic.buffer<data_sram>, !systolic.buffer<accumulators>
  return
}

// -----

// J1: part of a reduction.
func.func @f(%i: index, %h: !systolic.buffer<data_sram>, %x: !systolic.buffer<data_sram>, %hb: !systolic.buffer<weight_sram>,
             %xb: !systolic.buffer<data_sram>, %a: !systolic.buffer<accumulators>) {
  // expected-error @below {{expected a chunk of at least 8 steps of loop 2, got 4}}
  %t = systolic.block_pass "p" <weight_stationary> loops [3, 2, 8] chunk [3, 2, 4] at [%i, %i, %i] reduce 1
      held %h <group = 4, exponent = 8, mantissa = 4, rounding = <nearest>> in %hb passing %x <group = 4, exponent = 8, mantissa = 4, rounding = <nearest>> in %xb accumulators %a + %i
      [#systolic.strides<f32, offset = 0, pitches = [0, 32, 4], chunked = false>,
       #systolic.strides<f32, offset = 0, pitches = [32, 0, 4], chunked = false>,
       #systolic.strides<f32, offset = 0, pitches = [8, 4, 0], chunked = true>]
      [affine_map<(d0, d1, d2) -> (d1 * 8 + d2)>, affine_map<(d0, d1, d2) -> (d0 * 8 + d2)>]
      : !systolic.buffer<data_sram>, !systolic.buffer<weight_sram>, !systolic.buffer<data_sram>, !systolic.buffer<data_sram>, !systolic.buffer<accumulators>
  return
}

// -----

// J2: sums in several places.
func.func @f(%i: index, %h: !systolic.buffer<data_sram>, %x: !systolic.buffer<data_sram>, %hb: !systolic.buffer<weight_sram>,
             %xb: !systolic.buffer<data_sram>, %a: !systolic.buffer<accumulators>) {
  // expected-error @below {{expected a pitch of 0 of the sums in reduction loops, got 4}}
  %t = systolic.block_pass "p" <weight_stationary> loops [3, 2, 8] chunk [3, 2, 8] at [%i, %i, %i] reduce 1
      held %h <group = 4, exponent = 8, mantissa = 4, rounding = <nearest>> in %hb passing %x <group = 4, exponent = 8, mantissa = 4, rounding = <nearest>> in %xb accumulators %a + %i
      [#systolic.strides<f32, offset = 0, pitches = [0, 32, 4], chunked = false>,
       #systolic.strides<f32, offset = 0, pitches = [32, 0, 4], chunked = false>,
       #systolic.strides<f32, offset = 0, pitches = [8, 4, 4], chunked = true>]
      [affine_map<(d0, d1, d2) -> (d1 * 8 + d2)>, affine_map<(d0, d1, d2) -> (d0 * 8 + d2)>]
      : !systolic.buffer<data_sram>, !systolic.buffer<weight_sram>, !systolic.buffer<data_sram>, !systolic.buffer<data_sram>, !systolic.buffer<accumulators>
  return
}

// -----

// J2: integers.
func.func @f(%i: index, %h: !systolic.buffer<data_sram>, %x: !systolic.buffer<data_sram>, %hb: !systolic.buffer<weight_sram>,
             %xb: !systolic.buffer<data_sram>, %a: !systolic.buffer<accumulators>) {
  // expected-error @below {{expected a #systolic.strides of f32, got #systolic.strides<i8}}
  %t = systolic.block_pass "p" <weight_stationary> loops [3, 2, 8] chunk [3, 2, 8] at [%i, %i, %i] reduce 1
      held %h <group = 4, exponent = 8, mantissa = 4, rounding = <nearest>> in %hb passing %x <group = 4, exponent = 8, mantissa = 4, rounding = <nearest>> in %xb accumulators %a + %i
      [#systolic.strides<i8, offset = 0, pitches = [0, 32, 4], chunked = false>,
       #systolic.strides<f32, offset = 0, pitches = [32, 0, 4], chunked = false>,
       #systolic.strides<f32, offset = 0, pitches = [8, 4, 0], chunked = true>]
      [affine_map<(d0, d1, d2) -> (d1 * 8 + d2)>, affine_map<(d0, d1, d2) -> (d0 * 8 + d2)>]
      : !systolic.buffer<data_sram>, !systolic.buffer<weight_sram>, !systolic.buffer<data_sram>, !systolic.buffer<data_sram>, !systolic.buffer<accumulators>
  return
}

// -----

// J2: two numbers as a position.
func.func @f(%i: index, %h: !systolic.buffer<data_sram>, %x: !systolic.buffer<data_sram>, %hb: !systolic.buffer<weight_sram>,
             %xb: !systolic.buffer<data_sram>, %a: !systolic.buffer<accumulators>) {
  // expected-error @below {{expected a position that is a sum of 3 loops times constants}}
  %t = systolic.block_pass "p" <weight_stationary> loops [3, 2, 8] chunk [3, 2, 8] at [%i, %i, %i] reduce 1
      held %h <group = 4, exponent = 8, mantissa = 4, rounding = <nearest>> in %hb passing %x <group = 4, exponent = 8, mantissa = 4, rounding = <nearest>> in %xb accumulators %a + %i
      [#systolic.strides<f32, offset = 0, pitches = [0, 32, 4], chunked = false>,
       #systolic.strides<f32, offset = 0, pitches = [32, 0, 4], chunked = false>,
       #systolic.strides<f32, offset = 0, pitches = [8, 4, 0], chunked = true>]
      [affine_map<(d0, d1, d2) -> (d1, d2)>, affine_map<(d0, d1, d2) -> (d0 * 8 + d2)>]
      : !systolic.buffer<data_sram>, !systolic.buffer<weight_sram>, !systolic.buffer<data_sram>, !systolic.buffer<data_sram>, !systolic.buffer<accumulators>
  return
}

// -----

// J3: held blocks in data SRAM.
func.func @f(%i: index, %h: !systolic.buffer<data_sram>, %x: !systolic.buffer<data_sram>, %hb: !systolic.buffer<data_sram>,
             %xb: !systolic.buffer<data_sram>, %a: !systolic.buffer<accumulators>) {
  // expected-error @below {{expected the held blocks in weight_sram, got data_sram}}
  %t = systolic.block_pass "p" <weight_stationary> loops [3, 2, 8] chunk [3, 2, 8] at [%i, %i, %i] reduce 1
      held %h <group = 4, exponent = 8, mantissa = 4, rounding = <nearest>> in %hb passing %x <group = 4, exponent = 8, mantissa = 4, rounding = <nearest>> in %xb accumulators %a + %i
      [#systolic.strides<f32, offset = 0, pitches = [0, 32, 4], chunked = false>,
       #systolic.strides<f32, offset = 0, pitches = [32, 0, 4], chunked = false>,
       #systolic.strides<f32, offset = 0, pitches = [8, 4, 0], chunked = true>]
      [affine_map<(d0, d1, d2) -> (d1 * 8 + d2)>, affine_map<(d0, d1, d2) -> (d0 * 8 + d2)>]
      : !systolic.buffer<data_sram>, !systolic.buffer<data_sram>, !systolic.buffer<data_sram>, !systolic.buffer<data_sram>, !systolic.buffer<accumulators>
  return
}

// -----

// J3: an operand in DRAM.
func.func @f(%i: index, %h: !systolic.buffer<dram>, %x: !systolic.buffer<data_sram>, %hb: !systolic.buffer<weight_sram>,
             %xb: !systolic.buffer<data_sram>, %a: !systolic.buffer<accumulators>) {
  // expected-error @below {{expected the held operand in data_sram, got dram}}
  %t = systolic.block_pass "p" <weight_stationary> loops [3, 2, 8] chunk [3, 2, 8] at [%i, %i, %i] reduce 1
      held %h <group = 4, exponent = 8, mantissa = 4, rounding = <nearest>> in %hb passing %x <group = 4, exponent = 8, mantissa = 4, rounding = <nearest>> in %xb accumulators %a + %i
      [#systolic.strides<f32, offset = 0, pitches = [0, 32, 4], chunked = false>,
       #systolic.strides<f32, offset = 0, pitches = [32, 0, 4], chunked = false>,
       #systolic.strides<f32, offset = 0, pitches = [8, 4, 0], chunked = true>]
      [affine_map<(d0, d1, d2) -> (d1 * 8 + d2)>, affine_map<(d0, d1, d2) -> (d0 * 8 + d2)>]
      : !systolic.buffer<dram>, !systolic.buffer<weight_sram>, !systolic.buffer<data_sram>, !systolic.buffer<data_sram>, !systolic.buffer<accumulators>
  return
}

// -----

// J4: blocks of two sizes.
func.func @f(%i: index, %h: !systolic.buffer<data_sram>, %x: !systolic.buffer<data_sram>, %hb: !systolic.buffer<weight_sram>,
             %xb: !systolic.buffer<data_sram>, %a: !systolic.buffer<accumulators>) {
  // expected-error @below {{expected both operands in blocks of one size, got groups of 8 and 4}}
  %t = systolic.block_pass "p" <weight_stationary> loops [3, 2, 8] chunk [3, 2, 8] at [%i, %i, %i] reduce 1
      held %h <group = 8, exponent = 8, mantissa = 4, rounding = <nearest>> in %hb passing %x <group = 4, exponent = 8, mantissa = 4, rounding = <nearest>> in %xb accumulators %a + %i
      [#systolic.strides<f32, offset = 0, pitches = [0, 32, 4], chunked = false>,
       #systolic.strides<f32, offset = 0, pitches = [32, 0, 4], chunked = false>,
       #systolic.strides<f32, offset = 0, pitches = [8, 4, 0], chunked = true>]
      [affine_map<(d0, d1, d2) -> (d1 * 8 + d2)>, affine_map<(d0, d1, d2) -> (d0 * 8 + d2)>]
      : !systolic.buffer<data_sram>, !systolic.buffer<weight_sram>, !systolic.buffer<data_sram>, !systolic.buffer<data_sram>, !systolic.buffer<accumulators>
  return
}

// -----

// J5: no counter.
func.func @f(%i: index, %h: !systolic.buffer<data_sram>, %x: !systolic.buffer<data_sram>, %hb: !systolic.buffer<weight_sram>,
             %xb: !systolic.buffer<data_sram>, %a: !systolic.buffer<accumulators>) {
  // expected-error @below {{expected a counter, since a stochastic conversion has none of its own}}
  %t = systolic.block_pass "p" <weight_stationary> loops [3, 2, 8] chunk [3, 2, 8] at [%i, %i, %i] reduce 1
      held %h <group = 4, exponent = 8, mantissa = 4, rounding = <stochastic, seed = 1>> in %hb passing %x <group = 4, exponent = 8, mantissa = 4, rounding = <nearest>> in %xb accumulators %a + %i
      [#systolic.strides<f32, offset = 0, pitches = [0, 32, 4], chunked = false>,
       #systolic.strides<f32, offset = 0, pitches = [32, 0, 4], chunked = false>,
       #systolic.strides<f32, offset = 0, pitches = [8, 4, 0], chunked = true>]
      [affine_map<(d0, d1, d2) -> (d1 * 8 + d2)>, affine_map<(d0, d1, d2) -> (d0 * 8 + d2)>]
      : !systolic.buffer<data_sram>, !systolic.buffer<weight_sram>, !systolic.buffer<data_sram>, !systolic.buffer<data_sram>, !systolic.buffer<accumulators>
  return
}
