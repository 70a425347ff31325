//===- Mutations.cpp - Damaged ONNX files --------------------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See the header. Fields are found by protobuf's reflection, so that none is
// left out.
//
//===----------------------------------------------------------------------===//

#include "Mutations.h"
#include "onnx/onnx_pb.h"
#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

namespace colonnade::test {
namespace {

size_t below(size_t limit, RandomEngine &random) {
  return limit == 0 ? 0 : random() % limit;
}

//===----------------------------------------------------------------------===//
// Bytes
//===----------------------------------------------------------------------===//

void damageOnce(std::string &bytes, RandomEngine &random) {
  if (bytes.empty())
    return;
  size_t at = below(bytes.size(), random);
  size_t length = 1 + below(std::min<size_t>(16, bytes.size() - at), random);
  switch (below(6, random)) {
  case 0:
    bytes.resize(at);
    return;
  case 1:
  case 2:
    bytes[at] = static_cast<char>(bytes[at] ^ (1 << below(8, random)));
    return;
  case 3:
    bytes.insert(at, length, static_cast<char>(random()));
    return;
  case 4:
    bytes.erase(at, length);
    return;
  default:
    bytes.insert(below(bytes.size(), random), bytes.substr(at, length));
    return;
  }
}

//===----------------------------------------------------------------------===//
// Fields
//===----------------------------------------------------------------------===//

/// A field that is present, and the message it is in.
struct Place {
  Message *message;
  const FieldDescriptor *field;
};

void collectPlaces(Message &message, std::vector<Place> &places) {
  const Reflection &reflection = *message.GetReflection();
  std::vector<const FieldDescriptor *> fields;
  reflection.ListFields(message, &fields);
  for (const FieldDescriptor *field : fields) {
    places.push_back({&message, field});
    if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE)
      continue;
    if (!field->is_repeated()) {
      collectPlaces(*reflection.MutableMessage(&message, field), places);
      continue;
    }
    for (int i = 0; i < reflection.FieldSize(message, field); ++i)
      collectPlaces(*reflection.MutableRepeatedMessage(&message, field, i),
                    places);
  }
}

/// Numbers that programs get wrong, and small ones.
int64_t chooseInteger(RandomEngine &random) {
  constexpr int64_t kNotable[] = {
      0,         1,         -1,        2,       INT32_MAX,
      INT32_MIN, INT64_MAX, INT64_MIN, 1 << 16, int64_t(1) << 33};
  return random() % 2 ? kNotable[below(std::size(kNotable), random)]
                      : static_cast<int64_t>(below(24, random)) - 4;
}

float chooseFloat(RandomEngine &random) {
  constexpr float kNotable[] = {0.0f,   -1.0f,    1e30f, -1e30f,
                                1e-30f, INFINITY, NAN,   0.3f};
  return kNotable[below(std::size(kNotable), random)];
}

std::string chooseString(std::string old, RandomEngine &random) {
  switch (below(3, random)) {
  case 0:
    return "";
  case 1:
    return old + "x";
  default:
    damageOnce(old, random);
    return old;
  }
}

void setSingle(const Place &place, RandomEngine &random) {
  auto [message, field] = place;
  const Reflection &reflection = *message->GetReflection();
  switch (field->cpp_type()) {
  case FieldDescriptor::CPPTYPE_INT32:
    reflection.SetInt32(message, field,
                        static_cast<int32_t>(chooseInteger(random)));
    return;
  case FieldDescriptor::CPPTYPE_INT64:
    reflection.SetInt64(message, field, chooseInteger(random));
    return;
  case FieldDescriptor::CPPTYPE_FLOAT:
    reflection.SetFloat(message, field, chooseFloat(random));
    return;
  case FieldDescriptor::CPPTYPE_ENUM:
    reflection.SetEnumValue(message, field,
                            static_cast<int>(below(20, random)));
    return;
  case FieldDescriptor::CPPTYPE_STRING:
    reflection.SetString(
        message, field,
        chooseString(reflection.GetString(*message, field), random));
    return;
  default:
    reflection.ClearField(message, field);
    return;
  }
}

void appendElement(const Place &place, RandomEngine &random) {
  auto [message, field] = place;
  const Reflection &reflection = *message->GetReflection();
  int last = reflection.FieldSize(*message, field) - 1;
  switch (field->cpp_type()) {
  case FieldDescriptor::CPPTYPE_INT32:
    reflection.AddInt32(message, field,
                        static_cast<int32_t>(chooseInteger(random)));
    return;
  case FieldDescriptor::CPPTYPE_INT64:
    reflection.AddInt64(message, field, chooseInteger(random));
    return;
  case FieldDescriptor::CPPTYPE_FLOAT:
    reflection.AddFloat(message, field, chooseFloat(random));
    return;
  case FieldDescriptor::CPPTYPE_STRING:
    reflection.AddString(message, field,
                         reflection.GetRepeatedString(*message, field, last));
    return;
  case FieldDescriptor::CPPTYPE_MESSAGE: {
    Message *copy = reflection.AddMessage(message, field);
    copy->CopyFrom(reflection.GetRepeatedMessage(*message, field, last));
    return;
  }
  default:
    return;
  }
}

/// `place` has at least one element.
void damageRepeated(const Place &place, RandomEngine &random) {
  auto [message, field] = place;
  const Reflection &reflection = *message->GetReflection();
  int size = reflection.FieldSize(*message, field);
  switch (below(3, random)) {
  case 0:
    reflection.RemoveLast(message, field);
    return;
  case 1:
    reflection.SwapElements(message, field, 0,
                            static_cast<int>(below(size, random)));
    return;
  default:
    appendElement(place, random);
    if (random() % 2) // A changed element, not one more.
      reflection.SwapElements(message, field, size,
                              static_cast<int>(below(size, random)));
    return;
  }
}

void damageOnce(Message &message, RandomEngine &random) {
  std::vector<Place> places;
  collectPlaces(message, places);
  if (places.empty())
    return;
  const Place &place = places[below(places.size(), random)];
  if (place.field->is_repeated())
    damageRepeated(place, random);
  else if (below(4, random) == 0)
    place.message->GetReflection()->ClearField(place.message, place.field);
  else
    setSingle(place, random);
}

} // namespace

std::string damageBytes(std::string model, RandomEngine &random) {
  for (size_t times = 1 + below(4, random); times != 0; --times)
    damageOnce(model, random);
  return model;
}

std::string damageFields(const std::string &model, RandomEngine &random) {
  onnx::ModelProto message;
  message.ParseFromString(model);
  for (size_t times = 1 + below(4, random); times != 0; --times)
    damageOnce(message, random);
  return message.SerializeAsString();
}

} // namespace colonnade::test
