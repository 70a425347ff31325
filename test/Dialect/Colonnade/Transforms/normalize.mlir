// RUN: colonnade-opt %s --colonnade-normalize | FileCheck %s

// Normalizing again changes nothing.
// RUN: colonnade-opt %s --colonnade-normalize > %t.once
// RUN: colonnade-opt %t.once --colonnade-normalize | diff %t.once -

// A network of the form that comes out keeps its ops.
// RUN: colonnade-opt %data/models/resnet8-fashion.linalg.mlir --canonicalize --cse -o %t.plain
// RUN: colonnade-opt %t.plain --colonnade-normalize | diff %t.plain -

#id2 = affine_map<(d0, d1) -> (d0, d1)>
#id = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
#channel = affine_map<(d0, d1, d2, d3) -> (d1)>

// The example of the pass description: ((y + b - mean) / std) * gamma + beta.
// Channel 0: (y + 1 - 0.5) / 2 * 4 + 10 = 2 y + 11.
// CHECK-LABEL: func.func @batch_norm
// CHECK-SAME: ([[X:%.+]]: tensor<1x2x4x4xf32>)
// CHECK-DAG: [[W:%.+]] = arith.constant dense<{{\[\[\[\[}}2.000000e+00]], {{\[\[}}4.000000e+00]]], {{\[\[\[}}-3.000000e+00]], {{\[\[}}-4.000000e+00]]]]>
// CHECK-DAG: [[B:%.+]] = arith.constant dense<[1.100000e+01, 1.900000e+01]> : tensor<2xf32>
// CHECK-DAG: [[ZERO:%.+]] = arith.constant 0.000000e+00 : f32
// CHECK: [[INIT:%.+]] = linalg.fill ins([[ZERO]] : f32)
// CHECK: [[Y:%.+]] = linalg.conv_2d_nchw_fchw ins([[X]], [[W]] : {{.*}}) outs([[INIT]] :
// CHECK: [[Z:%.+]] = linalg.generic {{.*}} ins([[Y]], [[B]] :
// CHECK-NEXT: ^bb0
// CHECK-NEXT: arith.addf
// CHECK-NEXT: linalg.yield
// CHECK: return [[Z]]
func.func @batch_norm(%x: tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32> {
  %w = arith.constant dense<[[[[1.0]], [[2.0]]], [[[3.0]], [[4.0]]]]> : tensor<2x2x1x1xf32>
  %b = arith.constant dense<[1.0, 2.0]> : tensor<2xf32>
  %mean = arith.constant dense<[0.5, 1.0]> : tensor<2xf32>
  %std = arith.constant dense<[2.0, 4.0]> : tensor<2xf32>
  %gamma = arith.constant dense<[4.0, -4.0]> : tensor<2xf32>
  %beta = arith.constant dense<[10.0, 20.0]> : tensor<2xf32>
  %empty = tensor.empty() : tensor<1x2x4x4xf32>
  %init = linalg.broadcast ins(%b : tensor<2xf32>)
      outs(%empty : tensor<1x2x4x4xf32>) dimensions = [0, 2, 3]
  %y = linalg.conv_2d_nchw_fchw
      ins(%x, %w : tensor<1x2x4x4xf32>, tensor<2x2x1x1xf32>)
      outs(%init : tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32>
  %z = linalg.generic {indexing_maps = [#id, #channel, #channel, #channel, #channel, #id],
                       iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%y, %mean, %std, %gamma, %beta
          : tensor<1x2x4x4xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>)
      outs(%empty : tensor<1x2x4x4xf32>) {
  ^bb0(%a: f32, %m: f32, %s: f32, %g: f32, %t: f32, %o: f32):
    %1 = arith.subf %a, %m : f32
    %2 = arith.divf %1, %s : f32
    %3 = arith.mulf %2, %g : f32
    %4 = arith.addf %3, %t : f32
    linalg.yield %4 : f32
  } -> tensor<1x2x4x4xf32>
  return %z : tensor<1x2x4x4xf32>
}

// The contraction's own result is used elsewhere, so its weights stay.
// CHECK-LABEL: func.func @shared
// CHECK: arith.constant dense<1.000000e+00> : tensor<2x3xf32>
// CHECK: [[Y:%.+]] = linalg.matmul
// CHECK: [[Z:%.+]] = linalg.generic {{.*}} ins([[Y]]
// CHECK: arith.mulf
// CHECK: return [[Y]], [[Z]]
func.func @shared(%x: tensor<1x2xf32>) -> (tensor<1x3xf32>, tensor<1x3xf32>) {
  %zero = arith.constant 0.0 : f32
  %two = arith.constant 2.0 : f32
  %w = arith.constant dense<1.0> : tensor<2x3xf32>
  %empty = tensor.empty() : tensor<1x3xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<1x3xf32>) -> tensor<1x3xf32>
  %y = linalg.matmul ins(%x, %w : tensor<1x2xf32>, tensor<2x3xf32>)
                     outs(%init : tensor<1x3xf32>) -> tensor<1x3xf32>
  %z = linalg.generic {indexing_maps = [#id2, #id2], iterator_types = ["parallel", "parallel"]}
      ins(%y : tensor<1x3xf32>) outs(%empty : tensor<1x3xf32>) {
  ^bb0(%a: f32, %o: f32):
    %1 = arith.mulf %a, %two : f32
    linalg.yield %1 : f32
  } -> tensor<1x3xf32>
  return %y, %z : tensor<1x3xf32>, tensor<1x3xf32>
}

// A factor behind a relu stays behind it.
// CHECK-LABEL: func.func @behind_relu
// CHECK: dense<1.000000e+00> : tensor<2x3xf32>
// CHECK: linalg.matmul
// CHECK: arith.maximumf
// CHECK: arith.mulf
func.func @behind_relu(%x: tensor<1x2xf32>) -> tensor<1x3xf32> {
  %zero = arith.constant 0.0 : f32
  %two = arith.constant 2.0 : f32
  %w = arith.constant dense<1.0> : tensor<2x3xf32>
  %empty = tensor.empty() : tensor<1x3xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<1x3xf32>) -> tensor<1x3xf32>
  %y = linalg.matmul ins(%x, %w : tensor<1x2xf32>, tensor<2x3xf32>)
                     outs(%init : tensor<1x3xf32>) -> tensor<1x3xf32>
  %z = linalg.generic {indexing_maps = [#id2, #id2], iterator_types = ["parallel", "parallel"]}
      ins(%y : tensor<1x3xf32>) outs(%empty : tensor<1x3xf32>) {
  ^bb0(%a: f32, %o: f32):
    %1 = arith.maximumf %a, %zero : f32
    %2 = arith.mulf %1, %two : f32
    linalg.yield %2 : f32
  } -> tensor<1x3xf32>
  return %z : tensor<1x3xf32>
}

// A factor that would make a weight infinite is not folded.
// CHECK-LABEL: func.func @division_by_zero
// CHECK: linalg.matmul
// CHECK: arith.divf
func.func @division_by_zero(%x: tensor<1x2xf32>) -> tensor<1x3xf32> {
  %zero = arith.constant 0.0 : f32
  %w = arith.constant dense<1.0> : tensor<2x3xf32>
  %empty = tensor.empty() : tensor<1x3xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<1x3xf32>) -> tensor<1x3xf32>
  %y = linalg.matmul ins(%x, %w : tensor<1x2xf32>, tensor<2x3xf32>)
                     outs(%init : tensor<1x3xf32>) -> tensor<1x3xf32>
  %z = linalg.generic {indexing_maps = [#id2, #id2], iterator_types = ["parallel", "parallel"]}
      ins(%y : tensor<1x3xf32>) outs(%empty : tensor<1x3xf32>) {
  ^bb0(%a: f32, %o: f32):
    %1 = arith.divf %a, %zero : f32
    linalg.yield %1 : f32
  } -> tensor<1x3xf32>
  return %z : tensor<1x3xf32>
}

// A transposed constant is stored as the product reads it; named elementwise
// ops become linalg.generic; what nobody uses goes.
// CHECK-LABEL: func.func @fully_connected
// CHECK-NOT: linalg.transpose
// CHECK-NOT: linalg.max
// CHECK-NOT: linalg.exp
// CHECK-DAG: [[W:%.+]] = arith.constant dense<{{\[\[}}1.000000e+00, 3.000000e+00, 5.000000e+00], [2.000000e+00, 4.000000e+00, 6.000000e+00]]> : tensor<2x3xf32>
// CHECK-DAG: [[B:%.+]] = arith.constant dense<{{\[\[}}1.000000e+00, 2.000000e+00, 3.000000e+00]]> : tensor<1x3xf32>
// CHECK: [[INIT:%.+]] = linalg.fill
// CHECK: [[Y:%.+]] = linalg.matmul ins({{%.+}}, [[W]] : {{.*}}) outs([[INIT]] :
// CHECK: linalg.generic {{.*}} ins([[Y]], [[B]] :
// CHECK: arith.addf
// CHECK: linalg.generic
// CHECK: arith.maximumf
func.func @fully_connected(%x: tensor<1x2xf32>) -> tensor<1x3xf32> {
  %zero = arith.constant 0.0 : f32
  %w = arith.constant dense<[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]> : tensor<3x2xf32>
  %b = arith.constant dense<[[1.0, 2.0, 3.0]]> : tensor<1x3xf32>
  %room = tensor.empty() : tensor<2x3xf32>
  %t = linalg.transpose ins(%w : tensor<3x2xf32>) outs(%room : tensor<2x3xf32>)
      permutation = [1, 0]
  %y = linalg.matmul ins(%x, %t : tensor<1x2xf32>, tensor<2x3xf32>)
                     outs(%b : tensor<1x3xf32>) -> tensor<1x3xf32>
  %empty = tensor.empty() : tensor<1x3xf32>
  %zeros = linalg.fill ins(%zero : f32) outs(%empty : tensor<1x3xf32>) -> tensor<1x3xf32>
  %z = linalg.max ins(%y, %zeros : tensor<1x3xf32>, tensor<1x3xf32>)
                  outs(%empty : tensor<1x3xf32>) -> tensor<1x3xf32>
  %dead = linalg.exp ins(%y : tensor<1x3xf32>) outs(%empty : tensor<1x3xf32>) -> tensor<1x3xf32>
  return %z : tensor<1x3xf32>
}

// Products in other notations: indexing maps of its own, and generic.
// CHECK-LABEL: func.func @other_products
// CHECK-DAG: [[T:%.+]] = arith.constant dense<{{\[\[}}1.000000e+00, 3.000000e+00], [2.000000e+00, 4.000000e+00]]> : tensor<2x2xf32>
// CHECK-DAG: [[W:%.+]] = arith.constant dense<{{\[\[}}1.000000e+00, 2.000000e+00], [3.000000e+00, 4.000000e+00]]> : tensor<2x2xf32>
// CHECK: [[Y:%.+]] = linalg.matmul ins({{%.+}}, [[T]] :
// CHECK: [[Z:%.+]] = linalg.matmul ins([[Y]], [[W]] :
// CHECK: [[U:%.+]] = linalg.matmul ins([[Z]], [[T]] :
// CHECK: return [[U]]
func.func @other_products(%x: tensor<5x2xf32>) -> tensor<5x2xf32> {
  %zero = arith.constant 0.0 : f32
  %w = arith.constant dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>
  %empty = tensor.empty() : tensor<5x2xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<5x2xf32>) -> tensor<5x2xf32>
  %y = linalg.matmul indexing_maps = [affine_map<(m, n, k) -> (m, k)>,
                                      affine_map<(m, n, k) -> (n, k)>,
                                      affine_map<(m, n, k) -> (m, n)>]
      ins(%x, %w : tensor<5x2xf32>, tensor<2x2xf32>) outs(%init : tensor<5x2xf32>) -> tensor<5x2xf32>
  %z = linalg.generic {indexing_maps = [affine_map<(k, m, n) -> (m, k)>,
                                        affine_map<(k, m, n) -> (k, n)>,
                                        affine_map<(k, m, n) -> (m, n)>],
                       iterator_types = ["reduction", "parallel", "parallel"]}
      ins(%y, %w : tensor<5x2xf32>, tensor<2x2xf32>) outs(%init : tensor<5x2xf32>) {
  ^bb0(%a: f32, %b: f32, %c: f32):
    %p = arith.mulf %a, %b : f32
    %s = arith.addf %c, %p : f32
    linalg.yield %s : f32
  } -> tensor<5x2xf32>
  %u = linalg.generic {indexing_maps = [affine_map<(m, n, k) -> (m, k)>,
                                        affine_map<(m, n, k) -> (n, k)>,
                                        affine_map<(m, n, k) -> (m, n)>],
                       iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%z, %w : tensor<5x2xf32>, tensor<2x2xf32>) outs(%init : tensor<5x2xf32>) {
  ^bb0(%a: f32, %b: f32, %c: f32):
    %p = arith.mulf %a, %b : f32
    %s = arith.addf %c, %p : f32
    linalg.yield %s : f32
  } -> tensor<5x2xf32>
  return %u : tensor<5x2xf32>
}

// A convolution written out.
// CHECK-LABEL: func.func @generic_convolution
// CHECK: linalg.conv_2d_nchw_fchw {dilations = dense<[1, 3]> : tensor<2xi64>, strides = dense<2> : tensor<2xi64>}
func.func @generic_convolution(%x: tensor<1x2x9x13xf32>) -> tensor<1x3x4x4xf32> {
  %zero = arith.constant 0.0 : f32
  %w = arith.constant dense<0.5> : tensor<3x2x3x3xf32>
  %empty = tensor.empty() : tensor<1x3x4x4xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<1x3x4x4xf32>) -> tensor<1x3x4x4xf32>
  %y = linalg.generic {indexing_maps = [affine_map<(n, f, y, z, c, i, j) -> (n, c, y * 2 + i, z * 2 + j * 3)>,
                                        affine_map<(n, f, y, z, c, i, j) -> (f, c, i, j)>,
                                        affine_map<(n, f, y, z, c, i, j) -> (n, f, y, z)>],
                       iterator_types = ["parallel", "parallel", "parallel", "parallel",
                                         "reduction", "reduction", "reduction"]}
      ins(%x, %w : tensor<1x2x9x13xf32>, tensor<3x2x3x3xf32>) outs(%init : tensor<1x3x4x4xf32>) {
  ^bb0(%a: f32, %b: f32, %c: f32):
    %p = arith.mulf %a, %b : f32
    %s = arith.addf %c, %p : f32
    linalg.yield %s : f32
  } -> tensor<1x3x4x4xf32>
  return %y : tensor<1x3x4x4xf32>
}
