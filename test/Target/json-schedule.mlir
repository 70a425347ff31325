// RUN: colonnade-opt %s --convert-linalg-to-systolic=target=edge-32x32 --systolic-schedule -o %t.mlir
// RUN: colonnade-translate --systolic-to-json %t.mlir -o %t.json
// RUN: FileCheck %s < %t.json
// RUN: %python -c "import json,sys; p=json.load(open(sys.argv[1]))[0]; assert all(t['instruction'] < i for i,s in enumerate(p['instructions']) for t in s['after']); assert p['weights'][0]['values'] == [1, 4, -2, 3]" %t.json
// RUN: not colonnade-translate --systolic-to-json %s -o %t.none 2>&1 | FileCheck %s --check-prefix=ERROR
// RUN: not ls %t.none

// ERROR: error: holds no systolic.program: schedule it with --systolic-schedule

// CHECK: "name": "main"
// CHECK: "target": "edge-32x32"
// CHECK: "target_hash": "{{[0-9a-f]+}}"
// CHECK: "weights": [
// CHECK:   "name": "matmul1"
// CHECK:   "rows": 2
// CHECK: "instructions": [
// CHECK:   "kind": "dma_copy"
// CHECK:   "kind": "dma_weights"
// CHECK:   "kind": "load_weights"
// CHECK:   "kind": "stream"
// CHECK:   "step_cycles": 49
// CHECK:   "kind": "vector_pass"

func.func @main(%x: tensor<1x2xi8>) -> tensor<1x2xi32> {
  %zero = arith.constant 0 : i32
  %w = arith.constant dense<[[1, -2], [4, 3]]> : tensor<2x2xi8>
  %empty = tensor.empty() : tensor<1x2xi32>
  %init = linalg.fill ins(%zero : i32) outs(%empty : tensor<1x2xi32>) -> tensor<1x2xi32>
  %y = linalg.matmul ins(%x, %w : tensor<1x2xi8>, tensor<2x2xi8>) outs(%init : tensor<1x2xi32>) -> tensor<1x2xi32>
  return %y : tensor<1x2xi32>
}
