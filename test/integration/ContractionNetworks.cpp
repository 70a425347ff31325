//===- ContractionNetworks.cpp - Random networks of contractions ----------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See the header.
//
//===----------------------------------------------------------------------===//

#include "ContractionNetworks.h"
#include "../unit/Support/RandomCases.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"

using namespace colonnade;
using namespace colonnade::test;

namespace {

using Shape = llvm::SmallVector<int64_t, 5>;

struct Tensor {
  std::string name;
  Shape shape;
  /// "i8" or "i32", and an encoding.
  std::string element = "i8";

  std::string getType() const {
    std::string type = "tensor<";
    for (int64_t size : shape)
      type += std::to_string(size) + "x";
    return type + element + ">";
  }
};

class NetworkWriter {
public:
  explicit NetworkWriter(uint64_t seed) : random(seed) {}

  int64_t between(int64_t low, int64_t high) {
    return random.getInteger(low, high);
  }
  Tensor makeInput(Shape shape);
  Tensor makeConstant(Shape shape);
  /// With a promise of 3 terms per value, half of the time.
  Tensor select(const Tensor &value);
  /// Zero rows and columns around an image, most of the time.
  Tensor pad(const Tensor &image);
  Tensor transpose(const Tensor &value, Shape order);
  Tensor reshape(const Tensor &value, llvm::StringRef op,
                 llvm::StringRef groups, Shape shape);
  Tensor contract(llvm::StringRef op, const Tensor &a, const Tensor &b,
                  Shape result);
  /// Adds a bias for each index of `channels` and brings sums back to i8.
  Tensor rescale(const Tensor &sums, llvm::ArrayRef<int64_t> channels);
  ContractionNetwork finish(const Tensor &output);

private:
  Tensor define(Shape shape, const std::string &element = "i8") {
    return {"%v" + std::to_string(next++), std::move(shape), element};
  }
  template <typename... Values>
  void line(const char *format, Values &&...values) {
    body += "  " +
            llvm::formatv(format, std::forward<Values>(values)...).str() + "\n";
  }
  std::string makeWords(int64_t count, int64_t low, int64_t high);

  RandomCases random;
  int64_t next = 0;
  std::string body;
  Tensor input;
};

Tensor NetworkWriter::makeInput(Shape shape) {
  return input = {"%x", std::move(shape)};
}

std::string NetworkWriter::makeWords(int64_t count, int64_t low, int64_t high) {
  llvm::SmallVector<std::string> words;
  for (int64_t i = 0; i < count; ++i)
    words.push_back(std::to_string(between(low, high)));
  return "[" + llvm::join(words, ", ") + "]";
}

Tensor NetworkWriter::makeConstant(Shape shape) {
  Tensor result = define(shape);
  std::string bytes;
  for (int64_t i = 0; i < llvm::product_of(shape); ++i)
    bytes.push_back(static_cast<char>(between(0, 2) ? between(-127, 127) : 0));
  line("{0} = arith.constant dense<\"0x{1}\"> : {2}", result.name,
       llvm::toHex(bytes), result.getType());
  return result;
}

Tensor NetworkWriter::select(const Tensor &value) {
  if (between(0, 1))
    return value;
  Tensor result = define(value.shape, "i8, #terms");
  line("{0} = colonnade.term_quantize {1} : {2} to {3}", result.name,
       value.name, value.getType(), result.getType());
  return result;
}

Tensor NetworkWriter::pad(const Tensor &image) {
  if (between(0, 3) == 0)
    return image;
  size_t rank = image.shape.size();
  Shape low(rank, 0), high(rank, 0), shape = image.shape;
  std::string arguments;
  for (size_t d = 0; d < rank; ++d) {
    arguments += (d ? ", %i" : "%i") + std::to_string(d) + ": index";
    if (d + 2 < rank)
      continue;
    low[d] = between(0, 1);
    high[d] = between(0, 1);
    shape[d] += low[d] + high[d];
  }
  Tensor result = define(shape);
  line("{0} = tensor.pad {1} low[{2:$[, ]}] high[{3:$[, ]}] {{", result.name,
       image.name, llvm::make_range(low.begin(), low.end()),
       llvm::make_range(high.begin(), high.end()));
  line("^bb0({0}):", arguments);
  line("  tensor.yield %zero8 : i8");
  line("} : {0} to {1}", image.getType(), result.getType());
  return result;
}

Tensor NetworkWriter::transpose(const Tensor &value, Shape order) {
  Shape shape;
  for (int64_t axis : order)
    shape.push_back(value.shape[axis]);
  Tensor empty = define(shape), result = define(shape);
  line("{0} = tensor.empty() : {1}", empty.name, empty.getType());
  line("{0} = linalg.transpose ins({1} : {2}) outs({3} : {4}) permutation = "
       "[{5:$[, ]}]",
       result.name, value.name, value.getType(), empty.name, empty.getType(),
       llvm::make_range(order.begin(), order.end()));
  return result;
}

Tensor NetworkWriter::reshape(const Tensor &value, llvm::StringRef op,
                              llvm::StringRef groups, Shape shape) {
  Tensor result = define(shape, value.element);
  std::string sizes;
  if (op == "expand_shape")
    sizes = llvm::formatv(" output_shape [{0:$[, ]}]",
                          llvm::make_range(shape.begin(), shape.end()));
  line("{0} = tensor.{1} {2} {3}{4} : {5} into {6}", result.name, op,
       value.name, groups, sizes, value.getType(), result.getType());
  return result;
}

Tensor NetworkWriter::contract(llvm::StringRef op, const Tensor &a,
                               const Tensor &b, Shape shape) {
  Tensor empty = define(shape, "i32"), zero = define(shape, "i32"),
         result = define(shape, "i32");
  line("{0} = tensor.empty() : {1}", empty.name, empty.getType());
  line("{0} = linalg.fill ins(%zero : i32) outs({1} : {2}) -> {2}", zero.name,
       empty.name, empty.getType());
  line("{0} = linalg.{1} ins({2}, {3} : {4}, {5}) outs({6} : {7}) -> {7}",
       result.name, op, a.name, b.name, a.getType(), b.getType(), zero.name,
       zero.getType());
  return result;
}

Tensor NetworkWriter::rescale(const Tensor &sums,
                              llvm::ArrayRef<int64_t> channels) {
  Tensor empty = define(sums.shape), result = define(sums.shape);
  Shape biasShape;
  std::string dims, channelDims;
  for (size_t d = 0; d < sums.shape.size(); ++d)
    dims += (d ? ", d" : "d") + std::to_string(d);
  for (int64_t channel : channels) {
    biasShape.push_back(sums.shape[channel]);
    channelDims +=
        (channelDims.empty() ? "d" : ", d") + std::to_string(channel);
  }
  Tensor flat = define({llvm::product_of(biasShape)}, "i32");
  line("{0} = arith.constant dense<{1}> : {2}", flat.name,
       makeWords(flat.shape[0], -3000, 3000), flat.getType());
  Tensor bias = flat;
  if (channels.size() == 2)
    bias = reshape(flat, "expand_shape", "[[0, 1]]", biasShape);
  std::string map = llvm::formatv("affine_map<({0}) -> ({0})>", dims);
  std::string loops = "\"parallel\"";
  for (size_t d = 1; d < sums.shape.size(); ++d)
    loops += ", \"parallel\"";
  line("{0} = tensor.empty() : {1}", empty.name, empty.getType());
  line("{0} = linalg.generic {{indexing_maps = [{1}, affine_map<({2}) -> "
       "({3})>, {1}], iterator_types = [{4}]} ins({5}, {6} : {7}, {8}) "
       "outs({9} : {10}) {{",
       result.name, map, dims, channelDims, loops, sums.name, bias.name,
       sums.getType(), bias.getType(), empty.name, empty.getType());
  line("^bb0(%a: i32, %b: i32, %o: i8):");
  line("  %s = arith.addi %a, %b : i32");
  line("  %t = tosa.apply_scale %s, %multiplier, %shift {{rounding_mode = "
       "SINGLE_ROUND} : (i32, i32, i8) -> i32");
  line("  %u = arith.maxsi %t, %low : i32");
  line("  %v = arith.minsi %u, %high : i32");
  line("  %w = arith.trunci %v : i32 to i8");
  line("  linalg.yield %w : i8");
  line("} -> {0}", result.getType());
  return result;
}

ContractionNetwork NetworkWriter::finish(const Tensor &output) {
  ContractionNetwork network;
  network.inputElements = llvm::product_of(input.shape);
  network.outputElements = llvm::product_of(output.shape);
  network.module =
      llvm::formatv(R"(
#terms = #colonnade.encoding<
  terms = <axis = 0, group = 1, budget = 3, digits = naf>>
func.func @main(%x: {0}) -> {1} {{
  %zero8 = arith.constant 0 : i8
  %zero = arith.constant 0 : i32
  %low = arith.constant -127 : i32
  %high = arith.constant 127 : i32
  %multiplier = arith.constant 1518500250 : i32
  %shift = arith.constant 39 : i8
{2}  return {3} : {1}
}
)",
                    input.getType(), output.getType(), body, output.name);
  return network;
}

//===----------------------------------------------------------------------===//
// Kinds
//===----------------------------------------------------------------------===//

/// Heads are cut out of a sequence: [1, T, H * D] -> [H, T, D]; scores and
/// their products with the values; and back.
ContractionNetwork makeAttention(NetworkWriter &writer) {
  int64_t tokens = writer.between(2, 11), heads = writer.between(1, 3);
  int64_t depth = writer.between(2, 12);
  Tensor input = writer.makeInput({1, tokens, heads * depth});
  Tensor weights = writer.makeConstant({1, heads * depth, heads * depth});
  Tensor keys = writer.rescale(
      writer.contract("batch_matmul", input, weights, input.shape), {2});
  auto cut = [&](const Tensor &sequence) {
    Tensor split =
        writer.reshape(sequence, "expand_shape", "[[0], [1], [2, 3]]",
                       {1, tokens, heads, depth});
    Tensor ordered = writer.transpose(split, {0, 2, 1, 3});
    return writer.reshape(ordered, "collapse_shape", "[[0, 1], [2], [3]]",
                          {heads, tokens, depth});
  };
  Tensor query = cut(input), key = cut(keys);
  Tensor turned = writer.transpose(key, {0, 2, 1});
  Tensor scores =
      writer.contract("batch_matmul", writer.select(query),
                      writer.select(turned), {heads, tokens, tokens});
  Tensor weighted = writer.contract(
      "batch_matmul", writer.select(writer.rescale(scores, {2})),
      writer.select(query), {heads, tokens, depth});
  Tensor result = writer.rescale(weighted, {2});
  Tensor split = writer.reshape(result, "expand_shape", "[[0, 1], [2], [3]]",
                                {1, heads, tokens, depth});
  Tensor ordered = writer.transpose(split, {0, 2, 1, 3});
  return writer.finish(writer.reshape(ordered, "collapse_shape",
                                      "[[0], [1], [2, 3]]",
                                      {1, tokens, heads * depth}));
}

struct Steps {
  int64_t kernel, stride, dilation;

  int64_t getOutput(int64_t extent) const {
    return (extent - (kernel - 1) * dilation - 1) / stride + 1;
  }
  std::string getAttributes() const {
    return llvm::formatv("{{dilations = dense<{0}> : tensor<2xi64>, strides = "
                         "dense<{1}> : tensor<2xi64>}",
                         dilation, stride);
  }
};

Steps makeSteps(NetworkWriter &writer) {
  return {writer.between(1, 3), writer.between(1, 2), writer.between(1, 2)};
}

ContractionNetwork makeGrouped(NetworkWriter &writer) {
  int64_t groups = writer.between(1, 4), channels = writer.between(1, 5);
  int64_t rows = writer.between(1, 10);
  Steps steps = makeSteps(writer);
  Tensor input = writer.makeInput(
      {1, groups, channels, writer.between(5, 9), writer.between(5, 9)});
  Tensor data = writer.select(writer.pad(input));
  Tensor filter =
      writer.makeConstant({groups, rows, channels, steps.kernel, steps.kernel});
  int64_t height = steps.getOutput(data.shape[3]);
  int64_t width = steps.getOutput(data.shape[4]);
  Tensor sums = writer.contract("conv_2d_ngchw_gfchw " + steps.getAttributes(),
                                data, filter, {1, groups, rows, height, width});
  switch (writer.between(0, 2)) {
  case 0:
    return writer.finish(writer.rescale(sums, {1, 2}));
  case 1:
    return writer.finish(writer.rescale(sums, {2}));
  default:
    return writer.finish(writer.rescale(
        writer.reshape(sums, "collapse_shape", "[[0], [1, 2], [3], [4]]",
                       {1, groups * rows, height, width}),
        {1}));
  }
}

ContractionNetwork makeDepthwise(NetworkWriter &writer) {
  int64_t channels = writer.between(1, 40);
  Steps steps = makeSteps(writer);
  Tensor input = writer.makeInput(
      {1, channels, writer.between(5, 9), writer.between(5, 9)});
  Tensor data = writer.select(writer.pad(input));
  Tensor filter = writer.makeConstant({channels, steps.kernel, steps.kernel});
  Tensor sums = writer.contract(
      "depthwise_conv_2d_nchw_chw " + steps.getAttributes(), data, filter,
      {1, channels, steps.getOutput(data.shape[2]),
       steps.getOutput(data.shape[3])});
  return writer.finish(writer.rescale(sums, {1}));
}

ContractionNetwork makeWeightsInFront(NetworkWriter &writer) {
  int64_t rows = writer.between(1, 40), depth = writer.between(1, 20);
  Tensor input = writer.makeInput({depth, writer.between(1, 12)});
  Tensor sums = writer.contract("matmul", writer.makeConstant({rows, depth}),
                                writer.select(input), {rows, input.shape[1]});
  return writer.finish(writer.rescale(sums, {writer.between(0, 1)}));
}

ContractionNetwork makeBatchedWeights(NetworkWriter &writer) {
  int64_t batch = writer.between(1, 4), depth = writer.between(1, 20);
  int64_t columns = writer.between(1, 20);
  Tensor input = writer.makeInput({batch, writer.between(1, 12), depth});
  Tensor weights = writer.makeConstant({batch, depth, columns});
  Tensor sums = writer.contract("batch_matmul", writer.select(input), weights,
                                {batch, input.shape[1], columns});
  return writer.finish(writer.rescale(sums, {writer.between(1, 2)}));
}

} // namespace

ContractionNetwork test::makeContractionNetwork(ContractionKind kind,
                                                uint64_t seed) {
  NetworkWriter writer(seed);
  switch (kind) {
  case ContractionKind::Attention:
    return makeAttention(writer);
  case ContractionKind::Grouped:
    return makeGrouped(writer);
  case ContractionKind::Depthwise:
    return makeDepthwise(writer);
  case ContractionKind::WeightsInFront:
    return makeWeightsInFront(writer);
  case ContractionKind::BatchedWeights:
    return makeBatchedWeights(writer);
  }
  llvm_unreachable("unknown kind");
}
