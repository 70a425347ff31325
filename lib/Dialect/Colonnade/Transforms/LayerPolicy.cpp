//===- LayerPolicy.cpp - Settings layer by layer --------------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which entry of a policy speaks of which contraction. How policies are read
// from files is in LayerPolicyFile.cpp.
//
//===----------------------------------------------------------------------===//

#include "LayerPolicy.h"
#include "LayerNames.h"
#include "colonnade/Dialect/Colonnade/IR/Contractions.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;

namespace colonnade {

bool matchesPattern(StringRef pattern, StringRef name) {
  size_t star = pattern.find('*');
  if (star == StringRef::npos)
    return pattern == name;
  if (!name.consume_front(pattern.take_front(star)))
    return false;
  StringRef rest = pattern.drop_front(star + 1);
  // The first place for the text up to the next star leaves the most behind it.
  while (true) {
    size_t next = rest.find('*');
    if (next == StringRef::npos)
      return name.ends_with(rest);
    size_t place = name.find(rest.take_front(next));
    if (place == StringRef::npos)
      return false;
    name = name.drop_front(place + next);
    rest = rest.drop_front(next + 1);
  }
}

namespace {

/// A contraction and what entries ask about it.
struct Layer {
  linalg::LinalgOp op;
  std::string name;
  /// The name with a number if others have it too.
  std::string uniqueName;
  bool isFirst = false;
};

} // namespace

static bool isAllOnes(ArrayRef<unsigned> loops, ArrayRef<int64_t> extents) {
  return llvm::all_of(loops, [&](unsigned loop) { return extents[loop] == 1; });
}

/// Channels are convolved one by one.
static bool isDepthwise(linalg::LinalgOp op) {
  FailureOr<linalg::ConvolutionDimensions> dims =
      linalg::inferConvolutionDims(op);
  return succeeded(dims) && !dims->depth.empty() &&
         isAllOnes(dims->inputChannel, op.getStaticLoopRanges());
}

/// A convolution of an image of one pixel: it follows a global pooling. Only
/// squeeze-and-excitation blocks and some classifiers have those.
static bool isSqueezeExcite(linalg::LinalgOp op) {
  FailureOr<linalg::ConvolutionDimensions> dims =
      linalg::inferConvolutionDims(op);
  if (failed(dims) || !dims->depth.empty())
    return false;
  SmallVector<int64_t> extents = op.getStaticLoopRanges();
  return isAllOnes(dims->outputImage, extents) &&
         isAllOnes(dims->filterLoop, extents);
}

static bool isOfKind(const Layer &layer, PolicyEntry::Kind kind) {
  switch (kind) {
  case PolicyEntry::Kind::Any:
    return true;
  case PolicyEntry::Kind::First:
    return layer.isFirst;
  case PolicyEntry::Kind::Depthwise:
    return isDepthwise(layer.op);
  case PolicyEntry::Kind::SqueezeExcite:
    return isSqueezeExcite(layer.op);
  }
  llvm_unreachable("unknown kind of layer");
}

static bool isOfName(const Layer &layer, StringRef pattern) {
  return pattern.empty() || matchesPattern(pattern, layer.name) ||
         matchesPattern(pattern, layer.uniqueName);
}

static std::vector<Layer> collectLayers(func::FuncOp function) {
  std::vector<Layer> layers;
  std::vector<std::string> names;
  function.walk([&](linalg::LinalgOp op) {
    if (!isContraction(op))
      return;
    names.push_back(getLayerName(op));
    layers.push_back({op, names.back(), "", layers.empty()});
  });
  makeUnique(names);
  for (auto [layer, name] : llvm::zip_equal(layers, names))
    layer.uniqueName = name;
  return layers;
}

/// An error at `function` that lists what could have been named.
static LogicalResult emitUnmatched(func::FuncOp function,
                                   const PolicyEntry &entry,
                                   ArrayRef<Layer> layers) {
  constexpr size_t kMostListed = 8;
  InFlightDiagnostic diagnostic = emitError(function.getLoc())
                                  << entry.settings.source << ": name '"
                                  << entry.name << "' matches no layer of '@"
                                  << function.getName() << "', which has ";
  llvm::interleaveComma(
      layers.take_front(kMostListed), diagnostic,
      [&](const Layer &layer) { diagnostic << layer.uniqueName; });
  if (layers.size() > kMostListed)
    diagnostic << ", ...";
  return diagnostic;
}

FailureOr<LayerSettingsMap> LayerPolicy::resolve(func::FuncOp function) const {
  LayerSettingsMap settings;
  if (empty())
    return settings;
  std::vector<Layer> layers = collectLayers(function);
  for (const PolicyEntry &entry : entries)
    if (!layers.empty() && llvm::none_of(layers, [&](const Layer &layer) {
          return isOfName(layer, entry.name);
        }))
      return emitUnmatched(function, entry, layers);
  for (const Layer &layer : layers) {
    auto entry = llvm::find_if(entries, [&](const PolicyEntry &entry) {
      return isOfName(layer, entry.name) && isOfKind(layer, entry.kind);
    });
    if (entry != entries.end())
      settings[layer.op] = entry->settings;
    else if (defaults)
      settings[layer.op] = *defaults;
  }
  return settings;
}

FailureOr<LayerSettingsMap> readLayerSettings(func::FuncOp function,
                                              StringRef path) {
  FailureOr<LayerPolicy> policy =
      LayerPolicy::read(function.getContext(), path);
  if (failed(policy))
    return failure();
  return policy->resolve(function);
}

} // namespace colonnade
