# Part of the Colonnade project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Training in every format, joint optimization and term-aware fine-tuning."""

import itertools
import statistics

from .runs import (MODELS, ROOT, SGD, PyTorchRun, Run, find_epoch, get_done,
                   import_models, simulate_step)

TARGET = "fast-256x64"
SEEDS = (1, 2, 3)
# Of fast-adaptive, chosen by seed 1's accuracies.
THRESHOLDS = {
    "lenet5": "threshold-start=0.35 threshold-slope=0.3 gradient-margin=0.1",
    "resnet8": "threshold-start=0.46 threshold-slope=0.8 "
               "threshold-depth-slope=0.1 gradient-margin=1",
    "vit": "threshold-start=0.3 threshold-slope=0.8 "
           "threshold-depth-slope=0.1 activation-product-margin=0.5",
}
# Models whose batch normalization is folded in the file and put back to train.
NORMALIZED = ("resnet8",)
# Format: the seeds that it is run with.
FORMAT_SEEDS = {"fp32": SEEDS, "fast-adaptive": SEEDS, "m4": (1,),
                "msfp12": (1,)}
# Epochs of another run of MSFP-12 where it does not come to its goal in as many as
# the others.
MORE_EPOCHS = {"resnet8": 24}
# How backward products get their blocks, on LeNet-5.
BLOCKS = ("reuse", "reform")
# Model: options of joint optimization, of the step, epochs.
JOINT = {
    "lenet5": ("fan-in=8 conflict-limit=0.5 sparsity=0.78 events=6", SGD + "0.02", 16),
    "resnet8": ("fan-in=8 conflict-limit=0.5 sparsity=0.785 events=6", SGD + "0.02", 18),
}
# Term-aware fine-tuning of ResNet-8 at group 16: the ladder of ASPLOS 2021 as
# (data terms, budget), and what all of its runs have in common.
LADDER = ((2, 8), (2, 10), (2, 12), (2, 14), (3, 14), (3, 16), (3, 18), (3, 20))
TERM_STEP = "learning-rate=0.003 schedule=cosine weight-decay=0.0001"
TERM_EPOCHS = 3
ACTIVATIONS = (f"calibration={ROOT}/test/data/calibration.npy mean=0.286 "
               "std=0.353")


def make_format_run(model, name, seed, blocks="", more_epochs=None):
    _, step, epochs = MODELS[model]
    options = ["--initialize"]
    if name != "fp32":
        step += f" format={name}"
        options.append(f"--target={TARGET}")
    if name == "fast-adaptive":
        step += " " + THRESHOLDS[model]
        if seed == SEEDS[0]:
            options += ["--precision-log={precision}",
                        "--precision-log={precision_curve}"]
    if model in NORMALIZED:
        options.append("--batch-norm")
    if blocks:
        step += f" blocks={blocks}"
    suffix = f"-{blocks}" if blocks else ""
    if more_epochs:
        suffix += f"-{more_epochs}-epochs"
    return Run(f"{model}-{name}{suffix}-{seed}", model, more_epochs or epochs,
               step, seed, *options)


def get_format_runs(model):
    runs = {name: [make_format_run(model, name, seed) for seed in seeds]
            for name, seeds in FORMAT_SEEDS.items()}
    if model in MORE_EPOCHS:
        runs["msfp12, longer"] = [make_format_run(
            model, "msfp12", SEEDS[0], more_epochs=MORE_EPOCHS[model])]
    return runs


def get_pytorch_runs():
    return {model: PyTorchRun(model, SEEDS[0])
            for model in ("lenet5", "resnet8")}


def get_block_runs():
    return {blocks: [make_format_run("lenet5", "m4", seed, blocks)
                     for seed in SEEDS] for blocks in BLOCKS}


def get_joint_runs():
    return {model: Run(f"{model}-joint", model, epochs, step, 1,
                       f"--combine={options}", "--combine-log={rounds}",
                       "--combine-log={round_curve}")
            for model, (options, step, epochs) in JOINT.items()}


def make_term_run(name, data_terms, *options):
    activations = ACTIVATIONS
    if data_terms:
        activations += f" data-terms={data_terms}"
    return Run(f"resnet8-{name}", "resnet8", TERM_EPOCHS, TERM_STEP, 1,
               f"--fake-quantize={activations}", *options)


def get_term_runs():
    """8-bit, the ladder, and each of its rungs by itself."""
    runs = {"8-bit": make_term_run("8bit", 0),
            "ladder": make_term_run("ladder", 3,
                                    "--terms=group=16 ladder=paper")}
    for data_terms, budget in LADDER:
        runs[data_terms, budget] = make_term_run(
            f"terms-{data_terms}-{budget}", data_terms,
            f"--terms=group=16 budget={budget}")
    return runs


def get_all_runs():
    for model in MODELS:
        for runs in get_format_runs(model).values():
            yield from runs
    for runs in get_block_runs().values():
        yield from runs
    yield from get_pytorch_runs().values()
    yield from get_joint_runs().values()
    yield from get_term_runs().values()


#===----------------------------------------------------------------------===#
# Tables
#===----------------------------------------------------------------------===#


def print_accuracies(runs):
    values = [run.get_accuracy() for run in runs]
    text = ", ".join(f"{value:.2f}" for value in values)
    return text if len(values) == 1 else f"{text} ({statistics.mean(values):.2f})"


def get_mean(runs):
    return statistics.mean(run.get_accuracy() for run in runs)


def get_step_seconds(build, run, *precision):
    """Of one step of the run, simulated whole: products, everything else, DRAM.
    `precision` fixes what the step chooses."""
    preparation = (["--colonnade-insert-batch-norm"] if run.model in NORMALIZED
                   else [])
    return simulate_step(
        build, run.get_network(build), preparation, run.get_batch(),
        [f"--colonnade-training-step={run.step} blocks=reform total-steps=1000",
         *precision], TARGET)["seconds"]


def get_whole_seconds(build, run):
    """By epoch, what all steps so far take on the target as whole programs, each
    epoch at the precisions of its middle; None of a run without their log."""
    steps = run.get_steps_per_epoch()
    if "fast-adaptive" not in run.name:
        seconds = run.epochs * [get_step_seconds(build, run)]
    elif run.has_file("precision.csv"):
        log = run.get_file("precision.csv")
        seconds = [get_step_seconds(build, run, "--colonnade-fix-precision="
                                    f"log={log} step={int((i + 0.5) * steps)}")
                   for i in range(run.epochs)]
    else:
        return None
    return list(itertools.accumulate(steps * one for one in seconds))


class Times:
    """To a test accuracy of `goal`, or of all epochs if it is not reached, by
    products alone and by whole steps; None for what is not simulated."""

    def __init__(self, build, run, goal):
        epoch = find_epoch(run, goal)
        self.is_reached = epoch is not None
        last = (epoch or run.epochs) - 1
        products = run.get_epochs()[last][1]
        whole = get_whole_seconds(build, run) if products else None
        self.seconds = products, whole and whole[last]

    def print(self, fast):
        """Every time, and its ratio to fast-adaptive's."""
        bound = "" if self.is_reached else "> "
        for seconds, reference in zip(self.seconds, fast.seconds):
            yield f"{bound}{seconds:.2f}" if seconds else "-"
            yield (f"{bound}{seconds / reference:.2f}"
                   if seconds and reference and fast.is_reached else "-")


def make_format_rows(build):
    pytorch = get_pytorch_runs()
    for model in MODELS:
        runs = {name: get_done(all_runs)
                for name, all_runs in get_format_runs(model).items()}
        if not runs["fp32"] or not runs["fast-adaptive"]:
            continue
        runs["fp32 by PyTorch"] = get_done(
            [pytorch[model]] if model in pytorch else [])
        dense = get_mean(runs["fp32"])
        times = {name: Times(build, done[0], dense - 0.5)
                 for name, done in runs.items() if done}
        for name, done in runs.items():
            if done:
                yield (f"| {model} | {name} | {done[0].epochs} | "
                       f"{print_accuracies(done)} | "
                       f"{get_mean(done) - dense:+.2f} | "
                       + " | ".join(times[name].print(times["fast-adaptive"]))
                       + " |")


def get_mean_bits(rows, end):
    """Of every column of a precision log, the mean over steps from the first
    to `end`; a row holds until the next one."""
    steps = [int(row["step"]) for row in rows]
    spans = [min(following, end) - min(step, end)
             for step, following in zip(steps, steps[1:] + [max(end, steps[-1])])]
    return {name: sum(int(row[name]) * span for row, span in zip(rows, spans))
            / sum(spans) for name in rows[0] if name != "step"}


def make_precision_rows():
    """Mean bits early and late in the run, and in early and late layers."""
    for model in MODELS:
        run = get_format_runs(model)["fast-adaptive"][0]
        if not run.is_done() or not run.has_file("precision.csv"):
            continue
        rows = run.read_table("precision.csv")
        steps = run.epochs * run.get_steps_per_epoch()
        half, whole = get_mean_bits(rows, steps // 2), get_mean_bits(rows, steps)
        late = {name: 2 * whole[name] - half[name] for name in whole}
        for operand in ("weights", "activations", "gradient"):
            layers = [name for name in whole if name.endswith(operand)]
            cut = len(layers) // 2
            means = [statistics.mean(bits[name] for name in names)
                     for bits, names in ((half, layers), (late, layers),
                                         (whole, layers[:cut]),
                                         (whole, layers[-cut:]))]
            yield (f"| {model} | {operand} | "
                   + " | ".join(f"{mean:.2f}" for mean in means) + " |")


def make_block_rows():
    for blocks, all_runs in get_block_runs().items():
        if done := get_done(all_runs):
            yield f"| {blocks} | {print_accuracies(done)} |"


def make_joint_rows():
    dense = {"lenet5": 90.78, "resnet8": 91.95}  # Of the data's README.
    for model, run in get_joint_runs().items():
        if not run.is_done():
            continue
        last = run.read_table("rounds.csv")[-1]
        tiles = int(last["dense_tiles"]), int(last["tiles"])
        yield (f"| {model} | {JOINT[model][0]} | {dense[model]:.2f} | "
               f"{run.get_accuracy():.2f} | "
               f"{100 * float(last['sparsity']):.1f} | "
               f"{100 * float(last['utilization']):.1f} | {tiles[0]} | "
               f"{tiles[1]} | {tiles[0] / tiles[1]:.2f} |")


def make_term_rows():
    runs = get_term_runs()
    if not runs["8-bit"].is_done():
        return
    plain = runs["8-bit"].get_accuracy()
    yield f"| 8-bit | | {plain:.2f} | | |"
    rungs = runs["ladder"].get_rungs() if runs["ladder"].is_done() else {}
    for data_terms, budget in LADDER:
        run = runs[data_terms, budget]
        alone = run.get_accuracy() if run.is_done() else None
        rung = rungs.get((data_terms, budget))
        cells = [f"{alone:.2f}" if alone else "not run",
                 f"{alone - plain:+.2f}" if alone else "-",
                 f"{rung:.2f}" if rung else "not run"]
        yield f"| {data_terms} | {budget} | " + " | ".join(cells) + " |"


FORMAT_HEADER = f"""
## Formats

From fresh random weights (`--initialize`), ResNet-8 with batch normalization, seeds {", ".join(map(str, SEEDS))} and their mean where
there are three. *Products*: seconds on `{TARGET}` (seed 1) until a test accuracy after
an epoch is within 0.5 points of the mean of fp32 after the last, of the products on the
array alone; *step*: of whole steps, each epoch at the precisions of its middle. *>*: not reached in
that time, which is that of all epochs. Ratios are to fast-adaptive's. *Longer*: with
more epochs, where MSFP-12 does not come that far in as many as the others. Thresholds of
fast-adaptive were chosen by seed 1's accuracies; seeds 2 and 3 had no part in that.

| model | format | epochs | test accuracy | against fp32 | products | ratio | step | ratio |
|---|---|---:|---|---:|---:|---:|---:|---:|
"""
PRECISION_HEADER = """
### Precision that fast-adaptive chose

Mean mantissa bits of seed 1, of all layers in the first and in the second half of the
steps, and of all steps in the first and in the last half of the layers (in the middle
layer of an odd number in neither). Curves: `results-runs/*.precision.svg`.

| model | operand | first half of steps | second | first layers | last |
|---|---|---:|---:|---:|---:|
"""
BLOCK_HEADER = f"""
## Blocks of backward products

LeNet-5, m4, seeds {", ".join(map(str, SEEDS))}: the blocks of the forward products used again, or new ones along what each
backward product sums up.

| blocks | test accuracy |
|---|---|
"""
JOINT_HEADER = """
## Joint optimization

From the shipped trained models. *Utilization*: nonzeros / (packed rows x packed
columns) of all layers together. Tiles of a 32 x 32 array.

| model | options | dense | test accuracy | zeros % | utilization % | tiles dense | tiles | ratio |
|---|---|---:|---:|---:|---:|---:|---:|---:|
"""
TERM_HEADER = f"""
## Term-aware fine-tuning

ResNet-8, from the shipped trained model, {TERM_EPOCHS} epochs, group 16, activations of 8 bits in
so many terms. *Alone*: trained for this budget. *Ladder*: one set of weights, trained
for all of them at once, with the budget of the row.

| data terms | budget | alone | against 8-bit | ladder |
|---:|---:|---:|---:|---:|
"""


def make_sections(build):
    import_models(build)
    for header, rows in ((FORMAT_HEADER, make_format_rows(build)),
                         (PRECISION_HEADER, make_precision_rows()),
                         (BLOCK_HEADER, make_block_rows()),
                         (JOINT_HEADER, make_joint_rows()),
                         (TERM_HEADER, make_term_rows())):
        yield header + "\n".join(rows) + "\n"
