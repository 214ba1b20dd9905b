"""Reference values for intervals, paired tests and corrections.

Made with Python 3.11.7, scipy 1.17.1, statsmodels 0.15.0, numpy 2.4.6 by

    pip install scipy==1.17.1 statsmodels==0.15.0 numpy==2.4.6
    python tests/golden/stats.py

Writes stats.json beside this file, one case a line. `null` is undefined. A value is an integer over "unit", a power of
two: so sums are exact in any order, and what ties on paper ties in floating point too.

    samples     two arms over the same cases. "n", "dropped": pairs. numpy: mean, sd, quartiles of arm a
                scipy: t interval of independent cases; statsmodels: of cases in subjects (OLS on a constant,
                cov_type="cluster"); scipy: BCa interval of RESAMPLES given resamples, with indices from `draws`
                scipy: Wilcoxon. Where it would not be exact (ties, 14 to 50 subjects), the distribution is counted here
                in whole numbers. scipy: sign-flip test of 2 to 12 subjects; else counted here where that is feasible
    holm        statsmodels
    normal, t   scipy.special
    widths      smallest n by trial, scipy
    rankings    every one of the nⁿ resamples of few cases, numpy
"""

import itertools
import json
import math
import warnings
from collections import Counter
from pathlib import Path

import numpy as np
import statsmodels.api as sm
from scipy import special, stats
from statsmodels.stats.multitest import multipletests

SEED = 20240611
RESAMPLES = 299
FINE, COARSE = 2**30, 2**10


def samples():
    """Name, unit, arm a, arm b, subjects: first the hard ones, then what a metric yields."""
    rng = np.random.default_rng(SEED)
    yield from hard()
    for number in range(60):
        n = int(rng.choice([2, 3, 4, 5, 6, 8, 10, 12, 14, 17, 25, 30, 31, 40, 50, 51, 60]))
        yield f"dice {number}", FINE, *dice(rng, n, FINE), own(n)
    for number in range(50):
        n = int(rng.choice([3, 5, 7, 9, 12, 13, 14, 20, 28, 35, 50, 55, 70]))
        yield f"ties {number}", 16, *dice(rng, n, 16), own(n)
    for number in range(8):
        yield f"130 cases {number}", COARSE, *dice(rng, 130, COARSE), own(130)
    for number in range(20):
        n = int(rng.integers(3, 30))
        a, b = dice(rng, n, COARSE)
        a[rng.integers(n)] = int(rng.choice([-1, 1])) * 10 ** int(rng.integers(5, 9))
        yield f"outlier {number}", COARSE, a, b, own(n)
    for number in range(20):
        n = int(rng.integers(4, 40))
        a, b = dice(rng, n, COARSE)
        yield f"undefined {number}", COARSE, holes(rng, a), holes(rng, b), own(n)
    for number in range(50):
        n = int(rng.choice([4, 8, 15, 30, 60, 130], p=[0.15, 0.25, 0.25, 0.2, 0.1, 0.05]))
        subjects = [int(s) for s in rng.integers(0, max(2, n // 2), n)]
        unit = int(rng.choice([16, COARSE]))
        a, b = dice(rng, n, unit)
        if number % 5 == 0:
            a, b = holes(rng, a), holes(rng, b)
        yield f"subjects {number}", unit, a, b, subjects


def hard():
    yield "no case", 1, [], [], []
    yield "one case", 4, [3], [1], own(1)
    yield "one case, equal", 4, [3], [3], own(1)
    yield "one case, undefined", 4, [None], [3], own(1)
    yield "two cases", 4, [3, 1], [1, 2], own(2)
    yield "two equal cases", 4, [3, 3], [1, 1], own(2)
    yield "three cases", 8, [7, 1, 2], [2, 2, 1], own(3)
    yield "three equal cases", 8, [7, 7, 7], [1, 1, 1], own(3)
    yield "all equal", 1024, [1000] * 20, [900] * 20, own(20)
    yield "arms equal", 1024, list(range(12)), list(range(12)), own(12)
    yield "arms equal, 60 cases", 1024, list(range(60)), list(range(60)), own(60)
    yield "zeros and one", 1, [0] * 19 + [1], [0] * 20, own(20)
    yield "ones and one zero", 1, [1] * 49 + [0], [1] * 50, own(50)
    yield "always better", 64, list(range(1, 31)), [0] * 30, own(30)
    yield "one subject", 8, [1, 2, 3, 4], [4, 4, 1, 0], [0, 0, 0, 0]
    yield "two subjects", 8, [1, 2, 3, 4], [4, 4, 1, 0], [0, 1, 0, 1]
    yield "subjects with one mean", 8, [1, 3, 3, 1], [0, 0, 0, 0], [0, 0, 1, 1]


def own(n):
    """Each case a subject."""
    return list(range(n))


def dice(rng, n, unit):
    """Skewed towards 1 with some zeros, and the other arm near it."""
    a = rng.beta(8, 2, n) * (rng.random(n) > 0.05)
    b = np.clip(a + rng.normal(rng.normal(0, 0.02), rng.choice([0.02, 0.1]), n), 0, 1)
    return [int(v) for v in np.round(a * unit)], [int(v) for v in np.round(b * unit)]


def holes(rng, values):
    return [None if rng.random() < 0.15 else v for v in values]


def draws(seed, n, size):
    """Knuth's 64-bit linear congruential generator; the same in the test."""
    state = seed
    for _ in range(size):
        state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
        yield (state >> 33) % n


def blocks(values, subjects):
    """Sum and number of cases of each subject, in order."""
    sums, counts = Counter(), Counter()
    for value, subject in zip(values, subjects):
        sums[subject] += value
        counts[subject] += 1
    order = sorted(counts)
    return np.array([sums[s] for s in order], dtype=float), np.array([counts[s] for s in order], dtype=float)


def described(values):
    q1, median, q3 = np.quantile(values, [0.25, 0.5, 0.75]) if len(values) else [math.nan] * 3
    sd = np.std(values, ddof=1) if len(values) > 1 else math.nan
    if len(set(values)) == 1:
        sd *= 0.0
    return {"mean": np.mean(values) if len(values) else math.nan, "sd": sd, "q1": q1, "median": median, "q3": q3}


def varies(values, subjects):
    sums, counts = blocks(values, subjects)
    return len(sums) > 1 and len(set(sums / counts)) > 1


def t_interval(values, subjects, level):
    if len(set(subjects)) == len(subjects):
        return stats.t.interval(level, len(values) - 1, np.mean(values), stats.sem(values))
    fit = sm.OLS(values, np.ones(len(values))).fit(cov_type="cluster", cov_kwds={"groups": subjects}, use_t=True)
    return fit.conf_int(alpha=1 - level)[0]


def bca_interval(values, subjects, level, seed):
    sums, counts = blocks(values, subjects)
    n = len(sums)

    def mean(index, axis=-1):
        return sums[index].sum(axis=axis) / counts[index].sum(axis=axis)

    index = np.fromiter(draws(seed, n, n * RESAMPLES), dtype=int).reshape(RESAMPLES, n)
    prior = stats.bootstrap((np.arange(n),), mean, n_resamples=1, vectorized=True)
    prior.bootstrap_distribution = mean(index)
    found = stats.bootstrap(
        (np.arange(n),), mean, n_resamples=0, bootstrap_result=prior, confidence_level=level, method="BCa", vectorized=True
    )
    return found.confidence_interval


def counted(signed, reach):
    """Share of the sign patterns with |sum| ≥ reach, in whole numbers."""
    patterns = Counter({0: 1})
    for s in signed:
        further = Counter()
        for total, ways in patterns.items():
            further[total + s] += ways
            further[total - s] += ways
        patterns = further
    return sum(ways for total, ways in patterns.items() if abs(total) >= reach) / 2 ** len(signed)


def wilcoxon(differences):
    d = differences[differences != 0]
    if len(differences) == 0:
        return None
    if len(d) == 0:
        return {"n": 0, "plus": 0.0, "minus": 0.0, "p": 1.0, "exact": True}
    ranks = stats.rankdata(np.abs(d))
    tied = len(set(np.abs(d))) < len(d)
    if len(d) > 50:
        p = stats.wilcoxon(d, method="asymptotic").pvalue
    elif not tied:
        p = stats.wilcoxon(d, method="exact").pvalue
    elif len(d) <= 13:
        p = stats.wilcoxon(d, method=stats.PermutationMethod(n_resamples=np.inf)).pvalue
    else:
        doubled = [int(2 * r) for r in ranks]
        p = counted(doubled, abs(sum(int(np.sign(v)) * r for v, r in zip(d, doubled))))
    plus, minus = ranks[d > 0].sum(), ranks[d < 0].sum()
    return {"n": len(d), "plus": plus, "minus": minus, "p": p, "exact": len(d) <= 50}


def sign_flip(sums):
    """`sums` are whole numbers; none where neither way is feasible."""
    s = [int(v) for v in sums if v != 0]
    if len(sums) == 0 or len(s) > 30:
        return None
    if 2 <= len(s) <= 12:
        total = lambda x, axis=-1: np.sum(x, axis=axis)
        found = stats.permutation_test((np.array(s, float),), total, permutation_type="samples", n_resamples=np.inf, vectorized=True)
        return found.pvalue
    if sum(abs(v) for v in s) < 100_000 or len(s) < 16:
        return counted(s, abs(sum(s)))
    return None


def sample(number, name, unit, a, b, subjects):
    level = [0.95, 0.9, 0.99, 0.5][number % 4]
    own_a = [(v / unit, s) for v, s in zip(a, subjects) if v is not None]
    values, of = [v for v, _ in own_a], [s for _, s in own_a]
    pairs = [(y - x, s) for x, y, s in zip(a, b, subjects) if x is not None and y is not None]
    sums, counts = blocks([d for d, _ in pairs], [s for _, s in pairs])
    means = sums / counts / unit
    spread = varies(values, of)
    rank = wilcoxon(means)
    d_z = means.mean() / means.std(ddof=1) if len(means) > 1 and len(set(means)) > 1 else math.nan
    return {
        "case": name, "unit": unit, "a": a, "b": b, "subjects": subjects if len(set(subjects)) < len(subjects) else None,
        "level": level, "seed": number, "undefined": sum(v is None for v in a), "a_stats": finite(described(values)),
        "t": interval(t_interval(values, of, level)) if spread else None,
        "bca": interval(bca_interval(values, of, level, number)) if spread else None,
        "n": len(pairs), "dropped": len(a) - len(pairs),
        "mean_difference": number_of(sums.sum() / unit / len(pairs)) if pairs else None,
        "wilcoxon": rank, "sign_flip": sign_flip(sums), "d_z": number_of(d_z),
    }  # fmt: skip


def interval(ends):
    low, high = (float(end) for end in ends)
    return [low, high] if math.isfinite(low) and math.isfinite(high) else None


def number_of(value):
    return float(value) if math.isfinite(value) else None


def finite(values):
    return {name: number_of(value) for name, value in values.items()}


def holm_cases():
    rng = np.random.default_rng(SEED + 1)
    for number in range(40):
        p = rng.beta(0.3, 1, rng.integers(1, 13)).round(3 if number % 2 else 12)
        yield {"p": p.tolist(), "holm": multipletests(p, method="holm")[1].tolist()}


def normal_cases():
    for z in [0.0, 1e-9, 0.1, 0.5, 1.0, 1.6448536269514722, 1.959963984540054, 3.0, 5.0, 8.0, 20.0, 37.0]:
        yield {"z": z, "cdf": float(special.ndtr(z)), "below": float(special.ndtr(-z))}


def normal_quantiles():
    for p in [1e-300, 1e-50, 1e-16, 1e-9, 1e-4, 0.001, 0.005, 0.025, 0.05, 0.1, 0.25, 0.4, 0.49, 0.6, 0.9, 0.975, 0.9995, 1 - 1e-9]:
        yield {"p": p, "z": float(special.ndtri(p))}


def t_cases():
    for df in [1, 2, 3, 4, 5, 7, 10, 19, 30, 49, 59, 61, 129, 500, 1000, 100_000]:
        for t in [0.01, 0.3, 1.0, 1.96, 2.6, 4.0, 10.0, 50.0]:
            yield {"df": df, "t": t, "below": float(special.stdtr(df, -t))}


def t_quantiles():
    for df in [1, 2, 3, 4, 5, 7, 10, 19, 30, 49, 59, 61, 129, 500, 1000, 100_000]:
        for p in [1e-9, 0.0005, 0.005, 0.025, 0.05, 0.25, 0.45, 0.75, 0.975, 0.9995]:
            yield {"df": df, "p": p, "t": float(special.stdtrit(df, p))}


def width_cases():
    for sd, width, level in itertools.product([0.05, 0.2, 3.7], [0.02, 0.05, 0.2, 1.0, 5.0], [0.8, 0.95, 0.99]):
        n = np.arange(2, 5000)
        narrow = 2 * special.stdtrit(n - 1, (1 + level) / 2) * sd / np.sqrt(n) <= width
        if narrow.any():
            yield {"sd": sd, "width": width, "level": level, "n": int(n[narrow][0])}


def ranking_cases():
    rng = np.random.default_rng(SEED + 2)
    for number in range(12):
        n, arms = int(rng.integers(2, 7)), int(rng.integers(2, 6))
        values = rng.integers(0, 17 if number % 2 else 5, (arms, n))
        index = np.array(list(itertools.product(range(n), repeat=n)))
        means = values[:, index].sum(axis=-1)
        for best in ("highest", "lowest"):
            signed = -means if best == "highest" else means
            ranks = stats.rankdata(signed, axis=0)
            leads = ranks == ranks.min(axis=0)
            first = (leads / leads.sum(axis=0)).mean(axis=1)
            own_rank = stats.rankdata((-1 if best == "highest" else 1) * values.sum(axis=1))
            yield {"best": best, "values": values.tolist(), "rank": own_rank.tolist(), "first": first.tolist(), "mean_rank": ranks.mean(axis=1).tolist()}  # fmt: skip


def whole_bca():
    """SciPy's own resampling, to compare as a whole."""
    rng = np.random.default_rng(SEED + 3)
    for n in (8, 20, 50, 130):
        a, _ = dice(rng, n, COARSE)
        values = np.array(a) / COARSE
        found = stats.bootstrap((values,), np.mean, n_resamples=200_000, method="BCa", rng=rng, batch=10_000)
        yield {"a": a, "unit": COARSE, "bca": interval(found.confidence_interval), "error": float(found.standard_error)}


def lines_of(rows):
    return ",\n".join(json.dumps(row, separators=(",", ":")) for row in rows)


def main():
    warnings.simplefilter("ignore")  # of degenerate samples, which are among the cases
    parts = {
        "samples": (sample(number, *case) for number, case in enumerate(samples())),
        "holm": holm_cases(),
        "normal": normal_cases(),
        "normal_quantiles": normal_quantiles(),
        "t": t_cases(),
        "t_quantiles": t_quantiles(),
        "widths": width_cases(),
        "rankings": ranking_cases(),
        "whole_bca": whole_bca(),
    }
    text = ",".join(f'"{name}":[\n{lines_of(rows)}\n]' for name, rows in parts.items())
    Path(__file__).with_name("stats.json").write_text(f"{{{text}}}\n")


if __name__ == "__main__":
    main()
