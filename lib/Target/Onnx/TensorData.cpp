//===- TensorData.cpp - ONNX tensors and MLIR's ---------------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See the header. ONNX stores elements as raw little-endian bytes or, in older
// files, in a repeated field of a wider type.
//
//===----------------------------------------------------------------------===//

#include "TensorData.h"
#include "ExternalData.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectResourceBlobManager.h"

using llvm::APFloat;
using llvm::APInt;
using llvm::createStringError;
using llvm::Expected;
using llvm::Twine;
using namespace mlir;
using namespace colonnade::onnximport;
using onnx::TensorProto;

/// More elements than fit any memory here; keeps sizes far from overflow.
static constexpr int64_t maxElements = int64_t(1) << 31;
/// ONNX's own tests stay below; deep nests of loops serve nobody.
static constexpr int64_t maxRank = 16;

bool OnnxType::isUnsigned() const {
  return elementType == TensorProto::UINT8 ||
         elementType == TensorProto::UINT16 ||
         elementType == TensorProto::UINT32 ||
         elementType == TensorProto::UINT64;
}

Type colonnade::onnximport::getElementType(int32_t elementType,
                                           MLIRContext *context) {
  Builder builder(context);
  switch (elementType) {
  case TensorProto::BOOL:
    return builder.getI1Type();
  case TensorProto::INT8:
  case TensorProto::UINT8:
    return builder.getI8Type();
  case TensorProto::INT16:
  case TensorProto::UINT16:
    return builder.getI16Type();
  case TensorProto::INT32:
  case TensorProto::UINT32:
    return builder.getI32Type();
  case TensorProto::INT64:
  case TensorProto::UINT64:
    return builder.getI64Type();
  case TensorProto::FLOAT16:
    return builder.getF16Type();
  case TensorProto::BFLOAT16:
    return builder.getBF16Type();
  case TensorProto::FLOAT:
    return builder.getF32Type();
  case TensorProto::DOUBLE:
    return builder.getF64Type();
  default:
    return {};
  }
}

std::string colonnade::onnximport::getElementTypeName(int32_t elementType) {
  if (!onnx::TensorProto_DataType_IsValid(elementType))
    return std::to_string(elementType);
  return onnx::TensorProto_DataType_Name(
      static_cast<onnx::TensorProto_DataType>(elementType));
}

Expected<OnnxType> colonnade::onnximport::getTensorType(int32_t elementType,
                                                        ArrayRef<int64_t> shape,
                                                        MLIRContext *context) {
  Type type = getElementType(elementType, context);
  if (!type)
    return createStringError("element type " + getElementTypeName(elementType) +
                             " is not imported: use bool, integers or floats");
  if (static_cast<int64_t>(shape.size()) > maxRank)
    return createStringError("rank " + Twine(shape.size()) +
                             " exceeds the limit of " + Twine(maxRank));
  // A size of zero must not hide an absurd one beside it.
  int64_t elements = 1;
  for (int64_t size : shape) {
    if (size < 0)
      return createStringError("expected sizes of 0 or more, got " +
                               Twine(size));
    if (size > maxElements / elements)
      return createStringError("a tensor exceeds the limit of " +
                               Twine(maxElements) + " elements");
    elements *= std::max<int64_t>(size, 1);
  }
  return OnnxType{RankedTensorType::get(shape, type), elementType};
}

Expected<OnnxType>
colonnade::onnximport::getTensorType(const TensorProto &tensor,
                                     MLIRContext *context) {
  return getTensorType(tensor.data_type(),
                       ArrayRef(tensor.dims().data(), tensor.dims_size()),
                       context);
}

Expected<OnnxType>
colonnade::onnximport::getStaticType(const onnx::TypeProto &proto,
                                     MLIRContext *context) {
  if (!proto.has_tensor_type())
    return createStringError("its type is not that of a tensor");
  const onnx::TypeProto_Tensor &tensor = proto.tensor_type();
  if (!tensor.has_shape())
    return createStringError("its shape is not known");
  SmallVector<int64_t> shape;
  for (auto [index, dim] : llvm::enumerate(tensor.shape().dim())) {
    if (!dim.has_dim_value())
      return createStringError(
          "dimension " + Twine(index) +
          (dim.has_dim_param() ? " ('" + dim.dim_param() + "')" : "") +
          " is dynamic");
    shape.push_back(dim.dim_value());
  }
  return getTensorType(tensor.elem_type(), shape, context);
}

onnx::TypeProto colonnade::onnximport::getTypeProto(const OnnxType &type) {
  onnx::TypeProto proto;
  onnx::TypeProto_Tensor &tensor = *proto.mutable_tensor_type();
  tensor.set_elem_type(type.elementType);
  onnx::TensorShapeProto &shape = *tensor.mutable_shape();
  for (int64_t size : type.type.getShape())
    shape.add_dim()->set_dim_value(size);
  return proto;
}

/// Bytes of an element as ONNX stores it.
static uint64_t getElementBytes(RankedTensorType type) {
  return llvm::divideCeil(type.getElementTypeBitWidth(), 8);
}

template <typename ElementT, typename FieldT>
static std::string narrow(const FieldT &field) {
  std::string bytes(field.size() * sizeof(ElementT), '\0');
  char *to = bytes.data();
  for (auto value : field) {
    auto element = static_cast<ElementT>(value);
    std::memcpy(to, &element, sizeof(ElementT));
    to += sizeof(ElementT);
  }
  return bytes;
}

/// The bytes of a tensor that uses the repeated fields.
static std::string packTypedData(const TensorProto &tensor) {
  switch (tensor.data_type()) {
  case TensorProto::FLOAT:
    return narrow<float>(tensor.float_data());
  case TensorProto::DOUBLE:
    return narrow<double>(tensor.double_data());
  case TensorProto::INT64:
    return narrow<int64_t>(tensor.int64_data());
  case TensorProto::UINT64:
    return narrow<uint64_t>(tensor.uint64_data());
  case TensorProto::UINT32:
    return narrow<uint32_t>(tensor.uint64_data());
  case TensorProto::INT32:
    return narrow<int32_t>(tensor.int32_data());
  case TensorProto::INT16:
  case TensorProto::UINT16:
  case TensorProto::FLOAT16:
  case TensorProto::BFLOAT16:
    return narrow<uint16_t>(tensor.int32_data());
  default:
    return narrow<uint8_t>(tensor.int32_data());
  }
}

/// A blob that owns whatever `owner` keeps `data` alive with.
template <typename OwnerT>
static AsmResourceBlob makeBlob(ArrayRef<char> data, size_t alignment,
                                std::unique_ptr<OwnerT> owner) {
  return AsmResourceBlob(
      data, alignment,
      [owner = std::move(owner)](void *, size_t, size_t) mutable {
        owner.reset();
      },
      /*dataIsMutable=*/false);
}

static DenseElementsAttr makeDense(RankedTensorType type, ArrayRef<char> data) {
  if (type.getNumElements() == 0)
    return DenseElementsAttr::get(type, ArrayRef<Attribute>{});
  if (!type.getElementType().isInteger(1))
    return DenseElementsAttr::getFromRawBuffer(type, data);
  auto bools =
      llvm::map_to_vector<64>(data, [](char byte) { return byte != 0; });
  return DenseElementsAttr::get(type, bools);
}

std::string colonnade::onnximport::makeResourceName(StringRef name) {
  std::string result;
  for (char c : name)
    result += llvm::isAlnum(c) || c == '_' || c == '.' ? c : '_';
  if (result.empty() || !llvm::isAlpha(result.front()))
    result.insert(0, "weight_");
  return result;
}

template <typename OwnerT>
static ElementsAttr makeElements(StringRef name, RankedTensorType type,
                                 ArrayRef<char> data,
                                 std::unique_ptr<OwnerT> owner) {
  if (type.getNumElements() <= maxInlineElements ||
      type.getElementType().isInteger(1))
    return makeDense(type, data);
  return DenseResourceElementsAttr::get(
      type, makeResourceName(name),
      makeBlob(data, getElementBytes(type), std::move(owner)));
}

Expected<ElementsAttr>
colonnade::onnximport::takeElements(TensorProto &tensor, StringRef directory,
                                    MLIRContext *context) {
  auto type = getTensorType(tensor, context);
  if (!type)
    return type.takeError();
  uint64_t size = type->type.getNumElements() * getElementBytes(type->type);
  if (tensor.data_location() == TensorProto::EXTERNAL) {
    auto buffer = readExternalData(tensor, directory, size);
    if (!buffer)
      return buffer.takeError();
    ArrayRef<char> data((*buffer)->getBufferStart(), size);
    return makeElements(tensor.name(), type->type, data, std::move(*buffer));
  }
  std::unique_ptr<std::string> bytes(
      tensor.has_raw_data() ? tensor.release_raw_data()
                            : new std::string(packTypedData(tensor)));
  if (bytes->size() != size)
    return createStringError("expected " + Twine(size) +
                             " bytes of data, got " + Twine(bytes->size()));
  ArrayRef<char> data(bytes->data(), size);
  return makeElements(tensor.name(), type->type, data, std::move(bytes));
}

DenseElementsAttr
colonnade::onnximport::getDenseElements(ElementsAttr elements) {
  if (auto resource = dyn_cast<DenseResourceElementsAttr>(elements))
    return makeDense(cast<RankedTensorType>(resource.getType()),
                     resource.getData());
  return cast<DenseElementsAttr>(elements);
}

static void appendElement(std::string &bytes, const APInt &value) {
  uint64_t word = value.getZExtValue();
  bytes.append(reinterpret_cast<const char *>(&word),
               llvm::divideCeil(value.getBitWidth(), 8));
}

TensorProto colonnade::onnximport::getTensorProto(DenseElementsAttr elements,
                                                  int32_t elementType) {
  TensorProto tensor;
  tensor.set_data_type(elementType);
  for (int64_t size : elements.getType().getShape())
    tensor.add_dims(size);
  std::string &bytes = *tensor.mutable_raw_data();
  if (isa<FloatType>(elements.getElementType()))
    for (const APFloat &value : elements.getValues<APFloat>())
      appendElement(bytes, value.bitcastToAPInt());
  else
    for (const APInt &value : elements.getValues<APInt>())
      appendElement(bytes, value);
  return tensor;
}
