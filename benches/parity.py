"""Trains seglab's networks in PyTorch from the same weights and batches, and compares the loss of every step.

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

from networks import combo, network

TOLERANCE = 1e-3
RECIPE_LR = 1e-3


def losses_of(folder, trace, dtype):
    """The losses of the same steps in PyTorch, and the seconds they took."""
    torch.set_default_dtype(dtype)
    model = network(trace["model"]["name"], trace["model"]["width"], folder / "weights.safetensors", dtype)
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
