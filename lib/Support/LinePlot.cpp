//===- LinePlot.cpp - Curves as SVG ---------------------------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See the header.
//
//===----------------------------------------------------------------------===//

#include "colonnade/Support/LinePlot.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/raw_ostream.h"
#include <cmath>

using namespace colonnade;

/// Pixels. The curves are drawn between the margins; the legend is to the
/// right.
static constexpr double kWidth = 720, kHeight = 320;
static constexpr double kLeft = 70, kRight = 170, kTop = 40, kBottom = 50;
static constexpr int64_t kTicks = 6;

/// Okabe and Ito's palette, which colour-blind readers tell apart.
static constexpr llvm::StringLiteral kColours[] = {
    "#0072b2", "#d55e00", "#009e73", "#cc79a7",
    "#e69f00", "#56b4e9", "#000000", "#f0e442"};

std::vector<double> colonnade::getAxisTicks(double low, double high,
                                            int64_t count) {
  if (!(high > low)) {
    double middle = low;
    low = middle - std::max(std::abs(middle), 1.0) / 2;
    high = middle + std::max(std::abs(middle), 1.0) / 2;
  }
  double rough = (high - low) / static_cast<double>(count);
  double power = std::pow(10.0, std::floor(std::log10(rough)));
  double step = 10 * power;
  for (double factor : {5.0, 2.0, 1.0})
    if (factor * power >= rough)
      step = factor * power;
  auto first = std::llround(std::floor(low / step + 1e-9));
  auto last = std::llround(std::ceil(high / step - 1e-9));
  std::vector<double> ticks;
  for (auto i = first; i <= last; ++i)
    ticks.push_back(static_cast<double>(i) * step);
  return ticks;
}

namespace {

/// A range of numbers laid out along pixels.
struct Axis {
  std::vector<double> ticks;
  double begin, end;

  double getPixel(double value) const {
    double share = (value - ticks.front()) / (ticks.back() - ticks.front());
    return begin + share * (end - begin);
  }
};

class PlotPrinter {
public:
  PlotPrinter(llvm::raw_ostream &stream, const LinePlot &plot, double top)
      : stream(stream), plot(plot), top(top) {
    x = {getTicks([](auto point) { return point.first; }), kLeft,
         kWidth - kRight};
    y = {getTicks([](auto point) { return point.second; }),
         top + kHeight - kBottom, top + kTop};
  }

  void print() {
    printText(kLeft, top + kTop - 16, "start", plot.title,
              "font-weight='bold'");
    printGrid();
    printText((x.begin + x.end) / 2, y.begin + 38, "middle", plot.xLabel);
    printText(kLeft, top + kTop - 2, "end", plot.yLabel);
    for (auto [i, series] : llvm::enumerate(plot.series))
      printSeries(series, i);
  }

private:
  template <typename Coordinate>
  std::vector<double> getTicks(Coordinate coordinate) const {
    double low = INFINITY, high = -INFINITY;
    for (const PlotSeries &series : plot.series)
      for (auto point : series.points)
        if (isFinite(point)) {
          low = std::min(low, coordinate(point));
          high = std::max(high, coordinate(point));
        }
    return low <= high ? getAxisTicks(low, high, kTicks)
                       : getAxisTicks(0, 1, kTicks);
  }

  static bool isFinite(std::pair<double, double> point) {
    return std::isfinite(point.first) && std::isfinite(point.second);
  }

  void printText(double left, double baseline, llvm::StringRef anchor,
                 llvm::StringRef text, llvm::StringRef style = "") {
    stream << llvm::formatv(
        "<text x='{0:f1}' y='{1:f1}' text-anchor='{2}' {3}>", left, baseline,
        anchor, style);
    llvm::printHTMLEscaped(text, stream);
    stream << "</text>\n";
  }

  void printLine(double x1, double y1, double x2, double y2,
                 llvm::StringRef style) {
    stream << llvm::formatv("<line x1='{0:f1}' y1='{1:f1}' x2='{2:f1}' "
                            "y2='{3:f1}' {4}/>\n",
                            x1, y1, x2, y2, style);
  }

  void printGrid() {
    for (double tick : x.ticks) {
      double pixel = x.getPixel(tick);
      printLine(pixel, y.begin, pixel, y.end, "stroke='#ddd'");
      printText(pixel, y.begin + 18, "middle", format(tick));
    }
    for (double tick : y.ticks) {
      double pixel = y.getPixel(tick);
      printLine(x.begin, pixel, x.end, pixel, "stroke='#ddd'");
      printText(x.begin - 6, pixel + 4, "end", format(tick));
    }
  }

  static std::string format(double tick) {
    std::string text;
    llvm::raw_string_ostream(text) << llvm::format("%.4g", tick + 0.0);
    return text;
  }

  void printSeries(const PlotSeries &series, size_t index) {
    llvm::StringRef colour = kColours[index % std::size(kColours)];
    stream << "<path fill='none' stroke='" << colour
           << "' stroke-width='1.5' d='";
    bool joined = false;
    for (auto point : series.points) {
      if (isFinite(point))
        stream << llvm::formatv("{0}{1:f1},{2:f1} ", joined ? "L" : "M",
                                x.getPixel(point.first),
                                y.getPixel(point.second));
      joined = isFinite(point);
    }
    stream << "'/>\n";
    double row = y.end + 18 * static_cast<double>(index) + 6;
    printLine(x.end + 12, row, x.end + 30, row,
              ("stroke-width='3' stroke='" + colour + "'").str());
    printText(x.end + 36, row + 4, "start", series.name);
  }

  llvm::raw_ostream &stream;
  const LinePlot &plot;
  double top;
  Axis x, y;
};

} // namespace

void colonnade::printSvg(llvm::raw_ostream &stream,
                         llvm::ArrayRef<LinePlot> plots) {
  stream << llvm::formatv(
      "<svg xmlns='http://www.w3.org/2000/svg' version='1.1' width='{0:f0}' "
      "height='{1:f0}' font-family='sans-serif' font-size='12'>\n"
      "<rect width='100%' height='100%' fill='white'/>\n",
      kWidth, kHeight * static_cast<double>(plots.size()));
  for (auto [i, plot] : llvm::enumerate(plots))
    PlotPrinter(stream, plot, kHeight * static_cast<double>(i)).print();
  stream << "</svg>\n";
}
