//===- LayerProducts.cpp - The products of a network's layers -------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reads indexing maps only, so that named and generic ops of all layouts are
// treated alike.
//
//===----------------------------------------------------------------------===//

#include "LayerProducts.h"
#include "colonnade/Dialect/Colonnade/IR/ColonnadeOps.h"
#include "colonnade/Dialect/Colonnade/IR/Contractions.h"
#include "colonnade/Dialect/Colonnade/Transforms/ReadValues.h"
#include "colonnade/Differentiation/OutlineParameters.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;
using namespace colonnade;

//===----------------------------------------------------------------------===//
// Finding layers
//===----------------------------------------------------------------------===//

/// The name of the parameter that `value` is, as it is or moved; empty if it is
/// none.
static StringRef getParameterName(Value value) {
  while (isa_and_nonnull<linalg::TransposeOp, tensor::CollapseShapeOp,
                         tensor::ExpandShapeOp, tensor::ExtractSliceOp>(
      value.getDefiningOp()))
    value = value.getDefiningOp()->getOperand(0);
  auto argument = dyn_cast<BlockArgument>(value);
  auto function =
      argument ? dyn_cast<func::FuncOp>(argument.getOwner()->getParentOp())
               : func::FuncOp();
  if (!function)
    return "";
  auto name = function.getArgAttrOfType<StringAttr>(argument.getArgNumber(),
                                                    kParameterAttribute);
  return name ? name.getValue() : "";
}

/// The values of a function, not of its regions, that depend on a parameter.
static DenseSet<Value> findLearned(func::FuncOp network) {
  DenseSet<Value> learned;
  for (BlockArgument argument : network.getArguments())
    if (network.getArgAttr(argument.getArgNumber(), kParameterAttribute))
      learned.insert(argument);
  for (Operation &op : network.getBody().front())
    if (readsAny(&op, learned))
      learned.insert_range(op.getResults());
  return learned;
}

SmallVector<LayerProduct>
colonnade::collectLayerProducts(func::FuncOp network) {
  SmallVector<LayerProduct> layers;
  DenseSet<Value> learned = findLearned(network);
  llvm::StringSet<> taken;
  network.walk([&](linalg::LinalgOp op) {
    if (!isa<func::FuncOp, ReversibleOp>(op->getParentOp()) ||
        !isContraction(op))
      return;
    LayerProduct layer{op, getParameterName(op->getOperand(1)).str()};
    if (layer.name.empty()) {
      layer.name = getParameterName(op->getOperand(0));
      layer.weights = layer.name.empty() ? 1 : 0;
    }
    layer.hasParameter = !layer.name.empty();
    if (!layer.hasParameter)
      layer.name = "product" + std::to_string(layers.size());
    // Two layers may share a parameter.
    std::string name = layer.name;
    for (unsigned i = 1; !taken.insert(layer.name).second; ++i)
      layer.name = name + "." + std::to_string(i);
    // A coupling's streams come from a layer in front of it.
    layer.readsInput =
        isa<func::FuncOp>(op->getParentOp()) &&
        !learned.contains(op->getOperand(layer.getActivations()));
    layers.push_back(layer);
  });
  return layers;
}

//===----------------------------------------------------------------------===//
// Axes of blocks
//===----------------------------------------------------------------------===//

unsigned LayerProduct::getOperandNumber(LayerTensor tensor) const {
  switch (tensor) {
  case LayerTensor::Weights:
    return weights;
  case LayerTensor::Activations:
    return getActivations();
  case LayerTensor::Result:
    return 2;
  }
  llvm_unreachable("a layer has three tensors");
}

/// Whether a loop is a dimension of a tensor or none of its business.
static bool isDimension(AffineMap map, unsigned loop) {
  return llvm::all_of(map.getResults(), [&](AffineExpr index) {
    return isa<AffineDimExpr>(index) || !index.isFunctionOfDim(loop);
  });
}

/// The longest loop that the maps of all operands but number `product` follow,
/// as a dimension if there is one; that one does not follow it.
static std::optional<unsigned> getSummedLoop(linalg::LinalgOp op,
                                             unsigned product) {
  SmallVector<int64_t> extents = op.getStaticLoopRanges();
  SmallVector<AffineMap> maps = op.getIndexingMapsArray();
  auto rank = [&](unsigned loop) {
    bool isPlain = llvm::all_of(
        maps, [&](AffineMap map) { return isDimension(map, loop); });
    return std::pair(isPlain, extents[loop]);
  };
  std::optional<unsigned> longest;
  for (unsigned loop = 0; loop < op.getNumLoops(); ++loop) {
    bool isSummed = llvm::all_of(llvm::enumerate(maps), [&](const auto &map) {
      return map.value().isFunctionOfDim(loop) == (map.index() != product);
    });
    if (isSummed && (!longest || rank(loop) >= rank(*longest)))
      longest = loop;
  }
  return longest;
}

std::optional<int64_t> LayerProduct::getBlockAxis(LayerTensor tensor,
                                                  LayerTensor product) const {
  linalg::LinalgOp structured = op;
  AffineMap map = structured.getIndexingMapsArray()[getOperandNumber(tensor)];
  if (map.getNumResults() == 0)
    return std::nullopt;
  if (auto loop = getSummedLoop(structured, getOperandNumber(product)))
    for (auto [dim, index] : llvm::enumerate(map.getResults()))
      if (index.isFunctionOfDim(*loop))
        return dim;
  return map.getNumResults() - 1;
}
