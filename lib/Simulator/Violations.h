//===- Violations.h - Collecting violations ---------------------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Formats violations and stops collecting them when they no longer help.
//
//===----------------------------------------------------------------------===//

#ifndef LIB_SIMULATOR_VIOLATIONS_H
#define LIB_SIMULATOR_VIOLATIONS_H

#include "colonnade/Simulator/ProgramVerifier.h"
#include "llvm/Support/FormatVariadic.h"

namespace colonnade::sim {

class Violations {
public:
  template <typename... Values>
  void report(unsigned instruction, const char *format, Values &&...values) {
    if (!isFull())
      violations.push_back(
          {instruction,
           llvm::formatv(format, std::forward<Values>(values)...).str()});
  }

  bool isEmpty() const { return violations.empty(); }
  bool isFull() const { return violations.size() >= kMost; }
  size_t getCount() const { return violations.size(); }
  std::vector<Violation> take() { return std::move(violations); }

private:
  static constexpr size_t kMost = 100;
  std::vector<Violation> violations;
};

/// The stages of verifyProgram(): parts, then instructions one by one, then
/// their order. Each relies on the ones before.
void checkParts(const Program &program, Violations &violations);
void checkInstructions(const Program &program, Violations &violations);
void checkOrder(const Program &program, Violations &violations);

/// Checks one entry of Program::weights.
void checkWeights(const Program &program, unsigned index,
                  Violations &violations);

/// Whether tensors in memory may have elements of `type`.
bool isTensorType(ScalarType type);

/// Types of the elements of nests and host tensors: also I64.
bool isNestType(ScalarType type);

/// Whether an immediate is a value of `type`.
bool fits(int64_t immediate, ScalarType type);

/// Checks a body over arguments of the given types, whose result is stored as
/// `resultType`.
void checkScalarBody(const Program &program, unsigned instruction,
                     const ScalarBody &body,
                     llvm::ArrayRef<ScalarType> arguments,
                     ScalarType resultType, Violations &violations);

} // namespace colonnade::sim

#endif // LIB_SIMULATOR_VIOLATIONS_H
