"""Puts libtorch where `just worker tch` looks for it: target/libtorch, a link. Nothing but PyPI's wheels is read.

    python scripts/libtorch.py cpu          # 0.5 GB on disk: what training on a CPU needs; builds workers for GPUs, too
    python scripts/libtorch.py cuda         # 7 GB: torch with all its libraries, into target/torch-cuda
    python scripts/libtorch.py installed    # the torch of the Python that runs this
"""

import importlib.util
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

TORCH = "torch==2.9.0"
# libtorch_cpu.so of that wheel does not start without them
RUNTIME = ["nvidia-cuda-runtime-cu12==12.8.90", "nvidia-cuda-cupti-cu12==12.8.90"]
LIBRARIES = ("libtorch_cpu.so", "libc10.so", "libgomp.so.1", "libcudart.so.12", "libcupti.so.12")
TARGET = Path(__file__).parents[1] / "target"

# What burn-tch calls at its start; a worker that was linked to this runs on the real library, where there is one.
STAND_IN = """
namespace at { namespace cuda { void *getCurrentCUDABlasHandle() { return nullptr; } int warp_size() { return 0; } } }
"""


def run(*command):
    subprocess.run([str(part) for part in command], check=True)


def shared_library(path, source, *needed):
    """A library of `source` that brings `needed` along."""
    with tempfile.NamedTemporaryFile("w", suffix=".cpp") as file:
        file.write(source)
        file.flush()
        found = [f"-L{path.parent}", "-Wl,--no-as-needed", *(f"-l:{name}" for name in needed)]
        run("c++", "-shared", "-fPIC", "-o", path, file.name, *found, "-Wl,-rpath,$ORIGIN", "-Wl,--unresolved-symbols=ignore-in-shared-libs")


def cpu():
    view = TARGET / "torch-cpu"
    with tempfile.TemporaryDirectory() as wheels:
        run(sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--dest", wheels, TORCH, *RUNTIME)
        for wheel in Path(wheels).glob("*.whl"):
            unpack(wheel, view)
    shared_library(view / "lib/libtorch.so", "", "libtorch_cpu.so", "libc10.so")
    shared_library(view / "lib/libtorch_cuda.so", STAND_IN)
    return view


def unpack(wheel, view):
    """The libraries that matter and the headers, without the folders above them."""
    with zipfile.ZipFile(wheel) as archive:
        # Some wheels name their folders, too.
        for name in (info.filename for info in archive.infolist() if not info.is_dir()):
            path = Path(name)
            if path.name in LIBRARIES:
                target = view / "lib" / path.name
            elif name.startswith("torch/include/"):
                target = view / path.relative_to("torch")
            else:
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(archive.read(name))


def cuda():
    folder = TARGET / "torch-cuda"
    run(sys.executable, "-m", "venv", folder)
    run(folder / "bin/pip", "install", TORCH, "numpy", "safetensors")
    return next(folder.glob("lib/python*/site-packages/torch"))


def installed():
    found = importlib.util.find_spec("torch")
    if found is None:
        sys.exit(f"{sys.executable} has no torch: activate the environment that has, or say cpu or cuda")
    return Path(found.origin).parent


def main():
    kinds = {"cpu": cpu, "cuda": cuda, "installed": installed}
    kind = sys.argv[1] if len(sys.argv) > 1 else ""
    if kind not in kinds:
        sys.exit(f"expected one of {', '.join(kinds)}")
    TARGET.mkdir(exist_ok=True)
    torch = kinds[kind]()
    link = TARGET / "libtorch"
    link.unlink(missing_ok=True)
    link.symlink_to(torch)
    print(f"{link} → {torch}")


main()
