"""Features and classifiers of pixels by scikit-image, SciPy and scikit-learn, for tests/it/pixel_golden.rs.

    pip install scikit-learn==1.9.1 scikit-image==0.26.0 scipy==1.17.1
    python tests/golden/pixel.py > tests/golden/pixel.json
"""

import json

import numpy as np
from scipy import ndimage
from skimage.filters import gabor_kernel
from sklearn.ensemble import RandomForestClassifier
from sklearn.neighbors import KNeighborsClassifier
from sklearn.svm import SVC

WIDTH, HEIGHT = 48, 40


def image():
    """A dark disc in a texture that both sides can make of whole numbers."""
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    mask = (x - 22) ** 2 + (y - 18) ** 2 < 110
    texture = (31 * x * x + 17 * y * y + 13 * x * y + 7 * x) % 97
    grey = texture + np.where(mask, 60, 100)
    return np.stack([grey, grey, grey + 20], -1).astype(np.uint8), mask


def local(values, radius):
    """Mean and standard deviation over the part of the window inside the image."""
    window = lambda v: ndimage.uniform_filter(v, 2 * radius + 1, mode="constant")
    share = window(np.ones_like(values))
    mean, square = window(values) / share, window(values * values) / share
    return mean, np.sqrt(np.maximum(square - mean * mean, 0))


def gradient(values):
    p = np.pad(values, 1, mode="edge")
    return np.hypot(p[1:-1, 2:] - p[1:-1, :-2], p[2:, 1:-1] - p[:-2, 1:-1])


def gabor(values, degrees):
    """scikit-image's kernel, cut to 11×11, without its norm and without its constant part."""
    kernel = np.real(gabor_kernel(1 / 6, np.radians(degrees), sigma_x=2.5, sigma_y=2.5, n_stds=4))
    middle = np.array(kernel.shape) // 2
    kernel = kernel[middle[0] - 5 : middle[0] + 6, middle[1] - 5 : middle[1] + 6] * 2 * np.pi * 2.5**2
    return ndimage.correlate(values, kernel - kernel.mean(), mode="nearest")


def features(rgb):
    grey = rgb @ np.array([0.299, 0.587, 0.114]) / 255
    windows = [local(grey, radius) for radius in (2, 5, 11)]
    p = np.pad(grey, 1, mode="edge")
    shifted = [p[1 + j : 1 + j + HEIGHT, 1 + i : 1 + i + WIDTH] for j in (-1, 0, 1) for i in (-1, 0, 1)]
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    u, v = x / WIDTH, y / HEIGHT
    planes = [grey, *(plane for window in windows for plane in window), gradient(grey), gradient(windows[0][0])]
    planes += [gabor(grey, degrees) for degrees in (0, 45, 90, 135)]
    planes += [sum(s > grey for s in shifted) / 8, u, v, np.hypot(u - 0.5, v - 0.5), windows[1][0] - grey.mean(0)]
    return np.stack(planes, -1).reshape(-1, 18)


def main():
    rng = np.random.default_rng(5)
    rgb, mask = image()
    every, labels = features(rgb), mask.ravel()
    scaled = ((every - every.mean(0)) / every.std(0)).round(3).astype(np.float32)
    order = rng.permutation(len(labels))
    train = np.concatenate([order[labels[order]][:200], order[~labels[order]][:200]])
    test = np.setdiff1d(order, train)[::3]
    # one label in ten is wrong, so that the problem is not separable
    given = labels[train] ^ (rng.random(len(train)) < 0.1)
    knn = KNeighborsClassifier(15, algorithm="brute").fit(scaled[train], given)
    svm = SVC(C=1.0, gamma=1 / 36, tol=1e-3).fit(scaled[train], given)
    accuracy = []
    for seed in range(20):
        forest = RandomForestClassifier(100, max_features=4, random_state=seed).fit(scaled[train], given)
        accuracy.append(forest.score(scaled[test], labels[test]))
    shown = list(range(0, len(every), 23))
    numbers = lambda a: [float(v) for v in np.asarray(a).ravel()]
    short = lambda a: [round(float(v), 3) for v in a.ravel()]
    print(json.dumps({
        "places": shown, "features": [[float(f"{v:.12g}") for v in every[i]] for i in shown],
        "train": short(scaled[train]), "labels": [int(v) for v in given],
        "test": short(scaled[test]), "truth": [int(v) for v in labels[test]],
        "knn": numbers(knn.predict_proba(scaled[test])[:, 1]),
        "svm": [round(v, 6) for v in numbers(svm.decision_function(scaled[test]))],
        "forest_accuracy": accuracy,
    }, separators=(",", ":")))


main()
