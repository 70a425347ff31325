// What comes out of TOSA: no zero points, channels first, no transposes but at
// the network's input, and scales as they were.

// RUN: colonnade-opt %data/tosa/int8-network.mlir --colonnade-from-tosa | FileCheck %s --implicit-check-not=nhwc --implicit-check-not=_q
// CHECK: linalg.transpose ins(%{{.*}} : tensor<1x6x6x2xi8>)
// CHECK: tensor.pad
// CHECK: tensor.yield %c-7_i8
// CHECK: linalg.conv_2d_nchw_fchw
// CHECK-NOT: linalg.transpose
// CHECK: tosa.apply_scale
// CHECK: tensor.pad
// CHECK: linalg.depthwise_conv_2d_nchw_chw
// CHECK: tosa.apply_scale
// CHECK: linalg.pooling_nchw_max
// CHECK: linalg.pooling_nchw_sum
// CHECK: linalg.conv_2d_nchw_fchw
// CHECK: tensor.collapse_shape
// CHECK: return

// RUN: colonnade-opt %data/tosa/float-network.mlir --colonnade-from-tosa --colonnade-normalize --remarks-filter=colonnade 2>&1 >/dev/null | FileCheck %s --check-prefix=NORMAL --implicit-check-not=Missed
// NORMAL-DAG: [Passed] normalize {{.*}} Op=linalg.conv_2d_nchw_fchw, Weights=3x2x1x1
// NORMAL-DAG: [Passed] normalize {{.*}} Op=linalg.conv_2d_nchw_fchw, Weights=3x3x3x3
// NORMAL-DAG: [Passed] normalize {{.*}} Op=linalg.depthwise_conv_2d_nchw_chw, Weights=3x2x2
