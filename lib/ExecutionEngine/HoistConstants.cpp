//===- HoistConstants.cpp - Weights stay out of the compiled code --------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A large constant would be copied into the bytecode, the LLVM module, the
// object file and the loaded code, and LLVM would hash each of its elements.
// As one more argument it is copied once, whatever holds it.
//
//===----------------------------------------------------------------------===//

#include "LowerToLLVM.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/DialectResourceBlobManager.h"

using namespace mlir;

namespace colonnade {
namespace {

/// Smaller constants stay, for LLVM to fold.
constexpr int64_t kMinElements = 1024;

/// Whether the element is stored, both in attributes and in buffers, in whole
/// bytes of its own (i1 attributes have a storage of their own).
bool isByteSized(Type type) {
  return type.isIntOrFloat() && type.getIntOrFloatBitWidth() % 8 == 0;
}

/// The stored elements of a constant: all of them, one if all are equal, none
/// if the constant is not one to hoist.
ArrayRef<char> getStoredBytes(ElementsAttr value) {
  if (auto dense = dyn_cast<DenseElementsAttr>(value))
    return dense.getRawData();
  if (auto resource = dyn_cast<DenseResourceElementsAttr>(value))
    if (AsmResourceBlob *blob = resource.getRawHandle().getBlob())
      return blob->getData();
  return {};
}

ArrayRef<char> getHoistableBytes(arith::ConstantOp constant) {
  auto type = dyn_cast<RankedTensorType>(constant.getType());
  if (!type || type.getNumElements() < kMinElements ||
      !isByteSized(type.getElementType()))
    return {};
  auto value = dyn_cast<ElementsAttr>(constant.getValue());
  return value ? getStoredBytes(value) : ArrayRef<char>();
}

/// `stored` repeated to the size of `type`, which is a multiple of it.
std::unique_ptr<char[]> copyElements(ArrayRef<char> stored,
                                     RankedTensorType type) {
  size_t size = type.getNumElements() * type.getElementTypeBitWidth() / 8;
  auto copy = std::make_unique_for_overwrite<char[]>(size);
  for (size_t at = 0; at < size; at += stored.size())
    llvm::copy(stored, copy.get() + at);
  return copy;
}

} // namespace

std::vector<HoistedConstant> hoistConstants(func::FuncOp function) {
  std::vector<HoistedConstant> hoisted;
  SmallVector<arith::ConstantOp> constants;
  function.walk([&](arith::ConstantOp op) { constants.push_back(op); });
  for (arith::ConstantOp constant : constants) {
    ArrayRef<char> stored = getHoistableBytes(constant);
    if (stored.empty())
      continue;
    auto type = cast<RankedTensorType>(constant.getType());
    hoisted.push_back({type, copyElements(stored, type)});
    unsigned index = function.getNumArguments();
    // Inserting fails only for functions without a body.
    (void)function.insertArgument(index, type, {}, constant.getLoc());
    constant.replaceAllUsesWith(function.getArgument(index));
    constant.erase();
  }
  return hoisted;
}

} // namespace colonnade
