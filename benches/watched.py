"""Does watching a training change it? Epochs of one run, in turn with a dashboard on its Run screen and with that dashboard
stopped (SIGSTOP), so that neither its start nor a slow drift of the machine counts.

    cargo build --release
    python benches/watched.py target/release/seglab [--device flex] [--pairs 20] [--px 128]

Printed: images a second of both kinds of epochs (medians), the trimmed mean of the ratios of neighbours with its interval,
and how much of a processor the dashboard took while it watched.
"""

import argparse
import json
import os
import pty
import random
import signal
import statistics
import subprocess
import tempfile
import termios
import threading
import time
from pathlib import Path

SPEC = """
name = "watched"
dataset = "breast-us"
protocol = { input_px = PX, seeds = [1], split = { holdout = 0.2, valid = 0.15 } }
train = { epochs = EPOCHS, batch = 8, lr = 1e-3 }
arm = [{ name = "unet", model = { name = "unet", width = 0.125 }, loss = { name = "combo" } }]
"""
SIZE = (160, 45)
# Epochs before the first that counts: of a cold cache, and in which the dashboard opens.
WARM = 3


class Dashboard:
    """On its Run screen, in a terminal of its own, which somebody reads."""

    def __init__(self, command):
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            os.execvpe(command[0], command, os.environ | {"TERM": "xterm-256color", "COLORTERM": "truecolor"})
        termios.tcsetwinsize(self.terminal, SIZE[::-1])
        threading.Thread(target=self.drain, daemon=True).start()

    def drain(self):
        try:
            os.write(self.terminal, b"2")
            while os.read(self.terminal, 1 << 16):
                pass
        except OSError:
            pass

    def watch(self, watches):
        os.kill(self.pid, signal.SIGCONT if watches else signal.SIGSTOP)

    def cpu_s(self):
        fields = Path(f"/proc/{self.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def close(self):
        self.watch(True)
        os.kill(self.pid, signal.SIGTERM)
        os.waitpid(self.pid, 0)
        os.close(self.terminal)


class Epochs:
    """Images a second of each epoch of the only run, read as they are written."""

    def __init__(self, folder):
        self.folder, self.lines, self.rest, self.speeds = folder, None, "", []

    def read(self):
        if self.lines is None:
            found = list(self.folder.rglob("events.jsonl"))
            if not found:
                return
            self.lines = found[0].open()
        *lines, self.rest = (self.rest + self.lines.read()).split("\n")
        events = map(json.loads, lines)
        self.speeds += [event["images_per_s"] for event in events if event["event"] == "epoch"]


def middle(ratios):
    """Their mean without the lowest and the highest tenth: a machine that stumbles does no harm."""
    apart = len(ratios) // 10
    return statistics.mean(sorted(ratios)[apart : len(ratios) - apart])


def interval(ratios):
    """95 % of the middles of samples with replacement."""
    generator = random.Random(1)
    middles = sorted(middle(generator.choices(ratios, k=len(ratios))) for _ in range(2000))
    return middles[50], middles[1949]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("seglab", type=Path)
    parser.add_argument("--device", default="flex")
    parser.add_argument("--pairs", type=int, default=20)
    parser.add_argument("--px", type=int, default=128, help="size of the images: of smaller ones there are more pairs a minute")
    options = parser.parse_args()
    program = str(options.seglab.resolve())
    with tempfile.TemporaryDirectory() as folder:
        speeds, share = train(options, Path(folder))
    ratios, kinds = [], ([], [])
    for pair in range(options.pairs):
        # the order of each two changes, so that a machine that becomes slower does no harm
        first, second = speeds[2 * pair], speeds[2 * pair + 1]
        alone, watched = (first, second) if pair % 2 == 0 else (second, first)
        kinds[0].append(alone)
        kinds[1].append(watched)
        ratios.append(alone / watched)
    low, high = interval(ratios)
    alone, watched = map(statistics.median, kinds)
    print(f"{len(ratios)} pairs of epochs on {options.device}: {alone:.1f} images/s alone, {watched:.1f} watched")
    print(f"time of a step watched / alone: {middle(ratios):.4f} (95 % interval {low:.4f} to {high:.4f})")
    print(f"the dashboard took {100 * share:.2f} % of a processor while it watched")


def train(options, folder):
    """Images a second of the epochs that count, and the dashboard's share of a processor while it watched."""
    spec = folder / "watched.toml"
    spec.write_text(SPEC.replace("EPOCHS", str(2 * options.pairs + WARM)).replace("PX", str(options.px)))
    environment = os.environ | {"XDG_STATE_HOME": str(folder)}
    program = [str(options.seglab.resolve()), "--results", str(folder / "results")]
    command = [*program, "--device", options.device, "run", str(spec), "--headless"]
    run = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    epochs, dashboard, watches, since, watched_s = Epochs(folder), None, True, 0.0, 0.0
    while run.poll() is None:
        epochs.read()
        if not dashboard and epochs.speeds:
            dashboard = Dashboard([*program, "--read-only"])
        elif dashboard and len(epochs.speeds) >= WARM:
            place = len(epochs.speeds) - WARM
            should = (place % 2 == 1) == (place // 2 % 2 == 0)
            if not since:
                before, since = dashboard.cpu_s(), time.monotonic()
            if should != watches:
                watched_s += time.monotonic() - since if watches else 0
                since, watches = time.monotonic(), should
                dashboard.watch(should)
        time.sleep(0.05)
    watched_s += time.monotonic() - since if watches else 0
    share = (dashboard.cpu_s() - before) / watched_s
    dashboard.close()
    return epochs.speeds[WARM:], share


main()
