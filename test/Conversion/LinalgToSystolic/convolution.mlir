// RUN: colonnade-opt %s --convert-linalg-to-systolic=target=edge-32x32 | FileCheck %s
// RUN: colonnade-opt %s --convert-linalg-to-systolic=target=edge-32x32 | colonnade-opt | FileCheck %s
// RUN: colonnade-opt %s --convert-linalg-to-systolic=target=edge-32x32 --systolic-schedule | colonnade-opt --systolic-verify-schedule | FileCheck %s --check-prefix=SCHEDULE
// RUN: colonnade-opt %s --convert-linalg-to-systolic=target=edge-32x32 --systolic-schedule --systolic-unpack-weights | FileCheck %s --check-prefix=UNPACK

// RUN: colonnade-opt %s --convert-linalg-to-systolic=target=%S/Inputs/banded.json --systolic-schedule | FileCheck %s --check-prefix=BANDED
// RUN: not colonnade-opt %s --convert-linalg-to-systolic=target=%S/Inputs/small.json --systolic-schedule 2>&1 | FileCheck %s --check-prefix=SMALL
// RUN: not colonnade-opt %s --convert-linalg-to-systolic=target=%S/Inputs/no-weights.json --systolic-schedule 2>&1 | FileCheck %s --check-prefix=NO-WEIGHTS

// Padding joins the window, the rescale joins the convolution, pooling runs on
// the vector unit; nothing of linalg is left.

// CHECK-LABEL: func.func @main(
// CHECK-SAME:      %[[X:.*]]: tensor<1x2x6x6xi8>
// CHECK:         %[[W:.*]] = systolic.weights "conv1"
// CHECK:         %[[CONV:.*]] = systolic.contract "conv1" %[[X]], %[[W]]
// CHECK-SAME:      padding = [1, 1], output = [6, 6]
// CHECK:           tosa.apply_scale
// CHECK:         %[[POOL:.*]] = systolic.vector "pool1" <max>
// CHECK-SAME:      ins(%[[CONV]])
// CHECK-NOT:     linalg.
// CHECK:         return %[[POOL]]

// SCHEDULE:     systolic.program @main
// SCHEDULE:       systolic.dma_box "input"
// SCHEDULE:       %[[DMA:.*]] = systolic.dma_weights "conv1"
// SCHEDULE:       systolic.load_weights "conv1" {{.*}} after %[[DMA]]
// SCHEDULE:       systolic.stream "conv1" {{.*}} step 49
// SCHEDULE:       systolic.vector_pass "conv1"
// SCHEDULE:       systolic.vector_pass "pool1" <max>
// SCHEDULE:       systolic.dma_box "output"

// A machine whose data SRAM does not hold the layer works band by band.
// BANDED: systolic.buffer "band"
// BANDED: scf.for
// BANDED: systolic.stream "conv1" {{.*}} banded = true

// SMALL: error: layer '{{conv1|pool1}}' needs {{[0-9]+}} bytes of data SRAM for one output position{{.*}} target 'small' has 16: enlarge data_sram_bytes
// NO-WEIGHTS: error: two weight tiles of {{[0-9]+}} bytes and two parameter blocks of 27 need {{[0-9]+}} bytes of weight SRAM, but target 'no-weights' has 8: enlarge weight_sram_bytes

// UNPACK:       func.func @main_conv1() -> tensor<3x2x3x3xi8>
// UNPACK{LITERAL}: dense<[[[[1, 0, 2], [0, 3, 0], [0, 0, -1]]

func.func @main(%x: tensor<1x2x6x6xi8> {colonnade.scale = 0.5 : f64}) -> (tensor<1x3x3x3xi8> {colonnade.scale = 0.25 : f64}) {
  %c0 = arith.constant 0 : i8
  %c0_i32 = arith.constant 0 : i32
  %min = arith.constant -128 : i8
  %w = arith.constant dense<[[[[1,0,2],[0,3,0],[0,0,-1]],[[0,0,0],[4,0,0],[0,0,0]]],[[[0,1,0],[0,0,0],[2,0,0]],[[0,0,5],[0,0,0],[0,6,0]]],[[[7,0,0],[0,0,0],[0,0,0]],[[0,0,0],[0,-8,0],[0,0,9]]]]> : tensor<3x2x3x3xi8>
  %m = arith.constant dense<[1073741824, 1073741824, 1610612736]> : tensor<3xi32>
  %s = arith.constant dense<[33, 34, 33]> : tensor<3xi8>
  %b = arith.constant dense<[1, -2, 3]> : tensor<3xi32>
  %pad = tensor.pad %x low[0, 0, 1, 1] high[0, 0, 1, 1] {
  ^bb0(%i0: index, %i1: index, %i2: index, %i3: index):
    tensor.yield %c0 : i8
  } : tensor<1x2x6x6xi8> to tensor<1x2x8x8xi8>
  %e = tensor.empty() : tensor<1x3x6x6xi32>
  %z = linalg.fill ins(%c0_i32 : i32) outs(%e : tensor<1x3x6x6xi32>) -> tensor<1x3x6x6xi32>
  %acc = linalg.conv_2d_nchw_fchw {dilations = dense<1> : tensor<2xi64>, strides = dense<1> : tensor<2xi64>} ins(%pad, %w : tensor<1x2x8x8xi8>, tensor<3x2x3x3xi8>) outs(%z : tensor<1x3x6x6xi32>) -> tensor<1x3x6x6xi32>
  %e8 = tensor.empty() : tensor<1x3x6x6xi8>
  %y = linalg.generic {indexing_maps = [affine_map<(a,b,c,d)->(a,b,c,d)>, affine_map<(a,b,c,d)->(b)>, affine_map<(a,b,c,d)->(b)>, affine_map<(a,b,c,d)->(b)>, affine_map<(a,b,c,d)->(a,b,c,d)>], iterator_types = ["parallel","parallel","parallel","parallel"]} ins(%acc, %b, %m, %s : tensor<1x3x6x6xi32>, tensor<3xi32>, tensor<3xi32>, tensor<3xi8>) outs(%e8 : tensor<1x3x6x6xi8>) {
  ^bb0(%a: i32, %bb: i32, %mm: i32, %ss: i8, %o: i8):
    %lo = arith.constant 0 : i32
    %hi = arith.constant 127 : i32
    %1 = arith.addi %a, %bb : i32
    %2 = tosa.apply_scale %1, %mm, %ss {rounding_mode = SINGLE_ROUND} : (i32, i32, i8) -> i32
    %3 = arith.maxsi %2, %lo : i32
    %4 = arith.minsi %3, %hi : i32
    %5 = arith.trunci %4 : i32 to i8
    linalg.yield %5 : i8
  } -> tensor<1x3x6x6xi8>
  %pe = tensor.empty() : tensor<1x3x3x3xi8>
  %pz = linalg.fill ins(%min : i8) outs(%pe : tensor<1x3x3x3xi8>) -> tensor<1x3x3x3xi8>
  %win = tensor.empty() : tensor<2x2xi8>
  %p = linalg.pooling_nchw_max {dilations = dense<1> : tensor<2xi64>, strides = dense<2> : tensor<2xi64>} ins(%y, %win : tensor<1x3x6x6xi8>, tensor<2x2xi8>) outs(%pz : tensor<1x3x3x3xi8>) -> tensor<1x3x3x3xi8>
  return %p : tensor<1x3x3x3xi8>
}
