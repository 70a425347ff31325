//===- OnnxRefusals.cpp - What is imported and cannot be compiled ---------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Few models can be imported and run by the JIT, but not by the machine. Each
// is refused once, by an error that names the node and says why.
//
//===----------------------------------------------------------------------===//

#include "RunModel.h"
#include "ShippedNetworks.h"
#include "colonnade/InitAllDialects.h"
#include "gmock/gmock.h"

using namespace mlir;
using namespace colonnade;
using namespace colonnade::test;
using testing::ElementsAre;
using testing::HasSubstr;

namespace {

struct Refusal {
  const char *name;
  const char *graph;
  /// Of the location.
  const char *node;
  const char *reason;
};

void PrintTo(const Refusal &refusal, std::ostream *stream) {
  *stream << refusal.graph;
}

class OnnxRefusals : public testing::TestWithParam<Refusal> {
protected:
  OnnxRefusals() {
    DialectRegistry registry;
    registerAllDialects(registry);
    context.appendDialectRegistry(registry);
    context.loadAllAvailableDialects();
  }

  /// The errors of compiling the module, each with its location.
  std::vector<std::string> compile(ModuleOp module) {
    std::vector<std::string> errors;
    ScopedDiagnosticHandler handler(&context, [&](Diagnostic &diagnostic) {
      std::string text;
      llvm::raw_string_ostream(text)
          << diagnostic.getLocation() << ": " << diagnostic;
      errors.push_back(text);
    });
    CompileOptions options;
    setCommonOptions(options, "edge-32x32", PixelNormalization());
    options.calibration = "";
    options.defaultRange = 4.0;
    PassManager manager(&context);
    buildCompilePipeline(manager, options);
    EXPECT_TRUE(failed(manager.run(module)));
    return errors;
  }

  MLIRContext context;
};

TEST_P(OnnxRefusals, AreErrorsThatNameTheNode) {
  const Refusal &refusal = GetParam();
  OwningOpRef<ModuleOp> module = importOnnx(
      llvm::MemoryBuffer::getMemBufferCopy(
          parseModel(refusal.graph, 17).SerializeAsString(), "test.onnx"),
      &context);
  ASSERT_TRUE(module);
  EXPECT_THAT(compile(*module),
              ElementsAre(testing::AllOf(HasSubstr(refusal.node),
                                         HasSubstr(refusal.reason))));
}

const Refusal kRefusals[] = {
    {"GatherAtRunTime",
     "main (float[1,4] x) => (float[1,4] y) {\n"
     "  i = Cast <to = 7> (x)\n"
     "  r = Relu(x)\n"
     "  d = Squeeze(r)\n"
     "  y = Gather(d, i)\n}",
     "Gather_y", "positions known at run time only"},
    {"LongReversal",
     "main (float[1,2000] x) => (float[1,2000] y) {\n"
     "  s = Constant <value_ints = [-1]> ()\n"
     "  e = Constant <value_ints = [-3000]> ()\n"
     "  d = Constant <value_ints = [1]> ()\n"
     "  r = Relu(x)\n"
     "  y = Slice(r, s, e, d, s)\n}",
     "Slice_y", "expected one loop per dimension"},
    {"TwoArguments",
     "main (float[1,4] x, float[1,4] z) => (float[1,4] y) {\n"
     "  y = Add(x, z)\n}",
     "test.onnx", "expected 1 argument, the image, got 2"},
};

INSTANTIATE_TEST_SUITE_P(All, OnnxRefusals, testing::ValuesIn(kRefusals),
                         [](const testing::TestParamInfo<Refusal> &info) {
                           return std::string(info.param.name);
                         });

} // namespace
