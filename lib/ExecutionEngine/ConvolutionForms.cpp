//===- ConvolutionForms.cpp - Structured ops that convolve ----------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See the header.
//
//===----------------------------------------------------------------------===//

#include "ConvolutionForms.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;

namespace colonnade {

bool isMultiplyAccumulate(linalg::LinalgOp op) {
  Block *body = op.getBlock();
  if (op.getNumDpsInputs() != 2 || op.getNumDpsInits() != 1 ||
      !llvm::hasNItems(body->without_terminator(), 2))
    return false;
  auto sum =
      body->getTerminator()->getOperand(0).getDefiningOp<arith::AddFOp>();
  if (!sum || !sum.getType().isF32())
    return false;
  Value accumulator = body->getArgument(2);
  Value term = sum.getLhs() == accumulator   ? sum.getRhs()
               : sum.getRhs() == accumulator ? sum.getLhs()
                                             : Value();
  auto product = term ? term.getDefiningOp<arith::MulFOp>() : arith::MulFOp();
  return product && product.getLhs() != product.getRhs() &&
         isa<BlockArgument>(product.getLhs()) &&
         isa<BlockArgument>(product.getRhs()) &&
         product.getLhs() != accumulator && product.getRhs() != accumulator;
}

unsigned getReaders(linalg::LinalgOp op, unsigned loop) {
  unsigned readers = 0;
  for (auto [i, map] : llvm::enumerate(op.getIndexingMapsArray()))
    readers |= unsigned(map.isFunctionOfDim(loop)) << i;
  return readers;
}

/// Image, channel, filter, two positions and two taps.
static constexpr unsigned kNumConvolutionLoops = 7;

namespace {

/// What an index of an operand is of the loops.
struct Index {
  Loop outer, inner;
  int64_t outerStep = 0, innerStep = 0;
};

} // namespace

/// A loop, or the sum of two with steps; none for other forms.
static std::optional<Index> parseIndex(AffineExpr index) {
  Index result;
  SmallVector<AffineExpr, 2> terms = {index};
  if (auto sum = dyn_cast<AffineBinaryOpExpr>(index);
      sum && sum.getKind() == AffineExprKind::Add)
    terms = {sum.getLHS(), sum.getRHS()};
  for (AffineExpr term : terms) {
    int64_t step = 1;
    auto scaled = dyn_cast<AffineBinaryOpExpr>(term);
    if (scaled && scaled.getKind() == AffineExprKind::Mul)
      if (auto factor = dyn_cast<AffineConstantExpr>(scaled.getRHS())) {
        step = factor.getValue();
        term = scaled.getLHS();
      }
    auto loop = dyn_cast<AffineDimExpr>(term);
    if (!loop || step < 1)
      return std::nullopt;
    (result.outer ? result.inner : result.outer) = loop.getPosition();
    (result.inner ? result.innerStep : result.outerStep) = step;
  }
  return result;
}

/// The operand with two indices that are sums, which the images are.
static std::optional<unsigned> findImages(linalg::LinalgOp op) {
  std::optional<unsigned> images;
  for (auto [i, map] : llvm::enumerate(op.getIndexingMapsArray())) {
    if (map.isProjectedPermutation())
      continue;
    if (images || i == 2 || map.getNumResults() != 4)
      return std::nullopt;
    images = i;
  }
  return images;
}

/// Puts the two windows of the images, in the order of their dimensions, and
/// the loops of each dimension into the form.
static bool parseImages(linalg::LinalgOp op, ConvolutionForm &form) {
  unsigned windows = 0;
  unsigned other = 1 - form.images;
  for (AffineExpr expression :
       op.getIndexingMapsArray()[form.images].getResults()) {
    std::optional<Index> index = parseIndex(expression);
    if (!index)
      return false;
    if (!index->inner) {
      if (index->outerStep != 1)
        return false;
      bool inOther = getReaders(op, *index->outer) & (1u << other);
      bool inResult = getReaders(op, *index->outer) & 0b100;
      if (inOther == inResult)
        return false;
      // Of the gradient, images and positions share the image's number, images
      // and filters the channel.
      Loop &dimension =
          inResult != form.isFilterGradient ? form.image : form.channel;
      if (dimension)
        return false;
      dimension = index->outer;
      continue;
    }
    if (windows == 2)
      return false;
    bool outerInResult = getReaders(op, *index->outer) & 0b100;
    if (outerInResult == form.isFilterGradient) {
      std::swap(index->outer, index->inner);
      std::swap(index->outerStep, index->innerStep);
    }
    form.positions[windows] = index->outer;
    form.taps[windows] = index->inner;
    form.windows[windows++] = {index->outerStep, index->innerStep};
  }
  return windows == 2 && form.image && form.channel;
}

/// A gradient by filters is a convolution too, of the images with the positions
/// as its filters. The library is fast where filters are the smaller ones.
static bool hasSmallFilters(linalg::LinalgOp op, const ConvolutionForm &form) {
  SmallVector<int64_t> extents = op.getStaticLoopRanges();
  auto count = [&](ArrayRef<Loop> loops) {
    return extents[*loops[0]] * extents[*loops[1]];
  };
  return count(form.taps) <= count(form.positions);
}

/// Whether an operand is indexed by just these loops.
static bool isIndexedBy(AffineMap map, ArrayRef<Loop> loops) {
  if (!map.isProjectedPermutation() || map.getNumResults() != loops.size())
    return false;
  return llvm::all_of(loops,
                      [&](Loop loop) { return map.isFunctionOfDim(*loop); });
}

static std::optional<ConvolutionForm> getWindowedForm(linalg::LinalgOp op) {
  std::optional<unsigned> images = findImages(op);
  if (!images)
    return std::nullopt;
  ConvolutionForm form;
  form.images = *images;
  // The filter's loop is the one that the images do not have.
  for (unsigned loop = 0; loop < kNumConvolutionLoops; ++loop)
    if (!(getReaders(op, loop) & (1u << *images)))
      form.filter = loop;
  if (!form.filter)
    return std::nullopt;
  SmallVector<AffineMap> maps = op.getIndexingMapsArray();
  for (bool isFilterGradient : {false, true}) {
    form.isFilterGradient = isFilterGradient;
    form.image = form.channel = std::nullopt;
    if (parseImages(op, form) && hasSmallFilters(op, form) &&
        isIndexedBy(
            maps[form.getPositionsOperand()],
            {form.image, form.filter, form.positions[0], form.positions[1]}) &&
        isIndexedBy(maps[form.getFiltersOperand()],
                    {form.filter, form.channel, form.taps[0], form.taps[1]}))
      return form;
  }
  return std::nullopt;
}

/// A forward convolution whose images have no windows: only the filters have
/// the loops of the taps, which are of extent 1. That is what the gradient by
/// the images of a 1x1 convolution looks like.
static std::optional<ConvolutionForm> getPointwiseForm(linalg::LinalgOp op,
                                                       unsigned images) {
  unsigned imagesBit = 1u << images, filtersBit = 0b11 & ~imagesBit;
  ConvolutionForm form = {};
  form.images = images;
  form.windows.fill({1, 1});
  SmallVector<int64_t> extents = op.getStaticLoopRanges();
  SmallVector<unsigned, 3> shared;
  SmallVector<unsigned, 2> taps;
  for (unsigned loop = 0; loop < kNumConvolutionLoops; ++loop) {
    unsigned readers = getReaders(op, loop);
    if (readers == (imagesBit | 0b100))
      shared.push_back(loop);
    else if (readers == filtersBit && extents[loop] == 1)
      taps.push_back(loop);
    else if (readers == 0b011)
      form.channel = loop;
    else if (readers == (filtersBit | 0b100))
      form.filter = loop;
  }
  if (shared.size() != 3 || taps.size() != 2 || !form.channel || !form.filter)
    return std::nullopt;
  form.image = shared[0];
  form.positions = {shared[1], shared[2]};
  form.taps = {taps[0], taps[1]};
  return form;
}

std::optional<ConvolutionForm> getConvolutionForm(linalg::LinalgOp op) {
  if (!isMultiplyAccumulate(op) || op.getNumLoops() != kNumConvolutionLoops)
    return std::nullopt;
  if (std::optional<ConvolutionForm> form = getWindowedForm(op))
    return form;
  if (llvm::any_of(op.getIndexingMapsArray(),
                   [](AffineMap map) { return !map.isProjectedPermutation(); }))
    return std::nullopt;
  std::optional<ConvolutionForm> form = getPointwiseForm(op, 0);
  return form ? form : getPointwiseForm(op, 1);
}

} // namespace colonnade
