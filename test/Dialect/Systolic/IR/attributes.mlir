// RUN: colonnade-opt %s -allow-unregistered-dialect | FileCheck %s
// RUN: colonnade-opt %s -allow-unregistered-dialect | colonnade-opt -allow-unregistered-dialect | FileCheck %s

// CHECK: #systolic.target<name = "t", rows = 4, columns = 4, cell = #systolic.mac<fan_in = 1>
"test.op"() {a = #systolic.target<name = "t", rows = 4, columns = 4, cell = #systolic.mac<fan_in = 1>, dram_bytes_per_cycle = 16, dram_latency = 100, weight_sram_bytes = 1024, data_sram_bytes = 1024, data_sram_banks = 4, accumulator_bytes = 1024, weight_loader_bytes_per_cycle = 8, vector_lanes = 4, vector_latency = 2, vector_stages = 8, vector_divide_slots = 8, clock_megahertz = 500, energy = {mac = 0.3 : f64, register_hop = 0.03 : f64, weight_sram_byte = 2.5 : f64, data_sram_byte = 2.5 : f64, accumulator_byte = 1.25 : f64, dram_byte = 162.5 : f64, vector_op = 0.1 : f64, vector_float_op = 3.7 : f64, idle_cell_cycle = 0.01 : f64}>} : () -> ()
// CHECK: #systolic.bit_serial<bits = 8, fan_in = 8>
"test.op"() {a = #systolic.bit_serial<bits = 8, fan_in = 8>} : () -> ()
// CHECK: #systolic.term<group = 8, fan_in = 8>
"test.op"() {a = #systolic.term<group = 8, fan_in = 8>} : () -> ()
// CHECK: #systolic.block<group = 16, exponent = 8, mantissa = 4>
"test.op"() {a = #systolic.block<group = 16, exponent = 8, mantissa = 4>} : () -> ()
// CHECK: cell = #systolic.block<group = 16, exponent = 8, mantissa = 4>{{.*}}block_sum = {{.*}}, converter_values_per_cycle = 64>
"test.op"() {a = #systolic.target<name = "t", rows = 4, columns = 4, cell = #systolic.block<group = 16, exponent = 8, mantissa = 4>, dram_bytes_per_cycle = 16, dram_latency = 100, weight_sram_bytes = 1024, data_sram_bytes = 1024, data_sram_banks = 4, accumulator_bytes = 1024, weight_loader_bytes_per_cycle = 8, vector_lanes = 4, vector_latency = 2, vector_stages = 8, vector_divide_slots = 8, clock_megahertz = 500, energy = {chunk_product = 0.04 : f64, block_sum = 1.0 : f64, converter_value = 0.1 : f64, register_hop = 0.03 : f64, weight_sram_byte = 2.5 : f64, data_sram_byte = 2.5 : f64, accumulator_byte = 1.25 : f64, dram_byte = 162.5 : f64, vector_op = 0.1 : f64, vector_float_op = 3.7 : f64, idle_cell_cycle = 0.01 : f64}, converter_values_per_cycle = 64>} : () -> ()
// CHECK: #systolic.edram<banks = 2, row_bytes = 16, retention_nanoseconds = 3350, refresh_cycles = 2>
"test.op"() {a = #systolic.edram<banks = 2, row_bytes = 16, retention_nanoseconds = 3350, refresh_cycles = 2>} : () -> ()
// CHECK: edram_refresh_row = {{.*}}, data_edram = <banks = 2, row_bytes = 16, retention_nanoseconds = 3350, refresh_cycles = 2>, leakage_microwatts = 7>
"test.op"() {a = #systolic.target<name = "t", rows = 4, columns = 4, cell = #systolic.mac<fan_in = 1>, dram_bytes_per_cycle = 16, dram_latency = 100, weight_sram_bytes = 1024, data_sram_bytes = 1024, data_sram_banks = 4, accumulator_bytes = 1024, weight_loader_bytes_per_cycle = 8, vector_lanes = 4, vector_latency = 2, vector_stages = 8, vector_divide_slots = 8, clock_megahertz = 500, energy = {mac = 0.3 : f64, register_hop = 0.03 : f64, weight_sram_byte = 2.5 : f64, edram_byte = 1.0 : f64, edram_refresh_row = 20.0 : f64, accumulator_byte = 1.25 : f64, dram_byte = 162.5 : f64, vector_op = 0.1 : f64, vector_float_op = 3.7 : f64, idle_cell_cycle = 0.01 : f64}, data_edram = <banks = 2, row_bytes = 16, retention_nanoseconds = 3350, refresh_cycles = 2>, leakage_microwatts = 7>} : () -> ()
// CHECK: #systolic.window<input = [1, 4, 4], kernel = [1, 1], strides = [1, 1], dilations = [1, 1], padding = [0, 0], output = [4, 4]>
"test.op"() {a = #systolic.window<input = [1, 4, 4], kernel = [1, 1], strides = [1, 1], dilations = [1, 1], padding = [0, 0], output = [4, 4]>} : () -> ()
// CHECK: #systolic.layout<pitches = [16, 4, 1], element_type = i8, banded = false>
"test.op"() {a = #systolic.layout<pitches = [16, 4, 1], element_type = i8, banded = false>} : () -> ()
// CHECK: () -> (!systolic.buffer<data_sram>, !systolic.token, !systolic.weights)
"test.op"() : () -> (!systolic.buffer<data_sram>, !systolic.token, !systolic.weights)
