//===- Movement.cpp - ONNX ops that move elements -------------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Transposes, concatenations, slices and copies, as the structured ops of the
// tensor dialect wherever one fits: the passes behind turn those into views.
//
//===----------------------------------------------------------------------===//

#include "Axes.h"
#include "ElementwiseImporter.h"
#include "Slices.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/IndexingUtils.h"
#include "llvm/ADT/Sequence.h"

using namespace mlir;
using namespace colonnade::onnximport;
using llvm::Twine;

static LogicalResult importTranspose(NodeImporter &node) {
  int64_t rank = node.getInputType(0).getRank();
  SmallVector<int64_t> permutation = node.getIntegers("perm");
  if (!node.hasAttribute("perm"))
    llvm::append_range(permutation, llvm::reverse(llvm::seq<int64_t>(0, rank)));
  if (static_cast<int64_t>(permutation.size()) != rank ||
      !isPermutationVector(permutation))
    return node.reject("perm is not a permutation of " + Twine(rank) +
                       " dimensions");
  node.setResult(0,
                 createTranspose(node.builder, node.getInput(0), permutation));
  return success();
}

static LogicalResult importConcat(NodeImporter &node) {
  RankedTensorType type = node.getResultType(0);
  FailureOr<int64_t> axis = getAxis(node, 1, type.getRank());
  if (failed(axis))
    return failure();
  SmallVector<Value> inputs;
  int64_t total = 0;
  for (unsigned index : llvm::seq<unsigned>(0, node.getNumInputs())) {
    RankedTensorType inputType = node.getInputType(index);
    if (inputType.getRank() != type.getRank())
      return node.reject("operand " + Twine(index) + " has rank " +
                         Twine(inputType.getRank()) + ", the result " +
                         Twine(type.getRank()));
    total += inputType.getDimSize(*axis);
    if (inputType.getDimSize(*axis) > 0)
      inputs.push_back(node.getInput(index));
  }
  if (total != type.getDimSize(*axis))
    return node.reject("the operands do not fill the result");
  if (inputs.empty())
    node.setResult(0, createEmpty(node.builder, type));
  else if (inputs.size() == 1)
    node.setResult(0, inputs.front());
  else
    node.setResult(0,
                   tensor::ConcatOp::create(node.builder, type, *axis, inputs));
  return success();
}

/// The parts' sizes, given or equal, are in the results' types.
static LogicalResult importSplit(NodeImporter &node) {
  RankedTensorType type = node.getInputType(0);
  FailureOr<int64_t> axis = getAxis(node, 0, type.getRank());
  if (failed(axis))
    return failure();
  int64_t begin = 0, size = type.getDimSize(*axis);
  for (unsigned index : llvm::seq<unsigned>(0, node.getNumResults())) {
    // A part that nobody uses still takes its place, which only its type tells.
    if (!node.hasResult(index))
      return node.reject("part " + Twine(index) + " has no name");
    int64_t part = node.getResultType(index).getDimSize(*axis);
    if (part > size - begin)
      return node.reject("the parts exceed the " + Twine(size) +
                         " elements of the axis");
    node.setResult(
        index, createSlice(node.builder, node.getInput(0), *axis, begin, part));
    begin += part;
  }
  return success();
}

static LogicalResult importExpand(NodeImporter &node) {
  if (node.getInputType(0) == node.getResultType(0)) {
    node.setResult(0, node.getInput(0));
    return success();
  }
  return importElementwise(
      node, 0, [](ImplicitLocOpBuilder &, ValueRange args) { return args[0]; });
}

/// Each repeated dimension becomes two in a generic: the copies, of which the
/// operand knows nothing, and the elements.
static LogicalResult importTile(NodeImporter &node) {
  auto repeats = node.getConstantIntegers(1, "repeats");
  if (failed(repeats))
    return failure();
  RankedTensorType type = node.getInputType(0);
  if (static_cast<int64_t>(repeats->size()) != type.getRank())
    return node.reject("expected " + Twine(type.getRank()) + " repeats, got " +
                       Twine(repeats->size()));
  SmallVector<int64_t> shape;
  SmallVector<unsigned> dimensions;
  for (auto [repeat, size] : llvm::zip_equal(*repeats, type.getShape())) {
    if (repeat != 1)
      shape.push_back(repeat);
    dimensions.push_back(shape.size());
    shape.push_back(size);
  }
  if (ShapedType::getNumElements(shape) !=
      node.getResultType(0).getNumElements())
    return node.reject("the repeats do not give the result's shape");
  Value copies = createElementwise(
      node.builder, type.clone(shape),
      mapTo(node.getInput(0), shape.size(), dimensions),
      [](ImplicitLocOpBuilder &, ValueRange args) { return args[0]; });
  node.setResult(
      0, createReshape(node.builder, copies, node.getResultType(0).getShape()));
  return success();
}

static LogicalResult importRange(NodeImporter &node) {
  RankedTensorType type = node.getResultType(0);
  SmallVector<Value> scalars;
  for (unsigned index : {0u, 2u})
    scalars.push_back(tensor::ExtractOp::create(
        node.builder, createReshape(node.builder, node.getInput(index), {}),
        ValueRange()));
  node.setResult(
      0, createElementwise(
             node.builder, type, {},
             [&](ImplicitLocOpBuilder &b, ValueRange) -> Value {
               Value index = linalg::IndexOp::create(b, 0);
               Type element = type.getElementType();
               if (isa<IntegerType>(element)) {
                 Value step = arith::IndexCastOp::create(b, element, index);
                 return arith::AddIOp::create(
                     b, scalars[0], arith::MulIOp::create(b, step, scalars[1]));
               }
               Value wide =
                   arith::IndexCastOp::create(b, b.getI64Type(), index);
               Value step = arith::SIToFPOp::create(b, element, wide);
               return arith::AddFOp::create(
                   b, scalars[0], arith::MulFOp::create(b, step, scalars[1]));
             }));
  return success();
}

void colonnade::onnximport::addMovementOps(ImportTable &table) {
  table["Transpose"] = importTranspose;
  table["Concat"] = importConcat;
  table["Split"] = importSplit;
  table["Expand"] = importExpand;
  table["Tile"] = importTile;
  table["Range"] = importRange;
}
