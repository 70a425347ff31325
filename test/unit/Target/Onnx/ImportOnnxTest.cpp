//===- ImportOnnxTest.cpp - What the importer takes and refuses -----------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The importer's contract about whole models: signatures, batch, weights,
// names, and a reason for every refusal. Whether the ops compute what ONNX says
// is the conformance test's question.
//
//===----------------------------------------------------------------------===//

#include "ImportedModel.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "gmock/gmock.h"

using namespace mlir;
using namespace colonnade;
using namespace colonnade::test;
using ::testing::HasSubstr;
using ::testing::Not;

static const char *const addModel =
    "main (float[N,3] x, float[3] w) => (float[N,3] y) { y = Add(x, w) }";

static onnx::TensorProto makeTensor(const std::string &name,
                                    llvm::ArrayRef<int64_t> shape,
                                    int64_t elements) {
  onnx::TensorProto tensor;
  tensor.set_name(name);
  tensor.set_data_type(onnx::TensorProto::FLOAT);
  for (int64_t size : shape)
    tensor.add_dims(size);
  std::vector<float> values(elements, 0.5f);
  tensor.set_raw_data(values.data(), values.size() * sizeof(float));
  return tensor;
}

TEST(ImportOnnxTest, InputsBecomeArgumentsAndOutputsResults) {
  ImportedModel model("main (float[2,3] a, int64[4] b) => (int64[4] d, "
                      "float[2,3] c) { c = Relu(a) d = Neg(b) }");
  ASSERT_TRUE(model) << model.getErrors();
  EXPECT_EQ(model.getType(), "(tensor<2x3xf32>, tensor<4xi64>) -> "
                             "(tensor<4xi64>, tensor<2x3xf32>)");
}

TEST(ImportOnnxTest, BatchOptionFixesTheFirstDimension) {
  OnnxImportOptions options;
  options.batch = 5;
  ImportedModel model(addModel, 13, options);
  ASSERT_TRUE(model) << model.getErrors();
  EXPECT_EQ(model.getType(),
            "(tensor<5x3xf32>, tensor<3xf32>) -> tensor<5x3xf32>");
}

TEST(ImportOnnxTest, OpenBatchIsRefusedWithItsNameAndTheFix) {
  ImportedModel model(addModel);
  EXPECT_FALSE(model);
  EXPECT_THAT(model.getErrors(),
              HasSubstr("input 'x': dimension 0 ('N') is "
                        "dynamic; set it with --onnx-batch"));
}

TEST(ImportOnnxTest, OtherOpenDimensionsAreRefusedWhateverTheBatch) {
  OnnxImportOptions options;
  options.batch = 5;
  ImportedModel model("main (float[N,L] x) => (float[N,L] y) { y = Relu(x) }",
                      13, options);
  EXPECT_FALSE(model);
  EXPECT_THAT(model.getErrors(),
              HasSubstr("input 'x': dimension 1 ('L') is dynamic"));
  EXPECT_THAT(model.getErrors(), Not(HasSubstr("--onnx-batch")));
}

TEST(ImportOnnxTest, EveryUnknownOpIsNamedOnce) {
  ImportedModel model("main (float[3] x) => (float[3] y) { a = Frobnicate(x) "
                      "b = Frobnicate(a) c = Relu(b) y = Twiddle(c) }");
  EXPECT_FALSE(model);
  EXPECT_EQ(llvm::StringRef(model.getErrors()).count("'Frobnicate'"), 1u);
  EXPECT_THAT(model.getErrors(), HasSubstr("node 'Frobnicate_a': op "
                                           "'Frobnicate' is not imported (2 "));
  EXPECT_THAT(model.getErrors(), HasSubstr("'Twiddle' is not imported (1 "));
}

TEST(ImportOnnxTest, OpsCarryTheirNodesNames) {
  onnx::ModelProto proto =
      parseModel("main (float[3] x) => (float[3] y) { y = Relu(x) }", 13);
  proto.mutable_graph()->mutable_node(0)->set_name("layer1/relu");
  ImportedModel model(proto);
  ASSERT_TRUE(model) << model.getErrors();
  auto location = dyn_cast<NameLoc>(model.getResult().getLoc());
  ASSERT_TRUE(location);
  EXPECT_EQ(location.getName(), "layer1/relu");
}

TEST(ImportOnnxTest, LargeWeightsAreResourcesNamedAfterTheirInitializers) {
  onnx::ModelProto proto =
      parseModel("main (float[65] x) => (float[65] y) { y = Add(x, w) }", 13);
  *proto.mutable_graph()->add_initializer() = makeTensor("fc.weight", 65, 65);
  proto.mutable_graph()->mutable_node(0)->set_input(1, "fc.weight");
  ImportedModel model(proto);
  ASSERT_TRUE(model) << model.getErrors();
  auto constant = *model.getFunction().getOps<arith::ConstantOp>().begin();
  auto resource = dyn_cast<DenseResourceElementsAttr>(constant.getValue());
  ASSERT_TRUE(resource);
  EXPECT_EQ(resource.getRawHandle().getKey(), "fc.weight");
  EXPECT_EQ(resource.getData().size(), 65 * sizeof(float));
}

TEST(ImportOnnxTest, InitializersMustHaveTheBytesOfTheirShape) {
  onnx::ModelProto proto =
      parseModel("main (float[8] x) => (float[8] y) { y = Add(x, w) }", 13);
  *proto.mutable_graph()->add_initializer() = makeTensor("w", 8, 7);
  ImportedModel model(proto);
  EXPECT_FALSE(model);
  EXPECT_THAT(model.getErrors(),
              HasSubstr("initializer 'w': expected 32 bytes of data, got 28"));
}

TEST(ImportOnnxTest, AbsurdSizesAreRefusedBeforeAnythingIsAllocated) {
  for (const char *shape :
       {"4611686018427387904", "2147483648,2", "0,4611686018427387904"}) {
    ImportedModel model("main (float[" + std::string(shape) +
                        "] x) => (float[1] y) { y = Relu(x) }");
    EXPECT_FALSE(model) << shape;
    EXPECT_THAT(model.getErrors(), HasSubstr("exceeds the limit of 2147483648"))
        << shape;
  }
}

TEST(ImportOnnxTest, InvalidGraphsAreRefused) {
  const std::pair<const char *, const char *> cases[] = {
      {"y = Relu(a) a = Relu(x)", "topologically sorted"},
      {"y = Relu(x) y = Neg(x)", "single static assignment"},
      {"y = Relu(nowhere)", "topologically sorted"},
      {"a = Relu(x)", "output 'y' is not computed by any node"},
      {"y = Relu <slope = 1> (x)", "Unrecognized attribute: slope"},
      {"y = Concat <axis = 7> (x, x)", "axis"}};
  for (auto [nodes, reason] : cases) {
    ImportedModel model("main (float[3] x) => (float[3] y) { " +
                        std::string(nodes) + " }");
    EXPECT_FALSE(model) << nodes;
    EXPECT_THAT(model.getErrors(), HasSubstr(reason)) << nodes;
  }
}

TEST(ImportOnnxTest, OperatorSetsAreReadFrom1To17) {
  const std::string graph = "main (float[3] x) => (float[3] y) { y = Relu(x) }";
  for (int64_t opset : {6, 7, 13, 17})
    EXPECT_TRUE(ImportedModel(graph, opset)) << opset;
  ImportedModel model(graph, 18);
  EXPECT_FALSE(model);
  EXPECT_THAT(model.getErrors(), HasSubstr("expected an operator set from 1 to "
                                           "17, got 18"));
}

TEST(ImportOnnxTest, StridesOfZeroAreRefusedBeforeOnnxDividesByThem) {
  ImportedModel model("main (float[1,1,8,8] x) => (float[1,1,7,7] y) { y = "
                      "MaxPool <kernel_shape = [2,2], strides = [0,1]> (x) }");
  EXPECT_FALSE(model);
  EXPECT_THAT(model.getErrors(),
              HasSubstr("expected strides from 1 to 2147483647, got 0"));
}

TEST(ImportOnnxTest, BytesThatAreNoModelAreRefused) {
  MLIRContext context;
  std::string error;
  ScopedDiagnosticHandler handler(&context, [&](Diagnostic &diagnostic) {
    error = diagnostic.str();
    return success();
  });
  for (const char *bytes : {"", "not a model", "\x08\x07"}) {
    error.clear();
    EXPECT_FALSE(importOnnx(llvm::MemoryBuffer::getMemBufferCopy(bytes, "bad"),
                            &context));
    EXPECT_FALSE(error.empty());
  }
}
