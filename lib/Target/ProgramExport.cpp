//===- ProgramExport.cpp - From IR to the simulator's program -*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Buffers and loops of the interpreter that flattens a program, and its entry
// points.
//
//===----------------------------------------------------------------------===//

#include "colonnade/Target/ProgramExport.h"
#include "Exporter.h"
#include "colonnade/Diagnostics/NodeDiagnostics.h"
#include "colonnade/Simulator/ProgramVerifier.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace colonnade;
using namespace colonnade::systolic;

/// The part of a training step that an op belongs to
/// (lib/Training/StepRoles.h).
using Role = FusedLocWith<StringAttr>;

static std::string getLocationText(Location loc) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  if (std::optional<NodeLocation> node = findNode(loc))
    stream << node->model.getFilename().getValue() << ": node '" << node->name
           << "'";
  else if (auto file = loc->findInstanceOf<FileLineColLoc>())
    stream << file.getFilename().getValue() << ":" << file.getLine() << ":"
           << file.getColumn();
  else if (auto named = loc->findInstanceOf<NameLoc>())
    stream << "'" << named.getName().getValue() << "'";
  else if (auto role = dyn_cast<Role>(loc))
    role.getLocations().front().print(stream);
  else
    loc.print(stream);
  return text;
}

static constexpr size_t kMostInstructions = 100000000;

FailureOr<ExportedProgram> Exporter::run() {
  sim::Program &program = result.program;
  program.name = op.getSymName().str();
  program.machine = op.getTarget().getMachineDescription();
  program.targetHash = op.getTargetHash().str();
  if (failed(visitBlock(op.getBody().front())))
    return failure();
  return std::move(result);
}

LogicalResult Exporter::visitBlock(Block &block) {
  for (Operation &operation : block)
    if (failed(visit(&operation)))
      return failure();
  return success();
}

LogicalResult Exporter::visit(Operation *operation) {
  sim::Program &program = result.program;
  return llvm::TypeSwitch<Operation *, LogicalResult>(operation)
      .Case([&](arith::ConstantOp constant) {
        if (auto value = dyn_cast<IntegerAttr>(constant.getValue()))
          indices[constant] = value.getInt();
        return success();
      })
      .Case([&](scf::ForOp loop) { return visitLoop(loop); })
      .Case([&](scf::YieldOp) { return success(); })
      .Case([&](affine::AffineApplyOp apply) { return visitApply(apply); })
      .Case([&](HostInputOp host) {
        visitHost(program.inputs.emplace_back(), host);
        program.inputs.back().zeroPoint = host.getZeroPoint();
        return success();
      })
      .Case([&](HostOutputOp host) {
        visitHost(program.outputs.emplace_back(), host);
        return success();
      })
      .Case([&](BufferOp buffer) {
        buffers[buffer] = {buffer.getAddress(), buffer.getSize()};
        return success();
      })
      .Case([&](ConstantsOp constants) {
        visitConstants(constants);
        return success();
      })
      .Case([&](WeightsOp packed) {
        weights[packed] = program.weights.size();
        program.weights.push_back(packed.getPackedWeights());
        return success();
      })
      .Case([&](RunTimeWeightsOp computed) {
        weights[computed] = program.weights.size();
        program.weights.push_back(computed.getPackedShape());
        return success();
      })
      .Case([&](ReadyOp ready) {
        tokens[ready] = std::nullopt;
        return success();
      })
      .Case([&](DmaCopyOp copy) {
        visitCopy(copy);
        return success();
      })
      .Case([&](DmaBoxOp box) {
        visitBox(box);
        return success();
      })
      .Case([&](DmaWeightsOp dma) {
        visitWeights(dma);
        return success();
      })
      .Case([&](LoadWeightsOp load) {
        int64_t address =
            buffers.lookup(load.getSource()).first + index(load.getOffset());
        sim::LoadWeights payload{getTile(load.getWeights(), load.getTile()),
                                 address};
        tokens[load] =
            sim::Token{append(load, load.getLayer(), payload, load.getAfter())};
        return success();
      })
      .Case([&](StreamOp stream) {
        visitStream(stream);
        return success();
      })
      .Case([&](VectorPassOp pass) {
        visitVector(pass);
        return success();
      })
      .Case([&](NestPassOp pass) {
        visitNest(pass);
        return success();
      })
      .Case([&](BlockPassOp pass) {
        visitBlocks(pass);
        return success();
      })
      .Default([](Operation *other) {
        return other->emitOpError() << "cannot be exported";
      });
}

LogicalResult Exporter::visitLoop(scf::ForOp loop) {
  int64_t low = index(loop.getLowerBound());
  int64_t high = index(loop.getUpperBound());
  int64_t step = index(loop.getStep());
  if (step < 1)
    return loop.emitOpError() << "expected a step of at least 1, got " << step;
  SmallVector<std::optional<sim::Token>> carried;
  for (Value init : loop.getInitArgs())
    carried.push_back(tokens.lookup(init));
  for (int64_t i = low; i < high; i += step) {
    indices[loop.getInductionVar()] = i;
    for (auto [argument, token] : llvm::zip(loop.getRegionIterArgs(), carried))
      tokens[argument] = token;
    if (failed(visitBlock(*loop.getBody())))
      return failure();
    if (result.program.instructions.size() > kMostInstructions)
      return loop.emitOpError() << "makes the program longer than "
                                << kMostInstructions << " instructions";
    for (auto [token, value] :
         llvm::zip(carried, loop.getBody()->getTerminator()->getOperands()))
      token = tokens.lookup(value);
  }
  for (auto [value, token] : llvm::zip(loop.getResults(), carried))
    tokens[value] = token;
  return success();
}

/// The value of `expr` at `operands`; none for a division by what is not
/// positive.
static std::optional<int64_t> evaluate(AffineExpr expr,
                                       ArrayRef<int64_t> operands) {
  if (auto constant = dyn_cast<AffineConstantExpr>(expr))
    return constant.getValue();
  if (auto dimension = dyn_cast<AffineDimExpr>(expr))
    return operands[dimension.getPosition()];
  auto binary = dyn_cast<AffineBinaryOpExpr>(expr);
  if (!binary)
    return std::nullopt;
  std::optional<int64_t> left = evaluate(binary.getLHS(), operands);
  std::optional<int64_t> right = evaluate(binary.getRHS(), operands);
  if (!left || !right)
    return std::nullopt;
  if (binary.getKind() == AffineExprKind::Add)
    return *left + *right;
  if (binary.getKind() == AffineExprKind::Mul)
    return *left * *right;
  if (*right < 1)
    return std::nullopt;
  if (binary.getKind() == AffineExprKind::Mod)
    return llvm::mod(*left, *right);
  return binary.getKind() == AffineExprKind::FloorDiv
             ? llvm::divideFloorSigned(*left, *right)
             : llvm::divideCeilSigned(*left, *right);
}

LogicalResult Exporter::visitApply(affine::AffineApplyOp apply) {
  AffineMap map = apply.getAffineMap();
  std::optional<int64_t> value =
      map.getNumSymbols() == 0
          ? evaluate(map.getResult(0), getIndices(apply.getMapOperands()))
          : std::nullopt;
  if (!value)
    return apply.emitOpError() << "has no constant value";
  indices[apply] = *value;
  return success();
}

SmallVector<int64_t> Exporter::getIndices(ValueRange values) const {
  return llvm::map_to_vector(values, [&](Value value) { return index(value); });
}

template <typename OpTy>
void Exporter::visitHost(sim::HostTensor &host, OpTy op) {
  auto tensor = cast<RankedTensorType>(op.getTensor());
  host.name = op.getName().value_or("").str();
  host.shape.assign(tensor.getShape().begin(), tensor.getShape().end());
  host.type = *getScalarType(tensor.getElementType());
  host.scale = op.getScale().convertToDouble();
  host.address = op.getAddress();
  buffers[op] = {host.address,
                 tensor.getNumElements() * sim::getBytes(host.type)};
}

void Exporter::visitConstants(ConstantsOp constants) {
  sim::ConstantBytes bytes;
  bytes.name = constants.getName().str();
  bytes.address = constants.getAddress();
  auto values = cast<DenseIntElementsAttr>(constants.getValues());
  for (int8_t value : values.getValues<int8_t>())
    bytes.bytes.push_back(static_cast<uint8_t>(value));
  buffers[constants] = {bytes.address,
                        static_cast<int64_t>(bytes.bytes.size())};
  result.program.constants.push_back(std::move(bytes));
}

//===----------------------------------------------------------------------===//
// Instructions
//===----------------------------------------------------------------------===//

unsigned Exporter::getLayer(StringRef name, Operation *origin) {
  auto [it, isNew] = layers.try_emplace(name, result.program.layers.size());
  if (isNew) {
    sim::Layer layer;
    layer.name = name.str();
    layer.location = getLocationText(origin->getLoc());
    if (auto role = origin->getLoc()->findInstanceOf<Role>())
      layer.role = role.getMetadata().str();
    result.program.layers.push_back(std::move(layer));
  }
  return it->second;
}

unsigned Exporter::append(Operation *origin, StringRef layer,
                          sim::Payload payload, ValueRange after) {
  sim::Instruction &instruction = result.program.instructions.emplace_back();
  instruction.payload = std::move(payload);
  instruction.layer = getLayer(layer, origin);
  for (Value value : after)
    if (std::optional<sim::Token> token = tokens.lookup(value))
      instruction.after.push_back(*token);
  result.origins.push_back(origin);
  return result.program.instructions.size() - 1;
}

//===----------------------------------------------------------------------===//
// Entry points
//===----------------------------------------------------------------------===//

FailureOr<ExportedProgram> colonnade::exportProgram(ProgramOp op) {
  return Exporter(op).run();
}

LogicalResult colonnade::verifySchedule(ProgramOp op) {
  FailureOr<ExportedProgram> exported = exportProgram(op);
  if (failed(exported))
    return failure();
  std::vector<sim::Violation> violations =
      sim::verifyProgram(exported->program);
  static constexpr size_t kMostMessages = 10;
  for (const sim::Violation &violation :
       ArrayRef(violations).take_front(kMostMessages)) {
    bool hasOrigin = violation.instruction < exported->origins.size();
    Operation *origin =
        hasOrigin ? exported->origins[violation.instruction] : op;
    InFlightDiagnostic diag = emitError(origin->getLoc()) << "schedule: ";
    if (hasOrigin)
      diag << "layer '"
           << exported->program
                  .layers[exported->program.instructions[violation.instruction]
                              .layer]
                  .name
           << "': ";
    diag << violation.message;
  }
  return success(violations.empty());
}
