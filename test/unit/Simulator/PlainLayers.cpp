//===- PlainLayers.cpp - Layers as plain loops ----------------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See the header.
//
//===----------------------------------------------------------------------===//

#include "PlainLayers.h"
#include "colonnade/Numerics/Quantization.h"
#include "colonnade/Numerics/TermSelection.h"
#include <optional>

using namespace colonnade;
using namespace colonnade::sim;

/// The element at a tap of a window; nothing in the padding.
static std::optional<int8_t> getElement(llvm::ArrayRef<int8_t> input,
                                        const Window &w, int64_t channel,
                                        int64_t y, int64_t x, int64_t i,
                                        int64_t j) {
  int64_t row = y * w.strideHeight + i * w.dilationHeight - w.padTop;
  int64_t column = x * w.strideWidth + j * w.dilationWidth - w.padLeft;
  if (row < 0 || row >= w.height || column < 0 || column >= w.width)
    return std::nullopt;
  return input[(channel * w.height + row) * w.width + column];
}

/// Calls visit(i, j, element) for the taps of one window inside the tensor.
template <typename Visitor>
static void visitWindow(llvm::ArrayRef<int8_t> input, const Window &w,
                        int64_t channel, int64_t y, int64_t x,
                        Visitor visitor) {
  for (int64_t i = 0; i < w.kernelHeight; ++i)
    for (int64_t j = 0; j < w.kernelWidth; ++j)
      if (auto element = getElement(input, w, channel, y, x, i, j))
        visitor(i, j, *element);
}

/// position(y, x) for all positions of the window's output.
template <typename Position>
static void forEachPosition(const Window &w, Position position) {
  for (int64_t y = 0; y < w.outHeight; ++y)
    for (int64_t x = 0; x < w.outWidth; ++x)
      position(y, x);
}

std::vector<int8_t> sim::convolve(llvm::ArrayRef<int8_t> input, const Window &w,
                                  llvm::ArrayRef<int8_t> matrix,
                                  const RescaleParameters &parameters,
                                  int64_t dataTerms) {
  std::vector<int8_t> output;
  for (size_t row = 0; row < parameters.bias.size(); ++row)
    forEachPosition(w, [&](int64_t y, int64_t x) {
      int32_t sum = parameters.bias[row];
      for (int64_t channel = 0; channel < w.channels; ++channel)
        visitWindow(
            input, w, channel, y, x, [&](int64_t i, int64_t j, int8_t element) {
              int64_t column =
                  (channel * w.kernelHeight + i) * w.kernelWidth + j;
              int64_t columns = w.channels * w.kernelHeight * w.kernelWidth;
              sum += matrix[row * columns + column] * element;
            });
      int32_t scaled = llvm::cantFail(applyRescale(
          sum, {parameters.multiplier[row], parameters.shift[row]}));
      auto value = static_cast<int8_t>(std::clamp(scaled, 0, 127));
      if (dataTerms)
        selectTerms(llvm::MutableArrayRef(value), dataTerms, DigitSet::Naf);
      output.push_back(value);
    });
  return output;
}

std::vector<int8_t> sim::pool(llvm::ArrayRef<int8_t> input, const Window &w,
                              Reduction reduction) {
  bool isSum = reduction == Reduction::Sum;
  std::vector<int8_t> output;
  for (int64_t channel = 0; channel < w.channels; ++channel)
    forEachPosition(w, [&](int64_t y, int64_t x) {
      int64_t result = isSum ? 0 : -128;
      visitWindow(
          input, w, channel, y, x, [&](int64_t, int64_t, int64_t element) {
            result = isSum ? result + element : std::max(result, element);
          });
      if (isSum)
        result = std::clamp<int64_t>((result + 4) >> 3, -128, 127);
      output.push_back(static_cast<int8_t>(result));
    });
  return output;
}
