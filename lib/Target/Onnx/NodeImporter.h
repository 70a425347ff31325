//===- NodeImporter.h - One ONNX node on its way to linalg ------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the importers of the single ops see of the model: typed operands,
// attributes, the result types that shape inference found, and a builder whose
// location is the node. One function imports one kind of node; the
// families (elementwise, pooling, ...) each live in a file of their own and
// list their functions in one table.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_LIB_TARGET_ONNX_NODEIMPORTER_H
#define COLONNADE_LIB_TARGET_ONNX_NODEIMPORTER_H

#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "llvm/ADT/StringMap.h"
#include <optional>

namespace onnx {
class NodeProto;
} // namespace onnx

namespace colonnade::onnximport {

/// ONNX element types that linalg's signless integers cannot tell apart.
enum class Signedness { Signed, Unsigned };

class GraphImporter;

/// The node being imported. Tensors are static `RankedTensorType`s of f16, bf16,
/// f32, f64 or signless integers (i1 for bool).
class NodeImporter {
public:
  mlir::ImplicitLocOpBuilder &builder;

  NodeImporter(GraphImporter &graph, const onnx::NodeProto &node,
               mlir::ImplicitLocOpBuilder &builder)
      : builder(builder), graph(graph), node(node) {}

  llvm::StringRef getOpType() const;
  /// Version of the default operator set that the model is read as.
  int64_t getOpset() const;
  /// The version it was before ONNX's converter, for what that leaves as it was.
  int64_t getOriginalOpset() const;
  /// Whether batch normalization is to stay an op.
  bool keepsBatchNorm() const;

  /// Operands. Optional ones may be absent (empty name, or beyond the end).
  unsigned getNumInputs() const;
  bool hasInput(unsigned index) const;
  mlir::Value getInput(unsigned index);
  mlir::RankedTensorType getInputType(unsigned index);
  Signedness getInputSignedness(unsigned index) const;
  /// The operand's elements if they are known at import time, else null.
  mlir::DenseElementsAttr getConstant(unsigned index);
  /// As above for small integer operands (axes, shapes, ...); emits an error
  /// that calls the operand `what` when it is not constant.
  mlir::FailureOr<llvm::SmallVector<int64_t>>
  getConstantIntegers(unsigned index, llvm::StringRef what);

  /// Attributes, with the operator's default.
  bool hasAttribute(llvm::StringRef name) const;
  int64_t getInteger(llvm::StringRef name, int64_t otherwise) const;
  float getFloat(llvm::StringRef name, float otherwise) const;
  std::string getString(llvm::StringRef name, llvm::StringRef otherwise) const;
  llvm::SmallVector<int64_t> getIntegers(llvm::StringRef name) const;
  llvm::SmallVector<float> getFloats(llvm::StringRef name) const;
  llvm::SmallVector<std::string> getStrings(llvm::StringRef name) const;
  /// A tensor attribute's elements; emits an error if they are not well-formed.
  mlir::FailureOr<mlir::ElementsAttr> getTensor(llvm::StringRef name);

  /// Results. A result may be absent (empty name) or unused.
  unsigned getNumResults() const;
  bool hasResult(unsigned index) const;
  mlir::RankedTensorType getResultType(unsigned index);
  Signedness getResultSignedness(unsigned index) const;
  void setResult(unsigned index, mlir::Value value);
  /// For a result that is known at import time.
  void setConstantResult(unsigned index, mlir::ElementsAttr elements);

  /// Emits an error that names the node and its op, and fails.
  mlir::LogicalResult reject(const llvm::Twine &reason);

private:
  GraphImporter &graph;
  const onnx::NodeProto &node;
};

using ImportFunction = mlir::LogicalResult (*)(NodeImporter &);
/// Op type -> its importer.
using ImportTable = llvm::StringMap<ImportFunction>;

/// Every op that the project imports.
void addAllOps(ImportTable &table);

void addElementwiseOps(ImportTable &table);
void addActivationOps(ImportTable &table);
void addSoftmaxOps(ImportTable &table);
void addReductionOps(ImportTable &table);
void addNormalizationOps(ImportTable &table);
void addShapeOps(ImportTable &table);
void addMovementOps(ImportTable &table);
void addSliceOps(ImportTable &table);
void addPadOps(ImportTable &table);
void addGatherOps(ImportTable &table);
void addConvolutionOps(ImportTable &table);
void addMatrixProductOps(ImportTable &table);
void addPoolingOps(ImportTable &table);
void addResizeOps(ImportTable &table);
void addRecurrentOps(ImportTable &table);
void addQuantizationOps(ImportTable &table);

} // namespace colonnade::onnximport

#endif // COLONNADE_LIB_TARGET_ONNX_NODEIMPORTER_H
