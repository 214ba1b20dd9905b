"""HD95, ASSD and normalised surface Dice of the same masks with MONAI and medpy, on one core, beside seglab's.

    pip install torch==2.9.0 monai==1.6.1 medpy==0.5.2
    cargo bench --bench distances -- target/distances
    python benches/distances.py target/distances

medpy has no surface Dice: it is timed for two of the three.
"""

import json
import sys
import time
from pathlib import Path

import numpy as np
import torch
from medpy.metric import binary as medpy
from monai.metrics import compute_average_surface_distance, compute_hausdorff_distance, compute_surface_dice

ROUNDS = 5


def of_monai(prediction, reference):
    p, r = (torch.from_numpy(mask)[None, None].float() for mask in (prediction, reference))
    hd95 = compute_hausdorff_distance(p, r, include_background=True, percentile=95)
    assd = compute_average_surface_distance(p, r, include_background=True, symmetric=True)
    nsd = compute_surface_dice(p, r, class_thresholds=[2.0], include_background=True)
    return float(hd95), float(assd), float(nsd)


def of_medpy(prediction, reference):
    return medpy.hd95(prediction, reference), medpy.assd(prediction, reference)


def median_us(of, pairs):
    rounds = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        for pair in pairs:
            of(*pair)
        rounds.append((time.perf_counter() - began) * 1e6 / len(pairs))
    return float(np.median(rounds))


def main():
    torch.set_num_threads(1)
    folder = Path(sys.argv[1])
    ours = json.loads((folder / "ours.json").read_text())
    side = ours["side"]
    masks = np.fromfile(folder / "masks.u8", np.uint8).reshape(-1, 2, side, side).astype(bool)
    for pair, (hd95, assd, nsd) in zip(masks, ours["values"]):
        np.testing.assert_allclose([hd95, assd], of_medpy(*pair), rtol=1e-9)
        np.testing.assert_allclose([assd, nsd], of_monai(*pair)[1:], rtol=1e-5)
    print(f"seglab {ours['median_us']:.0f} µs a pair")
    for name, of in [("MONAI", of_monai), ("medpy", of_medpy)]:
        theirs = median_us(of, masks)
        print(f"{name} {theirs:.0f} µs a pair: {theirs / ours['median_us']:.1f}×")


main()
