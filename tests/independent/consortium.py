"""A consortium made up for the tests: it signs whatever a test wants signed."""

import copy
import json

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

import document as d
import layout as l
import reading as r
from trust import of_genesis, of_trust_file
from verify import Trust

START_MS = 1_700_000_000_000
ISSUER = "institut.example"


def secret(name):
    return Ed25519PrivateKey.from_private_bytes(l.derive("sanad tests/independent key", name.encode()))


def public(name):
    return secret(name).public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def key(name):
    return "ed25519:" + public(name).hex()


def naive_root(tree, leaves):
    """RFC 6962, 2.1, word by word, as a check on `root_of`."""
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while 2 * split < len(leaves):
        split *= 2
    return tree.node(naive_root(tree, leaves[:split]), naive_root(tree, leaves[split:]))


def naive_path(tree, index, leaves):
    """RFC 6962, 2.1.1, word by word."""
    if len(leaves) == 1:
        return []
    split = 1
    while 2 * split < len(leaves):
        split *= 2
    if index < split:
        return naive_path(tree, index, leaves[:split]) + [naive_root(tree, leaves[split:])]
    return naive_path(tree, index - split, leaves[split:]) + [naive_root(tree, leaves[:split])]


def naive_consistency(tree, m, leaves, whole=True):
    """RFC 6962, 2.1.2, word by word."""
    if m == len(leaves):
        return [] if whole else [naive_root(tree, leaves)]
    split = 1
    while 2 * split < len(leaves):
        split *= 2
    if m <= split:
        return naive_consistency(tree, m, leaves[:split], whole) + [naive_root(tree, leaves[split:])]
    return naive_consistency(tree, m - split, leaves[split:], False) + [naive_root(tree, leaves[:split])]


def member(id, role, **other):
    keys = {"issuing_key": key(f"{id} issuing")} if role != "observer" else {}
    if role == "validator":
        keys.update(consensus_key=key(f"{id} consensus"), network_key=key(f"{id} network"))
    governance = {"governance_keys": [key(f"{id} governance")], "governance_threshold": 1}
    return {"id": id, "name": f"Universitas {id}", "role": role, **governance, **keys, **other}


def json_of(value):
    """The JSON form of headers, certificates, pasts and sets, which have no more than numbers, hashes and each other."""
    if isinstance(value, l.Header):
        fields = {name: json_of(field) for name, field in value._asdict().items()}
        return {"version": {"layout": fields.pop("layout"), "rules": fields.pop("rules")}, **fields}
    if isinstance(value, l.ValidatorSet):
        validators = [{"member": m, "key": "ed25519:" + k.hex()} for m, k in value.validators]
        return {"number": value.number, "first_height": value.first_height, "validators": validators}
    if isinstance(value, l.Certificate):
        signed = [{"validator": p, "signature": "ed25519:" + s.hex()} for p, s in value.signatures]
        return {"height": value.height, "round": value.round, "block": value.block.hex(), "signatures": signed}
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        return {name: json_of(field) for name, field in value._asdict().items()}
    if isinstance(value, list):
        return [json_of(item) for item in value]
    return value.hex() if isinstance(value, bytes) else value


class Consortium:
    """Validators univ-000, univ-001, ... in the genesis, and an issuer; a log, statuses; signed headers.

    Of heights without a header of their own the history has a hash made up from the height.
    """

    def __init__(self, validators=4, members=None, changes=(), **genesis):
        """`changes`: (height, validator ids) of each change of validators."""
        names = [f"univ-{i:03}" for i in range(validators)]
        self.members = members or [member(ISSUER, "issuer")] + [member(n, "validator") for n in names]
        self.genesis_json = {
            "version": 1, "name": "Tes", "nonce": "07" * 32, "log_origin": "example.org/sanad", "members": self.members,
            **genesis,
        }  # fmt: skip
        self.genesis = r.read_genesis(json.dumps(self.genesis_json).encode())
        self.chain_id = self.genesis.chain_id()
        self.trust = of_genesis(self.genesis)
        self.sets = [self.genesis.validators()]
        self.headers = {}
        self.changes = []
        for height, ids in changes:
            following = l.ValidatorSet(len(self.sets), height + 1, [(id, public(f"{id} consensus")) for id in ids])
            header = self.enter(self.header(height, next_validators_hash=following.hash()))
            self.changes.append(l.Change(header, self.certify(header), following))
            self.sets.append(following)

    # Headers

    def set_at(self, height):
        return next(s for s in reversed(self.sets) if s.first_height <= height)

    def header(self, height, **changed):
        filler = l.derive("sanad tests/independent filler", str(height).encode())
        own = self.set_at(height).hash()
        header = l.Header(
            1, 1, self.chain_id, height, 0, START_MS + 1000 * height, 1, filler, filler, self.past(height).hash(), own, own
        )
        return header._replace(**changed)

    def enter(self, header):
        """Makes a header the one of its height in the history."""
        self.headers[header.height] = header
        return header

    def history(self, height):
        """The leaves of the history tree of the header at `height`."""
        hashes = (self.headers[h].hash() if h in self.headers else l.derive("made up", l.u64(h)) for h in range(1, height))
        return [l.HISTORY.leaf(hash_) for hash_ in hashes]

    def past(self, height):
        leaves = self.history(height)
        return l.Past(bytes(32), naive_root(l.HISTORY, leaves) if leaves else l.HISTORY.empty, b"\3" * 32)

    def certify(self, header, places=None, round_=0, vote=None, validators=None):
        validators = validators or self.set_at(header.height)
        vote = vote or l.vote(header, round_)
        if places is None:
            places = range(validators.quorum())
        signed = [(p, secret(f"{validators.validators[p][0]} consensus").sign(vote)) for p in places]
        return l.Certificate(header.height, round_, header.hash(), signed)

    # What makes a header final, in JSON

    def certified(self, header, changes=None, **options):
        if changes is None:
            changes = [c for c in self.changes if c.header.height < header.height]
        found = {"by": "certificate", "certificate": json_of(self.certify(header, **options))}
        return {**found, **({"validator_changes": json_of(changes)} if changes else {})}

    def in_history(self, older, newer_height, changes=None):
        newer = self.header(newer_height)
        leaves = self.history(newer_height)
        return {
            **self.certified(newer, changes), "by": "history", "header": json_of(newer),
            "past": json_of(self.past(newer_height)),
            "path": [h.hex() for h in naive_path(l.HISTORY, older.height - 1, leaves)],
        }  # fmt: skip

    def sealed(self, header):
        first = (header.height - 1) // l.SEAL_HEADERS * l.SEAL_HEADERS
        leaves = self.history(first + l.SEAL_HEADERS + 1)[first:]
        path = naive_path(l.HISTORY, (header.height - 1) % l.SEAL_HEADERS, leaves)
        return {"by": "sealed", "path": [h.hex() for h in path]}

    def trust_file(self, height):
        """In JSON, anchored at `height`."""
        anchor = self.headers.get(height) or self.header(height)
        leaves = self.history(height)
        changes = []
        for change in (c for c in self.changes if c.header.height <= height):
            at = change.header.height
            path = naive_path(l.HISTORY, at - 1, leaves) if at < height else []
            changes.append({**json_of(change), "path": [h.hex() for h in path]})
        seals = [leaves[at : at + l.SEAL_HEADERS] for at in range(0, len(leaves) - l.SEAL_HEADERS + 1, l.SEAL_HEADERS)]
        remainder, at = [], len(seals) * l.SEAL_HEADERS
        for level in reversed(range(16)):
            if len(leaves) >> level & 1:
                remainder.append(naive_root(l.HISTORY, leaves[at : at + (1 << level)]))
                at += 1 << level
        return {
            "format": "sanad-trust/v1", "genesis": self.genesis_json,
            **({"validator_changes": changes} if changes else {}),
            "anchor": {
                "header": json_of(anchor), "certificate": json_of(self.certify(anchor)), "past": json_of(self.past(height)),
            },
            "seals": [naive_root(l.HISTORY, seal).hex() for seal in seals], "remainder": [h.hex() for h in remainder],
        }  # fmt: skip

    def trusting(self, height, now_ms=None) -> Trust:
        file = r.read_trust_json(json.dumps(self.trust_file(height)).encode())
        return of_trust_file(file, START_MS + 1000 * height if now_ms is None else now_ms)

    # Receipts

    def record(self, id, **changed):
        given = next(m for m in self.members if m["id"] == id)
        return {
            "id": id, "name": given["name"], "standing": "active", "since": 1,
            "issuer_ids": [{"id": i, "from": 0} for i in given.get("issuer_ids", [])], "disputed": [], "rest": "5e" * 32,
            **changed,
        }  # fmt: skip

    def receipt(
        self, document, kind="json", size=5, index=3, statuses=None, issuer=ISSUER, height=9, opening=None,
        header_fields=None, finality=None, raw_leaf=None, record=None, paper=False, **options
    ):  # fmt: skip
        """A receipt as a dict. `finality`: what makes the header final, given the header; else its certificate."""
        opening = opening or {"form": "full", "secret": "05" * 32}
        code = l.KINDS.index(kind)
        digest = d.digest_of(code, document)[0]
        commitment = d.commitment(self.chain_id, issuer, code, r.opening_of(opening), digest)
        if paper:
            seed = bytes.fromhex(opening["secret"])
            content = l.derive("sanad/v1 content", l.derive("sanad/v1 content key", seed) + digest)
            opening = {
                "form": "paper", "summary_key": l.derive("sanad/v1 summary key", seed).hex(),
                "summary": opening["summary"], "content": content.hex(),
            }  # fmt: skip
        log = [b"\0" + l.text8(ISSUER) + bytes([i % 251]) * 32 for i in range(size)]
        log[index] = b"\0" + l.text8(issuer) + commitment
        log_leaves = [l.LOG.leaf(entry) for entry in log]
        leaves = [bytearray(64) for _ in range(-(-size // 256))]
        for at, bits in (statuses or {}).items():
            leaves[at // 256][at % 256 // 4] |= bits << 2 * (at % 4)
        if raw_leaf is not None:
            leaves[index // 256] = bytearray(raw_leaf)
        status_leaves = [l.STATUS.leaf(bytes(leaf)) for leaf in leaves]
        records = [self.record(m["id"], **((record or {}) if m["id"] == issuer else {})) for m in self.members]
        member_leaves = [l.MEMBERS.leaf(r.record_of(r_).encode()) for r_ in records]
        place = [m["id"] for m in self.members].index(issuer)
        members = l.members_root(len(records), naive_root(l.MEMBERS, member_leaves))
        header = self.header(
            height, log_size=size, log_root=naive_root(l.LOG, log_leaves),
            state_root=l.state_root(naive_root(l.STATUS, status_leaves), members, b"\6" * 32),
        )._replace(**header_fields or {})  # fmt: skip
        self.enter(header)
        return copy.deepcopy({
            "format": "sanad-receipt/v1", "document": kind, "opening": opening,
            "proof": {
                "entry": {"issuer": issuer, "event": {"kind": "issue", "commitment": commitment.hex()}},
                "index": index,
                "log_path": [h.hex() for h in naive_path(l.LOG, index, log_leaves)],
                "status_leaf": bytes(leaves[index // 256]).hex(),
                "status_path": [h.hex() for h in naive_path(l.STATUS, index // 256, status_leaves)],
                "issuer": {
                    "record": records[place], "index": place, "count": len(records),
                    "path": [h.hex() for h in naive_path(l.MEMBERS, place, member_leaves)],
                },
                "others_root": "06" * 32,
                "header": json_of(header),
                "finality": finality(header) if finality else self.certified(header, **options),
            },
        })  # fmt: skip


# The binary encoding of a receipt, by docs/formats/receipt.md; the other way round than `read_binary_receipt`


def number(n):
    data = b""
    while n > 0x7F:
        data, n = data + bytes([n & 0x7F | 0x80]), n >> 7
    return data + bytes([n])


def bitmap(places, count):
    return sum(1 << place for place in places).to_bytes(-(-count // 8), "little")


def binary(receipt, trust) -> bytes:
    given = r.read_receipt(json.dumps(receipt).encode())
    proof, finality = given.proof, given.proof.finality
    h, record = proof.header, proof.issuer.record
    code = {l.Certified: 0, l.Sealed: 1, l.History: 2}[type(finality)]
    opening, form = given.opening, receipt["opening"]["form"]
    kind = {"full": 0 if "summary" not in receipt["opening"] else 1, "paper": 2, "closed-summary": 3}[form]
    summary = d.open_summary(opening)
    summary = d.encode_summary(summary) if summary else b""
    opened = opening[0] + (summary or b"")
    opened += {"full": b"", "paper": opening[-1], "closed-summary": opening[-1]}[form]
    changes, validators = b"", None
    if code != 1:
        last = finality.header if code == 2 else h
        first = finality.changes[0].header.height if finality.changes else last.height
        sets = trust.sets if trust.header else trust.sets[:1]
        validators = next(s for s in reversed(sets) if s.first_height <= first)
        changes = number(validators.number) + number(len(finality.changes))
        for change in finality.changes:
            former, coming = validators.validators, change.next.validators
            changes += start(change.header) + change.header.log_root + change.header.state_root
            changes += bitmap([i for i, v in enumerate(former) if v not in coming], len(former))
            new = [v for v in coming if v not in former]
            changes += number(len(new)) + b"".join(l.text8(m) + k for m, k in new)
            changes += certificate(change.certificate, validators)
            validators = change.next
    if code == 2:
        newer = finality.header
        changes += bytes([newer.rules]) + number(newer.height) + number(newer.round) + number(newer.time_ms)
        changes += number(newer.log_size) + newer.log_root + newer.state_root + b"".join(finality.past)
        changes += newer.next_validators_hash + certificate(finality.certificate, validators)
    other_next = h.next_validators_hash != h.validators_hash
    leaf = proof.status_leaf
    sparse = sum(byte != 0 for byte in leaf) <= 55
    status = b"\0" + bitmap([i for i, b in enumerate(leaf) if b], 64) + bytes(b for b in leaf if b) if sparse else b"\1" + leaf
    end = {
        0: lambda: certificate(finality.certificate, validators),
        1: lambda: b"".join(finality.path),
        2: lambda: b"".join(finality.path),
    }[code]()
    return (
        b"\xf5snd\1" + trust.chain_id[:8] + bytes([given.document | kind << 2 | code << 4 | other_next << 6]) + opened
        + proof.entry.body + changes + start(h) + (h.validators_hash if code == 2 else b"")
        + (h.next_validators_hash if other_next else b"") + number(proof.index) + b"".join(proof.log_path) + status
        + b"".join(proof.status_path) + record_bytes(record) + number(proof.issuer.index) + number(proof.issuer.count)
        + b"".join(proof.issuer.path) + proof.others_root + end
    )  # fmt: skip


def start(h):
    return bytes([h.rules]) + number(h.height) + number(h.round) + number(h.time_ms) + h.past + number(h.log_size)


def certificate(c, validators):
    signers = bitmap([place for place, _ in c.signatures], len(validators.validators))
    return number(c.round) + signers + b"".join(signature for _, signature in c.signatures)


def record_bytes(record):
    flags = record.standing | bool(record.issuer_ids) << 2 | bool(record.disputed) << 3
    data = bytes([flags]) + l.text8(record.id) + l.text8(record.name) + number(record.since)
    if record.issuer_ids:
        data += number(len(record.issuer_ids))
        data += b"".join(l.text8(id_) + number(from_) + number(until or 0) for id_, from_, until in record.issuer_ids)
    if record.disputed:
        data += number(len(record.disputed)) + b"".join(number(f) + number(u) for f, u in record.disputed)
    return data + record.rest


def trust_binary(file) -> bytes:
    """The binary encoding of a trust file in JSON."""
    t = r.read_trust_json(json.dumps(file).encode())

    def certificate_bytes(c):
        signed = l.list32(c.signatures, lambda s: l.u16(s[0]) + l.tag(s[1]))
        return l.u64(c.height) + l.u32(c.round) + c.block + signed

    def change(entry):
        given, path = entry
        return given.header.encode() + certificate_bytes(given.certificate) + given.next.encode() + l.list32(path)

    anchor = t.header.encode() + certificate_bytes(t.certificate) + b"".join(t.past)
    rest = l.list32(t.seals) + l.list32(t.remainder)
    return b"\xf5snt\1" + t.genesis.encode() + l.list32(t.changes, change) + anchor + rest
