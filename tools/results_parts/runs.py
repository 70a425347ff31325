# Part of the Colonnade project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Training runs whose figures the results page shows.

A run is one call of colonnade-train, of one thread. What it printed is kept in
docs/results-runs; a run that is complete there is not run again.
"""

import concurrent.futures
import csv
import json
import os
import re
import subprocess

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
IMAGES = "/usr/share/datasets/fashion-mnist"
RUNS = f"{ROOT}/docs/results-runs"
TRAINING_IMAGES = 60000

SGD = ("momentum=0.9 weight-decay=0.0005 schedule=cosine warmup-steps=200 "
       "learning-rate=")
ADAM = "optimizer=adam schedule=cosine warmup-steps=200 learning-rate="
# Model: options of the trainer, of the step, and epochs.
MODELS = {
    "lenet5": ("--mean=0.1307 --std=0.3081 --batch=64", SGD + "0.05", 12),
    "resnet8": ("--mean=0.286 --std=0.353 --batch=128", SGD + "0.05", 12),
    "vit": ("--mean=0.286 --std=0.353 --patches=4 --batch=128",
            ADAM + "0.002", 8),
}


class Run:
    """One call of colonnade-train and the figures that it leaves. `model` is a
    name in MODELS; of subclasses that say where network and data are, it may be
    something else."""

    def __init__(self, name, model, epochs, step, seed, *options):
        self.name, self.model, self.epochs = name, model, epochs
        self.step, self.seed, self.options = step, seed, options

    def get_file(self, suffix):
        return os.path.join(RUNS, f"{self.name}.{suffix}")

    def get_network(self, build):
        return f"{build}/training/{self.model}.mlir"

    def get_output(self, build):
        return f"{build}/training/{self.name}.mlir"

    def get_images(self, build):
        return [f"--images={IMAGES}/train-images-idx3-ubyte.gz",
                f"--labels={IMAGES}/train-labels-idx1-ubyte.gz"]

    def get_data_options(self):
        return MODELS[self.model][0].split()

    def get_batch(self):
        return int(re.search(r"--batch=(\d+)", " ".join(self.get_data_options()))[1])

    def get_steps_per_epoch(self):
        return TRAINING_IMAGES // self.get_batch()

    def get_command(self, build):
        options = [option.format(precision=self.get_file("precision.csv"),
                                 precision_curve=self.get_file("precision.svg"),
                                 rounds=self.get_file("rounds.csv"),
                                 round_curve=self.get_file("rounds.svg"))
                   for option in self.options]
        return [
            f"{build}/bin/colonnade-train", self.get_network(build),
            *self.get_images(build),
            f"--test-images={IMAGES}/t10k-images-idx3-ubyte.gz",
            f"--test-labels={IMAGES}/t10k-labels-idx1-ubyte.gz",
            *self.get_data_options(), f"--epochs={self.epochs}",
            f"--training-step={self.step}", f"--seed={self.seed}", *options,
            "-o", self.get_output(build),
        ]

    def run(self, build):
        with open(self.get_file("out"), "w") as output:
            subprocess.run(self.get_command(build), check=True,
                           stdout=output, stderr=subprocess.STDOUT,
                           env={**os.environ, "OMP_NUM_THREADS": "1"})

    def get_epochs(self):
        """(Test accuracy in percent, seconds on the target or None) by epoch."""
        if not self.has_file("out"):
            return []
        with open(self.get_file("out")) as file:
            lines = [line for line in file if line.startswith("epoch ")]
        return [(float(re.search(r"test accuracy ([\d.]+) %", line)[1]),
                 float(seconds[1]) if seconds else None)
                for line in lines
                for seconds in [re.search(r"([\d.]+) s on the target", line)]]

    def get_rungs(self):
        """(Data terms, budget) to test accuracy in percent, of a ladder."""
        with open(self.get_file("out")) as file:
            matches = re.findall(r"data-terms (\d+), budget (\d+): "
                                 r"test accuracy ([\d.]+) %", file.read())
        return {(int(terms), int(budget)): float(accuracy)
                for terms, budget, accuracy in matches}

    def is_done(self):
        return len(self.get_epochs()) == self.epochs

    def get_accuracy(self):
        return self.get_epochs()[-1][0]

    def get_peak_bytes(self):
        """Of a step's buffers; None where the trainer did not print it."""
        with open(self.get_file("out")) as file:
            return find_peak_bytes(file.read())

    def has_file(self, suffix):
        return os.path.exists(self.get_file(suffix))

    def read_table(self, suffix):
        with open(self.get_file(suffix)) as file:
            return list(csv.DictReader(file))


class PyTorchRun(Run):
    """The same training by PyTorch, to compare with."""

    def __init__(self, model, seed):
        _, step, epochs = MODELS[model]
        super().__init__(f"{model}-pytorch-{seed}", model, epochs, step, seed)

    def get_command(self, build):
        return ["/usr/bin/python3", f"{ROOT}/test/benchmark/pytorch-accuracy",
                self.model, f"--seed={self.seed}", f"--epochs={self.epochs}"]


def find_peak_bytes(output):
    """Of a step's buffers, in what colonnade-train printed."""
    peak = re.search(r"peak memory of a step: (\d+) bytes", output)
    return int(peak[1]) if peak else None


def simulate_step(build, network, preparation, batch, step, target, *options):
    """The report of one training step as a program of the target. `preparation`
    are options of colonnade-opt before the parameters are outlined, `options`
    those of colonnade-sim; `step` makes the training step."""
    program = subprocess.run(
        [f"{build}/bin/colonnade-opt", network, *preparation,
         "--colonnade-outline-parameters", f"--colonnade-set-batch=size={batch}",
         *step, f"--colonnade-compile-step=target={target}",
         "--mlir-print-debuginfo"],
        check=True, stdout=subprocess.PIPE).stdout
    report = subprocess.run(
        [f"{build}/bin/colonnade-sim", "-", "--program=training_step",
         "--report=json", *options],
        input=program, check=True, stdout=subprocess.PIPE).stdout
    return json.loads(report)


def find_epoch(run, goal):
    """The first one, from 1, after which the test accuracy is `goal` or more; None
    if there is none."""
    return next((epoch for epoch, (accuracy, _) in enumerate(run.get_epochs(), 1)
                 if accuracy >= goal), None)


def get_done(runs):
    return [run for run in runs if run.is_done()]


def import_models(build):
    os.makedirs(f"{build}/training", exist_ok=True)
    for model in MODELS:
        subprocess.run(
            [f"{build}/bin/colonnade-translate", "--import-onnx",
             f"{ROOT}/test/data/models/{model}-fashion.onnx",
             "-o", f"{build}/training/{model}.mlir"], check=True)


def run_all(runs, build, jobs):
    os.makedirs(RUNS, exist_ok=True)
    import_models(build)
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        for _ in pool.map(lambda run: run.run(build), runs):
            pass
