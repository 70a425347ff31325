// RUN: colonnade-opt %s --colonnade-term-quantize="group=2 budget=3 data-terms=2" --remarks-filter=colonnade 2>&1 >/dev/null | FileCheck %s
// RUN: colonnade-opt %s --colonnade-term-quantize="group=2 budget=3 policy=paper" --remarks-filter=colonnade 2>&1 >/dev/null | FileCheck %s --check-prefix=SKIP

// 27 + 9 lose 1 and 1 of 37; 4 + 1 terms of 27, 9, 1 become 2 + 1 + 1.
// CHECK-DAG: [[#@LINE+5]]:{{.*}} remark: [Passed] term-quantize-weights | Category:colonnade | Function=passed | Budget=3, Changed="50.0 %", Contractions=1, Error="5.4 %", Group=2, Op=linalg.matmul, TermsPerWeightAfter=1.00, TermsPerWeightBefore=1.50, Weights=2x2
// CHECK-DAG: [[#@LINE+4]]:{{.*}} remark: [Passed] term-quantize-data | Category:colonnade | Function=passed | Contractions=1, Data=2x8, Op=linalg.matmul, TermsPerValue=2
// SKIP-DAG: [[#@LINE+3]]:{{.*}} remark: [Missed] term-quantize-weights {{.*}} Reason="layers[0] of paper leaves it at plain 8 bits"
func.func @passed(%x: tensor<2x8xi8>, %acc: tensor<2x8xi32>) -> tensor<2x8xi32> {
  %w = arith.constant dense<[[27, 9], [1, 0]]> : tensor<2x2xi8>
  %0 = linalg.matmul ins(%w, %x : tensor<2x2xi8>, tensor<2x8xi8>)
                     outs(%acc : tensor<2x8xi32>) -> tensor<2x8xi32>
  return %0 : tensor<2x8xi32>
}

// SKIP-DAG: remark: [Missed] term-quantize-weights {{.*}} Function=second {{.*}} Reason="layers[0] of paper leaves it
// SKIP-DAG: remark: [Passed] term-quantize-weights {{.*}} Function=second {{.*}} Weights=2x2
// SKIP-NOT: term-quantize-data
func.func @second(%x: tensor<2x8xi8>, %acc: tensor<2x8xi32>) -> tensor<2x8xi32> {
  %w0 = arith.constant dense<[[27, 9], [1, 0]]> : tensor<2x2xi8>
  %w1 = arith.constant dense<[[9, 27], [1, 0]]> : tensor<2x2xi8>
  %0 = linalg.matmul ins(%w0, %x : tensor<2x2xi8>, tensor<2x8xi8>)
                     outs(%acc : tensor<2x8xi32>) -> tensor<2x8xi32>
  %1 = linalg.matmul ins(%w1, %x : tensor<2x2xi8>, tensor<2x8xi8>)
                     outs(%0 : tensor<2x8xi32>) -> tensor<2x8xi32>
  return %1 : tensor<2x8xi32>
}

// CHECK-DAG: remark: [Missed] term-quantize-weights {{.*}} Function=run_time {{.*}} Reason="no input is a static i8 constant, got tensor<2x2xi8> and tensor<2x8xi8>"
// Both operands of a product of two activations are data.
// CHECK-DAG: remark: [Passed] term-quantize-data {{.*}} Function=run_time {{.*}} Data=2x2, Op=linalg.matmul, TermsPerValue=2
// CHECK-DAG: remark: [Passed] term-quantize-data {{.*}} Function=run_time {{.*}} Data=2x8, Op=linalg.matmul, TermsPerValue=2
func.func @run_time(%w: tensor<2x2xi8>, %x: tensor<2x8xi8>,
                    %acc: tensor<2x8xi32>) -> tensor<2x8xi32> {
  %0 = linalg.matmul ins(%w, %x : tensor<2x2xi8>, tensor<2x8xi8>)
                     outs(%acc : tensor<2x8xi32>) -> tensor<2x8xi32>
  return %0 : tensor<2x8xi32>
}

// CHECK-DAG: remark: [Passed] term-quantize-data {{.*}} Function=half_promised {{.*}} Data=2x8, Op=linalg.matmul, TermsPerValue=2
// CHECK-DAG: remark: [Missed] term-quantize-data {{.*}} Function=half_promised {{.*}} Reason="the data already promises terms, 1 per group of 1"
#one = #colonnade.encoding<terms = <axis = 1, group = 1, budget = 1, digits = naf>>
func.func @half_promised(%a: tensor<2x2xi8, #one>, %x: tensor<2x8xi8>,
                         %acc: tensor<2x8xi32>) -> tensor<2x8xi32> {
  %0 = linalg.matmul ins(%a, %x : tensor<2x2xi8, #one>, tensor<2x8xi8>)
                     outs(%acc : tensor<2x8xi32>) -> tensor<2x8xi32>
  return %0 : tensor<2x8xi32>
}

// The runs of depthwise weights go along a kernel row: 27 + 9 lose 1 and 1.
// CHECK-DAG: remark: [Passed] term-quantize-weights {{.*}} Function=depthwise {{.*}} Changed="50.0 %", {{.*}} Op=linalg.depthwise_conv_2d_nchw_chw, {{.*}} Weights=2x1x2
func.func @depthwise(%x: tensor<1x2x1x3xi8>, %acc: tensor<1x2x1x2xi32>)
    -> tensor<1x2x1x2xi32> {
  %w = arith.constant dense<[[[27, 9]], [[1, 0]]]> : tensor<2x1x2xi8>
  %0 = linalg.depthwise_conv_2d_nchw_chw
      ins(%x, %w : tensor<1x2x1x3xi8>, tensor<2x1x2xi8>)
      outs(%acc : tensor<1x2x1x2xi32>) -> tensor<1x2x1x2xi32>
  return %0 : tensor<1x2x1x2xi32>
}

// CHECK-DAG: remark: [Missed] term-quantize-data {{.*}} Function=wide_data {{.*}} Reason="expected data of type i8, got tensor<2x8xi32>"
func.func @wide_data(%x: tensor<2x8xi32>, %acc: tensor<2x8xi32>)
    -> tensor<2x8xi32> {
  %w = arith.constant dense<[[27, 9], [1, 0]]> : tensor<2x2xi8>
  %0 = linalg.matmul ins(%w, %x : tensor<2x2xi8>, tensor<2x8xi32>)
                     outs(%acc : tensor<2x8xi32>) -> tensor<2x8xi32>
  return %0 : tensor<2x8xi32>
}

// CHECK-DAG: remark: [Missed] term-quantize-weights {{.*}} Function=already {{.*}} Reason="the weights already keep this promise"
// CHECK-DAG: remark: [Missed] term-quantize-data {{.*}} Function=already {{.*}} Reason="the data already promises terms, 3 per group of 1"
#w = #colonnade.encoding<terms = <axis = 1, group = 2, budget = 3, digits = naf>>
#x = #colonnade.encoding<terms = <axis = 1, group = 1, budget = 3, digits = naf>>
func.func @already(%x: tensor<2x8xi8, #x>, %acc: tensor<2x8xi32>)
    -> tensor<2x8xi32> {
  %w = arith.constant dense<[[28, 8], [1, 0]]> : tensor<2x2xi8, #w>
  %0 = linalg.matmul ins(%w, %x : tensor<2x2xi8, #w>, tensor<2x8xi8, #x>)
                     outs(%acc : tensor<2x8xi32>) -> tensor<2x8xi32>
  return %0 : tensor<2x8xi32>
}
