//===- OperandIndices.cpp - How loops index operands ----------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which loops a dimension of an operand is indexed by, and in what steps: by
// one loop alone, or by the places and the taps of a window.
//
//===----------------------------------------------------------------------===//

#include "StructuredGradient.h"
#include "llvm/ADT/SmallBitVector.h"

using namespace mlir;
using namespace colonnade;

bool StructuredGradient::readsIndex(unsigned loop) {
  return llvm::any_of(
      op.getBlock()->getOps<linalg::IndexOp>(),
      [&](linalg::IndexOp index) { return index.getDim() == loop; });
}

/// The loop that an expression `extent - 1 - loop` counts backward.
static std::optional<unsigned> getReversedLoop(AffineExpr index,
                                               ArrayRef<int64_t> extents) {
  for (auto [loop, extent] : llvm::enumerate(extents)) {
    AffineExpr position = getAffineDimExpr(loop, index.getContext());
    if (extent > 1 && index == extent - 1 - position)
      return loop;
  }
  return std::nullopt;
}

LogicalResult StructuredGradient::turnReversedLoops(OpOperand &operand) {
  AffineMap map = maps[operand.getOperandNumber()];
  for (AffineExpr index : map.getResults()) {
    std::optional<unsigned> loop = getReversedLoop(index, extents);
    if (!loop)
      continue;
    bool isPosition =
        op.getIteratorTypesArray()[*loop] == utils::IteratorType::reduction &&
        llvm::any_of(extras, [](const auto &extra) { return !extra.empty(); });
    if (readsIndex(*loop) || isPosition)
      return emitError(loc, "cannot differentiate '")
             << op->getName() << "' by operand " << operand.getOperandNumber()
             << ", which is read backward along loop " << *loop
             << ": the loop's number is used too";
    AffineExpr position = getAffineDimExpr(*loop, map.getContext());
    for (AffineMap &other : maps)
      other = other.replace(position, extents[*loop] - 1 - position,
                            extents.size(), 0);
  }
  return success();
}

/// Splits a sum of at most two steps of loops; none for other forms.
static std::optional<OperandIndex> parseIndex(AffineExpr index,
                                              unsigned loops) {
  SmallVector<int64_t> coefficients;
  OperandIndex result;
  for (unsigned loop = 0; loop < loops; ++loop) {
    if (!index.isFunctionOfDim(loop))
      continue;
    SmallVector<AffineExpr> zeros(loops,
                                  getAffineConstantExpr(0, index.getContext()));
    zeros[loop] = getAffineConstantExpr(1, index.getContext());
    auto step = dyn_cast<AffineConstantExpr>(index.replaceDims(zeros));
    if (!step || step.getValue() < 1 || result.inner)
      return std::nullopt;
    (result.outer ? result.inner : result.outer) = loop;
    (result.inner ? result.innerStep : result.outerStep) = step.getValue();
  }
  AffineExpr sum = getAffineConstantExpr(0, index.getContext());
  if (result.outer)
    sum = sum + getAffineDimExpr(*result.outer, index.getContext()) *
                    result.outerStep;
  if (result.inner)
    sum = sum + getAffineDimExpr(*result.inner, index.getContext()) *
                    result.innerStep;
  if (simplifyAffineExpr(index - sum, loops, 0) !=
      getAffineConstantExpr(0, index.getContext()))
    return std::nullopt;
  return result;
}

bool StructuredGradient::isSimple(const OperandIndex &index) const {
  if (!index.outer)
    return index.size == 1;
  return !index.inner && index.outerStep == 1 &&
         extents[*index.outer] == index.size;
}

/// Loops of one iteration do not count, unless the dimension is longer than
/// what is read of it.
std::optional<OperandIndex>
StructuredGradient::parseOperandIndex(AffineExpr index, int64_t size) {
  AffineExpr reduced = index;
  AffineExpr zero = getAffineConstantExpr(0, index.getContext());
  for (auto [loop, extent] : llvm::enumerate(extents))
    if (extent == 1)
      reduced =
          reduced.replace(getAffineDimExpr(loop, index.getContext()), zero);
  std::optional<OperandIndex> whole = parseIndex(index, extents.size());
  if (whole)
    whole->size = size;
  if (whole && isSimple(*whole))
    return whole;
  for (AffineExpr form : {reduced, index}) {
    std::optional<OperandIndex> parsed = parseIndex(form, extents.size());
    if (!parsed)
      continue;
    parsed->size = size;
    auto isReduced = [&](std::optional<unsigned> loop) {
      return loop && op.getIteratorTypesArray()[*loop] ==
                         utils::IteratorType::reduction;
    };
    if (parsed->inner && isReduced(parsed->outer) &&
        !isReduced(parsed->inner)) {
      std::swap(parsed->outer, parsed->inner);
      std::swap(parsed->outerStep, parsed->innerStep);
    }
    if (parsed->outer || isSimple(*parsed))
      return parsed;
  }
  return std::nullopt;
}

FailureOr<SmallVector<OperandIndex>>
StructuredGradient::getIndices(OpOperand &operand) {
  AffineMap map = maps[operand.getOperandNumber()];
  ArrayRef<int64_t> shape =
      cast<RankedTensorType>(operand.get().getType()).getShape();
  SmallVector<OperandIndex> indices;
  llvm::SmallBitVector seen(extents.size());
  for (auto [index, size] : llvm::zip_equal(map.getResults(), shape)) {
    std::optional<OperandIndex> parsed = parseOperandIndex(index, size);
    bool isOwn = parsed.has_value();
    if (parsed)
      for (std::optional<unsigned> loop : {parsed->outer, parsed->inner}) {
        isOwn &= !loop || !seen.test(*loop);
        if (loop)
          seen.set(*loop);
      }
    if (!isOwn)
      return emitError(loc, "cannot differentiate '")
             << op->getName() << "' by operand " << operand.getOperandNumber()
             << ": its indexing map " << AffineMapAttr::get(map)
             << " is no sum of steps of loops, each in one dimension";
    indices.push_back(*parsed);
  }
  return indices;
}
