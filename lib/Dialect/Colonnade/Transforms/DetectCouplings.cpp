//===- DetectCouplings.cpp - Couplings in plain code ----------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Implements the pass. In a chain s1 = x1 + F(x2), s2 = x2 + G(s1),
// s3 = s1 + H(s2), ... any two sums in a row are a coupling; they are paired
// from the first one on.
//
//===----------------------------------------------------------------------===//

#include "ResidualBlocks.h"
#include "colonnade/Dialect/Colonnade/Transforms/Passes.h"
#include "colonnade/Dialect/Colonnade/Transforms/Remarks.h"

namespace colonnade {
#define GEN_PASS_DEF_DETECTCOUPLINGS
#include "colonnade/Dialect/Colonnade/Transforms/Passes.h.inc"
} // namespace colonnade

using namespace mlir;
using namespace colonnade;

static constexpr llvm::StringLiteral kRule = "detect-couplings";

namespace {

/// y1 = x1 + F(x2), y2 = x2 + G(y1).
struct FoundCoupling {
  ActivationSum first, second;
  Value stream1, stream2;
  Branch f, g;
};

class Detector {
public:
  explicit Detector(func::FuncOp function)
      : graph(function), sums(graph.collectSums()) {}

  void run();

private:
  /// The coupling whose first sum is number `place`, else the reason.
  std::optional<FoundCoupling> find(size_t place, std::string &whyNot) const;
  /// The two sums as a coupling, with the second's skip connection as x2.
  std::optional<FoundCoupling> match(const ActivationSum &first,
                                     const ActivationSum &second, Value stream2,
                                     Value g, std::string &whyNot) const;
  /// Whether one summand is computed from the other alone.
  bool isResidualBlock(const ActivationSum &sum) const;

  ActivationGraph graph;
  SmallVector<ActivationSum> sums;
  llvm::DenseSet<Operation *> used;
};

} // namespace

std::optional<FoundCoupling> Detector::match(const ActivationSum &first,
                                             const ActivationSum &second,
                                             Value stream2, Value g,
                                             std::string &whyNot) const {
  // F of the first sum reads x2, so that is there before it.
  Operation *maker = stream2.getDefiningOp();
  if (maker && !maker->isBeforeInBlock(first.op))
    return std::nullopt;
  std::string reason;
  auto gBranch = graph.findBranch(first.getResult(), g, second.op, reason);
  if (!gBranch)
    return std::nullopt; // Another pair of sums; no news about this one.
  for (auto [stream1, f] : {std::pair(first.left, first.right),
                            std::pair(first.right, first.left)}) {
    auto fBranch = graph.findBranch(stream2, f, first.op, reason);
    if (fBranch && !graph.dependsOn(stream1, first.getResult()))
      return FoundCoupling{first, second, stream1, stream2, *fBranch, *gBranch};
    if (f != stream2 && graph.dependsOn(f, stream2))
      whyNot = reason;
  }
  return std::nullopt;
}

bool Detector::isResidualBlock(const ActivationSum &sum) const {
  std::string reason;
  return graph.findBranch(sum.left, sum.right, sum.op, reason) ||
         graph.findBranch(sum.right, sum.left, sum.op, reason);
}

std::optional<FoundCoupling> Detector::find(size_t place,
                                            std::string &whyNot) const {
  const ActivationSum &first = sums[place];
  whyNot = checkStreamType(first);
  if (!whyNot.empty())
    return std::nullopt;
  whyNot = isResidualBlock(first)
               ? "a residual block of one stream, h + R(h): "
                 "--colonnade-make-reversible makes a coupling of it"
               : "no sum behind it adds a function of it alone to the stream "
                 "that its branch reads";
  for (const ActivationSum &second : ArrayRef(sums).drop_front(place + 1)) {
    if (used.contains(second.op) || second.getType() != first.getType())
      continue;
    for (auto [stream, branch] : {std::pair(second.left, second.right),
                                  std::pair(second.right, second.left)})
      if (auto coupling = match(first, second, stream, branch, whyNot))
        return coupling;
  }
  return std::nullopt;
}

/// G's weights may stand behind y1, whose other readers want it where it is.
static void moveConstantsBefore(Operation *place,
                                ArrayRef<Operation *> readers) {
  for (Operation *op : readers)
    op->walk([&](Operation *inner) {
      for (Value operand : inner->getOperands())
        if (auto constant = operand.getDefiningOp<arith::ConstantOp>();
            constant && constant->getBlock() == place->getBlock() &&
            place->isBeforeInBlock(constant))
          constant->moveBefore(place);
    });
}

static Location getLoc(const FoundCoupling &coupling) {
  return FusedLoc::get(
      coupling.first.op->getContext(),
      {coupling.first.op->getLoc(), coupling.second.op->getLoc()});
}

static void report(const FoundCoupling &coupling) {
  Operation *op = coupling.first.op;
  remark::passed(getLoc(coupling), getRemarkOpts(kRule, op))
      << remark::metric("Op", op->getName().getStringRef())
      << remark::metric("Streams",
                        formatShape(coupling.first.getType().getShape()))
      << remark::metric("Parameters", coupling.f.countParameters() +
                                          coupling.g.countParameters());
}

static void replace(const FoundCoupling &coupling) {
  Operation *place = coupling.first.op;
  moveConstantsBefore(place, coupling.g.ops);
  OpBuilder builder(place);
  auto op =
      ReversibleOp::create(builder, getLoc(coupling), CouplingKind::Additive,
                           coupling.stream1, coupling.stream2);
  fillRegion(op, op.getF(), coupling.f);
  fillRegion(op, op.getG(), coupling.g);
  coupling.first.getResult().replaceAllUsesWith(op.getResult1());
  coupling.second.getResult().replaceAllUsesWith(op.getResult2());
  coupling.second.op->erase();
  eraseUnused(coupling.g.ops);
  coupling.first.op->erase();
  eraseUnused(coupling.f.ops);
}

void Detector::run() {
  SmallVector<FoundCoupling> couplings;
  for (size_t place = 0; place < sums.size(); ++place) {
    if (used.contains(sums[place].op))
      continue;
    std::string whyNot;
    auto coupling = find(place, whyNot);
    if (!coupling) {
      remarkMissed(kRule, sums[place].op, whyNot);
      continue;
    }
    report(*coupling);
    used.insert(coupling->second.op);
    couplings.push_back(*coupling);
  }
  // The last one first: those before it make the values that it reads.
  for (const FoundCoupling &coupling : llvm::reverse(couplings))
    replace(coupling);
}

namespace {
struct DetectCouplings : colonnade::impl::DetectCouplingsBase<DetectCouplings> {
  void runOnOperation() override {
    if (getOperation().getBody().hasOneBlock())
      Detector(getOperation()).run();
    else if (!getOperation().isExternal())
      remarkMissed(kRule, getOperation(), "expected a function of one block");
  }
};
} // namespace
