//===- LoopChecks.cpp - Constraints that ops of loops share ---------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See the header.
//
//===----------------------------------------------------------------------===//

#include "LoopChecks.h"
#include "mlir/IR/BuiltinAttributes.h"

using namespace mlir;
using namespace colonnade;

LogicalResult systolic::checkCount(Operation *op, StringRef what, size_t count,
                                   size_t expected) {
  if (count == expected)
    return success();
  return op->emitOpError() << "expected " << expected << " values of '" << what
                           << "', got " << count;
}

LogicalResult systolic::checkSizes(Operation *op, StringRef what,
                                   ArrayRef<int64_t> sizes) {
  for (int64_t size : sizes)
    if (size < 1)
      return op->emitOpError()
             << "expected '" << what << "' of at least 1, got " << size;
  return success();
}

LogicalResult systolic::checkResultShape(Operation *op, RankedTensorType type,
                                         ArrayRef<int64_t> parallel) {
  if (type.getShape() == parallel)
    return success();
  return op->emitOpError() << "expected a result of the parallel loops' type "
                           << type.clone(parallel) << ", got " << type;
}

LogicalResult systolic::checkMapRanks(Operation *op, AffineMap map,
                                      unsigned number, size_t loops,
                                      int64_t rank) {
  if (map.getNumDims() == loops && map.getNumSymbols() == 0 &&
      map.getNumResults() == static_cast<unsigned>(rank))
    return success();
  return op->emitOpError() << "expected map " << number << " from " << loops
                           << " loops to " << rank << " dimensions, got "
                           << AffineMapAttr::get(map);
}

FailureOr<systolic::LinearForm> systolic::getIndexForm(Operation *op,
                                                       AffineMap map,
                                                       unsigned number,
                                                       unsigned dimension) {
  if (std::optional<LinearForm> form =
          getLinearForm(map.getResult(dimension), map.getNumDims()))
    return *form;
  return op->emitOpError() << "expected result " << dimension << " of map "
                           << number
                           << " to be a sum of loops times constants, got "
                           << AffineMapAttr::get(map);
}
