//===- InferencePreconditions.h - What ONNX takes for granted --*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// ONNX's shape inference reads past the end of shapes and divides by strides of
// zero when a damaged model asks for it. What it does not check is checked
// here, before it runs; the fuzzer found each of these.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_LIB_TARGET_ONNX_INFERENCEPRECONDITIONS_H
#define COLONNADE_LIB_TARGET_ONNX_INFERENCEPRECONDITIONS_H

#include "onnx/onnx_pb.h"
#include "llvm/Support/Error.h"

namespace colonnade::onnximport {

/// Checks the one node of `graph`, whose operands' types are the graph's
/// inputs.
llvm::Error checkPreconditions(const onnx::GraphProto &graph);

} // namespace colonnade::onnximport

#endif // COLONNADE_LIB_TARGET_ONNX_INFERENCEPRECONDITIONS_H
