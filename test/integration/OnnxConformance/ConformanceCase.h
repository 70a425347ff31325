//===- ConformanceCase.h - One case of ONNX's test suites ------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A case is a model and one or more sets of inputs and the outputs they must
// give. This says what a case asks for, runs it, and judges the result.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_TEST_INTEGRATION_ONNXCONFORMANCE_CONFORMANCECASE_H
#define COLONNADE_TEST_INTEGRATION_ONNXCONFORMANCE_CONFORMANCECASE_H

#include "onnx/onnx_pb.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/Error.h"
#include <set>
#include <vector>

namespace colonnade::test {

struct ConformanceCase {
  /// "node/test_relu", and where its files are.
  std::string name, directory;
};

/// Every case below the data directory's suites, sorted by name.
std::vector<ConformanceCase> findConformanceCases(llvm::StringRef data);

/// What Colonnade says about itself: operators it imports, and cases of them
/// that need not pass.
struct Promises {
  llvm::StringSet<> listedOps, exemptions;
};

/// Refused: the importer says that it does not take the model. Wrong: anything
/// else but the right outputs.
enum class Outcome { Passed, Refused, Wrong };

struct ConformanceResult {
  std::string name;
  /// Operators of the model.
  std::set<std::string> ops;
  /// Built only from listed operators, with static shapes of numbers.
  bool isRequired = false;
  /// Need not pass all the same.
  bool isExempt = false;
  /// Operands that give a shape are inputs of the model, and were made
  /// constants of it.
  bool isBound = false;
  Outcome outcome = Outcome::Wrong;
  /// Why it was refused or what is wrong.
  std::string reason;

  bool isFailure() const {
    return outcome == Outcome::Wrong ||
           (isRequired && !isExempt && outcome == Outcome::Refused);
  }
  /// An exemption without which nothing would fail.
  bool isExemptForNothing() const {
    return isExempt && (!isRequired || outcome == Outcome::Passed);
  }
};

/// Imports, compiles and runs a case. Never fails otherwise than by its result.
ConformanceResult runConformanceCase(const ConformanceCase &subject,
                                     const Promises &promises);

/// Imports, compiles and runs a model on the inputs that are not initializers:
/// what came of it, and why.
std::pair<Outcome, std::string>
runModel(const onnx::ModelProto &model, llvm::StringRef path,
         llvm::ArrayRef<onnx::TensorProto> inputs,
         llvm::ArrayRef<onnx::TensorProto> outputs);

/// Makes those inputs constants that operators of the model read as a shape, as
/// axes and the like, so that all shapes are static. Whether there were any.
bool bindShapeOperands(onnx::ModelProto &model,
                       llvm::ArrayRef<onnx::TensorProto> inputs);

/// Two outputs agree by the rules of ONNX's backend tests: integers are equal,
/// floats within 1e-7 + 1e-3 * |expected| (bf16: one unit in the last place).
/// Otherwise an error that shows the
/// first difference. Both are as long, and of an ONNX element type.
llvm::Error compareElements(int32_t elementType, llvm::ArrayRef<char> actual,
                            llvm::ArrayRef<char> expected);

} // namespace colonnade::test

#endif // COLONNADE_TEST_INTEGRATION_ONNXCONFORMANCE_CONFORMANCECASE_H
