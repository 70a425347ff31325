// RUN: colonnade-opt %s --colonnade-differentiate='function=net arguments=2,0' --canonicalize | FileCheck %s

// The function stays, and its gradient has the arguments' in the order asked
// for. An argument without influence has a gradient of zeros.
// CHECK-LABEL: func.func @net(
// CHECK-LABEL: func.func @net_gradient
// CHECK-SAME: (%[[X:.*]]: tensor<2xf32>, %[[W:.*]]: tensor<2xf32>, %{{.*}}: tensor<3xf32>, %[[DY:.*]]: tensor<2xf32>) -> (tensor<2xf32>, tensor<3xf32>, tensor<2xf32>)
// CHECK: %[[Y:.*]] = arith.mulf %[[X]], %[[W]]
// CHECK-DAG: %[[DX:.*]] = arith.mulf %[[DY]], %[[W]]
// CHECK-DAG: %[[ZEROS:.*]] = linalg.fill
// CHECK: return %[[Y]], %[[ZEROS]], %[[DX]]
func.func @net(%x: tensor<2xf32>, %w: tensor<2xf32>,
               %unused: tensor<3xf32>) -> tensor<2xf32> {
  %y = arith.mulf %x, %w : tensor<2xf32>
  return %y : tensor<2xf32>
}
