//===- GeneratedDecoder.cpp - A decoder layer with random weights --------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See GeneratedNetworks.h.
//
//===----------------------------------------------------------------------===//

#include "GeneratedNetworks.h"
#include <cmath>

namespace colonnade::test {
namespace {

class DecoderWriter {
public:
  DecoderWriter(OnnxWriter &writer, const DecoderShape &shape)
      : writer(writer), shape(shape) {}

  void write();

private:
  std::string add(const std::string &op, const std::string &name,
                  llvm::ArrayRef<std::string> inputs) {
    writer.addNode(op, name, inputs);
    return name;
  }
  std::string addScalar(const std::string &name, float value) {
    return writer.addWeight(name, {}, value);
  }
  std::string addProduct(const std::string &name, const std::string &input,
                         int64_t inputs, int64_t outputs);
  std::string addTranspose(const std::string &name, const std::string &input,
                           llvm::ArrayRef<int64_t> permutation);
  std::string addNorm(const std::string &name, const std::string &input);
  std::string addHeads(const std::string &name, const std::string &input,
                       llvm::ArrayRef<int64_t> permutation);
  std::string addMask();
  std::string addAttention(const std::string &input);
  std::string addGatedMlp(const std::string &input);

  OnnxWriter &writer;
  const DecoderShape &shape;
};

std::string DecoderWriter::addProduct(const std::string &name,
                                      const std::string &input, int64_t inputs,
                                      int64_t outputs) {
  float limit = std::sqrt(3.0f / static_cast<float>(inputs));
  return add("MatMul", name,
             {input, writer.addRandomWeight(name + ".weight", {inputs, outputs},
                                            limit)});
}

std::string DecoderWriter::addTranspose(const std::string &name,
                                        const std::string &input,
                                        llvm::ArrayRef<int64_t> permutation) {
  OnnxWriter::setIntegers(writer.addNode("Transpose", name, input), "perm",
                          permutation);
  return name;
}

/// x / sqrt(mean(x^2) + epsilon) * weight.
std::string DecoderWriter::addNorm(const std::string &name,
                                   const std::string &input) {
  std::string square =
      add("Pow", name + ".pow", {input, addScalar(name + ".two", 2.0f)});
  onnx::NodeProto &mean = writer.addNode("ReduceMean", name + ".mean", square);
  OnnxWriter::setIntegers(mean, "axes", {-1});
  std::string shifted =
      add("Add", name + ".add",
          {name + ".mean", addScalar(name + ".epsilon", 1e-5f)});
  std::string root = add("Sqrt", name + ".sqrt", shifted);
  std::string scaled = add("Div", name + ".div", {input, root});
  std::vector<float> ones(shape.width, 1.0f);
  return add("Mul", name,
             {scaled, writer.addWeight(name + ".weight", shape.width, ones)});
}

/// A projection of the tokens, split into heads.
std::string DecoderWriter::addHeads(const std::string &name,
                                    const std::string &input,
                                    llvm::ArrayRef<int64_t> permutation) {
  std::string product =
      addProduct(name + ".proj", input, shape.width, shape.width);
  std::string sizes =
      writer.addIntegers(name + ".shape", {1, shape.tokens, shape.heads,
                                           shape.width / shape.heads});
  return addTranspose(name, add("Reshape", name + ".heads", {product, sizes}),
                      permutation);
}

/// What a token must not see is far below all scores.
std::string DecoderWriter::addMask() {
  std::vector<float> mask(shape.tokens * shape.tokens, 0.0f);
  for (int64_t row = 0; row < shape.tokens; ++row)
    for (int64_t column = row + 1; column < shape.tokens; ++column)
      mask[row * shape.tokens + column] = -1e9f;
  return writer.addWeight("mask", {1, 1, shape.tokens, shape.tokens}, mask);
}

std::string DecoderWriter::addAttention(const std::string &input) {
  std::string query = addHeads("q", input, {0, 2, 1, 3});
  std::string key = addHeads("k", input, {0, 2, 3, 1});
  std::string value = addHeads("v", input, {0, 2, 1, 3});
  float scale = 1.0f / std::sqrt(static_cast<float>(shape.width / shape.heads));
  std::string scores = add("Mul", "attention.scale",
                           {add("MatMul", "attention.scores", {query, key}),
                            addScalar("attention.scale.value", scale)});
  onnx::NodeProto &softmax =
      writer.addNode("Softmax", "attention.softmax",
                     add("Add", "attention.mask", {scores, addMask()}));
  OnnxWriter::setInteger(softmax, "axis", -1);
  std::string mixed =
      add("MatMul", "attention.mix", {"attention.softmax", value});
  std::string sizes =
      writer.addIntegers("attention.shape", {1, shape.tokens, shape.width});
  std::string merged =
      add("Reshape", "attention.merge",
          {addTranspose("attention.tokens", mixed, {0, 2, 1, 3}), sizes});
  return addProduct("o", merged, shape.width, shape.width);
}

/// down(silu(gate(x)) * up(x)).
std::string DecoderWriter::addGatedMlp(const std::string &input) {
  std::string gate = addProduct("mlp.gate", input, shape.width, shape.hidden);
  std::string silu =
      add("Mul", "mlp.silu", {gate, add("Sigmoid", "mlp.sigmoid", gate)});
  std::string up = addProduct("mlp.up", input, shape.width, shape.hidden);
  return addProduct("mlp.down", add("Mul", "mlp.mul", {silu, up}), shape.hidden,
                    shape.width);
}

void DecoderWriter::write() {
  std::vector<int64_t> type = {1, shape.tokens, shape.width};
  std::string x = writer.addInput("tokens", type);
  x = add("Add", "attention.residual",
          {x, addAttention(addNorm("attention.norm", x))});
  add("Add", "output", {x, addGatedMlp(addNorm("mlp.norm", x))});
  writer.addOutput("output", type);
}

} // namespace

llvm::Error writeDecoderLayer(OnnxWriter &writer, const DecoderShape &shape) {
  DecoderWriter(writer, shape).write();
  return writer.finish();
}

} // namespace colonnade::test
