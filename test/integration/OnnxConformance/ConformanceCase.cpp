//===- ConformanceCase.cpp - One case of ONNX's test suites --------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See the header.
//
//===----------------------------------------------------------------------===//

#include "ConformanceCase.h"
#include "OnnxFiles.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/Path.h"

using llvm::ArrayRef;
using llvm::StringRef;
using onnx::TensorProto;

namespace colonnade::test {
namespace {

/// Inputs and outputs of one run, named as in the model.
struct DataSet {
  std::vector<TensorProto> inputs, outputs;
};

//===----------------------------------------------------------------------===//
// Reading
//===----------------------------------------------------------------------===//

bool isNumericTensor(const onnx::ValueInfoProto &value) {
  return value.type().has_tensor_type() &&
         getElementBytes(value.type().tensor_type().elem_type()) != 0;
}

/// The paths directory/<prefix>0.pb, 1.pb, ... as far as there are any.
std::vector<std::string> findNumbered(StringRef directory, StringRef prefix,
                                      StringRef suffix) {
  std::vector<std::string> paths;
  for (int index = 0;; ++index) {
    std::string path =
        llvm::formatv("{0}/{1}{2}{3}", directory, prefix, index, suffix);
    if (!llvm::sys::fs::exists(path))
      return paths;
    paths.push_back(std::move(path));
  }
}

llvm::Expected<std::vector<TensorProto>>
readTensors(StringRef directory, StringRef prefix,
            ArrayRef<std::string> names) {
  std::vector<TensorProto> tensors;
  for (const std::string &path : findNumbered(directory, prefix, ".pb")) {
    llvm::Expected<TensorProto> tensor = readOnnxTensor(path);
    if (!tensor)
      return tensor.takeError();
    if (tensors.size() == names.size())
      return llvm::createStringError("more tensors than the model has");
    tensor->set_name(names[tensors.size()]);
    tensors.push_back(std::move(*tensor));
  }
  return tensors;
}

/// Names of the inputs that are given at run time.
std::vector<std::string> getInputNames(const onnx::GraphProto &graph) {
  llvm::StringSet<> initializers;
  for (const TensorProto &tensor : graph.initializer())
    initializers.insert(tensor.name());
  std::vector<std::string> names;
  for (const onnx::ValueInfoProto &input : graph.input())
    if (!initializers.contains(input.name()))
      names.push_back(input.name());
  return names;
}

std::vector<std::string> getOutputNames(const onnx::GraphProto &graph) {
  std::vector<std::string> names;
  for (const onnx::ValueInfoProto &output : graph.output())
    names.push_back(output.name());
  return names;
}

/// Empty when not all of it is tensors of numbers: such models are refused, and
/// their data has other formats.
llvm::Expected<DataSet> readDataSet(StringRef directory,
                                    const onnx::GraphProto &graph) {
  if (!llvm::all_of(graph.input(), isNumericTensor) ||
      !llvm::all_of(graph.output(), isNumericTensor))
    return DataSet();
  auto inputs = readTensors(directory, "input_", getInputNames(graph));
  if (!inputs)
    return inputs.takeError();
  auto outputs = readTensors(directory, "output_", getOutputNames(graph));
  if (!outputs)
    return outputs.takeError();
  return DataSet{std::move(*inputs), std::move(*outputs)};
}

//===----------------------------------------------------------------------===//
// What a case asks for
//===----------------------------------------------------------------------===//

void collectOps(const onnx::GraphProto &graph, std::set<std::string> &ops) {
  for (const onnx::NodeProto &node : graph.node()) {
    bool isStandard = node.domain().empty() || node.domain() == "ai.onnx";
    ops.insert(isStandard ? node.op_type()
                          : node.domain() + "." + node.op_type());
    for (const onnx::AttributeProto &attribute : node.attribute()) {
      if (attribute.has_g())
        collectOps(attribute.g(), ops);
      for (const onnx::GraphProto &nested : attribute.graphs())
        collectOps(nested, ops);
    }
  }
}

bool isStaticTensor(const onnx::ValueInfoProto &value) {
  const onnx::TypeProto &type = value.type();
  return isNumericTensor(value) && type.tensor_type().has_shape() &&
         llvm::all_of(type.tensor_type().shape().dim(),
                      [](const auto &dim) { return dim.has_dim_value(); });
}

bool isRequired(const onnx::GraphProto &graph, const std::set<std::string> &ops,
                const llvm::StringSet<> &listedOps) {
  // Outputs may leave their shapes to inference.
  return llvm::all_of(graph.input(), isStaticTensor) &&
         llvm::all_of(graph.output(), isNumericTensor) &&
         llvm::all_of(ops, [&](const std::string &op) {
           return listedOps.contains(op);
         });
}

//===----------------------------------------------------------------------===//
// Running
//===----------------------------------------------------------------------===//

/// Inputs that binding has left.
std::vector<TensorProto> getRunTimeInputs(const onnx::GraphProto &graph,
                                          ArrayRef<TensorProto> inputs) {
  std::vector<std::string> names = getInputNames(graph);
  std::vector<TensorProto> left;
  for (const TensorProto &input : inputs)
    if (llvm::is_contained(names, input.name()))
      left.push_back(input);
  return left;
}

/// Says where a case feeds its model with something else than the model takes;
/// empty when it does not.
std::string findContradiction(const onnx::GraphProto &graph,
                              ArrayRef<TensorProto> inputs) {
  for (const onnx::ValueInfoProto &declared : graph.input())
    for (const TensorProto &input : inputs) {
      if (declared.name() != input.name() || !isStaticTensor(declared))
        continue;
      const auto &dims = declared.type().tensor_type().shape().dim();
      if (!llvm::equal(input.dims(), dims, [](int64_t size, const auto &dim) {
            return size == dim.dim_value();
          }))
        return "the case's data contradict its model: input '" + input.name() +
               "' has another shape";
    }
  return "";
}

/// Runs one set of data and fills in the outcome.
void runDataSet(onnx::ModelProto model, const std::string &path,
                const DataSet &data, ConformanceResult &result) {
  result.reason = findContradiction(model.graph(), data.inputs);
  if (!result.reason.empty()) {
    result.outcome = Outcome::Refused;
    return;
  }
  result.isBound |= bindShapeOperands(model, data.inputs);
  std::vector<TensorProto> inputs =
      getRunTimeInputs(model.graph(), data.inputs);
  std::tie(result.outcome, result.reason) =
      runModel(model, path, inputs, data.outputs);
}

void setWrong(ConformanceResult &result, llvm::Error error) {
  result.outcome = Outcome::Wrong;
  result.reason = llvm::toString(std::move(error));
}

} // namespace

std::vector<ConformanceCase> findConformanceCases(StringRef data) {
  std::vector<ConformanceCase> cases;
  for (StringRef suite :
       {"node", "pytorch-converted", "pytorch-operator", "simple"}) {
    std::error_code error;
    llvm::sys::fs::directory_iterator entry(data + "/" + suite, error), end;
    for (; !error && entry != end; entry.increment(error))
      cases.push_back(
          {(suite + "/" + llvm::sys::path::filename(entry->path())).str(),
           entry->path()});
  }
  llvm::sort(cases, [](const ConformanceCase &a, const ConformanceCase &b) {
    return a.name < b.name;
  });
  return cases;
}

ConformanceResult runConformanceCase(const ConformanceCase &subject,
                                     const Promises &promises) {
  ConformanceResult result;
  result.name = subject.name;
  std::string path = subject.directory + "/model.onnx";
  llvm::Expected<onnx::ModelProto> model = readOnnxModel(path);
  if (!model) {
    setWrong(result, model.takeError());
    return result;
  }
  collectOps(model->graph(), result.ops);
  result.isExempt = promises.exemptions.contains(subject.name);
  result.isRequired =
      isRequired(model->graph(), result.ops, promises.listedOps);
  std::vector<std::string> sets =
      findNumbered(subject.directory, "test_data_set_", "");
  if (sets.empty())
    setWrong(result, llvm::createStringError("the case has no data"));
  for (const std::string &directory : sets) {
    llvm::Expected<DataSet> data = readDataSet(directory, model->graph());
    if (!data)
      setWrong(result, data.takeError());
    else
      runDataSet(*model, path, *data, result);
    if (result.outcome != Outcome::Passed)
      break;
  }
  return result;
}

} // namespace colonnade::test
