//===- BlockProductAgreement.cpp - Products of blocks, three times --------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Triple agreement for block arithmetic: a product whose order is written out
// in linalg (each block summed up exactly, rounded once, added in order), run
// by the JIT after `colonnade.block_quantize`; the emulation in Numerics; and
// the registers of the array, in each dataflow of training. Bit for bit.
//
//===----------------------------------------------------------------------===//

#include "../unit/Numerics/RandomBlocks.h"
#include "colonnade/Dialect/Colonnade/IR/ColonnadeDialect.h"
#include "colonnade/Dialect/Colonnade/Transforms/Passes.h"
#include "colonnade/ExecutionEngine/JitFunction.h"
#include "colonnade/Simulator/BlockCellArray.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/Support/FormatVariadic.h"
#include "gtest/gtest.h"

using namespace mlir;
using namespace colonnade;
using sim::BlockDataflow;

namespace {

/// held [lines x length] times passing [vectors x length], transposed.
struct Product {
  int64_t lines, vectors, length;
  BlockFormat held, passing;

  static Product draw(RandomCases &random) {
    BlockFormat cell{random.getInteger(1, 4), random.getInteger(2, 8), 8};
    return {random.getInteger(1, 12), random.getInteger(1, 12),
            random.getInteger(1, 20),
            cell.withMantissaBits(random.getInteger(2, 8)),
            cell.withMantissaBits(random.getInteger(2, 8))};
  }

  int64_t getBlocks() const { return llvm::divideCeil(length, held.group); }
  std::string print() const;
};

} // namespace

/// Operand `name` as %<name>b, [lines x blocks x group], zeros at the end.
static std::string printOperand(llvm::StringRef name, int64_t lines,
                                int64_t length, const BlockFormat &format) {
  int64_t blocks = llvm::divideCeil(length, format.group);
  return llvm::formatv(R"mlir(
  %{0}q = colonnade.block_quantize %{0} rounding = <nearest>
      : tensor<{1}x{2}xf32> to tensor<{1}x{2}xf32, #colonnade.encoding<
        block_float = <axis = 1, group = {3}, exponent = {4}, mantissa = {5}>>>
  %{0}d = colonnade.drop_encoding %{0}q
      : tensor<{1}x{2}xf32, #colonnade.encoding<block_float =
        <axis = 1, group = {3}, exponent = {4}, mantissa = {5}>>>
      to tensor<{1}x{2}xf32>
  %{0}p = tensor.pad %{0}d low[0, 0] high[0, {6}] {{
  ^bb0(%i: index, %j: index):
    tensor.yield %zero : f32
  } : tensor<{1}x{2}xf32> to tensor<{1}x{7}xf32>
  %{0}b = tensor.expand_shape %{0}p [[0], [1, 2]] output_shape [{1}, {8}, {3}]
      : tensor<{1}x{7}xf32> into tensor<{1}x{8}x{3}xf32>
)mlir",
                       name, lines, length, format.group, format.exponentBits,
                       format.mantissaBits, blocks * format.group - length,
                       blocks * format.group, blocks)
      .str();
}

std::string Product::print() const {
  std::string text = llvm::formatv(R"mlir(
func.func @main(%x: tensor<{0}x{2}xf32>, %y: tensor<{1}x{2}xf32>)
    -> tensor<{0}x{1}xf32> {{
  %zero = arith.constant 0.0 : f32
  %exact = arith.constant 0.0 : f64
)mlir",
                                   lines, vectors, length)
                         .str();
  text += printOperand("x", lines, length, held);
  text += printOperand("y", vectors, length, passing);
  text += llvm::formatv(R"mlir(
  %e0 = tensor.empty() : tensor<{0}x{1}x{2}xf64>
  %z0 = linalg.fill ins(%exact : f64) outs(%e0 : tensor<{0}x{1}x{2}xf64>)
      -> tensor<{0}x{1}x{2}xf64>
  %products = linalg.generic {{
      indexing_maps = [affine_map<(l, v, b, i) -> (l, b, i)>,
                       affine_map<(l, v, b, i) -> (v, b, i)>,
                       affine_map<(l, v, b, i) -> (l, v, b)>],
      iterator_types = ["parallel", "parallel", "parallel", "reduction"]}
      ins(%xb, %yb : tensor<{0}x{2}x{3}xf32>, tensor<{1}x{2}x{3}xf32>)
      outs(%z0 : tensor<{0}x{1}x{2}xf64>) {{
  ^bb0(%a: f32, %c: f32, %s: f64):
    %aw = arith.extf %a : f32 to f64
    %cw = arith.extf %c : f32 to f64
    %p = arith.mulf %aw, %cw : f64
    %t = arith.addf %s, %p : f64
    linalg.yield %t : f64
  } -> tensor<{0}x{1}x{2}xf64>
  %e1 = tensor.empty() : tensor<{0}x{1}xf32>
  %z1 = linalg.fill ins(%zero : f32) outs(%e1 : tensor<{0}x{1}xf32>)
      -> tensor<{0}x{1}xf32>
  %sums = linalg.generic {{
      indexing_maps = [affine_map<(l, v, b) -> (l, v, b)>,
                       affine_map<(l, v, b) -> (l, v)>],
      iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%products : tensor<{0}x{1}x{2}xf64>)
      outs(%z1 : tensor<{0}x{1}xf32>) {{
  ^bb0(%p: f64, %s: f32):
    %r = arith.truncf %p : f64 to f32
    %t = arith.addf %s, %r : f32
    linalg.yield %t : f32
  } -> tensor<{0}x{1}xf32>
  return %sums : tensor<{0}x{1}xf32>
})mlir",
                        lines, vectors, getBlocks(), held.group)
              .str();
  return text;
}

static std::unique_ptr<JitFunction> compile(const Product &product) {
  DialectRegistry registry;
  registry.insert<arith::ArithDialect, ColonnadeDialect, func::FuncDialect,
                  linalg::LinalgDialect, tensor::TensorDialect>();
  MLIRContext context(registry);
  auto module = parseSourceString<ModuleOp>(product.print(), &context);
  PassManager manager(&context);
  manager.addPass(createStripEncodings());
  if (!module || failed(manager.run(*module)))
    return nullptr;
  return llvm::cantFail(
      JitFunction::compile(*module, "main", JitOptimization::CompileTime));
}

static std::vector<float> drawValues(RandomCases &random, int64_t count) {
  int64_t exponent = random.getInteger(0, 3) ? random.getInteger(-40, 40)
                                             : random.getInteger(-140, 124);
  std::vector<float> values(count);
  for (float &value : values)
    value = getRandomValue(random, exponent);
  return values;
}

static BlockMatrix quantize(std::vector<float> values, int64_t lines,
                            const BlockFormat &format) {
  BlockLines shape{lines, static_cast<int64_t>(values.size()) / lines, 1};
  quantizeBlocks(values, shape, format, {BlockRounding::Nearest, {}});
  return llvm::cantFail(BlockMatrix::get(values, shape, format));
}

static sim::MachineDescription drawMachine(RandomCases &random,
                                           const Product &product) {
  sim::MachineDescription machine;
  machine.name = "random";
  BlockFormat cell = product.held;
  cell.mantissaBits = 8;
  machine.cell = sim::createBlockCell(cell);
  machine.rows = cell.group * random.getInteger(1, 3);
  machine.columns = random.getInteger(1, 4);
  machine.accumulatorBytes = 8 * 16 * random.getInteger(1, 6);
  machine.weightLoaderBytesPerCycle = 16;
  machine.converterValuesPerCycle = 16;
  return machine;
}

static std::vector<uint32_t> getBits(llvm::ArrayRef<float> values) {
  std::vector<uint32_t> bits;
  for (float value : values)
    bits.push_back(getFloatBits(value));
  return bits;
}

TEST(BlockProductAgreementTest, JitEmulationAndRegisters) {
  RandomCases random(6);
  for (int trial = 0; trial < 40; ++trial) {
    SCOPED_TRACE(trial);
    Product product = Product::draw(random);
    std::vector<float> x = drawValues(random, product.lines * product.length);
    std::vector<float> y = drawValues(random, product.vectors * product.length);
    std::vector<float> compiled(product.lines * product.vectors, -1);
    std::vector<float> emulated = compiled;
    std::unique_ptr<JitFunction> jit = compile(product);
    ASSERT_NE(jit, nullptr);
    ASSERT_FALSE(bool(jit->run({x.data(), y.data()}, {compiled.data()})));
    BlockMatrix held = quantize(x, product.lines, product.held);
    BlockMatrix passing = quantize(y, product.vectors, product.passing);
    multiplyBlocks(held, passing, emulated);
    EXPECT_EQ(getBits(compiled), getBits(emulated));
    for (BlockDataflow dataflow :
         {BlockDataflow::Forward, BlockDataflow::Orthogonal,
          BlockDataflow::OutputStationary}) {
      sim::MachineDescription machine = drawMachine(random, product);
      sim::BlockSchedule schedule = llvm::cantFail(sim::scheduleBlockGemm(
          machine,
          {dataflow, product.lines, product.vectors, product.length,
           product.held.mantissaBits, product.passing.mantissaBits, 0}));
      EXPECT_EQ(getBits(llvm::cantFail(sim::executeInCells(schedule, machine,
                                                           held, passing))
                            .result),
                getBits(emulated));
    }
    ASSERT_FALSE(HasFailure());
  }
}
