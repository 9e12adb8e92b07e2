#!/bin/sh
# Builds the Debian package target/debian/sanad_*.deb: both programs, their manual pages and completions, the systemd unit.
# Needs cargo-deb (cargo install cargo-deb).
set -eu
cd "$(dirname "$0")/.."
cargo build --release -p sanad-node -p sanad-cli
out=target/package
rm -rf "$out"
mkdir -p "$out/man" "$out/bash" "$out/zsh" "$out/fish"
target/release/sanad man "$out/man"
target/release/sanad-node man "$out/man"
mv "$out/man/sanad-node.bash" "$out/bash/sanad-node"
mv "$out/man/_sanad-node" "$out/zsh/"
mv "$out/man/sanad-node.fish" "$out/fish/"
target/release/sanad completions bash > "$out/bash/sanad"
target/release/sanad completions zsh > "$out/zsh/_sanad"
target/release/sanad completions fish > "$out/fish/sanad.fish"
cargo deb --no-build -p sanad-node
