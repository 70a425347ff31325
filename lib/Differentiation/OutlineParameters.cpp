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
#include "colonnade/Dialect/Colonnade/IR/ColonnadeOps.h"
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

/// Whether a normalization is trained by the value.
static bool isBatchNormParameter(OpOperand &use) {
  auto norm = dyn_cast<BatchNormInferenceOp>(use.getOwner());
  return norm &&
         (use == norm.getScaleMutable() || use == norm.getOffsetMutable());
}

/// Whether a normalization normalizes by the value.
static bool isStatistic(OpOperand &use) {
  auto norm = dyn_cast<BatchNormInferenceOp>(use.getOwner());
  return norm &&
         (use == norm.getMeanMutable() || use == norm.getVarianceMutable());
}

/// Whether a structured op or a normalization reads the value, as it is or
/// moved.
static bool isReadByStructuredOp(Value value) {
  return llvm::any_of(value.getUses(), [](OpOperand &use) {
    if (isBatchNormParameter(use))
      return true;
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
  if (!type || !type.getElementType().isF32() || type.getRank() == 0 ||
      ColonnadeDialect::isFrozen(constant) || !isFinite(getElements(constant)))
    return false;
  return llvm::any_of(constant->getUses(), isBatchNormParameter) ||
         (type.getNumElements() > 1 && !isPartOfNode(constant) &&
          isReadByStructuredOp(constant));
}

/// What is trained as well is none: a step could not tell which of the two
/// comes next.
static bool isStatistic(arith::ConstantOp constant) {
  // Whether it is a parameter takes a look at every element: last.
  return getElementTypeOrSelf(constant.getType()).isF32() &&
         !ColonnadeDialect::isFrozen(constant) &&
         llvm::any_of(constant->getUses(),
                      [](OpOperand &use) { return isStatistic(use); }) &&
         !isParameter(constant);
}

static std::string getName(Location location) {
  if (auto name = location->findInstanceOf<NameLoc>())
    return name.getName().str();
  return "";
}

/// The constants of a function that are wanted, by names that are not taken;
/// those without one are called `kind`<N>.
static SmallVector<Parameter>
collectConstants(func::FuncOp function,
                 llvm::function_ref<bool(arith::ConstantOp)> isWanted,
                 const std::string &kind, llvm::StringSet<> &taken) {
  SmallVector<Parameter> parameters;
  for (auto constant : function.getBody().getOps<arith::ConstantOp>()) {
    if (!isWanted(constant))
      continue;
    std::string name = getName(constant.getLoc());
    if (name.empty())
      name = kind + std::to_string(parameters.size());
    // One initializer may have become several constants.
    std::string unique = name;
    for (unsigned i = 1; !taken.insert(unique).second; ++i)
      unique = name + "." + std::to_string(i);
    parameters.push_back({constant, unique});
  }
  return parameters;
}

SmallVector<Parameter> colonnade::collectParameters(func::FuncOp function) {
  llvm::StringSet<> taken;
  return collectConstants(function, isParameter, "parameter", taken);
}

SmallVector<Parameter> colonnade::collectStatistics(func::FuncOp function) {
  llvm::StringSet<> taken;
  for (const Parameter &parameter : collectParameters(function))
    taken.insert(parameter.name);
  return collectConstants(
      function,
      [](arith::ConstantOp constant) { return isStatistic(constant); },
      "statistic", taken);
}

void colonnade::nameConstant(Parameter parameter) {
  Operation *constant = parameter.constant;
  Location loc = constant->getLoc();
  if (!loc->findInstanceOf<NameLoc>())
    constant->setLoc(NameLoc::get(
        StringAttr::get(constant->getContext(), parameter.name), loc));
}

/// Makes constants arguments from number `first` on, with their names in
/// `attribute`.
static void outlineConstants(func::FuncOp function,
                             ArrayRef<Parameter> parameters, unsigned first,
                             StringRef attribute) {
  MLIRContext *context = function.getContext();
  for (auto [i, parameter] : llvm::enumerate(parameters)) {
    arith::ConstantOp constant = parameter.constant;
    auto attributes = DictionaryAttr::get(
        context, NamedAttribute(StringAttr::get(context, attribute),
                                StringAttr::get(context, parameter.name)));
    (void)function.insertArgument(first + i, constant.getType(), attributes,
                                  constant.getLoc());
    constant.replaceAllUsesWith(Value(function.getArgument(first + i)));
    constant.erase();
  }
}

void colonnade::outlineParameters(func::FuncOp function) {
  SmallVector<Parameter> parameters = collectParameters(function);
  SmallVector<Parameter> statistics = collectStatistics(function);
  outlineConstants(function, parameters, 0, kParameterAttribute);
  outlineConstants(function, statistics, parameters.size(), kStateAttribute);
}

namespace {
struct OutlineParameters
    : colonnade::impl::OutlineParametersBase<OutlineParameters> {
  void runOnOperation() override {
    // A pass on a function cannot look for its callers.
    WalkResult result = getOperation().walk([](CallOpInterface call) {
      call.emitError("calls a function, and would not pass the weights that "
                     "become arguments there: inline it first (--inline)");
      return WalkResult::interrupt();
    });
    if (result.wasInterrupted())
      return signalPassFailure();
    outlineParameters(getOperation());
  }
};
} // namespace
