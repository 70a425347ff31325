//===- TrainingStep.cpp - Training steps against plain arithmetic ---------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The training step of a layer small enough to be differentiated by hand, run
// several times, against the optimizers' and schedules' formulas written out in
// double. Gradients of larger networks are tested by themselves.
//
//===----------------------------------------------------------------------===//

#include "../unit/Support/RandomCases.h"
#include "colonnade/ExecutionEngine/JitFunction.h"
#include "colonnade/Training/Passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "gtest/gtest.h"
#include <numbers>

using namespace mlir;
using namespace colonnade;

namespace {

constexpr int64_t kBatch = 5, kFeatures = 3, kClasses = 4;
constexpr int64_t kSteps = 6;
/// Of a parameter of about 1, in f32, after all steps.
constexpr double kTolerance = 2e-6;

constexpr const char *kNetwork = R"(
#id = affine_map<(i, j) -> (i, j)>
#column = affine_map<(i, j) -> (j)>
func.func @main(%x: tensor<5x3xf32>) -> tensor<5x4xf32> {
  %w = arith.constant dense<[[0.5, -0.25, 1.0, 0.0], [0.75, 0.5, -1.0, 0.25],
                             [-0.5, 0.125, 0.0, 1.0]]> : tensor<3x4xf32>
  %b = arith.constant dense<[0.0, 0.5, -0.5, 0.25]> : tensor<4xf32>
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<5x4xf32>
  %init = linalg.fill ins(%zero : f32) outs(%e : tensor<5x4xf32>) -> tensor<5x4xf32>
  %product = linalg.matmul ins(%x, %w : tensor<5x3xf32>, tensor<3x4xf32>)
                           outs(%init : tensor<5x4xf32>) -> tensor<5x4xf32>
  %y = linalg.generic {indexing_maps = [#id, #column, #id],
                       iterator_types = ["parallel", "parallel"]}
      ins(%product, %b : tensor<5x4xf32>, tensor<4xf32>)
      outs(%e : tensor<5x4xf32>) {
  ^bb0(%a: f32, %bias: f32, %out: f32):
    %sum = arith.addf %a, %bias : f32
    linalg.yield %sum : f32
  } -> tensor<5x4xf32>
  return %y : tensor<5x4xf32>
})";

struct Batch {
  std::vector<float> inputs;
  std::vector<int32_t> labels;
};

Batch drawBatch(RandomCases &cases) {
  Batch batch;
  for (int64_t i = 0; i < kBatch * kFeatures; ++i)
    batch.inputs.push_back(cases.getNormal());
  for (int64_t i = 0; i < kBatch; ++i)
    batch.labels.push_back(cases.getInteger(0, kClasses - 1));
  return batch;
}

//===----------------------------------------------------------------------===//
// By hand
//===----------------------------------------------------------------------===//

/// The layer, its gradient and the optimizers, written out.
class PlainTraining {
public:
  explicit PlainTraining(const TrainingStepOptions &options)
      : options(options), parameters{{0.5, -0.25, 1, 0, 0.75, 0.5, -1, 0.25,
                                      -0.5, 0.125, 0, 1},
                                     {0, 0.5, -0.5, 0.25}} {
    for (const std::vector<double> &parameter : parameters)
      states.insert(states.end(),
                    options.optimizer == OptimizerKind::Adam ? 2 : 1,
                    std::vector<double>(parameter.size()));
  }

  /// Updates everything; the loss before.
  double runStep(const Batch &batch);

  /// Weights, bias, then the state of each.
  std::vector<std::vector<double>> getTensors() const {
    std::vector<std::vector<double>> tensors = parameters;
    tensors.insert(tensors.end(), states.begin(), states.end());
    return tensors;
  }

private:
  double getRate() const;
  /// The mean loss; adds to the gradients.
  double differentiate(const Batch &batch,
                       std::vector<std::vector<double>> &gradients) const;
  void updateSgd(size_t parameter, size_t element, double gradient);
  void updateAdam(size_t parameter, size_t element, double gradient);

  const TrainingStepOptions &options;
  std::vector<std::vector<double>> parameters, states;
  int64_t step = 0;
};

double PlainTraining::getRate() const {
  double rate = options.learningRate;
  if (options.schedule == LearningRateSchedule::Step)
    rate *= std::pow(options.dropFactor, step / options.stepsBetweenDrops);
  if (options.schedule == LearningRateSchedule::Cosine)
    rate *=
        (1 + std::cos(std::numbers::pi * std::min(step, options.totalSteps) /
                      options.totalSteps)) /
        2;
  if (step < options.warmupSteps)
    rate *= (step + 1.0) / options.warmupSteps;
  return rate;
}

double PlainTraining::differentiate(
    const Batch &batch, std::vector<std::vector<double>> &gradients) const {
  double loss = 0;
  for (int64_t row = 0; row < kBatch; ++row) {
    const float *x = &batch.inputs[row * kFeatures];
    double exponentials[kClasses], sum = 0;
    for (int64_t j = 0; j < kClasses; ++j) {
      double logit = parameters[1][j];
      for (int64_t i = 0; i < kFeatures; ++i)
        logit += x[i] * parameters[0][i * kClasses + j];
      sum += exponentials[j] = std::exp(logit);
    }
    loss -= std::log(exponentials[batch.labels[row]] / sum) / kBatch;
    for (int64_t j = 0; j < kClasses; ++j) {
      double error =
          (exponentials[j] / sum - (j == batch.labels[row])) / kBatch;
      gradients[1][j] += error;
      for (int64_t i = 0; i < kFeatures; ++i)
        gradients[0][i * kClasses + j] += x[i] * error;
    }
  }
  return loss;
}

void PlainTraining::updateSgd(size_t parameter, size_t element,
                              double gradient) {
  double &velocity = states[parameter][element];
  velocity = options.momentum * velocity + gradient;
  parameters[parameter][element] -= getRate() * velocity;
}

void PlainTraining::updateAdam(size_t parameter, size_t element,
                               double gradient) {
  double &first = states[2 * parameter][element];
  double &second = states[2 * parameter + 1][element];
  first = options.beta1 * first + (1 - options.beta1) * gradient;
  second = options.beta2 * second + (1 - options.beta2) * gradient * gradient;
  double mean = first / (1 - std::pow(options.beta1, step + 1));
  double square = second / (1 - std::pow(options.beta2, step + 1));
  parameters[parameter][element] -=
      getRate() * mean / (std::sqrt(square) + options.epsilon);
}

double PlainTraining::runStep(const Batch &batch) {
  std::vector<std::vector<double>> gradients;
  for (const std::vector<double> &parameter : parameters)
    gradients.emplace_back(parameter.size());
  double loss = differentiate(batch, gradients);
  for (size_t p = 0; p < parameters.size(); ++p)
    for (size_t i = 0; i < parameters[p].size(); ++i) {
      double gradient =
          gradients[p][i] + options.weightDecay * parameters[p][i];
      if (options.optimizer == OptimizerKind::Adam)
        updateAdam(p, i, gradient);
      else
        updateSgd(p, i, gradient);
    }
  ++step;
  return loss;
}

//===----------------------------------------------------------------------===//
// Compiled
//===----------------------------------------------------------------------===//

/// The compiled step with its own parameters and state.
class CompiledTraining {
public:
  /// Fails the test if the network cannot be trained.
  void load(const TrainingStepOptions &options) {
    MLIRContext context;
    context.loadDialect<arith::ArithDialect, func::FuncDialect,
                        linalg::LinalgDialect, tensor::TensorDialect>();
    auto module = parseSourceString<ModuleOp>(kNetwork, &context);
    ASSERT_TRUE(module);
    PassManager manager(&context);
    manager.addPass(createTrainingStep(options));
    ASSERT_TRUE(succeeded(manager.run(*module)));
    jit = llvm::cantFail(JitFunction::compile(*module, "training_step"));
  }

  void setTensors(const std::vector<std::vector<double>> &values) {
    for (const std::vector<double> &value : values)
      tensors.emplace_back(value.begin(), value.end());
  }

  /// Updates everything; the loss before.
  double runStep(const Batch &batch) {
    std::vector<std::vector<float>> following = tensors;
    std::vector<float> logits(kBatch * kClasses);
    float loss;
    int64_t nextStep;
    SmallVector<const void *> inputs;
    SmallVector<void *> outputs;
    for (size_t i = 0; i < tensors.size(); ++i) {
      inputs.push_back(tensors[i].data());
      outputs.push_back(following[i].data());
    }
    inputs.append({&step, batch.inputs.data(), batch.labels.data()});
    outputs.append({&nextStep, &loss, logits.data()});
    llvm::cantFail(jit->run(inputs, outputs));
    tensors = std::move(following);
    step = nextStep;
    return loss;
  }

  const std::vector<std::vector<float>> &getTensors() const { return tensors; }
  int64_t getStep() const { return step; }

private:
  std::unique_ptr<JitFunction> jit;
  std::vector<std::vector<float>> tensors;
  int64_t step = 0;
};

//===----------------------------------------------------------------------===//
// Settings
//===----------------------------------------------------------------------===//

struct Settings {
  const char *name;
  TrainingStepOptions options;
};

void PrintTo(const Settings &settings, std::ostream *stream) {
  *stream << settings.name;
}

Settings getSettings(const char *name,
                     llvm::function_ref<void(TrainingStepOptions &)> change) {
  Settings settings{name, {}};
  change(settings.options);
  return settings;
}

class TrainingSteps : public testing::TestWithParam<Settings> {};

TEST_P(TrainingSteps, FollowTheFormulas) {
  CompiledTraining compiled;
  ASSERT_NO_FATAL_FAILURE(compiled.load(GetParam().options));
  PlainTraining plain(GetParam().options);
  compiled.setTensors(plain.getTensors());
  RandomCases cases(1);
  for (int64_t step = 0; step < kSteps; ++step) {
    Batch batch = drawBatch(cases);
    EXPECT_NEAR(compiled.runStep(batch), plain.runStep(batch), kTolerance);
    EXPECT_EQ(compiled.getStep(), step + 1);
    std::vector<std::vector<double>> expected = plain.getTensors();
    for (size_t i = 0; i < expected.size(); ++i)
      for (size_t j = 0; j < expected[i].size(); ++j)
        ASSERT_NEAR(compiled.getTensors()[i][j], expected[i][j], kTolerance)
            << "step " << step << ", tensor " << i << ", element " << j;
  }
}

INSTANTIATE_TEST_SUITE_P(
    Optimizers, TrainingSteps,
    testing::Values(getSettings("plain", [](auto &o) { o.momentum = 0; }),
                    getSettings("momentum", [](auto &o) { o.momentum = 0.75; }),
                    getSettings("decay",
                                [](auto &o) { o.weightDecay = 0.125; }),
                    getSettings("adam",
                                [](auto &o) {
                                  o.optimizer = OptimizerKind::Adam;
                                  o.learningRate = 0.01;
                                  o.weightDecay = 0.125;
                                }),
                    getSettings("drops",
                                [](auto &o) {
                                  o.schedule = LearningRateSchedule::Step;
                                  o.stepsBetweenDrops = 2;
                                  o.dropFactor = 0.5;
                                }),
                    // Runs on behind the last step, where the rate is zero.
                    getSettings("cosine",
                                [](auto &o) {
                                  o.schedule = LearningRateSchedule::Cosine;
                                  o.totalSteps = 4;
                                }),
                    getSettings("warmup",
                                [](auto &o) {
                                  o.optimizer = OptimizerKind::Adam;
                                  o.schedule = LearningRateSchedule::Cosine;
                                  o.learningRate = 0.01;
                                  o.totalSteps = 8;
                                  o.warmupSteps = 3;
                                })),
    [](const auto &info) { return std::string(info.param.name); });

} // namespace
