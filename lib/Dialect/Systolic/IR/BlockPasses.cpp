//===- BlockPasses.cpp - Products of blocks for the simulator --*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See the header.
//
//===----------------------------------------------------------------------===//

#include "colonnade/Dialect/Systolic/IR/BlockPasses.h"
#include "colonnade/Dialect/Systolic/IR/LinearMap.h"
#include "mlir/Dialect/Utils/IndexingUtils.h"

using namespace mlir;
using namespace colonnade;
using namespace colonnade::systolic;

sim::BlockDataflow systolic::getSimulatedDataflow(BlockDataflow dataflow) {
  switch (dataflow) {
  case BlockDataflow::WeightStationary:
    return sim::BlockDataflow::Forward;
  case BlockDataflow::Orthogonal:
    return sim::BlockDataflow::Orthogonal;
  case BlockDataflow::OutputStationary:
    return sim::BlockDataflow::OutputStationary;
  }
  llvm_unreachable("all dataflows are known");
}

/// How a value's row-major position in its tensor changes with the loops.
static SmallVector<int64_t, 6> getPositionPitches(AffineMap map,
                                                  RankedTensorType type) {
  SmallVector<int64_t, 6> pitches(map.getNumDims(), 0);
  SmallVector<int64_t> strides = computeStrides(type.getShape());
  for (auto [result, stride] : llvm::zip_equal(map.getResults(), strides)) {
    LinearForm form = *getLinearForm(result, map.getNumDims());
    for (auto [pitch, coefficient] :
         llvm::zip_equal(pitches, form.coefficients))
      pitch += coefficient * stride;
  }
  return pitches;
}

static sim::NestOperand getDense(ArrayRef<int64_t> positionPitches) {
  sim::NestOperand operand;
  operand.type = sim::ScalarType::F32;
  for (int64_t pitch : positionPitches)
    operand.pitches.push_back(pitch * sim::getBytes(operand.type));
  return operand;
}

sim::BlockPass systolic::getBlockPass(BlockContractOp op,
                                      ArrayRef<int64_t> chunk) {
  sim::BlockPass pass;
  pass.dataflow = getSimulatedDataflow(op.getDataflow());
  pass.extents.assign(chunk.begin(), chunk.end());
  pass.reductionLoops = op.getReductionLoops();
  auto fill = [&](unsigned number, Value value, ConversionAttr conversion,
                  sim::BlockPassOperand &operand) {
    operand.positionPitches = getPositionPitches(
        op.getMap(number), cast<RankedTensorType>(value.getType()));
    operand.values = getDense(operand.positionPitches);
    operand.format = conversion.getFormat();
    operand.rounder = conversion.getRounder();
  };
  fill(0, op.getHeld(), op.getHeldConversion(), pass.held);
  fill(1, op.getPassing(), op.getPassingConversion(), pass.passing);
  AffineMap sums =
      AffineMap::getMultiDimIdentityMap(chunk.size(), op.getContext())
          .getMajorSubMap(op.getNumParallelLoops());
  pass.sums = getDense(getPositionPitches(
      sums, cast<RankedTensorType>(op.getResult().getType())));
  return pass;
}
