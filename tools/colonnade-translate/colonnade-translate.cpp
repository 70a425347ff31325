//===- colonnade-translate.cpp - Importers and emitters -*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// mlir-translate for Colonnade: registers the project's translations.
//
//===----------------------------------------------------------------------===//

#include "colonnade/Support/ToolOptions.h"
#include "colonnade/Target/ImportOnnx.h"
#include "colonnade/Target/JsonSchedule.h"
#include "mlir/Tools/mlir-translate/MlirTranslateMain.h"

int main(int argc, char **argv) {
  colonnade::hideLibraryOptions();
  colonnade::registerOnnxImportTranslation();
  colonnade::registerJsonScheduleTranslation();
  return mlir::failed(
      mlir::mlirTranslateMain(argc, argv, "Colonnade translation driver"));
}
