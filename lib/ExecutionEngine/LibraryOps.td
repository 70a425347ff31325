//===- LibraryOps.td - Convolutions as libraries have them -*- tablegen -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// linalg has no padding inside a convolution and no gradient by the images but
// as a convolution of spread numbers. The library has both, and a copy of every
// activation less is what they save. The dialect exists between tensors and
// calls, in the runner's own context only.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_LIB_EXECUTIONENGINE_LIBRARYOPS
#define COLONNADE_LIB_EXECUTIONENGINE_LIBRARYOPS

include "mlir/IR/EnumAttr.td"
include "mlir/IR/OpBase.td"
include "mlir/Interfaces/DestinationStyleOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def LibraryDialect : Dialect {
  let name = "colonnade_library";
  let cppNamespace = "::colonnade::library";
  let summary = "What a library of the CPU computes";
}

def ConvolutionKind : I32EnumAttr<"ConvolutionKind",
    "which of images, filters and positions a convolution computes", [
      I32EnumAttrCase<"Forward", 0, "forward">,
      I32EnumAttrCase<"ImageGradient", 1, "image_gradient">,
      I32EnumAttrCase<"FilterGradient", 2, "filter_gradient">
    ]> {
  let cppNamespace = "::colonnade::library";
}

def ConvolutionOp : Op<LibraryDialect, "convolution", [
    DestinationStyleOpInterface,
    DeclareOpInterfaceMethods<MemoryEffectsOpInterface>]> {
  let summary = "a padded two-dimensional convolution or a gradient of it";
  let description = [{
    With images [n, c, h, w], filters [f, c, i, j] and positions [n, f, y, x]:
    `forward` computes positions from images (left) and filters (right),
    `image_gradient` images from positions and filters, `filter_gradient`
    filters from images and positions. Window (y, x) reads image element
    `y * strides[0] + i * dilations[0] - padding[0]` and so on, and zeros
    outside the image.

    The last three attributes say where each operand has these dimensions:
    images of shape [h, w, n, c] have `image_dims = [2, 3, 0, 1]`.

    - **C1** All attributes but the last three have two elements, these have
      four different ones below 4.
    - **C2** Extents of one dimension agree between operands.
    - **C3** Only `forward` accumulates on its initial value.

    ```mlir
    %y = colonnade_library.convolution forward
      ins(%x, %w : tensor<4x8x12x12xf32>, tensor<8x8x3x3xf32>)
      outs(%init : tensor<4x8x6x6xf32>) {
        strides = array<i64: 2, 2>, dilations = array<i64: 1, 1>,
        padding = array<i64: 1, 1>, image_dims = array<i64: 0, 1, 2, 3>,
        filter_dims = array<i64: 0, 1, 2, 3>,
        position_dims = array<i64: 0, 1, 2, 3>}
      -> tensor<4x8x6x6xf32>
    ```
  }];
  let arguments = (ins ConvolutionKind:$kind, AnyShaped:$left, AnyShaped:$right,
      AnyShaped:$init, DenseI64ArrayAttr:$strides, DenseI64ArrayAttr:$dilations,
      DenseI64ArrayAttr:$padding, DenseI64ArrayAttr:$image_dims,
      DenseI64ArrayAttr:$filter_dims, DenseI64ArrayAttr:$position_dims,
      UnitAttr:$accumulates);
  let results = (outs Optional<AnyRankedTensor>:$result);
  let assemblyFormat = [{
    $kind `ins` `(` $left `,` $right `:` type($left) `,` type($right) `)`
    `outs` `(` $init `:` type($init) `)` attr-dict (`->` type($result)^)?
  }];
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    ::mlir::Value getImages();
    ::mlir::Value getFilters();
    ::mlir::Value getPositions();
    ::mlir::MutableOperandRange getDpsInitsMutable() {
      return getInitMutable();
    }
  }];
}

def MarkOp : Op<LibraryDialect, "mark", [MemoryEffects<[MemRead, MemWrite]>]> {
  let summary = "a place in a function, which stays where it is";
  let description = [{
    Computes nothing. Its operands are needed up to here.
  }];
  let arguments = (ins Variadic<AnyShaped>:$values);
  let assemblyFormat = "($values^ `:` type($values))? attr-dict";
}

#endif // COLONNADE_LIB_EXECUTIONENGINE_LIBRARYOPS
