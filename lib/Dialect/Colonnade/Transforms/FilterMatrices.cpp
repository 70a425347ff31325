//===- FilterMatrices.cpp - What column combining works on ----------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Finds the weights, asks the policy about them, and keeps blocks apart.
//
//===----------------------------------------------------------------------===//

#include "colonnade/Dialect/Colonnade/Transforms/FilterMatrices.h"
#include "LayerPolicy.h"
#include "Weights.h"
#include "colonnade/Dialect/Colonnade/IR/BlockPromises.h"
#include "colonnade/Dialect/Colonnade/IR/Contractions.h"
#include "colonnade/Dialect/Colonnade/IR/Promises.h"
#include "mlir/IR/Matchers.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;

namespace colonnade {

MatrixView FilterMatrix::getView() const {
  return MatrixView(cast<RankedTensorType>(weights.getType()).getShape(),
                    rowAxis, blockAxis);
}

//===----------------------------------------------------------------------===//
// Choosing weights
//===----------------------------------------------------------------------===//

/// Whether the elements of constant i8 or f32 weights are at hand.
static bool isReadable(Value weights) {
  ElementsAttr elements;
  return matchPattern(weights, m_Constant(&elements)) &&
         (readInt8Values(elements) || readFloatValues(elements));
}

/// Why weights are left as they are, if they are.
static std::optional<std::string> whyNotCombined(const WeightOperand &match,
                                                 int64_t fanIn) {
  auto type = cast<RankedTensorType>(match.weights->get().getType());
  if (ColumnsAttr columns = getColumnsPromise(type))
    return llvm::formatv("the weights already promise columns, {0} groups of "
                         "at most {1}",
                         columns.getNumGroups(), columns.getFanIn())
        .str();
  if (match.isDepthwise)
    return std::string("the channels of a depthwise convolution share no "
                       "columns: the mapping puts those of several channels "
                       "into one, without pruning");
  if (fanIn == 1)
    return llvm::formatv(
               "fan-in 1 combines nothing, the matrix has {0} columns",
               MatrixView(type.getShape(), match.rowAxis).getColumns())
        .str();
  if (!isReadable(match.weights->get()))
    return kUnreadableWeights.str();
  return std::nullopt;
}

/// What the policy and, where it says nothing, the options ask for.
static GroupingOptions getGrouping(const LayerSettings &settings,
                                   const GroupingOptions &options) {
  return {settings.fanIn.value_or(options.fanIn),
          settings.conflictLimit.value_or(options.conflictLimit)};
}

/// The weights to combine, with the operands that read them alike.
static SharedWeights collectWeights(func::FuncOp function, Type elementType,
                                    const LayerSettingsMap &settings,
                                    const GroupingOptions &options,
                                    NotCombinedFn notCombined) {
  SharedWeights shared;
  function.walk([&](linalg::LinalgOp op) {
    if (!isContraction(op))
      return;
    std::string whyNot;
    std::optional<WeightOperand> match =
        getWeightOperand(op, elementType, &whyNot);
    if (!match)
      return notCombined(op, whyNot);
    int64_t fanIn = getGrouping(settings.lookup(op), options).fanIn;
    if (std::optional<std::string> reason = whyNotCombined(*match, fanIn))
      return notCombined(op, *reason);
    auto found = settings.find(op);
    StringRef source;
    if (found != settings.end())
      source = found->second.source;
    shared[{match->weights->get(), match->rowAxis, match->blockAxis, source}]
        .push_back(match->weights);
  });
  return shared;
}

FailureOr<std::vector<FilterMatrix>>
collectFilterMatrices(func::FuncOp function, Type elementType,
                      const LayerPolicy &policy, const GroupingOptions &options,
                      NotCombinedFn notCombined) {
  FailureOr<LayerSettingsMap> settings = policy.resolve(function);
  if (failed(settings))
    return failure();
  std::vector<FilterMatrix> matrices;
  for (auto &[key, uses] :
       collectWeights(function, elementType, *settings, options, notCombined)) {
    auto [weights, rowAxis, blockAxis, source] = key;
    LayerSettings ofLayer = settings->lookup(uses.front()->getOwner());
    matrices.push_back({weights, rowAxis, blockAxis, uses,
                        getGrouping(ofLayer, options), source.str()});
  }
  return matrices;
}

FailureOr<std::vector<FilterMatrix>>
collectFilterMatrices(func::FuncOp function, Type elementType, StringRef policy,
                      const GroupingOptions &options,
                      NotCombinedFn notCombined) {
  FailureOr<LayerPolicy> read =
      LayerPolicy::read(function.getContext(), policy);
  if (failed(read))
    return failure();
  return collectFilterMatrices(function, elementType, *read, options,
                               notCombined);
}

//===----------------------------------------------------------------------===//
// Grouping
//===----------------------------------------------------------------------===//

/// The part of a pattern that some of its columns are.
static NonzeroPattern selectColumns(const NonzeroPattern &pattern,
                                    ArrayRef<int32_t> columns) {
  NonzeroPattern selected(pattern.getRows(), columns.size());
  for (auto [index, column] : llvm::enumerate(columns))
    for (auto [word, rows] : llvm::enumerate(pattern.getColumn(column)))
      selected.setWord(word, index, rows);
  return selected;
}

ColumnGroups groupColumns(const NonzeroPattern &pattern, const MatrixView &view,
                          const GroupingAlgorithm &algorithm,
                          const GroupingOptions &options) {
  ColumnGroups groups;
  for (int64_t block = 0; block < view.getBlocks(); ++block) {
    std::vector<int32_t> columns = view.getBlockColumns(block);
    for (auto &group :
         algorithm.group(selectColumns(pattern, columns), options)) {
      for (int32_t &member : group)
        member = columns[member];
      groups.push_back(std::move(group));
    }
  }
  return groups;
}

} // namespace colonnade
