//===- ProgressBar.h - How far a long computation is -----------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Calibration on many images takes minutes. This draws one line that is
// overwritten in place, on a terminal only unless asked for.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_SUPPORT_PROGRESSBAR_H
#define COLONNADE_SUPPORT_PROGRESSBAR_H

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/raw_ostream.h"
#include <chrono>
#include <string>

namespace colonnade {

/// "calibrating [=====>    ] 120/200, 4 s left". `done` is at most `total`.
std::string renderProgress(llvm::StringRef label, int64_t done, int64_t total,
                           double elapsedSeconds);

class ProgressBar {
public:
  /// Draws on `stream` if it is a terminal or `always` is set.
  ProgressBar(llvm::raw_ostream &stream, llvm::StringRef label, int64_t total,
              bool always);
  /// Ends the line.
  ~ProgressBar();
  ProgressBar(const ProgressBar &) = delete;
  ProgressBar &operator=(const ProgressBar &) = delete;

  /// Changes the text in front of the bar from the next update on.
  void setLabel(llvm::StringRef text) { label = text.str(); }

  /// Redraws, at most ten times a second and when everything is done.
  void update(int64_t done);

private:
  using Clock = std::chrono::steady_clock;

  llvm::raw_ostream &stream;
  std::string label;
  int64_t total;
  bool enabled;
  bool drawn = false;
  Clock::time_point start = Clock::now(), lastDrawn = start;
};

} // namespace colonnade

#endif // COLONNADE_SUPPORT_PROGRESSBAR_H
