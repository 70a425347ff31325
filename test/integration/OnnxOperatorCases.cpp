//===- OnnxOperatorCases.cpp - A small network for each operator ----------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Nodes in ONNX's text form, from a to b.
//
//===----------------------------------------------------------------------===//

#include "OnnxOperatorCases.h"
#include "ImportedModel.h"

using namespace colonnade::test;

static const OperatorCase kCases[] = {
    // Contractions.
    {"Conv", "b = Conv <strides = [2,2], pads = [1,1,1,1]> (a, v)",
     "float[5,4,3,3] v"},
    {"ConvDilated", "b = Conv <dilations = [2,2]> (a, v)", "float[5,4,3,3] v"},
    {"ConvGroups", "b = Conv <group = 2> (a, v, c)",
     "float[6,2,3,3] v, float[6] c"},
    {"ConvDepthwise", "b = Conv <group = 4, auto_pad = \"SAME_UPPER\"> (a, v)",
     "float[4,1,3,3] v"},
    {"Conv1D",
     "s = Constant <value_ints = [1,4,36]> ()\n"
     "r = Reshape(a, s)\n"
     "b = Conv <strides = [2], pads = [1,1]> (r, v)",
     "float[6,4,3] v"},
    {"ConvTranspose", "b = ConvTranspose <strides = [2,2]> (a, v)",
     "float[4,3,3,3] v"},
    {"Gemm",
     "f = Flatten(a)\n"
     "b = Gemm <transB = 1, alpha = 0.5, beta = 2.0> (f, v, c)",
     "float[7,144] v, float[7] c"},
    {"MatMul", "b = MatMul(a, v)", "float[6,5] v"},
    {"MatMulBatched", "b = MatMul(a, v)", "float[4,6,5] v"},
    {"MatMulOfActivations", "t = Transpose <perm = [0,1,3,2]> (a)\n"
                            "b = MatMul(a, t)"},
    // Normalization and activations.
    {"BatchNormalization", "b = BatchNormalization(a, s, c, m, v)",
     "float[4] s, float[4] c, float[4] m, float[4] v"},
    {"LayerNormalization", "b = LayerNormalization <axis = -1> (a, s, c)",
     "float[6] s, float[6] c"},
    {"Relu", "b = Relu(a)"},
    {"LeakyRelu", "b = LeakyRelu <alpha = 0.1> (a)"},
    {"PRelu", "b = PRelu(a, s)", "float[4,1,1] s"},
    {"Clip", "l = Constant <value_float = -0.5> ()\n"
             "h = Constant <value_float = 1.5> ()\n"
             "b = Clip(a, l, h)"},
    {"Sigmoid", "b = Sigmoid(a)"},
    {"HardSigmoid", "b = HardSigmoid(a)"},
    {"HardSwish", "b = HardSwish(a)"},
    {"Tanh", "b = Tanh(a)"},
    {"Erf", "b = Erf(a)"},
    {"Gelu", "r = Constant <value_float = 1.4142135> ()\n"
             "h = Constant <value_float = 0.5> ()\n"
             "i = Constant <value_float = 1.0> ()\n"
             "d = Div(a, r)\n"
             "e = Erf(d)\n"
             "f = Add(e, i)\n"
             "g = Mul(a, f)\n"
             "b = Mul(g, h)"},
    {"Softmax", "b = Softmax <axis = -1> (a)"},
    {"LogSoftmax", "b = LogSoftmax <axis = 1> (a)"},
    // Elementwise.
    {"Add", "b = Add(a, c)", "float[4,1,6] c"},
    {"AddResidual", "r = Relu(a)\nb = Add(a, r)"},
    {"Sub", "r = Relu(a)\nb = Sub(r, a)"},
    {"Mul", "r = Relu(a)\nb = Mul(a, r)"},
    {"Div", "o = Constant <value_float = 1.5> ()\n"
            "s = Sigmoid(a)\n"
            "t = Add(s, o)\n"
            "b = Div(a, t)"},
    {"Pow", "p = Constant <value_float = 2.0> ()\nb = Pow(a, p)"},
    {"Sqrt", "r = Abs(a)\nb = Sqrt(r)"},
    {"Neg", "b = Neg(a)"},
    {"Exp", "n = Abs(a)\nm = Neg(n)\nb = Exp(m)"},
    {"Log", "o = Constant <value_float = 1.0> ()\n"
            "n = Abs(a)\n"
            "m = Add(n, o)\n"
            "b = Log(m)"},
    {"Min", "n = Neg(a)\nb = Min(a, n)"},
    {"Max", "b = Max(a, c)", "float[6] c"},
    {"Abs", "b = Abs(a)"},
    {"WhereGreater", "z = Constant <value_float = 0.25> ()\n"
                     "g = Greater(a, z)\n"
                     "n = Neg(a)\n"
                     "b = Where(g, a, n)"},
    {"WhereLess", "z = Constant <value_float = -0.25> ()\n"
                  "l = Less(a, z)\n"
                  "b = Where(l, z, a)"},
    {"WhereEqual", "r = Relu(a)\n"
                   "e = Equal(a, r)\n"
                   "n = Neg(a)\n"
                   "b = Where(e, a, n)"},
    {"Cast",
     "z = Constant <value_float = 0.25> ()\n"
     "g = Greater(a, z)\n"
     "f = Cast <to = 1> (g)\n"
     "b = Mul(a, f)",
     "", 10},
    // Reductions and pooling.
    {"ReduceMean", "b = ReduceMean <axes = [2,3]> (a)"},
    {"ReduceSum", "x2 = Constant <value_ints = [3]> ()\n"
                  "b = ReduceSum(a, x2)"},
    {"ReduceMax", "b = ReduceMax <axes = [1], keepdims = 0> (a)"},
    {"ReduceMin", "b = ReduceMin <axes = [2]> (a)"},
    {"MaxPool",
     "b = MaxPool <kernel_shape = [3,3], strides = [2,2], pads = [1,1,1,1]> "
     "(a)"},
    {"AveragePool", "b = AveragePool <kernel_shape = [3,3], strides = [2,2], "
                    "pads = [1,1,1,1]> (a)"},
    {"AveragePoolCountingPads",
     "b = AveragePool <kernel_shape = [2,2], count_include_pad = 1, "
     "pads = [1,1,0,0]> (a)"},
    {"GlobalAveragePool", "b = GlobalAveragePool(a)"},
    {"GlobalMaxPool", "b = GlobalMaxPool(a)"},
    // Movement.
    {"Flatten", "b = Flatten <axis = 2> (a)"},
    {"Reshape", "s = Constant <value_ints = [0,2,-1,3]> ()\nb = Reshape(a, s)"},
    {"Transpose", "b = Transpose <perm = [0,2,3,1]> (a)"},
    {"SqueezeUnsqueeze", "z = Constant <value_ints = [0]> ()\n"
                         "l = Constant <value_ints = [-1]> ()\n"
                         "s = Squeeze(a, z)\n"
                         "b = Unsqueeze(s, l)"},
    {"Concat", "r = Relu(a)\nb = Concat <axis = 1> (a, r)"},
    {"Split", "n = Constant <value_ints = [1,3]> ()\n"
              "p, q = Split <axis = 1> (a, n)\n"
              "b = Mul(p, q)"},
    {"Slice", "s = Constant <value_ints = [1,5]> ()\n"
              "e = Constant <value_ints = [3,-7]> ()\n"
              "x2 = Constant <value_ints = [1,3]> ()\n"
              "t = Constant <value_ints = [1,-2]> ()\n"
              "b = Slice(a, s, e, x2, t)"},
    {"Pad", "p = Constant <value_ints = [0,1,0,2,0,0,1,0]> ()\n"
            "v2 = Constant <value_float = 0.5> ()\n"
            "b = Pad(a, p, v2)"},
    {"PadReflect", "p = Constant <value_ints = [0,0,1,2,0,0,1,0]> ()\n"
                   "b = Pad <mode = \"reflect\"> (a, p)"},
    {"Gather", "i = Constant <value_ints = [5,0,0,2,4]> ()\n"
               "b = Gather <axis = 3> (a, i)"},
    {"GatherOne", "i = Constant <value_int = -1> ()\n"
                  "b = Gather <axis = 2> (a, i)"},
    {"Expand", "p = Constant <value_ints = [0,1,0,0,0,0,0,0]> ()\n"
               "m = ReduceMean <axes = [2]> (a)\n"
               "s = Constant <value_ints = [2,4,3,6]> ()\n"
               "b = Expand(m, s)"},
    {"Tile", "r = Constant <value_ints = [1,2,1,2]> ()\nb = Tile(a, r)"},
    {"ResizeNearest", "s = Constant <value_floats = [1.0,1.0,2.0,1.5]> ()\n"
                      "b = Resize <mode = \"nearest\"> (a, , s)"},
    {"ResizeLinear", "s = Constant <value_floats = [1.0,1.0,2.0,0.5]> ()\n"
                     "b = Resize <mode = \"linear\"> (a, , s)"},
    {"Identity", "b = Identity(a)"},
    {"Dropout", "b = Dropout(a)"},
    {"ConstantOfShape", "s = Shape(a)\n"
                        "z = ConstantOfShape(s)\n"
                        "b = Max(a, z)"},
    // Recurrence: 3 steps of a batch of 8 rows.
    {"LSTM",
     "s = Constant <value_ints = [3,8,6]> ()\n"
     "r = Reshape(a, s)\n"
     "b, h, k = LSTM <hidden_size = 3> (r, v, u, c)",
     "float[1,12,6] v, float[1,12,3] u, float[1,24] c", 15},
    {"GRU",
     "s = Constant <value_ints = [3,8,6]> ()\n"
     "r = Reshape(a, s)\n"
     "b, h = GRU <hidden_size = 3> (r, v, u, c)",
     "float[1,9,6] v, float[1,9,3] u, float[1,18] c", 15},
};

llvm::ArrayRef<OperatorCase> colonnade::test::getOperatorCases() {
  return kCases;
}

void colonnade::test::PrintTo(const OperatorCase &c, std::ostream *stream) {
  *stream << c.nodes << " with " << c.weights;
}

/// The network up to b, as a row, and `body`.
static std::string makeGraph(const OperatorCase &c, const std::string &inputs,
                             const std::string &result,
                             const std::string &body) {
  return "main (float[1,3,6,6] x, float[4,3,3,3] first" + inputs +
         (c.weights.empty() ? "" : ", " + c.weights) + ") => (" + result +
         ") {\na = Conv <pads = [1,1,1,1]> (x, first)\n" + c.nodes +
         "\nrow = Flatten <axis = 0> (b)" + body + "\n}";
}

/// How many elements b has, as imported; a failed expectation if it is not.
static int64_t countElements(const OperatorCase &c) {
  ImportedModel model(makeGraph(c, "", "float[1,n] row", ""), kOperatorOpset);
  return model ? mlir::cast<mlir::RankedTensorType>(model.getResult().getType())
                     .getNumElements()
               : 0;
}

std::string colonnade::test::getGraph(const OperatorCase &c) {
  std::string last = ", float[" + std::to_string(countElements(c)) + ",5] last";
  return makeGraph(c, last, "float[1,5] y", "\ny = MatMul(row, last)");
}
