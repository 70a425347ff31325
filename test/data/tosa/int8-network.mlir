// A hand-written int8 network with zero points: convolution, depthwise
// convolution, rescales, clamp, pooling and a fully connected layer.
func.func @main(%x: tensor<1x6x6x2xi8>) -> tensor<1x4xi8> {
  %w = "tosa.const"() <{values = dense<[[[[1, -2]],[[3, 4]]],[[[5, -6]],[[7, 8]]],[[[-9, 10]],[[11, 12]]]]> : tensor<3x2x1x2xi8>}> : () -> tensor<3x2x1x2xi8>
  %b = "tosa.const"() <{values = dense<[10, -20, 30]> : tensor<3xi32>}> : () -> tensor<3xi32>
  %izp = "tosa.const"() <{values = dense<-7> : tensor<1xi8>}> : () -> tensor<1xi8>
  %wzp = "tosa.const"() <{values = dense<0> : tensor<1xi8>}> : () -> tensor<1xi8>
  %c = tosa.conv2d %x, %w, %b, %izp, %wzp {acc_type = i32, dilation = array<i64: 1, 1>, pad = array<i64: 1, 0, 0, 0>, stride = array<i64: 1, 1>} : (tensor<1x6x6x2xi8>, tensor<3x2x1x2xi8>, tensor<3xi32>, tensor<1xi8>, tensor<1xi8>) -> tensor<1x6x6x3xi32>
  %m = "tosa.const"() <{values = dense<[1073741824, 1073741824, 1173741824]> : tensor<3xi32>}> : () -> tensor<3xi32>
  %s = "tosa.const"() <{values = dense<[34, 35, 35]> : tensor<3xi8>}> : () -> tensor<3xi8>
  %z0 = "tosa.const"() <{values = dense<0> : tensor<1xi32>}> : () -> tensor<1xi32>
  %z1 = "tosa.const"() <{values = dense<5> : tensor<1xi8>}> : () -> tensor<1xi8>
  %r = tosa.rescale %c, %m, %s, %z0, %z1 {input_unsigned = false, output_unsigned = false, per_channel = true, rounding_mode = SINGLE_ROUND, scale32 = true} : (tensor<1x6x6x3xi32>, tensor<3xi32>, tensor<3xi8>, tensor<1xi32>, tensor<1xi8>) -> tensor<1x6x6x3xi8>
  %relu = tosa.clamp %r {max_val = 127 : i8, min_val = 5 : i8} : (tensor<1x6x6x3xi8>) -> tensor<1x6x6x3xi8>
  %dw = "tosa.const"() <{values = dense<3> : tensor<3x3x3x1xi8>}> : () -> tensor<3x3x3x1xi8>
  %d = tosa.depthwise_conv2d %relu, %dw, %b, %z1, %wzp {acc_type = i32, dilation = array<i64: 1, 1>, pad = array<i64: 1, 1, 1, 1>, stride = array<i64: 1, 1>} : (tensor<1x6x6x3xi8>, tensor<3x3x3x1xi8>, tensor<3xi32>, tensor<1xi8>, tensor<1xi8>) -> tensor<1x6x6x3xi32>
  %r2 = tosa.rescale %d, %m, %s, %z0, %z1 {input_unsigned = false, output_unsigned = false, per_channel = true, rounding_mode = SINGLE_ROUND, scale32 = true} : (tensor<1x6x6x3xi32>, tensor<3xi32>, tensor<3xi8>, tensor<1xi32>, tensor<1xi8>) -> tensor<1x6x6x3xi8>
  %mp = tosa.max_pool2d %r2 {kernel = array<i64: 2, 2>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 2, 2>} : (tensor<1x6x6x3xi8>) -> tensor<1x3x3x3xi8>
  %p = tosa.avg_pool2d %mp, %z1, %z1 {acc_type = i32, kernel = array<i64: 3, 3>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>} : (tensor<1x3x3x3xi8>, tensor<1xi8>, tensor<1xi8>) -> tensor<1x1x1x3xi8>
  %fw = "tosa.const"() <{values = dense<[[[[1, 2, 3]]],[[[4, -5, 6]]],[[[7, 8, -9]]],[[[1, 1, 1]]]]> : tensor<4x1x1x3xi8>}> : () -> tensor<4x1x1x3xi8>
  %fb = "tosa.const"() <{values = dense<[1, 2, 3, 4]> : tensor<4xi32>}> : () -> tensor<4xi32>
  %f = tosa.conv2d %p, %fw, %fb, %z1, %wzp {acc_type = i32, dilation = array<i64: 1, 1>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>} : (tensor<1x1x1x3xi8>, tensor<4x1x1x3xi8>, tensor<4xi32>, tensor<1xi8>, tensor<1xi8>) -> tensor<1x1x1x4xi32>
  %m1 = "tosa.const"() <{values = dense<1073741824> : tensor<1xi32>}> : () -> tensor<1xi32>
  %s1 = "tosa.const"() <{values = dense<33> : tensor<1xi8>}> : () -> tensor<1xi8>
  %r3 = tosa.rescale %f, %m1, %s1, %z0, %z1 {input_unsigned = false, output_unsigned = false, per_channel = false, rounding_mode = SINGLE_ROUND, scale32 = true} : (tensor<1x1x1x4xi32>, tensor<1xi32>, tensor<1xi8>, tensor<1xi32>, tensor<1xi8>) -> tensor<1x1x1x4xi8>
  %shape = tosa.const_shape {values = dense<[1, 4]> : tensor<2xindex>} : () -> !tosa.shape<2>
  %o = tosa.reshape %r3, %shape : (tensor<1x1x1x4xi8>, !tosa.shape<2>) -> tensor<1x4xi8>
  return %o : tensor<1x4xi8>
}
