"""Encodings, hashes and trees: docs/formats/README.md, header.md, certificate.md, genesis.md, member.md, trees.md."""

from hashlib import sha256
from typing import Dict, List, NamedTuple, Optional, Tuple

from blake3 import blake3

from strict import Malformed

VALIDATORS_MAX = 128
MEMBERS_MAX = 4096
STATUS_LEAF_BYTES = 64
STATUSES_PER_LEAF = 256
SEAL_HEADERS = 1 << 16
TIME_MS_MAX = 253402300799999
LOG_SIZE_MAX = 1 << 40
ROLES = ("observer", "issuer", "validator")
STANDINGS = ("active", "frozen", "suspended", "retired")
PURPOSES = ("governance", "issuing", "consensus", "network")
KINDS = ("json", "bytes", "sd-jwt")
EVENTS = (
    "issue", "revoke", "suspend", "reinstate", "rotate-key", "set-addresses", "drop-issuer-id", "declare-compromise",
    "confirm", "revoke-by-governance", "revoke-as-successor", "propose", "approve", "withdraw", "freeze",
    "record-evidence", "rejoin",
)  # fmt: skip
TARGETS = ("revoke", "suspend", "reinstate", "confirm", "revoke-by-governance", "revoke-as-successor")
BY_OTHERS = ("propose", "approve", "withdraw", "revoke-as-successor", "record-evidence")
STATEMENTS = ("proposal", "prevote", "precommit")
STATUSES = ("active", "suspended", "confirmed", "revoked")  # by their bits


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


def list32(values, encode=bytes) -> bytes:
    return u32(len(values)) + b"".join(map(encode, values))


def tag(key_or_signature: bytes) -> bytes:
    """With its algorithm: Ed25519."""
    return b"\0" + key_or_signature


def key_name(key: bytes) -> bytes:
    return derive("sanad/v1 key", tag(key))


# Objects. Keys and signatures are without their tags.


class ValidatorSet(NamedTuple):
    number: int
    first_height: int
    validators: List[Tuple[str, bytes]]

    def encode(self) -> bytes:
        entries = list32(self.validators, lambda v: text8(v[0]) + tag(v[1]))
        return u32(self.number) + u64(self.first_height) + entries

    def hash(self) -> bytes:
        return derive("sanad/v1 validator set", self.encode())

    def quorum(self) -> int:
        return 2 * len(self.validators) // 3 + 1

    def faulty_max(self) -> int:
        return (len(self.validators) - 1) // 3

    def check(self):
        """The form of a set. Raises Malformed."""
        count = len(self.validators)
        if self.first_height == 0 or (self.number == 0) != (self.first_height == 1):
            raise Malformed(f"set {self.number} cannot begin at height {self.first_height}")
        if not 1 <= count <= VALIDATORS_MAX:
            raise Malformed(f"{count} validators")
        ids = [member.encode() for member, _ in self.validators]
        if any(a >= b for a, b in zip(ids, ids[1:])):
            raise Malformed("validators are not sorted by member id")
        if len({key for _, key in self.validators}) < count:
            raise Malformed("a consensus key stands twice")
        return self


class Header(NamedTuple):
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

    def encode(self) -> bytes:
        return (
            u8(self.layout) + u8(self.rules) + self.chain_id + u64(self.height) + u32(self.round) + u64(self.time_ms)
            + u64(self.log_size) + self.log_root + self.state_root + self.past + self.validators_hash
            + self.next_validators_hash
        )  # fmt: skip

    def hash(self) -> bytes:
        return derive("sanad/v1 block header", self.encode())


class Past(NamedTuple):
    previous: bytes
    history_root: bytes
    batches_root: bytes

    def hash(self) -> bytes:
        return derive("sanad/v1 past", b"".join(self))


class Certificate(NamedTuple):
    height: int
    round: int
    block: bytes
    signatures: List[Tuple[int, bytes]]


class Change(NamedTuple):
    header: Header
    certificate: Certificate
    next: ValidatorSet


class Certified(NamedTuple):
    """Final by a certificate."""

    certificate: Certificate
    changes: List[Change]


class Sealed(NamedTuple):
    """Final by a path to a seal."""

    path: List[bytes]


class History(NamedTuple):
    """Final by a place in the history of a newer header."""

    path: List[bytes]
    past: Past
    header: Header
    certificate: Certificate
    changes: List[Change]


class Record(NamedTuple):
    id: str
    name: str
    standing: int
    since: int
    issuer_ids: List[Tuple[str, int, Optional[int]]]
    disputed: List[Tuple[int, int]]
    rest: bytes

    def encode(self) -> bytes:
        ids = list32(self.issuer_ids, lambda i: text8(i[0]) + u64(i[1]) + option(i[2], u64))
        disputed = list32(self.disputed, lambda r: u64(r[0]) + u64(r[1]))
        start = text8(self.id) + text8(self.name) + u8(self.standing) + u64(self.since)
        return start + ids + disputed + self.rest


class RecordProof(NamedTuple):
    record: Record
    index: int
    count: int
    path: List[bytes]


class Rest(NamedTuple):
    role: int
    governance_threshold: int
    keys: List[Tuple[int, bytes, int, Optional[int]]]
    issuing: Tuple[int, bytes]
    governance: Tuple[int, bytes]
    events: Tuple[int, bytes]
    revoked: Tuple[int, int]
    addresses: List[str]
    facts: List[Tuple[str, str]]

    def hash(self) -> bytes:
        keys = list32(self.keys, lambda k: u8(k[0]) + key_name(k[1]) + u64(k[2]) + option(k[3], u64))
        heads = b"".join(u64(number) + hash_ for number, hash_ in (self.issuing, self.governance, self.events))
        texts = list32(self.addresses, text8) + list32(self.facts, lambda f: text8(f[0]) + text8(f[1]))
        revoked = u32(self.revoked[0]) + u32(self.revoked[1])
        start = u8(self.role) + u8(self.governance_threshold)
        return derive("sanad/v1 member rest", start + keys + heads + revoked + texts)


class Member(NamedTuple):
    id: str
    name: str
    role: int
    governance_keys: List[bytes]
    governance_threshold: int
    issuing_key: Optional[bytes]
    consensus_key: Optional[bytes]
    network_key: Optional[bytes]
    issuer_ids: List[str]
    addresses: List[str]
    facts: List[Tuple[str, str]]

    def encode(self) -> bytes:
        keys = b"".join(option(key, tag) for key in (self.issuing_key, self.consensus_key, self.network_key))
        governance = list32(self.governance_keys, tag) + u8(self.governance_threshold)
        lists = list32(self.issuer_ids, text8) + list32(self.addresses, text8)
        facts = list32(self.facts, lambda f: text8(f[0]) + text8(f[1]))
        return text8(self.id) + text8(self.name) + u8(self.role) + governance + keys + lists + facts

    def keys(self) -> List[bytes]:
        """In the order in which they sign a member file."""
        others = (self.issuing_key, self.consensus_key, self.network_key)
        return self.governance_keys + [key for key in others if key is not None]


class Genesis(NamedTuple):
    version: int
    name: str
    nonce: bytes
    log_origin: str
    predecessor: Optional[Tuple[bytes, int, bytes]]
    parameters: Tuple[int, int, int, int, Optional[Tuple[int, int, int]]]
    members: List[Member]
    signatures: Dict[str, Tuple[List[bytes], Dict[bytes, bytes]]]

    def encode(self) -> bytes:
        before = option(self.predecessor, lambda p: p[0] + u64(p[1]) + p[2])
        start = u8(self.version) + text8(self.name) + self.nonce + text8(self.log_origin)
        return start + before + self.encode_parameters() + list32(self.members, Member.encode)

    def encode_parameters(self) -> bytes:
        return encode_parameters(self.parameters)

    def chain_id(self) -> bytes:
        return derive("sanad/v1 genesis", self.encode())

    def validators(self) -> ValidatorSet:
        """Raises Malformed if they do not make a set."""
        validators = [(m.id, m.consensus_key) for m in self.members if ROLES[m.role] == "validator"]
        return ValidatorSet(0, 1, validators).check()

    def fingerprint(self) -> str:
        chain_id = self.chain_id()
        return " ".join(f"{int.from_bytes(chain_id[at : at + 2], 'big'):05}" for at in range(0, 20, 2))


class TrustFile(NamedTuple):
    genesis: Genesis
    changes: List[Tuple[Change, List[bytes]]]
    header: Header
    certificate: Certificate
    past: Past
    seals: List[bytes]
    remainder: List[bytes]


class Entry(NamedTuple):
    event: int
    issuer: str
    body: object  # the log index of the target, or the encoded body: of an issuance the commitment

    def encode(self) -> bytes:
        body = u64(self.body) if EVENTS[self.event] in TARGETS else self.body
        return u8(self.event) + text8(self.issuer) + body


def encode_parameters(parameters) -> bytes:
    block_bytes, heartbeat, layout, rules, following = parameters
    following = option(following, lambda f: u8(f[0]) + u8(f[1]) + u64(f[2]))
    return u32(block_bytes) + u32(heartbeat) + u8(layout) + u8(rules) + following


def vote(header: Header, round_: int) -> bytes:
    """A precommit for the block of a header: 95 bytes."""
    start = b"sanad/v1 vote" + header.chain_id + u8(1) + u64(header.height) + u32(round_)
    return start + u8(1) + header.hash() + u32(header.round)


def statement_message(chain_id: bytes, kind: int, height: int, round_: int, valid_round, block) -> bytes:
    """certificate.md: the bytes of a vote or a proposal; `block` is a hash and a round, or nothing."""
    at = u64(height) + u32(round_)
    value = (b"\1" + block[0] + u32(block[1])) if block else bytes(37)
    if STATEMENTS[kind] == "proposal":
        return b"sanad/v1 proposal" + chain_id + at + option_u32(valid_round) + value[1:]
    return b"sanad/v1 vote" + chain_id + u8(kind - 1) + at + value


def option_u32(value) -> bytes:
    return u8(value is not None) + u32(value or 0)


def possession_message(name: str, nonce: bytes, member: Member) -> bytes:
    digest = derive("sanad/v1 member file", text8(name) + nonce + member.encode())
    return b"sanad/v1 member file signature" + digest


def agreement_message(chain_id: bytes) -> bytes:
    return b"sanad/v1 genesis signature" + chain_id


def members_root(count: int, root: bytes) -> bytes:
    return derive("sanad/v1 members", u64(count) + root)


def state_root(status: bytes, members: bytes, others: bytes) -> bytes:
    def node(left, right):
        return derive("sanad/v1 state node", left + right)

    return node(node(status, members), others)


# Trees: RFC 6962, 2.1


class Tree(NamedTuple):
    leaf: object
    node: object
    empty: bytes


def _tree(leaf: str, node: str) -> Tree:
    return Tree(lambda data: derive(leaf, data), lambda l, r: derive(node, l + r), derive(node, b""))


LOG = Tree(
    lambda data: sha256(b"\0" + data).digest(), lambda l, r: sha256(b"\1" + l + r).digest(), sha256(b"").digest()
)
STATUS = _tree("sanad/v1 status leaf", "sanad/v1 status node")
MEMBERS = _tree("sanad/v1 member leaf", "sanad/v1 member node")
PARTS = _tree("sanad/v1 part", "sanad/v1 parts node")
GOVERNANCE = _tree("sanad/v1 governance leaf", "sanad/v1 governance node")
HISTORY = _tree("sanad/v1 history leaf", "sanad/v1 history node")
BATCHES = _tree("sanad/v1 batches leaf", "sanad/v1 batches node")


def root_of(tree: Tree, leaf: bytes, index: int, size: int, path: List[bytes]) -> Optional[bytes]:
    """The root that `path` leads to; None unless it has the exact length of a path from `index` of `size`."""
    if not index < size or len(path) != path_length(index, size):
        return None
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


def is_consistent(tree: Tree, m: int, a: bytes, n: int, b: bytes, path: List[bytes]) -> bool:
    """Whether the tree of `m` leaves with root `a` begins the tree of `n` leaves with root `b`."""
    if m > n or (m == 0 and n > 0):
        return False
    if m == n:
        return not path and a == b and (m > 0 or a == tree.empty)
    rest = iter(path)
    try:
        old = new = a if m & (m - 1) == 0 else next(rest)
        index, last = m - 1, n - 1
        while index & 1:
            index, last = index >> 1, last >> 1
        while last:
            if index & 1:
                hash_ = next(rest)
                old, new = tree.node(hash_, old), tree.node(hash_, new)
            elif index < last:
                new = tree.node(new, next(rest))
            index, last = index >> 1, last >> 1
    except StopIteration:
        return False
    return not list(rest) and old == a and new == b


def fold_history(size: int, seals: List[bytes], remainder: List[bytes]) -> Optional[bytes]:
    """The history root of `size` headers; None unless there are as many seals and peaks as it asks for."""
    if len(seals) != size // SEAL_HEADERS or len(remainder) != bin(size % SEAL_HEADERS).count("1"):
        return None
    peaks, at = [], 0
    for level in reversed(range(len(seals).bit_length())):
        if len(seals) >> level & 1:
            peak = seals[at : at + (1 << level)]
            while len(peak) > 1:
                peak = [HISTORY.node(*pair) for pair in zip(peak[::2], peak[1::2])]
            peaks, at = peaks + peak, at + (1 << level)
    peaks += remainder
    if not peaks:
        return HISTORY.empty
    root = peaks.pop()
    while peaks:
        root = HISTORY.node(peaks.pop(), root)
    return root
