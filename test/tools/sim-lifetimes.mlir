// RUN: colonnade-opt %s --colonnade-training-step=format=m4 --colonnade-compile-step=target=camel-edram --mlir-print-debuginfo -o %t.mlir
// RUN: colonnade-sim %t.mlir --program=training_step --lifetimes=%t.csv | FileCheck %s
// RUN: FileCheck %s --check-prefix=CSV --input-file=%t.csv
// RUN: colonnade-sim %t.mlir --program=training_step --lifetimes=%t.csv --report=json | FileCheck %s --check-prefix=JSON
// RUN: not colonnade-sim %t.mlir --program=training_step --lifetimes=%t.no-such-folder/l.csv 2>&1 | FileCheck %s --check-prefix=FOLDER
// RUN: colonnade-opt %s --colonnade-training-step=format=m4 --colonnade-compile-step=target=camel-sram --mlir-print-debuginfo -o %t.sram.mlir
// RUN: colonnade-sim %t.sram.mlir --program=training_step --lifetimes=%t.sram.csv | FileCheck %s --check-prefix=SRAM

// On embedded DRAM refreshes are counted; where nothing is forgotten, none are.
// Energy follows from the program alone where all products are of blocks.

// CHECK: lifetime < tensors bytes
// CHECK-NEXT: 10 {{[0-9]+ +[0-9]+}}
// CHECK: {{[0-9]+}} tensors in the data memory, at most {{[0-9]+}} bytes at a time; 0 in DRAM, at most 0
// CHECK: longest: {{[0-9]+}} cycles, {{[0-9.]+}} us, from layer '{{.+}}' to '{{.+}}'
// CHECK: {{[0-9]+}} tensors of {{[0-9]+}} bytes live for the retention of 1675 cycles: {{[0-9]+}} rows refreshed, {{[0-9.]+}} % of the banks' time
// CHECK: DRAM bytes read written
// CHECK: state 104 104
// CHECK: data 80 0
// CHECK: results 0 84
// CHECK: energy nJ: array {{.*}} vector {{.*}} SRAM {{.*}} eDRAM {{.*}} DRAM {{.*}} leakage {{.*}} total {{[0-9.]+$}}

// CSV: memory,address,bytes,first_write,last_use,cycles,microseconds,refreshed_rows,writer,writer_role,writer_location,user,user_role,user_location
// CSV: data,{{[0-9]+}},60,{{[0-9]+,[0-9]+,[0-9]+,[0-9.]+,[0-9]+}},input,,{{.*}},product1,forward,{{.+}}
// CSV: data,{{.*}},product1,forward,{{.*}}sim-lifetimes.mlir:{{[0-9]+}}

// JSON: "lifetimes": {
// JSON: "dram_bytes_read": {
// JSON: "state": 104
// JSON-DAG: "refreshed_rows": {{[0-9]+}}
// JSON-DAG: "retention_cycles": 1675

// FOLDER: error: cannot write lifetimes to '{{.*}}no-such-folder/l.csv': No such file or directory

// SRAM-NOT: eDRAM
// SRAM-NOT: refreshed
// SRAM: energy nJ: array {{.*}} SRAM

func.func @main(%w: tensor<3x4xf32> {colonnade.parameter = "w"}, %x: tensor<5x3xf32>) -> tensor<5x4xf32> {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<5x4xf32>
  %init = linalg.fill ins(%zero : f32) outs(%e : tensor<5x4xf32>) -> tensor<5x4xf32>
  %y = linalg.matmul ins(%x, %w : tensor<5x3xf32>, tensor<3x4xf32>) outs(%init : tensor<5x4xf32>) -> tensor<5x4xf32>
  return %y : tensor<5x4xf32>
}
