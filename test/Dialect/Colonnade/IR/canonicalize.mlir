// RUN: colonnade-opt %s --canonicalize | FileCheck %s
// RUN: colonnade-opt %s --canonicalize | colonnade-opt --canonicalize | FileCheck %s

#columns = #colonnade.encoding<
  columns = <row_axis = 0, fan_in = 2, assignment = [0, 0, 1, -1]>>
#in_out = #colonnade.encoding<
  columns = <row_axis = 1, fan_in = 2, assignment = [0, 0, 1]>>
#oihw = #colonnade.encoding<
  columns = <row_axis = 0, fan_in = 4, assignment = [0, 1, 0, 1]>>
#terms = #colonnade.encoding<
  terms = <axis = 1, group = 3, budget = 4, digits = binary>>
#value = #colonnade.encoding<
  terms = <axis = 0, group = 1, budget = 2, digits = naf>>
#rows = #colonnade.encoding<
  terms = <axis = 0, group = 2, budget = 2, digits = naf>>
#both = #colonnade.encoding<
  columns = <row_axis = 0, fan_in = 2, assignment = [0, 0, 1, -1]>,
  terms = <axis = packed, group = 2, budget = 3, digits = naf>>

//===----------------------------------------------------------------------===//
// combine_columns
//===----------------------------------------------------------------------===//

// The largest magnitude stays, ties go to the lowest column.
// CHECK-LABEL: func.func @combine_columns
func.func @combine_columns() -> tensor<3x4xi8, #columns> {
  %w = arith.constant dense<[[3, -5, 1, 0], [7, -7, 0, 0], [-128, 127, 2, 0]]>
      : tensor<3x4xi8>
  // CHECK: [[C:%.+]] = arith.constant
  // CHECK-SAME{LITERAL}: dense<[[0, -5, 1, 0], [7, 0, 0, 0], [-128, 0, 2, 0]]>
  // CHECK-NEXT: return [[C]]
  %0 = colonnade.combine_columns %w : tensor<3x4xi8> to tensor<3x4xi8, #columns>
  return %0 : tensor<3x4xi8, #columns>
}

// Matmul weights [in, out]: the rows count along dimension 1.
// CHECK-LABEL: func.func @combine_columns_in_out
func.func @combine_columns_in_out() -> tensor<3x2xi8, #in_out> {
  %w = arith.constant dense<[[3, 1], [-5, 0], [1, 9]]> : tensor<3x2xi8>
  // CHECK{LITERAL}: dense<[[0, 1], [-5, 0], [1, 9]]>
  %0 = colonnade.combine_columns %w : tensor<3x2xi8> to tensor<3x2xi8, #in_out>
  return %0 : tensor<3x2xi8, #in_out>
}

// Convolution weights OIHW: a column is an input channel at a tap.
// CHECK-LABEL: func.func @combine_columns_oihw
func.func @combine_columns_oihw() -> tensor<2x2x1x2xi8, #oihw> {
  %w = arith.constant dense<[[[[1, 2]], [[3, 4]]], [[[8, 7]], [[6, 5]]]]>
      : tensor<2x2x1x2xi8>
  // CHECK{LITERAL}: dense<[[[[0, 0]], [[3, 4]]], [[[8, 7]], [[0, 0]]]]>
  %0 = colonnade.combine_columns %w
      : tensor<2x2x1x2xi8> to tensor<2x2x1x2xi8, #oihw>
  return %0 : tensor<2x2x1x2xi8, #oihw>
}

// CHECK-LABEL: func.func @combine_columns_splat
func.func @combine_columns_splat() -> tensor<2x2x1x2xi8, #oihw> {
  %w = arith.constant dense<4> : tensor<2x2x1x2xi8>
  // CHECK{LITERAL}: dense<[[[[4, 4]], [[0, 0]]], [[[4, 4]], [[0, 0]]]]>
  %0 = colonnade.combine_columns %w
      : tensor<2x2x1x2xi8> to tensor<2x2x1x2xi8, #oihw>
  return %0 : tensor<2x2x1x2xi8, #oihw>
}

// CHECK-LABEL: func.func @combine_columns_resource
func.func @combine_columns_resource() -> tensor<2x4xi8, #columns> {
  %w = arith.constant dense_resource<weights> : tensor<2x4xi8>
  // CHECK{LITERAL}: dense<[[0, -5, 1, 0], [7, 0, 0, 0]]>
  %0 = colonnade.combine_columns %w : tensor<2x4xi8> to tensor<2x4xi8, #columns>
  return %0 : tensor<2x4xi8, #columns>
}

// CHECK-LABEL: func.func @combine_columns_identity
// CHECK-SAME: ([[X:%.+]]: tensor
func.func @combine_columns_identity(%x: tensor<2x4xi8, #columns>)
    -> tensor<2x4xi8, #columns> {
  // CHECK-NEXT: return [[X]]
  %0 = colonnade.combine_columns %x
      : tensor<2x4xi8, #columns> to tensor<2x4xi8, #columns>
  return %0 : tensor<2x4xi8, #columns>
}

// Column 3 is in no group and not zero: nothing is thrown away in silence.
// CHECK-LABEL: func.func @no_fold_unassigned_column
func.func @no_fold_unassigned_column() -> tensor<2x4xi8, #columns> {
  // CHECK: colonnade.combine_columns
  %w = arith.constant dense<[[0, 0, 1, 0], [7, 0, 0, 9]]> : tensor<2x4xi8>
  %0 = colonnade.combine_columns %w : tensor<2x4xi8> to tensor<2x4xi8, #columns>
  return %0 : tensor<2x4xi8, #columns>
}

// CHECK-LABEL: func.func @no_fold_run_time
func.func @no_fold_run_time(%x: tensor<2x4xi8>) -> tensor<2x4xi8, #columns> {
  // CHECK: colonnade.combine_columns
  %0 = colonnade.combine_columns %x : tensor<2x4xi8> to tensor<2x4xi8, #columns>
  return %0 : tensor<2x4xi8, #columns>
}

// A resource whose data is not in the file cannot be folded.
// CHECK-LABEL: func.func @no_fold_missing_resource
func.func @no_fold_missing_resource() -> tensor<2x4xi8, #columns> {
  // CHECK: colonnade.combine_columns
  %w = arith.constant dense_resource<missing> : tensor<2x4xi8>
  %0 = colonnade.combine_columns %w : tensor<2x4xi8> to tensor<2x4xi8, #columns>
  return %0 : tensor<2x4xi8, #columns>
}

//===----------------------------------------------------------------------===//
// term_quantize
//===----------------------------------------------------------------------===//

// The paper's example: group of 3, budget of 4.
// CHECK-LABEL: func.func @term_quantize
func.func @term_quantize() -> tensor<2x4xi8, #terms> {
  %w = arith.constant dense<[[64, 3, 14, 127], [67, 10, 81, 1]]> : tensor<2x4xi8>
  // CHECK{LITERAL}: dense<[[64, 2, 12, 120], [64, 8, 80, 1]]>
  %0 = colonnade.term_quantize %w : tensor<2x4xi8> to tensor<2x4xi8, #terms>
  return %0 : tensor<2x4xi8, #terms>
}

// CHECK-LABEL: func.func @term_quantize_per_value
func.func @term_quantize_per_value() -> tensor<4xi8, #value> {
  %x = arith.constant dense<[27, -27, 31, -128]> : tensor<4xi8>
  // CHECK: dense<[28, -28, 31, -128]>
  %0 = colonnade.term_quantize %x : tensor<4xi8> to tensor<4xi8, #value>
  return %0 : tensor<4xi8, #value>
}

// Runs go down the columns; the last one, of a single value, is short.
// CHECK-LABEL: func.func @term_quantize_outer_axis
func.func @term_quantize_outer_axis() -> tensor<3x2xi8, #rows> {
  %x = arith.constant dense<[[3, 5], [8, 16], [31, 11]]> : tensor<3x2xi8>
  // CHECK{LITERAL}: dense<[[4, 4], [8, 16], [31, 12]]>
  %0 = colonnade.term_quantize %x : tensor<3x2xi8> to tensor<3x2xi8, #rows>
  return %0 : tensor<3x2xi8, #rows>
}

// What the columns promise brings together shares the budget.
// CHECK-LABEL: func.func @term_quantize_packed
func.func @term_quantize_packed() -> tensor<2x4xi8, #both> {
  %w = arith.constant dense<[[0, 27, 9, 0], [1, 0, 0, 0]]>
      : tensor<2x4xi8, #columns>
  // CHECK{LITERAL}: dense<[[0, 28, 8, 0], [1, 0, 0, 0]]>
  %0 = colonnade.term_quantize %w
      : tensor<2x4xi8, #columns> to tensor<2x4xi8, #both>
  return %0 : tensor<2x4xi8, #both>
}

// CHECK-LABEL: func.func @term_quantize_empty
func.func @term_quantize_empty() -> tensor<0xi8, #value> {
  %x = arith.constant dense<> : tensor<0xi8>
  // CHECK: dense<> : tensor<0xi8, #{{.+}}>
  %0 = colonnade.term_quantize %x : tensor<0xi8> to tensor<0xi8, #value>
  return %0 : tensor<0xi8, #value>
}

// CHECK-LABEL: func.func @term_quantize_identity
// CHECK-SAME: ([[X:%.+]]: tensor
func.func @term_quantize_identity(%x: tensor<4xi8, #value>)
    -> tensor<4xi8, #value> {
  // CHECK-NEXT: return [[X]]
  %0 = colonnade.term_quantize %x
      : tensor<4xi8, #value> to tensor<4xi8, #value>
  return %0 : tensor<4xi8, #value>
}

// CHECK-LABEL: func.func @no_fold_run_time_terms
func.func @no_fold_run_time_terms(%x: tensor<4xi8>) -> tensor<4xi8, #value> {
  // CHECK: colonnade.term_quantize
  %0 = colonnade.term_quantize %x : tensor<4xi8> to tensor<4xi8, #value>
  return %0 : tensor<4xi8, #value>
}

//===----------------------------------------------------------------------===//
// drop_encoding
//===----------------------------------------------------------------------===//

// CHECK-LABEL: func.func @drop_of_drop
// CHECK-SAME: ([[X:%.+]]: tensor<2x4xi8, [[BOTH:#.+]]>)
func.func @drop_of_drop(%x: tensor<2x4xi8, #both>) -> tensor<2x4xi8> {
  // CHECK-NEXT: [[D:%.+]] = colonnade.drop_encoding [[X]] : tensor<2x4xi8, [[BOTH]]> to tensor<2x4xi8>
  // CHECK-NEXT: return [[D]]
  %0 = colonnade.drop_encoding %x
      : tensor<2x4xi8, #both> to tensor<2x4xi8, #columns>
  %1 = colonnade.drop_encoding %0 : tensor<2x4xi8, #columns> to tensor<2x4xi8>
  return %1 : tensor<2x4xi8>
}

// CHECK-LABEL: func.func @drop_nothing
// CHECK-SAME: ([[X:%.+]]: tensor
func.func @drop_nothing(%x: tensor<2x4xi8, #both>) -> tensor<2x4xi8, #both> {
  // CHECK-NEXT: return [[X]]
  %0 = colonnade.drop_encoding %x
      : tensor<2x4xi8, #both> to tensor<2x4xi8, #both>
  return %0 : tensor<2x4xi8, #both>
}

// CHECK-LABEL: func.func @drop_constants
func.func @drop_constants() -> (tensor<4xi8>, tensor<4xi8>, tensor<2x4xi8>) {
  // CHECK-DAG: dense<[28, -28, 31, 0]> : tensor<4xi8>
  // CHECK-DAG: dense<4> : tensor<4xi8>
  // CHECK-DAG: dense_resource<weights> : tensor<2x4xi8>
  // CHECK-NOT: colonnade
  %0 = arith.constant dense<[28, -28, 31, 0]> : tensor<4xi8, #value>
  %1 = arith.constant dense<4> : tensor<4xi8, #value>
  %2 = arith.constant dense_resource<weights> : tensor<2x4xi8, #columns>
  %3 = colonnade.drop_encoding %0 : tensor<4xi8, #value> to tensor<4xi8>
  %4 = colonnade.drop_encoding %1 : tensor<4xi8, #value> to tensor<4xi8>
  %5 = colonnade.drop_encoding %2 : tensor<2x4xi8, #columns> to tensor<2x4xi8>
  return %3, %4, %5 : tensor<4xi8>, tensor<4xi8>, tensor<2x4xi8>
}

// Alignment 1, then 3 -5 1 0 7 -7 0 0.
{-# dialect_resources: { builtin: {
  weights: "0x0100000003FB010007F90000"
} } #-}
