//===- RaiseConvolutions.cpp - Convolutions with what is around them ------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A library's convolution pads while it reads. Its gradient by the images reads
// the cotangent as it is: with filters read backward and positions spread by
// the stride, as linalg has to say it, nine tenths of the products are by zero.
//
//===----------------------------------------------------------------------===//

#include "ConvolutionForms.h"
#include "LibraryCalls.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace colonnade;
using library::ConvolutionKind;
using library::ConvolutionOp;

namespace {

/// A tensor, and its dimensions in the order of a kernel.
struct Operand {
  Value value;
  std::array<int64_t, 4> dims;
};

/// A convolution about to be created: all but which operand is the result,
/// which has an initial value only.
struct Convolution {
  ConvolutionKind kind;
  Operand images, filters, positions;
  std::array<int64_t, 2> strides, dilations, padding = {0, 0};

  Operand &getResult() {
    switch (kind) {
    case ConvolutionKind::Forward:
      return positions;
    case ConvolutionKind::ImageGradient:
      return images;
    case ConvolutionKind::FilterGradient:
      return filters;
    }
    llvm_unreachable("not a kind");
  }
};

} // namespace

//===----------------------------------------------------------------------===//
// Around
//===----------------------------------------------------------------------===//

static bool isZero(Value value) {
  if (auto fill = value.getDefiningOp<linalg::FillOp>())
    return isZero(fill.getInputs().front());
  return matchPattern(value, m_AnyZeroFloat());
}

static int64_t getExtent(const Operand &operand, unsigned dim) {
  return cast<RankedTensorType>(operand.value.getType())
      .getDimSize(operand.dims[dim]);
}

namespace {

/// A tensor that lies within zeros: at these offsets and steps of the third and
/// fourth dimension, filling the first two.
struct Inset {
  Value source;
  std::array<int64_t, 2> offsets = {0, 0}, strides = {1, 1};
};

} // namespace

static std::optional<Inset> getPadded(tensor::PadOp pad,
                                      const std::array<int64_t, 4> &dims) {
  Value padding = pad.getConstantPaddingValue();
  ArrayRef<int64_t> low = pad.getStaticLow(), high = pad.getStaticHigh();
  auto isNegative = [](int64_t width) { return width < 0; };
  if (!padding || !isZero(padding) || llvm::any_of(low, isNegative) ||
      llvm::any_of(high, isNegative))
    return std::nullopt;
  for (int64_t dim : {dims[0], dims[1]})
    if (low[dim] != 0 || high[dim] != 0)
      return std::nullopt;
  return Inset{pad.getSource(), {low[dims[2]], low[dims[3]]}};
}

/// Where a slice of all of the first two dimensions lies; the inset's source is
/// for the caller to fill in.
template <typename SliceOp>
static std::optional<Inset> getPlace(SliceOp slice, RankedTensorType part,
                                     RankedTensorType whole,
                                     const std::array<int64_t, 4> &dims) {
  if (part.getRank() != whole.getRank() || !part.hasStaticShape() ||
      llvm::any_of(slice.getStaticOffsets(), ShapedType::isDynamic) ||
      llvm::any_of(slice.getStaticStrides(), ShapedType::isDynamic))
    return std::nullopt;
  for (int64_t dim : {dims[0], dims[1]})
    if (part.getDimSize(dim) != whole.getDimSize(dim) ||
        slice.getStaticStrides()[dim] != 1)
      return std::nullopt;
  Inset place;
  for (unsigned i : {0, 1}) {
    place.offsets[i] = slice.getStaticOffsets()[dims[2 + i]];
    place.strides[i] = slice.getStaticStrides()[dims[2 + i]];
  }
  return place;
}

static std::optional<Inset> getInset(const Operand &operand) {
  if (auto pad = operand.value.getDefiningOp<tensor::PadOp>())
    return getPadded(pad, operand.dims);
  auto insertion = operand.value.getDefiningOp<tensor::InsertSliceOp>();
  if (!insertion || !isZero(insertion.getDest()))
    return std::nullopt;
  std::optional<Inset> place =
      getPlace(insertion, insertion.getSourceType(), insertion.getResultType(),
               operand.dims);
  if (place)
    place->source = insertion.getSource();
  return place;
}

/// Reads images from inside their zeros, with padding.
static void absorbPad(Convolution &convolution) {
  std::optional<Inset> inset = getInset(convolution.images);
  if (!inset || inset->strides != std::array<int64_t, 2>{1, 1})
    return;
  convolution.images.value = inset->source;
  convolution.padding = inset->offsets;
}

/// The tensor that a value is a copy of with its last two kernel dimensions
/// read backward, if it is.
static Value getTurnedSource(const Operand &filters) {
  auto copy = filters.value.getDefiningOp<linalg::GenericOp>();
  if (!copy || copy.getNumDpsInputs() != 1 || copy.getNumResults() != 1 ||
      copy.getNumParallelLoops() != copy.getNumLoops() ||
      copy.getBody()->getTerminator()->getOperand(0) !=
          copy.getBody()->getArgument(0))
    return {};
  SmallVector<AffineMap> maps = copy.getIndexingMapsArray();
  if (!maps[1].isIdentity() || maps[0].getNumResults() != 4)
    return {};
  auto type = cast<RankedTensorType>(filters.value.getType());
  for (auto [i, dim] : llvm::enumerate(filters.dims)) {
    AffineExpr loop = getAffineDimExpr(dim, copy.getContext());
    AffineExpr expected = i < 2 ? loop : type.getDimSize(dim) - 1 - loop;
    if (maps[0].getResult(dim) != expected)
      return {};
  }
  return copy.getInputs().front();
}

/// The gradient by images that a convolution over spread positions with turned
/// filters is, if it is one.
static std::optional<Convolution> getImageGradient(const Convolution &forward) {
  if (forward.kind != ConvolutionKind::Forward ||
      forward.strides != std::array<int64_t, 2>{1, 1})
    return std::nullopt;
  Inset inset = getInset(forward.images).value_or(Inset{forward.images.value});
  Convolution gradient = forward;
  gradient.kind = ConvolutionKind::ImageGradient;
  gradient.images = forward.positions;
  gradient.positions = {inset.source, forward.images.dims};
  std::swap(gradient.filters.dims[0], gradient.filters.dims[1]);
  bool isPointwise =
      getExtent(forward.filters, 2) == 1 && getExtent(forward.filters, 3) == 1;
  if (isPointwise && inset.strides == forward.strides)
    return std::nullopt; // As good as it is.
  if (!isPointwise)
    gradient.filters.value = getTurnedSource(forward.filters);
  gradient.strides = inset.strides;
  for (unsigned i : {0, 1}) {
    int64_t reach =
        (getExtent(forward.filters, 2 + i) - 1) * forward.dilations[i];
    gradient.padding[i] = reach - inset.offsets[i];
  }
  if (!gradient.filters.value ||
      llvm::any_of(gradient.padding, [](int64_t p) { return p < 0; }))
    return std::nullopt;
  return gradient;
}

/// The slice of an op's result that is all that is used of it, where padding
/// can leave out the rest.
static tensor::ExtractSliceOp absorbSlice(Value result,
                                          Convolution &convolution) {
  if (convolution.kind != ConvolutionKind::ImageGradient || !result.hasOneUse())
    return {};
  auto slice = dyn_cast<tensor::ExtractSliceOp>(*result.user_begin());
  if (!slice)
    return {};
  std::optional<Inset> place =
      getPlace(slice, slice.getResultType(), slice.getSourceType(),
               convolution.images.dims);
  if (!place || place->strides != std::array<int64_t, 2>{1, 1})
    return {};
  for (unsigned i : {0, 1})
    convolution.padding[i] += place->offsets[i];
  return slice;
}

//===----------------------------------------------------------------------===//
// Ops
//===----------------------------------------------------------------------===//

/// The dimension of an operand that each loop indexes.
static std::array<int64_t, 4> getDims(AffineMap map,
                                      const std::array<Loop, 4> &loops) {
  std::array<int64_t, 4> dims = {};
  for (auto [loop, dim] : llvm::zip_equal(loops, dims))
    dim = llvm::find_if(
              map.getResults(),
              [&](AffineExpr index) { return index.isFunctionOfDim(*loop); }) -
          map.getResults().begin();
  return dims;
}

static Convolution getConvolution(linalg::LinalgOp op,
                                  const ConvolutionForm &form) {
  SmallVector<AffineMap> maps = op.getIndexingMapsArray();
  auto getOperand = [&](unsigned operand, const std::array<Loop, 4> &loops) {
    return Operand{op->getOperand(operand), getDims(maps[operand], loops)};
  };
  Convolution convolution;
  convolution.kind = form.isFilterGradient ? ConvolutionKind::FilterGradient
                                           : ConvolutionKind::Forward;
  convolution.images =
      getOperand(form.images, {form.image, form.channel, form.positions[0],
                               form.positions[1]});
  convolution.filters =
      getOperand(form.getFiltersOperand(),
                 {form.filter, form.channel, form.taps[0], form.taps[1]});
  convolution.positions = getOperand(
      form.getPositionsOperand(),
      {form.image, form.filter, form.positions[0], form.positions[1]});
  for (auto [i, window] : llvm::enumerate(form.windows)) {
    convolution.strides[i] = window.stride;
    convolution.dilations[i] = window.dilation;
  }
  return convolution;
}

static ConvolutionOp createOp(OpBuilder &builder, Location loc,
                              Convolution &convolution, RankedTensorType type) {
  bool accumulates = !isZero(convolution.getResult().value);
  if (!accumulates)
    convolution.getResult().value = tensor::EmptyOp::create(
        builder, loc, type.getShape(), type.getElementType());
  SmallVector<Value> operands;
  for (const Operand *operand :
       {&convolution.images, &convolution.filters, &convolution.positions})
    operands.push_back(operand->value);
  // Left, right and result.
  if (convolution.kind == ConvolutionKind::ImageGradient)
    std::swap(operands[0], operands[2]);
  if (convolution.kind == ConvolutionKind::FilterGradient)
    std::swap(operands[1], operands[2]);
  return ConvolutionOp::create(
      builder, loc, type, convolution.kind, operands[0], operands[1],
      operands[2], convolution.strides, convolution.dilations,
      convolution.padding, convolution.images.dims, convolution.filters.dims,
      convolution.positions.dims, accumulates);
}

/// Replaces the op, and the slice of its result that is all that is used of it.
static void raise(linalg::LinalgOp op, const ConvolutionForm &form) {
  Convolution convolution = getConvolution(op, form);
  Value replaced = op->getResult(0);
  if (std::optional<Convolution> gradient = getImageGradient(convolution)) {
    convolution = *gradient;
    if (tensor::ExtractSliceOp slice = absorbSlice(replaced, convolution))
      replaced = slice.getResult();
  } else {
    absorbPad(convolution);
  }
  if (convolution.kind != ConvolutionKind::Forward &&
      !isZero(convolution.getResult().value))
    return;
  OpBuilder builder(op);
  ConvolutionOp raised = createOp(builder, op->getLoc(), convolution,
                                  cast<RankedTensorType>(replaced.getType()));
  LibraryScratch scratch;
  if (!createConvolutionKernel(raised, scratch)) {
    raised.erase();
    return;
  }
  replaced.replaceAllUsesWith(raised.getResult());
  if (replaced.getDefiningOp() != op)
    replaced.getDefiningOp()->erase();
  op.erase();
}

void colonnade::raiseConvolutions(ModuleOp module) {
  module.getContext()->loadDialect<library::LibraryDialect>();
  SmallVector<linalg::LinalgOp> ops;
  module.walk([&](linalg::LinalgOp op) {
    if (op.hasPureTensorSemantics())
      ops.push_back(op);
  });
  for (linalg::LinalgOp op : ops)
    if (std::optional<ConvolutionForm> form = getConvolutionForm(op))
      raise(op, *form);
}
