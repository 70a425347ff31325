// RUN: colonnade-reduce %s -reduction-tree='traversal-mode=0 test=%S/Inputs/keeps-terms.sh' -o - | FileCheck %s

// What makes the script lose interest goes; the op it looks for stays.

// CHECK: func.func @keep
// CHECK-NOT: func.func @drop
// CHECK: colonnade.term_quantize

func.func @drop(%x: tensor<4xi8>) -> tensor<4xi8> {
  return %x : tensor<4xi8>
}

func.func @keep(%x: tensor<4xi8>) -> tensor<4xi8, #colonnade.encoding<terms = <axis = 0, group = 1, budget = 2, digits = naf>>> {
  %y = colonnade.term_quantize %x : tensor<4xi8> to tensor<4xi8, #colonnade.encoding<terms = <axis = 0, group = 1, budget = 2, digits = naf>>>
  return %y : tensor<4xi8, #colonnade.encoding<terms = <axis = 0, group = 1, budget = 2, digits = naf>>>
}
