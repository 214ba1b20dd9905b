"""Does watching a training change it? Epochs of one run, by twos with and without a dashboard on its Run screen; the first
of the two, in which the dashboard opens or closes, is not counted.

    cargo build --release
    python benches/watched.py target/release/seglab [--device flex] [--pairs 20] [--px 128]

Printed: images a second of both kinds of epochs (medians), and the median ratio of neighbours with its interval.
"""

import argparse
import json
import os
import pty
import random
import select
import signal
import statistics
import subprocess
import tempfile
import termios
import threading
from pathlib import Path

SPEC = """
name = "watched"
dataset = "breast-us"
protocol = { input_px = PX, seeds = [1], split = { holdout = 0.2, valid = 0.15 } }
train = { epochs = EPOCHS, batch = 8, lr = 1e-3 }
arm = [{ name = "unet", model = { name = "unet", width = 0.125 }, loss = { name = "combo" } }]
"""
SIZE = (160, 45)


class Dashboard:
    """On its Run screen, in a terminal of its own, which somebody reads."""

    def __init__(self, command):
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            os.execvpe(command[0], command, os.environ | {"TERM": "xterm-256color", "COLORTERM": "truecolor"})
        termios.tcsetwinsize(self.terminal, SIZE[::-1])
        self.reader = threading.Thread(target=self.drain, daemon=True)
        self.reader.start()

    def drain(self):
        try:
            os.write(self.terminal, b"2")
            while select.select([self.terminal], [], [])[0] and os.read(self.terminal, 1 << 16):
                pass
        except OSError:
            pass

    def close(self):
        os.kill(self.pid, signal.SIGTERM)
        os.waitpid(self.pid, 0)
        os.close(self.terminal)


def epochs(folder):
    """Images a second of each epoch so far."""
    lines = [line for path in folder.rglob("events.jsonl") for line in path.read_text().splitlines(keepends=True)]
    events = [json.loads(line) for line in lines if line.endswith("\n")]
    return [event["images_per_s"] for event in events if event["event"] == "epoch"]


def interval(ratios):
    """95 % of the medians of samples with replacement."""
    generator = random.Random(1)
    medians = sorted(statistics.median(generator.choices(ratios, k=len(ratios))) for _ in range(2000))
    return medians[50], medians[1949]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("seglab", type=Path)
    parser.add_argument("--device", default="flex")
    parser.add_argument("--pairs", type=int, default=20)
    parser.add_argument("--px", type=int, default=128, help="size of the images: of smaller ones there are more pairs a minute")
    options = parser.parse_args()
    program = str(options.seglab.resolve())
    with tempfile.TemporaryDirectory() as folder:
        spec = Path(folder) / "watched.toml"
        spec.write_text(SPEC.replace("EPOCHS", str(4 * options.pairs + 1)).replace("PX", str(options.px)))
        environment = os.environ | {"XDG_STATE_HOME": folder}
        store = ["--results", f"{folder}/results"]
        run = subprocess.Popen(
            [program, *store, "--device", options.device, "run", str(spec), "--headless"], env=environment, stdout=subprocess.DEVNULL
        )
        watching = None
        while run.poll() is None:
            # the first epoch warms up; then alone, alone and counted, watched, watched and counted
            place = (len(epochs(Path(folder))) - 1) % 4
            if place in (2, 3) and not watching:
                watching = Dashboard([program, *store, "--read-only"])
            elif place in (0, 1) and watching:
                watching.close()
                watching = None
            select.select([], [], [], 0.2)
        if watching:
            watching.close()
        speeds = epochs(Path(folder))[1:]
    without, with_it = speeds[1::4], speeds[3::4]
    ratios = [alone / watched for alone, watched in zip(without, with_it)]
    low, high = interval(ratios)
    print(f"{len(ratios)} pairs of epochs on {options.device}: {statistics.median(without):.1f} images/s alone, {statistics.median(with_it):.1f} watched")
    print(f"time of a step watched / alone: {statistics.median(ratios):.4f} (95 % interval {low:.4f} to {high:.4f})")


main()
