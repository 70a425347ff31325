//===- Systolic.h - The systolic dialect -----------------------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Declarations of the systolic dialect: the target description, mapped layers
// and the entries of the machine's four queues.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_DIALECT_SYSTOLIC_IR_SYSTOLIC_H
#define COLONNADE_DIALECT_SYSTOLIC_IR_SYSTOLIC_H

#include "colonnade/Dialect/Colonnade/IR/ColonnadeDialect.h"
#include "colonnade/Dialect/Colonnade/IR/MatrixView.h"
#include "colonnade/Simulator/MachineDescription.h"
#include "colonnade/Simulator/Program.h"
#include "colonnade/VectorUnit/ScalarOps.h"
#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/RegionKindInterface.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "colonnade/Dialect/Systolic/IR/SystolicDialect.h.inc"
#include "colonnade/Dialect/Systolic/IR/SystolicEnums.h.inc"

#include "colonnade/Dialect/Systolic/IR/SystolicCellInterface.h.inc"

#define GET_TYPEDEF_CLASSES
#include "colonnade/Dialect/Systolic/IR/SystolicTypes.h.inc"

#define GET_ATTRDEF_CLASSES
#include "colonnade/Dialect/Systolic/IR/SystolicAttributes.h.inc"

#define GET_OP_CLASSES
#include "colonnade/Dialect/Systolic/IR/SystolicOps.h.inc"

namespace colonnade::systolic {

/// Sizes and pitches (in elements) of a tensor as the machine sees it:
/// [1, channels, height, width] or [positions, channels], or with a dimension
/// for blocks of channels: [1, blocks, channels, height, width] or
/// [blocks, positions, channels].
struct TensorLayout {
  int64_t blocks = 1;
  /// Of one block.
  int64_t channels = 1, height = 1, width = 1;
  int64_t blockPitch = 0;
  int64_t channelPitch = 1, rowPitch = 1, columnPitch = 1;
  sim::ScalarType type = sim::ScalarType::I8;

  int64_t getElementBytes() const { return sim::getBytes(type); }
  int64_t getBytes() const {
    return blocks * channels * height * width * getElementBytes();
  }
};

using colonnade::getScalarType;
mlir::Type getType(mlir::MLIRContext *context, sim::ScalarType type);

/// Whether the machine's memories hold elements of `type`: i8, i32, i64 or
/// f32. Windows have no i64.
bool isStoredType(mlir::Type type);

/// The layout of a static i8, i32 or f32 tensor of rank 2 to 5 (batch 1 in 4 and
/// 5), or failure with the reason in `reason`.
mlir::FailureOr<TensorLayout> getTensorLayout(mlir::Type type,
                                              std::string *reason = nullptr);

/// The layout of a tensor of rank 2 to 5 whose dimensions have the given
/// pitches, in elements.
TensorLayout getStridedLayout(mlir::RankedTensorType type,
                              llvm::ArrayRef<int64_t> pitches);

/// Cuts the channels of a layout without a dimension for blocks.
TensorLayout cutIntoBlocks(TensorLayout layout, int64_t blocks);

/// The weights of a contraction, stored or computed at run time, without values
/// and selects.
sim::PackedWeights getPackedShape(mlir::Value weights);

/// Why the vector unit cannot run `op`, a scalar op of a body, of this dialect or
/// upstream's; none if it can.
std::optional<std::string> getVectorUnitObjection(mlir::Operation &op);

} // namespace colonnade::systolic

#endif // COLONNADE_DIALECT_SYSTOLIC_IR_SYSTOLIC_H
