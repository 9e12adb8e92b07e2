#!/usr/bin/env bash
# A machine with a real systemd for tests of the package and of docs/operations.md: a container whose disk is this machine's, seen through
# an overlay in memory. What is done in it changes nothing here. It has a network of its own, loopback alone.
#
#   machine.sh start DIR [ROOT]    boots it; DIR must be empty. ROOT is another Debian system's root in place of /
#   machine.sh run DIR COMMAND...  runs a command in it as root
#   machine.sh stop DIR            halts it and forgets all that was done in it
#
# Its disk is DIR/root. Exit code 3 of start: this machine cannot run one, and the last line says why.
set -euo pipefail

cannot() {
    echo "$1" >&2
    exit 3
}

# Runs a command in the machine whose first process is that of $1.
inside() {
    local leader=$1
    shift
    nsenter --target "$leader" --mount --uts --ipc --net --pid --root --wdns=/root env --ignore-environment \
        PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 "$@"
}

start() {
    local dir=$1 lower=${2:-/} supervisor leader deadline=$((SECONDS + 60))
    [ "$(id -u)" = 0 ] || cannot "only root can start a container"
    command -v systemd-nspawn >/dev/null || cannot "systemd-nspawn is not installed (Debian's systemd-container)"
    [ -x "$lower/lib/systemd/systemd" ] || cannot "there is no systemd in $lower"
    mkdir -p "$dir/memory" "$dir/root"
    mount -t tmpfs -o mode=755 tmpfs "$dir/memory" 2>/dev/null || cannot "this machine does not allow mounts"
    mkdir "$dir/memory/upper" "$dir/memory/work"
    if ! mount -t overlay -o "lowerdir=$lower,upperdir=$dir/memory/upper,workdir=$dir/memory/work" overlay "$dir/root" 2>/dev/null; then
        umount "$dir/memory"
        cannot "this machine does not allow overlay mounts"
    fi
    # Nothing of this machine's own runs in it; services may be started by packages.
    rm -f "$dir/root/usr/sbin/policy-rc.d"
    tr -d - </proc/sys/kernel/random/uuid >"$dir/root/etc/machine-id"
    printf '[Unit]\nDescription=A machine for tests\nRequires=sysinit.target\nAfter=sysinit.target\nWants=dbus.socket\n' \
        >"$dir/root/etc/systemd/system/test-machine.target"
    setsid systemd-nspawn --quiet --directory="$dir/root" --boot --private-network --register=no --keep-unit --console=pipe \
        --resolv-conf=off --timezone=off --link-journal=no systemd.unit=test-machine.target \
        >"$dir/console.log" 2>&1 </dev/null &
    supervisor=$!
    echo "$supervisor" >"$dir/supervisor"
    while sleep 0.1; do
        if ! kill -0 "$supervisor" 2>/dev/null || [ "$SECONDS" -gt "$deadline" ]; then
            local said
            said=$(tail -n 3 "$dir/console.log" | tr '\n' ' ')
            stop "$dir"
            cannot "systemd does not come up in a container: $said"
        fi
        leader=$(cat "/proc/$supervisor/task/$supervisor/children" 2>/dev/null || true)
        leader=${leader%% *}
        [ -n "$leader" ] || continue
        case $(inside "$leader" systemctl is-system-running 2>/dev/null) in
            running | degraded) break ;;
        esac
    done
    echo "$leader" >"$dir/leader"
}

stop() {
    local dir=$1 supervisor tries=0
    supervisor=$(cat "$dir/supervisor" 2>/dev/null || true)
    if [ -n "$supervisor" ]; then
        kill -TERM "$supervisor" 2>/dev/null || true
        while kill -0 "$supervisor" 2>/dev/null; do
            tries=$((tries + 1))
            [ "$tries" -lt 300 ] || kill -KILL "$supervisor" 2>/dev/null || true
            sleep 0.1
        done
    fi
    umount "$dir/root" && umount "$dir/memory"
    rm -rf "$dir"
}

case ${1:-} in
    start) start "$2" "${3:-/}" ;;
    run)
        dir=$2
        shift 2
        inside "$(cat "$dir/leader")" "$@"
        ;;
    stop) stop "$2" ;;
    *)
        sed -n '2,9p' "$0" >&2
        exit 2
        ;;
esac
