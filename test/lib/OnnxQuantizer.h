//===- OnnxQuantizer.h - Quantized models for tests ------------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Makes of a float ONNX model the kind of file that static quantizers write:
// QuantizeLinear and DequantizeLinear around every op, uint8 activations with
// zero points, int8 weights with a scale per channel, int32 biases. Shares no
// code with the importer and the quantization it is to test.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_TEST_LIB_ONNXQUANTIZER_H
#define COLONNADE_TEST_LIB_ONNXQUANTIZER_H

#include "onnx/onnx_pb.h"
#include "llvm/ADT/StringMap.h"
#include <string>
#include <vector>

namespace colonnade::test {

/// The least and largest value seen; 0 is always within.
struct ActivationBounds {
  float low = 0, high = 0;
};

/// Bounds by tensor name.
using ActivationBoundsMap = llvm::StringMap<ActivationBounds>;

/// Scale and zero point of uint8 activations.
struct ActivationStep {
  float scale;
  uint8_t zeroPoint;

  static ActivationStep get(const ActivationBounds &bounds);
};

/// Names of the tensors that have bounds to be measured: the model's input and
/// the node outputs, in order.
std::vector<std::string> getActivationNames(const onnx::GraphProto &graph);

/// The model with all node outputs as its outputs, in the order of
/// getActivationNames.
onnx::ModelProto exposeActivations(onnx::ModelProto model);

/// One scale for each output channel of weights, or for all of them.
enum class WeightScales { PerChannel, PerTensor };

/// The quantized model. Conv, Gemm and Add that only a Relu reads are not
/// quantized before it; what MaxPool, Flatten and Reshape make has the scale of
/// what they read. Weights and biases must be f32 initializers in raw form.
onnx::ModelProto quantizeModel(onnx::ModelProto model,
                               const ActivationBoundsMap &bounds,
                               WeightScales weightScales);

} // namespace colonnade::test

#endif // COLONNADE_TEST_LIB_ONNXQUANTIZER_H
