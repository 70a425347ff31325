//===- FreezeParameters.cpp - Weights that stay what they are -------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Implements the pass. What is frozen is no parameter any more for anybody who
// asks collectParameters.
//
//===----------------------------------------------------------------------===//

#include "colonnade/Differentiation/OutlineParameters.h"
#include "colonnade/Differentiation/Passes.h"
#include "llvm/Support/Regex.h"

namespace colonnade {
#define GEN_PASS_DEF_FREEZEPARAMETERS
#include "colonnade/Differentiation/Passes.h.inc"
} // namespace colonnade

using namespace mlir;
using namespace colonnade;

namespace {
struct FreezeParameters
    : colonnade::impl::FreezeParametersBase<FreezeParameters> {
  using FreezeParametersBase::FreezeParametersBase;

  void runOnOperation() override;
};
} // namespace

/// As many as a message has room for.
static std::string listNames(ArrayRef<Parameter> parameters) {
  constexpr size_t longest = 12;
  std::string text;
  llvm::raw_string_ostream stream(text);
  llvm::interleaveComma(parameters.take_front(longest), stream,
                        [&](const Parameter &p) { stream << p.name; });
  if (parameters.size() > longest)
    stream << ", ... (" << parameters.size() << " in all)";
  return text;
}

void FreezeParameters::runOnOperation() {
  func::FuncOp function = getOperation();
  llvm::Regex pattern("^(" + names + ")$");
  std::string problem;
  if (!pattern.isValid(problem)) {
    function.emitError("expected names to be a regular expression, got '")
        << names << "': " << problem;
    return signalPassFailure();
  }
  SmallVector<Parameter> parameters = collectParameters(function);
  llvm::append_range(parameters, collectStatistics(function));
  bool isAny = false;
  for (Parameter parameter : parameters) {
    nameConstant(parameter);
    if (!pattern.match(parameter.name))
      continue;
    isAny = true;
    parameter.constant->setAttr(ColonnadeDialect::getFrozenAttrName(),
                                UnitAttr::get(&getContext()));
  }
  if (isAny)
    return;
  function.emitError("no parameter is named '")
      << names << "': there are " << listNames(parameters);
  signalPassFailure();
}
