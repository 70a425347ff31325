// RUN: colonnade-opt %s --convert-linalg-to-systolic=target=%data/targets/tiny-8x4.json --systolic-schedule | FileCheck %s
// RUN: colonnade-opt %s --convert-linalg-to-systolic=target=%data/targets/tiny-8x4.json --systolic-schedule | colonnade-opt --systolic-verify-schedule | FileCheck %s
// RUN: colonnade-opt %s --convert-linalg-to-systolic=target=%data/targets/tiny-8x4.json --systolic-schedule --remarks-filter=systolic --remark-format=emitRemark -o /dev/null 2>&1 | FileCheck %s --check-prefix=REMARK
// RUN: colonnade-opt %s --convert-linalg-to-systolic=target=edge-32x32 --systolic-schedule --remarks-filter=systolic --remark-format=emitRemark -o /dev/null 2>&1 | FileCheck %s --check-prefix=FITS

// Three tensors of 1,280 bytes fit into 4,096, five are needed at a time. The
// input comes back from where the host has put it; b is stored when it has been
// made, and comes back when the place it gets is free; a stays.

// REMARK-COUNT-2: remark: [Missed] spilled {{.*}}"tensor<32x10xf32> of layer nest{{[12]}} leaves the data memory"{{.*}}bytes=1280, stays=2, uses in DRAM=0
// REMARK-NOT: spilled
// FITS-NOT: spilled

// CHECK-LABEL: systolic.program @main
// CHECK-DAG: %[[SPILLED:.*]] = systolic.buffer "spilled" at 2560 size 1280 : !systolic.buffer<dram>
// CHECK-DAG: %[[HOST:.*]] = systolic.host_input at 0 :
// CHECK: systolic.dma_box "input" %[[HOST]]
// CHECK: systolic.nest_pass "nest1" {{.*}} outs(%[[A:[0-9]+]]
// CHECK: %[[MADE:.*]] = systolic.nest_pass "nest2" {{.*}} outs(%[[B:[0-9]+]]
// CHECK: %[[STORED:.*]] = systolic.dma_box "nest2" %[[B]] {{.*}} to %[[SPILLED]] {{.*}} after %[[MADE]] :
// CHECK: systolic.nest_pass "nest3" {{.*}} ins(%[[A]], %[[B]] :
// What takes b's place waits for its copy.
// CHECK: systolic.nest_pass "nest4" {{.*}} after {{.*}}%[[STORED]]
// CHECK: systolic.nest_pass "nest6" {{.*}} ins(%{{[0-9]+}}, %[[A]] :
// CHECK: %[[BACK:.*]] = systolic.dma_box "nest7" %[[SPILLED]] {{.*}} to %[[B2:[0-9]+]]
// CHECK: systolic.nest_pass "nest7" {{.*}} ins(%{{[0-9]+}}, %[[B2]] {{.*}} after {{.*}}%[[BACK]]
// CHECK: systolic.dma_box "nest8" %[[HOST]]
// CHECK-NOT: systolic.dma_box "nest

#id = affine_map<(d0, d1) -> (d0, d1)>
func.func @main(%x: tensor<32x10xf32>) -> tensor<32x10xf32> {
  %empty = tensor.empty() : tensor<32x10xf32>
  %a = linalg.add ins(%x, %x : tensor<32x10xf32>, tensor<32x10xf32>) outs(%empty : tensor<32x10xf32>) -> tensor<32x10xf32>
  %b = linalg.mul ins(%x, %x : tensor<32x10xf32>, tensor<32x10xf32>) outs(%empty : tensor<32x10xf32>) -> tensor<32x10xf32>
  %c = linalg.mul ins(%a, %b : tensor<32x10xf32>, tensor<32x10xf32>) outs(%empty : tensor<32x10xf32>) -> tensor<32x10xf32>
  %d = linalg.add ins(%c, %c : tensor<32x10xf32>, tensor<32x10xf32>) outs(%empty : tensor<32x10xf32>) -> tensor<32x10xf32>
  %e = linalg.mul ins(%d, %d : tensor<32x10xf32>, tensor<32x10xf32>) outs(%empty : tensor<32x10xf32>) -> tensor<32x10xf32>
  %f = linalg.add ins(%e, %a : tensor<32x10xf32>, tensor<32x10xf32>) outs(%empty : tensor<32x10xf32>) -> tensor<32x10xf32>
  %g = linalg.add ins(%f, %b : tensor<32x10xf32>, tensor<32x10xf32>) outs(%empty : tensor<32x10xf32>) -> tensor<32x10xf32>
  %y = linalg.add ins(%g, %x : tensor<32x10xf32>, tensor<32x10xf32>) outs(%empty : tensor<32x10xf32>) -> tensor<32x10xf32>
  return %y : tensor<32x10xf32>
}
