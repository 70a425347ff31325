//===- DnnlKernels.cpp - Products and convolutions of oneDNN --------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// oneDNN chooses the layouts its convolutions are fast in; operands are
// reordered to them and back, as PyTorch does.
//
//===----------------------------------------------------------------------===//

#include "DnnlKernels.h"
#include "oneapi/dnnl/dnnl.hpp"
#include <string_view>
#include <unordered_map>

using namespace colonnade;
using dnnl::memory;

namespace {

const dnnl::engine &getEngine() {
  static const dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  return engine;
}

template <size_t rank>
memory::desc getDescriptor(const StridedShape<rank> &shape) {
  return {memory::dims(shape.extents.begin(), shape.extents.end()),
          memory::data_type::f32,
          memory::dims(shape.strides.begin(), shape.strides.end())};
}

/// In the layout that oneDNN finds best.
template <size_t rank>
memory::desc getFreeDescriptor(const StridedShape<rank> &shape) {
  return {memory::dims(shape.extents.begin(), shape.extents.end()),
          memory::data_type::f32, memory::format_tag::any};
}

/// An operand as the program has it and, if that differs, as a primitive wants
/// it.
class Operand {
public:
  Operand(const memory::desc &program, const memory::desc &primitive,
          unsigned role, LibraryScratch &scratch)
      : outside(program, getEngine(), nullptr), role(role), scratch(scratch) {
    if (program == primitive)
      return;
    inside = memory(primitive, getEngine(), nullptr);
    toInside = dnnl::reorder(outside, inside);
    toOutside = dnnl::reorder(inside, outside);
    scratch.reserve(role, primitive.get_size());
  }

  void setData(const float *data) {
    outside.set_data_handle(const_cast<float *>(data));
    if (inside)
      inside.set_data_handle(scratch.get(role));
  }
  void load(dnnl::stream &stream) {
    if (inside)
      toInside.execute(stream, outside, inside);
  }
  void store(dnnl::stream &stream) {
    if (inside)
      toOutside.execute(stream, inside, outside);
  }
  const memory &get() const { return inside ? inside : outside; }

private:
  memory outside, inside;
  dnnl::reorder toInside, toOutside;
  unsigned role;
  LibraryScratch &scratch;
};

/// A primitive of two operands and a result.
class DnnlKernel : public LibraryKernel {
public:
  struct Role {
    int argument;
    memory::desc program, primitive;
  };

  DnnlKernel(dnnl::primitive primitive, const Role &left, const Role &right,
             const Role &result, bool accumulates, LibraryScratch &scratch)
      : primitive(std::move(primitive)), stream(getEngine()),
        left(left.program, left.primitive, 0, scratch),
        right(right.program, right.primitive, 1, scratch),
        result(result.program, result.primitive, 2, scratch),
        accumulates(accumulates), arguments{
                                      {left.argument, this->left.get()},
                                      {right.argument, this->right.get()},
                                      {result.argument, this->result.get()}} {}

  void run(const float *leftData, const float *rightData,
           float *resultData) override {
    left.setData(leftData);
    right.setData(rightData);
    result.setData(resultData);
    left.load(stream);
    right.load(stream);
    if (accumulates)
      result.load(stream);
    primitive.execute(stream, arguments);
    result.store(stream);
    stream.wait();
  }

private:
  dnnl::primitive primitive;
  dnnl::stream stream;
  Operand left, right, result;
  bool accumulates;
  std::unordered_map<int, memory> arguments;
};

dnnl::primitive_attr getAttributes(bool accumulates) {
  dnnl::primitive_attr attributes;
  if (accumulates) {
    dnnl::post_ops ops;
    ops.append_sum(1.0f);
    attributes.set_post_ops(ops);
  }
  return attributes;
}

/// Window steps and padding. That behind is what the images are short of or,
/// negative, leave over.
struct WindowArguments {
  explicit WindowArguments(const ConvolutionShape &shape) {
    for (int i = 0; i < 2; ++i) {
      const WindowSteps &window = shape.windows[i];
      int64_t reach = (shape.positions.extents[2 + i] - 1) * window.stride +
                      (shape.filters.extents[2 + i] - 1) * window.dilation + 1;
      strides.push_back(window.stride);
      dilations.push_back(window.dilation - 1);
      before.push_back(shape.padding[i]);
      behind.push_back(reach - shape.padding[i] - shape.images.extents[2 + i]);
    }
  }

  memory::dims strides, dilations, before, behind;
};

dnnl::convolution_forward::primitive_desc
getForward(const ConvolutionShape &shape, bool accumulates) {
  WindowArguments windows(shape);
  return {{dnnl::prop_kind::forward_training,
           dnnl::algorithm::convolution_direct, getFreeDescriptor(shape.images),
           getFreeDescriptor(shape.filters), getFreeDescriptor(shape.positions),
           windows.strides, windows.dilations, windows.before, windows.behind},
          getAttributes(accumulates),
          getEngine()};
}

/// oneDNN reports what it cannot do as an exception.
template <typename Create>
std::unique_ptr<LibraryKernel> createOrNull(Create create) {
  try {
    return create();
  } catch (const dnnl::error &) {
    return nullptr;
  }
}

} // namespace

void LibraryScratch::reserve(unsigned role, size_t bytes) {
  Part &part = parts[role];
  if (bytes <= part.bytes)
    return;
  part.bytes = bytes;
  part.memory.reset();
}

int64_t LibraryScratch::getReservedBytes() const {
  int64_t bytes = 0;
  for (const Part &part : parts)
    bytes += static_cast<int64_t>(part.bytes);
  return bytes;
}

void *LibraryScratch::get(unsigned role) {
  constexpr size_t cacheLine = 64; // aligned_alloc wants a multiple of it.
  Part &part = parts[role];
  if (!part.memory)
    part.memory.reset(std::aligned_alloc(
        cacheLine, (part.bytes + cacheLine - 1) / cacheLine * cacheLine));
  return part.memory.get();
}

std::unique_ptr<LibraryKernel>
colonnade::createProduct(const ProductShape &shape, LibraryScratch &scratch) {
  return createOrNull([&] {
    memory::desc left = getDescriptor(shape.left),
                 right = getDescriptor(shape.right),
                 result = getDescriptor(shape.result);
    dnnl::primitive_attr attributes = getAttributes(shape.accumulates);
    dnnl::matmul::primitive_desc product({left, right, result}, attributes,
                                         getEngine());
    // The reference implementation takes any strides, at a tenth of the speed.
    if (std::string_view(product.impl_info_str()).starts_with("ref"))
      product = {{getFreeDescriptor(shape.left), getFreeDescriptor(shape.right),
                  getFreeDescriptor(shape.result)},
                 attributes,
                 getEngine()};
    return std::make_unique<DnnlKernel>(
        dnnl::matmul(product),
        DnnlKernel::Role{DNNL_ARG_SRC, left, product.src_desc()},
        DnnlKernel::Role{DNNL_ARG_WEIGHTS, right, product.weights_desc()},
        DnnlKernel::Role{DNNL_ARG_DST, result, product.dst_desc()},
        shape.accumulates, scratch);
  });
}

std::unique_ptr<LibraryKernel>
colonnade::createForwardConvolution(const ConvolutionShape &shape,
                                    LibraryScratch &scratch) {
  return createOrNull([&] {
    auto forward = getForward(shape, shape.accumulates);
    return std::make_unique<DnnlKernel>(
        dnnl::convolution_forward(forward),
        DnnlKernel::Role{DNNL_ARG_SRC, getDescriptor(shape.images),
                         forward.src_desc()},
        DnnlKernel::Role{DNNL_ARG_WEIGHTS, getDescriptor(shape.filters),
                         forward.weights_desc()},
        DnnlKernel::Role{DNNL_ARG_DST, getDescriptor(shape.positions),
                         forward.dst_desc()},
        shape.accumulates, scratch);
  });
}

std::unique_ptr<LibraryKernel>
colonnade::createImageGradient(const ConvolutionShape &shape,
                               LibraryScratch &scratch) {
  if (shape.accumulates)
    return nullptr;
  return createOrNull([&] {
    WindowArguments windows(shape);
    dnnl::convolution_backward_data::primitive_desc backward(
        {dnnl::algorithm::convolution_direct, getFreeDescriptor(shape.images),
         getFreeDescriptor(shape.filters), getFreeDescriptor(shape.positions),
         windows.strides, windows.dilations, windows.before, windows.behind},
        getEngine(), getForward(shape, /*accumulates=*/false));
    return std::make_unique<DnnlKernel>(
        dnnl::convolution_backward_data(backward),
        DnnlKernel::Role{DNNL_ARG_DIFF_DST, getDescriptor(shape.positions),
                         backward.diff_dst_desc()},
        DnnlKernel::Role{DNNL_ARG_WEIGHTS, getDescriptor(shape.filters),
                         backward.weights_desc()},
        DnnlKernel::Role{DNNL_ARG_DIFF_SRC, getDescriptor(shape.images),
                         backward.diff_src_desc()},
        /*accumulates=*/false, scratch);
  });
}

std::unique_ptr<LibraryKernel>
colonnade::createFilterGradient(const ConvolutionShape &shape,
                                LibraryScratch &scratch) {
  if (shape.accumulates)
    return nullptr;
  return createOrNull([&] {
    WindowArguments windows(shape);
    dnnl::convolution_backward_weights::primitive_desc backward(
        {dnnl::algorithm::convolution_direct, getFreeDescriptor(shape.images),
         getFreeDescriptor(shape.filters), getFreeDescriptor(shape.positions),
         windows.strides, windows.dilations, windows.before, windows.behind},
        getEngine(), getForward(shape, /*accumulates=*/false));
    return std::make_unique<DnnlKernel>(
        dnnl::convolution_backward_weights(backward),
        DnnlKernel::Role{DNNL_ARG_SRC, getDescriptor(shape.images),
                         backward.src_desc()},
        DnnlKernel::Role{DNNL_ARG_DIFF_DST, getDescriptor(shape.positions),
                         backward.diff_dst_desc()},
        DnnlKernel::Role{DNNL_ARG_DIFF_WEIGHTS, getDescriptor(shape.filters),
                         backward.diff_weights_desc()},
        /*accumulates=*/false, scratch);
  });
}
