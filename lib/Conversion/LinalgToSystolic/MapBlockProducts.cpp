//===- MapBlockProducts.cpp - Maps products of blocks ---------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The part of NetworkMapper that puts contractions of blocks on an array of
// block cells. Roundings become conversions at the array's border; where values
// were moved after they had been rounded, the converter rounds them again, to
// nearest, which changes nothing.
//
//===----------------------------------------------------------------------===//

#include "NetworkMapper.h"
#include "colonnade/Dialect/Colonnade/IR/BlockProducts.h"
#include "colonnade/Dialect/Colonnade/IR/Contractions.h"
#include "colonnade/Dialect/Systolic/IR/BlockPasses.h"
#include "colonnade/Simulator/BlockPasses.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/IR/Matchers.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace colonnade;
using namespace colonnade::systolic;

//===----------------------------------------------------------------------===//
// Conversions
//===----------------------------------------------------------------------===//

/// The mantissa bits of an op, which is clamped to what its type promises.
static Objection getMantissa(BlockQuantizeOp op, const BlockFormat &format,
                             int64_t &bits) {
  bits = format.mantissaBits;
  if (!op.getMantissa())
    return std::nullopt;
  APInt constant;
  if (!matchPattern(op.getMantissa(), m_ConstantInt(&constant)))
    return std::string(
        "the mantissa bits are chosen at run time, but a schedule "
        "has one precision: give a constant 'mantissa', or train "
        "with a fixed format");
  bits = format.withMantissaBits(constant.getSExtValue()).mantissaBits;
  return std::nullopt;
}

/// Where the array finds the counter of a stochastic rounding: the constant or
/// the tensor that it was extracted from.
static Objection getCounter(BlockQuantizeOp op,
                            std::optional<int64_t> &constant, Value &tensor) {
  APInt value;
  if (matchPattern(op.getCounter(), m_ConstantInt(&value))) {
    constant = value.getSExtValue();
    return std::nullopt;
  }
  auto extract = op.getCounter().getDefiningOp<tensor::ExtractOp>();
  if (!extract || !extract.getIndices().empty())
    return std::string("the counter of a rounding must be a constant or the "
                       "element of a tensor<i64>");
  if (tensor && tensor != extract.getTensor())
    return std::string("the roundings of both operands must have one counter");
  tensor = extract.getTensor();
  return std::nullopt;
}

Objection NetworkMapper::planConversion(const BlockOrigin &origin,
                                        BlockContraction &contraction,
                                        unsigned number) {
  BlockFormat format = origin.promise.getFormat();
  const BlockFormat &cell = target.getCellModel()->getBlockCell()->format;
  auto rounding = RoundingAttr::get(
      builder.getContext(), BlockRounding::Nearest, 0, BlockNoise::kMaxBits);
  std::optional<int64_t> counter;
  BlockQuantizeOp quantize = origin.quantize;
  if (quantize) {
    int64_t bits = 0;
    if (Objection objection = getMantissa(quantize, format, bits))
      return objection;
    format.mantissaBits = bits;
  }
  if (quantize && !origin.isMoved) {
    contraction.sources[number] = quantize.getSource();
    rounding = quantize.getRounding();
    if (rounding.isStochastic())
      if (Objection objection =
              getCounter(quantize, counter, contraction.counter))
        return objection;
  }
  if (format.group != cell.group || format.exponentBits > cell.exponentBits ||
      format.mantissaBits > cell.mantissaBits)
    return llvm::formatv(
               "operand {0} has blocks of {1} values with {2} exponent and {3} "
               "mantissa bits, but the cells hold blocks of {4} with up to {5} "
               "and {6}",
               number, format.group, format.exponentBits, format.mantissaBits,
               cell.group, cell.exponentBits, cell.mantissaBits)
        .str();
  contraction.conversions[number] = ConversionAttr::get(
      builder.getContext(), format.group, format.exponentBits,
      format.mantissaBits, rounding, counter);
  return std::nullopt;
}

//===----------------------------------------------------------------------===//
// Dataflows
//===----------------------------------------------------------------------===//

/// What a value is a view of.
static Value getRoot(Value value) {
  while (Operation *op = value.getDefiningOp()) {
    if (!isViewOp(op))
      break;
    value = getViewSource(op);
  }
  return value;
}

/// Whether the array may hold the value over many runs: a parameter or a
/// constant.
static bool isParameter(Value value) {
  if (matchPattern(value, m_Constant()))
    return true;
  auto argument = dyn_cast<BlockArgument>(value);
  auto function =
      argument ? dyn_cast<func::FuncOp>(argument.getOwner()->getParentOp())
               : func::FuncOp();
  return function &&
         function.getArgAttr(argument.getArgNumber(),
                             ColonnadeDialect::getParameterAttrName());
}

void NetworkMapper::chooseDataflow(const BlockProduct &product,
                                   BlockContraction &contraction) {
  std::array<Value, 2> roots;
  for (auto [number, root] : llvm::enumerate(roots)) {
    BlockQuantizeOp quantize = product.origins[number].quantize;
    root =
        getRoot(quantize ? quantize.getSource() : contraction.sources[number]);
  }
  bool isFirst = isParameter(roots[0]), isSecond = isParameter(roots[1]);
  contraction.held = isFirst && !isSecond ? 0 : 1;
  if (!isFirst && !isSecond) {
    contraction.dataflow = BlockDataflow::OutputStationary;
    return;
  }
  BlockQuantizeOp quantize = product.origins[contraction.held].quantize;
  int64_t axis = product.origins[contraction.held].promise.getAxis();
  if (quantize)
    axis = findBlockOrigin(quantize.getResult()).promise.getAxis();
  // The first product holds the parameter as the weights of a forward pass.
  auto [first, isNew] = heldAxes.try_emplace(roots[contraction.held], axis);
  bool isTurned = !isNew && first->second != axis;
  int64_t group = target.getCellModel()->getBlockCell()->format.group;
  contraction.dataflow = isTurned && target.getRows() >= group
                             ? BlockDataflow::Orthogonal
                             : BlockDataflow::WeightStationary;
}

//===----------------------------------------------------------------------===//
// Mapping
//===----------------------------------------------------------------------===//

Objection NetworkMapper::planBlockProduct(linalg::LinalgOp op,
                                          BlockProduct &product,
                                          BlockContraction &contraction) {
  if (Objection objection = matchBlockProduct(op, product))
    return objection;
  for (unsigned number = 0; number < 2; ++number) {
    contraction.sources[number] = op->getOperand(number);
    if (Objection objection =
            planConversion(product.origins[number], contraction, number))
      return objection;
  }
  return std::nullopt;
}

BlockContractOp NetworkMapper::createBlockContract(
    linalg::LinalgOp op, const BlockProduct &product,
    const BlockContraction &contraction, StringRef name) {
  unsigned loops = product.loops.size();
  SmallVector<AffineExpr> replacements(loops);
  SmallVector<int64_t> extents, ranges = op.getStaticLoopRanges();
  for (auto [position, loop] : llvm::enumerate(product.loops)) {
    replacements[loop] = builder.getAffineDimExpr(position);
    extents.push_back(ranges[loop]);
  }
  unsigned held = contraction.held, passing = 1 - held;
  auto getMap = [&](unsigned number) {
    return op.getIndexingMapsArray()[number].replaceDimsAndSymbols(
        replacements, {}, loops, 0);
  };
  Value counter = contraction.counter ? lookup(contraction.counter) : Value();
  return BlockContractOp::create(
      builder, op.getLoc(), op->getResult(0).getType(), name,
      lookup(contraction.sources[held]), lookup(contraction.sources[passing]),
      counter, contraction.dataflow, extents, product.numReductions,
      builder.getAffineMapArrayAttr({getMap(held), getMap(passing)}),
      contraction.conversions[held], contraction.conversions[passing]);
}

/// Cycles of the whole product; none if the machine cannot run it.
static std::optional<int64_t>
countCycles(BlockContractOp op, const sim::MachineDescription &machine) {
  llvm::Expected<sim::BlockSchedule> schedule =
      sim::scheduleBlockPass(machine, getBlockPass(op, op.getExtents()));
  if (schedule)
    return schedule->cycles;
  llvm::consumeError(schedule.takeError());
  return std::nullopt;
}

void NetworkMapper::chooseCheapest(linalg::LinalgOp op,
                                   const BlockProduct &product,
                                   BlockContraction &contraction) {
  sim::MachineDescription machine = target.getMachineDescription();
  auto count = [&](const BlockContraction &candidate) {
    BlockContractOp trialOp =
        createBlockContract(op, product, candidate, "trial");
    std::optional<int64_t> cycles = countCycles(trialOp, machine);
    trialOp.erase();
    return cycles.value_or(INT64_MAX);
  };
  int64_t fewest = count(contraction);
  BlockContraction candidate = contraction;
  for (candidate.held = 0; candidate.held < 2; ++candidate.held)
    for (BlockDataflow dataflow :
         {BlockDataflow::WeightStationary, BlockDataflow::Orthogonal,
          BlockDataflow::OutputStationary}) {
      candidate.dataflow = dataflow;
      int64_t cycles = count(candidate);
      if (cycles >= fewest)
        continue;
      fewest = cycles;
      contraction = candidate;
    }
}

Objection NetworkMapper::mapBlockProduct(linalg::LinalgOp op) {
  BlockProduct product;
  BlockContraction contraction;
  if (Objection objection = planBlockProduct(op, product, contraction))
    return objection;
  chooseDataflow(product, contraction);
  if (blockDataflow == BlockDataflowChoice::Cheapest)
    chooseCheapest(op, product, contraction);
  std::string name = makeLayerName("product");
  BlockContractOp layer = createBlockContract(op, product, contraction, name);
  mapping.map(op->getResult(0), layer.getResult());
  auto report = passed(op.getLoc(), "mapped");
  // Counting is not for free.
  if (!report)
    return std::nullopt;
  report << remark::add("layer {0} runs on the array", name)
         << remark::metric("dataflow",
                           stringifyBlockDataflow(contraction.dataflow))
         << remark::metric("held operand", contraction.held)
         << remark::metric("held mantissa",
                           layer.getHeldConversion().getMantissa())
         << remark::metric("passing mantissa",
                           layer.getPassingConversion().getMantissa());
  if (auto cycles = countCycles(layer, target.getMachineDescription()))
    report << remark::metric("cycles", *cycles);
  return std::nullopt;
}

//===----------------------------------------------------------------------===//
// Products of other floats
//===----------------------------------------------------------------------===//

bool colonnade::isFloatContraction(linalg::LinalgOp op) {
  return isContraction(op) && llvm::all_of(op.getDpsInputs(), [](Value input) {
           return getElementTypeOrSelf(input.getType()).isF32();
         });
}

bool NetworkMapper::hasBlockCells() const {
  return target.getCellModel()->getBlockCell() != nullptr;
}

/// Products of floats that are not rounded to blocks are nests.
Objection NetworkMapper::mapFloatContraction(linalg::LinalgOp op) {
  Objection whyNotArray = mapBlockProduct(op);
  if (!whyNotArray)
    return std::nullopt;
  remark::missed(op.getLoc(),
                 remark::RemarkOpts::name("not-on-array").category("systolic"))
      << remark::reason("{0}", *whyNotArray);
  auto generic = dyn_cast<linalg::GenericOp>(op.getOperation());
  if (!generic) {
    IRRewriter rewriter(builder);
    FailureOr<linalg::GenericOp> general =
        linalg::generalizeNamedOp(rewriter, op);
    if (failed(general))
      return std::string("the op has no form as loops");
    generic = *general;
  }
  builder.setInsertionPoint(generic);
  if (Objection objection = mapGeneric(generic))
    reject(generic, *objection);
  return std::nullopt;
}
