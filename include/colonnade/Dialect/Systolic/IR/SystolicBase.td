//===- SystolicBase.td - The systolic dialect -*- tablegen -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The dialect itself, its types and enumerations.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_DIALECT_SYSTOLIC_IR_SYSTOLICBASE
#define COLONNADE_DIALECT_SYSTOLIC_IR_SYSTOLICBASE

include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/EnumAttr.td"
include "mlir/IR/OpBase.td"

def Systolic_Dialect : Dialect {
  let name = "systolic";
  let cppNamespace = "::colonnade::systolic";
  let summary = "Programs for a weight-stationary systolic array";
  let description = [{
    The dialect has two levels.

    *Mapped* ops (`systolic.contract`, `systolic.block_contract`,
    `systolic.vector`, `systolic.nest`) still work on tensors: each is one layer
    of the network, its weights packed the way the array holds them and its elementwise code a region of scalar operations. A mapped layer
    says what runs where, not yet when.

    *Program* ops live in a `systolic.program`. Buffers have a memory and an
    address; every op is an entry of one of four in-order queues (DMA, weight
    loader, array, vector unit) that meet only through `!systolic.token` values.
    Tile loops are `scf.for` loops: a program's size grows with the number of
    layers, not with the number of tiles or cells.

    The machine is a `#systolic.target` attribute; compiler and simulator read
    no other description.
  }];
  let dependentDialects = ["::colonnade::ColonnadeDialect",
                           "::mlir::affine::AffineDialect",
                           "::mlir::arith::ArithDialect",
                           "::mlir::scf::SCFDialect"];
  let useDefaultTypePrinterParser = 1;
  let useDefaultAttributePrinterParser = 1;
  let hasOperationAttrVerify = 1;
  let extraClassDeclaration = [{
    /// Module attribute that names the machine: `systolic.target`.
    static constexpr llvm::StringLiteral getTargetAttrName() {
      return llvm::StringLiteral("systolic.target");
    }
    /// Attribute on an op that the lowering refused; its value says why.
    static constexpr llvm::StringLiteral getRejectedAttrName() {
      return llvm::StringLiteral("systolic.rejected");
    }
    void registerAttributes();
    void registerTypes();
  }];
}

class Systolic_Type<string name, string typeMnemonic, list<Trait> traits = []>
    : TypeDef<Systolic_Dialect, name, traits> {
  let mnemonic = typeMnemonic;
}

def Systolic_MemoryEnum : I32EnumAttr<"MemorySpace", "A memory of the machine", [
    I32EnumAttrCase<"Dram", 0, "dram">,
    I32EnumAttrCase<"WeightSram", 1, "weight_sram">,
    I32EnumAttrCase<"DataSram", 2, "data_sram">,
    I32EnumAttrCase<"Accumulators", 3, "accumulators">]> {
  let cppNamespace = "::colonnade::systolic";
  let genSpecializedAttr = 0;
}

def Systolic_ReductionEnum : I32EnumAttr<"ReductionKind",
    "How a vector op reduces its window", [
    I32EnumAttrCase<"None", 0, "none">,
    I32EnumAttrCase<"Maximum", 1, "max">,
    I32EnumAttrCase<"Sum", 2, "sum">]> {
  let cppNamespace = "::colonnade::systolic";
  let genSpecializedAttr = 0;
}
def Systolic_ReductionAttr
    : EnumAttr<Systolic_Dialect, Systolic_ReductionEnum, "reduction"> {
  let assemblyFormat = "`<` $value `>`";
}

def Systolic_DataflowEnum : I32EnumAttr<"BlockDataflow",
    "What moves while the array multiplies blocks", [
    I32EnumAttrCase<"WeightStationary", 0, "weight_stationary">,
    I32EnumAttrCase<"Orthogonal", 1, "orthogonal">,
    I32EnumAttrCase<"OutputStationary", 2, "output_stationary">]> {
  let cppNamespace = "::colonnade::systolic";
  let genSpecializedAttr = 0;
}
def Systolic_DataflowAttr
    : EnumAttr<Systolic_Dialect, Systolic_DataflowEnum, "dataflow"> {
  let assemblyFormat = "`<` $value `>`";
}

def Systolic_Buffer : Systolic_Type<"Buffer", "buffer"> {
  let summary = "A range of bytes in one of the machine's memories";
  let parameters = (ins EnumParameter<Systolic_MemoryEnum>:$memory);
  let assemblyFormat = "`<` $memory `>`";
}

def Systolic_Token : Systolic_Type<"Token", "token"> {
  let summary = "A point in time that a queue entry can wait for";
}

def Systolic_PackedWeights : Systolic_Type<"PackedWeights", "weights"> {
  let summary = "A packed filter matrix in DRAM, tile by tile";
}

#endif // COLONNADE_DIALECT_SYSTOLIC_IR_SYSTOLICBASE
