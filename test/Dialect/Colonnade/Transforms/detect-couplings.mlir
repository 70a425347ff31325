// RUN: colonnade-opt %s --colonnade-detect-couplings | FileCheck %s
// RUN: colonnade-opt %s --colonnade-detect-couplings --remarks-filter=colonnade -o /dev/null 2>&1 | FileCheck %s --check-prefix=REMARK
// RUN: colonnade-opt %s --colonnade-detect-couplings --colonnade-detect-couplings | FileCheck %s

// The example of the pass. Something else reads y1, and G's weights stand behind
// it.
// CHECK-LABEL: func.func @coupling
// CHECK-SAME: (%[[X1:.+]]: tensor<4x8xf32>, %[[X2:.+]]: tensor<4x8xf32>)
// CHECK: %[[W:.+]] = arith.constant dense<5.0{{.*}}> : tensor<8x8xf32>
// CHECK: %[[Y1:.+]], %[[Y2:.+]] = colonnade.reversible additive %[[X1]], %[[X2]] : tensor<4x8xf32>
// CHECK: f(%[[A:.+]]: tensor<4x8xf32>)
// CHECK: %[[F:.+]] = linalg.tanh ins(%[[A]]
// CHECK: colonnade.yield %[[F]]
// CHECK: g(%[[B:.+]]: tensor<4x8xf32>)
// CHECK: linalg.fill
// CHECK: %[[G:.+]] = linalg.matmul ins(%[[B]], %[[W]]
// CHECK: colonnade.yield %[[G]]
// CHECK: %[[E:.+]] = linalg.exp ins(%[[Y1]]
// CHECK: return %[[Y1]], %[[Y2]], %[[E]]
// REMARK: remark: [Passed] detect-couplings{{.*}}Function=coupling{{.*}}Op=linalg.add, Parameters=64, Streams=4x8
func.func @coupling(%x1: tensor<4x8xf32>, %x2: tensor<4x8xf32>) -> (tensor<4x8xf32>, tensor<4x8xf32>, tensor<4x8xf32>) {
  %e = tensor.empty() : tensor<4x8xf32>
  %f = linalg.tanh ins(%x2 : tensor<4x8xf32>) outs(%e : tensor<4x8xf32>) -> tensor<4x8xf32>
  %y1 = linalg.add ins(%x1, %f : tensor<4x8xf32>, tensor<4x8xf32>) outs(%e : tensor<4x8xf32>) -> tensor<4x8xf32>
  %other = linalg.exp ins(%y1 : tensor<4x8xf32>) outs(%e : tensor<4x8xf32>) -> tensor<4x8xf32>
  %w = arith.constant dense<5.0> : tensor<8x8xf32>
  %zero = arith.constant 0.0 : f32
  %z = linalg.fill ins(%zero : f32) outs(%e : tensor<4x8xf32>) -> tensor<4x8xf32>
  %g = linalg.matmul ins(%y1, %w : tensor<4x8xf32>, tensor<8x8xf32>) outs(%z : tensor<4x8xf32>) -> tensor<4x8xf32>
  %y2 = arith.addf %g, %x2 : tensor<4x8xf32>
  return %y1, %y2, %other : tensor<4x8xf32>, tensor<4x8xf32>, tensor<4x8xf32>
}

// A chain of four sums is two couplings. Which summand is the stream does not
// matter.
// CHECK-LABEL: func.func @chain
// CHECK-SAME: (%[[X1:.+]]: tensor<4x8xf32>, %[[X2:.+]]: tensor<4x8xf32>)
// CHECK: %[[A:.+]], %[[B:.+]] = colonnade.reversible additive %[[X1]], %[[X2]]
// CHECK: %[[C:.+]], %[[D:.+]] = colonnade.reversible additive %[[A]], %[[B]]
// CHECK: return %[[C]], %[[D]]
// REMARK: [Passed] detect-couplings{{.*}}Function=chain
// REMARK: [Passed] detect-couplings{{.*}}Function=chain
func.func @chain(%x1: tensor<4x8xf32>, %x2: tensor<4x8xf32>) -> (tensor<4x8xf32>, tensor<4x8xf32>) {
  %f = math.tanh %x2 : tensor<4x8xf32>
  %a = arith.addf %f, %x1 : tensor<4x8xf32>
  %g = math.exp %a : tensor<4x8xf32>
  %b = arith.addf %x2, %g : tensor<4x8xf32>
  %h = math.tanh %b : tensor<4x8xf32>
  %c = arith.addf %a, %h : tensor<4x8xf32>
  %i = math.sin %c : tensor<4x8xf32>
  %d = arith.addf %i, %b : tensor<4x8xf32>
  return %c, %d : tensor<4x8xf32>, tensor<4x8xf32>
}

//===----------------------------------------------------------------------===//
// What is left alone, and why
//===----------------------------------------------------------------------===//

// CHECK-NOT: colonnade.reversible

// REMARK: [Missed] detect-couplings{{.*}}Function=residual{{.*}}Reason="a residual block of one stream, h + R(h): --colonnade-make-reversible makes a coupling of it
// REMARK: [Missed] detect-couplings{{.*}}Function=residual{{.*}}Reason="a residual block of one stream
func.func @residual(%h: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %f = math.tanh %h : tensor<4x8xf32>
  %h1 = arith.addf %h, %f : tensor<4x8xf32>
  %g = math.exp %h1 : tensor<4x8xf32>
  %h2 = arith.addf %h1, %g : tensor<4x8xf32>
  return %h2 : tensor<4x8xf32>
}

// REMARK: Function=half{{.*}}Reason="no sum behind it adds a function of it alone to the stream that its branch reads
func.func @half(%x1: tensor<4x8xf32>, %x2: tensor<4x8xf32>) -> (tensor<4x8xf32>, tensor<4x8xf32>) {
  %f = math.tanh %x2 : tensor<4x8xf32>
  %y1 = arith.addf %x1, %f : tensor<4x8xf32>
  return %y1, %x2 : tensor<4x8xf32>, tensor<4x8xf32>
}

// F reads x1 too, so it could not be computed again from the results.
// REMARK: Function=reads_both{{.*}}Reason="the branch reads another activation, argument 0 (4x8)
func.func @reads_both(%x1: tensor<4x8xf32>, %x2: tensor<4x8xf32>) -> (tensor<4x8xf32>, tensor<4x8xf32>) {
  %f = arith.mulf %x1, %x2 : tensor<4x8xf32>
  %y1 = arith.addf %x1, %f : tensor<4x8xf32>
  %g = math.exp %y1 : tensor<4x8xf32>
  %y2 = arith.addf %x2, %g : tensor<4x8xf32>
  return %y1, %y2 : tensor<4x8xf32>, tensor<4x8xf32>
}

// REMARK: Function=read_inside{{.*}}Reason="the result of math.tanh (4x8), a value of the branch, is read by func.return too
func.func @read_inside(%x1: tensor<4x8xf32>, %x2: tensor<4x8xf32>) -> (tensor<4x8xf32>, tensor<4x8xf32>, tensor<4x8xf32>) {
  %f = math.tanh %x2 : tensor<4x8xf32>
  %y1 = arith.addf %x1, %f : tensor<4x8xf32>
  %g = math.exp %y1 : tensor<4x8xf32>
  %y2 = arith.addf %x2, %g : tensor<4x8xf32>
  return %y1, %y2, %f : tensor<4x8xf32>, tensor<4x8xf32>, tensor<4x8xf32>
}

// REMARK: Function=double{{.*}}Reason="expected streams of f32 with a static shape and without promises, got tensor<4x8xf64>
func.func @double(%x1: tensor<4x8xf64>, %x2: tensor<4x8xf64>) -> (tensor<4x8xf64>, tensor<4x8xf64>) {
  %f = math.tanh %x2 : tensor<4x8xf64>
  %y1 = arith.addf %x1, %f : tensor<4x8xf64>
  %g = math.exp %y1 : tensor<4x8xf64>
  %y2 = arith.addf %x2, %g : tensor<4x8xf64>
  return %y1, %y2 : tensor<4x8xf64>, tensor<4x8xf64>
}

// REMARK: Op=func.func, Reason="expected a function of one block
func.func @blocks(%h: tensor<4x8xf32>) -> tensor<4x8xf32> {
  cf.br ^next
^next:
  return %h : tensor<4x8xf32>
}
