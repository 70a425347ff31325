#!/usr/bin/env python3
"""Makes the gradients that Gradients tests compare with, by PyTorch.

Of each network's parameters, for the mean cross-entropy of the first four test
images with the class after theirs as label, so that there is something to learn
for trained networks: the graph in the ONNX file is evaluated node by node with torch's own
operators, in float64, one image at a time, and differentiated by autograd. A
file holds the loss and, by parameter, the norm of the gradient and up to 64 of
its elements: element i * count / samples, rounded down, for each i.

Needs Debian's python3-torch, python3-onnx and python3-numpy (made with 1.13.1,
1.12.0 and 1.24.2):

    /usr/bin/python3 test/data/gradients/make.py
"""

import json
import os

import numpy
import onnx
import torch
import torch.nn.functional as functional
from onnx import numpy_helper

DATA = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
IMAGES = 4
SAMPLES = 64
# Mean and standard deviation of the pixels; the transformer takes patches.
NETWORKS = {
    "lenet5-fashion": (0.1307, 0.3081, False),
    "resnet8-fashion": (0.286, 0.353, False),
    "vit-fashion": (0.286, 0.353, True),
}


def pool(x, attributes):
    assert not any(attributes["pads"])
    return functional.max_pool2d(
        x, attributes["kernel_shape"], attributes["strides"]
    )


def convolve(inputs, attributes):
    top, left, bottom, right = attributes["pads"]
    padded = functional.pad(inputs[0], (left, right, top, bottom))
    return functional.conv2d(
        padded,
        *inputs[1:],
        stride=attributes["strides"],
        dilation=attributes["dilations"],
        groups=attributes["group"],
    )


OPERATORS = {
    "Add": lambda x, a: x[0] + x[1],
    "Constant": lambda x, a: a["value"],
    "Conv": convolve,
    "Div": lambda x, a: x[0] / x[1],
    "Erf": lambda x, a: torch.erf(x[0]),
    "Flatten": lambda x, a: torch.flatten(x[0], a["axis"]),
    "Gemm": lambda x, a: functional.linear(*x),
    "GlobalAveragePool": lambda x, a: x[0].mean((2, 3), keepdim=True),
    "MatMul": lambda x, a: x[0] @ x[1],
    "MaxPool": lambda x, a: pool(x[0], a),
    "Mul": lambda x, a: x[0] * x[1],
    "Pow": lambda x, a: x[0] ** x[1],
    "ReduceMean": lambda x, a: x[0].mean(a["axes"], keepdim=bool(a.get("keepdims", 1))),
    "Relu": lambda x, a: torch.relu(x[0]),
    "Reshape": lambda x, a: x[0].reshape(x[1].tolist()),
    "Softmax": lambda x, a: torch.softmax(x[0], a["axis"]),
    "Split": lambda x, a: torch.split(x[0], x[1].tolist(), a["axis"]),
    "Sqrt": lambda x, a: torch.sqrt(x[0]),
    "Squeeze": lambda x, a: x[0].squeeze(*x[1].tolist()),
    "Sub": lambda x, a: x[0] - x[1],
    "Transpose": lambda x, a: x[0].permute(a["perm"]),
}


def to_tensor(proto):
    tensor = torch.from_numpy(numpy_helper.to_array(proto).copy())
    return tensor.double() if tensor.is_floating_point() else tensor


def get_attributes(node):
    values = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
    if "value" in values:
        values["value"] = to_tensor(values["value"])
    return values


def evaluate(graph, parameters, x):
    values = {**parameters, graph.input[0].name: x}
    for node in graph.node:
        inputs = [values[name] for name in node.input]
        result = OPERATORS[node.op_type](inputs, get_attributes(node))
        results = result if isinstance(result, tuple) else (result,)
        values.update(zip(node.output, results))
    return values[graph.output[0].name]


def get_input(image, mean, deviation, patches):
    x = torch.from_numpy((image.astype(numpy.float64) / 255 - mean) / deviation)
    if not patches:
        return x.reshape(1, 1, 28, 28)
    return x.reshape(7, 4, 7, 4).permute(0, 2, 1, 3).reshape(1, 49, 16)


def describe(name, gradient):
    elements = gradient.flatten()
    count = len(elements)
    samples = min(count, SAMPLES)
    return {
        "name": name,
        "norm": elements.norm().item(),
        "samples": [elements[i * count // samples].item() for i in range(samples)],
    }


def differentiate(network):
    *normalization, patches = NETWORKS[network]
    graph = onnx.load(os.path.join(DATA, "models", network + ".onnx")).graph
    parameters = {p.name: to_tensor(p) for p in graph.initializer}
    trained = {n: p for n, p in parameters.items() if p.is_floating_point()}
    for parameter in trained.values():
        parameter.requires_grad_()
    images = numpy.load(os.path.join(DATA, "images.npy"))[:IMAGES]
    labels = numpy.load(os.path.join(DATA, "labels.npy"))[:IMAGES]
    inputs = [get_input(image, *normalization, patches) for image in images]
    logits = torch.cat([evaluate(graph, parameters, x) for x in inputs])
    targets = (torch.from_numpy(labels).long() + 1) % 10
    loss = functional.cross_entropy(logits, targets)
    loss.backward()
    return {
        "images": IMAGES,
        "loss": loss.item(),
        "parameters": [describe(n, p.grad) for n, p in trained.items()],
    }


def main():
    for network in NETWORKS:
        path = os.path.join(DATA, "gradients", network + ".json")
        with open(path, "w") as file:
            json.dump(differentiate(network), file, indent=0)
            file.write("\n")


if __name__ == "__main__":
    main()
