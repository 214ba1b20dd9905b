#!/usr/bin/env bash
# Keeps what tables stand on: of each finished run of a spec its plan, events and per-case scores, in results/golden/runs,
# which is a store like any other; and beside it the tables made of them, to be made again by
#
#   seglab report --check results/golden --results results/golden/runs
#
#   scripts/keep_golden.sh STORE SPEC…
set -euo pipefail
cd "$(dirname "$0")/.."

store=${1:?a store}
shift
seglab=${SEGLAB:-${CARGO_TARGET_DIR:-target}/release/seglab}
kept=results/golden/runs
tables=$(mktemp -d)
trap 'rm -rf "$tables"' EXIT

for spec in "$@"; do
    rm -rf "${kept:?}/$spec"
    for run in "$store/$spec"/*/; do
        [ -f "$run/scores.json" ] || continue
        to=$kept/$spec/$(basename "$run")
        mkdir -p "$to"
        cp "$run/plan.toml" "$run/scores.json" "$to"
        if [ -f "$run/scores-raw.json" ]; then cp "$run/scores-raw.json" "$to"; fi
        # losses of single steps are nine tenths of the events, and in no table
        grep -v '"event":"step"' "$run/events.jsonl" > "$to/events.jsonl"
    done
    "$seglab" --results "$kept" report "$spec" --out "$tables" > /dev/null
    cp "$tables/$spec".{md,csv,json} results/golden
done
