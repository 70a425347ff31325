//===- ProgressBarTest.cpp - How far a long computation is ----------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The text of the line, and that nothing is drawn where nobody looks.
//
//===----------------------------------------------------------------------===//

#include "colonnade/Support/ProgressBar.h"
#include "gtest/gtest.h"

using namespace colonnade;

namespace {

TEST(ProgressBarTest, TextOfTheLine) {
  EXPECT_EQ(renderProgress("calibrating", 0, 200, 0),
            "calibrating [>                             ] 0/200");
  EXPECT_EQ(renderProgress("calibrating", 50, 200, 2.0),
            "calibrating [=======>                      ] 50/200, 6 s left");
  EXPECT_EQ(renderProgress("calibrating", 200, 200, 8.0),
            "calibrating [==============================] 200/200");
  EXPECT_EQ(renderProgress("calibrating", 0, 0, 0.0),
            "calibrating [==============================] 0/0");
}

TEST(ProgressBarTest, DrawsOnlyWhenAsked) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  {
    ProgressBar bar(stream, "calibrating", 2, /*always=*/false);
    bar.update(1);
    bar.update(2);
  }
  EXPECT_EQ(text, "");
  {
    ProgressBar bar(stream, "calibrating", 2, /*always=*/true);
    bar.update(1);
    bar.update(2);
  }
  EXPECT_TRUE(llvm::StringRef(text).contains("1/2"));
  EXPECT_TRUE(llvm::StringRef(text).contains("2/2"));
  EXPECT_TRUE(llvm::StringRef(text).ends_with("\n"));
}

} // namespace
