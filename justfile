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

# Run a spec from baselines/ headless, e.g. `just reproduce busi-quick`
reproduce spec:
    cargo run --release -- run baselines/{{spec}}.toml --headless

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
