"""JSON forms to objects: genesis, member, receipt, trust file, proofs. Each page has its fields; nothing is proved here."""

import re
from typing import NamedTuple

from ed25519 import usable_point
from layout import (
    EVENTS, KINDS, MEMBERS_MAX, PURPOSES, ROLES, STANDINGS, STATEMENTS, STATUS_LEAF_BYTES, TARGETS, VALIDATORS_MAX, Certificate, Certified,
    Change, Entry, Genesis, Header, History, Member, Past, Record, RecordProof, Rest, Sealed, TrustFile, ValidatorSet,
)  # fmt: skip
from strict import (
    Malformed, NewerVerifier, fields, hashes, integer, items, items_or_left_out, member_id, parse_json, string, tagged,
    text, unhex, word,
)  # fmt: skip

RECEIPT_FORMAT = "sanad-receipt/v1"
TRUST_FORMAT = "sanad-trust/v1"
CONSISTENCY_FORMAT = "sanad-consistency-proof/v1"
EVIDENCE_FORMAT = "sanad-evidence/v1"
COMPLETENESS_FORMAT = "sanad-completeness-proof/v1"
MEMBER_FORMAT = "sanad-member/v1"
PROOF_BYTES_MAX = LINE_BYTES_MAX = RECEIPT_BYTES_MAX = 1 << 20
GENESIS_BYTES_MAX = TRUST_BYTES_MAX = 16 << 20
EVIDENCE_BYTES_MAX = 4 << 20
MEMBER_BYTES_MAX = 64 << 10
CHANGES_MAX = 64
LABELS = ("holder", "title", "awarded_on", "credits", "number", "level", "valid_until", "programme")
LAYOUT, RULES = 1, 1
ANY = 1 << 30  # of what is refused for its length elsewhere: by the file's, or by what the paths prove


class Proof(NamedTuple):
    """The proof of an entry."""

    entry: Entry
    index: int
    log_path: list
    status_leaf: bytes
    status_path: list
    issuer: RecordProof
    others_root: bytes
    header: Header
    finality: object


class Receipt(NamedTuple):
    document: int
    opening: object
    proof: Proof


class Full(NamedTuple):
    secret: bytes
    summary: object  # a list of (label, text), or None


class Paper(NamedTuple):
    summary_key: bytes
    summary: list
    content: bytes


class ClosedSummary(NamedTuple):
    content_key: bytes
    summary: bytes


class MemberProof(NamedTuple):
    member: RecordProof
    status_root: bytes
    others_root: bytes
    header: Header
    finality: object


class Equivocation(NamedTuple):
    """What one validator signed. Each statement is a block or nothing, a valid round or nothing, and a signature."""

    key: bytes
    height: int
    round: int
    statement: int
    first: tuple
    second: tuple


class Consistency(NamedTuple):
    older: tuple
    newer: tuple
    path: list
    head_path: list
    header: Header
    finality: object


class TooManyChanges(Exception):
    """More than 64 changes: not of a wrong form, but a trust file is needed."""


# Genesis and members: genesis.md


def read_genesis(data: bytes) -> Genesis:
    return genesis_of(parse_json(data, GENESIS_BYTES_MAX))


def genesis_of(value) -> Genesis:
    required = ("version", "name", "nonce", "log_origin", "members")
    file = fields(value, "genesis", required, ("predecessor", "parameters", "signatures"))
    before = None
    if "predecessor" in file:
        before = fields(file["predecessor"], "predecessor", ("chain_id", "height", "block"))
        height = integer(before["height"], "height", 64)
        before = (unhex(before["chain_id"], "chain_id"), height, unhex(before["block"], "block"))
    parameters = (1 << 20, 60_000, LAYOUT, RULES, None)
    if "parameters" in file:
        parameters = parameters_of(file["parameters"])
    genesis = Genesis(
        integer(file["version"], "version", 8), file["name"], unhex(file["nonce"], "nonce"), file["log_origin"], before,
        parameters, [member_of(m) for m in items(file["members"], "members", MEMBERS_MAX)],
        signatures_of(file["signatures"]) if "signatures" in file else {},
    )  # fmt: skip
    return check_genesis(genesis)


def parameters_of(value):
    names = ("block_bytes_max", "heartbeat_ms", "protocol")
    given = fields(value, "parameters", names, ("next_protocol",))
    following = None
    if "next_protocol" in given:
        following = fields(given["next_protocol"], "next_protocol", ("protocol", "height"))
        following = (*version_of(following["protocol"]), integer(following["height"], "height", 64))
    numbers = (integer(given[name], name, 32) for name in names[:2])
    return (*numbers, *version_of(given["protocol"]), following)


def version_of(value):
    version = fields(value, "version", ("layout", "rules"))
    return integer(version["layout"], "layout", 8), integer(version["rules"], "rules", 8)


def signatures_of(value):
    if not isinstance(value, dict) or not value:
        raise Malformed("signatures is not an object with a member")
    found = {}
    for member, given in value.items():
        given = fields(given, "signatures", ("possession",), ("agreement",))
        possession = [tagged(s, "signature", 64) for s in items(given["possession"], "possession", 1 << 16)]
        agreement = given.get("agreement", {})
        if not isinstance(agreement, dict) or ("agreement" in given and not agreement):
            raise Malformed("agreement is not an object with a key")
        agreement = {tagged(key, "key", 32): tagged(s, "signature", 64) for key, s in agreement.items()}
        found[member_id(member)] = (possession, agreement)
    return found


def member_of(value) -> Member:
    keys = ("issuing_key", "consensus_key", "network_key")
    required = ("id", "name", "role", "governance_keys", "governance_threshold")
    m = fields(value, "member", required, keys + ("issuer_ids", "addresses", "facts"))
    return Member(
        member_id(m["id"]), m["name"], word(m["role"], "role", ROLES),
        [tagged(key, "governance key", 32) for key in items(m["governance_keys"], "governance_keys", 5)],
        integer(m["governance_threshold"], "governance_threshold", 8),
        *(tagged(m[key], key, 32) if key in m else None for key in keys),
        items_or_left_out(m, "issuer_ids", 32), items_or_left_out(m, "addresses", 8),
        [fact_of(fact) for fact in items_or_left_out(m, "facts", 16)],
    )  # fmt: skip


def fact_of(value):
    fact = fields(value, "fact", ("name", "value"))
    return text(fact["name"], "fact", 255), text(fact["value"], "fact", 255)


def check_genesis(genesis: Genesis) -> Genesis:
    """Steps 2 to 6 of "Verification"."""
    if genesis.version != 1:
        raise Malformed("genesis of another version")
    text(genesis.name, "name", 128)
    if not isinstance(genesis.log_origin, str) or not re.fullmatch("(?![^+]*[+])[!-~]{1,128}", genesis.log_origin):
        raise Malformed("log_origin is not an origin")
    block_bytes, heartbeat, *protocol, following = genesis.parameters
    if not 256 << 10 <= block_bytes <= 4 << 20 or not 100 <= heartbeat <= 300_000:
        raise Malformed("a parameter is out of its range")
    if protocol != [LAYOUT, RULES] or following is not None:
        raise Malformed("another protocol version")
    ids = [m.id.encode() for m in genesis.members]
    if any(a >= b for a, b in zip(ids, ids[1:])):
        raise Malformed("members are not sorted by id")
    keys, names = set(), set()
    for m in genesis.members:
        check_member(m)
        if not keys.isdisjoint(m.keys()) or not names.isdisjoint(m.issuer_ids):
            raise Malformed(f"{m.id} has a key or issuer id of another member")
        keys.update(m.keys())
        names.update(m.issuer_ids)
    genesis.validators()
    return genesis


def check_member(m: Member):
    text(m.name, "name", 128)
    for key, name, needed, allowed in (
        (m.issuing_key, "issuing key", m.role >= 1, m.role >= 1),
        (m.consensus_key, "consensus key", m.role == 2, m.role == 2),
        (m.network_key, "network key", m.role == 2, True),
    ):
        if (key is None and needed) or (key is not None and not allowed):
            raise Malformed(f"{m.id}: the role and the {name} do not fit together")
    if not 1 <= len(m.governance_keys) <= 5 or not 1 <= m.governance_threshold <= len(m.governance_keys):
        raise Malformed(f"{m.id}: governance keys and threshold do not fit together")
    if not ascends(m.governance_keys):
        raise Malformed(f"{m.id}: governance keys are not in ascending order")
    if len(set(m.keys())) < len(m.keys()) or not all(map(usable_point, m.keys())):
        raise Malformed(f"{m.id}: a key stands twice or is not usable")
    for given in m.issuer_ids:
        if not isinstance(given, str) or normal_issuer_id(given) != given:
            raise Malformed(f"{m.id}: an issuer id is not in normal form")
    for address in m.addresses:
        text(address, "address", 255)
    if not ascends([given.encode() for given in m.issuer_ids]) or not ascends([n.encode() for n, _ in m.facts]):
        raise Malformed(f"{m.id}: issuer ids or facts are not in ascending order")


def ascends(values) -> bool:
    return all(a < b for a, b in zip(values, values[1:]))


def normal_issuer_id(given: str):
    """member.md, "Issuer ids"; None if it is not one."""
    if len(given) > 128 or not re.fullmatch("[!-~]*", given):
        return None
    scheme, colon, rest = given.split("#")[0].partition(":")
    if scheme.lower() == "did" and colon:
        method, colon, name = rest.split("?")[0].partition(":")
        if not re.fullmatch("[A-Za-z0-9]+", method) or not name:
            return None
        if method.lower() == "web":
            host, colon, path = name.partition(":")
            name = host.lower() + colon + path
        return f"did:{method.lower()}:{name}"
    if scheme.lower() == "https" and rest.startswith("//"):
        host, path = re.fullmatch("([^/?]*)(.*)", rest[2:]).groups()
        if not host or "@" in host:
            return None
        host = re.sub(":443$", "", host.lower())
        if not host or host.endswith(":443"):
            return None
        return f"https://{host}{'' if path == '/' else path}"
    return None


def read_member_file(data: bytes):
    """The consortium's name and nonce, the member, and the signatures."""
    file = fields(parse_json(data, MEMBER_BYTES_MAX), "member file", ("format", "consortium", "member", "signatures"))
    if file["format"] != MEMBER_FORMAT:
        raise Malformed("not a member file")
    consortium = fields(file["consortium"], "consortium", ("name", "nonce"))
    member = member_of(file["member"])
    check_member(member)
    signatures = [tagged(s, "signature", 64) for s in items(file["signatures"], "signatures", 1 << 16)]
    return text(consortium["name"], "name", 128), unhex(consortium["nonce"], "nonce"), member, signatures


# Headers and certificates: header.md, certificate.md


def header_of(value) -> Header:
    names = ("chain_id", "height", "round", "time_ms", "log_size", "log_root", "state_root", "past")
    names += ("validators_hash", "next_validators_hash")
    header = fields(value, "header", ("version",) + names)
    bits = {"height": 64, "round": 32, "time_ms": 64, "log_size": 64}
    rest = (integer(header[n], n, bits[n]) if n in bits else unhex(header[n], n) for n in names)
    return Header(*version_of(header["version"]), *rest)


def certificate_of(value, count_max=None) -> Certificate:
    certificate = fields(value, "certificate", Certificate._fields)
    signatures = []
    for item in items(certificate["signatures"], "signatures", count_max or ANY):
        item = fields(item, "signature", ("validator", "signature"))
        signatures.append((integer(item["validator"], "validator", 16), tagged(item["signature"], "signature", 64)))
    height, round_ = integer(certificate["height"], "height", 64), integer(certificate["round"], "round", 32)
    return Certificate(height, round_, unhex(certificate["block"], "block"), signatures)


def set_of(value) -> ValidatorSet:
    given = fields(value, "validator set", ValidatorSet._fields)
    validators = []
    for item in items(given["validators"], "validators", VALIDATORS_MAX):
        item = fields(item, "validator", ("member", "key"))
        validators.append((member_id(item["member"]), tagged(item["key"], "key", 32)))
    number, height = integer(given["number"], "number", 32), integer(given["first_height"], "first_height", 64)
    return ValidatorSet(number, height, validators).check()


def change_of(value, count_max=None) -> Change:
    change = fields(value, "validator change", Change._fields)
    certificate = certificate_of(change["certificate"], count_max)
    return Change(header_of(change["header"]), certificate, set_of(change["next"]))


def past_of(value) -> Past:
    past = fields(value, "past", Past._fields)
    return Past(*(unhex(past[name], name) for name in Past._fields))


def finality_of(value, count_max=None):
    """`count_max`: most signatures of a certificate."""
    by = value.get("by") if isinstance(value, dict) else None
    rest = {name: field for name, field in value.items() if name != "by"} if by is not None else None
    if by == "certificate":
        given = fields(rest, "finality", ("certificate",), ("validator_changes",))
        return Certified(certificate_of(given["certificate"], count_max), changes_of(given, count_max))
    if by == "sealed":
        return Sealed(hashes(fields(rest, "finality", ("path",))["path"], "path", 64 if count_max else ANY))
    if by == "history":
        return history_of(rest, count_max)
    raise Malformed("finality is none of certificate, sealed, history")


def changes_of(given, count_max):
    return [change_of(c, count_max) for c in items_or_left_out(given, "validator_changes", ANY)]


def history_of(value, count_max=None) -> History:
    given = fields(value, "history proof", ("path", "past", "header", "certificate"), ("validator_changes",))
    certificate = certificate_of(given["certificate"], count_max)
    changes = changes_of(given, count_max)
    path = hashes(given["path"], "path", 64 if count_max else ANY)
    return History(path, past_of(given["past"]), header_of(given["header"]), certificate, changes)


# Records: member.md


def record_of(value) -> Record:
    names = ("id", "name", "standing", "since", "issuer_ids", "disputed", "rest")
    given = fields(value, "record", names)
    terms = []
    for term in items(given["issuer_ids"], "issuer_ids", ANY):
        term = fields(term, "issuer id", ("id", "from"), ("until",))
        if not isinstance(term["id"], str) or normal_issuer_id(term["id"]) != term["id"]:
            raise Malformed("an issuer id is not in normal form")
        terms.append((term["id"], *range_of(term)))
    ranges = [range_of(fields(r, "range", ("from", "until"))) for r in items(given["disputed"], "disputed", ANY)]
    return Record(
        member_id(given["id"]), string(given["name"], "name"), word(given["standing"], "standing", STANDINGS),
        integer(given["since"], "since", 64), terms, ranges, unhex(given["rest"], "rest"),
    )  # fmt: skip


def range_of(value):
    until = integer(value["until"], "until", 64) if "until" in value else None
    return integer(value["from"], "from", 64), until


def record_proof_of(value) -> RecordProof:
    given = fields(value, "member", RecordProof._fields)
    index, count = (integer(given[name], name, 64) for name in ("index", "count"))
    return RecordProof(record_of(given["record"]), index, count, hashes(given["path"], "path", ANY))


def check_record(record: Record):
    """The limits of a record."""
    text(record.name, "name", 128)
    if len(record.issuer_ids) > 32 or len(record.disputed) > 8:
        raise Malformed("a list of the record is too long")


def rest_of(value) -> Rest:
    given = fields(value, "rest", Rest._fields)
    keys = []
    for key in items(given["keys"], "keys", ANY):
        key = fields(key, "key", ("purpose", "key", "from"), ("until",))
        keys.append((word(key["purpose"], "purpose", PURPOSES), tagged(key["key"], "key", 32), *range_of(key)))
    heads = []
    for name, number, hash_ in (
        ("issuing", "next_sequence", "last_batch"), ("governance", "next_sequence", "last_batch"),
        ("events", "count", "head"),
    ):  # fmt: skip
        head = fields(given[name], name, (number, hash_))
        heads.append((integer(head[number], number, 64), unhex(head[hash_], hash_)))
    revoked = fields(given["revoked"], "revoked", ("day", "count"))
    return Rest(
        word(given["role"], "role", ROLES), integer(given["governance_threshold"], "governance_threshold", 8), keys,
        *heads, tuple(integer(revoked[name], name, 32) for name in ("day", "count")),
        [string(address, "address") for address in items(given["addresses"], "addresses", ANY)],
        [rest_fact_of(fact) for fact in items(given["facts"], "facts", ANY)],
    )  # fmt: skip


def rest_fact_of(value):
    fact = fields(value, "fact", ("name", "value"))
    return string(fact["name"], "fact"), string(fact["value"], "fact")


def check_rest(rest: Rest):
    """The limits of a rest."""
    if len(rest.keys) > 1024 or len(rest.addresses) > 8 or len(rest.facts) > 16:
        raise Malformed("a list of the rest is too long")
    for given in rest.addresses + [part for fact in rest.facts for part in fact]:
        text(given, "address or fact", 255)


# Files


def read_receipt(data: bytes) -> Receipt:
    """receipt.md, "JSON encoding"."""
    file = fields(parse_json(data, RECEIPT_BYTES_MAX), "receipt", ("format", "document", "opening", "proof"))
    if file["format"] != RECEIPT_FORMAT:
        raise Malformed(f"not of the format {RECEIPT_FORMAT}")
    proof = proof_of(file["proof"])
    if proof.issuer.count > MEMBERS_MAX:
        raise Malformed(f"{proof.issuer.count} members")
    receipt = Receipt(word(file["document"], "document", KINDS), opening_of(file["opening"]), proof)
    check_record(proof.issuer.record)
    if len(proof.issuer.path) > 64:
        raise Malformed("a path is too long")
    if EVENTS[proof.entry.event] != "issue":
        raise Malformed("the entry is not an issuance")
    if len(getattr(proof.finality, "changes", ())) > CHANGES_MAX:
        raise TooManyChanges()
    return receipt


def proof_of(value) -> Proof:
    given = fields(value, "proof", Proof._fields)
    finality = finality_of(given["finality"], VALIDATORS_MAX)
    return Proof(
        entry=entry_of(given["entry"]),
        index=integer(given["index"], "index", 64),
        log_path=hashes(given["log_path"], "log_path"),
        status_leaf=unhex(given["status_leaf"], "status_leaf", STATUS_LEAF_BYTES),
        status_path=hashes(given["status_path"], "status_path"),
        issuer=record_proof_of(given["issuer"]),
        others_root=unhex(given["others_root"], "others_root"),
        header=header_of(given["header"]),
        finality=finality,
    )


def entry_of(value) -> Entry:
    entry = fields(value, "entry", ("issuer", "event"))
    kind = entry["event"].get("kind") if isinstance(entry["event"], dict) else None
    event = word(kind, "kind", EVENTS)
    if kind not in ("issue", *TARGETS):
        # Governance: no receipt is of it, so its body is not looked at.
        return Entry(event, member_id(entry["issuer"]), b"")
    given = fields(entry["event"], "event", ("kind", "target" if event else "commitment"))
    body = integer(given["target"], "target", 64) if event else unhex(given["commitment"], "commitment")
    return Entry(event, member_id(entry["issuer"]), body)


def opening_of(value):
    form = value.get("form") if isinstance(value, dict) else None
    if form == "full":
        given = fields(value, "opening", ("form", "secret"), ("summary",))
        return Full(unhex(given["secret"], "secret"), summary_of(given["summary"]) if "summary" in given else None)
    if form == "paper":
        given = fields(value, "opening", ("form", "summary_key", "summary", "content"))
        key, content = unhex(given["summary_key"], "summary_key"), unhex(given["content"], "content")
        return Paper(key, summary_of(given["summary"]), content)
    if form == "closed-summary":
        given = fields(value, "opening", ("form", "content_key", "summary"))
        return ClosedSummary(unhex(given["content_key"], "content_key"), unhex(given["summary"], "summary"))
    raise Malformed("opening is none of full, paper, closed-summary")


def summary_of(value):
    """commitment.md, "Summary", the JSON form."""
    if not isinstance(value, dict):
        raise Malformed("summary is not an object")
    for label in value:
        if label not in LABELS:
            raise NewerVerifier(f"the label {ascii(label)} of the summary")
    return check_summary(sorted((LABELS.index(label), given) for label, given in value.items()))


def check_summary(summary):
    if not 1 <= len(summary) <= 8 or not ascends([label for label, _ in summary]):
        raise Malformed("a summary has 1 to 8 labels in strictly ascending order")
    for label, given in summary:
        text(given, LABELS[label], 240)
        if LABELS[label] in ("awarded_on", "valid_until") and not re.fullmatch(r"\d{4}-\d\d-\d\d", given, re.A):
            raise Malformed(f"{LABELS[label]} is not a date")
    if 1 + sum(2 + len(given.encode()) for _, given in summary) > 240:
        raise Malformed("the summary is longer than 240 bytes")
    return summary


def read_trust_json(data: bytes) -> TrustFile:
    """trust-file.md"""
    names = ("format", "genesis", "anchor", "seals", "remainder")
    file = fields(parse_json(data, TRUST_BYTES_MAX), "trust file", names, ("validator_changes",))
    if file["format"] != TRUST_FORMAT:
        raise Malformed("not a trust file")
    changes = []
    for item in items_or_left_out(file, "validator_changes", ANY):
        item = dict(fields(item, "validator change", Change._fields + ("path",)))
        path = hashes(item.pop("path"), "path", ANY)
        changes.append((change_of(item), path))
    anchor = fields(file["anchor"], "anchor", ("header", "certificate", "past"))
    return TrustFile(
        genesis_of(file["genesis"]), changes, header_of(anchor["header"]), certificate_of(anchor["certificate"]),
        past_of(anchor["past"]), hashes(file["seals"], "seals", ANY), hashes(file["remainder"], "remainder", ANY),
    )  # fmt: skip


def read_history(data: bytes) -> History:
    """history.md"""
    return history_of(parse_json(data, PROOF_BYTES_MAX))


def read_evidence(data: bytes):
    """evidence.md: the kind and what it names."""
    file = fields(parse_json(data, EVIDENCE_BYTES_MAX), "evidence file", ("format", "statements"))
    if file["format"] != EVIDENCE_FORMAT:
        raise Malformed("not an evidence file")
    given = file["statements"]
    kind = given.get("kind") if isinstance(given, dict) else None
    if kind == "equivocation":
        given = fields(given, "statements", ("kind", "signed"), ("decided",))
        return kind, [signed_of(given["signed"]), statement_of(given["decided"]) if "decided" in given else None]
    readers = FORKS.get(kind) if isinstance(kind, str) else None
    if readers is None:
        raise Malformed("not a kind of evidence")
    given = fields(given, "statements", ("kind",) + tuple(readers))
    return kind, [read(given[name]) for name, read in readers.items()]


def signed_of(value) -> Equivocation:
    given = fields(value, "signed", ("key", "height", "round", "statement", "first", "second"))
    return Equivocation(
        tagged(given["key"], "key", 32), integer(given["height"], "height", 64), integer(given["round"], "round", 32),
        word(given["statement"], "statement", STATEMENTS), said_of(given["first"]), said_of(given["second"]),
    )  # fmt: skip


def said_of(value):
    given = fields(value, "statement", ("signature",), ("block", "valid_round"))
    block = None
    if "block" in given:
        block = fields(given["block"], "block", ("hash", "round"))
        block = (unhex(block["hash"], "hash"), integer(block["round"], "round", 32))
    valid_round = integer(given["valid_round"], "valid_round", 32) if "valid_round" in given else None
    return block, valid_round, tagged(given["signature"], "signature", 64)


def statement_of(value):
    """A header and its finality."""
    given = fields(value, "statement", ("header", "finality"))
    return header_of(given["header"]), finality_of(given["finality"])


def read_consistency(data: bytes) -> Consistency:
    """consistency.md"""
    return consistency_of(parse_json(data, PROOF_BYTES_MAX))


def consistency_of(value) -> Consistency:
    file = fields(value, "consistency proof", ("format",) + Consistency._fields)
    if file["format"] != CONSISTENCY_FORMAT:
        raise Malformed("not a consistency proof")
    heads = []
    for name in ("older", "newer"):
        head = fields(file[name], name, ("size", "root"))
        heads.append((integer(head["size"], "size", 64), unhex(head["root"], "root")))
    paths = (hashes(file[name], name, ANY) for name in ("path", "head_path"))
    return Consistency(*heads, *paths, header_of(file["header"]), finality_of(file["finality"]))


def read_completeness_head(line: bytes):
    """completeness.md: the member proof and the rest."""
    file = fields(parse_json(line, LINE_BYTES_MAX), "head", ("format", "proof", "rest"))
    if file["format"] != COMPLETENESS_FORMAT:
        raise Malformed("not a completeness proof")
    return member_proof_of(file["proof"]), rest_of(file["rest"])


def member_proof_of(value) -> MemberProof:
    given = fields(value, "member proof", MemberProof._fields)
    roots = (unhex(given[name], name) for name in ("status_root", "others_root"))
    header, finality = header_of(given["header"]), finality_of(given["finality"])
    return MemberProof(record_proof_of(given["member"]), *roots, header, finality)


def read_entry_run(line: bytes):
    run = fields(parse_json(line, LINE_BYTES_MAX), "entry run", ("first_index", "entries"))
    entries = items(run["entries"], "entries", ANY)
    if not all(isinstance(e, str) and re.fullmatch("(?:[0-9a-f]{2})*", e) for e in entries):
        raise Malformed("an entry is not hexadecimal")
    return integer(run["first_index"], "first_index", 64), [bytes.fromhex(e) for e in entries]


FORKS = {
    "heights": {"one": statement_of, "other": statement_of},
    "revocation": {"revoked": proof_of, "later": proof_of},
    "log": {"older": statement_of, "newer": consistency_of},
}
