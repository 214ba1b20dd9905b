"""How fast the dashboard is in a real terminal: time to the first screen, key to last byte, memory, what idling costs.

    cargo bench --bench dashboard -- target/dashboard
    python benches/dashboard.py target/dashboard --seglab target/release/seglab

Prints tables in Markdown. A key's answer has ended when no byte came for 60 ms; that silence is not counted. The
dashboard is opened with --read-only: nothing is started. `--leet DIR` measures W&B LEET the same way on runs that
`--leet-write DIR` has logged offline before (pip install wandb; `--wandb PATH` says where). Standard library only.
"""

import argparse
import fcntl
import json
import math
import os
import platform
import pty
import re
import select
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import time
from pathlib import Path

QUIET_S = 0.06
ANSWER_S = 0.5
SETTLED_S = 2.0
LONGEST_S = 300.0
IDLE_S = 10.0
SIZES = [(160, 45), (80, 24)]
UP, DOWN = "\x1b[A", "\x1b[B"
# What is pressed first to be on a screen, the keys that are measured there, how often. The list comes last: it is left
# sorted and grouped.
RUNS = ("1 Runs", "1\x1b", ["j", "k", "G", "g", "/", "u", "n", "\x1b", "o", "b", "y"], 10)
OPEN = ("Enter, q", "1/state!=planned\rG", ["\r", "q"], 20)
RUN = ("2 Run", "1G\r", ["\t", "+", "-", "e", "y", "x", ".", "l", "l", "n"], 10)
SCREENS = ("screens", "1", ["3", "4", "5", "6", "7", "?", "1"], 10)
OVERLAY = ("5 Overlay", "15", ["l", "+", "-", "e", "y", "n"], 10)
LEET = ("LEET", "", [DOWN, UP, "\t", "n", "N", "y", "]", "[", "h", "/", "m", "\x1b"], 10)
NAMES = {"\x1b": "Esc", "\r": "Enter", "\t": "Tab", UP: "up", DOWN: "down"}


class Terminal:
    """A program in a terminal of its own."""

    def __init__(self, command, size, folder):
        self.bytes, self.last = 0, time.monotonic()
        environment = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor"}
        environment |= {"XDG_STATE_HOME": f"{folder}/state", "XDG_CONFIG_HOME": f"{folder}/config"}
        self.began = time.monotonic()
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            window = struct.pack("HHHH", size[1], size[0], 0, 0)
            fcntl.ioctl(0, termios.TIOCSWINSZ, window)
            os.execvpe(command[0], command, environment)

    def read(self, wait_s):
        """What comes within `wait_s`; nothing if nothing does."""
        if not select.select([self.terminal], [], [], wait_s)[0]:
            return b""
        try:
            data = os.read(self.terminal, 1 << 16)
        except OSError:
            sys.exit("the program has ended")
        self.bytes, self.last = self.bytes + len(data), time.monotonic()
        self.answer(data)
        return data

    def answer(self, data):
        """What a terminal says when it is asked: who waits for it would be measured waiting."""
        for question, reply in [(b"\x1b[6n", b"\x1b[1;1R"), (b"\x1b[c", b"\x1b[?62;22c"), (b"\x1b[0c", b"\x1b[?62;22c")]:
            if question in data:
                os.write(self.terminal, reply)

    def until(self, text):
        """Seconds from the start until `text` was written."""
        seen = b""
        while text not in seen:
            seen += self.read(1.0)
            if time.monotonic() - self.began > LONGEST_S:
                sys.exit(f"{text!r} did not come within {LONGEST_S:.0f} s")
        return time.monotonic() - self.began

    def settle(self, quiet_s, longest_s=LONGEST_S):
        """Until nothing came for `quiet_s`: when the last byte came."""
        until = time.monotonic() + longest_s
        while time.monotonic() < until and self.read(quiet_s):
            pass
        return self.last

    def press(self, keys):
        """Milliseconds to the last byte, and how many there were; a key without an answer took no time."""
        before, pressed = self.bytes, time.monotonic()
        self.last = pressed
        os.write(self.terminal, keys.encode())
        if self.read(ANSWER_S):
            self.settle(QUIET_S, 5.0)
        return (self.last - pressed) * 1e3, self.bytes - before

    def idle(self, seconds):
        """Share of one processor and bytes a second."""
        bytes_before, cpu_before, began = self.bytes, self.processor_s(), time.monotonic()
        while (left := began + seconds - time.monotonic()) > 0:
            self.read(left)
        took = time.monotonic() - began
        return (self.processor_s() - cpu_before) / took, (self.bytes - bytes_before) / took

    def family(self):
        """The program and what it started: LEET is a program that Python starts."""
        found, children = [], [self.pid]
        while children:
            pid = children.pop()
            found.append(pid)
            for task in Path(f"/proc/{pid}/task").glob("*/children"):
                children += [int(child) for child in task.read_text().split()]
        return found

    def processor_s(self):
        ticks = 0
        for pid in self.family():
            fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
            ticks += int(fields[11]) + int(fields[12])
        return ticks / os.sysconf("SC_CLK_TCK")

    def peak_mib(self):
        status = [Path(f"/proc/{pid}/status").read_text() for pid in self.family()]
        return sum(int(re.search(r"VmHWM:\s+(\d+)", text)[1]) for text in status) / 1024

    def close(self):
        for end in (signal.SIGTERM, signal.SIGKILL):
            for pid in self.family():
                os.kill(pid, end)
            for _ in range(100):
                select.select([], [], [], 0.02)
                self.drain()
                if os.waitpid(self.pid, os.WNOHANG)[0]:
                    return os.close(self.terminal)

    def drain(self):
        try:
            while select.select([self.terminal], [], [], 0)[0] and os.read(self.terminal, 1 << 16):
                pass
        except OSError:
            pass


def percentile(values, share):
    """Of the sorted values, the least that `share` of them do not exceed."""
    values = sorted(values)
    return values[max(0, math.ceil(share * len(values)) - 1)]


def row(cells):
    print("| " + " | ".join(str(cell) for cell in cells) + " |", flush=True)


def table(titles):
    print()
    row(titles)
    row("---" for _ in titles)


def start(terminal, name):
    """Seconds to the first useful screen and until all is read."""
    first = terminal.until(name)
    return first, terminal.settle(SETTLED_S) - terminal.began


def measure(command, size, name, screens):
    """One program on one store: a row of what it costs, and of every key its times."""
    with tempfile.TemporaryDirectory() as folder:
        terminal = Terminal(command, size, folder)
        first, whole = start(terminal, name)
        cpu, rate = terminal.idle(IDLE_S)
        keys = [pressed(terminal, screen) for screen in screens]
        every = [took for _, times in keys for took in times]
        cost = [f"{first:.2f}", f"{whole:.2f}", f"{terminal.peak_mib():.0f}", f"{cpu:.1%}", f"{rate:.0f}"]
        terminal.close()
    together = ["all", "", len(every), *(f"{percentile(every, share):.1f}" for share in (0.5, 0.99, 1.0)), ""]
    return cost, [line for lines, _ in keys for line in lines] + [together]


def pressed(terminal, screen):
    name, way, keys, times = screen
    for key in way:
        terminal.press(key)
    terminal.settle(1.0, 10.0)
    found = {}
    for _ in range(times):
        for key in keys:
            found.setdefault(key, []).append(terminal.press(key))
    lines, every = [], []
    for key, answers in found.items():
        answered = [took for took, count in answers if count > 0]
        every += answered
        times_ms = [f"{percentile(answered, share):.1f}" for share in (0.5, 0.99, 1.0)] if answered else ["–"] * 3
        size = sum(count for _, count in answers) / max(len(answered), 1)
        lines.append([name, NAMES.get(key, key), len(answered), *times_ms, f"{size:.0f}"])
    return lines, every


def live(command, root, size):
    """Bytes a second of the Run screen while a run says a step every 50 ms and an epoch every second."""
    [run] = [path.parent for path in root.glob("*/*/plan.toml")]
    events = run / "events.jsonl"
    events.unlink(missing_ok=True)
    writer = os.fork()
    if writer == 0:
        write_events(run)
    try:
        with tempfile.TemporaryDirectory() as folder:
            terminal = Terminal(command, size, folder)
            terminal.until(b"running")
            terminal.press("\r")
            terminal.settle(QUIET_S, 2.0)
            cpu, rate = terminal.idle(IDLE_S)
            terminal.close()
    finally:
        os.kill(writer, signal.SIGKILL)
        os.waitpid(writer, 0)
    return [f"{cpu:.1%}", f"{rate:.0f}"]


def write_events(run):
    """A worker as the store knows one: it holds the lock and appends."""
    lock = open(run / "run.lock", "w")
    fcntl.flock(lock, fcntl.LOCK_EX)
    with open(run / "events.jsonl", "a", buffering=1) as events:
        say = lambda event, **what: events.write(json.dumps({"event": event, **what}) + "\n")
        say("started", at_s=time.time(), version="0", device="bench", params=1, epochs=1000, steps_per_epoch=20, epoch=0)
        step = 0
        while True:
            step += 1
            value = 0.2 + 0.8 * math.exp(-step / 400) + 0.02 * math.sin(step)
            say("step", step=step, loss=value)
            if step % 20 == 0:
                scores = {"dsc": 1 - value, "iou": 0.9 - value, "hd95_px": 40 * value, "assd_px": 9 * value}
                say("epoch", epoch=step // 20, step=step, lr=1e-3, train_loss=value, valid_loss=1.1 * value, valid=scores,
                    elapsed_s=1.0, images_per_s=160.0)
            time.sleep(0.05)


def leet_write(folder):
    """What LEET is measured on: a million steps of one metric, and 50,000 of twelve."""
    import wandb

    for name, steps, metrics in [("twelve", 50_000, 12), ("one", 1_000_000, 1)]:
        run = wandb.init(mode="offline", dir=f"{folder}/{name}", project="bench", name=name)
        for step in range(steps):
            loss = 0.2 + 0.8 * math.exp(-4 * step / steps)
            run.log({f"m{i}": loss + 0.04 * math.sin(1.7 * step + i) for i in range(metrics)})
        run.finish()


def machine(versions):
    model = re.search(r"model name\s*:\s*(.+)", Path("/proc/cpuinfo").read_text())
    load = os.getloadavg()[0]
    print(f"{model[1] if model else platform.machine()}, {os.cpu_count()} cores, {platform.release()}; load {load:.1f}; "
          f"{'; '.join(versions)}. Quiet time {QUIET_S * 1e3:.0f} ms, subtracted.")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--seglab", type=Path)
    parser.add_argument("--leet", type=Path)
    parser.add_argument("--leet-write", type=Path)
    parser.add_argument("--wandb", default="wandb")
    options = parser.parse_args()
    if options.leet_write:
        return leet_write(options.leet_write)
    programs, live_on = [], None
    version = lambda program: subprocess.run([program, "--version"], capture_output=True, text=True).stdout.strip()
    if options.seglab:
        live_on = options.out / "live"
        if not live_on.exists():
            shutil.copytree(options.out / "long", live_on, ignore=shutil.ignore_patterns("events.jsonl"))
        open_ = lambda store: [str(options.seglab.resolve()), "--read-only", "--results", str(options.out / store)]
        programs.append(("1,000 runs × 100 epochs", open_("many"), b"unet", [OPEN, RUN, SCREENS, OVERLAY, RUNS]))
        programs.append(("1 run, 1,000,000 steps", open_("long"), b"unet", [OPEN, RUN, SCREENS]))
    if options.leet:
        for name, what in [("one", "LEET, 1,000,000 × 1"), ("twelve", "LEET, 50,000 × 12")]:
            [log] = (options.leet / name).glob("wandb/offline-run-*/*.wandb")
            programs.append((what, [options.wandb, "leet", "run", str(log)], b"m0", [LEET]))
    machine([version(p) for p in [options.seglab, options.leet and options.wandb] if p])
    sizes = [(size, f"{size[0]}×{size[1]}") for size in SIZES]
    table(["store", "terminal", "first screen s", "all read s", "peak MiB", "idle CPU", "idle bytes/s"])
    found = []
    for what, command, name, screens in programs:
        for size, shown in sizes:
            cost, keys = measure(command, size, name, screens)
            row([what, shown, *cost])
            found += [[what, shown, *line] for line in keys]
    table(["store", "terminal", "screen", "key", "n", "p50 ms", "p99 ms", "max ms", "bytes"])
    for line in found:
        row(line)
    if live_on:
        table(["live run", "CPU", "bytes/s"])
        for size, shown in sizes:
            row([shown, *live(open_("live"), live_on, size)])


if __name__ == "__main__":
    main()
