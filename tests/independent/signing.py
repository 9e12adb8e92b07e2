"""Signing requests: docs/formats/signing-request.md, with the events of governance.md in their JSON form."""

from typing import NamedTuple

from binary import Fault
from ed25519 import signature_holds
from layout import (
    EVENTS, GOVERNANCE, MEMBERS_MAX, PARTS, PURPOSES, ROLES, STANDINGS, STATEMENTS, TARGETS, VALIDATORS_MAX, Tree, derive,
    encode_parameters, list32, option, state_root, tag, text8, u8, u64,
)  # fmt: skip
from reading import ascends, fact_of, finality_of, header_of, member_of, normal_issuer_id, parameters_of, version_of
from strict import Malformed, fields, integer, items, member_id, parse_json, string, tagged, unhex, word
from trust import Trust, check_final

REQUEST_BYTES_MAX = 4 << 20
REQUEST_FORMAT = "sanad-signing-request/v1"
CHAINS = ("issuing", "governance", "freeze")
OUTCOMES = ("executed", "withdrawn", "expired", "void")
EVENTS_MAX = 4096


class Request(NamedTuple):
    chain_id: bytes
    batch_id: bytes
    keys: list
    threshold: int
    governance: object  # what is proved of governance, or None
    signatures: list


# Encodings from JSON forms. Each encoder takes a value and gives its bytes.


def number(bits):
    return lambda value: integer(value, "a number", bits).to_bytes(bits // 8, "big")


def hash_(value):
    return unhex(value, "a hash")


def key(value):
    return tag(tagged(value, "a key", 32))


def signature(value):
    return tag(tagged(value, "a signature", 64))


def id_(value):
    return text8(member_id(value))


def short_text(value):
    if len(string(value, "a text").encode()) > 255:
        raise Malformed("a text is too long")
    return text8(value)


def one_of(words):
    return lambda value: u8(word(value, "a word", words))


def many(encode, count_max):
    return lambda value: list32(items(value, "a list", count_max), encode)


def maybe(encode):
    """Of a field that may be left out."""

    def encode_option(value):
        return option(value, encode)

    encode_option.may_be_left_out = True
    return encode_option


def flag(value):
    """`true`, or left out."""
    if value is not None and value is not True:
        raise Malformed("a flag is neither true nor left out")
    return u8(value is True)


flag.may_be_left_out = True


def of(**shape):
    """Of an object with these fields, in this order; `from_` stands for `from`."""
    shape = {name.rstrip("_"): encode for name, encode in shape.items()}
    optional = tuple(name for name, encode in shape.items() if hasattr(encode, "may_be_left_out"))
    required = tuple(name for name in shape if name not in optional)

    def encode(value):
        given = fields(value, "an object", required, optional)
        if any(given[name] is None for name in given):
            raise Malformed("null stands for nothing")
        return b"".join(encode_one(given.get(name)) for name, encode_one in shape.items())

    return encode


def tagged_by(name, shapes):
    """Of an object whose field `name` says which one it is: its tag, and then its fields."""
    words = list(shapes)

    def encode(value):
        code = word(value.get(name) if isinstance(value, dict) else None, name, words)
        rest = {field: given for field, given in value.items() if field != name}
        return u8(code) + shapes[words[code]](rest)

    return encode


def issuer_id(value):
    if not isinstance(value, str) or normal_issuer_id(value) != value:
        raise Malformed("an issuer id that is not in its normal form")
    return text8(value)


def protocol(value):
    return bytes(version_of(value))


def fact(value):
    return b"".join(map(text8, fact_of(value)))


NEW_KEY = of(key=key, possession=signature)
STATEMENT = of(block=maybe(of(hash=hash_, round=number(32))), valid_round=maybe(number(32)), signature=signature)
EQUIVOCATION = of(
    key=key, height=number(64), round=number(32), statement=one_of(STATEMENTS), first=STATEMENT, second=STATEMENT
)
CHANGE = tagged_by(
    "change",
    {
        "admit": of(member=lambda value: member_of(value).encode(), possession=many(signature, 8)),
        "set-role": of(member=id_, role=one_of(ROLES)),
        "amend": of(member=id_, name=maybe(short_text), facts=maybe(many(fact, 16))),
        "suspend": of(member=id_),
        "lift": of(member=id_),
        "retire": of(member=id_),
        "name-successor": of(member=id_, successor=id_),
        "replace-governance-keys": of(member=id_, keys=many(key, 5), threshold=number(8), possession=many(signature, 5)),
        "add-issuer-id": of(member=id_, issuer_id=issuer_id),
        "set-validators": of(validators=many(id_, VALIDATORS_MAX), fewer_than_four=flag),
        "set-parameters": of(block_bytes_max=number(32), heartbeat_ms=number(32)),
        "activate-protocol": of(protocol=protocol, height=number(64)),
    },
)
PROPOSAL = of(change=CHANGE, expires=number(64), effective=number(64))
BODIES = {
    "issue": of(commitment=hash_),
    "rotate-key": of(purpose=one_of(PURPOSES), new=NEW_KEY),
    "set-addresses": of(addresses=many(short_text, 8)),
    "drop-issuer-id": of(issuer_id=issuer_id),
    "declare-compromise": of(key=key, from_=number(64), replacement=maybe(NEW_KEY)),
    "propose": PROPOSAL,
    "approve": of(proposal=hash_),
    "withdraw": of(proposal=hash_),
    "freeze": of(),
    "record-evidence": of(member=id_, equivocation=EQUIVOCATION),
    "rejoin": of(key=key, nonce=hash_),
    **dict.fromkeys(TARGETS, of(target=number(64))),
}
EVENT = tagged_by("kind", {kind: BODIES[kind] for kind in EVENTS})
OCCASION = of(height=number(64), round=number(32), statement=one_of(STATEMENTS))
ITEM = tagged_by(
    "item",
    {
        "open": of(
            id=hash_, proposer=id_, proposed=number(64), proposal=PROPOSAL, approvals=many(id_, MEMBERS_MAX),
            passed=maybe(number(64)),
        ),
        "closed": of(height=number(64), id=hash_, outcome=one_of(OUTCOMES)),
        "pending-key": of(member=id_, key=key, height=number(64)),
        "successor": of(member=id_, successor=id_),
        "freeze": of(member=id_, count=number(64), before=maybe(one_of(STANDINGS))),
        "evidence": of(member=id_, occasions=many(OCCASION, 64)),
        "rejoin": of(member=id_, key=key, nonce=hash_, height=number(64)),
    },
)  # fmt: skip


def chain_of(kind: str) -> str:
    """batch.md, step 3."""
    if kind == "freeze":
        return "freeze"
    return "issuing" if kind in ("issue", "revoke", "suspend", "reinstate") else "governance"


def read_request(data: bytes) -> Request:
    """Everything but what needs a genesis or trust file."""
    names = ("format", "chain_id", "member", "chain", "sequence", "previous", "events", "keys", "threshold", "signatures")
    file = fields(parse_json(data, REQUEST_BYTES_MAX), "signing request", names, ("governance",))
    if file["format"] != REQUEST_FORMAT:
        raise Malformed("not a signing request")
    events, chain = items(file["events"], "events", EVENTS_MAX), word(file["chain"], "chain", CHAINS)
    encoded = [EVENT(event) for event in events]
    if CHAINS[chain] == "issuing" or not events or any(chain_of(event["kind"]) != CHAINS[chain] for event in events):
        raise Malformed("no events, or not all of the chain")
    if CHAINS[chain] == "freeze" and len(events) > 1:
        raise Malformed("one freeze at a time")
    keys = [tagged(given, "key", 32) for given in items(file["keys"], "keys", 5)]
    threshold = integer(file["threshold"], "threshold", 8)
    if not ascends(keys) or not 1 <= threshold <= len(keys):
        raise Malformed("keys and threshold do not fit together")
    governance = governance_of(file["governance"]) if "governance" in file else None
    open_ = [item["id"] for item in governance.items if item["item"] == "open"] if governance else []
    if any(event["kind"] in ("approve", "withdraw") and event["proposal"] not in open_ for event in events):
        raise Malformed("a vote on a proposal that is not shown")
    chain_id = hash_(file["chain_id"])
    place = id_(file["member"]) + u8(chain) + number(64)(file["sequence"]) + hash_(file["previous"])
    batch_id = derive("sanad/v1 batch", u8(1) + chain_id + place + list32(encoded))
    signatures = [signed_of(given) for given in items(file["signatures"], "signatures", 5)]
    if not ascends([signer for signer, _ in signatures]):
        raise Malformed("a key has signed twice, or the signatures are out of order")
    for signer, given in signatures:
        if signer not in keys or not signature_holds(signer, given, b"sanad/v1 batch signature" + batch_id):
            raise Malformed("a signature of a stranger, or of something else")
    return Request(chain_id, batch_id, keys, threshold, governance, signatures)


def signed_of(value):
    given = fields(value, "signature", ("key", "signature"))
    return tagged(given["key"], "key", 32), tagged(given["signature"], "signature", 64)


class Governance(NamedTuple):
    items: list
    parameters: tuple
    status_root: bytes
    members_root: bytes
    header: object
    finality: object


def governance_of(value) -> Governance:
    given = fields(value, "governance", Governance._fields)
    for item in items(given["items"], "items", 1 << 20):
        ITEM(item)
    roots = (unhex(given[name], name) for name in ("status_root", "members_root"))
    return Governance(
        given["items"], parameters_of(given["parameters"]), *roots, header_of(given["header"]), finality_of(given["finality"])
    )


def verify_request(trust: Trust, request: Request):
    """What a signer checks with its genesis or trust file. Raises Fault."""
    if request.chain_id != trust.chain_id:
        raise Fault("chain", "foreign-chain", "for another consortium")
    given = request.governance
    if given is None:
        return
    check_final(trust, given.header, given.finality)
    leaves = [GOVERNANCE.leaf(encoded) for _, encoded in sorted((key_of(item), ITEM(item)) for item in given.items)]
    governance = u64(len(leaves)) + (root(GOVERNANCE, leaves) if leaves else bytes(32))
    parameters = u64(1) + derive("sanad/v1 parameters", encode_parameters(given.parameters))
    parts = [governance, parameters] + [bytes(40)] * 6
    others = root(PARTS, [PARTS.leaf(u8(number_) + part) for number_, part in enumerate(parts)])
    if state_root(given.status_root, given.members_root, others) != given.header.state_root:
        raise Fault("state", "tampered", "what is voted on is not what the block has")


def key_of(item) -> bytes:
    """governance.md, "What the state keeps": in which order items stand."""
    code = u8(ITEM(item)[0])
    if item["item"] == "open":
        return code + hash_(item["id"])
    if item["item"] == "closed":
        return code + u64(item["height"]) + hash_(item["id"])
    return code + item["member"].encode()


def root(tree: Tree, leaves) -> bytes:
    """RFC 6962, 2.1."""
    if len(leaves) == 1:
        return leaves[0]
    split = 1 << (len(leaves) - 1).bit_length() - 1
    return tree.node(root(tree, leaves[:split]), root(tree, leaves[split:]))
