//===- ReversibleOps.td - Ops of reversible networks -------*- tablegen -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Defines the couplings whose inputs can be computed from their results, the
// fixed-point numbers that make this exact, and what keeps a recomputation from
// being merged with the first computation. Constraints are numbered; verifiers
// and tests cite them.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_DIALECT_COLONNADE_IR_REVERSIBLEOPS
#define COLONNADE_DIALECT_COLONNADE_IR_REVERSIBLEOPS

include "colonnade/Dialect/Colonnade/IR/ColonnadeAttributes.td"
include "mlir/Dialect/Bufferization/IR/BufferizableOpInterface.td"
include "mlir/IR/OpAsmInterface.td"
include "mlir/Interfaces/ControlFlowInterfaces.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

//===----------------------------------------------------------------------===//
// Fixed point
//===----------------------------------------------------------------------===//

def ToFixedOp : Op<ColonnadeDialect, "to_fixed", [Pure]> {
  let summary = "Round f32 to fixed point";
  let description = [{
    source * 2^`fraction`, rounded to the nearest integer, ties to even, and
    saturated: what is too large becomes 2^31 - 1, what is too small, and a NaN,
    -2^31. `fraction` is the one of the result type's `fixed_point` promise.

    The gradient passes straight through, saturated or not, as f32.

    - **TF1** Source and result have one shape, and the source no encoding.
    - **TF2** The result type promises `fixed_point`.

    `colonnade.to_fixed` of `colonnade.from_fixed` is not folded: from 2^24 units
    on, an f32 does not hold all the bits of the integer.

    ```mlir
    #fixed = #colonnade.encoding<fixed_point = <fraction = 16>>
    %q = colonnade.to_fixed %x : tensor<4x8xf32> to tensor<4x8xi32, #fixed>
    ```
  }];
  let arguments = (ins RankedTensorOf<[F32]>:$source);
  let results = (outs RankedTensorOf<[I32]>:$result);
  let assemblyFormat =
      "$source attr-dict `:` type($source) `to` type($result)";
  let hasVerifier = 1;
}

def FromFixedOp : Op<ColonnadeDialect, "from_fixed", [Pure]> {
  let summary = "The f32 nearest to a fixed-point number";
  let description = [{
    The integer, rounded to the nearest f32 (exact up to 2^24 units), times
    2^-`fraction`, which is exact.

    - **FF1** Source and result have one shape, and the result no encoding.
    - **FF2** The source type promises `fixed_point`.

    ```mlir
    #fixed = #colonnade.encoding<fixed_point = <fraction = 16>>
    %x = colonnade.from_fixed %q : tensor<4x8xi32, #fixed> to tensor<4x8xf32>
    ```
  }];
  let arguments = (ins RankedTensorOf<[I32]>:$source);
  let results = (outs RankedTensorOf<[F32]>:$result);
  let assemblyFormat =
      "$source attr-dict `:` type($source) `to` type($result)";
  let hasVerifier = 1;
}

class Colonnade_FixedSumOp<string mnemonic, list<Trait> traits = []>
    : Op<ColonnadeDialect, mnemonic,
         !listconcat([Pure, SameOperandsAndResultType], traits)> {
  let arguments = (ins RankedTensorOf<[I32]>:$left, RankedTensorOf<[I32]>:$right);
  let results = (outs RankedTensorOf<[I32]>:$result);
  let assemblyFormat = "$left `,` $right attr-dict `:` type($result)";
  let hasVerifier = 1;
  let hasFolder = 1;
}

def AddFixedOp : Colonnade_FixedSumOp<"add_fixed", [Commutative]> {
  let summary = "Add fixed-point numbers, modulo 2^32";
  let description = [{
    The sum of the integers. What is added can be taken away again
    (`colonnade.subtract_fixed`) whatever the values, and this folds.

    As an op, it has a gradient: the cotangent of a fixed-point tensor is an f32
    tensor.

    - **AF1** The type promises `fixed_point`.

    ```mlir
    #fixed = #colonnade.encoding<fixed_point = <fraction = 16>>
    %y = colonnade.add_fixed %x, %q : tensor<4x8xi32, #fixed>
    ```
  }];
}

def SubtractFixedOp : Colonnade_FixedSumOp<"subtract_fixed"> {
  let summary = "Subtract fixed-point numbers, modulo 2^32";
  let description = [{
    The difference of the integers, `left` - `right`.

    - **SF1** The type promises `fixed_point`.

    ```mlir
    #fixed = #colonnade.encoding<fixed_point = <fraction = 16>>
    %x = colonnade.subtract_fixed %y, %q : tensor<4x8xi32, #fixed>
    ```
  }];
}

//===----------------------------------------------------------------------===//
// Couplings
//===----------------------------------------------------------------------===//

def ReversibleOp : Op<ColonnadeDialect, "reversible", [
    AllTypesMatch<["stream1", "stream2", "result1", "result2"]>, SingleBlock,
    RecursiveMemoryEffects, RecursivelySpeculatable,
    DeclareOpInterfaceMethods<OpAsmOpInterface,
                              ["getAsmResultNames", "getAsmBlockArgumentNames"]>]> {
  let summary = "A coupling: its inputs can be computed from its results";
  let description = [{
    Two residual streams, each changed by a function of the other one (RevNet,
    Gomez et al., NeurIPS 2017, section 3.1):

    ```
    additive:  y1 = x1 + F(x2)              y2 = x2 + G(y1)
    inverse:   x2 = y2 - G(y1)              x1 = y1 - F(x2)
    affine:    y1 = x1 * exp(s) + t         with s, t = F(x2); y2 likewise
    inverse:   x1 = (y1 - t) * exp(-s)
    ```

    The affine form is Real NVP's (Dinh et al., ICLR 2017, section 3.2), with the
    logarithm of the scale. The regions `f` and `g` are ordinary code on tensors;
    they may read any value from above (weights, seeds, counters) and end with
    `colonnade.yield`. Without `g`, y2 = x2. With `inverse` the op computes x1, x2
    from y1, y2, by the same regions: the inverse is never written.

    Streams are floats or fixed point. Of fixed-point streams the regions see
    `colonnade.from_fixed`, and what they yield passes `colonnade.to_fixed`; sums
    are of integers, modulo 2^32, so the inverse gives back every bit, whatever
    the values. Inverse of forward (and the reverse) by equal regions is then the
    identity and is folded. Float streams come back up to rounding only, so
    nothing is folded: it would change results.

    `activations` says where the backward pass takes what it needs from: `store`
    keeps every intermediate value, `invert` computes the inputs from the results,
    `checkpoint` keeps the inputs and evaluates the regions again. Absent, it is
    `invert`. `--colonnade-plan-activations` sets it. Values do not depend on it.

    - **RV1** The streams are floats without an encoding, or i32 with a
      `fixed_point` promise.
    - **RV2** Affine couplings have float streams.
    - **RV3** A region has one argument: of the streams' type, or of f32 in their
      shape where they are fixed point.
    - **RV4** A region yields tensors of its argument's type: one, or if affine
      two, the logarithm of the scale and the shift.
    - **RV5** Regions are pure, recursively: the inverse evaluates them again and
      must see the same values. Stochastic rounding takes its seed and counter
      from above.

    It becomes plain code by `--colonnade-strip-encodings` and
    `--colonnade-lower-reversible`.

    ```mlir
    %y1, %y2 = colonnade.reversible additive %x1, %x2 : tensor<4x8xf32>
        f(%a: tensor<4x8xf32>) {
      %r = linalg.matmul ins(%a, %w : tensor<4x8xf32>, tensor<8x8xf32>)
                         outs(%zeros : tensor<4x8xf32>) -> tensor<4x8xf32>
      colonnade.yield %r : tensor<4x8xf32>
    } g(%b: tensor<4x8xf32>) {
      %r = linalg.tanh ins(%b : tensor<4x8xf32>)
                       outs(%empty : tensor<4x8xf32>) -> tensor<4x8xf32>
      colonnade.yield %r : tensor<4x8xf32>
    }
    ```
  }];
  let arguments = (ins RankedTensorOf<[AnyFloat, I32]>:$stream1,
                       RankedTensorOf<[AnyFloat, I32]>:$stream2,
                       CouplingKindAttr:$kind,
                       UnitAttr:$inverse,
                       OptionalAttr<ActivationPlanAttr>:$activations);
  let results = (outs RankedTensorOf<[AnyFloat, I32]>:$result1,
                      RankedTensorOf<[AnyFloat, I32]>:$result2);
  let regions = (region SizedRegion<1>:$f, AnyRegion:$g);
  let assemblyFormat = [{
    (`inverse` $inverse^)? `` $kind $stream1 `,` $stream2
    (`activations` `=` `` $activations^)? attr-dict `:` type($stream1)
    `` custom<CouplingRegions>($f, $g)
  }];
  let skipDefaultBuilders = 1;
  let builders = [
    /// Both regions are empty: F needs a block, G may stay without.
    OpBuilder<(ins "::colonnade::CouplingKind":$kind, "::mlir::Value":$stream1,
                   "::mlir::Value":$stream2, CArg<"bool", "false">:$inverse)>];
  let extraClassDeclaration = [{
    /// The type of what regions read and yield.
    ::mlir::RankedTensorType getRegionType();
    /// Whether the streams are fixed point, so that nothing is lost.
    bool isExact();
    bool hasG() { return !getG().empty(); }
    ::colonnade::CouplingYieldOp getYield(::mlir::Region &region);
    /// `activations`, or what its absence means.
    ::colonnade::ActivationPlan getPlan() {
      return getActivations().value_or(ActivationPlan::Invert);
    }
    /// Appends a region's one block, with its argument, to an empty region.
    ::mlir::Block *addBlock(::mlir::Region &region);
  }];
  let hasVerifier = 1;
  let hasRegionVerifier = 1;
  let hasFolder = 1;
}

def CouplingYieldOp : Op<ColonnadeDialect, "yield", [
    Pure, Terminator, ReturnLike, HasParent<"ReversibleOp">]> {
  let summary = "What a region of a coupling computes";
  let description = [{
    Ends `f` and `g` of `colonnade.reversible`, whose constraint RV4 says what is
    yielded.
  }];
  let arguments = (ins Variadic<AnyRankedTensor>:$values);
  let assemblyFormat = "attr-dict ($values^ `:` type($values))?";
}

def SpaceToDepthOp : Op<ColonnadeDialect, "space_to_depth", [Pure]> {
  let summary = "Move square blocks of positions into channels, or back";
  let description = [{
    Makes positions into channels and loses nothing, so that a reversible network
    can halve its resolution (i-RevNet, Jacobsen et al., ICLR 2018, section 3.1).
    In ONNX's order: result[c', h, w] is source[c, h * `block` + i,
    w * `block` + j] with c' = (i * `block` + j) * channels + c. With `inverse`,
    channels become positions again: the source is then what the result of the
    other direction was.

    The inverse of the op, and the op of its inverse, folds. It becomes reshapes
    and a transpose by `--colonnade-strip-encodings` and
    `--colonnade-lower-reversible`.

    - **SD1** `block` is at least 1.
    - **SD2** `channel`, `height` and `width` are three dimensions of the source.
    - **SD3** The source is static, and its height and width are multiples of
      `block`; with `inverse` its channels are one of `block` * `block`.
    - **SD4** The result has the shape that follows and the source's element type
      and encoding.
    - **SD5** The source has no encoding, or only a `fixed_point` promise: others
      speak of dimensions.

    ```mlir
    %y = colonnade.space_to_depth %x block = 2 channel = 1 height = 2 width = 3
        : tensor<4x16x28x28xf32> to tensor<4x64x14x14xf32>
    %z = colonnade.space_to_depth inverse %y block = 2
        channel = 1 height = 2 width = 3
        : tensor<4x64x14x14xf32> to tensor<4x16x28x28xf32>
    ```
  }];
  let arguments = (ins RankedTensorOf<[AnyFloat, I32]>:$source,
                       UnitAttr:$inverse, I64Attr:$block, I64Attr:$channel,
                       I64Attr:$height, I64Attr:$width);
  let results = (outs RankedTensorOf<[AnyFloat, I32]>:$result);
  let assemblyFormat = [{
    (`inverse` $inverse^)? $source `block` `=` $block `channel` `=` $channel
    `height` `=` $height `width` `=` $width attr-dict
    `:` type($source) `to` type($result)
  }];
  let builders = [
    /// The result type follows; SD1 to SD3 must hold.
    OpBuilder<(ins "::mlir::Value":$source, "bool":$inverse, "int64_t":$block,
                   "int64_t":$channel, "int64_t":$height, "int64_t":$width)>];
  let hasVerifier = 1;
  let hasFolder = 1;
}

//===----------------------------------------------------------------------===//
// Recomputation
//===----------------------------------------------------------------------===//

def BarrierOp : Op<ColonnadeDialect, "barrier", [
    DeclareOpInterfaceMethods<InferTypeOpInterface>,
    DeclareOpInterfaceMethods<MemoryEffectsOpInterface>,
    DeclareOpInterfaceMethods<BufferizableOpInterface,
        ["bufferizesToMemoryRead", "bufferizesToMemoryWrite",
         "getAliasingValues", "bufferize"]>]> {
  let summary = "Values that nobody may know to be the same";
  let description = [{
    Passes its operands on, unchanged. Its only meaning is that no common
    subexpression, fold or fusion reaches across it: what is computed again from
    its results, to save the memory of keeping it, is not merged with the first
    computation.

    So that it is not merged itself, it says that it allocates its results; what
    nobody uses is removed. It bufferizes to nothing, without a copy.

    - **BA1** There is at least one operand.

    ```mlir
    %a, %b = colonnade.barrier %y1, %dy1 : tensor<4x8xf32>, tensor<4x8xf32>
    ```
  }];
  let arguments = (ins Variadic<AnyRankedTensor>:$sources);
  let results = (outs Variadic<AnyRankedTensor>:$results);
  let assemblyFormat = "$sources attr-dict `:` type($sources)";
  let hasVerifier = 1;
  let hasCanonicalizer = 1;
}

#endif // COLONNADE_DIALECT_COLONNADE_IR_REVERSIBLEOPS
