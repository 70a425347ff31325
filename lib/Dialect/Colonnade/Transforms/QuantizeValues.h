//===- QuantizeValues.h - Float values and their integer forms -*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What each value of the float function is in the quantized one: integers with
// a meaning pending, an int8 tensor, an f32 tensor. A form that is asked for
// and not there yet is made of another. Private to the transforms library.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_LIB_DIALECT_COLONNADE_TRANSFORMS_QUANTIZEVALUES_H
#define COLONNADE_LIB_DIALECT_COLONNADE_TRANSFORMS_QUANTIZEVALUES_H

#include "Calibration.h"
#include "QuantizePending.h"
#include "QuantizedTypes.h"
#include "mlir/IR/IRMapping.h"

namespace colonnade {

/// Name of the pass's remarks.
inline constexpr llvm::StringLiteral kQuantizeRule = "quantize";

/// An int8 tensor and the real value of its integer 1.
struct QuantizedTensor {
  mlir::Value value;
  double scale;
  int32_t zeroPoint = 0;
};

/// That a layer of the float function reads a value as int8.
struct Int8Read {
  mlir::Operation *reader;
  mlir::Value value;
  double scale;
  int32_t zeroPoint;
  /// Whether the value is rounded to be read so, and not int8 by itself, like a
  /// maximum of int8 values.
  bool isRounded;
};

class QuantizedValues {
public:
  /// Creates ops with `builder`, which must outlive this.
  QuantizedValues(mlir::OpBuilder &builder, const ActivationRanges &ranges,
                  const Int8FormMap &given)
      : builder(builder), ranges(ranges), given(given) {}

  void setPending(mlir::Value value, PendingValue form);
  void setInt8(mlir::Value value, QuantizedTensor tensor);
  void setReal(mlir::Value value, mlir::Value real);

  /// Says who asks from here on.
  void setReader(mlir::Operation *op) { reader = op; }
  llvm::ArrayRef<Int8Read> getReads() const { return reads; }

  /// The integers of a value that is neither f32 nor a constant.
  const PendingValue &getPending(mlir::Value value) const {
    return pending.at(value);
  }
  /// What the network's input is to arrive as.
  Int8Form getInputForm(mlir::Value input) const;
  bool isGiven(mlir::Value value) const { return given.contains(value); }
  bool isInt8(mlir::Value value) const { return int8Values.contains(value); }
  size_t getNumInt8() const { return int8Values.size(); }

  /// The value as int8: as the integers that the model gives it, or at the
  /// scale of its range.
  mlir::FailureOr<QuantizedTensor> getInt8(mlir::Value value);
  /// The same without a zero point, at the scale of its range if it has one.
  mlir::FailureOr<QuantizedTensor> getSymmetricInt8(mlir::Value value);
  /// The value as int8 at `scale`.
  mlir::FailureOr<mlir::Value> getInt8(mlir::Value value, double scale);
  /// The value as integers of `bits` bits held in i32.
  mlir::FailureOr<QuantizedTensor> getOutput(mlir::Value value, int64_t bits);
  /// The value as f32.
  mlir::Value getReal(mlir::Value value);

  /// A copy of a constant, initial value or scalar of the float function.
  mlir::Value clone(mlir::Value constant);

  void remark(mlir::Value value, double scale) const;

private:
  mlir::FailureOr<mlir::Value> getIntegers(mlir::Value value, double scale,
                                           ResultRange range);
  mlir::FailureOr<QuantizedTensor> getGivenInt8(mlir::Value value,
                                                const Int8Form &own);
  double findRange(mlir::Value value) const;
  mlir::Value quantizeConstant(mlir::Value constant, double scale);
  mlir::FailureOr<QuantizedTensor> findInt8(mlir::Value value);

  mlir::OpBuilder &builder;
  const ActivationRanges &ranges;
  const Int8FormMap &given;
  llvm::DenseMap<mlir::Value, PendingValue> pending;
  llvm::DenseMap<mlir::Value, QuantizedTensor> int8Values;
  llvm::DenseMap<mlir::Value, mlir::Value> reals;
  mlir::IRMapping constants;
  mlir::Operation *reader = nullptr;
  std::vector<Int8Read> reads;
  /// The int8 values that were made of others.
  llvm::DenseSet<mlir::Value> rounded;
};

} // namespace colonnade

#endif // COLONNADE_LIB_DIALECT_COLONNADE_TRANSFORMS_QUANTIZEVALUES_H
