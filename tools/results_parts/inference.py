# Part of the Colonnade project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Every shipped model, compiled and simulated without retraining."""

import json
import os
import re
import subprocess
import tempfile

from .runs import ROOT

DATA = os.path.join(ROOT, "test", "data")
TARGET = "edge-32x32"
# Model: mean, std, side of patches, top-1 of the float network.
MODELS = {
    "lenet5-fashion": (0.1307, 0.3081, 0, 91.60),
    "lenet5-fashion-pruned85": (0.1307, 0.3081, 0, 91.00),
    "resnet8-fashion": (0.286, 0.353, 0, 92.80),
    "resnet8-fashion-pruned80": (0.286, 0.353, 0, 93.70),
    "vit-fashion": (0.286, 0.353, 4, 88.20),
}
OPTIONS = [
    "",
    "fan-in=8 conflict-limit=0",
    "fan-in=8 conflict-limit=0.5",
    "group=8 budget=16 data-terms=3",
    "fan-in=8 conflict-limit=0 group=8 budget=16 data-terms=3",
]
# The budgets around the smallest one within 1.0 points of 8-bit.
VIT_OPTIONS = [""] + [f"group=8 budget={budget} data-terms=3"
                      for budget in (10, 11, 12, 14, 16, 20)]


def get_options(model):
    return VIT_OPTIONS if model.startswith("vit") else OPTIONS


def import_model(build, model, output):
    subprocess.run(
        [f"{build}/bin/colonnade-translate", "--import-onnx",
         f"{DATA}/models/{model}.onnx", "-o", output],
        check=True)


def compile_model(build, source, images, options, output):
    """Compiles and returns the text of the remarks."""
    mean, std, patches = images
    pipeline = (f"target={TARGET} calibration={DATA}/calibration.npy "
                f"mean={mean} std={std} patches={patches} {options}")
    result = subprocess.run(
        [f"{build}/bin/colonnade-opt", source,
         f"--colonnade-compile={pipeline}", "--remarks-filter=.*",
         "--remark-format=emitRemark", "-o", output],
        check=True, capture_output=True, text=True)
    return result.stderr


def simulate(build, program, images, logits):
    mean, std, patches = images
    result = subprocess.run(
        [f"{build}/bin/colonnade-sim", program, f"--inputs={DATA}/images.npy",
         f"--labels={DATA}/labels.npy", f"--mean={mean}", f"--std={std}",
         f"--patches={patches}", "--report=json", f"--outputs={logits}"],
        check=True, capture_output=True, text=True)
    return json.loads(result.stdout)


def get_packing(remarks):
    """Weights pruned and the smallest and largest utilization of a layer."""
    pruned = sum(int(n) for n in re.findall(r"Pruned=(\d+)", remarks))
    used = [float(u) for u in re.findall(r'Utilization="([\d.]+) %"', remarks)]
    utilization = f"{min(used):.0f}-{max(used):.0f} %" if used else "-"
    return pruned, utilization


def run_model(build, source, images, options):
    """Report, logits and remarks of one model and set of options."""
    with tempfile.TemporaryDirectory() as folder:
        program = os.path.join(folder, "program.mlir")
        logits = os.path.join(folder, "logits.npy")
        remarks = compile_model(build, source, images, options, program)
        report = simulate(build, program, images, logits)
        with open(logits, "rb") as file:
            return report, file.read(), remarks


def make_row(model, options, float_accuracy, run, plain):
    report, values, remarks = run
    pruned, utilization = get_packing(remarks)
    compute = report["total"]["compute_cycles"]
    tiles = sum(layer["tiles"] for layer in report["layers"])
    return (f"| {model} | {options or '8-bit'} | {float_accuracy:.2f} | "
            f"{report['top1'] * 100:.2f} | "
            f"{'yes' if values == plain[1] else 'no'} | {pruned} | "
            f"{utilization} | {tiles} | {compute} | {report['cycles']} | "
            f"{plain[0]['cycles'] / report['cycles']:.2f} |")


def make_rows(build):
    for model, (mean, std, patches, float_accuracy) in MODELS.items():
        plain = None
        with tempfile.TemporaryDirectory() as folder:
            source = os.path.join(folder, "model.mlir")
            import_model(build, model, source)
            for options in get_options(model):
                run = run_model(build, source, (mean, std, patches), options)
                plain = plain or run
                yield make_row(model, options, float_accuracy, run, plain)


HEADER = f"""
## Compiled without retraining

From the ONNX files. Target `{TARGET}`, 1,000 test images, calibration on the first 512 training images, no retraining. *Same logits*: bit
for bit those of the plain 8-bit program. *Utilization*: nonzeros / (packed rows x
packed columns), least and most of any layer. *Compute*: cycles in which the array
takes data. *Speedup*: total cycles of the 8-bit program on the same machine /
total cycles.

| model | options | float top-1 % | top-1 % | same logits | weights pruned | utilization | tiles | compute | cycles | speedup |
|---|---|---:|---:|---|---:|---:|---:|---:|---:|---:|
"""


def make_sections(build):
    yield HEADER + "\n".join(make_rows(build)) + "\n"
