//===- JointOptimization.cpp - Pruning and combining in training ----------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A weight once pruned stays zero: the optimizer goes on updating it, and it is
// made zero again after every step.
//
//===----------------------------------------------------------------------===//

#include "colonnade/Training/JointOptimization.h"
#include "colonnade/Dialect/Colonnade/IR/Promises.h"
#include "colonnade/Dialect/Colonnade/Transforms/FilterMatrices.h"
#include "colonnade/Differentiation/OutlineParameters.h"
#include "colonnade/Training/Trainer.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace colonnade;

/// The weights of one filter matrix, which are one parameter.
struct JointOptimization::Layer {
  /// Number and name of the parameter.
  size_t parameter = 0;
  std::string name;
  int64_t rowAxis = 0;
  std::optional<int64_t> blockAxis;
  MatrixView view;
  GroupingOptions grouping;
  /// 0 for pruned weights, by position in the parameter.
  std::vector<uint8_t> mask;
  /// The group of each column, of the last round.
  std::vector<int32_t> assignment;

  /// Share of the weights that are pruned.
  double getSparsity() const {
    return double(llvm::count(mask, 0)) / double(mask.size());
  }
  int64_t countTiles(const JointSettings &settings, bool packed) const;
};

JointOptimization::JointOptimization(const JointSettings &settings)
    : settings(settings) {}

JointOptimization::~JointOptimization() = default;

//===----------------------------------------------------------------------===//
// Layers
//===----------------------------------------------------------------------===//

static void remarkNotCombined(linalg::LinalgOp op, const Twine &reason) {
  emitRemark(op.getLoc()) << "these weights are not combined: " << reason;
}

/// Whether nothing reads the weights otherwise than as this matrix.
static bool isReadAlike(const FilterMatrix &matrix) {
  return matrix.weights.hasNUses(matrix.uses.size());
}

void JointOptimization::addLayers(std::vector<FilterMatrix> matrices,
                                  ModuleOp network) {
  auto parameters =
      collectParameters(network.lookupSymbol<func::FuncOp>("main"));
  for (const FilterMatrix &matrix : matrices) {
    auto reader = cast<linalg::LinalgOp>(matrix.uses.front()->getOwner());
    auto found = llvm::find_if(parameters, [&](const Parameter &parameter) {
      return parameter.constant == matrix.weights.getDefiningOp();
    });
    if (found == parameters.end()) {
      remarkNotCombined(reader, "they are not trained");
      continue;
    }
    if (!isReadAlike(matrix)) {
      remarkNotCombined(reader, "other ops read them in another way");
      continue;
    }
    MatrixView view = matrix.getView();
    layers.push_back(
        {static_cast<size_t>(found - parameters.begin()),
         found->name,
         matrix.rowAxis,
         matrix.blockAxis,
         view,
         matrix.grouping,
         std::vector<uint8_t>(view.getRows() * view.getColumns(), 1),
         {}});
  }
}

llvm::Expected<std::unique_ptr<JointOptimization>>
JointOptimization::create(ModuleOp network, const JointSettings &settings) {
  std::unique_ptr<JointOptimization> joint(new JointOptimization(settings));
  auto matrices = collectFilterMatrices(
      network.lookupSymbol<func::FuncOp>("main"),
      Float32Type::get(network.getContext()), settings.policy,
      settings.pruning.grouping, remarkNotCombined);
  if (failed(matrices))
    return llvm::createStringError("the policy does not fit the network");
  joint->addLayers(std::move(*matrices), network);
  if (joint->layers.empty())
    return llvm::createStringError(
        "the network has no weights to combine: expected a contraction with "
        "constant f32 weights and a fan-in of more than 1");
  return joint;
}

//===----------------------------------------------------------------------===//
// Rounds
//===----------------------------------------------------------------------===//

void JointOptimization::pruneLayer(Layer &layer, int64_t round,
                                   Trainer &trainer) {
  // Conflicts may bring a layer to its share of zeros before its magnitudes do.
  if (layer.getSparsity() >= settings.pruning.sparsity)
    return;
  IterativePruningOptions options = settings.pruning;
  options.grouping = layer.grouping;
  const MatrixView &view = layer.view;
  std::vector<float> matrix =
      view.toMatrix(ArrayRef<float>(trainer.getParameter(layer.parameter)));
  ColumnGroups groups = pruneAndCombine(
      matrix, view.getRows(), view.getColumns(),
      getTargetSparsity(round, options), [&](const NonzeroPattern &pattern) {
        return groupColumns(pattern, view, *settings.algorithm, layer.grouping);
      });
  layer.assignment = getAssignment(groups, view.getColumns());
  for (auto [kept, weight] :
       llvm::zip_equal(layer.mask, view.fromMatrix(ArrayRef<float>(matrix))))
    kept = weight != 0;
}

void JointOptimization::applyMasks(Trainer &trainer) const {
  for (const Layer &layer : layers)
    trainer.applyMask(layer.parameter, layer.mask);
}

llvm::Expected<double>
JointOptimization::evaluate(const Trainer &trainer) const {
  if (!testData)
    return std::nan("");
  return trainer.evaluate(*testData);
}

llvm::Error JointOptimization::runRound(int64_t round, Trainer &trainer) {
  if (!log.empty())
    if (llvm::Error error = finish(trainer))
      return error;
  for (Layer &layer : layers)
    pruneLayer(layer, round, trainer);
  applyMasks(trainer);
  log.push_back(measure(round, trainer));
  llvm::Expected<double> accuracy = evaluate(trainer);
  if (!accuracy)
    return accuracy.takeError();
  log.back().prunedAccuracy = *accuracy;
  return llvm::Error::success();
}

llvm::Error JointOptimization::begin(Trainer &) {
  return llvm::Error::success();
}

llvm::Error JointOptimization::afterStep(Trainer &trainer) {
  applyMasks(trainer);
  if (std::optional<int64_t> round = settings.getRound(trainer.getStep()))
    return runRound(*round, trainer);
  return llvm::Error::success();
}

llvm::Error JointOptimization::finish(Trainer &trainer) {
  llvm::Expected<double> accuracy = evaluate(trainer);
  if (!accuracy)
    return accuracy.takeError();
  if (!log.empty())
    log.back().retrainedAccuracy = *accuracy;
  return llvm::Error::success();
}

//===----------------------------------------------------------------------===//
// Figures
//===----------------------------------------------------------------------===//

/// Each block is a matrix of its own, packed into as many columns as it has
/// groups.
int64_t JointOptimization::Layer::countTiles(const JointSettings &settings,
                                             bool packed) const {
  std::vector<int64_t> columns(view.getBlocks(),
                               view.getColumns() / view.getBlocks());
  if (packed) {
    llvm::fill(columns, 0);
    for (const auto &group : getGroups(assignment))
      if (!group.empty())
        ++columns[view.getBlock(group.front())];
  }
  int64_t tiles = 0;
  for (int64_t count : columns)
    tiles += colonnade::countTiles(view.getRows(), count, settings.arrayRows,
                                   settings.arrayColumns);
  return tiles;
}

PruningRound JointOptimization::measure(int64_t round,
                                        const Trainer &trainer) const {
  PruningRound result;
  result.round = round;
  result.step = trainer.getStep();
  result.targetSparsity = getTargetSparsity(round, settings.pruning);
  int64_t weights = 0, nonzeros = 0, cells = 0;
  for (const Layer &layer : layers) {
    const MatrixView &view = layer.view;
    auto pattern = NonzeroPattern::get(
        ArrayRef<float>(view.toMatrix(trainer.getParameter(layer.parameter))),
        view.getRows(), view.getColumns());
    PackingMetrics metrics =
        getPackingMetrics(pattern, getGroups(layer.assignment));
    weights += view.getRows() * view.getColumns();
    nonzeros += metrics.nonzeros;
    cells += metrics.packedRows * metrics.packedColumns;
    result.columns += view.getColumns();
    result.groups += metrics.packedColumns;
    result.denseTiles += layer.countTiles(settings, /*packed=*/false);
    result.tiles += layer.countTiles(settings, /*packed=*/true);
  }
  result.sparsity = 1 - double(nonzeros) / double(weights);
  result.utilization = cells ? double(nonzeros) / double(cells) : 0;
  return result;
}

//===----------------------------------------------------------------------===//
// Checkpoints and results
//===----------------------------------------------------------------------===//

static constexpr llvm::StringLiteral kLog("combine.log");
static constexpr llvm::StringLiteral kMask("combine.mask.");
static constexpr llvm::StringLiteral kGroups("combine.groups.");

std::pair<std::string, std::string> JointOptimization::getFingerprint() const {
  return {"combine", settings.text};
}

void JointOptimization::addToCheckpoint(NamedArrays &checkpoint) const {
  checkpoint.arrays[kLog.str()] = packPruningLog(log);
  for (const Layer &layer : layers) {
    checkpoint.arrays[kMask.str() + layer.name] = NpyArray::get<uint8_t>(
        layer.mask, {static_cast<int64_t>(layer.mask.size())});
    checkpoint.arrays[kGroups.str() + layer.name] = NpyArray::get<int32_t>(
        layer.assignment, {static_cast<int64_t>(layer.assignment.size())});
  }
}

llvm::Error JointOptimization::restore(const NamedArrays &checkpoint) {
  llvm::Expected<const NpyArray *> logArray = checkpoint.find(kLog.str());
  if (!logArray)
    return logArray.takeError();
  llvm::Expected<PruningLog> restoredLog = unpackPruningLog(**logArray);
  if (!restoredLog)
    return restoredLog.takeError();
  std::vector<Layer> restored = layers;
  for (Layer &layer : restored) {
    auto mask = checkpoint.getValues<uint8_t>(kMask.str() + layer.name,
                                              layer.mask.size());
    if (!mask)
      return mask.takeError();
    auto groups = checkpoint.getValues<int32_t>(kGroups.str() + layer.name,
                                                layer.view.getColumns(),
                                                /*orNone=*/true);
    if (!groups)
      return groups.takeError();
    layer.mask = mask->vec();
    layer.assignment = groups->vec();
  }
  layers = std::move(restored);
  log = std::move(*restoredLog);
  return llvm::Error::success();
}

void JointOptimization::storePromises(ModuleOp network) const {
  auto parameters =
      collectParameters(network.lookupSymbol<func::FuncOp>("main"));
  for (const Layer &layer : layers) {
    // Before the first round there are no groups.
    if (layer.assignment.empty())
      continue;
    arith::ConstantOp constant = parameters[layer.parameter].constant;
    auto promise =
        ColumnsAttr::get(network.getContext(), layer.rowAxis, layer.blockAxis,
                         layer.grouping.fanIn, layer.assignment);
    RankedTensorType type = withPromises(
        cast<RankedTensorType>(constant.getType()), promise, TermsAttr());
    constant.setValueAttr(
        cast<DenseElementsAttr>(constant.getValue()).reshape(type));
    constant.getResult().setType(type);
  }
}
