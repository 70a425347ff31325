//===- TrainingNetworks.cpp - Random networks to train --------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See the header.
//
//===----------------------------------------------------------------------===//

#include "TrainingNetworks.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

using namespace mlir;
using namespace colonnade;

namespace {

using Shape = SmallVector<int64_t>;

class NetworkBuilder {
public:
  NetworkBuilder(ModuleOp module, RandomCases &cases)
      : builder(module.getLoc(), module.getBodyRegion()), cases(cases) {}

  void build();

private:
  int64_t draw(int64_t low, int64_t high) {
    return cases.getInteger(low, high);
  }
  Shape getShape() const {
    return Shape(cast<RankedTensorType>(value.getType()).getShape());
  }
  Value createNumber(float number) {
    return arith::ConstantOp::create(builder, builder.getF32FloatAttr(number));
  }
  Value createFilled(ArrayRef<int64_t> shape, float number) {
    Value empty = createEmpty(shape);
    return linalg::FillOp::create(builder, createNumber(number), empty)
        .getResult(0);
  }
  Value createEmpty(ArrayRef<int64_t> shape) {
    return tensor::EmptyOp::create(builder, shape, builder.getF32Type());
  }
  Value createParameter(ArrayRef<int64_t> shape);
  void addElementwise(ValueRange others, ArrayRef<AffineMap> maps,
                      function_ref<Value(OpBuilder &, ValueRange)> body);
  void addBias(unsigned dimension);
  void addActivation();
  void addConvolution();
  void addPooling();
  void addLinear(int64_t outputs);

  ImplicitLocOpBuilder builder;
  RandomCases &cases;
  Value value;
};

} // namespace

/// Values of about 1 / sqrt(fan-in).
Value NetworkBuilder::createParameter(ArrayRef<int64_t> shape) {
  auto type = RankedTensorType::get(shape, builder.getF32Type());
  SmallVector<float> values;
  double scale = std::sqrt(double(shape.back()) / type.getNumElements());
  for (int64_t i = 0; i < type.getNumElements(); ++i)
    values.push_back(float(scale * cases.getNormal()));
  return arith::ConstantOp::create(
      builder, DenseElementsAttr::get(type, ArrayRef<float>(values)));
}

void NetworkBuilder::addElementwise(
    ValueRange others, ArrayRef<AffineMap> maps,
    function_ref<Value(OpBuilder &, ValueRange)> body) {
  Shape shape = getShape();
  AffineMap identity = builder.getMultiDimIdentityMap(shape.size());
  SmallVector<AffineMap> allMaps = {identity};
  llvm::append_range(allMaps, maps);
  allMaps.push_back(identity);
  SmallVector<Value> inputs = {value};
  llvm::append_range(inputs, others);
  SmallVector<utils::IteratorType> loops(shape.size(),
                                         utils::IteratorType::parallel);
  value =
      linalg::GenericOp::create(
          builder, value.getType(), inputs, createEmpty(shape), allMaps, loops,
          [&](OpBuilder &nested, Location loc, ValueRange arguments) {
            linalg::YieldOp::create(nested, loc, body(nested, arguments));
          })
          .getResult(0);
}

void NetworkBuilder::addBias(unsigned dimension) {
  Shape shape = getShape();
  Value bias = createParameter(shape[dimension]);
  AffineMap map =
      AffineMap::get(shape.size(), 0, builder.getAffineDimExpr(dimension));
  addElementwise(bias, map, [&](OpBuilder &nested, ValueRange arguments) {
    return arith::AddFOp::create(nested, value.getLoc(), arguments[0],
                                 arguments[1]);
  });
}

void NetworkBuilder::addActivation() {
  Value zero = createNumber(0);
  bool isRelu = draw(0, 1) == 0;
  addElementwise({}, {}, [&](OpBuilder &nested, ValueRange arguments) -> Value {
    Location loc = value.getLoc();
    if (isRelu)
      return arith::MaximumFOp::create(nested, loc, arguments[0], zero);
    return math::TanhOp::create(nested, loc, arguments[0]);
  });
}

void NetworkBuilder::addConvolution() {
  Shape shape = getShape();
  int64_t kernel = draw(1, std::min<int64_t>(3, shape[2]));
  int64_t stride = draw(1, 2), padding = draw(0, kernel - 1);
  Shape margin = {0, 0, padding, padding};
  if (padding > 0) {
    Shape padded = shape;
    padded[2] += 2 * padding;
    padded[3] += 2 * padding;
    RankedTensorType type = RankedTensorType::get(padded, builder.getF32Type());
    SmallVector<OpFoldResult> edges =
        getAsIndexOpFoldResult(builder.getContext(), margin);
    value = tensor::PadOp::create(builder, builder.getLoc(), type, value, edges,
                                  edges, createNumber(0));
    shape = padded;
  }
  Shape result = {shape[0], draw(1, 5), (shape[2] - kernel) / stride + 1,
                  (shape[3] - kernel) / stride + 1};
  Value filter = createParameter({result[1], shape[1], kernel, kernel});
  auto steps = builder.getI64TensorAttr({stride, stride});
  auto ones = builder.getI64TensorAttr({1, 1});
  Value init = createFilled(result, 0);
  value = linalg::Conv2DNchwFchwOp::create(builder, init.getType(),
                                           ValueRange{value, filter}, init,
                                           steps, ones)
              .getResult(0);
  addBias(1);
}

void NetworkBuilder::addPooling() {
  Shape shape = getShape();
  int64_t size = draw(1, std::min<int64_t>(3, shape[2]));
  int64_t stride = draw(1, 2);
  Shape result = {shape[0], shape[1], (shape[2] - size) / stride + 1,
                  (shape[3] - size) / stride + 1};
  Value window = createEmpty({size, size});
  auto steps = builder.getI64TensorAttr({stride, stride});
  auto ones = builder.getI64TensorAttr({1, 1});
  if (draw(0, 2) == 0) {
    Value init = createFilled(result, 0);
    value = linalg::PoolingNchwSumOp::create(builder, init.getType(),
                                             ValueRange{value, window}, init,
                                             steps, ones)
                .getResult(0);
    return;
  }
  Value init = createFilled(result, -std::numeric_limits<float>::infinity());
  value = linalg::PoolingNchwMaxOp::create(builder, init.getType(),
                                           ValueRange{value, window}, init,
                                           steps, ones)
              .getResult(0);
}

void NetworkBuilder::addLinear(int64_t outputs) {
  Shape shape = getShape();
  Value weights = createParameter({shape[1], outputs});
  Value init = createFilled({shape[0], outputs}, 0);
  value = linalg::MatmulOp::create(builder, init.getType(),
                                   ValueRange{value, weights}, init)
              .getResult(0);
  addBias(1);
}

void NetworkBuilder::build() {
  int64_t side = draw(3, 8);
  Shape image = {draw(1, 3), draw(1, 3), side, side};
  auto type = RankedTensorType::get(image, builder.getF32Type());
  auto function = func::FuncOp::create(
      builder, "main", builder.getFunctionType(type, TypeRange()));
  value = function.addEntryBlock()->getArgument(0);
  builder.setInsertionPointToStart(&function.getBody().front());
  for (int64_t layers = draw(1, 2); layers > 0; --layers) {
    addConvolution();
    if (draw(0, 3) != 0)
      addActivation();
    if (draw(0, 1) == 0)
      addPooling();
  }
  Shape shape = getShape();
  value = tensor::CollapseShapeOp::create(
      builder, value, ArrayRef<ReassociationIndices>{{0}, {1, 2, 3}});
  if (draw(0, 1) == 0) {
    addLinear(draw(1, 9));
    addActivation();
  }
  addLinear(draw(2, 5));
  func::ReturnOp::create(builder, value);
  function.setFunctionType(builder.getFunctionType(type, value.getType()));
}

OwningOpRef<ModuleOp> test::drawTrainingNetwork(MLIRContext &context,
                                                RandomCases &cases) {
  OwningOpRef<ModuleOp> module = ModuleOp::create(UnknownLoc::get(&context));
  NetworkBuilder(*module, cases).build();
  return module;
}
