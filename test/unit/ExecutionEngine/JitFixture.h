//===- JitFixture.h - Compiling a test's function ---------------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the runner's tests share: a context, compiling or refusing a function
// from its text, and seeded operands.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_TEST_UNIT_EXECUTIONENGINE_JITFIXTURE_H
#define COLONNADE_TEST_UNIT_EXECUTIONENGINE_JITFIXTURE_H

#include "colonnade/ExecutionEngine/JitFunction.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Quant/IR/Quant.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Tosa/IR/TosaOps.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Parser/Parser.h"
#include "gmock/gmock.h"
#include <random>

namespace colonnade {

class JitFixture : public testing::Test {
protected:
  JitFixture() {
    context.loadDialect<mlir::arith::ArithDialect, mlir::func::FuncDialect,
                        mlir::linalg::LinalgDialect, mlir::math::MathDialect,
                        mlir::quant::QuantDialect, mlir::scf::SCFDialect,
                        mlir::tensor::TensorDialect, mlir::tosa::TosaDialect>();
  }

  std::unique_ptr<JitFunction>
  compile(const std::string &source,
          JitOptimization optimization = JitOptimization::Speed) {
    module = mlir::parseSourceString<mlir::ModuleOp>(source, &context);
    if (!module) {
      ADD_FAILURE() << "the test's source does not parse";
      return nullptr;
    }
    auto function = JitFunction::compile(*module, "main", optimization);
    if (!function) {
      ADD_FAILURE() << llvm::toString(function.takeError());
      return nullptr;
    }
    return std::move(*function);
  }

  /// Compiles what must be refused: the error's and the diagnostic's text.
  std::pair<std::string, std::string> refuse(const std::string &source) {
    std::string diagnostics;
    llvm::raw_string_ostream stream(diagnostics);
    mlir::ScopedDiagnosticHandler handler(
        &context, [&](mlir::Diagnostic &diagnostic) {
          stream << diagnostic.getLocation() << ": " << diagnostic << "\n";
        });
    module = mlir::parseSourceString<mlir::ModuleOp>(source, &context);
    if (!module)
      return {"does not parse", diagnostics};
    auto function = JitFunction::compile(*module, "main");
    if (function)
      return {"compiled", diagnostics};
    return {llvm::toString(function.takeError()), diagnostics};
  }

  mlir::MLIRContext context;
  mlir::OwningOpRef<mlir::ModuleOp> module;
};

/// Seeded numbers.
class Generator {
public:
  explicit Generator(uint64_t seed) : engine(seed) {}
  int64_t between(int64_t low, int64_t high) {
    return low + int64_t(engine() % uint64_t(high - low + 1));
  }
  template <typename T> std::vector<T> values(size_t count) {
    std::vector<T> result(count);
    for (T &value : result)
      if constexpr (std::is_same_v<T, float>)
        value = float(between(-1000000, 1000000)) / 770003.0f;
      else
        value = T(between(-128, 127));
    return result;
  }

private:
  std::mt19937_64 engine;
};

} // namespace colonnade

#endif // COLONNADE_TEST_UNIT_EXECUTIONENGINE_JITFIXTURE_H
