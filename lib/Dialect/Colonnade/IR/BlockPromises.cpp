//===- BlockPromises.cpp - Promises on float tensors ----------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Applies the block arithmetic of the numerics library to constants.
//
//===----------------------------------------------------------------------===//

#include "colonnade/Dialect/Colonnade/IR/BlockPromises.h"
#include "colonnade/Dialect/Colonnade/IR/Promises.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "llvm/ADT/STLExtras.h"
#include <cmath>
#include <cstring>

using namespace mlir;

namespace colonnade {

BlockFloatAttr getBlockFloatPromise(Type type) {
  EncodingAttr encoding = getEncoding(type);
  return encoding ? encoding.getBlockFloat() : BlockFloatAttr();
}

RankedTensorType withBlockFloat(RankedTensorType type, BlockFloatAttr promise) {
  return type.cloneWithEncoding(EncodingAttr::get(type.getContext(), promise));
}

std::optional<std::vector<float>> readFloatValues(ElementsAttr elements) {
  if (!elements.getElementType().isF32() ||
      !elements.getShapedType().hasStaticShape())
    return std::nullopt;
  std::vector<float> values(elements.getNumElements());
  if (auto resource = dyn_cast<DenseResourceElementsAttr>(elements)) {
    AsmResourceBlob *blob = resource.getRawHandle().getBlob();
    size_t bytes = values.size() * sizeof(float);
    if (!blob || blob->getData().size() != bytes)
      return std::nullopt;
    // Resources need not be aligned.
    std::memcpy(values.data(), blob->getData().data(), bytes);
    return values;
  }
  auto dense = dyn_cast<DenseElementsAttr>(elements);
  if (!dense)
    return std::nullopt;
  llvm::copy(dense.getValues<float>(), values.begin());
  return values;
}

std::optional<int64_t> findNonFinite(ArrayRef<float> values) {
  const float *found =
      llvm::find_if(values, [](float value) { return !std::isfinite(value); });
  if (found == values.end())
    return std::nullopt;
  return found - values.begin();
}

static BlockLines getLines(RankedTensorType type) {
  return BlockLines::get(type.getShape(), getBlockFloatPromise(type).getAxis());
}

void quantizeToBlocks(RankedTensorType type, MutableArrayRef<float> values,
                      int64_t mantissaBits, const BlockRounder &rounder) {
  BlockFormat format = getBlockFloatPromise(type).getFormat();
  quantizeBlocks(values, getLines(type), format.withMantissaBits(mantissaBits),
                 rounder);
}

LogicalResult checkBlockFloat(RankedTensorType type, ElementsAttr elements,
                              function_ref<InFlightDiagnostic()> emitError) {
  std::optional<std::vector<float>> values = readFloatValues(elements);
  if (!values)
    return emitError() << "expected a dense or dense_resource constant with "
                       << type.getNumElements()
                       << " readable values, to check its promises";
  BlockFloatAttr promise = getBlockFloatPromise(type);
  std::optional<int64_t> position =
      findUnrepresentable(*values, getLines(type), promise.getFormat());
  if (!position)
    return success();
  InFlightDiagnostic diagnostic = emitError();
  diagnostic << "expected a multiple of the unit that " << promise
             << " gives its run, got "
             << FloatAttr::get(type.getElementType(), (*values)[*position])
             << " at [";
  llvm::interleaveComma(getElementIndex(type, *position), diagnostic);
  return diagnostic << "]";
}

} // namespace colonnade
