// RUN: colonnade-opt %s --colonnade-set-batch=size=8 --colonnade-outline-parameters --colonnade-training-step --canonicalize --cse | FileCheck %s
// RUN: colonnade-opt %s --colonnade-outline-parameters --colonnade-set-batch=size=8 --colonnade-training-step='format=fast-adaptive total-steps=9' | FileCheck %s --check-prefix=ADAPTIVE
// RUN: colonnade-opt %s --colonnade-initialize-parameters | FileCheck %s --check-prefix=FRESH

// The network evaluates by its running statistics, which are state of the step.
// CHECK-LABEL: func.func @main
// CHECK-SAME: %{{[a-z0-9]+}}: tensor<3xf32> {colonnade.parameter = "scale"}
// CHECK-SAME: %{{[a-z0-9]+}}: tensor<3xf32> {colonnade.parameter = "offset"}
// CHECK-SAME: %[[MEAN:[a-z0-9]+]]: tensor<3xf32> {colonnade.state = "mean"}
// CHECK-SAME: %[[VARIANCE:[a-z0-9]+]]: tensor<3xf32> {colonnade.state = "variance"}
// CHECK-SAME: %{{[a-z0-9]+}}: tensor<8x3xf32>)
// CHECK: colonnade.batch_norm_inference {{.*}} mean(%[[MEAN]]) variance(%[[VARIANCE]]) {{.*}} : tensor<8x3xf32>, tensor<3xf32>

// The step has plain code for the batch's; a variance is unbiased by 8/7.
// CHECK-LABEL: func.func @training_step
// CHECK-SAME: {colonnade.state = "scale.momentum"}
// CHECK-SAME: {colonnade.state = "offset.momentum"}
// CHECK-SAME: %[[MEAN:[a-z0-9]+]]: tensor<3xf32> {colonnade.state = "mean"}
// CHECK-SAME: %[[VARIANCE:[a-z0-9]+]]: tensor<3xf32> {colonnade.state = "variance"}
// CHECK-SAME: -> ({{.*}}tensor<3xf32> {colonnade.state = "offset.momentum"}, tensor<3xf32> {colonnade.state = "mean"}, tensor<3xf32> {colonnade.state = "variance"}, tensor<i64>
// CHECK-NOT: colonnade.batch_norm
// CHECK-DAG: arith.constant 0.285714298 : f32
// CHECK-DAG: arith.constant 7.500000e-01 : f32
// CHECK: %[[NEXT_MEAN:.+]] = linalg.generic {{.*}} ins(%[[MEAN]],
// CHECK: %[[NEXT_VARIANCE:.+]] = linalg.generic {{.*}} ins(%[[VARIANCE]],
// CHECK: return {{.*}}, %[[NEXT_MEAN]], %[[NEXT_VARIANCE]],

// ADAPTIVE-LABEL: func.func @training_step
// ADAPTIVE-SAME: {colonnade.state = "variance"}, %{{[a-z0-9]+}}: tensor<i64> {colonnade.state = "step"}

// FRESH-DAG: arith.constant dense<1.000000e+00> : tensor<3xf32>
// FRESH-DAG: arith.constant dense<0.000000e+00> : tensor<3xf32>
func.func @main(%x: tensor<1x3xf32>) -> tensor<1x3xf32> {
  %scale = arith.constant dense<[1.0, 2.0, 3.0]> : tensor<3xf32> loc("scale")
  %offset = arith.constant dense<[4.0, 5.0, 6.0]> : tensor<3xf32> loc("offset")
  %mean = arith.constant dense<[0.25, 0.5, 0.75]> : tensor<3xf32> loc("mean")
  %variance = arith.constant dense<[1.0, 1.5, 2.0]> : tensor<3xf32> loc("variance")
  %y = colonnade.batch_norm_inference %x scale(%scale) offset(%offset)
      mean(%mean) variance(%variance) axis = 1 epsilon = 1.0e-5 momentum = 0.25
      : tensor<1x3xf32>, tensor<3xf32>
  return %y : tensor<1x3xf32>
}
