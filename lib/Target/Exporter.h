//===- Exporter.h - Interprets a program into its flat form -----*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// An interpreter of program ops: it keeps the value of every index and token
// and appends one instruction per queue entry it meets.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_LIB_TARGET_EXPORTER_H
#define COLONNADE_LIB_TARGET_EXPORTER_H

#include "colonnade/Dialect/Systolic/IR/Systolic.h"
#include "colonnade/Target/ProgramExport.h"
#include "llvm/ADT/StringMap.h"

namespace colonnade {

class Exporter {
public:
  explicit Exporter(systolic::ProgramOp op) : op(op) {}
  mlir::FailureOr<ExportedProgram> run();

private:
  mlir::LogicalResult visitBlock(mlir::Block &block);
  mlir::LogicalResult visit(mlir::Operation *operation);
  mlir::LogicalResult visitLoop(mlir::scf::ForOp loop);
  mlir::LogicalResult visitApply(mlir::affine::AffineApplyOp apply);
  template <typename OpTy> void visitHost(sim::HostTensor &host, OpTy op);
  void visitConstants(systolic::ConstantsOp constants);
  void visitCopy(systolic::DmaCopyOp copy);
  void visitBox(systolic::DmaBoxOp box);
  void visitWeights(systolic::DmaWeightsOp dma);
  void visitStream(systolic::StreamOp stream);
  void visitVector(systolic::VectorPassOp pass);
  void visitNest(systolic::NestPassOp pass);
  void visitBlocks(systolic::BlockPassOp pass);

  unsigned append(mlir::Operation *origin, llvm::StringRef layer,
                  sim::Payload payload, mlir::ValueRange after);
  unsigned getLayer(llvm::StringRef name, mlir::Operation *origin);
  sim::WeightTile getTile(mlir::Value weights, mlir::ValueRange tile);
  /// `window` is given for the tensor that the window slides over.
  sim::View getView(mlir::Value buffer, systolic::LayoutAttr layout,
                    int64_t offset, const sim::Band &band,
                    const sim::Window *window);
  /// The address of the element at `position`.
  int64_t getAddress(mlir::Value buffer, systolic::StridesAttr strides,
                     llvm::ArrayRef<int64_t> position) const;
  sim::ByteRange getBufferRange(mlir::Value buffer) const;
  sim::NestOperand getNestOperand(mlir::Value buffer,
                                  systolic::StridesAttr strides,
                                  llvm::ArrayRef<int64_t> position) const;
  sim::Band getBand(mlir::ValueRange position, llvm::ArrayRef<int64_t> sizes);
  const sim::ScalarBody &getScalarBody(mlir::Operation *op);
  sim::ScalarBody exportBody(mlir::Block &block);
  unsigned getTermTable(systolic::EncodeTermsOp encode);

  int64_t index(mlir::Value value) const { return indices.lookup(value); }
  llvm::SmallVector<int64_t> getIndices(mlir::ValueRange values) const;

  systolic::ProgramOp op;
  ExportedProgram result;
  llvm::DenseMap<mlir::Value, int64_t> indices;
  llvm::DenseMap<mlir::Value, std::optional<sim::Token>> tokens;
  llvm::DenseMap<mlir::Value, std::pair<int64_t, int64_t>> buffers;
  llvm::DenseMap<mlir::Value, unsigned> weights;
  /// Bodies by the pass that runs them, chunk after chunk.
  llvm::DenseMap<mlir::Operation *, sim::ScalarBody> bodies;
  llvm::StringMap<unsigned> layers;
};

/// The immediate of a constant of the vector unit.
int64_t getImmediate(mlir::TypedAttr value);

} // namespace colonnade

#endif // COLONNADE_LIB_TARGET_EXPORTER_H
