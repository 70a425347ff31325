//===- SystolicAttrs.td - Target, cells and layouts -*- tablegen -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The target description, the cell types and the attributes that describe how
// windows slide and where elements lie.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_DIALECT_SYSTOLIC_IR_SYSTOLICATTRS
#define COLONNADE_DIALECT_SYSTOLIC_IR_SYSTOLICATTRS

include "colonnade/Dialect/Systolic/IR/SystolicBase.td"
include "colonnade/Dialect/Systolic/IR/SystolicCellInterface.td"

//===----------------------------------------------------------------------===//
// Cell types
//===----------------------------------------------------------------------===//

class Systolic_Attr<string name, string attrMnemonic, list<Trait> traits = []>
    : AttrDef<Systolic_Dialect, name, traits> {
  let mnemonic = attrMnemonic;
}

class Systolic_CellAttr<string name, string attrMnemonic>
    : Systolic_Attr<name, attrMnemonic,
        [DeclareAttrInterfaceMethods<Systolic_CellInterface>]> {
  let genVerifyDecl = 1;
  let assemblyFormat = "`<` struct(params) `>`";
}

def Systolic_MacCell : Systolic_CellAttr<"MacCell", "mac"> {
  let summary = "Parallel 8-bit multiply-accumulate, one value, one cycle a step";
  let description = [{
    Constraints:
    - (M1) `fan_in` is in [1, 255].
  }];
  let parameters = (ins "int64_t":$fan_in);
}

def Systolic_BitSerialCell : Systolic_CellAttr<"BitSerialCell", "bit_serial"> {
  let summary = "Column combining's bit-serial cell, one value, `bits` cycles a step";
  let description = [{
    The cell of column combining (ASPLOS 2019, section 4): the data word enters
    bit by bit, four interleaved lanes keep it busy, so that a step takes `bits`
    cycles.

    Constraints:
    - (B1) `bits` is 8.
    - (B2) `fan_in` is in [1, 255].
  }];
  let parameters = (ins "int64_t":$bits, "int64_t":$fan_in);
}

def Systolic_TermCell : Systolic_CellAttr<"TermCell", "term"> {
  let summary = "Term multiply-accumulate: one signed shift-add a cycle";
  let description = [{
    The tMAC of term quantization (SC 2020, section 5): `group` values meet
    their data in one cell, one pair of terms per cycle, so that a step takes
    budget x data-terms cycles. Operands that promise nothing cost 7 x 7 per
    value. Each value selects one of up to `fan_in` data streams, so the cell
    composes with column combining.

    Constraints:
    - (T1) `group` is in [1, 64].
    - (T2) `fan_in` is in [1, 255].
  }];
  let parameters = (ins "int64_t":$group, "int64_t":$fan_in);
}

def Systolic_BlockCell : Systolic_CellAttr<"BlockCell", "block"> {
  let summary = "FAST's multiply-accumulate: blocks in passes of 2-bit chunks";
  let description = [{
    The fMAC of FAST (HPCA 2022, arXiv 2110.15456): a cell holds one block of
    `group` values with a shared exponent of `exponent` bits, and meets one in
    every step. A step takes a cycle for every pair of 2-bit chunks of the
    mantissas, (m_x / 2)(m_y / 2); mantissas may have up to `mantissa` bits. It
    multiplies what `systolic.block_contract` describes, and no 8-bit integers.

    Constraints:
    - (K1) `group` is in [1, 256].
    - (K2) `exponent` is in [2, 8].
    - (K3) `mantissa` is in [2, 16].
  }];
  let parameters = (ins "int64_t":$group, "int64_t":$exponent,
                        "int64_t":$mantissa);
}

//===----------------------------------------------------------------------===//
// Target
//===----------------------------------------------------------------------===//

def Systolic_Edram : Systolic_Attr<"Edram", "edram"> {
  let summary = "Embedded DRAM: cells that forget, in banks of rows";
  let description = [{
    A row keeps what is written to it for `retention_nanoseconds` in the worst
    case (CAMEL, HPCA 2024); what is needed longer is refreshed, a row at a time,
    which keeps the row's bank for `refresh_cycles`. Reads do not refresh: gain
    cells are not written by them. What counts as a refresh is defined by
    `countRefreshes` (Simulator/Lifetimes.h).

    Constraints:
    - (E1) `banks` and `row_bytes` are at least 1.
    - (E2) `retention_nanoseconds` is at least 1.
    - (E3) `refresh_cycles` is at least 1.

    Example:

    ```mlir
    #systolic.edram<banks = 12, row_bytes = 64, retention_nanoseconds = 3350,
                    refresh_cycles = 2>
    ```
  }];
  let parameters = (ins
    "int64_t":$banks, "int64_t":$row_bytes, "int64_t":$retention_nanoseconds,
    "int64_t":$refresh_cycles);
  let genVerifyDecl = 1;
  let assemblyFormat = "`<` struct(params) `>`";
}

def Systolic_Target : Systolic_Attr<"Target", "target"> {
  let summary = "The modelled machine";
  let description = [{
    Every number that compiler and simulator use. JSON target files have the
    same fields and are read into this attribute by `readTargetFile`; its text's
    digest is embedded in every schedule.

    Constraints:
    - (G1) `rows` and `columns` are in [1, 4096].
    - (G2) `cell` implements the cell interface.
    - (G3) bandwidths, sizes, banks, lanes, stages and slots are at least 1, latencies
      at least 0, the clock is positive and finite.
    - (G4) `accumulator_bytes` holds two positions of every row:
      2 x 4 x `rows`.
    - (G5) `energy` gives a finite, nonnegative number of picojoules for each
      event: the cell's own (`mac`; `bit`; `term_pair`; `chunk_product`,
      `block_sum` and `converter_value`), `register_hop`, `weight_sram_byte`,
      `data_sram_byte`, `accumulator_byte`, `dram_byte`, `vector_op` (an integer
      operation in one lane), `vector_float_op` and `idle_cell_cycle`; no other.
    - (G6) `converter_values_per_cycle` is at least 1 on a machine of block
      cells, where values are made parts of blocks at the array's border, and 0,
      the default, on others.
    - (G7) with `data_edram`, the events `edram_byte` and `edram_refresh_row` take
      the place of `data_sram_byte`, `data_sram_bytes` is a multiple of the bytes
      of one row in every bank, and the retention is at least one cycle.
    - (G8) `leakage_microwatts` is at least 0, the default.

    With `data_edram`, the data memory, which is data SRAM otherwise, is embedded
    DRAM of `data_sram_bytes`. `leakage_microwatts` is the static power of the
    memories on the chip; 0 leaves it out.

    A pass of the vector unit applies up to `vector_stages` operations to each
    lane's element. A float division or square root takes the slots of
    `vector_divide_slots` operations, and as much energy.
  }];
  let parameters = (ins
    StringRefParameter<"name in reports">:$name,
    "int64_t":$rows,
    "int64_t":$columns,
    "::mlir::Attribute":$cell,
    "int64_t":$dram_bytes_per_cycle,
    "int64_t":$dram_latency,
    "int64_t":$weight_sram_bytes,
    "int64_t":$data_sram_bytes,
    "int64_t":$data_sram_banks,
    "int64_t":$accumulator_bytes,
    "int64_t":$weight_loader_bytes_per_cycle,
    "int64_t":$vector_lanes,
    "int64_t":$vector_latency,
    "int64_t":$vector_stages,
    "int64_t":$vector_divide_slots,
    "int64_t":$clock_megahertz,
    "::mlir::DictionaryAttr":$energy,
    DefaultValuedParameter<"int64_t", "0">:$converter_values_per_cycle,
    OptionalParameter<"::colonnade::systolic::EdramAttr">:$data_edram,
    DefaultValuedParameter<"int64_t", "0">:$leakage_microwatts);
  let genVerifyDecl = 1;
  let assemblyFormat = "`<` struct(params) `>`";
  let extraClassDeclaration = [{
    /// Digest of the attribute's text: 16 hexadecimal digits.
    std::string getHash() const;
    /// The cell's model; never null on a verified attribute.
    std::shared_ptr<const ::colonnade::sim::CellModel> getCellModel() const;
    /// The simulator's view of the machine.
    ::colonnade::sim::MachineDescription getMachineDescription() const;
  }];
}

//===----------------------------------------------------------------------===//
// Geometry
//===----------------------------------------------------------------------===//

def Systolic_Window : Systolic_Attr<"Window", "window"> {
  let summary = "A window sliding over a zero-padded [channels, height, width] tensor";
  let description = [{
    Output position (y, x) and tap (i, j) meet at input row
    `y * strides[0] + i * dilations[0] - padding[0]`; columns alike. Rows and
    columns outside the tensor read zero. `input` is channels, height, width;
    `output` is height, width of the output positions.

    Constraints:
    - (W1) `input` has three sizes, the other lists two, all at least 1,
      paddings at least 0.
  }];
  let parameters = (ins
    ArrayRefParameter<"int64_t">:$input,
    ArrayRefParameter<"int64_t">:$kernel,
    ArrayRefParameter<"int64_t">:$strides,
    ArrayRefParameter<"int64_t">:$dilations,
    ArrayRefParameter<"int64_t">:$padding,
    ArrayRefParameter<"int64_t">:$output);
  let genVerifyDecl = 1;
  let assemblyFormat = [{
    `<` `input` `=` `[` $input `]` `,` `kernel` `=` `[` $kernel `]` `,`
    `strides` `=` `[` $strides `]` `,` `dilations` `=` `[` $dilations `]` `,`
    `padding` `=` `[` $padding `]` `,` `output` `=` `[` $output `]` `>`
  }];
  let extraClassDeclaration = [{
    ::colonnade::sim::Window getWindow() const;
    static WindowAttr get(::mlir::MLIRContext *context,
                          const ::colonnade::sim::Window &window);
  }];
}

def Systolic_Layout : Systolic_Attr<"Layout", "layout"> {
  let summary = "Where the elements of a tensor lie in a buffer";
  let description = [{
    Element (channel, row, column) lies at byte `offset + channel * pitches[0] +
    row * pitches[1] + column * pitches[2]`. In a `banded` buffer, which holds
    only what the current band of output positions needs, rows and columns count
    from the band's first one.

    Constraints:
    - (L1) `pitches` has three entries, at least 0.
    - (L2) `element_type` is i8, i32 or f32.
    - (L3) `offset` is at least 0.
  }];
  let parameters = (ins
    ArrayRefParameter<"int64_t">:$pitches,
    "::mlir::Type":$element_type,
    "bool":$banded,
    DefaultValuedParameter<"int64_t", "0">:$offset);
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    ::colonnade::sim::ScalarType getScalarType() const;
    static LayoutAttr get(::mlir::MLIRContext *context,
                          ::llvm::ArrayRef<int64_t> pitches,
                          ::colonnade::sim::ScalarType type, bool banded,
                          int64_t offset = 0);
  }];
  let assemblyFormat = [{
    `<` `pitches` `=` `[` $pitches `]` `,` `element_type` `=` $element_type
    `,` `banded` `=` $banded (`,` `offset` `=` $offset^)? `>`
  }];
}

def Systolic_Strides : Systolic_Attr<"Strides", "strides"> {
  let summary = "Where the elements that a loop nest meets lie in a buffer";
  let description = [{
    The element of loop (or tensor) indices i lies at byte `offset` + the sum of
    i[d] * `pitches[d]`. In a `chunked` buffer, which holds only what one chunk
    of the loops needs, indices count from the chunk's first one.

    Constraints:
    - (I1) `offset` is at least 0.
    - (I2) `element_type` is i8, i32, i64 or f32.
  }];
  let parameters = (ins
    "::mlir::Type":$element_type,
    "int64_t":$offset,
    OptionalArrayRefParameter<"int64_t">:$pitches,
    "bool":$chunked);
  let genVerifyDecl = 1;
  let assemblyFormat = [{
    `<` $element_type `,` `offset` `=` $offset `,`
    `pitches` `=` `[` (`]`) : ($pitches^ `]`)? `,` `chunked` `=` $chunked `>`
  }];
}

def Systolic_Conversion : Systolic_Attr<"Conversion", "conversion"> {
  let summary = "How the converter at the array's border makes blocks of f32";
  let description = [{
    As `colonnade.block_quantize`: runs of `group` values get the exponent of
    their largest magnitude, of `exponent` bits, and mantissas of `mantissa`
    bits. `counter` numbers the draws of stochastic rounding if it is known;
    otherwise the op has a tensor or a buffer with it.

    Constraints:
    - (O1) the three numbers are those of a block format: group in [1, 65535],
      exponent in [2, 8], mantissa in [2, 16].
    - (O2) there is a `counter`, an i64, only if the rounding is stochastic.

    Example:

    ```mlir
    #systolic.conversion<group = 16, exponent = 8, mantissa = 4,
                         rounding = <stochastic, seed = 7>, counter = 3>
    ```
  }];
  let parameters = (ins
    "int64_t":$group, "int64_t":$exponent, "int64_t":$mantissa,
    "::colonnade::RoundingAttr":$rounding,
    OptionalParameter<"std::optional<int64_t>">:$counter);
  let genVerifyDecl = 1;
  let assemblyFormat = [{
    `<` `group` `=` $group `,` `exponent` `=` $exponent `,`
    `mantissa` `=` $mantissa `,` `rounding` `=` $rounding
    (`,` `counter` `=` $counter^)? `>`
  }];
  let extraClassDeclaration = [{
    ::colonnade::BlockFormat getFormat() const {
      return {getGroup(), getExponent(), getMantissa()};
    }
    /// With counter 0 where it is not known.
    ::colonnade::BlockRounder getRounder() const;
    /// Whether the counter comes from the op that converts.
    bool needsCounter() const;
  }];
}

#endif // COLONNADE_DIALECT_SYSTOLIC_IR_SYSTOLICATTRS
