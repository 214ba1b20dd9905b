"""Numbers of a report once more, from the files of the runs, without seglab: NumPy, SciPy, scikit-learn, TensorBoard.

    seglab --results RESULTS report --out REPORT
    python tests/golden/report_check.py RESULTS REPORT

Means, n and t intervals of DSC and HD95, Bland and Altman's bias and limits, ROC curves, and the curves of the
TensorBoard files beside those of the W&B lines. Prints what was compared; ends with an error at the first difference.
"""

import collections
import json
import pathlib
import sys

import numpy as np
import pandas as pd
import scipy.stats


def close(a, b, what):
    assert (a is None) == (b is None), (what, a, b)
    assert a is None or abs(a - b) <= 1e-9 * max(abs(a), abs(b), 1e-3), (what, a, b)


def dsc(score):
    tp, fp, fn = (score["counts"][key] for key in ("tp", "fp", "fn"))
    return 2 * tp / (2 * tp + fp + fn) if tp + fp + fn else None


def per_case(scores, value):
    """Mean over seeds of each case, with its subject."""
    values = collections.defaultdict(list)
    subjects = {}
    for score in scores:
        own = value(score)
        subjects[score["case"]] = score["subject"]
        values[score["case"]] += [] if own is None else [own]
    cases = sorted(case for case, own in values.items() if own)
    return np.array([np.mean(values[case]) for case in cases]), [subjects[case] for case in cases]


def t_interval(values, subjects):
    """Cluster-robust, as statsmodels' cov_type="cluster" of a constant."""
    groups = collections.defaultdict(list)
    for value, subject in zip(values, subjects):
        groups[subject].append(value - values.mean())
    g = len(groups)
    if g < 2:
        return None
    error = np.sqrt(g / (g - 1) * sum(sum(own) ** 2 for own in groups.values())) / len(values)
    half = scipy.stats.t.ppf(0.975, g - 1) * error
    return values.mean() - half, values.mean() + half


def scores_of(results, report):
    arms = collections.defaultdict(list)
    for run in report["provenance"]["runs"]:
        if run["state"] == "finished":
            folder = results / report["spec"] / run["id"]
            name = "verdicts.json" if (folder / "verdicts.json").exists() else "scores.json"
            arms[run["arm"]] += [{**score, "seed": run["seed"]} for score in json.loads((folder / name).read_text())]
    return arms


def check_metric(report, arms, name, value):
    answers = next(own for own in report["statistics"]["metrics"] if own["metric"] == name)
    means = {arm["arm"]: arm["metrics"][name] for arm in report["comparison"]["arms"]}
    for arm in answers["arms"]:
        values, subjects = per_case(arms[arm["arm"]], value)
        summary = arm["summary"]
        assert summary["n"] == len(values) == means[arm["arm"]]["n"], (name, arm["arm"])
        close(values.mean() if len(values) else None, summary["mean"], (name, "mean", arm["arm"]))
        close(summary["mean"], means[arm["arm"]]["mean"], (name, "comparison", arm["arm"]))
        interval = t_interval(values, subjects) if len(values) else None
        if summary["t"] is not None:
            close(interval[0], summary["t"]["low"], (name, "t low", arm["arm"]))
            close(interval[1], summary["t"]["high"], (name, "t high", arm["arm"]))
    return len(answers["arms"])


def check_areas(report, arms):
    for area in report["areas"]:
        difference, _ = per_case(arms[area["arm"]], lambda s: s["counts"]["fp"] - s["counts"]["fn"])
        close(difference.mean(), area["bias_px"], "bias")
        close(difference.std(ddof=1), area["sd_px"], "sd")
        close(difference.mean() - 1.96 * difference.std(ddof=1), area["low_px"], "low")
        close(difference.mean() + 1.96 * difference.std(ddof=1), area["high_px"], "high")
    return len(report["areas"])


def check_roc(report, arms):
    for curve in report["roc"]:
        from sklearn.metrics import roc_curve

        own = [score for score in arms[curve["arm"]] if score["seed"] == curve["seed"]]
        truth, probability = [s["malignant"] for s in own], [s["probability"] for s in own]
        fpr, tpr, _ = roc_curve(truth, probability, drop_intermediate=False)
        assert np.allclose(np.array(curve["points"]), np.column_stack([fpr, tpr])), curve["arm"]
    return len(report["roc"])


def check_tensorboard(folder):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    rows = pd.read_json(folder / "wandb" / "curves.jsonl", lines=True)
    points = 0
    for (spec, run), own in rows.groupby(["spec", "run"]):
        events = EventAccumulator(str(folder / "tensorboard" / spec / run), size_guidance={"scalars": 0}).Reload()
        names = {tag: tag.replace("valid/", "valid_") for tag in events.Tags()["scalars"] if tag.startswith("valid/")}
        names |= {"loss/train": "train_loss", "loss/valid": "valid_loss", "lr": "lr"}
        for tag, column in names.items():
            if tag in events.Tags()["scalars"]:
                defined = own[["step", column]].dropna()
                scalars = events.Scalars(tag)
                assert [s.step for s in scalars] == list(defined["step"]), (run, tag)
                assert np.allclose([s.value for s in scalars], defined[column], rtol=1e-6), (run, tag)
                points += len(scalars)
    return points


def main():
    results, folder = map(pathlib.Path, sys.argv[1:])
    for path in sorted(folder.glob("*.json")):
        report = json.loads(path.read_text())
        arms = scores_of(results, report)
        made = {}
        if report["task"] == "segmentation":
            made["dsc"] = check_metric(report, arms, "dsc", dsc)
            made["hd95_px"] = check_metric(report, arms, "hd95_px", lambda score: score["hd95_px"])
        made["areas"], made["roc"] = check_areas(report, arms), check_roc(report, arms)
        table = pd.read_csv(path.with_suffix(".csv"))
        assert len(table) == len(report["statistics"]["metrics"]) * len(arms), path
        print(f"{path.name}: arms compared: {made}; CSV: {len(table)} rows")
    print(f"TensorBoard: {check_tensorboard(folder)} scalars")


if __name__ == "__main__":
    main()
