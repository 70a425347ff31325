# Part of the Colonnade project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Training steps on machines whose data memory is embedded DRAM or SRAM."""

import os

from .reversible import DUPLEX_CHANNELS, FRACTION, RESNET_DEPTH, make_resnet
from .runs import simulate_step

TARGETS = ("camel-edram", "camel-sram")
BATCHES = (1, 4)
DEEP = f"--colonnade-make-reversible=fraction={FRACTION}"
# Network: its depth and what is made of it.
NETWORKS = {
    "ResNet-8": (8, []),
    f"duplex beside ResNet-8, {DUPLEX_CHANNELS} channels": (
        8, [f"--colonnade-make-duplex=channels={DUPLEX_CHANNELS}",
            "--colonnade-initialize-parameters"]),
    f"ResNet-{RESNET_DEPTH}": (RESNET_DEPTH, []),
    f"ResNet-{RESNET_DEPTH}, reversible": (RESNET_DEPTH, [DEEP]),
}
HEADER = """
## Training steps on embedded DRAM and SRAM

One step in m4 (`blocks=reform`) on the machines of CAMEL (HPCA 2024), of equal area:
`camel-edram` and `camel-sram`. *Beyond*: tensors that live longer than the retention
time; rows are refreshed once for every retention time that they hold something.
*Ratio*: energy of the step on SRAM to that on embedded DRAM, with refreshes and, in
parentheses, without. What differs from the paper and why:
[rationale](rationale/embedded-dram.md).

| network | images | memory | cycles | beyond | rows refreshed | DRAM MB | of activations | energy uJ | of refreshes | ratio |
|---|---:|---|---:|---:|---:|---:|---:|---:|---:|---:|
"""


def simulate(build, network, options, batch, target):
    return simulate_step(
        build, network, ["--colonnade-initialize-parameters", *options], batch,
        ["--colonnade-training-step=format=m4 blocks=reform"], target,
        f"--lifetimes={build}/training/lifetimes.csv")


def get_energy(report, without=""):
    """Microjoules of a step."""
    energy = report["lifetimes"]["energy_picojoules"]
    return (energy["total"] - energy.get(without, 0)) / 1e6


def make_row(network, batch, target, report, sram):
    lifetimes = report["lifetimes"]
    moved = [lifetimes["dram_bytes_read"], lifetimes["dram_bytes_written"]]
    traffic = sum(sum(kinds.values()) for kinds in moved) / 1e6
    activations = sum(kinds["activations"] for kinds in moved) / 1e6
    cells = ["-", "-", "-", "-"]
    if lifetimes.get("retention_cycles"):
        plain, still = get_energy(report), get_energy(report, "refresh")
        cells = [f"{lifetimes['tensors_beyond_retention']} of "
                 f"{lifetimes['tensors']}", str(lifetimes["refreshed_rows"]),
                 f"{plain - still:.0f}",
                 f"{sram / plain:.2f} ({sram / still:.2f})"]
    return (f"| {network} | {batch} | {target} | {report['cycles']} | "
            f"{cells[0]} | {cells[1]} | {traffic:.2f} | {activations:.2f} | "
            f"{get_energy(report):.0f} | {cells[2]} | {cells[3]} |\n")


def make_rows(build):
    os.makedirs(f"{build}/training", exist_ok=True)
    for network, (depth, options) in NETWORKS.items():
        path = f"{build}/training/onchip.mlir"
        make_resnet(depth)(build, path)
        for batch in BATCHES:
            reports = {target: simulate(build, path, options, batch, target)
                       for target in TARGETS}
            sram = get_energy(reports["camel-sram"])
            for target, report in reports.items():
                yield make_row(network, batch, target, report, sram)


def make_sections(build):
    yield HEADER + "".join(make_rows(build))
