// RUN: colonnade-opt %s --colonnade-lower-reversible=float-streams --verify-diagnostics

#fixed = #colonnade.encoding<fixed_point = <fraction = 16>>

func.func @constant() -> tensor<2xf32> {
  // expected-error @+1 {{expected no constant of fixed point with float-streams, got 'tensor<2xi32, #colonnade.encoding<fixed_point = <fraction = 16>>>': write it as f32 behind colonnade.to_fixed}}
  %q = arith.constant dense<65536> : tensor<2xi32, #fixed>
  %x = colonnade.from_fixed %q : tensor<2xi32, #fixed> to tensor<2xf32>
  return %x : tensor<2xf32>
}
