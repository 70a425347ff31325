//===- Promises.cpp - Reading, making and checking promises ---------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Implements the meaning of encodings on int8 values, and of groups of columns
// on floats.
//
//===----------------------------------------------------------------------===//

#include "colonnade/Dialect/Colonnade/IR/Promises.h"
#include "colonnade/Dialect/Colonnade/IR/BlockPromises.h"
#include "colonnade/Dialect/Colonnade/IR/MatrixView.h"
#include "colonnade/Numerics/TermSelection.h"
#include "colonnade/Packing/ConflictPruning.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;

namespace colonnade {

//===----------------------------------------------------------------------===//
// Encodings of types
//===----------------------------------------------------------------------===//

EncodingAttr getEncoding(Type type) {
  auto tensor = dyn_cast_or_null<RankedTensorType>(type);
  return tensor ? dyn_cast_or_null<EncodingAttr>(tensor.getEncoding())
                : EncodingAttr();
}

ColumnsAttr getColumnsPromise(Type type) {
  EncodingAttr encoding = getEncoding(type);
  return encoding ? encoding.getColumns() : ColumnsAttr();
}

TermsAttr getTermsPromise(Type type) {
  EncodingAttr encoding = getEncoding(type);
  return encoding ? encoding.getTerms() : TermsAttr();
}

FixedPointAttr getFixedPointPromise(Type type) {
  EncodingAttr encoding = getEncoding(type);
  return encoding ? encoding.getFixedPoint() : FixedPointAttr();
}

RankedTensorType getFixedPointType(RankedTensorType shape, int64_t fraction) {
  MLIRContext *context = shape.getContext();
  auto encoding =
      EncodingAttr::get(context, FixedPointAttr::get(context, fraction));
  return RankedTensorType::get(shape.getShape(), IntegerType::get(context, 32),
                               encoding);
}

RankedTensorType dropEncoding(RankedTensorType type) {
  return getEncoding(type) ? type.dropEncoding() : type;
}

RankedTensorType withPromises(RankedTensorType type, ColumnsAttr columns,
                              TermsAttr terms) {
  Attribute encoding;
  if (columns || terms)
    encoding = EncodingAttr::get(type.getContext(), columns, terms);
  return RankedTensorType::get(type.getShape(), type.getElementType(),
                               encoding);
}

SmallVector<int64_t> getElementIndex(RankedTensorType type, int64_t position) {
  SmallVector<int64_t> index(type.getRank());
  for (int64_t axis = type.getRank() - 1; axis >= 0; --axis) {
    index[axis] = position % type.getDimSize(axis);
    position /= type.getDimSize(axis);
  }
  return index;
}

//===----------------------------------------------------------------------===//
// Runs
//===----------------------------------------------------------------------===//

/// Cuts a line, given by its values' positions, into runs; `first` is the index
/// of its first value.
static void cutLine(int64_t line, int64_t first, ArrayRef<int64_t> positions,
                    int64_t group, function_ref<void(const TermRun &)> visit) {
  TermRun run{line, first, {}};
  for (; !positions.empty(); run.start += group) {
    ArrayRef<int64_t> head = positions.take_front(group);
    run.positions.assign(head.begin(), head.end());
    visit(run);
    positions = positions.drop_front(head.size());
  }
}

/// The first group of each block, and the number of groups: a block without
/// groups begins where the next one does.
static SmallVector<int64_t> getBlockStarts(ColumnsAttr columns,
                                           const MatrixView &view) {
  SmallVector<int64_t> starts(view.getBlocks() + 1, 0);
  for (auto [column, group] : llvm::enumerate(columns.getAssignment())) {
    int64_t &end = starts[view.getBlock(column) + 1];
    end = std::max<int64_t>(end, group + 1);
  }
  for (size_t block = 1; block < starts.size(); ++block)
    starts[block] = std::max(starts[block], starts[block - 1]);
  return starts;
}

static void walkPackedRuns(RankedTensorType type, ArrayRef<int8_t> values,
                           function_ref<void(const TermRun &)> visit) {
  ColumnsAttr columns = getColumnsPromise(type);
  MatrixView view(type.getShape(), columns.getRowAxis(),
                  columns.getBlockAxis());
  SmallVector<int64_t> starts = getBlockStarts(columns, view);
  int64_t groups = columns.getNumGroups(), pitch = view.getRowPitch();
  int64_t runSize = getTermsPromise(type).getGroup();
  // Some rows at a time: where a matrix is transposed in memory, the rows of a
  // column are what lies side by side.
  constexpr int64_t kRows = 64;
  std::vector<int64_t> lines;
  for (int64_t first = 0; first < view.getRows(); first += kRows) {
    int64_t rows = std::min(kRows, view.getRows() - first);
    lines.assign(rows * groups, -1);
    for (auto [column, group] : llvm::enumerate(columns.getAssignment())) {
      if (group < 0)
        continue;
      int64_t position = view.getPosition(first, column);
      for (int64_t row = 0; row < rows; ++row, position += pitch)
        if (values[position] != 0)
          lines[row * groups + group] = position;
    }
    for (int64_t row = 0; row < rows; ++row)
      for (auto [start, end] : llvm::zip(starts, ArrayRef(starts).drop_front()))
        cutLine(
            first + row, start,
            ArrayRef<int64_t>(lines).slice(row * groups + start, end - start),
            runSize, visit);
  }
}

void walkTermRuns(RankedTensorType type, ArrayRef<int8_t> values,
                  function_ref<void(const TermRun &)> visit) {
  TermsAttr terms = getTermsPromise(type);
  if (terms.isPacked())
    return walkPackedRuns(type, values, visit);
  // A matrix whose rows count along the axis has a line in each column.
  MatrixView view(type.getShape(), terms.getAxis());
  std::vector<int64_t> line(view.getRows());
  for (int64_t column = 0; column < view.getColumns(); ++column) {
    for (auto [row, position] : llvm::enumerate(line))
      position = view.getPosition(row, column);
    cutLine(column, /*first=*/0, line, terms.getGroup(), visit);
  }
}

/// The values of a run, zero where a packed column is.
static SmallVector<int8_t> gatherRun(const TermRun &run,
                                     ArrayRef<int8_t> values) {
  return llvm::map_to_vector(run.positions, [&](int64_t position) {
    return position < 0 ? int8_t(0) : values[position];
  });
}

//===----------------------------------------------------------------------===//
// Establishing
//===----------------------------------------------------------------------===//

PruningLoss pruneToColumns(RankedTensorType type,
                           MutableArrayRef<int8_t> values) {
  ColumnsAttr columns = getColumnsPromise(type);
  MatrixView view(type.getShape(), columns.getRowAxis());
  std::vector<int8_t> matrix = view.toMatrix(values);
  PruningLoss loss =
      pruneConflicts(MutableArrayRef<int8_t>(matrix), view.getRows(),
                     view.getColumns(), getGroups(columns.getAssignment()));
  llvm::copy(view.fromMatrix(matrix), values.begin());
  return loss;
}

void selectToTerms(RankedTensorType type, MutableArrayRef<int8_t> values) {
  TermsAttr terms = getTermsPromise(type);
  walkTermRuns(type, values, [&](const TermRun &run) {
    SmallVector<int8_t> selected = gatherRun(run, values);
    selectTerms(MutableArrayRef<int8_t>(selected), terms.getBudget(),
                terms.getDigits());
    for (auto [position, value] : llvm::zip_equal(run.positions, selected))
      if (position >= 0)
        values[position] = value;
  });
}

//===----------------------------------------------------------------------===//
// Checking
//===----------------------------------------------------------------------===//

/// How a value reads in a message.
static std::string printValue(int8_t value) { return std::to_string(value); }

static std::string printValue(float value) {
  std::string text;
  llvm::raw_string_ostream(text) << llvm::format("%g", value);
  return text;
}

template <typename T>
static LogicalResult
checkUnassigned(RankedTensorType type, ArrayRef<T> values,
                function_ref<InFlightDiagnostic()> emitError) {
  ColumnsAttr columns = getColumnsPromise(type);
  MatrixView view(type.getShape(), columns.getRowAxis());
  for (auto [column, group] : llvm::enumerate(columns.getAssignment())) {
    if (group >= 0)
      continue;
    for (int64_t row = 0; row < view.getRows(); ++row) {
      T value = values[view.getPosition(row, column)];
      if (value == 0)
        continue;
      if (emitError)
        emitError() << "expected column " << column
                    << ", which is in no group (-1), to be all zero, got "
                    << printValue(value) << " in row " << row;
      return failure();
    }
  }
  return success();
}

LogicalResult
checkUnassignedColumns(RankedTensorType type, ArrayRef<int8_t> values,
                       function_ref<InFlightDiagnostic()> emitError) {
  return checkUnassigned(type, values, emitError);
}

template <typename T>
static LogicalResult
checkConflicts(RankedTensorType type, ArrayRef<T> values,
               function_ref<InFlightDiagnostic()> emitError) {
  ColumnsAttr columns = getColumnsPromise(type);
  MatrixView view(type.getShape(), columns.getRowAxis());
  auto pattern = NonzeroPattern::get(ArrayRef<T>(view.toMatrix(values)),
                                     view.getRows(), view.getColumns());
  std::optional<ColumnConflict> conflict =
      findConflict(pattern, getGroups(columns.getAssignment()));
  if (!conflict)
    return success();
  auto valueIn = [&](int64_t column) {
    return printValue(values[view.getPosition(conflict->row, column)]);
  };
  return emitError() << "expected at most one nonzero in row " << conflict->row
                     << " of group "
                     << columns.getAssignment()[conflict->firstColumn]
                     << ", got " << valueIn(conflict->firstColumn)
                     << " in column " << conflict->firstColumn << " and "
                     << valueIn(conflict->secondColumn) << " in column "
                     << conflict->secondColumn;
}

static LogicalResult reportRun(RankedTensorType type, const TermRun &run,
                               ArrayRef<int8_t> runValues,
                               function_ref<InFlightDiagnostic()> emitError) {
  TermsAttr terms = getTermsPromise(type);
  int64_t count = 0;
  for (int8_t value : runValues)
    count += countPromisedTerms(value, terms.getDigits());
  InFlightDiagnostic diagnostic = emitError();
  diagnostic << "expected at most " << terms.getBudget() << " "
             << stringifyDigitSet(terms.getDigits()) << " terms in the "
             << runValues.size() << " values ";
  if (terms.isPacked()) {
    diagnostic << "from group " << run.start << " of row " << run.line;
  } else {
    diagnostic << "from [";
    llvm::interleaveComma(getElementIndex(type, run.positions.front()),
                          diagnostic);
    diagnostic << "] along dimension " << terms.getAxis();
  }
  return diagnostic << ", got " << count;
}

static LogicalResult checkTerms(RankedTensorType type, ArrayRef<int8_t> values,
                                function_ref<InFlightDiagnostic()> emitError) {
  TermsAttr terms = getTermsPromise(type);
  LogicalResult result = success();
  walkTermRuns(type, values, [&](const TermRun &run) {
    if (failed(result))
      return;
    SmallVector<int8_t> runValues = gatherRun(run, values);
    if (!keepsBudget(runValues, terms.getBudget(), terms.getDigits()))
      result = reportRun(type, run, runValues, emitError);
  });
  return result;
}

template <typename T>
static LogicalResult
checkColumns(RankedTensorType type, ArrayRef<T> values,
             function_ref<InFlightDiagnostic()> emitError) {
  return success(succeeded(checkUnassigned(type, values, emitError)) &&
                 succeeded(checkConflicts(type, values, emitError)));
}

LogicalResult checkPromises(RankedTensorType type, ArrayRef<int8_t> values,
                            function_ref<InFlightDiagnostic()> emitError) {
  // Packed runs are only defined where the columns promise holds.
  if (getColumnsPromise(type) && failed(checkColumns(type, values, emitError)))
    return failure();
  if (getTermsPromise(type))
    return checkTerms(type, values, emitError);
  return success();
}

static LogicalResult
reportUnreadable(RankedTensorType type,
                 function_ref<InFlightDiagnostic()> emitError) {
  return emitError() << "expected a dense or dense_resource constant with "
                     << type.getNumElements()
                     << " readable values, to check its promises";
}

/// For f32, whose promises are `block_float` and `columns`.
static LogicalResult
checkFloatPromises(RankedTensorType type, ElementsAttr elements,
                   function_ref<InFlightDiagnostic()> emitError) {
  if (getBlockFloatPromise(type) &&
      failed(checkBlockFloat(type, elements, emitError)))
    return failure();
  if (!getColumnsPromise(type))
    return success();
  std::optional<std::vector<float>> values = readFloatValues(elements);
  if (!values)
    return reportUnreadable(type, emitError);
  return checkColumns(type, ArrayRef<float>(*values), emitError);
}

LogicalResult checkPromise(RankedTensorType type, ElementsAttr elements,
                           function_ref<InFlightDiagnostic()> emitError) {
  if (!getEncoding(type))
    return success();
  // Of fixed point every integer is one.
  if (getFixedPointPromise(type))
    return success();
  if (type.getElementType().isF32())
    return checkFloatPromises(type, elements, emitError);
  std::optional<std::vector<int8_t>> values = readInt8Values(elements);
  if (!values)
    return reportUnreadable(type, emitError);
  return checkPromises(type, *values, emitError);
}

} // namespace colonnade
