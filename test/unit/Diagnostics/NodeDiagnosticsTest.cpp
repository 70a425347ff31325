//===- NodeDiagnosticsTest.cpp - Messages that name a model's nodes -------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a tool's own handler of messages prints once node names are registered.
//
//===----------------------------------------------------------------------===//

#include "colonnade/Diagnostics/NodeDiagnostics.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/MLIRContext.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Support/raw_ostream.h"
#include "gmock/gmock.h"

using namespace mlir;
using namespace colonnade;

namespace {
class NodeDiagnosticsTest : public testing::Test {
protected:
  NodeDiagnosticsTest()
      : context(makeRegistry()), stream(text),
        printer(sources, &context, stream),
        model(FileLineColLoc::get(&context, "m.onnx", 0, 0)) {
    context.loadDialect<func::FuncDialect>();
  }

  static DialectRegistry makeRegistry() {
    DialectRegistry registry;
    registry.insert<func::FuncDialect>();
    registerNodeDiagnostics(registry);
    return registry;
  }

  MLIRContext context;
  std::string text;
  llvm::raw_string_ostream stream;
  llvm::SourceMgr sources;
  SourceMgrDiagnosticHandler printer;
  FileLineColLoc model;
};
} // namespace

TEST_F(NodeDiagnosticsTest, EverySeverityNamesTheNode) {
  Location node = getNodeLocation("/conv1/Conv", model);
  emitError(node) << "got " << 3;
  emitWarning(node) << "slow";
  emitRemark(node) << "mapped";
  EXPECT_EQ(text, "m.onnx:0:0: error: node '/conv1/Conv': got 3\n"
                  "m.onnx:0:0: warning: node '/conv1/Conv': slow\n"
                  "m.onnx:0:0: remark: node '/conv1/Conv': mapped\n");
}

TEST_F(NodeDiagnosticsTest, FusedOpsAreNamedAfterTheFirst) {
  emitError(FusedLoc::get(&context, {getNodeLocation("/a/Conv", model),
                                     getNodeLocation("/b/Relu", model)}))
      << "no";
  EXPECT_EQ(text, "m.onnx:0:0: error: node '/a/Conv': no\n");
}

TEST_F(NodeDiagnosticsTest, NotesNameTheirNodeUnlessItIsTheMessages) {
  InFlightDiagnostic diagnostic = emitError(getNodeLocation("a", model), "no");
  diagnostic.attachNote() << "here";
  diagnostic.attachNote(getNodeLocation("b", model)) << "there";
  diagnostic.attachNote(FileLineColLoc::get(&context, "t.json", 1, 2)) << "so";
  diagnostic.report();
  EXPECT_EQ(text, "m.onnx:0:0: error: node 'a': no\n"
                  "m.onnx:0:0: note: here\n"
                  "m.onnx:0:0: note: node 'b': there\n"
                  "t.json:1:2: note: so\n");
}

TEST_F(NodeDiagnosticsTest, NamesOverLinesOfTextStayAsTheyAre) {
  auto line = FileLineColLoc::get(&context, "net.py", 7, 3);
  emitError(NameLoc::get(StringAttr::get(&context, "x"), line)) << "no";
  emitError(line) << "neither";
  EXPECT_EQ(text, "net.py:7:3: error: no\n"
                  "net.py:7:3: error: neither\n");
}

TEST_F(NodeDiagnosticsTest, TheFirstNodeInsideALocationIsFound) {
  Location node = getNodeLocation("a", model);
  std::optional<NodeLocation> found =
      findNode(FusedLoc::get(&context, {UnknownLoc::get(&context), node}));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->name, "a");
  EXPECT_EQ(found->model, model);
  EXPECT_FALSE(findNode(model));
}
