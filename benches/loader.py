"""A plain PyTorch training with a DataLoader, as people write it: what a whole run of seglab is held against.

    python benches/loader.py RUN BUSI [--device cuda]

RUN is the folder of a run of seglab, whose plan says network, split, size and epochs; BUSI holds the images. Prints a line
of JSON: seconds of each epoch with its validation, of scoring the test cases, and of everything from the process's start.
"""

import argparse
import copy
import json
import os
import time
import tomllib
from pathlib import Path

import numpy as np
import torch
from networks import NETWORKS, objective
from PIL import Image
from torch.utils.data import DataLoader, Dataset

BEGAN = time.perf_counter()


class Cases(Dataset):
    """Images and masks from their files, resized; for training mirrored and shifted at random."""

    def __init__(self, folder, part, px, shift=None):
        self.paths = [next(folder.glob(f"*/{case}.png")) for case, _ in part]
        self.px, self.shift = px, shift

    def __len__(self):
        return len(self.paths)

    def __getitem__(self, place):
        path, size = self.paths[place], (self.px, self.px)
        image = Image.open(path).convert("RGB").resize(size, Image.Resampling.BILINEAR)
        planes = [np.asarray(image, np.float32) / 255]
        masks = [Image.open(mask).convert("L").resize(size, Image.Resampling.NEAREST) for mask in path.parent.glob(f"{path.stem}_mask*.png")]
        planes.append(np.any([np.asarray(mask) > 127 for mask in masks], axis=0).astype(np.float32)[..., None])
        pixels = np.concatenate(planes, axis=2)
        if self.shift is not None:
            pixels = pixels[:, ::-1] if np.random.rand() < 0.5 else pixels
            far = round(self.shift * self.px)
            y, x = np.random.randint(-far, far + 1, 2)
            pixels = np.pad(pixels, ((far, far), (far, far), (0, 0)), mode="edge")[far + y : far + y + self.px, far + x : far + x + self.px]
        pixels = torch.from_numpy(np.ascontiguousarray(pixels.transpose(2, 0, 1)))
        return pixels[:3], pixels[3:]


def dice(model, loader, device):
    """Mean DSC over the cases, and the mean loss."""
    model.eval()
    found, losses = [], []
    with torch.inference_mode():
        for images, target in loader:
            images, target = images.to(device, non_blocking=True), target.to(device, non_blocking=True)
            output = model(images)
            losses.append(objective(output, target))
            mask = (output if isinstance(output, torch.Tensor) else output[0]) > 0
            found.append(2 * (mask * target).sum((1, 2, 3)) / (mask.sum((1, 2, 3)) + target.sum((1, 2, 3))))
    return torch.cat(found).nanmean().item(), torch.stack(losses).mean().item()


def epoch(model, loader, optimizer, device):
    """One pass over the training cases; the sum of losses is read at its end."""
    model.train()
    total = torch.zeros((), device=device)
    for images, target in loader:
        images, target = images.to(device, non_blocking=True), target.to(device, non_blocking=True)
        loss = objective(model(images), target)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        total += loss.detach()
    return total.item() / len(loader)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path)
    parser.add_argument("busi", type=Path)
    parser.add_argument("--device", default="cuda")
    options = parser.parse_args()
    plan = tomllib.loads((options.run / "plan.toml").read_text())
    torch.manual_seed(plan["seed"])
    torch.backends.cudnn.benchmark = True
    train, device = plan["train"], torch.device(options.device)
    workers = min(8, os.cpu_count() or 1)
    parts = {
        name: DataLoader(
            Cases(options.busi, plan["split"][name], plan["input_px"], train["augment"]["shift"] if name == "train" else None),
            train["batch"],
            shuffle=name == "train",
            num_workers=workers,
            persistent_workers=True,
            pin_memory=device.type == "cuda",
        )
        for name in ("train", "valid", "test")
    }
    model = NETWORKS[plan["model"]["name"]](plan["model"].get("width", 1.0)).to(device)
    optimizer = torch.optim.Adam(model.parameters(), lr=train["lr"])
    times, best, weights = [], -1.0, None
    for _ in range(train["epochs"]):
        began = time.perf_counter()
        loss = epoch(model, parts["train"], optimizer, device)
        valid, _ = dice(model, parts["valid"], device)
        if valid > best:
            best, weights = valid, copy.deepcopy(model.state_dict())
            torch.save({"model": weights, "optimizer": optimizer.state_dict()}, options.run / "plain.pt")
        times.append(time.perf_counter() - began)
    began = time.perf_counter()
    model.load_state_dict(weights)
    test, _ = dice(model, parts["test"], device)
    said = {"epochs_s": times, "test_s": time.perf_counter() - began, "all_s": time.perf_counter() - BEGAN}
    print(json.dumps(said | {"train_loss": loss, "valid": best, "test": test}))


if __name__ == "__main__":
    main()
