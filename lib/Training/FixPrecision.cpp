//===- FixPrecision.cpp - A step at the precisions of a log ---------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a step returns as a layer's mantissa bits is what all of its roundings
// read. Constants take its place, and nothing needs the choice any more.
//
//===----------------------------------------------------------------------===//

#include "StepFormat.h"
#include "colonnade/Differentiation/OutlineParameters.h"
#include "colonnade/Training/Passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/LineIterator.h"
#include "llvm/Support/MemoryBuffer.h"

namespace colonnade {
#define GEN_PASS_DEF_FIXPRECISION
#include "colonnade/Training/Passes.h.inc"
} // namespace colonnade

using namespace mlir;
using namespace colonnade;

namespace {

/// The mantissa bits that a step used, by column of the log.
using Precisions = llvm::StringMap<int64_t>;

llvm::Error makeError(const llvm::MemoryBuffer &file, int64_t line,
                      const Twine &reason) {
  return llvm::createStringError(file.getBufferIdentifier() + ":" +
                                 Twine(line) + ": " + reason);
}

/// Reads the last row of a step up to `step` from what PrecisionLog writes.
llvm::Expected<Precisions> readPrecisions(const llvm::MemoryBuffer &file,
                                          int64_t step) {
  llvm::line_iterator lines(file);
  SmallVector<StringRef> columns, chosen;
  if (!lines.is_at_end())
    lines->split(columns, ',');
  if (columns.empty() || columns.front() != "step")
    return makeError(file, 1, "expected the columns of a precision log, "
                              "'step' first");
  int64_t chosenLine = 0;
  for (++lines; !lines.is_at_end(); ++lines) {
    SmallVector<StringRef> row;
    lines->split(row, ',');
    int64_t number;
    if (row.size() != columns.size() || row.front().getAsInteger(10, number))
      return makeError(file, lines.line_number(),
                       "expected " + Twine(columns.size()) +
                           " numbers, a step first");
    if (number > step)
      break;
    chosen = std::move(row);
    chosenLine = lines.line_number();
  }
  if (chosen.empty())
    return makeError(file, 1, "has no row of a step up to " + Twine(step));
  Precisions precisions;
  for (auto [column, text] : llvm::drop_begin(llvm::zip(columns, chosen))) {
    int64_t bits;
    if (text.getAsInteger(10, bits) || bits < FastPolicy::kCoarseBits ||
        bits > FastPolicy::kFineBits)
      return makeError(file, chosenLine,
                       "expected mantissa bits in [" +
                           Twine(FastPolicy::kCoarseBits) + ", " +
                           Twine(FastPolicy::kFineBits) + "] for '" + column +
                           "', got '" + text + "'");
    precisions[column] = bits;
  }
  return precisions;
}

struct FixPrecision : colonnade::impl::FixPrecisionBase<FixPrecision> {
  using FixPrecisionBase::FixPrecisionBase;

  void runOnOperation() override;

private:
  /// Makes what the step returns as `layer`'s bits constant.
  LogicalResult fix(tensor::FromElementsOp bits, StringRef layer,
                    const Precisions &precisions);
};

} // namespace

LogicalResult FixPrecision::fix(tensor::FromElementsOp bits, StringRef layer,
                                const Precisions &precisions) {
  OpBuilder builder = OpBuilder::atBlockBegin(bits->getBlock());
  for (auto [operand, value] :
       llvm::zip_equal(kMantissaOperands,
                       SmallVector<Value>(bits.getElements()))) {
    auto found = precisions.find((layer + "." + operand).str());
    if (found == precisions.end())
      return emitError(bits.getLoc(), "'")
             << log << "' has no column '" << layer << "." << operand
             << "': it is the log of another network";
    Value constant = arith::ConstantOp::create(
        builder, bits.getLoc(), builder.getI32IntegerAttr(found->second));
    value.replaceAllUsesWith(constant);
  }
  return success();
}

void FixPrecision::runOnOperation() {
  auto reject = [&](const Twine &reason) {
    getOperation().emitError(reason);
    signalPassFailure();
  };
  auto training = getOperation().lookupSymbol<func::FuncOp>("training_step");
  if (!training)
    return reject("expected a function '@training_step'");
  auto file = llvm::MemoryBuffer::getFile(log, /*IsText=*/true);
  if (!file)
    return reject("cannot read the precision log '" + log +
                  "': " + file.getError().message());
  llvm::Expected<Precisions> precisions = readPrecisions(**file, step);
  if (!precisions)
    return reject(llvm::toString(precisions.takeError()));
  Operation *results = training.getBody().front().getTerminator();
  bool hasBits = false;
  for (unsigned i = 0; i < training.getNumResults(); ++i) {
    auto state = training.getResultAttrOfType<StringAttr>(i, kStateAttribute);
    auto layer = findMantissaLayer(state ? state.getValue() : "");
    auto bits = results->getOperand(i).getDefiningOp<tensor::FromElementsOp>();
    if (!layer || !bits)
      continue;
    hasBits = true;
    if (failed(fix(bits, *layer, *precisions)))
      return signalPassFailure();
  }
  if (!hasBits)
    reject("'@training_step' chooses no precision: expected one of the format "
           "fast-adaptive");
}
