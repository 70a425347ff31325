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
#include "ProductForms.h"
#include "colonnade/Dialect/Colonnade/Transforms/Remarks.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Utils/IndexingUtils.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;

namespace colonnade {

void runLibraryKernel(int64_t kernel, int64_t left, int64_t right,
                      int64_t result) {
  reinterpret_cast<LibraryKernel *>(kernel)->run(
      reinterpret_cast<const float *>(left),
      reinterpret_cast<const float *>(right),
      reinterpret_cast<float *>(result));
}

//===----------------------------------------------------------------------===//
// Kernels
//===----------------------------------------------------------------------===//

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
  std::optional<Product> product = getProduct(op, /*accumulates=*/!fill);
  if (!product)
    return;
  auto kernel = createProduct(product->shape, kernels.scratch);
  if (!kernel)
    return;
  SmallVector<Value> operands(op->getOperands());
  if (product->swapsOperands)
    std::swap(operands[0], operands[1]);
  replaceByCall(op, operands, std::move(kernel), kernels);
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

//===----------------------------------------------------------------------===//
// What is left
//===----------------------------------------------------------------------===//

/// Whether the op sums up products of two operands, of any type.
static bool isContraction(linalg::LinalgOp op) {
  return op.getNumDpsInputs() == 2 && op.getNumDpsInits() == 1 &&
         op.getNumReductionLoops() != 0 &&
         linalg::detail::isContractionBody(
             *op.getBlock(), [](Operation *product, Operation *sum) {
               return (isa<arith::MulFOp>(product) &&
                       isa<arith::AddFOp>(sum)) ||
                      (isa<arith::MulIOp>(product) && isa<arith::AddIOp>(sum));
             });
}

/// Why the library does not compute a contraction on buffers.
static std::string getObstacle(linalg::LinalgOp op) {
  for (Value operand : op->getOperands())
    if (Type type = getElementTypeOrSelf(operand.getType()); !type.isF32())
      return llvm::formatv(
          "an operand is of {0}, and the library is called for "
          "f32",
          type);
  if (!isMultiplyAccumulate(op))
    return "it multiplies something else than elements of its two operands";
  if (hasProductForm(op))
    return "oneDNN has no kernel for a product with these loops and strides";
  if (getConvolutionForm(op))
    return "oneDNN has no kernel for a convolution of these extents, or it is "
           "a "
           "gradient that is added to something";
  return "its loops are neither those of a matrix product nor those of a "
         "convolution, without groups, over two dimensions";
}

static void remarkLoops(linalg::LinalgOp op) {
  auto function = op->getParentOfType<func::FuncOp>();
  std::string loops;
  llvm::raw_string_ostream stream(loops);
  llvm::interleave(op.getStaticLoopRanges(), stream, "x");
  remark::missed(op.getLoc(), remark::RemarkOpts::name("call-library")
                                  .category(kRemarkCategory)
                                  .function(function.getName()))
      << remark::metric("Op", op->getName().getStringRef())
      << remark::metric("Loops", loops)
      << remark::metric("Reason", getObstacle(op));
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
  module.walk([](linalg::LinalgOp op) {
    if (isContraction(op))
      remarkLoops(op);
  });
  return success();
}

} // namespace colonnade
