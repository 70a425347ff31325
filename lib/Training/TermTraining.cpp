//===- TermTraining.cpp - Training for a term budget ----------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The step updates the weights it computes with. What it adds to the rounded
// weights is what straight-through gradients add to the master weights, so the
// step needs not know of either.
//
//===----------------------------------------------------------------------===//

#include "colonnade/Training/TermTraining.h"
#include "Student.h"
#include "colonnade/Dialect/Colonnade/IR/Promises.h"
#include "colonnade/Differentiation/OutlineParameters.h"
#include "colonnade/Numerics/TermSelection.h"
#include "colonnade/Training/Dataset.h"
#include "colonnade/Training/Trainer.h"
#include "mlir/IR/Threading.h"
#include "mlir/Pass/PassOptions.h"

using namespace mlir;
using namespace colonnade;

//===----------------------------------------------------------------------===//
// Options
//===----------------------------------------------------------------------===//

namespace {
struct TermOptions : PassPipelineOptions<TermOptions> {
  Option<int64_t> group{*this, "group",
                        llvm::cl::desc("Weights that share a budget"),
                        llvm::cl::init(8)};
  Option<int64_t> budget{*this, "budget",
                         llvm::cl::desc("Terms of a group's weights (0: only "
                                        "where the policy says)"),
                         llvm::cl::init(0)};
  Option<std::string> digits{*this, "digits",
                             llvm::cl::desc("Encoding that terms are of"),
                             llvm::cl::init("naf")};
  Option<std::string> ladder{
      *this, "ladder",
      llvm::cl::desc("Resolutions from low to high in place of budget, "
                     "data-terms:budget,..., or paper")};
  Option<uint64_t> seed{*this, "seed",
                        llvm::cl::desc("Of the order of students"),
                        llvm::cl::init(1)};
  Option<std::string> policy{
      *this, "policy",
      llvm::cl::desc("JSON file, or name of a shipped one (paper), with "
                     "settings per layer")};
};
} // namespace

/// The resolutions of ASPLOS 2021, for groups of 16.
static constexpr llvm::StringLiteral
    kPaperLadder("2:8,2:10,2:12,2:14,3:14,3:16,3:18,3:20");

static llvm::Expected<Rung> parseRung(StringRef text, int64_t group) {
  auto [dataTerms, budget] = text.split(':');
  Rung rung;
  if (dataTerms.getAsInteger(10, rung.dataTerms) ||
      budget.getAsInteger(10, rung.budget))
    return llvm::createStringError(
        "expected ladder to be data-terms:budget,..., got '" + text + "'");
  if (rung.dataTerms < 0 || rung.dataTerms > kMostTerms)
    return llvm::createStringError("expected data terms in [0, " +
                                   Twine(kMostTerms) + "] in ladder, got " +
                                   Twine(rung.dataTerms));
  if (rung.budget < 1 || rung.budget > kMostTerms * group)
    return llvm::createStringError(
        "expected budgets in [1, " + Twine(kMostTerms * group) +
        "] in ladder for groups "
        "of " +
        Twine(group) + ", got " + Twine(rung.budget));
  return rung;
}

/// Fails unless every rung can be made of the next one.
static llvm::Error checkLadder(ArrayRef<Rung> ladder, DigitSet digits) {
  // What is left of a truncated Booth or HESE-MSB encoding is not always the
  // encoding of the value it stands for.
  if (digits != DigitSet::Binary && digits != DigitSet::Naf)
    return llvm::createStringError(
        "expected digits binary or naf with ladder, whose smaller budgets are "
        "prefixes of the larger, got '" +
        stringifyDigitSet(digits) + "'");
  if (ladder.size() < 2)
    return llvm::createStringError("expected at least 2 resolutions in ladder, "
                                   "got " +
                                   Twine(ladder.size()));
  // No data terms is all of them.
  auto count = [](const Rung &rung) {
    return rung.dataTerms == 0 ? kMostTerms + 1 : rung.dataTerms;
  };
  for (auto [low, high] : llvm::zip(ladder, ladder.drop_front()))
    if (count(low) > count(high) || low.budget > high.budget ||
        (count(low) == count(high) && low.budget == high.budget))
      return llvm::createStringError(
          "expected ladder to go up, got " + Twine(low.dataTerms) + ":" +
          Twine(low.budget) + " before " + Twine(high.dataTerms) + ":" +
          Twine(high.budget));
  return llvm::Error::success();
}

static llvm::Expected<std::vector<Rung>>
parseLadder(StringRef text, int64_t group, DigitSet digits) {
  std::vector<Rung> ladder;
  for (StringRef part :
       llvm::split(text == "paper" ? StringRef(kPaperLadder) : text, ',')) {
    llvm::Expected<Rung> rung = parseRung(part, group);
    if (!rung)
      return rung.takeError();
    ladder.push_back(*rung);
  }
  if (llvm::Error error = checkLadder(ladder, digits))
    return std::move(error);
  return ladder;
}

llvm::Expected<TermTrainingSettings>
TermTrainingSettings::parse(llvm::StringRef options) {
  TermOptions parsed;
  std::string message;
  llvm::raw_string_ostream stream(message);
  if (failed(parsed.parseFromString(options, stream)))
    return llvm::createStringError(StringRef(message).trim());
  TermTrainingSettings settings;
  settings.budget = {parsed.group, parsed.budget};
  if (llvm::Error error = settings.budget.check())
    return std::move(error);
  llvm::Expected<DigitSet> digits = findDigitSet(parsed.digits);
  if (!digits)
    return digits.takeError();
  settings.budget.digits = *digits;
  settings.seed = parsed.seed;
  settings.policy = parsed.policy;
  if (!parsed.ladder.empty()) {
    if (parsed.budget != 0)
      return llvm::createStringError("budget and ladder exclude each other: "
                                     "the largest budget is the ladder's last");
    auto ladder = parseLadder(parsed.ladder, parsed.group, *digits);
    if (!ladder)
      return ladder.takeError();
    settings.ladder = std::move(*ladder);
    settings.budget.budget = settings.ladder.back().budget;
  }
  llvm::raw_string_ostream text(settings.text);
  parsed.print(text);
  return settings;
}

//===----------------------------------------------------------------------===//
// Layers
//===----------------------------------------------------------------------===//

static void remarkLeft(linalg::LinalgOp op, const Twine &reason) {
  emitRemark(op.getLoc()) << "these weights are not reduced to terms: "
                          << reason;
}

void TermTraining::addLayers(std::vector<TermWeights> weights,
                             ModuleOp network) {
  auto parameters =
      collectParameters(network.lookupSymbol<func::FuncOp>("main"));
  for (TermWeights &found : weights) {
    auto reader = cast<linalg::LinalgOp>(found.uses.front()->getOwner());
    auto parameter = llvm::find_if(parameters, [&](const Parameter &known) {
      return known.constant == found.weights.getDefiningOp();
    });
    if (parameter == parameters.end()) {
      remarkLeft(reader, "they are not trained");
      continue;
    }
    if (!found.weights.hasOneUse()) {
      remarkLeft(reader, "other ops read them too");
      continue;
    }
    layers.push_back({static_cast<size_t>(parameter - parameters.begin()),
                      parameter->name,
                      std::move(found),
                      {},
                      {}});
  }
  for (auto [i, parameter] : llvm::enumerate(parameters))
    if (llvm::none_of(layers, [index = i](const Layer &layer) {
          return layer.parameter == index;
        }))
      others.push_back({i, parameter.name});
}

llvm::Expected<std::unique_ptr<TermTraining>>
TermTraining::create(ModuleOp network, const TermTrainingSettings &settings) {
  std::unique_ptr<TermTraining> training(new TermTraining(settings));
  training->context = network.getContext();
  auto weights =
      collectTermWeights(network.lookupSymbol<func::FuncOp>("main"),
                         settings.budget, settings.policy, remarkLeft);
  if (failed(weights))
    return llvm::createStringError("the policy does not fit the network");
  training->addLayers(std::move(*weights), network);
  if (training->layers.empty())
    return llvm::createStringError(
        "the network has no weights to reduce to terms: expected a contraction "
        "with constant f32 weights and a budget of at least 1");
  return training;
}

//===----------------------------------------------------------------------===//
// Steps
//===----------------------------------------------------------------------===//

void TermTraining::forEachLayer(function_ref<void(Layer &)> visit) {
  parallelForEach(context, layers, [&](Layer &layer) { visit(layer); });
}

llvm::Error TermTraining::checkStep(const Trainer &trainer) const {
  if (settings.ladder.empty())
    return llvm::Error::success();
  if (!trainer.findState(kStudentTerms))
    return llvm::createStringError(
        "a ladder is trained with a student: expected a training step with "
        "distillation, such as distillation=0.1");
  int64_t expected = settings.ladder.back().dataTerms;
  if (trainer.getDataTerms() != expected)
    return llvm::createStringError(
        "expected activations of as many terms as the ladder's last "
        "resolution has, " +
        Twine(expected) +
        " (data-terms of "
        "--fake-quantize), got " +
        Twine(trainer.getDataTerms()));
  return llvm::Error::success();
}

const Rung &TermTraining::getStudent(int64_t step) const {
  auto count = static_cast<int64_t>(settings.ladder.size()) - 1;
  auto order = getShuffledOrder(settings.seed, step / count, count);
  return settings.ladder[order[step % count]];
}

/// The values that the student has in place of a parameter; null if it has
/// none.
static NpyArray *findStudent(Trainer &trainer, StringRef parameter) {
  return trainer.findState((parameter + "." + kStudentState).str());
}

void TermTraining::setStudent(Trainer &trainer, const Rung &rung) {
  forEachLayer([&](Layer &layer) {
    NpyArray *student = findStudent(trainer, layer.name);
    if (!student)
      return;
    // A policy may give layers a budget of their own, for all resolutions.
    bool isReduced = getTermsPromise(layer.weights.promised).getBudget() ==
                     settings.budget.budget;
    llvm::copy(isReduced ? layer.weights.select(layer.rounded, rung.budget)
                         : layer.rounded,
               llvm::cantFail(student->getMutableValues<float>()).begin());
  });
  for (const auto &[parameter, name] : others)
    if (NpyArray *student = findStudent(trainer, name))
      llvm::copy(std::as_const(trainer).getParameter(parameter),
                 llvm::cantFail(student->getMutableValues<float>()).begin());
  auto limit = static_cast<int32_t>(rung.dataTerms);
  *trainer.findState(kStudentTerms) = NpyArray::get<int32_t>({limit}, {1});
}

void TermTraining::setNextStudent(Trainer &trainer) {
  if (!settings.ladder.empty())
    setStudent(trainer, getStudent(trainer.getStep()));
}

llvm::Expected<std::vector<double>>
TermTraining::evaluateLadder(Trainer &trainer, const Dataset &data) {
  std::vector<double> accuracies;
  for (const Rung &rung : settings.ladder) {
    setStudent(trainer, rung);
    llvm::Expected<double> accuracy = trainer.evaluateStudent(data);
    if (!accuracy)
      return accuracy.takeError();
    accuracies.push_back(*accuracy);
  }
  setNextStudent(trainer);
  return accuracies;
}

llvm::Error TermTraining::begin(Trainer &trainer) {
  if (llvm::Error error = checkStep(trainer))
    return error;
  forEachLayer([&](Layer &layer) {
    MutableArrayRef<float> values = trainer.getParameter(layer.parameter);
    layer.master.assign(values.begin(), values.end());
    layer.rounded = layer.weights.round(layer.master);
    llvm::copy(layer.rounded, values.begin());
  });
  setNextStudent(trainer);
  return llvm::Error::success();
}

llvm::Error TermTraining::afterStep(Trainer &trainer) {
  forEachLayer([&](Layer &layer) {
    MutableArrayRef<float> values = trainer.getParameter(layer.parameter);
    for (auto [master, rounded, updated] :
         llvm::zip_equal(layer.master, layer.rounded, values))
      master += updated - rounded;
    layer.rounded = layer.weights.round(layer.master);
    llvm::copy(layer.rounded, values.begin());
  });
  setNextStudent(trainer);
  return llvm::Error::success();
}

//===----------------------------------------------------------------------===//
// Checkpoints
//===----------------------------------------------------------------------===//

static constexpr llvm::StringLiteral kMaster("terms.master.");

std::pair<std::string, std::string> TermTraining::getFingerprint() const {
  return {"terms", settings.text};
}

void TermTraining::addToCheckpoint(NamedArrays &checkpoint) const {
  for (const Layer &layer : layers)
    checkpoint.arrays[kMaster.str() + layer.name] = NpyArray::get<float>(
        layer.master, {static_cast<int64_t>(layer.master.size())});
}

llvm::Error TermTraining::restore(const NamedArrays &checkpoint) {
  std::vector<Layer> restored = layers;
  for (Layer &layer : restored) {
    auto values = checkpoint.getValues<float>(kMaster.str() + layer.name,
                                              layer.master.size());
    if (!values)
      return values.takeError();
    layer.master = values->vec();
    layer.rounded = layer.weights.round(layer.master);
  }
  layers = std::move(restored);
  return llvm::Error::success();
}
