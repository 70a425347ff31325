# Part of the Colonnade project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Memory of training steps by depth, plain and reversible."""

import os
import subprocess

from .reversible import REVERSIBLE, make_resnet
from .runs import IMAGES, find_peak_bytes

DEPTHS = (8, 20, 38, 74, 110)
BATCH = 128
HEADER = f"""
## Memory of a training step by depth

Peak megabytes of the buffers of a step of `tools/make-residual-network --batch-norm` on
{BATCH} images, counted by the allocator: all but the arguments and results of the step.

| depth | plain | reversible | ratio |
|---:|---:|---:|---:|
"""


def get_peak_bytes(build, depth, *options):
    network = f"{build}/training/depth{depth}.mlir"
    os.makedirs(f"{build}/training", exist_ok=True)
    make_resnet(depth)(build, network)
    output = subprocess.run(
        [f"{build}/bin/colonnade-train", network,
         f"--images={IMAGES}/train-images-idx3-ubyte.gz",
         f"--labels={IMAGES}/train-labels-idx1-ubyte.gz",
         f"--limit={BATCH}", f"--batch={BATCH}", "--epochs=1", "--initialize",
         *options, "-o", f"{network}.trained"],
        check=True, capture_output=True, text=True).stdout
    return find_peak_bytes(output)


def make_row(build, depth):
    plain = get_peak_bytes(build, depth)
    reversible = get_peak_bytes(build, depth, REVERSIBLE)
    return (f"| {depth} | {plain / 1e6:.1f} | {reversible / 1e6:.1f} | "
            f"{plain / reversible:.2f} |\n")


def make_sections(build):
    yield HEADER + "".join(make_row(build, depth) for depth in DEPTHS)
