//===- ScalarBodyVerifier.cpp - Checks of scalar bodies -------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Operands, widths and immediates of the vector unit's straight-line code.
//
//===----------------------------------------------------------------------===//

#include "Violations.h"

using namespace colonnade;
using namespace colonnade::sim;

namespace {

class BodyChecker {
public:
  BodyChecker(const Program &program, unsigned instruction,
              const ScalarBody &body, llvm::ArrayRef<int64_t> arguments,
              Violations &violations)
      : program(program), instruction(instruction), body(body),
        violations(violations), widths(arguments) {}

  void run(int64_t resultBits);

private:
  template <typename... Values>
  bool report(const char *format, Values &&...values) {
    violations.report(instruction, format, std::forward<Values>(values)...);
    return false;
  }

  bool checkOperation(const ScalarOperation &operation);
  bool checkWidths(const ScalarOperation &operation);
  bool checkScale(const ScalarOperation &operation);
  bool checkConstant(const ScalarOperation &operation);
  bool checkTable(const ScalarOperation &operation);
  int64_t getWidth(const ScalarOperation &operation, unsigned operand) const {
    return widths[operation.operands[operand]];
  }

  const Program &program;
  unsigned instruction;
  const ScalarBody &body;
  Violations &violations;
  /// Bits of the values defined so far.
  llvm::SmallVector<int64_t> widths;
  /// Number of the operation being checked.
  size_t number = 0;
};

} // namespace

bool BodyChecker::checkConstant(const ScalarOperation &operation) {
  int64_t unused = 64 - operation.bits;
  int64_t kept = static_cast<int64_t>(static_cast<uint64_t>(operation.immediate)
                                      << unused) >>
                 unused;
  if (kept == operation.immediate)
    return true;
  return report("scalar operation {0}: constant {1} does not fit into {2} bits",
                number, operation.immediate, operation.bits);
}

bool BodyChecker::checkScale(const ScalarOperation &operation) {
  if (operation.bits != 32 || getWidth(operation, 0) > 32 ||
      getWidth(operation, 1) > 32)
    return report("scalar operation {0}: expected apply_scale of a 32-bit "
                  "value and multiplier to 32 bits, got {1} and {2} to {3}",
                  number, getWidth(operation, 0), getWidth(operation, 1),
                  operation.bits);
  size_t firstResult = widths.size() - number;
  unsigned shift = operation.operands[2];
  if (shift < firstResult)
    return true;
  const ScalarOperation &source = body.operations[shift - firstResult];
  if (source.opcode != ScalarOpcode::Constant ||
      (source.immediate >= 2 && source.immediate <= 62))
    return true;
  return report("scalar operation {0}: shift {1} of apply_scale lies outside "
                "[2, 62]",
                number, source.immediate);
}

bool BodyChecker::checkTable(const ScalarOperation &operation) {
  if (getWidth(operation, 0) != 8 || operation.bits != 8)
    return report("scalar operation {0}: expected term selection of 8 bits, "
                  "got {1} to {2}",
                  number, getWidth(operation, 0), operation.bits);
  size_t tables = program.termTables.size();
  if (operation.immediate >= 0 &&
      static_cast<size_t>(operation.immediate) < tables)
    return true;
  return report("scalar operation {0}: names term table {1} of {2}", number,
                operation.immediate, tables);
}

bool BodyChecker::checkWidths(const ScalarOperation &operation) {
  switch (operation.opcode) {
  case ScalarOpcode::Constant:
    return checkConstant(operation);
  case ScalarOpcode::EncodeTerms:
    return checkTable(operation);
  case ScalarOpcode::ApplyScale:
    return checkScale(operation);
  case ScalarOpcode::ExtendSign:
    return operation.bits >= getWidth(operation, 0) ||
           report("scalar operation {0}: extends {1} bits to {2}", number,
                  getWidth(operation, 0), operation.bits);
  case ScalarOpcode::Truncate:
    return operation.bits <= getWidth(operation, 0) ||
           report("scalar operation {0}: truncates {1} bits to {2}", number,
                  getWidth(operation, 0), operation.bits);
  default:
    return (operation.bits == getWidth(operation, 0) &&
            operation.bits == getWidth(operation, 1)) ||
           report("scalar operation {0}: expected operands of {1} bits, got "
                  "{2} and {3}",
                  number, operation.bits, getWidth(operation, 0),
                  getWidth(operation, 1));
  }
}

bool BodyChecker::checkOperation(const ScalarOperation &operation) {
  if (operation.bits != 8 && operation.bits != 32 && operation.bits != 64)
    return report("scalar operation {0}: expected 8, 32 or 64 bits, got {1}",
                  number, operation.bits);
  // Operands that the operation does not use are 0 by convention.
  for (unsigned operand : operation.operands)
    if (operand >= widths.size())
      return report("scalar operation {0} uses value {1}, but only {2} are "
                    "defined before it",
                    number, operand, widths.size());
  return checkWidths(operation);
}

void BodyChecker::run(int64_t resultBits) {
  for (const ScalarOperation &operation : body.operations) {
    if (!checkOperation(operation))
      return;
    widths.push_back(operation.bits);
    ++number;
  }
  if (body.result >= widths.size())
    report("its body yields value {0} of {1}", body.result, widths.size());
  else if (widths[body.result] != resultBits)
    report("its body yields {0} bits, but its output's elements have {1}",
           widths[body.result], resultBits);
}

void sim::checkScalarBody(const Program &program, unsigned instruction,
                          const ScalarBody &body,
                          llvm::ArrayRef<int64_t> arguments, int64_t resultBits,
                          Violations &violations) {
  BodyChecker(program, instruction, body, arguments, violations)
      .run(resultBits);
}
