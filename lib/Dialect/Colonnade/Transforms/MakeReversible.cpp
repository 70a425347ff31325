//===- MakeReversible.cpp - Two streams for residual networks -------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Implements the pass. First every sum of two activations is a residual block
// or is told why not; then blocks that follow one another are chains; then each
// chain is written anew.
//
//===----------------------------------------------------------------------===//

#include "ResidualBlocks.h"
#include "colonnade/Dialect/Colonnade/Transforms/Coupling.h"
#include "colonnade/Dialect/Colonnade/Transforms/ElementwiseCode.h"
#include "colonnade/Dialect/Colonnade/Transforms/Passes.h"
#include "colonnade/Dialect/Colonnade/Transforms/Remarks.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "llvm/Support/FormatVariadic.h"

namespace colonnade {
#define GEN_PASS_DEF_MAKEREVERSIBLE
#include "colonnade/Dialect/Colonnade/Transforms/Passes.h.inc"
} // namespace colonnade

using namespace mlir;
using namespace colonnade;

static constexpr llvm::StringLiteral kRule = "make-reversible";

//===----------------------------------------------------------------------===//
// Analysis
//===----------------------------------------------------------------------===//

namespace {

/// h + R(h), and the activation function that alone reads the sum.
struct ResidualBlock {
  ActivationSum sum;
  Branch branch;
  std::optional<Branch> activation;

  Value getInput() const { return branch.input; }
  Value getResult() const {
    return activation ? activation->output : sum.getResult();
  }
};

using Chain = SmallVector<ResidualBlock>;

class ChainFinder {
public:
  explicit ChainFinder(func::FuncOp function) : graph(function) {}

  /// Every block is in one chain; remarks say what is in none.
  SmallVector<Chain> run();

private:
  std::optional<ResidualBlock> findBlock(const ActivationSum &sum,
                                         std::string &whyNot);
  std::optional<Branch> findActivation(const ActivationSum &sum) const;
  /// Whether `block` goes on where `last` ends, and nothing else reads that.
  bool continues(const ResidualBlock &last, const ResidualBlock &block) const;

  ActivationGraph graph;
  /// What belongs to some block.
  llvm::DenseSet<Operation *> used;
};

} // namespace

/// Whether the op is a function of one tensor, element by element.
static bool isActivationFunction(Operation *op) {
  if (op->getNumResults() != 1)
    return false;
  if (auto structured = dyn_cast<linalg::LinalgOp>(op))
    return structured.getNumDpsInputs() == 1 &&
           structured.getNumReductionLoops() == 0 &&
           structured->getResult(0).getType() ==
               structured->getOperand(0).getType() &&
           llvm::all_of(structured.getIndexingMapsArray(),
                        [](AffineMap map) { return map.isIdentity(); });
  DenseElementsAttr constant;
  return OpTrait::hasElementwiseMappableTraits(op) &&
         llvm::count_if(op->getOperands(), [&](Value operand) {
           return !matchPattern(operand, m_Constant(&constant)) ||
                  !constant.isSplat();
         }) == 1;
}

std::optional<Branch>
ChainFinder::findActivation(const ActivationSum &sum) const {
  Value value = sum.getResult();
  if (!value.hasOneUse())
    return std::nullopt;
  Operation *op = *value.user_begin();
  if (op->getBlock() != sum.op->getBlock() || !isActivationFunction(op) ||
      op->getResult(0).getType() != value.getType())
    return std::nullopt;
  std::string whyNot;
  return graph.findBranch(value, op->getResult(0), nullptr, whyNot);
}

/// Where the shape of a block changes, both summands are computed.
static std::string describeShortcut(const ActivationSum &sum) {
  return llvm::formatv(
      "a stage boundary or another sum of two branches: neither summand is "
      "computed from the other, {0} and {1}",
      describeValue(sum.left), describeValue(sum.right));
}

std::optional<ResidualBlock> ChainFinder::findBlock(const ActivationSum &sum,
                                                    std::string &whyNot) {
  whyNot = checkStreamType(sum);
  if (!whyNot.empty())
    return std::nullopt;
  bool isLeftStream = graph.dependsOn(sum.right, sum.left);
  Value stream = isLeftStream ? sum.left : sum.right;
  Value branch = isLeftStream ? sum.right : sum.left;
  if (!graph.dependsOn(branch, stream)) {
    whyNot = describeShortcut(sum);
    return std::nullopt;
  }
  auto found = graph.findBranch(stream, branch, sum.op, whyNot);
  if (!found)
    return std::nullopt;
  if (llvm::any_of(found->ops, [&](Operation *op) {
        return used.contains(op) || isa<ReversibleOp>(op);
      })) {
    whyNot = "its branch holds residual blocks or couplings of its own";
    return std::nullopt;
  }
  if (found->readsFrozenWeights()) {
    whyNot =
        "its branch reads frozen weights, which were trained for one stream";
    return std::nullopt;
  }
  return ResidualBlock{sum, *found, findActivation(sum)};
}

bool ChainFinder::continues(const ResidualBlock &last,
                            const ResidualBlock &block) const {
  Value value = last.getResult();
  Block *body = block.sum.op->getBlock();
  return block.getInput() == value &&
         llvm::all_of(value.getUsers(), [&](Operation *user) {
           Operation *top = body->findAncestorOpInBlock(*user);
           return top == block.sum.op ||
                  llvm::is_contained(block.branch.ops, top);
         });
}

SmallVector<Chain> ChainFinder::run() {
  SmallVector<Chain> chains;
  for (const ActivationSum &sum : graph.collectSums()) {
    std::string whyNot;
    std::optional<ResidualBlock> block = findBlock(sum, whyNot);
    if (!block) {
      remarkMissed(kRule, sum.op, whyNot);
      continue;
    }
    used.insert(sum.op);
    for (Operation *op : block->branch.ops)
      if (graph.isActivation(op->getResult(0)))
        used.insert(op); // Others are shared.
    auto *chain = llvm::find_if(chains, [&](const Chain &candidate) {
      return continues(candidate.back(), *block);
    });
    if (chain == chains.end())
      chain = &chains.emplace_back();
    chain->push_back(*block);
  }
  return chains;
}

//===----------------------------------------------------------------------===//
// Conversion
//===----------------------------------------------------------------------===//

namespace {

/// Writes the two streams of one chain in front of its last sum.
class ChainWriter {
public:
  ChainWriter(const Chain &chain, int64_t fraction)
      : chain(chain), fraction(fraction),
        builder(chain.back().sum.op->getLoc(), chain.back().sum.op) {}

  /// What takes the place of the last sum.
  Value write();

private:
  /// The coupling of block `place` and, if there is one, the next.
  void writeCoupling(size_t place);
  /// R of block `place`, behind the activation function of the one before.
  SmallVector<Branch> getBranches(size_t place) const;
  Value createMean(Value left, Value right);

  RankedTensorType getType() const { return chain.front().sum.getType(); }

  const Chain &chain;
  int64_t fraction;
  ImplicitLocOpBuilder builder;
  Value first, second;
};

} // namespace

SmallVector<Branch> ChainWriter::getBranches(size_t place) const {
  SmallVector<Branch> branches;
  if (place > 0 && chain[place - 1].activation)
    branches.push_back(*chain[place - 1].activation);
  branches.push_back(chain[place].branch);
  return branches;
}

void ChainWriter::writeCoupling(size_t place) {
  Location loc = chain[place].sum.op->getLoc();
  bool hasPartner = place + 1 < chain.size();
  if (hasPartner)
    loc = builder.getFusedLoc({loc, chain[place + 1].sum.op->getLoc()});
  auto op =
      ReversibleOp::create(builder, loc, CouplingKind::Additive, first, second);
  fillRegion(op, op.getF(), getBranches(place));
  if (hasPartner)
    fillRegion(op, op.getG(), getBranches(place + 1));
  first = op.getResult1();
  second = op.getResult2();
}

Value ChainWriter::createMean(Value left, Value right) {
  Value half = arith::ConstantOp::create(builder, builder.getF32FloatAttr(0.5));
  return buildElementwise(builder, builder.getLoc(), getType(), {left, right},
                          [&](ScalarBuilder &b, ValueRange args) {
                            Value sum = b.apply<arith::AddFOp>(args[0], args[1]);
                            return b.apply<arith::MulFOp>(sum, half);
                          });
}

Value ChainWriter::write() {
  first = second = toStream(builder, builder.getLoc(),
                            chain.front().getInput(), fraction);
  for (size_t place = 0; place < chain.size(); place += 2)
    writeCoupling(place);
  Value left = fromStream(builder, builder.getLoc(), first);
  // The first stream of a single block is h + R(h), the plain network.
  if (chain.size() == 1)
    return left;
  return createMean(left, fromStream(builder, builder.getLoc(), second));
}

static void reportChain(const Chain &chain) {
  for (auto [place, block] : llvm::enumerate(chain))
    remark::passed(block.sum.op->getLoc(), getRemarkOpts(kRule, block.sum.op))
        << remark::metric("Op", block.sum.op->getName().getStringRef())
        << remark::metric("Streams",
                          formatShape(block.sum.getType().getShape()))
        << remark::metric(
               "Block",
               llvm::formatv("{0} of {1}", place + 1, chain.size()).str())
        << remark::metric("Parameters", block.branch.countParameters());
}

static void convert(const Chain &chain, int64_t fraction) {
  Value result = ChainWriter(chain, fraction).write();
  chain.back().sum.getResult().replaceAllUsesWith(result);
  for (const ResidualBlock &block : llvm::reverse(chain)) {
    if (block.activation)
      eraseUnused(block.activation->ops);
    block.sum.op->erase();
    eraseUnused(block.branch.ops);
  }
}

namespace {
struct MakeReversible : colonnade::impl::MakeReversibleBase<MakeReversible> {
  using MakeReversibleBase::MakeReversibleBase;

  void runOnOperation() override {
    func::FuncOp function = getOperation();
    if (fraction < 0 || fraction > FixedPointAttr::kMostFraction) {
      function.emitError("expected fraction in [0, ")
          << FixedPointAttr::kMostFraction << "], got " << fraction.getValue();
      return signalPassFailure();
    }
    if (function.isExternal())
      return;
    if (!function.getBody().hasOneBlock())
      return remarkMissed(kRule, function, "expected a function of one block");
    SmallVector<Chain> chains = ChainFinder(function).run();
    llvm::for_each(chains, reportChain);
    // The last one first: those before it make the values that it reads.
    for (const Chain &chain : llvm::reverse(chains))
      convert(chain, fraction);
  }
};
} // namespace
