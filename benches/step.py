"""Times a step of training and an inference of seglab and of PyTorch, in turn, on the same network and weights.

    cargo bench --features tch --bench step --no-run          # prints the program's path
    python benches/step.py PROGRAM --device tch:cpu --case unet:256:2:1.0 --case unet:128:8:0.25

A case is model:px:batch:width. Both sides are processes that compute only when asked; a round asks each for a few steps.
Printed: medians over the rounds' medians, their ratio, the largest relative difference between the first losses, and the
peak memory of the processes (on a GPU: of their use of it, by nvidia-smi).
"""

import argparse
import json
import math
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path


CASES = [
    "unet:128:8:0.25",
    "fgfeu-net:128:8:0.25",
    "boundary-attention:128:8:0.25",
    "att-unet:128:8:0.25",
    "unet:256:2:1.0",
    "unet:256:8:1.0",
]


class Side:
    """A process that times steps when it is asked to."""

    def __init__(self, *command):
        self.process = subprocess.Popen([str(c) for c in command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.answer()

    def answer(self):
        for line in self.process.stdout:
            if line.startswith("{"):
                return json.loads(line)
        sys.exit(f"{self.process.args}: ended with {self.process.wait()}")

    def ask(self, what, count):
        self.process.stdin.write(f"{what} {count}\n")
        self.process.stdin.flush()
        return self.answer()

    def peak_mib(self):
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmHWM:\s+(\d+)", status)[1]) // 1024

    def gpu_mib(self):
        """What the process holds of a GPU now; a caching allocator gives nothing back, so this is its peak, too."""
        query = ["nvidia-smi", "--query-compute-apps=pid,used_memory", "--format=csv,noheader,nounits"]
        rows = subprocess.run(query, capture_output=True, text=True, check=True).stdout.splitlines()
        used = {int(pid): int(mib) for pid, mib in (row.split(",") for row in rows) if mib.strip().isdigit()}
        return used.get(self.process.pid)

    def end(self):
        self.process.stdin.close()
        self.process.wait()


def serve(folder, device, precision, compiled):
    """The other side's process."""
    import numpy as np
    import torch

    from networks import network, objective

    case = json.loads((folder / "case.json").read_text())
    model = network(case["model"]["name"], case["model"]["width"], folder / "weights.safetensors").to(device)
    shape = (case["batch"], -1, case["px"], case["px"])
    images, target = (
        torch.from_numpy(np.fromfile(folder / name, np.float32).reshape(shape)).to(device) for name in ("images.f32", "target.f32")
    )
    forward = torch.compile(model) if compiled else model
    optimizer = torch.optim.Adam(model.parameters(), lr=case["lr"])
    cast = lambda: torch.autocast(device.split(":")[0], torch.bfloat16, enabled=precision == "bf16")
    print('{"ready": true}', flush=True)
    for line in sys.stdin:
        what, count = line.split()
        times, losses = [], []
        for _ in range(int(count)):
            began = time.perf_counter()
            if what == "train":
                model.train()
                with cast():
                    output = forward(images)
                loss = objective(output, target)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                losses.append(loss.item())
            else:
                model.eval()
                with torch.inference_mode(), cast():
                    output = forward(images)
                (output if isinstance(output, torch.Tensor) else output[0]).float().mean().item()
            if device != "cpu":
                torch.cuda.synchronize()
            times.append((time.perf_counter() - began) * 1000)
        print(json.dumps({"ms": times, "losses": losses}), flush=True)


def measure(program, case, options):
    """One case: both sides, in turn."""
    name, px, batch, width = case.split(":")
    model = {"name": name, "width": float(width)}
    if name == "fgfeu-net":
        model |= {"encoder_dropout": 0.0, "decoder_dropout": 0.0}
    torch_device = options.device.removeprefix("tch:") if options.device != "flex" else "cpu"
    with tempfile.TemporaryDirectory() as folder:
        described = {"model": model, "px": int(px), "batch": int(batch), "lr": 1e-4, "precision": options.precision}
        (Path(folder) / "case.json").write_text(json.dumps(described))
        python = [sys.executable, __file__, "--serve", folder, "--device", torch_device, "--precision", options.precision]
        sides = {"seglab": Side(program, options.device, folder), "PyTorch": Side(*python)}
        if options.compile:
            sides["compiled"] = Side(*python, "--compile")
        found = {side: {"case": case, "device": options.device, "precision": options.precision} for side in sides}
        # the lab validates in single precision whatever it trains in
        for what in ("infer", "train") if options.precision == "f32" else ("train",):
            warm = {side: process.ask(what, 2) for side, process in sides.items()}
            rounds = {side: [] for side in sides}
            for _ in range(options.rounds):
                for side, process in sides.items():
                    rounds[side].append(statistics.median(process.ask(what, options.steps)["ms"]))
            for side, times in rounds.items():
                found[side][f"{what}_ms"] = statistics.median(times)
                ratios = [ours / theirs for ours, theirs in zip(rounds["seglab"], times)]
                found[side][f"{what}_ratio"] = statistics.median(ratios)
                if what == "train":
                    pairs = zip(warm["seglab"]["losses"], warm[side]["losses"])
                    found[side]["losses_apart"] = max(abs(a - b) / abs(b) for a, b in pairs)
        for side, process in sides.items():
            found[side]["peak_mib"] = process.gpu_mib() if torch_device != "cpu" else process.peak_mib()
            process.end()
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", nargs="?")
    parser.add_argument("--device", default="tch:cpu")
    parser.add_argument("--precision", default="f32", choices=["f32", "bf16"])
    parser.add_argument("--case", action="append", default=[])
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--steps", type=int, default=1, help="of each side in a round")
    parser.add_argument("--compile", action="store_true", help="torch.compile beside eager")
    parser.add_argument("--json", type=Path, help="adds a line for each case")
    parser.add_argument("--serve", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        return serve(options.serve, options.device, options.precision, options.compile)
    print("| case | device | precision | side | train ms | ours / theirs | infer ms | ours / theirs | peak MiB | losses apart |")
    print("| --- | --- | --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |")
    for case in options.case or CASES:
        found = measure(options.program, case, options)
        for side, row in found.items():
            print(
                f"| {case} | {options.device} | {options.precision} | {side} | {row['train_ms']:.1f} | {row['train_ratio']:.2f} "
                f"| {row.get('infer_ms', math.nan):.1f} | {row.get('infer_ratio', math.nan):.2f} | {row['peak_mib']} | {row['losses_apart']:.1e} |",
                flush=True,
            )
        if options.json:
            with options.json.open("a") as file:
                file.write(json.dumps(found) + "\n")


main()
