// RUN: colonnade-opt %s -split-input-file -verify-diagnostics

// One comment and one case for each constraint of nests, boxes and strides.

#id = affine_map<(d0) -> (d0)>

// E1: an extent of 0.
func.func @f(%x: tensor<0xi8>) {
  // expected-error @below {{expected 'loops' of at least 1, got 0}}
  %y = systolic.nest "n" loops [0] ins(%x) [#id] : (tensor<0xi8>) -> tensor<0xi8> {
  ^bb0(%a: i8):
    systolic.yield %a : i8
  }
  return
}

// -----

#id = affine_map<(d0) -> (d0)>

// E1: more reduction loops than loops.
func.func @f(%x: tensor<4xi8>) {
  // expected-error @below {{expected 'reduce' in [0, 1], got 2}}
  %y = systolic.nest "n" loops [4] reduce 2 from 0 : i8 ins(%x) [#id] : (tensor<4xi8>) -> tensor<i8> {
  ^bb0(%a: i8, %old: i8):
    systolic.yield %a : i8
  }
  return
}

// -----

#id = affine_map<(d0) -> (d0)>

// E1: an initial value of another type.
func.func @f(%x: tensor<4xi8>) {
  // expected-error @below {{expected an initial value of the result's element type 'i8', got 0 : i32}}
  %y = systolic.nest "n" loops [4] reduce 1 from 0 : i32 ins(%x) [#id] : (tensor<4xi8>) -> tensor<i8> {
  ^bb0(%a: i8, %old: i8):
    systolic.yield %a : i8
  }
  return
}

// -----

#id = affine_map<(d0) -> (d0)>

// E1: an initial value without a reduction.
func.func @f(%x: tensor<4xi8>) {
  // expected-error @below {{expected no initial value, since nothing is reduced, got 0 : i8}}
  %y = systolic.nest "n" loops [4] ins(%x) [#id] {initial = 0 : i8} : (tensor<4xi8>) -> tensor<4xi8> {
  ^bb0(%a: i8):
    systolic.yield %a : i8
  }
  return
}

// -----

#id = affine_map<(d0) -> (d0)>

// E2: a result of another shape.
func.func @f(%x: tensor<4xi8>) {
  // expected-error @below {{expected a result of the parallel loops' type 'tensor<4xi8>', got 'tensor<5xi8>'}}
  %y = systolic.nest "n" loops [4] ins(%x) [#id] : (tensor<4xi8>) -> tensor<5xi8> {
  ^bb0(%a: i8):
    systolic.yield %a : i8
  }
  return
}

// -----

// E3: a map for each input.
func.func @f(%x: tensor<4xi8>) {
  // expected-error @below {{expected 1 values of 'maps', got 0}}
  %y = systolic.nest "n" loops [4] ins(%x) [] : (tensor<4xi8>) -> tensor<4xi8> {
  ^bb0(%a: i8):
    systolic.yield %a : i8
  }
  return
}

// -----

#plane = affine_map<(d0, d1) -> (d0)>

// E3: a map of other loops.
func.func @f(%x: tensor<4xi8>) {
  // expected-error @below {{expected map 0 from 1 loops to 1 dimensions, got affine_map<(d0, d1) -> (d0)>}}
  %y = systolic.nest "n" loops [4] ins(%x) [#plane] : (tensor<4xi8>) -> tensor<4xi8> {
  ^bb0(%a: i8):
    systolic.yield %a : i8
  }
  return
}

// -----

#half = affine_map<(d0) -> (d0 floordiv 2)>

// E3: not linear.
func.func @f(%x: tensor<4xi8>) {
  // expected-error @below {{expected result 0 of map 0 to be a sum of loops times constants, got}}
  %y = systolic.nest "n" loops [4] ins(%x) [#half] : (tensor<4xi8>) -> tensor<4xi8> {
  ^bb0(%a: i8):
    systolic.yield %a : i8
  }
  return
}

// -----

#early = affine_map<(d0) -> (2 - d0)>

// E3: an index below 0.
func.func @f(%x: tensor<4xi8>) {
  // expected-error @below {{map 0 reaches index -1 of dimension 0, expected at least 0}}
  %y = systolic.nest "n" loops [4] ins(%x) [#early] : (tensor<4xi8>) -> tensor<4xi8> {
  ^bb0(%a: i8):
    systolic.yield %a : i8
  }
  return
}

// -----

#next = affine_map<(d0) -> (d0 + 1)>

// E3: an index outside the input.
func.func @f(%x: tensor<4xi8>) {
  // expected-error @below {{map 0 reaches index 4 of dimension 0, but the input is 'tensor<4xi8>'}}
  %y = systolic.nest "n" loops [4] ins(%x) [#next] : (tensor<4xi8>) -> tensor<4xi8> {
  ^bb0(%a: i8):
    systolic.yield %a : i8
  }
  return
}

// -----

#id = affine_map<(d0) -> (d0)>

// E4: a reduction without an argument for the accumulator.
func.func @f(%x: tensor<4xi8>) {
  // expected-error @below {{expected a region with 2 arguments, got 1}}
  %y = systolic.nest "n" loops [4] reduce 1 from 0 : i8 ins(%x) [#id] : (tensor<4xi8>) -> tensor<i8> {
  ^bb0(%a: i8):
    systolic.yield %a : i8
  }
  return
}

// -----

#id = affine_map<(d0) -> (d0)>

// E4: an operation that the vector unit does not have on floats of 32 bits.
func.func @f(%x: tensor<4xf32>) {
  // expected-error @below {{the vector unit has no 'arith.remf'}}
  %y = systolic.nest "n" loops [4] ins(%x) [#id] : (tensor<4xf32>) -> tensor<4xf32> {
  ^bb0(%a: f32):
    // expected-note @below {{scalar op is here}}
    %r = arith.remf %a, %a : f32
    systolic.yield %r : f32
  }
  return
}

// -----

// A1: a position for each loop.
func.func @f(%x: !systolic.buffer<data_sram>) {
  // expected-error @below {{expected 1 values of 'position', got 0}}
  %t = systolic.nest_pass "n" loops [4] chunk [4] at [] ins(%x : !systolic.buffer<data_sram>) [#systolic.strides<i8, offset = 0, pitches = [1], chunked = false>] outs(%x : !systolic.buffer<data_sram>) <i8, offset = 0, pitches = [1], chunked = false> {
  ^bb0(%a: i8):
    systolic.yield %a : i8
  }
  return
}

// -----

// A1: a reduction that is cut.
func.func @f(%x: !systolic.buffer<data_sram>, %i: index) {
  // expected-error @below {{expected the chunk to hold all 4 of reduction loop 0, got 2}}
  %t = systolic.nest_pass "n" loops [4] chunk [2] at [%i] reduce 1 from 0 : i8 ins(%x : !systolic.buffer<data_sram>) [#systolic.strides<i8, offset = 0, pitches = [1], chunked = false>] outs(%x : !systolic.buffer<data_sram>) <i8, offset = 0, pitches = [0], chunked = false> {
  ^bb0(%a: i8, %old: i8):
    systolic.yield %a : i8
  }
  return
}

// -----

// A2: a pitch for each loop.
func.func @f(%x: !systolic.buffer<data_sram>, %i: index) {
  // expected-error @below {{expected 1 values of 'pitches', got 2}}
  %t = systolic.nest_pass "n" loops [4] chunk [4] at [%i] ins(%x : !systolic.buffer<data_sram>) [#systolic.strides<i8, offset = 0, pitches = [1, 1], chunked = false>] outs(%x : !systolic.buffer<data_sram>) <i8, offset = 0, pitches = [1], chunked = false> {
  ^bb0(%a: i8):
    systolic.yield %a : i8
  }
  return
}

// -----

// A2: an output that moves in a reduction.
func.func @f(%x: !systolic.buffer<data_sram>, %i: index) {
  // expected-error @below {{expected an output pitch of 0 in reduction loops, got 1}}
  %t = systolic.nest_pass "n" loops [4] chunk [4] at [%i] reduce 1 from 0 : i8 ins(%x : !systolic.buffer<data_sram>) [#systolic.strides<i8, offset = 0, pitches = [1], chunked = false>] outs(%x : !systolic.buffer<data_sram>) <i8, offset = 0, pitches = [1], chunked = false> {
  ^bb0(%a: i8, %old: i8):
    systolic.yield %a : i8
  }
  return
}

// -----

// A3: an input in DRAM.
func.func @f(%x: !systolic.buffer<dram>, %y: !systolic.buffer<data_sram>, %i: index) {
  // expected-error @below {{expected inputs on the chip, got one in dram}}
  %t = systolic.nest_pass "n" loops [4] chunk [4] at [%i] ins(%x : !systolic.buffer<dram>) [#systolic.strides<i8, offset = 0, pitches = [1], chunked = false>] outs(%y : !systolic.buffer<data_sram>) <i8, offset = 0, pitches = [1], chunked = false> {
  ^bb0(%a: i8):
    systolic.yield %a : i8
  }
  return
}

// -----

// A4: a body that yields another type.
func.func @f(%x: !systolic.buffer<data_sram>, %i: index) {
  // expected-error @below {{expected the region to yield 'f32'}}
  %t = systolic.nest_pass "n" loops [4] chunk [4] at [%i] ins(%x : !systolic.buffer<data_sram>) [#systolic.strides<i8, offset = 0, pitches = [1], chunked = false>] outs(%x : !systolic.buffer<data_sram>) <f32, offset = 0, pitches = [4], chunked = false> {
  ^bb0(%a: i8):
    systolic.yield %a : i8
  }
  return
}

// -----

// X1: a position for each dimension.
func.func @f(%x: !systolic.buffer<dram>, %y: !systolic.buffer<data_sram>) {
  // expected-error @below {{expected 1 values of 'position', got 0}}
  %t = systolic.dma_box "n" %x <i8, offset = 0, pitches = [1], chunked = false> to %y <i8, offset = 0, pitches = [1], chunked = true> box [4] of [8] at [] : !systolic.buffer<dram> to !systolic.buffer<data_sram>
  return
}

// -----

// X2: one memory.
func.func @f(%x: !systolic.buffer<dram>, %i: index) {
  // expected-error @below {{expected source and destination in different memories, got '!systolic.buffer<dram>' twice}}
  %t = systolic.dma_box "n" %x <i8, offset = 0, pitches = [1], chunked = false> to %x <i8, offset = 0, pitches = [1], chunked = true> box [4] of [8] at [%i] : !systolic.buffer<dram> to !systolic.buffer<dram>
  return
}

// -----

// X2: two element types.
func.func @f(%x: !systolic.buffer<dram>, %y: !systolic.buffer<data_sram>, %i: index) {
  // expected-error @below {{expected equal element types, got 'i8' and 'i32'}}
  %t = systolic.dma_box "n" %x <i8, offset = 0, pitches = [1], chunked = false> to %y <i32, offset = 0, pitches = [4], chunked = true> box [4] of [8] at [%i] : !systolic.buffer<dram> to !systolic.buffer<data_sram>
  return
}

// -----

// I1: an offset before the buffer.
// expected-error @below {{expected 'offset' of at least 0, got -1}}
#s = #systolic.strides<i8, offset = -1, pitches = [1], chunked = false>

// -----

// I2: an element type that no memory holds.
// expected-error @below {{expected an element type of i8, i32, i64 or f32, got 'f64'}}
#s = #systolic.strides<f64, offset = 0, pitches = [1], chunked = false>
