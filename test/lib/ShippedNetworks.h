//===- ShippedNetworks.h - The networks that tests run -*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What integration tests and benchmarks share: the shipped networks, how they
// are compiled, and images through a simulator.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_TEST_LIB_SHIPPEDNETWORKS_H
#define COLONNADE_TEST_LIB_SHIPPEDNETWORKS_H

#include "TestData.h"
#include "colonnade/Pipelines/Pipelines.h"
#include "colonnade/Simulator/Simulator.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

namespace colonnade::test {

/// The float module test/data/models/<name>, imported, if the name ends in .onnx,
/// else test/data/models/<name>.linalg.mlir.
mlir::OwningOpRef<mlir::ModuleOp> parseNetwork(mlir::MLIRContext &context,
                                               llvm::StringRef name);

/// Target (a file of test/data if it has a folder), calibration images and
/// normalization; no baseline, no promises.
void setCommonOptions(CompileOptions &options, llvm::StringRef target,
                      const PixelNormalization &normalization);

/// The flat form of the module's only program.
sim::Program exportOnlyProgram(mlir::ModuleOp module);

/// Logits of one image; an error of the simulator ends the program.
std::vector<int32_t> simulateImage(sim::Simulator &simulator,
                                   const ImageSet &images, int64_t index,
                                   const PixelNormalization &normalization);

} // namespace colonnade::test

#endif // COLONNADE_TEST_LIB_SHIPPEDNETWORKS_H
