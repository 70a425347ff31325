//===- ProgressBar.cpp - How far a long computation is --------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The text is a function of the numbers; the class adds clock and terminal.
//
//===----------------------------------------------------------------------===//

#include "colonnade/Support/ProgressBar.h"
#include "llvm/ADT/Twine.h"
#include <cmath>

using namespace colonnade;

static constexpr int64_t kBarWidth = 30;
static constexpr std::chrono::milliseconds kRedrawInterval(100);

std::string colonnade::renderProgress(llvm::StringRef label, int64_t done,
                                      int64_t total, double elapsedSeconds) {
  int64_t filled = total == 0 ? kBarWidth : kBarWidth * done / total;
  std::string bar(filled, '=');
  if (filled < kBarWidth)
    bar += '>';
  bar.resize(kBarWidth, ' ');
  std::string text =
      (label + " [" + bar + "] " + llvm::Twine(done) + "/" + llvm::Twine(total))
          .str();
  if (done == 0 || done == total)
    return text;
  auto left = std::llround(elapsedSeconds / done * (total - done));
  return (text + ", " + llvm::Twine(left) + " s left").str();
}

ProgressBar::ProgressBar(llvm::raw_ostream &stream, llvm::StringRef label,
                         int64_t total, bool always)
    : stream(stream), label(label), total(total),
      enabled(always || stream.is_displayed()) {}

ProgressBar::~ProgressBar() {
  if (drawn)
    stream << "\n";
}

void ProgressBar::update(int64_t done) {
  Clock::time_point now = Clock::now();
  if (!enabled || (drawn && done != total && now - lastDrawn < kRedrawInterval))
    return;
  std::chrono::duration<double> elapsed = now - start;
  // Blanks cover what is left of a longer line before.
  stream << "\r" << renderProgress(label, done, total, elapsed.count())
         << "        ";
  stream.flush();
  drawn = true;
  lastDrawn = now;
}
