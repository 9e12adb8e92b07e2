"""Encodings to objects: binary receipt, binary trust file, entry. docs/formats/README.md, receipt.md, trust-file.md, entry.md."""

from typing import List

from layout import (
    EVENTS, LOG, MEMBERS, STATEMENTS, TARGETS, MEMBERS_MAX, STATUS, STATUS_LEAF_BYTES, STATUSES_PER_LEAF, VALIDATORS_MAX, Certificate,
    Certified, Change, Entry, Genesis, Header, History, Member, Past, Record, RecordProof, Sealed, TrustFile,
    ValidatorSet, members_root, path_length, root_of, state_root,
)  # fmt: skip
from reading import (
    CHANGES_MAX, LABELS, LAYOUT, RECEIPT_BYTES_MAX, ClosedSummary, Full, Paper, Proof, Receipt, TooManyChanges,
    check_genesis, check_summary, normal_issuer_id,
)  # fmt: skip
from strict import Malformed, NewerVerifier, member_id, text

RECEIPT_MAGIC = b"\xf5snd"
TRUST_MAGIC = b"\xf5snt"
ENTRY_BYTES_MAX = 16384


class Fault(Exception):
    """A check that does not hold: its part and word in docs/formats/finding.md."""

    def __init__(self, part: str, word: str, reason: str):
        super().__init__(reason)
        self.part, self.word, self.reason = part, word, reason


class Reader:
    def __init__(self, data: bytes):
        self.data, self.at = data, 0

    def take(self, count: int) -> bytes:
        if count > len(self.data) - self.at:
            raise Malformed("it ends too early")
        self.at += count
        return self.data[self.at - count : self.at]

    def uint(self, count: int) -> int:
        return int.from_bytes(self.take(count), "big")

    def u8(self) -> int:
        return self.uint(1)

    def u32(self) -> int:
        return self.uint(4)

    def u64(self) -> int:
        return self.uint(8)

    def hash(self) -> bytes:
        return self.take(32)

    def hashes(self, count: int) -> List[bytes]:
        return [self.take(32) for _ in range(count)]

    def text8(self) -> str:
        try:
            return self.take(self.u8()).decode()
        except UnicodeDecodeError:
            raise Malformed("text that is not UTF-8") from None

    def list32(self, count_max: int, read) -> list:
        count = self.uint(4)
        if count > count_max:
            raise Malformed(f"a list of {count}")
        return [read() for _ in range(count)]

    def option(self, read):
        flag = self.u8()
        if flag > 1:
            raise Malformed("an option is neither 0 nor 1")
        return read() if flag else None

    def key(self) -> bytes:
        return self.tagged(32)

    def signature(self) -> bytes:
        return self.tagged(64)

    def tagged(self, length: int) -> bytes:
        if self.u8() != 0:
            raise Malformed("an algorithm that is not known")
        return self.take(length)

    def finish(self):
        if self.at != len(self.data):
            raise Malformed("bytes are left over")

    # What only binary receipts have

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

    def places(self, count: int) -> List[int]:
        """The places of a bitmap whose bits are set, those beyond `count` too."""
        bits = int.from_bytes(self.take(-(-count // 8)), "little")
        return [place for place in range(bits.bit_length()) if bits >> place & 1]

    def bitmap(self, count: int) -> List[int]:
        places = self.places(count)
        if places and places[-1] >= count:
            raise Fault("certificate", "not-proven", "a validator beyond the set is named")
        return places

    def path(self, index: int, size: int) -> List[bytes]:
        if not index < size:
            raise Malformed(f"index {index} is not in a tree of {size} leaves")
        return self.hashes(path_length(index, size))


# The binary receipt. What it leaves out is computed, so a changed part shows in the signatures.


def read_binary_receipt(data: bytes, trust) -> Receipt:
    if len(data) > RECEIPT_BYTES_MAX:
        raise Malformed(f"longer than {RECEIPT_BYTES_MAX} bytes")
    read = Reader(data)
    if read.take(4) != RECEIPT_MAGIC:
        raise Malformed("not a binary receipt")
    if read.u8() != 1:
        raise NewerVerifier("a binary receipt of another version")
    chain = read.take(8)
    if chain != trust.chain_id[:8]:
        raise Fault("chain", "foreign-chain", f"a receipt of chain {chain.hex()}…")
    flags = read.u8()
    kind, opening, finality, other_next = flags & 3, flags >> 2 & 3, flags >> 4 & 3, flags & 64
    if flags & 128 or kind == 3:
        raise Malformed("unknown flags")
    opening = read_opening(read, opening)
    commitment = read.hash()
    if finality == 3:
        raise Malformed("unknown flags")
    changes, validators, newer = [], None, None
    if finality != 1:
        changes, validators = read_changes(read, trust)
    if finality == 2:
        newer = read_newer(read, trust, validators)
    start = read_header_start(read)
    height, log_size = start["height"], start["log_size"]
    if finality == 0:
        own = validators.hash()
    elif finality == 1:
        known = trust.set_at(height)
        if known is None:
            needs = "renew" if trust.header else "needs-trust-file"
            raise Fault("anchor", needs, f"a sealed receipt of height {height}, which is not covered")
        own = known.hash()
    else:
        own = read.hash()
    next_hash = read.hash() if other_next else own
    if other_next and next_hash == own:
        raise Malformed("the next validators hash is given and need not be")

    index = read.number()
    log_path = read.path(index, log_size)
    leaf = read_status_leaf(read)
    at, leaves = index // STATUSES_PER_LEAF, -(-log_size // STATUSES_PER_LEAF)
    status_path = read.path(at, leaves)
    record = read_record(read)
    member_index, count = read.number(), read.number(MEMBERS_MAX)
    member_path = read.path(member_index, count)
    others = read.hash()

    entry = Entry(EVENTS.index("issue"), record.id, commitment)
    log_root = root_of(LOG, LOG.leaf(entry.encode()), index, log_size, log_path)
    status = root_of(STATUS, STATUS.leaf(leaf), at, leaves, status_path)
    members = root_of(MEMBERS, MEMBERS.leaf(record.encode()), member_index, count, member_path)
    header = make_header(trust, start, log_root, state_root(status, members_root(count, members), others), own, next_hash)
    if finality == 0:
        finality = Certified(read_certificate(read, header, validators), changes)
    elif finality == 1:
        finality = Sealed(read.hashes(16))
    else:
        newer_header, newer_past, certificate = newer
        path = read.path(max(height - 1, 0), max(newer_header.height - 1, 0))
        finality = History(path, newer_past, newer_header, certificate, changes)
    read.finish()
    issuer = RecordProof(record, member_index, count, member_path)
    proof = Proof(entry, index, log_path, leaf, status_path, issuer, others, header, finality)
    return Receipt(kind, opening, proof)


def read_opening(read: Reader, opening: int):
    if opening == 0:
        return Full(read.hash(), None)
    if opening == 1:
        return Full(read.hash(), read_summary(read))
    if opening == 2:
        return Paper(read.hash(), read_summary(read), read.hash())
    return ClosedSummary(read.hash(), read.hash())


def read_summary(read: Reader):
    start = read.at
    count = read.u8()
    if not 1 <= count <= 8:
        raise Malformed("a summary has 1 to 8 fields")
    summary = [(read.u8(), read.text8()) for _ in range(count)]
    if read.at - start > 240:
        raise Malformed("the summary is longer than 240 bytes")
    unknown = [label for label, _ in summary if label >= len(LABELS)]
    if unknown:
        raise NewerVerifier(f"the label {unknown[0]} of the summary")
    return check_summary(summary)


def read_changes(read: Reader, trust):
    number = read.number()
    validators = trust.set_numbered(number)
    if validators is None:
        needs = "renew" if trust.header else "needs-trust-file"
        raise Fault("anchor", needs, f"the receipt starts from validator set {number}, which is not known")
    count = read.number()
    if count > CHANGES_MAX:
        raise TooManyChanges()
    changes = []
    for _ in range(count):
        start, log_root, state = read_header_start(read), read.hash(), read.hash()
        following = read_next_set(read, validators, start["height"])
        header = make_header(trust, start, log_root, state, validators.hash(), following.hash())
        changes.append(Change(header, read_certificate(read, header, validators), following))
        validators = following
    return changes, validators


def read_next_set(read: Reader, validators: ValidatorSet, height: int) -> ValidatorSet:
    former = validators.validators
    leaving = read.bitmap(len(former))
    coming = []
    for _ in range(read.number(VALIDATORS_MAX)):
        coming.append((member_id(read.text8()), read.hash()))
        if coming[-1] in former:
            raise Malformed("a validator comes that was one before")
        if len(coming) > 1 and coming[-2][0] >= coming[-1][0]:
            raise Malformed("validators that come are not sorted by member id")
    staying = [validator for place, validator in enumerate(former) if place not in leaving]
    following = ValidatorSet(validators.number + 1, min(height + 1, 2**64 - 1), sorted(staying + coming))
    try:
        following.check()
        if following.first_height <= validators.first_height:
            raise Malformed("it begins no later than the set before")
    except Malformed as e:
        raise Fault("validators", "tampered", f"the validators after height {height}: {e}") from None
    return following


def read_newer(read: Reader, trust, validators: ValidatorSet):
    rules, height, round_, time_ms, log_size = (
        read.u8(), read.number(), read.number(2**32 - 1), read.number(), read.number(),
    )  # fmt: skip
    log_root, state = read.hash(), read.hash()
    past = Past(read.hash(), read.hash(), read.hash())
    start = {"rules": rules, "height": height, "round": round_, "time_ms": time_ms, "past": past.hash(), "log_size": log_size}
    header = make_header(trust, start, log_root, state, validators.hash(), read.hash())
    return header, past, read_certificate(read, header, validators)


def read_header_start(read: Reader) -> dict:
    return {
        "rules": read.u8(), "height": read.number(), "round": read.number(2**32 - 1), "time_ms": read.number(),
        "past": read.hash(), "log_size": read.number(),
    }  # fmt: skip


def make_header(trust, start: dict, log_root: bytes, state: bytes, own: bytes, following: bytes) -> Header:
    return Header(
        layout=LAYOUT, chain_id=trust.chain_id, log_root=log_root, state_root=state, validators_hash=own,
        next_validators_hash=following, **start,
    )  # fmt: skip


def read_certificate(read: Reader, header: Header, validators: ValidatorSet) -> Certificate:
    round_, signers = read.number(2**32 - 1), read.bitmap(len(validators.validators))
    if len(signers) != validators.quorum():
        reason = f"{len(signers)} signatures at height {header.height}, not the {validators.quorum()} that suffice"
        raise Fault("certificate", "not-proven", reason)
    return Certificate(header.height, round_, header.hash(), [(place, read.take(64)) for place in signers])


def read_status_leaf(read: Reader) -> bytes:
    form = read.u8()
    if form > 1:
        raise Malformed("a status leaf of another form")
    if form == 1:
        leaf = read.take(STATUS_LEAF_BYTES)
        if sum(byte != 0 for byte in leaf) <= 55:
            raise Malformed("a status leaf is whole and could be sparse")
        return leaf
    leaf, places = bytearray(STATUS_LEAF_BYTES), read.places(STATUS_LEAF_BYTES)
    if len(places) > 55:
        raise Malformed("a status leaf is sparse and should be whole")
    for place in places:
        leaf[place] = read.u8()
        if leaf[place] == 0:
            raise Malformed("a byte of the status leaf is given and is 0")
    return bytes(leaf)


def read_record(read: Reader) -> Record:
    flags = read.u8()
    if flags & ~0b1111:
        raise Malformed("unknown flags of the record")
    id_, name, since = member_id(read.text8()), text_of(read.text8(), "name", 128), read.number()
    terms, disputed = [], []
    if flags & 4:
        for _ in range(count_of(read, 32)):
            given = read.text8()
            if normal_issuer_id(given) != given:
                raise Malformed("an issuer id is not in normal form")
            terms.append((given, read.number(), read.number() or None))
    if flags & 8:
        disputed = [(read.number(), read.number()) for _ in range(count_of(read, 8))]
    return Record(id_, name, flags & 3, since, terms, disputed, read.hash())


def text_of(given: str, what: str, bytes_max: int) -> str:
    """Only the length counts here: what the record says is checked when it is proved."""
    if not 1 <= len(given.encode()) <= bytes_max:
        raise Malformed(f"{what} is not a text of 1 to {bytes_max} bytes")
    return given


def count_of(read: Reader, most: int) -> int:
    count = read.number()
    if not 1 <= count <= most:
        raise Malformed(f"a list of {count}")
    return count


# Trust file and what is in it


def read_trust_binary(data: bytes) -> TrustFile:
    if data[:4] != TRUST_MAGIC:
        raise Malformed("not a binary trust file")
    if data[4:5] != b"\1":
        if len(data) == 4:
            raise Malformed("it ends too early")
        raise NewerVerifier("a trust file of another version")
    read = Reader(data[5:])

    def change():
        return Change(header_of(read), certificate_of(read), set_of(read)), read.list32(64, read.hash)

    genesis = genesis_of(read)
    file = TrustFile(
        genesis, read.list32(1 << 14, change), header_of(read), certificate_of(read),
        Past(read.hash(), read.hash(), read.hash()), read.list32(1 << 16, read.hash), read.list32(64, read.hash),
    )  # fmt: skip
    read.finish()
    check_genesis(genesis)
    return file


def genesis_of(read: Reader) -> Genesis:
    return Genesis(
        read.u8(), read.text8(), read.hash(), read.text8(),
        read.option(lambda: (read.hash(), read.u64(), read.hash())),
        (
            read.uint(4), read.uint(4), read.u8(), read.u8(),
            read.option(lambda: (read.u8(), read.u8(), read.u64())),
        ),
        read.list32(MEMBERS_MAX, lambda: member_of(read)), {},
    )  # fmt: skip


def member_of(read: Reader) -> Member:
    id_, name, role = member_id(read.text8()), read.text8(), read.u8()
    if role > 2:
        raise Malformed("an unknown role")

    def fact():
        return text(read.text8(), "fact", 255), text(read.text8(), "fact", 255)

    return Member(
        id_, name, role, read.list32(5, read.key), read.u8(), *(read.option(read.key) for _ in range(3)),
        read.list32(32, read.text8), read.list32(8, read.text8), read.list32(16, fact),
    )  # fmt: skip


def header_of(read: Reader) -> Header:
    return Header(
        read.u8(), read.u8(), read.hash(), read.u64(), read.uint(4), read.u64(), read.u64(), *read.hashes(5)
    )


def certificate_of(read: Reader) -> Certificate:
    height, round_, block = read.u64(), read.uint(4), read.hash()
    return Certificate(height, round_, block, read.list32(VALIDATORS_MAX, lambda: (read.uint(2), read.signature())))


def set_of(read: Reader) -> ValidatorSet:
    number, height = read.uint(4), read.u64()
    validators = read.list32(VALIDATORS_MAX, lambda: (member_id(read.text8()), read.key()))
    return ValidatorSet(number, height, validators).check()


def read_body(kind: str, read: Reader):
    """entry.md and governance.md: the body of an event without a target."""
    if kind in ("issue", "approve", "withdraw"):
        read.hash()
    elif kind == "rotate-key":
        if read.u8() > 3:
            raise Malformed("an unknown purpose")
        read_new_key(read)
    elif kind == "set-addresses":
        read.list32(8, read.text8)
    elif kind == "drop-issuer-id":
        read_issuer_id(read)
    elif kind == "declare-compromise":
        read.key(), read.u64(), read.option(lambda: read_new_key(read))
    elif kind == "propose":
        read_change(read)
        read.u64(), read.u64()
    elif kind == "record-evidence":
        member_id(read.text8())
        read.key(), read.u64(), read.u32()
        if read.u8() >= len(STATEMENTS):
            raise Malformed("neither a proposal nor a vote")
        for _ in range(2):
            read.option(lambda: (read.hash(), read.u32()))
            read.option(read.u32)
            read.signature()
    elif kind == "rejoin":
        read.key(), read.hash()


def read_new_key(read: Reader):
    read.key(), read.signature()


def read_issuer_id(read: Reader):
    given = read.text8()
    if normal_issuer_id(given) != given:
        raise Malformed("an issuer id that is not in its normal form")


def read_change(read: Reader):
    """governance.md, "Changes"."""

    def subject():
        member_id(read.text8())

    def signatures(count_max: int):
        read.list32(count_max, read.signature)

    def flag():
        if read.u8() > 1:
            raise Malformed("a flag is neither 0 nor 1")

    tag = read.u8()
    if tag == 0:
        member_of(read)
        signatures(8)
    elif tag in (1, 2, 3, 4, 5, 6, 7, 8):
        subject()
    if tag == 1 and read.u8() > 2:
        raise Malformed("an unknown role")
    if tag == 2:
        read.option(read.text8)
        read.option(lambda: read.list32(16, lambda: (read.text8(), read.text8())))
    elif tag == 6:
        subject()
    elif tag == 7:
        read.list32(5, read.key), read.u8(), signatures(5)
    elif tag == 8:
        read_issuer_id(read)
    elif tag == 9:
        read.list32(VALIDATORS_MAX, subject)
        flag()
    elif tag == 10:
        read.uint(4), read.uint(4)
    elif tag == 11:
        read.u8(), read.u8(), read.u64()
    elif tag > 11:
        raise Malformed(f"a change with the tag {tag}")


def read_entry(data: bytes) -> Entry:
    """entry.md"""
    if len(data) > ENTRY_BYTES_MAX:
        raise Malformed(f"an entry of {len(data)} bytes")
    read = Reader(data)
    event = read.u8()
    if event >= len(EVENTS):
        raise Malformed(f"an entry with the tag {event}")
    issuer, kind = member_id(read.text8()), EVENTS[event]
    if kind in TARGETS:
        entry = Entry(event, issuer, read.u64())
    else:
        begin = read.at
        read_body(kind, read)
        entry = Entry(event, issuer, data[begin : read.at])
    read.finish()
    return entry
