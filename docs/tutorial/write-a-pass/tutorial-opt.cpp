// colonnade-opt with one more pass.

#include "colonnade/InitAllDialects.h"
#include "colonnade/InitAllPasses.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"

namespace tutorial {
#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "Passes.h.inc"
} // namespace tutorial

int main(int argc, char **argv) {
  mlir::DialectRegistry registry;
  colonnade::registerAllDialects(registry);
  colonnade::registerAllPasses();
  tutorial::registerCountNonzerosPass();
  return mlir::asMainReturnCode(
      mlir::MlirOptMain(argc, argv, "Tutorial driver\n", registry));
}
