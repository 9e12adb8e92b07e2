#!/usr/bin/env bash
# Measures Sanad on this machine and prints tables: parts in one process, then a fresh network of four nodes, healthy, then
# with one node dead, then that node as it catches up, then all nodes after kill -9, then one node with a wrong clock or a slow disk.
#   scripts/bench.sh            all of it, some seven minutes after the build
#   scripts/bench.sh 5000000    also commits that many events, to see disk and memory then
set -euo pipefail
cd "$(dirname "$0")/.."
fill=${1:-}
cargo build --release --quiet -p sanad-node -p sanad-cli -p sanad-bench
bin=${CARGO_TARGET_DIR:-target}/release
work=$(mktemp -d)
net=$work/net
stop_net() { "$bin/sanad" localnet stop "$net" >/dev/null 2>&1 || true; }
trap 'stop_net; rm -rf "$work"' EXIT
# A network of four that runs.
fresh() {
    stop_net
    rm -rf "$net"
    "$bin/sanad" localnet create "$net" --nodes 4 --issuers 16 >/dev/null
    # All load comes from one address here.
    limits='calls_per_second_max = 100000\ncalls_burst_max = 100000\naddress_calls_per_second_max = 1000000\naddress_calls_burst_max = 1000000'
    for config in "$net"/node-*/node.toml; do
        sed -i 's/^\[api\]$/[api]\n'"$limits"'/' "$config"
    done
    "$bin/sanad" localnet start "$net" >/dev/null
}
pid_of() { cut -d' ' -f1 "$net/node-$1/node.pid"; }
say() { printf '%s\n\n' "$1"; }

"$bin/sanad-bench" parts
fresh
say "Four nodes of four:"
"$bin/sanad-bench" network "$net"
"$bin/sanad-bench" network "$net" --batch 1,1000 --submitters 16 --in-flight 4
"$bin/sanad-bench" reads "$net"
if [ -n "$fill" ]; then
    "$bin/sanad-bench" network "$net" --batch 1000 --submitters 16 --events "$fill"
fi

say "Node 4 was killed:"
kill -9 "$(pid_of 4)"
"$bin/sanad-bench" network "$net" --batch 1,1000 --submitters 1,16
say "Node 4 was started again, and catches up under load:"
"$bin/sanad-bench" network "$net" --batch 100 --submitters 4 --seconds 20 >/dev/null &
load=$!
# The load takes the nodes that run when it begins.
sleep 2
"$bin/sanad" localnet start "$net" --node 4 >/dev/null 2>&1
"$bin/sanad-bench" catch-up "$net" --node 4
wait "$load"

say "All were killed under batches of 1,500 events; seconds until all answer and the chain goes on:"
"$bin/sanad-bench" network "$net" --batch 1500 --submitters 16 --seconds 20 >/dev/null 2>&1 &
load=$!
sleep 10
kill -9 "$(pid_of 1)" "$(pid_of 2)" "$(pid_of 3)" "$(pid_of 4)"
wait "$load" || true
started=$(date +%s%N)
"$bin/sanad" localnet start "$net" --timeout 120s >/dev/null 2>&1
printf '%s ms\n' $((($(date +%s%N) - started) / 1000000))

# A network, healthy, and then with node 4 under a command that starts it.
with_node_4_under() {
    fresh
    "$bin/sanad-bench" network "$net" --batch 1,1000 --submitters 1,16
    printf '#!/bin/sh\nexec %s %s "$@"\n' "$1" "$(realpath "$bin/sanad-node")" >"$work/node"
    chmod +x "$work/node"
    "$bin/sanad" localnet stop "$net" --node 4 >/dev/null
    "$bin/sanad" localnet start "$net" --node 4 --node-binary "$work/node" >/dev/null
    say "With node 4 so:"
    "$bin/sanad-bench" network "$net" --batch 1,1000 --submitters 1,16
}
faketime=$(ls /usr/lib/*/faketime/libfaketimeMT.so.1 2>/dev/null | head -n 1 || true)
for shift in +3600 -3600; do
    if [ -n "$faketime" ]; then
        say "One clock $shift s off; first all are right:"
        with_node_4_under "env LD_PRELOAD=$faketime FAKETIME=$shift FAKETIME_DONT_FAKE_MONOTONIC=1"
    else
        say "Wrong clocks were left out: they need libfaketime (Debian's faketime)."
    fi
done
if strace -f -qq -e trace=fsync true 2>/dev/null; then
    say "One disk 100 ms slower; first none is:"
    with_node_4_under "strace -D -f -qq --seccomp-bpf -o /dev/null -e trace=fsync,fdatasync -e inject=fsync,fdatasync:delay_exit=100000"
else
    say "A slow disk was left out: it needs strace."
fi
