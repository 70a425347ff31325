// A hand-written f32 network: two convolutions with a residual sum, a depthwise
// one, average pooling, a fully connected layer and a softmax.
func.func @main(%x: tensor<1x8x8x2xf32>) -> tensor<1x4xf32> {
  %w = "tosa.const"() <{values = dense<[[[[0.5, -0.25]]], [[[1.5, 0.75]]], [[[-1.0, 0.125]]]]> : tensor<3x1x1x2xf32>}> : () -> tensor<3x1x1x2xf32>
  %b = "tosa.const"() <{values = dense<[0.1, -0.2, 0.3]> : tensor<3xf32>}> : () -> tensor<3xf32>
  %z = "tosa.const"() <{values = dense<0.0> : tensor<1xf32>}> : () -> tensor<1xf32>
  %c = tosa.conv2d %x, %w, %b, %z, %z {acc_type = f32, dilation = array<i64: 1, 1>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>} : (tensor<1x8x8x2xf32>, tensor<3x1x1x2xf32>, tensor<3xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x8x8x3xf32>
  %relu = tosa.clamp %c {max_val = 3.40282347E+38 : f32, min_val = 0.0 : f32} : (tensor<1x8x8x3xf32>) -> tensor<1x8x8x3xf32>
  %v = "tosa.const"() <{values = dense<0.0625> : tensor<3x3x3x3xf32>}> : () -> tensor<3x3x3x3xf32>
  %d = tosa.conv2d %relu, %v, %b, %z, %z {acc_type = f32, dilation = array<i64: 1, 1>, pad = array<i64: 1, 1, 1, 1>, stride = array<i64: 1, 1>} : (tensor<1x8x8x3xf32>, tensor<3x3x3x3xf32>, tensor<3xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x8x8x3xf32>
  %sum = tosa.add %d, %relu : (tensor<1x8x8x3xf32>, tensor<1x8x8x3xf32>) -> tensor<1x8x8x3xf32>
  %dw = "tosa.const"() <{values = dense<[[[[0.5], [1.0], [-0.5]], [[0.25], [2.0], [1.0]]], [[[1.0], [-1.0], [0.5]], [[0.125], [0.5], [0.25]]]]> : tensor<2x2x3x1xf32>}> : () -> tensor<2x2x3x1xf32>
  %e = tosa.depthwise_conv2d %sum, %dw, %b, %z, %z {acc_type = f32, dilation = array<i64: 1, 1>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 2, 2>} : (tensor<1x8x8x3xf32>, tensor<2x2x3x1xf32>, tensor<3xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x4x4x3xf32>
  %p = tosa.avg_pool2d %e, %z, %z {acc_type = f32, kernel = array<i64: 4, 4>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>} : (tensor<1x4x4x3xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x1x1x3xf32>
  %s3 = tosa.const_shape {values = dense<[1, 1, 3]> : tensor<3xindex>} : () -> !tosa.shape<3>
  %flat = tosa.reshape %p, %s3 : (tensor<1x1x1x3xf32>, !tosa.shape<3>) -> tensor<1x1x3xf32>
  %fw = "tosa.const"() <{values = dense<[[[0.5, 1.0, -1.0, 0.25], [0.75, -0.5, 0.5, 1.0], [1.0, 0.25, 0.125, -0.75]]]> : tensor<1x3x4xf32>}> : () -> tensor<1x3x4xf32>
  %f = tosa.matmul %flat, %fw, %z, %z : (tensor<1x1x3xf32>, tensor<1x3x4xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x1x4xf32>
  %max = tosa.reduce_max %f {axis = 2 : i32} : (tensor<1x1x4xf32>) -> tensor<1x1x1xf32>
  %sub = tosa.sub %f, %max : (tensor<1x1x4xf32>, tensor<1x1x1xf32>) -> tensor<1x1x4xf32>
  %exp = tosa.exp %sub : (tensor<1x1x4xf32>) -> tensor<1x1x4xf32>
  %total = tosa.reduce_sum %exp {axis = 2 : i32} : (tensor<1x1x4xf32>) -> tensor<1x1x1xf32>
  %inverse = tosa.reciprocal %total : (tensor<1x1x1xf32>) -> tensor<1x1x1xf32>
  %shift = "tosa.const"() <{values = dense<0> : tensor<1xi8>}> : () -> tensor<1xi8>
  %softmax = tosa.mul %exp, %inverse, %shift : (tensor<1x1x4xf32>, tensor<1x1x1xf32>, tensor<1xi8>) -> tensor<1x1x4xf32>
  %s2 = tosa.const_shape {values = dense<[1, 4]> : tensor<2xindex>} : () -> !tosa.shape<2>
  %o = tosa.reshape %softmax, %s2 : (tensor<1x1x4xf32>, !tosa.shape<2>) -> tensor<1x4xf32>
  return %o : tensor<1x4xf32>
}
