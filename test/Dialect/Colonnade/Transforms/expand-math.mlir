// Math functions become arithmetic in place; test/unit/Dialect/Colonnade holds
// what they compute against libm.

// RUN: colonnade-opt %s --split-input-file --colonnade-expand-math | FileCheck %s
// RUN: colonnade-opt %s --split-input-file --colonnade-expand-math --colonnade-expand-math | FileCheck %s

// CHECK-LABEL: func.func @cube
// CHECK-SAME: ([[X:%.+]]: f32)
// CHECK: [[SQUARE:%.+]] = arith.mulf [[X]], [[X]] : f32
// CHECK-NEXT: [[CUBE:%.+]] = arith.mulf [[X]], [[SQUARE]] : f32
// CHECK-NEXT: return [[CUBE]]
func.func @cube(%x: f32) -> f32 {
  %three = arith.constant 3.0 : f32
  %y = math.powf %x, %three : f32
  return %y : f32
}

// -----

// Everything that is no lane operation is gone.
// CHECK-LABEL: func.func @functions
// CHECK-NOT: math.{{exp|log|tanh|erf|sin|cos|rsqrt|powf|ceil|trunc|copysign}}
// CHECK-NOT: arith.{{maxnumf|minnumf|uitofp|extui}}
// CHECK: return
func.func @functions(%x: f32, %z: f32) -> f32 {
  %0 = math.exp %x : f32
  %1 = math.log %0 : f32
  %2 = math.tanh %1 : f32
  %3 = math.erf %2 : f32
  %4 = math.sin %3 : f32
  %5 = math.cos %4 : f32
  %6 = math.rsqrt %5 : f32
  %7 = math.powf %6, %z : f32
  %8 = math.ceil %7 : f32
  %9 = math.trunc %8 : f32
  %10 = math.copysign %9, %x : f32
  %11 = arith.maxnumf %10, %z : f32
  %12 = arith.minnumf %11, %x : f32
  return %12 : f32
}

// -----

// An unordered comparison is the opposite of an ordered one.
// CHECK-LABEL: func.func @comparison
// CHECK: [[HOLDS:%.+]] = arith.cmpf oge,
// CHECK: [[TRUE:%.+]] = arith.constant true
// CHECK: [[NOT:%.+]] = arith.xori [[HOLDS]], [[TRUE]]
// CHECK: arith.select [[NOT]],
func.func @comparison(%x: f32, %y: f32) -> f32 {
  %0 = arith.cmpf ult, %x, %y : f32
  %1 = arith.uitofp %0 : i1 to f32
  return %1 : f32
}

// -----

// Other types stay as they are.
// CHECK-LABEL: func.func @double
// CHECK: math.exp {{.*}} : f64
func.func @double(%x: f64) -> f64 {
  %0 = math.exp %x : f64
  return %0 : f64
}
