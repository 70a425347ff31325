// Ranges are kept in a file under the layers' names, and read back; bits of
// weights come from a policy.

// RUN: colonnade-opt %s --colonnade-quantize="calibration=%data/calibration.npy calibration-limit=4 save-ranges=%t.json" -o %t.measured.mlir
// RUN: FileCheck %s --check-prefix=FILE < %t.json
// RUN: colonnade-opt %s --colonnade-quantize="ranges=%t.json save-ranges=%t.again.json" -o %t.loaded.mlir
// RUN: diff %t.measured.mlir %t.loaded.mlir
// RUN: diff %t.json %t.again.json
// FILE: {
// FILE-NEXT: "ranges": {
// FILE-NEXT: "pixels": 1,
// FILE-NEXT: "/fc/MatMul": {{[0-9.]+}},
// FILE-NEXT: "linalg.matmul": {{[0-9.]+}}
// FILE-NEXT: }

// Other methods give no larger ranges, and the results their largest one.
// RUN: colonnade-opt %s --colonnade-quantize="calibration=%data/calibration.npy calibration-limit=4 calibration-method=percentile percentile=50 save-ranges=%t.half.json" -o /dev/null
// RUN: FileCheck %s --check-prefix=HALF < %t.half.json
// HALF: "pixels": 0
// RUN: colonnade-opt %s --colonnade-quantize="calibration=%data/calibration.npy calibration-limit=4 calibration-method=mse save-ranges=%t.mse.json" -o /dev/null
// RUN: FileCheck %s --check-prefix=MSE < %t.mse.json
// MSE: "pixels": {{1|0\.[0-9]+}},

// Neither do the ranges depend on how many threads share the images.
// RUN: colonnade-opt %s --mlir-disable-threading --colonnade-quantize="calibration=%data/calibration.npy calibration-limit=5 calibration-method=mse save-ranges=%t.one.json" -o /dev/null
// RUN: colonnade-opt %s --colonnade-quantize="calibration=%data/calibration.npy calibration-limit=5 calibration-method=mse save-ranges=%t.many.json" -o /dev/null
// RUN: diff %t.one.json %t.many.json

// Nothing is measured for a network that nobody looks at.
// RUN: colonnade-opt %s --colonnade-quantize="default-range=127" | FileCheck %s --check-prefix=DEFAULT
// DEFAULT: %{{.*}}: tensor<1x784xi8> {colonnade.scale = 1.000000e+00 : f64}
// RUN: echo '{"ranges": {"pixels": 254}}' > %t.some.json
// RUN: colonnade-opt %s --colonnade-quantize="ranges=%t.some.json default-range=127" | FileCheck %s --check-prefix=SOME
// SOME: %{{.*}}: tensor<1x784xi8> {colonnade.scale = 2.000000e+00 : f64}

// The progress is shown when asked for.
// RUN: colonnade-opt %s --colonnade-quantize="calibration=%data/calibration.npy calibration-limit=4 progress" -o /dev/null 2>&1 | FileCheck %s --check-prefix=PROGRESS
// PROGRESS: calibrating [==============================] 4/4

// Four bits: of weights up to 7, those of one magnitude are 4; of 127, 64.
// RUN: echo '{"layers": [{"name": "/fc/*", "bits": 4}]}' > %t.policy.json
// RUN: colonnade-opt %s --colonnade-quantize="default-range=1 policy=%t.policy.json" | FileCheck %s --check-prefix=BITS
// BITS: dense<4> : tensor<784x2xi8>
// BITS: dense<64> : tensor<2x3xi8>

// RUN: not colonnade-opt %s --colonnade-quantize="calibration=%data/calibration.npy ranges=%t.json" 2>&1 | FileCheck %s --check-prefix=BOTH
// BOTH: error: calibration= measures all ranges: ranges= and default-range= cannot be given with it
// RUN: not colonnade-opt %s --colonnade-quantize="calibration=%data/calibration.npy percentile=0" 2>&1 | FileCheck %s --check-prefix=PERCENT
// PERCENT: error: expected percentile above 0 and up to 100, got 0
// RUN: not colonnade-opt %s --colonnade-quantize="calibration=%data/calibration.npy calibration-method=median" 2>&1 | FileCheck %s --check-prefix=METHOD
// METHOD: median
// RUN: not colonnade-opt %s --colonnade-quantize="default-range=nan" 2>&1 | FileCheck %s --check-prefix=NAN
// NAN: error: expected a finite default-range of at least 0 (0: none), got nan
// RUN: not colonnade-opt %s --colonnade-quantize="calibration=%data/calibration.npy patches=-1" 2>&1 | FileCheck %s --check-prefix=PATCHES
// PATCHES: error: expected patches of a side of at least 0 (0: none), got -1
// RUN: not colonnade-opt %s --colonnade-quantize="calibration=%data/calibration.npy patches=4" 2>&1 | FileCheck %s --check-prefix=PATCH-SHAPE
// PATCH-SHAPE: error: cannot calibrate: {{.*}}expected patches that make the network's input [1, 784], got 49 patches of 16 elements from images of [28, 28]
// RUN: not colonnade-opt %s --colonnade-quantize="default-range=1 save-ranges=%t.no/folder.json" 2>&1 | FileCheck %s --check-prefix=SAVE
// SAVE: error: cannot save ranges: {{.*}}folder.json
// RUN: not colonnade-opt %s --colonnade-quantize=ranges=%t.none 2>&1 | FileCheck %s --check-prefix=MISSING
// MISSING: {{.*}}.none:1:1: error: cannot read ranges:
// RUN: echo '{' > %t.bad && not colonnade-opt %s --colonnade-quantize=ranges=%t.bad 2>&1 | FileCheck %s --check-prefix=SYNTAX
// SYNTAX: {{.*}}.bad:1:1: error: not a JSON file of ranges: [
// RUN: echo '{"range": {}}' > %t.bad && not colonnade-opt %s --colonnade-quantize=ranges=%t.bad 2>&1 | FileCheck %s --check-prefix=FORM
// FORM: {{.*}}.bad:1:1: error: expected {"ranges": {"<layer>": <range>, ...}}
// RUN: echo '{"ranges": {"pixel": 1}}' > %t.bad && not colonnade-opt %s --colonnade-quantize=ranges=%t.bad 2>&1 | FileCheck %s --check-prefix=UNKNOWN
// UNKNOWN: {{.*}}.bad:1:1: error: ranges.pixel: no value of the network has this name
// RUN: echo '{"ranges": {"pixels": -1}}' > %t.bad && not colonnade-opt %s --colonnade-quantize="ranges=%t.bad default-range=1" 2>&1 | FileCheck %s --check-prefix=NEGATIVE
// NEGATIVE: {{.*}}.bad:1:1: error: ranges.pixels: expected a finite number of at least 0, got -1
// RUN: echo '{"ranges": {"pixels": 1e999}}' > %t.bad && not colonnade-opt %s --colonnade-quantize="ranges=%t.bad default-range=1" 2>&1 | FileCheck %s --check-prefix=INFINITE
// INFINITE: {{.*}}.bad:1:1: error:
// RUN: echo '{"ranges": {"pixels": 1}}' > %t.bad && not colonnade-opt %s --colonnade-quantize=ranges=%t.bad 2>&1 | FileCheck %s --check-prefix=INCOMPLETE
// INCOMPLETE: error: loc("/fc/MatMul"): {{.*}}.bad has no range for '/fc/MatMul': measure again, or give default-range=

func.func @main(%x: tensor<1x784xf32> loc("pixels")) -> tensor<1x3xf32> {
  %zero = arith.constant 0.0 : f32
  %w = arith.constant dense<0.5> : tensor<784x2xf32>
  %v = arith.constant dense<0.25> : tensor<2x3xf32>
  %empty = tensor.empty() : tensor<1x2xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<1x2xf32>) -> tensor<1x2xf32>
  %0 = linalg.matmul ins(%x, %w : tensor<1x784xf32>, tensor<784x2xf32>) outs(%init : tensor<1x2xf32>) -> tensor<1x2xf32> loc("/fc/MatMul")
  %empty1 = tensor.empty() : tensor<1x3xf32>
  %init1 = linalg.fill ins(%zero : f32) outs(%empty1 : tensor<1x3xf32>) -> tensor<1x3xf32>
  %1 = linalg.matmul ins(%0, %v : tensor<1x2xf32>, tensor<2x3xf32>) outs(%init1 : tensor<1x3xf32>) -> tensor<1x3xf32>
  return %1 : tensor<1x3xf32>
}
