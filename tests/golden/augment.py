"""Golden values of the augmentations: the same operation with fixed parameters in other libraries.

OpenCV (CLAHE, median, bilateral), SciPy (Gaussian blur, movement, elastic field), torchvision (sharpness, contrast,
brightness, gamma, saturation, hue), scikit-image (speckle, by its formula on a given noise). The picture is drawn by a
formula that tests/it/augment.rs repeats: no image is stored.

    pip install numpy scipy scikit-image opencv-python-headless torch torchvision
    python tests/golden/augment.py > tests/golden/augment.json
"""

import json
import sys

import cv2
import numpy as np
import scipy.ndimage as ndi
import torch
import torchvision.transforms.v2.functional as tv

SIDE = 32


def picture(shift):
    """Smooth waves, a bright disc, and a pattern that looks like noise; 0 to 255."""
    y, x = np.mgrid[:SIDE, :SIDE].astype(np.int64)
    waves = 90 + (x * (shift + 3) + y * 5) % 61
    disc = np.where((x - 18) ** 2 + (y - 14) ** 2 < 60, 70, 0)
    noise = (x * x * 7 + y * y * 13 + x * y * 29 + shift * 17) % 37
    return np.clip(waves + disc + noise - 20 * (x // 13), 0, 255).astype(np.uint8)


def noise(n, salt):
    """In −1..1, of a formula: white enough for a test."""
    i = np.arange(n * n, dtype=np.int64)
    return (((i * 7919 + salt * 104729) * (i + 31) % 2003) / 1001.5 - 1).reshape(n, n)


def tensor(image):
    return torch.from_numpy(image if image.ndim == 3 else np.stack([image] * 3))


def flat(values, digits=None):
    values = np.asarray(values).ravel().tolist()
    return values if digits is None else [round(v, digits) for v in values]


def affine(image, degrees, scale, shift):
    """Source = R(degrees)/scale · (p + shift − c) + c, of (x, y)."""
    c = (SIDE - 1) / 2
    y, x = np.mgrid[:SIDE, :SIDE].astype(float)
    x, y = x + shift[0] - c, y + shift[1] - c
    t = np.radians(degrees)
    from_x = (np.cos(t) * x - np.sin(t) * y) / scale + c
    from_y = (np.sin(t) * x + np.cos(t) * y) / scale + c
    return ndi.map_coordinates(image.astype(float), [from_y, from_x], order=1, mode="nearest")


def elastic(image, displacement, sigma):
    """Noise on a grid of spacing sigma / 2, smoothed, cut to where the kernel fits, scaled, interpolated."""
    spacing = max(sigma / 2, 1)
    radius = int(3 * sigma / spacing + 0.5)
    nodes = int((SIDE - 1) // spacing) + 2
    i = np.arange(-radius, radius + 1)
    kernel = np.exp(-(i**2) / (2 * (sigma / spacing) ** 2))
    kernel /= kernel.sum()
    field = []
    for salt in (1, 2):
        smooth = ndi.gaussian_filter(noise(nodes + 2 * radius, salt), sigma / spacing, truncate=3)
        smooth = smooth[radius : radius + nodes, radius : radius + nodes]
        smooth = smooth * displacement * np.sqrt(3) / (kernel**2).sum()
        y, x = np.mgrid[:SIDE, :SIDE] / spacing
        field.append(ndi.map_coordinates(smooth, [y, x], order=1, mode="nearest"))
    y, x = np.mgrid[:SIDE, :SIDE].astype(float)
    moved = ndi.map_coordinates(image.astype(float), [y + field[1], x + field[0]], order=1, mode="nearest")
    return field, moved


def main():
    grey = picture(0)
    colour = np.stack([picture(0), picture(5), 255 - picture(9)])
    golden = {"side": SIDE, "picture": flat(grey)}
    golden["median"] = flat(cv2.medianBlur(grey, 3))
    golden["bilateral"] = [
        {"sigma": s, "values": flat(cv2.bilateralFilter(grey, 5, s, 1.5, borderType=cv2.BORDER_REPLICATE))}
        for s in (10, 40)
    ]
    golden["blur"] = [
        {"sigma": s, "values": flat(ndi.gaussian_filter(grey.astype(float), s, truncate=3, mode="nearest"), 2)}
        for s in (0.5, 1.3, 3.0)
    ]
    golden["clahe"] = [
        {"clip": c, "side": n, "values": flat(cv2.createCLAHE(c, (8, 8)).apply(np.ascontiguousarray(grey[:n, :n])))}
        for c, n in ((1.0, 32), (2.5, 32), (4.0, 32), (40.0, 32), (3.0, 29))
    ]
    golden["sharpness"] = [{"factor": f, "values": flat(tv.adjust_sharpness(tensor(grey), f)[0])} for f in (0, 0.5, 2.0)]
    tones = []
    for c, b, g in ((0.8, 1, 1), (1.3, 1, 1), (1, 0.8, 1), (1, 1.4, 1), (1, 1, 0.7), (1, 1, 1.5), (1.2, 0.9, 1.1)):
        # in floats, so that nothing is rounded between the steps
        image = tensor(colour).double() / 255
        for apply, factor in ((tv.adjust_contrast, c), (tv.adjust_brightness, b), (tv.adjust_gamma, g)):
            image = apply(image, factor) if factor != 1 else image
        tones.append({"contrast": c, "brightness": b, "gamma": g, "values": flat(image * 255, 1)})
    golden["tone"] = tones
    golden["colour"] = []
    for saturation, turn in ((0.5, 0), (1.6, 0), (1, 0.1), (1, -0.3), (0.7, 0.05)):
        image = tensor(colour).double() / 255
        image = tv.adjust_saturation(image, saturation) if saturation != 1 else image
        image = tv.adjust_hue(image, turn) if turn else image
        golden["colour"].append({"saturation": saturation, "turn": turn, "values": flat(image * 255, 1)})
    n = noise(SIDE, 3)
    golden["speckle"] = {"sd": 0.2, "values": flat(np.clip(grey / 255 + grey / 255 * n * 0.2, 0, 1) * 255, 2)}
    golden["affine"] = [
        {"degrees": d, "scale": s, "shift": t, "values": flat(affine(grey, d, s, t), 2)}
        for d, s, t in ((15, 1, (0, 0)), (-40, 1.3, (3, -2)), (0, 0.7, (0, 0)), (90, 1, (0, 0)))
    ]
    field, moved = elastic(grey, 1.7, 6.0)
    golden["elastic"] = {
        "displacement": 1.7,
        "sigma": 6.0,
        "x": flat(field[0], 4),
        "y": flat(field[1], 4),
        "values": flat(moved, 2),
    }
    json.dump(golden, sys.stdout, separators=(",", ":"))
    sys.stdout.write("\n")


main()
