// RUN: colonnade-opt %s --split-input-file --colonnade-differentiate --canonicalize | FileCheck %s

#all = affine_map<(i, j) -> (i, j)>
#row = affine_map<(i, j) -> (i)>

// A sum's cotangent is broadcast.
// CHECK-LABEL: func.func @main_gradient
// CHECK-SAME: %[[DY:[a-z0-9]*]]: tensor<2xf32>)
func.func @main(%x: tensor<2x3xf32>) -> tensor<2xf32> {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<2xf32>
  %init = linalg.fill ins(%zero : f32) outs(%e : tensor<2xf32>) -> tensor<2xf32>
  // CHECK: arith.addf
  // CHECK: %[[DX:.*]] = linalg.generic
  // CHECK-SAME: iterator_types = ["parallel", "parallel"]
  // CHECK-SAME: ins(%[[DY]] : tensor<2xf32>)
  // CHECK: ^bb0(%[[ELEMENT:.*]]: f32, %{{.*}}: f32):
  // CHECK-NEXT: linalg.yield %[[ELEMENT]]
  // CHECK: return %{{.*}}, %[[DX]]
  %y = linalg.generic {indexing_maps = [#all, #row],
                       iterator_types = ["parallel", "reduction"]}
      ins(%x : tensor<2x3xf32>) outs(%init : tensor<2xf32>) {
  ^bb0(%a: f32, %sum: f32):
    %s = arith.addf %a, %sum : f32
    linalg.yield %s : f32
  } -> tensor<2xf32>
  return %y : tensor<2xf32>
}

// -----

#all = affine_map<(i, j) -> (i, j)>
#row = affine_map<(i, j) -> (i)>

// A maximum's goes to the first element that equals it.
// CHECK-LABEL: func.func @main_gradient
// CHECK-SAME: (%[[X:.*]]: tensor<2x3xf32>, %[[DY:.*]]: tensor<2xf32>)
func.func @main(%x: tensor<2x3xf32>) -> tensor<2xf32> {
  %low = arith.constant 0xFF800000 : f32
  %e = tensor.empty() : tensor<2xf32>
  %init = linalg.fill ins(%low : f32) outs(%e : tensor<2xf32>) -> tensor<2xf32>
  // CHECK: %[[Y:.*]] = linalg.generic
  // CHECK: arith.maximumf
  // CHECK: %[[FIRST:.*]] = linalg.generic
  // CHECK-SAME: ins(%[[X]], %[[Y]]
  // CHECK: arith.cmpf oeq
  // CHECK: linalg.index 1
  // CHECK: arith.minsi
  // CHECK: } -> tensor<2xi64>
  // CHECK: %[[DX:.*]] = linalg.generic
  // CHECK-SAME: ins(%[[DY]], %[[FIRST]]
  // CHECK: arith.cmpi eq
  // CHECK: arith.select
  // CHECK: return %[[Y]], %[[DX]]
  %y = linalg.generic {indexing_maps = [#all, #row],
                       iterator_types = ["parallel", "reduction"]}
      ins(%x : tensor<2x3xf32>) outs(%init : tensor<2xf32>) {
  ^bb0(%a: f32, %max: f32):
    %m = arith.maximumf %a, %max : f32
    linalg.yield %m : f32
  } -> tensor<2xf32>
  return %y : tensor<2xf32>
}

// -----

#all = affine_map<(i, j) -> (i, j)>
#row = affine_map<(i, j) -> (i)>

// Picking one element of a row, as a cross-entropy does with labels, is a sum
// of it. Labels are integers and have no gradient.
// CHECK-LABEL: func.func @main_gradient
// CHECK-SAME: (%{{.*}}: tensor<2x3xf32>, %[[LABELS:.*]]: tensor<2xi32>, %[[DY:.*]]: tensor<2xf32>) -> (tensor<2xf32>, tensor<2x3xf32>)
func.func @main(%x: tensor<2x3xf32>, %labels: tensor<2xi32>) -> tensor<2xf32> {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<2xf32>
  %init = linalg.fill ins(%zero : f32) outs(%e : tensor<2xf32>) -> tensor<2xf32>
  // CHECK: linalg.generic
  // CHECK: linalg.generic
  // CHECK-SAME: iterator_types = ["parallel", "parallel"]
  // CHECK-SAME: ins(%[[LABELS]], %[[DY]] : tensor<2xi32>, tensor<2xf32>)
  // CHECK: %[[IS:.*]] = arith.cmpi eq
  // CHECK: arith.select %[[IS]]
  %y = linalg.generic {indexing_maps = [#all, #row, #row],
                       iterator_types = ["parallel", "reduction"]}
      ins(%x, %labels : tensor<2x3xf32>, tensor<2xi32>)
      outs(%init : tensor<2xf32>) {
  ^bb0(%a: f32, %label: i32, %sum: f32):
    %j = linalg.index 1 : index
    %column = arith.index_cast %j : index to i32
    %is = arith.cmpi eq, %column, %label : i32
    %s = arith.addf %sum, %a : f32
    %p = arith.select %is, %s, %sum : f32
    linalg.yield %p : f32
  } -> tensor<2xf32>
  return %y : tensor<2xf32>
}
