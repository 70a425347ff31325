//===- RecurrentLayer.h - What recurrent layers have in common --*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// RNN, GRU and LSTM take the same operands and give the same results; what
// differs is one step of the cell. The loop over the sequence is unrolled: the
// machines that this project is for run straight-line programs.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_LIB_TARGET_ONNX_RECURRENTLAYER_H
#define COLONNADE_LIB_TARGET_ONNX_RECURRENTLAYER_H

#include "RecurrentActivations.h"

namespace colonnade::onnximport {

/// What a cell hands to its next step: [batch, hidden] each. `cell` is null but
/// for LSTM.
struct RecurrentState {
  mlir::Value hidden, cell;
};

/// The operands of one direction.
struct RecurrentDirection {
  /// X * W^T + Wb for all steps: [steps, batch, gates * hidden].
  mlir::Value projections;
  /// R^T: [hidden, gates * hidden].
  mlir::Value recurrence;
  /// Rb: [gates * hidden]; null if the layer has no biases.
  mlir::Value bias;
  /// Peepholes of an LSTM: [3 * hidden], or null.
  mlir::Value peepholes;
  llvm::ArrayRef<RecurrentActivation> activations;
};

class RecurrentLayer {
public:
  /// Makes the state after a step of the state before and the projected input
  /// of the step, [batch, gates * hidden].
  using Step = llvm::function_ref<RecurrentState(
      const RecurrentLayer &, const RecurrentDirection &, mlir::Value,
      const RecurrentState &)>;

  RecurrentLayer(NodeImporter &node, int64_t gates, bool hasCell)
      : node(node), gates(gates), hasCell(hasCell) {}

  mlir::LogicalResult
  import(llvm::ArrayRef<RecurrentActivation::Kind> activations, Step step);

  /// For the steps.
  mlir::ImplicitLocOpBuilder &getBuilder() const { return node.builder; }
  NodeImporter &getNode() const { return node; }
  int64_t getHidden() const { return hidden; }
  /// Columns [gate, gate + count) * hidden of `value`.
  mlir::Value getGates(mlir::Value value, int64_t gate,
                       int64_t count = 1) const;
  /// state * R^T + Rb for some of the gates.
  mlir::Value createRecurrence(const RecurrentDirection &direction,
                               mlir::Value state, int64_t gate,
                               int64_t count) const;
  /// The activation of each element, which is clipped before if the layer says
  /// so.
  mlir::Value activate(mlir::Value value,
                       const RecurrentActivation &activation) const;

private:
  mlir::LogicalResult readShapes();
  mlir::LogicalResult readDirections();
  mlir::LogicalResult checkOperands();
  bool hasShortSequences();
  mlir::Value getSequence();
  /// Part `direction` of an operand whose first dimension are directions.
  mlir::Value getPart(unsigned operand, int64_t direction);
  RecurrentDirection getDirection(int64_t direction, mlir::Value sequence);
  mlir::Value getInitialState(unsigned operand, int64_t direction);
  /// `value` in sequences that are longer than `at`, else `otherwise`.
  mlir::Value createWhileRunning(mlir::Value value, mlir::Value otherwise,
                                 int64_t at);
  /// The output of each step, from and to `state`.
  llvm::SmallVector<mlir::Value> unroll(const RecurrentDirection &direction,
                                        bool isReversed, Step step,
                                        RecurrentState &state);
  void setResults(llvm::ArrayRef<llvm::SmallVector<mlir::Value>> outputs,
                  llvm::ArrayRef<RecurrentState> states);
  mlir::Value joinStates(llvm::ArrayRef<mlir::Value> states);
  mlir::LogicalResult checkResults();

  NodeImporter &node;
  int64_t gates;
  bool hasCell;
  bool batchFirst = false;
  bool startsReversed = false;
  int64_t steps = 0, batch = 0, inputs = 0, hidden = 0, directions = 1;
  llvm::SmallVector<RecurrentActivation> activations;
};

} // namespace colonnade::onnximport

#endif // COLONNADE_LIB_TARGET_ONNX_RECURRENTLAYER_H
