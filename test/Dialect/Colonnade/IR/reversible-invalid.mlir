// RUN: colonnade-opt %s -split-input-file -verify-diagnostics

// Each case names the constraint of ReversibleOps.td that it breaks.

// TF1: an f32 tensor with an encoding
#fixed = #colonnade.encoding<fixed_point = <fraction = 16>>
func.func @f(%x: tensor<4xf32, "other">) {
  // expected-error @+1 {{expected no encoding of the f32 tensor, got 'tensor<4xf32, "other">'}}
  %0 = colonnade.to_fixed %x : tensor<4xf32, "other"> to tensor<4xi32, #fixed>
  return
}

// -----

// TF1: another shape
#fixed = #colonnade.encoding<fixed_point = <fraction = 16>>
func.func @f(%x: tensor<4xf32>) {
  // expected-error @+1 {{expected one shape of source and result, got 'tensor<4xf32>' and 'tensor<5xi32,}}
  %0 = colonnade.to_fixed %x : tensor<4xf32> to tensor<5xi32, #fixed>
  return
}

// -----

// TF2: no promise
func.func @f(%x: tensor<4xf32>) {
  // expected-error @+1 {{expected a fixed_point promise of the i32 tensor, got 'tensor<4xi32>'}}
  %0 = colonnade.to_fixed %x : tensor<4xf32> to tensor<4xi32>
  return
}

// -----

// FF1: another shape
#fixed = #colonnade.encoding<fixed_point = <fraction = 16>>
func.func @f(%x: tensor<4xi32, #fixed>) {
  // expected-error @+1 {{expected one shape of source and result, got 'tensor<?xf32>' and 'tensor<4xi32,}}
  %0 = colonnade.from_fixed %x : tensor<4xi32, #fixed> to tensor<?xf32>
  return
}

// -----

// FF2: no promise
func.func @f(%x: tensor<4xi32>) {
  // expected-error @+1 {{expected a fixed_point promise of the i32 tensor, got 'tensor<4xi32>'}}
  %0 = colonnade.from_fixed %x : tensor<4xi32> to tensor<4xf32>
  return
}

// -----

// AF1
func.func @f(%x: tensor<4xi32>) {
  // expected-error @+1 {{expected a fixed_point promise, got 'tensor<4xi32>'}}
  %0 = colonnade.add_fixed %x, %x : tensor<4xi32>
  return
}

// -----

// SF1
func.func @f(%x: tensor<4xi32>) {
  // expected-error @+1 {{expected a fixed_point promise, got 'tensor<4xi32>'}}
  %0 = colonnade.subtract_fixed %x, %x : tensor<4xi32>
  return
}

// -----

// RV1: integers that are no fixed-point numbers
func.func @f(%x: tensor<4xi32>) {
  // expected-error @+1 {{expected streams of floats without an encoding or of i32 with a fixed_point promise, got 'tensor<4xi32>'}}
  %0:2 = colonnade.reversible additive %x, %x : tensor<4xi32>
      f(%a: tensor<4xi32>) {
    colonnade.yield %a : tensor<4xi32>
  }
  return
}

// -----

// RV1: floats with an encoding
#blocks = #colonnade.encoding<
  block_float = <axis = 0, group = 4, exponent = 8, mantissa = 4>>
func.func @f(%x: tensor<4xf32, #blocks>) {
  // expected-error @+1 {{expected streams of floats without an encoding or of i32 with a fixed_point promise, got}}
  %0:2 = colonnade.reversible additive %x, %x : tensor<4xf32, #blocks>
      f(%a: tensor<4xf32, #blocks>) {
    colonnade.yield %a : tensor<4xf32, #blocks>
  }
  return
}

// -----

// RV2
#fixed = #colonnade.encoding<fixed_point = <fraction = 16>>
func.func @f(%x: tensor<4xi32, #fixed>) {
  // expected-error @+1 {{expected float streams of an affine coupling, got 'tensor<4xi32,}}
  %0:2 = colonnade.reversible affine %x, %x : tensor<4xi32, #fixed>
      f(%a: tensor<4xf32>) {
    colonnade.yield %a, %a : tensor<4xf32>, tensor<4xf32>
  }
  return
}

// -----

// RV3: two arguments
func.func @f(%x: tensor<4xf32>) {
  // expected-error @+1 {{expected one argument of region f, got 2}}
  %0:2 = "colonnade.reversible"(%x, %x) <{kind = #colonnade<coupling additive>}> ({
  ^bb0(%a: tensor<4xf32>, %b: tensor<4xf32>):
    "colonnade.yield"(%a) : (tensor<4xf32>) -> ()
  }, {}) : (tensor<4xf32>, tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>)
  return
}

// -----

// RV3: fixed-point streams are read as f32
#fixed = #colonnade.encoding<fixed_point = <fraction = 16>>
func.func @f(%x: tensor<4xi32, #fixed>) {
  // expected-error @+1 {{expected an argument of type 'tensor<4xf32>' of region g, got 'tensor<4xi32,}}
  %0:2 = colonnade.reversible additive %x, %x : tensor<4xi32, #fixed>
      f(%a: tensor<4xf32>) {
    colonnade.yield %a : tensor<4xf32>
  } g(%a: tensor<4xi32, #fixed>) {
    colonnade.yield %a : tensor<4xi32, #fixed>
  }
  return
}

// -----

// RV4: an affine coupling's shift is missing
func.func @f(%x: tensor<4xf32>) {
  %0:2 = colonnade.reversible affine %x, %x : tensor<4xf32>
      f(%a: tensor<4xf32>) {
    // expected-error @+1 {{expected 2 values of region f of an affine coupling, got 1}}
    colonnade.yield %a : tensor<4xf32>
  }
  return
}

// -----

// RV4: a value too many
func.func @f(%x: tensor<4xf32>) {
  %0:2 = colonnade.reversible additive %x, %x : tensor<4xf32>
      f(%a: tensor<4xf32>) {
    // expected-error @+1 {{expected 1 values of region f of an additive coupling, got 2}}
    colonnade.yield %a, %a : tensor<4xf32>, tensor<4xf32>
  }
  return
}

// -----

// RV4: another shape
func.func @f(%x: tensor<4xf32>, %y: tensor<5xf32>) {
  %0:2 = colonnade.reversible additive %x, %x : tensor<4xf32>
      f(%a: tensor<4xf32>) {
    // expected-error @+1 {{expected values of type 'tensor<4xf32>', got 'tensor<5xf32>'}}
    colonnade.yield %y : tensor<5xf32>
  }
  return
}

// -----

// RV4: another terminator
func.func @f(%x: tensor<4xf32>) {
  // expected-error @+1 {{expected region f to end with colonnade.yield, got 'llvm.unreachable'}}
  %0:2 = colonnade.reversible additive %x, %x : tensor<4xf32>
      f(%a: tensor<4xf32>) {
    llvm.unreachable
  }
  return
}

// -----

// RV5: a call may do anything
func.func private @noise(tensor<4xf32>) -> tensor<4xf32>
func.func @f(%x: tensor<4xf32>) {
  // expected-error @+1 {{expected only pure ops in region g, so that the inverse computes the same again, got 'func.call'}}
  %0:2 = colonnade.reversible additive %x, %x : tensor<4xf32>
      f(%a: tensor<4xf32>) {
    colonnade.yield %a : tensor<4xf32>
  } g(%a: tensor<4xf32>) {
    // expected-note @+1 {{the op with effects is here}}
    %r = func.call @noise(%a) : (tensor<4xf32>) -> tensor<4xf32>
    colonnade.yield %r : tensor<4xf32>
  }
  return
}

// -----

// RV5, inside another op
func.func @f(%x: tensor<4xf32>, %c: i1, %m: memref<4xf32>) {
  // expected-error @+1 {{expected only pure ops in region f, so that the inverse computes the same again, got 'scf.if'}}
  %0:2 = colonnade.reversible additive %x, %x : tensor<4xf32>
      f(%a: tensor<4xf32>) {
    // expected-note @+1 {{the op with effects is here}}
    scf.if %c {
      bufferization.materialize_in_destination %a in restrict writable %m
          : (tensor<4xf32>, memref<4xf32>) -> ()
    }
    colonnade.yield %a : tensor<4xf32>
  }
  return
}

// -----

func.func @f(%x: tensor<4xf32>) {
  %0:2 = colonnade.reversible additive %x, %x : tensor<4xf32>
  // expected-error @+1 {{expected the region that changes stream 1, 'f(%x: type) {...}'}}
  return
}

// -----

func.func @f(%x: tensor<4xf32>) {
  // expected-error @+2 {{to be one of: additive, affine}}
  // expected-error @+1 {{failed to parse CouplingKindAttr}}
  %0:2 = colonnade.reversible multiplicative %x, %x : tensor<4xf32>
      f(%a: tensor<4xf32>) {
    colonnade.yield %a : tensor<4xf32>
  }
  return
}

// -----

func.func @f(%x: tensor<4xf32>) {
  // expected-error @+2 {{to be one of: store, invert, checkpoint}}
  // expected-error @+1 {{failed to parse ActivationPlanAttr}}
  %0:2 = colonnade.reversible additive %x, %x activations = forget : tensor<4xf32>
      f(%a: tensor<4xf32>) {
    colonnade.yield %a : tensor<4xf32>
  }
  return
}

// -----

// The region f is not optional.
func.func @f(%x: tensor<4xf32>) {
  // expected-error @+1 {{failed to verify constraint: region with 1 blocks}}
  %0:2 = "colonnade.reversible"(%x, %x) <{kind = #colonnade<coupling additive>}> ({}, {})
      : (tensor<4xf32>, tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>)
  return
}

// -----

// Streams are of one type.
func.func @f(%x: tensor<4xf32>, %y: tensor<5xf32>) {
  // expected-error @+1 {{failed to verify that all of {stream1, stream2, result1, result2} have same type}}
  %0:2 = "colonnade.reversible"(%x, %y) <{kind = #colonnade<coupling additive>}> ({
  ^bb0(%a: tensor<4xf32>):
    "colonnade.yield"(%a) : (tensor<4xf32>) -> ()
  }, {}) : (tensor<4xf32>, tensor<5xf32>) -> (tensor<4xf32>, tensor<5xf32>)
  return
}

// -----

// SD1
func.func @f(%x: tensor<1x4x4x4xf32>) {
  // expected-error @+1 {{expected a block of at least 1, got 0}}
  %0 = colonnade.space_to_depth %x block = 0 channel = 1 height = 2 width = 3
      : tensor<1x4x4x4xf32> to tensor<1x4x4x4xf32>
  return
}

// -----

// SD2: no dimension
func.func @f(%x: tensor<1x4x4x4xf32>) {
  // expected-error @+1 {{expected dimensions in [0, 4), got 4}}
  %0 = colonnade.space_to_depth %x block = 2 channel = 1 height = 2 width = 4
      : tensor<1x4x4x4xf32> to tensor<1x16x2x2xf32>
  return
}

// -----

// SD2: one dimension twice
func.func @f(%x: tensor<1x4x4x4xf32>) {
  // expected-error @+1 {{expected three dimensions, got channel = 1, height = 2, width = 2}}
  %0 = colonnade.space_to_depth %x block = 2 channel = 1 height = 2 width = 2
      : tensor<1x4x4x4xf32> to tensor<1x16x2x2xf32>
  return
}

// -----

// SD3: a dynamic shape
func.func @f(%x: tensor<?x4x4x4xf32>) {
  // expected-error @+1 {{expected a static source, got 'tensor<?x4x4x4xf32>'}}
  %0 = colonnade.space_to_depth %x block = 2 channel = 1 height = 2 width = 3
      : tensor<?x4x4x4xf32> to tensor<?x16x2x2xf32>
  return
}

// -----

// SD3: half a block
func.func @f(%x: tensor<1x4x4x5xf32>) {
  // expected-error @+1 {{expected the width to be a multiple of 2, got 5}}
  %0 = colonnade.space_to_depth %x block = 2 channel = 1 height = 2 width = 3
      : tensor<1x4x4x5xf32> to tensor<1x16x2x2xf32>
  return
}

// -----

// SD3: half a block of channels
func.func @f(%x: tensor<1x6x4x4xf32>) {
  // expected-error @+1 {{expected the number of channels to be a multiple of 4, got 6}}
  %0 = colonnade.space_to_depth inverse %x block = 2 channel = 1 height = 2
      width = 3 : tensor<1x6x4x4xf32> to tensor<1x1x8x8xf32>
  return
}

// -----

// SD4
func.func @f(%x: tensor<1x4x4x4xf32>) {
  // expected-error @+1 {{expected the result type 'tensor<1x16x2x2xf32>', got 'tensor<1x4x4x4xf32>'}}
  %0 = colonnade.space_to_depth %x block = 2 channel = 1 height = 2 width = 3
      : tensor<1x4x4x4xf32> to tensor<1x4x4x4xf32>
  return
}

// -----

// SD5: blocks along channels would be others
#blocks = #colonnade.encoding<
  block_float = <axis = 1, group = 4, exponent = 8, mantissa = 4>>
func.func @f(%x: tensor<1x4x4x4xf32, #blocks>) {
  // expected-error @+1 {{expected no encoding or a fixed_point promise, got}}
  %0 = colonnade.space_to_depth %x block = 2 channel = 1 height = 2 width = 3
      : tensor<1x4x4x4xf32, #blocks> to tensor<1x16x2x2xf32, #blocks>
  return
}

// -----

// BA1
func.func @f() {
  // expected-error @+1 {{expected at least one operand, got none}}
  "colonnade.barrier"() : () -> ()
  return
}
