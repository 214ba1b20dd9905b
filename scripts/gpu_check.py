"""Ten minutes on a machine with a GPU: does the worker compute there, is it right, how fast is it beside PyTorch.

    pip install torch==2.9.0 numpy safetensors pillow     # or a Python that has them
    python gpu_check.py [--out gpu-check.md] [--quick] [--busi DIR] [--epochs 100]

Works in a bundle (`just bundle`) or in the checkout, without a network. First a whole training of FgFEU-Net, 256 px, batch
8, beside a plain PyTorch script with a DataLoader that reads the same files, with the GPU's share of busy time; then steps
of training beside PyTorch's, eager and compiled, in single precision without and with TF32, and in bfloat16, with the
losses of both. Without --busi the images are drawn ones in BUSI's layout and number.
"""

import argparse
import importlib.util
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

HERE = Path(__file__).parent
NETWORKS = ("unet", "fgfeu-net", "boundary-attention", "att-unet")
# no further case begins after so many seconds
STEPS_S = 480
# what hangs is ended
PATIENCE_S = 240
# How NVIDIA's libraries multiply single precision, for both sides alike.
ARITHMETIC = {
    "f32": {"NVIDIA_TF32_OVERRIDE": "0"},
    "tf32": {"TORCH_ALLOW_TF32_CUBLAS_OVERRIDE": "1"},
    "bf16": {"TORCH_ALLOW_TF32_CUBLAS_OVERRIDE": "1"},
}


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
        while self.on and shutil.which("nvidia-smi"):
            row = subprocess.run(query, capture_output=True, text=True).stdout.strip().split(",")
            if len(row) == 2:
                self.samples.append((int(row[0]), int(row[1])))
            time.sleep(0.5)

    def end(self):
        self.on = False
        self.join()
        busy = [share for share, _ in self.samples]
        return (statistics.mean(busy) if busy else None), max((mib for _, mib in self.samples), default=None)


def ended(command, environment):
    """The finished process, or why there is none."""
    command = [str(part) for part in command]
    try:
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=PATIENCE_S)
    except subprocess.TimeoutExpired:
        return "", f"no end within {PATIENCE_S} s"
    said = (done.stderr.strip().splitlines() or [f"ended with {done.returncode}"])[-1]
    return done.stdout, said if done.returncode else None


def cases(options):
    """The ones that matter most first: time may end the list."""
    if options.quick:
        sizes, networks = [(options.px, 8)], NETWORKS[:1]
    else:
        sizes, networks = [(256, 8), (128, 32), (256, 32), (128, 8)], NETWORKS
    for px, batch in sizes:
        for arithmetic in ARITHMETIC:
            for name in networks:
                yield f"{name}:{px}:{batch}:{options.width}", arithmetic


def steps(options, environment, began):
    """Lines of step.py for as many cases as there is time for."""
    bench = HERE / "step.py" if (HERE / "step.py").is_file() else HERE.parent / "benches/step.py"
    worker = program("step", newest(HERE.parent / "target/worker-tch/release/deps", "step-*"))
    lines, left_out = [], []
    for case, arithmetic in cases(options):
        if time.monotonic() - began > STEPS_S:
            left_out.append(f"{case} {arithmetic}")
            continue
        precision = "bf16" if arithmetic == "bf16" else "f32"
        command = [sys.executable, bench, worker, "--device", options.device, "--case", case, "--precision", precision]
        command += ["--rounds", "5" if options.quick else "10", "--steps", "3"]
        # compiling takes a minute: where it is worth one
        if options.device != "tch:cpu" and case.startswith("unet:256:8"):
            command.append("--compile")
        said, failure = ended(command, environment | ARITHMETIC[arithmetic])
        rows = [line.replace("| f32 |", f"| {arithmetic} |") for line in said.splitlines() if line.startswith("|")]
        headed = any(line.startswith("| ---") for line in lines)
        lines += rows[2:] if headed else rows
        if failure:
            lines.append(f"| {case} | {options.device} | {arithmetic} | failed: {failure} |")
        print(lines[-1], flush=True)
    return lines, left_out


def drawn(folder):
    """BUSI's number of images in BUSI's layout: speckle, and an ellipse that is darker."""
    import numpy as np
    from PIL import Image

    chance = np.random.default_rng(1)
    height, width = 470, 560
    y, x = np.mgrid[:height, :width]
    for kind, count in (("benign", 437), ("malignant", 210), ("normal", 1)):
        (folder / kind).mkdir(parents=True)
        for number in range(1, count + 1):
            centre, radii = chance.uniform(0.3, 0.7, 2), chance.uniform(0.08, 0.25, 2)
            inside = ((y / height - centre[0]) / radii[0]) ** 2 + ((x / width - centre[1]) / radii[1]) ** 2 < 1
            pixels = chance.gamma(3, 40, (height, width)) * np.where(inside, 0.4, 1.0)
            Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(folder / kind / f"{kind} ({number}).png")
            Image.fromarray((inside & (kind != "normal")).astype(np.uint8) * 255).save(folder / kind / f"{kind} ({number})_mask.png")


def run(options, environment, folder):
    """A training from end to end, then the same by a plain script: what the events and the script say."""
    lab = program("seglab", HERE.parent / "target/worker-tch/release/seglab")
    spec = (HERE / "gpu-check.toml").read_text().replace("epochs = 100", f"epochs = {options.epochs}")
    spec = spec.replace("input_px = 256", f"input_px = {options.px}").replace("width = 1.0", f"width = {options.width}")
    (folder / "gpu-check.toml").write_text(spec)
    data = options.busi.resolve().parent if options.busi else folder / "data"
    if not options.busi:
        drawn(data / "busi")
    busy = Busy()
    busy.start()
    began = time.monotonic()
    store = ["--results", folder / "results", "--data", data, "--device", options.device]
    said, failure = ended([lab, *store, "run", folder / "gpu-check.toml", "--headless"], environment | ARITHMETIC["tf32"])
    ours_s, (share, mib) = time.monotonic() - began, busy.end()
    found = list((folder / "results").rglob("events.jsonl"))
    events = [json.loads(line) for path in found for line in path.read_text().splitlines()]
    epochs = [event for event in events if event["event"] == "epoch"]
    if failure or not epochs:
        return [f"run: {failure or 'no epoch'} after {len(epochs)} epochs; {said[-300:]}"]
    scored = next(event for event in events if event["event"] == "scored")
    waited = sum(event.get("waited_s") or 0 for event in epochs)
    lines = [
        f"run: {next(e['device'] for e in events if e['event'] == 'started')}, {len(epochs)} epochs of fgfeu-net (width {options.width}), "
        f"{options.px} px, batch 8, mirrored and shifted, {'BUSI' if options.busi else 'drawn images'}: {ours_s:.1f} s from start to "
        f"scores, {statistics.median(e['images_per_s'] for e in epochs):.1f} images/s, waited {waited:.1f} s for batches; "
        f"loss {epochs[0]['train_loss']:.4f} → {epochs[-1]['train_loss']:.4f}, test DSC {scored['test']['dsc']['mean']:.3f}",
        f"GPU busy {share:.0f} % of that time, at most {mib} MiB in use" if share is not None else "no nvidia-smi: busy share unknown",
    ]
    script = HERE / "loader.py" if (HERE / "loader.py").is_file() else HERE.parent / "benches/loader.py"
    command = [sys.executable, script, found[0].parent, data / "busi", "--device", options.device.removeprefix("tch:")]
    said, failure = ended(command, environment | ARITHMETIC["tf32"])
    if failure:
        return [*lines, f"plain PyTorch with a DataLoader: {failure}"]
    plain = json.loads(said.splitlines()[-1])
    return [
        *lines,
        f"plain PyTorch with a DataLoader, same files and cases: {plain['all_s']:.1f} s (an epoch {statistics.median(plain['epochs_s']):.2f} s), "
        f"last loss {plain['train_loss']:.4f}, test DSC {plain['test']:.3f}; ours / theirs {ours_s / plain['all_s']:.2f}",
    ]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="tch:cuda:0")
    parser.add_argument("--out", type=Path, default=Path("gpu-check.md"))
    parser.add_argument("--quick", action="store_true", help="steps of one network at one size")
    parser.add_argument("--busi", type=Path, help="the folder that holds benign/ and malignant/")
    parser.add_argument("--epochs", type=int, default=30, help="of the whole run; 100 take more than ten minutes in all")
    parser.add_argument("--px", type=int, default=256, help=argparse.SUPPRESS)
    parser.add_argument("--width", type=float, default=1.0, help=argparse.SUPPRESS)
    options = parser.parse_args()
    environment, began = libraries(), time.monotonic()
    lab = program("seglab", HERE.parent / "target/worker-tch/release/seglab")
    offers = subprocess.run([str(lab), "devices"], env=environment, capture_output=True, text=True)
    print(offers.stdout or offers.stderr)
    found = {offer["device"]: offer["refusal"] for offer in json.loads(offers.stdout or "[]")}
    if options.device not in found or found[options.device]:
        sys.exit(f"{options.device}: {found.get(options.device, 'not in this build')}")
    with tempfile.TemporaryDirectory() as folder:
        whole = run(options, environment, Path(folder))
    print("\n".join(whole), flush=True)
    lines, left_out = steps(options, environment, began)
    text = "\n".join([*(f"- {line}" for line in whole), "", *lines])
    if left_out:
        text += f"\n\n- no time for: {', '.join(left_out)}"
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(text + "\n")
    print(f"{text}\n{time.monotonic() - began:.0f} s; {options.out}")


main()
