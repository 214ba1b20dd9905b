"""Reference values for the metrics of segmented masks.

Made with Python 3.11.7, MedPy 0.5.2, monai 1.6.1, scikit-learn 1.9.1, scipy 1.17.1, numpy 2.4.6, nnunetv2 2.8.1,
surface-distance 0.1 by

    pip install medpy==0.5.2 monai==1.6.1 scikit-learn==1.9.1 scipy==1.17.1 numpy==2.4.6
    pip install nnunetv2==2.8.1 surface-distance==0.1
    python tests/golden/metrics.py

Writes metrics.json beside this file, one case a line. A mask is its pixels in row-major order, eight to a byte, first
pixel in the highest bit, the last byte filled with zeros, in hexadecimal. `null` is undefined.

    sklearn  counts-based metrics, float64
    medpy    counts-based metrics and surface distances, float64
    monai    the same, float32; its hd95 is defined otherwise than medpy's. float32 rounds the percentile's rank too,
             which moves hd95 by up to 2e-6 of itself; hd95_float64_px is MONAI's definition on MONAI's distances without it

    band     boundary IoU and Dice of Cheng et al. 2021: bands by scipy's binary_erosion, overlap by scikit-learn
    probability  a probability map in hexadecimal steps of 1/251, with scikit-learn's roc_auc_score, brier_score_loss and
             the calibration error from its calibration_curve
    contour  HD by surface-distance, whose surface runs between pixels: up to a pixel from ours, by definition
    tools    what MONAI and nnU-Net answer by default, undefined and infinite values as they are
    post     the prediction without islands below 4 px, its largest island, and with its holes filled, by scipy

"signed" holds small masks with the distance map of Kervadec et al. 2019 (arXiv:1812.07032, one_hot2dist) by scipy.
"""

import json
import math
import warnings
from pathlib import Path

import numpy as np
import surface_distance
import torch
from medpy.metric import binary as medpy
from monai.metrics import (
    compute_average_surface_distance,
    compute_confusion_matrix_metric,
    compute_dice,
    compute_hausdorff_distance,
    compute_iou,
    compute_surface_dice,
    get_confusion_matrix,
)
from monai.metrics.utils import get_edge_surface_distance
from nnunetv2.evaluation.evaluate_predictions import compute_metrics
from scipy.ndimage import binary_erosion, binary_fill_holes, distance_transform_edt, label
from sklearn.calibration import calibration_curve
from sklearn.metrics import (
    accuracy_score,
    balanced_accuracy_score,
    brier_score_loss,
    f1_score,
    jaccard_score,
    precision_score,
    recall_score,
    roc_auc_score,
)

SEED = 20240607
RANDOM_PAIRS = 150


def pairs():
    """Name, prediction, reference: first the hard ones, then ellipses with noise."""
    yield from undefined()
    yield from tiny()
    yield from borders()
    yield from shapes()
    yield from lines()
    rng = np.random.default_rng(SEED)
    for number in range(RANDOM_PAIRS):
        yield f"random {number}", *random_pair(rng)


def blank(width, height):
    return np.zeros((height, width), dtype=bool)


def box(width, height, x, y, columns, rows):
    mask = blank(width, height)
    mask[y : y + rows, x : x + columns] = True
    return mask


def ellipse(width, height, x, y, across, down):
    rows, columns = np.mgrid[:height, :width]
    return ((columns - x) / across) ** 2 + ((rows - y) / down) ** 2 <= 1


def undefined():
    tumour, empty, full = ellipse(24, 20, 11, 9, 6, 4), blank(24, 20), ~blank(24, 20)
    masks = {"tumour": tumour, "empty": empty, "full": full}
    for left, prediction in masks.items():
        for right, reference in masks.items():
            yield f"{left} against {right}", prediction, reference


def tiny():
    on, off = ~blank(1, 1), blank(1, 1)
    for left, right in [(on, on), (on, off), (off, on), (off, off)]:
        yield f"1 x 1: {int(left[0, 0])} against {int(right[0, 0])}", left, right
    for x, y in [(0, 0), (15, 0), (0, 11), (15, 11), (8, 6)]:
        pixel = box(16, 12, x, y, 1, 1)
        yield f"pixel ({x}, {y}) against pixel (3, 4)", pixel, box(16, 12, 3, 4, 1, 1)
        yield f"box against pixel ({x}, {y})", box(16, 12, 4, 3, 7, 5), pixel


def borders():
    reference = ellipse(30, 22, 14, 10, 6, 5)
    sides = {"left": (0, 6, 5, 9), "right": (25, 6, 5, 9), "top": (8, 0, 12, 4), "bottom": (8, 18, 12, 4)}
    for side, (x, y, columns, rows) in sides.items():
        touching = box(30, 22, x, y, columns, rows)
        yield f"touches {side}", touching, reference
        yield f"reference touches {side}", reference, touching
        yield f"both touch {side}", touching, np.roll(touching, 2, axis=0 if side in ("left", "right") else 1)


def shapes():
    tumour = ellipse(40, 36, 18, 17, 10, 8)
    hole = tumour & ~ellipse(40, 36, 18, 17, 4, 3)
    islands = tumour | ellipse(40, 36, 35, 4, 2, 2) | box(40, 36, 0, 35, 1, 1)
    frame = ~box(40, 36, 1, 1, 38, 34)
    chess = np.indices((36, 40)).sum(axis=0) % 2 == 0
    far = box(40, 36, 0, 0, 3, 3)
    inner = ellipse(40, 36, 18, 17, 6, 5)
    masks = {"tumour": tumour, "hole": hole, "islands": islands, "frame": frame, "chess": chess, "far": far}
    masks["inner"] = inner
    for left, prediction in masks.items():
        for right, reference in masks.items():
            if left <= right:
                yield f"{left} against {right}", prediction, reference


def lines():
    rng = np.random.default_rng(SEED + 1)
    for number, length in enumerate([2, 3, 7, 8, 9, 40]):
        prediction, reference = rng.random((2, 1, length)) < 0.5
        yield f"1 row of {length}, {number}", prediction, reference
        yield f"1 column of {length}, {number}", prediction.T, reference.T
        yield f"box in 1 row of {length}", box(length, 1, 0, 0, 1, 1), ~blank(length, 1)


def random_pair(rng):
    """An ellipse, and the same one moved, stretched and torn; every fifth pair is of pure noise."""
    width, height = rng.integers(4, 57, 2)
    if rng.random() < 0.2:
        density = rng.random(2)
        return rng.random((height, width)) < density[0], rng.random((height, width)) < density[1]
    centre, radius = rng.random(2) * (width, height), (0.1 + 0.4 * rng.random(2)) * (width, height) + 0.5
    reference = ellipse(width, height, *centre, *radius)
    moved, stretched = centre + rng.normal(0, 0.05, 2) * (width, height), radius * rng.uniform(0.7, 1.3, 2)
    noise = rng.random((height, width)) < rng.choice([0, 0.01, 0.1])
    return ellipse(width, height, *moved, *stretched) ^ noise, reference


def of_sklearn(prediction, reference):
    p, r = prediction.ravel(), reference.ravel()
    rates = {
        "dsc": f1_score(r, p, zero_division=np.nan),
        "sensitivity": recall_score(r, p, zero_division=np.nan),
        "specificity": recall_score(r, p, pos_label=False, zero_division=np.nan),
        "precision": precision_score(r, p, zero_division=np.nan),
        "accuracy": accuracy_score(r, p),
        "f1": f1_score(r, p, zero_division=np.nan),
        "balanced_accuracy": balanced_accuracy_score(r, p) if r.any() and not r.all() else math.nan,
    }
    # jaccard_score has no `zero_division=nan`
    tumour = jaccard_score(r, p) if (r | p).any() else math.nan
    background = jaccard_score(r, p, pos_label=False) if not (r & p).all() else math.nan
    return rates | {"iou": tumour, "miou": (tumour + background) / 2}


def of_medpy(prediction, reference):
    """medpy answers 0 or raises where a metric is undefined; those are left out by the masks, not by its answer."""
    p, r = prediction.any(), reference.any()
    rows = {
        "dsc": (medpy.dc, p or r),
        "iou": (medpy.jc, p or r),
        "sensitivity": (medpy.sensitivity, r),
        "specificity": (medpy.specificity, not reference.all()),
        "precision": (medpy.precision, p),
        "hd_px": (medpy.hd, p and r),
        "hd95_px": (medpy.hd95, p and r),
        "assd_px": (medpy.assd, p and r),
    }
    return {name: of(prediction, reference) if defined else math.nan for name, (of, defined) in rows.items()}


def of_monai(prediction, reference):
    """MONAI leaves an empty reference out of Dice and IoU (or, by `ignore_empty=False`, answers 1 where both masks are
    empty) and answers inf for distances from an empty mask. Undefined here is what is undefined by the formula."""
    p, r = (torch.from_numpy(mask.copy())[None, None].float() for mask in (prediction, reference))
    counts = get_confusion_matrix(p, r)
    names = ["sensitivity", "specificity", "precision", "accuracy"]
    rates = {name: compute_confusion_matrix_metric(name, counts) for name in names}
    overlap = {"dsc": compute_dice(p, r, ignore_empty=False), "iou": compute_iou(p, r, ignore_empty=False)}
    distances = {
        "hd_px": compute_hausdorff_distance(p, r, include_background=True),
        "hd95_px": compute_hausdorff_distance(p, r, include_background=True, percentile=95),
        "hd95_float64_px": hd95_float64(p[0, 0], r[0, 0]),
        "assd_px": compute_average_surface_distance(p, r, include_background=True, symmetric=True),
        "nsd": compute_surface_dice(p, r, class_thresholds=[2.0], include_background=True),
    }
    if not (prediction.any() or reference.any()):
        overlap = dict.fromkeys(overlap, math.nan)
    if not (prediction.any() and reference.any()):
        distances = dict.fromkeys(distances, math.nan) | {"nsd": distances["nsd"]}
    return {name: float(value) for name, value in (rates | overlap | distances).items()}


def hd95_float64(prediction, reference):
    _, distances, _ = get_edge_surface_distance(prediction, reference, symmetric=True)
    return max((torch.quantile(direction.double(), 0.95) for direction in distances if len(direction)), default=math.nan)


def of_band(prediction, reference):
    depth = max(1, round(0.02 * math.hypot(*reference.shape)))
    p, r = (band(mask, depth).ravel() for mask in (prediction, reference))
    return {
        "boundary_iou": jaccard_score(r, p) if (r | p).any() else math.nan,
        "boundary_dice": f1_score(r, p, zero_division=np.nan),
    }


def band(mask, depth):
    return mask & ~binary_erosion(mask, np.ones((3, 3)), iterations=depth, border_value=0)


def of_probability(rng, prediction, reference):
    """A map that leans towards the prediction, with ties, in steps of 1/251, which meet no edge of a bin."""
    steps = np.round(np.clip(rng.normal(0.25 + 0.5 * prediction, 0.2), 0, 1) * 251).astype(np.uint8)
    p, r = steps.ravel() / 251, reference.ravel()
    both = r.any() and not r.all()
    edges = np.linspace(0, 1, 16)
    place = np.searchsorted(edges[1:-1], p)
    weight = np.bincount(place, minlength=15)
    share, mean = calibration_curve(r, p, n_bins=15) if both else (np.array([]), np.array([]))
    ece = (weight[weight > 0] * abs(share - mean)).sum() / p.size if both else math.nan
    return {
        "steps": steps.tobytes().hex(),
        "auc": roc_auc_score(r, p) if both else None,
        "brier": brier_score_loss(r, p) if both else None,
        "ece": ece if both else None,
    }


def of_contour(prediction, reference):
    """`None` where a mask is empty, or of a single row or column, which has no contour there."""
    if not (prediction.any() and reference.any()) or min(reference.shape) < 2:
        return None
    distances = surface_distance.compute_surface_distances(reference, prediction, spacing_mm=(1, 1))
    return float(surface_distance.compute_robust_hausdorff(distances, 100))


class Files:
    """Masks as the files that nnU-Net reads."""

    def __init__(self, **masks):
        self.masks = masks

    def read_seg(self, name):
        return self.masks[name].astype(np.uint8)[None], {}


def of_tools(prediction, reference):
    p, r = (torch.from_numpy(mask.copy())[None, None].float() for mask in (prediction, reference))
    counts = get_confusion_matrix(p, r)
    names = {"sensitivity": "sensitivity", "specificity": "specificity", "precision": "precision"}
    names |= {"accuracy": "accuracy", "balanced_accuracy": "balanced accuracy", "f1": "f1 score"}
    monai = {ours: compute_confusion_matrix_metric(theirs, counts) for ours, theirs in names.items()}
    monai |= {"dsc": compute_dice(p, r), "iou": compute_iou(p, r)}
    monai["hd_px"] = compute_hausdorff_distance(p, r, include_background=True)
    monai["hd95_px"] = compute_hausdorff_distance(p, r, include_background=True, percentile=95)
    monai["assd_px"] = compute_average_surface_distance(p, r, include_background=True, symmetric=True)
    monai["nsd"] = compute_surface_dice(p, r, class_thresholds=[2.0], include_background=True)
    answer = compute_metrics("r", "p", Files(p=prediction, r=reference), [1])["metrics"][1]
    nnunet = {"dsc": answer["Dice"], "iou": answer["IoU"]}
    text = lambda values: {name: str(float(value)) for name, value in values.items()}
    return {"monai": text(monai), "nnunet": text(nnunet)}


def of_post(prediction, _):
    labels, n = label(prediction, np.ones((3, 3)))
    areas = np.bincount(labels.ravel(), minlength=n + 1)
    areas[0] = 0
    small = prediction & (areas[labels] >= 4)
    largest = (labels == areas.argmax()) & prediction
    return {"islands": packed(small), "largest": packed(largest), "filled": packed(binary_fill_holes(prediction))}


def one_hot2dist(mask):
    return distance_transform_edt(~mask) * ~mask - (distance_transform_edt(mask) - 1) * mask


def signed_cases():
    rng = np.random.default_rng(SEED + 2)
    masks = [box(9, 7, 0, 2, 5, 4), box(8, 1, 3, 0, 2, 1), ellipse(13, 11, 6, 5, 4, 3)]
    masks += [rng.random((height, width)) < 0.6 for width, height in [(5, 8), (10, 3), (7, 7), (12, 12)]]
    for mask in masks:
        yield {**size(mask), "mask": packed(mask), "signed_px": [float(d) for d in one_hot2dist(mask).ravel()]}


def size(mask):
    return {"width": mask.shape[1], "height": mask.shape[0]}


def packed(mask):
    return np.packbits(mask).tobytes().hex()


def finite(values):
    return {name: float(value) if math.isfinite(value) else None for name, value in values.items()}


def case(name, prediction, reference):
    rng = np.random.default_rng([SEED, *name.encode()])
    return {
        "case": name,
        **size(reference),
        "prediction": packed(prediction),
        "reference": packed(reference),
        "sklearn": finite(of_sklearn(prediction, reference)),
        "medpy": finite(of_medpy(prediction, reference)),
        "monai": finite(of_monai(prediction, reference)),
        "band": finite(of_band(prediction, reference)),
        "probability": of_probability(rng, prediction, reference),
        "contour": of_contour(prediction, reference),
        "tools": of_tools(prediction, reference),
        "post": of_post(prediction, reference),
    }


def lines_of(rows):
    return ",\n".join(json.dumps(row, separators=(",", ":")) for row in rows)


def main():
    warnings.simplefilter("ignore")  # all three warn of undefined values
    cases = lines_of(case(*pair) for pair in pairs())
    signed = lines_of(signed_cases())
    path = Path(__file__).with_name("metrics.json")
    path.write_text(f'{{"cases":[\n{cases}\n],"signed":[\n{signed}\n]}}\n')


if __name__ == "__main__":
    main()
