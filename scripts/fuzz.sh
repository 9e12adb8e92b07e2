#!/usr/bin/env bash
# Fuzzes the decoders with libFuzzer, on a stable toolchain: scripts/fuzz.sh [SECONDS] [TARGET...]
# SECONDS for each target, 10 where it is not given; all targets of fuzz/fuzz_targets/ where none is named.
# SANAD_FUZZ_RUNS=N: the same N executions of each target every time, within those seconds, as `.ci/run` has it.
# Ends with 1 at the first input that a target stumbles over, with 0 where this machine cannot fuzz.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:-10}
shift || true
if [ $# = 0 ]; then
    for file in fuzz/fuzz_targets/*.rs; do set -- "$@" "$(basename "$file" .rs)"; done
fi
same=${SANAD_FUZZ_RUNS:+-seed=1 -runs=$SANAD_FUZZ_RUNS}
skip() { echo "fuzzing skipped: $1" && exit 0; }

# What cargo-fuzz asks of the compiler, but for sanitizers, which need a nightly one. See fuzz/README.md.
flags="-Cpasses=sancov-module -Ccodegen-units=1 --cfg fuzzing"
for flag in level=4 inline-8bit-counters pc-table trace-compares; do
    flags="$flags -Cllvm-args=-sanitizer-coverage-$flag"
done
command -v "${CXX:-c++}" >/dev/null || skip "libFuzzer needs a C++ compiler, and ${CXX:-c++} is none"
target=${CARGO_TARGET_DIR:-target}/fuzz
mkdir -p "$target/artifacts"
target=$(cd "$target" && pwd)
# shellcheck disable=SC2086
echo 'pub fn nothing() {}' | rustc $flags --crate-type lib --emit obj -o "$target/refused.o" - 2>"$target/refused" ||
    skip "$(rustc --version) refuses the flags of coverage: $(head -n 1 "$target/refused")"

host=$(rustc -vV | sed -n 's/^host: //p')
# Few executions are not worth an optimised build.
[ -z "$same" ] || export CARGO_PROFILE_RELEASE_OPT_LEVEL=1
# An explicit target, so that build scripts and macros are not instrumented.
RUSTFLAGS=$flags CARGO_TARGET_DIR=$target cargo build --quiet --release --manifest-path fuzz/Cargo.toml --target "$host"
# The whole workspace, so that nothing is built anew that `cargo test --workspace` has built.
said=$(SANAD_SEEDS=$target/seeds cargo test --quiet --workspace --test golden_samples --test seeds 2>&1) || { echo "$said" && exit 1; }
mkdir -p "$target/seeds/config"
cp configs/*.toml "$target/seeds/config"
find tests/credentials -name '*.json' -exec cp -t "$target/seeds/json_document" {} +
# What an issuer never issues: files of every other kind.
mkdir -p "$target/seeds/issuer_files"
for name in receipt_json receipt_binary keyfile genesis trust_file member_file; do
    find "$target/seeds/$name" -type f -exec cp -t "$target/seeds/issuer_files" {} +
done
cp configs/*.toml "$target/seeds/issuer_files"
# A roster, the columns of one, and a template.
mkdir -p "$target/seeds/roster"
printf 'Nama;NIM;Tanggal Lulus;SKS\nSiti Aminah;2026001;17/08/2026;3\n"O'"'"'Brien; Dr.";2026002;2026-08-17;2,5\n' >"$target/seeds/roster/roster.csv"
printf "format = 'sanad-columns/v1'\naward = ['a']\nfields.a = {column = 'a', kind = 'text'}\n" >"$target/seeds/roster/columns.toml"
printf '{"type":["VerifiableCredential"],"name":"{{a}}"}' >"$target/seeds/roster/template.json"
for name in credential badge; do
    mkdir -p "$target/seeds/$name"
    find crates/credential/tests/testdata -type f -size -20k -exec cp -t "$target/seeds/$name" {} +
done

printf '%-20s %10s %8s %7s %6s\n' target executions exec/s corpus result
for name; do
    program=$target/$host/release/$name
    corpus=$target/corpus/$name
    log=$target/$name.log
    seeds=$target/seeds/$name
    [ -n "$(ls -A "$seeds" 2>/dev/null)" ] || { echo "$name has no seeds: golden_samples and seeds.rs write them" && exit 1; }
    # What earlier runs found would make these others.
    [ -z "$same" ] || rm -rf "$corpus"
    mkdir -p "$corpus"
    result=ok
    # shellcheck disable=SC2086
    RUST_BACKTRACE=0 "$program" "$corpus" "$seeds" -max_total_time="$seconds" $same -timeout=10 -rss_limit_mb=512 \
        -print_final_stats=1 -artifact_prefix="$target/artifacts/$name-" >"$log" 2>&1 || result=FAILED
    stat() { sed -n "s/^stat::$1: *//p" "$log"; }
    printf '%-20s %10s %8s %7s %6s\n' "$name" "$(stat number_of_executed_units)" "$(stat average_exec_per_sec)" \
        "$(find "$corpus" -type f | wc -l)" "$result"
    if [ "$result" != ok ]; then
        artifact=$(sed -n 's/.*Test unit written to //p' "$log")
        grep -v '^#' "$log" | tail -n 30
        echo "The input: ${artifact:-none was written}. To reproduce: $program ${artifact:-}"
        exit 1
    fi
done
