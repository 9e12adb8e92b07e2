#!/usr/bin/env bash
# Real nodes under load and under faults that a seed chooses: what was acknowledged must be proved by every node in the end, and
# nothing may contradict itself. Prints faults by kind, what was acknowledged, lost and conflicting, the longest stall and the seed.
#   scripts/torture.sh --minutes 10 --seed 7      --json prints an object, --keep leaves the network's folder
# The same seed gives the same faults in the same order; what they meet depends on the machine. Exit code 1: something is wrong.
# SANAD_PROGRAMS=DIR takes the programs that are there, sanad-torture among them; without it, those of a release are built.
set -euo pipefail
cd "$(dirname "$0")/.."
if [ -z "${SANAD_PROGRAMS:-}" ]; then
    # Two builds, as the first one is that of scripts/demo.sh.
    cargo build --release --quiet -p sanad-node -p sanad-cli
    cargo build --release --quiet -p sanad-e2e --bin sanad-torture
fi
torture=${SANAD_PROGRAMS:-${CARGO_TARGET_DIR:-target}/release}/sanad-torture
# One node gets a small disk of its own, which no other program sees and which goes with the last process.
if unshare --mount --propagation private true 2>/dev/null; then
    exec unshare --mount --propagation private "$torture" "$@"
fi
exec "$torture" "$@"
