// What is wrong in a policy is an error at the file that names the key.

// RUN: not colonnade-opt %s --colonnade-term-quantize=policy=%t.missing 2>&1 | FileCheck %s --check-prefix=MISSING
// MISSING: {{.*}}.missing:1:1: error: cannot read layer policy: {{.*}}; shipped policies are paper

// RUN: echo '{"layers": [}' > %t && not colonnade-opt %s --colonnade-term-quantize=policy=%t 2>&1 | FileCheck %s --check-prefix=SYNTAX
// SYNTAX: error: not a JSON policy: [1:{{[0-9]+}}
// RUN: echo '[]' > %t && not colonnade-opt %s --colonnade-term-quantize=policy=%t 2>&1 | FileCheck %s --check-prefix=ARRAY
// ARRAY: error: expected a JSON object with 'layers' and 'default'
// RUN: echo '{"layer": []}' > %t && not colonnade-opt %s --colonnade-term-quantize=policy=%t 2>&1 | FileCheck %s --check-prefix=TOP-KEY
// TOP-KEY: error: unknown key 'layer', expected layers or default
// RUN: echo '{"layers": {}}' > %t && not colonnade-opt %s --colonnade-term-quantize=policy=%t 2>&1 | FileCheck %s --check-prefix=NO-ARRAY
// NO-ARRAY: error: layers: expected an array, got {}
// RUN: echo '{"layers": [{"kind": "first"}, 3]}' > %t && not colonnade-opt %s --colonnade-term-quantize=policy=%t 2>&1 | FileCheck %s --check-prefix=NO-OBJECT
// NO-OBJECT: error: layers[1]: expected an object, got 3
// RUN: echo '{"layers": [{"budget": 3}]}' > %t && not colonnade-opt %s --colonnade-term-quantize=policy=%t 2>&1 | FileCheck %s --check-prefix=NO-NAME
// NO-NAME: error: layers[0]: expected a 'name' or a 'kind' of layers
// RUN: echo '{"layers": [{"kind": "first", "budgets": 3}]}' > %t && not colonnade-opt %s --colonnade-term-quantize=policy=%t 2>&1 | FileCheck %s --check-prefix=KEY
// KEY: error: layers[0]: unknown key 'budgets', expected one of bits, fan_in, conflict_limit, group, budget, data_terms, digits, leave, name, kind
// RUN: echo '{"default": {"name": "conv"}}' > %t && not colonnade-opt %s --colonnade-term-quantize=policy=%t 2>&1 | FileCheck %s --check-prefix=DEFAULT
// DEFAULT: error: default: unknown key 'name', expected one of bits, {{.*}}, leave
// RUN: echo '{"layers": [{"kind": "last"}]}' > %t && not colonnade-opt %s --colonnade-term-quantize=policy=%t 2>&1 | FileCheck %s --check-prefix=KIND
// KIND: error: layers[0].kind: expected one of first, depthwise, squeeze-excite, got "last"
// RUN: echo '{"layers": [{"name": 7}]}' > %t && not colonnade-opt %s --colonnade-term-quantize=policy=%t 2>&1 | FileCheck %s --check-prefix=NAME
// NAME: error: layers[0].name: expected text, got 7
// RUN: echo '{"default": {"bits": 9}}' > %t && not colonnade-opt %s --colonnade-term-quantize=policy=%t 2>&1 | FileCheck %s --check-prefix=BITS
// BITS: error: default.bits: expected an integer from 2 to 8, got 9
// RUN: echo '{"default": {"fan_in": 0}}' > %t && not colonnade-opt %s --colonnade-combine-columns=policy=%t 2>&1 | FileCheck %s --check-prefix=FAN-IN
// FAN-IN: error: default.fan_in: expected an integer from 1 to 255, got 0
// RUN: echo '{"default": {"conflict_limit": -1}}' > %t && not colonnade-opt %s --colonnade-combine-columns=policy=%t 2>&1 | FileCheck %s --check-prefix=LIMIT
// LIMIT: error: default.conflict_limit: expected a number of at least 0, got -1
// RUN: echo '{"default": {"group": 1.5}}' > %t && not colonnade-opt %s --colonnade-term-quantize=policy=%t 2>&1 | FileCheck %s --check-prefix=GROUP
// GROUP: error: default.group: expected an integer from 1 to 65535, got 1.5
// RUN: echo '{"default": {"data_terms": 9}}' > %t && not colonnade-opt %s --colonnade-term-quantize=policy=%t 2>&1 | FileCheck %s --check-prefix=DATA
// DATA: error: default.data_terms: expected an integer from 0 to 8, got 9
// RUN: echo '{"default": {"digits": "ternary"}}' > %t && not colonnade-opt %s --colonnade-term-quantize=policy=%t 2>&1 | FileCheck %s --check-prefix=DIGITS
// DIGITS: error: default.digits: expected one of binary, naf, booth4, hese-msb, got "ternary"
// RUN: echo '{"default": {"leave": "float"}}' > %t && not colonnade-opt %s --colonnade-term-quantize=policy=%t 2>&1 | FileCheck %s --check-prefix=LEAVE
// LEAVE: error: default.leave: expected "8-bit", got "float"
// RUN: echo '{"default": {"leave": "8-bit", "group": 4}}' > %t && not colonnade-opt %s --colonnade-term-quantize=policy=%t 2>&1 | FileCheck %s --check-prefix=LEAVE-AND
// LEAVE-AND: error: default.group: a layer that is left at 8 bits has no settings

// Errors that depend on the network are at the layer or the function.
// RUN: echo '{"layers": [{"name": "/conv9*"}]}' > %t && not colonnade-opt %s --colonnade-term-quantize=policy=%t 2>&1 | FileCheck %s --check-prefix=UNMATCHED
// UNMATCHED: layer-policy-invalid.mlir:[[#@LINE+4]]:1: error: layers[0] of {{.*}}: name '/conv9*' matches no layer of '@main', which has /fc, linalg.matmul
// RUN: echo '{"layers": [{"name": "/fc", "budget": 70}]}' > %t && not colonnade-opt %s --colonnade-term-quantize=policy=%t 2>&1 | FileCheck %s --check-prefix=BUDGET
// BUDGET: error: loc("/fc"): expected budget in [0, 64] for groups of 8, got 70 (layers[0] of {{.*}})

func.func @main(%x: tensor<4x2xi8>, %out: tensor<4x2xi32>) -> (tensor<4x2xi32>, tensor<4x2xi32>) {
  %w = arith.constant dense<[[7, 3], [11, 1]]> : tensor<2x2xi8>
  %0 = linalg.matmul ins(%x, %w : tensor<4x2xi8>, tensor<2x2xi8>) outs(%out : tensor<4x2xi32>) -> tensor<4x2xi32> loc("/fc")
  %1 = linalg.matmul ins(%x, %w : tensor<4x2xi8>, tensor<2x2xi8>) outs(%out : tensor<4x2xi32>) -> tensor<4x2xi32>
  return %0, %1 : tensor<4x2xi32>, tensor<4x2xi32>
}
