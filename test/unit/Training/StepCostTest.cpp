//===- StepCostTest.cpp - Which products a layer has ----------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Extents of the three products of layers of every kind, and which of them a
// step does without; all of them are taken from the mapped step.
//
//===----------------------------------------------------------------------===//

#include "colonnade/Training/StepCost.h"
#include "colonnade/InitAllDialects.h"
#include "colonnade/Simulator/BlockPasses.h"
#include "mlir/AsmParser/AsmParser.h"
#include "mlir/Parser/Parser.h"
#include "llvm/Support/FormatVariadic.h"
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

/// exp(q q^T) times q: both products are of two activations.
static constexpr llvm::StringLiteral attention = R"mlir(
func.func @main(%x: tensor<1x16x6xf32>) -> tensor<1x96xf32> {
  %zero = arith.constant 0.0 : f32
  %matrix = arith.constant dense<0.5> : tensor<6x6xf32>
  %rows = tensor.collapse_shape %x [[0, 1], [2]]
      : tensor<1x16x6xf32> into tensor<16x6xf32>
  %e0 = tensor.empty() : tensor<16x6xf32>
  %z0 = linalg.fill ins(%zero : f32) outs(%e0 : tensor<16x6xf32>) -> tensor<16x6xf32>
  %r = linalg.matmul ins(%rows, %matrix : tensor<16x6xf32>, tensor<6x6xf32>)
      outs(%z0 : tensor<16x6xf32>) -> tensor<16x6xf32>
  %q = tensor.expand_shape %r [[0, 1], [2]] output_shape [1, 16, 6]
      : tensor<16x6xf32> into tensor<1x16x6xf32>
  %e1 = tensor.empty() : tensor<1x6x16xf32>
  %turned = linalg.transpose ins(%q : tensor<1x16x6xf32>)
      outs(%e1 : tensor<1x6x16xf32>) permutation = [0, 2, 1]
  %e2 = tensor.empty() : tensor<1x16x16xf32>
  %z2 = linalg.fill ins(%zero : f32) outs(%e2 : tensor<1x16x16xf32>)
      -> tensor<1x16x16xf32>
  %scores = linalg.batch_matmul
      ins(%q, %turned : tensor<1x16x6xf32>, tensor<1x6x16xf32>)
      outs(%z2 : tensor<1x16x16xf32>) -> tensor<1x16x16xf32>
  %p = linalg.exp ins(%scores : tensor<1x16x16xf32>)
      outs(%e2 : tensor<1x16x16xf32>) -> tensor<1x16x16xf32>
  %e3 = tensor.empty() : tensor<1x16x6xf32>
  %z3 = linalg.fill ins(%zero : f32) outs(%e3 : tensor<1x16x6xf32>)
      -> tensor<1x16x6xf32>
  %y = linalg.batch_matmul
      ins(%p, %q : tensor<1x16x16xf32>, tensor<1x16x6xf32>)
      outs(%z3 : tensor<1x16x6xf32>) -> tensor<1x16x6xf32>
  %logits = tensor.collapse_shape %y [[0], [1, 2]]
      : tensor<1x16x6xf32> into tensor<1x96xf32>
  return %logits : tensor<1x96xf32>
})mlir";

/// The second filter skips every other position.
static constexpr llvm::StringLiteral strided = R"mlir(
func.func @main(%x: tensor<1x2x5x5xf32>) -> tensor<1x36xf32> {
  %zero = arith.constant 0.0 : f32
  %first = arith.constant dense<0.5> : tensor<4x2x1x1xf32>
  %second = arith.constant dense<0.25> : tensor<4x4x1x1xf32>
  %e0 = tensor.empty() : tensor<1x4x5x5xf32>
  %z0 = linalg.fill ins(%zero : f32) outs(%e0 : tensor<1x4x5x5xf32>)
      -> tensor<1x4x5x5xf32>
  %h = linalg.conv_2d_nchw_fchw
      ins(%x, %first : tensor<1x2x5x5xf32>, tensor<4x2x1x1xf32>)
      outs(%z0 : tensor<1x4x5x5xf32>) -> tensor<1x4x5x5xf32>
  %e1 = tensor.empty() : tensor<1x4x3x3xf32>
  %z1 = linalg.fill ins(%zero : f32) outs(%e1 : tensor<1x4x3x3xf32>)
      -> tensor<1x4x3x3xf32>
  %y = linalg.conv_2d_nchw_fchw {strides = dense<2> : tensor<2xi64>}
      ins(%h, %second : tensor<1x4x5x5xf32>, tensor<4x4x1x1xf32>)
      outs(%z1 : tensor<1x4x3x3xf32>) -> tensor<1x4x3x3xf32>
  %logits = tensor.collapse_shape %y [[0], [1, 2, 3]]
      : tensor<1x4x3x3xf32> into tensor<1x36xf32>
  return %logits : tensor<1x36xf32>
})mlir";

static constexpr llvm::StringLiteral coupling = R"mlir(
func.func @main(%x: tensor<1x4xf32>) -> tensor<1x4xf32> {
  %zero = arith.constant 0.0 : f32
  %first = arith.constant dense<0.5> : tensor<4x4xf32>
  %inner = arith.constant dense<0.25> : tensor<4x4xf32>
  %again = arith.constant dense<0.75> : tensor<4x4xf32>
  %last = arith.constant dense<0.125> : tensor<4x4xf32>
  %e = tensor.empty() : tensor<1x4xf32>
  %z = linalg.fill ins(%zero : f32) outs(%e : tensor<1x4xf32>) -> tensor<1x4xf32>
  %h = linalg.matmul ins(%x, %first : tensor<1x4xf32>, tensor<4x4xf32>)
      outs(%z : tensor<1x4xf32>) -> tensor<1x4xf32>
  %y1, %y2 = colonnade.reversible additive %h, %h : tensor<1x4xf32>
      f(%a: tensor<1x4xf32>) {
    %r = linalg.matmul ins(%a, %inner : tensor<1x4xf32>, tensor<4x4xf32>)
        outs(%z : tensor<1x4xf32>) -> tensor<1x4xf32>
    colonnade.yield %r : tensor<1x4xf32>
  } g(%b: tensor<1x4xf32>) {
    %s = linalg.matmul ins(%b, %again : tensor<1x4xf32>, tensor<4x4xf32>)
        outs(%z : tensor<1x4xf32>) -> tensor<1x4xf32>
    colonnade.yield %s : tensor<1x4xf32>
  }
  %logits = linalg.matmul ins(%y2, %last : tensor<1x4xf32>, tensor<4x4xf32>)
      outs(%z : tensor<1x4xf32>) -> tensor<1x4xf32>
  return %logits : tensor<1x4xf32>
})mlir";

namespace {

class StepCostTest : public ::testing::Test {
protected:
  StepCostTest() {
    DialectRegistry registry;
    registerAllDialects(registry);
    context.appendDialectRegistry(registry);
    context.loadAllAvailableDialects();
    module = parseSourceString<ModuleOp>(network, &context);
    target = parseTarget("#systolic.block<group = 16, exponent = 8, "
                         "mantissa = 4>",
                         1 << 16);
  }

  systolic::TargetAttr parseTarget(llvm::StringRef cell, int64_t accumulators) {
    bool isOfBlocks = cell.contains("block");
    llvm::StringRef events =
        isOfBlocks ? "chunk_product = 1.0, block_sum = 1.0, converter_value = "
                     "1.0"
                   : "mac = 1.0";
    std::string text = llvm::formatv(
        "#systolic.target<name = \"test\", rows = 64, columns = 8, cell = {0}, "
        "dram_bytes_per_cycle = 16, dram_latency = 10, weight_sram_bytes = "
        "65536, data_sram_bytes = 65536, data_sram_banks = 16, "
        "accumulator_bytes = {1}, weight_loader_bytes_per_cycle = 64, "
        "vector_lanes = 16, vector_latency = 4, vector_stages = 4, "
        "vector_divide_slots = 4, clock_megahertz = 500, energy = {{{2}, "
        "register_hop = 1.0, weight_sram_byte = 1.0, data_sram_byte = 1.0, "
        "accumulator_byte = 1.0, dram_byte = 1.0, vector_op = 1.0, "
        "vector_float_op = 1.0, idle_cell_cycle = 1.0}, "
        "converter_values_per_cycle = {3}>",
        cell, accumulators, events, isOfBlocks ? 128 : 0);
    return cast<systolic::TargetAttr>(parseAttribute(text, &context));
  }

  StepCost createCost(int64_t batch) {
    return llvm::cantFail(StepCost::create(*module, batch, {16, 8, 4}, target));
  }

  std::string getRefusal(const BlockFormat &format) {
    return llvm::toString(
        StepCost::create(*module, 8, format, target).takeError());
  }

  MLIRContext context;
  OwningOpRef<ModuleOp> module;
  systolic::TargetAttr target;
};

} // namespace

/// Lines of both operands and the length of the reduction.
static std::array<int64_t, 3> getExtents(const StepProduct &product) {
  BlockGemm gemm = sim::getBlockGemm(product.pass);
  return {gemm.heldLines, gemm.passingLines, gemm.length};
}

// Blocks lie along the longer of what both operands have as a dimension.
TEST_F(StepCostTest, Convolution) {
  StepCost cost = createCost(8);
  ASSERT_EQ(cost.getLayers().size(), 2u);
  const auto &[forward, activations, weights] =
      cost.getLayers().front().products;
  ASSERT_EQ(forward.size(), 1u);
  ASSERT_EQ(weights.size(), 1u);
  // Nine taps of one block of two channels each.
  EXPECT_EQ(getExtents(forward.front()),
            (std::array<int64_t, 3>{4, 8 * 4 * 4, 9 * 16}));
  EXPECT_EQ(sim::getBlockGemm(forward.front().pass).passingValues, 8 * 2 * 6 * 6);
  // No parameter comes before it.
  EXPECT_TRUE(activations.empty());
  // Sixteen positions of one block of eight images each.
  EXPECT_EQ(getExtents(weights.front()),
            (std::array<int64_t, 3>{4, 2 * 3 * 3, 16 * 16}));
}

TEST_F(StepCostTest, MatrixProduct) {
  StepCost cost = createCost(8);
  const auto &[forward, activations, weights] =
      cost.getLayers().back().products;
  auto expect = [](llvm::ArrayRef<StepProduct> products, BlockDataflow dataflow,
                   std::array<int64_t, 3> extents) {
    ASSERT_EQ(products.size(), 1u);
    EXPECT_EQ(products.front().pass.dataflow, dataflow);
    EXPECT_EQ(getExtents(products.front()), extents);
  };
  expect(forward, BlockDataflow::Forward, {5, 8, 64});
  expect(activations, BlockDataflow::Orthogonal, {64, 8, 5});
  expect(weights, BlockDataflow::OutputStationary, {5, 64, 8});
  EXPECT_EQ(cost.getProductsElsewhere(), 0);
}

TEST_F(StepCostTest, PrecisionsAreThoseOfTheOperands) {
  StepCost cost = createCost(8);
  auto getBits = [&](unsigned product) {
    sim::BlockPass pass =
        cost.getLayers().back().products[product].front().getPass({2, 3, 4});
    return std::pair(pass.held.format.mantissaBits,
                     pass.passing.format.mantissaBits);
  };
  EXPECT_EQ(getBits(0), (std::pair<int64_t, int64_t>(2, 3)));
  EXPECT_EQ(getBits(1), (std::pair<int64_t, int64_t>(2, 4)));
  EXPECT_EQ(getBits(2), (std::pair<int64_t, int64_t>(4, 3)));
}

TEST_F(StepCostTest, CostsAreThoseOfTheProducts) {
  StepCost cost = createCost(8);
  for (size_t number : {0, 1}) {
    const LayerPasses &layer = cost.getLayers()[number];
    LayerPrecision precision{2, 4, 3};
    const StepCost::LayerCost &costs = cost.getCost(number, precision);
    EXPECT_EQ(costs[0].cycles,
              llvm::cantFail(sim::scheduleBlockPass(
                                 cost.getMachine(),
                                 layer.products[0].front().getPass(precision)))
                  .cycles);
    EXPECT_EQ(costs[1].cycles > 0, !layer.products[1].empty());
    EXPECT_GT(costs[2].picojoules, 0);
  }
}

// exp is no op of the machine before it is expanded; what it reads and what reads
// it have all their products.
TEST_F(StepCostTest, ProductsOfTwoActivations) {
  module = parseSourceString<ModuleOp>(attention, &context);
  StepCost cost = createCost(8);
  ASSERT_EQ(cost.getLayers().size(), 3u);
  for (const LayerPasses &layer : cost.getLayers().drop_front()) {
    EXPECT_FALSE(layer.hasParameter);
    for (const auto &products : layer.products) {
      ASSERT_EQ(products.size(), 1u) << layer.name;
      EXPECT_EQ(products.front().pass.dataflow,
                BlockDataflow::OutputStationary);
    }
  }
  EXPECT_EQ(cost.getProductsElsewhere(), 0);
  auto getExtentsOf = [&](unsigned layer, unsigned product) {
    return getExtents(cost.getLayers()[layer].products[product].front());
  };
  // [16, 6] x [6, 16]; its gradient [16, 16] x [16, 6], and [6, 16] x [16, 16].
  EXPECT_EQ(getExtentsOf(1, 0), (std::array<int64_t, 3>{16, 16, 6}));
  EXPECT_EQ(getExtentsOf(1, 1)[2], 16);
  EXPECT_EQ(getExtentsOf(1, 2)[2], 16);
  // [16, 16] x [16, 6].
  EXPECT_EQ(getExtentsOf(2, 0)[2], 16);
  EXPECT_EQ(getExtentsOf(2, 1)[2], 6);
  EXPECT_EQ(getExtentsOf(2, 2)[2], 16);
}

// The gradient of what the second filter reads has gaps, which the array has not.
TEST_F(StepCostTest, ProductsElsewhere) {
  module = parseSourceString<ModuleOp>(strided, &context);
  StepCost cost = createCost(8);
  EXPECT_TRUE(cost.getLayers().back().products[1].empty());
  EXPECT_FALSE(cost.getLayers().back().products[2].empty());
  EXPECT_EQ(cost.getProductsElsewhere(), 1);
}

// What a coupling evaluates again is another forward product: g, to get back what
// f read.
TEST_F(StepCostTest, Couplings) {
  module = parseSourceString<ModuleOp>(coupling, &context);
  StepCost cost = createCost(8);
  ASSERT_EQ(cost.getLayers().size(), 4u);
  for (auto [number, layer] : llvm::enumerate(cost.getLayers())) {
    EXPECT_EQ(layer.products[0].size(), number == 2 ? 2u : 1u) << number;
    EXPECT_EQ(layer.products[1].size(), number == 0 ? 0u : 1u);
    EXPECT_EQ(layer.products[2].size(), 1u);
  }
  EXPECT_EQ(cost.getProductsElsewhere(), 0);
}

TEST_F(StepCostTest, Refusals) {
  EXPECT_THAT(getRefusal({16, 8, 8}),
              HasSubstr("must have 2 to 4 bits, got 8"));
  EXPECT_THAT(getRefusal({32, 8, 4}),
              HasSubstr("target 'test' multiplies blocks of 16 values with 8 "
                        "exponent bits; the training step has blocks of 32"));
  target = parseTarget("#systolic.mac<fan_in = 1>", 1 << 16);
  EXPECT_THAT(getRefusal({16, 8, 4}),
              HasSubstr("target 'test' has mac cells; training needs block"));
}
