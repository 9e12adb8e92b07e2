#!/usr/bin/env bash
# Measures Sanad on this machine and prints tables: parts in one process, then a fresh network of four nodes.
#   scripts/bench.sh            all of it, some five minutes after the build
#   scripts/bench.sh 5000000    also commits that many events, to see disk and memory then
set -euo pipefail
cd "$(dirname "$0")/.."
fill=${1:-}
cargo build --release --quiet -p sanad-node -p sanad-cli -p sanad-bench
bin=${CARGO_TARGET_DIR:-target}/release
net=$(mktemp -d)
stop() { "$bin/sanad" localnet stop "$net/net" >/dev/null 2>&1 || true; rm -rf "$net"; }
trap stop EXIT
"$bin/sanad-bench" parts
"$bin/sanad" localnet create "$net/net" --nodes 4 --issuers 16 >/dev/null
"$bin/sanad" localnet start "$net/net" >/dev/null
"$bin/sanad-bench" network "$net/net"
if [ -n "$fill" ]; then
    "$bin/sanad-bench" network "$net/net" --batch 1000 --submitters 16 --events "$fill"
fi
