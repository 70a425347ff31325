// Policies decide layer by layer, by ONNX name or by kind, and remarks say
// which entry did.

// RUN: colonnade-opt %s --colonnade-term-quantize="group=2 budget=3 data-terms=2 policy=paper" --remarks-filter=colonnade 2>&1 >/dev/null | FileCheck %s --check-prefix=PAPER
// RUN: colonnade-opt %s --colonnade-combine-columns="fan-in=2 conflict-limit=1 policy=paper" --remarks-filter=colonnade 2>&1 >/dev/null | FileCheck %s --check-prefix=COMBINE

// RUN: echo '{"layers": [{"name": "/features/*/Conv", "group": 4, "budget": 1}, {"name": "/head*", "kind": "squeeze-excite", "data_terms": 1, "digits": "binary"}, {"name": "linalg.matmul#1", "budget": 2, "group": 2}], "default": {"leave": "8-bit"}}' > %t.json
// RUN: colonnade-opt %s --colonnade-term-quantize=policy=%t.json --remarks-filter=colonnade 2>&1 >/dev/null | FileCheck %s --check-prefix=FILE
// RUN: colonnade-opt %s --colonnade-term-quantize=policy=%t.json | FileCheck %s --check-prefix=TYPES

// The first layer, the depthwise and the one-pixel convolution stay.
// PAPER-DAG: [Missed] term-quantize-weights {{.*}} Reason="layers[0] of paper leaves it at plain 8 bits"
// PAPER-DAG: [Missed] term-quantize-data {{.*}} Reason="layers[0] of paper leaves it at plain 8 bits"
// PAPER-DAG: [Missed] term-quantize-weights {{.*}} Reason="layers[1] of paper leaves it at plain 8 bits"
// PAPER-DAG: [Missed] term-quantize-weights {{.*}} Reason="layers[2] of paper leaves it at plain 8 bits"
// PAPER-DAG: [Passed] term-quantize-weights {{.*}} Contractions=1, Error={{.*}}, Op=linalg.conv_2d_nchw_fchw
// PAPER-DAG: [Passed] term-quantize-weights {{.*}} Contractions=2, {{.*}} Op=linalg.matmul

// Left at 8 bits, columns are combined only where nothing is lost.
// COMBINE-DAG: [Passed] combine-columns {{.*}} Groups=2, MagnitudeLost="0.0 %", Op=linalg.conv_2d_nchw_fchw, Policy="layers[0] of paper"
// COMBINE-DAG: [Passed] combine-columns {{.*}} Groups=1, MagnitudeLost="41.7 %", Op=linalg.conv_2d_nchw_fchw

// FILE-DAG: [Passed] term-quantize-weights {{.*}} Budget=1, {{.*}} Group=4, Op=linalg.conv_2d_nchw_fchw, Policy="layers[0] of {{.*}}.json"
// FILE-DAG: [Missed] term-quantize-data {{.*}} Reason="layers[0] of {{.*}}.json leaves it at plain 8 bits"
// FILE-DAG: [Passed] term-quantize-data {{.*}} Op=linalg.conv_2d_nchw_fchw, Policy="layers[1] of {{.*}}.json", TermsPerValue=1
// FILE-DAG: [Missed] term-quantize-weights {{.*}} Reason="default of {{.*}}.json leaves it at plain 8 bits"
// FILE-DAG: [Passed] term-quantize-weights {{.*}} Budget=2, {{.*}} Op=linalg.matmul, Policy="layers[2] of {{.*}}.json"

// TYPES: #[[BINARY:.*]] = #colonnade.encoding<terms = <axis = 1, group = 1, budget = 1, digits = binary>>
// TYPES: colonnade.term_quantize {{.*}} to tensor<1x2x1x1xi8, #[[BINARY]]>
func.func @main(%x: tensor<1x2x4x4xi8>, %y: tensor<1x2x1x1xi8>, %z: tensor<4x2xi8>,
                %acc: tensor<1x2x4x4xi32>, %one: tensor<1x2x1x1xi32>, %out: tensor<4x2xi32>)
    -> (tensor<1x2x4x4xi32>, tensor<1x2x4x4xi32>, tensor<1x2x4x4xi32>, tensor<1x2x1x1xi32>, tensor<4x2xi32>, tensor<4x2xi32>) {
  %w = arith.constant dense<[[[[9]], [[7]]], [[[5]], [[3]]]]> : tensor<2x2x1x1xi8>
  %d = arith.constant dense<[[[9]], [[7]]]> : tensor<2x1x1xi8>
  %v = arith.constant dense<[[7, 3], [11, 1]]> : tensor<2x2xi8>
  %0 = linalg.conv_2d_nchw_fchw ins(%x, %w : tensor<1x2x4x4xi8>, tensor<2x2x1x1xi8>) outs(%acc : tensor<1x2x4x4xi32>) -> tensor<1x2x4x4xi32> loc("/features/0/Conv")
  %1 = linalg.depthwise_conv_2d_nchw_chw ins(%x, %d : tensor<1x2x4x4xi8>, tensor<2x1x1xi8>) outs(%acc : tensor<1x2x4x4xi32>) -> tensor<1x2x4x4xi32> loc("/depthwise/Conv")
  %2 = linalg.conv_2d_nchw_fchw ins(%x, %w : tensor<1x2x4x4xi8>, tensor<2x2x1x1xi8>) outs(%acc : tensor<1x2x4x4xi32>) -> tensor<1x2x4x4xi32> loc(fused["/features/1/Conv", "/features/1/BatchNormalization"])
  %3 = linalg.conv_2d_nchw_fchw ins(%y, %w : tensor<1x2x1x1xi8>, tensor<2x2x1x1xi8>) outs(%one : tensor<1x2x1x1xi32>) -> tensor<1x2x1x1xi32> loc("/head/fc")
  %4 = linalg.matmul ins(%z, %v : tensor<4x2xi8>, tensor<2x2xi8>) outs(%out : tensor<4x2xi32>) -> tensor<4x2xi32>
  %5 = linalg.matmul ins(%z, %v : tensor<4x2xi8>, tensor<2x2xi8>) outs(%out : tensor<4x2xi32>) -> tensor<4x2xi32>
  return %0, %1, %2, %3, %4, %5 : tensor<1x2x4x4xi32>, tensor<1x2x4x4xi32>, tensor<1x2x4x4xi32>, tensor<1x2x1x1xi32>, tensor<4x2xi32>, tensor<4x2xi32>
}
