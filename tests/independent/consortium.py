"""A consortium made up for the tests: it signs whatever a test wants signed."""

import copy
import json

import verify as v
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


def secret(name):
    return Ed25519PrivateKey.from_private_bytes(v.derive("sanad tests/independent key", name.encode()))


def public(name):
    return secret(name).public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


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


def member(id, role, **other):
    keys = {"issuing_key": public(f"{id} issuing").hex()} if role != "observer" else {}
    if role == "validator":
        keys["consensus_key"] = public(f"{id} consensus").hex()
        keys["network_key"] = public(f"{id} network").hex()
    return {"id": id, "name": f"Universitas {id}", "role": role, **keys, "active_from": 0, **other}


class Consortium:
    """Validators a, b, c, ... in the genesis, and an issuer; a log, statuses; signed headers."""

    def __init__(self, validators=4, members=None, **genesis):
        names = [f"univ-{i:03}" for i in range(validators)]
        self.members = members or [member("institut.example", "issuer")] + [member(n, "validator") for n in names]
        self.genesis_json = {
            "version": 1, "name": "Tes", "time_ms": 1_700_000_000_000,
            "parameters": {"block_bytes_max": 1 << 20}, "members": self.members, **genesis,
        }  # fmt: skip
        self.genesis = v.read_genesis(json.dumps(self.genesis_json).encode())
        self.heads = {m["id"]: (1, b"\7" * 32, 5) for m in self.members}

    def header(self, height, validators, next_validators=None, **changed):
        filler = v.derive("sanad tests/independent filler", str(height).encode())
        header = v.Header(
            1, self.genesis.chain_id, height, 1_700_000_000_000 + 1000 * height, filler, filler, 1, filler, filler,
            filler, v.validators_hash(validators), v.validators_hash(next_validators or validators),
        )  # fmt: skip
        return header._replace(**changed)

    def certify(self, header, validators, places=None, round=0, vote=None):
        block = v.block_hash(header)
        vote = vote or v.vote_bytes(header.chain_id, header.height, round, block)
        if places is None:
            places = range(2 * len(validators) // 3 + 1)
        signatures = [
            {"validator": p, "signature": secret(f"{validators[p][0]} consensus").sign(vote).hex()} for p in places
        ]
        return {"height": header.height, "round": round, "block": block.hex(), "signatures": signatures}

    def receipt(
        self, document, kind="json", size=5, index=3, statuses=None, issuer="institut.example", height=9,
        sets=(), salt=b"\5" * 32, header_fields=None, places=None, round=0, raw_leaf=None,
        digest_of=None,
    ):  # fmt: skip
        """A receipt as a dict. `sets`: (height, validator ids) of each change of validators below `height`."""
        commitment = v.commitment(kind, salt, document if digest_of is None else digest_of)
        log = [b"\0" + v.text8("institut.example") + bytes([i % 251]) * 32 for i in range(size)]
        log[index] = b"\0" + v.text8(issuer) + commitment
        log_leaves = [v.LOG.leaf(entry) for entry in log]
        leaves = [bytearray(64) for _ in range(-(-size // 256))]
        for at, bits in (statuses or {}).items():
            leaves[at // 256][at % 256 // 4] |= bits << 2 * (at % 4)
        if raw_leaf is not None:
            leaves[index // 256] = bytearray(raw_leaf)
        status_leaves = [v.STATUS.leaf(bytes(leaf)) for leaf in leaves]
        records = [
            {
                "member": m,
                "chain": dict(zip(("next_sequence", "last_batch", "entries"), self.heads[m["id"]])),
            }
            for m in self.members
        ]
        for record in records:
            record["chain"]["last_batch"] = record["chain"]["last_batch"].hex()
        registry_leaves = [v.REGISTRY.leaf(v.record_bytes(v.read_record(r))) for r in records]
        place = [m["id"] for m in self.members].index(issuer)

        validators, changes = self.genesis.validators, []
        for at, ids in sets:
            coming = [(id, public(f"{id} consensus")) for id in ids]
            head = self.header(at, validators, coming)
            changes.append(
                {
                    "header": header_json(head),
                    "certificate": self.certify(head, validators),
                    "next": [{"member": id, "key": key.hex()} for id, key in coming],
                }
            )
            validators = coming
        header = self.header(
            height, validators, log_size=size, log_root=naive_root(v.LOG, log_leaves),
            status_root=naive_root(v.STATUS, status_leaves), registry_root=naive_root(v.REGISTRY, registry_leaves),
        )._replace(**header_fields or {})  # fmt: skip
        return copy.deepcopy({
            "format": "sanad-receipt/v1",
            "document": kind,
            "salt": salt.hex(),
            "proof": {
                "entry": {"issuer": issuer, "event": {"kind": "issue", "commitment": commitment.hex()}},
                "index": index,
                "log_path": [h.hex() for h in naive_path(v.LOG, index, log_leaves)],
                "status_leaf": bytes(leaves[index // 256]).hex(),
                "status_path": [h.hex() for h in naive_path(v.STATUS, index // 256, status_leaves)],
                "issuer": {
                    "record": records[place],
                    "index": place,
                    "count": len(records),
                    "path": [h.hex() for h in naive_path(v.REGISTRY, place, registry_leaves)],
                },
                "header": header_json(header),
                "certificate": self.certify(header, validators, places, round),
                "validator_changes": changes,
            },
        })  # fmt: skip


def header_json(header):
    return {name: value.hex() if isinstance(value, bytes) else value for name, value in header._asdict().items()}


def number(n):
    data = b""
    while n > 0x7F:
        data, n = data + bytes([n & 0x7F | 0x80]), n >> 7
    return data + bytes([n])


def bitmap(places, count):
    return sum(1 << place for place in places).to_bytes(-(-count // 8), "little")


def binary(receipt, genesis):
    """The binary form of a receipt, by docs/formats/receipt.md; the other way round than `read_binary`."""
    r = v.read_receipt(json.dumps(receipt).encode())

    def start(h):
        return number(h.height) + number(h.time_ms) + h.previous + h.batches_root + number(h.log_size)

    def certificate(c, n):
        return number(c.round) + bitmap([p for p, _ in c.signatures], n) + b"".join(s for _, s in c.signatures)

    validators = genesis.validators
    changes = number(len(r.changes))
    for c in r.changes:
        coming = [x for x in c.next if x not in validators]
        changes += start(c.header) + c.header.log_root + c.header.status_root + c.header.registry_root
        changes += bitmap([i for i, x in enumerate(validators) if x not in c.next], len(validators))
        changes += number(len(coming)) + b"".join(v.text8(m) + key for m, key in coming)
        changes += certificate(c.certificate, len(validators))
        validators = c.next
    other_next = r.header.next_validators_hash != v.validators_hash(validators)
    m = r.record.member
    known = (m.id, m.consensus_key) in validators
    given = m.consensus_key is not None and not known
    flags = m.role | (m.issuing_key is not None) << 2 | given << 3 | known << 4 | (m.network_key is not None) << 5
    flags |= (m.active_until is not None) << 6
    record = bytes([flags]) + v.text8(m.id) + v.text8(m.name) + (m.issuing_key or b"")
    record += (m.consensus_key if given else b"") + (m.network_key or b"") + number(m.active_from)
    record += (number(m.active_until) if m.active_until is not None else b"") + number(r.record.next_sequence)
    record += r.record.last_batch + number(r.record.entries)
    return (
        b"\xf5snd\1" + genesis.chain_id[:8] + bytes([(r.document == "bytes") | other_next << 1]) + r.salt + r.commitment
        + changes + start(r.header) + (r.header.next_validators_hash if other_next else b"")
        + number(r.index) + b"".join(r.log_path)
        + bitmap([i for i, b in enumerate(r.status_leaf) if b], 64) + bytes(b for b in r.status_leaf if b)
        + b"".join(r.status_path) + record + number(r.record_index) + number(r.record_count)
        + b"".join(r.record_path) + certificate(r.certificate, len(validators))
    )  # fmt: skip
