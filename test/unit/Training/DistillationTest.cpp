//===- DistillationTest.cpp - A step that teaches a student ---------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Loss and gradient of a step with distillation, against a loss written down in
// double precision and against finite differences of the step's own.
//
//===----------------------------------------------------------------------===//

#include "SmallTraining.h"
#include <cmath>

using namespace mlir;
using namespace colonnade;

namespace {

using Weights = std::vector<std::vector<float>>;

class DistillationTest : public SmallTraining {
protected:
  static std::string getName(size_t parameter) {
    return "parameter" + std::to_string(parameter);
  }

  static MutableArrayRef<float> getStudent(Trainer &trainer, size_t parameter) {
    NpyArray *state = trainer.findState(getName(parameter) + ".student");
    return {reinterpret_cast<float *>(state->bytes.data()),
            static_cast<size_t>(state->getNumElements())};
  }

  /// A trainer whose student has other weights than the network.
  std::unique_ptr<Trainer> createStudent(const Twine &step) {
    auto module = createNetwork();
    auto trainer = createTrainer(*module, ("momentum=0 " + step).str());
    RandomCases random(11);
    for (size_t matrix : kMatrices)
      for (auto [teacher, student] : llvm::zip_equal(
               trainer->getParameter(matrix), getStudent(*trainer, matrix)))
        student = teacher + float(random.getInteger(-100, 100)) / 500;
    return trainer;
  }

  /// The loss of the first step with student weights `distance` along
  /// `direction` from those of createStudent.
  double getLoss(const Twine &step, const Weights &direction, double distance) {
    auto trainer = createStudent(step);
    for (auto [matrix, change] : llvm::zip_equal(kMatrices, direction))
      for (auto [weight, by] :
           llvm::zip_equal(getStudent(*trainer, matrix), change))
        weight += static_cast<float>(by * distance);
    this->step(*trainer, 1);
    return trainer->getMeanLoss();
  }

  Weights getDirection(uint64_t seed) {
    RandomCases random(seed);
    Weights direction;
    auto module = createNetwork();
    auto trainer = createTrainer(*module);
    for (size_t matrix : kMatrices) {
      direction.emplace_back(trainer->getParameter(matrix).size());
      for (float &value : direction.back())
        value = float(random.getInteger(-100, 100)) / 100;
    }
    return direction;
  }

  /// The change of the matrices in one step.
  Weights getChange(Trainer &trainer) {
    Weights change;
    for (size_t matrix : kMatrices)
      change.push_back(std::as_const(trainer).getParameter(matrix).vec());
    step(trainer, 1);
    for (auto [matrix, before] : llvm::zip_equal(kMatrices, change))
      for (auto [value, after] :
           llvm::zip_equal(before, std::as_const(trainer).getParameter(matrix)))
        value = after - value;
    return change;
  }
};

double dot(const Weights &left, const Weights &right) {
  double sum = 0;
  for (auto [a, b] : llvm::zip_equal(left, right))
    for (auto [x, y] : llvm::zip_equal(a, b))
      sum += double(x) * y;
  return sum;
}

} // namespace

TEST_F(DistillationTest, TheStudentLearnsWhatFiniteDifferencesSay) {
  // Without cross-entropy only the student has a gradient, so that the teacher
  // must count as a constant.
  for (const char *temperature : {"1", "4"}) {
    std::string options =
        std::string("distillation=1 learning-rate=1 temperature=") +
        temperature;
    Weights change = getChange(*createStudent(options));
    for (uint64_t seed : {1, 2, 3}) {
      Weights direction = getDirection(seed);
      constexpr double kDistance = 1e-3;
      double numeric = (getLoss(options, direction, kDistance) -
                        getLoss(options, direction, -kDistance)) /
                       (2 * kDistance);
      EXPECT_NEAR(-dot(change, direction), numeric,
                  1e-2 * std::max(1.0, std::fabs(numeric)))
          << temperature << ", " << seed;
    }
  }
}

TEST_F(DistillationTest, AStudentLikeItsTeacherHasItsGradient) {
  // Both cross-entropies are the network's own, and nothing diverges.
  auto module = createNetwork();
  auto alike = createTrainer(*module, "momentum=0 distillation=0.1");
  auto plain = createTrainer(*module, "momentum=0");
  for (size_t matrix : kMatrices)
    llvm::copy(std::as_const(*alike).getParameter(matrix),
               getStudent(*alike, matrix).begin());
  Weights change = getChange(*alike), expected = getChange(*plain);
  EXPECT_NEAR(alike->getMeanLoss(), 0.9 * plain->getMeanLoss(), 1e-5);
  for (auto [left, right] : llvm::zip_equal(change, expected))
    for (auto [value, other] : llvm::zip_equal(left, right))
      EXPECT_NEAR(value, 0.9 * other, 1e-6);
}

TEST_F(DistillationTest, TheLossIsTheWeightedSum) {
  // d T^2 KL + (1 - d) / 2 CE is linear in d.
  auto lossOf = [&](double weight) {
    return getLoss("distillation=" + Twine(std::to_string(weight)),
                   getDirection(1), 0);
  };
  double soft = lossOf(1), half = lossOf(0.5), mostlyHard = lossOf(0.1);
  EXPECT_GT(soft, 0);
  EXPECT_NEAR(half, (soft + (mostlyHard - 0.1 * soft) / 0.9) / 2, 1e-4);
}

TEST_F(DistillationTest, StudentsHaveTheWeightsOfProducts) {
  auto module = createNetwork();
  auto trainer = createTrainer(*module, "distillation=0.1");
  for (size_t parameter = 0; parameter < 3; ++parameter) {
    bool isMatrix = llvm::is_contained(kMatrices, parameter);
    EXPECT_EQ(trainer->findState(getName(parameter) + ".student") != nullptr,
              isMatrix);
  }
  EXPECT_NE(trainer->findState("student.terms"), nullptr);
}
