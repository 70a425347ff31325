//===- LinearMap.cpp - Indices as weighted sums of loops -------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See the header.
//
//===----------------------------------------------------------------------===//

#include "colonnade/Dialect/Systolic/IR/LinearMap.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;
using namespace colonnade;
using namespace colonnade::systolic;

int64_t LinearForm::getFirst(llvm::ArrayRef<int64_t> extents) const {
  int64_t first = offset;
  for (auto [coefficient, extent] : llvm::zip_equal(coefficients, extents))
    first += std::min<int64_t>(coefficient, 0) * (extent - 1);
  return first;
}

int64_t LinearForm::getLast(llvm::ArrayRef<int64_t> extents) const {
  int64_t last = offset;
  for (auto [coefficient, extent] : llvm::zip_equal(coefficients, extents))
    last += std::max<int64_t>(coefficient, 0) * (extent - 1);
  return last;
}

/// Adds `factor` times `expr` to `form`; false if it is not linear.
static bool addTo(LinearForm &form, AffineExpr expr, int64_t factor) {
  if (auto constant = dyn_cast<AffineConstantExpr>(expr)) {
    form.offset += factor * constant.getValue();
    return true;
  }
  if (auto loop = dyn_cast<AffineDimExpr>(expr)) {
    form.coefficients[loop.getPosition()] += factor;
    return true;
  }
  auto binary = dyn_cast<AffineBinaryOpExpr>(expr);
  if (!binary)
    return false;
  if (binary.getKind() == AffineExprKind::Add)
    return addTo(form, binary.getLHS(), factor) &&
           addTo(form, binary.getRHS(), factor);
  auto scale = dyn_cast<AffineConstantExpr>(binary.getRHS());
  return binary.getKind() == AffineExprKind::Mul && scale &&
         addTo(form, binary.getLHS(), factor * scale.getValue());
}

std::optional<LinearForm> systolic::getLinearForm(AffineExpr expr,
                                                  unsigned loops) {
  LinearForm form;
  form.coefficients.assign(loops, 0);
  if (!addTo(form, expr, 1))
    return std::nullopt;
  return form;
}
