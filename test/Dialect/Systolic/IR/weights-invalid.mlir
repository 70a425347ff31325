// RUN: colonnade-opt %s -split-input-file -verify-diagnostics

// One case per constraint of blocks and run-time weights.

// P1: rows that do not divide into the blocks.
// expected-error @below {{expected at least 1 block and as many rows in each, got 2 blocks}}
systolic.weights "w" {original = tensor<3x1xi8>, row_axis = 0 : i64, depthwise, blocks = 2 : i64, weight_terms = 0 : i64, values = dense<0> : tensor<3x1x1xi8>, selects = dense<0> : tensor<3x1x1xi8>, streams = dense<0> : tensor<2x1x1xi32>, digest = "0"} : !systolic.weights

// -----

// P2: blocks that no dimension counts.
// expected-error @below {{expected 1 blocks as in}}
systolic.weights "w" {original = tensor<2x1xi8>, row_axis = 1 : i64, blocks = 2 : i64, weight_terms = 0 : i64, values = dense<0> : tensor<2x1x1xi8>, selects = dense<0> : tensor<2x1x1xi8>, streams = dense<0> : tensor<2x1x1xi32>, digest = "0"} : !systolic.weights

// -----

// P2: one dimension for rows and blocks.
// expected-error @below {{expected two dimensions for rows and blocks, got dimension 1 twice}}
systolic.weights "w" {original = tensor<2x1xi8>, row_axis = 1 : i64, block_axis = 1 : i64, weight_terms = 0 : i64, values = dense<0> : tensor<1x2x1xi8>, selects = dense<0> : tensor<1x2x1xi8>, streams = dense<[[[0]], [[1]]]> : tensor<2x1x1xi32>, digest = "0"} : !systolic.weights

// -----

// P3: a matrix column twice in the second block.
// expected-error @below {{expected each matrix column once in a block, got column 0 twice in block 1}}
systolic.weights "w" {original = tensor<2x1x2xi8>, row_axis = 1 : i64, block_axis = 0 : i64, blocks = 2 : i64, weight_terms = 0 : i64, values = dense<0> : tensor<2x2x1xi8>, selects = dense<0> : tensor<2x2x1xi8>, streams = dense<[[[0]], [[1]], [[0]], [[0]]]> : tensor<4x1x1xi32>, digest = "0"} : !systolic.weights

// -----

// U1: a tensor of another type.
func.func @f(%x: tensor<2x3xi8>) {
  // expected-error @below {{expected a tensor of type 'tensor<3x2xi8>', got 'tensor<2x3xi8>'}}
  %w = systolic.run_time_weights "w" %x {original = tensor<3x2xi8>, row_axis = 1 : i64, slots = 1 : i64, weight_terms = 0 : i64} : (tensor<2x3xi8>) -> !systolic.weights
  return
}

// -----

// U1: a dimension that counts nothing.
func.func @f(%x: tensor<2x3x4xi8>) {
  // expected-error @below {{expected 2 dimensions, got 'tensor<2x3x4xi8>'}}
  %w = systolic.run_time_weights "w" %x {original = tensor<2x3x4xi8>, row_axis = 1 : i64, slots = 1 : i64, weight_terms = 0 : i64} : (tensor<2x3x4xi8>) -> !systolic.weights
  return
}

// -----

// U2: no slots.
func.func @f(%x: tensor<2x3xi8>) {
  // expected-error @below {{expected at least 1 slot and 0 weight_terms, got 0 and 0}}
  %w = systolic.run_time_weights "w" %x {original = tensor<2x3xi8>, row_axis = 1 : i64, slots = 0 : i64, weight_terms = 0 : i64} : (tensor<2x3xi8>) -> !systolic.weights
  return
}
