// RUN: colonnade-opt %s --convert-linalg-to-systolic=target=edge-32x32 --split-input-file | FileCheck %s
// RUN: colonnade-opt %s --convert-linalg-to-systolic=target=edge-32x32 --split-input-file | colonnade-opt --split-input-file | FileCheck %s
// RUN: colonnade-opt %s "--convert-linalg-to-systolic=target=edge-32x32 depthwise=array" --systolic-schedule --split-input-file | colonnade-opt --systolic-verify-schedule --split-input-file | FileCheck %s --check-prefix=SCHEDULE
// RUN: colonnade-opt %s "--convert-linalg-to-systolic=target=edge-32x32 depthwise=array" --split-input-file --remark-format=emitRemark --remarks-filter=systolic 2>&1 | FileCheck %s --check-prefix=REMARK

// A product of two activations: the second operand is gathered tile by tile, a
// transpose before it is a view.

// CHECK-LABEL: func.func @main(
// CHECK-SAME:      %[[X:.*]]: tensor<2x5x8xi8>
// CHECK:         %[[T:.*]] = linalg.transpose ins(%[[X]]
// CHECK:         %[[W:.*]] = systolic.run_time_weights "batch_matmul1" %[[T]] {
// CHECK-SAME:      block_axis = 0 : i64, original = tensor<2x8x5xi8>, row_axis = 2 : i64
// CHECK:         systolic.contract "batch_matmul1" %[[X]], %[[W]] <input = [8, 1, 5]

// SCHEDULE-LABEL: systolic.program @main
// SCHEDULE:         %[[DATA:.*]] = systolic.buffer "tensor" {{.*}} : !systolic.buffer<data_sram>
// SCHEDULE:         %[[W:.*]] = systolic.run_time_weights "batch_matmul1" {
// SCHEDULE:         scf.for %[[BLOCK:[a-z0-9]+]] =
// SCHEDULE:           systolic.dma_weights "batch_matmul1" %[[W]][%[[BLOCK]], {{.*}}] from %{{.*}} <i8, offset = 0, pitches = [40, 8, 1], chunked = false>
// SCHEDULE:           systolic.stream "batch_matmul1"

// REMARK: remark: [Passed] mapped | Category:systolic | Remark="layer batch_matmul1 runs on the array"{{.*}}blocks=2{{.*}}rows=5

func.func @main(%x: tensor<2x5x8xi8>) -> tensor<2x5x5xi32> {
  %zero = arith.constant 0 : i32
  %e = tensor.empty() : tensor<2x8x5xi8>
  %t = linalg.transpose ins(%x : tensor<2x5x8xi8>) outs(%e : tensor<2x8x5xi8>) permutation = [0, 2, 1]
  %o = tensor.empty() : tensor<2x5x5xi32>
  %f = linalg.fill ins(%zero : i32) outs(%o : tensor<2x5x5xi32>) -> tensor<2x5x5xi32>
  %y = linalg.batch_matmul ins(%x, %t : tensor<2x5x8xi8>, tensor<2x8x5xi8>) outs(%f : tensor<2x5x5xi32>) -> tensor<2x5x5xi32>
  return %y : tensor<2x5x5xi32>
}

// -----

// A block per group; merging groups and channels costs nothing.

// CHECK-LABEL: func.func @main(
// CHECK:         %[[W:.*]] = systolic.weights "grouped1" {
// CHECK-SAME:      block_axis = 0 : i64, blocks = 2 : i64
// CHECK:         %[[Y:.*]] = systolic.contract "grouped1" {{.*}} -> tensor<1x6x4x4xi32>
// CHECK:         return %[[Y]]

// REMARK: remark: [Passed] mapped | Category:systolic | Remark="layer grouped1 runs on the array"{{.*}}blocks=2{{.*}}rows=3

func.func @main(%x: tensor<1x2x1x4x4xi8>) -> tensor<1x6x4x4xi32> {
  %zero = arith.constant 0 : i32
  %w = arith.constant dense<3> : tensor<2x3x1x1x1xi8>
  %o = tensor.empty() : tensor<1x2x3x4x4xi32>
  %f = linalg.fill ins(%zero : i32) outs(%o : tensor<1x2x3x4x4xi32>) -> tensor<1x2x3x4x4xi32>
  %y = linalg.conv_2d_ngchw_gfchw {dilations = dense<1> : tensor<2xi64>, strides = dense<1> : tensor<2xi64>} ins(%x, %w : tensor<1x2x1x4x4xi8>, tensor<2x3x1x1x1xi8>) outs(%f : tensor<1x2x3x4x4xi32>) -> tensor<1x2x3x4x4xi32>
  %c = tensor.collapse_shape %y [[0], [1, 2], [3], [4]] : tensor<1x2x3x4x4xi32> into tensor<1x6x4x4xi32>
  return %c : tensor<1x6x4x4xi32>
}

// -----

// Here the vector unit is cheaper: a nest over channels, positions and taps.

// CHECK-LABEL: func.func @main(
// CHECK:         systolic.nest "depthwise1" loops [1, 4, 3, 3, 2, 2] reduce 2 from 0 : i32

// REMARK: remark: [Passed] depthwise | Category:systolic | Remark="runs on the array", array cycles={{[0-9]+}}, blocks={{[0-9]+}}, vector cycles={{[0-9]+}}

func.func @main(%x: tensor<1x4x4x4xi8>) -> tensor<1x4x3x3xi32> {
  %zero = arith.constant 0 : i32
  %w = arith.constant dense<2> : tensor<4x2x2xi8>
  %o = tensor.empty() : tensor<1x4x3x3xi32>
  %f = linalg.fill ins(%zero : i32) outs(%o : tensor<1x4x3x3xi32>) -> tensor<1x4x3x3xi32>
  %y = linalg.depthwise_conv_2d_nchw_chw {dilations = dense<1> : tensor<2xi64>, strides = dense<1> : tensor<2xi64>} ins(%x, %w : tensor<1x4x4x4xi8>, tensor<4x2x2xi8>) outs(%f : tensor<1x4x3x3xi32>) -> tensor<1x4x3x3xi32>
  return %y : tensor<1x4x3x3xi32>
}

// -----

// Weights in front of the data: the transposed product.

// CHECK-LABEL: func.func @main(
// CHECK:         %[[X:.*]] = tensor.expand_shape {{.*}} : tensor<4x5xi8> into tensor<1x4x1x5xi8>
// CHECK:         systolic.contract "matmul1" %[[X]], {{.*}} -> tensor<1x3x1x5xi32>

func.func @main(%x: tensor<4x5xi8>) -> tensor<3x5xi32> {
  %zero = arith.constant 0 : i32
  %w = arith.constant dense<1> : tensor<3x4xi8>
  %o = tensor.empty() : tensor<3x5xi32>
  %f = linalg.fill ins(%zero : i32) outs(%o : tensor<3x5xi32>) -> tensor<3x5xi32>
  %y = linalg.matmul ins(%w, %x : tensor<3x4xi8>, tensor<4x5xi8>) outs(%f : tensor<3x5xi32>) -> tensor<3x5xi32>
  return %y : tensor<3x5xi32>
}

// -----

// In the middle of a network, with what another layer made in its epilogue: both
// places are timed with stand-ins for the other layers.

// CHECK-LABEL: func.func @main(
// CHECK:         systolic.contract "conv1"

// REMARK: remark: [Passed] depthwise | Category:systolic | Remark="runs on the array", array cycles={{[0-9]+}}, blocks={{[1-9]}}, vector cycles={{[0-9]+}}

#id = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
func.func @main(%x: tensor<1x4x4x4xi8>) -> tensor<1x4x4x4xi8> {
  %zero = arith.constant 0 : i32
  %zero8 = arith.constant 0 : i8
  %w1 = arith.constant dense<1> : tensor<4x4x1x1xi8>
  %w2 = arith.constant dense<2> : tensor<4x3x3xi8>
  %o = tensor.empty() : tensor<1x4x4x4xi32>
  %e = tensor.empty() : tensor<1x4x4x4xi8>
  %f = linalg.fill ins(%zero : i32) outs(%o : tensor<1x4x4x4xi32>) -> tensor<1x4x4x4xi32>
  %c = linalg.conv_2d_nchw_fchw ins(%x, %w1 : tensor<1x4x4x4xi8>, tensor<4x4x1x1xi8>) outs(%f : tensor<1x4x4x4xi32>) -> tensor<1x4x4x4xi32>
  %n = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%c : tensor<1x4x4x4xi32>) outs(%e : tensor<1x4x4x4xi8>) {
  ^bb0(%a: i32, %b: i8):
    %t = arith.trunci %a : i32 to i8
    linalg.yield %t : i8
  } -> tensor<1x4x4x4xi8>
  %p = tensor.pad %n low[0, 0, 1, 1] high[0, 0, 1, 1] {
  ^bb0(%i: index, %j: index, %k: index, %l: index):
    tensor.yield %zero8 : i8
  } : tensor<1x4x4x4xi8> to tensor<1x4x6x6xi8>
  %y = linalg.depthwise_conv_2d_nchw_chw ins(%p, %w2 : tensor<1x4x6x6xi8>, tensor<4x3x3xi8>) outs(%f : tensor<1x4x4x4xi32>) -> tensor<1x4x4x4xi32>
  %z = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%y, %n : tensor<1x4x4x4xi32>, tensor<1x4x4x4xi8>) outs(%e : tensor<1x4x4x4xi8>) {
  ^bb0(%a: i32, %r: i8, %b: i8):
    %s = arith.extsi %r : i8 to i32
    %t = arith.addi %a, %s : i32
    %u = arith.trunci %t : i32 to i8
    linalg.yield %u : i8
  } -> tensor<1x4x4x4xi8>
  return %z : tensor<1x4x4x4xi8>
}
