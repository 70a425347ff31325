//===- ImportTable.cpp - The ops that are imported ------------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Puts the families of ops together.
//
//===----------------------------------------------------------------------===//

#include "NodeImporter.h"

void colonnade::onnximport::addAllOps(ImportTable &table) {
  addElementwiseOps(table);
  addActivationOps(table);
  addSoftmaxOps(table);
  addReductionOps(table);
  addShapeOps(table);
  addMovementOps(table);
  addSliceOps(table);
  addPadOps(table);
  addGatherOps(table);
  addConvolutionOps(table);
  addMatrixProductOps(table);
  addPoolingOps(table);
  addNormalizationOps(table);
  addResizeOps(table);
  addRecurrentOps(table);
  addQuantizationOps(table);
}
