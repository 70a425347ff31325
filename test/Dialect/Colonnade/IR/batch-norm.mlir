// RUN: colonnade-opt %s | FileCheck %s
// RUN: colonnade-opt %s | colonnade-opt | FileCheck %s
// RUN: colonnade-opt %s --mlir-print-op-generic | colonnade-opt | FileCheck %s

// CHECK-LABEL: func.func @inference
// CHECK: colonnade.batch_norm_inference %{{.+}} scale(%{{.+}}) offset(%{{.+}}) mean(%{{.+}}) variance(%{{.+}}) axis = 1 epsilon = 1.000000e-05 momentum = 1.000000e-01 : tensor<?x3x5x5xf32>, tensor<3xf32>
func.func @inference(%x: tensor<?x3x5x5xf32>, %scale: tensor<3xf32>, %offset: tensor<3xf32>, %mean: tensor<3xf32>, %variance: tensor<3xf32>) -> tensor<?x3x5x5xf32> {
  %y = colonnade.batch_norm_inference %x scale(%scale) offset(%offset)
      mean(%mean) variance(%variance) axis = 1 epsilon = 1.0e-5 momentum = 0.1
      : tensor<?x3x5x5xf32>, tensor<3xf32>
  return %y : tensor<?x3x5x5xf32>
}

// CHECK-LABEL: func.func @training
// CHECK: colonnade.batch_norm_training %{{.+}} scale(%{{.+}}) offset(%{{.+}}) axis = 1 epsilon = 1.000000e-05 : tensor<4x3xf64>, tensor<3xf64>
func.func @training(%x: tensor<4x3xf64>, %scale: tensor<3xf64>, %offset: tensor<3xf64>) -> (tensor<4x3xf64>, tensor<3xf64>, tensor<3xf64>) {
  %y, %mean, %variance = colonnade.batch_norm_training %x scale(%scale)
      offset(%offset) axis = 1 epsilon = 1.0e-5 : tensor<4x3xf64>, tensor<3xf64>
  return %y, %mean, %variance : tensor<4x3xf64>, tensor<3xf64>, tensor<3xf64>
}

// D7: results are the next values of the arguments of the same names.
// CHECK-LABEL: func.func private @step
func.func private @step(tensor<3xf32> {colonnade.parameter = "w"}, tensor<3xf32> {colonnade.state = "w"})
    -> (tensor<3xf32> {colonnade.parameter = "w"}, tensor<3xf32> {colonnade.state = "w"})
