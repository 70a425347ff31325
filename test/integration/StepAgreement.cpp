//===- StepAgreement.cpp - Training steps on the modeled machine ----------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A whole training step (network, loss, gradients, optimizer) gives the same
// bits through MLIR's JIT and as a program of the machine, several steps in a
// row, each with the state that the one before returned.
//
//===----------------------------------------------------------------------===//

#include "ScheduleCorruptions.h"
#include "ShippedNetworks.h"
#include "TrainingNetworks.h"
#include "colonnade/Dialect/Colonnade/Transforms/Passes.h"
#include "colonnade/Differentiation/Passes.h"
#include "colonnade/ExecutionEngine/JitFunction.h"
#include "colonnade/InitAllDialects.h"
#include "colonnade/Simulator/Lifetimes.h"
#include "colonnade/Simulator/ProgramVerifier.h"
#include "colonnade/Training/Passes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Transforms/Passes.h"
#include "llvm/Support/FileUtilities.h"
#include "gtest/gtest.h"
#include <cmath>

using namespace mlir;
using namespace colonnade;
using namespace colonnade::test;

namespace {

using Bytes = std::vector<uint8_t>;

/// A training step, both ways, with the tensors that go in and come out.
class Step {
public:
  /// Fails the test if the step cannot be made, compiled or scheduled.
  /// Where there is a precision log, the step is as it was in its step 20;
  /// weights that match `frozen` stay constants.
  void load(OwningOpRef<ModuleOp> network, const TrainingStepOptions &options,
            llvm::StringRef target, int64_t batch = 0,
            llvm::StringRef precisionLog = "", llvm::StringRef frozen = "");

  /// Parameters and inputs at random, state of zeros, step 0.
  void draw(RandomCases &cases);
  /// Other inputs and labels.
  void drawBatch(RandomCases &cases);
  /// One step by the JIT and by the simulator. Its state is the next one's.
  void run(sim::Simulator &simulator);

  const sim::Program &getProgram() const { return *program; }

private:
  bool isState(const sim::HostTensor &tensor) const;

  std::unique_ptr<JitFunction> jit;
  std::optional<sim::Program> program;
  /// Arguments, in order: parameters, state, number of the step, inputs,
  /// labels.
  std::vector<Bytes> inputs;
  int64_t classes = 0;
};

} // namespace

void Step::load(OwningOpRef<ModuleOp> network,
                const TrainingStepOptions &options, llvm::StringRef target,
                int64_t batch, llvm::StringRef precisionLog,
                llvm::StringRef frozen) {
  MLIRContext *context = network->getContext();
  PassManager manager(context);
  if (!frozen.empty())
    manager.addNestedPass<func::FuncOp>(createFreezeParameters({frozen.str()}));
  if (batch > 0)
    manager.addNestedPass<func::FuncOp>(createSetBatch({batch}));
  manager.addPass(createTrainingStep(options));
  if (!precisionLog.empty())
    manager.addPass(createFixPrecision({precisionLog.str(), /*step=*/20}));
  manager.addNestedPass<func::FuncOp>(createExpandMath());
  manager.addPass(createCanonicalizerPass());
  manager.addPass(createCSEPass());
  ASSERT_TRUE(succeeded(manager.run(*network)));
  network->lookupSymbol("main")->erase();
  OwningOpRef<ModuleOp> plain = network->clone();
  PassManager stripping(context);
  stripping.addPass(createStripEncodings());
  ASSERT_TRUE(succeeded(stripping.run(*plain)));
  jit = llvm::cantFail(JitFunction::compile(*plain, "training_step",
                                            JitOptimization::CompileTime));
  CompileOptions compile;
  setCommonOptions(compile, target, PixelNormalization());
  PassManager scheduling(context);
  buildSchedulePipeline(scheduling, compile);
  ASSERT_TRUE(succeeded(scheduling.run(*network)));
  program = exportOnlyProgram(*network);
  ASSERT_EQ(program->inputs.size(), jit->getInputs().size());
  ASSERT_EQ(program->outputs.size(), jit->getOutputs().size());
  classes = program->outputs.back().shape.back();
}

template <typename Element>
static Bytes toBytes(llvm::ArrayRef<Element> values) {
  auto *bytes = reinterpret_cast<const uint8_t *>(values.data());
  return Bytes(bytes, bytes + values.size() * sizeof(Element));
}

static Bytes drawNumbers(RandomCases &cases, int64_t count, double scale) {
  std::vector<float> numbers(count);
  for (float &number : numbers)
    number = float(scale * cases.getNormal());
  return toBytes<float>(numbers);
}

/// Whether a tensor is kept for a parameter: "<parameter>.<state>".
bool Step::isState(const sim::HostTensor &tensor) const {
  return llvm::any_of(program->inputs, [&](const sim::HostTensor &other) {
    return !other.name.empty() &&
           llvm::StringRef(tensor.name).starts_with(other.name + ".");
  });
}

void Step::draw(RandomCases &cases) {
  inputs.clear();
  for (auto [buffer, tensor] :
       llvm::zip_equal(jit->getInputs(), program->inputs)) {
    int64_t count = buffer.getNumElements();
    if (tensor.type != sim::ScalarType::F32 || isState(tensor))
      inputs.emplace_back(count * buffer.elementBytes);
    else
      inputs.push_back(drawNumbers(cases, count, 0.2));
  }
  drawBatch(cases);
}

void Step::drawBatch(RandomCases &cases) {
  Bytes &images = inputs[inputs.size() - 2];
  images = drawNumbers(cases, images.size() / sizeof(float), 1);
  std::vector<int32_t> labels(inputs.back().size() / sizeof(int32_t));
  for (int32_t &label : labels)
    label = int32_t(cases.getInteger(0, classes - 1));
  inputs.back() = toBytes<int32_t>(labels);
}

void Step::run(sim::Simulator &simulator) {
  std::vector<Bytes> expected, actual;
  for (const JitFunction::Buffer &buffer : jit->getOutputs())
    expected.emplace_back(buffer.getNumElements() * buffer.elementBytes);
  actual = expected;
  SmallVector<const void *> arguments;
  SmallVector<void *> results;
  SmallVector<llvm::ArrayRef<uint8_t>> given(inputs.begin(), inputs.end());
  SmallVector<llvm::MutableArrayRef<uint8_t>> made(actual.begin(),
                                                   actual.end());
  for (Bytes &input : inputs)
    arguments.push_back(input.data());
  for (Bytes &output : expected)
    results.push_back(output.data());
  llvm::cantFail(jit->run(arguments, results));
  llvm::Error error = simulator.run(given, made);
  ASSERT_FALSE(bool(error)) << llvm::toString(std::move(error));
  for (auto [i, bytes] : llvm::enumerate(expected))
    ASSERT_EQ(actual[i], bytes)
        << "output " << i << " '" << program->outputs[i].name << "'";
  float loss;
  std::memcpy(&loss, actual[actual.size() - 2].data(), sizeof(loss));
  EXPECT_TRUE(std::isfinite(loss)) << loss;
  // Without its number, which always changes.
  bool isSame = std::equal(actual.begin(), actual.end() - 3, inputs.begin());
  EXPECT_FALSE(isSame) << "nothing was learned";
  // Everything but the loss and the logits is state; inputs and labels follow.
  for (size_t i = 0; i + 2 < actual.size(); ++i)
    inputs[i] = actual[i];
}

namespace {

class StepAgreement : public testing::Test {
protected:
  StepAgreement() {
    DialectRegistry registry;
    registerAllDialects(registry);
    context.appendDialectRegistry(registry);
    context.loadAllAvailableDialects();
  }

  /// Runs `steps` steps at each fidelity.
  void check(Step &step, RandomCases &cases, int64_t steps,
             llvm::ArrayRef<sim::Fidelity> fidelities) {
    std::optional<int64_t> cycles;
    for (sim::Fidelity fidelity : fidelities) {
      sim::SimulationOptions options;
      options.fidelity = fidelity;
      auto simulator = sim::Simulator::create(step.getProgram(), options);
      ASSERT_TRUE(bool(simulator)) << llvm::toString(simulator.takeError());
      step.draw(cases);
      for (int64_t i = 0; i < steps; ++i) {
        ASSERT_NO_FATAL_FAILURE(step.run(**simulator)) << "step " << i;
        step.drawBatch(cases);
      }
      int64_t total = (*simulator)->getTiming().getCycles();
      EXPECT_EQ(cycles.value_or(total), total);
      cycles = total;
    }
  }

  MLIRContext context;
};

/// How a step computes.
struct Settings {
  const char *name, *network;
  NumberFormat format;
  BackwardBlocks blocks = BackwardBlocks::Reuse;
  /// Also runs in the cells' registers.
  bool hasCells = false;
  /// Whether all of it fits on the chip, or tensors leave it and return.
  const char *target = "fast-256x64";
};

class NetworkSteps : public StepAgreement,
                     public testing::WithParamInterface<Settings> {};

TEST_P(NetworkSteps, GiveTheBitsOfTheJit) {
  TrainingStepOptions options;
  options.format = GetParam().format;
  options.blocks = GetParam().blocks;
  Step step;
  ASSERT_NO_FATAL_FAILURE(step.load(parseNetwork(context, GetParam().network),
                                    options, GetParam().target, /*batch=*/2));
  RandomCases cases(1);
  SmallVector<sim::Fidelity> fidelities = {sim::Fidelity::Machine};
  if (GetParam().hasCells)
    fidelities.push_back(sim::Fidelity::Cell);
  check(step, cases, 2, fidelities);
}

constexpr const char *kLenet = "lenet5-fashion",
                     *kResnet = "resnet8-fashion.onnx",
                     *kTransformer = "vit-fashion.onnx";

INSTANTIATE_TEST_SUITE_P(
    Shipped, NetworkSteps,
    testing::Values(
        Settings{"Lenet5Fp32", kLenet, NumberFormat::Fp32},
        Settings{"Lenet5Bf16", kLenet, NumberFormat::Bf16},
        Settings{"Lenet5M2", kLenet, NumberFormat::M2},
        Settings{"Lenet5M3", kLenet, NumberFormat::M3},
        Settings{"Lenet5M4", kLenet, NumberFormat::M4},
        Settings{"Lenet5M4Reform", kLenet, NumberFormat::M4,
                 BackwardBlocks::Reform, /*hasCells=*/true},
        Settings{"Lenet5Msfp12", kLenet, NumberFormat::Msfp12},
        Settings{"Resnet8Fp32", kResnet, NumberFormat::Fp32},
        Settings{"Resnet8M4Reform", kResnet, NumberFormat::M4,
                 BackwardBlocks::Reform},
        Settings{"VitM4Reform", kTransformer, NumberFormat::M4,
                 BackwardBlocks::Reform},
        Settings{"Lenet5M4Edram", kLenet, NumberFormat::M4,
                 BackwardBlocks::Reform, /*hasCells=*/true, "camel-edram"},
        Settings{"Lenet5M4Sram", kLenet, NumberFormat::M4,
                 BackwardBlocks::Reform, /*hasCells=*/false, "camel-sram"},
        Settings{"Resnet8M4Sram", kResnet, NumberFormat::M4,
                 BackwardBlocks::Reform, /*hasCells=*/false, "camel-sram"}),
    [](const auto &info) { return std::string(info.param.name); });

/// Every pair of precisions that the products of a step can have, and a third
/// row for steps that are not asked for.
constexpr llvm::StringLiteral kPrecisionLog =
    "step,"
    "parameter0.weights,parameter0.activations,parameter0.gradient,"
    "parameter2.weights,parameter2.activations,parameter2.gradient,"
    "parameter4.weights,parameter4.activations,parameter4.gradient,"
    "parameter6.weights,parameter6.activations,parameter6.gradient,"
    "parameter8.weights,parameter8.activations,parameter8.gradient\n"
    "0,2,2,2,2,2,2,2,2,2,2,2,2,2,2,2\n"
    "16,2,2,4,2,4,2,4,2,2,4,4,2,2,4,4\n"
    "32,4,4,4,4,4,4,4,4,4,4,4,4,4,4,4\n";

TEST_F(StepAgreement, AdaptiveStepsAtThePrecisionsOfALog) {
  int descriptor;
  SmallString<128> log;
  ASSERT_FALSE(
      llvm::sys::fs::createTemporaryFile("precision", "csv", descriptor, log));
  llvm::FileRemover remover(log);
  llvm::raw_fd_ostream(descriptor, /*shouldClose=*/true) << kPrecisionLog;
  TrainingStepOptions options;
  options.format = NumberFormat::FastAdaptive;
  options.blocks = BackwardBlocks::Reform;
  options.totalSteps = 100;
  Step step;
  ASSERT_NO_FATAL_FAILURE(step.load(parseNetwork(context, kLenet), options,
                                    "fast-256x64", /*batch=*/2, log));
  RandomCases cases(1);
  check(step, cases, 2, {sim::Fidelity::Machine, sim::Fidelity::Cell});
}

/// The roundings of frozen weights are folded: what multiplies them does so on
/// the array all the same, and with the bits of the JIT.
TEST_F(StepAgreement, FrozenLayersAreProductsOfBlocks) {
  TrainingStepOptions options;
  options.format = NumberFormat::M4;
  options.blocks = BackwardBlocks::Reform;
  auto countProducts = [](const sim::Program &program) {
    return llvm::count_if(
        program.instructions, [&](const sim::Instruction &instruction) {
          return std::holds_alternative<sim::BlockPass>(instruction.payload) &&
                 program.layers[instruction.layer].role == "forward";
        });
  };
  Step trained, frozen;
  ASSERT_NO_FATAL_FAILURE(trained.load(parseNetwork(context, kLenet), options,
                                       "fast-256x64", /*batch=*/2));
  ASSERT_NO_FATAL_FAILURE(frozen.load(parseNetwork(context, kLenet), options,
                                      "fast-256x64", /*batch=*/2,
                                      /*precisionLog=*/"", "parameter[0-3]"));
  EXPECT_LT(frozen.getProgram().inputs.size(),
            trained.getProgram().inputs.size());
  EXPECT_EQ(countProducts(frozen.getProgram()),
            countProducts(trained.getProgram()));
  RandomCases cases(1);
  check(frozen, cases, 2, {sim::Fidelity::Machine});
}

/// Mistakes with the tensors that the host exchanges.
constexpr ScheduleCorruption kHostCorruptions[] = {
    {"two outputs in one place",
     [](sim::Program &program) {
       program.outputs[1].address = program.outputs[0].address;
       return true;
     },
     "overlaps the output"},
    {"an output over an input",
     [](sim::Program &program) {
       program.outputs[0].address = program.inputs[0].address;
       return true;
     },
     "overlaps the "},
    {"an output that is not stored",
     [](sim::Program &program) {
       program.instructions.pop_back();
       return true;
     },
     "are never written"},
    {"an input that is larger than the next one's address allows",
     [](sim::Program &program) {
       program.inputs[0].shape.push_back(64);
       return true;
     },
     "overlaps the input"},
    {"an output of truth values",
     [](sim::Program &program) {
       program.outputs[2].type = sim::ScalarType::I1;
       return true;
     },
     "must have positive extents, elements of type i8, i32, i64 or f32"}};

TEST_F(StepAgreement, CorruptedStepsAreNoticed) {
  TrainingStepOptions options;
  options.format = NumberFormat::M4;
  options.blocks = BackwardBlocks::Reform;
  Step step;
  ASSERT_NO_FATAL_FAILURE(step.load(parseNetwork(context, kLenet), options,
                                    "fast-256x64", /*batch=*/2));
  std::vector<ScheduleCorruption> corruptions(std::begin(kHostCorruptions),
                                              std::end(kHostCorruptions));
  llvm::append_range(corruptions, getBlockCorruptions());
  size_t applied = 0;
  for (const ScheduleCorruption &corruption : corruptions) {
    SCOPED_TRACE(corruption.name);
    sim::Program corrupted = step.getProgram();
    if (!corruption.apply(corrupted))
      continue;
    ++applied;
    std::string messages;
    for (const sim::Violation &violation : sim::verifyProgram(corrupted))
      messages += violation.message + "\n";
    EXPECT_NE(messages.find(corruption.message), std::string::npos) << messages;
  }
  // Some mistakes need a product in several pieces.
  EXPECT_GE(applied + 3, corruptions.size());
}

/// A load of a tensor that returns to data SRAM, and a larger tensor of data
/// SRAM that is needed before and after it.
struct Return {
  sim::DmaCopy *load = nullptr;
  sim::ByteRange other;
};

static std::optional<Return> findReturn(sim::Program &program) {
  sim::ProgramTiming timing = llvm::cantFail(sim::computeTiming(program));
  sim::Lifetimes lifetimes = sim::computeLifetimes(program, timing);
  for (sim::TensorLifetime &tensor : lifetimes.tensors) {
    auto *load =
        std::get_if<sim::DmaCopy>(&program.instructions[tensor.writer].payload);
    if (!load || tensor.memory != sim::Memory::DataSram ||
        tensor.firstWrite == 0)
      continue;
    for (const sim::TensorLifetime &other : lifetimes.tensors)
      if (other.memory == sim::Memory::DataSram && &other != &tensor &&
          other.getBytes() > tensor.getBytes() &&
          other.firstWrite < tensor.firstWrite &&
          tensor.lastUse < other.lastUse)
        return Return{load, other.bytes};
  }
  return std::nullopt;
}

TEST_F(StepAgreement, PlacesReusedTooEarlyAreNoticed) {
  TrainingStepOptions options;
  options.format = NumberFormat::M4;
  options.blocks = BackwardBlocks::Reform;
  Step step;
  ASSERT_NO_FATAL_FAILURE(step.load(parseNetwork(context, kLenet), options,
                                    "camel-sram", /*batch=*/8));
  EXPECT_TRUE(sim::verifyProgram(step.getProgram()).empty());
  sim::Program corrupted = step.getProgram();
  std::optional<Return> found = findReturn(corrupted);
  ASSERT_TRUE(found) << "nothing returns while something else stays";
  found->load->destinationAddress = found->other.begin;
  int64_t bytes = found->load->destinationBuffer->end -
                  found->load->destinationBuffer->begin;
  found->load->destinationBuffer = {found->other.begin,
                                    found->other.begin + bytes};
  EXPECT_FALSE(sim::verifyProgram(corrupted).empty());
  // The same where each token is there: all wait for all that came before.
  for (auto [i, instruction] : llvm::enumerate(corrupted.instructions))
    if (i > 0)
      instruction.after.push_back({static_cast<unsigned>(i - 1)});
  std::string messages;
  for (const sim::Violation &violation : sim::verifyProgram(corrupted))
    messages += violation.message + "\n";
  EXPECT_NE(messages.find("as part of the buffer at"), std::string::npos)
      << messages;
}

/// Bytes of DRAM traffic of a LeNet-5 step of 8 images, all of it and what
/// tensors that leave the data memory cause.
static std::pair<int64_t, int64_t> getTraffic(const sim::Program &program) {
  sim::Lifetimes lifetimes = sim::computeLifetimes(
      program, llvm::cantFail(sim::computeTiming(program)));
  int64_t spilled = 0;
  for (sim::TrafficKind kind :
       {sim::TrafficKind::Activations, sim::TrafficKind::Backward,
        sim::TrafficKind::Transient})
    spilled += lifetimes.dramReads[static_cast<unsigned>(kind)] +
               lifetimes.dramWrites[static_cast<unsigned>(kind)];
  return {lifetimes.getDramBytes(), spilled};
}

TEST_F(StepAgreement, SmallerMemoriesMoveMore) {
  TrainingStepOptions options;
  options.format = NumberFormat::M4;
  options.blocks = BackwardBlocks::Reform;
  // Ratchets: the most that each machine may move, in bytes.
  std::pair<const char *, int64_t> machines[] = {{"fast-256x64", 1013476},
                                                 {"camel-edram", 2214700},
                                                 {"camel-sram", 4404372}};
  int64_t before = 0;
  for (auto [target, most] : machines) {
    Step step;
    ASSERT_NO_FATAL_FAILURE(
        step.load(parseNetwork(context, kLenet), options, target, /*batch=*/8));
    auto [bytes, spilled] = getTraffic(step.getProgram());
    EXPECT_GE(bytes, before) << target;
    EXPECT_LE(bytes, most) << target;
    EXPECT_EQ(spilled == 0, before == 0) << target;
    before = bytes;
  }
}

/// A target, and whether it is too small for the tensors.
struct Machine {
  const char *name, *target;
};

class RandomSteps : public StepAgreement,
                    public testing::WithParamInterface<Machine> {};

constexpr NumberFormat kFormats[] = {NumberFormat::Fp32, NumberFormat::M4,
                                     NumberFormat::Bf16, NumberFormat::M2,
                                     NumberFormat::Msfp12};

TEST_P(RandomSteps, AllLevelsComputeTheSameBits) {
  RandomCases cases(7);
  for (int64_t round = 0; round < 20; ++round) {
    TrainingStepOptions options;
    options.format = kFormats[round % std::size(kFormats)];
    options.blocks = round % 2 ? BackwardBlocks::Reform : BackwardBlocks::Reuse;
    if (round % 3 == 1)
      options.optimizer = OptimizerKind::Adam;
    options.weightDecay = round % 2 ? 0.01 : 0;
    options.warmupSteps = round % 4 == 2 ? 2 : 0;
    if (round % 5 == 3) {
      options.schedule = LearningRateSchedule::Cosine;
      options.totalSteps = 3;
    }
    if (round % 5 == 4) {
      options.schedule = LearningRateSchedule::Step;
      options.stepsBetweenDrops = 1;
    }
    OwningOpRef<ModuleOp> network = drawTrainingNetwork(context, cases);
    std::string text;
    llvm::raw_string_ostream stream(text);
    network->print(stream);
    SCOPED_TRACE(text);
    Step step;
    ASSERT_NO_FATAL_FAILURE(
        step.load(std::move(network), options, GetParam().target));
    ASSERT_NO_FATAL_FAILURE(
        check(step, cases, 2, {sim::Fidelity::Machine, sim::Fidelity::Cell}));
  }
}

INSTANTIATE_TEST_SUITE_P(
    Machines, RandomSteps,
    testing::Values(Machine{"HoldsAll", "fast-256x64"},
                    Machine{"Spills", "targets/tiny-block-8x4.json"}),
    [](const auto &info) { return std::string(info.param.name); });

} // namespace
