// RUN: colonnade-opt %s --colonnade-combine-columns="fan-in=2 conflict-limit=0.5" --remarks-filter=colonnade 2>&1 >/dev/null | FileCheck %s
// RUN: colonnade-opt %s --colonnade-combine-columns=fan-in=1 --remarks-filter=colonnade 2>&1 >/dev/null | FileCheck %s --check-prefix=ONE

// CHECK: combine-columns-remarks.mlir:[[#@LINE+7]]:{{.*}} remark: [Passed] combine-columns | Category:colonnade | Function=passed
// CHECK-SAME: Columns=3, Contractions=2, Groups=2, MagnitudeLost="25.0 %", Op=linalg.matmul, Pruned=1, PrunedShare="20.0 %", Utilization="100.0 %", Weights=2x3
// ONE: [[#@LINE+5]]:{{.*}} remark: [Missed] combine-columns
// ONE-SAME: Reason="fan-in 1 combines nothing, the matrix has 3 columns"
// ONE: [[#@LINE+5]]:{{.*}} remark: [Missed] combine-columns
func.func @passed(%x: tensor<3x8xi8>, %acc: tensor<2x8xi32>) -> tensor<2x8xi32> {
  %w = arith.constant dense<[[3, -5, 1], [0, 2, 1]]> : tensor<2x3xi8>
  %0 = linalg.matmul ins(%w, %x : tensor<2x3xi8>, tensor<3x8xi8>)
                     outs(%acc : tensor<2x8xi32>) -> tensor<2x8xi32>
  %1 = linalg.matmul ins(%w, %x : tensor<2x3xi8>, tensor<3x8xi8>)
                     outs(%0 : tensor<2x8xi32>) -> tensor<2x8xi32>
  return %1 : tensor<2x8xi32>
}

// CHECK: [[#@LINE+4]]:{{.*}} remark: [Missed] combine-columns | Category:colonnade | Function=run_time
// CHECK-SAME: Op=linalg.matmul, Reason="no input is a static i8 constant, got tensor<2x?xi8> and tensor<?x8xi8>"
func.func @run_time(%w: tensor<2x?xi8>, %x: tensor<?x8xi8>,
                    %acc: tensor<2x8xi32>) -> tensor<2x8xi32> {
  %0 = linalg.matmul ins(%w, %x : tensor<2x?xi8>, tensor<?x8xi8>)
                     outs(%acc : tensor<2x8xi32>) -> tensor<2x8xi32>
  return %0 : tensor<2x8xi32>
}

// CHECK: remark: [Missed] combine-columns | Category:colonnade | Function=not_quantized
// CHECK-SAME: Reason="no input is a static i8 constant, got tensor<2x3xf32> and tensor<3x8xf32>"
func.func @not_quantized(%x: tensor<3x8xf32>, %acc: tensor<2x8xf32>)
    -> tensor<2x8xf32> {
  %w = arith.constant dense<1.0> : tensor<2x3xf32>
  %0 = linalg.matmul ins(%w, %x : tensor<2x3xf32>, tensor<3x8xf32>)
                     outs(%acc : tensor<2x8xf32>) -> tensor<2x8xf32>
  return %0 : tensor<2x8xf32>
}

// CHECK: remark: [Missed] combine-columns | Category:colonnade | Function=depthwise
// CHECK-SAME: Reason="the channels of a depthwise convolution share no columns: the mapping puts those of several channels into one, without pruning"
func.func @depthwise(%x: tensor<1x2x4x4xi8>, %acc: tensor<1x2x4x4xi32>)
    -> tensor<1x2x4x4xi32> {
  %w = arith.constant dense<1> : tensor<2x1x1xi8>
  %0 = linalg.depthwise_conv_2d_nchw_chw
      ins(%x, %w : tensor<1x2x4x4xi8>, tensor<2x1x1xi8>)
      outs(%acc : tensor<1x2x4x4xi32>) -> tensor<1x2x4x4xi32>
  return %0 : tensor<1x2x4x4xi32>
}

// Two matrices of two columns, each combined by itself.
// CHECK: remark: [Passed] combine-columns | Category:colonnade | Function=batched
// CHECK-SAME: Blocks=2, Columns=4, Contractions=1, Groups=3, MagnitudeLost="0.0 %"
func.func @batched(%x: tensor<2x3x2xi8>, %acc: tensor<2x3x2xi32>)
    -> tensor<2x3x2xi32> {
  %w = arith.constant dense<[[[3, 0], [0, 4]], [[5, 1], [6, 2]]]> : tensor<2x2x2xi8>
  %0 = linalg.batch_matmul ins(%x, %w : tensor<2x3x2xi8>, tensor<2x2x2xi8>)
                           outs(%acc : tensor<2x3x2xi32>) -> tensor<2x3x2xi32>
  return %0 : tensor<2x3x2xi32>
}

// CHECK: remark: [Missed] combine-columns | Category:colonnade | Function=two_block_axes
// CHECK-SAME: Reason="dimensions 0 and 1 of the weights both count groups or a batch, one is supported"
func.func @two_block_axes(%x: tensor<2x3x4xi8>, %acc: tensor<2x3x5xi32>)
    -> tensor<2x3x5xi32> {
  %w = arith.constant dense<1> : tensor<2x3x4x5xi8>
  %0 = linalg.generic {
      indexing_maps = [affine_map<(a, b, n, k) -> (a, b, k)>,
                       affine_map<(a, b, n, k) -> (a, b, k, n)>,
                       affine_map<(a, b, n, k) -> (a, b, n)>],
      iterator_types = ["parallel", "parallel", "parallel", "reduction"]}
      ins(%x, %w : tensor<2x3x4xi8>, tensor<2x3x4x5xi8>)
      outs(%acc : tensor<2x3x5xi32>) {
  ^bb0(%a: i8, %b: i8, %c: i32):
    %1 = arith.extsi %a : i8 to i32
    %2 = arith.extsi %b : i8 to i32
    %3 = arith.muli %1, %2 : i32
    %4 = arith.addi %c, %3 : i32
    linalg.yield %4 : i32
  } -> tensor<2x3x5xi32>
  return %0 : tensor<2x3x5xi32>
}

// CHECK: remark: [Missed] combine-columns | Category:colonnade | Function=two_row_axes
// CHECK-SAME: Reason="dimensions 0 and 1 of the weights both count output channels, one is supported"
func.func @two_row_axes(%x: tensor<4xi8>, %acc: tensor<2x3xi32>)
    -> tensor<2x3xi32> {
  %w = arith.constant dense<1> : tensor<2x3x4xi8>
  %0 = linalg.generic {
      indexing_maps = [affine_map<(m, n, k) -> (m, n, k)>,
                       affine_map<(m, n, k) -> (k)>,
                       affine_map<(m, n, k) -> (m, n)>],
      iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%w, %x : tensor<2x3x4xi8>, tensor<4xi8>)
      outs(%acc : tensor<2x3xi32>) {
  ^bb0(%a: i8, %b: i8, %c: i32):
    %1 = arith.extsi %a : i8 to i32
    %2 = arith.extsi %b : i8 to i32
    %3 = arith.muli %1, %2 : i32
    %4 = arith.addi %c, %3 : i32
    linalg.yield %4 : i32
  } -> tensor<2x3xi32>
  return %0 : tensor<2x3xi32>
}

// CHECK: remark: [Missed] combine-columns | Category:colonnade | Function=no_row_axis
// CHECK-SAME: Reason="the weights have no output channel dimension"
func.func @no_row_axis(%x: tensor<2x4xi8>, %acc: tensor<2xi32>)
    -> tensor<2xi32> {
  %w = arith.constant dense<1> : tensor<4xi8>
  %0 = linalg.matvec ins(%x, %w : tensor<2x4xi8>, tensor<4xi8>)
                     outs(%acc : tensor<2xi32>) -> tensor<2xi32>
  return %0 : tensor<2xi32>
}

// CHECK: remark: [Missed] combine-columns | Category:colonnade | Function=already
// CHECK-SAME: Reason="the weights already promise columns, 1 groups of at most 3"
#columns = #colonnade.encoding<
  columns = <row_axis = 0, fan_in = 3, assignment = [0, 0, 0]>>
func.func @already(%x: tensor<3x8xi8>, %acc: tensor<2x8xi32>) -> tensor<2x8xi32> {
  %w = arith.constant dense<[[3, 0, 0], [0, 2, 0]]> : tensor<2x3xi8, #columns>
  %0 = linalg.matmul ins(%w, %x : tensor<2x3xi8, #columns>, tensor<3x8xi8>)
                     outs(%acc : tensor<2x8xi32>) -> tensor<2x8xi32>
  return %0 : tensor<2x8xi32>
}

// CHECK: remark: [Missed] combine-columns | Category:colonnade | Function=unreadable
// CHECK-SAME: Reason="the weights are no dense or dense_resource constant with readable values"
func.func @unreadable(%x: tensor<3x8xi8>, %acc: tensor<2x8xi32>) -> tensor<2x8xi32> {
  %w = arith.constant dense_resource<missing> : tensor<2x3xi8>
  %0 = linalg.matmul ins(%w, %x : tensor<2x3xi8>, tensor<3x8xi8>)
                     outs(%acc : tensor<2x8xi32>) -> tensor<2x8xi32>
  return %0 : tensor<2x8xi32>
}

// Not a contraction: no remark.
// CHECK-NOT: Function=pooling
func.func @pooling(%x: tensor<1x2x4x4xi8>, %acc: tensor<1x2x2x2xi8>)
    -> tensor<1x2x2x2xi8> {
  %window = tensor.empty() : tensor<2x2xi8>
  %0 = linalg.pooling_nchw_max {strides = dense<2> : tensor<2xi64>}
      ins(%x, %window : tensor<1x2x4x4xi8>, tensor<2x2xi8>)
      outs(%acc : tensor<1x2x2x2xi8>) -> tensor<1x2x2x2xi8>
  return %0 : tensor<1x2x2x2xi8>
}
