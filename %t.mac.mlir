#map = affine_map<(d0, d1, d2) -> (d2, d1)>
#map1 = affine_map<(d0, d1, d2) -> (d0, d2)>
module attributes {systolic.target = #systolic.target<name = "tiny-block-8x4", rows = 8, columns = 4, cell = #systolic.mac<fan_in = 1>, dram_bytes_per_cycle = 16, dram_latency = 100, weight_sram_bytes = 1024, data_sram_bytes = 8192, data_sram_banks = 16, accumulator_bytes = 1024, weight_loader_bytes_per_cycle = 16, vector_lanes = 32, vector_latency = 16, vector_stages = 8, vector_divide_slots = 8, clock_megahertz = 500, energy = {accumulator_byte = 1.250000e+00 : f64, mac = 1.0, data_sram_byte = 5.000000e+00 : f64, dram_byte = 1.625000e+02 : f64, idle_cell_cycle = 1.000000e-02 : f64, register_hop = 3.000000e-02 : f64, vector_float_op = 3.700000e+00 : f64, vector_op = 1.000000e-01 : f64, weight_sram_byte = 5.000000e+00 : f64}>} {
  func.func @main(%arg0: tensor<2x20xf32>, %arg1: tensor<20x2xf32>) -> tensor<2x2xf32> {
    %0 = systolic.block_contract "product1" <output_stationary> loops [2, 2, 20] reduce 1 held %arg1 <group = 4, exponent = 8, mantissa = 3, rounding = <nearest>> passing %arg0 <group = 4, exponent = 8, mantissa = 4, rounding = <nearest>> [#map, #map1] : (tensor<20x2xf32>, tensor<2x20xf32>) -> tensor<2x2xf32>
    return %0 : tensor<2x2xf32>
  }
}

