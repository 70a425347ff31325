//===- ReversibleProgram.cpp - Random couplings, compiled -----------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Prints the programs as text, so that the parser, the verifier and the erasure
// are part of what is tested.
//
//===----------------------------------------------------------------------===//

#include "ReversibleProgram.h"
#include "colonnade/Dialect/Colonnade/IR/ColonnadeDialect.h"
#include "colonnade/Dialect/Colonnade/Transforms/Passes.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using llvm::formatv;

namespace colonnade {

static std::string printType(ArrayRef<int64_t> shape, StringRef element) {
  std::string type = "tensor<";
  for (int64_t extent : shape)
    type += formatv("{0}x", extent);
  return type + element.str() + ">";
}

static std::string printIdentity(size_t rank) {
  std::string loops = llvm::join(
      llvm::map_range(llvm::seq<size_t>(0, rank),
                      [](size_t dim) { return "d" + std::to_string(dim); }),
      ", ");
  return formatv("affine_map<({0}) -> ({0})>", loops);
}

static std::string printParallel(size_t rank) {
  return "[" +
         llvm::join(std::vector<std::string>(rank, "\"parallel\""), ", ") + "]";
}

ReversibleProgram::ReversibleProgram(RandomCases &random,
                                     const Settings &settings)
    : settings(settings), random(random) {
  if (random.getInteger(0, 1))
    shape = {random.getInteger(1, 5), random.getInteger(2, 20)};
  else
    shape = {random.getInteger(1, 2), random.getInteger(2, 18),
             random.getInteger(1, 5), random.getInteger(1, 5)};
  for (int64_t count = random.getInteger(1, 2); count > 0; --count) {
    couplings.emplace_back();
    // A coupling without g is one too.
    for (int64_t region = random.getInteger(0, 3) ? 2 : 1; region > 0; --region)
      couplings.back().push_back(makeRegion());
  }
}

int64_t ReversibleProgram::getNumElements() const {
  return llvm::product_of(shape);
}

std::string ReversibleProgram::getType(StringRef element) const {
  return printType(shape, element);
}

std::string ReversibleProgram::takeWeights(Region &region,
                                           ArrayRef<int64_t> extents) {
  int64_t count = llvm::product_of(extents);
  std::string flat = printType(count, "f32"), type = printType(extents, "f32");
  std::string slice = fresh(), result = fresh();
  std::string groups = llvm::join(
      llvm::map_range(llvm::seq<size_t>(0, extents.size()),
                      [](size_t dim) { return std::to_string(dim); }),
      ", ");
  region.code += formatv(
      "{0} = tensor.extract_slice %w[{1}] [{2}] [1] : !weights to {3}\n", slice,
      numWeights, count, flat);
  numWeights += count;
  if (extents.size() == 1)
    return slice;
  std::string sizes = llvm::join(
      llvm::map_range(extents, [](int64_t e) { return std::to_string(e); }),
      ", ");
  region.code +=
      formatv("{0} = tensor.expand_shape {1} [[{2}]] output_shape [{3}] : {4} "
              "into {5}\n",
              result, slice, groups, sizes, flat, type);
  return result;
}

/// To the format of the settings, in blocks along `axis`.
void ReversibleProgram::round(Region &region, std::string &value,
                              std::string &type, int64_t axis,
                              bool keepsPromise) {
  if (settings.format.name == "fp32")
    return;
  std::string rounded = fresh(), plain = fresh();
  if (settings.format.name == "bf16") {
    std::string narrow =
        StringRef(type).drop_back(StringRef("f32>").size()).str() + "bf16>";
    region.code +=
        formatv("{0} = arith.truncf {1} : {2} to {3}\n{4} = arith.extf {0} : "
                "{3} to {2}\n",
                rounded, value, type, narrow, plain);
    value = plain;
    return;
  }
  BlockFormat format = *findBlockFormat(settings.format.name);
  bool hasNoise = StringRef(settings.format.rounding).contains("seed");
  std::string encoded =
      StringRef(type).drop_back().str() +
      formatv(", #colonnade.encoding<block_float = <axis = {0}, group = {1}, "
              "exponent = {2}, mantissa = {3}>>>",
              axis, format.group, format.exponentBits, format.mantissaBits)
          .str();
  region.code += formatv("{0} = colonnade.block_quantize {1} rounding = <{2}> "
                         "{6} {3} : {4} to {5}\n",
                         rounded, value, settings.format.rounding,
                         hasNoise ? "counter(%c)" : "", type, encoded,
                         settings.format.isDynamic ? "mantissa(%m)" : "");
  value = rounded;
  if (keepsPromise) {
    type = encoded;
    return;
  }
  region.code += formatv("{0} = colonnade.drop_encoding {1} : {2} to {3}\n",
                         plain, rounded, encoded, type);
  value = plain;
}

void ReversibleProgram::addElementwise(Region &region, StringRef body) {
  std::string empty = fresh(), result = fresh(), type = getType("f32");
  std::string map = printIdentity(shape.size());
  region.code += formatv(
      R"mlir({0} = tensor.empty() : {1}
{2} = linalg.generic {{indexing_maps = [{3}, {3}], iterator_types = {4}}
    ins({5} : {1}) outs({0} : {1}) {{
^bb0(%e: f32, %o: f32):
  {6}
  linalg.yield %r : f32
} -> {1}
)mlir",
      empty, type, result, map, printParallel(shape.size()), region.result,
      body);
  region.result = result;
}

void ReversibleProgram::addMatmul(Region &region) {
  std::string type = getType("f32"), empty = fresh(), zeros = fresh(),
              result = fresh();
  std::string weightType = printType({shape[1], shape[1]}, "f32");
  std::string weights = takeWeights(region, {shape[1], shape[1]});
  // With promises, the product is one of blocks by blocks.
  bool keepsPromise = random.getInteger(0, 1);
  std::string data = region.result, dataType = type;
  round(region, weights, weightType, 0, keepsPromise);
  round(region, data, dataType, 1, keepsPromise);
  region.code += formatv(
      R"mlir({0} = tensor.empty() : {1}
{2} = linalg.fill ins(%zero : f32) outs({0} : {1}) -> {1}
{3} = linalg.matmul ins({4}, {5} : {6}, {7}) outs({2} : {1}) -> {1}
)mlir",
      empty, type, zeros, result, data, weights, dataType, weightType);
  region.result = result;
}

void ReversibleProgram::addConvolution(Region &region) {
  std::string type = getType("f32"), empty = fresh(), zeros = fresh(),
              result = fresh(), padded = fresh();
  SmallVector<int64_t> filter{shape[1], shape[1], 3, 3};
  std::string weightType = printType(filter, "f32");
  std::string weights = takeWeights(region, filter);
  std::string data = region.result, dataType = type;
  round(region, weights, weightType, 1, /*keepsPromise=*/false);
  round(region, data, dataType, 1, /*keepsPromise=*/false);
  std::string paddedType =
      printType({shape[0], shape[1], shape[2] + 2, shape[3] + 2}, "f32");
  region.code += formatv(
      R"mlir({0} = tensor.pad {1} low[0, 0, 1, 1] high[0, 0, 1, 1] {{
^bb0(%p0: index, %p1: index, %p2: index, %p3: index):
  tensor.yield %zero : f32
} : {2} to {3}
{4} = tensor.empty() : {2}
{5} = linalg.fill ins(%zero : f32) outs({4} : {2}) -> {2}
{6} = linalg.conv_2d_nchw_fchw ins({0}, {7} : {3}, {8}) outs({5} : {2}) -> {2}
)mlir",
      padded, data, type, paddedType, empty, zeros, result, weights,
      weightType);
  region.result = result;
}

void ReversibleProgram::addProduct(Region &region) {
  if (shape.size() == 2)
    addMatmul(region);
  else
    addConvolution(region);
}

void ReversibleProgram::addBatchNorm(Region &region) {
  std::string scale = takeWeights(region, shape[1]);
  std::string offset = takeWeights(region, shape[1]);
  std::string result = fresh();
  region.code += formatv("{0}:3 = colonnade.batch_norm_training {1} scale({2}) "
                         "offset({3}) axis = 1 epsilon = 1.0e-3 : {4}, {5}\n",
                         result, region.result, scale, offset, getType("f32"),
                         printType(shape[1], "f32"));
  region.result = result + "#0";
}

void ReversibleProgram::addSoftmax(Region &region) {
  std::string empty = fresh(), result = fresh(), type = getType("f32");
  region.code += formatv("{0} = tensor.empty() : {1}\n"
                         "{2} = linalg.softmax dimension(1) ins({3} : {1}) "
                         "outs({0} : {1}) -> {1}\n",
                         empty, type, result, region.result);
  region.result = result;
}

void ReversibleProgram::addRandomOp(Region &region) {
  switch (random.getInteger(0, 5)) {
  case 0:
    return addElementwise(region, "%r = arith.maximumf %e, %zero : f32");
  case 1:
    return addElementwise(region, "%r = math.tanh %e : f32");
  case 2:
    return addElementwise(region, "%s = arith.mulf %e, %e : f32\n"
                                  "  %t = arith.addf %s, %one : f32\n"
                                  "  %r = arith.divf %e, %t : f32");
  case 3:
    return addBatchNorm(region);
  case 4:
    return settings.hasSoftmax ? addSoftmax(region) : addProduct(region);
  default:
    return addProduct(region);
  }
}

ReversibleProgram::Region ReversibleProgram::makeRegion() {
  Region region{"", "%in"};
  for (int64_t count = random.getInteger(0, 2); count > 0; --count)
    addRandomOp(region);
  addProduct(region);
  if (random.getInteger(0, 1))
    addRandomOp(region);
  // A network that blows up says little of rounding.
  if (settings.stream != Stream::Fixed)
    addElementwise(region, "%t = math.tanh %e : f32\n"
                           "  %r = arith.mulf %t, %small : f32");
  return region;
}

std::string ReversibleProgram::makeCoupling(StringRef keyword, StringRef first,
                                            StringRef second) const {
  return formatv("colonnade.reversible {0} {1} {2}, {3} : !stream\n", keyword,
                 settings.isAffine ? "affine" : "additive", first, second);
}

std::string ReversibleProgram::print(bool inverse) const {
  bool isBf16 = settings.stream == Stream::Bf16;
  std::string plain = getType(isBf16 ? "bf16" : "f32"), wide = getType("f32");
  std::string code = formatv(
      R"mlir(
!stream = {0}
!weights = {1}
func.func @main(%x1: !stream, %x2: !stream, %w: !weights,
                %mantissa: tensor<i32>, %counter: tensor<i64>)
    -> (!stream, !stream) {{
  %zero = arith.constant 0.0 : f32
  %one = arith.constant 1.0 : f32
  %small = arith.constant {2:f6} : f32
  %m = tensor.extract %mantissa[] : tensor<i32>
  %c = tensor.extract %counter[] : tensor<i64>
)mlir",
      settings.stream == Stream::Fixed
          ? getType("i32, #colonnade.encoding<fixed_point = <fraction = " +
                    std::to_string(settings.fraction) + ">>")
          : plain,
      printType(numWeights, "f32"), settings.gain);
  auto addRegion = [&](StringRef name, const Region &region) {
    code +=
        formatv(" {0}(%in{1}: {2}) {{\n", name, isBf16 ? "_narrow" : "", plain);
    if (isBf16)
      code +=
          formatv("%in = arith.extf %in_narrow : {0} to {1}\n", plain, wide);
    code += region.code;
    std::string result = region.result;
    if (isBf16) {
      code += formatv("%narrow = arith.truncf {0} : {1} to {2}\n", result, wide,
                      plain);
      result = "%narrow";
    }
    if (settings.isAffine)
      code += formatv("colonnade.yield {0}, {0} : {1}, {1}\n}", result, plain);
    else
      code += formatv("colonnade.yield {0} : {1}\n}", result, plain);
  };
  std::vector<const std::vector<Region> *> order;
  for (const std::vector<Region> &coupling : couplings)
    order.push_back(&coupling);
  if (inverse)
    std::reverse(order.begin(), order.end());
  std::string first = "%x1", second = "%x2";
  for (auto [number, coupling] : llvm::enumerate(order)) {
    std::string result = "%s" + std::to_string(number);
    code += result +
            ":2 = " + makeCoupling(inverse ? "inverse" : "", first, second);
    addRegion("f", coupling->front());
    if (coupling->size() > 1)
      addRegion("g", coupling->back());
    code += "\n";
    first = result + "#0";
    second = result + "#1";
  }
  return code +
         formatv("return {0}, {1} : !stream, !stream\n}\n", first, second)
             .str();
}

llvm::Expected<std::unique_ptr<JitFunction>>
ReversibleProgram::compile(bool inverse) const {
  DialectRegistry registry;
  registry.insert<ColonnadeDialect, arith::ArithDialect, func::FuncDialect,
                  linalg::LinalgDialect, math::MathDialect,
                  tensor::TensorDialect>();
  MLIRContext context(registry);
  OwningOpRef<ModuleOp> module =
      parseSourceString<ModuleOp>(print(inverse), &context);
  if (!module)
    return llvm::createStringError("the program does not parse");
  PassManager manager(&context);
  manager.addPass(createStripEncodings());
  if (failed(manager.run(*module)))
    return llvm::createStringError("the program's couplings are not erased");
  return JitFunction::compile(*module, "main", JitOptimization::CompileTime);
}

} // namespace colonnade
