"""Reference values for the metrics and statistics of a classification.

Made with Python 3.11, scikit-learn 1.9.1, statsmodels 0.15.0, SciPy 1.17.1, confidenceinterval 1.0.5 by

    pip install scikit-learn==1.9.1 statsmodels==0.15.0 confidenceinterval==1.0.5
    python tests/golden/classification.py

Writes classification.json beside this file. `null` is undefined. A probability is an integer over 1024, so that ties
on paper tie in floating point too.

    metrics     scikit-learn: accuracy, sensitivity (recall), specificity (recall of the negatives), precision, F1,
                balanced accuracy, ROC AUC, Brier score
    delong      confidenceinterval (Sun & Xu's fast DeLong): AUC and variance of independent cases
    clustered   Obuchowski's (1997) variance with cases in subjects, written out here over the matrix of pairs
    difference  two arms over the same cases: DeLong's test with NumPy's covariance of the placements
    wilson      statsmodels proportion_confint(method="wilson")
    mcnemar     statsmodels mcnemar(exact=True)
"""

import json
from pathlib import Path

import numpy as np
from confidenceinterval.delong import delong_roc_variance
from scipy import stats
from sklearn import metrics
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.proportion import proportion_confint

UNIT = 1024


def ranking(rng, n, share, skill):
    """Classes with at least one of each, and probabilities that know of them."""
    truth = rng.random(n) < share
    truth[0], truth[1] = True, False
    p = np.clip(rng.normal(0.5 + skill * (truth - 0.5), 0.25), 0, 1)
    return truth, np.round(p * UNIT).astype(int)


def quality(truth, p):
    called = p > UNIT // 2
    return {
        "accuracy": metrics.accuracy_score(truth, called),
        "sensitivity": metrics.recall_score(truth, called),
        "specificity": metrics.recall_score(~truth, ~called),
        "precision": metrics.precision_score(truth, called) if called.any() else None,
        "f1": metrics.f1_score(truth, called),
        "balanced_accuracy": metrics.balanced_accuracy_score(truth, called),
        "auc": metrics.roc_auc_score(truth, p),
        "brier": metrics.brier_score_loss(truth, p / UNIT),
    }


def pairs(truth, p):
    """1 where a positive is above a negative, ½ where they tie: positives × negatives."""
    above = p[truth][:, None] - p[~truth][None, :]
    return (np.sign(above) + 1) / 2


def clustered(truth, p, subject):
    psi = pairs(truth, p)
    auc, (m, n) = psi.mean(), psi.shape
    v10, v01 = psi.mean(1), psi.mean(0)
    s10 = s01 = s11 = 0.0
    for k in set(subject):
        positive = (v10[subject[truth] == k] - auc).sum()
        negative = (v01[subject[~truth] == k] - auc).sum()
        s10, s01, s11 = s10 + positive**2, s01 + negative**2, s11 + positive * negative
    i10, i01, i = len(set(subject[truth])), len(set(subject[~truth])), len(set(subject))
    if i10 < 2 or i01 < 2:
        return None
    s10, s01, s11 = s10 * i10 / ((i10 - 1) * m), s01 * i01 / ((i01 - 1) * n), s11 * i / (i - 1)
    return float(np.sqrt(max(0.0, s10 / m + s01 / n + 2 * s11 / (m * n))))


def difference(truth, a, b):
    delta = pairs(truth, a) - pairs(truth, b)
    m, n = delta.shape
    variance = np.var(delta.mean(1), ddof=1) / m + np.var(delta.mean(0), ddof=1) / n
    se = float(np.sqrt(variance))
    return {"difference": delta.mean(), "se": se, "p": 2 * stats.norm.sf(abs(delta.mean()) / se)} if se > 0 else None


def rankings(rng):
    for number in range(40):
        n = int(rng.integers(6, 80))
        truth, p = ranking(rng, n, rng.uniform(0.2, 0.8), rng.uniform(-0.2, 0.6))
        if number % 4 == 0:
            p = p // 128 * 128
        _, other = ranking(rng, n, 0.5, 0.1)
        other = (other + p) // 2
        subject = rng.integers(0, max(2, n // 2), n)
        positives, negatives = truth.sum(), (~truth).sum()
        _, covariance = delong_roc_variance(truth.astype(int), p.astype(float))
        yield {
            "truth": truth.tolist(),
            "p": p.tolist(),
            "other": other.tolist(),
            "subject": subject.tolist(),
            "metrics": quality(truth, p),
            "se": float(np.sqrt(covariance)) if min(positives, negatives) > 1 else None,
            "clustered_se": clustered(truth, p, subject),
            "difference": difference(truth, p, other) if min(positives, negatives) > 1 else None,
        }


def shares():
    for n in (1, 2, 7, 30, 129, 1000):
        for successes in sorted({0, 1, n // 3, n - 1, n}):
            for level in (0.8, 0.95, 0.999):
                low, high = proportion_confint(successes, n, 1 - level, method="wilson")
                yield {"n": n, "successes": int(successes), "level": level, "interval": [float(low), float(high)]}


def tests():
    for better, worse in [(0, 0), (0, 1), (1, 5), (3, 3), (10, 2), (25, 40), (0, 60), (300, 350), (900, 1100)]:
        yield {"better": better, "worse": worse, "p": float(mcnemar([[5, better], [worse, 5]], exact=True).pvalue)}


def plain(value):
    return value.item() if isinstance(value, np.generic) else value


if __name__ == "__main__":
    rng = np.random.default_rng(7)
    golden = {"rankings": list(rankings(rng)), "shares": list(shares()), "tests": list(tests())}
    lines = [f'"{k}": [\n' + ",\n".join(json.dumps(row, default=plain) for row in rows) + "\n]" for k, rows in golden.items()]
    Path(__file__).with_suffix(".json").write_text("{\n" + ",\n".join(lines) + "\n}\n")
