// RUN: colonnade-opt %s -split-input-file -verify-diagnostics

// One case per constraint of the ops' ODS descriptions.

// P1: values of rank 2.
// expected-error @below {{expected values of type tensor<rows x columns x slots x i8>}}
systolic.weights "w" {original = tensor<2x1xi8>, row_axis = 1 : i64, weight_terms = 0 : i64, values = dense<[[3, -1]]> : tensor<1x2xi8>, selects = dense<0> : tensor<1x2x1xi8>, streams = dense<[[[0]], [[1]]]> : tensor<2x1x1xi32>, digest = "0"} : !systolic.weights

// -----

// P1: selects of another shape.
// expected-error @below {{expected selects of the values' type}}
systolic.weights "w" {original = tensor<2x1xi8>, row_axis = 1 : i64, weight_terms = 0 : i64, values = dense<[[[3], [-1]]]> : tensor<1x2x1xi8>, selects = dense<0> : tensor<1x1x1xi8>, streams = dense<[[[0]], [[1]]]> : tensor<2x1x1xi32>, digest = "0"} : !systolic.weights

// -----

// P1: streams of another shape.
// expected-error @below {{expected streams of type tensor<2x1x fan-in x i32>}}
systolic.weights "w" {original = tensor<2x1xi8>, row_axis = 1 : i64, weight_terms = 0 : i64, values = dense<[[[3], [-1]]]> : tensor<1x2x1xi8>, selects = dense<0> : tensor<1x2x1xi8>, streams = dense<0> : tensor<1x1x1xi32>, digest = "0"} : !systolic.weights

// -----

// P2: rows of another number.
// expected-error @below {{expected 1 rows as in}}
systolic.weights "w" {original = tensor<2x1xi8>, row_axis = 1 : i64, weight_terms = 0 : i64, values = dense<0> : tensor<2x2x1xi8>, selects = dense<0> : tensor<2x2x1xi8>, streams = dense<[[[0]], [[1]]]> : tensor<2x1x1xi32>, digest = "0"} : !systolic.weights

// -----

// P2: row axis outside.
// expected-error @below {{expected row_axis in [0, 2), got 2}}
systolic.weights "w" {original = tensor<2x1xi8>, row_axis = 2 : i64, weight_terms = 0 : i64, values = dense<[[[3], [-1]]]> : tensor<1x2x1xi8>, selects = dense<0> : tensor<1x2x1xi8>, streams = dense<[[[0]], [[1]]]> : tensor<2x1x1xi32>, digest = "0"} : !systolic.weights

// -----

// P2: original that is not i8.
// expected-error @below {{expected a static i8 tensor as original}}
systolic.weights "w" {original = tensor<2x1xi32>, row_axis = 1 : i64, weight_terms = 0 : i64, values = dense<[[[3], [-1]]]> : tensor<1x2x1xi8>, selects = dense<0> : tensor<1x2x1xi8>, streams = dense<[[[0]], [[1]]]> : tensor<2x1x1xi32>, digest = "0"} : !systolic.weights

// -----

// P3: select beyond the fan-in.
// expected-error @below {{select}}
systolic.weights "w" {original = tensor<2x1xi8>, row_axis = 1 : i64, weight_terms = 0 : i64, values = dense<[[[3], [-1]]]> : tensor<1x2x1xi8>, selects = dense<[[[1], [0]]]> : tensor<1x2x1xi8>, streams = dense<[[[0]], [[1]]]> : tensor<2x1x1xi32>, digest = "0"} : !systolic.weights

// -----

// P3: stream beyond the matrix.
// expected-error @below {{matrix column}}
systolic.weights "w" {original = tensor<2x1xi8>, row_axis = 1 : i64, weight_terms = 0 : i64, values = dense<[[[3], [-1]]]> : tensor<1x2x1xi8>, selects = dense<0> : tensor<1x2x1xi8>, streams = dense<[[[0]], [[2]]]> : tensor<2x1x1xi32>, digest = "0"} : !systolic.weights

// -----

// P3: a matrix column twice.
// expected-error @below {{matrix column}}
systolic.weights "w" {original = tensor<2x1xi8>, row_axis = 1 : i64, weight_terms = 0 : i64, values = dense<[[[3], [-1]]]> : tensor<1x2x1xi8>, selects = dense<0> : tensor<1x2x1xi8>, streams = dense<0> : tensor<2x1x1xi32>, digest = "0"} : !systolic.weights

// -----

// P4: negative budget.
// expected-error @below {{expected weight_terms of at least 0, got -1}}
systolic.weights "w" {original = tensor<2x1xi8>, row_axis = 1 : i64, weight_terms = -1 : i64, values = dense<[[[3], [-1]]]> : tensor<1x2x1xi8>, selects = dense<0> : tensor<1x2x1xi8>, streams = dense<[[[0]], [[1]]]> : tensor<2x1x1xi32>, digest = "0"} : !systolic.weights

// -----

// N1: no terms.
func.func @f(%x: i8) {
  // expected-error @below {{expected terms in [1, 7], got 0}}
  %y = systolic.encode_terms %x {digits = "naf", terms = 0 : i64}
  return
}

// -----

// N1: too many terms.
func.func @f(%x: i8) {
  // expected-error @below {{expected terms in [1, 7], got 8}}
  %y = systolic.encode_terms %x {digits = "naf", terms = 8 : i64}
  return
}

// -----

// N1: unknown digits.
func.func @f(%x: i8) {
  // expected-error @below {{expected digits to be binary, naf, booth4 or hese-msb, got 'ternary'}}
  %y = systolic.encode_terms %x {digits = "ternary", terms = 3 : i64}
  return
}

// -----

// V1: the input is not the window's.
func.func @f(%i0: tensor<1x1x2x2xi8>) {
  // expected-error @below {{expected the window's input 1x4x4, got 1x2x2}}
  %y = systolic.vector "v" <none> <input = [1, 4, 4], kernel = [1, 1], strides = [1, 1], dilations = [1, 1], padding = [0, 0], output = [4, 4]> ins(%i0) : (tensor<1x1x2x2xi8>) -> tensor<1x1x4x4xi8> {
  ^bb0(%r: i8):
    systolic.yield %r : i8
  }
  return
}

// -----

// V1: the result has other positions.
func.func @f(%i0: tensor<1x1x4x4xi8>) {
  // expected-error @below {{expected a result of 4x4 positions as the window has, got 2x2}}
  %y = systolic.vector "v" <none> <input = [1, 4, 4], kernel = [1, 1], strides = [1, 1], dilations = [1, 1], padding = [0, 0], output = [4, 4]> ins(%i0) : (tensor<1x1x4x4xi8>) -> tensor<1x1x2x2xi8> {
  ^bb0(%r: i8):
    systolic.yield %r : i8
  }
  return
}

// -----

// V1: batch 2.
func.func @f(%i0: tensor<1x1x4x4xi8>) {
  // expected-error @below {{expected batch 1, got 2}}
  %y = systolic.vector "v" <none> <input = [1, 4, 4], kernel = [1, 1], strides = [1, 1], dilations = [1, 1], padding = [0, 0], output = [4, 4]> ins(%i0) : (tensor<1x1x4x4xi8>) -> tensor<2x1x4x4xi8> {
  ^bb0(%r: i8):
    systolic.yield %r : i8
  }
  return
}

// -----

// V2: nothing is reduced.
func.func @f(%i0: tensor<1x1x4x4xi8>) {
  // expected-error @below {{expected a maximum or a sum, got 'none': elementwise code is a systolic.nest}}
  %y = systolic.vector "v" <none> <input = [1, 4, 4], kernel = [1, 1], strides = [1, 1], dilations = [1, 1], padding = [0, 0], output = [4, 4]> ins(%i0) : (tensor<1x1x4x4xi8>) -> tensor<1x1x4x4xi8> {
  ^bb0(%r: i8):
    systolic.yield %r : i8
  }
  return
}

// -----

// V3: a sum is i32.
func.func @f(%i0: tensor<1x1x4x4xi8>) {
  // expected-error @below {{expected region argument 0 of type}}
  %y = systolic.vector "v" <sum> <input = [1, 4, 4], kernel = [1, 1], strides = [1, 1], dilations = [1, 1], padding = [0, 0], output = [4, 4]> ins(%i0) : (tensor<1x1x4x4xi8>) -> tensor<1x1x4x4xi8> {
  ^bb0(%r: i8):
    systolic.yield %r : i8
  }
  return
}

// -----

// V3: too few arguments.
func.func @f(%i0: tensor<1x1x4x4xi8>, %i1: tensor<1x1x4x4xi8>) {
  // expected-error @below {{expected a region with 2 arguments, got 1}}
  %y = systolic.vector "v" <max> <input = [1, 4, 4], kernel = [1, 1], strides = [1, 1], dilations = [1, 1], padding = [0, 0], output = [4, 4]> ins(%i0, %i1) : (tensor<1x1x4x4xi8>, tensor<1x1x4x4xi8>) -> tensor<1x1x4x4xi8> {
  ^bb0(%r: i8):
    systolic.yield %r : i8
  }
  return
}

// -----

// V3: yields another type.
func.func @f(%i0: tensor<1x1x4x4xi8>) {
  // expected-error @below {{expected the region to yield}}
  %y = systolic.vector "v" <max> <input = [1, 4, 4], kernel = [1, 1], strides = [1, 1], dilations = [1, 1], padding = [0, 0], output = [4, 4]> ins(%i0) : (tensor<1x1x4x4xi8>) -> tensor<1x1x4x4xi32> {
  ^bb0(%r: i8):
    systolic.yield %r : i8
  }
  return
}

// -----

// V4: an input of another shape.
func.func @f(%i0: tensor<1x1x4x4xi8>, %i1: tensor<3xi8>) {
  // expected-error @below {{expected operand 1 to have the result's shape or 1 values}}
  %y = systolic.vector "v" <max> <input = [1, 4, 4], kernel = [1, 1], strides = [1, 1], dilations = [1, 1], padding = [0, 0], output = [4, 4]> ins(%i0, %i1) : (tensor<1x1x4x4xi8>, tensor<3xi8>) -> tensor<1x1x4x4xi8> {
  ^bb0(%r: i8, %q: i8):
    systolic.yield %r : i8
  }
  return
}

// -----

// V3: an operation the vector unit does not have.
func.func @f(%x: tensor<1x1x4x4xi8>) {
  // expected-error @below {{the vector unit has no 'arith.divui'}}
  %y = systolic.vector "v" <max> <input = [1, 4, 4], kernel = [1, 1], strides = [1, 1], dilations = [1, 1], padding = [0, 0], output = [4, 4]> ins(%x) : (tensor<1x1x4x4xi8>) -> tensor<1x1x4x4xi8> {
  ^bb0(%r: i8):
    // expected-note @below {{scalar op is here}}
    %q = arith.divui %r, %r : i8
    systolic.yield %q : i8
  }
  return
}

// -----

// C3: weights with another number of columns.
func.func @f(%x: tensor<1x1x4x4xi8>) {
  %w = systolic.weights "w" {original = tensor<2x1xi8>, row_axis = 1 : i64, weight_terms = 0 : i64, values = dense<[[[3], [-1]]]> : tensor<1x2x1xi8>, selects = dense<0> : tensor<1x2x1xi8>, streams = dense<[[[0]], [[1]]]> : tensor<2x1x1xi32>, digest = "0"} : !systolic.weights
  // expected-error @below {{expected 2 channels x taps as the weights have columns, got 1}}
  %y = systolic.contract "c" %x, %w <input = [1, 4, 4], kernel = [1, 1], strides = [1, 1], dilations = [1, 1], padding = [0, 0], output = [4, 4]> {data_terms = 0 : i64} : (tensor<1x1x4x4xi8>, !systolic.weights) -> tensor<1x1x4x4xi32> {
  ^bb0(%a: i32):
    systolic.yield %a : i32
  }
  return
}

// -----

// C6: eight terms of seven bits.
func.func @f(%x: tensor<1x2xi8>) {
  %w = systolic.weights "w" {original = tensor<2x1xi8>, row_axis = 1 : i64, weight_terms = 0 : i64, values = dense<[[[3], [-1]]]> : tensor<1x2x1xi8>, selects = dense<0> : tensor<1x2x1xi8>, streams = dense<[[[0]], [[1]]]> : tensor<2x1x1xi32>, digest = "0"} : !systolic.weights
  // expected-error @below {{expected data_terms in [0, 7], got 8}}
  %y = systolic.contract "c" %x, %w <input = [2, 1, 1], kernel = [1, 1], strides = [1, 1], dilations = [1, 1], padding = [0, 0], output = [1, 1]> {data_terms = 8 : i64} : (tensor<1x2xi8>, !systolic.weights) -> tensor<1x1xi32> {
  ^bb0(%a: i32):
    systolic.yield %a : i32
  }
  return
}

// -----

// An unknown discardable attribute.
// expected-error @below {{has unknown attribute 'systolic.targt'}}
module attributes {systolic.targt = 1 : i64} {}

// -----

// The module's target is no target.
// expected-error @below {{expected 'systolic.target' to be a #systolic.target, got 1 : i64}}
module attributes {systolic.target = 1 : i64} {}

// -----

// R1: a stale hash.
// expected-error @below {{was scheduled for a target with hash 0, but its target}}
systolic.program @p target(<name = "t", rows = 4, columns = 4, cell = #systolic.mac<fan_in = 1>, dram_bytes_per_cycle = 16, dram_latency = 100, weight_sram_bytes = 1024, data_sram_bytes = 1024, data_sram_banks = 4, accumulator_bytes = 1024, weight_loader_bytes_per_cycle = 8, vector_lanes = 4, vector_latency = 2, vector_stages = 8, vector_divide_slots = 8, clock_megahertz = 500, energy = {mac = 0.3 : f64, register_hop = 0.03 : f64, weight_sram_byte = 2.5 : f64, data_sram_byte = 2.5 : f64, accumulator_byte = 1.25 : f64, dram_byte = 162.5 : f64, vector_op = 0.1 : f64, vector_float_op = 3.7 : f64, idle_cell_cycle = 0.01 : f64}>) hash "0" {
  systolic.ready
}

// -----

// F1: a negative address.
// expected-error @below {{expected an address of at least 0 and a size of at least 1, got -1 and 4}}
%b = systolic.buffer "b" at -1 size 4 : !systolic.buffer<data_sram>

// -----

// H1: no scale.
systolic.program @p target(<name = "t", rows = 4, columns = 4, cell = #systolic.mac<fan_in = 1>, dram_bytes_per_cycle = 16, dram_latency = 100, weight_sram_bytes = 1024, data_sram_bytes = 1024, data_sram_banks = 4, accumulator_bytes = 1024, weight_loader_bytes_per_cycle = 8, vector_lanes = 4, vector_latency = 2, vector_stages = 8, vector_divide_slots = 8, clock_megahertz = 500, energy = {mac = 0.3 : f64, register_hop = 0.03 : f64, weight_sram_byte = 2.5 : f64, data_sram_byte = 2.5 : f64, accumulator_byte = 1.25 : f64, dram_byte = 162.5 : f64, vector_op = 0.1 : f64, vector_float_op = 3.7 : f64, idle_cell_cycle = 0.01 : f64}>) hash "0" {
  // expected-error @below {{expected a positive, finite scale, got 0}}
  %i = systolic.host_input at 0 : tensor<1x2xi8> scale 0.0 -> !systolic.buffer<dram>
}

// -----

// H1: in the wrong memory.
systolic.program @p target(<name = "t", rows = 4, columns = 4, cell = #systolic.mac<fan_in = 1>, dram_bytes_per_cycle = 16, dram_latency = 100, weight_sram_bytes = 1024, data_sram_bytes = 1024, data_sram_banks = 4, accumulator_bytes = 1024, weight_loader_bytes_per_cycle = 8, vector_lanes = 4, vector_latency = 2, vector_stages = 8, vector_divide_slots = 8, clock_megahertz = 500, energy = {mac = 0.3 : f64, register_hop = 0.03 : f64, weight_sram_byte = 2.5 : f64, data_sram_byte = 2.5 : f64, accumulator_byte = 1.25 : f64, dram_byte = 162.5 : f64, vector_op = 0.1 : f64, vector_float_op = 3.7 : f64, idle_cell_cycle = 0.01 : f64}>) hash "0" {
  // expected-error @below {{expected the buffer in dram, got data_sram}}
  %i = systolic.host_input at 0 : tensor<1x2xi8> scale 1.0 -> !systolic.buffer<data_sram>
}

// -----

// H2: a zero point that is no i8.
systolic.program @p target(<name = "t", rows = 4, columns = 4, cell = #systolic.mac<fan_in = 1>, dram_bytes_per_cycle = 16, dram_latency = 100, weight_sram_bytes = 1024, data_sram_bytes = 1024, data_sram_banks = 4, accumulator_bytes = 1024, weight_loader_bytes_per_cycle = 8, vector_lanes = 4, vector_latency = 2, vector_stages = 8, vector_divide_slots = 8, clock_megahertz = 500, energy = {mac = 0.3 : f64, register_hop = 0.03 : f64, weight_sram_byte = 2.5 : f64, data_sram_byte = 2.5 : f64, accumulator_byte = 1.25 : f64, dram_byte = 162.5 : f64, vector_op = 0.1 : f64, vector_float_op = 3.7 : f64, idle_cell_cycle = 0.01 : f64}>) hash "0" {
  // expected-error @below {{expected a zero point in [-128, 127], and 0 unless the tensor is i8, got 128}}
  %i = systolic.host_input at 0 : tensor<1x2xi8> scale 1.0 zero_point 128 -> !systolic.buffer<dram>
}

// -----

// H2: a zero point of a tensor that is no i8.
systolic.program @p target(<name = "t", rows = 4, columns = 4, cell = #systolic.mac<fan_in = 1>, dram_bytes_per_cycle = 16, dram_latency = 100, weight_sram_bytes = 1024, data_sram_bytes = 1024, data_sram_banks = 4, accumulator_bytes = 1024, weight_loader_bytes_per_cycle = 8, vector_lanes = 4, vector_latency = 2, vector_stages = 8, vector_divide_slots = 8, clock_megahertz = 500, energy = {mac = 0.3 : f64, register_hop = 0.03 : f64, weight_sram_byte = 2.5 : f64, data_sram_byte = 2.5 : f64, accumulator_byte = 1.25 : f64, dram_byte = 162.5 : f64, vector_op = 0.1 : f64, vector_float_op = 3.7 : f64, idle_cell_cycle = 0.01 : f64}>) hash "0" {
  // expected-error @below {{expected a zero point in [-128, 127], and 0 unless the tensor is i8, got -1}}
  %i = systolic.host_input at 0 : tensor<1x2xi32> scale 1.0 zero_point -1 -> !systolic.buffer<dram>
}

// -----

// F2: beyond the memory.
systolic.program @p target(<name = "t", rows = 4, columns = 4, cell = #systolic.mac<fan_in = 1>, dram_bytes_per_cycle = 16, dram_latency = 100, weight_sram_bytes = 1024, data_sram_bytes = 1024, data_sram_banks = 4, accumulator_bytes = 1024, weight_loader_bytes_per_cycle = 8, vector_lanes = 4, vector_latency = 2, vector_stages = 8, vector_divide_slots = 8, clock_megahertz = 500, energy = {mac = 0.3 : f64, register_hop = 0.03 : f64, weight_sram_byte = 2.5 : f64, data_sram_byte = 2.5 : f64, accumulator_byte = 1.25 : f64, dram_byte = 162.5 : f64, vector_op = 0.1 : f64, vector_float_op = 3.7 : f64, idle_cell_cycle = 0.01 : f64}>) hash "0" {
  // expected-error @below {{needs bytes [1000, 1100) of data_sram, which has 1024 bytes: 76 too few}}
  %b = systolic.buffer "b" at 1000 size 100 : !systolic.buffer<data_sram>
}

// -----

// K1: constants outside DRAM.
// expected-error @below {{expected the buffer in dram, got data_sram}}
%c = systolic.constants "c" at 0 dense<1> : tensor<4xi8> -> !systolic.buffer<data_sram>
