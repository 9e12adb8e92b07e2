#!/usr/bin/env bash
# A whole graduation on a network of four real nodes, killed at random: scripts/graduation.sh [LEARNERS [KILLS]]
set -euo pipefail
cd "$(dirname "$0")/.."
SANAD_LEARNERS=${1:-10000} SANAD_KILLS=${2:-5} cargo test -p sanad-e2e --test graduation -- --nocapture
