//===- ConstantEvaluatorTest.cpp - Shape arithmetic at import time --------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Nodes on constants leave constants behind, with the elements that ONNX
// defines; what only looks like shape arithmetic stays in the program.
//
//===----------------------------------------------------------------------===//

#include "ImportedModel.h"
#include <random>

using namespace mlir;
using namespace colonnade;
using namespace colonnade::test;

/// The elements of a model that computes one int64 tensor from constants.
static SmallVector<int64_t> evaluate(const std::string &nodes,
                                     const std::string &shape,
                                     int64_t opset = 13) {
  ImportedModel model("main (float[2,3,5,7] x) => (int64[" + shape + "] y) { " +
                          nodes + " }",
                      opset);
  EXPECT_TRUE(model) << model.getErrors();
  if (!model)
    return {};
  DenseElementsAttr elements = model.getConstantResult();
  EXPECT_TRUE(elements) << nodes;
  return elements ? llvm::to_vector(elements.getValues<int64_t>())
                  : SmallVector<int64_t>();
}

static std::string writeList(llvm::ArrayRef<int64_t> values) {
  std::string text = "int64[" + std::to_string(values.size()) + "] {";
  for (auto [index, value] : llvm::enumerate(values))
    text += (index ? "," : "") + std::to_string(value);
  return text + "}";
}

TEST(ConstantEvaluatorTest, ShapesAreConstants) {
  EXPECT_EQ(evaluate("y = Shape(x)", "4"), (SmallVector<int64_t>{2, 3, 5, 7}));
  EXPECT_EQ(evaluate("y = Shape <start = 1, end = -1> (x)", "2", 15),
            (SmallVector<int64_t>{3, 5}));
  EXPECT_EQ(evaluate("n = Size(x) o = Constant <value = int64[1] {1}> () "
                     "y = Reshape(n, o)",
                     "1"),
            (SmallVector<int64_t>{210}));
}

TEST(ConstantEvaluatorTest, TheOpsOfShapeArithmeticFold) {
  const std::string list =
      "i = Constant <value = int64[2] {2,-1}> () s = Shape(x) ";
  EXPECT_EQ(evaluate(list + "y = Gather(s, i)", "2"),
            (SmallVector<int64_t>{5, 7}));
  EXPECT_EQ(evaluate(list + "y = Concat <axis = 0> (i, s, i)", "8"),
            (SmallVector<int64_t>{2, -1, 2, 3, 5, 7, 2, -1}));
  EXPECT_EQ(evaluate(list + "b = Constant <value = int64[1] {3}> () "
                            "e = Constant <value = int64[1] {-9}> () "
                            "a = Constant <value = int64[1] {0}> () "
                            "t = Constant <value = int64[1] {-2}> () "
                            "y = Slice(s, b, e, a, t)",
                     "2"),
            (SmallVector<int64_t>{7, 3}));
  EXPECT_EQ(evaluate(list + "f = Cast <to = 1> (s) g = Sqrt(f) h = Floor(g) "
                            "y = Cast <to = 7> (h)",
                     "4"),
            (SmallVector<int64_t>{1, 1, 2, 2}));
  EXPECT_EQ(evaluate("n = Constant <value = int64[1] {4}> () s = Shape(x) "
                     "z = ConstantOfShape <value = int64[1] {4}> (n) "
                     "y = Mul(z, s)",
                     "4"),
            (SmallVector<int64_t>{8, 12, 20, 28}));
}

TEST(ConstantEvaluatorTest, ReductionsWhereAndExpandFold) {
  EXPECT_EQ(evaluate("s = Shape(x) y = ReduceProd(s)", "1"),
            (SmallVector<int64_t>{210}));
  EXPECT_EQ(evaluate("s = Shape(x) c = Constant <value = int64[1] {4}> () "
                     "l = Less(s, c) y = Where(l, c, s)",
                     "4"),
            (SmallVector<int64_t>{4, 4, 5, 7}));
  EXPECT_EQ(evaluate("c = Constant <value = int64[1] {4}> () n = Constant "
                     "<value = int64[1] {3}> () y = Expand(c, n)",
                     "3"),
            (SmallVector<int64_t>{4, 4, 4}));
}

TEST(ConstantEvaluatorTest, ArithmeticIsThatOfTheMachine) {
  std::mt19937 random(7);
  std::uniform_int_distribution<int64_t> number(-1000, 1000);
  for (int round = 0; round < 50; ++round) {
    SmallVector<int64_t> a(6), b(6), sum(6), product(6), quotient(6);
    for (int i = 0; i < 6; ++i) {
      a[i] = number(random);
      b[i] = number(random);
      b[i] += b[i] == 0;
      sum[i] = a[i] + b[i];
      product[i] = a[i] * b[i];
      quotient[i] = a[i] / b[i];
    }
    const std::string operands = "a = Constant <value = " + writeList(a) +
                                 "> () b = Constant <value = " + writeList(b) +
                                 "> () ";
    EXPECT_EQ(evaluate(operands + "y = Add(a, b)", "6"), sum);
    EXPECT_EQ(evaluate(operands + "y = Mul(a, b)", "6"), product);
    EXPECT_EQ(evaluate(operands + "y = Div(a, b)", "6"), quotient);
  }
}

TEST(ConstantEvaluatorTest, ReshapeByComputedShapeLeavesOnlyTheReshape) {
  ImportedModel model(
      "main (float[2,3,5,7] x) => (float[2,105] y) { s = Shape(x) "
      "i = Constant <value = int64[1] {0}> () n = Gather(s, i) "
      "m = Constant <value = int64[1] {-1}> () t = Concat <axis = 0> (n, m) "
      "y = Reshape(x, t) }");
  ASSERT_TRUE(model) << model.getErrors();
  EXPECT_EQ(model.getType(), "(tensor<2x3x5x7xf32>) -> tensor<2x105xf32>");
  EXPECT_EQ(model.countOps("arith.constant"), 0u);
  EXPECT_EQ(model.countOps("linalg.generic"), 0u);
}

TEST(ConstantEvaluatorTest, DataStaysInTheProgram) {
  ImportedModel model("main (float[4] x) => (float[4] y) { c = Constant <value "
                      "= float[4] {1,2,3,4}> () y = Mul(x, c) }");
  ASSERT_TRUE(model) << model.getErrors();
  EXPECT_FALSE(model.getConstantResult());
  EXPECT_EQ(model.countOps("arith.mulf"), 1u);
}
