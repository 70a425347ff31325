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
#include <cstdlib>
#include <memory>
#include <vector>

namespace colonnade {

/// Extents and strides, in elements, of an operand's dimensions.
template <size_t rank> struct StridedShape {
  std::array<int64_t, rank> extents, strides;
};

/// Memory for operands in the library's own layouts. Kernels that never run at
/// the same time share it: it is as large as the largest operand of each role.
class LibraryScratch {
public:
  static constexpr unsigned kNumRoles = 3;

  /// Has get(role) return at least `bytes`, from the next call on.
  void reserve(unsigned role, size_t bytes);
  void *get(unsigned role);
  int64_t getReservedBytes() const;

private:
  struct Free {
    void operator()(void *memory) const { std::free(memory); }
  };
  struct Part {
    size_t bytes = 0;
    std::unique_ptr<void, Free> memory;
  };
  std::array<Part, kNumRoles> parts;
};

class LibraryKernel {
public:
  virtual ~LibraryKernel() = default;
  /// Not to be called from several threads at once.
  virtual void run(const float *left, const float *right, float *result) = 0;
};

/// result[a, b, m, n] (+)= sum over k of left[a, b, m, k] right[a, b, k, n]; an
/// operand of one a or b has the same for all.
struct ProductShape {
  StridedShape<4> left, right, result;
  bool accumulates;
};

/// Windows of one spatial dimension.
struct WindowSteps {
  int64_t stride, dilation;
};

/// Images [n, c, h, w], filters [f, c, kh, kw], positions [n, f, oh, ow].
/// Forward, positions (+)= images * filters; the gradients are images =
/// positions * filters and filters = images * positions.
struct ConvolutionShape {
  StridedShape<4> images, filters, positions;
  std::array<WindowSteps, 2> windows;
  /// Zeros before the images' first row and column.
  std::array<int64_t, 2> padding;
  bool accumulates;
};

/// The kernels, left and right as in the formulas; null if oneDNN has none for
/// the shape. They use `scratch` when they run.
std::unique_ptr<LibraryKernel> createProduct(const ProductShape &shape,
                                             LibraryScratch &scratch);
std::unique_ptr<LibraryKernel>
createForwardConvolution(const ConvolutionShape &shape,
                         LibraryScratch &scratch);
std::unique_ptr<LibraryKernel>
createImageGradient(const ConvolutionShape &shape, LibraryScratch &scratch);
std::unique_ptr<LibraryKernel>
createFilterGradient(const ConvolutionShape &shape, LibraryScratch &scratch);

/// What a compiled function calls.
struct LibraryKernels {
  LibraryScratch scratch;
  std::vector<std::unique_ptr<LibraryKernel>> kernels;
};

} // namespace colonnade

#endif // COLONNADE_LIB_EXECUTIONENGINE_DNNLKERNELS_H
