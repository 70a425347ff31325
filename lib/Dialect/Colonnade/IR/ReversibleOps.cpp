//===- ReversibleOps.cpp - Ops of reversible networks ---------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Parses, prints, verifies and folds the ops. Comments cite the constraints
// that ReversibleOps.td numbers.
//
//===----------------------------------------------------------------------===//

#include "CouplingSyntax.h"
#include "colonnade/Dialect/Colonnade/IR/ColonnadeOps.h"
#include "colonnade/Dialect/Colonnade/IR/Promises.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/PatternMatch.h"

using namespace mlir;
using namespace colonnade;

//===----------------------------------------------------------------------===//
// ReversibleOp
//===----------------------------------------------------------------------===//

static ParseResult parseCouplingRegion(OpAsmParser &parser, Region &region) {
  OpAsmParser::Argument argument;
  return failure(parser.parseLParen() ||
                 parser.parseArgument(argument, /*allowType=*/true) ||
                 parser.parseRParen() || parser.parseRegion(region, argument));
}

ParseResult colonnade::parseCouplingRegions(OpAsmParser &parser, Region &f,
                                            Region &g) {
  SMLoc loc = parser.getCurrentLocation();
  if (failed(parser.parseOptionalKeyword("f")))
    return parser.emitError(
        loc, "expected the region that changes stream 1, 'f(%x: type) {...}'");
  if (parseCouplingRegion(parser, f))
    return failure();
  if (failed(parser.parseOptionalKeyword("g")))
    return success();
  return parseCouplingRegion(parser, g);
}

void colonnade::printCouplingRegions(OpAsmPrinter &printer, Operation *,
                                     Region &f, Region &g) {
  auto print = [&](StringRef name, Region &region) {
    printer << name << '(';
    printer.printRegionArgument(region.getArgument(0));
    printer << ") ";
    printer.printRegion(region, /*printEntryBlockArgs=*/false);
  };
  // On lines of their own, below the op.
  printer.increaseIndent();
  printer.printNewline();
  print("f", f);
  if (!g.empty()) {
    printer << ' ';
    print("g", g);
  }
  printer.decreaseIndent();
}

void ReversibleOp::build(OpBuilder &builder, OperationState &state,
                         CouplingKind kind, Value stream1, Value stream2,
                         bool inverse) {
  state.addOperands({stream1, stream2});
  state.addTypes({stream1.getType(), stream2.getType()});
  Properties &properties = state.getOrAddProperties<Properties>();
  properties.kind = CouplingKindAttr::get(builder.getContext(), kind);
  if (inverse)
    properties.inverse = builder.getUnitAttr();
  state.addRegion();
  state.addRegion();
}

bool ReversibleOp::isExact() {
  return static_cast<bool>(getFixedPointPromise(getStream1().getType()));
}

RankedTensorType ReversibleOp::getRegionType() {
  RankedTensorType type = getStream1().getType();
  if (!isExact())
    return type;
  return RankedTensorType::get(type.getShape(), Float32Type::get(getContext()));
}

CouplingYieldOp ReversibleOp::getYield(Region &region) {
  return cast<CouplingYieldOp>(region.front().getTerminator());
}

Block *ReversibleOp::addBlock(Region &region) {
  Block &block = region.emplaceBlock();
  block.addArgument(getRegionType(), getLoc());
  return &block;
}

void ReversibleOp::getAsmResultNames(OpAsmSetValueNameFn setName) {
  setName(getResult1(), getInverse() ? "x1" : "y1");
  setName(getResult2(), getInverse() ? "x2" : "y2");
}

void ReversibleOp::getAsmBlockArgumentNames(Region &region,
                                            OpAsmSetValueNameFn setName) {
  if (!region.empty() && region.getNumArguments() == 1)
    setName(region.getArgument(0), "in");
}

LogicalResult ReversibleOp::verify() {
  RankedTensorType type = getStream1().getType();
  bool isPlain = isa<FloatType>(type.getElementType()) && !type.getEncoding();
  if (!isPlain && !isExact()) // RV1
    return emitOpError("expected streams of floats without an encoding or of "
                       "i32 with a fixed_point promise, got ")
           << type;
  if (getKind() == CouplingKind::Affine && isExact()) // RV2
    return emitOpError("expected float streams of an affine coupling, got ")
           << type;
  return success();
}

static StringRef getRegionName(ReversibleOp op, Region &region) {
  return &region == &op.getF() ? "f" : "g";
}

/// RV3 and RV4.
static LogicalResult verifyRegionTypes(ReversibleOp op, Region &region) {
  RankedTensorType type = op.getRegionType();
  StringRef name = getRegionName(op, region);
  if (region.getNumArguments() != 1) // RV3
    return op.emitOpError("expected one argument of region ")
           << name << ", got " << region.getNumArguments();
  if (region.getArgument(0).getType() != type) // RV3
    return op.emitOpError("expected an argument of type ")
           << type << " of region " << name << ", got "
           << region.getArgument(0).getType();
  auto yield = dyn_cast<CouplingYieldOp>(region.front().getTerminator());
  if (!yield) // RV4
    return op.emitOpError("expected region ")
           << name << " to end with colonnade.yield, got '"
           << region.front().getTerminator()->getName() << "'";
  unsigned count = op.getKind() == CouplingKind::Affine ? 2 : 1;
  if (yield.getNumOperands() != count) // RV4
    return yield.emitOpError("expected ")
           << count << " values of region " << name << " of an "
           << stringifyCouplingKind(op.getKind()) << " coupling, got "
           << yield.getNumOperands();
  for (Value value : yield.getValues())
    if (value.getType() != type) // RV4
      return yield.emitOpError("expected values of type ")
             << type << ", got " << value.getType();
  return success();
}

/// RV5. Effects of ops with regions are those of what is in them.
static LogicalResult verifyPure(ReversibleOp op, Region &region) {
  for (Operation &nested : region.getOps()) {
    if (isMemoryEffectFree(&nested))
      continue;
    InFlightDiagnostic diagnostic =
        op.emitOpError("expected only pure ops in region ")
        << getRegionName(op, region)
        << ", so that the inverse computes the same again, got '"
        << nested.getName() << "'";
    diagnostic.attachNote(nested.getLoc()) << "the op with effects is here";
    return diagnostic;
  }
  return success();
}

LogicalResult ReversibleOp::verifyRegions() {
  for (Region *region : getRegions())
    if (!region->empty() && (failed(verifyRegionTypes(*this, *region)) ||
                             failed(verifyPure(*this, *region))))
      return failure();
  return success();
}

static bool areEquivalent(Region &a, Region &b) {
  if (a.empty() || b.empty())
    return a.empty() && b.empty();
  return OperationEquivalence::isRegionEquivalentTo(
      &a, &b, OperationEquivalence::IgnoreLocations);
}

LogicalResult ReversibleOp::fold(FoldAdaptor,
                                 SmallVectorImpl<OpFoldResult> &results) {
  auto other = getStream1().getDefiningOp<ReversibleOp>();
  // Of float streams the rounding would be folded away with it.
  if (!other || !isExact() || getStream1() != other.getResult1() ||
      getStream2() != other.getResult2() ||
      getInverse() == other.getInverse() ||
      !areEquivalent(getF(), other.getF()) ||
      !areEquivalent(getG(), other.getG()))
    return failure();
  results.append({other.getStream1(), other.getStream2()});
  return success();
}

//===----------------------------------------------------------------------===//
// SpaceToDepthOp
//===----------------------------------------------------------------------===//

static RankedTensorType getBlockedType(RankedTensorType source, bool inverse,
                                       int64_t block, int64_t channel,
                                       int64_t height, int64_t width) {
  SmallVector<int64_t> shape(source.getShape());
  if (inverse) {
    shape[channel] /= block * block;
    shape[height] *= block;
    shape[width] *= block;
  } else {
    shape[channel] *= block * block;
    shape[height] /= block;
    shape[width] /= block;
  }
  return source.clone(shape);
}

void SpaceToDepthOp::build(OpBuilder &builder, OperationState &state,
                           Value source, bool inverse, int64_t block,
                           int64_t channel, int64_t height, int64_t width) {
  auto type = cast<RankedTensorType>(source.getType());
  build(builder, state,
        getBlockedType(type, inverse, block, channel, height, width), source,
        inverse, block, channel, height, width);
}

/// SD1 to SD3.
static LogicalResult verifyBlocks(SpaceToDepthOp op) {
  RankedTensorType source = op.getSource().getType();
  int64_t block = op.getBlock(), rank = source.getRank();
  if (block < 1) // SD1
    return op.emitOpError("expected a block of at least 1, got ") << block;
  int64_t channel = op.getChannel(), height = op.getHeight(),
          width = op.getWidth();
  for (int64_t dim : {channel, height, width})
    if (dim < 0 || dim >= rank) // SD2
      return op.emitOpError("expected dimensions in [0, ")
             << rank << "), got " << dim;
  if (channel == height || height == width || width == channel) // SD2
    return op.emitOpError("expected three dimensions, got channel = ")
           << channel << ", height = " << height << ", width = " << width;
  if (!source.hasStaticShape()) // SD3
    return op.emitOpError("expected a static source, got ") << source;
  auto verifyMultiple = [&](StringRef name, int64_t dim,
                            int64_t divisor) -> LogicalResult {
    if (source.getDimSize(dim) % divisor == 0) // SD3
      return success();
    return op.emitOpError("expected ")
           << name << " to be a multiple of " << divisor << ", got "
           << source.getDimSize(dim);
  };
  if (op.getInverse())
    return verifyMultiple("the number of channels", channel, block * block);
  return failure(failed(verifyMultiple("the height", height, block)) ||
                 failed(verifyMultiple("the width", width, block)));
}

LogicalResult SpaceToDepthOp::verify() {
  if (failed(verifyBlocks(*this)))
    return failure();
  RankedTensorType source = getSource().getType();
  auto expected = getBlockedType(source, getInverse(), getBlock(), getChannel(),
                                 getHeight(), getWidth());
  if (getType() != expected) // SD4
    return emitOpError("expected the result type ")
           << expected << ", got " << getType();
  if (source.getEncoding() && !getFixedPointPromise(source)) // SD5
    return emitOpError("expected no encoding or a fixed_point promise, got ")
           << source;
  return success();
}

OpFoldResult SpaceToDepthOp::fold(FoldAdaptor) {
  auto other = getSource().getDefiningOp<SpaceToDepthOp>();
  if (!other || getInverse() == other.getInverse() ||
      getBlock() != other.getBlock() || getChannel() != other.getChannel() ||
      getHeight() != other.getHeight() || getWidth() != other.getWidth())
    return nullptr;
  return other.getSource();
}

//===----------------------------------------------------------------------===//
// BarrierOp
//===----------------------------------------------------------------------===//

LogicalResult BarrierOp::inferReturnTypes(MLIRContext *,
                                          std::optional<Location>,
                                          ValueRange operands, DictionaryAttr,
                                          OpaqueProperties, RegionRange,
                                          SmallVectorImpl<Type> &types) {
  llvm::append_range(types, operands.getTypes());
  return success();
}

LogicalResult BarrierOp::verify() {
  if (getSources().empty()) // BA1
    return emitOpError("expected at least one operand, got none");
  return success();
}

void BarrierOp::getEffects(
    SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>>
        &effects) {
  for (OpResult result : getOperation()->getResults())
    effects.emplace_back(MemoryEffects::Allocate::get(), result);
}

namespace {

/// A value that nobody uses need not pass.
struct DropUnusedValues : public OpRewritePattern<BarrierOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(BarrierOp op,
                                PatternRewriter &rewriter) const override {
    SmallVector<Value> kept;
    for (auto [source, result] : llvm::zip(op.getSources(), op.getResults()))
      if (!result.use_empty())
        kept.push_back(source);
    if (kept.size() == op.getSources().size())
      return rewriter.notifyMatchFailure(op, "every value is used");
    if (kept.empty()) {
      rewriter.eraseOp(op);
      return success();
    }
    auto smaller = BarrierOp::create(rewriter, op.getLoc(), kept);
    auto next = smaller.getResults().begin();
    SmallVector<Value> replacements;
    for (auto [source, result] : llvm::zip(op.getSources(), op.getResults()))
      replacements.push_back(result.use_empty() ? source : Value(*next++));
    rewriter.replaceOp(op, replacements);
    return success();
  }
};

} // namespace

void BarrierOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                            MLIRContext *context) {
  patterns.add<DropUnusedValues>(context);
}

bool BarrierOp::bufferizesToMemoryRead(OpOperand &,
                                       const bufferization::AnalysisState &) {
  return false;
}

bool BarrierOp::bufferizesToMemoryWrite(OpOperand &,
                                        const bufferization::AnalysisState &) {
  return false;
}

bufferization::AliasingValueList
BarrierOp::getAliasingValues(OpOperand &operand,
                             const bufferization::AnalysisState &) {
  return {{getOperation()->getResult(operand.getOperandNumber()),
           bufferization::BufferRelation::Equivalent}};
}

LogicalResult
BarrierOp::bufferize(RewriterBase &rewriter,
                     const bufferization::BufferizationOptions &options,
                     bufferization::BufferizationState &state) {
  SmallVector<Value> buffers;
  for (Value source : getSources()) {
    FailureOr<Value> buffer =
        bufferization::getBuffer(rewriter, source, options, state);
    if (failed(buffer))
      return failure();
    buffers.push_back(*buffer);
  }
  bufferization::replaceOpWithBufferizedValues(rewriter, *this, buffers);
  return success();
}
