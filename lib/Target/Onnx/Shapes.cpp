//===- Shapes.cpp - ONNX ops that change or read shapes -------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// None of these moves an element. Reshapes take their result's shape from type
// inference, which has read the operand, attribute or axes that say it; shapes
// themselves are static and so constants.
//
//===----------------------------------------------------------------------===//

#include "NodeImporter.h"
#include "TensorBuilders.h"

using namespace mlir;
using namespace colonnade::onnximport;
using llvm::Twine;

static LogicalResult importReshape(NodeImporter &node) {
  RankedTensorType from = node.getInputType(0), to = node.getResultType(0);
  if (from.getNumElements() != to.getNumElements())
    return node.reject("cannot reshape " + Twine(from.getNumElements()) +
                       " elements into " + Twine(to.getNumElements()));
  node.setResult(0,
                 createReshape(node.builder, node.getInput(0), to.getShape()));
  return success();
}

static LogicalResult importIdentity(NodeImporter &node) {
  node.setResult(0, node.getInput(0));
  return success();
}

/// A tensor with every element 1, or true.
static DenseElementsAttr getOnes(RankedTensorType type) {
  return DenseElementsAttr::get(type, getNumberAttr(type.getElementType(), 1));
}

/// Whether Dropout is asked to drop: since opset 12 an operand says so.
static FailureOr<bool> isTraining(NodeImporter &node) {
  if (node.getOpset() < 12 || !node.hasInput(2))
    return false;
  FailureOr<SmallVector<int64_t>> training =
      node.getConstantIntegers(2, "training_mode");
  if (failed(training))
    return failure();
  return !training->empty() && training->front() != 0;
}

static bool dropsNothing(NodeImporter &node) {
  DenseElementsAttr ratio = node.getConstant(1);
  return ratio && ratio.getNumElements() == 1 &&
         (*ratio.value_begin<APFloat>()).isZero();
}

static LogicalResult importDropout(NodeImporter &node) {
  FailureOr<bool> training = isTraining(node);
  if (failed(training))
    return failure();
  if (*training && !dropsNothing(node))
    return node.reject("training_mode with a ratio above 0 draws random "
                       "numbers: export the model for inference");
  if (node.hasResult(1))
    node.setConstantResult(1, getOnes(node.getResultType(1)));
  return importIdentity(node);
}

static DenseElementsAttr getIntegerElements(RankedTensorType type,
                                            ArrayRef<int64_t> values) {
  return DenseElementsAttr::get(type, values);
}

/// A bound of Shape's slice, clamped as ONNX says.
static int64_t clampBound(int64_t bound, int64_t rank) {
  return std::clamp<int64_t>(bound < 0 ? bound + rank : bound, 0, rank);
}

static LogicalResult importShape(NodeImporter &node) {
  ArrayRef<int64_t> shape = node.getInputType(0).getShape();
  int64_t rank = shape.size();
  int64_t start = clampBound(node.getInteger("start", 0), rank);
  int64_t end = clampBound(node.getInteger("end", rank), rank);
  node.setConstantResult(
      0, getIntegerElements(
             node.getResultType(0),
             shape.slice(start, std::max<int64_t>(end - start, 0))));
  return success();
}

static LogicalResult importSize(NodeImporter &node) {
  node.setConstantResult(
      0, getIntegerElements(node.getResultType(0),
                            node.getInputType(0).getNumElements()));
  return success();
}

static LogicalResult importConstantOfShape(NodeImporter &node) {
  RankedTensorType type = node.getResultType(0);
  Attribute value = getNumberAttr(type.getElementType(), 0);
  if (node.hasAttribute("value")) {
    FailureOr<ElementsAttr> elements = node.getTensor("value");
    if (failed(elements))
      return failure();
    if (elements->getNumElements() != 1)
      return node.reject("expected one element as value, got " +
                         Twine(elements->getNumElements()));
    value = *elements->value_begin<Attribute>();
  }
  node.setConstantResult(0, DenseElementsAttr::get(type, value));
  return success();
}

void colonnade::onnximport::addShapeOps(ImportTable &table) {
  table["Reshape"] = importReshape;
  table["Flatten"] = importReshape;
  table["Squeeze"] = importReshape;
  table["Unsqueeze"] = importReshape;
  table["Identity"] = importIdentity;
  table["Dropout"] = importDropout;
  table["Shape"] = importShape;
  table["Size"] = importSize;
  table["ConstantOfShape"] = importConstantOfShape;
}
