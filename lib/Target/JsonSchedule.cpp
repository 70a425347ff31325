//===- JsonSchedule.cpp - Schedules as JSON -*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See the header. Sizes and addresses are bytes, pitches too.
//
//===----------------------------------------------------------------------===//

#include "colonnade/Target/JsonSchedule.h"
#include "colonnade/InitAllDialects.h"
#include "colonnade/Target/ProgramExport.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Tools/mlir-translate/Translation.h"
#include "llvm/Support/JSON.h"

using namespace mlir;
using namespace colonnade;
using namespace colonnade::sim;

using llvm::json::OStream;

template <typename Range>
static void writeList(OStream &json, StringRef name, const Range &values) {
  json.attributeArray(name, [&] {
    for (auto value : values)
      json.value(static_cast<int64_t>(value));
  });
}

static void writeHostTensor(OStream &json, const HostTensor &tensor) {
  json.object([&] {
    if (!tensor.name.empty())
      json.attribute("name", tensor.name);
    writeList(json, "shape", tensor.shape);
    json.attribute("type", stringify(tensor.type));
    json.attribute("scale", tensor.scale);
    json.attribute("zero_point", tensor.zeroPoint);
    json.attribute("address", tensor.address);
  });
}

static void writeHostTensors(OStream &json, StringRef name,
                             ArrayRef<HostTensor> tensors) {
  json.attributeArray(name, [&] {
    for (const HostTensor &tensor : tensors)
      writeHostTensor(json, tensor);
  });
}

static void writeWeights(OStream &json, const PackedWeights &weights) {
  json.object([&] {
    json.attribute("name", weights.name);
    json.attribute("blocks", weights.blocks);
    json.attribute("rows", weights.rows);
    json.attribute("matrix_columns", weights.matrixColumns);
    json.attribute("array_columns", weights.arrayColumns);
    json.attribute("depth", weights.depth);
    json.attribute("fan_in", weights.fanIn);
    json.attribute("weight_terms", weights.promises.weightTerms);
    json.attribute("data_terms", weights.promises.dataTerms);
    json.attribute("is_run_time", weights.isRunTime);
    if (weights.isRunTime)
      return;
    json.attribute("digest", llvm::utohexstr(weights.digest, true, 16));
    json.attribute("address", weights.address);
    writeList(json, "values", weights.values);
    writeList(json, "selects", weights.selects);
    writeList(json, "streams", weights.streams);
  });
}

static void writeWindow(OStream &json, const Window &w) {
  json.attributeObject("window", [&] {
    writeList(json, "input", ArrayRef<int64_t>{w.channels, w.height, w.width});
    writeList(json, "kernel", ArrayRef<int64_t>{w.kernelHeight, w.kernelWidth});
    writeList(json, "strides",
              ArrayRef<int64_t>{w.strideHeight, w.strideWidth});
    writeList(json, "dilations",
              ArrayRef<int64_t>{w.dilationHeight, w.dilationWidth});
    writeList(json, "padding", ArrayRef<int64_t>{w.padTop, w.padLeft});
    writeList(json, "output", ArrayRef<int64_t>{w.outHeight, w.outWidth});
  });
}

static void writeBand(OStream &json, const Band &band) {
  writeList(json, "band",
            ArrayRef<int64_t>{band.row, band.column, band.height, band.width});
}

static void writeViewFields(OStream &json, const View &view) {
  json.attribute("memory", stringify(view.memory));
  json.attribute("address", view.address);
  json.attribute("type", stringify(view.type));
  writeList(
      json, "pitches",
      ArrayRef<int64_t>{view.channelPitch, view.rowPitch, view.columnPitch});
  writeList(json, "origin",
            ArrayRef<int64_t>{view.originRow, view.originColumn});
}

static void writeTile(OStream &json, const Program &program,
                      const WeightTile &tile) {
  json.attribute("weights", program.weights[tile.weights].name);
  writeList(json, "tile", ArrayRef<int64_t>{tile.block, tile.row, tile.column});
}

static StringRef getOpcodeName(ScalarOpcode opcode) {
  static constexpr StringLiteral names[] = {"constant",
                                            "extend_sign",
                                            "truncate",
                                            "add",
                                            "subtract",
                                            "multiply",
                                            "add_wrapping",
                                            "multiply_wrapping",
                                            "divide",
                                            "remainder",
                                            "maximum",
                                            "minimum",
                                            "apply_scale",
                                            "encode_terms",
                                            "and",
                                            "or",
                                            "xor",
                                            "shift_left",
                                            "shift_right",
                                            "shift_right_logical",
                                            "compare_integer",
                                            "compare_float",
                                            "select",
                                            "add_float",
                                            "subtract_float",
                                            "multiply_float",
                                            "divide_float",
                                            "maximum_float",
                                            "minimum_float",
                                            "negate_float",
                                            "absolute_float",
                                            "square_root",
                                            "round_even",
                                            "floor",
                                            "integer_to_float",
                                            "float_to_integer",
                                            "bitcast"};
  return names[static_cast<unsigned>(opcode)];
}

static void writeBody(OStream &json, const ScalarBody &body) {
  json.attributeArray("body", [&] {
    for (const ScalarOperation &operation : body.operations)
      json.object([&] {
        json.attribute("opcode", getOpcodeName(operation.opcode));
        json.attribute("type", stringify(operation.type));
        writeList(json, "operands", operation.operands);
        json.attribute("immediate", operation.immediate);
      });
  });
  json.attribute("result", static_cast<int64_t>(body.result));
}

static void writePayload(OStream &json, const Program &, const DmaCopy &copy) {
  json.attribute("kind", "dma_copy");
  json.attribute("source_memory", stringify(copy.sourceMemory));
  json.attribute("source_address", copy.sourceAddress);
  writeList(json, "source_pitches", copy.sourcePitches);
  json.attribute("destination_memory", stringify(copy.destinationMemory));
  json.attribute("destination_address", copy.destinationAddress);
  writeList(json, "destination_pitches", copy.destinationPitches);
  writeList(json, "counts", copy.counts);
  json.attribute("run_bytes", copy.runBytes);
}

static void writePayload(OStream &json, const Program &program,
                         const DmaWeights &dma) {
  json.attribute("kind", "dma_weights");
  writeTile(json, program, dma.tile);
  if (const std::optional<RunTimeMatrix> &source = dma.source)
    json.attributeObject("source", [&] {
      json.attribute("memory", stringify(source->memory));
      json.attribute("address", source->address);
      writeList(json, "pitches",
                ArrayRef<int64_t>{source->blockPitch, source->rowPitch,
                                  source->columnPitch});
      json.attribute("buffer_address", source->bufferAddress);
      json.attribute("buffer_bytes", source->bufferBytes);
    });
  json.attribute("destination_address", dma.destinationAddress);
}

static void writePayload(OStream &json, const Program &program,
                         const LoadWeights &load) {
  json.attribute("kind", "load_weights");
  writeTile(json, program, load.tile);
  json.attribute("source_address", load.sourceAddress);
}

static void writePayload(OStream &json, const Program &program,
                         const StreamTile &stream) {
  json.attribute("kind", "stream");
  writeTile(json, program, stream.tile);
  writeWindow(json, stream.window);
  writeBand(json, stream.band);
  json.attributeObject("data", [&] { writeViewFields(json, stream.data); });
  json.attributeObject("accumulators",
                       [&] { writeViewFields(json, stream.accumulators); });
  json.attribute("accumulate", stream.accumulate);
  json.attribute("step_cycles", stream.stepCycles);
}

static void writePayload(OStream &json, const Program &,
                         const VectorPass &pass) {
  static constexpr StringLiteral reductions[] = {"none", "max", "sum"};
  json.attribute("kind", "vector_pass");
  json.attribute("reduction",
                 reductions[static_cast<unsigned>(pass.reduction)]);
  writeList(json, "channels", ArrayRef<int64_t>{pass.channel, pass.channels});
  writeWindow(json, pass.window);
  writeBand(json, pass.band);
  json.attributeArray("inputs", [&] {
    for (const View &view : pass.inputs)
      json.object([&] { writeViewFields(json, view); });
  });
  json.attributeObject("output", [&] { writeViewFields(json, pass.output); });
  writeBody(json, pass.body);
}

static void writeOperandFields(OStream &json, const NestOperand &operand) {
  json.attribute("memory", stringify(operand.memory));
  json.attribute("address", operand.address);
  json.attribute("type", stringify(operand.type));
  writeList(json, "pitches", operand.pitches);
}

static void writePayload(OStream &json, const Program &, const NestPass &nest) {
  json.attribute("kind", "nest_pass");
  writeList(json, "extents", nest.extents);
  json.attribute("reduction_loops", static_cast<int64_t>(nest.reductionLoops));
  json.attributeArray("inputs", [&] {
    for (const NestOperand &input : nest.inputs)
      json.object([&] { writeOperandFields(json, input); });
  });
  json.attributeObject("output",
                       [&] { writeOperandFields(json, nest.output); });
  json.attribute("initial", nest.initial);
  writeBody(json, nest.body);
}

static void writeBlockOperand(OStream &json, const BlockPassOperand &operand) {
  writeOperandFields(json, operand.values);
  json.attribute("group", operand.format.group);
  json.attribute("exponent_bits", operand.format.exponentBits);
  json.attribute("mantissa_bits", operand.format.mantissaBits);
  json.attribute("rounding", stringifyBlockRounding(operand.rounder.rounding));
  if (isStochastic(operand.rounder.rounding)) {
    const BlockNoise &noise = operand.rounder.noise;
    // JSON numbers hold no 64 bits everywhere.
    json.attribute("seed", std::to_string(noise.seed));
    json.attribute("counter", std::to_string(noise.counter));
    json.attribute("noise_bits", noise.bits);
    json.attribute("position", operand.position);
    writeList(json, "position_pitches", operand.positionPitches);
  }
  json.attribute("block_address", operand.blockAddress);
  json.attribute("block_bytes", operand.blockBytes);
}

static void writePayload(OStream &json, const Program &,
                         const BlockPass &pass) {
  json.attribute("kind", "block_pass");
  json.attribute("dataflow", stringifyBlockDataflow(pass.dataflow));
  writeList(json, "extents", pass.extents);
  json.attribute("reduction_loops", static_cast<int64_t>(pass.reductionLoops));
  json.attributeObject("held", [&] { writeBlockOperand(json, pass.held); });
  json.attributeObject("passing",
                       [&] { writeBlockOperand(json, pass.passing); });
  json.attributeObject("sums", [&] { writeOperandFields(json, pass.sums); });
  if (pass.counter)
    json.attributeObject("counter",
                         [&] { writeOperandFields(json, *pass.counter); });
}

static void writeInstruction(OStream &json, const Program &program,
                             const Instruction &instruction) {
  json.object([&] {
    json.attribute("queue", stringify(instruction.getQueue()));
    json.attribute("layer", program.layers[instruction.layer].name);
    json.attributeArray("after", [&] {
      for (const Token &token : instruction.after)
        json.object([&] {
          json.attribute("instruction",
                         static_cast<int64_t>(token.instruction));
          json.attribute("event", token.swapped ? "swapped" : "done");
        });
    });
    std::visit(
        [&](const auto &payload) { writePayload(json, program, payload); },
        instruction.payload);
  });
}

static void writeTables(OStream &json, const Program &program) {
  json.attributeArray("term_tables", [&] {
    for (const TermTable &table : program.termTables)
      json.object([&] {
        json.attribute("digits", stringifyDigitSet(table.digits));
        json.attribute("terms", table.terms);
      });
  });
  json.attributeArray("constants", [&] {
    for (const ConstantBytes &constant : program.constants)
      json.object([&] {
        json.attribute("name", constant.name);
        json.attribute("address", constant.address);
        writeList(json, "bytes", constant.bytes);
      });
  });
  json.attributeArray("weights", [&] {
    for (const PackedWeights &weights : program.weights)
      writeWeights(json, weights);
  });
}

static void writeProgram(OStream &json, const Program &program) {
  json.object([&] {
    json.attribute("name", program.name);
    json.attribute("target", program.machine.name);
    json.attribute("target_hash", program.targetHash);
    writeHostTensors(json, "inputs", program.inputs);
    writeHostTensors(json, "outputs", program.outputs);
    writeTables(json, program);
    json.attributeArray("instructions", [&] {
      for (const Instruction &instruction : program.instructions)
        writeInstruction(json, program, instruction);
    });
  });
}

static LogicalResult translate(ModuleOp module, llvm::raw_ostream &os) {
  auto programs = module.getOps<systolic::ProgramOp>();
  if (programs.empty())
    return emitError(module.getLoc())
           << "holds no systolic.program: schedule it with "
              "--systolic-schedule";
  OStream json(os, /*IndentSize=*/1);
  LogicalResult result = success();
  json.array([&] {
    for (systolic::ProgramOp program : programs) {
      FailureOr<ExportedProgram> exported = failure();
      if (succeeded(verifySchedule(program)))
        exported = exportProgram(program);
      if (failed(exported))
        result = failure();
      else
        writeProgram(json, exported->program);
    }
  });
  os << "\n";
  return result;
}

void colonnade::registerJsonScheduleTranslation() {
  TranslateFromMLIRRegistration registration(
      "systolic-to-json", "Emit every systolic.program as a JSON schedule",
      [](Operation *op, llvm::raw_ostream &os) {
        auto module = dyn_cast<ModuleOp>(op);
        if (!module)
          return LogicalResult(emitError(op->getLoc()) << "expected a module");
        return translate(module, os);
      },
      [](DialectRegistry &registry) { registerAllDialects(registry); });
}
