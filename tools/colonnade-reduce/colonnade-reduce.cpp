//===- colonnade-reduce.cpp - Test case reducer -*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// mlir-reduce for Colonnade: shrinks a module while a script still finds it
// interesting, with Colonnade's dialects and passes at hand.
//
//===----------------------------------------------------------------------===//

#include "colonnade/Diagnostics/NodeDiagnostics.h"
#include "colonnade/InitAllDialects.h"
#include "colonnade/InitAllPasses.h"
#include "colonnade/Support/ToolOptions.h"
#include "mlir/Tools/mlir-reduce/MlirReduceMain.h"

int main(int argc, char **argv) {
  colonnade::hideLibraryOptions();
  mlir::DialectRegistry registry;
  colonnade::registerAllDialects(registry);
  colonnade::registerNodeDiagnostics(registry);
  colonnade::registerAllPasses();
  mlir::MLIRContext context(registry);
  return mlir::failed(mlir::mlirReduceMain(argc, argv, context));
}
