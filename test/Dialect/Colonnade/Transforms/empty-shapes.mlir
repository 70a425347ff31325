// Shapes with nothing in them pass through every pass.

// RUN: colonnade-opt %s --colonnade-combine-columns --colonnade-term-quantize="budget=4 data-terms=2" > %t.promised
// RUN: FileCheck %s < %t.promised
// RUN: colonnade-opt %t.promised --colonnade-verify-promises | FileCheck %s
// RUN: colonnade-opt %t.promised --colonnade-strip-encodings | mlir-opt | FileCheck %s --check-prefix=PLAIN

// CHECK: [[NO_GROUPS:#.+]] = #colonnade.encoding<columns = <row_axis = 0, fan_in = 8, assignment = [-1, -1, -1]>
// PLAIN-NOT: colonnade

// No input channels.
// CHECK-LABEL: func.func @no_columns
// CHECK: dense<> : tensor<2x0xi8, #{{.+}}>
func.func @no_columns(%x: tensor<0x8xi8>, %acc: tensor<2x8xi32>) -> tensor<2x8xi32> {
  %w = arith.constant dense<> : tensor<2x0xi8>
  %0 = linalg.matmul ins(%w, %x : tensor<2x0xi8>, tensor<0x8xi8>)
                     outs(%acc : tensor<2x8xi32>) -> tensor<2x8xi32>
  return %0 : tensor<2x8xi32>
}

// No output channels: no column has a nonzero.
// CHECK-LABEL: func.func @no_rows
// CHECK: dense<> : tensor<0x3xi8, [[NO_GROUPS]]>
func.func @no_rows(%x: tensor<3x8xi8>, %acc: tensor<0x8xi32>) -> tensor<0x8xi32> {
  %w = arith.constant dense<> : tensor<0x3xi8>
  %0 = linalg.matmul ins(%w, %x : tensor<0x3xi8>, tensor<3x8xi8>)
                     outs(%acc : tensor<0x8xi32>) -> tensor<0x8xi32>
  return %0 : tensor<0x8xi32>
}

// CHECK-LABEL: func.func @all_zero
// CHECK: dense<0> : tensor<2x3xi8, [[NO_GROUPS]]>
func.func @all_zero(%x: tensor<3x8xi8>, %acc: tensor<2x8xi32>) -> tensor<2x8xi32> {
  %w = arith.constant dense<0> : tensor<2x3xi8>
  %0 = linalg.matmul ins(%w, %x : tensor<2x3xi8>, tensor<3x8xi8>)
                     outs(%acc : tensor<2x8xi32>) -> tensor<2x8xi32>
  return %0 : tensor<2x8xi32>
}

// CHECK-LABEL: func.func @no_code
func.func @no_code() { return }

// CHECK-LABEL: func.func private @no_body
func.func private @no_body(tensor<*xi8>)
