//===- GraphImporter.cpp - An ONNX graph as a function --------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See the header.
//
//===----------------------------------------------------------------------===//

#include "GraphImporter.h"
#include "ConstantEvaluator.h"
#include "colonnade/Diagnostics/NodeDiagnostics.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "llvm/Support/Path.h"

using llvm::Error;
using llvm::Expected;
using llvm::Twine;
using namespace mlir;
using namespace colonnade;
using namespace colonnade::onnximport;

/// Elements of a constant operand that shape inference may want to see: shapes,
/// axes, pads, repeats.
static constexpr int64_t maxInferenceElements = 4096;

std::string colonnade::onnximport::getNodeName(const onnx::NodeProto &node) {
  if (!node.name().empty())
    return node.name();
  if (node.output_size() == 0)
    return node.op_type();
  return node.op_type() + "_" + node.output(0);
}

static std::string getOpName(const onnx::NodeProto &node) {
  if (node.domain().empty() || node.domain() == "ai.onnx")
    return node.op_type();
  return node.domain() + "." + node.op_type();
}

GraphImporter::GraphImporter(OnnxModel &model, StringRef path,
                             MLIRContext *context,
                             const OnnxImportOptions &options)
    : model(model), path(path), directory(llvm::sys::path::parent_path(path)),
      modelLocation(FileLineColLoc::get(context, path, 0, 0)), context(context),
      options(options), builder(context) {
  addAllOps(importers);
}

InFlightDiagnostic GraphImporter::emitError(const Twine &message) {
  return mlir::emitError(modelLocation, message);
}

InFlightDiagnostic GraphImporter::emitError(const onnx::NodeProto &node,
                                            const Twine &message) {
  return mlir::emitError(modelLocation)
         << "node '" << getNodeName(node) << "' (" << getOpName(node)
         << "): " << message;
}

ImportFunction
GraphImporter::lookupImporter(const onnx::NodeProto &node) const {
  bool isStandard = node.domain().empty() || node.domain() == "ai.onnx";
  return isStandard ? importers.lookup(node.op_type()) : nullptr;
}

namespace {
/// The nodes of one op that is not imported.
struct UnknownNodes {
  std::string op;
  const onnx::NodeProto *first;
  unsigned count = 0;
};
} // namespace

/// Names every kind of node that cannot be imported, each once, so that nobody
/// has to find them one by one.
LogicalResult GraphImporter::checkOps() {
  SmallVector<UnknownNodes> unknown;
  for (const onnx::NodeProto &node : model.getGraph().node()) {
    if (lookupImporter(node))
      continue;
    std::string op = getOpName(node);
    auto *nodes = llvm::find_if(
        unknown, [&](const UnknownNodes &other) { return other.op == op; });
    if (nodes == unknown.end()) {
      unknown.push_back({op, &node});
      nodes = &unknown.back();
    }
    ++nodes->count;
  }
  for (const UnknownNodes &nodes : unknown) {
    mlir::emitError(modelLocation)
        << "node '" << getNodeName(*nodes.first) << "': op '" << nodes.op
        << "' is not imported (" << nodes.count << " node(s) of this kind in "
        << path << "); express it by other ops before export";
  }
  return success(unknown.empty());
}

/// Operators first: ONNX's checker stops at the first one it does not know.
LogicalResult GraphImporter::checkModel() {
  if (failed(checkOps()))
    return failure();
  Error error = model.check();
  if (!error)
    error = model.convert();
  if (error)
    return emitError(llvm::toString(std::move(error)));
  for (const onnx::ValueInfoProto &info : model.getGraph().value_info())
    declaredTypes[info.name()] = &info.type();
  for (const onnx::ValueInfoProto &info : model.getGraph().output())
    declaredTypes[info.name()] = &info.type();
  return success();
}

OwningOpRef<ModuleOp> GraphImporter::import() {
  if (failed(checkModel()))
    return {};
  OwningOpRef<ModuleOp> module = ModuleOp::create(modelLocation);
  builder.setInsertionPointToEnd(module->getBody());
  function = func::FuncOp::create(builder, module->getLoc(), options.entryName,
                                  builder.getFunctionType({}, {}));
  builder.setInsertionPointToEnd(function.addEntryBlock());
  if (failed(importInitializers()) || failed(importInputs()))
    return {};
  for (const onnx::NodeProto &node : model.getGraph().node())
    if (failed(importNode(node)))
      return {};
  if (failed(importOutputs()))
    return {};
  eraseUnusedConstants();
  return module;
}

LogicalResult GraphImporter::importInitializers() {
  for (onnx::TensorProto &tensor : model.getInitializers()) {
    Expected<OnnxType> type = getTensorType(tensor, context);
    Error error = type.takeError();
    ElementsAttr elements;
    if (!error) {
      Expected<ElementsAttr> taken = takeElements(tensor, directory, context);
      error = taken.takeError();
      if (!error)
        elements = *taken;
    }
    if (error)
      return emitError("initializer '" + tensor.name() +
                       "': " + llvm::toString(std::move(error)));
    setConstant(tensor.name(), *type, elements);
  }
  return success();
}

/// The declared type with the first dimension, if open, set to `batch`.
static onnx::TypeProto fixBatch(onnx::TypeProto type,
                                std::optional<int64_t> batch) {
  if (!batch || !type.has_tensor_type() || !type.tensor_type().has_shape() ||
      type.tensor_type().shape().dim_size() == 0)
    return type;
  onnx::TensorShapeProto_Dimension &first =
      *type.mutable_tensor_type()->mutable_shape()->mutable_dim(0);
  if (!first.has_dim_value())
    first.set_dim_value(*batch);
  return type;
}

/// Whether only the first dimension is open, which an option can set.
static bool isOpenInBatch(const onnx::TypeProto &type) {
  return type.has_tensor_type() && type.tensor_type().has_shape() &&
         type.tensor_type().shape().dim_size() > 0 &&
         !type.tensor_type().shape().dim(0).has_dim_value();
}

FailureOr<OnnxType>
GraphImporter::getInputType(const onnx::ValueInfoProto &input) {
  onnx::TypeProto proto = fixBatch(input.type(), options.batch);
  Expected<OnnxType> type = getStaticType(proto, context);
  if (type)
    return *type;
  StringRef fix = isOpenInBatch(proto) ? "; set it with --onnx-batch=<N>" : "";
  return emitError("input '" + input.name() +
                   "': " + llvm::toString(type.takeError()) + fix);
}

LogicalResult GraphImporter::importInputs() {
  SmallVector<Type> types;
  for (const onnx::ValueInfoProto &input : model.getGraph().input()) {
    if (values.contains(input.name()))
      continue;
    FailureOr<OnnxType> type = getInputType(input);
    if (failed(type))
      return failure();
    types.push_back(type->type);
    Value argument = function.getBody().addArgument(
        type->type, getNodeLocation(input.name(), modelLocation));
    values[input.name()] = {*type, argument, nullptr};
  }
  function.setType(builder.getFunctionType(types, {}));
  return success();
}

Value GraphImporter::materialize(StringRef name) {
  GraphValue &value = values.find(name)->second;
  if (value.value)
    return value.value;
  OpBuilder::InsertionGuard guard(builder);
  if (lastConstant)
    builder.setInsertionPointAfter(lastConstant);
  else
    builder.setInsertionPointToStart(&getBody());
  auto constant = arith::ConstantOp::create(
      builder, getNodeLocation(name, modelLocation), value.constant);
  lastConstant = constant;
  return value.value = constant;
}

void GraphImporter::setValue(StringRef name, Value value) {
  values[name].value = value;
}

void GraphImporter::setConstant(StringRef name, OnnxType type,
                                ElementsAttr constant) {
  values[name] = {type, nullptr, constant};
}

LogicalResult GraphImporter::checkOperands(const onnx::NodeProto &node) {
  for (const std::string &name : node.input())
    if (!name.empty() && !values.contains(name))
      return emitError(node, "operand '" + name + "' is not defined before it");
  return success();
}

LogicalResult GraphImporter::declareResult(const onnx::NodeProto &node,
                                           const std::string &name,
                                           const onnx::TypeProto &inferred) {
  Expected<OnnxType> type = getStaticType(inferred, context);
  if (type) {
    values[name].type = *type;
    return success();
  }
  // Some operators say nothing about their results; the model may.
  const onnx::TypeProto *declared = declaredTypes.lookup(name);
  Expected<OnnxType> other = declared ? getStaticType(*declared, context)
                                      : getStaticType(inferred, context);
  if (!other) {
    llvm::consumeError(other.takeError());
    return emitError(node, "result '" + name +
                               "': " + llvm::toString(type.takeError()));
  }
  llvm::consumeError(type.takeError());
  values[name].type = *other;
  return success();
}

LogicalResult GraphImporter::inferResults(const onnx::NodeProto &node) {
  auto types = inferTypes(node, getOpset(), [&](StringRef name) {
    const GraphValue &value = getValue(name);
    KnownOperand operand{getTypeProto(value.type), std::nullopt};
    if (value.constant &&
        value.constant.getNumElements() <= maxInferenceElements)
      operand.elements = getTensorProto(getDenseElements(value.constant),
                                        value.type.elementType);
    return operand;
  });
  if (!types)
    return emitError(node, llvm::toString(types.takeError()));
  for (auto [name, type] : llvm::zip_equal(node.output(), *types))
    if (!name.empty() && failed(declareResult(node, name, type)))
      return failure();
  return success();
}

LogicalResult GraphImporter::checkResults(const onnx::NodeProto &node) {
  for (const std::string &name : node.output()) {
    if (name.empty())
      continue;
    const GraphValue &value = getValue(name);
    if (!value.value && !value.constant)
      return emitError(node, "result '" + name + "' is not computed");
    Type type = value.value ? value.value.getType() : value.constant.getType();
    if (type != value.type.type)
      return emitError(node, "result '" + name + "' has type ")
             << type << ", but shape inference says " << value.type.type;
  }
  return success();
}

/// Replaces what a node on constants alone became by the results' elements.
void GraphImporter::foldNode(const onnx::NodeProto &node, Operation *before) {
  for (const std::string &name : node.input())
    if (!name.empty() && !getValue(name).constant)
      return;
  SmallVector<StringRef> names;
  SmallVector<Value> results;
  for (const std::string &name : node.output())
    if (!name.empty() && getValue(name).value) {
      names.push_back(name);
      results.push_back(getValue(name).value);
    }
  FailureOr<SmallVector<ElementsAttr>> folded = evaluateConstants(results);
  if (failed(folded))
    return;
  for (auto [name, elements] : llvm::zip_equal(names, *folded))
    setConstant(name, getValue(name).type, elements);
  eraseAfter(before);
}

void GraphImporter::eraseAfter(Operation *before) {
  auto mustStay = [&](Operation &op) {
    return &op == before || &op == lastConstant;
  };
  while (!getBody().empty() && !mustStay(getBody().back()))
    getBody().back().erase();
}

LogicalResult GraphImporter::importNode(const onnx::NodeProto &node) {
  ImportFunction import = lookupImporter(node);
  if (!import)
    return emitError(node, "the op is not imported");
  if (failed(checkOperands(node)) || failed(inferResults(node)))
    return failure();
  ImplicitLocOpBuilder nodeBuilder(
      getNodeLocation(getNodeName(node), modelLocation), builder);
  Operation *before = getBody().empty() ? nullptr : &getBody().back();
  NodeImporter importer(*this, node, nodeBuilder);
  if (failed(import(importer)) || failed(checkResults(node)))
    return failure();
  foldNode(node, before);
  return success();
}

LogicalResult GraphImporter::importOutputs() {
  SmallVector<Value> results;
  for (const onnx::ValueInfoProto &output : model.getGraph().output()) {
    if (!values.contains(output.name()))
      return emitError("output '" + output.name() + "' is not computed");
    results.push_back(materialize(output.name()));
  }
  func::ReturnOp::create(builder, function.getLoc(), results);
  function.setType(builder.getFunctionType(function.getArgumentTypes(),
                                           ValueRange(results).getTypes()));
  return success();
}

void GraphImporter::eraseUnusedConstants() {
  for (auto constant : llvm::make_early_inc_range(
           function.getBody().getOps<arith::ConstantOp>()))
    if (constant->use_empty())
      constant.erase();
}
