//===- PromisedZeros.cpp - Pruned weights stay pruned ---------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See the header.
//
//===----------------------------------------------------------------------===//

#include "colonnade/Training/PromisedZeros.h"
#include "colonnade/Dialect/Colonnade/IR/BlockPromises.h"
#include "colonnade/Dialect/Colonnade/IR/Promises.h"
#include "colonnade/Differentiation/OutlineParameters.h"
#include "colonnade/Training/Trainer.h"

using namespace mlir;
using namespace colonnade;

PromisedZeros::PromisedZeros(ModuleOp network) {
  auto parameters =
      collectParameters(network.lookupSymbol<func::FuncOp>("main"));
  for (auto [i, parameter] : llvm::enumerate(parameters)) {
    arith::ConstantOp constant = parameter.constant;
    if (!getColumnsPromise(constant.getType()))
      continue;
    auto values = readFloatValues(cast<ElementsAttr>(constant.getValue()));
    Zeros &found = zeros.emplace_back(Zeros{i, {}});
    for (float value : *values)
      found.mask.push_back(value != 0);
  }
}

llvm::Error PromisedZeros::afterStep(Trainer &trainer) {
  for (const Zeros &pruned : zeros)
    trainer.applyMask(pruned.parameter, pruned.mask);
  return llvm::Error::success();
}

std::pair<std::string, std::string> PromisedZeros::getFingerprint() const {
  size_t count = 0;
  for (const Zeros &pruned : zeros)
    count += llvm::count(pruned.mask, 0);
  return {"promised_zeros", std::to_string(count)};
}
