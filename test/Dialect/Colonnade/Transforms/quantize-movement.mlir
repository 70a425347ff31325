// Movement keeps integers and their scale; what is concatenated has one.

// RUN: colonnade-opt %s --split-input-file --colonnade-quantize="calibration=%data/calibration.npy calibration-limit=2" | FileCheck %s

// Two branches and a constant at the scale of the concatenation, nothing is
// rescaled twice.

// CHECK-LABEL: func.func @concat
// CHECK: [[MATMUL:%.+]] = linalg.matmul
// CHECK-DAG: [[RELU6:%.+]] = linalg.generic {{.*}} ins([[MATMUL]], {{.*}} outs({{.*}} : tensor<28x2xi8>)
// CHECK-DAG: [[SLICE:%.+]] = tensor.extract_slice {{.*}}[0, 0] [28, 4] [1, 7] : tensor<28x28xi8> to tensor<28x4xi8>
// CHECK-DAG: [[RESCALED:%.+]] = linalg.generic {{.*}} ins([[SLICE]], {{.*}} outs({{.*}} : tensor<28x4xi8>)
// CHECK-DAG: [[CONSTANT:%.+]] = arith.constant dense<{{.*}}> : tensor<28x1xi8>
// CHECK: [[ALL:%.+]] = tensor.concat dim(1) [[RELU6]], [[RESCALED]], [[CONSTANT]]
// CHECK: [[T:%.+]] = linalg.transpose ins([[ALL]] : tensor<28x7xi8>)
// CHECK: linalg.matmul ins([[T]],
#id = affine_map<(d0, d1) -> (d0, d1)>
func.func @concat(%x: tensor<28x28xf32>) -> tensor<7x1xf32> {
  %zero = arith.constant 0.0 : f32
  %six = arith.constant 6.0 : f32
  %w = arith.constant dense<1.0> : tensor<28x2xf32>
  %v = arith.constant dense<1.0> : tensor<28x1xf32>
  %token = arith.constant dense<2.0> : tensor<28x1xf32>
  %empty = tensor.empty() : tensor<28x2xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<28x2xf32>) -> tensor<28x2xf32>
  %y = linalg.matmul ins(%x, %w : tensor<28x28xf32>, tensor<28x2xf32>)
      outs(%init : tensor<28x2xf32>) -> tensor<28x2xf32>
  %relu6 = linalg.generic {indexing_maps = [#id, #id],
                           iterator_types = ["parallel", "parallel"]}
      ins(%y : tensor<28x2xf32>) outs(%empty : tensor<28x2xf32>) {
  ^bb0(%a: f32, %o: f32):
    %0 = arith.maximumf %a, %zero : f32
    %1 = arith.minimumf %0, %six : f32
    linalg.yield %1 : f32
  } -> tensor<28x2xf32>
  %slice = tensor.extract_slice %x[0, 0] [28, 4] [1, 7]
      : tensor<28x28xf32> to tensor<28x4xf32>
  %all = tensor.concat dim(1) %relu6, %slice, %token
      : (tensor<28x2xf32>, tensor<28x4xf32>, tensor<28x1xf32>) -> tensor<28x7xf32>
  %turned = tensor.empty() : tensor<7x28xf32>
  %t = linalg.transpose ins(%all : tensor<28x7xf32>)
      outs(%turned : tensor<7x28xf32>) permutation = [1, 0]
  %empty1 = tensor.empty() : tensor<7x1xf32>
  %init1 = linalg.fill ins(%zero : f32) outs(%empty1 : tensor<7x1xf32>) -> tensor<7x1xf32>
  %z = linalg.matmul ins(%t, %v : tensor<7x28xf32>, tensor<28x1xf32>)
      outs(%init1 : tensor<7x1xf32>) -> tensor<7x1xf32>
  return %z : tensor<7x1xf32>
}

// -----

// Channels that a reshape splits stay channels: the bias behind it joins the
// rescale.

// CHECK-LABEL: func.func @split_channels
// CHECK: [[MATMUL:%.+]] = linalg.matmul {{.*}} -> tensor<28x4xi32>
// CHECK: [[SPLIT:%.+]] = tensor.expand_shape [[MATMUL]] {{.*}} : tensor<28x4xi32> into tensor<1x28x2x2xi32>
// CHECK: linalg.generic {{.*}} ins([[SPLIT]], {{.*}} : tensor<1x28x2x2xi32>, tensor<2x2xi32>, tensor<2x2xi32>, tensor<2x2xi8>)
#id = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
#last = affine_map<(d0, d1, d2, d3) -> (d3)>
func.func @split_channels(%x: tensor<28x28xf32>) -> tensor<1x28x2x2xf32> {
  %zero = arith.constant 0.0 : f32
  %w = arith.constant dense<1.0> : tensor<28x4xf32>
  %b = arith.constant dense<[0.5, 1.0]> : tensor<2xf32>
  %empty = tensor.empty() : tensor<28x4xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<28x4xf32>) -> tensor<28x4xf32>
  %y = linalg.matmul ins(%x, %w : tensor<28x28xf32>, tensor<28x4xf32>)
      outs(%init : tensor<28x4xf32>) -> tensor<28x4xf32>
  %split = tensor.expand_shape %y [[0, 1], [2, 3]] output_shape [1, 28, 2, 2]
      : tensor<28x4xf32> into tensor<1x28x2x2xf32>
  %out = tensor.empty() : tensor<1x28x2x2xf32>
  %z = linalg.generic {indexing_maps = [#id, #last, #id],
                       iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%split, %b : tensor<1x28x2x2xf32>, tensor<2xf32>) outs(%out : tensor<1x28x2x2xf32>) {
  ^bb0(%a: f32, %c: f32, %o: f32):
    %0 = arith.addf %a, %c : f32
    linalg.yield %0 : f32
  } -> tensor<1x28x2x2xf32>
  return %z : tensor<1x28x2x2xf32>
}
