// RUN: colonnade-opt %s --colonnade-outline-parameters | FileCheck %s
// RUN: not colonnade-opt %S/Inputs/calls.mlir --colonnade-outline-parameters 2>&1 | FileCheck %s --check-prefix=CALL
// RUN: colonnade-opt %S/Inputs/calls.mlir --inline --colonnade-outline-parameters | FileCheck %s --check-prefix=INLINED

// CALL: calls.mlir:10:8: error: calls a function, and would not pass the weights that become arguments there: inline it first (--inline)
// INLINED-LABEL: func.func @main
// INLINED-SAME: tensor<2xf32> {colonnade.parameter = "parameter0"}

// Weights come first, in the order in which they stand, with the names of their
// locations; names are made unique. Scalars, integers and inits stay.
// CHECK-LABEL: func.func @main
// CHECK-SAME: (%[[W:.*]]: tensor<3x2xf32> {colonnade.parameter = "fc.weight"}
// CHECK-SAME: %[[B:[a-z0-9]*]]: tensor<2xf32> {colonnade.parameter = "fc.bias"}
// CHECK-SAME: %[[C:[a-z0-9]*]]: tensor<2xf32> {colonnade.parameter = "fc.bias.1"}
// CHECK-SAME: %[[D:[a-z0-9]*]]: tensor<2xf32> {colonnade.parameter = "parameter3"}
// CHECK-SAME: %[[X:.*]]: tensor<4x3xf32>)
func.func @main(%x: tensor<4x3xf32>) -> (tensor<4x2xf32>, tensor<2xf32>) {
  %w = arith.constant dense<[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]> : tensor<3x2xf32> loc("fc.weight")
  %b = arith.constant dense<[1.0, 2.0]> : tensor<2xf32> loc("fc.bias")
  %c = arith.constant dense<[3.0, 4.0]> : tensor<2xf32> loc("fc.bias")
  %d = arith.constant dense<[5.0, 6.0]> : tensor<2xf32>
  // CHECK: %[[EPSILON:.*]] = arith.constant dense<{{.*}}> : tensor<f32>
  %epsilon = arith.constant dense<1.0e-5> : tensor<f32> loc("epsilon")
  // CHECK: %[[INIT:.*]] = arith.constant dense<0.000000e+00> : tensor<4x2xf32>
  %init = arith.constant dense<0.0> : tensor<4x2xf32>
  // CHECK: linalg.matmul ins(%[[X]], %[[W]]{{.*}} outs(%[[INIT]]
  %y = linalg.matmul ins(%x, %w : tensor<4x3xf32>, tensor<3x2xf32>)
                     outs(%init : tensor<4x2xf32>) -> tensor<4x2xf32>
  // CHECK: linalg.generic
  // CHECK-SAME: ins(%[[B]], %[[C]], %[[D]], %[[EPSILON]]
  %e = tensor.empty() : tensor<2xf32>
  %z = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>,
                                        affine_map<(i) -> (i)>, affine_map<(i) -> ()>,
                                        affine_map<(i) -> (i)>],
                       iterator_types = ["parallel"]}
      ins(%b, %c, %d, %epsilon : tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<f32>)
      outs(%e : tensor<2xf32>) {
  ^bb0(%p: f32, %q: f32, %r: f32, %s: f32, %out: f32):
    %pq = arith.addf %p, %q : f32
    %rs = arith.addf %r, %s : f32
    %sum = arith.addf %pq, %rs : f32
    linalg.yield %sum : f32
  } -> tensor<2xf32>
  return %y, %z : tensor<4x2xf32>, tensor<2xf32>
}

// What masks, what an importer made for a node, and what no structured op reads
// stays; what is transposed first does not.
// CHECK-LABEL: func.func @others
// CHECK-SAME: (%[[W:.*]]: tensor<2x3xf32> {colonnade.parameter = "fc.weight"}, %{{.*}}: tensor<3x2xf32>)
func.func @others(%x: tensor<3x2xf32>) -> (tensor<3x2xf32>, tensor<2xf32>) {
  // CHECK: arith.constant dense<{{.*}}0.000000e+00{{.*}}> : tensor<2xf32>
  %mask = arith.constant dense<[0.0, 0xFF800000]> : tensor<2xf32> loc("mask")
  // CHECK: arith.constant dense<[1.000000e+00, 2.000000e+00]>
  %counts = arith.constant dense<[1.0, 2.0]> : tensor<2xf32> loc("/pool/AveragePool")
  // CHECK: arith.constant dense<[3.000000e+00, 4.000000e+00]>
  %returned = arith.constant dense<[3.0, 4.0]> : tensor<2xf32> loc("table")
  %w = arith.constant dense<[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]> : tensor<2x3xf32> loc("fc.weight")
  %e = tensor.empty() : tensor<3x2xf32>
  // CHECK: linalg.transpose ins(%[[W]]
  %t = linalg.transpose ins(%w : tensor<2x3xf32>) outs(%e : tensor<3x2xf32>) permutation = [1, 0]
  %product = linalg.mul ins(%x, %t : tensor<3x2xf32>, tensor<3x2xf32>) outs(%e : tensor<3x2xf32>) -> tensor<3x2xf32>
  %y = linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (j)>,
                                        affine_map<(i, j) -> (j)>, affine_map<(i, j) -> (i, j)>],
                       iterator_types = ["parallel", "parallel"]}
      ins(%product, %mask, %counts : tensor<3x2xf32>, tensor<2xf32>, tensor<2xf32>)
      outs(%e : tensor<3x2xf32>) {
  ^bb0(%a: f32, %m: f32, %count: f32, %out: f32):
    %masked = arith.addf %a, %m : f32
    %mean = arith.divf %masked, %count : f32
    linalg.yield %mean : f32
  } -> tensor<3x2xf32> loc("/pool/AveragePool")
  return %y, %returned : tensor<3x2xf32>, tensor<2xf32>
}

// What normalizes is a parameter or, behind these, state; one channel is enough.
// CHECK-LABEL: func.func @norm
// CHECK-SAME: (%[[SCALE:[a-z0-9]+]]: tensor<1xf32> {colonnade.parameter = "scale"}
// CHECK-SAME: %[[OFFSET:[a-z0-9]+]]: tensor<1xf32> {colonnade.parameter = "offset"}
// CHECK-SAME: %[[MEAN:[a-z0-9]+]]: tensor<1xf32> {colonnade.state = "statistic0"}
// CHECK-SAME: %[[VARIANCE:[a-z0-9]+]]: tensor<1xf32> {colonnade.state = "offset.1"}
// CHECK-SAME: %{{[a-z0-9]+}}: tensor<4x1xf32>)
// CHECK: scale(%[[SCALE]]) offset(%[[OFFSET]]) mean(%[[MEAN]]) variance(%[[VARIANCE]])
func.func @norm(%x: tensor<4x1xf32>) -> tensor<4x1xf32> {
  %mean = arith.constant dense<2.0> : tensor<1xf32>
  %variance = arith.constant dense<3.0> : tensor<1xf32> loc("offset")
  %scale = arith.constant dense<1.0> : tensor<1xf32> loc("scale")
  %offset = arith.constant dense<0.0> : tensor<1xf32> loc("offset")
  %y = colonnade.batch_norm_inference %x scale(%scale) offset(%offset)
      mean(%mean) variance(%variance) axis = 1 epsilon = 1.0e-5 momentum = 0.1
      : tensor<4x1xf32>, tensor<1xf32>
  return %y : tensor<4x1xf32>
}
