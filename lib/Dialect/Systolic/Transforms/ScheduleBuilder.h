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
#include "NestPlan.h"
#include "NetworkPlan.h"
#include "mlir/IR/Builders.h"

namespace colonnade::systolic {

/// The bytes of a constant of i8, i32 or f32, row-major and little endian.
std::vector<int8_t> getConstantBytes(mlir::ElementsAttr constant);

int64_t countBands(const LayerPlan &layer);

/// Rows of tiles of one block; 1 for layers without tiles.
int64_t countRowTiles(const LayerPlan &layer, TargetAttr target);

/// Number of the current pass within its layer, as an expression of the band's
/// first row d0 and column d1, the block d2 and the tile's first row d3.
mlir::AffineExpr getPassNumber(const LayerPlan &layer, TargetAttr target);

class ScheduleBuilder {
public:
  ScheduleBuilder(NetworkPlan &plan, mlir::OpBuilder &builder)
      : plan(plan), builder(builder) {}

  /// Builds the program before the function.
  mlir::FailureOr<ProgramOp> build();

private:
  /// Tokens that loops carry.
  enum Carried : unsigned {
    TileOlder, // the tile buffer of two tiles ago is free again
    TileNewer,
    Swapped,   // the shadow registers are free again; with products of blocks,
               // the accumulators
    PassOlder, // accumulators and parameters of two passes ago are free again
    PassNewer,
    Streamed, // the last stream is done
    Stored,   // the last band has left for DRAM
    NumCarried
  };
  /// Induction variables of the loops around: position, block and tile.
  struct Place {
    mlir::Value row, column, block, tileRow, tileColumn;
  };
  /// Induction variables of a nest's loops, and the tokens of the boxes that
  /// have been loaded for it.
  struct NestPlace {
    llvm::SmallVector<mlir::Value> position, ready;
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
    mlir::Value buffer, offset;
    LayoutAttr layout;
  };

  void buildHostTensors();
  mlir::Value buildHostInput(mlir::BlockArgument argument);
  mlir::Value buildHostOutput(mlir::OpOperand &result);
  void buildMemories();
  void loadInputs();
  /// Loads what comes back to data SRAM before layer `index`.
  void loadReturning(int64_t index);
  /// Loads a tensor to where `layer` finds it.
  void loadTensor(mlir::Location loc, llvm::StringRef name, mlir::Value tensor,
                  int64_t layer);
  /// Stores what layer `index` completes, for the host or to come back.
  void storeCompleted(int64_t index);
  void buildLayer(LayerPlan &layer);
  void buildBands(LayerPlan &layer,
                  llvm::function_ref<void(mlir::Value, mlir::Value)> body);
  void buildContraction(LayerPlan &layer);
  void buildBlock(LayerPlan &layer, mlir::Value weights, Place place,
                  llvm::ArrayRef<mlir::Value> conflicts);
  mlir::Value gatherTile(LayerPlan &layer, mlir::Value weights,
                         mlir::ValueRange tile, mlir::Value offset);
  void buildTile(LayerPlan &layer, mlir::Value weights, const Place &place,
                 llvm::ArrayRef<mlir::Value> dataReady);
  void buildPass(LayerPlan &layer, const Place &place, int64_t channels,
                 llvm::ArrayRef<mlir::Value> dataReady);
  void addAccumulators(LayerPlan &layer, const Place &place,
                       PassOperands &operands);
  void addParameter(LayerPlan &layer, const Place &place,
                    const OperandPlan &operand, PassOperands &operands);
  void addTensor(LayerPlan &layer, const Place &place, unsigned index,
                 PassOperands &operands);
  Output getOutput(LayerPlan &layer, const Place &place,
                   PassOperands &operands);
  mlir::Value loadParameters(LayerPlan &layer, const Place &place,
                             int64_t channels);
  llvm::SmallVector<mlir::Value> loadBands(LayerPlan &layer,
                                           const Place &place);
  void storeBand(LayerPlan &layer, const Place &place);
  void recordLayer(LayerPlan &layer);
  Placement getResultRange(const LayerPlan &layer) const;

  /// Where a pass of a nest writes; adds what it waits for to do so.
  mlir::Value getOutputBuffer(LayerPlan &layer,
                              llvm::SmallVectorImpl<mlir::Value> &after);
  void buildNest(LayerPlan &layer);
  void buildChunks(LayerPlan &layer, NestPlace place);
  void buildChunk(LayerPlan &layer, NestPlace place);
  void loadBoxes(LayerPlan &layer, NestPlace &place);
  mlir::Value buildBlockPass(LayerPlan &layer, const NestPlace &place);
  mlir::Value buildDrain(LayerPlan &layer, const NestPlace &place);
  mlir::Value getBoxedBuffer(const LayerPlan &layer,
                             const OperandPlan &operand);
  mlir::Value buildNestPass(LayerPlan &layer, const NestPlace &place);
  void storeBox(LayerPlan &layer, const NestPlace &place);
  mlir::Value getPosition(const LayerPlan &layer, const LinearForm &form,
                          const NestPlace &place, mlir::Location loc);
  StridesAttr getNestStrides(const LayerPlan &layer,
                             const OperandPlan &operand) const;
  StridesAttr getResultStrides(const LayerPlan &layer) const;

  void loop(int64_t extent, int64_t step, Body body);
  mlir::Type getTokenType();
  mlir::Value getIndex(int64_t value);
  /// value * factor, without an op where the value or the factor is trivial.
  mlir::Value multiply(mlir::Value value, int64_t factor);
  /// Where the current block of a tensor starts.
  mlir::Value getBlockOffset(const TensorLayout &layout, const Place &place);
  Place makePlace(mlir::Value row, mlir::Value column);
  /// offset = (number of the tile mod 2) * bytes.
  mlir::Value getTileOffset(LayerPlan &layer, const Place &place);
  /// offset = (number of the pass mod 2) * bytes + field.
  mlir::Value getPassOffset(LayerPlan &layer, const Place &place, int64_t bytes,
                            int64_t field = 0);
  mlir::Value getBuffer(llvm::StringRef name, MemorySpace memory,
                        const Placement &place);
  /// Where `layer` finds a tensor, in data SRAM or in DRAM.
  mlir::Value getTensorBuffer(mlir::Value tensor, int64_t layer);
  mlir::Value getDramBuffer(mlir::Value tensor);
  mlir::Value getParameterBlock(LayerPlan &layer);
  mlir::Value buildConstant(mlir::Location loc, llvm::StringRef name,
                            llvm::ArrayRef<int8_t> bytes);
  mlir::Value copyWhole(mlir::Location loc, llvm::StringRef name,
                        mlir::RankedTensorType type, mlir::Value source,
                        mlir::Value destination, mlir::ValueRange after);
  mlir::Value cloneWeights(LayerPlan &layer);
  LayoutAttr getLayout(const TensorLayout &layout, bool isBanded,
                       int64_t offset = 0) const;
  LayoutAttr getBandLayout(const TensorLayout &layout, int64_t height,
                           int64_t width) const;
  LayoutAttr getDataLayout(LayerPlan &layer) const;
  LayoutAttr getAccumulatorLayout(const LayerPlan &layer) const;
  int64_t getStepCycles(LayerPlan &layer, mlir::Value weights);
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
  /// Of tensors in DRAM.
  llvm::DenseMap<mlir::Value, mlir::Value> dramBuffers;
  /// Of stays in data SRAM, by tensor and first layer.
  llvm::DenseMap<std::pair<mlir::Value, int64_t>, mlir::Value> stayBuffers;
  /// Parameters in DRAM by the layer's op.
  llvm::DenseMap<mlir::Operation *, mlir::Value> parameterBlocks;
  mlir::Value tileBuffer, parameterBuffer, accumulatorBuffer;
  /// In DRAM, by the tensor that lies there before or after the program.
  llvm::DenseMap<mlir::Value, mlir::Value> hostInputs, hostOutputs;
  int64_t dramEnd = 0;
  /// Tiles and passes so far, mod 2: which buffer is next.
  int64_t tileParity = 0, passParity = 0;
};

} // namespace colonnade::systolic

#endif // COLONNADE_LIB_DIALECT_SYSTOLIC_TRANSFORMS_SCHEDULEBUILDER_H
