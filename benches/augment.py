"""The work of `benches/augment.rs` in albumentations and torchvision: the same BUSI files, operations and strengths.

    pip install torch==2.9.0 torchvision==0.24.0 albumentations==2.0.8 opencv-python-headless
    SEGLAB_DATA=DIR cargo bench --bench augment -- target/augment
    SEGLAB_DATA=DIR python benches/augment.py target/augment

Both decode with their own reader (OpenCV; Pillow), resize to 256×256 and do every operation to every image. torchvision
has no CLAHE: it does histogram equalisation instead, which is less work. Rounds of the two alternate.
"""

import json
import os
import re
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import albumentations as A
import cv2
import numpy as np
import torch
from PIL import Image
from torchvision import tv_tensors
from torchvision.transforms import v2

ROUNDS = 5
ALWAYS = {"p": 1.0}


def with_albumentations(side):
    sigma = 0.05 * side
    # alpha of a field of the same standard deviation: the smoothing divides that of white noise by 2σ√π
    alpha = 0.01 * side * 2 * sigma * np.sqrt(np.pi) * np.sqrt(3)
    augment = A.Compose(
        [
            A.HorizontalFlip(p=0.5),
            A.VerticalFlip(p=0.5),
            A.Rotate(limit=15, border_mode=cv2.BORDER_REPLICATE, **ALWAYS),
            A.ElasticTransform(
                alpha=alpha, sigma=sigma, noise_distribution="uniform", border_mode=cv2.BORDER_REPLICATE, **ALWAYS
            ),
            A.GaussianBlur(blur_limit=0, sigma_limit=(0.5, 1.5), **ALWAYS),
            A.CLAHE(clip_limit=(1, 4), tile_grid_size=(8, 8), **ALWAYS),
            A.Sharpen(alpha=(0.2, 0.5), **ALWAYS),
            A.RandomBrightnessContrast(brightness_limit=0.2, contrast_limit=0.2, **ALWAYS),
            A.HueSaturationValue(hue_shift_limit=5, sat_shift_limit=20, val_shift_limit=0, **ALWAYS),
        ]
    )

    def read(image, masks):
        pixels = cv2.cvtColor(cv2.imread(str(image)), cv2.COLOR_BGR2RGB)
        mask = np.max([cv2.imread(str(path), cv2.IMREAD_GRAYSCALE) for path in masks], axis=0)
        size = (side, side)
        return cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), cv2.resize(mask, size, interpolation=cv2.INTER_NEAREST)

    def change(image, mask):
        changed = augment(image=image, mask=mask)
        return changed["image"], changed["mask"]

    return read, change


def with_torchvision(side):
    augment = v2.Compose(
        [
            v2.RandomHorizontalFlip(),
            v2.RandomVerticalFlip(),
            v2.RandomRotation(15, interpolation=v2.InterpolationMode.BILINEAR),
            v2.ElasticTransform(alpha=50.0, sigma=0.05 * side),
            v2.GaussianBlur(kernel_size=9, sigma=(0.5, 1.5)),
            v2.RandomEqualize(p=1.0),
            v2.RandomAdjustSharpness(1.5, p=1.0),
            v2.ColorJitter(brightness=0.2, contrast=0.2, saturation=0.2, hue=0.03),
        ]
    )
    to_tensor = v2.Compose([v2.ToImage(), v2.Resize((side, side), antialias=True)])

    def read(image, masks):
        pixels = to_tensor(Image.open(image).convert("RGB"))
        mask = np.max([np.asarray(Image.open(path).convert("L")) for path in masks], axis=0)
        return pixels, v2.functional.resize(tv_tensors.Mask(torch.from_numpy(mask)[None]), (side, side))

    return read, augment


def cost_ms(read, change, files, threads):
    """Wall and processor time of one image."""

    def one(pair):
        sample = read(*pair)
        return change(*sample) if change else sample

    began, before = time.perf_counter(), time.process_time()
    if threads == 1:
        for pair in files:
            one(pair)
    else:
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(one, files))
    ends = time.perf_counter() - began, time.process_time() - before
    return [1e3 * seconds / len(files) for seconds in ends]


def located(root, case):
    folder = root / "busi" / re.match(r"\w+", case)[0]
    return folder / f"{case}.png", sorted(folder.glob(f"{case.replace('[', '[[]')}_mask*.png"))


def main():
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    ours = json.loads((Path(sys.argv[1]) / "ours.json").read_text())
    files = [located(Path(os.environ["SEGLAB_DATA"]), case) for case in ours["files"]]
    makers = {"albumentations": with_albumentations(ours["side"]), "torchvision": with_torchvision(ours["side"])}
    costs = {}
    for _ in range(ROUNDS):
        for name, (read, change) in makers.items():
            for threads in (1, 2):
                for what, changed in (("read", None), ("read and augment", change)):
                    costs.setdefault((what, threads, name), []).append(cost_ms(read, changed, files, threads))
    for (what, threads, name), rounds in sorted(costs.items()):
        for kind, theirs, own in zip(("wall", "processor"), np.median(rounds, axis=0), ours["ms"][f"{what} {threads}"]):
            print(f"{threads} thread(s), {what}, {kind}: {name} {theirs:.2f} ms, seglab {own:.2f}: {theirs / own:.2f}×")


main()
