//===- ScheduleBuilder.h - Emits queue entries for a plan -*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The second half of scheduling: tile loops, double buffering and tokens.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_LIB_DIALECT_SYSTOLIC_TRANSFORMS_SCHEDULEBUILDER_H
#define COLONNADE_LIB_DIALECT_SYSTOLIC_TRANSFORMS_SCHEDULEBUILDER_H

#include "AccessTracker.h"
#include "NetworkPlan.h"
#include "mlir/IR/Builders.h"

namespace colonnade::systolic {

class ScheduleBuilder {
public:
  ScheduleBuilder(NetworkPlan &plan, mlir::OpBuilder &builder)
      : plan(plan), builder(builder) {}

  /// Builds the program before the function.
  mlir::FailureOr<ProgramOp> build(double inputScale, double outputScale);

private:
  /// Tokens that loops carry.
  enum Carried : unsigned {
    TileOlder, // the tile buffer of two tiles ago is free again
    TileNewer,
    Swapped,   // the shadow registers are free again
    PassOlder, // accumulators and parameters of two passes ago are free again
    PassNewer,
    Streamed, // the last stream is done
    Stored,   // the last band has left for DRAM
    NumCarried
  };
  /// Induction variables of the loops around: position and tile.
  struct Place {
    mlir::Value row, column, tileRow, tileColumn;
  };
  using Body = llvm::function_ref<void(mlir::Value)>;
  /// Inputs of a vector pass, one entry each, and what it waits for.
  struct PassOperands {
    llvm::SmallVector<mlir::Value> buffers, offsets, after;
    llvm::SmallVector<mlir::Attribute> layouts;
    llvm::SmallVector<bool> perTile;

    void add(mlir::Value buffer, mlir::Value offset, LayoutAttr layout,
             bool isTile) {
      buffers.push_back(buffer);
      offsets.push_back(offset);
      layouts.push_back(layout);
      perTile.push_back(isTile);
    }
  };
  struct Output {
    mlir::Value buffer;
    LayoutAttr layout;
  };

  void buildHostTensors(double inputScale, double outputScale);
  void buildMemories();
  void loadInput();
  void storeOutput();
  void buildLayer(LayerPlan &layer);
  void buildBands(LayerPlan &layer,
                  llvm::function_ref<void(mlir::Value, mlir::Value)> body);
  void buildContraction(LayerPlan &layer, WeightsOp weights);
  void buildTile(LayerPlan &layer, WeightsOp weights, const Place &place,
                 llvm::ArrayRef<mlir::Value> dataReady);
  void buildPass(LayerPlan &layer, const Place &place, int64_t channels,
                 llvm::ArrayRef<mlir::Value> dataReady);
  void addAccumulators(LayerPlan &layer, const Place &place,
                       PassOperands &operands);
  void addParameter(LayerPlan &layer, const Place &place,
                    const OperandPlan &operand, PassOperands &operands);
  void addTensor(LayerPlan &layer, unsigned index, PassOperands &operands);
  Output getOutput(LayerPlan &layer, PassOperands &operands);
  mlir::Value loadParameters(LayerPlan &layer, const Place &place,
                             int64_t channels);
  llvm::SmallVector<mlir::Value> loadBands(LayerPlan &layer,
                                           const Place &place);
  void storeBand(LayerPlan &layer, const Place &place);
  void recordLayer(LayerPlan &layer);

  void loop(int64_t extent, int64_t step, Body body);
  mlir::Type getTokenType();
  mlir::Value getIndex(int64_t value);
  /// offset = (number of the tile mod 2) * bytes.
  mlir::Value getTileOffset(LayerPlan &layer, const Place &place);
  /// offset = (number of the pass mod 2) * bytes + field.
  mlir::Value getPassOffset(LayerPlan &layer, const Place &place, int64_t bytes,
                            int64_t field = 0);
  mlir::Value getBuffer(llvm::StringRef name, MemorySpace memory,
                        const Placement &place);
  mlir::Value getTensorBuffer(mlir::Value tensor);
  mlir::Value getParameterBlock(LayerPlan &layer);
  WeightsOp cloneWeights(LayerPlan &layer);
  LayoutAttr getLayout(const TensorLayout &layout, bool isBanded) const;
  LayoutAttr getBandLayout(const TensorLayout &layout, int64_t height,
                           int64_t width) const;
  LayoutAttr getDataLayout(LayerPlan &layer) const;
  LayoutAttr getAccumulatorLayout(const LayerPlan &layer) const;
  int64_t getStepCycles(LayerPlan &layer, WeightsOp weights);
  mlir::DenseI64ArrayAttr getBand(const LayerPlan &layer);
  llvm::SmallVector<mlir::Value>
  getOperandConflicts(LayerPlan &layer, unsigned operand, sim::Queue queue);
  int64_t allocateDram(int64_t bytes);

  NetworkPlan &plan;
  mlir::OpBuilder &builder;
  ProgramOp program;
  mlir::Block *entry = nullptr;
  AccessTracker tracker;
  mlir::Value carried[NumCarried];
  llvm::DenseMap<int64_t, mlir::Value> indices;
  llvm::DenseMap<mlir::Value, mlir::Value> tensorBuffers;
  /// Parameters in DRAM by the layer's op.
  llvm::DenseMap<mlir::Operation *, mlir::Value> parameterBlocks;
  mlir::Value tileBuffer, parameterBuffer, accumulatorBuffer;
  mlir::Value hostInput, hostOutput;
  int64_t dramEnd = 0;
  /// Tiles and passes so far, mod 2: which buffer is next.
  int64_t tileParity = 0, passParity = 0;
};

} // namespace colonnade::systolic

#endif // COLONNADE_LIB_DIALECT_SYSTOLIC_TRANSFORMS_SCHEDULEBUILDER_H
