// What has no integer form is computed in f32 between the integer layers, from
// accumulators as they are and into int8 only where a contraction reads it.

// RUN: colonnade-opt %s --split-input-file --colonnade-quantize="calibration=%data/calibration.npy calibration-limit=2" | FileCheck %s
// RUN: colonnade-opt %s --split-input-file --colonnade-quantize="calibration=%data/calibration.npy calibration-limit=2" --canonicalize --cse | colonnade-opt --split-input-file

// A sigmoid between two products. The bias joins the dequantization.

// CHECK: [[BY_ROW:#.+]] = affine_map<(d0, d1) -> (d0, d1)>
// CHECK: [[BY_COLUMN:#.+]] = affine_map<(d0, d1) -> (d1)>
// CHECK-LABEL: func.func @sigmoid
// CHECK-SAME: ([[X:%.+]]: tensor<28x28xi8>
// CHECK: [[FIRST:%.+]] = linalg.matmul ins([[X]], {{.*}} -> tensor<28x2xi32>
// CHECK: [[INT8:%.+]] = linalg.generic {indexing_maps = {{\[}}[[BY_ROW]], [[BY_COLUMN]], [[BY_COLUMN]], [[BY_ROW]]]
// CHECK-SAME: ins([[FIRST]], {{.*}} : tensor<28x2xi32>, tensor<2xf32>, tensor<2xf32>) outs({{.*}} : tensor<28x2xi8>)
// CHECK-NEXT: ^bb0([[SUM:%.+]]: i32, [[SCALE:%.+]]: f32, [[BIAS:%.+]]: f32,
// CHECK: [[REAL:%.+]] = arith.sitofp [[SUM]] : i32 to f32
// CHECK: [[SCALED:%.+]] = arith.mulf [[REAL]], [[SCALE]]
// CHECK: arith.addf [[SCALED]], [[BIAS]]
// CHECK-NOT: math.exp
// CHECK: arith.divf
// CHECK: arith.mulf
// CHECK: arith.maximumf
// CHECK: arith.minimumf
// CHECK: [[ROUNDED:%.+]] = math.roundeven
// CHECK: arith.fptosi [[ROUNDED]] : f32 to i8
// CHECK: linalg.matmul ins([[INT8]],
// CHECK-NOT: xf32>
// CHECK: return
#id = affine_map<(d0, d1) -> (d0, d1)>
#column = affine_map<(d0, d1) -> (d1)>
func.func @sigmoid(%x: tensor<28x28xf32>) -> tensor<28x3xf32> {
  %zero = arith.constant 0.0 : f32
  %one = arith.constant 1.0 : f32
  %w = arith.constant dense<0.1> : tensor<28x2xf32>
  %b = arith.constant dense<[0.5, -0.5]> : tensor<2xf32>
  %v = arith.constant dense<[[1.0, 2.0, 3.0], [-1.0, -2.0, -3.0]]> : tensor<2x3xf32>
  %empty = tensor.empty() : tensor<28x2xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<28x2xf32>) -> tensor<28x2xf32>
  %first = linalg.matmul ins(%x, %w : tensor<28x28xf32>, tensor<28x2xf32>)
      outs(%init : tensor<28x2xf32>) -> tensor<28x2xf32>
  %biased = linalg.generic {indexing_maps = [#id, #column, #id],
                            iterator_types = ["parallel", "parallel"]}
      ins(%first, %b : tensor<28x2xf32>, tensor<2xf32>) outs(%empty : tensor<28x2xf32>) {
  ^bb0(%a: f32, %c: f32, %o: f32):
    %s = arith.addf %a, %c : f32
    linalg.yield %s : f32
  } -> tensor<28x2xf32>
  %sigmoid = linalg.generic {indexing_maps = [#id, #id],
                             iterator_types = ["parallel", "parallel"]}
      ins(%biased : tensor<28x2xf32>) outs(%empty : tensor<28x2xf32>) {
  ^bb0(%a: f32, %o: f32):
    %0 = arith.negf %a : f32
    %1 = math.exp %0 : f32
    %2 = arith.addf %1, %one : f32
    %3 = arith.divf %one, %2 : f32
    linalg.yield %3 : f32
  } -> tensor<28x2xf32>
  %empty3 = tensor.empty() : tensor<28x3xf32>
  %init3 = linalg.fill ins(%zero : f32) outs(%empty3 : tensor<28x3xf32>) -> tensor<28x3xf32>
  %second = linalg.matmul ins(%sigmoid, %v : tensor<28x2xf32>, tensor<2x3xf32>)
      outs(%init3 : tensor<28x3xf32>) -> tensor<28x3xf32>
  return %second : tensor<28x3xf32>
}

// -----

// A product of two activations has one scale for each; a softmax without its
// maximum keeps the reduction apart and f32 in between.

// CHECK-LABEL: func.func @attention
// CHECK-SAME: ([[X:%.+]]: tensor<28x28xi8>
// CHECK: [[T:%.+]] = linalg.transpose ins([[X]] : tensor<28x28xi8>)
// CHECK: [[SCORES:%.+]] = linalg.matmul ins([[X]], [[T]] : tensor<28x28xi8>, tensor<28x28xi8>)
// CHECK: [[EXP:%.+]] = linalg.generic {{.*}} ins([[SCORES]] : tensor<28x28xi32>) outs({{.*}} : tensor<28x28xf32>)
// CHECK: [[SUMS:%.+]] = linalg.generic {{.*}} iterator_types = ["parallel", "reduction"]} ins([[EXP]] : tensor<28x28xf32>) outs({{.*}} : tensor<28xf32>)
// CHECK: linalg.generic {{.*}} ins([[EXP]], [[SUMS]] : tensor<28x28xf32>, tensor<28xf32>) outs({{.*}} : tensor<28x28xi32>)
#id = affine_map<(d0, d1) -> (d0, d1)>
#row = affine_map<(d0, d1) -> (d0)>
func.func @attention(%x: tensor<28x28xf32>) -> tensor<28x28xf32> {
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty() : tensor<28x28xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<28x28xf32>) -> tensor<28x28xf32>
  %t = linalg.transpose ins(%x : tensor<28x28xf32>)
      outs(%empty : tensor<28x28xf32>) permutation = [1, 0]
  %scores = linalg.matmul ins(%x, %t : tensor<28x28xf32>, tensor<28x28xf32>)
      outs(%init : tensor<28x28xf32>) -> tensor<28x28xf32>
  %exp = linalg.generic {indexing_maps = [#id, #id],
                         iterator_types = ["parallel", "parallel"]}
      ins(%scores : tensor<28x28xf32>) outs(%empty : tensor<28x28xf32>) {
  ^bb0(%a: f32, %o: f32):
    %0 = math.exp %a : f32
    linalg.yield %0 : f32
  } -> tensor<28x28xf32>
  %rows = tensor.empty() : tensor<28xf32>
  %none = linalg.fill ins(%zero : f32) outs(%rows : tensor<28xf32>) -> tensor<28xf32>
  %sum = linalg.generic {indexing_maps = [#id, #row],
                         iterator_types = ["parallel", "reduction"]}
      ins(%exp : tensor<28x28xf32>) outs(%none : tensor<28xf32>) {
  ^bb0(%a: f32, %o: f32):
    %0 = arith.addf %o, %a : f32
    linalg.yield %0 : f32
  } -> tensor<28xf32>
  %softmax = linalg.generic {indexing_maps = [#id, #row, #id],
                             iterator_types = ["parallel", "parallel"]}
      ins(%exp, %sum : tensor<28x28xf32>, tensor<28xf32>) outs(%empty : tensor<28x28xf32>) {
  ^bb0(%a: f32, %s: f32, %o: f32):
    %0 = arith.divf %a, %s : f32
    linalg.yield %0 : f32
  } -> tensor<28x28xf32>
  return %softmax : tensor<28x28xf32>
}

// -----

// A condition is computed again by each of its readers: memory holds no i1. The
// factor that is not positive is applied in f32.

// CHECK-LABEL: func.func @leaky
// CHECK-NOT: xi1>
// CHECK: arith.cmpf
// CHECK: arith.select
// CHECK-NOT: xi1>
#id = affine_map<(d0, d1) -> (d0, d1)>
func.func @leaky(%x: tensor<28x28xf32>) -> (tensor<28x28xf32>, tensor<28x28xf32>) {
  %zero = arith.constant 0.0 : f32
  %slope = arith.constant -0.1 : f32
  %empty = tensor.empty() : tensor<28x28xf32>
  %flags = tensor.empty() : tensor<28x28xi1>
  %negative = linalg.generic {indexing_maps = [#id, #id],
                              iterator_types = ["parallel", "parallel"]}
      ins(%x : tensor<28x28xf32>) outs(%flags : tensor<28x28xi1>) {
  ^bb0(%a: f32, %o: i1):
    %0 = arith.cmpf olt, %a, %zero : f32
    linalg.yield %0 : i1
  } -> tensor<28x28xi1>
  %scaled = linalg.generic {indexing_maps = [#id, #id],
                            iterator_types = ["parallel", "parallel"]}
      ins(%x : tensor<28x28xf32>) outs(%empty : tensor<28x28xf32>) {
  ^bb0(%a: f32, %o: f32):
    %0 = arith.mulf %a, %slope : f32
    linalg.yield %0 : f32
  } -> tensor<28x28xf32>
  %first = linalg.generic {indexing_maps = [#id, #id, #id, #id],
                           iterator_types = ["parallel", "parallel"]}
      ins(%negative, %scaled, %x : tensor<28x28xi1>, tensor<28x28xf32>, tensor<28x28xf32>)
      outs(%empty : tensor<28x28xf32>) {
  ^bb0(%c: i1, %a: f32, %b: f32, %o: f32):
    %0 = arith.select %c, %a, %b : f32
    linalg.yield %0 : f32
  } -> tensor<28x28xf32>
  %second = linalg.generic {indexing_maps = [#id, #id, #id, #id],
                            iterator_types = ["parallel", "parallel"]}
      ins(%negative, %x, %scaled : tensor<28x28xi1>, tensor<28x28xf32>, tensor<28x28xf32>)
      outs(%empty : tensor<28x28xf32>) {
  ^bb0(%c: i1, %a: f32, %b: f32, %o: f32):
    %0 = arith.select %c, %a, %b : f32
    linalg.yield %0 : f32
  } -> tensor<28x28xf32>
  return %first, %second : tensor<28x28xf32>, tensor<28x28xf32>
}
