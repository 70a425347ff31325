// RUN: colonnade-opt %s --convert-linalg-to-systolic=target=camel-sram --systolic-schedule | FileCheck %s --check-prefix=SRAM
// RUN: colonnade-opt %s --convert-linalg-to-systolic=target=camel-edram --systolic-schedule | FileCheck %s --check-prefix=EDRAM
// RUN: colonnade-opt %s --convert-linalg-to-systolic=target=camel-edram --systolic-schedule | colonnade-opt --systolic-verify-schedule

// All of it fits. SRAM keeps the second input from the start; embedded DRAM would
// refresh it until the last layer, some 4,000 cycles later, and it can as well
// come later: while the layer before runs. The first input is needed at once.

// SRAM: %[[X:.*]] = systolic.host_input at 65536
// SRAM: systolic.dma_box "input"
// SRAM: systolic.dma_box "input" %[[X]]
// SRAM: systolic.nest_pass "nest1"
// SRAM-NOT: systolic.dma_box "nest

// EDRAM: %[[X:.*]] = systolic.host_input at 65536
// EDRAM: systolic.dma_box "input"
// EDRAM-NOT: systolic.dma_box
// EDRAM: systolic.nest_pass "nest3"
// EDRAM-NOT: systolic.nest_pass
// EDRAM: systolic.dma_box "nest5" %[[X]]
// EDRAM: systolic.nest_pass "nest4"
// EDRAM: systolic.nest_pass "nest5"

func.func @main(%y: tensor<64x256xf32>, %x: tensor<64x256xf32>) -> tensor<64x256xf32> {
  %empty = tensor.empty() : tensor<64x256xf32>
  %a = linalg.add ins(%y, %y : tensor<64x256xf32>, tensor<64x256xf32>) outs(%empty : tensor<64x256xf32>) -> tensor<64x256xf32>
  %b = linalg.mul ins(%a, %a : tensor<64x256xf32>, tensor<64x256xf32>) outs(%empty : tensor<64x256xf32>) -> tensor<64x256xf32>
  %c = linalg.add ins(%b, %b : tensor<64x256xf32>, tensor<64x256xf32>) outs(%empty : tensor<64x256xf32>) -> tensor<64x256xf32>
  %d = linalg.mul ins(%c, %c : tensor<64x256xf32>, tensor<64x256xf32>) outs(%empty : tensor<64x256xf32>) -> tensor<64x256xf32>
  %e = linalg.add ins(%d, %x : tensor<64x256xf32>, tensor<64x256xf32>) outs(%empty : tensor<64x256xf32>) -> tensor<64x256xf32>
  return %e : tensor<64x256xf32>
}
