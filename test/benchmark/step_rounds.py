# Part of the Colonnade project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Processes that measure steps in turns, a round for every line of input."""

import json
import os
import statistics
import subprocess
import sys

# As in keepFreedMemory of lib/ExecutionEngine/JitFunction.cpp.
KEEP_FREED_MEMORY = {"MALLOC_MMAP_THRESHOLD_": str(32 << 20),
                     "MALLOC_TRIM_THRESHOLD_": str(2**31 - 1)}


def start(command, threads, **variables):
    environment = dict(os.environ, OMP_NUM_THREADS=str(threads), **variables)
    return subprocess.Popen(command, stdin=subprocess.PIPE,
                            stdout=subprocess.PIPE, text=True,
                            env=environment)


def measure_round(process):
    process.stdin.write("\n")
    process.stdin.flush()
    line = process.stdout.readline()
    if not line:
        sys.exit(f"{process.args[0]} ended before its round did")
    return json.loads(line)


def measure_each(processes):
    return {name: measure_round(process) for name, process in processes.items()}


def measure_rounds(processes, count):
    """By round, what each process measured, by its name. Ends the processes."""
    rounds = [measure_each(processes) for _ in range(count)]
    for process in processes.values():
        process.stdin.close()
        process.wait()
    return rounds


def print_rounds(rounds, batch):
    print(f"{'':14}{'ms/step':>10}{'s/epoch':>10}{'peak MB':>10}"
          f"{'buffers MB':>12}")
    for name in rounds[0]:
        of_name = [one[name] for one in rounds]
        milliseconds = statistics.median(one["milliseconds"]
                                         for one in of_name)
        allocated = of_name[-1].get("buffer_bytes")
        buffers = "-" if allocated is None else f"{allocated / 2**20:.1f}"
        epoch = milliseconds * (60000 // batch) / 1000
        print(f"{name:14}{milliseconds:10.1f}{epoch:10.1f}"
              f"{of_name[-1]['megabytes']:10.0f}{buffers:>12}")


def print_ratio(name, base, rounds):
    ratio = statistics.median(
        one[name]["milliseconds"] / one[base]["milliseconds"]
        for one in rounds)
    print(f"time of {name}: {ratio:.2f} x {base}'s")
