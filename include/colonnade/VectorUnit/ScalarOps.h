//===- ScalarOps.h - Scalar operations of the vector unit -------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which upstream scalar ops and types a lane of the vector unit has. Below all
// dialects: quantization asks before it leaves an op in a network, the mapping
// when it takes one, the systolic dialect whenever it verifies a body.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_VECTORUNIT_SCALAROPS_H
#define COLONNADE_VECTORUNIT_SCALAROPS_H

#include "colonnade/Simulator/Program.h"
#include "mlir/IR/Operation.h"
#include <optional>
#include <string>

namespace colonnade {

/// The vector unit's name of a type; none for types it has no lanes for.
std::optional<sim::ScalarType> getScalarType(mlir::Type type);

/// Why a lane cannot compute `op`, a scalar op of arith, math or tosa; none if
/// it can. Ops of other dialects are refused.
std::optional<std::string> getScalarOpObjection(mlir::Operation &op);

} // namespace colonnade

#endif // COLONNADE_VECTORUNIT_SCALAROPS_H
