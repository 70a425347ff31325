//===- LayerPolicy.h - Settings layer by layer -----------------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Layers differ in how much approximation they bear. A policy is a JSON file
// that names layers and says how each is quantized, combined and reduced to
// terms; quantize, combine-columns and term-quantize all read it here. Private
// to the transforms library.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_LIB_DIALECT_COLONNADE_TRANSFORMS_LAYERPOLICY_H
#define COLONNADE_LIB_DIALECT_COLONNADE_TRANSFORMS_LAYERPOLICY_H

#include "colonnade/Numerics/SignedDigits.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/DenseMap.h"
#include <optional>

namespace colonnade {

/// What one entry of a policy says; what it leaves open is left to the options
/// of the pass that asks.
struct LayerSettings {
  /// Of a quantized weight, 2 to 8.
  std::optional<int64_t> bits;
  std::optional<int64_t> fanIn;
  std::optional<double> conflictLimit;
  std::optional<int64_t> group;
  std::optional<int64_t> budget;
  std::optional<int64_t> dataTerms;
  std::optional<DigitSet> digits;
  /// "layers[2] of policy.json", for remarks and errors; empty if no entry
  /// speaks of the layer.
  std::string source;
};

/// One entry of a policy: which layers it speaks of, and what it says. A layer
/// must match all that is given.
struct PolicyEntry {
  enum class Kind { Any, First, Depthwise, SqueezeExcite };

  /// Layer name in which every '*' stands for any text; empty for any layer.
  std::string name;
  Kind kind = Kind::Any;
  LayerSettings settings;
};

/// Settings of contractions; those without any are absent.
using LayerSettingsMap = llvm::DenseMap<mlir::Operation *, LayerSettings>;

class LayerPolicy {
public:
  /// Reads `path`: a file, or, where no such file exists, the name of a shipped
  /// policy with or without ".json". An empty path gives the policy that says
  /// nothing. Errors are emitted at `path` and name the key at fault.
  static mlir::FailureOr<LayerPolicy> read(mlir::MLIRContext *context,
                                           llvm::StringRef path);

  /// Parses the text of a policy; `path` is used in messages.
  static mlir::FailureOr<LayerPolicy>
  parse(mlir::MLIRContext *context, llvm::StringRef text, llvm::StringRef path);

  /// Names of the shipped policies, without ".json".
  static llvm::ArrayRef<llvm::StringRef> getShippedNames();

  bool empty() const { return entries.empty() && !defaults; }

  /// The settings of each contraction of `function`: those of the first entry
  /// that matches it, else the default ones. An entry whose name matches no
  /// contraction is an error, unless there is no contraction at all.
  mlir::FailureOr<LayerSettingsMap> resolve(mlir::func::FuncOp function) const;

private:
  std::vector<PolicyEntry> entries;
  std::optional<LayerSettings> defaults;
};

/// What the policy at `path` says of the contractions of `function`.
mlir::FailureOr<LayerSettingsMap> readLayerSettings(mlir::func::FuncOp function,
                                                    llvm::StringRef path);

/// Whether `name` is `pattern` with any text in place of each '*'.
bool matchesPattern(llvm::StringRef pattern, llvm::StringRef name);

} // namespace colonnade

#endif // COLONNADE_LIB_DIALECT_COLONNADE_TRANSFORMS_LAYERPOLICY_H
