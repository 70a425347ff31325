// RUN: colonnade-opt %s --colonnade-freeze-parameters='names=first[.].*|norm[.].*' | FileCheck %s
// RUN: colonnade-opt %s --colonnade-freeze-parameters='names=first[.].*|norm[.].*' --colonnade-initialize-parameters --colonnade-outline-parameters | FileCheck %s --check-prefix=OUTLINED
// RUN: colonnade-opt %s --colonnade-freeze-parameters='names=first[.].*|norm[.].*' --colonnade-strip-encodings | FileCheck %s --check-prefix=STRIPPED
// RUN: not colonnade-opt %s --colonnade-freeze-parameters='names=first' 2>&1 | FileCheck %s --check-prefix=NONE
// RUN: not colonnade-opt %s --colonnade-freeze-parameters='names=(first' 2>&1 | FileCheck %s --check-prefix=PATTERN

// NONE: error: no parameter is named 'first': there are first.weight, first.bias, norm.scale, norm.offset, last.weight, norm.mean, norm.variance
// PATTERN: error: expected names to be a regular expression, got '(first': parentheses not balanced

// STRIPPED-NOT: colonnade

// CHECK-LABEL: func.func @main
// CHECK: arith.constant {colonnade.frozen} dense<2.0{{.*}}> : tensor<3x2xf32>
// CHECK: arith.constant {colonnade.frozen} dense<3.0{{.*}}> : tensor<2xf32>
// CHECK: arith.constant {colonnade.frozen} dense<4.0{{.*}}> : tensor<2xf32>
// CHECK: arith.constant {colonnade.frozen} dense<5.0{{.*}}> : tensor<2xf32>
// CHECK: arith.constant {colonnade.frozen} dense<6.0{{.*}}> : tensor<2xf32>
// CHECK: arith.constant {colonnade.frozen} dense<7.0{{.*}}> : tensor<2xf32>
// CHECK: arith.constant dense<8.0{{.*}}> : tensor<2x2xf32>

// What is frozen keeps its values and is no argument.
// OUTLINED-LABEL: func.func @main
// OUTLINED-SAME: (%{{[a-z0-9]+}}: tensor<2x2xf32> {colonnade.parameter = "last.weight"}, %{{[a-z0-9]+}}: tensor<4x3xf32>)
// OUTLINED: arith.constant {colonnade.frozen} dense<2.0{{.*}}> : tensor<3x2xf32>
func.func @main(%x: tensor<4x3xf32>) -> tensor<4x2xf32> {
  %w = arith.constant dense<2.0> : tensor<3x2xf32> loc("first.weight")
  %b = arith.constant dense<3.0> : tensor<2xf32> loc("first.bias")
  %scale = arith.constant dense<4.0> : tensor<2xf32> loc("norm.scale")
  %offset = arith.constant dense<5.0> : tensor<2xf32> loc("norm.offset")
  %mean = arith.constant dense<6.0> : tensor<2xf32> loc("norm.mean")
  %variance = arith.constant dense<7.0> : tensor<2xf32> loc("norm.variance")
  %v = arith.constant dense<8.0> : tensor<2x2xf32> loc("last.weight")
  %zeros = arith.constant dense<0.0> : tensor<4x2xf32>
  %y = linalg.matmul ins(%x, %w : tensor<4x3xf32>, tensor<3x2xf32>)
                     outs(%zeros : tensor<4x2xf32>) -> tensor<4x2xf32>
  %e = tensor.empty() : tensor<4x2xf32>
  %s = linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (j)>, affine_map<(i, j) -> (i, j)>],
                       iterator_types = ["parallel", "parallel"]}
      ins(%y, %b : tensor<4x2xf32>, tensor<2xf32>) outs(%e : tensor<4x2xf32>) {
  ^bb0(%p: f32, %q: f32, %out: f32):
    %sum = arith.addf %p, %q : f32
    linalg.yield %sum : f32
  } -> tensor<4x2xf32>
  %n = colonnade.batch_norm_inference %s scale(%scale) offset(%offset) mean(%mean) variance(%variance) axis = 1 epsilon = 1.0e-5 momentum = 0.1 : tensor<4x2xf32>, tensor<2xf32>
  %z = linalg.matmul ins(%n, %v : tensor<4x2xf32>, tensor<2x2xf32>)
                     outs(%zeros : tensor<4x2xf32>) -> tensor<4x2xf32>
  return %z : tensor<4x2xf32>
}
