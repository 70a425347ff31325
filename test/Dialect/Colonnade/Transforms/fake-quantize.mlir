// What contractions read is rounded as --colonnade-quantize rounds it.

// RUN: colonnade-opt %s --colonnade-fake-quantize=default-range=1 -split-input-file | FileCheck %s --check-prefixes=CHECK,ALL
// RUN: colonnade-opt %s --colonnade-fake-quantize="default-range=1 data-terms=2" -split-input-file | FileCheck %s --check-prefixes=CHECK,TERMS
// RUN: colonnade-opt %s --colonnade-fake-quantize="default-range=1 data-terms=2" -split-input-file | colonnade-opt -split-input-file | FileCheck %s --check-prefixes=CHECK,TERMS
// RUN: colonnade-opt %s --colonnade-fake-quantize="default-range=1 data-terms=2" --colonnade-strip-encodings -split-input-file | FileCheck %s --check-prefix=ERASED

#id = affine_map<(i, j) -> (i, j)>
// CHECK-LABEL: @main(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: tensor<1x4xf32>
// ALL:           %[[Q:.*]] = colonnade.fake_quantize %[[X]] scale = 0.0078740157480314959 : tensor<1x4xf32>
// TERMS:         %[[Q:.*]] = colonnade.fake_quantize %[[X]] scale = 0.0078740157480314959 terms = <axis = 1, group = 1, budget = 2, digits = naf> : tensor<1x4xf32>
// CHECK:         %[[P:.*]] = linalg.matmul ins(%[[Q]],
// The bound of a relu is applied first, and the sum is not rounded before.
// CHECK:         %[[R:.*]] = linalg.generic {{.*}} ins(%[[P]] :
// ALL:           %[[RQ:.*]] = colonnade.fake_quantize %[[R]] scale = 0.0078740157480314959 : tensor<1x4xf32>
// TERMS:         %[[RQ:.*]] = colonnade.fake_quantize %[[R]] scale = 0.0078740157480314959 terms =
// CHECK:         %[[P2:.*]] = linalg.matmul ins(%[[RQ]],
// The result is not rounded.
// CHECK:         return %[[P2]]

// ERASED-NOT:    colonnade.
// ERASED:        math.roundeven
func.func @main(%x: tensor<1x4xf32>) -> tensor<1x2xf32> {
  %w1 = arith.constant dense<0.5> : tensor<4x4xf32>
  %w2 = arith.constant dense<0.25> : tensor<4x2xf32>
  %zero = arith.constant 0.0 : f32
  %e1 = tensor.empty() : tensor<1x4xf32>
  %i1 = linalg.fill ins(%zero : f32) outs(%e1 : tensor<1x4xf32>) -> tensor<1x4xf32>
  %p1 = linalg.matmul ins(%x, %w1 : tensor<1x4xf32>, tensor<4x4xf32>)
                      outs(%i1 : tensor<1x4xf32>) -> tensor<1x4xf32>
  %r1 = linalg.generic {indexing_maps = [#id, #id],
                        iterator_types = ["parallel", "parallel"]}
      ins(%p1 : tensor<1x4xf32>) outs(%e1 : tensor<1x4xf32>) {
  ^bb0(%a: f32, %out: f32):
    %relu = arith.maximumf %a, %zero : f32
    linalg.yield %relu : f32
  } -> tensor<1x4xf32>
  %e2 = tensor.empty() : tensor<1x2xf32>
  %i2 = linalg.fill ins(%zero : f32) outs(%e2 : tensor<1x2xf32>) -> tensor<1x2xf32>
  %p2 = linalg.matmul ins(%r1, %w2 : tensor<1x4xf32>, tensor<4x2xf32>)
                      outs(%i2 : tensor<1x2xf32>) -> tensor<1x2xf32>
  return %p2 : tensor<1x2xf32>
}

// -----

// A sum reads all bits of both tensors, whatever a product reads of one.
#id = affine_map<(i, j) -> (i, j)>
// CHECK-LABEL: @main(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: tensor<1x4xf32>
// CHECK-DAG:     %[[ALL:.*]] = colonnade.fake_quantize %[[X]] scale = 0.0078740157480314959 : tensor<1x4xf32>
// TERMS-DAG:     %[[SOME:.*]] = colonnade.fake_quantize %[[X]] scale = 0.0078740157480314959 terms =
// TERMS:         %[[P:.*]] = linalg.matmul ins(%[[SOME]],
// CHECK:         %[[PQ:.*]] = colonnade.fake_quantize %{{.*}} scale = 0.0078740157480314959 : tensor<1x4xf32>
// CHECK:         linalg.generic {{.*}} ins(%[[ALL]], %[[PQ]] :
func.func @main(%x: tensor<1x4xf32>) -> tensor<1x4xf32> {
  %w = arith.constant dense<0.5> : tensor<4x4xf32>
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<1x4xf32>
  %i = linalg.fill ins(%zero : f32) outs(%e : tensor<1x4xf32>) -> tensor<1x4xf32>
  %p = linalg.matmul ins(%x, %w : tensor<1x4xf32>, tensor<4x4xf32>)
                     outs(%i : tensor<1x4xf32>) -> tensor<1x4xf32>
  %s = linalg.generic {indexing_maps = [#id, #id, #id],
                       iterator_types = ["parallel", "parallel"]}
      ins(%x, %p : tensor<1x4xf32>, tensor<1x4xf32>) outs(%e : tensor<1x4xf32>) {
  ^bb0(%a: f32, %b: f32, %out: f32):
    %sum = arith.addf %a, %b : f32
    linalg.yield %sum : f32
  } -> tensor<1x4xf32>
  return %s : tensor<1x4xf32>
}

// -----

// No layer: only the input is rounded.
// CHECK-LABEL: @main(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: tensor<1x4xf32>
// CHECK:         %[[Q:.*]] = colonnade.fake_quantize %[[X]]
// CHECK-NEXT:    return %[[Q]]
func.func @main(%x: tensor<1x4xf32>) -> tensor<1x4xf32> {
  return %x : tensor<1x4xf32>
}
