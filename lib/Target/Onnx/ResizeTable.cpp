//===- ResizeTable.cpp - Which inputs a resized position takes ------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See ResizeTable.h. The coordinates are those of the operator's definition
// (Resize, opsets 10 to 13); cubic weights are Keys' (Cubic convolution
// interpolation for digital image processing, 1981).
//
//===----------------------------------------------------------------------===//

#include "ResizeTable.h"
#include "llvm/ADT/STLExtras.h"
#include <algorithm>
#include <cmath>

namespace colonnade::onnximport {

bool ResizeTable::isRepetition(const ResizeAxis &axis) const {
  if (positions.size() != 1 || axis.input == 0 || axis.output % axis.input != 0)
    return false;
  auto isOne = [](double weight) { return weight == 1; };
  auto isZero = [](double offset) { return offset == 0; };
  int64_t factor = axis.output / axis.input;
  for (auto [output, input] : llvm::enumerate(positions.front()))
    if (input != static_cast<int64_t>(output) / factor)
      return false;
  return llvm::all_of(weights.front(), isOne) && llvm::all_of(offsets, isZero);
}

bool ResizeTable::isIdentity(const ResizeAxis &axis) const {
  if (axis.input != axis.output ||
      !llvm::all_of(offsets, [](double offset) { return offset == 0; }))
    return false;
  for (auto [inputs, factors] : llvm::zip_equal(positions, weights))
    for (int64_t output = 0; output < axis.output; ++output)
      if (factors[output] != (inputs[output] == output ? 1 : 0))
        return false;
  return true;
}

/// The size that the scale gives, before it is rounded down.
static double getScaledSize(const ResizeAxis &axis) {
  return axis.scale * axis.input;
}

/// Where output position `position` lies in the input.
static double getCoordinate(ResizeCoordinates coordinates,
                            const ResizeAxis &axis, int64_t position) {
  double size = getScaledSize(axis);
  double last = axis.input - 1;
  double region = axis.regionEnd - axis.regionBegin;
  switch (coordinates) {
  case ResizeCoordinates::HalfPixel:
    return (position + 0.5) / axis.scale - 0.5;
  case ResizeCoordinates::PytorchHalfPixel:
    return size > 1 ? (position + 0.5) / axis.scale - 0.5 : 0;
  case ResizeCoordinates::AlignCorners:
    return size == 1 ? 0 : position * last / (size - 1);
  case ResizeCoordinates::Asymmetric:
    return position / axis.scale;
  case ResizeCoordinates::TfHalfPixelForNn:
    return (position + 0.5) / axis.scale;
  case ResizeCoordinates::TfCropAndResize:
    return axis.regionBegin * last +
           (size > 1 ? position * region * last / (size - 1)
                     : region * last / 2);
  }
  llvm_unreachable("unknown coordinates");
}

/// The weight of the right one of two neighbours.
static double roundRatio(NearestRounding rounding, double ratio) {
  switch (rounding) {
  case NearestRounding::PreferFloor:
    return ratio > 0.5;
  case NearestRounding::PreferCeil:
    return ratio >= 0.5;
  case NearestRounding::Floor:
    return 0;
  case NearestRounding::Ceil:
    return ratio > 0;
  }
  llvm_unreachable("unknown rounding");
}

/// Keys' kernel at -1 - ratio, -ratio, 1 - ratio, 2 - ratio.
static llvm::SmallVector<double, 4> getCubicWeights(double a, double ratio) {
  auto near = [&](double x) { return ((a + 2) * x - (a + 3)) * x * x + 1; };
  auto far = [&](double x) {
    return ((a * x - 5 * a) * x + 8 * a) * x - 4 * a;
  };
  return {far(1 + ratio), near(ratio), near(1 - ratio), far(2 - ratio)};
}

namespace {
/// The taps of one output position; the first is at `begin`.
struct Taps {
  int64_t begin;
  llvm::SmallVector<double, 4> weights;
};
} // namespace

static Taps getTaps(const ResizeOptions &options, double coordinate) {
  double floor = std::floor(coordinate);
  double ratio = coordinate - floor;
  int64_t left = static_cast<int64_t>(floor);
  switch (options.mode) {
  case ResizeMode::Nearest:
    return {left + static_cast<int64_t>(roundRatio(options.rounding, ratio)),
            {1}};
  case ResizeMode::Linear:
    return {left, {1 - ratio, ratio}};
  case ResizeMode::Cubic:
    return {left - 1, getCubicWeights(options.cubicCoefficient, ratio)};
  }
  llvm_unreachable("unknown mode");
}

/// Takes the weight from taps outside and spreads it over the others.
static void excludeOutside(Taps &taps, int64_t size) {
  double sum = 0;
  for (auto [index, weight] : llvm::enumerate(taps.weights)) {
    int64_t position = taps.begin + static_cast<int64_t>(index);
    if (position < 0 || position >= size)
      weight = 0;
    sum += weight;
  }
  for (double &weight : taps.weights)
    weight /= sum;
}

ResizeTable computeResizeTable(const ResizeOptions &options,
                               const ResizeAxis &axis) {
  ResizeTable table;
  size_t count = getTaps(options, 0).weights.size();
  table.positions.resize(count);
  table.weights.resize(count);
  for (int64_t output = 0; output < axis.output; ++output) {
    double coordinate = getCoordinate(options.coordinates, axis, output);
    bool extrapolates =
        options.coordinates == ResizeCoordinates::TfCropAndResize &&
        (coordinate < 0 || coordinate > axis.input - 1);
    Taps taps = getTaps(options, extrapolates ? 0 : coordinate);
    if (options.mode == ResizeMode::Cubic && options.excludesOutside)
      excludeOutside(taps, axis.input);
    for (size_t tap = 0; tap < count; ++tap) {
      int64_t position = taps.begin + static_cast<int64_t>(tap);
      table.positions[tap].push_back(
          std::clamp<int64_t>(position, 0, axis.input - 1));
      table.weights[tap].push_back(extrapolates ? 0 : taps.weights[tap]);
    }
    table.offsets.push_back(extrapolates ? options.extrapolation : 0);
  }
  return table;
}

} // namespace colonnade::onnximport
