//===- ExternalDataTest.cpp - Weights beside the model file ---------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// External data is found next to the model, and nothing a model says about it
// is believed.
//
//===----------------------------------------------------------------------===//

#include "../../Support/TemporaryDirectory.h"
#include "ImportedModel.h"
#include "gmock/gmock.h"

using namespace mlir;
using namespace colonnade;
using namespace colonnade::test;
using ::testing::HasSubstr;

using Entries = std::vector<std::pair<std::string, std::string>>;

/// A model that returns its only weight, four floats that lie elsewhere.
static onnx::ModelProto makeModel(const Entries &entries) {
  onnx::ModelProto model =
      parseModel("main (float[4] w) => (float[4] y) { y = Identity(w) }", 13);
  onnx::TensorProto &tensor = *model.mutable_graph()->add_initializer();
  tensor.set_name("w");
  tensor.set_data_type(onnx::TensorProto::FLOAT);
  tensor.add_dims(4);
  tensor.set_data_location(onnx::TensorProto::EXTERNAL);
  for (const auto &[key, value] : entries) {
    onnx::StringStringEntryProto &entry = *tensor.add_external_data();
    entry.set_key(key);
    entry.set_value(value);
  }
  return model;
}

static std::string makeBytes(llvm::ArrayRef<float> values) {
  return std::string(reinterpret_cast<const char *>(values.data()),
                     values.size() * sizeof(float));
}

TEST(ExternalDataTest, IsReadFromItsOffset) {
  TemporaryDirectory directory;
  directory.write("weights.bin", makeBytes({9, 1, 2, 3, 4}));
  ImportedModel model(
      makeModel(
          {{"location", "weights.bin"}, {"offset", "4"}, {"length", "16"}}),
      {}, directory.getPath("model.onnx"));
  ASSERT_TRUE(model) << model.getErrors();
  DenseElementsAttr elements = model.getConstantResult();
  ASSERT_TRUE(elements);
  EXPECT_EQ(llvm::to_vector(elements.getValues<float>()),
            (SmallVector<float>{1, 2, 3, 4}));
}

TEST(ExternalDataTest, NothingAModelSaysIsBelieved) {
  TemporaryDirectory directory;
  directory.write("short.bin", makeBytes({1, 2, 3}));
  const std::pair<Entries, const char *> cases[] = {
      {{}, "no location is given"},
      {{{"location", "/etc/passwd"}}, "outside the model's directory"},
      {{{"location", "../short.bin"}}, "outside the model's directory"},
      {{{"location", "a/../../short.bin"}}, "outside the model's directory"},
      {{{"location", "missing.bin"}}, "cannot read"},
      {{{"location", "short.bin"}}, "has 12 bytes, but 16 are wanted"},
      {{{"location", "short.bin"}, {"length", "12"}}, "given as 12"},
      {{{"location", "short.bin"}, {"offset", "18446744073709551615"}},
       "are wanted from offset 18446744073709551615"},
      {{{"location", "short.bin"}, {"offset", "-4"}}, "expected a number"}};
  for (const auto &[entries, reason] : cases) {
    ImportedModel model(makeModel(entries), {},
                        directory.getPath("model.onnx"));
    EXPECT_FALSE(model) << reason;
    EXPECT_THAT(model.getErrors(), HasSubstr("initializer 'w': external data"));
    EXPECT_THAT(model.getErrors(), HasSubstr(reason));
  }
}
