// RUN: colonnade-opt %s | FileCheck %s
// RUN: colonnade-opt %s | colonnade-opt | FileCheck %s
// RUN: colonnade-opt %s --mlir-print-op-generic | colonnade-opt | FileCheck %s

#columns = #colonnade.encoding<
  columns = <row_axis = 0, fan_in = 2, assignment = [0, 1, 0, -1]>>
#terms = #colonnade.encoding<
  terms = <axis = 1, group = 4, budget = 3, digits = naf>>
#both = #colonnade.encoding<
  columns = <row_axis = 0, fan_in = 2, assignment = [0, 1, 0, -1]>,
  terms = <axis = 1, group = 4, budget = 3, digits = naf>>
#packed = #colonnade.encoding<
  columns = <row_axis = 0, fan_in = 2, assignment = [0, 1, 0, -1]>,
  terms = <axis = packed, group = 2, budget = 3, digits = naf>>

// CHECK-LABEL: func.func @combine_columns
// CHECK-SAME: ([[X:%.+]]: tensor<2x4xi8>
func.func @combine_columns(%x: tensor<2x4xi8>) -> tensor<2x4xi8, #columns> {
  // CHECK: colonnade.combine_columns [[X]] : tensor<2x4xi8> to tensor<2x4xi8, #{{.+}}>
  %0 = colonnade.combine_columns %x : tensor<2x4xi8> to tensor<2x4xi8, #columns>
  return %0 : tensor<2x4xi8, #columns>
}

// Pruning takes terms away and adds none.
// CHECK-LABEL: func.func @combine_columns_carries_terms
func.func @combine_columns_carries_terms(%x: tensor<2x4xi8, #terms>)
    -> tensor<2x4xi8, #both> {
  // CHECK: colonnade.combine_columns
  %0 = colonnade.combine_columns %x
      : tensor<2x4xi8, #terms> to tensor<2x4xi8, #both>
  return %0 : tensor<2x4xi8, #both>
}

// CHECK-LABEL: func.func @term_quantize
// CHECK-SAME: ([[X:%.+]]: tensor<?x4xi8>
func.func @term_quantize(%x: tensor<?x4xi8>) -> tensor<?x4xi8, #terms> {
  // CHECK: colonnade.term_quantize [[X]] {note = "kept"} : tensor<?x4xi8> to tensor<?x4xi8, #{{.+}}>
  %0 = colonnade.term_quantize %x {note = "kept"}
      : tensor<?x4xi8> to tensor<?x4xi8, #terms>
  return %0 : tensor<?x4xi8, #terms>
}

// A new budget may take the place of an old one.
// CHECK-LABEL: func.func @term_quantize_again
func.func @term_quantize_again(%x: tensor<2x4xi8, #both>)
    -> tensor<2x4xi8, #packed> {
  // CHECK: colonnade.term_quantize
  %0 = colonnade.term_quantize %x
      : tensor<2x4xi8, #both> to tensor<2x4xi8, #packed>
  return %0 : tensor<2x4xi8, #packed>
}

// CHECK-LABEL: func.func @drop_encoding
// CHECK-SAME: ([[X:%.+]]: tensor<2x4xi8, #{{.+}}>)
func.func @drop_encoding(%x: tensor<2x4xi8, #both>)
    -> (tensor<2x4xi8, #columns>, tensor<2x4xi8, #terms>, tensor<2x4xi8>) {
  // CHECK-COUNT-3: colonnade.drop_encoding [[X]]
  %0 = colonnade.drop_encoding %x
      : tensor<2x4xi8, #both> to tensor<2x4xi8, #columns>
  %1 = colonnade.drop_encoding %x
      : tensor<2x4xi8, #both> to tensor<2x4xi8, #terms>
  %2 = colonnade.drop_encoding %x : tensor<2x4xi8, #both> to tensor<2x4xi8>
  return %0, %1, %2
      : tensor<2x4xi8, #columns>, tensor<2x4xi8, #terms>, tensor<2x4xi8>
}

// CHECK-LABEL: @fake_quantize(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: tensor<2x4xf32>, %[[LIMIT:[a-z0-9]+]]: i32
func.func @fake_quantize(%x: tensor<2x4xf32>, %limit: i32) -> tensor<2x4xf32> {
  // CHECK: colonnade.fake_quantize %[[X]] scale = 5.000000e-01 : tensor<2x4xf32>
  %a = colonnade.fake_quantize %x scale = 0.5 : tensor<2x4xf32>
  // CHECK: colonnade.fake_quantize %{{.*}} scale = 5.000000e-01 terms = <axis = 1, group = 1, budget = 3, digits = naf> : tensor<2x4xf32>
  %b = colonnade.fake_quantize %a scale = 0.5
      terms = <axis = 1, group = 1, budget = 3, digits = naf> : tensor<2x4xf32>
  // CHECK: colonnade.fake_quantize %{{.*}} scale = 5.000000e-01 terms = <axis = 1, group = 1, budget = 3, digits = naf> limit(%[[LIMIT]]) : tensor<2x4xf32>
  %c = colonnade.fake_quantize %b scale = 0.5
      terms = <axis = 1, group = 1, budget = 3, digits = naf> limit(%limit)
      : tensor<2x4xf32>
  return %c : tensor<2x4xf32>
}
