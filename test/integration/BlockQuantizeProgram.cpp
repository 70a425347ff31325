//===- BlockQuantizeProgram.cpp - One block_quantize, compiled ------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Prints the program as text, so that the parser, the verifier and the erasure
// are part of what is tested.
//
//===----------------------------------------------------------------------===//

#include "BlockQuantizeProgram.h"
#include "colonnade/Dialect/Colonnade/IR/ColonnadeDialect.h"
#include "colonnade/Dialect/Colonnade/Transforms/Passes.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;

namespace colonnade {

int64_t BlockQuantizeProgram::getNumElements() const {
  return BlockLines::get(shape, axis).getNumValues();
}

std::string BlockQuantizeProgram::print() const {
  std::string type;
  for (int64_t extent : shape)
    type += llvm::formatv("{0}x", extent);
  type += "f32";
  bool hasNoise = isStochastic(rounder.rounding);
  std::string rounding = stringifyBlockRounding(rounder.rounding).str();
  if (hasNoise)
    rounding += llvm::formatv(", seed = {0}, noise_bits = {1}",
                              rounder.noise.seed, rounder.noise.bits);
  return llvm::formatv(R"mlir(
#enc = #colonnade.encoding<block_float = <axis = {0}, group = {1},
                                          exponent = {2}, mantissa = {3}>>
func.func @main(%x: tensor<{4}>, %mantissa: tensor<i32>,
                %counter: tensor<i64>) -> tensor<{4}> {{
  %m = tensor.extract %mantissa[] : tensor<i32>
  %c = tensor.extract %counter[] : tensor<i64>
  %q = colonnade.block_quantize %x rounding = <{5}> mantissa(%m) {6}
      : tensor<{4}> to tensor<{4}, #enc>
  %y = colonnade.drop_encoding %q : tensor<{4}, #enc> to tensor<{4}>
  return %y : tensor<{4}>
})mlir",
                       axis, format.group, format.exponentBits,
                       format.mantissaBits, type, rounding,
                       hasNoise ? "counter(%c)" : "")
      .str();
}

llvm::Expected<std::unique_ptr<JitFunction>>
BlockQuantizeProgram::compile() const {
  DialectRegistry registry;
  registry.insert<ColonnadeDialect, func::FuncDialect, tensor::TensorDialect>();
  MLIRContext context(registry);
  OwningOpRef<ModuleOp> module = parseSourceString<ModuleOp>(print(), &context);
  if (!module)
    return llvm::createStringError("the program does not parse");
  PassManager manager(&context);
  manager.addPass(createStripEncodings());
  if (failed(manager.run(*module)))
    return llvm::createStringError("the program's promises are not erased");
  return JitFunction::compile(*module, "main");
}

} // namespace colonnade
