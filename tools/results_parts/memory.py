# Part of the Colonnade project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Memory of training steps by depth, and time under limits of memory."""

import os
import subprocess

from .reversible import REVERSIBLE, make_resnet
from .runs import IMAGES, ROOT, find_peak_bytes

DEPTHS = (8, 20, 38, 74, 110)
BATCH = 128
DEPTH_HEADER = f"""
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


def make_time_section(build):
    output = subprocess.run(
        [f"{ROOT}/test/benchmark/reversible-step", f"--build={build}"],
        check=True, stdout=subprocess.PIPE, text=True).stdout
    return f"""
## Time of a training step under limits of memory

What `test/benchmark/reversible-step` prints for ResNet-38 without batch normalization,
64 images, one thread, medians of rounds taken in turns. *Plain*: all activations are
stored. The reversible network stores them all too, inverts every coupling, or does
what `--colonnade-plan-activations` chooses within a limit of so many MB.

```text
{output}```
"""


def make_sections(build):
    yield DEPTH_HEADER + "".join(make_row(build, depth) for depth in DEPTHS)
    yield make_time_section(build)
