// RUN: colonnade-opt %s --split-input-file --convert-linalg-to-systolic=target=fast-256x64 | FileCheck %s
// RUN: colonnade-opt %s --split-input-file --convert-linalg-to-systolic=target=fast-256x64 --systolic-schedule -o /dev/null

// A number that depends on an element is a nest without loops; who reads it
// reads a tensor.

// CHECK-DAG: #[[$NONE:.*]] = affine_map<() -> ()>
// CHECK-DAG: #[[$ONE:.*]] = affine_map<(d0) -> (d0)>
// CHECK-DAG: #[[$SCALAR:.*]] = affine_map<(d0) -> ()>
// CHECK-LABEL: func.func @numbers(
// CHECK-SAME:      %[[STEP:.*]]: tensor<i64>, %[[X:.*]]: tensor<3xf32>)
// CHECK:         %[[RATE:.*]] = systolic.nest "nest1" loops [] ins(%[[STEP]]) [#[[$NONE]]] : (tensor<i64>) -> tensor<f32>
// CHECK-NEXT:    ^bb0(%[[ELEMENT:.*]]: i64):
// CHECK:           arith.sitofp %[[ELEMENT]] : i64 to f32
// CHECK:           arith.mulf
// CHECK:         systolic.nest "nest2" loops [3] ins(%[[X]], %[[RATE]]) [#[[$ONE]], #[[$SCALAR]]]
// CHECK:         systolic.nest "nest3" loops [] ins(%[[STEP]])
// CHECK:           arith.addi %{{.*}} : i64

#id = affine_map<(d0) -> (d0)>
func.func @numbers(%step: tensor<i64>, %x: tensor<3xf32>) -> (tensor<3xf32>, tensor<i64>) {
  %number = tensor.extract %step[] : tensor<i64>
  %float = arith.sitofp %number : i64 to f32
  %tenth = arith.constant 0.1 : f32
  %rate = arith.mulf %float, %tenth : f32
  %e = tensor.empty() : tensor<3xf32>
  %y = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]}
      ins(%x : tensor<3xf32>) outs(%e : tensor<3xf32>) {
  ^bb0(%a: f32, %o: f32):
    %r = arith.mulf %a, %rate : f32
    linalg.yield %r : f32
  } -> tensor<3xf32>
  %one = arith.constant 1 : i64
  %next = arith.addi %number, %one : i64
  %following = tensor.from_elements %next : tensor<i64>
  return %y, %following : tensor<3xf32>, tensor<i64>
}

// -----

// Both branches are computed.

// CHECK-DAG: #[[$FIRST:.*]] = affine_map<() -> (0)>
// CHECK-DAG: #[[$SECOND:.*]] = affine_map<() -> (1)>
// CHECK-LABEL: func.func @branches(
// CHECK:         systolic.nest "nest1" loops [] ins(%{{.*}}) [#[[$SECOND]]]
// CHECK:         systolic.nest "nest2" loops [] ins(%{{.*}}, %{{.*}}) [#[[$FIRST]], #[[$SECOND]]]
// CHECK:           arith.select
// CHECK:         tensor.concat dim(0)

func.func @branches(%x: tensor<2xi32>) -> tensor<2xi32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %a = tensor.extract %x[%c0] : tensor<2xi32>
  %b = tensor.extract %x[%c1] : tensor<2xi32>
  %zero = arith.constant 0 : i32
  %is = arith.cmpi sgt, %a, %zero : i32
  %r = scf.if %is -> i32 {
    %sum = arith.addi %a, %b : i32
    scf.yield %sum : i32
  } else {
    scf.yield %b : i32
  }
  %t = tensor.from_elements %r, %b : tensor<2xi32>
  return %t : tensor<2xi32>
}

// -----

// The position of a loop is an element of a constant.

// CHECK: #[[$LOOP:.*]] = affine_map<(d0, d1) -> (d1)>
// CHECK-LABEL: func.func @positions(
// CHECK:         %[[COUNT:.*]] = arith.constant dense<[0, 1, 2, 3]> : tensor<4xi32>
// CHECK:         systolic.nest "nest1" loops [2, 4] reduce 1 from 0.000000e+00 : f32
// CHECK-SAME:    ins(%{{.*}}, %{{.*}}, %[[COUNT]]) [{{.*}}, #[[$LOOP]]]
// CHECK:           arith.cmpi eq, %{{.*}}, %{{.*}} : i32

#rows = affine_map<(d0, d1) -> (d0)>
#all = affine_map<(d0, d1) -> (d0, d1)>
func.func @positions(%x: tensor<2x4xf32>, %labels: tensor<2xi32>) -> tensor<2xf32> {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<2xf32>
  %init = linalg.fill ins(%zero : f32) outs(%e : tensor<2xf32>) -> tensor<2xf32>
  %y = linalg.generic {indexing_maps = [#all, #rows, #rows], iterator_types = ["parallel", "reduction"]}
      ins(%x, %labels : tensor<2x4xf32>, tensor<2xi32>) outs(%init : tensor<2xf32>) {
  ^bb0(%a: f32, %label: i32, %sum: f32):
    %j = linalg.index 1 : index
    %i = arith.index_cast %j : index to i32
    %is = arith.cmpi eq, %i, %label : i32
    %term = arith.select %is, %a, %zero : f32
    %next = arith.addf %sum, %term : f32
    linalg.yield %next : f32
  } -> tensor<2xf32>
  return %y : tensor<2xf32>
}

// -----

// One op for each result, with the code that it needs.

// CHECK-LABEL: func.func @results(
// CHECK:         systolic.nest "nest1"
// CHECK:           arith.mulf
// CHECK-NOT:       arith
// CHECK:         systolic.nest "nest2"
// CHECK:           arith.mulf
// CHECK-NEXT:      arith.subf

#id = affine_map<(d0) -> (d0)>
func.func @results(%x: tensor<3xf32>) -> (tensor<3xf32>, tensor<3xf32>) {
  %e = tensor.empty() : tensor<3xf32>
  %y:2 = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel"]}
      ins(%x : tensor<3xf32>) outs(%e, %e : tensor<3xf32>, tensor<3xf32>) {
  ^bb0(%a: f32, %o: f32, %p: f32):
    %s = arith.mulf %a, %a : f32
    %d = arith.subf %a, %s : f32
    linalg.yield %s, %d : f32, f32
  } -> (tensor<3xf32>, tensor<3xf32>)
  return %y#0, %y#1 : tensor<3xf32>, tensor<3xf32>
}

// -----

// Contributions are added inside the buffer that they are added to: no copies.

// CHECK-LABEL: func.func @insertions(
// CHECK:         %[[ZEROS:.*]] = systolic.nest "fill1" loops [4]
// CHECK-NOT:     "copy
// CHECK:         %[[FIRST:.*]] = systolic.nest "nest1" loops [2]
// CHECK:         %[[ONE:.*]] = tensor.insert_slice %[[FIRST]] into %[[ZEROS]][0] [2] [2]
// CHECK:         %[[SLICE:.*]] = tensor.extract_slice %[[ONE]][1] [2] [1]
// CHECK:         %[[SECOND:.*]] = systolic.nest "nest2" loops [2] ins(%[[SLICE]],
// CHECK:         tensor.insert_slice %[[SECOND]] into %[[ONE]][1] [2] [1]
// CHECK-NOT:     "copy

#id = affine_map<(d0) -> (d0)>
func.func @insertions(%x: tensor<2xf32>) -> tensor<4xf32> {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<4xf32>
  %zeros = linalg.fill ins(%zero : f32) outs(%e : tensor<4xf32>) -> tensor<4xf32>
  %e2 = tensor.empty() : tensor<2xf32>
  %s1 = tensor.extract_slice %zeros[0] [2] [2] : tensor<4xf32> to tensor<2xf32>
  %first = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel"]}
      ins(%s1, %x : tensor<2xf32>, tensor<2xf32>) outs(%e2 : tensor<2xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %s = arith.addf %a, %b : f32
    linalg.yield %s : f32
  } -> tensor<2xf32>
  %one = tensor.insert_slice %first into %zeros[0] [2] [2] : tensor<2xf32> into tensor<4xf32>
  %s2 = tensor.extract_slice %one[1] [2] [1] : tensor<4xf32> to tensor<2xf32>
  %second = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel"]}
      ins(%s2, %x : tensor<2xf32>, tensor<2xf32>) outs(%e2 : tensor<2xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %s = arith.addf %a, %b : f32
    linalg.yield %s : f32
  } -> tensor<2xf32>
  %two = tensor.insert_slice %second into %one[1] [2] [1] : tensor<2xf32> into tensor<4xf32>
  return %two : tensor<4xf32>
}

// -----

// A target that is needed afterwards is copied, and so is a source that someone
// else reads.

// CHECK-LABEL: func.func @copies(
// CHECK:         %[[Y:.*]] = systolic.nest "nest1"
// CHECK:         %[[X:.*]] = systolic.nest "copy1" loops [4] ins(%arg0)
// CHECK:         %[[SOURCE:.*]] = systolic.nest "copy2" loops [2] ins(%[[Y]])
// CHECK:         tensor.insert_slice %[[SOURCE]] into %[[X]]

#id = affine_map<(d0) -> (d0)>
func.func @copies(%x: tensor<4xf32>) -> (tensor<4xf32>, tensor<2xf32>) {
  %s = tensor.extract_slice %x[2] [2] [1] : tensor<4xf32> to tensor<2xf32>
  %e = tensor.empty() : tensor<2xf32>
  %y = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]}
      ins(%s : tensor<2xf32>) outs(%e : tensor<2xf32>) {
  ^bb0(%a: f32, %o: f32):
    %n = arith.negf %a : f32
    linalg.yield %n : f32
  } -> tensor<2xf32>
  %z = tensor.insert_slice %y into %x[0] [2] [1] : tensor<2xf32> into tensor<4xf32>
  return %z, %y : tensor<4xf32>, tensor<2xf32>
}

// -----

// A filter read backward.

// CHECK: #[[$BACK:.*]] = affine_map<(d0) -> (-d0 + 2)>
// CHECK-LABEL: func.func @backward(
// CHECK:         systolic.nest "nest1" loops [3] ins(%{{.*}}) [#[[$BACK]]]

#id = affine_map<(d0) -> (d0)>
#back = affine_map<(d0) -> (-d0 + 2)>
func.func @backward(%x: tensor<3xf32>) -> tensor<3xf32> {
  %e = tensor.empty() : tensor<3xf32>
  %y = linalg.generic {indexing_maps = [#back, #id], iterator_types = ["parallel"]}
      ins(%x : tensor<3xf32>) outs(%e : tensor<3xf32>) {
  ^bb0(%a: f32, %o: f32):
    linalg.yield %a : f32
  } -> tensor<3xf32>
  return %y : tensor<3xf32>
}

// -----

// Products of floats are nests where cells multiply blocks.

// CHECK-LABEL: func.func @product(
// CHECK:         systolic.nest "nest1" loops [2, 4, 3] reduce 1 from 0.000000e+00 : f32

func.func @product(%x: tensor<2x3xf32>, %w: tensor<3x4xf32>) -> tensor<2x4xf32> {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<2x4xf32>
  %init = linalg.fill ins(%zero : f32) outs(%e : tensor<2x4xf32>) -> tensor<2x4xf32>
  %y = linalg.matmul ins(%x, %w : tensor<2x3xf32>, tensor<3x4xf32>) outs(%init : tensor<2x4xf32>) -> tensor<2x4xf32>
  return %y : tensor<2x4xf32>
}
