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
#include "colonnade/Differentiation/OutlineParameters.h"
#include "colonnade/Training/Trainer.h"
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
  Option<std::string> policy{
      *this, "policy",
      llvm::cl::desc("JSON file, or name of a shipped one (paper), with "
                     "settings per layer")};
};
} // namespace

static llvm::Expected<DigitSet> findDigits(llvm::StringRef name) {
  if (std::optional<DigitSet> known = symbolizeDigitSet(name))
    return *known;
  std::string message = "expected digits to be one of ";
  llvm::raw_string_ostream stream(message);
  llvm::interleaveComma(getAllDigitSets(), stream, [&](DigitSet known) {
    stream << stringifyDigitSet(known);
  });
  stream << ", got '" << name << "'";
  return llvm::createStringError(message);
}

llvm::Expected<TermTrainingSettings>
TermTrainingSettings::parse(llvm::StringRef options) {
  TermOptions parsed;
  std::string message;
  llvm::raw_string_ostream stream(message);
  if (failed(parsed.parseFromString(options, stream)))
    return llvm::createStringError(StringRef(message).trim());
  constexpr int64_t kMostGroup = 65535;
  if (parsed.group < 1 || parsed.group > kMostGroup)
    return llvm::createStringError("expected group in [1, " +
                                   Twine(kMostGroup) + "], got " +
                                   Twine(parsed.group.getValue()));
  if (parsed.budget < 0 || parsed.budget > 8 * parsed.group)
    return llvm::createStringError(
        "expected budget in [0, " + Twine(8 * parsed.group) +
        "] for groups of " + Twine(parsed.group.getValue()) + ", got " +
        Twine(parsed.budget.getValue()));
  llvm::Expected<DigitSet> digits = findDigits(parsed.digits);
  if (!digits)
    return digits.takeError();
  TermTrainingSettings settings{
      {parsed.group, parsed.budget, *digits}, parsed.policy, ""};
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
}

llvm::Expected<std::unique_ptr<TermTraining>>
TermTraining::create(ModuleOp network, const TermTrainingSettings &settings) {
  std::unique_ptr<TermTraining> training(new TermTraining(settings));
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

llvm::Error TermTraining::begin(Trainer &trainer) {
  for (Layer &layer : layers) {
    MutableArrayRef<float> values = trainer.getParameter(layer.parameter);
    layer.master.assign(values.begin(), values.end());
    layer.rounded = layer.weights.round(layer.master);
    llvm::copy(layer.rounded, values.begin());
  }
  return llvm::Error::success();
}

llvm::Error TermTraining::afterStep(Trainer &trainer) {
  for (Layer &layer : layers) {
    MutableArrayRef<float> values = trainer.getParameter(layer.parameter);
    for (auto [master, rounded, updated] :
         llvm::zip_equal(layer.master, layer.rounded, values))
      master += updated - rounded;
    layer.rounded = layer.weights.round(layer.master);
    llvm::copy(layer.rounded, values.begin());
  }
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
    std::string name = kMaster.str() + layer.name;
    auto found = checkpoint.arrays.find(name);
    if (found == checkpoint.arrays.end())
      return llvm::createStringError("has no array '" + name + "'");
    auto values = found->second.getValues<float>();
    if (!values)
      return values.takeError();
    if (values->size() != layer.master.size())
      return llvm::createStringError("expected " + Twine(layer.master.size()) +
                                     " elements in array '" + name + "', got " +
                                     Twine(values->size()));
    layer.master = values->vec();
    layer.rounded = layer.weights.round(layer.master);
  }
  layers = std::move(restored);
  return llvm::Error::success();
}
