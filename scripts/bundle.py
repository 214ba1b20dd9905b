"""Makes target/bundle and target/bundle.tar.gz: what `scripts/gpu_check.py` needs on a machine with a GPU and torch, no
compiler. Less than 64 MiB; libtorch is not in it.

    just worker tch && just bundle
"""

import gzip
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
BUILT = ROOT / "target/worker-tch/release"
LIMIT_MIB = 64


def step_program():
    """The newest build of benches/step.rs."""
    found = [path for path in (BUILT / "deps").glob("step-*") if path.suffix == ""]
    return max(found, key=lambda path: path.stat().st_mtime) if found else None


def main():
    programs = {"seglab": BUILT / "seglab", "step": step_program()}
    missing = [name for name, path in programs.items() if path is None or not path.is_file()]
    if missing:
        sys.exit(f"{', '.join(missing)} not built: just worker tch")
    bundle = ROOT / "target/bundle"
    shutil.rmtree(bundle, ignore_errors=True)
    bundle.mkdir(parents=True)
    for name, path in programs.items():
        subprocess.run(["strip", "-o", str(bundle / name), str(path)], check=True)
    for path in ("benches/networks.py", "benches/step.py", "benches/loader.py", "scripts/gpu_check.py", "scripts/gpu-check.toml"):
        shutil.copy(ROOT / path, bundle)
    archive = bundle.with_suffix(".tar.gz")
    with gzip.open(archive, "wb", 6) as packed, tarfile.open(fileobj=packed, mode="w") as tar:
        tar.add(bundle, "bundle")
    size = sum(path.stat().st_size for path in bundle.iterdir()) / 2**20
    print(f"{bundle}: {size:.1f} MiB, {archive.name} {archive.stat().st_size / 2**20:.1f} MiB")
    if size >= LIMIT_MIB:
        sys.exit(f"expected less than {LIMIT_MIB} MiB")


main()
