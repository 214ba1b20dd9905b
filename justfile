# Short names for commands; every one can be typed without just.

# What can be done here
default:
    @just --list

# Train three networks and an SVM on built-in phantoms, and compare them
demo:
    cargo run --release -- demo

# All tests
test:
    cargo test

# Format, lints, tests, as the continuous integration runs them
ci:
    .ci/run

# A table or figure of the papers, or all: `just reproduce p1-table2`, `just reproduce all quick` (phantoms, two cores)
reproduce name profile="":
    cargo build --release --locked
    scripts/reproduce.sh {{name}} {{profile}}

# The training loop beside PyTorch's: same weights, same batches, the loss of every step
parity:
    cargo bench --bench parity -- target/parity
    python benches/parity.py target/parity

# Surface distances beside MONAI's and medpy's
distances:
    cargo bench --bench distances -- target/distances
    python benches/distances.py target/distances

# Make the golden values again (needs the Python packages that each script names)
golden:
    python tests/golden/losses.py > tests/golden/losses.json
    python tests/golden/metrics.py
    python tests/golden/stats.py
    python tests/golden/audit.py > tests/golden/audit.json

# The dashboard in a real terminal: first screen, key to last byte, memory, what idling costs
dashboard:
    cargo bench --bench dashboard -- target/dashboard
    cargo build --release
    python benches/dashboard.py target/dashboard --seglab target/release/seglab

# Pictures for the README, of a small comparison on phantoms
pictures:
    cargo build --release
    python docs/pictures.py target/release/seglab docs/pictures

# Where workers find libtorch: cpu or cuda (PyPI's torch wheel), or installed (this Python's torch)
libtorch kind="cpu":
    python3 scripts/libtorch.py {{kind}}

# A worker with another backend: tch (GPU by libtorch) or wgpu; the lab finds it
worker feature:
    LIBTORCH="${LIBTORCH:-$PWD/target/libtorch}" cargo build --release --locked --features {{feature}} --target-dir target/worker-{{feature}}
    {{ if feature == "tch" { "LIBTORCH=\"${LIBTORCH:-$PWD/target/libtorch}\" cargo bench --no-run --locked --features tch --bench step --target-dir target/worker-tch" } else { "" } }}

# Steps of training and inference beside PyTorch's on the CPU (needs Python's torch, and the worker tch)
bench:
    python3 benches/step.py "$(ls -t target/worker-tch/release/deps/step-* | grep -v '\.d$' | head -1)" --device tch:cpu --json target/step-cpu.jsonl
    python3 benches/step.py "$(ls -t target/worker-tch/release/deps/step-* | grep -v '\.d$' | head -1)" --device flex --json target/step-cpu.jsonl

# What gpu-check needs on another machine, without libtorch: target/bundle.tar.gz
bundle:
    python3 scripts/bundle.py

# Whether a dashboard slows the training that it watches
watched:
    cargo build --release
    python benches/watched.py target/release/seglab

# The same comparison and a whole run on a GPU, in ten minutes
gpu-check:
    "$([ -x target/torch-cuda/bin/python ] && echo target/torch-cuda/bin/python || echo python3)" scripts/gpu_check.py --out results/golden/gpu/check.md
