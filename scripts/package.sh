#!/bin/sh
# Builds the Debian package target/debian/sanad_*.deb: both programs, their manual pages and completions, the systemd unit.
# Needs cargo-deb (cargo install cargo-deb). SANAD_PROGRAMS=DIR packs the programs that are there in place of a release build.
# Arguments go to cargo-deb, such as --fast. scripts/package-test.sh installs the package and tries it.
set -eu
cd "$(dirname "$0")/.."
out=$PWD/target/package
rm -rf "$out"
mkdir -p "$out/release" "$out/man" "$out/bash" "$out/zsh" "$out/fish"
if [ -n "${SANAD_PROGRAMS:-}" ]; then
    programs=$SANAD_PROGRAMS
else
    cargo build --release --locked -p sanad-node -p sanad-cli
    programs=${CARGO_TARGET_DIR:-target}/release
fi
for program in sanad sanad-node; do
    strip --strip-unneeded -o "$out/release/$program" "$programs/$program"
done
PATH=$out/release:$PATH
sanad man "$out/man"
sanad-node man "$out/man"
mv "$out/man/sanad-node.bash" "$out/bash/sanad-node"
mv "$out/man/_sanad-node" "$out/zsh/"
mv "$out/man/sanad-node.fish" "$out/fish/"
sanad completions bash > "$out/bash/sanad"
sanad completions zsh > "$out/zsh/_sanad"
sanad completions fish > "$out/fish/sanad.fish"
version=$(sanad --version | cut -d ' ' -f 2)
{
    echo "sanad ($version-1) unstable; urgency=medium"
    echo
    echo "  * As of commit $(git rev-parse HEAD)."
    echo
    echo " -- Sanad contributors <sanad-ledger@users.noreply.github.com>  $(git log -1 --format=%cD)"
} > "$out/changelog"
CARGO_TARGET_DIR=$out cargo deb --quiet --no-build --package sanad-node --output "$PWD/target/debian/" "$@"
