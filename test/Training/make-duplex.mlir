// RUN: colonnade-opt %s --colonnade-make-duplex='channels=4 couplings=2' | FileCheck %s
// RUN: colonnade-opt %s --colonnade-make-duplex='channels=4 fraction=0' | FileCheck %s --check-prefix=FLOAT
// RUN: colonnade-opt %s --colonnade-make-duplex='channels=4' --remarks-filter=colonnade -o /dev/null 2>&1 | FileCheck %s --check-prefix=REMARK
// RUN: colonnade-opt %s --colonnade-make-duplex='channels=4' --colonnade-initialize-parameters --colonnade-outline-parameters | FileCheck %s --check-prefix=OUTLINED
// RUN: colonnade-opt %s --colonnade-make-duplex='channels=4' --colonnade-make-reversible --remarks-filter=make-reversible -o /dev/null 2>&1 | FileCheck %s --check-prefix=AGAIN --allow-empty
// RUN: not colonnade-opt %s --colonnade-make-duplex=channels=0 2>&1 | FileCheck %s --check-prefix=CHANNELS
// RUN: not colonnade-opt %s --colonnade-make-duplex=couplings=0 2>&1 | FileCheck %s --check-prefix=COUPLINGS
// RUN: not colonnade-opt %s --colonnade-make-duplex=fraction=32 2>&1 | FileCheck %s --check-prefix=FRACTION

// CHANNELS: error: expected channels >= 1, got 0
// COUPLINGS: error: expected couplings >= 1, got 0
// FRACTION: error: expected fraction in [0, 31], got 32

// REMARK: remark: [Passed] make-duplex{{.*}}FeatureMap=1x2x4x4
// REMARK: remark: [Passed] make-duplex{{.*}}FeatureMap=1x3x2x2
// Two projections of 2 and 3 channels, eight 3x3 convolutions, the classifier.
// REMARK: remark: [Passed] make-duplex{{.*}}Frozen=72, Parameters=1292
// AGAIN-NOT: [Passed]

#id = affine_map<(n, c, h, w) -> (n, c, h, w)>

// The network's weights are frozen, its classifier is gone. The larger map is
// averaged to the smaller one's extents.
// CHECK-LABEL: func.func @main
// CHECK-DAG: arith.constant {colonnade.frozen} dense<2.0{{.*}}> : tensor<2x1x3x3xf32>
// CHECK-DAG: arith.constant {colonnade.frozen} dense<3.0{{.*}}> : tensor<3x2x3x3xf32>
// CHECK-NOT: tensor<3x10xf32> loc
// CHECK: %[[MAP1:.+]] = linalg.generic
// CHECK: %[[MAP2:.+]] = linalg.conv_2d_nchw_fchw
// CHECK: linalg.pooling_nchw_sum {{.*}}strides = dense<2>{{.*}} ins(%[[MAP1]]
// CHECK: %[[FIXED:.+]] = colonnade.to_fixed
// CHECK: %[[A1:.+]], %[[B1:.+]] = colonnade.reversible additive %[[FIXED]], %[[FIXED]]
// CHECK: %[[A2:.+]], %[[B2:.+]] = colonnade.reversible additive %[[A1]], %[[B1]]
// CHECK: linalg.pooling_nchw_sum {{.*}} ins(%[[MAP2]]
// CHECK: %[[A3:.+]], %[[B3:.+]] = colonnade.reversible additive %[[A2]], %[[B2]]
// CHECK: %[[A4:.+]], %[[B4:.+]] = colonnade.reversible additive %[[A3]], %[[B3]]
// CHECK: colonnade.from_fixed %[[A4]]
// CHECK: colonnade.from_fixed %[[B4]]
// CHECK-COUNT-2: linalg.matmul
// CHECK: return %{{.+}} : tensor<1x10xf32>

// FLOAT-NOT: to_fixed
// FLOAT: colonnade.reversible additive %{{.+}}, %{{.+}} : tensor<1x4x2x2xf32>

// OUTLINED: func.func @main(%{{[a-z0-9]+}}: tensor<4x2x1x1xf32> {colonnade.parameter = "branch.projection1.weight"}
// OUTLINED-SAME: {colonnade.parameter = "branch.stage1.coupling1.f.conv1.weight"}
// OUTLINED-SAME: tensor<10xf32> {colonnade.parameter = "branch.classifier.bias"}, %{{[a-z0-9]+}}: tensor<1x1x4x4xf32>)
func.func @main(%x: tensor<1x1x4x4xf32>) -> tensor<1x10xf32> {
  %zero = arith.constant 0.0 : f32
  %w1 = arith.constant dense<2.0> : tensor<2x1x3x3xf32> loc("conv1.weight")
  %w2 = arith.constant dense<3.0> : tensor<3x2x3x3xf32> loc("conv2.weight")
  %w3 = arith.constant dense<4.0> : tensor<3x10xf32> loc("fc.weight")
  %p1 = tensor.pad %x low[0, 0, 1, 1] high[0, 0, 1, 1] {
  ^bb0(%i: index, %j: index, %k: index, %l: index):
    tensor.yield %zero : f32
  } : tensor<1x1x4x4xf32> to tensor<1x1x6x6xf32>
  %e1 = tensor.empty() : tensor<1x2x4x4xf32>
  %z1 = linalg.fill ins(%zero : f32) outs(%e1 : tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32>
  %c1 = linalg.conv_2d_nchw_fchw ins(%p1, %w1 : tensor<1x1x6x6xf32>, tensor<2x1x3x3xf32>)
                                 outs(%z1 : tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32>
  %r1 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%c1 : tensor<1x2x4x4xf32>) outs(%e1 : tensor<1x2x4x4xf32>) {
  ^bb0(%a: f32, %o: f32):
    %m = arith.maximumf %a, %zero : f32
    linalg.yield %m : f32
  } -> tensor<1x2x4x4xf32>
  %e2 = tensor.empty() : tensor<1x3x2x2xf32>
  %z2 = linalg.fill ins(%zero : f32) outs(%e2 : tensor<1x3x2x2xf32>) -> tensor<1x3x2x2xf32>
  %c2 = linalg.conv_2d_nchw_fchw ins(%r1, %w2 : tensor<1x2x4x4xf32>, tensor<3x2x3x3xf32>)
                                 outs(%z2 : tensor<1x3x2x2xf32>) -> tensor<1x3x2x2xf32>
  %ez = tensor.empty() : tensor<1x3xf32>
  %z = linalg.fill ins(%zero : f32) outs(%ez : tensor<1x3xf32>) -> tensor<1x3xf32>
  %f = linalg.reduce ins(%c2 : tensor<1x3x2x2xf32>) outs(%z : tensor<1x3xf32>) dimensions = [2, 3]
      (%a: f32, %b: f32) {
        %s = arith.addf %a, %b : f32
        linalg.yield %s : f32
      }
  %e3 = tensor.empty() : tensor<1x10xf32>
  %z3 = linalg.fill ins(%zero : f32) outs(%e3 : tensor<1x10xf32>) -> tensor<1x10xf32>
  %y = linalg.matmul ins(%f, %w3 : tensor<1x3xf32>, tensor<3x10xf32>) outs(%z3 : tensor<1x10xf32>) -> tensor<1x10xf32>
  return %y : tensor<1x10xf32>
}
