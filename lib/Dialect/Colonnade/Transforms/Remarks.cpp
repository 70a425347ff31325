//===- Remarks.cpp - Remarks of Colonnade's passes ------------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Implements the remark helpers.
//
//===----------------------------------------------------------------------===//

#include "colonnade/Dialect/Colonnade/Transforms/Remarks.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/FunctionInterfaces.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;

namespace colonnade {

remark::RemarkOpts getRemarkOpts(StringRef rule, Operation *op) {
  auto function = op->getParentOfType<FunctionOpInterface>();
  auto options = remark::RemarkOpts::name(rule).category(kRemarkCategory);
  return function ? options.function(SymbolTable::getSymbolName(function))
                  : options;
}

void remarkMissed(StringRef rule, Operation *op, const Twine &reason) {
  remark::missed(op->getLoc(), getRemarkOpts(rule, op))
      << remark::metric("Op", op->getName().getStringRef())
      << remark::metric("Reason", reason.str());
}

std::string formatPercent(double part, double whole) {
  return llvm::formatv("{0:F1} %", whole == 0 ? 0.0 : 100.0 * part / whole)
      .str();
}

std::string formatShape(ArrayRef<int64_t> shape) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  llvm::interleave(
      shape, stream,
      [&](int64_t size) {
        if (ShapedType::isDynamic(size))
          stream << '?';
        else
          stream << size;
      },
      "x");
  return text;
}

} // namespace colonnade
