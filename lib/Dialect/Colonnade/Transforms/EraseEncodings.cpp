//===- EraseEncodings.cpp - Types without promises ------------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Types are attributes of functions and constants too, so this goes by MLIR's
// replacer of attributes and types.
//
//===----------------------------------------------------------------------===//

#include "EraseEncodings.h"
#include "colonnade/Dialect/Colonnade/IR/MatrixView.h"
#include "colonnade/Dialect/Colonnade/IR/Promises.h"
#include "mlir/IR/AttrTypeSubElements.h"

using namespace mlir;
using namespace colonnade;

void colonnade::eraseEncodings(Operation *root,
                               const std::function<bool(Type)> &isErased) {
  auto hasErased = [&](Type type) {
    return getEncoding(type) && isErased(type);
  };
  AttrTypeReplacer replacer;
  replacer.addReplacement([=](RankedTensorType type) -> std::optional<Type> {
    if (!hasErased(type))
      return std::nullopt;
    return dropEncoding(type);
  });
  // Constants keep their type where the replacer does not look.
  replacer.addReplacement(
      [=](ElementsAttr elements) -> std::optional<Attribute> {
        auto type = dyn_cast<RankedTensorType>(elements.getType());
        if (!hasErased(type))
          return std::nullopt;
        if (ElementsAttr plain = retypeConstant(elements, dropEncoding(type)))
          return plain;
        return std::nullopt;
      });
  replacer.recursivelyReplaceElementsIn(root, /*replaceAttrs=*/true,
                                        /*replaceLocs=*/false,
                                        /*replaceTypes=*/true);
}
