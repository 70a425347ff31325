# Part of the Colonnade project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# Configures lit for Colonnade's tests: IR files that say in RUN lines what to
# run and in CHECK lines what to expect. Paths come from lit.site.cfg.py.

import os
import sys

import lit.formats
import lit.util
from lit.llvm import llvm_config
from lit.llvm.subst import ToolSubst

config.name = "Colonnade"
config.test_format = lit.formats.ShTest(not llvm_config.use_lit_shell)
config.suffixes = [".mlir", ".test"]
config.excludes = ["data", "Inputs", "lit.cfg.py", "lit.site.cfg.py"]
config.test_source_root = os.path.dirname(__file__)
config.test_exec_root = os.path.join(config.colonnade_binary_dir, "test")

config.substitutions.append(
    ("%data", os.path.join(config.test_source_root, "data"))
)
config.substitutions.append(
    ("%colonnade_plugin", os.path.join(config.colonnade_binary_dir, "lib",
                                       "ColonnadePlugin.so"))
)
config.substitutions.append(
    ("%onnx_testdata", "/usr/share/libonnx-testdata/data")
)
config.substitutions.append(("%python", sys.executable))
llvm_config.with_system_environment(["HOME", "TMP", "TEMP"])
llvm_config.with_environment("PATH", config.llvm_tools_dir, append_path=True)
llvm_config.use_default_substitutions()

# Programs may be called by name; %colonnade-opt works as well.
tools = ["colonnade-lsp-server", "colonnade-opt", "colonnade-reduce",
         "colonnade-sim", "colonnade-train", "colonnade-translate", "mlir-opt", "mlir-runner"]
tool_dirs = [config.colonnade_tools_dir, config.llvm_tools_dir]
llvm_config.add_tool_substitutions(
    [ToolSubst("%" + name, command=name, unresolved="ignore") for name in tools]
    + [ToolSubst(name, unresolved="ignore") for name in tools],
    tool_dirs,
)
