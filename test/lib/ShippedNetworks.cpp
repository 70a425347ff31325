//===- ShippedNetworks.cpp - The networks that tests run -*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See the header.
//
//===----------------------------------------------------------------------===//

#include "ShippedNetworks.h"
#include "colonnade/Target/ImportOnnx.h"
#include "colonnade/Target/ProgramExport.h"
#include "mlir/Parser/Parser.h"

using namespace mlir;
using namespace colonnade;

OwningOpRef<ModuleOp> test::parseNetwork(MLIRContext &context,
                                         llvm::StringRef name) {
  std::string path = getDataPath("models/" + name);
  if (name.ends_with(".onnx"))
    return importOnnx(path, &context);
  return parseSourceFile<ModuleOp>(path + ".linalg.mlir", &context);
}

void test::setCommonOptions(CompileOptions &options, llvm::StringRef target,
                            const PixelNormalization &normalization) {
  bool isShipped = !target.contains('/');
  options.target = isShipped ? target.str() : getDataPath(target);
  options.calibration = getDataPath("calibration.npy");
  options.mean = normalization.mean;
  options.std = normalization.std;
  options.patches = normalization.patchSide;
  options.baseline = false;
}

sim::Program test::exportOnlyProgram(ModuleOp module) {
  FailureOr<ExportedProgram> exported =
      exportProgram(*module.getOps<systolic::ProgramOp>().begin());
  if (failed(exported))
    llvm::report_fatal_error("the program could not be exported");
  return std::move(exported->program);
}

std::vector<int32_t>
test::simulateImage(sim::Simulator &simulator, const ImageSet &images,
                    int64_t index, const PixelNormalization &normalization) {
  std::vector<int8_t> input(images.getImageElements());
  images.getQuantizedInput(index, normalization,
                           simulator.getProgram().inputs.front().getInt8Form(),
                           input);
  std::vector<int32_t> logits(kClasses);
  llvm::cantFail(simulator.run(
      {reinterpret_cast<const uint8_t *>(input.data()), input.size()},
      {reinterpret_cast<uint8_t *>(logits.data()),
       logits.size() * sizeof(int32_t)}));
  return logits;
}
