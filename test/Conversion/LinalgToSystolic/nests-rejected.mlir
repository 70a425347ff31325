// RUN: colonnade-opt %s --convert-linalg-to-systolic=target=edge-32x32 --remarks-filter="systolic" --remark-format=emitRemark -o /dev/null 2>&1 | FileCheck %s

// Each rule of the vector unit's legality, broken once.

#id = affine_map<(d0) -> (d0)>
#half = affine_map<(d0) -> (d0 floordiv 2)>
#first = affine_map<(d0) -> (0)>

// CHECK: [Missed] rejected {{.*}}result: expected elements of type i8, i32, i64 or f32, got f64
func.func @double(%x: tensor<6xi32>) -> tensor<6xf64> {
  %e = tensor.empty() : tensor<6xf64>
  %y = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]}
      ins(%x : tensor<6xi32>) outs(%e : tensor<6xf64>) {
  ^bb0(%a: i32, %o: f64):
    %f = arith.sitofp %a : i32 to f64
    linalg.yield %f : f64
  } -> tensor<6xf64>
  return %y : tensor<6xf64>
}

// CHECK: [Missed] rejected {{.*}}the result's old value must not be read
func.func @old(%x: tensor<6xi32>, %o: tensor<6xi32>) -> tensor<6xi32> {
  %y = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]}
      ins(%x : tensor<6xi32>) outs(%o : tensor<6xi32>) {
  ^bb0(%a: i32, %b: i32):
    %s = arith.addi %a, %b : i32
    linalg.yield %s : i32
  } -> tensor<6xi32>
  return %y : tensor<6xi32>
}

// CHECK: [Missed] rejected {{.*}}a reduction must start from one constant
func.func @start(%x: tensor<6xi32>, %o: tensor<1xi32>) -> tensor<1xi32> {
  %y = linalg.generic {indexing_maps = [#id, #first], iterator_types = ["reduction"]}
      ins(%x : tensor<6xi32>) outs(%o : tensor<1xi32>) {
  ^bb0(%a: i32, %b: i32):
    %s = arith.addi %a, %b : i32
    linalg.yield %s : i32
  } -> tensor<1xi32>
  return %y : tensor<1xi32>
}

// CHECK: [Missed] rejected {{.*}}input 0 must be indexed by sums of loops times constants
func.func @half(%x: tensor<6xi32>) -> tensor<6xi32> {
  %e = tensor.empty() : tensor<6xi32>
  %y = linalg.generic {indexing_maps = [#half, #id], iterator_types = ["parallel"]}
      ins(%x : tensor<6xi32>) outs(%e : tensor<6xi32>) {
  ^bb0(%a: i32, %o: i32):
    linalg.yield %a : i32
  } -> tensor<6xi32>
  return %y : tensor<6xi32>
}

// CHECK: [Missed] rejected {{.*}}the vector unit has ordered float comparisons, not ult
func.func @unordered(%x: tensor<6xf32>) -> tensor<6xf32> {
  %e = tensor.empty() : tensor<6xf32>
  %y = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]}
      ins(%x : tensor<6xf32>) outs(%e : tensor<6xf32>) {
  ^bb0(%a: f32, %o: f32):
    %zero = arith.constant 0.0 : f32
    %c = arith.cmpf ult, %a, %zero : f32
    %s = arith.select %c, %zero, %a : f32
    linalg.yield %s : f32
  } -> tensor<6xf32>
  return %y : tensor<6xf32>
}

// CHECK: [Missed] rejected {{.*}}slices must have static offsets, sizes and strides
func.func @slice(%x: tensor<6xf32>, %i: index) -> tensor<2xf32> {
  %y = tensor.extract_slice %x[%i] [2] [1] : tensor<6xf32> to tensor<2xf32>
  return %y : tensor<2xf32>
}
