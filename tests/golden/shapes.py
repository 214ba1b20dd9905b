"""Shapes of masks by scikit-image 0.26.0: `python tests/golden/shapes.py` writes shapes.json beside this file.

A mask is a list of rows, `#` tumour. Irregularity is written out here: scikit-image has none.
"""

import json
from pathlib import Path

import numpy as np
from scipy import ndimage
from skimage import measure


def masks():
    rng = np.random.default_rng(3)
    yield np.ones((1, 1), bool)
    yield np.ones((4, 9), bool)
    for _ in range(30):
        field = ndimage.gaussian_filter(rng.normal(size=(32, 40)), rng.uniform(1.5, 5))
        mask = field > np.quantile(field, rng.uniform(0.5, 0.97))
        labels = measure.label(mask, connectivity=1)
        largest = 1 + np.argmax(np.bincount(labels[labels > 0].ravel())[1:])
        yield labels == largest if rng.random() < 0.7 else mask


def shape(mask):
    region = measure.regionprops(mask.astype(np.uint8))[0]
    border = mask & ~ndimage.binary_erosion(mask)
    radii = np.hypot(*(np.argwhere(border) - region.centroid).T)
    top, left, bottom, right = region.bbox
    return {
        "rows": ["".join(".#"[int(v)] for v in row) for row in mask],
        "area_px": float(region.area),
        "perimeter_px": float(region.perimeter),
        "solidity": float(region.solidity),
        "eccentricity": float(region.eccentricity),
        "tallness": (bottom - top) / (right - left),
        "irregularity": float(radii.std() / radii.mean()) if radii.mean() > 0 else 0.0,
    }


if __name__ == "__main__":
    lines = ",\n".join(json.dumps(shape(mask)) for mask in masks())
    Path(__file__).with_suffix(".json").write_text(f"[\n{lines}\n]\n")
