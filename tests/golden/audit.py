"""An independent look at every row that `seglab audit published` judges: sets of confusion matrices by linear programming.

    python tests/golden/audit.py > tests/golden/audit.json        (Python 3.11+, numpy, scipy)

For each row and each reading that its table lists, column generation searches for images, as whole pixel counts, whose
metrics (pooled: of one matrix; mean: averaged) round to the printed numbers. Found: the counts are the witness, and
the Rust test recomputes the metrics from them. Not found: `distance` is how far, in the worst column, the best set
stays outside of the intervals; it is the optimum over the images generated, so evidence where Rust has the proof.
Verdicts: possible (a witness in which every tumour covers at most half of its image, where pixels are counted),
implausible (a witness with larger tumours only), impossible.
"""

import itertools
import json
import pathlib
import sys
import tomllib

import numpy as np
from scipy.optimize import linprog, minimize

ROOT = pathlib.Path(__file__).resolve().parents[2]
RNG = np.random.default_rng(7)
ALIAS = {"global_accuracy": "accuracy", "test_accuracy": "accuracy", "train_accuracy": "accuracy", "train_miou": "miou"}
COUNTED = ["dsc", "iou", "miou", "sensitivity", "precision", "specificity", "accuracy"]
IMAGES = 200_000  # in a witness of means


def metrics(c):
    """[n, 4] counts tp, fp, fn, tn with tp + fn > 0 and tn + fp > 0 → [n, 7]; a precision of nothing is 0."""
    tp, fp, fn, tn = np.asarray(c, float).T
    wrong = fp + fn
    iou = tp / (tp + wrong)
    precision = np.divide(tp, tp + fp, out=np.zeros_like(tp), where=tp + fp > 0)
    return np.stack([2 * tp / (2 * tp + wrong), iou, (iou + tn / (tn + wrong)) / 2, tp / (tp + fn), precision,
                     tn / (tn + fp), (tp + tn) / (tp + tn + wrong)], 1)


def counts(x, small):
    """Shares of sensitivity, precision, background → whole counts of images of some 10⁷ pixels."""
    s, p, t = np.clip(np.atleast_2d(x), 0, 1).T
    s, p = np.clip(s, 1e-6, 1), np.clip(p, 1e-6, 1)
    tp = 1e6 * s  # the reference has 10⁶ pixels
    fp, fn = tp * (1 / p - 1), 1e6 - tp
    tn = 1e6 * 10 ** (8 * t - 4)  # from a ten-thousandth of the reference to ten thousand times it
    if small:
        tn = np.maximum(tn, 1e6 - fp + 1)
    return np.maximum(np.round(np.stack([tp, fp, fn, tn], 1)), [0, 0, 0, 1])


def start(small):
    ends = np.array([0, 0.01, 0.1, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 0.99, 1])
    return counts(np.array(list(itertools.product(ends, ends, np.linspace(0, 1, 17)))), small)


def programme(points, box):
    """Smallest distance t outside of the box, the shares, and the direction in which new images would help."""
    n, k = points.shape
    upper = np.hstack([points.T, -np.ones((k, 1))])
    lower = np.hstack([-points.T, -np.ones((k, 1))])
    found = linprog(np.r_[np.zeros(n), 1.0], np.vstack([upper, lower]), np.r_[box[1], -box[0]],
                    np.r_[np.ones(n), 0.0][None], [1.0], [(0, None)] * n + [(None, None)], method="highs")
    y = found.ineqlin.marginals
    return found.fun, found.x[:-1], y[:k] - y[k:], found.eqlin.marginals[0]


def mean_set(columns, box, small):
    """Column generation: add the images that reach furthest along the dual direction until none does."""
    c = start(small)
    for turn in range(25):
        points = metrics(c)[:, columns]
        distance, shares, w, level = programme(points, box)
        seeds = RNG.random((400, 3))
        value = lambda x: float(metrics(counts(x, small))[0, columns] @ w)
        best = sorted(seeds, key=lambda x: -value(x))[:4]
        best = [minimize(lambda x: -value(x), x, method="Nelder-Mead", options={"maxiter": 150}).x for x in best]
        used = c[shares > 1e-12]
        near = np.repeat(used, 6, 0) * (1 + RNG.normal(0, 0.003, (6 * len(used), 4)))
        near = np.maximum(np.round(near), [1, 0, 0, 1])
        if small:
            near[:, 3] = np.maximum(near[:, 3], near[:, 0] + near[:, 2] - near[:, 1] + 1)
        gain = max(value(x) for x in best) - level
        c = np.vstack([used, start(small), counts(np.array(best), small), near]) if distance > -1e-9 else c
        if distance < -0.2 * float((box[1] - box[0]).min()) or (gain < 1e-7 and turn > 4):
            break
    return distance, c, shares


def rounded(c, shares, columns, box):
    """Whole numbers of images; None if the means leave the box by rounding."""
    times = np.floor(shares * IMAGES + 1e-9).astype(int)
    for i in np.argsort(-(shares * IMAGES - times))[: IMAGES - times.sum()]:
        times[i] += 1
    means = (times[:, None] * metrics(c)[:, columns]).sum(0) / times.sum()
    inside = (box[0] <= means).all() and (means <= box[1]).all()
    return [[int(t), *map(int, m)] for t, m in zip(times, c) if t] if inside else None


def one_matrix(columns, box, small):
    """Best single matrix by local searches from many starts; least distance in the worst column."""
    middle = (box[0] + box[1]) / 2
    worst = lambda x: float(np.abs(metrics(counts(x, small))[0, columns] - middle).max())
    at = {"sensitivity": 0, "precision": 1}
    fixed = {at[COUNTED[c]]: middle[i] for i, c in enumerate(columns) if COUNTED[c] in at}
    starts = RNG.random((100_000, 3))
    for i, v in fixed.items():
        starts[:, i] = np.clip(v + RNG.normal(0, 1e-3, len(starts)), 0, 1)
    off = np.abs(metrics(counts(starts, small))[:, columns] - middle).max(1)
    best = None
    for x in starts[np.argsort(off)[:12]]:
        for _ in range(4):
            x = minimize(worst, x, method="Nelder-Mead", options={"maxiter": 900, "xatol": 1e-12, "fatol": 1e-13}).x
        c = counts(x, small)
        values = metrics(c)[0, columns]
        outside = float(np.maximum(box[0] - values, values - box[1]).max())
        best = (outside, c) if best is None or outside < best[0] else best
        if best[0] < 0:
            break
    return best


def judge(aggregation, columns, box, pixels):
    def attempt(small):
        if aggregation == "pooled":
            distance, c = one_matrix(columns, box, small)
            return distance, [[1, *map(int, c[0])]] if distance <= 0 else None
        distance, c, shares = mean_set(columns, box, small)
        return distance, rounded(c, shares, columns, box) if distance <= 0 else None

    far, larger = attempt(False)
    if larger is None:
        return {"verdict": "impossible", "distance": far}
    near, images = attempt(True) if pixels else (far, larger)
    if images:
        return {"verdict": "possible", "images": images}
    return {"verdict": "implausible", "images": larger, "distance": near}


def readings(table, names, row):
    aggregation = ["mean"] if row == table.get("mean_row") else table.get("aggregation", ["pooled", "mean"])
    miou = table.get("miou", ["tumour", "two-class"]) if "miou" in names else [None]
    f1 = table.get("f1", ["tumour", "class-average"]) if "f1" in names else [None]
    return itertools.product(aggregation, miou, f1)


def reading_name(aggregation, miou, f1):
    name = {"pooled": "one confusion matrix", "mean": "mean over images"}[aggregation]
    name += {None: "", "tumour": ", mIoU of the tumour", "two-class": ", mIoU of tumour and background"}[miou]
    return name + {None: "", "tumour": ", F1 of the positive class", "class-average": ", F1 averaged over classes"}[f1]


def questions(tables):
    by_id = {t["id"]: t for t in tables}
    for table in tables:
        if table.get("each_best"):
            continue
        for row in table["rows"]:
            decimals = row.get("decimals", [table["decimals"]] * len(table["columns"]))
            cells = [(c, v, d, table["columns"][i]) for i, (c, v, d) in enumerate(zip(table["columns"], row["values"], decimals))]
            for other in map(by_id.get, table.get("with", [])):
                twin = next(r for r in other["rows"] if r["name"] == row["name"])
                cells += [(c, v, other["decimals"], c) for c, v in zip(other["columns"], twin["values"]) if c == "accuracy"]
            cells = [x for x in cells if not x[0].startswith("train_")]
            cells = [(ALIAS.get(c, c), v, d) for c, v, d, _ in cells if ALIAS.get(c, c) in COUNTED + ["f1"]]
            if len(cells) > 1:
                yield table, row["name"], cells


def main():
    tables = tomllib.loads((ROOT / "baselines/published.toml").read_text())["table"]
    rows = []
    for table, row, cells in questions(tables):
        for aggregation, miou, f1 in readings(table, [c for c, _, _ in cells], row):
            box = {}
            for c, v, d in cells:
                name = {"miou": "iou" if miou == "tumour" else "miou", "f1": "dsc" if f1 == "tumour" else None}.get(c, c)
                if name:
                    box[COUNTED.index(name)] = (v - 0.5 * 10.0**-d, v + 0.5 * 10.0**-d)
            columns = sorted(box)
            bounds = np.clip(np.array([box[c] for c in columns]).T, 0, 1)
            found = judge(aggregation, columns, bounds, table.get("unit", "pixel") == "pixel")
            reading = reading_name(aggregation, miou, f1)
            rows.append({"table": table["id"], "row": row, "reading": reading, **found})
            print(table["id"], row, reading, found["verdict"], found.get("distance"), file=sys.stderr, flush=True)
    json.dump({"rows": rows}, sys.stdout, indent=None, separators=(",", ":"))
    print()


if __name__ == "__main__":
    main()
