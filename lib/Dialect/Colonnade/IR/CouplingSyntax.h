//===- CouplingSyntax.h - Assembly of colonnade.reversible ------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the code that is generated from ReversibleOps.td calls for the regions:
//   f(%a: tensor<4x8xf32>) { ... } g(%b: tensor<4x8xf32>) { ... }
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_LIB_DIALECT_COLONNADE_IR_COUPLINGSYNTAX_H
#define COLONNADE_LIB_DIALECT_COLONNADE_IR_COUPLINGSYNTAX_H

#include "mlir/IR/OpImplementation.h"

namespace colonnade {

mlir::ParseResult parseCouplingRegions(mlir::OpAsmParser &parser,
                                       mlir::Region &f, mlir::Region &g);

void printCouplingRegions(mlir::OpAsmPrinter &printer, mlir::Operation *op,
                          mlir::Region &f, mlir::Region &g);

} // namespace colonnade

#endif // COLONNADE_LIB_DIALECT_COLONNADE_IR_COUPLINGSYNTAX_H
