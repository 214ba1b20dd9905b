"""Golden values of the losses and of their gradients.

Independent implementations: torch.nn.functional (bce), MONAI (dice, Tversky), torchvision (focal), SciPy (distance maps
of the boundary loss, by the recipe of Kervadec et al. 2019), PyTorch after F3Net's published `structure_loss` (weighted
bce and IoU) and after the formulas of P2 (compactness, smoothness, correntropy). Combined losses are sums of these.
Single images are also held against segmentation_models_pytorch. Gradients of some cases of every loss are checked
against central differences in double precision before they are written.

    pip install torch==2.9.0 torchvision==0.24.0 monai==1.6.1 scipy segmentation-models-pytorch
    python tests/golden/losses.py > tests/golden/losses.json
"""

import itertools
import json
import math
import sys

import monai
import numpy as np
import scipy
import segmentation_models_pytorch.losses as smp
import torch
import torchvision
from monai.losses import DiceLoss, TverskyLoss
from scipy.ndimage import distance_transform_edt
from torch.nn import functional as F
from torchvision.ops import sigmoid_focal_loss


def bce(logits, target, _):
    return F.binary_cross_entropy_with_logits(logits, target)


def dice(logits, target, _):
    return DiceLoss(sigmoid=True, smooth_nr=1.0, smooth_dr=1.0)(logits, target)


def tversky(alpha, beta):
    return lambda logits, target, _: TverskyLoss(
        sigmoid=True, alpha=alpha, beta=beta, smooth_nr=1.0, smooth_dr=1.0
    )(logits, target)


def focal(gamma=2.0):
    return lambda logits, target, _: sigmoid_focal_loss(logits, target, alpha=-1, gamma=gamma, reduction="mean")


def boundary(logits, _, distance):
    return (torch.sigmoid(logits) * distance).mean()


def structure(target):
    return 1 + 5 * torch.abs(F.avg_pool2d(target, kernel_size=31, stride=1, padding=15) - target)


def correntropy(sigma):
    def weight(target):
        error = F.avg_pool2d(target, kernel_size=31, stride=1, padding=15) - target
        return 1 + 5 * (1 - torch.exp(-(error**2) / (2 * sigma**2)))

    return weight


def weighted_bce(weight=structure):
    def loss(logits, target, _):
        omega = weight(target)
        pixels = F.binary_cross_entropy_with_logits(logits, target, reduction="none")
        return ((omega * pixels).sum(dim=(2, 3)) / omega.sum(dim=(2, 3))).mean()

    return loss


def weighted_iou(weight=structure):
    def loss(logits, target, _):
        omega = weight(target)
        p = torch.sigmoid(logits)
        inter = (p * target * omega).sum(dim=(2, 3))
        union = ((p + target) * omega).sum(dim=(2, 3))
        return (1 - (inter + 1) / (union - inter + 1)).mean()

    return loss


def bce_iou(weight=structure):
    return lambda *a: weighted_bce(weight)(*a) + weighted_iou(weight)(*a)


def compactness(logits, *_):
    """P2 eq. 12; the last row and column are repeated, so that their differences are 0."""
    total = 0.0
    for p in torch.sigmoid(logits)[:, 0]:
        padded = F.pad(p[None, None], (0, 1, 0, 1), mode="replicate")[0, 0]
        u, v = padded[:-1, 1:] - p, padded[1:, :-1] - p
        perimeter = torch.sqrt(u * u + v * v + 1e-8).sum()
        total = total + perimeter**2 / (4 * math.pi * (p.abs().sum() + 1))
    return total / len(logits)


# Keys are the losses as a spec has them.
LOSSES = {
    'name = "bce"': bce,
    'name = "l1"': lambda logits, target, _: F.l1_loss(torch.sigmoid(logits), target),
    'name = "weighted-labels"\npositive = 3.0': lambda logits, target, _: F.binary_cross_entropy_with_logits(
        logits, target, pos_weight=torch.tensor(3.0, dtype=logits.dtype)
    ),
    'name = "dice"': dice,
    'name = "combo"': lambda *a: dice(*a) + bce(*a),
    'name = "focal"': focal(),
    'name = "focal"\ngamma = 3.0': focal(3.0),
    'name = "boundary"': boundary,
    'name = "focal-boundary-dice"': lambda *a: 0.5 * dice(*a) + 0.3 * focal()(*a) + 0.2 * boundary(*a),
    **{
        f'name = "tversky"\nalpha = {alpha}\nbeta = {beta}': tversky(alpha, beta)
        for alpha, beta in [(0.5, 0.5), (0.4, 0.6), (0.3, 0.7), (0.2, 0.8), (0.1, 0.9), (0.7, 0.75)]
    },
    'name = "weighted-bce"': weighted_bce(),
    'name = "weighted-bce"\nweight = "correntropy"\nsigma = 0.25': weighted_bce(correntropy(0.25)),
    'name = "weighted-iou"': weighted_iou(),
    'name = "weighted-iou"\nweight = "correntropy"': weighted_iou(correntropy(0.5)),
    'name = "bce-iou"': bce_iou(),
    'name = "bce-boundary"': lambda *a: bce_iou()(*a) + boundary(*a),
    'name = "shape-aware"': lambda *a: bce(*a) + 1e-4 * compactness(*a),
    'name = "shape-aware"\ncompactness = 1.0': lambda *a: bce(*a) + compactness(*a),
    'name = "sum"\nterms = [{ weight = 0.5, loss = { name = "dice" } }, { weight = 0.25, loss = { name = "sum", terms = '
    '[{ weight = 2, loss = { name = "bce" } }, { weight = 3, loss = { name = "boundary" } }] } }]': lambda *a: 0.5
    * dice(*a)
    + 0.5 * bce(*a)
    + 0.75 * boundary(*a),
}


def signed_distance(mask):
    """Kervadec et al. 2019, `one_hot2dist`; 0 where there is no boundary."""
    if not mask.any() or mask.all():
        return np.zeros(mask.shape)
    return distance_transform_edt(~mask) * ~mask - (distance_transform_edt(mask) - 1) * mask


def masks(rng):
    """Batches of masks: the hard ones, ones of a single row or column, one larger than the window, and blobs."""

    def disc(cx, cy, r, shape=(9, 11)):
        y, x = np.mgrid[: shape[0], : shape[1]]
        return (x - cx) ** 2 + (y - cy) ** 2 <= r * r

    y, x = np.mgrid[:9, :11]
    ring = disc(5, 4, 4) & ~disc(5, 4, 2)
    islands = disc(2, 2, 1) | disc(8, 6, 2) | ((x == 10) & (y == 0))
    holes = disc(5, 4, 4) & ~disc(4, 3, 1) & ~disc(7, 5, 0)
    pixel, corner = (x == 3) & (y == 2), (x == 10) & (y == 8)
    border, frame = x < 3, (x == 0) | (y == 0) | (x == 10) | (y == 8)
    empty, full = np.zeros((9, 11), bool), np.ones((9, 11), bool)
    fixed = [
        (disc(5, 4, 3), ring),
        (pixel, border),
        (empty, disc(2, 2, 2)),
        (full, pixel),
        (empty, full),
        (islands, holes),
        (corner, frame),
        (~pixel, islands),
    ]
    lines = [rng.random((1, 40)) < 0.3, rng.random((17, 1)) < 0.5, np.ones((1, 1), bool), np.zeros((1, 5), bool)]
    large = [disc(12, 20, 9, (40, 36))]
    random = [(rng.random((9, 11)) < 0.3, disc(*rng.integers(2, 8, 2), rng.integers(1, 4))) for _ in range(11)]
    return [np.stack(pair)[:, None] for pair in fixed + random] + [line[None, None] for line in lines + large]


def rounded(gradient):
    """Seven digits of the largest; nothing of what is a hundred millionth of it."""
    values = gradient.detach().flatten().tolist()
    tiny = 1e-8 * max(1e-3, *map(abs, values)) if len(values) > 1 else 0.0
    return [0 if abs(v) < tiny else float(f"{v:.7g}") for v in values]


def logit_cases(rng):
    for i, mask in enumerate(masks(rng)):
        scale = [0.0, 0.5, 2.0, 10.0][i % 4] if i else 200.0
        values = np.float32(rng.normal(size=mask.shape) * scale)
        distance = torch.tensor(np.stack([signed_distance(m[0])[None] for m in mask]))
        target = torch.tensor(mask, dtype=torch.float64)
        expected = {}
        for name, loss in LOSSES.items():
            logits = torch.tensor(values, dtype=torch.float64, requires_grad=True)
            if i in (1, 2, 5, 6) or mask.size <= 40 and scale < 10:  # some: it takes minutes
                torch.autograd.gradcheck(lambda z: loss(z, target, distance), logits)
            value = loss(logits, target, distance)
            value.backward()
            expected[name] = {"loss": value.item(), "gradient": rounded(logits.grad)}
        yield {
            "shape": mask.shape,
            "logits": [float(f"{v:.9g}") for v in values.flatten()],
            "target": "".join("01"[int(v)] for v in mask.flatten()),
            "expected": expected,
        }


def single_masks(rng):
    """One small image each, every second one hard: empty, full, a pixel, a line, a border, a frame, holes, islands."""
    for i in range(180):
        shape = tuple(rng.integers(3, 10, 2))
        mask = rng.random(shape) < rng.choice([0.1, 0.5, 0.9])
        y, x = np.mgrid[: shape[0], : shape[1]]
        hard = [
            np.zeros(shape, bool),
            np.ones(shape, bool),
            (x == 1) & (y == shape[0] - 1),
            rng.random((1, shape[1])) < 0.5,
            x < 2,
            (x == 0) | (y == 0) | (x == shape[1] - 1) | (y == shape[0] - 1),
            (x % 3 != 1) | (y % 3 != 1),
            (x % 3 == 1) & (y % 3 == 1),
        ]
        yield hard[i // 2 % len(hard)] if i % 2 else mask


def projections(gradient):
    """Three weighted sums, which a test can make, too; and the sum of magnitudes that they are held against."""
    g = gradient.flatten()
    place = torch.arange(len(g), dtype=torch.float64)
    return [(g * torch.cos(0.7 * (k + 1) * place)).sum().item() for k in range(3)] + [g.abs().sum().item()]


def single_cases(rng):
    for i, mask in enumerate(single_masks(rng)):
        scale = [0.5, 3.0, 20.0, 200.0][i % 4]
        values = np.round(rng.normal(size=(1, 1, *mask.shape)) * scale, 3)
        distance = torch.tensor(signed_distance(mask))[None, None]
        target = torch.tensor(mask, dtype=torch.float64)[None, None]
        expected = {}
        for name, loss in LOSSES.items():
            logits = torch.tensor(np.float64(np.float32(values)), requires_grad=True)
            value = loss(logits, target, distance)
            value.backward()
            expected[name] = [float(f"{v:.9g}") for v in [value.item(), *projections(logits.grad)]]
        agree_with_smp(torch.tensor(np.float64(np.float32(values))), target, expected)
        yield {
            "shape": [1, 1, *mask.shape],
            "logits": values.flatten().tolist(),
            "target": "".join("01"[int(v)] for v in mask.flatten()),
            "expected": expected,
        }


def agree_with_smp(logits, target, expected):
    """A second implementation, segmentation_models_pytorch, which pools a batch: so of single images."""
    theirs = {'name = "bce"': smp.SoftBCEWithLogitsLoss()}
    if target.any():  # without a tumour smp's overlaps are 0
        theirs['name = "dice"'] = smp.DiceLoss("binary", smooth=0.5)  # added to halves of the sums
        theirs['name = "tversky"\nalpha = 0.3\nbeta = 0.7'] = smp.TverskyLoss("binary", smooth=1, alpha=0.3, beta=0.7)
    for name, loss in theirs.items():
        np.testing.assert_allclose(loss(logits, target).item(), expected[name][0], rtol=1e-6, atol=1e-6, err_msg=name)


def smoothness(features, mask, weights, margin):
    """P2 eq. 13–14, pair by pair; `mask` [B, H, W] is of the features' size."""
    first, first_bias, second, second_bias = weights
    contours, backgrounds = [], []
    for feature, m in zip(features, mask):
        inner = scipy.ndimage.binary_erosion(m, np.ones((3, 3)))
        distance = signed_distance(m)
        for of, part in (contours, m & ~inner), (backgrounds, (distance > 0) & (distance <= 5)):
            if part.any():
                mean = feature[:, torch.tensor(part)].mean(dim=1)
                of.append(F.leaky_relu(mean @ first + first_bias, 0.2) @ second + second_bias)
    pull = [((a - b) ** 2).sum() for a, b in itertools.combinations(contours, 2)]
    push = [F.relu(margin - torch.dist(a, b)) ** 2 for a, b in itertools.product(contours, backgrounds)]
    return sum(pull + push) / len(pull + push) if pull + push else (features * 0).sum()


def smoothness_cases(rng):
    pairs = [m[:, 0] for m in masks(rng)[:16]]
    batches = pairs + [np.concatenate(pairs[i : i + 2]) for i in range(0, 12, 3)] + [pairs[0][:1], pairs[2][:1]]
    for i, mask in enumerate(batches):
        margin = [0.5, 2.0, 10.0][i % 3]
        parameters = [np.float32(rng.normal(size=shape) * 0.3) for shape in [(3, 24), (24,), (24, 16), (16,)]]
        values = np.float32(rng.normal(size=(len(mask), 3, *mask.shape[1:])))
        features, *weights = (
            torch.tensor(v, dtype=torch.float64, requires_grad=True) for v in [values, *parameters]
        )
        if i % 8 == 0:
            torch.autograd.gradcheck(lambda f, *w: smoothness(f, mask, w, margin), (features, *weights))
        loss = smoothness(features, mask, weights, margin)
        gradients = torch.autograd.grad(loss, [features, weights[0], weights[2]], allow_unused=True)
        tensors = zip(gradients, [features, weights[0], weights[2]])
        yield {
            "shape": values.shape,
            "target": "".join("01"[int(v)] for v in mask.flatten()),
            "margin": margin,
            "features": [float(f"{v:.9g}") for v in values.flatten()],
            "weights": [[float(f"{v:.9g}") for v in p.flatten()] for p in parameters],
            "loss": loss.item(),
            "gradients": [rounded(torch.zeros_like(t) if g is None else g) for g, t in tensors],
        }


def main():
    rng = np.random.default_rng(2023)
    golden = {
        "versions": {m.__name__: m.__version__ for m in (torch, torchvision, monai, scipy)},
        "command": "python tests/golden/losses.py",
        "cases": list(logit_cases(rng)),
        "smoothness": list(smoothness_cases(rng)),
        "single": list(single_cases(rng)),
    }
    json.dump(golden, sys.stdout, allow_nan=False, separators=(",", ":"))


main()
