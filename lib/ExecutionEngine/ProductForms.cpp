//===- ProductForms.cpp - Structured ops that are matrix products ---------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See the header.
//
//===----------------------------------------------------------------------===//

#include "ProductForms.h"
#include "ConvolutionForms.h"

using namespace mlir;

namespace colonnade {
namespace {

/// One loop, or several joined: the strides of left operand, right operand and
/// result, 0 where it does not index them.
struct ProductLoop {
  int64_t extent;
  std::array<int64_t, 3> strides;
};

using ProductLoops = SmallVector<ProductLoop, 2>;

/// Loops by which of left operand, right operand and result they index.
struct ProductForm {
  ProductLoops batch, rows, columns, inner;
};

} // namespace

static constexpr unsigned kBatch = 0b111, kRows = 0b101, kColumns = 0b110,
                          kInner = 0b011;

bool hasProductForm(linalg::LinalgOp op) {
  if (!isMultiplyAccumulate(op) ||
      llvm::any_of(op.getIndexingMapsArray(),
                   [](AffineMap map) { return !map.isProjectedPermutation(); }))
    return false;
  // Without rows or columns, every element of the operands is read once: a loop
  // does that as well.
  bool hasMatrix = false;
  for (unsigned loop = 0; loop < op.getNumLoops(); ++loop) {
    unsigned readers = getReaders(op, loop);
    if (!llvm::is_contained({kBatch, kRows, kColumns, kInner}, readers))
      return false;
    hasMatrix |= readers == kRows || readers == kColumns;
  }
  return hasMatrix;
}

/// The strides of a buffer with static ones; none for others.
static std::optional<SmallVector<int64_t>> getStaticStrides(Type type) {
  auto buffer = dyn_cast<MemRefType>(type);
  SmallVector<int64_t> strides;
  int64_t offset = 0;
  if (!buffer || !buffer.hasStaticShape() ||
      failed(buffer.getStridesAndOffset(strides, offset)) ||
      ShapedType::isDynamic(offset) ||
      llvm::any_of(strides, ShapedType::isDynamic))
    return std::nullopt;
  return strides;
}

static std::optional<ProductForm> getProductForm(linalg::LinalgOp op) {
  SmallVector<ProductLoop> loops(op.getNumLoops(), {1, {0, 0, 0}});
  for (auto [i, map] : llvm::enumerate(op.getIndexingMapsArray())) {
    Type type = op->getOperand(i).getType();
    std::optional<SmallVector<int64_t>> strides = getStaticStrides(type);
    if (!strides)
      return std::nullopt;
    for (auto [dim, index] : llvm::enumerate(map.getResults())) {
      ProductLoop &loop = loops[cast<AffineDimExpr>(index).getPosition()];
      loop.extent = cast<MemRefType>(type).getDimSize(dim);
      loop.strides[i] = (*strides)[dim];
    }
  }
  ProductForm form;
  for (auto [i, loop] : llvm::enumerate(loops)) {
    unsigned readers = getReaders(op, i);
    if (loop.extent != 1)
      (readers == kBatch     ? form.batch
       : readers == kRows    ? form.rows
       : readers == kColumns ? form.columns
                             : form.inner)
          .push_back(loop);
  }
  return form;
}

/// Whether two loops run over each operand as one does.
static bool areNeighbours(const ProductLoop &outer, const ProductLoop &inner) {
  return llvm::all_of(llvm::seq(3), [&](int i) {
    return outer.strides[i] == inner.extent * inner.strides[i];
  });
}

static void joinNeighbours(ProductLoops &loops) {
  for (size_t i = 0; i < loops.size(); ++i)
    for (size_t j = 0; j < loops.size(); ++j)
      if (i != j && areNeighbours(loops[i], loops[j])) {
        loops[j].extent *= loops[i].extent;
        loops.erase(loops.begin() + i);
        return joinNeighbours(loops);
      }
}

/// Leaves the longest loop; the others repeat the product.
static void moveToBatch(ProductLoops &loops, ProductLoops &batch) {
  llvm::sort(loops, [](const ProductLoop &a, const ProductLoop &b) {
    return a.extent > b.extent;
  });
  while (loops.size() > 1)
    batch.push_back(loops.pop_back_val());
}

/// The operand's dimensions: batches, and the two of `loops`. Dimensions of
/// extent 1 get the stride that they have in a dense tensor.
static StridedShape<4> getShape(unsigned operand, const ProductLoops &batch,
                                std::array<const ProductLoops *, 2> loops) {
  StridedShape<4> shape;
  int64_t dense = 1;
  auto setDimension = [&](unsigned dim, const ProductLoop *loop) {
    bool has = loop && loop->strides[operand] != 0;
    shape.extents[dim] = has ? loop->extent : 1;
    shape.strides[dim] = has ? loop->strides[operand] : dense;
    dense = std::max(dense, shape.extents[dim] * shape.strides[dim]);
  };
  for (unsigned i : {1, 0})
    setDimension(2 + i, loops[i]->empty() ? nullptr : &loops[i]->front());
  for (unsigned i : {1, 0})
    setDimension(i, i < batch.size() ? &batch[i] : nullptr);
  return shape;
}

std::optional<Product> getProduct(linalg::LinalgOp op, bool accumulates) {
  std::optional<ProductForm> form = getProductForm(op);
  if (!form)
    return std::nullopt;
  for (ProductLoops *loops :
       {&form->batch, &form->rows, &form->columns, &form->inner})
    joinNeighbours(*loops);
  moveToBatch(form->rows, form->batch);
  moveToBatch(form->columns, form->batch);
  if (form->batch.size() > 2 || form->inner.size() > 1)
    return std::nullopt;
  // Libraries write rows: a result that lies by columns is the transposed
  // product of the transposed operands.
  auto isDense = [](const ProductLoops &loops) {
    return !loops.empty() && loops.front().strides[2] == 1;
  };
  bool swaps = isDense(form->rows) && !isDense(form->columns);
  if (swaps)
    std::swap(form->rows, form->columns);
  return Product{
      {getShape(swaps ? 1 : 0, form->batch, {&form->rows, &form->inner}),
       getShape(swaps ? 0 : 1, form->batch, {&form->inner, &form->columns}),
       getShape(2, form->batch, {&form->rows, &form->columns}), accumulates},
      swaps};
}

} // namespace colonnade
