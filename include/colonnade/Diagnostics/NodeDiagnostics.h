//===- NodeDiagnostics.h - Messages that name a model's nodes --*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A binary model has no lines to point to, only named nodes. Importers give
// their ops a NameLoc, the node, over a FileLineColLoc of line 0, the model.
// MLIR's printers of messages look for a file, print "model.onnx:0:0", and drop
// the name; the handler declared here moves it into the message first.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_DIAGNOSTICS_NODEDIAGNOSTICS_H
#define COLONNADE_DIAGNOSTICS_NODEDIAGNOSTICS_H

#include "mlir/IR/DialectRegistry.h"
#include "mlir/IR/Location.h"
#include <optional>

namespace colonnade {

/// A node of a model that has no lines.
struct NodeLocation {
  mlir::FileLineColLoc model;
  llvm::StringRef name;
};

/// The location of ops that a node becomes.
mlir::Location getNodeLocation(llvm::StringRef name,
                               mlir::FileLineColLoc model);

/// The first node inside a location, if there is one.
std::optional<NodeLocation> findNode(mlir::Location location);

/// In contexts of this registry, errors, warnings and remarks at a node read
/// "model.onnx:0:0: error: node '/conv1/Conv': ...". The handler comes with the
/// func dialect, hence after the ones that tools install before they parse.
void registerNodeDiagnostics(mlir::DialectRegistry &registry);

} // namespace colonnade

#endif // COLONNADE_DIAGNOSTICS_NODEDIAGNOSTICS_H
