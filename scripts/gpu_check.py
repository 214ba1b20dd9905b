"""Ten minutes on a machine with a GPU: does the worker compute there, is it right, how fast is it beside PyTorch.

    pip install torch==2.9.0 numpy safetensors     # or a Python that has them
    python gpu_check.py [--out gpu-check.md] [--quick]

Works in a bundle (`just bundle`) or in the checkout, without a network. Steps of training beside PyTorch's, eager and
compiled, at two precisions, with the losses of both; then a run from end to end, with the GPU's share of busy time.
"""

import argparse
import importlib.util
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

HERE = Path(__file__).parent
NETWORKS = ("unet", "fgfeu-net", "boundary-attention", "att-unet")
# steps end, and the run begins, after so many seconds
STEPS_S = 400


def program(name, *elsewhere):
    """Beside this script, as in a bundle, else where `just worker tch` leaves it."""
    for path in (HERE / name, *elsewhere):
        if path and path.is_file():
            return path
    sys.exit(f"{name}: not beside {HERE / 'gpu_check.py'}; make a bundle, or \"just worker tch\"")


def newest(folder, pattern):
    found = [path for path in folder.glob(pattern) if path.suffix == ""]
    return max(found, key=lambda path: path.stat().st_mtime) if found else None


def libraries():
    """The environment in which the worker finds this Python's torch."""
    found = importlib.util.find_spec("torch")
    if found is None:
        sys.exit(f"{sys.executable} has no torch; pip install torch==2.9.0")
    lib = Path(found.origin).parent / "lib"
    paths = [str(lib), os.environ.get("LD_LIBRARY_PATH", "")]
    return os.environ | {"LD_LIBRARY_PATH": ":".join(path for path in paths if path)}


class Busy(threading.Thread):
    """Samples the GPU's share of busy time."""

    def __init__(self):
        super().__init__(daemon=True)
        self.samples, self.on = [], True

    def run(self):
        query = ["nvidia-smi", "-i", "0", "--query-gpu=utilization.gpu,memory.used", "--format=csv,noheader,nounits"]
        while self.on:
            row = subprocess.run(query, capture_output=True, text=True).stdout.strip().split(",")
            if len(row) == 2:
                self.samples.append((int(row[0]), int(row[1])))
            time.sleep(0.5)

    def end(self):
        self.on = False
        self.join()
        busy = [share for share, _ in self.samples]
        return (statistics.mean(busy) if busy else None), max((mib for _, mib in self.samples), default=None)


def cases(quick):
    """The ones that matter most first: time may end the list."""
    sizes = [(256, 8)] if quick else [(256, 8), (128, 32), (256, 32), (128, 8)]
    for px, batch in sizes:
        for precision in ("f32", "bf16"):
            for name in NETWORKS[:1] if quick else NETWORKS:
                yield f"{name}:{px}:{batch}:1.0", precision


def steps(options, environment, began):
    """Lines of step.py for as many cases as there is time for."""
    bench = HERE / "step.py" if (HERE / "step.py").is_file() else HERE.parent / "benches/step.py"
    worker = program("step", newest(HERE.parent / "target/worker-tch/release/deps", "step-*"))
    lines, left_out = [], []
    for case, precision in cases(options.quick):
        if time.monotonic() - began > STEPS_S:
            left_out.append(f"{case} {precision}")
            continue
        command = [sys.executable, bench, worker, "--device", options.device, "--case", case, "--precision", precision]
        command += ["--rounds", "5" if options.quick else "10", "--steps", "3"]
        # compiling takes a minute: where it is worth one
        if options.device != "tch:cpu" and case.startswith("unet:256:8"):
            command.append("--compile")
        done = subprocess.run([str(part) for part in command], env=environment, capture_output=True, text=True)
        rows = [line for line in done.stdout.splitlines() if line.startswith("|")]
        headed = any(line.startswith("| ---") for line in lines)
        lines += rows[2:] if headed else rows
        if done.returncode != 0:
            lines.append(f"| {case} | {options.device} | {precision} | failed: {done.stderr.strip().splitlines()[-1:]} |")
        print(lines[-1], flush=True)
    return lines, left_out


def run(options, environment):
    """A training from end to end: what the events say."""
    lab = program("seglab", HERE.parent / "target/worker-tch/release/seglab")
    with tempfile.TemporaryDirectory() as folder:
        busy = Busy()
        busy.start()
        command = [lab, "--results", folder, "--device", options.device, "run", HERE / "gpu-check.toml", "--headless"]
        done = subprocess.run([str(part) for part in command], env=environment, capture_output=True, text=True)
        share, mib = busy.end()
        events = [json.loads(line) for path in Path(folder).rglob("events.jsonl") for line in path.read_text().splitlines()]
    epochs = [event for event in events if event["event"] == "epoch"]
    scored = [event for event in events if event["event"] == "scored"]
    if not epochs:
        return [f"run: no epoch; {done.stdout[-500:]} {done.stderr[-500:]}"]
    later = epochs[1:] or epochs
    return [
        f"run: {next(e['device'] for e in events if e['event'] == 'started')}, {len(epochs)} epochs of unet at 256 px, batch 32, "
        f"augmented: {statistics.median(e['images_per_s'] for e in later):.1f} images/s, waited "
        f"{sum(e.get('waited_s') or 0 for e in later):.1f} of {sum(e['elapsed_s'] for e in later):.1f} s for batches",
        f"loss {epochs[0]['train_loss']:.4f} → {epochs[-1]['train_loss']:.4f}; scored: {bool(scored)}",
        f"GPU busy {share:.0f} % of the time, at most {mib} MiB in use" if share is not None else "no nvidia-smi: busy share unknown",
    ]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="tch:cuda:0")
    parser.add_argument("--out", type=Path, default=Path("gpu-check.md"))
    parser.add_argument("--quick", action="store_true", help="one network at one size")
    options = parser.parse_args()
    environment, began = libraries(), time.monotonic()
    lab = program("seglab", HERE.parent / "target/worker-tch/release/seglab")
    offers = subprocess.run([str(lab), "devices"], env=environment, capture_output=True, text=True)
    print(offers.stdout or offers.stderr)
    found = {offer["device"]: offer["refusal"] for offer in json.loads(offers.stdout or "[]")}
    if options.device not in found or found[options.device]:
        sys.exit(f"{options.device}: {found.get(options.device, 'not in this build')}")
    lines, left_out = steps(options, environment, began)
    ended = run(options, environment)
    text = "\n".join([*lines, "", *(f"- {line}" for line in ended)])
    if left_out:
        text += f"\n- no time for: {', '.join(left_out)}"
    options.out.write_text(text + "\n")
    print(f"{text}\n{time.monotonic() - began:.0f} s; {options.out}")


main()
