//===- DnnlKernels.h - Products and convolutions of oneDNN -----*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The only file that knows oneDNN. Shapes and strides are known when a function
// is compiled, so that is when kernels are made; running one takes pointers.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_LIB_EXECUTIONENGINE_DNNLKERNELS_H
#define COLONNADE_LIB_EXECUTIONENGINE_DNNLKERNELS_H

#include <array>
#include <cstdint>
#include <memory>

namespace colonnade {

/// Extents and strides, in elements, of an operand's dimensions.
template <size_t rank> struct StridedShape {
  std::array<int64_t, rank> extents, strides;
};

class LibraryKernel {
public:
  virtual ~LibraryKernel() = default;
  /// Not to be called from several threads at once.
  virtual void run(const float *left, const float *right, float *result) = 0;
};

/// result[b, m, n] (+)= sum over k of left[b, m, k] right[b, k, n].
struct ProductShape {
  StridedShape<3> left, right, result;
  bool accumulates;
};

/// Windows of one spatial dimension.
struct WindowSteps {
  int64_t stride, dilation;
};

/// Images [n, c, h, w], filters [f, c, kh, kw], positions [n, f, oh, ow].
/// Forward, positions (+)= images * filters; backward, filters = images *
/// positions, summed over n, oh, ow.
struct ConvolutionShape {
  StridedShape<4> images, filters, positions;
  std::array<WindowSteps, 2> windows;
  bool accumulates;
};

/// The kernels, left and right as in the formulas; null if oneDNN has none for
/// the shape.
std::unique_ptr<LibraryKernel> createProduct(const ProductShape &shape);
std::unique_ptr<LibraryKernel>
createForwardConvolution(const ConvolutionShape &shape);
std::unique_ptr<LibraryKernel>
createFilterGradient(const ConvolutionShape &shape);

} // namespace colonnade

#endif // COLONNADE_LIB_EXECUTIONENGINE_DNNLKERNELS_H
