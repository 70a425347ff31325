// RUN: colonnade-opt %s --colonnade-make-reversible | FileCheck %s
// RUN: colonnade-opt %s --colonnade-make-reversible=fraction=16 | FileCheck %s --check-prefix=FIXED
// RUN: colonnade-opt %s --colonnade-make-reversible --remarks-filter=colonnade -o /dev/null 2>&1 | FileCheck %s --check-prefix=REMARK
// RUN: colonnade-opt %s --colonnade-make-reversible --colonnade-make-reversible | FileCheck %s
// RUN: not colonnade-opt %s --colonnade-make-reversible=fraction=-1 2>&1 | FileCheck %s --check-prefix=FEW
// RUN: not colonnade-opt %s --colonnade-make-reversible=fraction=32 2>&1 | FileCheck %s --check-prefix=MANY

// FEW: error: expected fraction in [0, 31], got -1
// MANY: error: expected fraction in [0, 31], got 32

#id = affine_map<(i, j) -> (i, j)>

// The example of the pass: two blocks are one coupling, whose results' mean is
// the end of the chain.
// CHECK-LABEL: func.func @pair
// CHECK-SAME: (%[[H:.+]]: tensor<4x8xf32>)
// CHECK: %[[A:.+]], %[[B:.+]] = colonnade.reversible additive %[[H]], %[[H]] : tensor<4x8xf32>
// CHECK: f(%[[X2:.+]]: tensor<4x8xf32>)
// CHECK: %[[E:.+]] = tensor.empty
// CHECK: %[[F:.+]] = linalg.tanh ins(%[[X2]] : tensor<4x8xf32>) outs(%[[E]]
// CHECK: colonnade.yield %[[F]]
// CHECK: g(%[[Y1:.+]]: tensor<4x8xf32>)
// CHECK: %[[G:.+]] = linalg.exp ins(%[[Y1]]
// CHECK: colonnade.yield %[[G]]
// CHECK: %[[MEAN:.+]] = linalg.generic {{.*}} ins(%[[A]], %[[B]]
// CHECK: arith.addf
// CHECK: arith.mulf
// CHECK: return %[[MEAN]]

// FIXED-LABEL: func.func @pair
// FIXED-SAME: (%[[H:.+]]: tensor<4x8xf32>)
// FIXED: %[[Q:.+]] = colonnade.to_fixed %[[H]] : tensor<4x8xf32> to tensor<4x8xi32, #[[FIXED:.+]]>
// FIXED: %[[A:.+]], %[[B:.+]] = colonnade.reversible additive %[[Q]], %[[Q]] : tensor<4x8xi32, #[[FIXED]]>
// FIXED: f(%{{.+}}: tensor<4x8xf32>)
// FIXED: %[[X:.+]] = colonnade.from_fixed %[[A]]
// FIXED: %[[Y:.+]] = colonnade.from_fixed %[[B]]
// FIXED: linalg.generic {{.*}} ins(%[[X]], %[[Y]]

// REMARK: make-reversible.mlir:[[@LINE+6]]:{{.*}} remark: [Passed] make-reversible{{.*}}Function=pair{{.*}}Block="1 of 2", Op=linalg.add, Parameters=0, Streams=4x8
// REMARK: remark: [Passed] make-reversible{{.*}}Function=pair{{.*}}Block="2 of 2"
func.func @pair(%h: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %e = tensor.empty() : tensor<4x8xf32>
  %f = linalg.tanh ins(%h : tensor<4x8xf32>) outs(%e : tensor<4x8xf32>) -> tensor<4x8xf32>
  // Shared by all: copied into the regions.
  %h1 = linalg.add ins(%h, %f : tensor<4x8xf32>, tensor<4x8xf32>) outs(%e : tensor<4x8xf32>) -> tensor<4x8xf32>
  %g = linalg.exp ins(%h1 : tensor<4x8xf32>) outs(%e : tensor<4x8xf32>) -> tensor<4x8xf32>
  %h2 = linalg.add ins(%h1, %g : tensor<4x8xf32>, tensor<4x8xf32>) outs(%e : tensor<4x8xf32>) -> tensor<4x8xf32>
  return %h2 : tensor<4x8xf32>
}

// The activation function behind a sum goes to the front of the next branch, and
// behind the mean. Three blocks: a coupling and one without g. Weights stay where
// they are.
// CHECK-LABEL: func.func @activation
// CHECK-SAME: (%[[H:.+]]: tensor<4x8xf32>)
// CHECK-DAG: %[[W:.+]] = arith.constant dense<{{.*}}> : tensor<8x8xf32>
// CHECK: %[[A1:.+]], %[[B1:.+]] = colonnade.reversible additive %[[H]], %[[H]]
// CHECK: f(%[[X:.+]]: tensor<4x8xf32>)
// CHECK-NOT: arith.maximumf
// CHECK: %[[P:.+]] = linalg.matmul ins(%[[X]], %[[W]]
// CHECK: colonnade.yield %[[P]]
// CHECK: g(%[[Y:.+]]: tensor<4x8xf32>)
// CHECK: %[[R:.+]] = linalg.generic {{.*}} ins(%[[Y]]
// CHECK: arith.maximumf
// CHECK: %[[T:.+]] = linalg.tanh ins(%[[R]]
// CHECK: colonnade.yield %[[T]]
// CHECK: %[[A2:.+]], %[[B2:.+]] = colonnade.reversible additive %[[A1]], %[[B1]]
// CHECK: arith.maximumf
// CHECK: linalg.exp
// CHECK: colonnade.yield
// CHECK-NOT: g(
// CHECK: %[[MEAN:.+]] = linalg.generic {{.*}} ins(%[[A2]], %[[B2]]
// CHECK: %[[END:.+]] = arith.maximumf %[[MEAN]]
// CHECK: return %[[END]]

// REMARK: Function=activation{{.*}}Block="1 of 3"{{.*}}Parameters=64
// REMARK: Function=activation{{.*}}Block="2 of 3"{{.*}}Parameters=0
// REMARK: Function=activation{{.*}}Block="3 of 3"
func.func @activation(%h: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %w = arith.constant dense<0.5> : tensor<8x8xf32>
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<4x8xf32>
  %z = linalg.fill ins(%zero : f32) outs(%e : tensor<4x8xf32>) -> tensor<4x8xf32>
  %p = linalg.matmul ins(%h, %w : tensor<4x8xf32>, tensor<8x8xf32>) outs(%z : tensor<4x8xf32>) -> tensor<4x8xf32>
  %s1 = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%p, %h : tensor<4x8xf32>, tensor<4x8xf32>) outs(%e : tensor<4x8xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %s = arith.addf %a, %b : f32
    linalg.yield %s : f32
  } -> tensor<4x8xf32>
  %h1 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%s1 : tensor<4x8xf32>) outs(%e : tensor<4x8xf32>) {
  ^bb0(%a: f32, %o: f32):
    %m = arith.maximumf %a, %zero : f32
    linalg.yield %m : f32
  } -> tensor<4x8xf32>
  %t = linalg.tanh ins(%h1 : tensor<4x8xf32>) outs(%e : tensor<4x8xf32>) -> tensor<4x8xf32>
  %s2 = arith.addf %t, %h1 : tensor<4x8xf32>
  %zeros = arith.constant dense<0.0> : tensor<4x8xf32>
  %h2 = arith.maximumf %s2, %zeros : tensor<4x8xf32>
  %x = linalg.exp ins(%h2 : tensor<4x8xf32>) outs(%e : tensor<4x8xf32>) -> tensor<4x8xf32>
  %s3 = arith.addf %h2, %x : tensor<4x8xf32>
  %h3 = arith.maximumf %s3, %zeros : tensor<4x8xf32>
  return %h3 : tensor<4x8xf32>
}

// The first stream of a single block is the plain network.
// CHECK-LABEL: func.func @single
// CHECK: %[[A:.+]], %{{.+}} = colonnade.reversible additive %[[H:.+]], %[[H]]
// CHECK-NOT: linalg.generic
// CHECK: return %[[A]]
// REMARK: Function=single{{.*}}Block="1 of 1"
func.func @single(%h: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %e = tensor.empty() : tensor<4x8xf32>
  %f = linalg.tanh ins(%h : tensor<4x8xf32>) outs(%e : tensor<4x8xf32>) -> tensor<4x8xf32>
  %h1 = linalg.add ins(%h, %f : tensor<4x8xf32>, tensor<4x8xf32>) outs(%e : tensor<4x8xf32>) -> tensor<4x8xf32>
  return %h1 : tensor<4x8xf32>
}

// What something else reads, here the result of the first block, ends a chain.
// CHECK-LABEL: func.func @read_between
// CHECK-SAME: (%[[H:.+]]: tensor<4x8xf32>)
// CHECK: %[[A:.+]], %{{.+}} = colonnade.reversible additive %[[H]], %[[H]]
// CHECK: %[[B:.+]], %{{.+}} = colonnade.reversible additive %[[A]], %[[A]]
// CHECK: return %[[B]], %[[A]]
// REMARK: Function=read_between{{.*}}Block="1 of 1"
// REMARK: Function=read_between{{.*}}Block="1 of 1"
func.func @read_between(%h: tensor<4x8xf32>) -> (tensor<4x8xf32>, tensor<4x8xf32>) {
  %e = tensor.empty() : tensor<4x8xf32>
  %f = linalg.tanh ins(%h : tensor<4x8xf32>) outs(%e : tensor<4x8xf32>) -> tensor<4x8xf32>
  %h1 = arith.addf %h, %f : tensor<4x8xf32>
  %g = linalg.exp ins(%h1 : tensor<4x8xf32>) outs(%e : tensor<4x8xf32>) -> tensor<4x8xf32>
  %h2 = arith.addf %h1, %g : tensor<4x8xf32>
  return %h2, %h1 : tensor<4x8xf32>, tensor<4x8xf32>
}

// Normalizations move into the regions; their statistics are no parameters.
// CHECK-LABEL: func.func @norm
// CHECK: colonnade.reversible
// CHECK: colonnade.batch_norm_inference
// CHECK: colonnade.yield
// REMARK: Function=norm{{.*}}Block="1 of 1"{{.*}}Parameters=16
func.func @norm(%h: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %scale = arith.constant dense<1.0> : tensor<8xf32>
  %offset = arith.constant dense<2.0> : tensor<8xf32>
  %mean = arith.constant dense<3.0> : tensor<8xf32>
  %variance = arith.constant dense<4.0> : tensor<8xf32>
  %n = colonnade.batch_norm_inference %h scale(%scale) offset(%offset) mean(%mean) variance(%variance) axis = 1 epsilon = 1.0e-5 momentum = 0.1 : tensor<4x8xf32>, tensor<8xf32>
  %s = arith.addf %h, %n : tensor<4x8xf32>
  return %s : tensor<4x8xf32>
}

// Of nested blocks the inner ones are converted.
// CHECK-LABEL: func.func @nested
// CHECK: colonnade.reversible
// CHECK-NOT: colonnade.reversible
// CHECK: return
// REMARK: [Missed] make-reversible{{.*}}Function=nested{{.*}}Reason="its branch holds residual blocks or couplings of its own
// REMARK: [Passed] make-reversible{{.*}}Function=nested{{.*}}Block="1 of 2"
// REMARK: [Passed] make-reversible{{.*}}Function=nested{{.*}}Block="2 of 2"
func.func @nested(%h: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %e = tensor.empty() : tensor<4x8xf32>
  %u = linalg.tanh ins(%h : tensor<4x8xf32>) outs(%e : tensor<4x8xf32>) -> tensor<4x8xf32>
  %v = linalg.exp ins(%u : tensor<4x8xf32>) outs(%e : tensor<4x8xf32>) -> tensor<4x8xf32>
  %inner = arith.addf %u, %v : tensor<4x8xf32>
  %w = linalg.tanh ins(%inner : tensor<4x8xf32>) outs(%e : tensor<4x8xf32>) -> tensor<4x8xf32>
  %inner2 = arith.addf %inner, %w : tensor<4x8xf32>
  %x = linalg.exp ins(%inner2 : tensor<4x8xf32>) outs(%e : tensor<4x8xf32>) -> tensor<4x8xf32>
  %outer = arith.addf %h, %x : tensor<4x8xf32>
  return %outer : tensor<4x8xf32>
}

//===----------------------------------------------------------------------===//
// What is left alone, and why
//===----------------------------------------------------------------------===//

// CHECK-NOT: colonnade.reversible

// REMARK: [Missed] make-reversible{{.*}}Function=boundary{{.*}}Op=arith.addf, Reason="a stage boundary or another sum of two branches: neither summand is computed from the other, the result of linalg.exp (4x8) and the result of linalg.tanh (4x8)
func.func @boundary(%h: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %e = tensor.empty() : tensor<4x8xf32>
  %f = linalg.tanh ins(%h : tensor<4x8xf32>) outs(%e : tensor<4x8xf32>) -> tensor<4x8xf32>
  %g = linalg.exp ins(%h : tensor<4x8xf32>) outs(%e : tensor<4x8xf32>) -> tensor<4x8xf32>
  %s = arith.addf %g, %f : tensor<4x8xf32>
  return %s : tensor<4x8xf32>
}

// REMARK: Function=other_activation{{.*}}Reason="the branch reads another activation, argument 1 (4x8)
func.func @other_activation(%h: tensor<4x8xf32>, %y: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %f = arith.mulf %h, %y : tensor<4x8xf32>
  %s = arith.addf %h, %f : tensor<4x8xf32>
  return %s : tensor<4x8xf32>
}

// REMARK: Function=read_inside{{.*}}Reason="the result of arith.mulf (4x8), a value of the branch, is read by func.return too
func.func @read_inside(%h: tensor<4x8xf32>) -> (tensor<4x8xf32>, tensor<4x8xf32>) {
  %f = arith.mulf %h, %h : tensor<4x8xf32>
  %s = arith.addf %h, %f : tensor<4x8xf32>
  return %s, %f : tensor<4x8xf32>, tensor<4x8xf32>
}

// REMARK: Function=itself{{.*}}Reason="the branch is the stream itself
func.func @itself(%h: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %s = arith.addf %h, %h : tensor<4x8xf32>
  return %s : tensor<4x8xf32>
}

// REMARK: Function=half{{.*}}Reason="expected streams of f32 with a static shape and without promises, got tensor<4x8xf16>
func.func @half(%h: tensor<4x8xf16>) -> tensor<4x8xf16> {
  %f = arith.mulf %h, %h : tensor<4x8xf16>
  %s = arith.addf %h, %f : tensor<4x8xf16>
  return %s : tensor<4x8xf16>
}

// REMARK: Function=dynamic{{.*}}Reason="expected streams of f32 with a static shape and without promises, got tensor<?x8xf32>
func.func @dynamic(%h: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %f = arith.mulf %h, %h : tensor<?x8xf32>
  %s = arith.addf %h, %f : tensor<?x8xf32>
  return %s : tensor<?x8xf32>
}

// REMARK: Function=effects{{.*}}Reason="the branch holds func.call, which may have effects
func.func private @opaque(tensor<4x8xf32>) -> tensor<4x8xf32>
func.func @effects(%h: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %f = func.call @opaque(%h) : (tensor<4x8xf32>) -> tensor<4x8xf32>
  %s = arith.addf %h, %f : tensor<4x8xf32>
  return %s : tensor<4x8xf32>
}

// REMARK: Function=frozen{{.*}}Reason="its branch reads frozen weights, which were trained for one stream
func.func @frozen(%h: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %w = arith.constant {colonnade.frozen} dense<0.5> : tensor<4x8xf32>
  %f = arith.mulf %h, %w : tensor<4x8xf32>
  %s = arith.addf %h, %f : tensor<4x8xf32>
  return %s : tensor<4x8xf32>
}

// REMARK: Op=func.func, Reason="expected a function of one block
func.func @blocks(%h: tensor<4x8xf32>) -> tensor<4x8xf32> {
  cf.br ^next
^next:
  return %h : tensor<4x8xf32>
}

// Biases and other sums with constants are no sums of activations: no remark.
// REMARK-NOT: Function=bias
func.func @bias(%h: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %b = arith.constant dense<0.5> : tensor<4x8xf32>
  %s = arith.addf %h, %b : tensor<4x8xf32>
  return %s : tensor<4x8xf32>
}
