//===- ActivationPlanning.cpp - The fastest plan that fits ----------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Of the blocks so far, all that later ones depend on is the last option and
// the bytes kept. A choice that keeps more and takes longer than another one
// with the same last option is never continued, nor one that leaves too little
// room for the rest.
//
//===----------------------------------------------------------------------===//

#include "colonnade/Training/ActivationPlanning.h"
#include <algorithm>
#include <limits>
#include <tuple>

using namespace colonnade;

ActivationSchedule
colonnade::evaluateOptions(const std::vector<PlanBlock> &chain,
                           std::vector<size_t> options) {
  ActivationSchedule schedule;
  int64_t kept = 0;
  size_t previous = 0;
  for (size_t i = 0; i < chain.size(); ++i) {
    const PlanStep &step = chain[i].getStep(previous, options[i]);
    schedule.peak = std::max(schedule.peak, kept + step.peak);
    schedule.time += step.time;
    kept += step.kept;
    previous = options[i];
  }
  schedule.options = std::move(options);
  return schedule;
}

namespace {

constexpr int64_t kInfeasible = -1;

/// By block and option: the most bytes that may be kept up to and with the
/// block so that the rest fits; kInfeasible if it does not even with none.
using Room = std::vector<std::vector<int64_t>>;

Room computeRoom(const std::vector<PlanBlock> &chain, int64_t limit) {
  Room room(chain.size());
  for (size_t i = chain.size(); i-- > 0;) {
    room[i].assign(chain[i].options, kInfeasible);
    if (i + 1 == chain.size()) {
      // Nothing comes after it; what it keeps is part of its peak.
      room[i].assign(chain[i].options, std::numeric_limits<int64_t>::max());
      continue;
    }
    const PlanBlock &next = chain[i + 1];
    for (size_t option = 0; option < chain[i].options; ++option)
      for (size_t following = 0; following < next.options; ++following) {
        const PlanStep &step = next.getStep(option, following);
        if (room[i + 1][following] == kInfeasible)
          continue;
        int64_t bytes =
            std::min(limit - step.peak, room[i + 1][following] - step.kept);
        room[i][option] = std::max(room[i][option], bytes);
      }
  }
  return room;
}

bool fits(const std::vector<PlanBlock> &chain, int64_t limit) {
  if (chain.empty())
    return true;
  Room room = computeRoom(chain, limit);
  for (size_t option = 0; option < chain[0].options; ++option) {
    const PlanStep &step = chain[0].getStep(0, option);
    if (step.peak <= limit && step.kept <= room[0][option])
      return true;
  }
  return false;
}

/// A choice for the blocks so far.
struct Point {
  int64_t kept, time;
  /// Among the points of the block before, all options' after each other.
  size_t option, parent;
};

/// Of one block; the points of an option rise in bytes and fall in time.
struct Frontier {
  std::vector<Point> points;
  /// Where the points of each option begin, and one more.
  std::vector<size_t> begins;
};

/// Adds the choices that no other one beats in both bytes and time.
void appendUndominated(Frontier &frontier, std::vector<Point> &candidates) {
  std::sort(candidates.begin(), candidates.end(),
            [](const Point &a, const Point &b) {
              return std::tie(a.kept, a.time) < std::tie(b.kept, b.time);
            });
  int64_t fastest = std::numeric_limits<int64_t>::max();
  for (const Point &point : candidates)
    if (point.time < fastest) {
      frontier.points.push_back(point);
      fastest = point.time;
    }
}

/// The frontier before the first block: one choice, which keeps nothing.
Frontier getStart() { return {{{0, 0, 0, 0}}, {0, 1}}; }

Frontier advance(const Frontier &before, const PlanBlock &block,
                 const std::vector<int64_t> &room, int64_t limit) {
  Frontier after;
  std::vector<Point> candidates;
  for (size_t option = 0; option < block.options; ++option) {
    after.begins.push_back(after.points.size());
    candidates.clear();
    for (size_t previous = 0; previous + 1 < before.begins.size(); ++previous) {
      const PlanStep &step = block.getStep(previous, option);
      for (size_t i = before.begins[previous]; i < before.begins[previous + 1];
           ++i) {
        const Point &point = before.points[i];
        int64_t kept = point.kept + step.kept;
        if (point.kept + step.peak > limit || kept > room[option])
          break; // The next ones keep more.
        candidates.push_back({kept, point.time + step.time, option, i});
      }
    }
    appendUndominated(after, candidates);
  }
  after.begins.push_back(after.points.size());
  return after;
}

} // namespace

int64_t colonnade::findLeastPeak(const std::vector<PlanBlock> &chain) {
  int64_t high = 0;
  for (const PlanBlock &block : chain) {
    int64_t most = 0;
    for (const PlanStep &step : block.steps)
      most = std::max(most, step.kept + step.peak);
    high += most;
  }
  int64_t low = 0; // The least limit is in [low, high].
  while (low < high) {
    int64_t middle = low + (high - low) / 2;
    if (fits(chain, middle))
      high = middle;
    else
      low = middle + 1;
  }
  return high;
}

std::optional<ActivationSchedule>
colonnade::findFastestSchedule(const std::vector<PlanBlock> &chain,
                               int64_t limit) {
  Room room = computeRoom(chain, limit);
  std::vector<Frontier> frontiers{getStart()};
  for (size_t i = 0; i < chain.size(); ++i) {
    frontiers.push_back(advance(frontiers.back(), chain[i], room[i], limit));
    if (frontiers.back().points.empty())
      return std::nullopt;
  }
  const std::vector<Point> &last = frontiers.back().points;
  const Point *best = &*std::min_element(
      last.begin(), last.end(), [](const Point &a, const Point &b) {
        return std::tie(a.time, a.kept) < std::tie(b.time, b.kept);
      });
  std::vector<size_t> options(chain.size());
  for (size_t i = chain.size(); i-- > 0;) {
    options[i] = best->option;
    best = &frontiers[i].points[best->parent];
  }
  return evaluateOptions(chain, std::move(options));
}
