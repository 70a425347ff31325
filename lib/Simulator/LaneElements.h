//===- LaneElements.h - Memory elements and lanes ---------------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// How lines of elements get into lanes and back. The bits of an f32 travel like
// an i32.
//
//===----------------------------------------------------------------------===//

#ifndef LIB_SIMULATOR_LANEELEMENTS_H
#define LIB_SIMULATOR_LANEELEMENTS_H

#include "colonnade/Simulator/Program.h"
#include <cstring>

namespace colonnade::sim {

/// Widens `count` elements that lie `pitch` bytes apart. Adjacent ones are a
/// case of their own so that the loop vectorises.
template <typename Element, typename Value>
void readElements(const uint8_t *from, int64_t pitch, int64_t count,
                  Value *out) {
  auto readAll = [=](int64_t step) {
    for (int64_t i = 0; i < count; ++i) {
      Element element;
      std::memcpy(&element, from + i * step, sizeof(element));
      out[i] = element;
    }
  };
  if (pitch == sizeof(Element))
    readAll(sizeof(Element));
  else
    readAll(pitch);
}

template <typename Value>
void readLine(const uint8_t *from, ScalarType type, int64_t pitch,
              int64_t count, Value *out) {
  if (type == ScalarType::I8)
    readElements<int8_t>(from, pitch, count, out);
  else if (type == ScalarType::I64)
    readElements<int64_t>(from, pitch, count, out);
  else
    readElements<int32_t>(from, pitch, count, out);
}

/// Narrows `count` values to elements that lie `pitch` bytes apart.
template <typename Element, typename Value>
void writeElements(const Value *values, int64_t count, int64_t pitch,
                   uint8_t *to) {
  auto writeAll = [=](int64_t step) {
    for (int64_t i = 0; i < count; ++i) {
      Element element = static_cast<Element>(values[i]);
      std::memcpy(to + i * step, &element, sizeof(element));
    }
  };
  if (pitch == sizeof(Element))
    writeAll(sizeof(Element));
  else
    writeAll(pitch);
}

template <typename Value>
void writeLine(const Value *values, int64_t count, ScalarType type,
               int64_t pitch, uint8_t *to) {
  if (type == ScalarType::I8)
    writeElements<int8_t>(values, count, pitch, to);
  else if (type == ScalarType::I64)
    writeElements<int64_t>(values, count, pitch, to);
  else
    writeElements<int32_t>(values, count, pitch, to);
}

} // namespace colonnade::sim

#endif // LIB_SIMULATOR_LANEELEMENTS_H
