//===- VectorUnit.cpp - Values of the vector unit -*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Runs a body one operation at a time over all positions of a channel, and traps
// where a result does not fit its type.
//
//===----------------------------------------------------------------------===//

#include "MachineState.h"
#include "colonnade/Simulator/InstructionCosts.h"
#include "llvm/Support/FormatVariadic.h"

using namespace colonnade;
using namespace colonnade::sim;

using Lane = std::vector<int64_t>;

static int64_t getOffset(const View &view, int64_t channel, int64_t row,
                         int64_t column) {
  return view.address + channel * view.channelPitch +
         (row - view.originRow) * view.rowPitch +
         (column - view.originColumn) * view.columnPitch;
}

/// The element at each position of the band.
static void readElements(MachineState &state, const View &view,
                         int64_t channel, const Band &band, Lane &values) {
  size_t i = 0;
  for (int64_t y = 0; y < band.height; ++y)
    for (int64_t x = 0; x < band.width; ++x)
      values[i++] = readElement(
          state.get(view.memory, getOffset(view, channel, band.row + y,
                                           band.column + x)),
          view.elementBytes);
}

static int64_t reduceWindow(MachineState &state, const VectorPass &pass,
                            int64_t channel, int64_t row, int64_t column) {
  const Window &w = pass.window;
  const View &view = pass.inputs.front();
  bool isSum = pass.reduction == Reduction::Sum;
  int64_t result = isSum ? 0 : INT8_MIN;
  for (int64_t i = 0; i < w.kernelHeight; ++i)
    for (int64_t j = 0; j < w.kernelWidth; ++j) {
      int64_t y = row * w.strideHeight + i * w.dilationHeight - w.padTop;
      int64_t x = column * w.strideWidth + j * w.dilationWidth - w.padLeft;
      if (y < 0 || y >= w.height || x < 0 || x >= w.width)
        continue;
      int64_t value = readElement(
          state.get(view.memory, getOffset(view, channel, y, x)),
          view.elementBytes);
      result = isSum ? result + value : std::max(result, value);
    }
  return result;
}

static void readFirst(MachineState &state, const VectorPass &pass,
                      int64_t channel, const Band &band, Lane &values) {
  if (pass.reduction == Reduction::None)
    return readElements(state, pass.inputs.front(), channel, band, values);
  size_t i = 0;
  for (int64_t y = 0; y < band.height; ++y)
    for (int64_t x = 0; x < band.width; ++x)
      values[i++] = reduceWindow(state, pass, channel, band.row + y,
                                 band.column + x);
}

/// value * multiplier * 2^-shift, rounded; an out-of-range shift yields a value
/// that no type holds.
static int64_t applyScale(int64_t value, int64_t multiplier, int64_t shift) {
  if (shift < 2 || shift > 62)
    return INT64_MAX;
  return (value * multiplier + (int64_t(1) << (shift - 1))) >> shift;
}

static void compute(const ScalarOperation &operation,
                    const std::vector<Lane> &lanes, Lane &out,
                    llvm::ArrayRef<TermLookupTable> tables) {
  const Lane &a = lanes[operation.operands[0]];
  const Lane &b = lanes[operation.operands[1]];
  const Lane &c = lanes[operation.operands[2]];
  size_t n = out.size();
  switch (operation.opcode) {
  case ScalarOpcode::Constant:
    std::fill(out.begin(), out.end(), operation.immediate);
    return;
  case ScalarOpcode::ExtendSign:
  case ScalarOpcode::Truncate:
    std::copy(a.begin(), a.end(), out.begin());
    return;
  case ScalarOpcode::Add:
    for (size_t i = 0; i < n; ++i)
      out[i] = a[i] + b[i];
    return;
  case ScalarOpcode::Subtract:
    for (size_t i = 0; i < n; ++i)
      out[i] = a[i] - b[i];
    return;
  case ScalarOpcode::Multiply:
    for (size_t i = 0; i < n; ++i)
      if (__builtin_mul_overflow(a[i], b[i], &out[i]))
        out[i] = INT64_MAX;
    return;
  case ScalarOpcode::Maximum:
    for (size_t i = 0; i < n; ++i)
      out[i] = std::max(a[i], b[i]);
    return;
  case ScalarOpcode::Minimum:
    for (size_t i = 0; i < n; ++i)
      out[i] = std::min(a[i], b[i]);
    return;
  case ScalarOpcode::ApplyScale:
    for (size_t i = 0; i < n; ++i)
      out[i] = applyScale(a[i], b[i], c[i]);
    return;
  case ScalarOpcode::EncodeTerms:
    for (size_t i = 0; i < n; ++i)
      out[i] = tables[operation.immediate][a[i] + 128];
    return;
  }
}

/// Fails when a value does not fit `bits`.
static llvm::Error checkWidth(const Lane &values, int64_t bits) {
  if (bits >= 64)
    return llvm::Error::success();
  int64_t limit = int64_t(1) << (bits - 1);
  for (int64_t value : values)
    if (value < -limit || value >= limit)
      return llvm::createStringError(
          llvm::formatv("the vector unit computed {0}, which does not fit into "
                        "{1} bits",
                        value, bits)
              .str());
  return llvm::Error::success();
}

static void writeElements(MachineState &state, const View &view,
                          int64_t channel, const Band &band,
                          const Lane &values) {
  size_t i = 0;
  for (int64_t y = 0; y < band.height; ++y)
    for (int64_t x = 0; x < band.width; ++x) {
      int32_t value = static_cast<int32_t>(values[i++]);
      std::memcpy(state.get(view.memory,
                            getOffset(view, channel, band.row + y,
                                      band.column + x)),
                  &value, view.elementBytes);
    }
}

llvm::Error sim::runVectorPass(MachineState &state, const VectorPass &pass,
                               llvm::ArrayRef<TermLookupTable> tables) {
  Band band = clampBand(pass.band, pass.window);
  size_t arguments = pass.inputs.size();
  std::vector<Lane> lanes(arguments + pass.body.operations.size(),
                          Lane(band.height * band.width));
  for (int64_t channel = pass.channel; channel < pass.channel + pass.channels;
       ++channel) {
    readFirst(state, pass, channel, band, lanes.front());
    for (size_t i = 1; i < arguments; ++i)
      readElements(state, pass.inputs[i], channel, band, lanes[i]);
    for (auto [i, operation] : llvm::enumerate(pass.body.operations)) {
      Lane &out = lanes[arguments + i];
      compute(operation, lanes, out, tables);
      if (llvm::Error error = checkWidth(out, operation.bits))
        return error;
    }
    writeElements(state, pass.output, channel, band, lanes[pass.body.result]);
  }
  return llvm::Error::success();
}
