// A pass of one's own on Colonnade's dialect: one .td entry, one .cpp.

#include "colonnade/Dialect/Colonnade/IR/Contractions.h"
#include "colonnade/Dialect/Colonnade/IR/MatrixView.h"
#include "colonnade/Dialect/Colonnade/IR/Promises.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Pass/Pass.h"

namespace tutorial {
#define GEN_PASS_DEF_COUNTNONZEROS
#include "Passes.h.inc"
} // namespace tutorial

namespace {
struct CountNonzeros : tutorial::impl::CountNonzerosBase<CountNonzeros> {
  void runOnOperation() override {
    getOperation().walk([](mlir::linalg::LinalgOp op) {
      if (!colonnade::isContraction(op))
        return;
      auto weights = colonnade::getWeightOperand(op);
      mlir::ElementsAttr constant;
      if (!weights || !mlir::matchPattern(weights->weights->get(),
                                          mlir::m_Constant(&constant)))
        return;
      auto values = colonnade::readInt8Values(constant);
      if (!values)
        return;
      auto diagnostic = op->emitRemark();
      diagnostic << values->size() - llvm::count(*values, 0) << " of "
                 << values->size() << " weights are nonzero";
      if (auto columns = colonnade::getColumnsPromise(constant.getType()))
        diagnostic << ", in " << columns.getNumGroups() << " column groups";
    });
  }
};
} // namespace
