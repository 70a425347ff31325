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

#include "NetworkPlan.h"
#include "mlir/IR/Builders.h"

namespace colonnade::systolic {

/// Remembers who touched which bytes, to order what conflicts.
class AccessTracker {
public:
  /// Tokens of earlier accesses that `queue` must wait for before touching
  /// [address, address + bytes).
  llvm::SmallVector<mlir::Value> getConflicts(MemorySpace memory,
                                              const Placement &place,
                                              bool isWrite,
                                              sim::Queue queue) const;
  void record(MemorySpace memory, const Placement &place, bool isWrite,
              sim::Queue queue, mlir::Value token);

private:
  struct Access {
    MemorySpace memory;
    Placement place;
    bool isWrite;
    sim::Queue queue;
    mlir::Value token;
  };
  llvm::SmallVector<Access> accesses;
};

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
  mlir::Value getPassOffset(LayerPlan &layer, const Place &place,
                            int64_t bytes);
  mlir::Value getBuffer(llvm::StringRef name, MemorySpace memory,
                        const Placement &place);
  mlir::Value getTensorBuffer(mlir::Value tensor);
  mlir::Value getParameterBlock(LayerPlan &layer);
  WeightsOp cloneWeights(LayerPlan &layer);
  LayoutAttr getLayout(const TensorLayout &layout, bool isBanded) const;
  LayoutAttr getBandLayout(const TensorLayout &layout, int64_t height,
                           int64_t width) const;
  LayoutAttr getDataLayout(LayerPlan &layer) const;
  std::pair<int64_t, int64_t> getBandInput(const LayerPlan &layer) const;
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
  mlir::Value tileBuffer, parameterBuffer, accumulatorBuffer;
  mlir::Value hostInput, hostOutput;
  int64_t dramEnd = 0;
  /// Tiles and passes so far, mod 2: which buffer is next.
  int64_t tileParity = 0, passParity = 0;
};

} // namespace colonnade::systolic

#endif // COLONNADE_LIB_DIALECT_SYSTOLIC_TRANSFORMS_SCHEDULEBUILDER_H
