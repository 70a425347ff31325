//===- RandomTensorPrograms.h - Random programs to differentiate -*- C++
//-*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Draws compositions of the tensor ops that networks and losses are made of, on
// small shapes, for the property test that gradients are those of finite
// differences.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_TEST_INTEGRATION_RANDOMTENSORPROGRAMS_H
#define COLONNADE_TEST_INTEGRATION_RANDOMTENSORPROGRAMS_H

#include "../unit/Support/RandomCases.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Utils/StructuredOpsUtils.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/IR/OwningOpRef.h"

namespace colonnade::test {

/// Builds `@main` of f64 tensors: arguments as its ops ask for them, and the
/// last value as result. Values stay small, and no op is near a pole.
class RandomTensorPrograms {
public:
  RandomTensorPrograms(mlir::MLIRContext &context, RandomCases &cases);

  static size_t getFamilyCount();
  static llvm::StringRef getFamilyName(size_t family);

  /// A program of `family`, and `steps` random families around it.
  mlir::OwningOpRef<mlir::ModuleOp> build(size_t family, int64_t steps);

  /// A program that is one of getScalarFunctions() of each element.
  mlir::OwningOpRef<mlir::ModuleOp> buildFunction(size_t number);

private:
  using Shape = llvm::SmallVector<int64_t>;
  using Loops = llvm::SmallVector<unsigned>;
  using Body = llvm::function_ref<mlir::Value(mlir::ValueRange)>;
  using Step = mlir::Value (RandomTensorPrograms::*)(mlir::Value);
  struct Family {
    const char *name;
    Step step;
  };
  static const Family kFamilies[];

  // Contractions.
  mlir::Value addMatmul(mlir::Value value);
  mlir::Value addBatchMatmul(mlir::Value value);
  mlir::Value addGenericContraction(mlir::Value value);
  mlir::Value addAttention(mlir::Value value);
  // Windows.
  mlir::Value addConvolution(mlir::Value value);
  mlir::Value addGroupedConvolution(mlir::Value value);
  mlir::Value addDepthwiseConvolution(mlir::Value value);
  mlir::Value addConvolution1D(mlir::Value value);
  mlir::Value addSumPooling(mlir::Value value);
  mlir::Value addMaxPooling(mlir::Value value);
  mlir::Value addNonlinearWindows(mlir::Value value);
  // Elements.
  mlir::Value addElementwise(mlir::Value value);
  mlir::Value addChoice(mlir::Value value);
  mlir::Value addTensorArithmetic(mlir::Value value);
  mlir::Value addTwoResults(mlir::Value value);
  mlir::Value addBroadcast(mlir::Value value);
  mlir::Value addSumReduction(mlir::Value value);
  mlir::Value addMaxReduction(mlir::Value value);
  mlir::Value addProductReduction(mlir::Value value);
  // Movement.
  mlir::Value addTranspose(mlir::Value value);
  mlir::Value addReshape(mlir::Value value);
  mlir::Value addPad(mlir::Value value);
  mlir::Value addSlice(mlir::Value value);
  mlir::Value addInsertion(mlir::Value value);
  mlir::Value addConcat(mlir::Value value);
  // Layers of several ops.
  mlir::Value addSoftmax(mlir::Value value);
  mlir::Value addNamedSoftmax(mlir::Value value);
  mlir::Value addLayerNorm(mlir::Value value);
  mlir::Value addBatchNorm(mlir::Value value);
  mlir::Value addBatchNormInference(mlir::Value value);
  mlir::Value addCrossEntropy(mlir::Value value);

  /// A new argument.
  mlir::Value addArgument(mlir::ArrayRef<int64_t> shape);
  mlir::Value createConstant(double value);
  mlir::Value createFilled(mlir::ArrayRef<int64_t> shape, double value);
  /// The elements in row-major order under another shape, and of that rank with
  /// few elements in the last dimensions.
  mlir::Value reshape(mlir::Value value, mlir::ArrayRef<int64_t> shape);
  mlir::Value toRank(mlir::Value value, int64_t rank);
  /// `value` with zeros around its last `dims` dimensions, or without.
  mlir::Value padRandomly(mlir::Value value, int64_t dims);

  struct Operand {
    mlir::Value value;
    Loops loops;
  };
  /// A generic whose result, which starts from `init`, is indexed by `result`;
  /// other loops are reduced. `body` gets the operands' elements, then the
  /// result's so far.
  mlir::Value createGeneric(mlir::ArrayRef<Operand> operands, mlir::Value init,
                            mlir::ArrayRef<unsigned> result, Body body);
  /// An elementwise generic over operands of one shape.
  mlir::Value map(mlir::ArrayRef<mlir::Value> operands, Body body);
  /// Sum or maximum over the last loops, from `kept` on.
  mlir::Value sumOver(mlir::Value value, unsigned kept);
  mlir::Value maxOver(mlir::Value value, unsigned kept);
  /// `body` of each element of `value` and that of `row`, of the first
  /// dimensions.
  mlir::Value mapRows(mlir::Value value, mlir::Value row, Body body);
  /// Weights and addends of the last dimension.
  mlir::Value scaleAndShift(mlir::Value value);
  /// One of getScalarFunctions(), by its number, of x.
  mlir::Value createFunction(size_t number, mlir::Value x);
  /// A window that fits into `extent`.
  struct Window {
    int64_t kernel, stride, dilation;
    int64_t getCount(int64_t extent) const {
      return (extent - (kernel - 1) * dilation - 1) / stride + 1;
    }
  };
  Window drawWindow(int64_t extent);
  /// A named op of windows over the last dimensions of `value`; `outer` are the
  /// others of its result.
  template <typename OpT>
  mlir::Value createWindowed(mlir::Value value, mlir::Value filter,
                             mlir::ArrayRef<int64_t> outer, double init,
                             mlir::ArrayRef<Window> windows);

  /// A module with `@main`, which returns what `body` does.
  mlir::OwningOpRef<mlir::ModuleOp>
  buildAround(llvm::function_ref<mlir::Value()> body);
  mlir::Value callFamily(size_t family, mlir::Value value);

  RandomCases &cases;
  mlir::ImplicitLocOpBuilder builder;
  mlir::func::FuncOp function;
};

/// The static shape of a tensor.
mlir::ArrayRef<int64_t> getShape(mlir::Value value);

} // namespace colonnade::test

#endif // COLONNADE_TEST_INTEGRATION_RANDOMTENSORPROGRAMS_H
