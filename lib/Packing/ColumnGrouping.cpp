//===- ColumnGrouping.cpp - Grouping sparse matrix columns ----------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What all grouping algorithms share: the bit pattern of a matrix, the growing
// group, the list of algorithms and the conversions between groups and the
// per-column assignment that encodings hold.
//
//===----------------------------------------------------------------------===//

#include "GroupingAlgorithms.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/bit.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/raw_ostream.h"
#include <algorithm>
#include <cmath>
#include <system_error>

using namespace colonnade;

static constexpr int64_t bitsPerWord = 64;

/// Compiles a function that counts bits for processors with an instruction for
/// it too; which version runs is chosen when the program is loaded. The
/// baseline of x86-64 has no such instruction.
#if defined(__x86_64__) && defined(__linux__) && __has_attribute(target_clones)
#define COLONNADE_COUNTS_BITS                                                  \
  __attribute__((target_clones("popcnt", "default")))
#else
#define COLONNADE_COUNTS_BITS
#endif

COLONNADE_COUNTS_BITS
static int64_t countBits(llvm::ArrayRef<uint64_t> words) {
  int64_t count = 0;
  for (uint64_t word : words)
    count += llvm::popcount(word);
  return count;
}

//===----------------------------------------------------------------------===//
// NonzeroPattern
//===----------------------------------------------------------------------===//

NonzeroPattern::NonzeroPattern(int64_t rows, int64_t columns)
    : rows(rows), columns(columns),
      wordsPerColumn(llvm::divideCeil(rows, bitsPerWord)),
      words(wordsPerColumn * columns) {}

template <typename ValueT>
static NonzeroPattern getPattern(llvm::ArrayRef<ValueT> matrix, int64_t rows,
                                 int64_t columns) {
  NonzeroPattern pattern(rows, columns);
  // One word of every column at a time: the columns' words lie far apart, and
  // the rows of a word lie side by side.
  std::vector<uint64_t> words(columns);
  for (int64_t first = 0; first < rows; first += bitsPerWord) {
    llvm::fill(words, 0);
    for (int64_t row = first, end = std::min(first + bitsPerWord, rows);
         row < end; ++row)
      for (auto [word, value] :
           llvm::zip_equal(words, matrix.slice(row * columns, columns)))
        word |= uint64_t(value != 0) << (row - first);
    for (auto [column, word] : llvm::enumerate(words))
      pattern.setWord(first / bitsPerWord, column, word);
  }
  return pattern;
}

NonzeroPattern NonzeroPattern::get(llvm::ArrayRef<int8_t> matrix, int64_t rows,
                                   int64_t columns) {
  return getPattern(matrix, rows, columns);
}

NonzeroPattern NonzeroPattern::get(llvm::ArrayRef<float> matrix, int64_t rows,
                                   int64_t columns) {
  return getPattern(matrix, rows, columns);
}

void NonzeroPattern::set(int64_t row, int64_t column) {
  words[column * wordsPerColumn + row / bitsPerWord] |= uint64_t(1)
                                                        << (row % bitsPerWord);
}

void NonzeroPattern::setWord(int64_t index, int64_t column, uint64_t word) {
  words[column * wordsPerColumn + index] = word;
}

bool NonzeroPattern::test(int64_t row, int64_t column) const {
  return (getColumn(column)[row / bitsPerWord] >> (row % bitsPerWord)) & 1;
}

int64_t NonzeroPattern::countColumn(int64_t column) const {
  return countBits(getColumn(column));
}

llvm::ArrayRef<uint64_t> NonzeroPattern::getColumn(int64_t column) const {
  return llvm::ArrayRef<uint64_t>(words).slice(column * wordsPerColumn,
                                               wordsPerColumn);
}

//===----------------------------------------------------------------------===//
// GrowingGroup
//===----------------------------------------------------------------------===//

GrowingGroup::GrowingGroup(const NonzeroPattern &pattern, int32_t firstColumn)
    : members{firstColumn}, occupied(pattern.getColumn(firstColumn)),
      occupiedRows(countBits(occupied)) {}

COLONNADE_COUNTS_BITS
static int64_t countCommonBits(const uint64_t *left, const uint64_t *right,
                               size_t size, int64_t limit) {
  // The limit is looked at now and then only.
  constexpr size_t kWords = 16;
  int64_t count = 0;
  for (size_t first = 0; first < size && count <= limit; first += kWords)
    for (size_t word = first, end = std::min(first + kWords, size); word < end;
         ++word)
      count += llvm::popcount(left[word] & right[word]);
  return count;
}

int64_t GrowingGroup::countOverlap(llvm::ArrayRef<uint64_t> column,
                                   int64_t limit) const {
  return countCommonBits(occupied.data(), column.data(), column.size(), limit);
}

void GrowingGroup::add(const NonzeroPattern &pattern, int32_t column) {
  for (auto [mine, theirs] :
       llvm::zip_equal(occupied, pattern.getColumn(column))) {
    conflicts += llvm::popcount(mine & theirs);
    mine |= theirs;
  }
  occupiedRows = countBits(occupied);
  members.push_back(column);
}

//===----------------------------------------------------------------------===//
// Algorithms and options
//===----------------------------------------------------------------------===//

std::vector<int32_t>
colonnade::getNonzeroColumns(const NonzeroPattern &pattern) {
  std::vector<int32_t> columns;
  for (int64_t column = 0; column < pattern.getColumns(); ++column)
    if (pattern.countColumn(column) > 0)
      columns.push_back(static_cast<int32_t>(column));
  return columns;
}

llvm::ArrayRef<const GroupingAlgorithm *> colonnade::getGroupingAlgorithms() {
  static const AgglomerativeGrouping agglomerative;
  static const DenseFirstGrouping denseFirst;
  static const GroupingAlgorithm *const algorithms[] = {&agglomerative,
                                                        &denseFirst};
  return algorithms;
}

const GroupingAlgorithm *
colonnade::lookupGroupingAlgorithm(llvm::StringRef name) {
  for (const GroupingAlgorithm *algorithm : getGroupingAlgorithms())
    if (algorithm->getName() == name)
      return algorithm;
  return nullptr;
}

llvm::Expected<const GroupingAlgorithm *>
colonnade::findGroupingAlgorithm(llvm::StringRef name) {
  if (const GroupingAlgorithm *found = lookupGroupingAlgorithm(name))
    return found;
  std::string message = "expected algorithm to be one of ";
  llvm::raw_string_ostream stream(message);
  llvm::interleaveComma(
      getGroupingAlgorithms(), stream,
      [&](const GroupingAlgorithm *known) { stream << known->getName(); });
  stream << ", got '" << name << "'";
  return llvm::createStringError(message);
}

llvm::Error colonnade::checkGroupingOptions(const GroupingOptions &options) {
  if (options.fanIn < 1)
    return llvm::createStringError(
        std::errc::invalid_argument,
        "fan-in %lld is below the limit of 1: give the number of columns that "
        "may share an array column",
        static_cast<long long>(options.fanIn));
  if (!std::isfinite(options.conflictLimit) || options.conflictLimit < 0)
    return llvm::createStringError(
        std::errc::invalid_argument,
        "conflict limit %g is not a finite number of at least 0: give the "
        "share of the rows that may conflict in a group",
        options.conflictLimit);
  return llvm::Error::success();
}

int64_t colonnade::getConflictBudget(int64_t rows,
                                     const GroupingOptions &options) {
  // A row has at most fanIn - 1 conflicts: more than that is no limit.
  double unlimited = double(options.fanIn - 1) * double(rows);
  return static_cast<int64_t>(
      std::floor(std::min(options.conflictLimit * double(rows), unlimited)));
}

//===----------------------------------------------------------------------===//
// Groups and assignments
//===----------------------------------------------------------------------===//

std::vector<int32_t> colonnade::getAssignment(const ColumnGroups &groups,
                                              int64_t columns) {
  std::vector<int32_t> assignment(columns, -1);
  for (auto [index, group] : llvm::enumerate(groups))
    for (int32_t column : group)
      assignment[column] = static_cast<int32_t>(index);
  return assignment;
}

ColumnGroups colonnade::getGroups(llvm::ArrayRef<int32_t> assignment) {
  ColumnGroups groups;
  for (auto [column, group] : llvm::enumerate(assignment)) {
    if (group < 0)
      continue;
    if (static_cast<size_t>(group) >= groups.size())
      groups.resize(group + 1);
    groups[group].push_back(static_cast<int32_t>(column));
  }
  return groups;
}
