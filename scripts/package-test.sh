#!/usr/bin/env bash
# Installs the Debian package on a machine with systemd, and tries what an operator relies on: the user and the modes, the start that
# waits for the node, the watchdog, reload, a restart after kill -9, the sandbox, an upgrade, remove and purge.
#
#   package-test.sh [--fresh] [FILE.deb]
#
# Without FILE.deb, scripts/package.sh makes one. --fresh takes a new Debian system (mmdebstrap) in place of a copy of this one. Exit code
# 0 and a word where this machine cannot run a container with systemd, or has no cargo-deb.
set -euo pipefail
cd "$(dirname "$0")/.."
fresh= package=
for argument; do
    case $argument in
        --fresh) fresh=yes ;;
        *) package=$argument ;;
    esac
done
skip() { echo "$1: skipped"; exit 0; }
step() { printf '  %s\n' "$1"; }
fail() {
    printf 'failed: %s\n' "$1" >&2
    in_machine journalctl --no-pager --lines 40 --unit sanad-node >&2 || true
    exit 1
}

[ "$(id -u)" = 0 ] && command -v systemd-nspawn >/dev/null || skip "the package is tried as root in a container (systemd-nspawn)"
if [ -z "$package" ]; then
    cargo deb --version >/dev/null 2>&1 || skip "cargo-deb is not installed"
    ./scripts/package.sh --fast >/dev/null
    package=$(ls -t target/debian/sanad_*.deb | head -n 1)
fi
if command -v lintian >/dev/null; then
    # The settings are for the node's group alone; and this is no upload to Debian.
    lintian --allow-root --fail-on error,warning --suppress-tags non-standard-file-perm,initial-upload-closes-no-bugs "$package" || exit 1
    step "lintian finds nothing"
fi

folder=$(mktemp -d)
machine=$folder/machine
mkdir "$machine"
root=/
clean_up() {
    [ ! -e "$machine/supervisor" ] || ./scripts/machine.sh stop "$machine"
    rm -rf "$folder"
}
trap clean_up EXIT
if [ -n "$fresh" ]; then
    mmdebstrap --quiet --variant=minbase --include=systemd,systemd-sysv,dbus,curl bookworm "$folder/debian"
    root=$folder/debian
fi
code=0
./scripts/machine.sh start "$machine" "$root" || code=$?
[ "$code" != 3 ] || skip "no machine to install the package on"
[ "$code" = 0 ] || exit 1
in_machine() { ./scripts/machine.sh run "$machine" "$@"; }
said() { in_machine systemctl show --property="$1" --value sanad-node; }
journal() { in_machine journalctl --no-pager --output cat --unit sanad-node; }
# Waits until a command succeeds.
until_is() {
    local what=$1 deadline=$((SECONDS + 60))
    shift
    until "$@"; do
        [ "$SECONDS" -lt "$deadline" ] || fail "waited in vain for $what"
        sleep 0.2
    done
}
height() { in_machine sanad --json node status 2>/dev/null | sed -n 's/.*"height": \([0-9]*\).*/\1/p' | head -n 1; }
is_past() { [ "$(height)" -gt "$1" ] 2>/dev/null; }
goes_on() { until_is "blocks $1" is_past "$2"; }
has_other_pid() { local pid; pid=$(said MainPID); [ "$pid" != 0 ] && [ "$pid" != "$1" ]; }
journal_has() { grep --quiet --fixed-strings "$1" <<<"$(journal)"; }

install -m 644 "$package" "$machine/root/root/sanad.deb"
in_machine dpkg --install /root/sanad.deb >"$folder/dpkg.log" 2>&1 || { cat "$folder/dpkg.log" >&2; exit 1; }
in_machine systemd-analyze verify sanad-node.service 2>&1 | grep "sanad-node" >&2 && fail "systemd finds fault with the unit"
modes=$(in_machine stat --format "%U:%G %a %n" /var/lib/sanad /etc/sanad /etc/sanad/keys /etc/sanad/node.toml)
[ "$modes" = "sanad:sanad 700 /var/lib/sanad
root:sanad 750 /etc/sanad
sanad:sanad 700 /etc/sanad/keys
root:sanad 640 /etc/sanad/node.toml" ] || fail "modes are
$modes"
[ "$(said ActiveState)" = inactive ] || fail "the package starts a node that nobody has configured"
in_machine systemctl start sanad-node 2>/dev/null && fail "a node without a genesis starts"
journal_has genesis.json || fail "the log does not name what is missing"
in_machine systemctl stop sanad-node
step "installed; it does not start before it is configured, and says why"

in_machine sh -eu >/dev/null <<'SETUP'
sanad localnet create /root/net --nodes 1 --heartbeat-ms 500 --no-init
cd /root/net
install -o root -g sanad -m 640 genesis.json /etc/sanad/
install -o sanad -g sanad -m 600 node-1/keys/consensus.json node-1/keys/network.json /etc/sanad/keys/
install -o sanad -g sanad -m 600 passphrase /etc/sanad/passphrase
member=$(sed -n 's/^member = //p' node-1/node.toml)
sed -i -e 's|^data_dir = .*|data_dir = "/var/lib/sanad"|' -e "s|^member = .*|member = $member|" -e '/^\[\[peers\]\]/,/^gossip/d' /etc/sanad/node.toml
runuser -u sanad -- sanad-node init --config /etc/sanad/node.toml
mkdir -p /etc/systemd/system/sanad-node.service.d
printf '[Service]\nWatchdogSec=5\n' >/etc/systemd/system/sanad-node.service.d/soon.conf
systemctl daemon-reload
SETUP
in_machine systemctl enable --quiet --now sanad-node || fail "the node does not start"
[ "$(said SubState)" = running ] || fail "systemctl start came back before the node runs"
until_is "a word to systemd about how it is" eval '[ -n "$(said StatusText)" ]'
goes_on "after the start" 1
in_machine sh -c 'echo "{\"award\": 1}" >/root/award.json'
in_machine sanad --json issue /root/award.json --issuer-dir /root/net/node-1 --genesis /root/net/genesis.json \
    --passphrase-file /root/net/passphrase >/dev/null || fail "a batch is not entered"
step "Type=notify: started, and \"$(said StatusText)\""

exposure=$(in_machine systemd-analyze security --no-pager sanad-node.service | tail -n 1)
in_machine systemd-analyze security --no-pager --threshold=15 sanad-node.service >/dev/null || fail "the sandbox is open: $exposure"
metrics=$(in_machine curl --silent --fail http://127.0.0.1:9464/metrics)
files=$(in_machine sed -n 's/^Max open files *\([0-9]*\) *\([0-9]*\) .*/\1 \2/p' "/proc/$(said MainPID)/limits")
[ "${files% *}" = "${files#* }" ] || fail "the node cannot raise its limit of open files: $files"
grep --quiet '^sanad_ready 1' <<<"$metrics" || fail "the node is not ready"
for metric in sanad_disk_free_bytes sanad_disk_size_bytes process_resident_memory_bytes process_cpu_seconds_total; do
    grep --quiet "^$metric [1-9]\|^$metric 0\.[0-9]*[1-9]" <<<"$metrics" || fail "the node cannot read $metric in its sandbox"
done
journal | grep --ignore-case "operation not permitted\|permission denied" >&2 && fail "the sandbox is too tight"
step "sandbox: $exposure"

pid=$(said MainPID)
pinged=$(said WatchdogTimestampMonotonic)
until_is "pings of the watchdog" eval '[ "$(said WatchdogTimestampMonotonic)" -gt "$pinged" ]'
in_machine sed -i 's/^# filter = .*/filter = "info,sanad_node=debug,arc_malachitebft=error"/' /etc/sanad/node.toml
in_machine systemctl reload sanad-node || fail "reload fails"
until_is "the new configuration" journal_has "the configuration is read again"
in_machine sh -c 'cp -p /etc/sanad/node.toml /root/right.toml && echo nonsense >>/etc/sanad/node.toml'
in_machine systemctl reload sanad-node || fail "a reload that is refused ends the unit"
until_is "the refusal" journal_has "the new configuration is refused, and the old one stays"
in_machine cp -p /root/right.toml /etc/sanad/node.toml
[ "$(said MainPID)" = "$pid" ] || fail "reload starts another process"
step "reload: taken over, refused where it is wrong, the same process"

last=$(height)
in_machine kill -KILL "$pid"
until_is "a new process after kill -9" has_other_pid "$pid"
goes_on "after kill -9" "$last"
pid=$(said MainPID)
last=$(height)
in_machine kill -STOP "$pid"
until_is "a new process after a hang" has_other_pid "$pid"
goes_on "after a hang" "$last"
[ "$(said NRestarts)" = 2 ] || fail "$(said NRestarts) restarts, not 2"
step "kill -9 and a process that hangs: started again"

pid=$(said MainPID)
last=$(height)
dpkg-deb --raw-extract "$package" "$folder/next"
sed -i 's/^Version: .*/&.next/' "$folder/next/DEBIAN/control"
dpkg-deb -Znone --build "$folder/next" "$machine/root/root/next.deb" >/dev/null
rm -rf "$folder/next"
in_machine dpkg --install /root/next.deb >"$folder/dpkg.log" 2>&1 || { cat "$folder/dpkg.log" >&2; exit 1; }
until_is "the upgraded node" has_other_pid "$pid"
goes_on "after the upgrade" "$last"
in_machine cmp /root/right.toml /etc/sanad/node.toml || fail "the upgrade changes the settings"
in_machine systemctl is-enabled --quiet sanad-node || fail "the upgrade disables the unit"
step "upgrade: the node is restarted, settings and ledger are as they were"

last=$(height)
in_machine dpkg --remove sanad >/dev/null 2>&1 || fail "it cannot be removed"
[ "$(said ActiveState)" != active ] || fail "the node still runs after its package was removed"
in_machine test -e /etc/sanad/node.toml || fail "remove takes the settings away"
in_machine dpkg --purge sanad >"$folder/dpkg.log" 2>&1 || fail "it cannot be purged"
in_machine test ! -e /etc/sanad/node.toml || fail "purge leaves the settings"
for kept in /var/lib/sanad/ledger/segments /var/lib/sanad/consensus/signing.guard /etc/sanad/keys/consensus.json; do
    in_machine test -e $kept || fail "purge destroys $kept"
done
in_machine dpkg --install /root/sanad.deb >/dev/null 2>&1 || fail "it cannot be installed again"
in_machine sh -eu -c 'cat /root/right.toml >/etc/sanad/node.toml'
in_machine systemctl start sanad-node || fail "the node does not start after purge and install"
goes_on "after purge and install" "$last"
step "remove and purge: ledger, signing guard and keys stay, and are taken up again"
echo "the package holds"
