//===- NetworkPlan.h - Where tensors live, how layers are cut --*- C++ -*-===//
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

#include "colonnade/Dialect/Systolic/Analysis/TensorViews.h"
#include "colonnade/Dialect/Systolic/IR/Systolic.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/MapVector.h"

namespace colonnade::systolic {

/// A range of bytes.
struct Placement {
  int64_t address = 0, bytes = 0;
};

/// A stay of a whole tensor in data SRAM, from before its first layer to behind
/// its last one. -1 is the host before all layers, the number of layers the
/// host behind them.
struct Stay {
  int64_t firstLayer = 0, lastLayer = 0;
  Placement place;

  bool covers(int64_t layer) const {
    return firstLayer <= layer && layer <= lastLayer;
  }
};

/// A buffer of the network: a tensor of its own; views of it have no other.
struct TensorPlan {
  /// The value of a constant, which lives in DRAM.
  mlir::ElementsAttr constant;
  int64_t bytes = 0;
  /// Layers that make a part of it (-1: the host) and that read it (the number
  /// of layers: the host), each ascending.
  llvm::SmallVector<int64_t> makers, readers;
  /// When it is in data SRAM: ascending and disjoint. What a layer outside of
  /// them needs passes through bands and boxes, from or to DRAM.
  llvm::SmallVector<Stay> stays;

  /// Where `layer` finds it in data SRAM; null if it is in DRAM then.
  const Stay *findStay(int64_t layer) const;
  /// Whether DRAM holds it, too, or instead: it comes from the host, is for the
  /// host, or some use is outside of the one stay.
  bool isInDram(int64_t layers) const;
  /// First and last layer that touches it.
  int64_t getFirstLayer() const;
  int64_t getLastLayer() const;
  /// Whether the host gives it, or takes it.
  bool isInput() const { return !makers.empty() && makers.front() < 0; }
  bool isOutput(int64_t layers) const {
    return !readers.empty() && readers.back() == layers;
  }
};

/// An operand of a layer's body.
struct OperandPlan {
  /// Where the operand lies; no root for per-channel parameters.
  TensorView view;
  mlir::RankedTensorType type;
  /// Sizes and pitches as a window sees them; not for nests.
  TensorLayout layout;
  /// From a nest's loops to the operand's dimensions.
  mlir::AffineMap map;
  /// Byte offset in the layer's parameter block, for per-channel constants.
  std::optional<int64_t> parameterOffset;
  mlir::ElementsAttr constant;
  /// Where a band or box of a spilled tensor is held.
  Placement band;
};

struct LayerPlan {
  mlir::Operation *op = nullptr;
  /// Its place among the layers.
  int64_t index = 0;
  std::string name;
  sim::Window window;
  /// Sizes and pitches of the result as a window sees them; not for nests.
  TensorLayout result;
  TensorView resultView;
  /// Data of a contraction or first input of a vector layer, then the others.
  llvm::SmallVector<OperandPlan> operands;
  /// Blocks of a contraction's weights. Windows and layouts are those of one
  /// block.
  int64_t blocks = 1;
  /// Where the weights of a contraction lie if they are computed at run time.
  std::optional<OperandPlan> stationary;
  /// Bytes of parameters per channel, one block for each channel.
  int64_t parameterBytes = 0;
  /// Output positions worked on at a time.
  int64_t bandHeight = 1, bandWidth = 1;
  /// Indices of a nest's loops worked on at a time.
  llvm::SmallVector<int64_t> chunk;
  /// Where a product of blocks keeps the blocks of a chunk's operands, in
  /// weight SRAM and in data SRAM.
  Placement heldBlocks, passingBlocks;
  /// Where a band or box of a spilled result is held.
  Placement resultBand;

  bool isContraction() const { return mlir::isa<ContractOp>(op); }
  /// A layer that is a loop nest over strided tensors.
  bool isNest() const { return mlir::isa<NestOp, BlockContractOp>(op); }
  bool isBlockProduct() const { return mlir::isa<BlockContractOp>(op); }
  mlir::RankedTensorType getResultType() const {
    return mlir::cast<mlir::RankedTensorType>(op->getResult(0).getType());
  }
};

struct NetworkPlan {
  mlir::func::FuncOp function;
  TargetAttr target;
  /// The target as the simulator sees it.
  sim::MachineDescription machine;
  llvm::SmallVector<LayerPlan, 0> layers;
  /// By the value that the buffer stands for: TensorView::root.
  llvm::MapVector<mlir::Value, TensorPlan> tensors;
  /// Bytes of one of the two weight tile and parameter buffers.
  int64_t tileBytes = 1, parameterBytes = 1;
  /// Bytes of one of the two accumulator buffers.
  int64_t accumulatorBytes = 4;
  /// When each layer ended in an earlier schedule of the function, in cycles
  /// and ascending; empty if there is none.
  llvm::SmallVector<int64_t> layerEnds;

  const TensorPlan &getTensor(mlir::Value root) const {
    return tensors.find(root)->second;
  }
  /// Whether `layer` finds a tensor in DRAM.
  bool isSpilled(mlir::Value root, int64_t layer) const {
    return !getTensor(root).findStay(layer);
  }
  /// The bytes of data SRAM between the first and the last element of a view of
  /// a buffer, where `layer` finds it there.
  Placement getRange(const TensorView &view, mlir::RankedTensorType type,
                     int64_t layer) const;
};

/// Checks that the host can exchange the function's arguments and results: they
/// are static, and layers make the results whole, each in a buffer of its own.
/// Emits a located error otherwise.
mlir::LogicalResult checkInterface(mlir::func::FuncOp function,
                                   const TensorViews &views);

/// A 1x1 window over a whole tensor.
sim::Window getWholeWindow(const TensorLayout &layout);

/// Rows and columns of the input that a band of `layer` reads, unclamped.
std::pair<int64_t, int64_t> getBandInput(const LayerPlan &layer);

/// Halves what `layer` works on at a time; false when it is one position or
/// index already.
bool shrinkLayer(LayerPlan &layer);

/// Sets the bytes of the bands and boxes that `layer` needs at its size.
void sizeBands(const NetworkPlan &plan, LayerPlan &layer);

/// Gives every stay and every band its place in data SRAM; cuts stays short and
/// shrinks layers until they fit, or emits a located error.
mlir::LogicalResult allocateData(NetworkPlan &plan);

/// Cuts a stay short so that less lies in data SRAM while `layer` runs: where a
/// gap between two uses frees most of what is lacking per byte that has to be
/// moved for it, or, without a gap, around the layer's own use. `overflow` has
/// the bytes that are lacking, if positive, for the host and each layer. False
/// if nothing lies there.
bool cutStay(NetworkPlan &plan, int64_t layer,
             llvm::ArrayRef<int64_t> overflow);

/// Cuts the gaps of stays over which, by `layerEnds`, the refreshes of a tensor
/// in embedded DRAM take more energy than its way to DRAM and back.
void cutRefreshedStays(NetworkPlan &plan);

/// Plans `function`, or emits a located error. `layerEnds` as in the plan.
mlir::FailureOr<NetworkPlan>
planNetwork(mlir::func::FuncOp function, TargetAttr target,
            llvm::ArrayRef<int64_t> layerEnds = {});

} // namespace colonnade::systolic

#endif // COLONNADE_LIB_DIALECT_SYSTOLIC_TRANSFORMS_NETWORKPLAN_H
