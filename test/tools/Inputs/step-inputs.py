# Part of the Colonnade project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# Writes the tensors of a scheduled training step as safetensors: parameters and
# inputs at random, state of zeros, the first step.
#
# step-inputs.py <scheduled .mlir> <out.safetensors> [omit=<name>] [turn=<name>]
#     [add=<name>]
#
# With mistakes on demand: a tensor too few, of the wrong shape, too many.

import json
import random
import re
import struct
import sys

random.seed(1)
text = open(sys.argv[1]).read()
text = text[text.index("systolic.program @training_step"):]
mistakes = sys.argv[3:]
pattern = r'systolic\.host_input (?:"([^"]*)" )?at \d+ : tensor<([^>]*)>'
header, data = {}, b""
for position, (name, tensor) in enumerate(re.findall(pattern, text)):
    *shape, element = tensor.split("x")
    shape = [int(extent) for extent in shape]
    count = 1
    for extent in shape:
        count *= extent
    if element == "f32":
        scale = 0.0 if "." in name else 1.0
        values = [scale * random.gauss(0, 1) for _ in range(count)]
        code, kind = "f", "F32"
    else:
        values, code, kind = [0] * count, *{"i32": ("i", "I32"),
                                            "i64": ("q", "I64")}[element]
    key = name or f"input{position}"
    if f"omit={key}" in mistakes:
        continue
    if f"turn={key}" in mistakes:
        shape.reverse()
    packed = struct.pack(f"<{count}{code}", *values)
    header[key] = {"dtype": kind, "shape": shape,
                   "data_offsets": [len(data), len(data) + len(packed)]}
    data += packed
for mistake in mistakes:
    if mistake.startswith("add="):
        header[mistake[4:]] = {"dtype": "F32", "shape": [0],
                               "data_offsets": [len(data), len(data)]}
encoded = json.dumps(header).encode()
encoded += b" " * (-len(encoded) % 8)
with open(sys.argv[2], "wb") as out:
    out.write(struct.pack("<Q", len(encoded)) + encoded + data)
