// RUN: colonnade-opt %s --colonnade-strip-encodings | FileCheck %s --implicit-check-not=colonnade

// Stock MLIR reads the result, lowers it and says the same again.
// RUN: colonnade-opt %s --colonnade-strip-encodings | mlir-opt | FileCheck %s --implicit-check-not=colonnade
// RUN: colonnade-opt %s --colonnade-strip-encodings | mlir-opt --convert-elementwise-to-linalg --one-shot-bufferize="bufferize-function-boundaries allow-return-allocs-from-loops" --convert-linalg-to-loops | FileCheck %s --check-prefix=LOOPS

#columns = #colonnade.encoding<
  columns = <row_axis = 0, fan_in = 2, assignment = [0, 0, 1]>>
#both = #colonnade.encoding<
  columns = <row_axis = 0, fan_in = 2, assignment = [0, 0, 1]>,
  terms = <axis = packed, group = 2, budget = 3, digits = naf>>
#data = #colonnade.encoding<
  terms = <axis = 1, group = 1, budget = 2, digits = naf>>
#rows = #colonnade.encoding<
  terms = <axis = 0, group = 2, budget = 2, digits = naf>>

// Signatures, calls, constants and contractions.
// CHECK-LABEL: func.func private @callee(tensor<3x8xi8>) -> tensor<3x8xi8>
func.func private @callee(tensor<3x8xi8, #data> {colonnade.scale = 0.5 : f64})
    -> (tensor<3x8xi8, #data> {colonnade.scale = 0.25 : f64})

// CHECK-LABEL: func.func @contraction(
// CHECK-SAME: [[X:%.+]]: tensor<3x8xi8>, [[ACC:%.+]]: tensor<2x8xi32>) -> tensor<2x8xi32>
func.func @contraction(%x: tensor<3x8xi8, #data>, %acc: tensor<2x8xi32>)
    -> tensor<2x8xi32> {
  // CHECK: [[W:%.+]] = arith.constant
  // CHECK-SAME{LITERAL}: dense<[[0, -5, 1], [0, 2, 1]]> : tensor<2x3xi8>
  // CHECK: [[Y:%.+]] = call @callee([[X]]) : (tensor<3x8xi8>) -> tensor<3x8xi8>
  // CHECK: linalg.matmul ins([[W]], [[Y]] : tensor<2x3xi8>, tensor<3x8xi8>)
  // LOOPS-LABEL: func.func @contraction
  // LOOPS-COUNT-3: scf.for
  // LOOPS: arith.muli
  %w = arith.constant dense<[[0, -5, 1], [0, 2, 1]]> : tensor<2x3xi8, #both>
  %y = call @callee(%x) : (tensor<3x8xi8, #data>) -> tensor<3x8xi8, #data>
  %0 = linalg.matmul
      ins(%w, %y : tensor<2x3xi8, #both>, tensor<3x8xi8, #data>)
      outs(%acc : tensor<2x8xi32>) -> tensor<2x8xi32>
  return %0 : tensor<2x8xi32>
}

// The example of the pass description. Entry 0 of the table is that of -128,
// the last one that of 127 = 128 - 1.
// CHECK-LABEL: func.func @run_time_terms
// CHECK-SAME: ([[X:%.+]]: tensor<4x8xi8>)
func.func @run_time_terms(%x: tensor<4x8xi8>) -> tensor<4x8xi8, #data> {
  // CHECK: [[TABLE:%.+]] = arith.constant dense<"0x8081{{.*}}7F"> : tensor<256xi8>
  // CHECK: [[EMPTY:%.+]] = tensor.empty() : tensor<4x8xi8>
  // CHECK: linalg.generic
  // CHECK-SAME: ins([[X]] : tensor<4x8xi8>) outs([[EMPTY]] : tensor<4x8xi8>)
  // CHECK: ^bb0([[IN:%.+]]: i8, {{.*}}
  // CHECK: [[OFFSET:%.+]] = arith.constant 128 : index
  // CHECK: [[INDEX:%.+]] = arith.index_cast [[IN]] : i8 to index
  // CHECK: [[POSITION:%.+]] = arith.addi [[INDEX]], [[OFFSET]]
  // CHECK: [[ENTRY:%.+]] = tensor.extract [[TABLE]]{{\[}}[[POSITION]]]
  // CHECK: linalg.yield [[ENTRY]]
  %0 = colonnade.term_quantize %x : tensor<4x8xi8> to tensor<4x8xi8, #data>
  return %0 : tensor<4x8xi8, #data>
}

// CHECK-LABEL: func.func @dynamic_terms
// CHECK-SAME: ([[X:%.+]]: tensor<?x8xi8>)
func.func @dynamic_terms(%x: tensor<?x8xi8>) -> tensor<?x8xi8, #data> {
  // CHECK: [[SIZE:%.+]] = tensor.dim [[X]]
  // CHECK: tensor.empty([[SIZE]]) : tensor<?x8xi8>
  %0 = colonnade.term_quantize %x : tensor<?x8xi8> to tensor<?x8xi8, #data>
  return %0 : tensor<?x8xi8, #data>
}

// Constants are folded whatever the group.
// CHECK-LABEL: func.func @constants
func.func @constants() -> (tensor<2x3xi8, #columns>, tensor<2x1xi8>) {
  // CHECK-DAG: dense<{{\[\[}}0, -5, 1], [0, 2, 1]]> : tensor<2x3xi8>
  // CHECK-DAG: dense<{{\[\[}}28], [0]]> : tensor<2x1xi8>
  %w = arith.constant dense<[[3, -5, 1], [0, 2, 1]]> : tensor<2x3xi8>
  %x = arith.constant dense<[[27], [1]]> : tensor<2x1xi8>
  %0 = colonnade.combine_columns %w : tensor<2x3xi8> to tensor<2x3xi8, #columns>
  %1 = colonnade.term_quantize %x : tensor<2x1xi8> to tensor<2x1xi8, #rows>
  %2 = colonnade.drop_encoding %1 : tensor<2x1xi8, #rows> to tensor<2x1xi8>
  return %0, %2 : tensor<2x3xi8, #columns>, tensor<2x1xi8>
}

// Types inside regions and dense_resource constants.
// CHECK-LABEL: func.func @regions
func.func @regions(%n: index, %x: tensor<4x8xi8, #data>)
    -> (tensor<4x8xi8, #data>, tensor<2x3xi8, #columns>) {
  // CHECK: dense_resource<weights> : tensor<2x3xi8>
  // CHECK: scf.for {{.*}} -> (tensor<4x8xi8>)
  %w = arith.constant dense_resource<weights> : tensor<2x3xi8, #columns>
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %0 = scf.for %i = %zero to %n step %one iter_args(%y = %x)
      -> tensor<4x8xi8, #data> {
    %1 = colonnade.drop_encoding %y : tensor<4x8xi8, #data> to tensor<4x8xi8>
    %2 = arith.addi %1, %1 : tensor<4x8xi8>
    %3 = colonnade.term_quantize %2 : tensor<4x8xi8> to tensor<4x8xi8, #data>
    scf.yield %3 : tensor<4x8xi8, #data>
  }
  return %0, %w : tensor<4x8xi8, #data>, tensor<2x3xi8, #columns>
}

// Nothing to do: other encodings stay.
// CHECK-LABEL: func.func @plain
// CHECK-SAME: tensor<4x8xi8, "mine">
func.func @plain(%x: tensor<4x8xi8, "mine">) -> tensor<4x8xi8, "mine"> {
  return %x : tensor<4x8xi8, "mine">
}

{-# dialect_resources: { builtin: {
  weights: "0x0100000000FB01000201"
} } #-}
