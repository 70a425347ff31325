// RUN: colonnade-opt %s --split-input-file --colonnade-quantize="calibration=%data/calibration.npy calibration-limit=4" | FileCheck %s
// RUN: colonnade-opt %s --split-input-file --colonnade-quantize="calibration=%data/calibration.npy calibration-limit=4" | colonnade-opt --split-input-file | FileCheck %s
// RUN: colonnade-opt %s --split-input-file --colonnade-quantize="calibration=%data/calibration.npy calibration-limit=4" | not grep -E 'f32|: f16'

// The example of the pass description: bias and relu wait for the rescale, and
// a network output is an integer of 16 bits. Pixels go up to 255, so the input
// range is 1 and its scale 1 / 127.

// CHECK-LABEL: func.func @main
// CHECK-SAME: ([[X:%.+]]: tensor<1x1x28x28xi8> {colonnade.scale = 0.0078740157480314959 : f64})
// CHECK-SAME: -> (tensor<1x2x28x28xi32> {colonnade.scale = 3.814813684499649E-5 : f64})
// CHECK: [[W:%.+]] = arith.constant
// CHECK-SAME{LITERAL}: dense<[[[[64]]], [[[-64]]]]> : tensor<2x1x1x1xi8>
// CHECK: [[ZERO:%.+]] = linalg.fill ins(%c0_i32 : i32)
// CHECK: [[CONV:%.+]] = linalg.conv_2d_nchw_fchw {{.*}} ins([[X]], [[W]] : {{.*}}) outs([[ZERO]] : tensor<1x2x28x28xi32>)
// The bias at the accumulators' scales of 1 / (127 * 64) and 0.5 / (127 * 64).
// CHECK: [[BIAS:%.+]] = arith.constant dense<[2032, 12192]> : tensor<2xi32>
// CHECK: [[MULTIPLIER:%.+]] = arith.constant dense<1731461533> : tensor<2xi32>
// CHECK: [[SHIFT:%.+]] = arith.constant dense<[29, 30]> : tensor<2xi8>
// CHECK: [[Y:%.+]] = linalg.generic
// CHECK-SAME: iterator_types = ["parallel", "parallel", "parallel", "parallel"]
// CHECK-SAME: ins([[CONV]], [[BIAS]], [[MULTIPLIER]], [[SHIFT]] :
// CHECK-NEXT: ^bb0([[A:%.+]]: i32, [[B:%.+]]: i32, [[M:%.+]]: i32, [[S:%.+]]: i8, {{.*}}: i32):
// CHECK: [[SUM:%.+]] = arith.addi [[A]], [[B]] : i32
// CHECK: [[SCALED:%.+]] = tosa.apply_scale [[SUM]], [[M]], [[S]] {rounding_mode = SINGLE_ROUND}
// CHECK: [[LOW:%.+]] = arith.constant 0 : i32
// CHECK: [[RELU:%.+]] = arith.maxsi [[SCALED]], [[LOW]] : i32
// CHECK: [[HIGH:%.+]] = arith.constant 32767 : i32
// CHECK: [[CLAMPED:%.+]] = arith.minsi [[RELU]], [[HIGH]] : i32
// CHECK: linalg.yield [[CLAMPED]] : i32
// CHECK: return [[Y]]
#id = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
#channel = affine_map<(d0, d1, d2, d3) -> (d1)>
func.func @main(%x: tensor<1x1x28x28xf32>) -> tensor<1x2x28x28xf32> {
  %zero = arith.constant 0.0 : f32
  %w = arith.constant dense<[[[[1.0]]], [[[-0.5]]]]> : tensor<2x1x1x1xf32>
  %b = arith.constant dense<[0.25, 0.75]> : tensor<2xf32>
  %empty = tensor.empty() : tensor<1x2x28x28xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<1x2x28x28xf32>)
      -> tensor<1x2x28x28xf32>
  %conv = linalg.conv_2d_nchw_fchw
      ins(%x, %w : tensor<1x1x28x28xf32>, tensor<2x1x1x1xf32>)
      outs(%init : tensor<1x2x28x28xf32>) -> tensor<1x2x28x28xf32>
  %y = linalg.generic {indexing_maps = [#id, #channel, #id],
                       iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%conv, %b : tensor<1x2x28x28xf32>, tensor<2xf32>)
      outs(%empty : tensor<1x2x28x28xf32>) {
  ^bb0(%a: f32, %c: f32, %o: f32):
    %s = arith.addf %a, %c : f32
    %r = arith.maximumf %s, %zero : f32
    linalg.yield %r : f32
  } -> tensor<1x2x28x28xf32>
  return %y : tensor<1x2x28x28xf32>
}

// -----

// A residual addition: both operands to a common scale and back, in one op with
// the relu. Padding stays padding, maxima are taken of int8.

// CHECK-LABEL: func.func @main
// CHECK-SAME: ([[X:%.+]]: tensor<1x1x28x28xi8>
// CHECK: [[PAD:%.+]] = tensor.pad [[X]] low[0, 0, 1, 1] high[0, 0, 1, 1]
// CHECK: tensor.yield {{%.+}} : i8
// CHECK: [[CONV:%.+]] = linalg.conv_2d_nchw_fchw {{.*}} ins([[PAD]],
// No bias, no addition; int8, so truncated.
// CHECK: [[BRANCH:%.+]] = linalg.generic {{.*}} ins([[CONV]], {{.*}} outs({{.*}} : tensor<1x1x28x28xi8>)
// CHECK-NOT: arith.addi
// CHECK: arith.constant -127 : i32
// CHECK: [[TRUNCATED:%.+]] = arith.trunci {{.*}} : i32 to i8
// CHECK: linalg.yield [[TRUNCATED]] : i8
// CHECK: [[SUM:%.+]] = linalg.generic {{.*}} ins([[BRANCH]], [[X]] : tensor<1x1x28x28xi8>, tensor<1x1x28x28xi8>)
// CHECK-NEXT: ^bb0([[A:%.+]]: i8, [[B:%.+]]: i8, {{.*}}: i8):
// CHECK: [[A32:%.+]] = arith.extsi [[A]] : i8 to i32
// CHECK: [[A_SCALED:%.+]] = tosa.apply_scale [[A32]],
// CHECK: [[B32:%.+]] = arith.extsi [[B]] : i8 to i32
// CHECK: [[B_SCALED:%.+]] = tosa.apply_scale [[B32]],
// CHECK: [[ADDED:%.+]] = arith.addi [[A_SCALED]], [[B_SCALED]] : i32
// CHECK-DAG: [[HALF:%.+]] = arith.constant 1073741824 : i32
// CHECK-DAG: [[SIXTEEN:%.+]] = arith.constant 46 : i8
// CHECK: tosa.apply_scale [[ADDED]], [[HALF]], [[SIXTEEN]]
// CHECK: arith.constant 0 : i32
// CHECK: arith.trunci
// CHECK: [[LOWEST:%.+]] = arith.constant -128 : i8
// CHECK: [[INIT:%.+]] = linalg.fill ins([[LOWEST]] : i8)
// CHECK: [[POOL:%.+]] = linalg.pooling_nchw_max {{.*}} ins([[SUM]], {{.*}} outs([[INIT]] : tensor<1x1x14x14xi8>)
// The mean is a sum and a division that joins the rescale.
// CHECK: [[MEAN:%.+]] = linalg.pooling_nchw_sum {{.*}} ins([[POOL]], {{.*}} : tensor<1x1x14x14xi8>, tensor<14x14xi8>) outs({{.*}} : tensor<1x1x1x1xi32>)
// CHECK: [[FLAT:%.+]] = tensor.collapse_shape [[MEAN]] {{.*}} : tensor<1x1x1x1xi32> into tensor<1x1xi32>
// CHECK: linalg.generic {{.*}} ins([[FLAT]],
// CHECK-NOT: arith.divsi
// CHECK: return
#id = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
func.func @main(%x: tensor<1x1x28x28xf32>) -> tensor<1x1xf32> {
  %zero = arith.constant 0.0 : f32
  %area = arith.constant 196.0 : f32
  %lowest = arith.constant 0xFF800000 : f32
  %w = arith.constant dense<[[[[0.1, 0.2, 0.1], [0.0, -0.3, 0.0], [0.1, 0.2, 0.1]]]]>
      : tensor<1x1x3x3xf32>
  %pad = tensor.pad %x low[0, 0, 1, 1] high[0, 0, 1, 1] {
  ^bb0(%i: index, %j: index, %k: index, %l: index):
    tensor.yield %zero : f32
  } : tensor<1x1x28x28xf32> to tensor<1x1x30x30xf32>
  %empty = tensor.empty() : tensor<1x1x28x28xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<1x1x28x28xf32>)
      -> tensor<1x1x28x28xf32>
  %conv = linalg.conv_2d_nchw_fchw
      ins(%pad, %w : tensor<1x1x30x30xf32>, tensor<1x1x3x3xf32>)
      outs(%init : tensor<1x1x28x28xf32>) -> tensor<1x1x28x28xf32>
  %sum = linalg.generic {indexing_maps = [#id, #id, #id],
                         iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%conv, %x : tensor<1x1x28x28xf32>, tensor<1x1x28x28xf32>)
      outs(%empty : tensor<1x1x28x28xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %s = arith.addf %a, %b : f32
    linalg.yield %s : f32
  } -> tensor<1x1x28x28xf32>
  %relu = linalg.generic {indexing_maps = [#id, #id],
                          iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%sum : tensor<1x1x28x28xf32>) outs(%empty : tensor<1x1x28x28xf32>) {
  ^bb0(%a: f32, %o: f32):
    %r = arith.maximumf %a, %zero : f32
    linalg.yield %r : f32
  } -> tensor<1x1x28x28xf32>
  %pooled = tensor.empty() : tensor<1x1x14x14xf32>
  %low = linalg.fill ins(%lowest : f32) outs(%pooled : tensor<1x1x14x14xf32>)
      -> tensor<1x1x14x14xf32>
  %window = tensor.empty() : tensor<2x2xf32>
  %pool = linalg.pooling_nchw_max {strides = dense<2> : tensor<2xi64>}
      ins(%relu, %window : tensor<1x1x28x28xf32>, tensor<2x2xf32>)
      outs(%low : tensor<1x1x14x14xf32>) -> tensor<1x1x14x14xf32>
  %one = tensor.empty() : tensor<1x1x1x1xf32>
  %none = linalg.fill ins(%zero : f32) outs(%one : tensor<1x1x1x1xf32>)
      -> tensor<1x1x1x1xf32>
  %all = tensor.empty() : tensor<14x14xf32>
  %total = linalg.pooling_nchw_sum
      ins(%pool, %all : tensor<1x1x14x14xf32>, tensor<14x14xf32>)
      outs(%none : tensor<1x1x1x1xf32>) -> tensor<1x1x1x1xf32>
  %mean = linalg.generic {indexing_maps = [#id, #id],
                          iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%total : tensor<1x1x1x1xf32>) outs(%one : tensor<1x1x1x1xf32>) {
  ^bb0(%a: f32, %o: f32):
    %q = arith.divf %a, %area : f32
    linalg.yield %q : f32
  } -> tensor<1x1x1x1xf32>
  %flat = tensor.collapse_shape %mean [[0], [1, 2, 3]]
      : tensor<1x1x1x1xf32> into tensor<1x1xf32>
  return %flat : tensor<1x1xf32>
}

// -----

// Relu of what is int8 already is a maximum; the only public function is taken
// whatever its name; private ones stay.

// CHECK-LABEL: func.func @network
// CHECK-SAME: ([[X:%.+]]: tensor<1x784xi8>
// CHECK: [[RELU:%.+]] = linalg.generic {{.*}} ins([[X]] : tensor<1x784xi8>)
// CHECK-NEXT: ^bb0([[A:%.+]]: i8, {{.*}}: i8):
// CHECK-NEXT: [[ZERO:%.+]] = arith.constant 0 : i8
// CHECK-NEXT: [[MAX:%.+]] = arith.maxsi [[A]], [[ZERO]] : i8
// CHECK-NEXT: linalg.yield [[MAX]] : i8
// CHECK: linalg.matmul ins([[RELU]], {{.*}} : tensor<1x784xi8>, tensor<784x2xi8>) outs({{.*}} : tensor<1x2xi32>)
// CHECK: func.func private @other(tensor<4xi32>)
#id2 = affine_map<(d0, d1) -> (d0, d1)>
func.func @network(%x: tensor<1x784xf32>) -> tensor<1x2xf32> {
  %zero = arith.constant 0.0 : f32
  %w = arith.constant dense<0.5> : tensor<784x2xf32>
  %empty = tensor.empty() : tensor<1x784xf32>
  %relu = linalg.generic {indexing_maps = [#id2, #id2],
                          iterator_types = ["parallel", "parallel"]}
      ins(%x : tensor<1x784xf32>) outs(%empty : tensor<1x784xf32>) {
  ^bb0(%a: f32, %o: f32):
    %r = arith.maximumf %a, %zero : f32
    linalg.yield %r : f32
  } -> tensor<1x784xf32>
  %out = tensor.empty() : tensor<1x2xf32>
  %init = linalg.fill ins(%zero : f32) outs(%out : tensor<1x2xf32>) -> tensor<1x2xf32>
  %y = linalg.matmul ins(%relu, %w : tensor<1x784xf32>, tensor<784x2xf32>)
                     outs(%init : tensor<1x2xf32>) -> tensor<1x2xf32>
  return %y : tensor<1x2xf32>
}
func.func private @other(tensor<4xi32>)
