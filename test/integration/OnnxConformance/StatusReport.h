//===- StatusReport.h - docs/onnx-status.md --------------------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The table that users read to know whether their model will import.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_TEST_INTEGRATION_ONNXCONFORMANCE_STATUSREPORT_H
#define COLONNADE_TEST_INTEGRATION_ONNXCONFORMANCE_STATUSREPORT_H

#include "ConformanceCase.h"

namespace colonnade::test {

/// Counts by suite and by operator, reasons of refusals, and the cases, as
/// Markdown. `results` are sorted by name.
std::string printStatus(llvm::ArrayRef<ConformanceResult> results,
                        const llvm::StringSet<> &listedOps);

} // namespace colonnade::test

#endif // COLONNADE_TEST_INTEGRATION_ONNXCONFORMANCE_STATUSREPORT_H
