//===- OnnxOperators.cpp - Every operator, on the machine -----------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A network around each operator that Colonnade promises to import is compiled
// whole: JIT, machine level and cell level compute the same bits, the two
// levels in the same cycles, and the integers stay near the floats.
//
//===----------------------------------------------------------------------===//

#include "OnnxOperatorCases.h"
#include "RunModel.h"
#include "ShippedNetworks.h"
#include "colonnade/Dialect/Colonnade/Transforms/Passes.h"
#include "colonnade/ExecutionEngine/JitFunction.h"
#include "colonnade/InitAllDialects.h"
#include "colonnade/Numerics/Quantization.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "gtest/gtest.h"
#include <cmath>
#include <limits>

using namespace mlir;
using namespace colonnade;
using namespace colonnade::test;

namespace {

constexpr int64_t kInputElements = 3 * 6 * 6, kOutputElements = 5;
constexpr int64_t kInputs = 32;

using Bytes = std::vector<uint8_t>;
using Integers = std::vector<int32_t>;

/// Close to a normal distribution, exact in f32 on every machine.
float drawNormal(std::mt19937 &random) {
  int sum = 0;
  for (int i = 0; i < 12; ++i)
    sum += static_cast<int>(random() % 256);
  return static_cast<float>(sum - 1530) / 256;
}

std::vector<float> drawNormals(std::mt19937 &random, int64_t count,
                               float scale) {
  std::vector<float> values(count);
  for (float &value : values)
    value = scale * drawNormal(random);
  return values;
}

/// Every input but x becomes a constant. Variances must be positive, so what is
/// one-dimensional is.
onnx::ModelProto bindWeights(onnx::ModelProto model, std::mt19937 &random) {
  while (model.graph().input_size() > 1) {
    const onnx::ValueInfoProto &input = model.graph().input(1);
    const auto &dims = input.type().tensor_type().shape().dim();
    int64_t elements = 1;
    for (const auto &dim : dims)
      elements *= dim.dim_value();
    double fanIn = dims.size() > 1 ? double(elements) / dims[0].dim_value() : 4;
    std::vector<float> values =
        drawNormals(random, elements, float(1 / std::sqrt(fanIn)));
    if (dims.size() == 1)
      for (float &value : values)
        value = std::abs(value) + 0.25f;
    model = bindInput(model, input.name(), toBytes(values));
  }
  return model;
}

class OnnxOperators : public testing::TestWithParam<OperatorCase> {
protected:
  OnnxOperators() {
    DialectRegistry registry;
    registerAllDialects(registry);
    context.appendDialectRegistry(registry);
    context.loadAllAvailableDialects();
    std::mt19937 random(1);
    inputs = drawNormals(random, kInputs * kInputElements, 1);
    llvm::cantFail(llvm::errorCodeToError(
        llvm::sys::fs::createTemporaryFile("calibration", "npy", calibration)));
    llvm::cantFail(writeNpy(calibration,
                            NpyArray::get<float>(inputs, {kInputs, 3, 6, 6})));
    onnx::ModelProto model =
        bindWeights(parseModel(getGraph(GetParam()), kOperatorOpset), random);
    module = importOnnx(llvm::MemoryBuffer::getMemBufferCopy(
                            model.SerializeAsString(), "test.onnx"),
                        &context);
  }
  ~OnnxOperators() override { llvm::sys::fs::remove(calibration); }

  ArrayRef<float> getInput(int64_t index) const {
    return ArrayRef(inputs).slice(index * kInputElements, kInputElements);
  }

  LogicalResult quantize() {
    CompileOptions options;
    setCommonOptions(options, "edge-32x32", PixelNormalization());
    options.calibration = std::string(calibration);
    PassManager manager(&context);
    buildQuantizePipeline(manager, options);
    return manager.run(*module);
  }

  /// The quantized network's program; nothing if it cannot be mapped.
  std::optional<sim::Program> schedule(StringRef target) {
    OwningOpRef<ModuleOp> copy = module->clone();
    CompileOptions options;
    setCommonOptions(options, target, PixelNormalization());
    PassManager manager(&context);
    buildSchedulePipeline(manager, options);
    if (failed(manager.run(*copy)))
      return std::nullopt;
    return exportOnlyProgram(*copy);
  }

  std::vector<std::vector<float>> computeFloats(JitFunction &function);
  /// The outputs of the quantized network for `quantized` inputs.
  static std::vector<Integers> computeIntegers(JitFunction &function,
                                               ArrayRef<Bytes> quantized);
  std::vector<Bytes> quantizeInputs(Int8Form form);

  MLIRContext context;
  std::vector<float> inputs;
  llvm::SmallString<64> calibration;
  OwningOpRef<ModuleOp> module;
};

std::vector<std::vector<float>>
OnnxOperators::computeFloats(JitFunction &function) {
  std::vector<std::vector<float>> outputs(kInputs);
  for (auto [index, output] : llvm::enumerate(outputs)) {
    output.resize(kOutputElements);
    llvm::cantFail(function.run({getInput(index).data()}, {output.data()}));
  }
  return outputs;
}

std::vector<Integers>
OnnxOperators::computeIntegers(JitFunction &function,
                               ArrayRef<Bytes> quantized) {
  std::vector<Integers> outputs;
  for (const Bytes &input : quantized) {
    Integers &output = outputs.emplace_back(kOutputElements);
    llvm::cantFail(function.run({input.data()}, {output.data()}));
  }
  return outputs;
}

std::vector<Bytes> OnnxOperators::quantizeInputs(Int8Form form) {
  std::vector<Bytes> quantized(kInputs);
  for (auto [index, input] : llvm::enumerate(quantized))
    for (float value : getInput(index))
      input.push_back(static_cast<uint8_t>(quantizeInt8(value, form)));
  return quantized;
}

Integers run(sim::Simulator &simulator, ArrayRef<uint8_t> input) {
  Integers output(kOutputElements);
  llvm::cantFail(
      simulator.run(input, {reinterpret_cast<uint8_t *>(output.data()),
                            output.size() * sizeof(int32_t)}));
  return output;
}

/// Machine level on every input, cell level on the first.
void checkAgreement(const sim::Program &program, ArrayRef<Bytes> quantized,
                    ArrayRef<Integers> expected) {
  auto machine = llvm::cantFail(sim::Simulator::create(program));
  sim::SimulationOptions cellLevel;
  cellLevel.fidelity = sim::Fidelity::Cell;
  auto cells = llvm::cantFail(sim::Simulator::create(program, cellLevel));
  ASSERT_EQ(run(*machine, quantized[0]), expected[0]);
  ASSERT_EQ(run(*cells, quantized[0]), expected[0]);
  EXPECT_EQ(cells->getTiming().total, machine->getTiming().total);
  EXPECT_EQ(cells->getActivity().total.usefulWork,
            machine->getActivity().total.usefulWork);
  for (int64_t index = 1; index < kInputs; ++index)
    ASSERT_EQ(run(*machine, quantized[index]), expected[index])
        << "input " << index;
}

/// Signal to noise ratio in decibels; infinite if both are the same.
double getRatio(ArrayRef<std::vector<float>> floats,
                ArrayRef<Integers> integers, double scale) {
  double power = 0, noise = 0;
  for (auto [signal, noisy] : llvm::zip_equal(floats, integers))
    for (auto [expected, value] : llvm::zip_equal(signal, noisy)) {
      power += double(expected) * expected;
      noise += std::pow(value * scale - expected, 2);
    }
  return noise == 0 ? std::numeric_limits<double>::infinity()
                    : 10 * std::log10(power / noise);
}

TEST_P(OnnxOperators, RunOnTheMachine) {
  ASSERT_TRUE(module);
  auto floats = llvm::cantFail(JitFunction::compile(*module, "main"));
  ASSERT_TRUE(succeeded(quantize()));
  auto integers = llvm::cantFail(JitFunction::compile(*module, "main"));
  std::vector<Integers> expected;
  double outputScale = 0;
  // All tensors of the network fit on the first; the second spills.
  for (const char *target : {"edge-32x32", "targets/tiny-8x4.json"}) {
    SCOPED_TRACE(target);
    std::optional<sim::Program> program = schedule(target);
    ASSERT_TRUE(program);
    std::vector<Bytes> quantized =
        quantizeInputs(program->inputs.front().getInt8Form());
    if (expected.empty())
      expected = computeIntegers(*integers, quantized);
    outputScale = program->outputs.front().scale;
    checkAgreement(*program, quantized, expected);
  }
  double ratio = getRatio(computeFloats(*floats), expected, outputScale);
  EXPECT_GE(ratio, GetParam().leastRatio);
  RecordProperty("decibels", std::to_string(ratio));
}

std::string getName(const testing::TestParamInfo<OperatorCase> &info) {
  return info.param.name;
}

INSTANTIATE_TEST_SUITE_P(Listed, OnnxOperators,
                         testing::ValuesIn(getOperatorCases()), getName);
INSTANTIATE_TEST_SUITE_P(Random, OnnxOperators,
                         testing::ValuesIn(drawOperatorCases(32, 7)), getName);

} // namespace
