//===- TrainingLogTest.cpp - The forms of a training log ------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The same figures in CSV, JSON and SVG, and in a checkpoint and back.
//
//===----------------------------------------------------------------------===//

#include "colonnade/Training/TrainingLog.h"
#include "Errors.h"
#include "TemporaryDirectory.h"
#include "gmock/gmock.h"
#include <cmath>

using namespace colonnade;
using testing::AllOf;
using testing::HasSubstr;

static const TrainingLog kLog = {{1, 468, 0.5, 0.8125, 0.75, 2},
                                 {2, 936, 0.25, 0.875, NAN, 2.5}};

static std::string write(const char *name) {
  TemporaryDirectory directory;
  std::string path = directory.getPath(name);
  EXPECT_FALSE(bool(writeTrainingLog(path, kLog)));
  return TemporaryDirectory::read(path);
}

TEST(TrainingLogTest, IsWrittenByTheNamesEnding) {
  EXPECT_EQ(write("log.csv"),
            "epoch,step,train_loss,train_accuracy,test_accuracy,seconds\n"
            "1,468,0.5,0.8125,0.75,2\n"
            "2,936,0.25,0.875,,2.5\n");
  EXPECT_THAT(write("log.json"), AllOf(HasSubstr("\"train_loss\": 0.25"),
                                       HasSubstr("\"test_accuracy\": null")));
  EXPECT_THAT(write("log.svg"),
              AllOf(HasSubstr("<svg"), HasSubstr("Loss"), HasSubstr("test")));
}

TEST(TrainingLogTest, SurvivesACheckpoint) {
  auto log = getValue(unpackTrainingLog(packTrainingLog(kLog)));
  ASSERT_TRUE(log);
  ASSERT_EQ(log->size(), 2u);
  EXPECT_EQ((*log)[0].step, 468);
  EXPECT_EQ((*log)[0].testAccuracy, 0.75);
  EXPECT_EQ((*log)[1].trainLoss, 0.25);
  EXPECT_EQ((*log)[1].seconds, 2.5);
  EXPECT_TRUE(std::isnan((*log)[1].testAccuracy));
  EXPECT_TRUE(getValue(unpackTrainingLog(packTrainingLog({})))->empty());
  EXPECT_THAT(
      getMessage(unpackTrainingLog(NpyArray::get<double>({1, 2}, {1, 2}))),
      HasSubstr("expected a log of 6 columns"));
  EXPECT_THAT(getMessage(unpackTrainingLog(NpyArray::get<float>({}, {0, 6}))),
              HasSubstr("float32, expected float64"));
}
