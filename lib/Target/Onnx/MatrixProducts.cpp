//===- MatrixProducts.cpp - Gemm and MatMul -------------------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Matrix products in the forms that the compiler behind the importer knows:
// linalg.matmul wherever the right operand is one matrix (weights, as a rule),
// linalg.batch_matmul with one batch dimension otherwise, factors and bias in
// generics of their own.
//
//===----------------------------------------------------------------------===//

#include "MatrixProducts.h"
#include "OperandChecks.h"
#include "TensorBuilders.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Traits.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;

namespace colonnade::onnximport {

static int64_t getProduct(ArrayRef<int64_t> sizes) {
  return llvm::product_of(sizes);
}

template <typename OpTy>
static Value createProduct(ImplicitLocOpBuilder &builder, Value left,
                           Value right, RankedTensorType type) {
  return OpTy::create(builder, TypeRange{type}, ValueRange{left, right},
                      ValueRange{createZeroFilled(builder, type)})
      ->getResult(0);
}

Value createMatrixProduct(ImplicitLocOpBuilder &builder, Value left,
                          Value right, Type elementType) {
  auto type = RankedTensorType::get({getShape(left)[0], getShape(right)[1]},
                                    elementType);
  return createProduct<linalg::MatmulOp>(builder, left, right, type);
}

/// All leading dimensions of the left operand are rows of one matrix.
static Value createRowsProduct(ImplicitLocOpBuilder &builder, Value left,
                               Value right, Type elementType) {
  ArrayRef<int64_t> shape = getShape(left);
  Value rows = createReshape(builder, left,
                             {getProduct(shape.drop_back()), shape.back()});
  Value matrix = createReshape(builder, right, getShape(right).take_back(2));
  return createMatrixProduct(builder, rows, matrix, elementType);
}

/// `value` [batches..., m, n] as [product of `batches`, m, n], repeated where
/// its own batches are 1 or missing.
static Value createBatches(ImplicitLocOpBuilder &builder, Value value,
                           ArrayRef<int64_t> batches) {
  ArrayRef<int64_t> matrix = getShape(value).take_back(2);
  SmallVector<int64_t> full(batches);
  llvm::append_range(full, matrix);
  SmallVector<int64_t> collapsed{getProduct(batches), matrix[0], matrix[1]};
  if (getProduct(full) != getTensorType(value).getNumElements())
    value = createElementwise(builder, getTensorType(value).clone(full),
                              broadcastTo(builder, value, full),
                              [](ImplicitLocOpBuilder &, ValueRange elements) {
                                return elements[0];
                              });
  return createReshape(builder, value, collapsed);
}

static Value createBatchProduct(ImplicitLocOpBuilder &builder, Value left,
                                Value right, ArrayRef<int64_t> batches,
                                Type elementType) {
  Value lefts = createBatches(builder, left, batches);
  Value rights = createBatches(builder, right, batches);
  auto type = RankedTensorType::get(
      {getProduct(batches), getShape(lefts)[1], getShape(rights)[2]},
      elementType);
  return createProduct<linalg::BatchMatmulOp>(builder, lefts, rights, type);
}

/// A vector on the left is a row, one on the right a column.
static SmallVector<int64_t> getMatrixShape(ArrayRef<int64_t> shape,
                                           bool isLeft) {
  if (shape.size() != 1)
    return SmallVector<int64_t>(shape);
  return isLeft ? SmallVector<int64_t>{1, shape[0]}
                : SmallVector<int64_t>{shape[0], 1};
}

/// The batch dimensions of two operands, broadcast; fails if they do not fit.
static FailureOr<SmallVector<int64_t>> getBatches(ArrayRef<int64_t> left,
                                                  ArrayRef<int64_t> right) {
  SmallVector<int64_t> batches;
  if (!OpTrait::util::getBroadcastedShape(left.drop_back(2), right.drop_back(2),
                                          batches))
    return failure();
  return batches;
}

Value createMatMul(ImplicitLocOpBuilder &builder, Value left, Value right,
                   RankedTensorType type) {
  left = createReshape(builder, left, getMatrixShape(getShape(left), true));
  right = createReshape(builder, right, getMatrixShape(getShape(right), false));
  bool isOneMatrix = getProduct(getShape(right).drop_back(2)) == 1;
  Value product =
      isOneMatrix
          ? createRowsProduct(builder, left, right, type.getElementType())
          : createBatchProduct(builder, left, right,
                               *getBatches(getShape(left), getShape(right)),
                               type.getElementType());
  return createReshape(builder, product, type.getShape());
}

LogicalResult checkMatMul(NodeImporter &node, unsigned left, unsigned right) {
  if (failed(requireRank(node, left, 1)) || failed(requireRank(node, right, 1)))
    return failure();
  SmallVector<int64_t> rows =
      getMatrixShape(node.getInputType(left).getShape(), true);
  SmallVector<int64_t> columns =
      getMatrixShape(node.getInputType(right).getShape(), false);
  if (rows.back() != columns[columns.size() - 2])
    return node.reject("multiplies rows of " + Twine(rows.back()) +
                       " elements by columns of " +
                       Twine(columns[columns.size() - 2]));
  FailureOr<SmallVector<int64_t>> batches = getBatches(rows, columns);
  if (failed(batches))
    return node.reject("the batch dimensions of the operands do not broadcast");
  int64_t expected =
      getProduct(*batches) * rows[rows.size() - 2] * columns.back();
  int64_t actual = node.getResultType(0).getNumElements();
  if (expected == actual)
    return success();
  return node.reject("expected a result of " + Twine(expected) +
                     " elements, the model says " + Twine(actual));
}

static LogicalResult importMatMul(NodeImporter &node) {
  if (failed(checkMatMul(node, 0, 1)))
    return failure();
  node.setResult(0, createMatMul(node.builder, node.getInput(0),
                                 node.getInput(1), node.getResultType(0)));
  return success();
}

/// Operand `index` of a Gemm, transposed if the attribute says so.
static Value createGemmOperand(NodeImporter &node, unsigned index,
                               StringRef attribute) {
  Value value = node.getInput(index);
  return node.getInteger(attribute, 0)
             ? createTranspose(node.builder, value, {1, 0})
             : value;
}

/// Rejects shapes that do not multiply, and integers times alpha or beta.
static LogicalResult checkGemm(NodeImporter &node, bool isFloat) {
  if (failed(requireRank(node, 0, 2)) || failed(requireRank(node, 1, 2)))
    return failure();
  SmallVector<int64_t> left(node.getInputType(0).getShape());
  SmallVector<int64_t> right(node.getInputType(1).getShape());
  ArrayRef<int64_t> result = node.getResultType(0).getShape();
  if (left.size() != 2 || right.size() != 2 || result.size() != 2)
    return node.reject("expected operands and result of 2 dimensions, got " +
                       Twine(left.size()) + ", " + Twine(right.size()) +
                       " and " + Twine(result.size()));
  if (node.getInteger("transA", 0))
    std::swap(left[0], left[1]);
  if (node.getInteger("transB", 0))
    std::swap(right[0], right[1]);
  if (left[1] != right[0] || left[0] != result[0] || right[1] != result[1])
    return node.reject("multiplies " + Twine(left[0]) + "x" + Twine(left[1]) +
                       " by " + Twine(right[0]) + "x" + Twine(right[1]) +
                       " to " + Twine(result[0]) + "x" + Twine(result[1]));
  float alpha = node.getFloat("alpha", 1), beta = node.getFloat("beta", 1);
  if (isFloat || (alpha == 1 && beta == 1))
    return success();
  return node.reject(
      llvm::formatv("expected 'alpha' and 'beta' of a product of "
                    "integers to be 1, got {0} and {1}",
                    alpha, beta)
          .str());
}

/// Adds beta * C.
static FailureOr<Value> addGemmBias(NodeImporter &node, Value product) {
  ArrayRef<int64_t> shape = getShape(product);
  if (!broadcastsTo(node.getInputType(2).getShape(), shape))
    return node.reject("operand 2 does not broadcast to the product");
  Value bias =
      createScaleBy(node.builder, node.getInput(2), node.getFloat("beta", 1));
  return createAdd(node.builder, product,
                   broadcastTo(node.builder, bias, shape));
}

static LogicalResult importGemm(NodeImporter &node) {
  Type elementType = node.getResultType(0).getElementType();
  if (failed(checkGemm(node, isa<FloatType>(elementType))))
    return failure();
  Value product =
      createMatrixProduct(node.builder, createGemmOperand(node, 0, "transA"),
                          createGemmOperand(node, 1, "transB"), elementType);
  product = createScaleBy(node.builder, product, node.getFloat("alpha", 1));
  if (node.hasInput(2)) {
    FailureOr<Value> sum = addGemmBias(node, product);
    if (failed(sum))
      return failure();
    product = *sum;
  }
  node.setResult(0, product);
  return success();
}

void addMatrixProductOps(ImportTable &table) {
  table["Gemm"] = importGemm;
  table["MatMul"] = importMatMul;
}

} // namespace colonnade::onnximport
