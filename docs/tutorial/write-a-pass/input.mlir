func.func @main(%x: tensor<1x2xi8>) -> tensor<1x2xi32> {
  %zero = arith.constant 0 : i32
  %w = arith.constant dense<[[1, 0], [0, 3]]> : tensor<2x2xi8>
  %empty = tensor.empty() : tensor<1x2xi32>
  %init = linalg.fill ins(%zero : i32) outs(%empty : tensor<1x2xi32>) -> tensor<1x2xi32>
  %y = linalg.matmul ins(%x, %w : tensor<1x2xi8>, tensor<2x2xi8>) outs(%init : tensor<1x2xi32>) -> tensor<1x2xi32>
  return %y : tensor<1x2xi32>
}
