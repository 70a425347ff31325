# Part of the Colonnade project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Training steps on machines whose data memory is embedded DRAM or SRAM."""

import os

from .reversible import (BLOCK_STEP, DUPLEX_CHANNELS, FRACTION, RESNET_DEPTH,
                         get_block_pair, make_resnet)
from .runs import find_epoch, simulate_step

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
STEP_HEADER = f"""
## Training steps on embedded DRAM and SRAM

One step (`{BLOCK_STEP}`) on the machines of CAMEL (HPCA 2024), of equal area:
`camel-edram` and `camel-sram`. *Beyond*: tensors that live longer than the retention
time; rows are refreshed once for every retention time that they hold something.
*Ratio*: energy of the step on SRAM to that on embedded DRAM, with refreshes and, in
parentheses, without. CAMEL publishes 0 to 1 refreshes and a ratio of 2.3 to 2.8; what
differs here and why: [rationale](rationale/embedded-dram.md).

| network | images | memory | cycles | beyond | rows refreshed | DRAM MB | of activations | energy uJ | of refreshes | ratio |
|---|---:|---|---:|---:|---:|---:|---:|---:|---:|---:|
"""
# A step of the runs is taken as so many steps of so many images: with 32 images
# an image takes 1.6 times the cycles, and more the memories do not take at all.
TRAINING_BATCH = BATCHES[-1]
BATCHES_PER_STEP = get_block_pair()[0].get_batch() // TRAINING_BATCH
TRAINING_HEADER = f"""
### Training to an accuracy

The runs of ResNet-{RESNET_DEPTH} in m4 above, every step of {TRAINING_BATCH * BATCHES_PER_STEP} images taken as {BATCHES_PER_STEP} simulated steps of
{TRAINING_BATCH}, until the test accuracy after an epoch is that of the worse network after the last.

| network | memory | test accuracy | epochs | s | J | DRAM GB | of activations |
|---|---|---:|---:|---:|---:|---:|---:|
"""


def simulate(build, network, options, batch, target, step=BLOCK_STEP):
    return simulate_step(
        build, network, ["--colonnade-initialize-parameters", *options], batch,
        [f"--colonnade-training-step={step}"], target,
        f"--lifetimes={build}/training/lifetimes.csv")


def get_energy(report, without=""):
    """Microjoules of a step."""
    energy = report["lifetimes"]["energy_picojoules"]
    return (energy["total"] - energy.get(without, 0)) / 1e6


def get_traffic(report):
    """Megabytes between DRAM and the chip, of everything and of activations."""
    lifetimes = report["lifetimes"]
    moved = [lifetimes["dram_bytes_read"], lifetimes["dram_bytes_written"]]
    return (sum(sum(kinds.values()) for kinds in moved) / 1e6,
            sum(kinds["activations"] for kinds in moved) / 1e6)


def make_step_row(network, batch, target, report, sram):
    lifetimes = report["lifetimes"]
    traffic, activations = get_traffic(report)
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


def make_step_rows(build):
    os.makedirs(f"{build}/training", exist_ok=True)
    for network, (depth, options) in NETWORKS.items():
        path = f"{build}/training/onchip.mlir"
        make_resnet(depth)(build, path)
        for batch in BATCHES:
            reports = {target: simulate(build, path, options, batch, target)
                       for target in TARGETS}
            sram = get_energy(reports["camel-sram"])
            for target, report in reports.items():
                yield make_step_row(network, batch, target, report, sram)


def make_training_rows(build):
    runs = dict(zip((f"ResNet-{RESNET_DEPTH}", f"ResNet-{RESNET_DEPTH}, reversible"),
                    get_block_pair()))
    if not all(run.is_done() for run in runs.values()):
        return
    goal = min(run.get_accuracy() for run in runs.values())
    for network, run in runs.items():
        depth, options = NETWORKS[network]
        path = f"{build}/training/onchip.mlir"
        make_resnet(depth)(build, path)
        epochs = find_epoch(run, goal)
        steps_per_epoch = run.get_steps_per_epoch() * BATCHES_PER_STEP
        steps = epochs * steps_per_epoch
        for target in TARGETS:
            report = simulate(
                build, path, options, TRAINING_BATCH, target,
                f"{run.step} total-steps={run.epochs * steps_per_epoch}")
            traffic, activations = get_traffic(report)
            yield (f"| {network} | {target} | {run.get_accuracy():.2f} | {epochs} | "
                   f"{steps * report['seconds']:.0f} | "
                   f"{steps * get_energy(report) / 1e6:.0f} | "
                   f"{steps * traffic / 1e3:.0f} | "
                   f"{steps * activations / 1e3:.0f} |\n")


def make_sections(build):
    yield STEP_HEADER + "".join(make_step_rows(build))
    yield TRAINING_HEADER + "".join(make_training_rows(build))
