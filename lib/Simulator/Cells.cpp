//===- Cells.cpp - The shipped cell types ---------------------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Costs and cycle-by-cycle behaviour of the mac, bit-serial and term cells.
//
//===----------------------------------------------------------------------===//

#include "colonnade/Simulator/Cells.h"
#include "colonnade/Numerics/SignedDigits.h"
#include "llvm/ADT/bit.h"
#include "llvm/Support/MathExtras.h"
#include <algorithm>
#include <array>
#include <limits>

using namespace colonnade;
using namespace colonnade::sim;

namespace {

/// Magnitude bits of an int8 operand: its most terms in any digit set that the
/// hardware has to expect when nothing is promised.
constexpr int64_t kMagnitudeBits = 7;
constexpr int64_t kDataBits = 8;
/// Bits of a stored term beside its index: exponent 0..7 and sign.
constexpr int64_t kTermBits = 4;

int64_t getIndexBits(int64_t count) {
  return count <= 1 ? 0 : llvm::Log2_64_Ceil(count);
}

template <typename... Values>
llvm::Error makeError(const char *format, Values... values) {
  return llvm::createStringError(format, values...);
}

/// The step's result, unless its 32-bit register overflows.
llvm::Expected<CellStep> finishStep(int64_t sum, int64_t usefulCycles) {
  if (sum < std::numeric_limits<int32_t>::min() ||
      sum > std::numeric_limits<int32_t>::max())
    return makeError("partial sum %lld overflows the 32-bit accumulator",
                     static_cast<long long>(sum));
  return CellStep{sum, usefulCycles};
}

llvm::Error makeShortStepError(llvm::StringRef what, int64_t work,
                               int64_t cycles) {
  return makeError("%lld %s do not fit into a step of %lld cycles",
                   static_cast<long long>(work), what.str().c_str(),
                   static_cast<long long>(cycles));
}

/// What all three cells share: depth and fan-in limits.
class CellBase : public CellModel {
public:
  CellBase(int64_t depth, int64_t maxFanIn)
      : depth(depth), maxFanIn(maxFanIn) {}

  int64_t getDepth() const override { return depth; }
  int64_t getMaxFanIn() const override { return maxFanIn; }

  llvm::Error check(const OperandPromises &promises) const override {
    if (promises.slots < 1 || promises.slots > depth)
      return makeLimitError("values per cell", promises.slots, depth,
                            "pack fewer columns into an array column or use "
                            "a deeper cell");
    if (promises.fanIn < 1 || promises.fanIn > maxFanIn)
      return makeLimitError("columns per group", promises.fanIn, maxFanIn,
                            "combine fewer columns or raise the cell's "
                            "fan-in");
    if (promises.weightTerms < 0 || promises.dataTerms < 0)
      return makeError("expected term bounds of at least 0, got %lld for the "
                       "weights and %lld for the data",
                       static_cast<long long>(promises.weightTerms),
                       static_cast<long long>(promises.dataTerms));
    return llvm::Error::success();
  }

protected:
  /// 8-bit values and their selects.
  int64_t getPlainWeightBits(const OperandPromises &promises) const {
    return promises.slots * (kDataBits + getIndexBits(promises.fanIn));
  }

private:
  llvm::Error makeLimitError(const char *what, int64_t demand, int64_t limit,
                             const char *fix) const {
    return makeError("%s cell: %s must lie in [1, %lld], got %lld; %s",
                     getName().str().c_str(), what,
                     static_cast<long long>(limit),
                     static_cast<long long>(demand), fix);
  }

  int64_t depth;
  int64_t maxFanIn;
};

class MacCell final : public CellBase {
public:
  explicit MacCell(int64_t maxFanIn) : CellBase(1, maxFanIn) {}

  llvm::StringRef getName() const override { return "mac"; }
  llvm::StringRef getWorkEvent() const override { return "mac"; }
  int64_t getCyclesPerStep(const OperandPromises &) const override { return 1; }
  int64_t getWeightBits(const OperandPromises &promises) const override {
    return getPlainWeightBits(promises);
  }
  int64_t getWeightWork(int8_t weight) const override { return weight != 0; }
  int64_t getDataWork(int8_t data) const override { return data != 0; }

  llvm::Expected<CellStep> simulateStep(llvm::ArrayRef<int8_t> weights,
                                        llvm::ArrayRef<int8_t> data,
                                        int32_t partialSum,
                                        int64_t cycles) const override {
    int64_t sum = partialSum, work = 0;
    for (auto [weight, value] : llvm::zip_equal(weights, data)) {
      if (++work > cycles)
        return makeShortStepError("products", weights.size(), cycles);
      sum += int64_t(weight) * value;
    }
    return finishStep(sum, weights[0] != 0 && data[0] != 0);
  }
};

class BitSerialCell final : public CellBase {
public:
  BitSerialCell(int64_t bits, int64_t maxFanIn)
      : CellBase(1, maxFanIn), bits(bits) {}

  llvm::StringRef getName() const override { return "bit_serial"; }
  llvm::StringRef getWorkEvent() const override { return "bit"; }
  int64_t getCyclesPerStep(const OperandPromises &) const override {
    return bits;
  }
  int64_t getWeightBits(const OperandPromises &promises) const override {
    return getPlainWeightBits(promises);
  }
  int64_t getWeightWork(int8_t weight) const override { return weight != 0; }
  int64_t getDataWork(int8_t data) const override {
    return llvm::popcount(getBits(data));
  }

  llvm::Error check(const OperandPromises &promises) const override {
    if (bits < kDataBits || bits > 32)
      return makeError("bit_serial cell: data bits must lie in [8, 32], got "
                       "%lld; the data is 8 bits wide",
                       static_cast<long long>(bits));
    return CellBase::check(promises);
  }

  llvm::Expected<CellStep> simulateStep(llvm::ArrayRef<int8_t> weights,
                                        llvm::ArrayRef<int8_t> data,
                                        int32_t partialSum,
                                        int64_t cycles) const override {
    if (bits > cycles)
      return makeShortStepError("data bits", bits, cycles);
    int64_t sum = partialSum, useful = 0;
    uint64_t word = getBits(data[0]);
    for (int64_t bit = 0; bit < bits; ++bit, word >>= 1) {
      if ((word & 1) == 0 || weights[0] == 0)
        continue;
      int64_t shifted = int64_t(weights[0]) * (int64_t(1) << bit);
      sum += bit == bits - 1 ? -shifted : shifted;
      ++useful;
    }
    return finishStep(sum, useful);
  }

private:
  /// The data in two's complement, sign-extended to the cell's word.
  uint64_t getBits(int8_t data) const {
    return static_cast<uint64_t>(int64_t(data)) &
           llvm::maskTrailingOnes<uint64_t>(bits);
  }

  int64_t bits;
};

class TermCell final : public CellBase {
public:
  TermCell(int64_t depth, int64_t maxFanIn) : CellBase(depth, maxFanIn) {
    for (int value = -128; value < 128; ++value)
      for (Term term : encodeTerms(value, DigitSet::Naf))
        terms[value + 128].append(term);
  }

  llvm::StringRef getName() const override { return "term"; }
  llvm::StringRef getWorkEvent() const override { return "term_pair"; }
  int64_t getCyclesPerStep(const OperandPromises &promises) const override {
    int64_t dataBound = promises.dataTerms
                            ? std::min(promises.dataTerms, kMagnitudeBits)
                            : kMagnitudeBits;
    return getWeightBound(promises) * dataBound;
  }
  int64_t getWeightBits(const OperandPromises &promises) const override {
    if (!promises.weightTerms)
      return getPlainWeightBits(promises);
    return getWeightBound(promises) * (kTermBits + getIndexBits(getDepth())) +
           promises.slots * getIndexBits(promises.fanIn);
  }
  int64_t getWeightWork(int8_t weight) const override {
    return getTerms(weight).count;
  }
  int64_t getDataWork(int8_t data) const override {
    return getTerms(data).count;
  }

  llvm::Expected<CellStep> simulateStep(llvm::ArrayRef<int8_t> weights,
                                        llvm::ArrayRef<int8_t> data,
                                        int32_t partialSum,
                                        int64_t cycles) const override {
    int64_t sum = partialSum, cycle = 0;
    for (size_t i = 0; i < weights.size(); ++i) {
      const CellTerms &weight = getTerms(weights[i]);
      const CellTerms &value = getTerms(data[i]);
      for (unsigned pair = 0; pair < weight.count * value.count; ++pair) {
        if (cycle++ == cycles)
          return makeShortStepError("term pairs", countPairs(weights, data),
                                    cycles);
        sum += multiply(weight.terms[pair / value.count],
                        value.terms[pair % value.count]);
      }
    }
    return finishStep(sum, cycle);
  }

private:
  /// The terms of one int8 value; non-adjacent form needs at most four.
  struct CellTerms {
    std::array<Term, 4> terms;
    unsigned count = 0;
    void append(Term term) { terms[count++] = term; }
  };

  const CellTerms &getTerms(int8_t value) const { return terms[value + 128]; }

  static int64_t multiply(Term a, Term b) {
    int64_t magnitude = int64_t(1) << (a.exponent + b.exponent);
    return a.negative != b.negative ? -magnitude : magnitude;
  }

  int64_t getWeightBound(const OperandPromises &promises) const {
    int64_t most = kMagnitudeBits * promises.slots;
    return promises.weightTerms ? std::min(promises.weightTerms, most) : most;
  }

  int64_t countPairs(llvm::ArrayRef<int8_t> weights,
                     llvm::ArrayRef<int8_t> data) const {
    int64_t pairs = 0;
    for (auto [weight, value] : llvm::zip_equal(weights, data))
      pairs += getWeightWork(weight) * getDataWork(value);
    return pairs;
  }

  std::array<CellTerms, 256> terms;
};

} // namespace

std::shared_ptr<const CellModel> sim::createMacCell(int64_t maxFanIn) {
  return std::make_shared<MacCell>(maxFanIn);
}

std::shared_ptr<const CellModel> sim::createBitSerialCell(int64_t bits,
                                                          int64_t maxFanIn) {
  return std::make_shared<BitSerialCell>(bits, maxFanIn);
}

std::shared_ptr<const CellModel> sim::createTermCell(int64_t depth,
                                                     int64_t maxFanIn) {
  return std::make_shared<TermCell>(depth, maxFanIn);
}
