//===- StepCost.h - A training step on a machine of blocks -----*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the products of a training step cost on a target with block cells: each
// layer's Y = A W forward, dA = G W^T in the orthogonal dataflow and dW = A^T G
// output-stationary, one after the other, at the precisions in use. Closed
// forms of Simulator/BlockGemm.h; the step itself runs on the CPU. Not counted:
// everything that is not a product (activations, normalization, the optimizer),
// DRAM, and the capacity of the data SRAM.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_TRAINING_STEPCOST_H
#define COLONNADE_TRAINING_STEPCOST_H

#include "colonnade/Simulator/BlockGemm.h"
#include "mlir/IR/BuiltinOps.h"
#include <array>
#include <map>

namespace colonnade {

/// Mantissa bits of a layer's weights, activations and gradient.
struct LayerPrecision {
  int64_t weights = 4, activations = 4, gradient = 4;

  auto operator<=>(const LayerPrecision &) const = default;
};

struct ProductCost {
  int64_t cycles = 0;
  /// Of all cells, the cycles in which they multiply.
  int64_t busyCellCycles = 0;
  double picojoules = 0;

  ProductCost &operator+=(const ProductCost &other) {
    cycles += other.cycles;
    busyCellCycles += other.busyCellCycles;
    picojoules += other.picojoules;
    return *this;
  }
};

/// The products of one layer: `groups` of them, as a grouped convolution or a
/// batched product has, of outputs x reduction and reduction x positions.
struct LayerGemms {
  std::string name;
  int64_t groups = 1;
  int64_t outputs = 1, reduction = 1, positions = 1;
  /// Of all groups; fewer than groups x reduction x positions if they are a
  /// convolution's patches.
  int64_t activationValues = 1;
  /// Whether a parameter comes before the layer, so that its gradient goes on.
  bool needsActivationGradient = true;

  /// The forward product, that of the activations' gradient and that of the
  /// weights'.
  sim::BlockGemm getForward(const LayerPrecision &precision) const;
  sim::BlockGemm getActivationGradient(const LayerPrecision &precision) const;
  sim::BlockGemm getWeightGradient(const LayerPrecision &precision) const;
};

class StepCost {
public:
  /// The layers of `@main` of `network`, which has a batch of 1, at another
  /// batch. `format` is the step's, with its widest mantissas. Fails for a
  /// target that cannot multiply it.
  static llvm::Expected<StepCost> create(mlir::ModuleOp network, int64_t batch,
                                         const BlockFormat &format,
                                         sim::MachineDescription machine);

  /// In the network's order.
  llvm::ArrayRef<LayerGemms> getLayers() const { return layers; }
  const sim::MachineDescription &getMachine() const { return machine; }

  /// Forward, activations' gradient (nothing if it is not needed), weights'
  /// gradient.
  using LayerCost = std::array<ProductCost, 3>;
  const LayerCost &getCost(size_t layer, const LayerPrecision &precision);

private:
  ProductCost getCost(const sim::BlockGemm &gemm) const;

  sim::MachineDescription machine;
  std::vector<LayerGemms> layers;
  std::map<std::pair<size_t, LayerPrecision>, LayerCost> costs;
};

} // namespace colonnade

#endif // COLONNADE_TRAINING_STEPCOST_H
