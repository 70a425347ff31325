// RUN: colonnade-opt %s --split-input-file --verify-diagnostics --colonnade-set-batch=size=8

func.func @sum(%x: tensor<1x4xf32>) -> tensor<4xf32> {
  %zero = arith.constant dense<0.0> : tensor<4xf32>
  // expected-error @below {{mixes the elements of a batch: loop 0 runs over the batch and is reduced}}
  %y = linalg.reduce ins(%x : tensor<1x4xf32>) outs(%zero : tensor<4xf32>) dimensions = [0]
    (%a: f32, %b: f32) {
      %s = arith.addf %a, %b : f32
      linalg.yield %s : f32
    }
  return %y : tensor<4xf32>
}

// -----

func.func @two_loops(%x: tensor<1x1xf32>, %w: tensor<1x1xf32>) -> tensor<1x1xf32> {
  %e = tensor.empty() : tensor<1x1xf32>
  // expected-error @below {{dimension 0 of operand 1 holds the batch and is indexed by affine_map<(d0, d1, d2) -> (d2, d1)>}}
  %y = linalg.matmul ins(%x, %w : tensor<1x1xf32>, tensor<1x1xf32>)
                     outs(%e : tensor<1x1xf32>) -> tensor<1x1xf32>
  return %y : tensor<1x1xf32>
}

// -----

func.func @batch_of_two(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %p = arith.constant dense<[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]> : tensor<2x3xf32>
  // expected-error @below {{does not depend on it: import the network with a batch of 1, got 2}}
  %y = arith.addf %x, %p : tensor<2x3xf32>
  return %y : tensor<2x3xf32>
}

// -----

func.func @behind(%x: tensor<1x4xf32>) -> tensor<4xf32> {
  %e = tensor.empty() : tensor<4x1xf32>
  %t = linalg.transpose ins(%x : tensor<1x4xf32>) outs(%e : tensor<4x1xf32>) permutation = [1, 0]
  // expected-error @below {{puts the batch, dimension 1, behind dimension 0 of the same group}}
  %y = tensor.collapse_shape %t [[0, 1]] : tensor<4x1xf32> into tensor<4xf32>
  return %y : tensor<4xf32>
}

// -----

func.func @padded(%x: tensor<1x4xf32>) -> tensor<2x4xf32> {
  %zero = arith.constant 0.0 : f32
  // expected-error @below {{pads the batch, dimension 0}}
  %y = tensor.pad %x low[1, 0] high[0, 0] {
  ^bb0(%i: index, %j: index):
    tensor.yield %zero : f32
  } : tensor<1x4xf32> to tensor<2x4xf32>
  return %y : tensor<2x4xf32>
}

// -----

func.func @concatenated(%x: tensor<1x4xf32>) -> tensor<2x4xf32> {
  // expected-error @below {{concatenates along the batch, dimension 0}}
  %y = tensor.concat dim(0) %x, %x : (tensor<1x4xf32>, tensor<1x4xf32>) -> tensor<2x4xf32>
  return %y : tensor<2x4xf32>
}

// -----

func.func @dropped(%x: tensor<1x4xf32>) -> tensor<4xf32> {
  // expected-error @below {{drops the batch, dimension 0}}
  %y = tensor.extract_slice %x[0, 0] [1, 4] [1, 1] : tensor<1x4xf32> to tensor<4xf32>
  return %y : tensor<4xf32>
}

// -----

func.func @captured(%x: tensor<1x4xf32>) -> tensor<4xf32> {
  %e = tensor.empty() : tensor<4xf32>
  %zero = arith.constant 0 : index
  %y = linalg.generic {indexing_maps = [affine_map<(d0) -> (d0)>], iterator_types = ["parallel"]}
    outs(%e : tensor<4xf32>) {
  ^bb0(%out: f32):
    %i = linalg.index 0 : index
    // expected-error @below {{reads a whole batch inside the region of linalg.generic}}
    %v = tensor.extract %x[%zero, %i] : tensor<1x4xf32>
    linalg.yield %v : f32
  } -> tensor<4xf32>
  return %y : tensor<4xf32>
}

// -----

func.func @unknown(%x: tensor<1x4xf32>) -> tensor<?x4xf32> {
  // expected-error @below {{no rule says how to change its size}}
  %y = tensor.cast %x : tensor<1x4xf32> to tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// -----

func.func @transposed(%x: tensor<1x4xf32>) -> tensor<4x1xf32> {
  %e = tensor.empty() : tensor<4x1xf32>
  %t = linalg.transpose ins(%x : tensor<1x4xf32>) outs(%e : tensor<4x1xf32>) permutation = [1, 0]
  // expected-error @below {{returns value 0, whose leading dimension is not the batch}}
  return %t : tensor<4x1xf32>
}

// -----

// expected-error @below {{argument 1 has a batch of 2, the ones before it have 1}}
func.func @unequal(%x: tensor<1x4xf32>, %y: tensor<2x4xf32>) {
  return
}

// -----

// expected-error @below {{argument 0 has no static batch as its leading dimension: 'tensor<?x4xf32>'}}
func.func @dynamic(%x: tensor<?x4xf32>) {
  return
}

// -----

func.func @channels(%x: tensor<1x4xf32>, %c: tensor<1xf32> {colonnade.parameter = "c"}) -> tensor<1x4xf32> {
  // expected-error @below {{has the batch, dimension 0, as its channels}}
  %y = colonnade.batch_norm_inference %x scale(%c) offset(%c) mean(%c) variance(%c)
      axis = 0 epsilon = 1.0e-5 momentum = 0.1 : tensor<1x4xf32>, tensor<1xf32>
  return %y : tensor<1x4xf32>
}

// -----

func.func @computed(%x: tensor<1x1xf32>, %c: tensor<1xf32> {colonnade.parameter = "c"}) -> tensor<1x1xf32> {
  %own = tensor.collapse_shape %x [[0, 1]] : tensor<1x1xf32> into tensor<1xf32>
  // expected-error @below {{takes operand 2 from a batch: expected one element per channel that does not depend on it}}
  %y = colonnade.batch_norm_inference %x scale(%c) offset(%own) mean(%c) variance(%c)
      axis = 1 epsilon = 1.0e-5 momentum = 0.1 : tensor<1x1xf32>, tensor<1xf32>
  return %y : tensor<1x1xf32>
}

// -----

func.func @statistics(%x: tensor<1x4xf32>, %c: tensor<4xf32> {colonnade.parameter = "c"}) -> tensor<1x4xf32> {
  // expected-error @below {{mixes the elements of a batch, whose statistics it takes: give the network as colonnade.batch_norm_inference, which a training step replaces}}
  %y:3 = colonnade.batch_norm_training %x scale(%c) offset(%c) axis = 1 epsilon = 1.0e-5 : tensor<1x4xf32>, tensor<4xf32>
  return %y#0 : tensor<1x4xf32>
}
