"""Trains seglab's networks in PyTorch from the same weights and batches, and compares the loss of every step.

The networks are written here anew; only the names of the parameters are shared.

    pip install torch==2.9.0 safetensors numpy
    cargo bench --bench parity -- target/parity
    python benches/parity.py target/parity
"""

import json
import sys
import time
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits, interpolate, max_pool2d, relu

TOLERANCE = 1e-3
RECIPE_LR = 1e-3


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


def combo(logits, target):
    p, y = torch.sigmoid(logits).flatten(1), target.flatten(1)
    dice = 1 - (2 * (p * y).sum(1) + 1) / (p.sum(1) + y.sum(1) + 1)
    return dice.mean() + binary_cross_entropy_with_logits(logits, target)


def losses_of(folder, trace, dtype):
    """The losses of the same steps in PyTorch, and the seconds they took."""
    torch.set_default_dtype(dtype)
    model = {"unet": UNet, "fgfeu-net": FgfeuNet}[trace["model"]["name"]](trace["model"]["width"])
    # The first part of a name is the kind of network.
    weights = {name.split(".", 1)[1]: w.to(dtype) for name, w in load_file(folder / "weights.safetensors").items()}
    missing, unexpected = model.load_state_dict(weights, strict=False)
    wrong = [m for m in missing if not m.endswith("num_batches_tracked")] + list(unexpected)
    assert not wrong, wrong
    assert sum(p.numel() for p in model.parameters()) == trace["params"]
    px, n = trace["input_px"], sum(trace["batches"])
    images = torch.from_numpy(np.fromfile(folder / "images.f32", np.float32).reshape(n, 3, px, px)).to(dtype)
    target = torch.from_numpy(np.fromfile(folder / "target.f32", np.float32).reshape(n, 1, px, px)).to(dtype)
    optimizer = torch.optim.Adam(model.parameters(), lr=trace["lr"])
    losses, begin, start = [], time.perf_counter(), 0
    for size in trace["batches"]:
        loss = combo(model(images[start : start + size]), target[start : start + size])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        start += size
    return losses, time.perf_counter() - begin


def apart(ours, theirs):
    """The largest relative difference of a step."""
    return max(abs(a - b) / abs(b) for a, b in zip(ours, theirs))


def compare(folder):
    """Prints one run's comparison; whether it holds, or None where none is claimed."""
    trace = json.loads((folder / "trace.json").read_text())
    double = "-f64-" in folder.name
    losses, elapsed_s = losses_of(folder, trace, torch.float64 if double else torch.float32)
    worst = apart(trace["losses"], losses)
    steps = len(losses)
    print(
        f"{folder.name}: {steps} steps, loss {losses[0]:.6f} → {losses[-1]:.6f}, largest relative difference {worst:.1e}; "
        f"{1000 * trace['elapsed_s'] / steps:.0f} ms a step, PyTorch {1000 * elapsed_s / steps:.0f} ms"
    )
    claimed = double or trace["lr"] < RECIPE_LR
    if not claimed:
        exact, _ = losses_of(folder, trace, torch.float64)
        ours, theirs = apart(trace["losses"], exact), apart(losses, exact)
        print(f"    from PyTorch in double precision: ours {ours:.1e}, PyTorch's single precision {theirs:.1e}")
    return worst <= TOLERANCE if claimed else None


def main():
    held = [compare(folder) for folder in sorted(Path(sys.argv[1]).iterdir())]
    sys.exit(f"more than {TOLERANCE} apart" if False in held else 0)


main()
