//===- CostMeter.cpp - What a training run would have cost ----------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See the header.
//
//===----------------------------------------------------------------------===//

#include "colonnade/Training/CostMeter.h"
#include "StepFormat.h"
#include "colonnade/Support/FileOutput.h"
#include "colonnade/Support/LinePlot.h"
#include "colonnade/Training/Trainer.h"
#include "llvm/Support/FormatVariadic.h"
#include <numeric>

using namespace colonnade;

/// The array of a checkpoint that holds the meter's table.
static constexpr llvm::StringLiteral kCosts("training.costs");

/// The first columns of the table; then three for every layer.
enum Column : unsigned {
  Step,
  Cycles,
  Seconds,
  Joules,
  WeightBits,
  ActivationBits,
  GradientBits,
  FirstLayer
};

static FigureTable makeTable(llvm::ArrayRef<LayerPasses> layers) {
  FigureTable table{{"step", "cycles", "seconds", "joules", "weight_bits",
                     "activation_bits", "gradient_bits"},
                    {}};
  for (const LayerPasses &layer : layers)
    for (const char *operand : {".W", ".A", ".G"})
      table.columns.push_back(layer.name + operand);
  return table;
}

CostMeter::CostMeter(StepCost stepCost, const BlockFormat &format)
    : cost(std::move(stepCost)), format(format),
      precisions(
          cost.getLayers().size(),
          {format.mantissaBits, format.mantissaBits, format.mantissaBits}),
      table(makeTable(cost.getLayers())) {}

LayerPrecision CostMeter::getPrecision(const Trainer &trainer,
                                       const LayerPasses &layer) const {
  int64_t bits = format.mantissaBits;
  const NpyArray *state =
      trainer.findState(getMantissaName(layer.name));
  if (!state)
    return {bits, bits, bits};
  auto used = llvm::cantFail(state->getValues<int32_t>());
  auto clamp = [&](int32_t chosen) {
    return format.withMantissaBits(chosen).mantissaBits;
  };
  return {clamp(used[0]), clamp(used[1]), clamp(used[2])};
}

llvm::Error CostMeter::afterStep(Trainer &trainer) {
  ProductCost step;
  std::vector<double> row(table.columns.size());
  double layers = double(cost.getLayers().size());
  for (auto [number, layer] : llvm::enumerate(cost.getLayers())) {
    LayerPrecision &bits = precisions[number];
    bits = getPrecision(trainer, layer);
    for (const ProductCost &product : cost.getCost(number, bits))
      step += product;
    int64_t operands[] = {bits.weights, bits.activations, bits.gradient};
    for (unsigned i = 0; i < 3; ++i) {
      row[FirstLayer + 3 * number + i] = double(operands[i]);
      row[WeightBits + i] += double(operands[i]) / layers;
    }
  }
  row[Step] = double(trainer.getStep());
  row[Cycles] = double(getCycles() + step.cycles);
  row[Seconds] = row[Cycles] / (cost.getMachine().clockMegahertz * 1e6);
  row[Joules] = step.picojoules * 1e-12;
  if (!table.rows.empty())
    row[Joules] += table.rows.back()[Joules];
  table.rows.push_back(std::move(row));
  return llvm::Error::success();
}

int64_t CostMeter::getCycles() const {
  return table.rows.empty() ? 0
                            : static_cast<int64_t>(table.rows.back()[Cycles]);
}

double CostMeter::getSeconds() const {
  return table.rows.empty() ? 0 : table.rows.back()[Seconds];
}

std::pair<std::string, std::string> CostMeter::getFingerprint() const {
  return {"target", cost.getMachine().hash};
}

void CostMeter::addToCheckpoint(NamedArrays &checkpoint) const {
  checkpoint.arrays[kCosts.str()] = packFigures(table);
}

llvm::Error CostMeter::restore(const NamedArrays &checkpoint) {
  llvm::Expected<const NpyArray *> found = checkpoint.find(kCosts.str());
  if (!found)
    return llvm::createStringError(llvm::toString(found.takeError()) +
                                   ": it was written without --target");
  llvm::Expected<FigureTable> read = unpackFigures(**found, table);
  if (!read)
    return read.takeError();
  table = std::move(*read);
  return llvm::Error::success();
}

void CostMeter::print(llvm::raw_ostream &stream) {
  const sim::MachineDescription &machine = cost.getMachine();
  stream << llvm::formatv("products of the last step on '{0}', in cycles\n",
                          machine.name)
         << llvm::formatv("{0,-28}{1,8}{2,12}{3,12}{4,12}\n", "layer", "W,A,G",
                          "forward", "dA", "dW");
  ProductCost total;
  for (auto [number, layer] : llvm::enumerate(cost.getLayers())) {
    const LayerPrecision &bits = precisions[number];
    const StepCost::LayerCost &products = cost.getCost(number, bits);
    std::array<std::string, 3> cycles;
    for (unsigned i = 0; i < 3; ++i)
      cycles[i] = layer.products[i].empty()
                      ? "-"
                      : std::to_string(products[i].cycles);
    stream << llvm::formatv("{0,-28}{1,8}{2,12}{3,12}{4,12}\n", layer.name,
                            llvm::formatv("{0},{1},{2}", bits.weights,
                                          bits.activations, bits.gradient)
                                .str(),
                            cycles[0], cycles[1], cycles[2]);
    for (const ProductCost &product : products)
      total += product;
  }
  if (int64_t elsewhere = cost.getProductsElsewhere())
    stream << llvm::formatv(
        "not on the array and not counted: {0} products (remarks of "
        "--convert-linalg-to-systolic on the step say why)\n",
        elsewhere);
  double cellCycles = double(machine.rows * machine.columns) * total.cycles;
  stream << llvm::formatv(
      "one step: {0} cycles, cells busy in {1:f1} %, {2:f2} "
      "mJ; all steps: {3} cycles, {4:f3} s at {5} MHz\n",
      total.cycles, 100 * double(total.busyCellCycles) / cellCycles,
      total.picojoules * 1e-9, getCycles(), getSeconds(),
      machine.clockMegahertz);
}

/// The mean of some columns over the steps.
static PlotSeries getSeries(llvm::StringRef name, const FigureTable &table,
                            unsigned first, unsigned count) {
  PlotSeries series{name.str(), {}};
  for (const std::vector<double> &row : table.rows) {
    auto columns = llvm::ArrayRef(row).slice(first, count);
    double sum = std::accumulate(columns.begin(), columns.end(), 0.0);
    series.points.emplace_back(row[Step], sum / count);
  }
  return series;
}

static void printCurves(llvm::raw_ostream &stream, const FigureTable &table) {
  LinePlot operands{"Mantissa bits, mean of the layers",
                    "step",
                    "bits",
                    {getSeries("weights", table, WeightBits, 1),
                     getSeries("activations", table, ActivationBits, 1),
                     getSeries("gradients", table, GradientBits, 1)}};
  LinePlot layers{"Mantissa bits, mean of W, A and G", "step", "bits", {}};
  for (unsigned i = FirstLayer; i < table.columns.size(); i += 3) {
    llvm::StringRef layer = table.columns[i];
    layers.series.push_back(getSeries(layer.drop_back(2), table, i, 3));
  }
  LinePlot time{"Time on the target",
                "step",
                "s",
                {getSeries("products", table, Seconds, 1)}};
  printSvg(stream, {operands, layers, time});
}

llvm::Error colonnade::writeCostLog(llvm::StringRef path,
                                    const CostMeter &meter) {
  return writeFigures(path, meter.getTable(), [&](llvm::raw_ostream &stream) {
    printCurves(stream, meter.getTable());
  });
}
