// RUN: colonnade-opt %s --split-input-file --colonnade-differentiate --canonicalize | FileCheck %s

// CHECK-LABEL: func.func @main_gradient
// CHECK-SAME: %[[DY:[a-z0-9]*]]: tensor<6xf32>)
func.func @main(%x: tensor<2x3xf32>) -> tensor<6xf32> {
  // CHECK: %[[DX:.*]] = tensor.expand_shape %[[DY]] {{\[}}[0, 1]] output_shape [2, 3]
  // CHECK: return %{{.*}}, %[[DX]]
  %y = tensor.collapse_shape %x [[0, 1]] : tensor<2x3xf32> into tensor<6xf32>
  return %y : tensor<6xf32>
}

// -----

// Padding gets no cotangent.
// CHECK-LABEL: func.func @main_gradient
// CHECK-SAME: %[[DY:[a-z0-9]*]]: tensor<7xf32>)
func.func @main(%x: tensor<4xf32>) -> tensor<7xf32> {
  %zero = arith.constant 0.0 : f32
  // CHECK: %[[DX:.*]] = tensor.extract_slice %[[DY]][1] [4] [1]
  // CHECK: return %{{.*}}, %[[DX]]
  %y = tensor.pad %x low[1] high[2] {
  ^bb0(%i: index):
    tensor.yield %zero : f32
  } : tensor<4xf32> to tensor<7xf32>
  return %y : tensor<7xf32>
}

// -----

// Elements that a slice leaves out have none.
// CHECK-LABEL: func.func @main_gradient
// CHECK-SAME: %[[DY:[a-z0-9]*]]: tensor<2xf32>)
func.func @main(%x: tensor<2x5xf32>) -> tensor<2xf32> {
  // CHECK: %[[ZEROS:.*]] = linalg.fill
  // CHECK: %[[DX:.*]] = tensor.insert_slice %[[DY]] into %[[ZEROS]][1, 0] [1, 2] [1, 3]
  // CHECK: return %{{.*}}, %[[DX]]
  %y = tensor.extract_slice %x[1, 0] [1, 2] [1, 3] : tensor<2x5xf32> to tensor<2xf32>
  return %y : tensor<2xf32>
}

// -----

// What an insertion overwrites has none.
// CHECK-LABEL: func.func @main_gradient
// CHECK-SAME: (%[[X:.*]]: tensor<2xf32>, %{{.*}}: tensor<5xf32>, %[[DY:.*]]: tensor<5xf32>)
func.func @main(%x: tensor<2xf32>, %dest: tensor<5xf32>) -> tensor<5xf32> {
  // CHECK-DAG: %[[DX:.*]] = tensor.extract_slice %[[DY]][1] [2] [2]
  // CHECK-DAG: %[[ZEROS:.*]] = linalg.fill {{.*}} -> tensor<2xf32>
  // CHECK-DAG: %[[DDEST:.*]] = tensor.insert_slice %[[ZEROS]] into %[[DY]][1] [2] [2]
  // CHECK: return %{{.*}}, %[[DX]], %[[DDEST]]
  %y = tensor.insert_slice %x into %dest[1] [2] [2] : tensor<2xf32> into tensor<5xf32>
  return %y : tensor<5xf32>
}

// -----

// CHECK-LABEL: func.func @main_gradient
// CHECK-SAME: %[[DY:[a-z0-9]*]]: tensor<5x1xf32>)
func.func @main(%a: tensor<2x1xf32>, %b: tensor<3x1xf32>) -> tensor<5x1xf32> {
  // CHECK-DAG: %[[DA:.*]] = tensor.extract_slice %[[DY]][0, 0] [2, 1] [1, 1]
  // CHECK-DAG: %[[DB:.*]] = tensor.extract_slice %[[DY]][2, 0] [3, 1] [1, 1]
  // CHECK: return %{{.*}}, %[[DA]], %[[DB]]
  %y = tensor.concat dim(0) %a, %b : (tensor<2x1xf32>, tensor<3x1xf32>) -> tensor<5x1xf32>
  return %y : tensor<5x1xf32>
}

// -----

// Places may be known only to the run.
// CHECK-LABEL: func.func @main_gradient
// CHECK-SAME: (%{{.*}}: tensor<5xf32>, %[[I:.*]]: index, %[[DY:.*]]: tensor<2xf32>)
func.func @main(%x: tensor<5xf32>, %i: index) -> tensor<2xf32> {
  // CHECK: %[[DX:.*]] = tensor.insert_slice %[[DY]] into %{{.*}}[%[[I]]] [2] [1]
  // CHECK: return %{{.*}}, %[[DX]]
  %y = tensor.extract_slice %x[%i] [2] [1] : tensor<5xf32> to tensor<2xf32>
  return %y : tensor<2xf32>
}
