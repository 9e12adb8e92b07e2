"""Checks what a node answers, as docs/formats describes it. No network, no clock: bytes in, facts out.

Whatever does not fit raises `Refused`. Nothing is a fact before the header above it is final.
"""

import hashlib
import struct
from typing import NamedTuple

import blake3
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


class Refused(Exception):
    """The answer does not prove what it says."""


class UnknownValidators(Refused):
    """Other validators decide than those that are known: a self-contained proof leads from these to those."""


def require(holds, reason):
    if not holds:
        raise Refused(reason)


# Hashes and trees: docs/formats/README.md and trees.md


def derive(context, data):
    return blake3.blake3(data, derive_key_context=context).digest()


class Tree:
    def __init__(self, leaf, node):
        self.leaf, self.node = leaf, node

    def root(self, data, index, size, path):
        """The root that an inclusion path leads to (RFC 9162, 2.1.3.2)."""
        require(index < size, "the index is outside the tree")
        node, last, path = self.leaf(data), size - 1, list(path)
        while last > 0:
            if index % 2 == 1 or index < last:
                require(path and len(path[0]) == 32, "the path is too short")
                sibling = path.pop(0)
                node = self.node(sibling + node) if index % 2 == 1 else self.node(node + sibling)
            index, last = index // 2, last // 2
        require(not path, "the path is too long")
        return node


def blake3_tree(leaf, node):
    return Tree(lambda data: derive(leaf, data), lambda pair: derive(node, pair))


LOG = Tree(lambda data: hashlib.sha256(b"\0" + data).digest(), lambda pair: hashlib.sha256(b"\1" + pair).digest())
STATUS = blake3_tree("sanad/v1 status leaf", "sanad/v1 status node")
MEMBERS = blake3_tree("sanad/v1 member leaf", "sanad/v1 member node")


# Encodings: docs/formats/README.md, "Conventions"


class Reader:
    def __init__(self, data):
        self.data = data

    def take(self, length):
        require(length <= len(self.data), "an encoding is cut off")
        taken, self.data = self.data[:length], self.data[length:]
        return taken

    def integer(self, length):
        return int.from_bytes(self.take(length), "big")

    def text8(self):
        try:
            return self.take(self.integer(1)).decode()
        except UnicodeDecodeError:
            raise Refused("a text is not UTF-8") from None

    def list32(self, item, most):
        count = self.integer(4)
        require(count <= most, "a list is too long")
        return [item() for _ in range(count)]

    def option(self, item):
        given = self.integer(1)
        require(given in (0, 1), "an option is neither 0 nor 1")
        return item() if given else None

    def end(self):
        require(not self.data, "bytes are left over")


class Header(NamedTuple):
    """docs/formats/header.md"""

    layout: int
    rules: int
    chain_id: bytes
    height: int
    round: int
    time_ms: int
    log_size: int
    log_root: bytes
    state_root: bytes
    past: bytes
    validators_hash: bytes
    next_validators_hash: bytes


HEADER = struct.Struct(">BB32sQIQQ32s32s32s32s32s")


class ValidatorSet:
    """docs/formats/certificate.md"""

    def __init__(self, encoded):
        read = Reader(encoded)
        self.hash = derive("sanad/v1 validator set", encoded)
        self.number, self.first_height = read.integer(4), read.integer(8)
        self.validators = read.list32(lambda: (read.text8(), read.take(33)), 128)
        read.end()

    def quorum(self):
        return 2 * len(self.validators) // 3 + 1


class Record:
    """docs/formats/member.md"""

    STANDINGS = ("active", "frozen", "suspended", "retired")

    def __init__(self, encoded):
        read = Reader(encoded)
        self.id, self.name = read.text8(), read.text8()
        standing = read.integer(1)
        require(standing < len(self.STANDINGS), "the standing is not known")
        self.standing, self.since = self.STANDINGS[standing], read.integer(8)
        read.list32(lambda: (read.text8(), read.integer(8), read.option(lambda: read.integer(8))), 32)
        self.disputed = read.list32(lambda: (read.integer(8), read.integer(8)), 8)
        read.take(32)
        read.end()


# What is trusted


class Trust:
    """The genesis, and every validator set that follows from it: docs/formats/genesis.md and certificate.md."""

    def __init__(self, genesis):
        self.chain_id = derive("sanad/v1 genesis", encode_genesis(genesis))
        first = [(m["id"], m["consensus_key"]) for m in genesis["members"] if m["role"] == "validator"]
        validators = b"".join(text8(id) + key(value) for id, value in first)
        self.sets = [ValidatorSet(u32(0) + u64(1) + u32(len(first)) + validators)]

    def final(self, header, finality):
        """A header that its validators, or those of a later block, made final."""
        require(finality.WhichOneof("by") == "certificate", "ask for a self-contained proof")
        for change in finality.certificate.validator_changes:
            announced, following = self.certified(change.header), ValidatorSet(change.next.encoded)
            require(following.hash == announced.next_validators_hash, "another validator set was announced")
            require(following.first_height == announced.height + 1, "the validator set begins at another height")
            if following.number == len(self.sets):
                require(following.first_height > self.sets[-1].first_height, "a validator set begins before the one before it")
                self.sets.append(following)
            require(following.number < len(self.sets), "a validator set is missing")
            require(self.sets[following.number].hash == following.hash, "there are two validator sets of one number")
        return self._check(header.encoded, finality.certificate.certificate)

    def certified(self, final_header):
        """A header that validators known already made final."""
        return self._check(final_header.header.encoded, final_header.certificate)

    def _check(self, encoded, certificate):
        require(len(encoded) == HEADER.size, "the header has another length")
        header = Header._make(HEADER.unpack(encoded))
        require(header.layout == 1, "this needs a newer program")
        require(header.height > 0, "a header has no height 0")
        require(header.chain_id == self.chain_id, "the header is of another chain")
        block = derive("sanad/v1 block header", encoded)
        set_ = next(s for s in reversed(self.sets) if s.first_height <= header.height)
        if set_.hash != header.validators_hash:
            raise UnknownValidators("other validators decide than those that are known")
        require(certificate.height == header.height and certificate.block_hash == block, "the certificate is of another block")
        require(len(certificate.signatures) >= set_.quorum(), "the signatures are fewer than a quorum")
        precommit = u64(header.height) + u32(certificate.round) + b"\1" + block + u32(header.round)
        vote = b"sanad/v1 vote" + self.chain_id + b"\1" + precommit
        before = -1
        for signature in certificate.signatures:
            require(before < signature.validator < len(set_.validators), "the validators are not in order")
            before = signature.validator
            _, validator_key = set_.validators[before]
            require(signature_holds(validator_key, signature.signature, vote), "a signature is wrong")
        return header


# What can be asked


def member(trust, member_id, proof):
    """The record of a member and the header that proves it (GetMember)."""
    header = trust.final(proof.header, proof.finality)
    return record(header, member_id, proof.member, proof.status_root, proof.others_root), header


def status(trust, index, head, proof):
    """The issuer's id, the credential status and the header that proves them (GetStatus): receipt.md, steps 2 to 6."""
    header = trust.final(head.header, head.finality)
    tag, issuer = entry_in_log(header.log_root, header.log_size, index, proof.entry.encoded, proof.log_path)
    require(tag == 0, "the entry issues no credential")
    require(len(proof.status_leaf) == 64, "the status leaf has another length")
    leaves = -(-header.log_size // 256)
    status_root = STATUS.root(proof.status_leaf, index // 256, leaves, proof.status_path)
    issuer_record = record(header, issuer, head.issuer, status_root, head.others_root)
    bits = proof.status_leaf[index % 256 // 4] >> 2 * (index % 4) & 3
    word = ("active", "suspended", "confirmed", "revoked")[bits]
    if word == "active" and any(first <= index < end for first, end in issuer_record.disputed):
        word = "disputed"
    return issuer, word, header


def entry(trust, index, encoded, proof):
    """The tag and the member of any entry, and the header that proves them (GetEntry, GetInclusionProof)."""
    header = trust.certified(proof.head)
    return *entry_in_log(header.log_root, header.log_size, index, encoded, proof.path), header


def entry_in_log(root, size, index, encoded, path):
    require(LOG.root(encoded, index, size, path) == root, "the entry is not in the log")
    read = Reader(encoded)
    return read.integer(1), read.text8()


def record(header, member_id, proof, status_root, others_root):
    require(proof.count <= 4096, "there are too many members")
    members_root = MEMBERS.root(proof.record.encoded, proof.index, proof.count, proof.path)
    members = derive("sanad/v1 members", u64(proof.count) + members_root)
    left = derive("sanad/v1 state node", status_root + members)
    require(len(status_root) == len(others_root) == 32, "a root has another length")
    require(derive("sanad/v1 state node", left + others_root) == header.state_root, "the state is not that of the header")
    found = Record(proof.record.encoded)
    require(found.id == member_id, "the record is of another member")
    return found


# Ed25519, strictly: docs/formats/README.md

FIELD = 2**255 - 19
GROUP_ORDER = 2**252 + 27742317777372353535851937790883648493
EIGHTH = 0x7A03AC9277FDC74EC6CC392CFA53202A0F67100D760B3CBA4FD84D3D706A17C7


def signature_holds(key_, signature, message):
    """OpenSSL has the equation without the cofactor, and checks that points are on the curve. The rest is here."""
    if len(key_) != 33 or len(signature) != 65 or key_[0] != 0 or signature[0] != 0:
        return False
    key_, signature = key_[1:], signature[1:]
    if int.from_bytes(signature[32:], "little") >= GROUP_ORDER:
        return False
    for point in (key_, signature[:32]):
        y = int.from_bytes(point, "little") & (1 << 255) - 1
        if y >= FIELD or y in (0, 1, FIELD - 1, EIGHTH, FIELD - EIGHTH):
            return False
    try:
        Ed25519PublicKey.from_public_bytes(key_).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


# The chain id: docs/formats/genesis.md


def u8(value):
    return value.to_bytes(1, "big")


def u32(value):
    return value.to_bytes(4, "big")


def u64(value):
    return value.to_bytes(8, "big")


def text8(value):
    data = value.encode()
    return u8(len(data)) + data


def list32(values, item):
    return u32(len(values)) + b"".join(map(item, values))


def option(value, item):
    return b"\0" if value is None else b"\1" + item(value)


def key(value):
    algorithm, digits = value.split(":")
    require(algorithm == "ed25519" and len(digits) == 64, "a key is not an Ed25519 key")
    return b"\0" + bytes.fromhex(digits)


def protocol(value):
    return u8(value["layout"]) + u8(value["rules"])


DEFAULT_PARAMETERS = {"block_bytes_max": 1048576, "heartbeat_ms": 60000, "protocol": {"layout": 1, "rules": 1}}


def encode_genesis(g):
    parameters = g.get("parameters", DEFAULT_PARAMETERS)
    predecessor = option(
        g.get("predecessor"), lambda p: bytes.fromhex(p["chain_id"]) + u64(p["height"]) + bytes.fromhex(p["block"])
    )
    limits = u32(parameters["block_bytes_max"]) + u32(parameters["heartbeat_ms"]) + protocol(parameters["protocol"])
    start = u8(g["version"]) + text8(g["name"]) + bytes.fromhex(g["nonce"]) + text8(g["log_origin"])
    return start + predecessor + limits + b"\0" + list32(g["members"], encode_member)


def encode_member(m):
    role = ("observer", "issuer", "validator").index(m["role"])
    names = text8(m["id"]) + text8(m["name"]) + u8(role)
    governance = list32(m["governance_keys"], key) + u8(m["governance_threshold"])
    keys = b"".join(option(m.get(f"{purpose}_key"), key) for purpose in ("issuing", "consensus", "network"))
    lists = list32(m.get("issuer_ids", []), text8) + list32(m.get("addresses", []), text8)
    return names + governance + keys + lists + list32(m.get("facts", []), lambda f: text8(f["name"]) + text8(f["value"]))
