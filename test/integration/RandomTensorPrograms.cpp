//===- RandomTensorPrograms.cpp - Random programs to differentiate --------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The frame of a program and what its families share.
//
//===----------------------------------------------------------------------===//

#include "RandomTensorPrograms.h"
#include "colonnade/Dialect/Colonnade/IR/ColonnadeDialect.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace colonnade;
using namespace colonnade::test;

using Programs = RandomTensorPrograms;

/// Larger values are averaged down between steps.
static constexpr int64_t kMaxElements = 400;

ArrayRef<int64_t> test::getShape(Value value) {
  return cast<RankedTensorType>(value.getType()).getShape();
}

const Programs::Family Programs::kFamilies[] = {
    {"matmul", &Programs::addMatmul},
    {"batch matmul", &Programs::addBatchMatmul},
    {"generic contraction", &Programs::addGenericContraction},
    {"attention", &Programs::addAttention},
    {"convolution", &Programs::addConvolution},
    {"grouped convolution", &Programs::addGroupedConvolution},
    {"depthwise convolution", &Programs::addDepthwiseConvolution},
    {"1-D convolution", &Programs::addConvolution1D},
    {"sum pooling", &Programs::addSumPooling},
    {"max pooling", &Programs::addMaxPooling},
    {"nonlinear windows", &Programs::addNonlinearWindows},
    {"elementwise", &Programs::addElementwise},
    {"choice", &Programs::addChoice},
    {"tensor arithmetic", &Programs::addTensorArithmetic},
    {"two results", &Programs::addTwoResults},
    {"broadcast", &Programs::addBroadcast},
    {"sum", &Programs::addSumReduction},
    {"maximum", &Programs::addMaxReduction},
    {"product", &Programs::addProductReduction},
    {"transpose", &Programs::addTranspose},
    {"reshape", &Programs::addReshape},
    {"pad", &Programs::addPad},
    {"slice", &Programs::addSlice},
    {"insertion", &Programs::addInsertion},
    {"concatenation", &Programs::addConcat},
    {"softmax", &Programs::addSoftmax},
    {"named softmax", &Programs::addNamedSoftmax},
    {"layer norm", &Programs::addLayerNorm},
    {"batch norm", &Programs::addBatchNorm},
    {"batch norm inference", &Programs::addBatchNormInference},
    {"cross-entropy", &Programs::addCrossEntropy},
};

size_t Programs::getFamilyCount() { return std::size(kFamilies); }

StringRef Programs::getFamilyName(size_t family) {
  return kFamilies[family].name;
}

Programs::RandomTensorPrograms(MLIRContext &context, RandomCases &cases)
    : cases(cases), builder(UnknownLoc::get(&context), &context) {
  context.loadDialect<ColonnadeDialect, arith::ArithDialect, func::FuncDialect,
                      linalg::LinalgDialect, tensor::TensorDialect>();
}

//===----------------------------------------------------------------------===//
// The program
//===----------------------------------------------------------------------===//

/// A value that grew too large loses dimensions; one that shrank to nothing is
/// spread.
Value Programs::callFamily(size_t family, Value value) {
  auto getElements = [&] {
    return ShapedType::getNumElements(getShape(value));
  };
  while (getElements() > kMaxElements)
    value = addSumReduction(value);
  if (getElements() < 4)
    value = addBroadcast(value);
  // Keeps values small.
  value = map({value}, [&](ValueRange x) { return createFunction(0, x[0]); });
  return (this->*kFamilies[family].step)(value);
}

OwningOpRef<ModuleOp> Programs::buildAround(llvm::function_ref<Value()> body) {
  OwningOpRef<ModuleOp> module = ModuleOp::create(builder.getLoc());
  builder.setInsertionPointToEnd(module->getBody());
  function =
      func::FuncOp::create(builder, "main", builder.getFunctionType({}, {}));
  builder.setInsertionPointToStart(function.addEntryBlock());
  Value value = body();
  func::ReturnOp::create(builder, value);
  function.setFunctionType(builder.getFunctionType(
      function.getBody().getArgumentTypes(), value.getType()));
  return module;
}

OwningOpRef<ModuleOp> Programs::build(size_t family, int64_t steps) {
  return buildAround([&] {
    Shape shape;
    for (int64_t rank = cases.getInteger(2, 4); rank > 0; --rank)
      shape.push_back(cases.getInteger(2, 5));
    Value value = addArgument(shape);
    int64_t place = cases.getInteger(0, steps);
    for (int64_t step = 0; step <= steps; ++step)
      value = callFamily(
          step == place ? family : cases.getInteger(0, getFamilyCount() - 1),
          value);
    return value;
  });
}

OwningOpRef<ModuleOp> Programs::buildFunction(size_t number) {
  return buildAround([&] {
    return map({addArgument(20)},
               [&](ValueRange x) { return createFunction(number, x[0]); });
  });
}

//===----------------------------------------------------------------------===//
// Values
//===----------------------------------------------------------------------===//

Value Programs::addArgument(ArrayRef<int64_t> shape) {
  return function.getBody().addArgument(
      RankedTensorType::get(shape, builder.getF64Type()), builder.getLoc());
}

Value Programs::createConstant(double value) {
  return arith::ConstantOp::create(builder, builder.getF64FloatAttr(value));
}

Value Programs::createFilled(ArrayRef<int64_t> shape, double value) {
  Value empty = tensor::EmptyOp::create(builder, shape, builder.getF64Type());
  return linalg::FillOp::create(builder, createConstant(value), empty)
      .getResult(0);
}

Value Programs::reshape(Value value, ArrayRef<int64_t> shape) {
  ArrayRef<int64_t> old = getShape(value);
  if (old == shape)
    return value;
  auto getAll = [](int64_t rank) {
    return SmallVector<ReassociationIndices>{
        llvm::to_vector<2>(llvm::seq<int64_t>(0, rank))};
  };
  if (old.size() > 1)
    value = tensor::CollapseShapeOp::create(builder, value, getAll(old.size()));
  if (shape.size() == 1)
    return value;
  return tensor::ExpandShapeOp::create(
      builder, RankedTensorType::get(shape, builder.getF64Type()), value,
      getAll(shape.size()));
}

Value Programs::toRank(Value value, int64_t rank) {
  Shape shape(getShape(value));
  while (static_cast<int64_t>(shape.size()) > rank) {
    int64_t outer = shape.front();
    shape.erase(shape.begin());
    shape.front() *= outer;
  }
  while (static_cast<int64_t>(shape.size()) < rank)
    shape.insert(shape.begin(), 1);
  return reshape(value, shape);
}

//===----------------------------------------------------------------------===//
// Structured ops
//===----------------------------------------------------------------------===//

Value Programs::createGeneric(ArrayRef<Operand> operands, Value init,
                              ArrayRef<unsigned> result, Body body) {
  unsigned loops = 0;
  for (const Operand &operand : operands)
    for (unsigned loop : operand.loops)
      loops = std::max(loops, loop + 1);
  auto getMap = [&](ArrayRef<unsigned> indices) {
    return AffineMap::getMultiDimMapWithTargets(loops, indices,
                                                builder.getContext());
  };
  SmallVector<Value> inputs;
  SmallVector<AffineMap> maps;
  for (const Operand &operand : operands) {
    inputs.push_back(operand.value);
    maps.push_back(getMap(operand.loops));
  }
  maps.push_back(getMap(result));
  SmallVector<utils::IteratorType> iterators(loops,
                                             utils::IteratorType::reduction);
  for (unsigned loop : result)
    iterators[loop] = utils::IteratorType::parallel;
  return linalg::GenericOp::create(
             builder, init.getType(), inputs, init, maps, iterators,
             [&](OpBuilder &nested, Location loc, ValueRange elements) {
               OpBuilder::InsertionGuard guard(builder);
               builder.setInsertionPointToEnd(nested.getInsertionBlock());
               Value element = body(elements);
               linalg::YieldOp::create(builder, element);
             })
      .getResult(0);
}

static SmallVector<unsigned> getFirst(unsigned count) {
  return llvm::to_vector(llvm::seq<unsigned>(0, count));
}

Value Programs::map(ArrayRef<Value> values, Body body) {
  Loops loops = getFirst(getShape(values[0]).size());
  SmallVector<Operand> operands;
  for (Value value : values)
    operands.push_back({value, loops});
  Value empty = tensor::EmptyOp::create(builder, getShape(values[0]),
                                        builder.getF64Type());
  return createGeneric(operands, empty, loops, body);
}

Value Programs::sumOver(Value value, unsigned kept) {
  Value init = createFilled(getShape(value).take_front(kept), 0);
  return createGeneric({{value, getFirst(getShape(value).size())}}, init,
                       getFirst(kept), [&](ValueRange x) -> Value {
                         return arith::AddFOp::create(builder, x[1], x[0]);
                       });
}

Value Programs::maxOver(Value value, unsigned kept) {
  Value init = createFilled(getShape(value).take_front(kept),
                            -std::numeric_limits<double>::infinity());
  return createGeneric({{value, getFirst(getShape(value).size())}}, init,
                       getFirst(kept), [&](ValueRange x) -> Value {
                         return arith::MaximumFOp::create(builder, x[1], x[0]);
                       });
}

Value Programs::mapRows(Value value, Value row, Body body) {
  Loops loops = getFirst(getShape(value).size());
  Value empty =
      tensor::EmptyOp::create(builder, getShape(value), builder.getF64Type());
  return createGeneric({{value, loops}, {row, getFirst(getShape(row).size())}},
                       empty, loops, body);
}
