//===- NodeDiagnostics.cpp - Messages that name a model's nodes -----------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The handler emits the changed message once more: its location has no node
// any longer, so that the handlers below print it.
//
//===----------------------------------------------------------------------===//

#include "colonnade/Diagnostics/NodeDiagnostics.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Diagnostics.h"

using namespace mlir;
using namespace colonnade;

Location colonnade::getNodeLocation(StringRef name, FileLineColLoc model) {
  return NameLoc::get(StringAttr::get(model.getContext(), name), model);
}

std::optional<NodeLocation> colonnade::findNode(Location location) {
  std::optional<NodeLocation> node;
  location->walk([&](Location inner) {
    auto named = dyn_cast<NameLoc>(inner);
    auto model = named ? dyn_cast<FileLineColLoc>(named.getChildLoc())
                       : FileLineColLoc();
    if (!model || model.getLine() != 0)
      return WalkResult::advance();
    node = {model, named.getName().getValue()};
    return WalkResult::interrupt();
  });
  return node;
}

/// Notes at the message's own location need not repeat its node.
static void copyNote(const Diagnostic &note, Location parent,
                     Diagnostic &message) {
  std::optional<NodeLocation> node = findNode(note.getLocation());
  Diagnostic &copy =
      message.attachNote(node ? Location(node->model) : note.getLocation());
  if (node && note.getLocation() != parent)
    copy << "node '" << node->name << "': ";
  copy << note.str();
}

static LogicalResult emitWithNode(Diagnostic &original, MLIRContext *context) {
  std::optional<NodeLocation> node = findNode(original.getLocation());
  if (!node)
    return failure();
  Diagnostic message(node->model, original.getSeverity());
  message << "node '" << node->name << "': " << original.str();
  for (const Diagnostic &note : original.getNotes())
    copyNote(note, original.getLocation(), message);
  context->getDiagEngine().emit(std::move(message));
  return success();
}

void colonnade::registerNodeDiagnostics(DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, func::FuncDialect *) {
    context->getDiagEngine().registerHandler([context](Diagnostic &diagnostic) {
      return emitWithNode(diagnostic, context);
    });
  });
}
