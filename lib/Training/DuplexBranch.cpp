//===- DuplexBranch.cpp - The trained part of a duplex network ------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See the header.
//
//===----------------------------------------------------------------------===//

#include "DuplexBranch.h"
#include "colonnade/Dialect/Colonnade/IR/ColonnadeOps.h"
#include "colonnade/Dialect/Colonnade/Transforms/BatchNorm.h"
#include "colonnade/Dialect/Colonnade/Transforms/Coupling.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/Support/FormatVariadic.h"
#include <cmath>

using namespace mlir;
using namespace colonnade;

static RankedTensorType getType(Value value) {
  return cast<RankedTensorType>(value.getType());
}

namespace {

class BranchWriter {
public:
  BranchWriter(func::FuncOp function, const BranchShape &shape)
      : function(function), shape(shape),
        builder(function.getLoc(), function.getBody().front().getTerminator()),
        constants(function.getLoc(), function.getContext()) {
    constants.setInsertionPointToStart(&function.getBody().front());
  }

  /// The logits.
  Value write(ArrayRef<Value> maps, int64_t classes);

private:
  /// A parameter that initialization draws. Until then its elements are a
  /// number that no other has: equal constants could become one.
  Value addParameter(StringRef name, ArrayRef<int64_t> sizes);
  Value createZeros(OpBuilder &nested, ArrayRef<int64_t> sizes);
  Value createConvolution(ImplicitLocOpBuilder &nested, Value image,
                          Value weights);
  Value createPad(ImplicitLocOpBuilder &nested, Value image);
  /// Over windows of height and width that lie side by side.
  Value createMean(Value image, int64_t height, int64_t width);
  Value createRelu(ImplicitLocOpBuilder &nested, Value value);
  Value addBias(ImplicitLocOpBuilder &nested, Value value, Value bias,
                double factor);
  Value createProjection(Value map, int64_t number);
  /// A region of the coupling; adds `feature`, if there is one, to what it
  /// yields.
  void fillRegion(ReversibleOp op, Region &region, StringRef name,
                  Value feature);
  /// [1, channels] of a map.
  Value createFeatures(Value map);
  /// features * weights + sum
  Value createProduct(Value features, Value weights, Value sum);

  func::FuncOp function;
  BranchShape shape;
  ImplicitLocOpBuilder builder, constants;
  int64_t height = 0, width = 0;
  int64_t parameters = 0;
  double share = 1;
};

} // namespace

Value BranchWriter::addParameter(StringRef name, ArrayRef<int64_t> sizes) {
  auto type = RankedTensorType::get(sizes, builder.getF32Type());
  float number = std::ldexp(static_cast<float>(++parameters), -20);
  constants.setLoc(NameLoc::get(builder.getStringAttr(name)));
  return arith::ConstantOp::create(constants,
                                   DenseElementsAttr::get(type, number));
}

Value BranchWriter::createZeros(OpBuilder &nested, ArrayRef<int64_t> sizes) {
  Location loc = builder.getLoc();
  Value zero =
      arith::ConstantOp::create(nested, loc, builder.getF32FloatAttr(0));
  Value empty =
      tensor::EmptyOp::create(nested, loc, sizes, builder.getF32Type());
  return linalg::FillOp::create(nested, loc, zero, empty).getResult(0);
}

Value BranchWriter::createPad(ImplicitLocOpBuilder &nested, Value image) {
  SmallVector<int64_t> sizes(getType(image).getShape());
  sizes[2] += 2;
  sizes[3] += 2;
  Value zero = arith::ConstantOp::create(nested, nested.getF32FloatAttr(0));
  SmallVector<OpFoldResult> border = {
      nested.getIndexAttr(0), nested.getIndexAttr(0), nested.getIndexAttr(1),
      nested.getIndexAttr(1)};
  return tensor::PadOp::create(
      nested, RankedTensorType::get(sizes, nested.getF32Type()), image, border,
      border, zero);
}

Value BranchWriter::createConvolution(ImplicitLocOpBuilder &nested, Value image,
                                      Value weights) {
  ArrayRef<int64_t> kernel = getType(weights).getShape();
  SmallVector<int64_t> sizes(getType(image).getShape());
  sizes[1] = kernel.front();
  if (kernel.back() == 3)
    image = createPad(nested, image);
  auto ones = nested.getI64VectorAttr({1, 1});
  Value zeros = createZeros(nested, sizes);
  return linalg::Conv2DNchwFchwOp::create(nested, zeros.getType(),
                                          ValueRange{image, weights}, zeros,
                                          ones, ones)
      .getResult(0);
}

Value BranchWriter::createMean(Value image, int64_t h, int64_t w) {
  SmallVector<int64_t> sizes(getType(image).getShape());
  sizes[2] /= h;
  sizes[3] /= w;
  Value window =
      tensor::EmptyOp::create(builder, ArrayRef{h, w}, builder.getF32Type());
  Value zeros = createZeros(builder, sizes);
  Value sum = linalg::PoolingNchwSumOp::create(builder, zeros.getType(),
                                               ValueRange{image, window}, zeros,
                                               builder.getI64VectorAttr({h, w}),
                                               builder.getI64VectorAttr({1, 1}))
                  .getResult(0);
  ChannelBuilder channels(builder, builder.getLoc(), sum, 1);
  Value inverse = channels.createNumber(1.0 / static_cast<double>(h * w));
  return channels.mapElements(
      sum, [&](ImplicitLocOpBuilder &b, ValueRange args) -> Value {
        return arith::MulFOp::create(b, args[0], inverse);
      });
}

Value BranchWriter::createRelu(ImplicitLocOpBuilder &nested, Value value) {
  ChannelBuilder channels(nested, nested.getLoc(), value, 1);
  Value zero = channels.createNumber(0);
  return channels.mapElements(
      value, [&](ImplicitLocOpBuilder &b, ValueRange args) -> Value {
        return arith::MaximumFOp::create(b, args[0], zero);
      });
}

Value BranchWriter::addBias(ImplicitLocOpBuilder &nested, Value value,
                            Value bias, double factor) {
  ChannelBuilder channels(nested, nested.getLoc(), value, 1);
  Value number = channels.createNumber(factor);
  return channels.mapElements(
      {value, bias}, [&](ImplicitLocOpBuilder &b, ValueRange args) -> Value {
        Value sum = arith::AddFOp::create(b, args[0], args[1]);
        return factor == 1 ? sum : arith::MulFOp::create(b, sum, number);
      });
}

Value BranchWriter::createProjection(Value map, int64_t number) {
  RankedTensorType type = getType(map);
  std::string name = llvm::formatv("branch.projection{0}", number);
  Value small =
      createMean(map, type.getDimSize(2) / height, type.getDimSize(3) / width);
  Value weights = addParameter(name + ".weight",
                               {shape.channels, type.getDimSize(1), 1, 1});
  Value bias = addParameter(name + ".bias", shape.channels);
  return addBias(builder, createConvolution(builder, small, weights), bias, 1);
}

void BranchWriter::fillRegion(ReversibleOp op, Region &region, StringRef name,
                              Value feature) {
  Block *block = op.addBlock(region);
  ImplicitLocOpBuilder nested(builder.getLoc(), OpBuilder::atBlockEnd(block));
  Value value = block->getArgument(0);
  for (int64_t layer : {1, 2}) {
    std::string prefix = llvm::formatv("{0}.conv{1}", name, layer);
    Value weights = addParameter(prefix + ".weight",
                                 {shape.channels, shape.channels, 3, 3});
    Value bias = addParameter(prefix + ".bias", shape.channels);
    value = createConvolution(nested, createRelu(nested, value), weights);
    value = addBias(nested, value, bias, layer == 2 ? share : 1);
  }
  if (feature)
    value =
        ChannelBuilder(nested, nested.getLoc(), value, 1)
            .mapElements({value, feature},
                         [](ImplicitLocOpBuilder &b, ValueRange args) -> Value {
                           return arith::AddFOp::create(b, args[0], args[1]);
                         });
  CouplingYieldOp::create(nested, value);
}

Value BranchWriter::createFeatures(Value map) {
  RankedTensorType type = getType(map);
  Value mean = createMean(map, type.getDimSize(2), type.getDimSize(3));
  return tensor::CollapseShapeOp::create(
      builder, mean, ArrayRef<ReassociationIndices>{{0}, {1, 2, 3}});
}

Value BranchWriter::createProduct(Value features, Value weights, Value sum) {
  return linalg::MatmulOp::create(builder, sum.getType(),
                                  ValueRange{features, weights}, sum)
      .getResult(0);
}

Value BranchWriter::write(ArrayRef<Value> maps, int64_t classes) {
  height = getType(maps.back()).getDimSize(2);
  width = getType(maps.back()).getDimSize(3);
  share = 1 / std::sqrt(2.0 * static_cast<double>(maps.size()) *
                        static_cast<double>(shape.couplings));
  Location loc = builder.getLoc();
  Value first = toStream(builder, loc, createProjection(maps.front(), 1),
                         shape.fraction);
  Value second = first;
  for (size_t stage = 0; stage < maps.size(); ++stage) {
    Value feature;
    if (stage > 0)
      feature = createProjection(maps[stage], stage + 1);
    for (int64_t i = 0; i < shape.couplings; ++i) {
      std::string name =
          llvm::formatv("branch.stage{0}.coupling{1}", stage + 1, i + 1);
      auto op =
          ReversibleOp::create(builder, CouplingKind::Additive, first, second);
      fillRegion(op, op.getF(), name + ".f", i == 0 ? feature : Value());
      fillRegion(op, op.getG(), name + ".g", {});
      first = op.getResult1();
      second = op.getResult2();
    }
  }
  Value left = fromStream(builder, loc, first),
        right = fromStream(builder, loc, second);
  ChannelBuilder channels(builder, builder.getLoc(), left, 1);
  Value half = channels.createNumber(0.5);
  Value mean = channels.mapElements(
      {left, right}, [&](ImplicitLocOpBuilder &b, ValueRange args) -> Value {
        return arith::MulFOp::create(
            b, arith::AddFOp::create(b, args[0], args[1]), half);
      });

  int64_t features = getType(maps.back()).getDimSize(1);
  Value ofNetwork =
      addParameter("branch.classifier.network.weight", {features, classes});
  Value ofBranch = addParameter("branch.classifier.branch.weight",
                                {shape.channels, classes});
  Value bias = addParameter("branch.classifier.bias", classes);
  Value logits = createZeros(builder, {1, classes});
  logits = createProduct(createFeatures(maps.back()), ofNetwork, logits);
  Value own = createProduct(createFeatures(createRelu(builder, mean)), ofBranch,
                            createZeros(builder, {1, classes}));
  return ChannelBuilder(builder, builder.getLoc(), logits, 1)
      .mapElements({logits, own, bias},
                   [](ImplicitLocOpBuilder &b, ValueRange args) -> Value {
                     Value sum = arith::AddFOp::create(b, args[0], args[1]);
                     return arith::AddFOp::create(b, sum, args[2]);
                   });
}

Value colonnade::writeDuplexBranch(func::FuncOp function, ArrayRef<Value> maps,
                                   int64_t classes, const BranchShape &shape) {
  return BranchWriter(function, shape).write(maps, classes);
}
