// RUN: colonnade-opt %s --split-input-file --verify-diagnostics --colonnade-differentiate=arguments=1

// expected-error @below {{cannot differentiate by argument 1: expected the number of a static float tensor, below 1}}
func.func @main(%x: tensor<2xf32>) -> tensor<2xf32> {
  return %x : tensor<2xf32>
}

// -----

// expected-error @below {{cannot differentiate by argument 1: expected the number of a static float tensor, below 2}}
func.func @main(%x: tensor<2xf32>, %n: tensor<2xi32>) -> tensor<2xf32> {
  return %x : tensor<2xf32>
}
