//===- NetworkMapper.h - Maps one function of linalg -*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Walks a function in program order and builds mapped layers beside the linalg
// ops, which die with their last use.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_LIB_CONVERSION_LINALGTOSYSTOLIC_NETWORKMAPPER_H
#define COLONNADE_LIB_CONVERSION_LINALGTOSYSTOLIC_NETWORKMAPPER_H

#include "colonnade/Dialect/Colonnade/IR/ColonnadeOps.h"
#include "colonnade/Dialect/Systolic/IR/Systolic.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/IRMapping.h"

namespace colonnade {

/// Why an op cannot be mapped: the rule and the numbers.
using Objection = std::optional<std::string>;

/// What a layer reads: the tensor before padding and term selection.
struct LayerData {
  mlir::Value source;
  int64_t padTop = 0, padLeft = 0;
  /// The promise about each value, or null.
  TermsAttr terms;

  /// Terms per value; 0 when nothing is promised.
  int64_t getDataTerms() const { return terms ? terms.getBudget() : 0; }
};

class NetworkMapper {
public:
  NetworkMapper(mlir::func::FuncOp function, systolic::TargetAttr target)
      : function(function), target(target), builder(function.getContext()) {}

  void run();

private:
  // One legality function per kind of op, used by the rewrite and the remark.
  Objection checkContraction(mlir::linalg::LinalgOp op) const;
  Objection checkPooling(mlir::linalg::LinalgOp op) const;
  Objection checkElementwise(mlir::linalg::GenericOp op) const;

  void mapOp(mlir::Operation *op);
  Objection mapContraction(mlir::linalg::LinalgOp op);
  Objection mapPooling(mlir::linalg::LinalgOp op);
  Objection mapElementwise(mlir::linalg::GenericOp op);
  void mapPad(mlir::tensor::PadOp op);

  /// The elementwise op that may become the epilogue of `op`, or null.
  mlir::linalg::GenericOp getEpilogue(mlir::linalg::LinalgOp op) const;
  /// Fills `body` with the epilogue's code; `first` is the value that the first
  /// argument stands for. Returns the other inputs.
  llvm::SmallVector<mlir::Value>
  buildBody(mlir::Region &body, mlir::linalg::GenericOp epilogue,
            mlir::Value first, mlir::Type firstType, mlir::Location loc);

  LayerData getLayerData(mlir::Value value) const;
  /// The mapped value of `source`, with its terms selected if asked for.
  mlir::Value getMappedData(const LayerData &data, mlir::Location loc);
  mlir::Value selectTerms(mlir::Value value, TermsAttr terms,
                          mlir::Location loc);
  mlir::Value lookup(mlir::Value value) const {
    return mapping.lookupOrDefault(value);
  }

  std::string makeLayerName(llvm::StringRef kind);
  void accept(mlir::Operation *op, llvm::StringRef layer);
  void reject(mlir::Operation *op, llvm::StringRef reason);
  void fuseTermSelection();
  void eraseDeadOps();

  mlir::func::FuncOp function;
  systolic::TargetAttr target;
  mlir::OpBuilder builder;
  mlir::IRMapping mapping;
  llvm::SmallPtrSet<mlir::Operation *, 8> fused;
  llvm::StringMap<int64_t> layerCounts;
  llvm::DenseMap<std::pair<mlir::Value, TermsAttr>, mlir::Value> selected;
};

} // namespace colonnade

#endif // COLONNADE_LIB_CONVERSION_LINALGTOSYSTOLIC_NETWORKMAPPER_H
