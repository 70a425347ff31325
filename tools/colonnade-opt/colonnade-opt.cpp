//===- colonnade-opt.cpp - The pass driver --------------------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// mlir-opt for Colonnade: runs passes and pipelines on IR of every stage,
// reports remarks (--remarks-filter), and loads dialect and pass plugins.
//
//===----------------------------------------------------------------------===//

#include "colonnade/InitAllDialects.h"
#include "colonnade/InitAllPasses.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"

int main(int argc, char **argv) {
  mlir::DialectRegistry registry;
  colonnade::registerAllDialects(registry);
  colonnade::registerAllPasses();
  return mlir::asMainReturnCode(
      mlir::MlirOptMain(argc, argv, "Colonnade compiler driver\n", registry));
}
