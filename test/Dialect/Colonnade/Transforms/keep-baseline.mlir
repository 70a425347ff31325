// RUN: colonnade-opt %s --colonnade-keep-baseline | FileCheck %s
// RUN: not colonnade-opt %s --colonnade-keep-baseline --colonnade-keep-baseline 2>&1 | FileCheck %s --check-prefix=TWICE

// CHECK:      func.func @main
// CHECK:      module @baseline {
// CHECK-NEXT:   func.func @main
// TWICE: error: the module holds a 'baseline' already

func.func @main(%x: tensor<1x2xi8>) -> tensor<1x2xi8> {
  return %x : tensor<1x2xi8>
}
