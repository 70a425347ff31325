//===- LibraryCalls.cpp - Structured ops as calls of a library ------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See the header.
//
//===----------------------------------------------------------------------===//

#include "LibraryCalls.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;

namespace colonnade {

void runLibraryKernel(int64_t kernel, int64_t left, int64_t right,
                      int64_t result) {
  reinterpret_cast<LibraryKernel *>(kernel)->run(
      reinterpret_cast<const float *>(left),
      reinterpret_cast<const float *>(right),
      reinterpret_cast<float *>(result));
}

namespace {

/// One dimension of a kernel: the loop that runs over it, if one does.
using Loop = std::optional<unsigned>;

/// Several loops may run over rows (the pixels of a 1x1 convolution).
struct ProductForm {
  Loop batch, column, inner;
  SmallVector<unsigned, 3> rows;
};

struct ConvolutionForm {
  /// Whether the result are the filters.
  bool isFilterGradient;
  /// Which of the op's two inputs the images are.
  unsigned images;
  Loop image, channel, filter;
  std::array<Loop, 2> positions, taps;
  std::array<WindowSteps, 2> windows;
};

/// What an index of an operand is of the loops.
struct Index {
  Loop outer, inner;
  int64_t outerStep = 0, innerStep = 0;
};

} // namespace

//===----------------------------------------------------------------------===//
// Forms
//===----------------------------------------------------------------------===//

/// acc + left * right, in any order of operands.
static bool isMultiplyAccumulate(linalg::LinalgOp op) {
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

/// Loops by which of the three operands they index: bit i for operand i.
static unsigned getReaders(linalg::LinalgOp op, unsigned loop) {
  unsigned readers = 0;
  for (auto [i, map] : llvm::enumerate(op.getIndexingMapsArray()))
    readers |= unsigned(map.isFunctionOfDim(loop)) << i;
  return readers;
}

static std::optional<ProductForm> getProductForm(linalg::LinalgOp op) {
  if (llvm::any_of(op.getIndexingMapsArray(),
                   [](AffineMap map) { return !map.isProjectedPermutation(); }))
    return std::nullopt;
  ProductForm form;
  for (unsigned loop = 0; loop < op.getNumLoops(); ++loop) {
    Loop *dimension = nullptr;
    switch (getReaders(op, loop)) {
    case 0b111:
      dimension = &form.batch;
      break;
    case 0b101:
      form.rows.push_back(loop);
      continue;
    case 0b110:
      dimension = &form.column;
      break;
    case 0b011:
      dimension = &form.inner;
      break;
    default:
      return std::nullopt;
    }
    if (*dimension)
      return std::nullopt;
    *dimension = loop;
  }
  return form;
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

static std::optional<ConvolutionForm> getConvolutionForm(linalg::LinalgOp op) {
  std::optional<unsigned> images = findImages(op);
  if (!images || op.getNumLoops() != 7)
    return std::nullopt;
  unsigned other = 1 - *images;
  ConvolutionForm form;
  form.images = *images;
  // The filter's loop is the one that the images do not have.
  for (unsigned loop = 0; loop < 7; ++loop)
    if (!(getReaders(op, loop) & (1u << *images)))
      form.filter = loop;
  if (!form.filter)
    return std::nullopt;
  AffineMap otherMap = op.getIndexingMapsArray()[other];
  AffineMap resultMap = op.getIndexingMapsArray()[2];
  for (bool isFilterGradient : {false, true}) {
    form.isFilterGradient = isFilterGradient;
    form.image = form.channel = std::nullopt;
    if (!parseImages(op, form) || !hasSmallFilters(op, form))
      continue;
    AffineMap positions = isFilterGradient ? otherMap : resultMap;
    AffineMap filters = isFilterGradient ? resultMap : otherMap;
    if (isIndexedBy(positions, {form.image, form.filter, form.positions[0],
                                form.positions[1]}) &&
        isIndexedBy(filters,
                    {form.filter, form.channel, form.taps[0], form.taps[1]}))
      return form;
  }
  return std::nullopt;
}

bool hasLibraryForm(linalg::LinalgOp op) {
  return isMultiplyAccumulate(op) &&
         (getProductForm(op) || getConvolutionForm(op));
}

//===----------------------------------------------------------------------===//
// Kernels
//===----------------------------------------------------------------------===//

/// Extents and strides of an operand's dimensions in a kernel's order; the
/// dimension of a kernel is where the operand's index contains the loop.
template <size_t rank>
static std::optional<StridedShape<rank>>
getStridedShape(linalg::LinalgOp op, unsigned operand,
                const std::array<Loop, rank> &loops) {
  auto type = dyn_cast<MemRefType>(op->getOperand(operand).getType());
  SmallVector<int64_t> strides;
  int64_t offset = 0;
  if (!type || !type.hasStaticShape() ||
      failed(type.getStridesAndOffset(strides, offset)) ||
      ShapedType::isDynamic(offset) ||
      llvm::any_of(strides, ShapedType::isDynamic))
    return std::nullopt;
  StridedShape<rank> shape;
  shape.extents.fill(1);
  shape.strides.fill(1);
  AffineMap map = op.getIndexingMapsArray()[operand];
  for (auto [i, loop] : llvm::enumerate(loops))
    for (auto [dim, index] : llvm::enumerate(map.getResults()))
      if (loop && index.isFunctionOfDim(*loop)) {
        shape.extents[i] = type.getDimSize(dim);
        shape.strides[i] = strides[dim];
      }
  return shape;
}

/// Joins the last two dimensions of an operand to one, if they lie as one.
static bool joinRows(SmallVectorImpl<StridedShape<1>> &rows) {
  const StridedShape<1> &outer = rows[rows.size() - 2], &inner = rows.back();
  if (outer.strides[0] != inner.extents[0] * inner.strides[0])
    return false;
  rows[rows.size() - 2] = {{outer.extents[0] * inner.extents[0]},
                           {inner.strides[0]}};
  rows.pop_back();
  return true;
}

/// The dimensions of rows, [outer, rows], of left operand and result. Rows that
/// do not lie as one dimension are a batch of them.
static std::optional<std::array<StridedShape<2>, 2>>
getRows(linalg::LinalgOp op, ArrayRef<unsigned> loops) {
  SmallVector<StridedShape<1>> left, result;
  for (unsigned loop : loops)
    for (auto [rows, operand] : {std::pair(&left, 0u), {&result, 2u}}) {
      auto shape = getStridedShape<1>(op, operand, {Loop(loop)});
      if (!shape)
        return std::nullopt;
      rows->push_back(*shape);
    }
  while (left.size() > 1) {
    SmallVector<StridedShape<1>> joinedLeft = left, joinedResult = result;
    if (!joinRows(joinedLeft) || !joinRows(joinedResult))
      break;
    left = joinedLeft;
    result = joinedResult;
  }
  if (left.size() > 2)
    return std::nullopt;
  std::array<StridedShape<2>, 2> dimensions;
  for (auto [rows, shape] :
       llvm::zip_equal(ArrayRef{&left, &result}, dimensions)) {
    StridedShape<1> one = {{1}, {1}};
    StridedShape<1> last = rows->empty() ? one : rows->back();
    StridedShape<1> first = rows->size() == 2 ? rows->front() : one;
    shape = {{first.extents[0], last.extents[0]},
             {first.strides[0], last.strides[0]}};
  }
  return dimensions;
}

static std::unique_ptr<LibraryKernel>
createProductKernel(linalg::LinalgOp op, const ProductForm &form,
                    bool accumulates) {
  auto left = getStridedShape<3>(op, 0, {form.batch, Loop(), form.inner});
  auto right = getStridedShape<3>(op, 1, {form.batch, form.inner, form.column});
  auto result = getStridedShape<3>(op, 2, {form.batch, Loop(), form.column});
  auto rows = getRows(op, form.rows);
  if (!left || !right || !result || !rows)
    return nullptr;
  for (auto [operand, shape] :
       llvm::zip_equal(ArrayRef{&*left, &*result}, *rows)) {
    bool isBatch = shape.extents[0] != 1;
    if (isBatch && form.batch)
      return nullptr;
    if (isBatch) {
      operand->extents[0] = shape.extents[0];
      operand->strides[0] = shape.strides[0];
    }
    operand->extents[1] = shape.extents[1];
    operand->strides[1] = shape.strides[1];
  }
  return createProduct({*left, *right, *result, accumulates});
}

static std::unique_ptr<LibraryKernel>
createConvolutionKernel(linalg::LinalgOp op, const ConvolutionForm &form,
                        bool accumulates) {
  unsigned other = 1 - form.images;
  unsigned filterOperand = form.isFilterGradient ? 2 : other;
  unsigned positionOperand = form.isFilterGradient ? other : 2;
  auto images = getStridedShape<4>(
      op, form.images,
      {form.image, form.channel, form.positions[0], form.positions[1]});
  auto filters = getStridedShape<4>(
      op, filterOperand,
      {form.filter, form.channel, form.taps[0], form.taps[1]});
  auto positions = getStridedShape<4>(
      op, positionOperand,
      {form.image, form.filter, form.positions[0], form.positions[1]});
  if (!images || !filters || !positions)
    return nullptr;
  ConvolutionShape shape{*images, *filters, *positions, form.windows,
                         accumulates};
  return form.isFilterGradient ? createFilterGradient(shape)
                               : createForwardConvolution(shape);
}

//===----------------------------------------------------------------------===//
// Calls
//===----------------------------------------------------------------------===//

/// The fill of the op's result with zeros that nothing comes between, if any.
static linalg::FillOp findZeroFill(linalg::LinalgOp op) {
  Value target = op.getDpsInits().front();
  for (Operation *before = op->getPrevNode(); before;
       before = before->getPrevNode()) {
    if (auto fill = dyn_cast<linalg::FillOp>(before);
        fill && fill.getOutputs().front() == target)
      return matchPattern(fill.getInputs().front(), m_AnyZeroFloat())
                 ? fill
                 : linalg::FillOp();
    if (before->getNumRegions() != 0 ||
        llvm::is_contained(before->getOperands(), target) ||
        !isa<memref::AllocOp, memref::DeallocOp, arith::ConstantOp,
             linalg::FillOp>(before))
      return {};
  }
  return {};
}

/// The address of a buffer's first element, as i64.
static Value createAddress(OpBuilder &builder, Location loc, Value buffer) {
  SmallVector<int64_t> strides;
  int64_t offset = 0;
  (void)cast<MemRefType>(buffer.getType()).getStridesAndOffset(strides, offset);
  Value address =
      memref::ExtractAlignedPointerAsIndexOp::create(builder, loc, buffer);
  Value bytes = arith::ConstantIndexOp::create(
      builder, loc, offset * static_cast<int64_t>(sizeof(float)));
  return arith::IndexCastOp::create(
      builder, loc, builder.getI64Type(),
      arith::AddIOp::create(builder, loc, address, bytes));
}

static func::FuncOp declareRunKernel(ModuleOp module) {
  if (auto declared = module.lookupSymbol<func::FuncOp>(kRunKernelName))
    return declared;
  OpBuilder builder = OpBuilder::atBlockBegin(module.getBody());
  SmallVector<Type> arguments(4, builder.getI64Type());
  auto function = func::FuncOp::create(builder, module.getLoc(), kRunKernelName,
                                       builder.getFunctionType(arguments, {}));
  function.setPrivate();
  return function;
}

/// The kernel of an op; `swaps` tells whether its operands are the op's in the
/// other order.
static std::unique_ptr<LibraryKernel>
createKernel(linalg::LinalgOp op, bool accumulates, bool &swaps) {
  swaps = false;
  if (std::optional<ProductForm> form = getProductForm(op))
    return createProductKernel(op, *form, accumulates);
  std::optional<ConvolutionForm> form = getConvolutionForm(op);
  swaps = form->images == 1;
  return createConvolutionKernel(op, *form, accumulates);
}

void callLibrary(ModuleOp module, LibraryKernels &kernels) {
  SmallVector<linalg::LinalgOp> ops;
  module.walk([&](linalg::LinalgOp op) {
    if (hasLibraryForm(op))
      ops.push_back(op);
  });
  for (linalg::LinalgOp op : ops) {
    linalg::FillOp fill = findZeroFill(op);
    bool swaps = false;
    auto kernel = createKernel(op, /*accumulates=*/!fill, swaps);
    if (!kernel)
      continue;
    OpBuilder builder(op);
    Location loc = op->getLoc();
    SmallVector<Value> arguments = {arith::ConstantOp::create(
        builder, loc,
        builder.getI64IntegerAttr(reinterpret_cast<int64_t>(kernel.get())))};
    for (unsigned operand : {swaps ? 1u : 0u, swaps ? 0u : 1u, 2u})
      arguments.push_back(createAddress(builder, loc, op->getOperand(operand)));
    func::CallOp::create(builder, loc, declareRunKernel(module), arguments);
    kernels.push_back(std::move(kernel));
    if (fill)
      fill.erase();
    op.erase();
  }
}

} // namespace colonnade
