//===- StepCost.h - A training step on a machine of blocks -----*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the products of a training step cost on a target with block cells: each
// layer's Y = A W, dA = G W^T and dW = A^T G, one after the other, at the
// precisions in use. They are the instructions that
// `--convert-linalg-to-systolic` makes of the step, timed and counted like a
// program's; the step itself runs on the CPU. Not counted: everything that is
// not a product (activations, normalization, the optimizer), DRAM, the capacity
// of the memories, and products whose blocks the array cannot multiply.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_TRAINING_STEPCOST_H
#define COLONNADE_TRAINING_STEPCOST_H

#include "colonnade/Dialect/Systolic/IR/Systolic.h"
#include "mlir/IR/BuiltinOps.h"
#include <array>
#include <map>
#include <optional>

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

/// A product of the step as one instruction.
struct StepProduct {
  sim::BlockPass pass;
  /// Which of the layer's tensors are held and pass.
  int64_t LayerPrecision::*held = &LayerPrecision::weights;
  int64_t LayerPrecision::*passing = &LayerPrecision::activations;

  sim::BlockPass getPass(const LayerPrecision &precision) const;
};

/// The products of one layer: the forward ones (two where a coupling is
/// evaluated again on the way back), that of the activations' gradient and that
/// of the weights'. None where the step does without, or where the array cannot
/// multiply the operands' blocks.
struct LayerPasses {
  std::string name;
  /// Or it is a product of two activations.
  bool hasParameter = true;
  std::array<llvm::SmallVector<StepProduct, 1>, 3> products;
};

class StepCost {
public:
  /// The layers of `@main` of `network`, which has a batch of 1, at another
  /// batch. `format` is the step's, with its widest mantissas; blocks are
  /// formed anew for the backward products. Fails for a target that cannot
  /// multiply it.
  static llvm::Expected<StepCost> create(mlir::ModuleOp network, int64_t batch,
                                         const BlockFormat &format,
                                         systolic::TargetAttr target);

  /// In the network's order.
  llvm::ArrayRef<LayerPasses> getLayers() const { return layers; }
  const sim::MachineDescription &getMachine() const { return machine; }
  /// Products of layers that the array does not do, and that cost nothing here.
  int64_t getProductsElsewhere() const { return productsElsewhere; }

  /// Nothing for a product that there is not.
  using LayerCost = std::array<ProductCost, 3>;
  const LayerCost &getCost(size_t layer, const LayerPrecision &precision);

private:
  ProductCost getCost(const sim::BlockPass &pass) const;

  sim::MachineDescription machine;
  std::vector<LayerPasses> layers;
  int64_t productsElsewhere = 0;
  std::map<std::pair<size_t, LayerPrecision>, LayerCost> costs;
};

} // namespace colonnade

#endif // COLONNADE_TRAINING_STEPCOST_H
