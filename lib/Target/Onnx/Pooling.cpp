//===- Pooling.cpp - MaxPool, AveragePool and the global pools ------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// An average is a sum times a reciprocal: one number, or one per position
// where windows at the border cover less of the input.
//
//===----------------------------------------------------------------------===//

#include "OperandChecks.h"
#include "PoolBuilders.h"
#include "TensorBuilders.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;

namespace colonnade::onnximport {

static FailureOr<Pool> readPool(NodeImporter &node) {
  if (failed(requireRank(node, 0, 3)))
    return failure();
  RankedTensorType input = node.getInputType(0), result = node.getResultType(0);
  if (input.getRank() > 5)
    return node.reject("pools over " + Twine(input.getRank() - 2) +
                       " spatial dimensions; the importer handles up to 3");
  if (result.getRank() != input.getRank() ||
      result.getShape().take_front(2) != input.getShape().take_front(2))
    return node.reject("expected a result with the images and channels of the "
                       "input");
  FailureOr<Window> window = readWindow(node, node.getIntegers("kernel_shape"),
                                        input.getShape().drop_front(2),
                                        result.getShape().drop_front(2));
  if (failed(window))
    return failure();
  return Pool{node.getInput(0), result, std::move(*window)};
}

static LogicalResult importMaxPool(NodeImporter &node) {
  FailureOr<Pool> pool = readPool(node);
  if (failed(pool))
    return failure();
  Signedness signedness = node.getInputSignedness(0);
  if (!node.hasResult(1)) {
    node.setResult(0, createMaxPool(node.builder, *pool, signedness));
    return success();
  }
  auto [maxima, numbers] =
      createMaxPoolWithIndices(node.builder, *pool, signedness,
                               node.getInteger("storage_order", 0) != 0);
  node.setResult(0, maxima);
  node.setResult(1, numbers);
  return success();
}

/// For each position along dimension `index`, how many elements of [begin, end)
/// the window covers.
static SmallVector<int64_t> countCovered(const Window &window, unsigned index,
                                         int64_t positions, int64_t begin,
                                         int64_t end) {
  SmallVector<int64_t> counts;
  for (int64_t position = 0; position < positions; ++position) {
    int64_t first = position * window.strides[index] - window.padsBegin[index];
    int64_t covered = 0;
    for (int64_t tap = 0; tap < window.kernel[index]; ++tap) {
      int64_t at = first + tap * window.dilations[index];
      covered += at >= begin && at < end;
    }
    counts.push_back(covered);
  }
  return counts;
}

/// What each sum is multiplied by, over the spatial dimensions in row-major
/// order.
static SmallVector<double> getReciprocals(const Pool &pool,
                                          bool countsPadding) {
  const Window &window = pool.window;
  ArrayRef<int64_t> input = getShape(pool.input).drop_front(2);
  ArrayRef<int64_t> output = pool.type.getShape().drop_front(2);
  SmallVector<int64_t> counts{1};
  for (unsigned i = 0; i < window.getRank(); ++i) {
    int64_t begin = countsPadding ? -window.padsBegin[i] : 0;
    int64_t end = input[i] + (countsPadding ? window.padsEnd[i] : 0);
    SmallVector<int64_t> products;
    for (int64_t outer : counts)
      for (int64_t inner : countCovered(window, i, output[i], begin, end))
        products.push_back(outer * inner);
    counts = std::move(products);
  }
  return llvm::map_to_vector(counts, [](int64_t count) { return 1.0 / count; });
}

/// `sums` times reciprocals that differ by position.
static Value createScaleByPosition(ImplicitLocOpBuilder &builder, Value sums,
                                   ArrayRef<double> reciprocals) {
  RankedTensorType type = getTensorType(sums);
  Value factors = createFloats(
      builder, type.clone(type.getShape().drop_front(2)), reciprocals);
  unsigned rank = type.getRank();
  auto spatial = llvm::to_vector(llvm::seq<unsigned>(2, rank));
  return createElementwise(
      builder, type,
      {{sums, builder.getMultiDimIdentityMap(rank)},
       mapTo(factors, rank, spatial)},
      [](ImplicitLocOpBuilder &nested, ValueRange elements) -> Value {
        return arith::MulFOp::create(nested, elements[0], elements[1]);
      });
}

static LogicalResult importAveragePool(NodeImporter &node) {
  FailureOr<Pool> pool = readPool(node);
  if (failed(pool))
    return failure();
  SmallVector<double> reciprocals =
      getReciprocals(*pool, node.getInteger("count_include_pad", 0) != 0);
  if (!llvm::all_of(reciprocals, [](double x) { return std::isfinite(x); }))
    return node.reject("a window lies in the padding as a whole and has no "
                       "average; make the padding narrower than the kernel");
  Value sums = createSumPool(node.builder, *pool);
  node.setResult(0,
                 llvm::all_equal(reciprocals) && !reciprocals.empty()
                     ? createScaleBy(node.builder, sums, reciprocals.front())
                     : createScaleByPosition(node.builder, sums, reciprocals));
  return success();
}

/// A pool with one window over all spatial dimensions. Other than images are
/// laid out as images of height 1.
static FailureOr<Pool> readGlobalPool(NodeImporter &node) {
  if (failed(requireRank(node, 0, 3)))
    return failure();
  SmallVector<int64_t> shape(node.getInputType(0).getShape());
  if (llvm::is_contained(shape, 0) ||
      node.getResultType(0).getNumElements() != shape[0] * shape[1])
    return node.reject("expected one result per image and channel of an input "
                       "that is not empty");
  if (shape.size() != 4)
    shape = {shape[0], shape[1], 1,
             llvm::product_of(ArrayRef(shape).drop_front(2))};
  return Pool{
      createReshape(node.builder, node.getInput(0), shape),
      node.getResultType(0).clone({shape[0], shape[1], 1, 1}),
      Window{{shape[2], shape[3]}, {1, 1}, {1, 1}, {0, 0}, {0, 0}, {0, 0}}};
}

static LogicalResult importGlobalAveragePool(NodeImporter &node) {
  FailureOr<Pool> pool = readGlobalPool(node);
  if (failed(pool))
    return failure();
  double count = llvm::product_of(pool->window.kernel);
  Value mean = createScaleBy(node.builder, createSumPool(node.builder, *pool),
                             1.0 / count);
  node.setResult(
      0, createReshape(node.builder, mean, node.getResultType(0).getShape()));
  return success();
}

static LogicalResult importGlobalMaxPool(NodeImporter &node) {
  FailureOr<Pool> pool = readGlobalPool(node);
  if (failed(pool))
    return failure();
  Value maximum = createMaxPool(node.builder, *pool, Signedness::Signed);
  node.setResult(0, createReshape(node.builder, maximum,
                                  node.getResultType(0).getShape()));
  return success();
}

void addPoolingOps(ImportTable &table) {
  table["AveragePool"] = importAveragePool;
  table["GlobalAveragePool"] = importGlobalAveragePool;
  table["GlobalMaxPool"] = importGlobalMaxPool;
  table["MaxPool"] = importMaxPool;
}

} // namespace colonnade::onnximport
