//===- ActivationCosts.cpp - What keeping activations costs ---------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See the header.
//
//===----------------------------------------------------------------------===//

#include "ActivationCosts.h"
#include "ActivationProbes.h"
#include "colonnade/Dialect/Colonnade/IR/Contractions.h"
#include "colonnade/Dialect/Colonnade/Transforms/Coupling.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include <map>

using namespace mlir;
using namespace colonnade;

std::vector<size_t> ActivationChain::getUniform(ActivationPlan plan) const {
  size_t option = llvm::find(kActivationPlans, plan) - kActivationPlans;
  std::vector<size_t> options(blocks.size(), 0);
  for (size_t place : places)
    options[place] = option;
  return options;
}

//===----------------------------------------------------------------------===//
// Time
//===----------------------------------------------------------------------===//

/// Of evaluating a region once.
static int64_t getTime(Region &region) {
  int64_t time = 0;
  for (Operation &op : region.front().without_terminator()) {
    auto structured = dyn_cast<linalg::LinalgOp>(op);
    if (structured && isContraction(structured)) {
      time += llvm::product_of(structured.getStaticLoopRanges());
      continue;
    }
    for (Value value : llvm::concat<Value>(SmallVector<Value>(op.getOperands()),
                                           SmallVector<Value>(op.getResults())))
      time += getTensorBytes(value);
  }
  return time;
}

/// Of all that a plan computes again.
static int64_t getTime(ReversibleOp op, ActivationPlan plan) {
  if (plan == ActivationPlan::Store)
    return 0;
  Coupling coupling(op);
  int64_t time = 0;
  for (const Coupling::Step &step : coupling.getSteps())
    time += getTime(*step.region);
  // Two streams read and one written for each sum; a checkpoint needs no
  // inverse, and no last sum either.
  int64_t sums = coupling.getSteps().size();
  if (plan == ActivationPlan::Checkpoint)
    --sums;
  return time + sums * 3 * getTensorBytes(op.getStream1());
}

//===----------------------------------------------------------------------===//
// The chain
//===----------------------------------------------------------------------===//

/// Whether a coupling reads both results of the one before.
static bool isAdjacent(ReversibleOp before, ReversibleOp after) {
  return llvm::all_of(after->getOperands(), [&](Value operand) {
    return operand.getDefiningOp() == before;
  });
}

namespace {

/// Puts couplings, and the code before, between and behind them, in a row.
class ChainBuilder {
public:
  ChainBuilder(ActivationChain &chain, ArrayRef<CouplingBytes> bytes,
               const RestBytes &rest)
      : chain(chain), bytes(bytes), rest(rest) {}

  void build() {
    for (size_t i = 0; i < chain.couplings.size(); ++i) {
      if (i == 0 || !isAdjacent(chain.couplings[i - 1], chain.couplings[i]))
        addCode(i);
      addCoupling(i);
    }
    addCode(chain.couplings.size());
  }

private:
  /// Bytes of both results of a coupling, which stay in memory if it is
  /// inverted and what comes next does not compute them again.
  int64_t getKeptResults(size_t coupling, size_t plan) const {
    return kActivationPlans[plan] == ActivationPlan::Invert
               ? bytes[coupling].streams
               : 0;
  }

  size_t getPreviousOptions() const {
    return chain.blocks.empty() ? 1 : chain.blocks.back().options;
  }

  /// The code in front of coupling number `next`.
  void addCode(size_t next) {
    PlanBlock block;
    for (size_t previous = 0; previous < getPreviousOptions(); ++previous) {
      int64_t kept = next == 0 ? 0 : getKeptResults(next - 1, previous);
      block.steps.push_back({0, kept, kept + rest.code[next]});
    }
    chain.blocks.push_back(block);
  }

  void addCoupling(size_t i) {
    PlanBlock block;
    block.options = std::size(kActivationPlans);
    bool isFirst = chain.blocks.back().options == 1;
    for (size_t previous = 0; previous < getPreviousOptions(); ++previous)
      for (auto [option, plan] : llvm::enumerate(kActivationPlans)) {
        const PlanBytes &own = bytes[i].plans[option];
        int64_t boundary = !isFirst && plan == ActivationPlan::Store
                               ? getKeptResults(i - 1, previous)
                               : 0;
        int64_t forward = rest.forward[i] + own.forward;
        int64_t backward = rest.backward[i] + own.backward;
        block.steps.push_back({getTime(chain.couplings[i], plan),
                               boundary + own.kept,
                               boundary + std::max(forward, backward)});
      }
    chain.places.push_back(chain.blocks.size());
    chain.blocks.push_back(block);
  }

  ActivationChain &chain;
  ArrayRef<CouplingBytes> bytes;
  const RestBytes &rest;
};

} // namespace

FailureOr<ActivationChain>
colonnade::buildActivationChain(func::FuncOp function) {
  ActivationChain chain;
  for (auto op : function.getBody().getOps<ReversibleOp>())
    if (!op.getInverse())
      chain.couplings.push_back(op);
  SmallVector<CouplingBytes> bytes;
  CouplingProbes probes;
  for (ReversibleOp op : chain.couplings) {
    FailureOr<CouplingBytes> measured = probes.measure(op);
    if (failed(measured))
      return failure();
    bytes.push_back(*measured);
  }
  FailureOr<RestBytes> rest = measureRest(function, chain.couplings);
  if (failed(rest))
    return failure();
  ChainBuilder(chain, bytes, *rest).build();
  return chain;
}
