// RUN: colonnade-opt %s -allow-unregistered-dialect -split-input-file -verify-diagnostics

// One case per constraint of the attributes' ODS descriptions.

// M1: fan-in below 1.
// expected-error @below {{expected 'fan_in' in [1, 255], got 0}}
"test.op"() {a = #systolic.mac<fan_in = 0>} : () -> ()

// -----

// M1: fan-in above 255.
// expected-error @below {{expected 'fan_in' in [1, 255], got 256}}
"test.op"() {a = #systolic.mac<fan_in = 256>} : () -> ()

// -----

// B1: bits other than 8.
// expected-error @below {{expected 'bits' in [8, 8], got 4}}
"test.op"() {a = #systolic.bit_serial<bits = 4, fan_in = 1>} : () -> ()

// -----

// B2: fan-in below 1.
// expected-error @below {{expected 'fan_in' in [1, 255], got -1}}
"test.op"() {a = #systolic.bit_serial<bits = 8, fan_in = -1>} : () -> ()

// -----

// T1: group below 1.
// expected-error @below {{expected 'group' in [1, 64], got 0}}
"test.op"() {a = #systolic.term<group = 0, fan_in = 1>} : () -> ()

// -----

// T1: group above 64.
// expected-error @below {{expected 'group' in [1, 64], got 65}}
"test.op"() {a = #systolic.term<group = 65, fan_in = 1>} : () -> ()

// -----

// T2: fan-in above 255.
// expected-error @below {{expected 'fan_in' in [1, 255], got 300}}
"test.op"() {a = #systolic.term<group = 8, fan_in = 300>} : () -> ()

// -----

// G1: no rows.
// expected-error @below {{expected 'rows' in [1, 4096], got 0}}
"test.op"() {a = #systolic.target<name = "t", rows = 0, columns = 4, cell = #systolic.mac<fan_in = 1>, dram_bytes_per_cycle = 16, dram_latency = 100, weight_sram_bytes = 1024, data_sram_bytes = 1024, data_sram_banks = 4, accumulator_bytes = 1024, weight_loader_bytes_per_cycle = 8, vector_lanes = 4, vector_latency = 2, vector_stages = 8, vector_divide_slots = 8, clock_megahertz = 500, energy = {mac = 0.3 : f64, register_hop = 0.03 : f64, weight_sram_byte = 2.5 : f64, data_sram_byte = 2.5 : f64, accumulator_byte = 1.25 : f64, dram_byte = 162.5 : f64, vector_op = 0.1 : f64, vector_float_op = 3.7 : f64, idle_cell_cycle = 0.01 : f64}>} : () -> ()

// -----

// G1: too many columns.
// expected-error @below {{expected 'columns' in [1, 4096], got 5000}}
"test.op"() {a = #systolic.target<name = "t", rows = 4, columns = 5000, cell = #systolic.mac<fan_in = 1>, dram_bytes_per_cycle = 16, dram_latency = 100, weight_sram_bytes = 1024, data_sram_bytes = 1024, data_sram_banks = 4, accumulator_bytes = 1024, weight_loader_bytes_per_cycle = 8, vector_lanes = 4, vector_latency = 2, vector_stages = 8, vector_divide_slots = 8, clock_megahertz = 500, energy = {mac = 0.3 : f64, register_hop = 0.03 : f64, weight_sram_byte = 2.5 : f64, data_sram_byte = 2.5 : f64, accumulator_byte = 1.25 : f64, dram_byte = 162.5 : f64, vector_op = 0.1 : f64, vector_float_op = 3.7 : f64, idle_cell_cycle = 0.01 : f64}>} : () -> ()

// -----

// G2: not a cell.
// expected-error @below {{expected 'cell' to be a cell type such as}}
"test.op"() {a = #systolic.target<name = "t", rows = 4, columns = 4, cell = 42 : i64, dram_bytes_per_cycle = 16, dram_latency = 100, weight_sram_bytes = 1024, data_sram_bytes = 1024, data_sram_banks = 4, accumulator_bytes = 1024, weight_loader_bytes_per_cycle = 8, vector_lanes = 4, vector_latency = 2, vector_stages = 8, vector_divide_slots = 8, clock_megahertz = 500, energy = {mac = 0.3 : f64, register_hop = 0.03 : f64, weight_sram_byte = 2.5 : f64, data_sram_byte = 2.5 : f64, accumulator_byte = 1.25 : f64, dram_byte = 162.5 : f64, vector_op = 0.1 : f64, vector_float_op = 3.7 : f64, idle_cell_cycle = 0.01 : f64}>} : () -> ()

// -----

// G3: dram_bytes_per_cycle too small.
// expected-error @below {{expected 'dram_bytes_per_cycle' in [1, 1099511627776], got 0}}
"test.op"() {a = #systolic.target<name = "t", rows = 4, columns = 4, cell = #systolic.mac<fan_in = 1>, dram_bytes_per_cycle = 0, dram_latency = 100, weight_sram_bytes = 1024, data_sram_bytes = 1024, data_sram_banks = 4, accumulator_bytes = 1024, weight_loader_bytes_per_cycle = 8, vector_lanes = 4, vector_latency = 2, vector_stages = 8, vector_divide_slots = 8, clock_megahertz = 500, energy = {mac = 0.3 : f64, register_hop = 0.03 : f64, weight_sram_byte = 2.5 : f64, data_sram_byte = 2.5 : f64, accumulator_byte = 1.25 : f64, dram_byte = 162.5 : f64, vector_op = 0.1 : f64, vector_float_op = 3.7 : f64, idle_cell_cycle = 0.01 : f64}>} : () -> ()

// -----

// G3: dram_latency too small.
// expected-error @below {{expected 'dram_latency' in [0, 1099511627776], got -1}}
"test.op"() {a = #systolic.target<name = "t", rows = 4, columns = 4, cell = #systolic.mac<fan_in = 1>, dram_bytes_per_cycle = 16, dram_latency = -1, weight_sram_bytes = 1024, data_sram_bytes = 1024, data_sram_banks = 4, accumulator_bytes = 1024, weight_loader_bytes_per_cycle = 8, vector_lanes = 4, vector_latency = 2, vector_stages = 8, vector_divide_slots = 8, clock_megahertz = 500, energy = {mac = 0.3 : f64, register_hop = 0.03 : f64, weight_sram_byte = 2.5 : f64, data_sram_byte = 2.5 : f64, accumulator_byte = 1.25 : f64, dram_byte = 162.5 : f64, vector_op = 0.1 : f64, vector_float_op = 3.7 : f64, idle_cell_cycle = 0.01 : f64}>} : () -> ()

// -----

// G3: weight_sram_bytes too small.
// expected-error @below {{expected 'weight_sram_bytes' in [1, 1099511627776], got 0}}
"test.op"() {a = #systolic.target<name = "t", rows = 4, columns = 4, cell = #systolic.mac<fan_in = 1>, dram_bytes_per_cycle = 16, dram_latency = 100, weight_sram_bytes = 0, data_sram_bytes = 1024, data_sram_banks = 4, accumulator_bytes = 1024, weight_loader_bytes_per_cycle = 8, vector_lanes = 4, vector_latency = 2, vector_stages = 8, vector_divide_slots = 8, clock_megahertz = 500, energy = {mac = 0.3 : f64, register_hop = 0.03 : f64, weight_sram_byte = 2.5 : f64, data_sram_byte = 2.5 : f64, accumulator_byte = 1.25 : f64, dram_byte = 162.5 : f64, vector_op = 0.1 : f64, vector_float_op = 3.7 : f64, idle_cell_cycle = 0.01 : f64}>} : () -> ()

// -----

// G3: data_sram_bytes too small.
// expected-error @below {{expected 'data_sram_bytes' in [1, 1099511627776], got 0}}
"test.op"() {a = #systolic.target<name = "t", rows = 4, columns = 4, cell = #systolic.mac<fan_in = 1>, dram_bytes_per_cycle = 16, dram_latency = 100, weight_sram_bytes = 1024, data_sram_bytes = 0, data_sram_banks = 4, accumulator_bytes = 1024, weight_loader_bytes_per_cycle = 8, vector_lanes = 4, vector_latency = 2, vector_stages = 8, vector_divide_slots = 8, clock_megahertz = 500, energy = {mac = 0.3 : f64, register_hop = 0.03 : f64, weight_sram_byte = 2.5 : f64, data_sram_byte = 2.5 : f64, accumulator_byte = 1.25 : f64, dram_byte = 162.5 : f64, vector_op = 0.1 : f64, vector_float_op = 3.7 : f64, idle_cell_cycle = 0.01 : f64}>} : () -> ()

// -----

// G3: data_sram_banks too small.
// expected-error @below {{expected 'data_sram_banks' in [1, 1099511627776], got 0}}
"test.op"() {a = #systolic.target<name = "t", rows = 4, columns = 4, cell = #systolic.mac<fan_in = 1>, dram_bytes_per_cycle = 16, dram_latency = 100, weight_sram_bytes = 1024, data_sram_bytes = 1024, data_sram_banks = 0, accumulator_bytes = 1024, weight_loader_bytes_per_cycle = 8, vector_lanes = 4, vector_latency = 2, vector_stages = 8, vector_divide_slots = 8, clock_megahertz = 500, energy = {mac = 0.3 : f64, register_hop = 0.03 : f64, weight_sram_byte = 2.5 : f64, data_sram_byte = 2.5 : f64, accumulator_byte = 1.25 : f64, dram_byte = 162.5 : f64, vector_op = 0.1 : f64, vector_float_op = 3.7 : f64, idle_cell_cycle = 0.01 : f64}>} : () -> ()

// -----

// G3: weight_loader_bytes_per_cycle too small.
// expected-error @below {{expected 'weight_loader_bytes_per_cycle' in [1, 1099511627776], got 0}}
"test.op"() {a = #systolic.target<name = "t", rows = 4, columns = 4, cell = #systolic.mac<fan_in = 1>, dram_bytes_per_cycle = 16, dram_latency = 100, weight_sram_bytes = 1024, data_sram_bytes = 1024, data_sram_banks = 4, accumulator_bytes = 1024, weight_loader_bytes_per_cycle = 0, vector_lanes = 4, vector_latency = 2, vector_stages = 8, vector_divide_slots = 8, clock_megahertz = 500, energy = {mac = 0.3 : f64, register_hop = 0.03 : f64, weight_sram_byte = 2.5 : f64, data_sram_byte = 2.5 : f64, accumulator_byte = 1.25 : f64, dram_byte = 162.5 : f64, vector_op = 0.1 : f64, vector_float_op = 3.7 : f64, idle_cell_cycle = 0.01 : f64}>} : () -> ()

// -----

// G3: vector_lanes too small.
// expected-error @below {{expected 'vector_lanes' in [1, 1099511627776], got 0}}
"test.op"() {a = #systolic.target<name = "t", rows = 4, columns = 4, cell = #systolic.mac<fan_in = 1>, dram_bytes_per_cycle = 16, dram_latency = 100, weight_sram_bytes = 1024, data_sram_bytes = 1024, data_sram_banks = 4, accumulator_bytes = 1024, weight_loader_bytes_per_cycle = 8, vector_lanes = 0, vector_latency = 2, vector_stages = 8, vector_divide_slots = 8, clock_megahertz = 500, energy = {mac = 0.3 : f64, register_hop = 0.03 : f64, weight_sram_byte = 2.5 : f64, data_sram_byte = 2.5 : f64, accumulator_byte = 1.25 : f64, dram_byte = 162.5 : f64, vector_op = 0.1 : f64, vector_float_op = 3.7 : f64, idle_cell_cycle = 0.01 : f64}>} : () -> ()

// -----

// G3: vector_latency too small.
// expected-error @below {{expected 'vector_latency' in [0, 1099511627776], got -1}}
"test.op"() {a = #systolic.target<name = "t", rows = 4, columns = 4, cell = #systolic.mac<fan_in = 1>, dram_bytes_per_cycle = 16, dram_latency = 100, weight_sram_bytes = 1024, data_sram_bytes = 1024, data_sram_banks = 4, accumulator_bytes = 1024, weight_loader_bytes_per_cycle = 8, vector_lanes = 4, vector_latency = -1, vector_stages = 8, vector_divide_slots = 8, clock_megahertz = 500, energy = {mac = 0.3 : f64, register_hop = 0.03 : f64, weight_sram_byte = 2.5 : f64, data_sram_byte = 2.5 : f64, accumulator_byte = 1.25 : f64, dram_byte = 162.5 : f64, vector_op = 0.1 : f64, vector_float_op = 3.7 : f64, idle_cell_cycle = 0.01 : f64}>} : () -> ()

// -----

// G3: vector_stages too small.
// expected-error @below {{expected 'vector_stages' in [1, 1099511627776], got 0}}
"test.op"() {a = #systolic.target<name = "t", rows = 4, columns = 4, cell = #systolic.mac<fan_in = 1>, dram_bytes_per_cycle = 16, dram_latency = 100, weight_sram_bytes = 1024, data_sram_bytes = 1024, data_sram_banks = 4, accumulator_bytes = 1024, weight_loader_bytes_per_cycle = 8, vector_lanes = 4, vector_latency = 2, vector_stages = 0, vector_divide_slots = 8, clock_megahertz = 500, energy = {mac = 0.3 : f64, register_hop = 0.03 : f64, weight_sram_byte = 2.5 : f64, data_sram_byte = 2.5 : f64, accumulator_byte = 1.25 : f64, dram_byte = 162.5 : f64, vector_op = 0.1 : f64, vector_float_op = 3.7 : f64, idle_cell_cycle = 0.01 : f64}>} : () -> ()

// -----

// G3: vector_divide_slots too small.
// expected-error @below {{expected 'vector_divide_slots' in [1, 1099511627776], got 0}}
"test.op"() {a = #systolic.target<name = "t", rows = 4, columns = 4, cell = #systolic.mac<fan_in = 1>, dram_bytes_per_cycle = 16, dram_latency = 100, weight_sram_bytes = 1024, data_sram_bytes = 1024, data_sram_banks = 4, accumulator_bytes = 1024, weight_loader_bytes_per_cycle = 8, vector_lanes = 4, vector_latency = 2, vector_stages = 8, vector_divide_slots = 0, clock_megahertz = 500, energy = {mac = 0.3 : f64, register_hop = 0.03 : f64, weight_sram_byte = 2.5 : f64, data_sram_byte = 2.5 : f64, accumulator_byte = 1.25 : f64, dram_byte = 162.5 : f64, vector_op = 0.1 : f64, vector_float_op = 3.7 : f64, idle_cell_cycle = 0.01 : f64}>} : () -> ()

// -----

// G3: clock_megahertz too small.
// expected-error @below {{expected 'clock_megahertz' in [1, 1099511627776], got 0}}
"test.op"() {a = #systolic.target<name = "t", rows = 4, columns = 4, cell = #systolic.mac<fan_in = 1>, dram_bytes_per_cycle = 16, dram_latency = 100, weight_sram_bytes = 1024, data_sram_bytes = 1024, data_sram_banks = 4, accumulator_bytes = 1024, weight_loader_bytes_per_cycle = 8, vector_lanes = 4, vector_latency = 2, vector_stages = 8, vector_divide_slots = 8, clock_megahertz = 0, energy = {mac = 0.3 : f64, register_hop = 0.03 : f64, weight_sram_byte = 2.5 : f64, data_sram_byte = 2.5 : f64, accumulator_byte = 1.25 : f64, dram_byte = 162.5 : f64, vector_op = 0.1 : f64, vector_float_op = 3.7 : f64, idle_cell_cycle = 0.01 : f64}>} : () -> ()

// -----

// G4: accumulators for less than two positions.
// expected-error @below {{expected 'accumulator_bytes' in [32, 1099511627776], got 31}}
"test.op"() {a = #systolic.target<name = "t", rows = 4, columns = 4, cell = #systolic.mac<fan_in = 1>, dram_bytes_per_cycle = 16, dram_latency = 100, weight_sram_bytes = 1024, data_sram_bytes = 1024, data_sram_banks = 4, accumulator_bytes = 31, weight_loader_bytes_per_cycle = 8, vector_lanes = 4, vector_latency = 2, vector_stages = 8, vector_divide_slots = 8, clock_megahertz = 500, energy = {mac = 0.3 : f64, register_hop = 0.03 : f64, weight_sram_byte = 2.5 : f64, data_sram_byte = 2.5 : f64, accumulator_byte = 1.25 : f64, dram_byte = 162.5 : f64, vector_op = 0.1 : f64, vector_float_op = 3.7 : f64, idle_cell_cycle = 0.01 : f64}>} : () -> ()

// -----

// G5: unknown event.
// expected-error @below {{unknown energy event 'bit'}}
"test.op"() {a = #systolic.target<name = "t", rows = 4, columns = 4, cell = #systolic.mac<fan_in = 1>, dram_bytes_per_cycle = 16, dram_latency = 100, weight_sram_bytes = 1024, data_sram_bytes = 1024, data_sram_banks = 4, accumulator_bytes = 1024, weight_loader_bytes_per_cycle = 8, vector_lanes = 4, vector_latency = 2, vector_stages = 8, vector_divide_slots = 8, clock_megahertz = 500, energy = {mac = 0.3 : f64, register_hop = 0.03 : f64, weight_sram_byte = 2.5 : f64, data_sram_byte = 2.5 : f64, accumulator_byte = 1.25 : f64, dram_byte = 162.5 : f64, vector_op = 0.1 : f64, vector_float_op = 3.7 : f64, idle_cell_cycle = 0.01 : f64, bit = 0.1 : f64}>} : () -> ()

// -----

// G5: missing event.
// expected-error @below {{expected an energy for event 'dram_byte', got none}}
"test.op"() {a = #systolic.target<name = "t", rows = 4, columns = 4, cell = #systolic.mac<fan_in = 1>, dram_bytes_per_cycle = 16, dram_latency = 100, weight_sram_bytes = 1024, data_sram_bytes = 1024, data_sram_banks = 4, accumulator_bytes = 1024, weight_loader_bytes_per_cycle = 8, vector_lanes = 4, vector_latency = 2, vector_stages = 8, vector_divide_slots = 8, clock_megahertz = 500, energy = {mac = 0.3 : f64, register_hop = 0.03 : f64, weight_sram_byte = 2.5 : f64, data_sram_byte = 2.5 : f64, accumulator_byte = 1.25 : f64, vector_op = 0.1 : f64, vector_float_op = 3.7 : f64, idle_cell_cycle = 0.01 : f64}>} : () -> ()

// -----

// G5: the cell's own event is missing.
// expected-error @below {{expected an energy for event 'mac', got none}}
"test.op"() {a = #systolic.target<name = "t", rows = 4, columns = 4, cell = #systolic.mac<fan_in = 1>, dram_bytes_per_cycle = 16, dram_latency = 100, weight_sram_bytes = 1024, data_sram_bytes = 1024, data_sram_banks = 4, accumulator_bytes = 1024, weight_loader_bytes_per_cycle = 8, vector_lanes = 4, vector_latency = 2, vector_stages = 8, vector_divide_slots = 8, clock_megahertz = 500, energy = {register_hop = 0.03 : f64, weight_sram_byte = 2.5 : f64, data_sram_byte = 2.5 : f64, accumulator_byte = 1.25 : f64, dram_byte = 162.5 : f64, vector_op = 0.1 : f64, vector_float_op = 3.7 : f64, idle_cell_cycle = 0.01 : f64}>} : () -> ()

// -----

// G5: negative energy.
// expected-error @below {{expected the energy of 'mac' to be a finite, nonnegative f64 in picojoules}}
"test.op"() {a = #systolic.target<name = "t", rows = 4, columns = 4, cell = #systolic.mac<fan_in = 1>, dram_bytes_per_cycle = 16, dram_latency = 100, weight_sram_bytes = 1024, data_sram_bytes = 1024, data_sram_banks = 4, accumulator_bytes = 1024, weight_loader_bytes_per_cycle = 8, vector_lanes = 4, vector_latency = 2, vector_stages = 8, vector_divide_slots = 8, clock_megahertz = 500, energy = {mac = -1.0 : f64, register_hop = 0.03 : f64, weight_sram_byte = 2.5 : f64, data_sram_byte = 2.5 : f64, accumulator_byte = 1.25 : f64, dram_byte = 162.5 : f64, vector_op = 0.1 : f64, vector_float_op = 3.7 : f64, idle_cell_cycle = 0.01 : f64}>} : () -> ()

// -----

// G5: no number.
// expected-error @below {{expected the energy of 'mac' to be a finite, nonnegative f64 in picojoules}}
"test.op"() {a = #systolic.target<name = "t", rows = 4, columns = 4, cell = #systolic.mac<fan_in = 1>, dram_bytes_per_cycle = 16, dram_latency = 100, weight_sram_bytes = 1024, data_sram_bytes = 1024, data_sram_banks = 4, accumulator_bytes = 1024, weight_loader_bytes_per_cycle = 8, vector_lanes = 4, vector_latency = 2, vector_stages = 8, vector_divide_slots = 8, clock_megahertz = 500, energy = {mac = "much", register_hop = 0.03 : f64, weight_sram_byte = 2.5 : f64, data_sram_byte = 2.5 : f64, accumulator_byte = 1.25 : f64, dram_byte = 162.5 : f64, vector_op = 0.1 : f64, vector_float_op = 3.7 : f64, idle_cell_cycle = 0.01 : f64}>} : () -> ()

// -----

// W1: two input sizes.
// expected-error @below {{expected 3 values of 'input', got 2}}
"test.op"() {a = #systolic.window<input = [4, 4], kernel = [1, 1], strides = [1, 1], dilations = [1, 1], padding = [0, 0], output = [4, 4]>} : () -> ()

// -----

// W1: one kernel size.
// expected-error @below {{expected 2 values of 'kernel', got 1}}
"test.op"() {a = #systolic.window<input = [1, 4, 4], kernel = [1], strides = [1, 1], dilations = [1, 1], padding = [0, 0], output = [4, 4]>} : () -> ()

// -----

// W1: stride 0.
// expected-error @below {{expected 'strides' in [1, 1099511627776], got 0}}
"test.op"() {a = #systolic.window<input = [1, 4, 4], kernel = [1, 1], strides = [0, 1], dilations = [1, 1], padding = [0, 0], output = [4, 4]>} : () -> ()

// -----

// W1: dilation 0.
// expected-error @below {{expected 'dilations' in [1, 1099511627776], got 0}}
"test.op"() {a = #systolic.window<input = [1, 4, 4], kernel = [1, 1], strides = [1, 1], dilations = [1, 0], padding = [0, 0], output = [4, 4]>} : () -> ()

// -----

// W1: negative padding.
// expected-error @below {{expected 'padding' in [0, 1099511627776], got -1}}
"test.op"() {a = #systolic.window<input = [1, 4, 4], kernel = [1, 1], strides = [1, 1], dilations = [1, 1], padding = [-1, 0], output = [4, 4]>} : () -> ()

// -----

// W1: no output.
// expected-error @below {{expected 'output' in [1, 1099511627776], got 0}}
"test.op"() {a = #systolic.window<input = [1, 4, 4], kernel = [1, 1], strides = [1, 1], dilations = [1, 1], padding = [0, 0], output = [0, 4]>} : () -> ()

// -----

// L1: two pitches.
// expected-error @below {{expected 3 values of 'pitches', got 2}}
"test.op"() {a = #systolic.layout<pitches = [4, 1], element_type = i8, banded = false>} : () -> ()

// -----

// L1: negative pitch.
// expected-error @below {{expected 'pitches' in [0, 1099511627776], got -1}}
"test.op"() {a = #systolic.layout<pitches = [4, 2, -1], element_type = i8, banded = false>} : () -> ()

// -----

// L2: elements the machine has no lanes for.
// expected-error @below {{expected 'element_type' to be i8, i32 or f32, got 'i16'}}
"test.op"() {a = #systolic.layout<pitches = [4, 2, 1], element_type = i16, banded = false>} : () -> ()

// -----

// K1: group above 256.
// expected-error @below {{expected 'group' in [1, 256], got 300}}
"test.op"() {a = #systolic.block<group = 300, exponent = 8, mantissa = 4>} : () -> ()

// -----

// K2: exponent below 2.
// expected-error @below {{expected 'exponent' in [2, 8], got 1}}
"test.op"() {a = #systolic.block<group = 16, exponent = 1, mantissa = 4>} : () -> ()

// -----

// K3: mantissa above 16.
// expected-error @below {{expected 'mantissa' in [2, 16], got 17}}
"test.op"() {a = #systolic.block<group = 16, exponent = 8, mantissa = 17>} : () -> ()

// -----

// G5: a block cell's own events are expected too.
// expected-error @below {{expected an energy for event 'block_sum', got none}}
"test.op"() {a = #systolic.target<name = "t", rows = 4, columns = 4, cell = #systolic.block<group = 16, exponent = 8, mantissa = 4>, dram_bytes_per_cycle = 16, dram_latency = 100, weight_sram_bytes = 1024, data_sram_bytes = 1024, data_sram_banks = 4, accumulator_bytes = 1024, weight_loader_bytes_per_cycle = 8, vector_lanes = 4, vector_latency = 2, vector_stages = 8, vector_divide_slots = 8, clock_megahertz = 500, energy = {chunk_product = 0.04 : f64, converter_value = 0.1 : f64, register_hop = 0.03 : f64, weight_sram_byte = 2.5 : f64, data_sram_byte = 2.5 : f64, accumulator_byte = 1.25 : f64, dram_byte = 162.5 : f64, vector_op = 0.1 : f64, vector_float_op = 3.7 : f64, idle_cell_cycle = 0.01 : f64}, converter_values_per_cycle = 64>} : () -> ()

// -----

// G6: block cells without a converter.
// expected-error @below {{expected 'converter_values_per_cycle' in [1, 1099511627776], got 0}}
"test.op"() {a = #systolic.target<name = "t", rows = 4, columns = 4, cell = #systolic.block<group = 16, exponent = 8, mantissa = 4>, dram_bytes_per_cycle = 16, dram_latency = 100, weight_sram_bytes = 1024, data_sram_bytes = 1024, data_sram_banks = 4, accumulator_bytes = 1024, weight_loader_bytes_per_cycle = 8, vector_lanes = 4, vector_latency = 2, vector_stages = 8, vector_divide_slots = 8, clock_megahertz = 500, energy = {chunk_product = 0.04 : f64, block_sum = 1.0 : f64, converter_value = 0.1 : f64, register_hop = 0.03 : f64, weight_sram_byte = 2.5 : f64, data_sram_byte = 2.5 : f64, accumulator_byte = 1.25 : f64, dram_byte = 162.5 : f64, vector_op = 0.1 : f64, vector_float_op = 3.7 : f64, idle_cell_cycle = 0.01 : f64}>} : () -> ()

// -----

// G6: a converter without block cells.
// expected-error @below {{expected 'converter_values_per_cycle' in [0, 0], got 64}}
"test.op"() {a = #systolic.target<name = "t", rows = 4, columns = 4, cell = #systolic.mac<fan_in = 1>, dram_bytes_per_cycle = 16, dram_latency = 100, weight_sram_bytes = 1024, data_sram_bytes = 1024, data_sram_banks = 4, accumulator_bytes = 1024, weight_loader_bytes_per_cycle = 8, vector_lanes = 4, vector_latency = 2, vector_stages = 8, vector_divide_slots = 8, clock_megahertz = 500, energy = {mac = 0.3 : f64, register_hop = 0.03 : f64, weight_sram_byte = 2.5 : f64, data_sram_byte = 2.5 : f64, accumulator_byte = 1.25 : f64, dram_byte = 162.5 : f64, vector_op = 0.1 : f64, vector_float_op = 3.7 : f64, idle_cell_cycle = 0.01 : f64}, converter_values_per_cycle = 64>} : () -> ()

// -----

// E1: no banks.
// expected-error @below {{expected 'banks' in [1, 1099511627776], got 0}}
"test.op"() {a = #systolic.edram<banks = 0, row_bytes = 16, retention_nanoseconds = 3350, refresh_cycles = 2>} : () -> ()

// -----

// E1: rows without bytes.
// expected-error @below {{expected 'row_bytes' in [1, 1099511627776], got 0}}
"test.op"() {a = #systolic.edram<banks = 2, row_bytes = 0, retention_nanoseconds = 3350, refresh_cycles = 2>} : () -> ()

// -----

// E2: nothing is retained.
// expected-error @below {{expected 'retention_nanoseconds' in [1, 1099511627776], got 0}}
"test.op"() {a = #systolic.edram<banks = 2, row_bytes = 16, retention_nanoseconds = 0, refresh_cycles = 2>} : () -> ()

// -----

// E3: a refresh takes no time.
// expected-error @below {{expected 'refresh_cycles' in [1, 1099511627776], got 0}}
"test.op"() {a = #systolic.edram<banks = 2, row_bytes = 16, retention_nanoseconds = 3350, refresh_cycles = 0>} : () -> ()

// -----

// G7: rows that do not fill the memory.
// expected-error @below {{expected 'data_sram_bytes' to be a multiple of 2 banks x 16 bytes of a row, got 1000: change data_sram_bytes, banks or row_bytes}}
"test.op"() {a = #systolic.target<name = "t", rows = 4, columns = 4, cell = #systolic.mac<fan_in = 1>, dram_bytes_per_cycle = 16, dram_latency = 100, weight_sram_bytes = 1024, data_sram_bytes = 1000, data_sram_banks = 4, accumulator_bytes = 1024, weight_loader_bytes_per_cycle = 8, vector_lanes = 4, vector_latency = 2, vector_stages = 8, vector_divide_slots = 8, clock_megahertz = 500, energy = {mac = 0.3 : f64, register_hop = 0.03 : f64, weight_sram_byte = 2.5 : f64, edram_byte = 1.0 : f64, edram_refresh_row = 20.0 : f64, accumulator_byte = 1.25 : f64, dram_byte = 162.5 : f64, vector_op = 0.1 : f64, vector_float_op = 3.7 : f64, idle_cell_cycle = 0.01 : f64}, data_edram = <banks = 2, row_bytes = 16, retention_nanoseconds = 3350, refresh_cycles = 2>>} : () -> ()

// -----

// G7: more rows than memory.
// expected-error @below {{expected 'data_sram_bytes' to be a multiple of 1099511627776 banks x 1099511627776 bytes of a row, got 1024}}
"test.op"() {a = #systolic.target<name = "t", rows = 4, columns = 4, cell = #systolic.mac<fan_in = 1>, dram_bytes_per_cycle = 16, dram_latency = 100, weight_sram_bytes = 1024, data_sram_bytes = 1024, data_sram_banks = 4, accumulator_bytes = 1024, weight_loader_bytes_per_cycle = 8, vector_lanes = 4, vector_latency = 2, vector_stages = 8, vector_divide_slots = 8, clock_megahertz = 500, energy = {mac = 0.3 : f64, register_hop = 0.03 : f64, weight_sram_byte = 2.5 : f64, edram_byte = 1.0 : f64, edram_refresh_row = 20.0 : f64, accumulator_byte = 1.25 : f64, dram_byte = 162.5 : f64, vector_op = 0.1 : f64, vector_float_op = 3.7 : f64, idle_cell_cycle = 0.01 : f64}, data_edram = <banks = 1099511627776, row_bytes = 1099511627776, retention_nanoseconds = 3350, refresh_cycles = 2>>} : () -> ()

// -----

// G7: forgotten within a cycle.
// expected-error @below {{expected a retention of at least one cycle, got 1 ns at 500 MHz: raise retention_nanoseconds or clock_megahertz}}
"test.op"() {a = #systolic.target<name = "t", rows = 4, columns = 4, cell = #systolic.mac<fan_in = 1>, dram_bytes_per_cycle = 16, dram_latency = 100, weight_sram_bytes = 1024, data_sram_bytes = 1024, data_sram_banks = 4, accumulator_bytes = 1024, weight_loader_bytes_per_cycle = 8, vector_lanes = 4, vector_latency = 2, vector_stages = 8, vector_divide_slots = 8, clock_megahertz = 500, energy = {mac = 0.3 : f64, register_hop = 0.03 : f64, weight_sram_byte = 2.5 : f64, edram_byte = 1.0 : f64, edram_refresh_row = 20.0 : f64, accumulator_byte = 1.25 : f64, dram_byte = 162.5 : f64, vector_op = 0.1 : f64, vector_float_op = 3.7 : f64, idle_cell_cycle = 0.01 : f64}, data_edram = <banks = 2, row_bytes = 16, retention_nanoseconds = 1, refresh_cycles = 2>>} : () -> ()

// -----

// G7: data SRAM in a machine without it.
// expected-error @below {{unknown energy event 'data_sram_byte'}}
"test.op"() {a = #systolic.target<name = "t", rows = 4, columns = 4, cell = #systolic.mac<fan_in = 1>, dram_bytes_per_cycle = 16, dram_latency = 100, weight_sram_bytes = 1024, data_sram_bytes = 1024, data_sram_banks = 4, accumulator_bytes = 1024, weight_loader_bytes_per_cycle = 8, vector_lanes = 4, vector_latency = 2, vector_stages = 8, vector_divide_slots = 8, clock_megahertz = 500, energy = {mac = 0.3 : f64, register_hop = 0.03 : f64, weight_sram_byte = 2.5 : f64, data_sram_byte = 2.5 : f64, edram_byte = 1.0 : f64, edram_refresh_row = 20.0 : f64, accumulator_byte = 1.25 : f64, dram_byte = 162.5 : f64, vector_op = 0.1 : f64, vector_float_op = 3.7 : f64, idle_cell_cycle = 0.01 : f64}, data_edram = <banks = 2, row_bytes = 16, retention_nanoseconds = 3350, refresh_cycles = 2>>} : () -> ()

// -----

// G7: no energy of refreshes.
// expected-error @below {{expected an energy for event 'edram_refresh_row', got none}}
"test.op"() {a = #systolic.target<name = "t", rows = 4, columns = 4, cell = #systolic.mac<fan_in = 1>, dram_bytes_per_cycle = 16, dram_latency = 100, weight_sram_bytes = 1024, data_sram_bytes = 1024, data_sram_banks = 4, accumulator_bytes = 1024, weight_loader_bytes_per_cycle = 8, vector_lanes = 4, vector_latency = 2, vector_stages = 8, vector_divide_slots = 8, clock_megahertz = 500, energy = {mac = 0.3 : f64, register_hop = 0.03 : f64, weight_sram_byte = 2.5 : f64, edram_byte = 1.0 : f64, accumulator_byte = 1.25 : f64, dram_byte = 162.5 : f64, vector_op = 0.1 : f64, vector_float_op = 3.7 : f64, idle_cell_cycle = 0.01 : f64}, data_edram = <banks = 2, row_bytes = 16, retention_nanoseconds = 3350, refresh_cycles = 2>>} : () -> ()

// -----

// G7: refreshes of SRAM.
// expected-error @below {{unknown energy event 'edram_refresh_row'}}
"test.op"() {a = #systolic.target<name = "t", rows = 4, columns = 4, cell = #systolic.mac<fan_in = 1>, dram_bytes_per_cycle = 16, dram_latency = 100, weight_sram_bytes = 1024, data_sram_bytes = 1024, data_sram_banks = 4, accumulator_bytes = 1024, weight_loader_bytes_per_cycle = 8, vector_lanes = 4, vector_latency = 2, vector_stages = 8, vector_divide_slots = 8, clock_megahertz = 500, energy = {mac = 0.3 : f64, register_hop = 0.03 : f64, weight_sram_byte = 2.5 : f64, data_sram_byte = 2.5 : f64, edram_refresh_row = 1.0 : f64, accumulator_byte = 1.25 : f64, dram_byte = 162.5 : f64, vector_op = 0.1 : f64, vector_float_op = 3.7 : f64, idle_cell_cycle = 0.01 : f64}>} : () -> ()

// -----

// G8: negative leakage.
// expected-error @below {{expected 'leakage_microwatts' in [0, 1099511627776], got -1}}
"test.op"() {a = #systolic.target<name = "t", rows = 4, columns = 4, cell = #systolic.mac<fan_in = 1>, dram_bytes_per_cycle = 16, dram_latency = 100, weight_sram_bytes = 1024, data_sram_bytes = 1024, data_sram_banks = 4, accumulator_bytes = 1024, weight_loader_bytes_per_cycle = 8, vector_lanes = 4, vector_latency = 2, vector_stages = 8, vector_divide_slots = 8, clock_megahertz = 500, energy = {mac = 0.3 : f64, register_hop = 0.03 : f64, weight_sram_byte = 2.5 : f64, data_sram_byte = 2.5 : f64, accumulator_byte = 1.25 : f64, dram_byte = 162.5 : f64, vector_op = 0.1 : f64, vector_float_op = 3.7 : f64, idle_cell_cycle = 0.01 : f64}, leakage_microwatts = -1>} : () -> ()
