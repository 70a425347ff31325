// RUN: colonnade-opt %s --colonnade-insert-batch-norm | FileCheck %s
// RUN: colonnade-opt %s --colonnade-insert-batch-norm --remarks-filter=colonnade -o /dev/null 2>&1 | FileCheck %s --check-prefix=REMARK
// RUN: colonnade-opt %s --colonnade-insert-batch-norm --colonnade-insert-batch-norm | FileCheck %s
// RUN: colonnade-opt %s --colonnade-insert-batch-norm --canonicalize --cse --colonnade-outline-parameters | FileCheck %s --check-prefix=OUTLINED
// RUN: not colonnade-opt %s --colonnade-insert-batch-norm=epsilon=0 2>&1 | FileCheck %s --check-prefix=EPSILON
// RUN: not colonnade-opt %s --colonnade-insert-batch-norm=momentum=2 2>&1 | FileCheck %s --check-prefix=MOMENTUM

// EPSILON: error: expected epsilon > 0, got 0
// MOMENTUM: error: expected momentum in [0, 1], got 2

// A bias per channel becomes the offset.
// CHECK-LABEL: func.func @bias
// CHECK-DAG: %[[SCALE:.+]] = arith.constant dense_resource<conv.weight.batch_norm.scale> : tensor<2xf32>
// CHECK-DAG: %[[MEAN:.+]] = arith.constant dense_resource<conv.weight.batch_norm.mean> : tensor<2xf32>
// CHECK-DAG: %[[VARIANCE:.+]] = arith.constant dense_resource<conv.weight.batch_norm.variance> : tensor<2xf32>
// CHECK-DAG: %[[BIAS:.+]] = arith.constant dense<[5.0{{.+}}, 6.0{{.+}}]> : tensor<2xf32>
// CHECK: %[[Y:.+]] = linalg.conv_2d_nchw_fchw
// CHECK-NEXT: tensor.empty
// CHECK-NEXT: %[[Z:.+]] = colonnade.batch_norm_inference %[[Y]] scale(%[[SCALE]]) offset(%[[BIAS]]) mean(%[[MEAN]]) variance(%[[VARIANCE]]) axis = 1 epsilon = 1.000000e-05 momentum = 1.000000e-01
// CHECK-NEXT: return %[[Z]]

// Equal constants stay apart.
// OUTLINED-LABEL: func.func @bias
// OUTLINED-SAME: tensor<2xf32> {colonnade.parameter = "conv.weight.batch_norm.scale"}
// OUTLINED-SAME: tensor<2xf32> {colonnade.state = "conv.weight.batch_norm.mean"}
// OUTLINED-SAME: tensor<2xf32> {colonnade.state = "conv.weight.batch_norm.variance"}
// OUTLINED-SAME: tensor<1x1x5x5xf32>)

// REMARK: remark: [Passed] insert-batch-norm{{.*}}Weights=conv.weight
func.func @bias(%x: tensor<1x1x5x5xf32>) -> tensor<1x2x3x3xf32> {
  %w = arith.constant dense<2.0> : tensor<2x1x3x3xf32> loc("conv.weight")
  %b = arith.constant dense<[5.0, 6.0]> : tensor<2xf32> loc("conv.bias")
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<1x2x3x3xf32>
  %i = linalg.fill ins(%zero : f32) outs(%e : tensor<1x2x3x3xf32>) -> tensor<1x2x3x3xf32>
  %c = linalg.conv_2d_nchw_fchw ins(%x, %w : tensor<1x1x5x5xf32>, tensor<2x1x3x3xf32>)
                                outs(%i : tensor<1x2x3x3xf32>) -> tensor<1x2x3x3xf32>
  %o = tensor.empty() : tensor<1x2x3x3xf32>
  %y = linalg.generic {indexing_maps = [affine_map<(n, c, h, w) -> (c)>, affine_map<(n, c, h, w) -> (n, c, h, w)>, affine_map<(n, c, h, w) -> (n, c, h, w)>],
                       iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%b, %c : tensor<2xf32>, tensor<1x2x3x3xf32>) outs(%o : tensor<1x2x3x3xf32>) {
  ^bb0(%p: f32, %q: f32, %out: f32):
    %sum = arith.addf %q, %p : f32
    linalg.yield %sum : f32
  } -> tensor<1x2x3x3xf32>
  return %y : tensor<1x2x3x3xf32>
}

// What adds more than a bias stays behind the normalization. Channels last.
// CHECK-LABEL: func.func @residual
// CHECK-DAG: dense_resource<nhwc.batch_norm.scale>
// CHECK-DAG: dense_resource<nhwc.batch_norm.offset>
// CHECK: %[[C:.+]] = linalg.conv_2d_nhwc_hwcf
// CHECK: %[[N:.+]] = colonnade.batch_norm_inference %[[C]] {{.*}} axis = 3
// CHECK: arith.addf %[[N]], %{{.+}} : tensor<1x3x3x2xf32>
// REMARK: remark: [Passed] insert-batch-norm{{.*}}Weights=nhwc
func.func @residual(%x: tensor<1x5x5x1xf32>, %r: tensor<1x3x3x2xf32>) -> tensor<1x3x3x2xf32> {
  %w = arith.constant dense<2.0> : tensor<3x3x1x2xf32> loc("nhwc")
  %zero = arith.constant dense<0.0> : tensor<1x3x3x2xf32>
  %c = linalg.conv_2d_nhwc_hwcf ins(%x, %w : tensor<1x5x5x1xf32>, tensor<3x3x1x2xf32>)
                                outs(%zero : tensor<1x3x3x2xf32>) -> tensor<1x3x3x2xf32>
  %y = arith.addf %c, %r : tensor<1x3x3x2xf32>
  return %y : tensor<1x3x3x2xf32>
}

// Matrix products are left alone, convolutions of arguments and by groups too.
// CHECK-LABEL: func.func @others
// CHECK-NOT: colonnade.batch_norm
// REMARK: remark: [Missed] insert-batch-norm{{.*}}Reason="its filter is no f32 constant of its own"
// REMARK: remark: [Missed] insert-batch-norm{{.*}}Reason="its weights index 2 dimensions of the result, expected one, the channels"
func.func @others(%x: tensor<1x1x5x5xf32>, %f: tensor<2x1x3x3xf32>, %v: tensor<1x4xf32>, %g: tensor<1x2x1x5x5xf32>) -> (tensor<1x2x3x3xf32>, tensor<1x2xf32>, tensor<1x2x2x3x3xf32>) {
  %zero = arith.constant dense<0.0> : tensor<1x2x3x3xf32>
  %c = linalg.conv_2d_nchw_fchw ins(%x, %f : tensor<1x1x5x5xf32>, tensor<2x1x3x3xf32>)
                                outs(%zero : tensor<1x2x3x3xf32>) -> tensor<1x2x3x3xf32>
  %w = arith.constant dense<2.0> : tensor<4x2xf32>
  %start = arith.constant dense<0.0> : tensor<1x2xf32>
  %m = linalg.matmul ins(%v, %w : tensor<1x4xf32>, tensor<4x2xf32>) outs(%start : tensor<1x2xf32>) -> tensor<1x2xf32>
  %grouped = arith.constant dense<2.0> : tensor<2x2x1x3x3xf32>
  %none = arith.constant dense<0.0> : tensor<1x2x2x3x3xf32>
  %h = linalg.conv_2d_ngchw_gfchw ins(%g, %grouped : tensor<1x2x1x5x5xf32>, tensor<2x2x1x3x3xf32>)
                                  outs(%none : tensor<1x2x2x3x3xf32>) -> tensor<1x2x2x3x3xf32>
  return %c, %m, %h : tensor<1x2x3x3xf32>, tensor<1x2xf32>, tensor<1x2x2x3x3xf32>
}
