//===- OnnxFiles.cpp - ONNX's test data ----------------------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See the header.
//
//===----------------------------------------------------------------------===//

#include "OnnxFiles.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MemoryBuffer.h"

using onnx::TensorProto;

namespace colonnade::test {
namespace {

template <typename Message>
llvm::Expected<Message> readMessage(llvm::StringRef path) {
  auto buffer = llvm::MemoryBuffer::getFile(path);
  if (!buffer)
    return llvm::createStringError("cannot read '" + path +
                                   "': " + buffer.getError().message());
  Message message;
  if (!message.ParseFromArray((*buffer)->getBufferStart(),
                              static_cast<int>((*buffer)->getBufferSize())))
    return llvm::createStringError("'" + path + "' is no " +
                                   message.GetTypeName());
  return message;
}

/// Appends `field`'s values as elements of type `Element`.
template <typename Element, typename Field>
void append(const Field &field, std::vector<char> &bytes) {
  for (auto value : field) {
    auto element = static_cast<Element>(value);
    const char *data = reinterpret_cast<const char *>(&element);
    bytes.insert(bytes.end(), data, data + sizeof(Element));
  }
}

/// The typed fields of onnx.proto; narrow types share int32_data.
std::vector<char> decodeFields(const TensorProto &proto) {
  std::vector<char> bytes;
  switch (proto.data_type()) {
  case TensorProto::FLOAT:
    append<float>(proto.float_data(), bytes);
    break;
  case TensorProto::DOUBLE:
    append<double>(proto.double_data(), bytes);
    break;
  case TensorProto::INT64:
    append<int64_t>(proto.int64_data(), bytes);
    break;
  case TensorProto::UINT32:
    append<uint32_t>(proto.uint64_data(), bytes);
    break;
  case TensorProto::UINT64:
    append<uint64_t>(proto.uint64_data(), bytes);
    break;
  case TensorProto::INT32:
    append<int32_t>(proto.int32_data(), bytes);
    break;
  case TensorProto::INT16:
  case TensorProto::UINT16:
  case TensorProto::FLOAT16:
  case TensorProto::BFLOAT16:
    append<uint16_t>(proto.int32_data(), bytes);
    break;
  default:
    append<uint8_t>(proto.int32_data(), bytes);
    break;
  }
  return bytes;
}

} // namespace

size_t getElementBytes(int32_t elementType) {
  switch (elementType) {
  case TensorProto::BOOL:
  case TensorProto::INT8:
  case TensorProto::UINT8:
    return 1;
  case TensorProto::INT16:
  case TensorProto::UINT16:
  case TensorProto::FLOAT16:
  case TensorProto::BFLOAT16:
    return 2;
  case TensorProto::FLOAT:
  case TensorProto::INT32:
  case TensorProto::UINT32:
    return 4;
  case TensorProto::DOUBLE:
  case TensorProto::INT64:
  case TensorProto::UINT64:
    return 8;
  default:
    return 0;
  }
}

llvm::Expected<onnx::ModelProto> readOnnxModel(llvm::StringRef path) {
  return readMessage<onnx::ModelProto>(path);
}

llvm::Expected<TensorProto> readOnnxTensor(llvm::StringRef path) {
  return readMessage<TensorProto>(path);
}

llvm::Expected<OnnxTensor> decodeOnnxTensor(const TensorProto &proto) {
  OnnxTensor tensor;
  tensor.elementType = proto.data_type();
  tensor.shape.assign(proto.dims().begin(), proto.dims().end());
  size_t elementBytes = getElementBytes(proto.data_type());
  if (elementBytes == 0)
    return llvm::createStringError("elements of ONNX type " +
                                   llvm::Twine(proto.data_type()) +
                                   " have no fixed size");
  if (proto.has_raw_data())
    tensor.bytes.assign(proto.raw_data().begin(), proto.raw_data().end());
  else
    tensor.bytes = decodeFields(proto);
  size_t expected = llvm::product_of(tensor.shape) * elementBytes;
  if (tensor.bytes.size() != expected)
    return llvm::createStringError("expected %zu bytes, got %zu", expected,
                                   tensor.bytes.size());
  return tensor;
}

} // namespace colonnade::test
