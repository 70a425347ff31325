//===- NodeImporter.cpp - One ONNX node on its way to linalg --------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See the header.
//
//===----------------------------------------------------------------------===//

#include "NodeImporter.h"
#include "GraphImporter.h"

using llvm::Expected;
using llvm::Twine;
using namespace mlir;
using namespace colonnade::onnximport;

static const onnx::AttributeProto *findAttribute(const onnx::NodeProto &node,
                                                 StringRef name) {
  for (const onnx::AttributeProto &attribute : node.attribute())
    if (attribute.name() == name)
      return &attribute;
  return nullptr;
}

static Signedness getSignedness(const OnnxType &type) {
  return type.isUnsigned() ? Signedness::Unsigned : Signedness::Signed;
}

StringRef NodeImporter::getOpType() const { return node.op_type(); }

int64_t NodeImporter::getOpset() const { return graph.getOpset(); }

int64_t NodeImporter::getOriginalOpset() const {
  return graph.getOriginalOpset();
}

bool NodeImporter::keepsBatchNorm() const {
  return graph.getOptions().keepBatchNorm;
}

unsigned NodeImporter::getNumInputs() const { return node.input_size(); }

bool NodeImporter::hasInput(unsigned index) const {
  return index < getNumInputs() && !node.input(index).empty();
}

Value NodeImporter::getInput(unsigned index) {
  if (!hasInput(index))
    return {};
  return graph.materialize(node.input(index));
}

RankedTensorType NodeImporter::getInputType(unsigned index) {
  return graph.getValue(node.input(index)).type.type;
}

Signedness NodeImporter::getInputSignedness(unsigned index) const {
  return getSignedness(graph.getValue(node.input(index)).type);
}

DenseElementsAttr NodeImporter::getConstant(unsigned index) {
  if (!hasInput(index))
    return {};
  ElementsAttr constant = graph.getValue(node.input(index)).constant;
  return constant ? getDenseElements(constant) : DenseElementsAttr();
}

FailureOr<SmallVector<int64_t>>
NodeImporter::getConstantIntegers(unsigned index, StringRef what) {
  DenseElementsAttr elements = getConstant(index);
  if (!elements)
    return reject(what + " must be known at import time, but operand " +
                  Twine(index) + " is computed from the model's inputs");
  if (!elements.getElementType().isInteger())
    return reject(what + " must be integers");
  return llvm::map_to_vector(
      elements.getValues<APInt>(),
      [](const APInt &value) { return value.getSExtValue(); });
}

bool NodeImporter::hasAttribute(StringRef name) const {
  return findAttribute(node, name) != nullptr;
}

int64_t NodeImporter::getInteger(StringRef name, int64_t otherwise) const {
  const onnx::AttributeProto *attribute = findAttribute(node, name);
  return attribute ? attribute->i() : otherwise;
}

float NodeImporter::getFloat(StringRef name, float otherwise) const {
  const onnx::AttributeProto *attribute = findAttribute(node, name);
  return attribute ? attribute->f() : otherwise;
}

std::string NodeImporter::getString(StringRef name, StringRef otherwise) const {
  const onnx::AttributeProto *attribute = findAttribute(node, name);
  return attribute ? attribute->s() : otherwise.str();
}

SmallVector<int64_t> NodeImporter::getIntegers(StringRef name) const {
  const onnx::AttributeProto *attribute = findAttribute(node, name);
  if (!attribute)
    return {};
  return llvm::to_vector(attribute->ints());
}

SmallVector<float> NodeImporter::getFloats(StringRef name) const {
  const onnx::AttributeProto *attribute = findAttribute(node, name);
  if (!attribute)
    return {};
  return llvm::to_vector(attribute->floats());
}

SmallVector<std::string> NodeImporter::getStrings(StringRef name) const {
  const onnx::AttributeProto *attribute = findAttribute(node, name);
  if (!attribute)
    return {};
  return llvm::to_vector(attribute->strings());
}

FailureOr<ElementsAttr> NodeImporter::getTensor(StringRef name) {
  const onnx::AttributeProto *attribute = findAttribute(node, name);
  if (!attribute || !attribute->has_t())
    return reject("expected a tensor attribute '" + name + "'");
  onnx::TensorProto tensor = attribute->t();
  if (tensor.name().empty() && node.output_size() > 0)
    tensor.set_name(node.output(0));
  Expected<ElementsAttr> elements =
      takeElements(tensor, graph.getDirectory(), builder.getContext());
  if (!elements)
    return reject("attribute '" + name +
                  "': " + llvm::toString(elements.takeError()));
  return *elements;
}

unsigned NodeImporter::getNumResults() const { return node.output_size(); }

bool NodeImporter::hasResult(unsigned index) const {
  return index < getNumResults() && !node.output(index).empty();
}

RankedTensorType NodeImporter::getResultType(unsigned index) {
  return graph.getValue(node.output(index)).type.type;
}

Signedness NodeImporter::getResultSignedness(unsigned index) const {
  return getSignedness(graph.getValue(node.output(index)).type);
}

void NodeImporter::setResult(unsigned index, Value value) {
  if (hasResult(index))
    graph.setValue(node.output(index), value);
}

void NodeImporter::setConstantResult(unsigned index, ElementsAttr elements) {
  if (hasResult(index))
    graph.setConstant(node.output(index),
                      graph.getValue(node.output(index)).type, elements);
}

LogicalResult NodeImporter::reject(const Twine &reason) {
  return graph.emitError(node, reason);
}
