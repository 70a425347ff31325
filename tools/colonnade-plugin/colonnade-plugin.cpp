//===- colonnade-plugin.cpp - Plugin for stock mlir-opt -*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Colonnade's dialects, passes and pipelines as a plugin:
// mlir-opt-22 --load-dialect-plugin=ColonnadePlugin.so
//             --load-pass-plugin=ColonnadePlugin.so.
//
//===----------------------------------------------------------------------===//

#include "colonnade/Conversion/LinalgToSystolic/Passes.h"
#include "colonnade/Diagnostics/NodeDiagnostics.h"
#include "colonnade/Dialect/Colonnade/IR/ColonnadeDialect.h"
#include "colonnade/Dialect/Colonnade/Transforms/Passes.h"
#include "colonnade/Dialect/Systolic/IR/Systolic.h"
#include "colonnade/Dialect/Systolic/Transforms/Passes.h"
#include "colonnade/InitAllPasses.h"
#include "mlir/Tools/Plugins/DialectPlugin.h"
#include "mlir/Tools/Plugins/PassPlugin.h"
#include "llvm/Support/Compiler.h"

extern "C" LLVM_ATTRIBUTE_WEAK mlir::DialectPluginLibraryInfo
mlirGetDialectPluginInfo() {
  return {MLIR_PLUGIN_API_VERSION, "Colonnade", LLVM_VERSION_STRING,
          [](mlir::DialectRegistry *registry) {
            registry->insert<colonnade::ColonnadeDialect,
                             colonnade::systolic::SystolicDialect>();
            colonnade::registerNodeDiagnostics(*registry);
          }};
}

extern "C" LLVM_ATTRIBUTE_WEAK mlir::PassPluginLibraryInfo
mlirGetPassPluginInfo() {
  return {MLIR_PLUGIN_API_VERSION, "Colonnade", LLVM_VERSION_STRING,
          [] { colonnade::registerColonnadePasses(); }};
}
