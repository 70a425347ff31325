//===- ScalarBodyVerifier.cpp - Checks of scalar bodies -------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Operands, types and immediates of the vector unit's straight-line code.
//
//===----------------------------------------------------------------------===//

#include "Violations.h"
#include "llvm/Support/MathExtras.h"

using namespace colonnade;
using namespace colonnade::sim;

namespace {

class BodyChecker {
public:
  BodyChecker(const Program &program, unsigned instruction,
              const ScalarBody &body, llvm::ArrayRef<ScalarType> arguments,
              Violations &violations)
      : program(program), instruction(instruction), body(body),
        violations(violations), types(arguments) {}

  void run(ScalarType resultType);

private:
  template <typename... Values>
  bool report(const char *format, Values &&...values) {
    violations.report(instruction, format, std::forward<Values>(values)...);
    return false;
  }

  bool checkOperation(const ScalarOperation &operation);
  bool checkTypes(const ScalarOperation &operation);
  bool checkScale(const ScalarOperation &operation);
  bool checkConstant(const ScalarOperation &operation);
  bool checkTable(const ScalarOperation &operation);
  bool checkWidth(const ScalarOperation &operation);
  bool checkConversion(const ScalarOperation &operation);
  bool checkSelect(const ScalarOperation &operation);
  bool checkCompare(const ScalarOperation &operation);
  bool checkOperands(const ScalarOperation &operation, unsigned count,
                     bool isAllowed);

  ScalarType getType(const ScalarOperation &operation, unsigned operand) const {
    return types[operation.operands[operand]];
  }

  const Program &program;
  unsigned instruction;
  const ScalarBody &body;
  Violations &violations;
  /// Of the values defined so far.
  llvm::SmallVector<ScalarType> types;
  /// Number of the operation being checked.
  size_t number = 0;
};

} // namespace

/// Types that integer arithmetic computes in; I1 has logic only.
static bool isNumber(ScalarType type) {
  return type == ScalarType::I8 || type == ScalarType::I32 ||
         type == ScalarType::I64;
}

bool sim::isTensorType(ScalarType type) {
  return type == ScalarType::I8 || type == ScalarType::I32 ||
         type == ScalarType::F32;
}

bool sim::isNestType(ScalarType type) {
  return isTensorType(type) || type == ScalarType::I64;
}

bool sim::fits(int64_t value, ScalarType type) {
  switch (type) {
  case ScalarType::I1:
    return value == 0 || value == 1;
  case ScalarType::F32:
    return static_cast<uint32_t>(value) == static_cast<uint64_t>(value) ||
           static_cast<int32_t>(value) == value;
  default:
    return llvm::isIntN(getBits(type), value);
  }
}

bool BodyChecker::checkConstant(const ScalarOperation &operation) {
  return fits(operation.immediate, operation.type) ||
         report("scalar operation {0}: constant {1} does not fit into {2}",
                number, operation.immediate, stringify(operation.type));
}

bool BodyChecker::checkScale(const ScalarOperation &operation) {
  auto isNarrow = [](ScalarType type) {
    return type == ScalarType::I8 || type == ScalarType::I32;
  };
  if (operation.type != ScalarType::I32 || !isNarrow(getType(operation, 0)) ||
      !isNarrow(getType(operation, 1)) || !isNarrow(getType(operation, 2)))
    return report("scalar operation {0}: expected apply_scale of an i32 value "
                  "and multiplier to i32, got {1} and {2} to {3}",
                  number, stringify(getType(operation, 0)),
                  stringify(getType(operation, 1)), stringify(operation.type));
  size_t firstResult = types.size() - number;
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
  if (getType(operation, 0) != ScalarType::I8 ||
      operation.type != ScalarType::I8)
    return report("scalar operation {0}: expected term selection of i8, got "
                  "{1} to {2}",
                  number, stringify(getType(operation, 0)),
                  stringify(operation.type));
  size_t tables = program.termTables.size();
  if (operation.immediate >= 0 &&
      static_cast<size_t>(operation.immediate) < tables)
    return true;
  return report("scalar operation {0}: names term table {1} of {2}", number,
                operation.immediate, tables);
}

/// ExtendSign and Truncate.
bool BodyChecker::checkWidth(const ScalarOperation &operation) {
  ScalarType from = getType(operation, 0), to = operation.type;
  bool isExtension = operation.opcode == ScalarOpcode::ExtendSign;
  bool isOrdered =
      isExtension ? getBits(to) >= getBits(from) : getBits(to) <= getBits(from);
  return (isOrdered && isNumber(from) && isNumber(to)) ||
         report("scalar operation {0}: {1} {2} to {3}", number,
                isExtension ? "extends" : "truncates", stringify(from),
                stringify(to));
}

/// IntegerToFloat, FloatToInteger and Bitcast.
bool BodyChecker::checkConversion(const ScalarOperation &operation) {
  ScalarType from = getType(operation, 0), to = operation.type;
  bool isBitcast = operation.opcode == ScalarOpcode::Bitcast;
  bool isToFloat = operation.opcode == ScalarOpcode::IntegerToFloat ||
                   (isBitcast && to == ScalarType::F32);
  ScalarType integer = isToFloat ? from : to, real = isToFloat ? to : from;
  bool isLegal = real == ScalarType::F32 &&
                 (isBitcast ? integer == ScalarType::I32 : isNumber(integer));
  return isLegal || report("scalar operation {0}: converts {1} to {2}", number,
                           stringify(from), stringify(to));
}

bool BodyChecker::checkSelect(const ScalarOperation &operation) {
  return (getType(operation, 0) == ScalarType::I1 &&
          getType(operation, 1) == operation.type &&
          getType(operation, 2) == operation.type) ||
         report("scalar operation {0}: expected a selection by i1 between two "
                "{1}, got {2} between {3} and {4}",
                number, stringify(operation.type),
                stringify(getType(operation, 0)),
                stringify(getType(operation, 1)),
                stringify(getType(operation, 2)));
}

bool BodyChecker::checkCompare(const ScalarOperation &operation) {
  ScalarType a = getType(operation, 0), b = getType(operation, 1);
  bool isFloat = operation.opcode == ScalarOpcode::CompareFloat;
  bool isLegal = isFloat ? a == ScalarType::F32 : isNumber(a);
  if (!isLegal || a != b || operation.type != ScalarType::I1)
    return report("scalar operation {0}: expected a comparison of {1} to i1, "
                  "got {2} and {3} to {4}",
                  number, isFloat ? "floats" : "equal integers", stringify(a),
                  stringify(b), stringify(operation.type));
  static constexpr int64_t kPredicates = 6;
  return (operation.immediate >= 0 && operation.immediate < kPredicates) ||
         report("scalar operation {0}: names predicate {1} of {2}", number,
                operation.immediate, kPredicates);
}

/// The first `count` operands have the result's type, of those the operation
/// is defined for.
bool BodyChecker::checkOperands(const ScalarOperation &operation,
                                unsigned count, bool isAllowed) {
  if (!isAllowed)
    return report("scalar operation {0}: is not defined on {1}", number,
                  stringify(operation.type));
  for (unsigned i = 0; i < count; ++i)
    if (getType(operation, i) != operation.type)
      return report("scalar operation {0}: expected operands of type {1}, got "
                    "{2}",
                    number, stringify(operation.type),
                    stringify(getType(operation, i)));
  return true;
}

bool BodyChecker::checkTypes(const ScalarOperation &operation) {
  ScalarType type = operation.type;
  switch (operation.opcode) {
  case ScalarOpcode::Constant:
    return checkConstant(operation);
  case ScalarOpcode::EncodeTerms:
    return checkTable(operation);
  case ScalarOpcode::ApplyScale:
    return checkScale(operation);
  case ScalarOpcode::ExtendSign:
  case ScalarOpcode::Truncate:
    return checkWidth(operation);
  case ScalarOpcode::IntegerToFloat:
  case ScalarOpcode::FloatToInteger:
  case ScalarOpcode::Bitcast:
    return checkConversion(operation);
  case ScalarOpcode::Select:
    return checkSelect(operation);
  case ScalarOpcode::CompareInteger:
  case ScalarOpcode::CompareFloat:
    return checkCompare(operation);
  case ScalarOpcode::Add:
  case ScalarOpcode::Subtract:
  case ScalarOpcode::Multiply:
  case ScalarOpcode::AddWrapping:
  case ScalarOpcode::MultiplyWrapping:
  case ScalarOpcode::Divide:
  case ScalarOpcode::Remainder:
  case ScalarOpcode::Maximum:
  case ScalarOpcode::Minimum:
  case ScalarOpcode::ShiftLeft:
  case ScalarOpcode::ShiftRight:
    return checkOperands(operation, 2, isNumber(type));
  case ScalarOpcode::And:
  case ScalarOpcode::Or:
  case ScalarOpcode::Xor:
    return checkOperands(operation, 2,
                         isNumber(type) || type == ScalarType::I1);
  case ScalarOpcode::ShiftRightLogical:
    return checkOperands(operation, 2, type == ScalarType::I32);
  case ScalarOpcode::AddFloat:
  case ScalarOpcode::SubtractFloat:
  case ScalarOpcode::MultiplyFloat:
  case ScalarOpcode::DivideFloat:
  case ScalarOpcode::MaximumFloat:
  case ScalarOpcode::MinimumFloat:
    return checkOperands(operation, 2, type == ScalarType::F32);
  case ScalarOpcode::NegateFloat:
  case ScalarOpcode::AbsoluteFloat:
  case ScalarOpcode::SquareRoot:
  case ScalarOpcode::RoundEven:
  case ScalarOpcode::Floor:
    return checkOperands(operation, 1, type == ScalarType::F32);
  }
  llvm_unreachable("unknown scalar operation");
}

bool BodyChecker::checkOperation(const ScalarOperation &operation) {
  // Operands that the operation does not use are 0 by convention.
  for (unsigned operand : operation.operands)
    if (operand >= types.size() &&
        (operand != 0 || operation.opcode != ScalarOpcode::Constant))
      return report("scalar operation {0} uses value {1}, but only {2} are "
                    "defined before it",
                    number, operand, types.size());
  return checkTypes(operation);
}

void BodyChecker::run(ScalarType resultType) {
  for (const ScalarOperation &operation : body.operations) {
    if (!checkOperation(operation))
      return;
    types.push_back(operation.type);
    ++number;
  }
  if (body.result >= types.size())
    report("its body yields value {0} of {1}", body.result, types.size());
  else if (types[body.result] != resultType)
    report("its body yields {0}, but its output's elements are {1}",
           stringify(types[body.result]), stringify(resultType));
}

void sim::checkScalarBody(const Program &program, unsigned instruction,
                          const ScalarBody &body,
                          llvm::ArrayRef<ScalarType> arguments,
                          ScalarType resultType, Violations &violations) {
  BodyChecker(program, instruction, body, arguments, violations)
      .run(resultType);
}
