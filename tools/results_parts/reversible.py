# Part of the Colonnade project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Reversible networks beside plain ones, and duplex networks."""

import itertools
import os
import shutil
import subprocess
import threading

from .runs import IMAGES, MODELS, ROOT, SGD, Run, get_done, import_models
from .training import SEEDS, get_format_runs, print_accuracies

NORMALIZATION = ["--mean=0.286", "--std=0.353", "--batch=128"]
SGD_STEP = SGD + "0.05"
RESNET_DEPTH, RESNET_EPOCHS = 38, 4
DUPLEX_EPOCHS = 4
DUPLEX_CHANNELS = 32
FRACTION = 16
# What the frozen network of the duplex runs was trained on.
SOURCE_CLASSES = "0,1,2,3,4"
FROZEN = "--freeze=stem.*|stage.*"
# Runs may share a network that has to be made first.
PREPARING = threading.Lock()


class NetworkRun(Run):
    """A run whose network is made, by `make_network(build)`, when it begins."""

    def __init__(self, name, make_network, epochs, step, *options,
                 data=NORMALIZATION, seed=1):
        super().__init__(name, None, epochs, step, seed, *options)
        self.make_network, self.data = make_network, data

    def get_network(self, build):
        return f"{build}/training/{self.name}.network.mlir"

    def get_data_options(self):
        return self.data

    def prepare(self, build):
        os.makedirs(f"{build}/training", exist_ok=True)
        self.make_network(build, self.get_network(build))

    def run(self, build):
        with PREPARING:
            self.prepare(build)
        super().run(build)


class SourceRun(NetworkRun):
    """Trains the network that is frozen, on its part of the classes."""

    def get_images(self, build):
        prefix = f"{build}/training/source"
        return [f"--images={prefix}-images.idx", f"--labels={prefix}-labels.idx"]

    def run(self, build):
        with PREPARING:  # Others wait for its network.
            self.train(build)

    def train(self, build):
        self.prepare(build)
        Run.run(self, build)


def make_resnet(depth):
    def make(build, path):
        subprocess.run([f"{ROOT}/tools/make-residual-network", "--batch-norm",
                        f"--depth={depth}", "-o", path], check=True)
    return make


def make_vit(build, path):
    import_models(build)
    shutil.copy(f"{build}/training/vit.mlir", path)


def make_source(build, path):
    subprocess.run([f"{ROOT}/tools/select-classes",
                    f"{IMAGES}/train-images-idx3-ubyte.gz",
                    f"{IMAGES}/train-labels-idx1-ubyte.gz",
                    f"--classes={SOURCE_CLASSES}",
                    "-o", f"{build}/training/source"], check=True)
    make_resnet(8)(build, path)


SOURCE = SourceRun("duplex-source", make_source, DUPLEX_EPOCHS, SGD_STEP,
                   "--initialize")


def copy_source(build, path):
    """The trained network; trains it where it is missing."""
    if not os.path.exists(SOURCE.get_output(build)):
        SOURCE.train(build)
    shutil.copy(SOURCE.get_output(build), path)


def make_duplex(build, path):
    copy_source(build, f"{path}.source")
    subprocess.run(
        [f"{build}/bin/colonnade-opt", f"{path}.source", "--mlir-print-debuginfo",
         f"--colonnade-make-duplex=channels={DUPLEX_CHANNELS}", "-o", path],
        check=True)


REVERSIBLE = f"--reversible={FRACTION}"


# Of products on the machine: blocks that its array multiplies.
BLOCK_STEP = "format=m4 blocks=reform"


def make_resnet_runs(name, step, seeds, *options):
    name = f"resnet{RESNET_DEPTH}-{name}"
    return [NetworkRun(f"{name}-{seed}", make_resnet(RESNET_DEPTH),
                       RESNET_EPOCHS, step, "--initialize", *options, seed=seed)
            for seed in seeds]


def get_block_pair():
    """The runs in blocks, (plain, reversible)."""
    step = f"{SGD_STEP} {BLOCK_STEP}"
    return (make_resnet_runs("plain-m4", step, (1,))[0],
            make_resnet_runs("reversible-m4", step, (1,), REVERSIBLE)[0])


def get_pairs():
    """(Network, format, plain runs, reversible runs)."""
    plain_vits = get_format_runs("vit")["fp32"]
    plain_block, reversible_block = get_block_pair()
    return [
        (f"ResNet-{RESNET_DEPTH}", "fp32",
         make_resnet_runs("plain", SGD_STEP, SEEDS),
         make_resnet_runs("reversible", SGD_STEP, SEEDS, REVERSIBLE)),
        (f"ResNet-{RESNET_DEPTH}", "m4", [plain_block], [reversible_block]),
        ("ViT", "fp32", plain_vits,
         [NetworkRun(f"vit-reversible-{plain.seed}", make_vit, plain.epochs,
                     plain.step, "--initialize", REVERSIBLE,
                     data=MODELS["vit"][0].split(), seed=plain.seed)
          for plain in plain_vits]),
    ]


def get_duplex_runs():
    """What is trained: its run."""
    return {
        "everything": NetworkRun("duplex-all", copy_source, DUPLEX_EPOCHS,
                                 SGD_STEP),
        "the last layer": NetworkRun("duplex-head", copy_source, DUPLEX_EPOCHS,
                                     SGD_STEP, FROZEN),
        f"a reversible branch of {DUPLEX_CHANNELS} channels":
            NetworkRun("duplex-branch", make_duplex, DUPLEX_EPOCHS, SGD_STEP,
                       "--initialize", "--batch-norm"),
    }


def get_all_runs():
    for _, _, plain, reversible in get_pairs():
        yield from itertools.chain(plain, reversible)
    yield SOURCE
    yield from get_duplex_runs().values()


def print_done(runs):
    done = get_done(runs)
    return print_accuracies(done) if done else "not run"


def print_peak(runs):
    """Megabytes of a step's buffers, as a run's allocator counted them."""
    peaks = [run.get_peak_bytes() for run in get_done(runs)]
    return f"{peaks[0] / 1e6:.1f}" if peaks and peaks[0] else ""


def make_accuracy_section():
    rows = [
        f"| {network} | {number_format} | {plain[0].epochs} | {print_done(plain)} | "
        f"{print_done(reversible)} | {print_peak(plain)} | "
        f"{print_peak(reversible)} |\n"
        for network, number_format, plain, reversible in get_pairs()]
    return f"""
## Reversible networks

`colonnade-train --reversible={FRACTION}`: two streams of fixed point with {FRACTION} fractional
bits, the same parameters, the same initial weights. The ResNet has batch
normalization. With fixed-point streams gradients are those of stored activations bit
for bit; with f32 streams they are within 1e-5 at depth 38
(`test/integration/ReversibleGradients.cpp`). Test accuracies in percent of seeds {", ".join(map(str, SEEDS))} and their mean where
there are three, peak megabytes of a step's buffers. m4: `{BLOCK_STEP}`.

| network | format | epochs | plain | reversible | plain, MB | reversible, MB |
|---|---|---:|---|---|---:|---:|
{"".join(rows)}"""


def make_duplex_section():
    rows = [f"| {what} | {print_done([run])} | {print_peak([run])} |\n"
            for what, run in get_duplex_runs().items()]
    return f"""
## Duplex networks

A ResNet-8 trained on the classes {SOURCE_CLASSES} learns all ten in {DUPLEX_EPOCHS} epochs
([tutorial](tutorial/duplex/README.md)); test accuracies in percent, peak megabytes of
a step's buffers.

| trained | accuracy | MB |
|---|---:|---:|
{"".join(rows)}"""


def make_sections(build):
    return [make_accuracy_section(), make_duplex_section()]
