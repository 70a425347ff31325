// RUN: colonnade-opt %s --split-input-file --convert-linalg-to-systolic=target=edge-32x32 | FileCheck %s
// RUN: colonnade-opt %s --split-input-file --convert-linalg-to-systolic=target=edge-32x32 --systolic-schedule | FileCheck %s --check-prefix=SCHEDULE
// RUN: colonnade-opt %s --split-input-file --convert-linalg-to-systolic=target=edge-32x32 --remarks-filter="systolic" --remark-format=emitRemark -o /dev/null 2>&1 | FileCheck %s --check-prefix=REMARK

// The heads of an attention: the transpose costs nothing because the nest before
// it stores its result in the order that the reshape behind it needs.

// CHECK-LABEL: func.func @heads(
// CHECK:         %[[Y:.*]] = systolic.nest "nest1"
// CHECK-NEXT:    ^bb0
// CHECK-NOT:     systolic.nest
// CHECK:         linalg.transpose ins(%[[Y]]
// CHECK:         tensor.collapse_shape
// CHECK-NOT:     systolic.nest

// SCHEDULE-LABEL: systolic.program @heads
// SCHEDULE:         systolic.nest_pass "nest1" loops [4, 6, 2] {{.*}} outs({{.*}}) <i8, offset = 0, pitches = [2, 8, 1], chunked = false>

// REMARK: [Passed] view {{.*}}'linalg.transpose' is a view, no data moves
// REMARK: [Passed] view {{.*}}'tensor.collapse_shape' is a view, no data moves

#id = affine_map<(d0, d1, d2) -> (d0, d1, d2)>
func.func @heads(%x: tensor<4x6x2xi8>) -> tensor<6x8xi8> {
  %e = tensor.empty() : tensor<4x6x2xi8>
  %y = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%x : tensor<4x6x2xi8>) outs(%e : tensor<4x6x2xi8>) {
  ^bb0(%a: i8, %o: i8):
    %zero = arith.constant 0 : i8
    %r = arith.maxsi %a, %zero : i8
    linalg.yield %r : i8
  } -> tensor<4x6x2xi8>
  %et = tensor.empty() : tensor<6x4x2xi8>
  %t = linalg.transpose ins(%y : tensor<4x6x2xi8>) outs(%et : tensor<6x4x2xi8>) permutation = [1, 0, 2]
  %c = tensor.collapse_shape %t [[0], [1, 2]] : tensor<6x4x2xi8> into tensor<6x8xi8>
  return %c : tensor<6x8xi8>
}

// -----

// The argument lies as the host wrote it, so that this reshape needs a copy.

// CHECK-LABEL: func.func @copied(
// CHECK:         %[[T:.*]] = linalg.transpose
// CHECK:         %[[COPY:.*]] = systolic.nest "copy1" loops [6, 4] ins(%[[T]])
// CHECK:         tensor.collapse_shape %[[COPY]]

// SCHEDULE-LABEL: systolic.program @copied

// REMARK: [Passed] view {{.*}}'linalg.transpose' is a view
// REMARK: [Passed] copied {{.*}}no strides give the tensor this shape{{.*}}layer copy1 copies tensor<6x4xi8>{{.*}}bytes=24

func.func @copied(%x: tensor<4x6xi8>) -> tensor<24xi8> {
  %et = tensor.empty() : tensor<6x4xi8>
  %t = linalg.transpose ins(%x : tensor<4x6xi8>) outs(%et : tensor<6x4xi8>) permutation = [1, 0]
  %c = tensor.collapse_shape %t [[0, 1]] : tensor<6x4xi8> into tensor<24xi8>
  return %c : tensor<24xi8>
}

// -----

// Both operands of the concatenation are made inside it, the constant by a
// copy; the slice of the result is a view.

// CHECK-LABEL: func.func @concatenation(
// CHECK:         %[[A:.*]] = systolic.nest "nest1"
// CHECK:         %[[C:.*]] = systolic.nest "copy1"
// CHECK:         tensor.concat dim(0) %[[C]], %[[A]]

// SCHEDULE-LABEL: systolic.program @concatenation
// SCHEDULE:         systolic.nest_pass "nest1" {{.*}} outs(%[[BUFFER:.*]] : {{.*}}) <i8, offset = 4, pitches = [4, 1], chunked = false>
// SCHEDULE:         systolic.nest_pass "copy1" {{.*}} outs(%[[BUFFER]] : {{.*}}) <i8, offset = 0, pitches = [4, 1], chunked = false>
// SCHEDULE:         systolic.nest_pass "nest2" {{.*}} ins(%[[BUFFER]] : {{.*}}) [#systolic.strides<i8, offset = 1, pitches = [4, 2], chunked = false>]

// REMARK: [Passed] copied {{.*}}only what a layer makes, for one concatenation, can be made inside it{{.*}}layer copy1 copies tensor<1x4xi8>{{.*}}bytes=4
// REMARK: [Passed] view {{.*}}the 2 operands of 'tensor.concat' are made inside its buffer
// REMARK: [Passed] view {{.*}}'tensor.extract_slice' is a view, no data moves

#map = affine_map<(d0, d1) -> (d0, d1)>
func.func @concatenation(%x: tensor<3x4xi8>) -> tensor<4x2xi8> {
  %token = arith.constant dense<[[1, 2, 3, 4]]> : tensor<1x4xi8>
  %zero = arith.constant 0 : i8
  %e = tensor.empty() : tensor<3x4xi8>
  %a = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel", "parallel"]}
      ins(%x : tensor<3x4xi8>) outs(%e : tensor<3x4xi8>) {
  ^bb0(%i: i8, %o: i8):
    %r = arith.maxsi %i, %zero : i8
    linalg.yield %r : i8
  } -> tensor<3x4xi8>
  %c = tensor.concat dim(0) %token, %a : (tensor<1x4xi8>, tensor<3x4xi8>) -> tensor<4x4xi8>
  %s = tensor.extract_slice %c[0, 1] [4, 2] [1, 2] : tensor<4x4xi8> to tensor<4x2xi8>
  %es = tensor.empty() : tensor<4x2xi8>
  %b = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel", "parallel"]}
      ins(%s : tensor<4x2xi8>) outs(%es : tensor<4x2xi8>) {
  ^bb0(%i: i8, %o: i8):
    %r = arith.minsi %i, %zero : i8
    linalg.yield %r : i8
  } -> tensor<4x2xi8>
  return %b : tensor<4x2xi8>
}

// -----

// A padding is fills around data that is made in place.

// CHECK-LABEL: func.func @pad(
// CHECK:         %[[Y:.*]] = systolic.nest "nest1"
// CHECK:         %[[LOW:.*]] = systolic.nest "fill1" loops [3, 1]
// CHECK:         %[[INNER:.*]] = tensor.concat dim(1) %[[LOW]], %[[Y]]
// CHECK:         %[[HIGH:.*]] = systolic.nest "fill2" loops [2, 5]
// CHECK:         tensor.concat dim(0) %[[INNER]], %[[HIGH]]

// SCHEDULE-LABEL: systolic.program @pad
// SCHEDULE-DAG:     systolic.nest_pass "nest1" {{.*}} outs({{.*}}) <f32, offset = 4, pitches = [20, 4], chunked = false>
// SCHEDULE-DAG:     systolic.nest_pass "fill1" {{.*}} outs({{.*}}) <f32, offset = 0, pitches = [20, 4], chunked = false>
// SCHEDULE-DAG:     systolic.nest_pass "fill2" {{.*}} outs({{.*}}) <f32, offset = 60, pitches = [20, 4], chunked = false>

#plane = affine_map<(d0, d1) -> (d0, d1)>
func.func @pad(%x: tensor<3x4xf32>) -> tensor<5x5xf32> {
  %value = arith.constant 1.5 : f32
  %e = tensor.empty() : tensor<3x4xf32>
  %y = linalg.generic {indexing_maps = [#plane, #plane], iterator_types = ["parallel", "parallel"]}
      ins(%x : tensor<3x4xf32>) outs(%e : tensor<3x4xf32>) {
  ^bb0(%i: f32, %o: f32):
    %r = arith.negf %i : f32
    linalg.yield %r : f32
  } -> tensor<3x4xf32>
  %p = tensor.pad %y low[0, 1] high[2, 0] {
  ^bb0(%i: index, %j: index):
    tensor.yield %value : f32
  } : tensor<3x4xf32> to tensor<5x5xf32>
  return %p : tensor<5x5xf32>
}
