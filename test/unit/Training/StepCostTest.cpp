//===- StepCostTest.cpp - Which products a layer has ----------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Extents of the three products of layers of every kind, and which of them a
// step does without.
//
//===----------------------------------------------------------------------===//

#include "colonnade/Training/StepCost.h"
#include "colonnade/InitAllDialects.h"
#include "colonnade/Simulator/Cells.h"
#include "mlir/Parser/Parser.h"
#include "gmock/gmock.h"

using namespace mlir;
using namespace colonnade;
using sim::BlockDataflow;
using sim::BlockGemm;
using ::testing::HasSubstr;

static constexpr llvm::StringLiteral network = R"mlir(
func.func @main(%x: tensor<1x2x6x6xf32>) -> tensor<1x5xf32> {
  %zero = arith.constant 0.0 : f32
  %filter = arith.constant dense<0.5> : tensor<4x2x3x3xf32>
  %matrix = arith.constant dense<0.5> : tensor<64x5xf32>
  %e0 = tensor.empty() : tensor<1x4x4x4xf32>
  %z0 = linalg.fill ins(%zero : f32) outs(%e0 : tensor<1x4x4x4xf32>)
      -> tensor<1x4x4x4xf32>
  %y = linalg.conv_2d_nchw_fchw
      ins(%x, %filter : tensor<1x2x6x6xf32>, tensor<4x2x3x3xf32>)
      outs(%z0 : tensor<1x4x4x4xf32>) -> tensor<1x4x4x4xf32>
  %flat = tensor.collapse_shape %y [[0], [1, 2, 3]]
      : tensor<1x4x4x4xf32> into tensor<1x64xf32>
  %e1 = tensor.empty() : tensor<1x5xf32>
  %z1 = linalg.fill ins(%zero : f32) outs(%e1 : tensor<1x5xf32>)
      -> tensor<1x5xf32>
  %logits = linalg.matmul ins(%flat, %matrix : tensor<1x64xf32>, tensor<64x5xf32>)
      outs(%z1 : tensor<1x5xf32>) -> tensor<1x5xf32>
  return %logits : tensor<1x5xf32>
})mlir";

namespace {

class StepCostTest : public ::testing::Test {
protected:
  StepCostTest() {
    DialectRegistry registry;
    registerAllDialects(registry);
    context.appendDialectRegistry(registry);
    module = parseSourceString<ModuleOp>(network, &context);
    machine.name = "test";
    machine.rows = 64;
    machine.columns = 8;
    machine.cell = sim::createBlockCell({16, 8, 4});
    machine.accumulatorBytes = 1 << 16;
    machine.weightLoaderBytesPerCycle = 64;
    machine.converterValuesPerCycle = 128;
    for (llvm::StringRef event :
         {"chunk_product", "block_sum", "converter_value", "register_hop",
          "weight_sram_byte", "data_sram_byte", "accumulator_byte",
          "idle_cell_cycle"})
      machine.energy[event.str()] = 1;
  }

  StepCost createCost(int64_t batch) {
    return llvm::cantFail(
        StepCost::create(*module, batch, {16, 8, 4}, machine));
  }

  std::string getRefusal(const BlockFormat &format) {
    return llvm::toString(
        StepCost::create(*module, 8, format, machine).takeError());
  }

  MLIRContext context;
  OwningOpRef<ModuleOp> module;
  sim::MachineDescription machine;
};

} // namespace

TEST_F(StepCostTest, Convolution) {
  StepCost cost = createCost(8);
  ASSERT_EQ(cost.getLayers().size(), 2u);
  const LayerGemms &layer = cost.getLayers().front();
  EXPECT_EQ(layer.groups, 1);
  EXPECT_EQ(layer.outputs, 4);
  EXPECT_EQ(layer.reduction, 2 * 3 * 3);
  EXPECT_EQ(layer.positions, 8 * 4 * 4);
  EXPECT_EQ(layer.activationValues, 8 * 2 * 6 * 6);
  EXPECT_FALSE(layer.needsActivationGradient);
}

TEST_F(StepCostTest, MatrixProduct) {
  StepCost cost = createCost(8);
  const LayerGemms &layer = cost.getLayers().back();
  EXPECT_EQ(layer.outputs, 5);
  EXPECT_EQ(layer.reduction, 64);
  EXPECT_EQ(layer.positions, 8);
  EXPECT_EQ(layer.activationValues, 8 * 64);
  EXPECT_TRUE(layer.needsActivationGradient);
}

TEST_F(StepCostTest, ThreeProducts) {
  StepCost stepCost = createCost(8);
  const LayerGemms &layer = stepCost.getLayers().back();
  BlockGemm forward = layer.getForward({2, 3, 4});
  EXPECT_EQ(forward.dataflow, BlockDataflow::Forward);
  EXPECT_EQ(std::tuple(forward.heldLines, forward.passingLines, forward.length,
                       forward.heldBits, forward.passingBits),
            std::tuple(5, 8, 64, 2, 3));
  BlockGemm activations = layer.getActivationGradient({2, 3, 4});
  EXPECT_EQ(activations.dataflow, BlockDataflow::Orthogonal);
  EXPECT_EQ(std::tuple(activations.heldLines, activations.passingLines,
                       activations.length, activations.heldBits,
                       activations.passingBits),
            std::tuple(64, 8, 5, 2, 4));
  BlockGemm weights = layer.getWeightGradient({2, 3, 4});
  EXPECT_EQ(weights.dataflow, BlockDataflow::OutputStationary);
  EXPECT_EQ(std::tuple(weights.heldLines, weights.passingLines, weights.length,
                       weights.heldBits, weights.passingBits),
            std::tuple(5, 64, 8, 4, 3));
}

TEST_F(StepCostTest, CostsAreThoseOfTheProducts) {
  StepCost cost = createCost(8);
  for (size_t number : {0, 1}) {
    const LayerGemms &layer = cost.getLayers()[number];
    LayerPrecision precision{2, 4, 3};
    const StepCost::LayerCost &costs = cost.getCost(number, precision);
    EXPECT_EQ(costs[0].cycles,
              llvm::cantFail(
                  sim::scheduleBlockGemm(machine, layer.getForward(precision)))
                  .cycles);
    EXPECT_EQ(costs[1].cycles > 0, layer.needsActivationGradient);
    EXPECT_GT(costs[2].picojoules, 0);
  }
}

TEST_F(StepCostTest, Refusals) {
  EXPECT_THAT(getRefusal({16, 8, 8}),
              HasSubstr("must have 2 to 4 bits, got 8"));
  EXPECT_THAT(getRefusal({32, 8, 4}),
              HasSubstr("target 'test' multiplies blocks of 16 values with 8 "
                        "exponent bits; the training step has blocks of 32"));
  machine.accumulatorBytes = 64;
  EXPECT_THAT(getRefusal({16, 8, 4}), HasSubstr("accumulators of 64 bytes"));
  machine.cell = sim::createMacCell(1);
  EXPECT_THAT(getRefusal({16, 8, 4}),
              HasSubstr("target 'test' has mac cells; training needs block"));
}
