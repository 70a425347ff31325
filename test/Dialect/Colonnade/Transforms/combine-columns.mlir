// RUN: colonnade-opt %s --colonnade-combine-columns="fan-in=2 conflict-limit=0.5" | FileCheck %s
// RUN: colonnade-opt %s --colonnade-combine-columns="fan-in=2 conflict-limit=0.5" | colonnade-opt --colonnade-verify-promises | FileCheck %s

// Combining again changes nothing.
// RUN: colonnade-opt %s --colonnade-combine-columns="fan-in=2 conflict-limit=0.5" > %t.once
// RUN: colonnade-opt %t.once --colonnade-combine-columns="fan-in=2 conflict-limit=0.5" | diff %t.once -

// CHECK-DAG: [[ROWS_0:#.+]] = #colonnade.encoding<columns = <row_axis = 0, fan_in = 2, assignment = [0, 0, 1]>>
// CHECK-DAG: [[ROWS_1:#.+]] = #colonnade.encoding<columns = <row_axis = 1, fan_in = 2, assignment = [0, -1, 0, 1]>>
// CHECK-DAG: [[OIHW:#.+]] = #colonnade.encoding<columns = <row_axis = 0, fan_in = 2, assignment = [0, 0, -1, 1]>>
// CHECK-DAG: [[HWCF:#.+]] = #colonnade.encoding<columns = <row_axis = 3, fan_in = 2, assignment = [0, 0]>>

// CHECK-DAG: [[GFCHW:#.+]] = #colonnade.encoding<columns = <row_axis = 1, block_axis = 0, fan_in = 2, assignment = [0, 0, 1, 2]>>

// The example of the pass description.
// CHECK-LABEL: func.func @matmul_a
// CHECK-SAME: ([[X:%.+]]: tensor<3x8xi8>
func.func @matmul_a(%x: tensor<3x8xi8>, %acc: tensor<2x8xi32>)
    -> tensor<2x8xi32> {
  // CHECK: [[W:%.+]] = arith.constant
  // CHECK-SAME{LITERAL}: dense<[[0, -5, 1], [0, 2, 1]]>
  // CHECK-SAME: tensor<2x3xi8, [[ROWS_0]]>
  // CHECK-NEXT: linalg.matmul
  // CHECK-SAME: ins([[W]], [[X]] : tensor<2x3xi8, [[ROWS_0]]>, tensor<3x8xi8>)
  // CHECK-SAME: -> tensor<2x8xi32>
  %w = arith.constant dense<[[3, -5, 1], [0, 2, 1]]> : tensor<2x3xi8>
  %0 = linalg.matmul ins(%w, %x : tensor<2x3xi8>, tensor<3x8xi8>)
                     outs(%acc : tensor<2x8xi32>) -> tensor<2x8xi32>
  return %0 : tensor<2x8xi32>
}

// Weights [in, out]; input 1 reaches no output.
// CHECK-LABEL: func.func @matmul_b
func.func @matmul_b(%x: tensor<1x4xi8>, %acc: tensor<1x2xi32>)
    -> tensor<1x2xi32> {
  // CHECK: arith.constant
  // CHECK-SAME{LITERAL}: dense<[[1, 0], [0, 0], [0, 5], [7, 8]]>
  // CHECK-SAME: tensor<4x2xi8, [[ROWS_1]]>
  %w = arith.constant dense<[[1, 0], [0, 0], [0, 5], [7, 8]]> : tensor<4x2xi8>
  %0 = linalg.matmul ins(%x, %w : tensor<1x4xi8>, tensor<4x2xi8>)
                     outs(%acc : tensor<1x2xi32>) -> tensor<1x2xi32>
  return %0 : tensor<1x2xi32>
}

// CHECK-LABEL: func.func @conv_nchw
func.func @conv_nchw(%x: tensor<1x2x4x4xi8>, %acc: tensor<1x2x4x3xi32>)
    -> tensor<1x2x4x3xi32> {
  // CHECK: arith.constant
  // CHECK-SAME{LITERAL}: dense<[[[[1, 0]], [[0, 5]]], [[[0, 4]], [[0, 3]]]]>
  // CHECK-SAME: tensor<2x2x1x2xi8, [[OIHW]]>
  %w = arith.constant dense<[[[[1, 0]], [[0, 5]]], [[[0, 4]], [[0, 3]]]]>
      : tensor<2x2x1x2xi8>
  %0 = linalg.conv_2d_nchw_fchw
      ins(%x, %w : tensor<1x2x4x4xi8>, tensor<2x2x1x2xi8>)
      outs(%acc : tensor<1x2x4x3xi32>) -> tensor<1x2x4x3xi32>
  return %0 : tensor<1x2x4x3xi32>
}

// CHECK-LABEL: func.func @conv_nhwc
func.func @conv_nhwc(%x: tensor<1x4x4x2xi8>, %acc: tensor<1x4x4x2xi32>)
    -> tensor<1x4x4x2xi32> {
  // CHECK: tensor<1x1x2x2xi8, [[HWCF]]>
  %w = arith.constant dense<[[[[1, 0], [0, 5]]]]> : tensor<1x1x2x2xi8>
  %0 = linalg.conv_2d_nhwc_hwcf
      ins(%x, %w : tensor<1x4x4x2xi8>, tensor<1x1x2x2xi8>)
      outs(%acc : tensor<1x4x4x2xi32>) -> tensor<1x4x4x2xi32>
  return %0 : tensor<1x4x4x2xi32>
}

// A generic with its operands in any layout is a contraction like the others.
// CHECK-LABEL: func.func @generic
func.func @generic(%x: tensor<8x3xi8>, %acc: tensor<2x8xi32>)
    -> tensor<2x8xi32> {
  // CHECK: tensor<2x3xi8, [[ROWS_0]]>
  %w = arith.constant dense<[[3, -5, 1], [0, 2, 1]]> : tensor<2x3xi8>
  %0 = linalg.generic {
      indexing_maps = [affine_map<(m, n, k) -> (n, k)>,
                       affine_map<(m, n, k) -> (m, k)>,
                       affine_map<(m, n, k) -> (m, n)>],
      iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%x, %w : tensor<8x3xi8>, tensor<2x3xi8>)
      outs(%acc : tensor<2x8xi32>) {
  ^bb0(%a: i8, %b: i8, %c: i32):
    %1 = arith.extsi %a : i8 to i32
    %2 = arith.extsi %b : i8 to i32
    %3 = arith.muli %1, %2 : i32
    %4 = arith.addi %c, %3 : i32
    linalg.yield %4 : i32
  } -> tensor<2x8xi32>
  return %0 : tensor<2x8xi32>
}

// The filters of two groups are two matrices: columns 1 and 2 would go together,
// but are not of one group.
// CHECK-LABEL: func.func @grouped
func.func @grouped(%x: tensor<1x2x2x4x4xi8>, %acc: tensor<1x2x2x4x4xi32>)
    -> tensor<1x2x2x4x4xi32> {
  // CHECK: arith.constant
  // CHECK-SAME{LITERAL}: dense<[[[[[3]], [[0]]], [[[0]], [[4]]]], [[[[5]], [[6]]], [[[7]], [[8]]]]]>
  // CHECK-SAME: tensor<2x2x2x1x1xi8, [[GFCHW]]>
  %w = arith.constant dense<[[[[[3]], [[0]]], [[[0]], [[4]]]],
                             [[[[5]], [[6]]], [[[7]], [[8]]]]]>
      : tensor<2x2x2x1x1xi8>
  %0 = linalg.conv_2d_ngchw_gfchw
      ins(%x, %w : tensor<1x2x2x4x4xi8>, tensor<2x2x2x1x1xi8>)
      outs(%acc : tensor<1x2x2x4x4xi32>) -> tensor<1x2x2x4x4xi32>
  return %0 : tensor<1x2x2x4x4xi32>
}

// One constant for both contractions; the return still gets the plain one.
// CHECK-LABEL: func.func @shared
func.func @shared(%x: tensor<3x8xi8>, %acc: tensor<2x8xi32>)
    -> (tensor<2x8xi32>, tensor<2x3xi8>) {
  // CHECK: [[PLAIN:%.+]] = arith.constant {{.*}} : tensor<2x3xi8>{{$}}
  // CHECK-NEXT: [[W:%.+]] = arith.constant {{.*}} : tensor<2x3xi8, [[ROWS_0]]>
  // CHECK-NEXT: linalg.matmul ins([[W]],
  // CHECK-NEXT: linalg.matmul ins([[W]],
  // CHECK-NEXT: return {{.*}}, [[PLAIN]]
  %w = arith.constant dense<[[3, -5, 1], [0, 2, 1]]> : tensor<2x3xi8>
  %0 = linalg.matmul ins(%w, %x : tensor<2x3xi8>, tensor<3x8xi8>)
                     outs(%acc : tensor<2x8xi32>) -> tensor<2x8xi32>
  %1 = linalg.matmul ins(%w, %x : tensor<2x3xi8>, tensor<3x8xi8>)
                     outs(%0 : tensor<2x8xi32>) -> tensor<2x8xi32>
  return %1, %w : tensor<2x8xi32>, tensor<2x3xi8>
}

// Read as A and as B, one constant is two matrices.
// CHECK-LABEL: func.func @shared_two_ways
func.func @shared_two_ways(%x: tensor<2x2xi8>, %acc: tensor<2x2xi32>)
    -> tensor<2x2xi32> {
  // CHECK-DAG: [[A:%.+]] = arith.constant {{.*}} : tensor<2x2xi8, #{{.+}}>
  // CHECK-DAG: [[B:%.+]] = arith.constant {{.*}} : tensor<2x2xi8, #{{.+}}>
  // CHECK: linalg.matmul ins([[A:%.+]], %{{.+}} : tensor<2x2xi8, [[A_TYPE:#.+]]>, tensor<2x2xi8>)
  // CHECK-NOT: linalg.matmul ins(%{{.+}}, [[A]]
  // CHECK: linalg.matmul ins(%{{.+}}, %{{.+}} : tensor<2x2xi8>, tensor<2x2xi8, #{{.+}}>)
  %w = arith.constant dense<[[3, 0], [0, 2]]> : tensor<2x2xi8>
  %0 = linalg.matmul ins(%w, %x : tensor<2x2xi8>, tensor<2x2xi8>)
                     outs(%acc : tensor<2x2xi32>) -> tensor<2x2xi32>
  %1 = linalg.matmul ins(%x, %w : tensor<2x2xi8>, tensor<2x2xi8>)
                     outs(%0 : tensor<2x2xi32>) -> tensor<2x2xi32>
  return %1 : tensor<2x2xi32>
}

// A terms promise along a dimension survives the pruning.
// CHECK-LABEL: func.func @keeps_terms
func.func @keeps_terms(%x: tensor<3x8xi8>, %acc: tensor<2x8xi32>)
    -> tensor<2x8xi32> {
  // CHECK: arith.constant {{.*}} : tensor<2x3xi8, [[BOTH:#.+]]>
  %w = arith.constant dense<[[3, -5, 1], [0, 2, 1]]> : tensor<2x3xi8,
    #colonnade.encoding<terms = <axis = 1, group = 4, budget = 8, digits = naf>>>
  %0 = linalg.matmul ins(%w, %x : tensor<2x3xi8,
    #colonnade.encoding<terms = <axis = 1, group = 4, budget = 8, digits = naf>>>,
    tensor<3x8xi8>) outs(%acc : tensor<2x8xi32>) -> tensor<2x8xi32>
  return %0 : tensor<2x8xi32>
}

// Nothing to do: elementwise code has no weights.
// CHECK-LABEL: func.func @no_contraction
func.func @no_contraction(%x: tensor<4xi8>) -> tensor<4xi8> {
  // CHECK: arith.constant dense<1> : tensor<4xi8>
  %one = arith.constant dense<1> : tensor<4xi8>
  %0 = linalg.add ins(%x, %one : tensor<4xi8>, tensor<4xi8>)
                  outs(%x : tensor<4xi8>) -> tensor<4xi8>
  return %0 : tensor<4xi8>
}
