//===- NetworkPlan.h - Where tensors live and how layers are cut -*- C++
//-*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The first half of scheduling: reads the mapped layers of a function, decides
// which tensors stay in data SRAM and where, which bands each layer works in,
// and how the other memories are divided.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_LIB_DIALECT_SYSTOLIC_TRANSFORMS_NETWORKPLAN_H
#define COLONNADE_LIB_DIALECT_SYSTOLIC_TRANSFORMS_NETWORKPLAN_H

#include "colonnade/Dialect/Systolic/IR/Systolic.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/MapVector.h"

namespace colonnade::systolic {

/// A range of bytes.
struct Placement {
  int64_t address = 0, bytes = 0;
};

/// A tensor of the network; reshapes of it are the same tensor.
struct TensorPlan {
  TensorLayout layout;
  /// Layers that make it (-1: the host) and read it last (the number of layers:
  /// the host).
  int64_t firstLayer = 0, lastLayer = 0;
  /// Lives in DRAM instead of data SRAM.
  bool isSpilled = false;
  Placement place;
};

/// An operand of a layer's body.
struct OperandPlan {
  mlir::Value tensor;
  /// Layout as the layer sees it, after reshapes.
  TensorLayout layout;
  /// Byte offset in the layer's parameter block, for per-channel constants.
  std::optional<int64_t> parameterOffset;
  mlir::ElementsAttr constant;
  /// Where a band of a spilled tensor is held.
  Placement band;
};

struct LayerPlan {
  mlir::Operation *op = nullptr;
  std::string name;
  sim::Window window;
  TensorLayout result;
  /// Data of a contraction or first input of a vector layer, then the others.
  llvm::SmallVector<OperandPlan> operands;
  /// Bytes of parameters per channel, one block for each channel.
  int64_t parameterBytes = 0;
  /// Output positions worked on at a time.
  int64_t bandHeight = 1, bandWidth = 1;
  /// Where a band of a spilled result is held.
  Placement resultBand;

  bool isContraction() const { return mlir::isa<ContractOp>(op); }
};

struct NetworkPlan {
  mlir::func::FuncOp function;
  TargetAttr target;
  llvm::SmallVector<LayerPlan, 0> layers;
  llvm::MapVector<mlir::Value, TensorPlan> tensors;
  /// Bytes of one of the two weight tile and parameter buffers.
  int64_t tileBytes = 1, parameterBytes = 1;
  /// Bytes of one of the two accumulator buffers.
  int64_t accumulatorBytes = 4;

  /// The tensor behind reshapes.
  static mlir::Value getRoot(mlir::Value value);
};

/// A 1x1 window over a whole tensor.
sim::Window getWholeWindow(const TensorLayout &layout);

/// Rows and columns of the input that a band of `layer` reads, unclamped.
std::pair<int64_t, int64_t> getBandInput(const LayerPlan &layer);

/// Plans `function`, or emits a located error.
mlir::FailureOr<NetworkPlan> planNetwork(mlir::func::FuncOp function,
                                         TargetAttr target);

} // namespace colonnade::systolic

#endif // COLONNADE_LIB_DIALECT_SYSTOLIC_TRANSFORMS_NETWORKPLAN_H
