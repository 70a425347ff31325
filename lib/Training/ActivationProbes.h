//===- ActivationProbes.h - Memory of parts of a step -----------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Parts of a network, differentiated and lowered by themselves, to see how much
// memory they take. Barriers mark where forward ends and backward begins.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_LIB_TRAINING_ACTIVATIONPROBES_H
#define COLONNADE_LIB_TRAINING_ACTIVATIONPROBES_H

#include "colonnade/Dialect/Colonnade/IR/ColonnadeOps.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include <array>
#include <map>
#include <vector>

namespace colonnade {

/// Of a dense tensor; 0 of a scalar.
int64_t getTensorBytes(mlir::Value value);

/// Of a coupling with one plan.
struct PlanBytes {
  /// From its forward to its backward pass, without its results.
  int64_t kept = 0;
  /// The most while it runs, with its streams and their cotangents.
  int64_t forward = 0, backward = 0;
};

struct CouplingBytes {
  /// Of both results.
  int64_t streams = 0;
  /// In the order of kActivationPlans.
  std::array<PlanBytes, 3> plans;
};

/// Measures couplings; equal ones once.
class CouplingProbes {
public:
  /// Fails, with an error, if the coupling cannot be differentiated or lowered.
  llvm::FailureOr<CouplingBytes> measure(ReversibleOp op);

private:
  llvm::FailureOr<PlanBytes> measure(ReversibleOp op, ActivationPlan plan);

  /// By the text of the program that was measured.
  std::map<std::string, PlanBytes> known;
};

/// What the rest of a step takes.
struct RestBytes {
  /// By coupling: while it runs, without its streams and their cotangents.
  std::vector<int64_t> forward, backward;
  /// The most in the code before each coupling, and behind the last one, both
  /// forward and backward.
  std::vector<int64_t> code;
};

/// Of a function on parameters (or constants that outlining makes parameters)
/// and inputs, whose couplings are these, in order.
llvm::FailureOr<RestBytes> measureRest(mlir::func::FuncOp function,
                                       llvm::ArrayRef<ReversibleOp> couplings);

/// The peak of the whole function's forward and backward pass, with the plans
/// that its couplings have now.
llvm::FailureOr<int64_t> measureWhole(mlir::func::FuncOp function);

} // namespace colonnade

#endif // COLONNADE_LIB_TRAINING_ACTIVATIONPROBES_H
