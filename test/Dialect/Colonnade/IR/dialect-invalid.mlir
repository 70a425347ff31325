// RUN: colonnade-opt %s -split-input-file -verify-diagnostics

// Each case names the constraint of ColonnadeDialect.td that it breaks.

// D1: the scale of an argument is zero
// expected-error @+1 {{expected 'colonnade.scale' of argument 0 to be finite and positive, got 0.000000e+00 : f64}}
func.func private @f(tensor<4xi8> {colonnade.scale = 0.0 : f64})

// -----

// D1: negative
// expected-error @+1 {{expected 'colonnade.scale' of argument 1 to be finite and positive, got -1.000000e+00 : f64}}
func.func private @f(tensor<4xi8>, tensor<4xi8> {colonnade.scale = -1.0 : f64})

// -----

// D1: infinite
// expected-error @+1 {{expected 'colonnade.scale' of argument 0 to be finite and positive, got 0x7FF0000000000000 : f64}}
func.func private @f(tensor<4xi8> {colonnade.scale = 0x7FF0000000000000 : f64})

// -----

// D1: not a number
// expected-error @+1 {{expected 'colonnade.scale' of argument 0 to be finite and positive, got 0x7FF8000000000000 : f64}}
func.func private @f(tensor<4xi8> {colonnade.scale = 0x7FF8000000000000 : f64})

// -----

// D1: f32
// expected-error @+1 {{expected 'colonnade.scale' of argument 0 to be an f64 attribute, got 1.000000e+00 : f32}}
func.func private @f(tensor<4xi8> {colonnade.scale = 1.0 : f32})

// -----

// D1: an integer, on a result
// expected-error @+1 {{expected 'colonnade.scale' of result 0 to be an f64 attribute, got 1 : i64}}
func.func private @f() -> (tensor<4xi8> {colonnade.scale = 1 : i64})

// -----

// D2: a floating-point argument
// expected-error @+1 {{expected an integer type for argument 0 with 'colonnade.scale', got 'tensor<4xf32>'}}
func.func private @f(tensor<4xf32> {colonnade.scale = 1.0 : f64})

// -----

// D2: a floating-point result
// expected-error @+1 {{expected an integer type for result 0 with 'colonnade.scale', got 'f64'}}
func.func private @f() -> (f64 {colonnade.scale = 1.0 : f64})

// -----

// D3: a zero point that is no i32
// expected-error @+1 {{expected 'colonnade.zero_point' to be an i32 attribute in [-128, 127] of an i8 argument with 'colonnade.scale', got 1.000000e+00 : f64 on argument 0 of type 'tensor<4xi8>'}}
func.func private @f(tensor<4xi8> {colonnade.scale = 1.0 : f64, colonnade.zero_point = 1.0 : f64})

// -----

// D3: a zero point that is no i8
// expected-error @+1 {{got 128 : i32 on argument 0 of type 'tensor<4xi8>'}}
func.func private @f(tensor<4xi8> {colonnade.scale = 1.0 : f64, colonnade.zero_point = 128 : i32})

// -----

// D3: a zero point without a scale
// expected-error @+1 {{got 1 : i32 on argument 1 of type 'tensor<4xi8>'}}
func.func private @f(tensor<4xi8> {colonnade.scale = 1.0 : f64}, tensor<4xi8> {colonnade.zero_point = 1 : i32})

// -----

// D3: a zero point of an i32 argument
// expected-error @+1 {{got 1 : i32 on argument 0 of type 'tensor<4xi32>'}}
func.func private @f(tensor<4xi32> {colonnade.scale = 1.0 : f64, colonnade.zero_point = 1 : i32})

// -----

// D5: a name that is no string
// expected-error @+1 {{expected 'colonnade.state' of argument 0 to be a string, got 1 : i64}}
func.func private @f(tensor<4xf32> {colonnade.state = 1 : i64})

// -----

// D5: a name that is no string, on a result
// expected-error @+1 {{expected 'colonnade.parameter' of result 0 to be a string, got unit}}
func.func private @f() -> (tensor<4xf32> {colonnade.parameter})

// -----

// D6: an unknown attribute of an argument
// expected-error @+1 {{has an unexpected attribute 'colonnade.offset'}}
func.func private @f(tensor<4xi8> {colonnade.offset = 1.0 : f64})

// -----

// D6: an unknown attribute of a result
// expected-error @+1 {{has an unexpected attribute 'colonnade.zero_point'}}
func.func private @f() -> (tensor<4xi8> {colonnade.zero_point = 1 : i32})

// -----

// D6: a scale on an op
// expected-error @+1 {{has an unexpected attribute 'colonnade.scale': the colonnade dialect has only 'colonnade.scale', 'colonnade.parameter' and 'colonnade.state' on function arguments and results, 'colonnade.zero_point' on function arguments, 'colonnade.quantized' on linalg.generic and 'colonnade.frozen', a unit, on arith.constant of f32 tensors}}
func.func private @f() attributes {colonnade.scale = 1.0 : f64}

// -----

// D6: an unknown attribute of the module
// expected-error @+1 {{has an unexpected attribute 'colonnade.version'}}
module attributes {colonnade.version = 1 : i64} {}

// -----

// D8: weights that are frozen with a value
func.func @f() {
  // expected-error @+1 {{has an unexpected attribute 'colonnade.frozen'}}
  %0 = arith.constant {colonnade.frozen = true} dense<1.0> : tensor<4xf32>
  return
}

// -----

// D8: a frozen op that is no constant
func.func @f(%x: tensor<4xf32>) {
  // expected-error @+1 {{has an unexpected attribute 'colonnade.frozen'}}
  %0 = arith.negf %x {colonnade.frozen} : tensor<4xf32>
  return
}

// -----

// D8: frozen integers
func.func @f() {
  // expected-error @+1 {{has an unexpected attribute 'colonnade.frozen'}}
  %0 = arith.constant {colonnade.frozen} dense<1> : tensor<4xi8>
  return
}

// -----

// D7: a result that is the next value of nothing
// expected-error @+1 {{expected one argument with the 'colonnade.state' of result 0, "mean", got 0}}
func.func private @f(tensor<4xf32> {colonnade.parameter = "mean"}) -> (tensor<4xf32> {colonnade.state = "mean"})

// -----

// D7: a result that is the next value of two arguments
// expected-error @+1 {{expected one argument with the 'colonnade.state' of result 0, "mean", got 2}}
func.func private @f(tensor<4xf32> {colonnade.state = "mean"}, tensor<4xf32> {colonnade.state = "mean"}) -> (tensor<4xf32> {colonnade.state = "mean"})

// -----

// D7: a result of another type
// expected-error @+1 {{expected result 0, the next "mean", to have the type of argument 0, 'tensor<4xf32>', got 'tensor<4xf64>'}}
func.func private @f(tensor<4xf32> {colonnade.state = "mean"}) -> (tensor<4xf64> {colonnade.state = "mean"})
