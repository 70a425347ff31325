//===- VectorUnit.cpp - Values of the vector unit -------------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Window passes: the lanes are all positions of a channel.
//
//===----------------------------------------------------------------------===//

#include "VectorUnit.h"
#include "LaneBody.h"
#include "LaneElements.h"
#include "WindowRange.h"
#include "colonnade/Simulator/InstructionCosts.h"
#include "llvm/Support/FormatVariadic.h"
#include <limits>

using namespace colonnade;
using namespace colonnade::sim;

namespace {

template <typename Value> class PassRunner {
public:
  PassRunner(MachineState &state, const VectorPass &pass,
             llvm::ArrayRef<TermLookupTable> tables,
             std::vector<Value> &storage)
      : state(state), pass(pass), band(clampBand(pass.band, pass.window)),
        positions(band.height * band.width),
        body(pass.body, pass.inputs.size(), positions, tables, storage) {}

  llvm::Error run();

private:
  template <typename Element, typename Combine>
  bool reduce(int64_t channel, Value initial, Combine combine, Value *out);
  llvm::Error readReduced(int64_t channel);
  template <typename Element> llvm::Error reduceTo(int64_t channel);
  void readInput(unsigned input, int64_t channel);
  void declareUniformInputs();
  void write(int64_t channel);

  MachineState &state;
  const VectorPass &pass;
  Band band;
  int64_t positions;
  LaneBody<Value> body;
};

} // namespace

//===----------------------------------------------------------------------===//
// Reading and writing
//===----------------------------------------------------------------------===//

template <typename Value>
void PassRunner<Value>::readInput(unsigned input, int64_t channel) {
  const View &view = pass.inputs[input];
  Value *out = body.getValues(input);
  for (int64_t y = 0; y < band.height; ++y)
    readLine(state.get(view.memory,
                       getAddress(view, channel, band.row + y, band.column)),
             view.type, view.columnPitch, band.width, out + y * band.width);
}

/// Combines the taps of the window into out, one tap at a time over all
/// positions; whether some combination failed.
template <typename Value>
template <typename Element, typename Combine>
bool PassRunner<Value>::reduce(int64_t channel, Value initial, Combine combine,
                               Value *out) {
  const View &view = pass.inputs.front();
  std::fill(out, out + positions, initial);
  bool hasFailed = false;
  int64_t taps = getWindowTaps(pass);
  for (int64_t tap = 0; tap < taps; ++tap) {
    TapRange range = getTapRange(pass.window, band, tap);
    for (int64_t y = range.firstLine; y < range.lastLine; ++y) {
      const uint8_t *from =
          state.get(view.memory, getAddress(view, channel, range.getRow(y),
                                            range.getColumn(range.begin)));
      int64_t pitch = range.columnStride * view.columnPitch;
      Value *line = out + y * band.width + range.begin;
      for (int64_t x = 0; x < range.end - range.begin; ++x) {
        Element element;
        std::memcpy(&element, from + x * pitch, sizeof(element));
        hasFailed |= combine(line[x], element);
      }
    }
  }
  return hasFailed;
}

template <typename Value>
template <typename Element>
llvm::Error PassRunner<Value>::reduceTo(int64_t channel) {
  Value *out = body.getValues(0);
  bool hasFailed = false;
  if (pass.reduction == Reduction::Maximum)
    reduce<Element>(
        channel, std::numeric_limits<Element>::min(),
        [](Value &result, Element element) {
          result = std::max<Value>(result, element);
          return false;
        },
        out);
  else
    hasFailed = reduce<Element>(
        channel, 0,
        [](Value &result, Element element) {
          int32_t sum = 0;
          bool overflows = __builtin_add_overflow(static_cast<int32_t>(result),
                                                  element, &sum);
          result = sum;
          return overflows;
        },
        out);
  if (hasFailed)
    return llvm::createStringError(
        llvm::formatv("the vector unit's sum over a window of channel {0} "
                      "does not fit into 32 bits",
                      channel)
            .str());
  return llvm::Error::success();
}

template <typename Value>
llvm::Error PassRunner<Value>::readReduced(int64_t channel) {
  if (pass.reduction == Reduction::None) {
    readInput(0, channel);
    return llvm::Error::success();
  }
  return pass.inputs.front().type == ScalarType::I8
             ? reduceTo<int8_t>(channel)
             : reduceTo<int32_t>(channel);
}

template <typename Value> void PassRunner<Value>::write(int64_t channel) {
  const View &view = pass.output;
  const Value *values = body.getResult();
  for (int64_t y = 0; y < band.height; ++y)
    writeLine(values + y * band.width, band.width, view.type, view.columnPitch,
              state.get(view.memory,
                        getAddress(view, channel, band.row + y, band.column)));
}

/// Parameters are the same at all positions of a channel.
template <typename Value> void PassRunner<Value>::declareUniformInputs() {
  for (auto [i, view] : llvm::enumerate(pass.inputs)) {
    bool isReduced = i == 0 && pass.reduction != Reduction::None;
    if (!isReduced && view.rowPitch == 0 && view.columnPitch == 0)
      body.setUniform(i);
  }
}

template <typename Value> llvm::Error PassRunner<Value>::run() {
  declareUniformInputs();
  for (int64_t channel = pass.channel; channel < pass.channel + pass.channels;
       ++channel) {
    if (llvm::Error error = readReduced(channel))
      return error;
    for (unsigned input = 1; input < pass.inputs.size(); ++input)
      readInput(input, channel);
    if (llvm::Error error = body.run(positions))
      return error;
    write(channel);
  }
  return llvm::Error::success();
}

llvm::Error sim::runVectorPass(MachineState &state, const VectorPass &pass,
                               llvm::ArrayRef<TermLookupTable> tables,
                               VectorScratch &scratch) {
  if (isWide(pass.body))
    return PassRunner<int64_t>(state, pass, tables, scratch.wide).run();
  return PassRunner<int32_t>(state, pass, tables, scratch.narrow).run();
}
