//===- LayerNames.cpp - How users call the layers of a network ------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Walks locations for names and numbers what is left ambiguous.
//
//===----------------------------------------------------------------------===//

#include "LayerNames.h"
#include "mlir/IR/Location.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;

namespace colonnade {

static StringRef findName(Location location) {
  StringRef name;
  location->walk([&](Location inner) {
    auto named = dyn_cast<NameLoc>(inner);
    if (!named)
      return WalkResult::advance();
    name = named.getName();
    return WalkResult::interrupt();
  });
  return name;
}

std::string getLayerName(Operation *op) {
  StringRef name = findName(op->getLoc());
  return name.empty() ? op->getName().getStringRef().str() : name.str();
}

std::string getLayerName(Value value) {
  auto argument = dyn_cast<BlockArgument>(value);
  if (!argument)
    return getLayerName(value.getDefiningOp());
  StringRef name = findName(argument.getLoc());
  return name.empty() ? "argument " + llvm::utostr(argument.getArgNumber())
                      : name.str();
}

void makeUnique(std::vector<std::string> &names) {
  llvm::StringSet<> taken;
  for (const std::string &name : names)
    taken.insert(name);
  llvm::StringMap<unsigned> nextNumber;
  for (std::string &name : names) {
    unsigned &next = nextNumber[name];
    if (next++ == 0)
      continue;
    std::string numbered = name + "#" + llvm::utostr(next - 1);
    while (!taken.insert(numbered).second)
      numbered = name + "#" + llvm::utostr(next++);
    name = std::move(numbered);
  }
}

} // namespace colonnade
