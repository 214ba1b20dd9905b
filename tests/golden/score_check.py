"""Checks `seglab score` against medpy and MONAI on mask files, end to end.

Needs what metrics.py needs, pillow, and the built program:

    pip install medpy==0.5.2 monai==1.6.1 scikit-learn==1.9.1 scipy==1.17.1 numpy==2.4.6 pillow
    python tests/golden/score_check.py target/release/seglab

Writes 200 random mask pairs into two temporary folders, runs `seglab score PREDICTIONS REFERENCES --json` and compares
each case's values to 1e-6 and the means with those of the reference values. Exits with 1 if a value disagrees.
"""

import json
import math
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path

import numpy as np
from metrics import finite, of_band, of_medpy, of_monai, of_sklearn, random_pair
from PIL import Image

SEED = 7
PAIRS = 200
TOLERANCE = 1e-6


def written(folder):
    """The expected values of each case, whose masks are written as PNG."""
    rng = np.random.default_rng(SEED)
    expected = {}
    for number in range(PAIRS):
        prediction, reference = random_pair(rng)
        if number % 25 == 0:
            prediction = np.zeros_like(prediction)
        if number % 40 == 0:
            reference = np.zeros_like(reference)
        name = f"case {number:03}"
        save(prediction, folder / "predictions" / f"{name}.png")
        save(reference, folder / "references" / f"{name}.png")
        tools = {"sklearn": of_sklearn, "medpy": of_medpy, "band": of_band, "monai": of_monai}
        expected[name] = {tool: finite(of(prediction, reference)) for tool, of in tools.items()}
    return expected


def save(mask, path):
    path.parent.mkdir(exist_ok=True)
    Image.fromarray(mask.astype(np.uint8) * 255).save(path)


def scored(seglab, folder):
    command = [seglab, "score", folder / "predictions", folder / "references", "--json"]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def difference(ours, theirs):
    """Relative above 1: MONAI computes in float32."""
    if ours is None or theirs is None:
        return 0.0 if ours is theirs else math.inf
    return abs(ours - theirs) / max(1.0, abs(theirs))


def differences(scores, expected):
    """(tool, metric, case, ours, theirs); MONAI's hd95 is another quantity and left out."""
    assert scores["schema"] == 1
    assert [row["case"] for row in scores["cases"]] == sorted(expected)
    for row in scores["cases"]:
        for tool, values in expected[row["case"]].items():
            for metric, value in values.items():
                if not (tool == "monai" and metric.startswith("hd95")):
                    yield tool, metric, row["case"], row[metric], value
    for metric, mean in scores["mean"].items():
        tool = next((tool for tool, values in expected["case 000"].items() if metric in values), None)
        if tool is None:  # of probabilities, which masks are not
            assert mean == {"mean": None, "n": 0, "undefined": PAIRS}, metric
            continue
        values = [values[tool][metric] for values in expected.values()]
        defined = [value for value in values if value is not None]
        assert (mean["n"], mean["undefined"]) == (len(defined), len(values) - len(defined)), metric
        yield tool, metric, "mean", mean["mean"], float(np.mean(defined))


def main():
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as folder:
        expected = written(Path(folder))
        scores = scored(sys.argv[1] if len(sys.argv) > 1 else "seglab", Path(folder))
    largest, wrong = {}, 0
    for tool, metric, case, ours, theirs in differences(scores, expected):
        found = difference(ours, theirs)
        largest[tool, metric] = max(found, largest.get((tool, metric), 0.0))
        if found > TOLERANCE:
            wrong += 1
            print(f"{case}, {metric}: seglab {ours}, {tool} {theirs}")
    for (tool, metric), found in sorted(largest.items()):
        print(f"{tool:8} {metric:12} largest difference {found:.1e}")
    sys.exit(f"{wrong} values disagree" if wrong else 0)


if __name__ == "__main__":
    main()
