// Products of two activations with zero points.
func.func @main(%x: tensor<2x4x6xi8>) -> tensor<2x4x4xi32> {
  %y = tosa.transpose %x {perms = array<i32: 0, 2, 1>} : (tensor<2x4x6xi8>) -> tensor<2x6x4xi8>
  %p = "tosa.const"() <{values = dense<-9> : tensor<1xi8>}> : () -> tensor<1xi8>
  %q = "tosa.const"() <{values = dense<21> : tensor<1xi8>}> : () -> tensor<1xi8>
  %0 = tosa.matmul %x, %y, %p, %q : (tensor<2x4x6xi8>, tensor<2x6x4xi8>, tensor<1xi8>, tensor<1xi8>) -> tensor<2x4x4xi32>
  return %0 : tensor<2x4x4xi32>
}
