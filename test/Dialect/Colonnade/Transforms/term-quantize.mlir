// RUN: colonnade-opt %s --colonnade-term-quantize="group=2 budget=3 data-terms=2" | FileCheck %s
// RUN: colonnade-opt %s --colonnade-term-quantize="group=2 budget=3 data-terms=2" | colonnade-opt --colonnade-verify-promises | FileCheck %s

// Budgets of 0 leave everything alone.
// RUN: colonnade-opt %s > %t.plain
// RUN: colonnade-opt %s --colonnade-term-quantize | diff %t.plain -

// Once is as good as twice.
// RUN: colonnade-opt %s --colonnade-term-quantize="group=2 budget=3 data-terms=2" > %t.once
// RUN: colonnade-opt %t.once --colonnade-term-quantize="group=2 budget=3 data-terms=2" | diff %t.once -

// CHECK-DAG: [[DATA:#.+]] = #colonnade.encoding<terms = <axis = 1, group = 1, budget = 2, digits = naf>>
// CHECK-DAG: [[AXIS_1:#.+]] = #colonnade.encoding<terms = <axis = 1, group = 2, budget = 3, digits = naf>>
// CHECK-DAG: [[AXIS_0:#.+]] = #colonnade.encoding<terms = <axis = 0, group = 2, budget = 3, digits = naf>>
// CHECK-DAG: [[AXIS_2:#.+]] = #colonnade.encoding<terms = <axis = 2, group = 2, budget = 3, digits = naf>>
// CHECK-DAG: [[PACKED:#.+]] = #colonnade.encoding<columns = <row_axis = 0, fan_in = 2, assignment = [0, 1, 0, 2]>, terms = <axis = packed, group = 2, budget = 3, digits = naf>>

// The example of the pass description.
// CHECK-LABEL: func.func @matmul_a
// CHECK-SAME: ([[X:%.+]]: tensor<2x8xi8>
func.func @matmul_a(%x: tensor<2x8xi8>, %acc: tensor<2x8xi32>)
    -> tensor<2x8xi32> {
  // CHECK: [[Q:%.+]] = colonnade.term_quantize [[X]] : tensor<2x8xi8> to tensor<2x8xi8, [[DATA]]>
  // CHECK: [[W:%.+]] = arith.constant
  // CHECK-SAME{LITERAL}: dense<[[28, 8], [1, 0]]>
  // CHECK-SAME: tensor<2x2xi8, [[AXIS_1]]>
  // CHECK: linalg.matmul
  // CHECK-SAME: ins([[W]], [[Q]] : tensor<2x2xi8, [[AXIS_1]]>, tensor<2x8xi8, [[DATA]]>)
  // CHECK-SAME: -> tensor<2x8xi32>
  %w = arith.constant dense<[[27, 9], [1, 0]]> : tensor<2x2xi8>
  %0 = linalg.matmul ins(%w, %x : tensor<2x2xi8>, tensor<2x8xi8>)
                     outs(%acc : tensor<2x8xi32>) -> tensor<2x8xi32>
  return %0 : tensor<2x8xi32>
}

// Weights [in, out]: groups of input channels run along dimension 0.
// CHECK-LABEL: func.func @matmul_b
func.func @matmul_b(%x: tensor<1x3xi8>, %acc: tensor<1x2xi32>)
    -> tensor<1x2xi32> {
  // CHECK: arith.constant
  // CHECK-SAME{LITERAL}: dense<[[28, 1], [8, 0], [27, 5]]>
  // CHECK-SAME: tensor<3x2xi8, [[AXIS_0]]>
  %w = arith.constant dense<[[27, 1], [9, 0], [27, 5]]> : tensor<3x2xi8>
  %0 = linalg.matmul ins(%x, %w : tensor<1x3xi8>, tensor<3x2xi8>)
                     outs(%acc : tensor<1x2xi32>) -> tensor<1x2xi32>
  return %0 : tensor<1x2xi32>
}

// The same tap of two input channels shares a budget, two taps do not.
// CHECK-LABEL: func.func @conv_nchw
func.func @conv_nchw(%x: tensor<1x2x4x4xi8>, %acc: tensor<1x1x4x3xi32>)
    -> tensor<1x1x4x3xi32> {
  // CHECK: arith.constant
  // CHECK-SAME{LITERAL}: dense<[[[[28, 27]], [[8, 0]]]]>
  // CHECK-SAME: tensor<1x2x1x2xi8, [[AXIS_1]]>
  %w = arith.constant dense<[[[[27, 27]], [[9, 0]]]]> : tensor<1x2x1x2xi8>
  %0 = linalg.conv_2d_nchw_fchw
      ins(%x, %w : tensor<1x2x4x4xi8>, tensor<1x2x1x2xi8>)
      outs(%acc : tensor<1x1x4x3xi32>) -> tensor<1x1x4x3xi32>
  return %0 : tensor<1x1x4x3xi32>
}

// CHECK-LABEL: func.func @conv_nhwc
func.func @conv_nhwc(%x: tensor<1x4x4x2xi8>, %acc: tensor<1x4x4x1xi32>)
    -> tensor<1x4x4x1xi32> {
  // CHECK: tensor<1x1x2x1xi8, [[AXIS_2]]>
  %w = arith.constant dense<[[[[27], [9]]]]> : tensor<1x1x2x1xi8>
  %0 = linalg.conv_2d_nhwc_hwcf
      ins(%x, %w : tensor<1x4x4x2xi8>, tensor<1x1x2x1xi8>)
      outs(%acc : tensor<1x4x4x1xi32>) -> tensor<1x4x4x1xi32>
  return %0 : tensor<1x4x4x1xi32>
}

// Combined weights share budgets along the packed columns: groups 0 and 1 (27
// and 9 in row 0), then group 2.
// CHECK-LABEL: func.func @packed
func.func @packed(%x: tensor<4x8xi8>, %acc: tensor<2x8xi32>)
    -> tensor<2x8xi32> {
  // CHECK: arith.constant
  // CHECK-SAME{LITERAL}: dense<[[0, 8, 28, 27], [3, 0, 0, 1]]>
  // CHECK-SAME: tensor<2x4xi8, [[PACKED]]>
  %w = arith.constant dense<[[0, 9, 27, 27], [3, 0, 0, 1]]> : tensor<2x4xi8,
    #colonnade.encoding<
      columns = <row_axis = 0, fan_in = 2, assignment = [0, 1, 0, 2]>>>
  %0 = linalg.matmul ins(%w, %x : tensor<2x4xi8,
    #colonnade.encoding<
      columns = <row_axis = 0, fan_in = 2, assignment = [0, 1, 0, 2]>>>,
    tensor<4x8xi8>) outs(%acc : tensor<2x8xi32>) -> tensor<2x8xi32>
  return %0 : tensor<2x8xi32>
}

// One op for both contractions, right behind the value; the value's other user
// does not see it.
// CHECK-LABEL: func.func @shared_data
func.func @shared_data(%x: tensor<2x2xi8>, %acc: tensor<2x2xi32>)
    -> (tensor<2x2xi32>, tensor<2x2xi8>) {
  // CHECK: [[SUM:%.+]] = arith.addi
  // CHECK-NEXT: [[Q:%.+]] = colonnade.term_quantize [[SUM]]
  // CHECK-NOT: colonnade.term_quantize
  // CHECK: linalg.matmul ins(%{{.+}}, [[Q]]
  // CHECK: linalg.matmul ins(%{{.+}}, [[Q]]
  // CHECK: return %{{.+}}, [[SUM]]
  %w0 = arith.constant dense<[[1, 2], [3, 4]]> : tensor<2x2xi8>
  %w1 = arith.constant dense<[[5, 6], [7, 8]]> : tensor<2x2xi8>
  %sum = arith.addi %x, %x : tensor<2x2xi8>
  %0 = linalg.matmul ins(%w0, %sum : tensor<2x2xi8>, tensor<2x2xi8>)
                     outs(%acc : tensor<2x2xi32>) -> tensor<2x2xi32>
  %1 = linalg.matmul ins(%w1, %sum : tensor<2x2xi8>, tensor<2x2xi8>)
                     outs(%0 : tensor<2x2xi32>) -> tensor<2x2xi32>
  return %1, %sum : tensor<2x2xi32>, tensor<2x2xi8>
}

// CHECK-LABEL: func.func @dynamic_data
func.func @dynamic_data(%x: tensor<2x?xi8>, %acc: tensor<2x?xi32>)
    -> tensor<2x?xi32> {
  // CHECK: colonnade.term_quantize {{.*}} : tensor<2x?xi8> to tensor<2x?xi8, [[DATA]]>
  %w = arith.constant dense<[[27, 9], [1, 0]]> : tensor<2x2xi8>
  %0 = linalg.matmul ins(%w, %x : tensor<2x2xi8>, tensor<2x?xi8>)
                     outs(%acc : tensor<2x?xi32>) -> tensor<2x?xi32>
  return %0 : tensor<2x?xi32>
}
