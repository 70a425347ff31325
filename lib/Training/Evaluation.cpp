//===- Evaluation.cpp - A network in its training format ------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See the header.
//
//===----------------------------------------------------------------------===//

#include "Evaluation.h"
#include "colonnade/Differentiation/OutlineParameters.h"

using namespace mlir;
using namespace colonnade;

/// Adds the layers' mantissa bits in front of the last argument.
static ValueRange addMantissas(func::FuncOp evaluation,
                               ArrayRef<LayerProduct> layers) {
  Builder builder(evaluation.getContext());
  Type type = RankedTensorType::get(3, builder.getI32Type());
  unsigned first = evaluation.getNumArguments() - 1;
  for (auto [i, layer] : llvm::enumerate(layers)) {
    DictionaryAttr name = builder.getDictionaryAttr(builder.getNamedAttr(
        kStateAttribute, builder.getStringAttr(getMantissaName(layer.name))));
    // Inserting fails only for functions without a body.
    (void)evaluation.insertArgument(first + i, type, name,
                                    evaluation.getLoc());
  }
  return ValueRange(evaluation.getArguments()).slice(first, layers.size());
}

void colonnade::createEvaluation(func::FuncOp network,
                                 const FormatSettings &settings) {
  ImplicitLocOpBuilder builder(network.getLoc(), network.getContext());
  builder.setInsertionPointAfter(network);
  auto evaluation = cast<func::FuncOp>(builder.clone(*network));
  evaluation.setName("evaluation");
  SmallVector<LayerProduct> layers = collectLayerProducts(evaluation);
  ValueRange mantissas;
  if (settings.isAdaptive())
    mantissas = addMantissas(evaluation, layers);
  builder.setInsertionPointToStart(&evaluation.getBody().front());
  StepFormat(builder, settings, std::move(layers), mantissas, /*step=*/{})
      .roundOperands();
}
