//===- Drift.cpp - How far reconstructed streams are off ------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Two maxima over every stream, the error's and the values', and their ratio.
// Maxima propagate NaNs, so that one cannot pass for a small error.
//
//===----------------------------------------------------------------------===//

#include "colonnade/Dialect/Colonnade/Transforms/Drift.h"
#include "colonnade/Dialect/Colonnade/IR/ColonnadeOps.h"
#include "colonnade/Dialect/Colonnade/IR/Promises.h"
#include "colonnade/Dialect/Colonnade/Transforms/Coupling.h"
#include "colonnade/Dialect/Colonnade/Transforms/ElementwiseCode.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include <limits>

using namespace mlir;
using namespace colonnade;

static Value createScalar(OpBuilder &builder, Location loc, float number) {
  auto type = RankedTensorType::get({}, builder.getF32Type());
  return arith::ConstantOp::create(builder, loc,
                                   DenseElementsAttr::get(type, number));
}

/// The largest magnitude in a tensor, or `least`.
static Value buildLargest(OpBuilder &builder, Location loc, Value tensor,
                          float least) {
  int64_t rank = cast<RankedTensorType>(tensor.getType()).getRank();
  Value init = createScalar(builder, loc, least);
  SmallVector<AffineMap> maps{builder.getMultiDimIdentityMap(rank),
                              AffineMap::get(rank, 0, builder.getContext())};
  SmallVector<utils::IteratorType> iterators(rank,
                                             utils::IteratorType::reduction);
  return linalg::GenericOp::create(
             builder, loc, init.getType(), tensor, init, maps, iterators,
             [](OpBuilder &body, Location bodyLoc, ValueRange arguments) {
               ScalarBuilder b(bodyLoc, body);
               Value magnitude = math::AbsFOp::create(b, arguments[0]);
               linalg::YieldOp::create(
                   b, b.apply<arith::MaximumFOp>(arguments[1], magnitude));
             })
      .getResult(0);
}

static Value buildStreamDrift(OpBuilder &builder, Location loc,
                              const ReconstructedStream &stream) {
  auto type = cast<RankedTensorType>(stream.original.getType());
  Value error;
  if (getFixedPointPromise(type)) {
    Value difference =
        SubtractFixedOp::create(builder, loc, stream.original, stream.again);
    error = fromStream(builder, loc, difference);
  } else {
    error = buildElementwise(
        builder, loc, type, {stream.original, stream.again},
        [](ScalarBuilder &b, ValueRange arguments) {
          return b.apply<arith::SubFOp>(arguments[0], arguments[1]);
        });
  }
  Value values = fromStream(builder, loc, stream.original);
  Value largestError = buildLargest(builder, loc, error, 0);
  // Not 0, which nothing can be divided by.
  Value largest =
      buildLargest(builder, loc, values, std::numeric_limits<float>::min());
  return buildElementwise(
      builder, loc, cast<RankedTensorType>(largest.getType()),
      {largestError, largest}, [](ScalarBuilder &b, ValueRange arguments) {
        return b.apply<arith::DivFOp>(arguments[0], arguments[1]);
      });
}

Value colonnade::buildDrift(OpBuilder &builder, Location loc,
                            ArrayRef<ReconstructedStream> streams) {
  Value drift;
  for (const ReconstructedStream &stream : streams) {
    Value next = buildStreamDrift(builder, loc, stream);
    drift =
        !drift ? next
               : buildElementwise(
                     builder, loc, cast<RankedTensorType>(next.getType()),
                     {drift, next}, [](ScalarBuilder &b, ValueRange arguments) {
                       return b.apply<arith::MaximumFOp>(arguments[0],
                                                         arguments[1]);
                     });
  }
  return drift ? drift : createScalar(builder, loc, 0);
}
