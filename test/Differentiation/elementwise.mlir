// RUN: colonnade-opt %s --split-input-file --colonnade-differentiate --canonicalize | FileCheck %s

#id = affine_map<(i, j) -> (i, j)>
#column = affine_map<(i, j) -> (j)>

// A bias that is broadcast gets the sum over the loop that it leaves out; of a
// ReLU, elements above zero pass the cotangent on.
// CHECK-LABEL: func.func @main_gradient
// CHECK-SAME: (%[[X:.*]]: tensor<2x3xf32>, %[[B:.*]]: tensor<3xf32>, %[[DY:.*]]: tensor<2x3xf32>)
func.func @main(%x: tensor<2x3xf32>, %b: tensor<3xf32>) -> tensor<2x3xf32> {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<2x3xf32>
  // CHECK: %[[BIASED:.*]] = linalg.generic
  // CHECK: %[[Y:.*]] = linalg.generic
  // CHECK: %[[DX:.*]] = linalg.generic
  // CHECK-SAME: ins(%[[BIASED]], %[[DY]]
  // CHECK: %[[IS:.*]] = arith.cmpf ogt, %{{.*}}, %[[ZERO:.*]] : f32
  // CHECK: arith.select %[[IS]], %{{.*}}, %[[ZERO]]
  // CHECK: %[[DB:.*]] = linalg.generic
  // CHECK-SAME: iterator_types = ["reduction", "parallel"]
  // CHECK-SAME: ins(%[[DX]]
  // CHECK: return %[[Y]], %[[DX]], %[[DB]]
  %biased = linalg.generic {indexing_maps = [#id, #column, #id],
                            iterator_types = ["parallel", "parallel"]}
      ins(%x, %b : tensor<2x3xf32>, tensor<3xf32>)
      outs(%e : tensor<2x3xf32>) {
  ^bb0(%element: f32, %bias: f32, %out: f32):
    %sum = arith.addf %element, %bias : f32
    linalg.yield %sum : f32
  } -> tensor<2x3xf32>
  %y = linalg.generic {indexing_maps = [#id, #id],
                       iterator_types = ["parallel", "parallel"]}
      ins(%biased : tensor<2x3xf32>) outs(%e : tensor<2x3xf32>) {
  ^bb0(%element: f32, %out: f32):
    %max = arith.maximumf %element, %zero : f32
    linalg.yield %max : f32
  } -> tensor<2x3xf32>
  return %y : tensor<2x3xf32>
}

// -----

// What the forward program computed is used again: exp(x) here.
// CHECK-LABEL: func.func @main_gradient
// CHECK-SAME: (%[[X:.*]]: tensor<2xf32>, %[[DY:.*]]: tensor<2xf32>)
func.func @main(%x: tensor<2xf32>) -> tensor<2xf32> {
  // CHECK: %[[Y:.*]] = math.exp %[[X]]
  // CHECK: %[[DX:.*]] = arith.mulf %[[DY]], %[[Y]]
  // CHECK: return %[[Y]], %[[DX]]
  %y = math.exp %x : tensor<2xf32>
  return %y : tensor<2xf32>
}

// -----

// Two uses of a value add up, and so do two results.
// CHECK-LABEL: func.func @main_gradient
// CHECK-SAME: (%[[X:.*]]: tensor<2xf32>, %[[DY:.*]]: tensor<2xf32>, %[[DZ:.*]]: tensor<2xf32>)
func.func @main(%x: tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>) {
  // CHECK: %[[Y:.*]] = math.sin %[[X]]
  // CHECK: %[[Z:.*]] = math.exp %[[Y]]
  // CHECK: %[[THROUGH:.*]] = arith.mulf %[[DZ]], %[[Z]]
  // CHECK: %[[SUM:.*]] = linalg.generic
  // CHECK-SAME: ins(%[[DY]], %[[THROUGH]]
  // CHECK: arith.addf
  // CHECK: %[[COS:.*]] = math.cos %[[X]]
  // CHECK: %[[DX:.*]] = arith.mulf %[[SUM]], %[[COS]]
  // CHECK: return %[[Y]], %[[Z]], %[[DX]]
  %y = math.sin %x : tensor<2xf32>
  %z = math.exp %y : tensor<2xf32>
  return %y, %z : tensor<2xf32>, tensor<2xf32>
}
