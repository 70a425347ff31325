#!/usr/bin/env python3
"""Makes the gradients that Gradients tests compare with, by PyTorch.

Of each network's parameters, for the mean cross-entropy of the first four test
images with the class after theirs as label, so that there is something to learn
for trained networks: the graph in the ONNX file is evaluated node by node with torch's own
operators, in float64, one image at a time, and differentiated by autograd. A
file holds the loss and, by parameter, the norm of the gradient and up to 64 of
its elements: element i * count / samples, rounded down, for each i.

Files `*-batch-norm.json` are of steps of SGD with batch normalization in training
mode, torch.nn.functional.batch_norm: behind every convolution of the networks
that come without, with the convolution's bias as its offset, or where the network
has it. A step takes eight images with their own labels, ResNet-20 numbers that
are no image. They hold the losses, the first step's gradients, and parameters and
running statistics after the last one.

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


def take_slice(x, starts, ends, axes, steps):
    indices = [slice(None)] * x.dim()
    parts = zip(starts.tolist(), ends.tolist(), steps.tolist())
    for axis, part in zip(axes.tolist(), parts):
        indices[axis] = slice(*part)
    return x[tuple(indices)]


def pad_zeros(x, pads):
    """torch has the last dimension's pads first."""
    low, high = pads.reshape(2, -1).tolist()
    pairs = list(zip(low, high))
    return functional.pad(x, [n for pair in reversed(pairs) for n in pair])


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
    "Pad": lambda x, a: pad_zeros(*x[:2]),
    "Pow": lambda x, a: x[0] ** x[1],
    "ReduceMean": lambda x, a: x[0].mean(a["axes"], keepdim=bool(a.get("keepdims", 1))),
    "Relu": lambda x, a: torch.relu(x[0]),
    "Reshape": lambda x, a: x[0].reshape(x[1].tolist()),
    "Slice": lambda x, a: take_slice(*x),
    "Softmax": lambda x, a: torch.softmax(x[0], a["axis"]),
    "Split": lambda x, a: torch.split(x[0], x[1].tolist(), a["axis"]),
    "Sqrt": lambda x, a: torch.sqrt(x[0]),
    "Squeeze": lambda x, a: x[0].squeeze(*x[1].tolist()),
    "Sub": lambda x, a: x[0] - x[1],
    "Transpose": lambda x, a: x[0].permute(a["perm"]),
}


TRAINED_IMAGES = 8
STEPS = 3
MOMENTUM = 0.9
EPSILON = 1e-5
# torch's: share of the batch in the next running statistics.
BATCH_MOMENTUM = 0.1


class Training:
    """A network with batch normalization in training mode."""

    def __init__(self, graph):
        self.graph = graph
        self.parameters = {p.name: to_tensor(p) for p in graph.initializer}
        self.statistics = {}
        for node in graph.node:
            self.add_normalization(node)
        self.trained = {
            n: p
            for n, p in self.parameters.items()
            if p.is_floating_point() and n not in self.statistics
        }
        for parameter in self.trained.values():
            parameter.requires_grad_()

    def add_normalization(self, node):
        if node.op_type == "BatchNormalization":
            for name in node.input[3:]:
                self.statistics[name] = self.parameters[name]
        elif node.op_type == "Conv" and not self.has_normalization():
            weight, bias = node.input[1:]
            channels = len(self.parameters[bias])
            create = lambda value: torch.full((channels,), value).double()
            self.parameters[weight + ".batch_norm.scale"] = create(1.0)
            for name, value in (("mean", 0.0), ("variance", 1.0)):
                self.statistics[weight + ".batch_norm." + name] = create(value)

    def has_normalization(self):
        return any(n.op_type == "BatchNormalization" for n in self.graph.node)

    def normalize(self, x, names, epsilon, momentum):
        scale, offset = (self.parameters[name] for name in names[:2])
        mean, variance = (self.statistics[name] for name in names[2:])
        return functional.batch_norm(
            x, mean, variance, scale, offset, True, momentum, epsilon
        )

    def apply(self, node, inputs):
        attributes = get_attributes(node)
        if node.op_type == "BatchNormalization":
            return self.normalize(
                inputs[0],
                node.input[1:],
                attributes["epsilon"],
                1 - attributes["momentum"],
            )
        if node.op_type != "Conv" or self.has_normalization():
            return OPERATORS[node.op_type](inputs, attributes)
        weight, bias = node.input[1:]
        names = [weight + ".batch_norm.scale", bias]
        names += [weight + ".batch_norm.mean", weight + ".batch_norm.variance"]
        return self.normalize(
            convolve(inputs[:2], attributes), names, EPSILON, BATCH_MOMENTUM
        )

    def evaluate(self, x):
        values = {**self.parameters, self.graph.input[0].name: x}
        for node in self.graph.node:
            result = self.apply(node, [values[name] for name in node.input])
            values[node.output[0]] = result
        return values[self.graph.output[0].name]


def describe_all(tensors, samples):
    return [describe(n, t.detach(), samples) for n, t in tensors.items()]


def train(network, get_batch, rate, samples):
    graph = onnx.load(os.path.join(DATA, "models", network + ".onnx")).graph
    training = Training(graph)
    optimizer = torch.optim.SGD(training.trained.values(), rate, MOMENTUM)
    losses, gradients = [], None
    for step in range(STEPS):
        inputs, labels = get_batch(step)
        optimizer.zero_grad()
        loss = functional.cross_entropy(training.evaluate(inputs), labels)
        loss.backward()
        losses.append(loss.item())
        if gradients is None:
            gradients = describe_all(
                {n: p.grad for n, p in training.trained.items()}, samples
            )
        optimizer.step()
    return {
        "images": TRAINED_IMAGES,
        "rate": rate,
        "losses": losses,
        "gradients": gradients,
        "parameters": describe_all(training.trained, samples),
        "statistics": describe_all(training.statistics, samples),
    }


def get_fashion_batch(step, mean, deviation):
    window = slice(step * TRAINED_IMAGES, (step + 1) * TRAINED_IMAGES)
    images = numpy.load(os.path.join(DATA, "images.npy"))[window]
    labels = numpy.load(os.path.join(DATA, "labels.npy"))[window]
    inputs = [get_input(image, mean, deviation, False) for image in images]
    return torch.cat(inputs), torch.from_numpy(labels).long()


# Some numbers in [-2, 2]; labels count up from the step.
def get_number_batch(step):
    numbers = torch.arange(TRAINED_IMAGES * 3 * 32 * 32)
    inputs = (numbers * (numbers + step) * 7919 % 65537).double() / 16384 - 2
    labels = (torch.arange(TRAINED_IMAGES) + step) % 10
    return inputs.reshape(TRAINED_IMAGES, 3, 32, 32), labels


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


def describe(name, gradient, most=SAMPLES):
    elements = gradient.flatten()
    count = len(elements)
    samples = min(count, most)
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


def write(name, content):
    path = os.path.join(DATA, "gradients", name + ".json")
    with open(path, "w") as file:
        json.dump(content, file, indent=0)
        file.write("\n")


def main():
    for network in NETWORKS:
        write(network, differentiate(network))
    for network in ("lenet5-fashion", "resnet8-fashion"):
        normalization = NETWORKS[network][:2]
        get_batch = lambda step: get_fashion_batch(step, *normalization)
        write(network + "-batch-norm", train(network, get_batch, 0.01, 16))
    network = "resnet20-cifar10"
    # Its loss is steep on what is no image.
    write(network + "-batch-norm", train(network, get_number_batch, 0.0005, 8))


if __name__ == "__main__":
    main()
