// RUN: colonnade-opt %s --convert-linalg-to-systolic=target=edge-32x32 --systolic-schedule -o %t.mlir
// RUN: colonnade-sim %t.mlir | FileCheck %s
// RUN: colonnade-sim %t.mlir --report=json | FileCheck %s --check-prefix=JSON
// RUN: colonnade-sim %t.mlir --timing-only | FileCheck %s
// RUN: not colonnade-sim %t.mlir --timing-only --inputs=%data/images.npy 2>&1 | FileCheck %s --check-prefix=TIMING-INPUTS
// RUN: not colonnade-sim %s 2>&1 | FileCheck %s --check-prefix=UNSCHEDULED
// RUN: not colonnade-sim %t.mlir --labels=%data/labels.npy 2>&1 | FileCheck %s --check-prefix=NO-INPUTS
// RUN: not colonnade-sim %t.mlir --inputs=%data/images.npy 2>&1 | FileCheck %s --check-prefix=SHAPE
// RUN: head -c 1000 %data/images.npy > %t.npy
// RUN: not colonnade-sim %t.mlir --inputs=%t.npy --outputs=%t.out.npy 2>&1 | FileCheck %s --check-prefix=TRUNCATED
// RUN: not ls %t.out.npy
// RUN: not colonnade-sim %t.mlir --inputs=%data/images.npy --std=0 2>&1 | FileCheck %s --check-prefix=STD
// RUN: not colonnade-sim %t.mlir --inputs=%data/images.npy --limit=-1 2>&1 | FileCheck %s --check-prefix=LIMIT
// RUN: sed 's/hash "[0-9a-f]*"/hash "0123456789abcdef"/' %t.mlir > %t.stale.mlir
// RUN: not colonnade-sim %t.stale.mlir 2>&1 | FileCheck %s --check-prefix=STALE

// CHECK: program 'main' on target 'edge-32x32', one inference
// CHECK: matmul1 {{.*}} 49
// CHECK: effective GMAC/s, {{.*}} dense-equivalent GMAC/s
// CHECK: no images: useful work and energy are not simulated
// JSON: "compute_cycles": 49
// JSON: "copied_bytes": 0
// JSON: "tensor_dma_bytes": 0
// JSON: "useful_work": "not simulated"
// JSON: "weight_dma_bytes": 4
// The input of two bytes and the output of two words.
// JSON: "total"
// JSON: "tensor_dma_bytes": 10
// TIMING-INPUTS: error: --timing-only simulates no values: drop it or --inputs
// UNSCHEDULED: error: holds no systolic.program: compile it with colonnade-opt --colonnade-compile
// NO-INPUTS: error: --labels and --outputs need --inputs
// SHAPE: error: {{.*}}images.npy: expected inputs of the network's shape [1, 2], got inputs of [28, 28]
// TRUNCATED: error: {{.*}}.npy
// STD: error: {{.*}}std
// LIMIT: error: expected --limit of at least 0, got -1
// STALE: error: {{.*}}was scheduled for a target with hash 0123456789abcdef{{.*}}schedule it again

func.func @main(%x: tensor<1x2xi8>) -> tensor<1x2xi32> {
  %zero = arith.constant 0 : i32
  %w = arith.constant dense<[[1, -2], [4, 3]]> : tensor<2x2xi8>
  %empty = tensor.empty() : tensor<1x2xi32>
  %init = linalg.fill ins(%zero : i32) outs(%empty : tensor<1x2xi32>) -> tensor<1x2xi32>
  %y = linalg.matmul ins(%x, %w : tensor<1x2xi8>, tensor<2x2xi8>) outs(%init : tensor<1x2xi32>) -> tensor<1x2xi32>
  return %y : tensor<1x2xi32>
}
