#!/usr/bin/env bash
# The main job, with real processes on loopback: a consortium of four issues, replicates, proves and revokes
# micro-credentials, from a spreadsheet to printed certificates, survives the loss of a node, admits a member and answers a stolen key.
# Ends at the first thing that is not true.
# It builds the programs unoptimised; SANAD_DEMO_PROFILE=release builds those of a release, SANAD_PROGRAMS=DIR takes those that
# are there.
set -euo pipefail
cd "$(dirname "$0")/.."

profile=${SANAD_DEMO_PROFILE:-dev}
if [ -z "${SANAD_PROGRAMS:-}" ]; then
    echo "Building (the first time takes some minutes)"
    cargo build --profile "$profile" --quiet -p sanad-node -p sanad-cli
fi
PATH="$(cd "${SANAD_PROGRAMS:-${CARGO_TARGET_DIR:-target}/${profile/#dev/debug}}" && pwd):$PATH"
demo=$(mktemp -d)
net=$demo/net
finish() {
    code=$?
    [ ! -d "$net" ] || sanad localnet stop "$net" >/dev/null 2>&1 || true
    if [ "$code" != 0 ]; then
        echo "FAILED after step $number; the nodes' logs follow" >&2
        tail -n 5 "$net"/node-*/node.log >&2 || true
    fi
    rm -rf "$demo"
    exit "$code"
}
number=0
trap finish EXIT

step() { number=$((number + 1)) && printf '%2d. %s\n' "$number" "$*"; }
# Value of the first field of that name in JSON on standard input.
field() { sed -n "s/^ *\"$1\": \"\{0,1\}\(.*[^\",]\)\"\{0,1\},\{0,1\}\$/\1/p" | sed -n 1p; }
# must EXIT-CODE COMMAND...: runs a command that must end so; prints what it said.
must() {
    local expected=$1 code=0
    shift
    "$@" >"$demo/said" 2>"$demo/warned" || code=$?
    if [ "$code" != "$expected" ]; then
        { echo "exit code $code, not $expected: $*"; cat "$demo/said" "$demo/warned"; } >&2
        return 1
    fi
    cat "$demo/said"
}
equal() { [ "$1" = "$2" ] || { echo "expected \"$2\", found \"$1\"" >&2; return 1; }; }
verdict() { field verdict; }

must 0 sanad localnet create "$net" --nodes 4 --name "Konsorsium Demo" >/dev/null
mapfile -t pages < <(must 0 sanad --json localnet start "$net" | sed -n 's/.*"page": "\(.*\)".*/\1/p')
mapfile -t url < <(sanad --json localnet status "$net" | sed -n 's/.*"url": "\(.*\)".*/\1/p')
equal "${#url[@]} ${#pages[@]}" "4 4"
export SANAD_GENESIS=$net/genesis.json SANAD_PASSPHRASE_FILE=$net/passphrase
step "A consortium of four universities runs: ${url[*]}"

# page FILE...: the verdict of the verifier's page, in headless Chromium where it and playwright-core are installed, else of `sanad
# verify`; what said it comes first.
chromium=$(command -v chromium || command -v chromium-browser || command -v google-chrome || true)
page() {
    local headline=
    if [ -n "$chromium" ] && [ -d web/node_modules/playwright-core ] && command -v node >/dev/null; then
        headline=$(timeout 120 node scripts/demo-page.mjs "$chromium" "${pages[2]}" "$@" 2>"$demo/warned" || true)
    fi
    if [ -n "$headline" ]; then
        echo "The verifier's page, in headless Chromium: $headline"
    else
        echo "sanad verify: $(must 0 sanad verify "$@" --online --node "${url[2]}" | sed -n '1s/^[^:]*: //p')"
    fi
}
export SANAD_REGISTER=$demo/register.db SANAD_REGISTER_PASSPHRASE_FILE=$net/passphrase
semeru=(--issuer-dir "$net/node-3" --node "${url[2]}")
must 0 sanad register create "$SANAD_REGISTER" --issuer-dir "$net/node-3" >/dev/null
cp -r tests/roster "$demo/roster"
mkdir -p "$demo/site"
printed=(--site https://sertifikat.univ-semeru.example --site-dir "$demo/site")
must 0 sanad issue roster "$demo/roster/wisuda.csv" --status-lists --certificates "$demo/printed" --zip "${printed[@]}" \
    "${semeru[@]}" >/dev/null
equal "$(find "$demo/printed" -name '*.pdf' | wc -l) $(find "$demo/printed" -name '*.zip' | wc -l) $(find "$demo/site/boxes" -type f | wc -l)" "12 12 12"
# learner NAME FOLDER: the learner's folder there.
learner() { find "$demo/$2" -mindepth 1 -maxdepth 1 -type d -name "$1-*"; }
step "From a spreadsheet of 12 learners: 12 signed Open Badges of Universitas Semeru, entered, printed and zipped"

pdf=$(find "$(learner kirananing-astrapati printed)" -name '*.pdf')
said=$(page "$pdf")
[[ $said == *" is active"* || $said == *": active as of "* ]]
step "$said"

must 0 sanad revoke suryodanta@univ-semeru.example --reason plagiarism --yes "${semeru[@]}" >/dev/null
corrected=$demo/corrected/credential.json
mkdir "$demo/corrected"
sed 's/Ucokman Simanjorang/Ucokman Simanjorang, S.Stat./' "$(learner ucokman-simanjorang roster/wisuda)/credential.json" >"$demo/corrected.json"
said=$(must 0 sanad --json reissue "$demo/corrected.json" --sign --out "$corrected" --replaces ucokman@univ-semeru.example --yes \
    --reason "degree missing" "${semeru[@]}")
must 0 sanad certificate make "$corrected" --out "$demo/printed" --zip "${printed[@]}" >/dev/null
equal "$(must 0 sanad --json verify "$demo/printed/corrected/corrected.pdf" --online --node "${url[3]}" | verdict)" active
old=$(find "$(learner ucokman-simanjorang printed)" -name '*.pdf')
equal "$(must 1 sanad --json verify "$old" --online --node "${url[3]}" | verdict)" revoked
step "One was revoked by the learner's address; one, misprinted, was reissued as row $(field row <<<"$said") of the register, and the old one revoked"

must 0 sanad register erase maria@univ-semeru.example --yes --site-dir "$demo/site" --issuer-dir "$net/node-3" >/dev/null 2>&1
must 1 sanad register search maria >/dev/null
step "One was erased: secret, document and every word about her are gone from the register; a signed record of that stays"
unset SANAD_REGISTER SANAD_REGISTER_PASSPHRASE_FILE

cp -r tests/credentials "$demo/credentials"
merapi=$demo/credentials/univ-merapi bromo=$demo/credentials/univ-bromo
must 0 sanad issue "$merapi" --issuer-dir "$net/node-1" --node "${url[0]}" >/dev/null
must 0 sanad issue "$bromo" --issuer-dir "$net/node-2" --node "${url[1]}" >/dev/null
receipts=$(find "$demo/credentials" -name '*.receipt.json' | wc -l)
equal "$receipts" 12
step "Universitas Merapi and Universitas Bromo issued $receipts micro-credentials; each has its receipt beside it"

for document in "$merapi"/*[a-z].json "$bromo"/*[a-z].json; do
    case $document in *.receipt.json) continue ;; esac
    equal "$(must 0 sanad --json status "$document" --node "${url[3]}" | verdict)" active
done
step "Node 4, which took neither batch, proves all of them active"

badge=$merapi/game-developer.json
old=$(must 0 sanad --json verify "$badge")
equal "$(verdict <<<"$old")" active
height=$(field height <<<"$old")
step "Offline, with genesis file and receipt alone: the game developer's credential is active as of block $height"

bytes=$(must 0 sanad --json receipt qr "$badge.receipt.json" --png "$demo/receipt.png" | field bytes)
equal "$(must 0 sanad --json verify "$badge" --receipt "$demo/receipt.png" | verdict)" active
step "The same from a picture: the learner's receipt is one QR code of $bytes bytes"

must 0 sanad receipt convert "$badge.receipt.json" "$demo/paper.receipt" --paper --document "$badge" >/dev/null
must 0 sanad receipt qr "$demo/paper.receipt" --png "$demo/paper.png" >/dev/null
said=$(must 0 sanad --json verify --receipt "$demo/paper.png")
equal "$(verdict <<<"$said")" active
grep -q "document not seen" <<<"$said"
step "A code on paper proves, without the document: $(field holder <<<"$said"), $(field title <<<"$said"), $(field credits <<<"$said") credits"

must 0 sanad trust fetch "$demo/konsorsium.trust.json" --node "${url[1]}" >/dev/null
said=$(must 0 sanad --json trust show "$demo/konsorsium.trust.json")
equal "$(must 0 env -u SANAD_GENESIS sanad --json verify "$badge" --trust "$demo/konsorsium.trust.json" | verdict)" active
step "A trust file, proved from the genesis up to block $(field height <<<"$said"), does in place of the genesis"

must 0 sanad revoke "$badge" --yes --issuer-dir "$net/node-1" --node "${url[0]}" >/dev/null
for node in "${url[@]}"; do
    for _ in $(seq 100); do
        fresh=$(sanad --json status "$badge" --node "$node" || true)
        [ "$(verdict <<<"$fresh")" != revoked ] || break
        sleep 0.1
    done
    equal "$(verdict <<<"$fresh")" revoked
done
step "It was revoked, and each of the four nodes proves that it is revoked, as of block $(field height <<<"$fresh")"

equal "$(must 0 sanad --json verify "$badge" | verdict)" active
equal "$(must 1 sanad --json verify "$badge" --online --node "${url[2]}" | verdict)" revoked
step "The old receipt still says \"active as of block $height\"; a fresh proof says revoked"

forged=$demo/forged.json
sed 's/"creditsEarned": 3/"creditsEarned": 8/' "$bromo/teacher-digital-skills.json" >"$forged"
equal "$(cmp -l "$bromo/teacher-digital-skills.json" "$forged" | wc -l)" 1
said=$(must 1 sanad --json verify "$forged" --receipt "$bromo/teacher-digital-skills.json.receipt.json")
equal "$(verdict <<<"$said")" tampered
step "One byte of a document changed: refused, $(field reason <<<"$said" | cut -c1-60)..."

receipt=$demo/forged.receipt.json
sed 's/"time_ms": \([0-9]*\)[0-8],/"time_ms": \19,/' "$bromo/energy-regulation.json.receipt.json" >"$receipt"
cmp -s "$bromo/energy-regulation.json.receipt.json" "$receipt" &&
    sed 's/"time_ms": \([0-9]*\)9,/"time_ms": \18,/' "$bromo/energy-regulation.json.receipt.json" >"$receipt"
equal "$(cmp -l "$bromo/energy-regulation.json.receipt.json" "$receipt" | wc -l)" 1
said=$(must 1 sanad --json verify "$bromo/energy-regulation.json" --receipt "$receipt")
equal "$(verdict <<<"$said")" tampered
step "One byte of a receipt changed: refused, $(field reason <<<"$said" | cut -c1-60)..."

must 0 sanad localnet stop "$net" --node 4 --kill >/dev/null
cp tests/credentials/univ-merapi/ui-research.json "$demo/later.json"
must 0 sanad issue "$demo/later.json" --issuer-dir "$net/node-1" --node "${url[0]}" --receipts-form binary >/dev/null
size=$(wc -c <"$demo/later.json.receipt")
equal "$(must 0 sanad --json verify "$demo/later.json" | verdict)" active
step "Node 4 was killed (SIGKILL); the other three issue on, with a binary receipt of $size bytes"

must 0 sanad localnet start "$net" >/dev/null
heads=0
for _ in $(seq 300); do
    status=$(sanad --json localnet status "$net")
    heads=$(grep -c '"head_hash": "' <<<"$status" || true)
    different=$(sed -n 's/.*"head_hash": "\(.*\)".*/\1/p' <<<"$status" | sort -u | wc -l)
    entries=$(sed -n 's/.*"log_size": \([0-9]*\).*/\1/p' <<<"$status" | sort -u)
    [ "$heads $different $entries" != "4 1 29" ] || break
    sleep 0.1
done
equal "$heads $different $entries" "4 1 29"
equal "$(must 0 sanad --json status "$demo/later.json" --node "${url[3]}" | verdict)" active
step "Node 4 is back: four equal heads, $(field head_hash <<<"$status" | cut -c1-16), $entries entries each"

must 0 sanad receipt renew "$badge.receipt.json" "$demo/renewed.receipt" --node "${url[3]}" >/dev/null
said=$(must 0 sanad --json verify "$badge" --receipt "$demo/renewed.receipt")
equal "$(field form <<<"$said") $(field height <<<"$said")" "history $height"
step "The old receipt is renewed: today's validators vouch for block $height, in the history of their last one"

said=$(must 0 sanad --json proof consistency "$badge.receipt.json" --out "$demo/since.consistency.json" --node "${url[3]}")
must 0 sanad proof verify "$demo/since.consistency.json" --receipt "$badge.receipt.json" >/dev/null
step "The log of the old receipt, $(field older_size <<<"$said") entries, begins today's, $(field newer_size <<<"$said") entries: nothing was rewritten"

issuer=$(field id <<<"$fresh")
said=$(must 0 sanad --json proof completeness "$issuer" --out "$demo/all.completeness.jsonl" --node "${url[3]}")
must 0 sanad proof verify "$demo/all.completeness.jsonl" >/dev/null
equal "$(field active <<<"$said") $(field revoked <<<"$said")" "6 1"
step "A list proved to be all that Universitas Merapi ever issued: $(field active <<<"$said") active, $(field revoked <<<"$said") revoked"

# vote CHANGE...: node 1's member proposes it, those of nodes 2 and 3 approve, and it comes into force.
vote() {
    proposal=$(must 0 sanad --json governance propose "$@" --yes --member-dir "$net/node-1" --node "${url[0]}" | field proposal)
    must 0 sanad governance approve "$proposal" --yes --member-dir "$net/node-2" --node "${url[1]}" >/dev/null
    must 0 sanad governance approve "$proposal" --yes --member-dir "$net/node-3" --node "${url[2]}" >/dev/null
    must 0 sanad governance watch "$proposal" --timeout 1m --node "${url[0]}" >/dev/null
}
# award NAME MEMBER-FOLDER: issues a small document.
award() {
    printf '{"name":"%s"}\n' "$1" >"$demo/$1.json"
    must 0 sanad issue "$demo/$1.json" --issuer-dir "$2" --node "${url[0]}" >/dev/null
}
must 0 sanad member new --genesis "$SANAD_GENESIS" --dir "$demo/elang" --id politeknik-elang.example \
    --name "Politeknik Elang" --role issuer >/dev/null
vote admit "$demo/elang/member.json"
award surya "$demo/elang"
said=$(must 0 sanad --json verify "$demo/surya.json")
equal "$(verdict <<<"$said")" active
step "Admission: three of four validators voted Politeknik Elang in; what it issues is $(verdict <<<"$said") as of block $(field height <<<"$said")"

said=$(must 0 sanad --json member rotate-key issuing --yes --member-dir "$net/node-1" --node "${url[0]}")
award stolen "$net/node-1"
award own "$net/node-1"
equal "$(must 0 sanad --json status "$demo/later.json" --node "${url[1]}" | verdict)" active
step "Rotation: Universitas Merapi replaced its issuing key in block $(field height <<<"$said"); what the old key signed is still active"

stolen=$(must 0 sanad --json status "$demo/stolen.json" --node "${url[0]}" | field log_index)
must 0 sanad member declare-compromise --from "$stolen" --yes --member-dir "$net/node-1" --node "${url[0]}" >/dev/null
must 0 sanad member confirm "$demo/own.json" --yes --member-dir "$net/node-1" --node "${url[0]}" >/dev/null
said=$(must 0 sanad --json member affected "$issuer" --node "${url[1]}")
equal "$(field confirmed <<<"$said")" 1
must 1 sanad status "$demo/stolen.json" --receipt-out "$demo/stolen.receipt" --node "${url[2]}" >/dev/null
must 0 sanad status "$demo/own.json" --receipt-out "$demo/own.receipt" --node "${url[2]}" >/dev/null
equal "$(must 1 sanad --json verify "$demo/stolen.json" --receipt "$demo/stolen.receipt" | verdict)" disputed
equal "$(must 0 sanad --json verify "$demo/own.json" --receipt "$demo/own.receipt" | verdict)" confirmed
equal "$(must 0 sanad --json verify "$demo/later.json" | verdict)" active
step "Compromise: that key was stolen, and declared so from log index $stolen on: offline, the thief's credential is disputed, its own confirmed, older ones active"

must 0 sanad key new --purpose checkpoint --out "$demo/checkpoint.json" >/dev/null
must 0 sanad export "$demo/public" --key "$demo/checkpoint.json" --node "${url[1]}" >/dev/null
must 0 sanad localnet stop "$net" >/dev/null
if grep -lsa "$net" /proc/[0-9]*/cmdline; then
    echo "a process was left behind" >&2
    exit 1
fi
step "All nodes have stopped, and no process is left"

equal "$(must 1 sanad --json status "$badge" --export "$demo/public" | verdict)" revoked
equal "$(must 0 sanad --json verify "$demo/later.json" --online --export "$demo/public" | verdict)" active
step "A static export, files that any web server can serve, still proves every status"

said=$(must 0 sanad --json audit "$net/node-1")
equal "$(field log_size <<<"$said")" 38
step "Audit of node 1's disk: every hash, signature, rule and certificate holds, up to block $(field height <<<"$said")"
