// RUN: colonnade-opt %s --split-input-file --verify-diagnostics --colonnade-differentiate

// expected-error @below {{expected a function '@main' of one block, with results}}
module {
}

// -----

// expected-error @below {{expected a function '@main' of one block, with results}}
module {
  func.func private @main(%x: tensor<2xf32>) -> tensor<2xf32>
}

// -----

// expected-error @below {{has no float tensor as an argument to differentiate by: --colonnade-outline-parameters makes arguments of weights}}
func.func @main(%x: tensor<2xi32>) -> tensor<2xf32> {
  %y = arith.sitofp %x : tensor<2xi32> to tensor<2xf32>
  return %y : tensor<2xf32>
}

// -----

// expected-error @below {{cannot be differentiated: its result 'tensor<2xi32>' is no static float tensor}}
func.func @main(%x: tensor<2xf32>) -> tensor<2xi32> {
  %y = arith.fptosi %x : tensor<2xf32> to tensor<2xi32>
  return %y : tensor<2xi32>
}

// -----

// An op without a gradient, and the way from it to the result.
func.func @main(%x: tensor<2xf32>, %w: tensor<2xf32>) -> tensor<2xf32> {
  // expected-error @below {{cannot differentiate 'arith.remf': it has no gradient; attach DifferentiableOpInterface to it (on the way arith.remf -> math.exp -> arith.mulf)}}
  %rest = arith.remf %x, %w : tensor<2xf32>
  %exp = math.exp %rest : tensor<2xf32>
  %y = arith.mulf %exp, %w : tensor<2xf32>
  return %y : tensor<2xf32>
}

// -----

// It may have a float tensor that does not depend on the arguments.
func.func @main(%x: tensor<2xf32>) -> tensor<2xf32> {
  %a = arith.constant dense<[1.0, 2.0]> : tensor<2xf32>
  %b = arith.constant dense<[0.3, 0.4]> : tensor<2xf32>
  %rest = arith.remf %a, %b : tensor<2xf32>
  %y = arith.mulf %x, %rest : tensor<2xf32>
  return %y : tensor<2xf32>
}

// -----

#id = affine_map<(i) -> (i)>

// In a body.
func.func @main(%x: tensor<2xf32>) -> tensor<2xf32> {
  %e = tensor.empty() : tensor<2xf32>
  // expected-note @below {{on the way linalg.generic}}
  %y = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]}
      ins(%x : tensor<2xf32>) outs(%e : tensor<2xf32>) {
  ^bb0(%a: f32, %out: f32):
    // expected-error @below {{cannot differentiate 'arith.remf': it has no gradient; attach DifferentiableOpInterface to it (on the way arith.remf)}}
    %rest = arith.remf %a, %a : f32
    linalg.yield %rest : f32
  } -> tensor<2xf32>
  return %y : tensor<2xf32>
}

// -----

// Bits of a float that become a float again.
func.func @main(%x: tensor<2xf32>) -> tensor<2xf32> {
  %bits = arith.bitcast %x : tensor<2xf32> to tensor<2xi32>
  %one = arith.constant dense<1> : tensor<2xi32>
  %next = arith.addi %bits, %one : tensor<2xi32>
  // expected-error @below {{cannot differentiate 'arith.bitcast'}}
  %y = arith.bitcast %next : tensor<2xi32> to tensor<2xf32>
  return %y : tensor<2xf32>
}

// -----

#id = affine_map<(i) -> (i)>
#none = affine_map<(i) -> ()>

// An alternating sum, and the way from it to the result.
func.func @main(%x: tensor<2xf32>) -> tensor<f32> {
  %one = arith.constant 1.0 : f32
  %e = tensor.empty() : tensor<f32>
  %init = linalg.fill ins(%one : f32) outs(%e : tensor<f32>) -> tensor<f32>
  // expected-error @below {{cannot differentiate 'linalg.generic': its reduction is no sum, product, maximum or minimum of an accumulator and a term that does not depend on it}}
  // expected-note @below {{on the way linalg.generic -> math.log}}
  %y = linalg.generic {indexing_maps = [#id, #none], iterator_types = ["reduction"]}
      ins(%x : tensor<2xf32>) outs(%init : tensor<f32>) {
  ^bb0(%a: f32, %rest: f32):
    %p = arith.subf %a, %rest : f32
    linalg.yield %p : f32
  } -> tensor<f32>
  %z = math.log %y : tensor<f32>
  return %z : tensor<f32>
}

// -----

#diagonal = affine_map<(i) -> (i, i)>
#id = affine_map<(i) -> (i)>

func.func @main(%x: tensor<2x2xf32>) -> tensor<2xf32> {
  %e = tensor.empty() : tensor<2xf32>
  // expected-error @below {{cannot differentiate 'linalg.generic' by operand 0: its indexing map affine_map<(d0) -> (d0, d0)> is no sum of steps of loops, each in one dimension}}
  // expected-note @below {{on the way linalg.generic}}
  %y = linalg.generic {indexing_maps = [#diagonal, #id], iterator_types = ["parallel"]}
      ins(%x : tensor<2x2xf32>) outs(%e : tensor<2xf32>) {
  ^bb0(%a: f32, %out: f32):
    linalg.yield %a : f32
  } -> tensor<2xf32>
  return %y : tensor<2xf32>
}

// -----

#id = affine_map<(i) -> (i)>

// A table looked up at run time.
func.func @main(%table: tensor<8xf32>, %places: tensor<4xindex>) -> tensor<4xf32> {
  %e = tensor.empty() : tensor<4xf32>
  // expected-error @below {{cannot differentiate 'linalg.generic': its region reads a value that depends on the inputs: make it an operand}}
  %y = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]}
      ins(%places : tensor<4xindex>) outs(%e : tensor<4xf32>) {
  ^bb0(%place: index, %out: f32):
    %a = tensor.extract %table[%place] : tensor<8xf32>
    linalg.yield %a : f32
  } -> tensor<4xf32>
  return %y : tensor<4xf32>
}

// -----

#all = affine_map<(i, j) -> (i, j)>
#row = affine_map<(i, j) -> (i)>

// Where a maximum starts from has no gradient.
func.func @main(%x: tensor<2x3xf32>, %init: tensor<2xf32>) -> tensor<2xf32> {
  // expected-error @below {{cannot differentiate 'linalg.generic' by the value that its product, maximum or minimum starts from: fill it with a constant}}
  // expected-note @below {{on the way linalg.generic}}
  %y = linalg.generic {indexing_maps = [#all, #row],
                       iterator_types = ["parallel", "reduction"]}
      ins(%x : tensor<2x3xf32>) outs(%init : tensor<2xf32>) {
  ^bb0(%a: f32, %max: f32):
    %m = arith.maximumf %a, %max : f32
    linalg.yield %m : f32
  } -> tensor<2xf32>
  return %y : tensor<2xf32>
}

// -----

#id = affine_map<(i) -> (i)>
#none = affine_map<(i) -> ()>

func.func @main(%x: tensor<f32>) -> tensor<2xf32> {
  %scalar = tensor.extract %x[] : tensor<f32>
  %e = tensor.empty() : tensor<2xf32>
  // expected-error @below {{cannot differentiate 'linalg.generic' by operand 0, a scalar of type 'f32': make it a tensor of rank 0}}
  // expected-note @below {{on the way linalg.generic}}
  %y = linalg.generic {indexing_maps = [#none, #id], iterator_types = ["parallel"]}
      ins(%scalar : f32) outs(%e : tensor<2xf32>) {
  ^bb0(%a: f32, %out: f32):
    linalg.yield %a : f32
  } -> tensor<2xf32>
  return %y : tensor<2xf32>
}

// -----

#id = affine_map<(i) -> (i)>
#backward = affine_map<(i) -> (-i + 3)>

func.func @main(%x: tensor<4xf32>, %n: tensor<4xf32>) -> tensor<4xf32> {
  %e = tensor.empty() : tensor<4xf32>
  // expected-error @below {{cannot differentiate 'linalg.generic' by operand 0, which is read backward along loop 0: the loop's number is used too}}
  // expected-note @below {{on the way linalg.generic}}
  %y = linalg.generic {indexing_maps = [#backward, #id], iterator_types = ["parallel"]}
      ins(%x : tensor<4xf32>) outs(%e : tensor<4xf32>) {
  ^bb0(%a: f32, %out: f32):
    %i = linalg.index 0 : index
    %number = arith.index_cast %i : index to i32
    %weight = arith.sitofp %number : i32 to f32
    %product = arith.mulf %a, %weight : f32
    linalg.yield %product : f32
  } -> tensor<4xf32>
  return %y : tensor<4xf32>
}

// -----

// expected-error @below {{cannot differentiate by argument 0: expected the number of a static float tensor, below 1}}
func.func @main(%x: tensor<?xf32>) -> tensor<?xf32> {
  return %x : tensor<?xf32>
}

// -----

func.func @main(%x: tensor<4xf32>, %size: index) -> tensor<4xf32> {
  %part = tensor.extract_slice %x[0] [%size] [1] : tensor<4xf32> to tensor<?xf32>
  // expected-error @below {{cannot differentiate 'tensor.insert_slice': it has a tensor of dynamic extents: give all of them (on the way tensor.insert_slice)}}
  %y = tensor.insert_slice %part into %x[0] [%size] [1] : tensor<?xf32> into tensor<4xf32>
  return %y : tensor<4xf32>
}

// -----

func.func @main(%x: tensor<2xf32>) -> tensor<2xf32> {
  return %x : tensor<2xf32>
}

// expected-error @below {{'@main_gradient' has the name of the gradient of '@main': rename one of them}}
func.func @main_gradient() {
  return
}
