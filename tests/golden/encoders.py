"""Golden values of the encoders and of some whole networks.

torchvision's own models (VGG16 and 19 with and without batch-norm, ResNet-50, DenseNet-121, Inception-v3, AlexNet) at
full width, and three segmentation networks defined below after their reference implementations. Nobody stores weights:
both sides fill every parameter by the same formula from its name (`fill`). What is written of a feature map or gradient
is its shape, mean, standard deviation and 48 values at even distances.

    pip install torch==2.9.0 torchvision==0.24.0
    python tests/golden/encoders.py > tests/golden/encoders.json
"""

import json
import math

import numpy as np
import torch
import torchvision
from torch import nn
from torch.nn import functional as F

SAMPLES = 48


def hash_name(name):
    """FNV-1a, 64 bits."""
    state = 0xCBF29CE484222325
    for byte in name.encode():
        state = ((state ^ byte) * 0x100000001B3) % 2**64
    return state


def uniform(name, count):
    """SplitMix64 of (hash of the name + index), its upper 53 bits as a number in [-1, 1)."""
    with np.errstate(over="ignore"):
        z = np.uint64(hash_name(name)) + np.arange(count, dtype=np.uint64)
        z *= np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z ^= z >> np.uint64(31)
    return (z >> np.uint64(11)).astype(np.float64) * 2.0**-52 - 1.0


def values(name, shape):
    """Of a parameter: weights scaled by their fan-in; gammas and running variances around 1, all else around 0."""
    u = uniform(name, math.prod(shape))
    if len(shape) > 1:
        u = u * math.sqrt(6.0 / math.prod(shape[1:]))
    elif name.endswith(("running_var", "weight")):
        u = 1.0 + 0.5 * u
    else:
        u = 0.1 * u
    return torch.from_numpy(u.reshape(shape).astype(np.float32))


def fill(model):
    state = {
        name: value if name.endswith("num_batches_tracked") else values(name, tuple(value.shape))
        for name, value in model.state_dict().items()
    }
    model.load_state_dict(state)
    return model


def images(batch, px):
    return values(f"images {batch} {px}", (1, batch * 3 * px * px)).reshape(batch, 3, px, px) * 100


def summary(tensor):
    flat = tensor.detach().double().flatten()
    step = max(1, len(flat) // SAMPLES)
    return {
        "shape": list(tensor.shape),
        "mean": float(flat.mean()),
        "sd": float(flat.std(unbiased=False)),
        "samples": [float(f"{value:.8g}") for value in flat[::step][:SAMPLES]],
    }


def collect(model, points):
    """Outputs of the submodules `points`, in their order, filled by a pass."""
    found = {}
    for point in points:
        # a later ReLU in place must not change what was seen
        model.get_submodule(point).register_forward_hook(
            lambda _module, _inputs, output, point=point: found.update({point: output})
        )
    return found


# name: batch, px, submodules whose outputs are the pyramid; ReLUs are not in place
BACKBONES = {
    "vgg16": (1, 64, [f"features.{i}" for i in (3, 8, 15, 22, 29, 30)]),
    "vgg16_bn": (2, 64, [f"features.{i}" for i in (5, 12, 22, 32, 42, 43)]),
    "vgg19": (1, 64, [f"features.{i}" for i in (3, 8, 17, 26, 35, 36)]),
    "vgg19_bn": (2, 64, [f"features.{i}" for i in (5, 12, 25, 38, 51, 52)]),
    "resnet50": (2, 96, ["relu", "layer1", "layer2", "layer3", "layer4"]),
    "densenet121": (2, 96, ["features.relu0", *[f"features.denseblock{i}" for i in (1, 2, 3)], "features"]),
    "inception_v3": (2, 107, ["Conv2d_2b_3x3", "Conv2d_4a_3x3", "Mixed_5d", "Mixed_6e", "Mixed_7c"]),
    "alexnet": (1, 95, [f"features.{i}" for i in (1, 4, 11, 12)]),
}


def backbone(name):
    options = {"weights": None}
    if name == "inception_v3":
        options |= {"init_weights": False, "transform_input": False}
    model = fill(torchvision.models.get_model(name, **options))
    for module in model.modules():
        if isinstance(module, nn.ReLU):
            module.inplace = False
    return model


def pyramid(model, name, inputs):
    """As our encoders define it."""
    points = BACKBONES[name][2]
    found = collect(model, points)
    if name == "inception_v3":
        # its forward in training calls the auxiliary classifier, which needs larger images
        model.AuxLogits = None
    model(inputs)
    levels = [found[point] for point in points]
    if name == "densenet121":
        levels[-1] = F.relu(levels[-1])
    return levels


def signs(name, level):
    """A fixed direction: the loss is the sum of features along it."""
    return uniform(name, level.numel()), level


def backbone_golden(name):
    batch, px, _ = BACKBONES[name]
    model = backbone(name)
    keys = {key: list(value.shape) for key, value in model.state_dict().items()}
    case = {"batch": batch, "px": px, "keys": {key: "x".join(map(str, shape)) for key, shape in keys.items()}}
    case["parameters"] = sum(parameter.numel() for parameter in model.parameters())
    with torch.no_grad():
        case["levels"] = [summary(level) for level in pyramid(model.eval(), name, images(batch, px))]
    if any(isinstance(module, nn.BatchNorm2d) for module in model.modules()):
        case["training"] = training_golden(backbone(name), name, images(batch, px))
    return case


def training_golden(model, name, inputs):
    """With the batch's statistics: the pyramid's last level, the gradient at the images, and the running means after."""
    model.train()
    for module in model.modules():
        if isinstance(module, nn.Dropout):
            module.p = 0.0
    inputs = inputs.clone().requires_grad_()
    last = pyramid(model, name, inputs)[-1]
    direction = torch.from_numpy(uniform("direction", last.numel()).astype(np.float32)).reshape(last.shape)
    (last * direction).sum().backward()
    moved = {key: value for key, value in model.state_dict().items() if key.endswith("running_mean")}
    first = next(iter(moved))
    return {
        "last": summary(last),
        "gradient": summary(inputs.grad),
        "running_mean": {"key": first, **summary(moved[first])},
    }


def main():
    golden = {"backbones": {name: backbone_golden(name) for name in BACKBONES}}
    print(json.dumps(golden, separators=(",", ":")))


if __name__ == "__main__":
    main()
