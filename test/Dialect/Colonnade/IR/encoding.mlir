// RUN: colonnade-opt %s | FileCheck %s
// RUN: colonnade-opt %s | colonnade-opt | FileCheck %s
// RUN: colonnade-opt %s --mlir-print-op-generic | colonnade-opt | FileCheck %s
// RUN: colonnade-opt %s --emit-bytecode | colonnade-opt | FileCheck %s

// Aliases print in the order of first use.
// CHECK-DAG: [[BOTH:#.+]] = #colonnade.encoding<columns = <row_axis = 0, fan_in = 2, assignment = [0, 1, 0, -1]>, terms = <axis = packed, group = 2, budget = 3, digits = naf>>
// CHECK-DAG: [[COLUMNS:#.+]] = #colonnade.encoding<columns = <row_axis = 1, fan_in = 255, assignment = [0, 0, -1]>>
// CHECK-DAG: [[TERMS:#.+]] = #colonnade.encoding<terms = <axis = 1, group = 8, budget = 16, digits = booth4>>
// CHECK-DAG: [[HESE:#.+]] = #colonnade.encoding<terms = <axis = 0, group = 1, budget = 8, digits = "hese-msb">>
// CHECK-DAG: [[BINARY:#.+]] = #colonnade.encoding<terms = <axis = 0, group = 65535, budget = 1, digits = binary>>
// CHECK-DAG: [[BLOCKS:#.+]] = #colonnade.encoding<columns = <row_axis = 1, block_axis = 0, fan_in = 2, assignment = [0, 0, 1, -1]>, terms = <axis = packed, group = 2, budget = 3, digits = naf>>
// CHECK-DAG: [[NO_COLUMNS:#.+]] = #colonnade.encoding<columns = <row_axis = 0, fan_in = 1, assignment = []>>

// CHECK-LABEL: func.func private @both(
// CHECK-SAME: tensor<2x4xi8, [[BOTH]]>)
func.func private @both(tensor<2x4xi8, #colonnade.encoding<
  columns = <row_axis = 0, fan_in = 2, assignment = [0, 1, 0, -1]>,
  terms = <axis = packed, group = 2, budget = 3, digits = naf>>>)

// The promises come in either order.
// CHECK-LABEL: func.func private @both_swapped(
// CHECK-SAME: tensor<2x4xi8, [[BOTH]]>)
func.func private @both_swapped(tensor<2x4xi8, #colonnade.encoding<
  terms = <axis = packed, group = 2, budget = 3, digits = naf>,
  columns = <row_axis = 0, fan_in = 2, assignment = [0, 1, 0, -1]>>>)

// A dynamic number of rows is no obstacle.
// CHECK-LABEL: func.func private @columns(
// CHECK-SAME: tensor<3x?xi8, [[COLUMNS]]>)
func.func private @columns(tensor<3x?xi8, #colonnade.encoding<
  columns = <row_axis = 1, fan_in = 255, assignment = [0, 0, -1]>>>)

// Two matrices side by side, of two columns each.
// CHECK-LABEL: func.func private @blocks(
// CHECK-SAME: tensor<2x3x2xi8, [[BLOCKS]]>)
func.func private @blocks(tensor<2x3x2xi8, #colonnade.encoding<
  columns = <row_axis = 1, block_axis = 0, fan_in = 2, assignment = [0, 0, 1, -1]>,
  terms = <axis = packed, group = 2, budget = 3, digits = naf>>>)

// CHECK-LABEL: func.func private @terms(
// CHECK-SAME: tensor<?x?xi8, [[TERMS]]>)
func.func private @terms(tensor<?x?xi8, #colonnade.encoding<
  terms = <axis = 1, group = 8, budget = 16, digits = booth4>>>)

// CHECK-LABEL: func.func private @hese(
// CHECK-SAME: tensor<5xi8, [[HESE]]>)
func.func private @hese(tensor<5xi8, #colonnade.encoding<
  terms = <axis = 0, group = 1, budget = 8, digits = "hese-msb">>>)

// CHECK-LABEL: func.func private @longest_group(
// CHECK-SAME: tensor<0xi8, [[BINARY]]>)
func.func private @longest_group(tensor<0xi8, #colonnade.encoding<
  terms = <axis = 0, group = 65535, budget = 1, digits = binary>>>)

// CHECK-LABEL: func.func private @no_columns(
// CHECK-SAME: tensor<4x0xi8, [[NO_COLUMNS]]>)
func.func private @no_columns(tensor<4x0xi8, #colonnade.encoding<
  columns = <row_axis = 0, fan_in = 1, assignment = []>>>)

// The parts are attributes of their own.
// CHECK-LABEL: func.func private @parts()
// CHECK-SAME: columns = #colonnade.columns<row_axis = 0, fan_in = 2, assignment = [0, 0]>
// CHECK-SAME: terms = #colonnade.terms<axis = 2, group = 4, budget = 5, digits = naf>
func.func private @parts() attributes {
  columns = #colonnade.columns<row_axis = 0, fan_in = 2, assignment = [0, 0]>,
  terms = #colonnade.terms<axis = 2, group = 4, budget = 5, digits = naf>}

// CHECK-LABEL: func.func @scale
// CHECK-SAME: tensor<4xi8> {colonnade.scale = 2.500000e-01 : f64, colonnade.zero_point = -3 : i32}
// CHECK-SAME: -> (tensor<4xi8> {colonnade.scale = 5.000000e-01 : f64})
func.func @scale(%x: tensor<4xi8> {colonnade.scale = 0.25 : f64, colonnade.zero_point = -3 : i32})
    -> (tensor<4xi8> {colonnade.scale = 0.5 : f64}) {
  return %x : tensor<4xi8>
}

// Long forms of the parts are understood as well.
// CHECK-LABEL: func.func private @long_form(
// CHECK-SAME: tensor<?x?xi8, [[TERMS]]>)
func.func private @long_form(tensor<?x?xi8, #colonnade.encoding<
  terms = #colonnade.terms<axis = 1, group = 8, budget = 16, digits = booth4>>>)
