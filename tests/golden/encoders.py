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


def backbone_golden(name):
    batch, px, _ = BACKBONES[name]
    model = backbone(name)
    keys = {key: list(value.shape) for key, value in model.state_dict().items()}
    case = {"batch": batch, "px": px, "keys": {key: "x".join(map(str, shape)) for key, shape in keys.items()}}
    case["parameters"] = sum(parameter.numel() for parameter in model.parameters())
    with torch.no_grad():
        case["levels"] = [summary(level) for level in pyramid(model.eval(), name, images(batch, px))]
    if any(isinstance(module, nn.BatchNorm2d) for module in model.modules()):
        case["training"] = training_golden(name, images(batch, px))
    return case


def training_golden(name, inputs):
    """With the batch's statistics: the pyramid's last level, the gradient at the images, and the first running mean.

    Dozens of batch-norms over a few values each amplify rounding: the values are those of double precision, and `rounding`
    is how far PyTorch's own single precision is from them.
    """
    exact, single = (trained(name, inputs, dtype) for dtype in (torch.float64, torch.float32))
    written = {}
    for part, value in exact.items():
        off = (single[part].double() - value).abs().max() / value.abs().max()
        written[part] = summary(value) | {"rounding": float(f"{off:.3g}")}
    return written | {"key": next(key for key in backbone(name).state_dict() if key.endswith("running_mean"))}


def trained(name, inputs, dtype):
    model = backbone(name).to(dtype).train()
    for module in model.modules():
        if isinstance(module, nn.Dropout):
            module.p = 0.0
    inputs = inputs.to(dtype).requires_grad_()
    last = pyramid(model, name, inputs)[-1]
    direction = torch.from_numpy(uniform("direction", last.numel()).astype(np.float32)).reshape(last.shape)
    (last * direction.to(dtype)).sum().backward()
    mean = next(value for key, value in model.state_dict().items() if key.endswith("running_mean"))
    return {"last": last.detach(), "gradient": inputs.grad, "running_mean": mean}


# Whole networks. Attributes are named as ours; `bias` is whether convolutions under batch-norm have one, as those of the
# reference implementations do: ours leave them out, since batch-norm cancels them.


def conv(inputs, outputs, size, stride=1, bias=False):
    padding = size // 2 if size % 2 else 0
    return nn.Conv2d(inputs, outputs, size, stride=stride, padding=padding, bias=bias)


class ConvBlock(nn.Module):
    def __init__(self, inputs, outputs, size, stride=1, bias=False):
        super().__init__()
        self.conv = conv(inputs, outputs, size, stride, bias)
        self.norm = nn.BatchNorm2d(outputs)

    def before_relu(self, x):
        return self.norm(self.conv(x))

    def forward(self, x):
        return F.relu(self.before_relu(x))


class Stack(nn.Module):
    def __init__(self, inputs, outputs, bias):
        super().__init__()
        self.blocks = nn.ModuleList([ConvBlock(inputs, outputs, 3, 1, bias), ConvBlock(outputs, outputs, 3, 1, bias)])

    def forward(self, x):
        return self.blocks[1](self.blocks[0](x))


class Gate(nn.Module):
    def __init__(self, channels, inner, bias):
        super().__init__()
        self.gating = ConvBlock(channels, inner, 1, 1, bias)
        self.skip = ConvBlock(channels, inner, 1, 1, bias)
        self.attention = ConvBlock(inner, 1, 1, 1, bias)

    def forward(self, gating, skip):
        joint = F.relu(self.gating.before_relu(gating) + self.skip.before_relu(skip))
        return skip * torch.sigmoid(self.attention.before_relu(joint))


class AttUNet(nn.Module):
    """After `AttU_Net` of LeeJunHyun/Image_Segmentation (network.py)."""

    def __init__(self, base=64, bias=False):
        super().__init__()
        widths = [base << level for level in range(5)]
        self.down = nn.ModuleList([Stack(i, o, bias) for i, o in zip([3, *widths], widths[:4])])
        self.bottom = Stack(widths[3], widths[4], bias)
        deep = [3, 2, 1, 0]
        self.lift = nn.ModuleList([ConvBlock(widths[i + 1], widths[i], 3, 1, bias) for i in deep])
        self.gates = nn.ModuleList([Gate(widths[i], widths[i] // 2, bias) for i in deep])
        self.up = nn.ModuleList([Stack(2 * widths[i], widths[i], bias) for i in deep])
        self.head = nn.Conv2d(base, 1, 1)

    def forward(self, x):
        skips = []
        for stack in self.down:
            skips.append(stack(x))
            x = F.max_pool2d(skips[-1], 2)
        x = self.bottom(x)
        for lift, gate, stack in zip(self.lift, self.gates, self.up):
            x = lift(F.interpolate(x, scale_factor=2))
            x = stack(torch.cat((gate(x, skips.pop()), x), 1))
        return self.head(x)


class PreActivation(nn.Module):
    def __init__(self, inputs, outputs, stride, bias):
        super().__init__()
        self.norm = nn.BatchNorm2d(inputs)
        self.conv = conv(inputs, outputs, 3, stride, bias)

    def forward(self, x):
        return self.conv(F.relu(self.norm(x)))


class Residual(nn.Module):
    def __init__(self, inputs, outputs, stride, bias):
        super().__init__()
        self.first = PreActivation(inputs, outputs, stride, bias)
        self.second = PreActivation(outputs, outputs, 1, bias)
        self.shortcut = ConvBlock(inputs, outputs, 3, stride, bias)

    def forward(self, x):
        return self.second(self.first(x)) + self.shortcut.before_relu(x)


class ResUNet(nn.Module):
    """After `ResUnet` of rishikksh20/ResUnet (core/res_unet.py)."""

    def __init__(self, base=64, bias=False):
        super().__init__()
        widths = [base << level for level in range(4)]
        self.first = ConvBlock(3, base, 3, 1, bias)
        self.second = conv(base, base, 3, 1, True)
        self.shortcut = conv(3, base, 3, 1, True)
        self.down = nn.ModuleList([Residual(i, o, 2, bias) for i, o in zip(widths, widths[1:])])
        self.lift = nn.ModuleList([nn.ConvTranspose2d(w, w, 2, 2) for w in widths[:0:-1]])
        self.up = nn.ModuleList([Residual(widths[i + 1] + widths[i], widths[i], 1, bias) for i in (2, 1, 0)])
        self.head = nn.Conv2d(base, 1, 1)

    def forward(self, x):
        x = self.second(self.first(x)) + self.shortcut(x)
        skips = []
        for unit in self.down:
            skips.append(x)
            x = unit(x)
        for lift, unit in zip(self.lift, self.up):
            x = unit(torch.cat((lift(x), skips.pop()), 1))
        return self.head(x)


class PReluBlock(nn.Module):
    def __init__(self, convolution, outputs):
        super().__init__()
        self.conv = convolution
        self.norm = nn.BatchNorm2d(outputs)
        self.slope = nn.PReLU()

    def forward(self, x):
        return self.slope(self.norm(self.conv(x)))


class Level(nn.Module):
    """Convolutions of 5 × 5, added to what came in."""

    def __init__(self, channels, depth, bias):
        super().__init__()
        self.blocks = nn.ModuleList([PReluBlock(conv(channels, channels, 5, 1, bias), channels) for _ in range(depth)])
        self.slope = nn.PReLU()

    def forward(self, x):
        residual = x
        for block in self.blocks:
            residual = block(residual)
        return self.slope(residual + x)


class VNet(nn.Module):
    """After `VNet` of mattmacy/vnet.pytorch (vnet.py, inplace=False), in two dimensions, on three channels, with one
    logit."""

    def __init__(self, base=16, bias=False):
        super().__init__()
        widths = [base << level for level in range(5)]
        self.first = nn.Module()
        self.first.conv = conv(3, base, 5, 1, bias)
        self.first.norm = nn.BatchNorm2d(base)
        self.slope = nn.PReLU()
        pairs = list(zip(widths, widths[1:]))
        self.shrink = nn.ModuleList([PReluBlock(conv(i, o, 2, 2, bias), o) for i, o in pairs])
        self.down = nn.ModuleList([Level(o, depth, bias) for (_, o), depth in zip(pairs, (1, 2, 3, 3))])
        inputs = [widths[4], widths[4], widths[3], widths[2]]
        halves = [widths[3], widths[2], widths[1], widths[0]]
        self.grow = nn.ModuleList(
            [PReluBlock(nn.ConvTranspose2d(i, h, 2, 2, bias=bias), h) for i, h in zip(inputs, halves)]
        )
        self.up = nn.ModuleList([Level(2 * h, depth, bias) for h, depth in zip(halves, (3, 2, 1, 1))])
        self.last = PReluBlock(conv(2 * base, 2, 5, 1, bias), 2)
        self.head = nn.Conv2d(2, 1, 1)

    def forward(self, x):
        base = self.first.conv.out_channels
        tiled = x.repeat(1, -(-base // 3), 1, 1)[:, :base]
        x = self.slope(self.first.norm(self.first.conv(x)) + tiled)
        skips = []
        for shrink, level in zip(self.shrink, self.down):
            skips.append(x)
            x = level(shrink(x))
        for grow, level in zip(self.grow, self.up):
            x = level(torch.cat((grow(x), skips.pop()), 1))
        return self.head(self.last(x))


NETWORKS = {"att-unet": (AttUNet, 64), "resunet": (ResUNet, 64), "vnet-2d": (VNet, 16)}


def network_golden(name):
    """At an eighth of the width."""
    network, base = NETWORKS[name]
    count = sum(parameter.numel() for parameter in network(bias=True).parameters())
    inputs = images(2, 32)
    with torch.no_grad():
        evaluated = fill(network(base // 8)).eval()(inputs)
        trained = fill(network(base // 8)).train()(inputs)
    return {"reference_parameters": count, "logits": summary(evaluated), "training": summary(trained)}


def lstm_golden():
    """`torch.nn.LSTM`, both directions; its two biases are one of ours."""
    lstm = fill(nn.LSTM(3, 4, batch_first=True, bidirectional=True))
    inputs = values("sequences", (1, 2 * 5 * 3)).reshape(2, 5, 3) * 10
    return {"outputs": lstm(inputs)[0].flatten().tolist()}


def main():
    golden = {
        "backbones": {name: backbone_golden(name) for name in BACKBONES},
        "networks": {name: network_golden(name) for name in NETWORKS},
        "lstm": lstm_golden(),
    }
    print(json.dumps(golden, separators=(",", ":")))


if __name__ == "__main__":
    main()
