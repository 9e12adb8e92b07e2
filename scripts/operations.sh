# For scripts/pages.py: the machine on which the commands of docs/operations.md are run. Four universities have their nodes on it, each at an
# address of its own: merapi at 127.0.0.1, which is the reader's; bromo, semeru and kelimutu at 127.0.0.2 to 127.0.0.4, in folders by their
# names. Sourced by the page; the working directory is what the reader has: a clone of the repository, a member's folder and a genesis.

OTHERS="bromo semeru kelimutu"
CONFIG=/etc/sanad/node.toml

address() {
    case $1 in merapi) echo 127.0.0.1 ;; bromo) echo 127.0.0.2 ;; semeru) echo 127.0.0.3 ;; kelimutu) echo 127.0.0.4 ;; esac
}

# The last digit of the ports for votes and batches: a node dials from the port that it listens on, so that on one machine each has its own.
digit() {
    case $1 in merapi) echo 0 ;; bromo) echo 2 ;; semeru) echo 3 ;; kelimutu) echo 4 ;; esac
}

# Waits until a command succeeds.
until_is() {
    local deadline=$((SECONDS + 90))
    until "$@" >/tmp/until 2>&1; do
        if [ "$SECONDS" -ge "$deadline" ]; then
            echo "waited in vain: $*"
            cat /tmp/until
            journalctl --no-pager --lines 20 --unit sanad-node
            return 1
        fi
        sleep 0.2
    done
}

# A certificate of the test's authority for a name: NAME.pem and NAME.key in tls/.
certificate() {
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "tls/$1.key" -out tls/request -subj "/CN=$1" 2>/dev/null
    printf 'subjectAltName=DNS:%s' "$1" >tls/names
    openssl x509 -req -in tls/request -CA tls/ca.pem -CAkey tls/ca.key -days 90 -extfile tls/names -out "tls/$1.pem" 2>/dev/null
}

the_consortium() {
    local name
    command -v sudo >/dev/null || {
        printf '#!/bin/sh\nuser=$2\nshift 2\nexec runuser -u "$user" -- env -i PATH="$PATH" LC_ALL=C.UTF-8 "$@"\n' >/usr/local/bin/sudo
        chmod 755 /usr/local/bin/sudo
    }
    export PATH=$PWD/target/release:$PATH
    (umask 077 && head -c 24 /dev/urandom | base64 >passphrase)
    export SANAD_PASSPHRASE_FILE=$PWD/passphrase SANAD_GENESIS=$PWD/genesis.json
    mkdir tls
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout tls/ca.key -out tls/ca.pem -days 365 -subj "/CN=Test authority" 2>/dev/null
    install -m 644 tls/ca.pem /usr/local/share/ca-certificates/sanad-test.crt
    update-ca-certificates >/dev/null 2>&1
    sanad genesis invite --name "Konsorsium Uji" --out invitation.json
    for name in merapi $OTHERS; do
        echo "$(address $name) node.univ-$name.example" >>/etc/hosts
        sanad member new --invitation invitation.json --dir $name --id univ-$name.example --name "Universitas $name" --role validator \
            --issuer-id https://univ-$name.example --address "consensus://node.univ-$name.example:2600$(digit $name)" \
            --address "gossip://node.univ-$name.example:2700$(digit $name)"
    done
    sanad genesis new --heartbeat-ms 1000 --log-origin sanad-test/operations --out draft.json */member.json
    for name in merapi $OTHERS; do sanad genesis sign draft.json --member-dir $name; done
    sanad genesis complete draft.json --out genesis.json */genesis-signature.json
    for name in $OTHERS; do
        certificate node.univ-$name.example
        # Without [[peers]]: where the others are is in the register.
        sed -e 's|^genesis = .*|genesis = "../genesis.json"|' -e 's|^passphrase_file = .*|passphrase_file = "../passphrase"|' \
            -e "s|univ-merapi|univ-$name|" -e "s|127.0.0.1:|$(address $name):|" -e "s|:26000|:2600$(digit $name)|" \
            -e "s|:27000|:2700$(digit $name)|" -e '/^\[\[peers\]\]/,/^gossip/d' \
            -e "s|^# tls_certificate = .*|tls_certificate = \"../tls/node.univ-$name.example.pem\"|" \
            -e "s|^# tls_key = .*|tls_key = \"../tls/node.univ-$name.example.key\"|" \
            -e 's|^# every_blocks = .*|every_blocks = 10|' configs/node.toml >$name/node.toml
        sanad-node init --config $name/node.toml
        start $name
    done
}

# The other nodes are started and stopped by their members.
start() {
    local name
    for name; do
        systemd-run --quiet --unit="$name" --property=Type=notify --property=LimitNOFILE=4096 --working-directory="$PWD" \
            "$PWD/target/release/sanad-node" run --config "$name/node.toml"
    done
}

# The settings of the reader's node, as the page says to make them.
settings() {
    sed -i -e 's|^data_dir = .*|data_dir = "/var/lib/sanad"|' -e 's|192.0.2.2:\(2[67]00\)0|node.univ-bromo.example:\12|' $CONFIG
}

# What must be in the answer of the reader's node about itself.
status_has() { sanad --json node status --node "${NODE:-http://127.0.0.1:50051}" | tr -d ' \n' | grep -q -- "$1"; }
fit() { sanad node status --node "${NODE:-http://127.0.0.1:50051}"; }

# Whether all four vote, as the reader's node sees it.
all_vote() { curl -s http://127.0.0.1:9464/metrics | grep -q '^sanad_validators_voting 4.0' && votes; }

# Whether the reader's node signs.
votes() {
    local metrics
    metrics=$(curl -s http://127.0.0.1:9464/metrics)
    awk '/^sanad_height /{height=$2} /^sanad_own_last_signed_height /{own=$2} END {exit !(height > 3 && own >= height)}' <<<"$metrics"
}

metric_is() { curl -s http://127.0.0.1:9464/metrics | grep -q "^$1 $2"; }

# The disk of the reader's node is lost; the settings and keys stay.
lose_the_disk() {
    systemctl stop sanad-node
    # More starts than an operator makes in ten minutes.
    systemctl reset-failed sanad-node || true
    find /var/lib/sanad -mindepth 1 -delete
}

# Changes one byte in the middle of a file.
damage() {
    local size byte
    size=$(stat --format %s "$1")
    byte=$(dd if="$1" bs=1 skip=$((size / 2)) count=1 2>/dev/null | od -An -tu1)
    printf "\\x$(printf %x $((byte ^ 16)))" | dd of="$1" bs=1 seek=$((size / 2)) conv=notrunc 2>/dev/null
}

# Reloads the reader's node, and waits until it has read its settings: SIGHUP alone does not.
reload() {
    local before
    before=$(reloads)
    systemctl reload sanad-node
    until_is has_reloaded "$before"
}
has_reloaded() { [ "$(reloads)" -gt "$1" ]; }
reloads() { journalctl --no-pager --unit sanad-node | grep -c "the configuration is read again" || true; }

# A caller from an address, through the proxy: prints the status code of gRPC.
call_from() {
    printf '\0\0\0\0\0' | curl --silent --interface "$1" --header 'Content-Type: application/grpc-web+proto' --data-binary @- --dump-header - \
        https://ledger.univ-merapi.example/sanad.v1.NodeService/GetNodeStatus | tr -d '\r' | grep -a -o 'grpc-status: *[0-9]*' | grep -o '[0-9]*$'
}

# One caller uses up its calls, and another is answered all the same: the node counts by the address that the proxy names.
behind_the_proxy() {
    local call code refused=no
    sed -i -e 's|^# address_calls_per_second_max = .*|address_calls_per_second_max = 1|' \
        -e 's|^# address_calls_burst_max = .*|address_calls_burst_max = 5|' $CONFIG
    reload
    for call in 1 2 3 4 5 6 7 8 9 10; do
        code=$(call_from 127.0.0.9)
        [ "$code" != 8 ] || refused=yes
    done
    [ "$refused" = yes ] || { echo "10 calls at once from one address, of 5 allowed, are answered; the last with $code"; return 1; }
    code=$(call_from 127.0.0.10)
    [ "$code" = 0 ] || { echo "another address pays for the first: $code"; return 1; }
    metric_is 'sanad_limits_hit_total{limit="address-calls"}' '[1-9]' || curl -s http://127.0.0.1:9464/metrics | grep sanad_limits_hit
    sed -i -e 's|^address_calls_per_second_max = .*|# address_calls_per_second_max = 4000|' \
        -e 's|^address_calls_burst_max = .*|# address_calls_burst_max = 8000|' $CONFIG
    reload
}

# Batches do not reach kelimutu's node from the reader's, nor the other way round.
part_from_kelimutu() {
    cp kelimutu/node.toml kelimutu/node.toml.before
    cp -p $CONFIG node.toml.before
    printf '\n[[peers]]\nmember = "univ-merapi.example"\nconsensus = "127.0.0.1:26000"\ngossip = "127.0.0.99:27000"\n' >>kelimutu/node.toml
    printf '\n[[peers]]\nmember = "univ-kelimutu.example"\nconsensus = "127.0.0.4:26004"\ngossip = "127.0.0.99:27000"\n' >>$CONFIG
    systemctl kill --signal=HUP kelimutu
}

join_kelimutu_again() {
    cat kelimutu/node.toml.before >kelimutu/node.toml
    cat node.toml.before >$CONFIG
    systemctl kill --signal=HUP kelimutu
    systemctl reload sanad-node
}
