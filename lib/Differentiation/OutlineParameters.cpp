//===- OutlineParameters.cpp - Weights as arguments -----------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See the header.
//
//===----------------------------------------------------------------------===//

#include "colonnade/Differentiation/OutlineParameters.h"
#include "colonnade/Differentiation/Passes.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "llvm/ADT/StringSet.h"

namespace colonnade {
#define GEN_PASS_DEF_OUTLINEPARAMETERS
#include "colonnade/Differentiation/Passes.h.inc"
} // namespace colonnade

using namespace mlir;
using namespace colonnade;

/// The elements of a constant, whether they stand in the program or beside it.
static DenseElementsAttr getElements(arith::ConstantOp constant) {
  auto resource = dyn_cast<DenseResourceElementsAttr>(constant.getValue());
  if (!resource)
    return dyn_cast<DenseElementsAttr>(constant.getValue());
  AsmResourceBlob *blob = resource.getRawHandle().getBlob();
  return blob ? DenseElementsAttr::getFromRawBuffer(resource.getType(),
                                                    blob->getData())
              : DenseElementsAttr();
}

/// Whether every element is finite: others are there to mask.
static bool isFinite(DenseElementsAttr elements) {
  return elements &&
         llvm::all_of(elements.getValues<APFloat>(),
                      [](const APFloat &v) { return v.isFinite(); });
}

/// Whether a structured op reads the value, as it is or moved.
static bool isReadByStructuredOp(Value value) {
  return llvm::any_of(value.getUses(), [](OpOperand &use) {
    Operation *user = use.getOwner();
    if (isa<linalg::TransposeOp, tensor::CollapseShapeOp, tensor::ConcatOp,
            tensor::ExpandShapeOp, tensor::ExtractSliceOp,
            tensor::InsertSliceOp, tensor::PadOp>(user))
      return isReadByStructuredOp(user->getResult(0));
    auto structured = dyn_cast<linalg::LinalgOp>(user);
    return structured && structured.isDpsInput(&use);
  });
}

/// Whether an importer made the constant for a node that reads it: such a
/// constant has the node's name.
static bool isPartOfNode(arith::ConstantOp constant) {
  return isa<NameLoc>(constant.getLoc()) &&
         llvm::any_of(constant->getUsers(), [&](Operation *user) {
           return user->getLoc() == constant.getLoc();
         });
}

static bool isParameter(arith::ConstantOp constant) {
  auto type = dyn_cast<RankedTensorType>(constant.getType());
  return type && type.getElementType().isF32() && type.getRank() != 0 &&
         type.getNumElements() > 1 && !isPartOfNode(constant) &&
         isReadByStructuredOp(constant) && isFinite(getElements(constant));
}

static std::string getName(Location location) {
  if (auto name = location->findInstanceOf<NameLoc>())
    return name.getName().str();
  return "";
}

SmallVector<Parameter> colonnade::collectParameters(func::FuncOp function) {
  SmallVector<Parameter> parameters;
  llvm::StringSet<> taken;
  for (auto constant : function.getBody().getOps<arith::ConstantOp>()) {
    if (!isParameter(constant))
      continue;
    std::string name = getName(constant.getLoc());
    if (name.empty())
      name = "parameter" + std::to_string(parameters.size());
    // One initializer may have become several constants.
    std::string unique = name;
    for (unsigned i = 1; !taken.insert(unique).second; ++i)
      unique = name + "." + std::to_string(i);
    parameters.push_back({constant, unique});
  }
  return parameters;
}

void colonnade::outlineParameters(func::FuncOp function) {
  for (auto [i, parameter] : llvm::enumerate(collectParameters(function))) {
    arith::ConstantOp constant = parameter.constant;
    auto attributes = DictionaryAttr::get(
        function.getContext(),
        NamedAttribute(
            StringAttr::get(function.getContext(), kParameterAttribute),
            StringAttr::get(function.getContext(), parameter.name)));
    (void)function.insertArgument(i, constant.getType(), attributes,
                                  constant.getLoc());
    constant.replaceAllUsesWith(Value(function.getArgument(i)));
    constant.erase();
  }
}

namespace {
struct OutlineParameters
    : colonnade::impl::OutlineParametersBase<OutlineParameters> {
  void runOnOperation() override { outlineParameters(getOperation()); }
};
} // namespace
