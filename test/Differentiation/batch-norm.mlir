// RUN: colonnade-opt %s --colonnade-differentiate --canonicalize --cse | FileCheck %s

// Two sums over the batch, of the cotangent and of its product with the distance
// from the mean, are all that is needed; nothing comes back for mean and variance.
// CHECK-LABEL: func.func @main_gradient
// CHECK-SAME: %[[X:[a-z0-9]+]]: tensor<4x2xf32>, %[[SCALE:[a-z0-9]+]]: tensor<2xf32>, %[[OFFSET:[a-z0-9]+]]: tensor<2xf32>, %[[G:[a-z0-9]+]]: tensor<4x2xf32>
// CHECK: %[[Y:.+]], %[[MEAN:.+]], %[[VARIANCE:.+]] = colonnade.batch_norm_training %[[X]]
// CHECK: %[[SUM:.+]] = linalg.generic {{.*}}["reduction", "parallel"]{{.*}} ins(%[[G]] :
// CHECK: %[[PRODUCT:.+]] = linalg.generic {{.*}}["reduction", "parallel"]{{.*}} ins(%[[G]], %[[X]], %[[MEAN]] :
// CHECK-NOT: "reduction"
// CHECK: %[[DX:.+]] = linalg.generic {{.*}}["parallel", "parallel"]{{.*}} ins(%[[G]], %[[X]], %[[MEAN]],
// CHECK: %[[DSCALE:.+]] = linalg.generic {{.*}} ins(%[[PRODUCT]],
// CHECK: return %[[Y]], %[[DX]], %[[DSCALE]], %[[SUM]]
func.func @main(%x: tensor<4x2xf32>, %scale: tensor<2xf32>, %offset: tensor<2xf32>) -> tensor<4x2xf32> {
  %y:3 = colonnade.batch_norm_training %x scale(%scale) offset(%offset)
      axis = 1 epsilon = 1.0e-5 : tensor<4x2xf32>, tensor<2xf32>
  return %y#0 : tensor<4x2xf32>
}
