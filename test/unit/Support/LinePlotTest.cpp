//===- LinePlotTest.cpp - Curves as SVG -----------------------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Ticks cover every range in round steps; points land where they should.
//
//===----------------------------------------------------------------------===//

#include "colonnade/Support/LinePlot.h"
#include "RandomCases.h"
#include "llvm/Support/raw_ostream.h"
#include "gmock/gmock.h"
#include <cmath>

using namespace colonnade;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

static std::string print(llvm::ArrayRef<LinePlot> plots) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  printSvg(stream, plots);
  return text;
}

TEST(LinePlotTest, TicksAreRound) {
  EXPECT_THAT(getAxisTicks(0, 10, 5), ElementsAre(0, 2, 4, 6, 8, 10));
  EXPECT_THAT(getAxisTicks(1, 9.5, 5), ElementsAre(0, 2, 4, 6, 8, 10));
  EXPECT_THAT(getAxisTicks(-3, 4, 2), ElementsAre(-5, 0, 5));
  EXPECT_THAT(getAxisTicks(4, 4, 4), ElementsAre(2, 3, 4, 5, 6));
}

TEST(LinePlotTest, TicksCoverTheRangeInFewSteps) {
  RandomCases random(1);
  for (int i = 0; i < 1000; ++i) {
    double scale = std::pow(10.0, random.getInteger(-6, 6));
    double low = random.getNormal() * scale;
    double high = low + (random.getUniform() + 1e-3) * scale;
    std::vector<double> ticks = getAxisTicks(low, high, 6);
    ASSERT_GE(ticks.size(), 2u);
    ASSERT_LE(ticks.size(), 9u);
    double step = ticks[1] - ticks[0];
    EXPECT_LE(ticks.front(), low + 1e-6 * step);
    EXPECT_GE(ticks.back(), high - 1e-6 * step);
    EXPECT_GT(ticks.front() + step, low);
    EXPECT_LT(ticks.back() - step, high);
  }
}

TEST(LinePlotTest, PointsLandBetweenTheMargins) {
  LinePlot plot{"a < b", "epoch", "loss", {{"c & d", {{0, 0}, {1, 1}}}}};
  EXPECT_THAT(print(plot), AllOf(HasSubstr("a &lt; b"), HasSubstr("c &amp; d"),
                                 HasSubstr("d='M70.0,270.0 L550.0,40.0 '"),
                                 HasSubstr("height='320'")));
  EXPECT_THAT(print({plot, plot}), HasSubstr("d='M70.0,590.0 L550.0,360.0 '"));
}

TEST(LinePlotTest, PointsThatAreNotFiniteBreakTheLine) {
  LinePlot plot{"", "", "", {{"", {{0, 0}, {1, NAN}, {2, 1}, {4, 1}}}}};
  EXPECT_THAT(print(plot),
              AllOf(HasSubstr("M70.0,270.0 M310.0,40.0 L550.0,40.0"),
                    Not(HasSubstr("nan"))));
  EXPECT_THAT(print(LinePlot()), HasSubstr("</svg>"));
}
