//===- DepthwiseCost.cpp - Array or vector unit? --------------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Cuts the layer out of its network, maps and schedules a copy for each
// candidate, and asks the timing simulator. Nothing is estimated.
//
//===----------------------------------------------------------------------===//

#include "DepthwiseCost.h"
#include "NetworkMapper.h"
#include "colonnade/Dialect/Systolic/Transforms/Schedule.h"
#include "colonnade/Simulator/Timing.h"
#include "colonnade/Target/ProgramExport.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Transforms/RegionUtils.h"
#include "llvm/Support/Threading.h"

using namespace mlir;
using namespace colonnade;
using namespace colonnade::systolic;

namespace {

/// Copies a layer into a module of its own.
class LayerExtractor {
public:
  LayerExtractor(linalg::LinalgOp op, linalg::GenericOp epilogue)
      : op(op), epilogue(epilogue), builder(op.getContext()) {}

  OwningOpRef<ModuleOp> extract();

private:
  bool isPartOfLayer(Operation *candidate) const;
  /// The copy of `value` and of what the layer makes it from; zeros for what
  /// other layers make.
  Value copy(Value value);
  Value createCopyingLayer(Value value);

  linalg::LinalgOp op;
  linalg::GenericOp epilogue;
  OpBuilder builder;
  IRMapping copies;
};

/// The ways to run one depthwise convolution, and what they cost.
class DepthwiseTrials {
public:
  DepthwiseTrials(OwningOpRef<ModuleOp> layer, TargetAttr target)
      : layer(std::move(layer)), target(target) {}

  /// None if the machine cannot run the layer so.
  std::optional<int64_t> countCycles(const DepthwiseChoice &way) const;

private:
  OwningOpRef<ModuleOp> layer;
  TargetAttr target;
};

} // namespace

//===----------------------------------------------------------------------===//
// Extraction
//===----------------------------------------------------------------------===//

/// What prepares the data of a layer without computing anything.
static bool isPreparation(Operation *op) {
  return isViewOp(op) || isa<tensor::PadOp, TermQuantizeOp>(op);
}

/// What the layer in front makes: the data before it is prepared.
static Value getSource(linalg::LinalgOp op) {
  Value value = op.getDpsInputs()[0];
  for (Operation *maker = value.getDefiningOp(); maker && isPreparation(maker);
       maker = value.getDefiningOp())
    value = isViewOp(maker) ? getViewSource(maker) : maker->getOperand(0);
  return value;
}

bool LayerExtractor::isPartOfLayer(Operation *candidate) const {
  return candidate == op || (epilogue && candidate == epilogue) ||
         isPreparation(candidate) || matchPattern(candidate, m_Constant()) ||
         isa<tensor::EmptyOp, linalg::FillOp>(candidate);
}

Value LayerExtractor::copy(Value value) {
  if (Value known = copies.lookupOrNull(value))
    return known;
  Operation *maker = value.getDefiningOp();
  if (!maker || !isPartOfLayer(maker)) {
    Value zeros = arith::ConstantOp::create(
        builder, value.getLoc(), builder.getZeroAttr(value.getType()));
    copies.map(value, zeros);
    return zeros;
  }
  llvm::SetVector<Value> captured;
  getUsedValuesDefinedAbove(maker->getRegions(), captured);
  for (Value operand :
       llvm::concat<Value>(SmallVector<Value>(maker->getOperands()),
                           SmallVector<Value>(captured.getArrayRef())))
    copy(operand);
  builder.clone(*maker, copies);
  return copies.lookup(value);
}

/// Stands for the layer in front, which makes its result where this one wants
/// it: inside a padding, or with fewer terms.
Value LayerExtractor::createCopyingLayer(Value value) {
  auto type = cast<RankedTensorType>(value.getType());
  Value empty = tensor::EmptyOp::create(builder, value.getLoc(),
                                        type.getShape(), type.getElementType());
  AffineMap map = builder.getMultiDimIdentityMap(type.getRank());
  SmallVector<utils::IteratorType> loops(type.getRank(),
                                         utils::IteratorType::parallel);
  return linalg::GenericOp::create(
             builder, value.getLoc(), empty.getType(), value, empty,
             ArrayRef<AffineMap>{map, map}, loops,
             [](OpBuilder &body, Location loc, ValueRange arguments) {
               linalg::YieldOp::create(body, loc, arguments.front());
             })
      .getResult(0);
}

OwningOpRef<ModuleOp> LayerExtractor::extract() {
  Value source = getSource(op);
  Value result = epilogue ? epilogue->getResult(0) : op->getResult(0);
  OwningOpRef<ModuleOp> module = ModuleOp::create(builder, op.getLoc());
  builder.setInsertionPointToEnd(module->getBody());
  auto function = func::FuncOp::create(
      builder, op.getLoc(), "main",
      builder.getFunctionType(source.getType(), result.getType()));
  builder.setInsertionPointToStart(function.addEntryBlock());
  Value argument = function.getArgument(0);
  bool isMade = !isa<BlockArgument>(source);
  copies.map(source, isMade ? createCopyingLayer(argument) : argument);
  func::ReturnOp::create(builder, op.getLoc(), copy(result));
  return module;
}

//===----------------------------------------------------------------------===//
// Trials
//===----------------------------------------------------------------------===//

std::optional<int64_t>
DepthwiseTrials::countCycles(const DepthwiseChoice &way) const {
  // That a candidate does not fit is no error of the network. Other threads'
  // diagnostics pass.
  uint64_t thread = llvm::get_threadid();
  ScopedDiagnosticHandler quiet(target.getContext(), [&](Diagnostic &) {
    return success(llvm::get_threadid() == thread);
  });
  OwningOpRef<ModuleOp> candidate(layer.get().clone());
  auto function = *candidate->getOps<func::FuncOp>().begin();
  NetworkMapper(function, target, way).run();
  FailureOr<ProgramOp> program = scheduleFunction(function, target);
  if (failed(program))
    return std::nullopt;
  FailureOr<ExportedProgram> exported = exportProgram(*program);
  if (failed(exported))
    return std::nullopt;
  llvm::Expected<sim::ProgramTiming> timing =
      sim::computeTiming(exported->program);
  if (timing)
    return timing->getCycles();
  llvm::consumeError(timing.takeError());
  return std::nullopt;
}

DepthwiseChoice colonnade::chooseDepthwise(linalg::LinalgOp op,
                                           linalg::GenericOp epilogue,
                                           TargetAttr target) {
  DepthwiseTrials trials(LayerExtractor(op, epilogue).extract(), target);
  DepthwiseChoice choice;
  choice.vectorCycles = trials.countCycles(DepthwiseChoice());
  int64_t channels =
      cast<RankedTensorType>(op->getResult(0).getType()).getDimSize(1);
  for (int64_t blocks = 1; blocks <= channels; ++blocks) {
    if (channels % blocks != 0)
      continue;
    DepthwiseChoice way;
    way.isOnArray = true;
    way.blocks = blocks;
    std::optional<int64_t> cycles = trials.countCycles(way);
    if (!cycles || (choice.arrayCycles && *choice.arrayCycles <= *cycles))
      continue;
    choice.blocks = blocks;
    choice.arrayCycles = cycles;
  }
  choice.isOnArray =
      choice.arrayCycles &&
      (!choice.vectorCycles || *choice.arrayCycles <= *choice.vectorCycles);
  return choice;
}
