//===- CompareElements.cpp - When two outputs agree ----------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The rules of onnx/backend/test/runner, which are numpy's assert_array_equal
// and assert_allclose.
//
//===----------------------------------------------------------------------===//

#include "ConformanceCase.h"
#include "OnnxFiles.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/bit.h"
#include "llvm/Support/FormatVariadic.h"
#include <cmath>
#include <cstring>

using onnx::TensorProto;

namespace colonnade::test {
namespace {

constexpr double kRelativeTolerance = 1e-3;
constexpr double kAbsoluteTolerance = 1e-7;

struct BrainFloat {
  uint16_t bits;
  explicit operator double() const {
    return llvm::bit_cast<float>(static_cast<uint32_t>(bits) << 16);
  }
};

/// The suites' bf16 outputs were truncated, where all else rounds: they are a
/// unit in the last of 8 places too small.
constexpr double kBrainFloatTolerance = 1.0 / 128;

bool areClose(double actual, double expected, double relativeTolerance) {
  if (std::isnan(expected) || std::isinf(expected))
    return std::isnan(expected) ? std::isnan(actual) : actual == expected;
  return std::abs(actual - expected) <=
         kAbsoluteTolerance + relativeTolerance * std::abs(expected);
}

template <typename Element>
Element getElement(llvm::ArrayRef<char> bytes, size_t index) {
  Element element;
  std::memcpy(&element, bytes.data() + index * sizeof(Element),
              sizeof(Element));
  return element;
}

llvm::Error reportDifference(size_t index, llvm::Twine actual,
                             llvm::Twine expected) {
  return llvm::createStringError("element " + llvm::Twine(index) + " is " +
                                 actual + ", expected " + expected);
}

template <typename Element>
llvm::Error compareFloats(llvm::ArrayRef<char> actual,
                          llvm::ArrayRef<char> expected,
                          double relativeTolerance = kRelativeTolerance) {
  for (size_t index : llvm::seq(actual.size() / sizeof(Element))) {
    auto got = static_cast<double>(getElement<Element>(actual, index));
    auto wanted = static_cast<double>(getElement<Element>(expected, index));
    if (!areClose(got, wanted, relativeTolerance))
      return reportDifference(index, llvm::formatv("{0:e}", got).str(),
                              llvm::formatv("{0:e}", wanted).str());
  }
  return llvm::Error::success();
}

template <typename Element>
llvm::Error compareIntegers(llvm::ArrayRef<char> actual,
                            llvm::ArrayRef<char> expected) {
  for (size_t index : llvm::seq(actual.size() / sizeof(Element))) {
    auto got = getElement<Element>(actual, index);
    auto wanted = getElement<Element>(expected, index);
    if (got != wanted)
      return reportDifference(index, llvm::Twine(got), llvm::Twine(wanted));
  }
  return llvm::Error::success();
}

llvm::Error compareIntegersOfSize(size_t size, llvm::ArrayRef<char> actual,
                                  llvm::ArrayRef<char> expected) {
  switch (size) {
  case 1:
    return compareIntegers<int8_t>(actual, expected);
  case 2:
    return compareIntegers<int16_t>(actual, expected);
  case 4:
    return compareIntegers<int32_t>(actual, expected);
  default:
    return compareIntegers<int64_t>(actual, expected);
  }
}

} // namespace

llvm::Error compareElements(int32_t elementType, llvm::ArrayRef<char> actual,
                            llvm::ArrayRef<char> expected) {
  switch (elementType) {
  case TensorProto::FLOAT:
    return compareFloats<float>(actual, expected);
  case TensorProto::DOUBLE:
    return compareFloats<double>(actual, expected);
  case TensorProto::FLOAT16:
    return compareFloats<_Float16>(actual, expected);
  case TensorProto::BFLOAT16:
    return compareFloats<BrainFloat>(actual, expected, kBrainFloatTolerance);
  default:
    return compareIntegersOfSize(getElementBytes(elementType), actual,
                                 expected);
  }
}

} // namespace colonnade::test
