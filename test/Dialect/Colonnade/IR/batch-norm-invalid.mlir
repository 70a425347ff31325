// RUN: colonnade-opt %s -split-input-file -verify-diagnostics

// Each case names the constraint of ColonnadeOps.td that it breaks.

// BN1: no dimension of the source
func.func @f(%x: tensor<4x3xf32>, %c: tensor<3xf32>) {
  // expected-error @+1 {{expected an axis in [0, 2), got 2}}
  %y = colonnade.batch_norm_inference %x scale(%c) offset(%c) mean(%c) variance(%c) axis = 2 epsilon = 1.0e-5 momentum = 0.1 : tensor<4x3xf32>, tensor<3xf32>
  return
}

// -----

// BN2: another number of channels
func.func @f(%x: tensor<4x3xf32>, %c: tensor<4xf32>) {
  // expected-error @+1 {{expected 'tensor<3xf32>' per channel of axis 1, got 'tensor<4xf32>'}}
  %y = colonnade.batch_norm_inference %x scale(%c) offset(%c) mean(%c) variance(%c) axis = 1 epsilon = 1.0e-5 momentum = 0.1 : tensor<4x3xf32>, tensor<4xf32>
  return
}

// -----

// BN2: another element type
func.func @f(%x: tensor<4x3xf32>, %c: tensor<3xf64>) {
  // expected-error @+1 {{expected 'tensor<3xf32>' per channel of axis 1, got 'tensor<3xf64>'}}
  %y = colonnade.batch_norm_inference %x scale(%c) offset(%c) mean(%c) variance(%c) axis = 1 epsilon = 1.0e-5 momentum = 0.1 : tensor<4x3xf32>, tensor<3xf64>
  return
}

// -----

// BN3: zero
func.func @f(%x: tensor<4x3xf32>, %c: tensor<3xf32>) {
  // expected-error @+1 {{expected a finite positive epsilon, got 0.000000e+00}}
  %y = colonnade.batch_norm_inference %x scale(%c) offset(%c) mean(%c) variance(%c) axis = 1 epsilon = 0.0 momentum = 0.1 : tensor<4x3xf32>, tensor<3xf32>
  return
}

// -----

// BN4: more than all of it
func.func @f(%x: tensor<4x3xf32>, %c: tensor<3xf32>) {
  // expected-error @+1 {{expected a momentum in [0, 1], got 1.100000e+00}}
  %y = colonnade.batch_norm_inference %x scale(%c) offset(%c) mean(%c) variance(%c) axis = 1 epsilon = 1.0e-5 momentum = 1.1 : tensor<4x3xf32>, tensor<3xf32>
  return
}

// -----

// BT1: no dimension of the source
func.func @f(%x: tensor<4x3xf32>, %c: tensor<3xf32>) {
  // expected-error @+1 {{expected an axis in [0, 2), got -1}}
  %y:3 = colonnade.batch_norm_training %x scale(%c) offset(%c) axis = -1 epsilon = 1.0e-5 : tensor<4x3xf32>, tensor<3xf32>
  return
}

// -----

// BT2: another number of channels
func.func @f(%x: tensor<4x3xf32>, %c: tensor<4xf32>) {
  // expected-error @+1 {{expected 'tensor<3xf32>' per channel of axis 1, got 'tensor<4xf32>'}}
  %y:3 = colonnade.batch_norm_training %x scale(%c) offset(%c) axis = 1 epsilon = 1.0e-5 : tensor<4x3xf32>, tensor<4xf32>
  return
}

// -----

// BT3: not finite
func.func @f(%x: tensor<4x3xf32>, %c: tensor<3xf32>) {
  // expected-error @+1 {{expected a finite positive epsilon, got 0x7FF0000000000000}}
  %y:3 = colonnade.batch_norm_training %x scale(%c) offset(%c) axis = 1 epsilon = 0x7FF0000000000000 : tensor<4x3xf32>, tensor<3xf32>
  return
}

// -----

// BT4: a batch known at run time only
func.func @f(%x: tensor<?x3xf32>, %c: tensor<3xf32>) {
  // expected-error @+1 {{expected a static shape with an element in every channel, got 'tensor<?x3xf32>'}}
  %y:3 = colonnade.batch_norm_training %x scale(%c) offset(%c) axis = 1 epsilon = 1.0e-5 : tensor<?x3xf32>, tensor<3xf32>
  return
}

// -----

// BT4: nothing to take the mean of
func.func @f(%x: tensor<0x3xf32>, %c: tensor<3xf32>) {
  // expected-error @+1 {{expected a static shape with an element in every channel, got 'tensor<0x3xf32>'}}
  %y:3 = colonnade.batch_norm_training %x scale(%c) offset(%c) axis = 1 epsilon = 1.0e-5 : tensor<0x3xf32>, tensor<3xf32>
  return
}
