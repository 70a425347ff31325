// RUN: colonnade-opt %s --colonnade-training-step=format=m4 --colonnade-compile-step=target=fast-256x64 --mlir-print-debuginfo -o %t.mlir
// RUN: %python %S/Inputs/step-inputs.py %t.mlir %t.safetensors
// RUN: colonnade-sim %t.mlir --program=training_step --inputs=%t.safetensors --outputs=%t.once.safetensors | FileCheck %s
// RUN: colonnade-sim %t.mlir --program=training_step --inputs=%t.safetensors --outputs=%t.cells.safetensors --fidelity=cell
// RUN: cmp %t.once.safetensors %t.cells.safetensors

// Two runs are not one: the state of the first is what the second starts from.
// RUN: colonnade-sim %t.mlir --program=training_step --inputs=%t.safetensors --outputs=%t.twice.safetensors --runs=2
// RUN: not cmp %t.once.safetensors %t.twice.safetensors

// RUN: colonnade-sim %t.mlir --program=training_step --report=json | FileCheck %s --check-prefix=JSON
// RUN: not colonnade-sim %t.mlir --program=nothing 2>&1 | FileCheck %s --check-prefix=NO-PROGRAM
// RUN: not colonnade-sim %t.mlir --program=training_step --inputs=%data/images.npy 2>&1 | FileCheck %s --check-prefix=IMAGES
// RUN: not colonnade-sim %t.mlir --program=training_step --runs=2 2>&1 | FileCheck %s --check-prefix=RUNS
// RUN: %python %S/Inputs/step-inputs.py %t.mlir %t.missing.safetensors omit=w.momentum
// RUN: not colonnade-sim %t.mlir --program=training_step --inputs=%t.missing.safetensors 2>&1 | FileCheck %s --check-prefix=MISSING
// RUN: %python %S/Inputs/step-inputs.py %t.mlir %t.shape.safetensors turn=w
// RUN: not colonnade-sim %t.mlir --program=training_step --inputs=%t.shape.safetensors 2>&1 | FileCheck %s --check-prefix=SHAPE
// RUN: %python %S/Inputs/step-inputs.py %t.mlir %t.unknown.safetensors add=other
// RUN: not colonnade-sim %t.mlir --program=training_step --inputs=%t.unknown.safetensors 2>&1 | FileCheck %s --check-prefix=UNKNOWN
// RUN: sed 's/host_output "w.momentum"/host_output "w"/' %t.mlir > %t.twice.mlir
// RUN: not colonnade-sim %t.twice.mlir 2>&1 | FileCheck %s --check-prefix=TWICE
// RUN: sed 's/\(host_input "w.momentum" at [0-9]* : tensor\)<3x4xf32>/\1<4x3xf32>/' %t.mlir > %t.turned.mlir
// RUN: not colonnade-sim %t.turned.mlir 2>&1 | FileCheck %s --check-prefix=TURNED
// RUN: colonnade-translate --systolic-to-json %t.mlir | FileCheck %s --check-prefix=SCHEDULE

// CHECK: program 'training_step' on target 'fast-256x64'
// CHECK: 1 images
// CHECK: part
// CHECK-DAG: forward {{.*}}sim-step.mlir:{{[0-9]+}}
// CHECK-DAG: loss
// CHECK-DAG: dW {{.*}}sim-step.mlir:{{[0-9]+}}
// CHECK-DAG: update {{.*}} 'w'

// JSON: "role": "forward"
// JSON: "role": "dW"

// NO-PROGRAM: error: holds no systolic.program 'nothing'
// IMAGES: error: images need a program with one input and one output, got 5 and 5: give --inputs=<file>.safetensors
// RUNS: error: --runs needs --inputs=<file>.safetensors
// UNKNOWN: error: program 'training_step' has no input 'other'; it has w, w.momentum, step, input3, input4
// SHAPE: error: expected input 'w' to be float32 [3, 4], got float32 [4, 3]
// MISSING: error: input 'w.momentum', float32 [3, 4], is missing

// TWICE: error: 'systolic.host_output' op expected a name of its own, got "w" twice
// TWICE: note: first used here
// TURNED: error: 'systolic.host_output' op expected the type of the input "w.momentum", 'tensor<4x3xf32>', got 'tensor<3x4xf32>'

// SCHEDULE: "inputs": [
// SCHEDULE-NEXT: {
// SCHEDULE-NEXT: "name": "w",
// SCHEDULE: "outputs": [

func.func @main(%w: tensor<3x4xf32> {colonnade.parameter = "w"}, %x: tensor<5x3xf32>) -> tensor<5x4xf32> {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<5x4xf32>
  %init = linalg.fill ins(%zero : f32) outs(%e : tensor<5x4xf32>) -> tensor<5x4xf32>
  %y = linalg.matmul ins(%x, %w : tensor<5x3xf32>, tensor<3x4xf32>) outs(%init : tensor<5x4xf32>) -> tensor<5x4xf32>
  return %y : tensor<5x4xf32>
}
