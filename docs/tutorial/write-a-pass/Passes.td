include "mlir/Pass/PassBase.td"

def CountNonzeros : Pass<"count-nonzeros", "::mlir::func::FuncOp"> {
  let summary = "Report the nonzeros of every packed filter matrix";
  let description = [{
    Looks at each contraction's constant weights and emits a remark with the
    number of nonzeros and, where the weights promise combined columns, the number
    of groups.
  }];
}
