//===- ExternalGradientTest.cpp - Gradients attached from outside ---------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a user does who differentiates through an op that Colonnade has no
// gradient of: attach one, here a straight-through gradient of a remainder.
// Before that the op is refused.
//
//===----------------------------------------------------------------------===//

#include "colonnade/Differentiation/DifferentiableOpInterface.h"
#include "colonnade/Differentiation/Passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Transforms/Passes.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

using namespace mlir;
using namespace colonnade;

namespace {

struct StraightThrough
    : DifferentiableOpInterface::ExternalModel<StraightThrough, arith::RemFOp> {
  FailureOr<SmallVector<Value>> createOperandCotangents(Operation *,
                                                        OpBuilder &,
                                                        ValueRange cotangents,
                                                        ArrayRef<bool>) const {
    return SmallVector<Value>{cotangents[0], Value()};
  }
};

/// The op on tensors, and in the body of a structured op.
constexpr const char *kPrograms[] = {
    R"(func.func @main(%x: tensor<2xf32>) -> tensor<2xf32> {
      %one = arith.constant dense<1.0> : tensor<2xf32>
      %y = arith.remf %x, %one : tensor<2xf32>
      return %y : tensor<2xf32>
    })",
    R"(#map = affine_map<(i) -> (i)>
    func.func @main(%x: tensor<2xf32>) -> tensor<2xf32> {
      %one = arith.constant 1.0 : f32
      %y = linalg.generic {indexing_maps = [#map, #map],
                           iterator_types = ["parallel"]}
          ins(%x : tensor<2xf32>) outs(%x : tensor<2xf32>) {
      ^bb0(%element: f32, %out: f32):
        %rest = arith.remf %element, %one : f32
        linalg.yield %rest : f32
      } -> tensor<2xf32>
      return %y : tensor<2xf32>
    })"};

class ExternalGradient : public testing::TestWithParam<const char *> {
protected:
  ExternalGradient() {
    context.loadDialect<arith::ArithDialect, func::FuncDialect,
                        linalg::LinalgDialect>();
    context.getDiagEngine().registerHandler(
        [this](Diagnostic &diagnostic) { errors += diagnostic.str() + "\n"; });
    module = parseSourceString<ModuleOp>(GetParam(), &context);
  }

  LogicalResult differentiate() {
    PassManager manager(&context);
    manager.addPass(createDifferentiate());
    // A structured op that only copies the cotangent goes away.
    manager.addPass(createCanonicalizerPass());
    return manager.run(*module);
  }

  MLIRContext context;
  OwningOpRef<ModuleOp> module;
  std::string errors;
};

TEST_P(ExternalGradient, IsMissedWithoutOne) {
  EXPECT_TRUE(failed(differentiate()));
  EXPECT_THAT(errors, testing::HasSubstr("arith.remf"));
}

TEST_P(ExternalGradient, IsUsed) {
  arith::RemFOp::attachInterface<StraightThrough>(context);
  ASSERT_TRUE(succeeded(differentiate())) << errors;
  auto gradient = module->lookupSymbol<func::FuncOp>("main_gradient");
  ASSERT_TRUE(gradient);
  Operation *terminator = gradient.getBody().front().getTerminator();
  EXPECT_EQ(terminator->getOperand(1), gradient.getArguments().back());
}

INSTANTIATE_TEST_SUITE_P(TensorsAndBodies, ExternalGradient,
                         testing::ValuesIn(kPrograms), [](const auto &info) {
                           return info.index ? "Body" : "Tensor";
                         });

} // namespace
