// RUN: colonnade-opt %s --colonnade-lower-batch-norm | FileCheck %s --check-prefixes=CHECK,CONSTANT
// RUN: colonnade-opt %s --colonnade-strip-encodings | FileCheck %s --check-prefixes=CHECK,CONSTANT
// RUN: colonnade-opt %s --colonnade-strip-encodings=keep-batch-norm | FileCheck %s --check-prefix=KEPT
// RUN: colonnade-opt %s --colonnade-normalize | FileCheck %s --check-prefix=NORMAL
// RUN: colonnade-opt %s --colonnade-normalize=keep-batch-norm | FileCheck %s --check-prefix=KEPT

// Of constants there are only a factor, 3 / sqrt(3 + 1), and an offset,
// 0.5 - 1 * 1.5; behind a convolution the factor is in its filter.
// CHECK-LABEL: func.func @constant
// CONSTANT-DAG: %[[FACTOR:.+]] = arith.constant dense<1.500000e+00> : tensor<2xf32>
// CONSTANT-DAG: %[[OFFSET:.+]] = arith.constant dense<-1.000000e+00> : tensor<2xf32>
// CONSTANT: linalg.generic {{.*}} ins(%{{.+}}, %[[FACTOR]], %[[OFFSET]] :
// CONSTANT: %[[SCALED:.+]] = arith.mulf
// CONSTANT: arith.addf %[[SCALED]]
// KEPT-LABEL: func.func @constant
// KEPT: colonnade.batch_norm_inference
// NORMAL-LABEL: func.func @constant
// NORMAL-DAG: arith.constant dense<{{.*}}3.000000e+00{{.*}}> : tensor<2x1x1x1xf32>
// NORMAL-DAG: arith.constant -1.000000e+00 : f32
// NORMAL: linalg.conv_2d_nchw_fchw
// NORMAL-NOT: arith.mulf
// NORMAL: return
func.func @constant(%x: tensor<1x1x4x4xf32>) -> tensor<1x2x4x4xf32> {
  %w = arith.constant dense<2.0> : tensor<2x1x1x1xf32>
  %scale = arith.constant dense<3.0> : tensor<2xf32>
  %offset = arith.constant dense<0.5> : tensor<2xf32>
  %mean = arith.constant dense<1.0> : tensor<2xf32>
  %variance = arith.constant dense<3.0> : tensor<2xf32>
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<1x2x4x4xf32>
  %i = linalg.fill ins(%zero : f32) outs(%e : tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32>
  %c = linalg.conv_2d_nchw_fchw ins(%x, %w : tensor<1x1x4x4xf32>, tensor<2x1x1x1xf32>)
                                outs(%i : tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32>
  %y = colonnade.batch_norm_inference %c scale(%scale) offset(%offset)
      mean(%mean) variance(%variance) axis = 1 epsilon = 1.0 momentum = 0.1
      : tensor<1x2x4x4xf32>, tensor<2xf32>
  return %y : tensor<1x2x4x4xf32>
}

// Where the parameters are arguments, both are computed at run time.
// CHECK-LABEL: func.func @parameters
// CHECK: math.sqrt
// CHECK: arith.divf
// CHECK: arith.mulf
// CHECK: arith.subf
// CHECK: linalg.generic {{.*}} ins(%{{.+}}, %{{.+}}, %{{.+}} : tensor<?x2xf32>, tensor<2xf32>, tensor<2xf32>)
func.func @parameters(%x: tensor<?x2xf32>, %scale: tensor<2xf32>, %offset: tensor<2xf32>, %mean: tensor<2xf32>, %variance: tensor<2xf32>) -> tensor<?x2xf32> {
  %y = colonnade.batch_norm_inference %x scale(%scale) offset(%offset)
      mean(%mean) variance(%variance) axis = 1 epsilon = 1.0e-5 momentum = 0.1
      : tensor<?x2xf32>, tensor<2xf32>
  return %y : tensor<?x2xf32>
}

// Sums are over the positions of an image first, then over images.
// CHECK-LABEL: func.func @training
// CHECK: linalg.generic {{.*}}iterator_types = ["parallel", "parallel", "reduction"]{{.*}} outs(%{{.+}} : tensor<4x2xf32>)
// CHECK: linalg.generic {{.*}}iterator_types = ["reduction", "parallel"]{{.*}} outs(%{{.+}} : tensor<2xf32>)
// CHECK: arith.mulf %{{.+}}, %[[SHARE:.+]] : f32
// CHECK: linalg.generic
// CHECK: %[[DISTANCE:.+]] = arith.subf
// CHECK: arith.mulf %[[DISTANCE]], %[[DISTANCE]]
// CHECK: math.sqrt
// CHECK: return
func.func @training(%x: tensor<4x2x3xf32>, %scale: tensor<2xf32>, %offset: tensor<2xf32>) -> (tensor<4x2x3xf32>, tensor<2xf32>, tensor<2xf32>) {
  %y:3 = colonnade.batch_norm_training %x scale(%scale) offset(%offset)
      axis = 1 epsilon = 1.0e-5 : tensor<4x2x3xf32>, tensor<2xf32>
  return %y#0, %y#1, %y#2 : tensor<4x2x3xf32>, tensor<2xf32>, tensor<2xf32>
}
