//===- LinalgToSystolic.cpp - Mapping linalg to the array -*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The pass: resolves the target, maps each function and reports every linalg op
// as accepted or rejected.
//
//===----------------------------------------------------------------------===//

#include "NetworkMapper.h"
#include "colonnade/Conversion/LinalgToSystolic/Passes.h"
#include "colonnade/Dialect/Systolic/IR/TargetFile.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace colonnade;
using namespace colonnade::systolic;

namespace colonnade {
#define GEN_PASS_DEF_CONVERTLINALGTOSYSTOLIC
#include "colonnade/Conversion/LinalgToSystolic/Passes.h.inc"
} // namespace colonnade

namespace {
struct ConvertLinalgToSystolic
    : colonnade::impl::ConvertLinalgToSystolicBase<ConvertLinalgToSystolic> {
  using ConvertLinalgToSystolicBase::ConvertLinalgToSystolicBase;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    FailureOr<TargetAttr> machine = getMachine(module);
    if (failed(machine))
      return signalPassFailure();
    module->setAttr(SystolicDialect::getTargetAttrName(), *machine);
    for (auto function : module.getOps<func::FuncOp>())
      if (!function.isExternal())
        NetworkMapper(function, *machine, depthwise, blockDataflow).run();
  }

  FailureOr<TargetAttr> getMachine(ModuleOp module) {
    if (!target.empty())
      return readTargetFile(&getContext(), target);
    if (auto attr = module->getAttrOfType<TargetAttr>(
            SystolicDialect::getTargetAttrName()))
      return attr;
    return emitError(module.getLoc())
           << "no target: give one with target=<file or shipped name>, or as "
              "the module's '"
           << SystolicDialect::getTargetAttrName() << "'";
  }
};
} // namespace
