"""seglab's networks in PyTorch, written anew; only the names of the parameters are shared.

What `parity.py` and `step.py` compare with.
"""

import torch
from safetensors.torch import load_file
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits, interpolate, max_pool2d, relu


class ConvBlock(nn.Module):
    def __init__(self, i, o, norm):
        super().__init__()
        self.conv = nn.Conv2d(i, o, 3, padding=1, bias=not norm)
        if norm:
            self.norm = nn.BatchNorm2d(o)

    def forward(self, x):
        x = self.conv(x)
        return relu(self.norm(x) if hasattr(self, "norm") else x)


class Stack(nn.Module):
    def __init__(self, i, o, depth, norm):
        super().__init__()
        self.blocks = nn.ModuleList(ConvBlock(i if d == 0 else o, o, norm) for d in range(depth))

    def forward(self, x):
        for block in self.blocks:
            x = block(x)
        return x


class UNet(nn.Module):
    def __init__(self, width):
        super().__init__()
        c = [round(64 * 2**i * width) for i in range(5)]
        self.down = nn.ModuleList(Stack(i, o, 2, True) for i, o in zip([3] + c[:3], c[:4]))
        self.bottom = Stack(c[3], c[4], 2, True)
        self.lift = nn.ModuleList(nn.ConvTranspose2d(c[i + 1], c[i], 2, 2) for i in (3, 2, 1, 0))
        self.up = nn.ModuleList(Stack(2 * c[i], c[i], 2, True) for i in (3, 2, 1, 0))
        self.head = nn.Conv2d(c[0], 1, 1)

    def forward(self, x):
        skips = []
        for stack in self.down:
            skips.append(stack(x))
            x = max_pool2d(skips[-1], 2)
        x = self.bottom(x)
        for lift, stack in zip(self.lift, self.up):
            x = stack(torch.cat([skips.pop(), lift(x)], 1))
        return self.head(x)


class Encoder(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.stages = nn.ModuleList(
            Stack(i, o, d, False) for i, o, d in zip([3] + channels[:3], channels, (2, 2, 3, 3))
        )

    def forward(self, x):
        levels = []
        for stage in self.stages:
            levels.append(stage(max_pool2d(levels[-1], 2) if levels else x))
        return levels


class FgfeuNet(nn.Module):
    def __init__(self, width):
        super().__init__()
        e = [round(c * width) for c in (64, 128, 256, 512)]
        d = [round(c * width) for c in (512, 256, 128, 64)]
        self.encoder = Encoder(e)
        self.bottleneck = Stack(e[3], e[3], 2, False)
        below = [e[3]] + d[:3]
        self.decoder = nn.ModuleList(
            Stack(below[i] + e[3 - i], d[i], depth, False) for i, depth in enumerate((3, 3, 2, 2))
        )
        self.last = nn.Conv2d(d[3], 3, 3, padding=1)
        self.head = nn.Conv2d(3, 1, 1)

    def forward(self, x):
        skips = self.encoder(x)
        x = self.bottleneck(max_pool2d(skips[-1], 2))
        for stage in self.decoder:
            x = stage(torch.cat([skips.pop(), interpolate(x, scale_factor=2, mode="nearest")], 1))
        return self.head(self.last(x))


class NormedEncoder(nn.Module):
    def __init__(self, channels, depths):
        super().__init__()
        self.stages = nn.ModuleList(Stack(i, o, d, True) for i, o, d in zip([3] + channels[:-1], channels, depths))

    def forward(self, x):
        levels = []
        for stage in self.stages:
            levels.append(stage(max_pool2d(levels[-1], 2) if levels else x))
        return levels


class EdgeAttention(nn.Module):
    def __init__(self, i, o):
        super().__init__()
        self.join = Stack(i, o, 2, True)
        self.edge = nn.Conv2d(o, 1, 1)

    def forward(self, x):
        x = self.join(x)
        edge = self.edge(x)
        return x * (torch.sigmoid(edge) + 1), edge


class BoundaryAttention(nn.Module):
    def __init__(self, width):
        super().__init__()
        c = [round(c * width) for c in (64, 128, 256, 512, 512)]
        channels = {layer: (c[layer - 1] + c[layer], c[layer - 1]) for layer in (4, 3, 2, 1)}
        self.encoder = NormedEncoder(c, (2, 2, 3, 3, 3))
        self.plain = nn.ModuleList(Stack(*channels[layer], 2, True) for layer in (4, 3, 1))
        self.attention = EdgeAttention(*channels[2])
        self.side = nn.ModuleList(nn.Conv2d(c[layer - 1], 1, 1) for layer in (5, 4, 3))
        self.head = nn.Conv2d(c[0], 1, 1)

    def forward(self, x):
        *levels, x = self.encoder(x)
        side, edge, plain = [self.side[0](x)], None, iter(self.plain)
        for layer in (4, 3, 2, 1):
            x = torch.cat([levels.pop(), interpolate(x, scale_factor=2, mode="nearest")], 1)
            if layer == 2:
                x, edge = self.attention(x)
            else:
                x = next(plain)(x)
            if layer >= 3:
                side.append(self.side[5 - layer](x))
        return self.head(x), side, edge


class PlainBlock(nn.Module):
    def __init__(self, i, o, kernel):
        super().__init__()
        self.conv = nn.Conv2d(i, o, kernel, padding=kernel // 2, bias=False)
        self.norm = nn.BatchNorm2d(o)

    def forward(self, x):
        return self.norm(self.conv(x))


class Gate(nn.Module):
    def __init__(self, channels, inner):
        super().__init__()
        self.gating = PlainBlock(channels, inner, 1)
        self.skip = PlainBlock(channels, inner, 1)
        self.attention = PlainBlock(inner, 1, 1)

    def forward(self, gating, skip):
        joint = relu(self.gating(gating) + self.skip(skip))
        return skip * torch.sigmoid(self.attention(joint))


class AttUNet(nn.Module):
    def __init__(self, width):
        super().__init__()
        c = [round(64 * 2**i * width) for i in range(5)]
        self.down = nn.ModuleList(Stack(i, o, 2, True) for i, o in zip([3] + c[:3], c[:4]))
        self.bottom = Stack(c[3], c[4], 2, True)
        self.lift = nn.ModuleList(PlainBlock(c[i + 1], c[i], 3) for i in (3, 2, 1, 0))
        self.gates = nn.ModuleList(Gate(c[i], round(64 * 2**i * width / 2)) for i in (3, 2, 1, 0))
        self.up = nn.ModuleList(Stack(2 * c[i], c[i], 2, True) for i in (3, 2, 1, 0))
        self.head = nn.Conv2d(c[0], 1, 1)

    def forward(self, x):
        skips = []
        for stack in self.down:
            skips.append(stack(x))
            x = max_pool2d(skips[-1], 2)
        x = self.bottom(x)
        for lift, gate, stack in zip(self.lift, self.gates, self.up):
            x = relu(lift(interpolate(x, scale_factor=2, mode="nearest")))
            x = stack(torch.cat([gate(x, skips.pop()), x], 1))
        return self.head(x)


NETWORKS = {"unet": UNet, "fgfeu-net": FgfeuNet, "boundary-attention": BoundaryAttention, "att-unet": AttUNet}


def network(name, width, weights, dtype=torch.float32):
    """The network `name` with the weights that seglab has saved."""
    model = NETWORKS[name](width).to(dtype)
    # The first part of a name is the kind of network.
    weights = {name.split(".", 1)[1]: w.to(dtype) for name, w in load_file(weights).items()}
    missing, unexpected = model.load_state_dict(weights, strict=False)
    wrong = [m for m in missing if not m.endswith("num_batches_tracked")] + list(unexpected)
    assert not wrong, wrong
    return model


def combo(logits, target):
    """Soft Dice of each image plus binary cross-entropy."""
    p, y = torch.sigmoid(logits).flatten(1), target.flatten(1)
    dice = 1 - (2 * (p * y).sum(1) + 1) / (p.sum(1) + y.sum(1) + 1)
    return dice.mean() + binary_cross_entropy_with_logits(logits, target)


def objective(output, target):
    """On the mask, on each side output and on the edge map, both resized, as seglab's `Objective`."""
    if isinstance(output, torch.Tensor):
        return combo(output.float(), target)
    logits, side, edge = output
    total = combo(logits.float(), target)
    for one in side:
        total = total + combo(resized(one.float(), target), target)
    return total + binary_cross_entropy_with_logits(resized(edge.float(), target), edge_of(target))


def resized(logits, target):
    return interpolate(logits, size=target.shape[2:], mode="bilinear", align_corners=False)


def edge_of(target):
    """The mask without its 3×3 erosion; outside the image counts as background."""
    inner = 1 - max_pool2d(nn.functional.pad(1 - target, (1, 1, 1, 1), value=1.0), 3, stride=1)
    return target - inner
