#!/usr/bin/env python3
"""Put the runs of a seglab report into Weights & Biases: REPORT/wandb/{runs,curves}.jsonl.

    pip install wandb
    python scripts/wandb_import.py REPORT --project seglab            # online, after "wandb login"
    WANDB_MODE=offline python scripts/wandb_import.py REPORT          # to be sent later by "wandb sync"

A run keeps its seglab name as its id, so importing twice replaces nothing and adds nothing twice: runs that are there
already are skipped by W&B's `resume="never"`, which refuses them.
"""

import argparse
import json
import pathlib
import re

KEYS = {"spec", "run", "arm", "fold", "seed", "epoch", "step"}


def lines(path):
    with path.open(encoding="utf-8") as file:
        return [json.loads(line) for line in file if line.strip()]


def by_run(rows):
    runs = {}
    for row in rows:
        runs.setdefault((row["spec"], row["run"]), []).append(row)
    return runs


def identity(spec, run):
    """W&B allows letters, digits, - and _ and 128 of them."""
    return re.sub(r"[^A-Za-z0-9_-]", "-", f"{spec}-{run}")[:128]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("report", type=pathlib.Path, help="folder that seglab report --out wrote")
    parser.add_argument("--project", default="seglab")
    args = parser.parse_args()
    import wandb

    curves = by_run(lines(args.report / "wandb" / "curves.jsonl"))
    for row in lines(args.report / "wandb" / "runs.jsonl"):
        run = wandb.init(
            project=args.project,
            id=identity(row["spec"], row["run"]),
            name=row["run"],
            group=row["spec"],
            job_type=row["arm"],
            config={**row["config"], "arm": row["arm"], "fold": row["fold"], "seed": row["seed"]},
            resume="never",
        )
        for point in curves.get((row["spec"], row["run"]), []):
            values = {key: value for key, value in point.items() if key not in KEYS and value is not None}
            run.log({"epoch": point["epoch"], **values}, step=point["step"])
        for name, aggregate in (row["test"] or {}).items():
            run.summary[f"test_{name}"] = aggregate["mean"]
            run.summary[f"test_{name}_n"] = aggregate["n"]
        run.finish()


if __name__ == "__main__":
    main()
