//===- ColonnadeAttributes.td - Encodings ------------------*- tablegen -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Defines the encoding that holds a tensor's promises, and one attribute per
// kind of promise. Constraints are numbered; verifiers and tests cite them.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_DIALECT_COLONNADE_IR_COLONNADEATTRIBUTES
#define COLONNADE_DIALECT_COLONNADE_IR_COLONNADEATTRIBUTES

include "colonnade/Dialect/Colonnade/IR/ColonnadeDialect.td"
include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/EnumAttr.td"
include "mlir/IR/TensorEncoding.td"

class Colonnade_Attr<string name, string attrMnemonic, list<Trait> traits = []>
    : AttrDef<ColonnadeDialect, name, traits> {
  let mnemonic = attrMnemonic;
  let genVerifyDecl = 1;
}

def ColumnsAttr : Colonnade_Attr<"Columns", "columns"> {
  let summary = "At most one nonzero per row in each group of columns";
  let description = [{
    The promise of column combining (Kung, McDanel, Zhang, ASPLOS 2019,
    section 3). The tensor is seen as a matrix: dimension `row_axis` counts the
    rows (output channels); the other dimensions, flattened in row-major order,
    count the columns. A convolution filter in OIHW order has `row_axis = 0`, a
    matmul operand stored [in, out] has `row_axis = 1`.

    `assignment` has an entry for every matrix column: the number of the group
    that the column is in, or -1. Promised: in any row, a group has at most one
    nonzero; a column assigned -1 is all zero and need not be stored.

    `block_axis`, if given, counts matrices: the groups of a grouped convolution
    (dimension 0 of a filter in GFCHW order), the batch of a batched product. It
    is one of the dimensions that count columns, so that the matrices stand side
    by side; no group has columns of two of them.

    - **C1** `row_axis` is at least 0.
    - **C2** `fan_in` is in [1, 255].
    - **C3** Entries are at least -1.
    - **C4** Groups are numbered from 0 without holes.
    - **C5** A group has at most `fan_in` columns.
    - **C6** `block_axis` is at least 0 and not `row_axis`.

    Example: four columns, two groups; the last column is all zero. Then two
    matrices of two columns each, a tensor [block, out, in].

    ```mlir
    #colonnade.columns<row_axis = 0, fan_in = 2, assignment = [0, 1, 0, -1]>
    #colonnade.columns<row_axis = 1, block_axis = 0, fan_in = 2,
                       assignment = [0, 0, 1, 2]>
    ```
  }];
  let parameters = (ins
    "int64_t":$rowAxis,
    OptionalParameter<"std::optional<int64_t>">:$blockAxis,
    "int64_t":$fanIn,
    ArrayRefParameter<"int32_t", "group of each matrix column">:$assignment);
  let assemblyFormat = [{
    `<` `row_axis` `=` $rowAxis `,` (`block_axis` `=` $blockAxis^ `,`)?
        `fan_in` `=` $fanIn `,`
        `assignment` `=` custom<Assignment>($assignment) `>`
  }];
  let extraClassDeclaration = [{
    /// Number of groups, the columns of the packed matrix.
    int64_t getNumGroups() const;
  }];
}

def TermsAttr : Colonnade_Attr<"Terms", "terms"> {
  let summary = "A budget of power-of-two terms per run of values";
  let description = [{
    The promise of term quantization (Kung, McDanel, Zhang, SC 2020, section
    4). The values of every line along dimension `axis` are cut into runs of
    `group`, starting at multiples of `group`; the last run of a line may be
    short. Promised: the values of a run together need at most `budget` terms,
    the nonzero signed powers of two of their encodings in the digit set
    `digits` (`binary`, `naf`, `booth4` or `hese-msb`). With `group = 1` this
    is the limit per value that is used for run-time data.

    With `axis = packed` the lines are the rows of the packed matrix of a
    `columns` promise: one value for each group of columns, in group order, the
    row's nonzero in that group or 0. Each matrix of a `block_axis` has its own
    lines. A run is then what one term cell holds.

    - **T1** `axis` is at least 0, or `packed`.
    - **T2** `group` is in [1, 65535].
    - **T3** `budget` is in [1, 8 * `group`]: no int8 value has more than
      eight terms, so a larger budget promises nothing.

    Example: weights [out, in], eight input channels share twelve terms.

    ```mlir
    #colonnade.terms<axis = 1, group = 8, budget = 12, digits = naf>
    ```
  }];
  let parameters = (ins
    "int64_t":$axis, "int64_t":$group, "int64_t":$budget,
    "::colonnade::DigitSet":$digits);
  let assemblyFormat = [{
    `<` `axis` `=` custom<TermAxis>($axis) `,` `group` `=` $group `,`
        `budget` `=` $budget `,` `digits` `=` custom<Digits>($digits) `>`
  }];
  let extraClassDeclaration = [{
    /// The value of `axis` that stands for `packed`.
    static constexpr int64_t kPackedAxis = -1;
    bool isPacked() const { return getAxis() == kPackedAxis; }
  }];
}

def BlockFloatAttr : Colonnade_Attr<"BlockFloat", "block_float"> {
  let summary = "Runs of values that share one exponent";
  let description = [{
    The promise of block floating point (FAST, HPCA 2022, section 3). The
    values of every line along dimension `axis` are cut into runs of `group`,
    starting at multiples of `group`; the last run of a line may be short.
    Promised: with E the exponent of a run's largest magnitude, clamped to what
    `exponent` bits hold with the bias 2^(`exponent` - 1) - 1, every value is a
    sign and an integer magnitude of `mantissa` bits in units of
    2^(E - `mantissa` + 1). `mantissa` is a maximum: values of fewer bits keep
    the promise. See `colonnade/Numerics/BlockFloat.h` for the limits.

    - **B1** `axis` is at least 0.
    - **B2** `group` is in [1, 65535].
    - **B3** `exponent` is in [2, 8].
    - **B4** `mantissa` is in [2, 16].

    Example: weights [out, in], sixteen input channels share an exponent.

    ```mlir
    #colonnade.block_float<axis = 1, group = 16, exponent = 8, mantissa = 4>
    ```
  }];
  let parameters = (ins
    "int64_t":$axis, "int64_t":$group, "int64_t":$exponent,
    "int64_t":$mantissa);
  let assemblyFormat = [{
    `<` `axis` `=` $axis `,` `group` `=` $group `,` `exponent` `=` $exponent
        `,` `mantissa` `=` $mantissa `>`
  }];
  let extraClassDeclaration = [{
    ::colonnade::BlockFormat getFormat() const {
      return {getGroup(), getExponent(), getMantissa()};
    }
  }];
}

def RoundingAttr : Colonnade_Attr<"Rounding", "rounding"> {
  let summary = "How block_quantize rounds magnitudes";
  let description = [{
    `truncate`, `nearest` (ties to even), `stochastic` or `unbiased`. The last two
    add noise of `noise_bits` bits, uniform in [0, 1) units, and truncate. The
    draw for an element is a function of `seed`, the op's counter and the
    element's row-major position, so that it can be replayed. `stochastic`
    saturates at the largest mantissa like the others; `unbiased` gives a block
    the exponent of its largest magnitude rounded up, so that no value below the
    format's largest exponent saturates and the mean of every value is the value.

    - **R1** `noise_bits` is in [1, 24].

    ```mlir
    #colonnade.rounding<nearest>
    #colonnade.rounding<stochastic, seed = 42, noise_bits = 8>
    ```
  }];
  let parameters = (ins
    "::colonnade::BlockRounding":$mode,
    DefaultValuedParameter<"int64_t", "0">:$seed,
    DefaultValuedParameter<"int64_t", "::colonnade::BlockNoise::kMaxBits">
      :$noiseBits);
  // By hand: seed and noise_bits belong to one of the modes.
  let hasCustomAssemblyFormat = 1;
  let extraClassDeclaration = [{
    bool isStochastic() const {
      return ::colonnade::isStochastic(getMode());
    }
    ::colonnade::BlockRounder getRounder(uint64_t counter) const {
      return {getMode(), {static_cast<uint64_t>(getSeed()), counter,
                          getNoiseBits()}};
    }
  }];
}

def FixedPointAttr : Colonnade_Attr<"FixedPoint", "fixed_point"> {
  let summary = "Integers in units of a power of two";
  let description = [{
    Promised: an integer n stands for the number n * 2^-`fraction`. Sums and
    differences are the integers' own, modulo 2^32, so adding and taking away
    again loses nothing.

    - **FP1** `fraction` is in [0, 31].

    Example: units of 2^-16, numbers in [-32768, 32768).

    ```mlir
    #colonnade.fixed_point<fraction = 16>
    ```
  }];
  let parameters = (ins "int64_t":$fraction);
  let assemblyFormat = "`<` `fraction` `=` $fraction `>`";
  let extraClassDeclaration = [{
    static constexpr int64_t kMostFraction = 31;
  }];
}

def EncodingAttr : Colonnade_Attr<"Encoding", "encoding", [
    DeclareAttrInterfaceMethods<VerifiableTensorEncoding>]> {
  let summary = "The promises about a tensor's values";
  let description = [{
    The encoding of a ranked tensor type: a `columns` promise, a `terms`
    promise, or both; or a `block_float` promise; or a `fixed_point` promise.

    - **E1** There is at least one promise.
    - **E2** `axis = packed` needs a `columns` promise.

    On a tensor type:

    - **E3** The element type is `i8` for `terms`, `i8` or `f32` for `columns`.
    - **E4** `columns`: the tensor has at least two dimensions.
    - **E5** `columns`: `row_axis` and `block_axis` are dimensions of the tensor.
    - **E6** `columns`: every dimension but `row_axis` is static.
    - **E7** `columns`: `assignment` has one entry per matrix column.
    - **E8** `terms`: `axis` is one of the tensor's dimensions.
    - **E9** `columns`: the columns of a group are in one block, and groups are
      numbered block by block.
    - **E10** `block_float`: the element type is `f32`.
    - **E11** `block_float`: `axis` is one of the tensor's dimensions.
    - **E12** `fixed_point`: the element type is `i32`.

    Example:

    ```mlir
    #enc = #colonnade.encoding<
      columns = <row_axis = 0, fan_in = 2, assignment = [0, 1, 0, -1]>,
      terms = <axis = packed, group = 2, budget = 3, digits = naf>>
    %w = arith.constant dense<[[0, 4, 6, 0], [1, 0, 0, 0]]> : tensor<2x4xi8, #enc>
    ```
  }];
  let parameters = (ins
    OptionalParameter<"::colonnade::ColumnsAttr">:$columns,
    OptionalParameter<"::colonnade::TermsAttr">:$terms,
    OptionalParameter<"::colonnade::BlockFloatAttr">:$blockFloat,
    OptionalParameter<"::colonnade::FixedPointAttr">:$fixedPoint);
  let builders = [
    AttrBuilder<(ins "::colonnade::ColumnsAttr":$columns,
                     "::colonnade::TermsAttr":$terms), [{
      return $_get($_ctxt, columns, terms, ::colonnade::BlockFloatAttr(),
                   ::colonnade::FixedPointAttr());
    }]>,
    AttrBuilder<(ins "::colonnade::BlockFloatAttr":$blockFloat), [{
      return $_get($_ctxt, ::colonnade::ColumnsAttr(),
                   ::colonnade::TermsAttr(), blockFloat,
                   ::colonnade::FixedPointAttr());
    }]>,
    AttrBuilder<(ins "::colonnade::FixedPointAttr":$fixedPoint), [{
      return $_get($_ctxt, ::colonnade::ColumnsAttr(),
                   ::colonnade::TermsAttr(), ::colonnade::BlockFloatAttr(),
                   fixedPoint);
    }]>
  ];
  // By hand: an error inside a promise is then reported once.
  let hasCustomAssemblyFormat = 1;
  // Assignments are long; they print once, at the head of the file.
  let genMnemonicAlias = 1;
}

//===----------------------------------------------------------------------===//
// Couplings of reversible networks
//===----------------------------------------------------------------------===//

def CouplingKind : I32EnumAttr<"CouplingKind", "how a region's values change a stream", [
    I32EnumAttrCase<"Additive", 0, "additive">,
    I32EnumAttrCase<"Affine", 1, "affine">]> {
  let cppNamespace = "::colonnade";
  let genSpecializedAttr = 0;
}

def CouplingKindAttr : EnumAttr<ColonnadeDialect, CouplingKind, "coupling">;

def ActivationPlan : I32EnumAttr<"ActivationPlan",
    "where the backward pass takes a block's activations from", [
    I32EnumAttrCase<"Store", 0, "store">,
    I32EnumAttrCase<"Invert", 1, "invert">,
    I32EnumAttrCase<"Checkpoint", 2, "checkpoint">]> {
  let cppNamespace = "::colonnade";
  let genSpecializedAttr = 0;
}

def ActivationPlanAttr
    : EnumAttr<ColonnadeDialect, ActivationPlan, "activations">;

#endif // COLONNADE_DIALECT_COLONNADE_IR_COLONNADEATTRIBUTES
