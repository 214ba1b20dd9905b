"""Golden values of the losses and of their gradients with respect to the logits.

Independent implementations: torch.nn.functional (bce), MONAI (dice), torchvision (focal), SciPy (distance maps of the
boundary loss, by the recipe of Kervadec et al. 2019). Combined losses are sums of these.

    pip install torch==2.9.0 torchvision==0.24.0 monai==1.6.1 scipy
    python tests/golden/losses.py > tests/golden/losses.json
"""

import json
import sys

import monai
import numpy as np
import scipy
import torch
import torchvision
from monai.losses import DiceLoss
from scipy.ndimage import distance_transform_edt
from torch.nn.functional import binary_cross_entropy_with_logits
from torchvision.ops import sigmoid_focal_loss


def bce(logits, target, _):
    return binary_cross_entropy_with_logits(logits, target)


def dice(logits, target, _):
    return DiceLoss(sigmoid=True, smooth_nr=1.0, smooth_dr=1.0)(logits, target)


def focal(logits, target, _):
    return sigmoid_focal_loss(logits, target, alpha=-1, gamma=2.0, reduction="mean")


def boundary(logits, _, distance):
    return (torch.sigmoid(logits) * distance).mean()


LOSSES = {
    "bce": bce,
    "dice": dice,
    "focal": focal,
    "boundary": boundary,
    "combo": lambda *a: dice(*a) + bce(*a),
    "focal-boundary-dice": lambda *a: 0.5 * dice(*a) + 0.3 * focal(*a) + 0.2 * boundary(*a),
}


def signed_distance(mask):
    """Kervadec et al. 2019, `one_hot2dist`; 0 where there is no boundary."""
    if not mask.any() or mask.all():
        return np.zeros(mask.shape)
    return distance_transform_edt(~mask) * ~mask - (distance_transform_edt(mask) - 1) * mask


def masks(rng):
    """Two masks a case: blobs, and the hard ones."""
    y, x = np.mgrid[:9, :11]
    disc = lambda cx, cy, r: (x - cx) ** 2 + (y - cy) ** 2 <= r * r
    ring = disc(5, 4, 4) & ~disc(5, 4, 2)
    pixel = (x == 3) & (y == 2)
    border = x < 3
    empty, full = np.zeros((9, 11), bool), np.ones((9, 11), bool)
    fixed = [(disc(5, 4, 3), ring), (pixel, border), (empty, disc(2, 2, 2)), (full, pixel), (empty, full)]
    random = [(rng.random((9, 11)) < 0.3, disc(*rng.integers(2, 8, 2), rng.integers(1, 4))) for _ in range(15)]
    return [np.stack(pair)[:, None] for pair in fixed + random]


def main():
    rng = np.random.default_rng(2023)
    cases = []
    for i, mask in enumerate(masks(rng)):
        scale = [0.0, 0.5, 2.0, 10.0][i % 4] if i else 200.0
        values = np.float32(rng.normal(size=mask.shape) * scale)
        distance = np.stack([signed_distance(m[0])[None] for m in mask])
        expected = {}
        for name, loss in LOSSES.items():
            logits = torch.tensor(values, dtype=torch.float64, requires_grad=True)
            value = loss(logits, torch.tensor(mask, dtype=torch.float64), torch.tensor(distance))
            value.backward()
            expected[name] = {"loss": value.item(), "gradient": [float(f"{g:.9g}") for g in logits.grad.flatten()]}
        cases.append(
            {
                "shape": mask.shape,
                "logits": [float(f"{v:.9g}") for v in values.flatten()],
                "target": "".join("01"[int(v)] for v in mask.flatten()),
                "expected": expected,
            }
        )
    versions = {m.__name__: m.__version__ for m in (torch, torchvision, monai, scipy)}
    json.dump({"versions": versions, "command": "python tests/golden/losses.py", "cases": cases}, sys.stdout)


main()
