// Run-time term quantization, erased and executed.

// RUN: colonnade-opt %s --colonnade-strip-encodings \
// RUN:   --one-shot-bufferize=bufferize-function-boundaries \
// RUN:   --buffer-deallocation-pipeline --convert-linalg-to-loops \
// RUN:   --convert-scf-to-cf --expand-strided-metadata --lower-affine \
// RUN:   --convert-arith-to-llvm --convert-index-to-llvm \
// RUN:   --finalize-memref-to-llvm --convert-cf-to-llvm \
// RUN:   --convert-func-to-llvm --reconcile-unrealized-casts \
// RUN: | mlir-runner -e main -entry-point-result=i32 | FileCheck %s

#enc = #colonnade.encoding<
  terms = <axis = 0, group = 1, budget = 2, digits = naf>>

func.func private @weigh(%x: tensor<7xi8>) -> i32 {
  %weights = arith.constant dense<[1, 2, 3, 4, 5, 6, 7]> : tensor<7xi8>
  %zero = arith.constant dense<0> : tensor<i32>
  %0 = colonnade.term_quantize %x : tensor<7xi8> to tensor<7xi8, #enc>
  %1 = linalg.dot ins(%0, %weights : tensor<7xi8, #enc>, tensor<7xi8>)
                  outs(%zero : tensor<i32>) -> tensor<i32>
  %2 = tensor.extract %1[] : tensor<i32>
  return %2 : i32
}

// -128 -28 -1 0 28 31 127, weighed: -128 - 56 - 3 + 0 + 140 + 186 + 889.
// CHECK: 1028
func.func @main() -> i32 {
  %x = arith.constant dense<[-128, -27, -1, 0, 27, 31, 127]> : tensor<7xi8>
  %0 = call @weigh(%x) : (tensor<7xi8>) -> i32
  return %0 : i32
}
