//===- StepFormat.h - Number formats inside the training step --*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a machine with narrow multipliers computes, as IR: rounding in front of
// every product of the step, and the code that chooses precisions at run time.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_LIB_TRAINING_STEPFORMAT_H
#define COLONNADE_LIB_TRAINING_STEPFORMAT_H

#include "LayerProducts.h"
#include "colonnade/Dialect/Colonnade/IR/ColonnadeOps.h"
#include "colonnade/Differentiation/Differentiate.h"
#include "colonnade/Numerics/FastPolicy.h"
#include "colonnade/Training/Passes.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace colonnade {

/// From the options of --colonnade-training-step.
struct FormatSettings {
  NumberFormat format = NumberFormat::Fp32;
  BackwardBlocks blocks = BackwardBlocks::Reuse;
  /// Of weights and activations.
  BlockRounding rounding = BlockRounding::Nearest;
  BlockRounding gradientRounding = BlockRounding::Unbiased;
  uint64_t seed = 1;
  int64_t refreshInterval = 1;
  FastPolicy policy;
  /// How much higher the threshold of gradients is.
  double gradientMargin = 0;
  /// And that of all tensors of a product of two activations.
  double activationProductMargin = 0;
  /// The finer precision for what layers read of the network's input.
  bool fineInput = true;
  int64_t totalSteps = 1;

  bool isAdaptive() const { return format == NumberFormat::FastAdaptive; }
  /// Of a layer's `tensor`.
  FastPolicy getPolicy(const LayerProduct &layer, LayerTensor tensor) const;
};

/// The format of such blocks; none if it has no name.
std::optional<NumberFormat> findNumberFormat(const BlockFormat &blocks);

/// The name, after the layer's, of the state that holds the mantissa bits of
/// its weights, activations and gradient: a tensor<3xi32>.
inline constexpr llvm::StringLiteral kMantissaState("mantissa");
/// The whole name of a layer's.
inline std::string getMantissaName(llvm::StringRef layer) {
  return (layer + "." + kMantissaState).str();
}
/// The layer whose mantissa bits state of this name holds; none for other state.
inline std::optional<llvm::StringRef>
findMantissaLayer(llvm::StringRef state) {
  auto [layer, kind] = state.rsplit('.');
  return kind == kMantissaState ? std::optional(layer) : std::nullopt;
}

/// What those bits are called in logs, in their order.
inline constexpr llvm::StringLiteral kMantissaOperands[] = {
    "weights", "activations", "gradient"};

/// Rounds what the layers of one step, or of an evaluation, multiply.
class StepFormat {
public:
  /// `state` has a tensor of mantissa bits for each layer if precisions change.
  /// `step` is the step's number, an i64; null in an evaluation, which takes the
  /// precisions of the state and has no gradients. Emits code at the builder,
  /// which the layers come after.
  StepFormat(mlir::ImplicitLocOpBuilder &builder,
             const FormatSettings &settings,
             llvm::SmallVector<LayerProduct> layers, mlir::ValueRange state,
             mlir::Value step);

  /// Rounds the operands of the forward products.
  void roundOperands();

  /// As GradientRule's: the backward products of layers get rounded operands.
  mlir::FailureOr<llvm::SmallVector<mlir::Value>>
  createCotangents(DifferentiableOpInterface op, mlir::OpBuilder &nested,
                   mlir::ValueRange cotangents, llvm::ArrayRef<bool> needed);

  /// As GradientRule's: layers in couplings are from now on their copies, as are
  /// the precisions that they chose.
  void notifyCloned(const mlir::IRMapping &clones);

  /// Fails, with an error, if the precisions of a layer in a coupling are not
  /// known outside it, because no gradient passes it.
  llvm::LogicalResult checkState() const;

  /// The mantissa bits in use, for the next step. None if they do not change.
  llvm::SmallVector<mlir::Value> getNextState();

private:
  struct Layer {
    LayerProduct product;
    size_t number;
    /// Before rounding.
    mlir::Value weights, activations;
    /// By LayerTensor; null if they do not change.
    std::array<mlir::Value, 3> mantissas;

    mlir::Value &getMantissa(LayerTensor tensor) {
      return mantissas[static_cast<unsigned>(tensor)];
    }
  };

  /// `value`, the layer's `tensor`, rounded as an operand of the product that
  /// computes `product`.
  mlir::Value round(const Layer &layer, mlir::Value value, LayerTensor tensor,
                    LayerTensor product);
  mlir::Value roundToBlocks(const Layer &layer, mlir::Value value,
                            LayerTensor tensor, LayerTensor product,
                            int64_t axis);
  mlir::Value roundToBf16(mlir::Value value);
  BlockFloatAttr getPromise(int64_t axis);

  /// Replaces the mantissa bits for `value` by new ones, now and then; by the
  /// finer precision where that is settled.
  void chooseMantissa(Layer &layer, mlir::Value value, LayerTensor tensor,
                      LayerTensor product);
  mlir::FailureOr<llvm::SmallVector<mlir::Value>>
  createReformed(Layer &layer, mlir::Value gradient,
                 llvm::ArrayRef<bool> needed);
  mlir::FailureOr<mlir::Value> createReformedCotangent(Layer &layer,
                                                       mlir::Value gradient,
                                                       LayerTensor product);

  mlir::ImplicitLocOpBuilder &builder;
  const FormatSettings &settings;
  BlockFormat format;
  llvm::SmallVector<Layer> layers;
  llvm::DenseMap<mlir::Operation *, size_t> numbers;
  mlir::Value step;
  /// Whether this step chooses precisions, an i1; null if it never does.
  mlir::Value isRefreshed;
};

} // namespace colonnade

#endif // COLONNADE_LIB_TRAINING_STEPFORMAT_H
