//===- QuantizedForm.cpp - What a quantized network may hold -------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See the header.
//
//===----------------------------------------------------------------------===//

#include "QuantizedForm.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;

namespace colonnade::test {
namespace {

bool hasElements(Value tensor, unsigned bits) {
  return cast<ShapedType>(tensor.getType()).getElementType().isInteger(bits);
}

/// Contractions and poolings: int8 into int32 sums or int8 maxima.
bool isArrayOp(Operation *op) {
  bool isContraction =
      isa<linalg::Conv2DNchwFchwOp, linalg::DepthwiseConv2DNchwChwOp,
          linalg::Conv2DNgchwGfchwOp, linalg::MatmulOp, linalg::BatchMatmulOp>(
          op);
  bool isMaximum = isa<linalg::PoolingNchwMaxOp>(op);
  if (!isContraction && !isMaximum && !isa<linalg::PoolingNchwSumOp>(op))
    return false;
  return hasElements(op->getOperand(0), 8) &&
         hasElements(op->getOperand(1), 8) &&
         hasElements(op->getResult(0), isMaximum ? 8 : 32);
}

bool isNest(Operation *op) {
  static const llvm::StringSet<> kLaneOps = {
      "arith.constant", "arith.extsi",    "arith.trunci",   "arith.addi",
      "arith.subi",     "arith.muli",     "arith.maxsi",    "arith.minsi",
      "arith.andi",     "arith.ori",      "arith.xori",     "arith.shli",
      "arith.shrsi",    "arith.shrui",    "arith.cmpi",     "arith.cmpf",
      "arith.select",   "arith.addf",     "arith.subf",     "arith.mulf",
      "arith.divf",     "arith.maximumf", "arith.minimumf", "arith.negf",
      "arith.sitofp",   "arith.fptosi",   "arith.bitcast",  "math.absf",
      "math.sqrt",      "math.roundeven", "math.floor",     "tosa.apply_scale",
      "linalg.yield"};
  auto generic = dyn_cast<linalg::GenericOp>(op);
  if (!generic || generic.getNumResults() != 1 ||
      hasElements(generic.getResult(0), 1))
    return false;
  for (AffineMap map : generic.getIndexingMapsArray())
    if (!map.isProjectedPermutation(/*allowZeroInResults=*/true))
      return false;
  for (Operation &scalar : *generic.getBody())
    if (!kLaneOps.contains(scalar.getName().getStringRef()))
      return false;
  return true;
}

bool belongs(Operation *op) {
  return isArrayOp(op) || isNest(op) ||
         isa<linalg::TransposeOp, tensor::ExtractSliceOp, tensor::ConcatOp,
             tensor::PadOp, tensor::CollapseShapeOp, tensor::ExpandShapeOp,
             arith::ConstantOp, tensor::EmptyOp, linalg::FillOp,
             func::ReturnOp>(op);
}

} // namespace

std::string getFormObjection(func::FuncOp function) {
  for (Operation &op : function.getBody().front()) {
    if (belongs(&op))
      continue;
    std::string text;
    llvm::raw_string_ostream stream(text);
    op.print(stream, OpPrintingFlags().elideLargeElementsAttrs());
    return text;
  }
  return "";
}

} // namespace colonnade::test
