#!/usr/bin/env python3
"""Checks Sanad receipts, offline: document + receipt + genesis -> finding.

An implementation of its own, written from docs/formats/ and not from the Rust code. Each check names
the page it comes from. Needs Python 3.9 and, from PyPI, `blake3` and `cryptography`.
"""

import argparse
import datetime
import json
import os
import re
import sys
from decimal import Decimal
from hashlib import sha256
from typing import List, NamedTuple, Optional, Tuple

from blake3 import blake3
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

RECEIPT_FORMAT = "sanad-receipt/v1"
RECEIPT_BYTES_MAX = 1 << 20
GENESIS_BYTES_MAX = 4 << 20
JSON_BYTES_MAX = 16 << 20
DOCUMENT_BYTES_MAX = 64 << 20
JSON_DEPTH_MAX = 64
INTEGER_MAX = 2**53 - 1
MEMBERS_MAX = 4096
VALIDATORS_MAX = 128
VALIDATOR_CHANGES_MAX = 64
NAME_BYTES_MAX = 128
BLOCK_BYTES_MIN, BLOCK_BYTES_DEFAULT, BLOCK_BYTES_MAX = 256 << 10, 1 << 20, 4 << 20
PATH_MAX = 64
STATUS_LEAF_BYTES = 64
STATUSES_PER_LEAF = 256
ROLES = ("observer", "issuer", "validator")
# docs/formats/receipt.md, "The words": of all other checks it is "tampered".
VERDICTS = {
    "chain": "foreign chain",
    "header-version": "not proven",
    "header-height": "not proven",
    "validators": "not proven",
    "signer": "not proven",
    "quorum": "not proven",
}


class Refused(Exception):
    """A check that does not hold. `check` is its word, stable and unique to the check."""

    def __init__(self, check: str, reason: str):
        super().__init__(reason)
        self.check, self.reason, self.verdict = check, reason, VERDICTS.get(check, "tampered")


class Malformed(ValueError):
    """Bytes that are not what a page describes; the caller knows of which object."""


# Objects


class Member(NamedTuple):
    id: str
    name: str
    role: int
    issuing_key: Optional[bytes]
    consensus_key: Optional[bytes]
    network_key: Optional[bytes]
    active_from: int
    active_until: Optional[int]


class Genesis(NamedTuple):
    name: str
    chain_id: bytes
    validators: List[Tuple[str, bytes]]  # of height 1


class Record(NamedTuple):
    member: Member
    next_sequence: int
    last_batch: bytes
    entries: int


class Header(NamedTuple):
    version: int
    chain_id: bytes
    height: int
    time_ms: int
    previous: bytes
    batches_root: bytes
    log_size: int
    log_root: bytes
    status_root: bytes
    registry_root: bytes
    validators_hash: bytes
    next_validators_hash: bytes


class Certificate(NamedTuple):
    height: int
    round: int
    block: bytes
    signatures: List[Tuple[int, bytes]]


class Change(NamedTuple):
    header: Header
    certificate: Certificate
    next: List[Tuple[str, bytes]]


class Receipt(NamedTuple):
    document: str
    salt: bytes
    issuer: str
    commitment: bytes
    index: int
    log_path: List[bytes]
    status_leaf: bytes
    status_path: List[bytes]
    record: Record
    record_index: int
    record_count: int
    record_path: List[bytes]
    header: Header
    certificate: Certificate
    changes: List[Change]


# Verification: docs/formats/receipt.md


def verify(genesis: Genesis, receipt: Receipt, document: bytes) -> dict:
    """The finding for `document`. Raises Refused with the first check that fails."""
    validators = genesis.validators
    below = 0
    for change in receipt.changes:
        if not below < change.header.height < receipt.header.height:
            raise Refused("change-order", "validator changes do not rise in height, below the receipt's block")
        below = change.header.height
        verify_header(genesis, change.header, change.certificate, validators)
        if validators_hash(change.next) != change.header.next_validators_hash:
            raise Refused("next-validators", f"not the validators that block {below} names as the next")
        validators = change.next
    header = receipt.header
    verify_header(genesis, header, receipt.certificate, validators)

    entry = b"\0" + text8(receipt.issuer) + receipt.commitment
    log_root = root_of(LOG, LOG.leaf(entry), receipt.index, header.log_size, receipt.log_path, "log-path")
    if log_root != header.log_root:
        raise Refused("log-root", "the entry is not in the log at that index")

    leaves = -(-header.log_size // STATUSES_PER_LEAF)
    at = receipt.index // STATUSES_PER_LEAF
    leaf = STATUS.leaf(receipt.status_leaf)
    if root_of(STATUS, leaf, at, leaves, receipt.status_path, "status-path") != header.status_root:
        raise Refused("status-root", "the status leaf is not that of the block")
    status = status_of(receipt.status_leaf, receipt.index)

    if receipt.record.member.id != receipt.issuer:
        raise Refused("issuer", "the record is of another member than the entry's issuer")
    leaf = REGISTRY.leaf(record_bytes(receipt.record))
    registry_root = root_of(
        REGISTRY, leaf, receipt.record_index, receipt.record_count, receipt.record_path, "registry-path"
    )
    if registry_root != header.registry_root:
        raise Refused("registry-root", "the issuer's record is not in the registry")

    if commitment(receipt.document, receipt.salt, document) != receipt.commitment:
        raise Refused("commitment", "document and salt do not give the commitment that was issued")
    return {
        "verdict": status,
        "as_of": {"height": header.height, "time_ms": header.time_ms, "time": time_text(header.time_ms)},
        "issuer": {"id": receipt.issuer, "name": receipt.record.member.name},
        "log_index": receipt.index,
        "commitment": receipt.commitment.hex(),
        "signers": [validators[place][0] for place, _ in receipt.certificate.signatures],
        "validators": len(validators),
    }


def verify_header(genesis, header, certificate, validators):
    """docs/formats/receipt.md, step 2, and docs/formats/certificate.md, "Verification"."""
    if header.chain_id != genesis.chain_id:
        raise Refused("chain", f"a block of chain {header.chain_id.hex()}")
    if header.version != 1:
        raise Refused("header-version", f"header of version {header.version}")
    if header.height < 1:
        raise Refused("header-height", "heights begin at 1")
    if validators_hash(validators) != header.validators_hash:
        raise Refused("validators", f"the validators of block {header.height} are not those the genesis leads to")
    if certificate.height != header.height:
        raise Refused("certificate-height", "the certificate is for another height")
    if certificate.block != block_hash(header):
        raise Refused("certificate-block", "the certificate is for another block")
    places = [place for place, _ in certificate.signatures]
    if any(a >= b for a, b in zip(places, places[1:])):
        raise Refused("signature-order", "signatures are not in strictly ascending order of validator")
    if any(place >= len(validators) for place in places):
        raise Refused("signer", "a signature is of no validator")
    vote = vote_bytes(header.chain_id, header.height, certificate.round, certificate.block)
    false = [
        validators[place][0]
        for place, signature in certificate.signatures
        if not signature_holds(validators[place][1], signature, vote)
    ]
    if false and len(false) == len(places):
        reason = "none of the signatures is over this block: a part that the signatures cover was changed"
        raise Refused("signatures", reason)
    if false:
        raise Refused("signature", f"the signature of {false[0]} on block {header.height} does not hold")
    needed = quorum(len(validators))
    if len(places) < needed:
        raise Refused("quorum", f"{len(places)} signatures on block {header.height}, {needed} needed")


def quorum(validators: int) -> int:
    return 2 * validators // 3 + 1


def status_of(leaf: bytes, index: int) -> str:
    """docs/formats/header.md, "Status leaf"."""
    index %= STATUSES_PER_LEAF
    bits = leaf[index // 4] >> 2 * (index % 4) & 0b11
    if bits == 0b10:
        raise Refused("status-bits", "status bits 10 mean nothing")
    return {0b00: "active", 0b01: "suspended", 0b11: "revoked"}[bits]


# Encodings and hashes: docs/formats/README.md and the pages of the objects


def derive(context: str, data: bytes) -> bytes:
    return blake3(data, derive_key_context=context).digest()


def u8(n: int) -> bytes:
    return n.to_bytes(1, "big")


def u16(n: int) -> bytes:
    return n.to_bytes(2, "big")


def u32(n: int) -> bytes:
    return n.to_bytes(4, "big")


def u64(n: int) -> bytes:
    return n.to_bytes(8, "big")


def text8(text: str) -> bytes:
    data = text.encode()
    return u8(len(data)) + data


def option(value, encode=bytes) -> bytes:
    return b"\0" if value is None else b"\1" + encode(value)


def member_bytes(m: Member) -> bytes:
    keys = option(m.issuing_key) + option(m.consensus_key) + option(m.network_key)
    return text8(m.id) + text8(m.name) + u8(m.role) + keys + u64(m.active_from) + option(m.active_until, u64)


def record_bytes(r: Record) -> bytes:
    return member_bytes(r.member) + u64(r.next_sequence) + r.last_batch + u64(r.entries)


def genesis_bytes(name: str, time_ms: int, block_bytes_max: int, members: List[Member]) -> bytes:
    head = u8(1) + text8(name) + u64(time_ms) + u32(block_bytes_max)
    return head + u32(len(members)) + b"".join(map(member_bytes, members))


def header_bytes(h: Header) -> bytes:
    return (
        u8(h.version) + h.chain_id + u64(h.height) + u64(h.time_ms) + h.previous + h.batches_root
        + u64(h.log_size) + h.log_root + h.status_root + h.registry_root + h.validators_hash + h.next_validators_hash
    )  # fmt: skip


def block_hash(h: Header) -> bytes:
    return derive("sanad/v1 block header", header_bytes(h))


def validators_hash(validators) -> bytes:
    encoding = u32(len(validators)) + b"".join(text8(member) + key for member, key in validators)
    return derive("sanad/v1 validator set", encoding)


def vote_bytes(chain_id: bytes, height: int, round_: int, block: bytes) -> bytes:
    """A precommit for a block: 91 bytes."""
    return b"sanad/v1 vote" + chain_id + u8(1) + u64(height) + u32(round_) + u8(1) + block


def commitment(kind: str, salt: bytes, document: bytes) -> bytes:
    """docs/formats/commitment.md"""
    if kind == "json":
        try:
            document = canonical(parse_json(document, JSON_BYTES_MAX)).encode()
        except Malformed as e:
            raise Refused("document", f"the document is no JSON that can be digested: {e}") from None
    return derive("sanad/v1 credential", salt + blake3(document).digest())


# Trees: RFC 6962, 2.1; docs/formats/header.md


class Tree(NamedTuple):
    leaf: object
    node: object


LOG = Tree(lambda data: sha256(b"\0" + data).digest(), lambda l, r: sha256(b"\1" + l + r).digest())
STATUS, REGISTRY = (
    Tree(
        lambda data, name=name: derive(f"sanad/v1 {name} leaf", data),
        lambda l, r, name=name: derive(f"sanad/v1 {name} node", l + r),
    )
    for name in ("status", "registry")
)


def root_of(tree: Tree, leaf: bytes, index: int, size: int, path: List[bytes], check: str) -> bytes:
    """The root that `path` leads to from the leaf at `index` of `size`; of that path's exact length."""
    if not index < size:
        raise Refused(check, f"index {index} is not in a tree of {size} leaves")
    if len(path) != path_length(index, size):
        raise Refused(check, f"the path has {len(path)} hashes, not {path_length(index, size)}")
    node, last, rest = leaf, size - 1, iter(path)
    while last:
        if index & 1:
            node = tree.node(next(rest), node)
        elif index < last:
            node = tree.node(node, next(rest))
        index, last = index >> 1, last >> 1
    return node


def path_length(index: int, size: int) -> int:
    """One hash at each level where the node has a neighbour. Requires index < size."""
    length, last = 0, size - 1
    while last:
        length += index & 1 or index < last
        index, last = index >> 1, last >> 1
    return length


# Ed25519, strictly: docs/formats/README.md

FIELD = 2**255 - 19
GROUP_ORDER = 2**252 + 27742317777372353535851937790883648493
_D = -121665 * pow(121666, FIELD - 2, FIELD) % FIELD
_EIGHTH = 0x7A03AC9277FDC74EC6CC392CFA53202A0F67100D760B3CBA4FD84D3D706A17C7
# y of the eight points whose order divides 8: (0, 1), (0, -1), (±i, 0), and four of order 8
SMALL_ORDER_Y = {0, 1, FIELD - 1, _EIGHTH, FIELD - _EIGHTH}


def signature_holds(key: bytes, signature: bytes, message: bytes) -> bool:
    """No cofactor (OpenSSL's equation), S < L, and neither key nor R non-canonical or of small order."""
    if int.from_bytes(signature[32:], "little") >= GROUP_ORDER:
        return False
    if not (usable_point(key) and usable_point(signature[:32])):
        return False
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def usable_point(point: bytes) -> bool:
    """Canonical, on the curve, and not of small order."""
    y = int.from_bytes(point, "little") & (1 << 255) - 1
    if y >= FIELD or y in SMALL_ORDER_Y:
        return False
    # RFC 8032, 5.1.3: x^2 = (y^2 - 1) / (d y^2 + 1); a square times a square is one.
    square = (y * y - 1) * (_D * y * y + 1) % FIELD
    return pow(square, (FIELD - 1) // 2, FIELD) == 1


# JSON that every reader reads alike: docs/formats/commitment.md


def parse_json(data: bytes, bytes_max: int):
    if len(data) > bytes_max:
        raise Malformed(f"longer than {bytes_max} bytes")
    try:
        text = data.decode()
    except UnicodeDecodeError:
        raise Malformed("not UTF-8") from None
    depth = 0
    # The closing quote is optional: a text without one must not be scanned again from each quote in it.
    for token in re.finditer(r'"[^"\\]*(?:\\.[^"\\]*)*"?|[\[\]{}]', text, re.S):
        depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(token[0], 0)
        if depth > JSON_DEPTH_MAX:
            raise Malformed(f"nested deeper than {JSON_DEPTH_MAX}")
    try:
        return json.loads(
            text,
            object_pairs_hook=_object,
            parse_int=_integer,
            parse_float=_double,
            parse_constant=_constant,
        )
    except Malformed:
        raise
    except (ValueError, RecursionError) as e:
        raise Malformed(str(e)) from None


def _object(pairs):
    found = {}
    for key, value in pairs:
        if key in found:
            raise Malformed(f"duplicate key {ascii(key)}")
        found[key] = value
    return found


def _integer(text):
    # The length first: Python is slow, or refuses, at thousands of digits.
    if len(text) > 17 or abs(int(text)) > INTEGER_MAX:
        raise Malformed("an integer beyond 2^53 - 1")
    return -0.0 if text == "-0" else int(text)  # a double as good as any, and no integer of a receipt


def _double(text):
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise Malformed("a number that overflows a double")
    return number


def _constant(text):
    raise Malformed(f"{text} is no JSON")


def canonical(value) -> str:
    """RFC 8785."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return es6_number(value)
    if isinstance(value, str):
        return _string(value)
    if isinstance(value, list):
        return "[" + ",".join(map(canonical, value)) + "]"
    members = sorted(value.items(), key=lambda item: _utf16(item[0]))
    return "{" + ",".join(_string(key) + ":" + canonical(member) for key, member in members) + "}"


def _utf16(text):
    try:
        return text.encode("utf-16-be")
    except UnicodeEncodeError:
        raise Malformed("a lone surrogate") from None


def _string(text):
    _utf16(text)
    return json.dumps(text, ensure_ascii=False)  # escapes what RFC 8785, 3.2.2.2 does, and alike


def es6_number(number: float) -> str:
    """ECMA-262, Number::toString. `repr` gives the shortest digits that read back alike."""
    if number == 0:
        return "0"
    sign, digits, exponent = Decimal(repr(number)).as_tuple()
    digits = "".join(map(str, digits))
    point = len(digits) + exponent  # the number is 0.digits * 10^point
    digits = digits.rstrip("0")
    count = len(digits)
    if count <= point <= 21:
        text = digits + "0" * (point - count)
    elif 0 < point <= 21:
        text = digits[:point] + "." + digits[point:]
    elif -6 < point <= 0:
        text = "0." + "0" * -point + digits
    else:
        text = digits[0] + ("." + digits[1:] if count > 1 else "") + f"e{point - 1:+d}"
    return "-" * sign + text


# Reading the JSON forms: exact fields, exact types


def read_genesis(data: bytes) -> Genesis:
    """docs/formats/genesis.md"""
    file = fields(
        parse_json(data, GENESIS_BYTES_MAX), "genesis", ("version", "name", "time_ms", "members"), ("parameters",)
    )
    if integer(file["version"], "version", 8) != 1:
        raise Malformed("genesis of another version")
    parameters = file.get("parameters", {"block_bytes_max": BLOCK_BYTES_DEFAULT})
    parameters = fields(parameters, "parameters", ("block_bytes_max",))
    block_bytes_max = integer(parameters["block_bytes_max"], "block_bytes_max", 32)
    if not BLOCK_BYTES_MIN <= block_bytes_max <= BLOCK_BYTES_MAX:
        raise Malformed("block_bytes_max is out of bounds")
    members = [read_member(m) for m in items(file["members"], "members", MEMBERS_MAX)]
    for m in members:
        check_member(m)
    ids = [m.id for m in members]
    if any(a >= b for a, b in zip(ids, ids[1:])):
        raise Malformed("members are not sorted by id")
    validators = [
        (m.id, m.consensus_key)
        for m in members
        if ROLES[m.role] == "validator" and m.active_from <= 1 and (m.active_until is None or m.active_until > 1)
    ]
    check_validators(validators)
    name, time_ms = read_name(file["name"]), integer(file["time_ms"], "time_ms", 64)
    encoding = genesis_bytes(name, time_ms, block_bytes_max, members)
    return Genesis(name, derive("sanad/v1 genesis", encoding), validators)


def read_receipt(data: bytes) -> Receipt:
    """docs/formats/receipt.md"""
    file = fields(parse_json(data, RECEIPT_BYTES_MAX), "receipt", ("format", "document", "salt", "proof"))
    if file["format"] != RECEIPT_FORMAT:
        raise Malformed(f"not of the format {RECEIPT_FORMAT}")
    if file["document"] not in ("json", "bytes"):
        raise Malformed("document is neither json nor bytes")
    proof = fields(
        file["proof"],
        "proof",
        (
            "entry", "index", "log_path", "status_leaf", "status_path", "issuer", "header", "certificate",
            "validator_changes",
        ),  # fmt: skip
    )
    entry = fields(proof["entry"], "entry", ("issuer", "event"))
    event = fields(entry["event"], "event", ("kind", "commitment"))
    if event["kind"] != "issue":
        raise Malformed("the entry issues nothing")
    issuer = fields(proof["issuer"], "issuer", ("record", "index", "count", "path"))
    return Receipt(
        document=file["document"],
        salt=unhex(file["salt"], "salt"),
        issuer=member_id(entry["issuer"]),
        commitment=unhex(event["commitment"], "commitment"),
        index=integer(proof["index"], "index", 64),
        log_path=path(proof["log_path"], "log_path"),
        status_leaf=unhex(proof["status_leaf"], "status_leaf", STATUS_LEAF_BYTES),
        status_path=path(proof["status_path"], "status_path"),
        record=read_record(issuer["record"]),
        record_index=integer(issuer["index"], "issuer index", 64),
        record_count=record_count(issuer["count"]),
        record_path=path(issuer["path"], "issuer path"),
        header=read_header(proof["header"]),
        certificate=read_certificate(proof["certificate"]),
        changes=[
            read_change(c) for c in items(proof["validator_changes"], "validator_changes", VALIDATOR_CHANGES_MAX)
        ],
    )


def read_member(value) -> Member:
    keys = ("issuing_key", "consensus_key", "network_key")
    m = fields(value, "member", ("id", "name", "role", "active_from"), keys + ("active_until",))
    if m["role"] not in ROLES:
        raise Malformed("an unknown role")
    role = ROLES.index(m["role"])
    issuing, consensus, network = (unhex(m[key], key) if key in m else None for key in keys)
    until = integer(m["active_until"], "active_until", 64) if "active_until" in m else None
    active_from = integer(m["active_from"], "active_from", 64)
    return Member(member_id(m["id"]), read_name(m["name"]), role, issuing, consensus, network, active_from, until)


def check_member(m: Member):
    """The rules of docs/formats/genesis.md, "Member". The registry is proved, so they bind the genesis alone."""
    needs = (m.role >= 1, m.role == 2, m.role == 2)
    may = (m.role >= 1, m.role == 2, True)
    keys = (m.issuing_key, m.consensus_key, m.network_key)
    for key, name, needed, allowed in zip(keys, Member._fields[3:], needs, may):
        if key is None and needed:
            raise Malformed(f"{m.id} lacks its {name}")
        if key is not None and not allowed:
            raise Malformed(f"{m.id} has no use for its {name}")
        if key is not None and not usable_point(key):
            raise Malformed(f"{m.id}: {name} is no usable Ed25519 key")
    if m.active_until is not None and m.active_until <= m.active_from:
        raise Malformed(f"{m.id} is never active")


def read_record(value) -> Record:
    record = fields(value, "record", ("member", "chain"))
    chain = fields(record["chain"], "chain", ("next_sequence", "last_batch", "entries"))
    return Record(
        read_member(record["member"]),
        integer(chain["next_sequence"], "next_sequence", 64),
        unhex(chain["last_batch"], "last_batch"),
        integer(chain["entries"], "entries", 64),
    )


def record_count(value) -> int:
    count = integer(value, "issuer count", 64)
    if count > MEMBERS_MAX:
        raise Malformed(f"{count} members")
    return count


def read_header(value) -> Header:
    header = fields(value, "header", Header._fields)
    widths = {"version": 8, "height": 64, "time_ms": 64, "log_size": 64}
    return Header(
        *(
            integer(header[name], name, widths[name]) if name in widths else unhex(header[name], name)
            for name in Header._fields
        )
    )


def read_certificate(value) -> Certificate:
    certificate = fields(value, "certificate", Certificate._fields)
    signatures = []
    for item in items(certificate["signatures"], "signatures", VALIDATORS_MAX):
        item = fields(item, "signature", ("validator", "signature"))
        signatures.append((integer(item["validator"], "validator", 16), unhex(item["signature"], "signature", 64)))
    return Certificate(
        integer(certificate["height"], "height", 64),
        integer(certificate["round"], "round", 32),
        unhex(certificate["block"], "block"),
        signatures,
    )


def read_change(value) -> Change:
    change = fields(value, "validator change", Change._fields)
    validators = []
    for item in items(change["next"], "next", VALIDATORS_MAX):
        item = fields(item, "validator", ("member", "key"))
        validators.append((member_id(item["member"]), unhex(item["key"], "key")))
    check_validators(validators)
    return Change(read_header(change["header"]), read_certificate(change["certificate"]), validators)


def check_validators(validators):
    """docs/formats/certificate.md, "Validator set"."""
    if not 1 <= len(validators) <= VALIDATORS_MAX:
        raise Malformed(f"{len(validators)} validators")
    ids = [member for member, _ in validators]
    if any(a >= b for a, b in zip(ids, ids[1:])):
        raise Malformed("validators are not sorted by member id")
    if len({key for _, key in validators}) < len(validators):
        raise Malformed("a consensus key stands twice")


def fields(value, what, required, optional=()):
    if not isinstance(value, dict):
        raise Malformed(f"{what} is no object")
    for key in value:
        if key not in required and key not in optional:
            raise Malformed(f"unknown field {ascii(key)} in {what}")
    for key in required:
        if key not in value:
            raise Malformed(f"{what} lacks the field {key}")
    return value


def items(value, what, count_max):
    if not isinstance(value, list) or len(value) > count_max:
        raise Malformed(f"{what} is no list of at most {count_max}")
    return value


def path(value, what):
    return [unhex(item, what) for item in items(value, what, PATH_MAX)]


def integer(value, what, bits):
    if type(value) is not int or not 0 <= value < 1 << bits:
        raise Malformed(f"{what} is no unsigned integer of {bits} bits")
    return value


def unhex(value, what, length=32):
    if not isinstance(value, str) or not re.fullmatch("[0-9a-f]{%d}" % (2 * length), value):
        raise Malformed(f"{what} is not {length} bytes in lower-case hexadecimal")
    return bytes.fromhex(value)


def member_id(value):
    if not isinstance(value, str) or not re.fullmatch("(?=.{1,32}$)[a-z0-9]([a-z0-9.-]*[a-z0-9])?", value):
        raise Malformed("not a member id")
    return value


def read_name(value):
    try:
        if isinstance(value, str) and 1 <= len(value.encode()) <= NAME_BYTES_MAX:
            return value
    except UnicodeEncodeError:
        pass
    raise Malformed(f"a name is 1 to {NAME_BYTES_MAX} bytes of text")


# Reading the binary form: docs/formats/receipt.md, "Binary form"

BINARY_MAGIC = b"\xf5snd"


class Reader:
    def __init__(self, data: bytes):
        self.data, self.at = data, 0

    def take(self, count: int) -> bytes:
        if count > len(self.data) - self.at:
            raise Malformed("it ends too early")
        self.at += count
        return self.data[self.at - count : self.at]

    def u8(self) -> int:
        return self.take(1)[0]

    def number(self, max_=2**64 - 1) -> int:
        """Unsigned LEB128 in its shortest form."""
        value = shift = 0
        while True:
            byte = self.u8()
            value |= (byte & 0x7F) << shift
            if value > max_:
                raise Malformed(f"a number beyond {max_}")
            if byte < 0x80:
                break
            shift += 7
            if shift > 63:
                raise Malformed("a number of more than 64 bits")
        if byte == 0 and shift:
            raise Malformed("a number that is longer than needed")
        return value

    def bitmap(self, count: int) -> List[int]:
        """The places whose bits are set."""
        bits = int.from_bytes(self.take(-(-count // 8)), "little")
        if bits >> count:
            raise Refused("signer", "a validator beyond the set is named")
        return [place for place in range(count) if bits >> place & 1]

    def hashes(self, count: int) -> List[bytes]:
        return [self.take(32) for _ in range(count)]

    def path(self, index: int, size: int) -> List[bytes]:
        if not index < size:
            raise Malformed(f"index {index} is not in a tree of {size} leaves")
        return self.hashes(path_length(index, size))

    def text8(self) -> str:
        try:
            return self.take(self.u8()).decode()
        except UnicodeDecodeError:
            raise Malformed("text that is not UTF-8") from None


def read_binary(data: bytes, genesis: Genesis) -> Receipt:
    """What the form leaves out is computed, so a changed part shows in the signatures."""
    if len(data) > RECEIPT_BYTES_MAX:
        raise Malformed(f"longer than {RECEIPT_BYTES_MAX} bytes")
    read = Reader(data)
    if read.take(4) != BINARY_MAGIC:
        raise Malformed("not a binary receipt")
    if read.u8() != 1:
        raise Malformed("a binary receipt of another version")
    chain = read.take(8)
    if chain != genesis.chain_id[:8]:
        raise Refused("chain", f"a receipt of a chain {chain.hex()}…")
    flags = read.u8()
    if flags & ~0b11:
        raise Malformed("unknown flags")
    salt, commitment_ = read.take(32), read.take(32)

    validators, changes = genesis.validators, []
    for _ in range(read.number(VALIDATOR_CHANGES_MAX)):
        change = read_binary_change(read, genesis, validators)
        changes.append(change)
        validators = change.next
    start = read_header_start(read)
    own, log_size = validators_hash(validators), start[-1]
    next_hash = read.take(32) if flags & 0b10 else own
    if flags & 0b10 and next_hash == own:
        raise Malformed("the next validators hash is given and need not be")

    index = read.number()
    log_path = read.path(index, log_size)
    leaf = bytearray(STATUS_LEAF_BYTES)
    for place in read.bitmap(STATUS_LEAF_BYTES):
        leaf[place] = read.u8()
        if leaf[place] == 0:
            raise Malformed("a byte of the status leaf is given and is 0")
    at, leaves = index // STATUSES_PER_LEAF, -(-log_size // STATUSES_PER_LEAF)
    status_path = read.path(at, leaves)
    record = read_binary_record(read, validators)
    record_index, record_count = read.number(), read.number(MEMBERS_MAX)
    record_path = read.path(record_index, record_count)

    entry = LOG.leaf(b"\0" + text8(record.member.id) + commitment_)
    roots = (
        root_of(LOG, entry, index, log_size, log_path, "log-path"),
        root_of(STATUS, STATUS.leaf(bytes(leaf)), at, leaves, status_path, "status-path"),
        root_of(
            REGISTRY, REGISTRY.leaf(record_bytes(record)), record_index, record_count, record_path, "registry-path"
        ),
    )
    header = Header(1, genesis.chain_id, *start, *roots, own, next_hash)
    certificate = read_binary_certificate(read, header, len(validators))
    if read.at != len(data):
        raise Malformed("bytes are left over")
    return Receipt(
        "bytes" if flags & 0b1 else "json", salt, record.member.id, commitment_, index, log_path, bytes(leaf),
        status_path, record, record_index, record_count, record_path, header, certificate, changes,
    )  # fmt: skip


def read_header_start(read: Reader):
    """Height, time, previous, batches root, log size."""
    return read.number(), read.number(), read.take(32), read.take(32), read.number()


def read_binary_change(read: Reader, genesis: Genesis, validators) -> Change:
    start, roots = read_header_start(read), read.hashes(3)
    leaving = read.bitmap(len(validators))
    coming = []
    for _ in range(read.number(VALIDATORS_MAX)):
        coming.append((member_id(read.text8()), read.take(32)))
        if coming[-1] in validators:
            raise Malformed("a validator comes that was one before")
    ids = [member for member, _ in coming]
    if any(a >= b for a, b in zip(ids, ids[1:])):
        raise Malformed("validators that come are not sorted by member id")
    staying = [validator for place, validator in enumerate(validators) if place not in leaving]
    following = sorted(staying + coming)
    check_validators(following)
    header = Header(1, genesis.chain_id, *start, *roots, validators_hash(validators), validators_hash(following))
    return Change(header, read_binary_certificate(read, header, len(validators)), following)


def read_binary_certificate(read: Reader, header: Header, validators: int) -> Certificate:
    round_, signers = read.number(2**32 - 1), read.bitmap(validators)
    if len(signers) != quorum(validators):
        raise Refused("quorum", f"{len(signers)} signatures, not the {quorum(validators)} that suffice")
    return Certificate(header.height, round_, block_hash(header), [(place, read.take(64)) for place in signers])


def read_binary_record(read: Reader, validators) -> Record:
    flags = read.u8()
    role, has_issuing, has_consensus, is_validator, has_network, has_until = (
        flags & 0b11, flags & 4, flags & 8, flags & 16, flags & 32, flags & 64,
    )  # fmt: skip
    if flags & 128 or role > 2 or has_consensus and is_validator:
        raise Malformed("unknown flags of the record")
    id_, name = member_id(read.text8()), read_name(read.text8())
    issuing = read.take(32) if has_issuing else None
    known = dict(validators).get(id_)
    consensus = read.take(32) if has_consensus else known if is_validator else None
    if is_validator and known is None:
        raise Malformed("the record's consensus key is that of no validator")
    if has_consensus and consensus == known:
        raise Malformed("the record's consensus key is given and need not be")
    network = read.take(32) if has_network else None
    active_from = read.number()
    active_until = read.number() if has_until else None
    member = Member(id_, name, role, issuing, consensus, network, active_from, active_until)
    return Record(member, read.number(), read.take(32), read.number())


# The program


def check(genesis: Genesis, document_file: str, receipt_file: str) -> dict:
    """A finding. Raises OSError where a file cannot be read, Malformed where there is nothing to check."""
    document = read_file(document_file, DOCUMENT_BYTES_MAX)
    if len(document) > DOCUMENT_BYTES_MAX:
        raise Malformed(f"the document has more than {DOCUMENT_BYTES_MAX} bytes")
    data = read_file(receipt_file, RECEIPT_BYTES_MAX)
    try:
        binary = data.startswith(BINARY_MAGIC)
        receipt = read_binary(data, genesis) if binary else read_receipt(data)
        return verify(genesis, receipt, document)
    except Malformed as e:
        if not is_claimed(data):
            raise Malformed(f"{receipt_file} is no receipt: {e}") from None
        return {"verdict": "tampered", "check": "form", "reason": str(e)}
    except Refused as e:
        return {"verdict": e.verdict, "check": e.check, "reason": e.reason}


def is_claimed(data: bytes) -> bool:
    """Whether bytes say that they are a receipt, whatever else is wrong with them."""
    if len(data) > RECEIPT_BYTES_MAX:
        return False
    if data.startswith(BINARY_MAGIC):
        return data[4:5] == b"\x01"
    try:
        return json.loads(data.decode("utf-8", "replace"))["format"] == RECEIPT_FORMAT
    except (ValueError, TypeError, KeyError, RecursionError):
        return False


def read_file(name: str, bytes_max: int) -> bytes:
    """At most one byte more than the limit, so that the limit's own check refuses it."""
    with open(name, "rb") as file:
        return file.read(bytes_max + 1)


def time_text(time_ms: int) -> str:
    try:
        time = datetime.datetime(1970, 1, 1) + datetime.timedelta(milliseconds=time_ms)
    except OverflowError:
        return f"{time_ms} ms after 1970"
    return time.isoformat(timespec="milliseconds") + "Z"


def for_people(finding: dict) -> str:
    if "check" in finding:
        return f"{finding['target']}: {finding['verdict']} ({finding['check']}): {finding['reason']}"
    as_of, issuer = finding["as_of"], finding["issuer"]
    return (
        f"{finding['target']}: {finding['verdict']} as of {as_of['time']}, block {as_of['height']}\n"
        f"  issued by {issuer['id']} ({printable(issuer['name'])})\n"
        f"  signed by {len(finding['signers'])} of {finding['validators']} validators: {', '.join(finding['signers'])}"
    )


def printable(text: str) -> str:
    """A name comes from a file: no control characters into somebody's terminal."""
    return "".join(c if c.isprintable() else "\ufffd" for c in text)


def main(arguments=None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("documents", metavar="DOCUMENT", nargs="+")
    parser.add_argument("--genesis", metavar="FILE", required=True, help="all that is trusted")
    default = "otherwise DOCUMENT.receipt.json, or DOCUMENT.receipt where there is none"
    parser.add_argument("--receipt", metavar="FILE", help=f"of one document; {default}")
    parser.add_argument("--json", action="store_true", help="print findings as JSON")
    options = parser.parse_args(arguments)
    if options.receipt and len(options.documents) > 1:
        parser.error("--receipt goes with one document")
    try:
        genesis = read_genesis(read_file(options.genesis, GENESIS_BYTES_MAX))
    except (OSError, Malformed) as e:
        print(f"error: genesis {options.genesis}: {e}", file=sys.stderr)
        return 2

    findings, errors = [], []
    for document in options.documents:
        receipt = options.receipt or document + ".receipt.json"
        if not options.receipt and not os.path.exists(receipt) and os.path.exists(document + ".receipt"):
            receipt = document + ".receipt"
        try:
            findings.append({"target": document, **check(genesis, document, receipt)})
        except (OSError, Malformed) as e:
            errors.append({"document": document, "error": str(e)})
    try:
        if options.json:
            print(json.dumps({"findings": findings, "errors": errors}, indent=2))
        else:
            for finding in findings:
                print(for_people(finding))
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    for error in errors:
        print(f"error: {error['document']}: {error['error']}", file=sys.stderr)
    return 2 if errors else int(any(f["verdict"] != "active" for f in findings))


if __name__ == "__main__":
    sys.exit(main())
