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

#include "colonnade/Diagnostics/NodeDiagnostics.h"
#include "colonnade/InitAllDialects.h"
#include "colonnade/InitAllPasses.h"
#include "colonnade/Support/ToolOptions.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/raw_ostream.h"

int main(int argc, char **argv) {
  colonnade::hideLibraryOptions();
  mlir::DialectRegistry registry;
  colonnade::registerAllDialects(registry);
  colonnade::registerNodeDiagnostics(registry);
  colonnade::registerAllPasses();
  auto [input, output] = mlir::registerAndParseCLIOptions(
      argc, argv, "Colonnade compiler driver\n", registry);
  // The input is mapped; opening it as the output would take it away.
  if (llvm::sys::fs::equivalent(input, output)) {
    llvm::errs() << "error: '" << input
                 << "' is both the input and the output: give -o another "
                    "name\n";
    return 1;
  }
  return mlir::asMainReturnCode(
      mlir::MlirOptMain(argc, argv, input, output, registry));
}
