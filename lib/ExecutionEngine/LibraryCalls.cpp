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
#include "ConvolutionForms.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Utils/IndexingUtils.h"

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

/// Several loops may run over rows (the pixels of a 1x1 convolution).
struct ProductForm {
  Loop batch, column, inner;
  SmallVector<unsigned, 3> rows;
};

} // namespace

//===----------------------------------------------------------------------===//
// Forms
//===----------------------------------------------------------------------===//

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

bool hasProductForm(linalg::LinalgOp op) {
  return isMultiplyAccumulate(op) && getProductForm(op);
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
                    bool accumulates, LibraryScratch &scratch) {
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
  return createProduct({*left, *right, *result, accumulates}, scratch);
}

/// Extents and, of a buffer, strides of an operand; tensors are taken to be
/// dense.
static std::optional<StridedShape<4>> getStridedShape(Value operand,
                                                      ArrayRef<int64_t> dims) {
  auto type = cast<ShapedType>(operand.getType());
  SmallVector<int64_t> strides = computeStrides(type.getShape());
  int64_t offset = 0;
  if (auto buffer = dyn_cast<MemRefType>(type))
    if (failed(buffer.getStridesAndOffset(strides, offset)) ||
        ShapedType::isDynamic(offset) ||
        llvm::any_of(strides, ShapedType::isDynamic))
      return std::nullopt;
  StridedShape<4> shape;
  for (auto [i, dim] : llvm::enumerate(dims)) {
    shape.extents[i] = type.getDimSize(dim);
    shape.strides[i] = strides[dim];
  }
  return shape;
}

std::unique_ptr<LibraryKernel>
createConvolutionKernel(library::ConvolutionOp op, LibraryScratch &scratch) {
  auto images = getStridedShape(op.getImages(), op.getImageDims());
  auto filters = getStridedShape(op.getFilters(), op.getFilterDims());
  auto positions = getStridedShape(op.getPositions(), op.getPositionDims());
  if (!images || !filters || !positions)
    return nullptr;
  ConvolutionShape shape{*images, *filters, *positions,
                         {},      {},       op.getAccumulates()};
  for (unsigned i : {0, 1}) {
    shape.windows[i] = {op.getStrides()[i], op.getDilations()[i]};
    shape.padding[i] = op.getPadding()[i];
  }
  switch (op.getKind()) {
  case library::ConvolutionKind::Forward:
    return createForwardConvolution(shape, scratch);
  case library::ConvolutionKind::ImageGradient:
    return createImageGradient(shape, scratch);
  case library::ConvolutionKind::FilterGradient:
    return createFilterGradient(shape, scratch);
  }
  llvm_unreachable("not a kind");
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

/// Calls a kernel instead of the op.
static void replaceByCall(Operation *op, ValueRange operands,
                          std::unique_ptr<LibraryKernel> kernel,
                          LibraryKernels &kernels) {
  OpBuilder builder(op);
  Location loc = op->getLoc();
  SmallVector<Value> arguments = {arith::ConstantOp::create(
      builder, loc,
      builder.getI64IntegerAttr(reinterpret_cast<int64_t>(kernel.get())))};
  for (Value operand : operands)
    arguments.push_back(createAddress(builder, loc, operand));
  func::CallOp::create(builder, loc,
                       declareRunKernel(op->getParentOfType<ModuleOp>()),
                       arguments);
  kernels.kernels.push_back(std::move(kernel));
  op->erase();
}

static void callProduct(linalg::LinalgOp op, LibraryKernels &kernels) {
  linalg::FillOp fill = findZeroFill(op);
  auto kernel = createProductKernel(op, *getProductForm(op),
                                    /*accumulates=*/!fill, kernels.scratch);
  if (!kernel)
    return;
  replaceByCall(op, op->getOperands(), std::move(kernel), kernels);
  if (fill)
    fill.erase();
}

static LogicalResult callConvolution(library::ConvolutionOp op,
                                     LibraryKernels &kernels) {
  auto kernel = createConvolutionKernel(op, kernels.scratch);
  if (!kernel)
    return op.emitError("oneDNN has no kernel for buffers of types ")
           << op.getOperandTypes() << ", though it has one for dense buffers";
  replaceByCall(op, op->getOperands(), std::move(kernel), kernels);
  return success();
}

LogicalResult callLibrary(ModuleOp module, LibraryKernels &kernels) {
  SmallVector<linalg::LinalgOp> products;
  SmallVector<library::ConvolutionOp> convolutions;
  module.walk([&](Operation *op) {
    if (auto convolution = dyn_cast<library::ConvolutionOp>(op))
      convolutions.push_back(convolution);
    else if (auto product = dyn_cast<linalg::LinalgOp>(op);
             product && hasProductForm(product))
      products.push_back(product);
  });
  for (linalg::LinalgOp op : products)
    callProduct(op, kernels);
  for (library::ConvolutionOp op : convolutions)
    if (failed(callConvolution(op, kernels)))
      return failure();
  return success();
}

} // namespace colonnade
