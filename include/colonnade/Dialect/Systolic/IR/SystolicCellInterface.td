//===- SystolicCellInterface.td - Interface of cell types -*- tablegen -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The one thing a cell type has to implement.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_DIALECT_SYSTOLIC_IR_SYSTOLICCELLINTERFACE
#define COLONNADE_DIALECT_SYSTOLIC_IR_SYSTOLICCELLINTERFACE

include "mlir/IR/Interfaces.td"

def Systolic_CellInterface : AttrInterface<"CellAttrInterface"> {
  let cppNamespace = "::colonnade::systolic";
  let description = [{
    A cell type of the array. One attribute that implements this interface is
    all that a new cell type takes: the lowering and both simulators ask the
    returned model for depth, fan-in, cycles per step, storage, legality, energy
    event and behaviour, and know no cell type by name.
  }];
  let methods = [
    InterfaceMethod<[{
      The cell's model. Immutable and independent of the MLIR context.
    }], "std::shared_ptr<const ::colonnade::sim::CellModel>", "getCellModel">
  ];
}

#endif // COLONNADE_DIALECT_SYSTOLIC_IR_SYSTOLICCELLINTERFACE
