// RUN: colonnade-opt %s --colonnade-plan-activations=memory-limit=100000000 | FileCheck %s --check-prefix=STORE
// RUN: not colonnade-opt %s --colonnade-plan-activations=memory-limit=1000 2>&1 | FileCheck %s --check-prefix=LEAST
// RUN: not colonnade-opt %s --colonnade-plan-activations 2>&1 | FileCheck %s --check-prefix=NONE
// RUN: colonnade-opt %s --colonnade-plan-activations='memory-limit=160000 plot=%t.svg' --remarks-filter=colonnade 2>&1 | FileCheck %s --check-prefix=BETWEEN
// RUN: FileCheck %s --check-prefix=PLOT < %t.svg

// Memory for everything: nothing is computed again.

// STORE: colonnade.reversible {{.*}} activations = store
// STORE: colonnade.reversible {{.*}} activations = store
// STORE: colonnade.reversible {{.*}} activations = store

// Too little is an error that says what is enough.

// LEAST: error: cannot be trained within 1000 bytes of buffers: the least of all plans is {{[0-9]+}}
// NONE: error: expected memory-limit of at least 1 byte, got 0

// Between them, some are stored and some are not; remarks say what it costs.

// BETWEEN: Activations=
// BETWEEN: StoreAllPeakBytes={{[0-9]+}}
// BETWEEN: reversible {{.*}} activations = {{store|invert}}
// PLOT: <svg

#fixed = #colonnade.encoding<fixed_point = <fraction = 16>>

func.func @main(%w0: tensor<64x64xf32> {colonnade.parameter = "w0"},
                %w: tensor<64x64xf32> {colonnade.parameter = "w"},
                %v: tensor<64x64xf32> {colonnade.parameter = "v"},
                %x: tensor<32x64xf32>) -> tensor<32x64xf32> {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<32x64xf32>
  %z = linalg.fill ins(%zero : f32) outs(%e : tensor<32x64xf32>) -> tensor<32x64xf32>
  %h = linalg.matmul ins(%x, %w0 : tensor<32x64xf32>, tensor<64x64xf32>) outs(%z : tensor<32x64xf32>) -> tensor<32x64xf32>
  %s = colonnade.to_fixed %h : tensor<32x64xf32> to tensor<32x64xi32, #fixed>
  %p0, %q0 = colonnade.reversible additive %s, %s : tensor<32x64xi32, #fixed>
      f(%a: tensor<32x64xf32>) {
    %zero0 = arith.constant 0.0 : f32
    %e0 = tensor.empty() : tensor<32x64xf32>
    %z0 = linalg.fill ins(%zero0 : f32) outs(%e0 : tensor<32x64xf32>) -> tensor<32x64xf32>
    %r = linalg.matmul ins(%a, %w : tensor<32x64xf32>, tensor<64x64xf32>) outs(%z0 : tensor<32x64xf32>) -> tensor<32x64xf32>
    %t = linalg.tanh ins(%r : tensor<32x64xf32>) outs(%e0 : tensor<32x64xf32>) -> tensor<32x64xf32>
    colonnade.yield %t : tensor<32x64xf32>
  } g(%b: tensor<32x64xf32>) {
    %zero0 = arith.constant 0.0 : f32
    %e0 = tensor.empty() : tensor<32x64xf32>
    %z0 = linalg.fill ins(%zero0 : f32) outs(%e0 : tensor<32x64xf32>) -> tensor<32x64xf32>
    %r = linalg.matmul ins(%b, %v : tensor<32x64xf32>, tensor<64x64xf32>) outs(%z0 : tensor<32x64xf32>) -> tensor<32x64xf32>
    %t = linalg.tanh ins(%r : tensor<32x64xf32>) outs(%e0 : tensor<32x64xf32>) -> tensor<32x64xf32>
    colonnade.yield %t : tensor<32x64xf32>
  }
  %p1, %q1 = colonnade.reversible additive %p0, %q0 : tensor<32x64xi32, #fixed>
      f(%a: tensor<32x64xf32>) {
    %zero0 = arith.constant 0.0 : f32
    %e0 = tensor.empty() : tensor<32x64xf32>
    %z0 = linalg.fill ins(%zero0 : f32) outs(%e0 : tensor<32x64xf32>) -> tensor<32x64xf32>
    %r = linalg.matmul ins(%a, %w : tensor<32x64xf32>, tensor<64x64xf32>) outs(%z0 : tensor<32x64xf32>) -> tensor<32x64xf32>
    %t = linalg.tanh ins(%r : tensor<32x64xf32>) outs(%e0 : tensor<32x64xf32>) -> tensor<32x64xf32>
    colonnade.yield %t : tensor<32x64xf32>
  } g(%b: tensor<32x64xf32>) {
    %zero0 = arith.constant 0.0 : f32
    %e0 = tensor.empty() : tensor<32x64xf32>
    %z0 = linalg.fill ins(%zero0 : f32) outs(%e0 : tensor<32x64xf32>) -> tensor<32x64xf32>
    %r = linalg.matmul ins(%b, %v : tensor<32x64xf32>, tensor<64x64xf32>) outs(%z0 : tensor<32x64xf32>) -> tensor<32x64xf32>
    %t = linalg.tanh ins(%r : tensor<32x64xf32>) outs(%e0 : tensor<32x64xf32>) -> tensor<32x64xf32>
    colonnade.yield %t : tensor<32x64xf32>
  }
  %p2, %q2 = colonnade.reversible additive %p1, %q1 : tensor<32x64xi32, #fixed>
      f(%a: tensor<32x64xf32>) {
    %zero0 = arith.constant 0.0 : f32
    %e0 = tensor.empty() : tensor<32x64xf32>
    %z0 = linalg.fill ins(%zero0 : f32) outs(%e0 : tensor<32x64xf32>) -> tensor<32x64xf32>
    %r = linalg.matmul ins(%a, %w : tensor<32x64xf32>, tensor<64x64xf32>) outs(%z0 : tensor<32x64xf32>) -> tensor<32x64xf32>
    %t = linalg.tanh ins(%r : tensor<32x64xf32>) outs(%e0 : tensor<32x64xf32>) -> tensor<32x64xf32>
    colonnade.yield %t : tensor<32x64xf32>
  } g(%b: tensor<32x64xf32>) {
    %zero0 = arith.constant 0.0 : f32
    %e0 = tensor.empty() : tensor<32x64xf32>
    %z0 = linalg.fill ins(%zero0 : f32) outs(%e0 : tensor<32x64xf32>) -> tensor<32x64xf32>
    %r = linalg.matmul ins(%b, %v : tensor<32x64xf32>, tensor<64x64xf32>) outs(%z0 : tensor<32x64xf32>) -> tensor<32x64xf32>
    %t = linalg.tanh ins(%r : tensor<32x64xf32>) outs(%e0 : tensor<32x64xf32>) -> tensor<32x64xf32>
    colonnade.yield %t : tensor<32x64xf32>
  }
  %sum = colonnade.add_fixed %p2, %q2 : tensor<32x64xi32, #fixed>
  %y = colonnade.from_fixed %sum : tensor<32x64xi32, #fixed> to tensor<32x64xf32>
  return %y : tensor<32x64xf32>
}
