"""Pictures of the dashboard, from a real one: a small comparison is launched, watched, stopped, resumed and compared.

    pip install pyte==0.8.2 Pillow
    python docs/pictures.py target/release/seglab docs/pictures

Keys are pressed in a terminal of 120×34; what is on its screen becomes a PNG. A step is a line of STORY. Every step waits
for its words, so that the story takes as long as the training does: a minute or two.
"""

import fcntl
import io
import os
import pty
import re
import select
import shutil
import signal
import struct
import sys
import tempfile
import termios
import time
from pathlib import Path

import pyte
from PIL import Image, ImageDraw, ImageFont

COLUMNS, ROWS = 120, 34
PATIENCE_S = 300
LARGEST_BYTES = 80 << 10
SPEC = """
name = "phantoms"
title = "Three networks on ultrasound phantoms"
dataset = "breast-us"
[protocol]
input_px = 64
seeds = [1]
split = { folds = 4, run = 2, valid = 0.15 }
[train]
epochs = 6
batch = 8
lr = 1e-3
augment = { flip_horizontal = true }
[[arm]]
name = "unet"
model = { name = "unet", width = 0.0625 }
loss = { name = "combo" }
[[arm]]
name = "unet-dice"
model = { name = "unet", width = 0.0625 }
loss = { name = "dice" }
[[arm]]
name = "fgfeu-net"
model = { name = "fgfeu-net", width = 0.0625 }
loss = { name = "combo" }
"""
ENTER, ESC = "\r", "\x1b"
# What is typed, what a line of the screen must match then, and the picture that is made of it. An epoch may be over
# before it is looked for.
STORY = [
    ("seglab\r", "No runs", None),
    ("9", "demo", None),
    ("G", r"fgfeu-net .* [\d.]+ M ", "launch"),
    ("s", "queue", None),
    ("1g", "[2-4]/6", "runs"),
    (ENTER, "epoch [3-5]/6", "run"),
    ("s", "asked to stop", None),
    ("q", "1 stopped", None),
    ("r", "in the queue", None),
    ("/", "Enter keep", None),
    ("model=unet", "model=unet", None),
    (ESC, "6 finished", None),
    ("g5", "band", "overlay"),
    ("3", "Holm over", "compare"),
    ("y", "copied", None),
    ("6", "worst", None),
    ("ttt", "prediction", None),
    ("t", "overlay ■", "cases"),
    ("7", "memory", "system"),
    ("8", "published tables", None),
    ("\t\t", "impossible", "audit"),
    ("1:export", ":export", None),
    (ESC, "6 finished", None),
    ("q", r"^\$", None),
    ("clear; seglab compare phantoms; seglab export phantoms --out tables\r", "tables", "export"),
]
# Okabe and Ito's colours are the dashboard's own; these are the terminal's.
GROUND, INK = (24, 26, 31), (220, 223, 228)
NAMED = {"black": (24, 26, 31), "red": (224, 108, 117), "green": (152, 195, 121), "brown": (229, 192, 123),
         "blue": (97, 175, 239), "magenta": (198, 120, 221), "cyan": (86, 182, 194), "white": INK}


class Screen(pyte.Screen):
    """pyte knows no faint text; the dashboard does not blink, so that this place is free."""

    def select_graphic_rendition(self, *codes, **rest):
        mapped, place = [], 0
        while place < len(codes):
            # A colour's own numbers are no codes: 38;5;n or 38;2;r;g;b.
            length = {5: 3, 2: 5}.get(codes[place + 1], 1) if codes[place] in (38, 48) and place + 1 < len(codes) else 1
            code = codes[place : place + length]
            mapped += {(2,): (5,), (22,): (22, 25)}.get(code, code)
            place += length
        super().select_graphic_rendition(*mapped, **rest)


class Terminal:
    def __init__(self, folder, program):
        self.screen = Screen(COLUMNS, ROWS)
        self.stream = pyte.ByteStream(self.screen)
        environment = {"PATH": f"{program.parent}:{os.environ['PATH']}", "TERM": "xterm-256color", "COLORTERM": "truecolor",
                       "LANG": "C.UTF-8", "HOME": folder, "PS1": "$ ", "XDG_STATE_HOME": f"{folder}/state",
                       "XDG_CONFIG_HOME": f"{folder}/config"}
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
            os.chdir(folder)
            os.execvpe("bash", ["bash", "--norc", "--noprofile"], environment)

    def read(self, wait_s):
        if not select.select([self.terminal], [], [], wait_s)[0]:
            return False
        self.stream.feed(os.read(self.terminal, 1 << 16))
        return True

    def press(self, keys):
        """One key after another, as a person does: an Escape and a letter at once are another key."""
        for key in [keys] if keys.endswith("\r") and len(keys) > 1 else keys:
            os.write(self.terminal, key.encode())
            self.settle(0.3)

    def see(self, words):
        until = time.monotonic() + PATIENCE_S
        while not any(re.search(words, line) for line in self.screen.display):
            self.read(1.0)
            if time.monotonic() > until:
                sys.exit(f"{words!r} is not on the screen:\n" + "\n".join(self.screen.display))
        self.settle(0.6)

    def settle(self, longest_s):
        """A run that says something all the time never lets the terminal come to rest."""
        until = time.monotonic() + longest_s
        while time.monotonic() < until and self.read(0.1):
            pass


def colour(name, default):
    if name == "default":
        return default
    return NAMED.get(name.removeprefix("bright")) or tuple(bytes.fromhex(name))


def mixed(ink, ground):
    return tuple((6 * a + 4 * b) // 10 for a, b in zip(ink, ground))


class Painter:
    def __init__(self):
        face = "DejaVuSansMono{}.ttf"
        self.fonts = [ImageFont.truetype(face.format(style), 15) for style in ("", "-Bold")]
        self.width, self.height = round(self.fonts[0].getlength("M")), sum(self.fonts[0].getmetrics())

    def paint(self, screen):
        image = Image.new("RGB", (COLUMNS * self.width + 16, ROWS * self.height + 16), GROUND)
        draw = ImageDraw.Draw(image)
        for y in range(ROWS):
            for x in range(COLUMNS):
                self.cell(draw, screen.buffer[y][x], (8 + x * self.width, 8 + y * self.height))
        return image

    def cell(self, draw, char, corner):
        ink, ground = colour(char.fg, INK), colour(char.bg, GROUND)
        if char.reverse:
            ink, ground = ground, ink
        if char.blink:
            ink = mixed(ink, ground)
        x, y = corner
        right, bottom, middle = x + self.width - 1, y + self.height - 1, y + self.height // 2
        if ground != GROUND:
            draw.rectangle((x, y, right, bottom), ground)
        # Blocks that do not meet would show the ground between them.
        blocks = {"█": (x, y, right, bottom), "▀": (x, y, right, middle - 1), "▄": (x, middle, right, bottom)}
        if char.data in blocks:
            draw.rectangle(blocks[char.data], ink)
        elif 0x2800 <= ord(char.data[:1] or " ") < 0x2900:
            self.dots(draw, ord(char.data) - 0x2800, corner, ink)
        elif char.data.strip():
            draw.text(corner, char.data, ink, self.fonts[char.bold])

    def dots(self, draw, bits, corner, ink):
        """Braille: dots 1 to 3 and 7 at the left, 4 to 6 and 8 at the right."""
        for bit, (column, row) in enumerate([(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2), (0, 3), (1, 3)]):
            if bits >> bit & 1:
                x = corner[0] + column * self.width // 2 + 1
                y = corner[1] + row * self.height // 4 + 1
                draw.rectangle((x, y, x + 2, y + 2), ink)


def save(image, path):
    png = io.BytesIO()
    image.quantize(64, dither=Image.Dither.NONE).save(png, "png", optimize=True)
    if len(png.getvalue()) > LARGEST_BYTES:
        sys.exit(f"{path}: {len(png.getvalue())} bytes, expected at most {LARGEST_BYTES}")
    path.write_bytes(png.getvalue())
    print(f"{path}: {len(png.getvalue()) >> 10} KiB", flush=True)


def main():
    program, out = Path(sys.argv[1]).resolve(), Path(sys.argv[2])
    out.mkdir(parents=True, exist_ok=True)
    painter, folder = Painter(), tempfile.mkdtemp()
    Path(folder, "baselines").mkdir()
    Path(folder, "baselines", "phantoms.toml").write_text(SPEC)
    terminal = Terminal(folder, program)
    try:
        for keys, words, picture in STORY:
            terminal.press(keys)
            terminal.see(words)
            if picture:
                save(painter.paint(terminal.screen), out / f"{picture}.png")
    finally:
        os.kill(terminal.pid, signal.SIGHUP)
        shutil.rmtree(folder, ignore_errors=True)


main()
