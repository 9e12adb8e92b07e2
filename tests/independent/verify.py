#!/usr/bin/env python3
"""Checks Sanad receipts and proofs, offline: document + receipt + genesis or trust file -> finding.

An implementation of its own, written from docs/formats/ and not from the Rust code. Needs Python 3.9 and, from PyPI,
`blake3` and `cryptography`.
"""

import argparse
import datetime
import json
import os
import re
import sys
import time

from binary import RECEIPT_MAGIC, TRUST_MAGIC, Fault, read_binary_receipt, read_entry, read_trust_binary
from document import DOCUMENT_BYTES_MAX, DocumentNeeded, check_document, contradictions, named_issuer, open_summary
from ed25519 import signature_holds
from layout import (
    BY_OTHERS, EVENTS, KINDS, LOG, MEMBERS, MEMBERS_MAX, STANDINGS, STATEMENTS, STATUS, STATUSES, STATUSES_PER_LEAF, TARGETS, Certified, Sealed, derive,
    is_consistent, members_root, root_of, state_root, statement_message, u64,
)  # fmt: skip
from reading import (
    COMPLETENESS_FORMAT, CONSISTENCY_FORMAT, EVIDENCE_FORMAT, GENESIS_BYTES_MAX, LABELS, PROOF_BYTES_MAX, RECEIPT_BYTES_MAX, RECEIPT_FORMAT,
    TRUST_BYTES_MAX, Consistency, Paper, Proof, TooManyChanges, check_rest, header_of, normal_issuer_id, read_completeness_head,
    read_consistency, read_entry_run, read_evidence, read_genesis, read_history, read_receipt, read_trust_json,
)  # fmt: skip
from reading import check_record as check_record_limits
from strict import Malformed, NewerVerifier, parse_json
from trust import Trust, check_final, check_form, of_genesis, of_trust_file

# docs/formats/finding.md, "Words", in rising gravity, with their exit codes
WORDS = {
    "active": 0, "confirmed": 0, "proved": 0, "stale": 1, "suspended": 1, "disputed": 1, "revoked": 1, "tampered": 1,
    "not-proven": 1, "needs-history-path": 1, "foreign-chain": 1, "could-not-be-checked": 2, "renew": 2, "needs-trust-file": 2,
    "needs-newer-verifier": 2,
}  # fmt: skip
GRAVITY = {word: place for place, word in enumerate(WORDS)}


# Receipts: receipt.md, "Verification"


def verify(trust: Trust, receipt, document) -> dict:
    """The finding for a receipt that was read. Raises Fault with the first check that stops it, or DocumentNeeded."""
    finding = blank()
    try:
        steps(finding, trust, receipt, document)
    except Fault as e:
        conclude(finding, e)
    return finding


def blank() -> dict:
    names = ("verdict", "reason", "rests_on", "as_of", "existed_by", "form", "issuer", "log_index", "commitment")
    return {**dict.fromkeys(names), "summary": None, "signers": [], "validators": 0, "checks": [], "not_proved": []}


def conclude(finding: dict, fault: Fault):
    finding["checks"].append({"part": fault.part, "holds": False, "detail": fault.reason})
    if finding["verdict"] is None or GRAVITY[fault.word] > GRAVITY[finding["verdict"]]:
        finding["verdict"], finding["reason"] = fault.word, f"{fault.part}: {fault.reason}"


def steps(finding: dict, trust: Trust, receipt, document):
    proof = receipt.proof
    status = prove(finding, trust, proof)
    header, record = proof.header, proof.issuer.record
    said = check_document(trust.chain_id, record.id, proof.entry.body, receipt, document)
    summary = open_summary(receipt.opening)
    if summary is not None:
        finding["summary"] = {LABELS[label]: value for label, value in summary}
    if isinstance(receipt.opening, Paper):
        finding["not_proved"].append("document not seen")
        hold(finding, "summary")
    else:
        hold(finding, "document")
    finding["verdict"] = status
    if summary is not None and said is not None and KINDS[receipt.document] == "json":
        labels = contradictions(summary, said)
        if labels:
            reason = f"the issuer's summary contradicts the document: {', '.join(labels)}"
            conclude(finding, Fault("summary", "not-proven", reason))
        else:
            hold(finding, "summary")
    check_issuer_id(finding, receipt, said)
    finding["not_proved"].append(f"the status after block {header.height}")


def prove(finding: dict, trust: Trust, proof) -> str:
    """Steps 2 to 6: the credential status."""
    header, record = proof.header, proof.issuer.record
    form = {Certified: "certificate", Sealed: "sealed"}.get(type(proof.finality), "history")
    finding["form"] = form
    basis = check_final(trust, header, proof.finality)
    hold(finding, *("header", "chain") + (("history",) if form == "sealed" else ("validators", "certificate")))
    if form == "history":
        hold(finding, "history")
    finding["rests_on"] = trust.rests_on()
    as_of = {"height": header.height, "time_ms": header.time_ms, "time": time_text(header.time_ms)}
    finding["as_of"] = as_of
    finding["signers"], finding["validators"] = basis

    if proof.entry.event != EVENTS.index("issue"):
        raise Fault("inclusion", "not-proven", f"the entry is {EVENTS[proof.entry.event]}, not an issuance")
    leaf = LOG.leaf(proof.entry.encode())
    if root_of(LOG, leaf, proof.index, header.log_size, proof.log_path) != header.log_root:
        raise Fault("inclusion", "tampered", "the entry is not in the log at that index")
    hold(finding, "inclusion")
    finding["log_index"], finding["commitment"] = proof.index, proof.entry.body.hex()
    finding["existed_by"] = time_text(header.time_ms + 1000 + 5000 * 2 ** min(max(header.round - 4, 0), 12))

    if record.id != proof.entry.issuer:
        raise Fault("issuer", "tampered", "the record is of another member than the entry's issuer")
    members = check_record(proof.issuer)
    leaves, at = -(-header.log_size // STATUSES_PER_LEAF), proof.index // STATUSES_PER_LEAF
    statuses = root_of(STATUS, STATUS.leaf(proof.status_leaf), at, leaves, proof.status_path)
    if statuses is None:
        raise Fault("status", "tampered", "the path of the status leaf does not fit its place")
    check_state(header, statuses, members, proof.others_root)
    hold(finding, "issuer", "status", "state")
    standing = STANDINGS[record.standing]
    finding["issuer"] = {"id": record.id, "name": record.name, "standing": standing, "since": record.since}
    bits = proof.status_leaf[proof.index % 256 // 4] >> 2 * (proof.index % 4) & 3
    return credential_status(bits, proof.index, record)


def check_issuer_id(finding: dict, receipt, said):
    proof = receipt.proof
    named = named_issuer(receipt.document, said)
    if named is None:
        finding["not_proved"].append("that the issuer whom the document names is this member: it names none")
        return
    normal = normal_issuer_id(named)
    terms = proof.issuer.record.issuer_ids
    if any(id_ == normal and f <= proof.index and (u is None or proof.index < u) for id_, f, u in terms):
        hold(finding, "issuer-id")
    else:
        reason = f"the document names the issuer {ascii(named)}, which is not an issuer id of {proof.issuer.record.id}"
        conclude(finding, Fault("issuer-id", "not-proven", reason))


def hold(finding: dict, *parts):
    finding["checks"] += [{"part": part, "holds": True} for part in parts]


def check_record(proof) -> bytes:
    """member.md, "Verification of a record", steps 1 and 2: `M`."""
    try:
        check_record_limits(proof.record)
    except Malformed as e:
        raise Fault("issuer", "tampered", str(e)) from None
    if proof.count > MEMBERS_MAX:
        raise Fault("issuer", "tampered", f"{proof.count} members")
    root = root_of(MEMBERS, MEMBERS.leaf(proof.record.encode()), proof.index, proof.count, proof.path)
    if root is None:
        raise Fault("issuer", "tampered", "the path of the record does not fit its place")
    return members_root(proof.count, root)


def check_state(header, statuses: bytes, members: bytes, others: bytes):
    if state_root(statuses, members, others) != header.state_root:
        raise Fault("state", "tampered", "status and record are not those of the block")


def credential_status(bits: int, index: int, record) -> str:
    """trees.md, "Status"."""
    status = STATUSES[bits]
    disputed = any(from_ <= index < until for from_, until in record.disputed)
    return "disputed" if status == "active" and disputed else status


# Other proofs


def verify_history(trust: Trust, older, proof):
    """history.md"""
    check_form(trust, older)
    check_final(trust, older, proof)


def verify_consistency(trust: Trust, proof):
    """consistency.md"""
    check_final(trust, proof.header, proof.finality)
    head = (proof.header.log_size, proof.header.log_root)
    if not is_consistent(LOG, *proof.newer, *head, proof.head_path):
        raise Fault("log", "tampered", "the newer log does not begin that of the header")
    if not is_consistent(LOG, *proof.older, *proof.newer, proof.path):
        raise Fault("log", "tampered", "the older log does not begin the newer one")


def verify_member(trust: Trust, proof):
    """member.md, "Verification of a record"."""
    check_final(trust, proof.header, proof.finality)
    check_state(proof.header, proof.status_root, check_record(proof.member), proof.others_root)


def verify_evidence(trust: Trust, kind: str, statements):
    """evidence.md"""
    if kind == "equivocation":
        return verify_equivocation(trust, *statements)
    one, other = statements
    if kind == "heights":
        (header, _), (rival, _) = one, other
        contradiction = header.height == rival.height and header.hash() != rival.hash()
    elif kind == "revocation":
        same = (one.index, one.entry) == (other.index, other.entry) and one.header.height < other.header.height
        contradiction = same and read_status(one) == "revoked" != read_status(other)
    else:
        header, _ = one
        contradiction = header.log_size == other.older[0] and header.log_root != other.older[1]
    if not contradiction:
        raise Fault("history", "not-proven", "the two statements can be of one chain")
    for statement in statements:
        if isinstance(statement, Consistency):
            verify_consistency(trust, statement)
        elif isinstance(statement, Proof):
            prove(blank(), trust, statement)
        else:
            check_form(trust, statement[0])
            check_final(trust, *statement)


def verify_equivocation(trust: Trust, signed, decided) -> str:
    """evidence.md, "One validator": the member."""
    if decided is not None and decided[0].height != signed.height:
        raise Fault("history", "not-proven", "the final header is of another height")
    messages = []
    for block, valid_round, _ in (signed.first, signed.second):
        if block is None if STATEMENTS[signed.statement] == "proposal" else valid_round is not None:
            raise Fault("history", "not-proven", "not a statement of its kind")
        at = (signed.height, signed.round)
        messages.append(statement_message(trust.chain_id, signed.statement, *at, valid_round, block))
    if messages[0] == messages[1]:
        raise Fault("history", "not-proven", "the two statements agree")
    for message, (_, _, signature) in zip(messages, (signed.first, signed.second)):
        if not signature_holds(signed.key, signature, message):
            raise Fault("history", "not-proven", "a statement is not signed by the key")
    if decided is not None:
        check_final(trust, *decided)
        changes = getattr(decided[1], "changes", ())
        known = [change.next for change in reversed(changes)] + list(reversed(trust.sets))
        sets = [each for each in known if each.hash() == decided[0].validators_hash]
    elif trust.header is None:
        sets = [trust.sets[0]] if signed.height == 1 else []
    else:
        sets = [trust.set_at(signed.height)] if signed.height <= trust.header.height + 1 else []
    if not sets:
        raise Fault("validators", "not-proven", f"who decides height {signed.height} is not proved")
    holders = [member for member, key in sets[0].validators if key == signed.key]
    if not holders:
        raise Fault("validators", "not-proven", "the key was not one of a validator")
    return holders[0]


def read_status(proof) -> str:
    bits = proof.status_leaf[proof.index % 256 // 4] >> 2 * (proof.index % 4) & 3
    return credential_status(bits, proof.index, proof.issuer.record)


class Completeness:
    """completeness.md, line by line."""

    def __init__(self, trust: Trust, proof, rest):
        verify_member(trust, proof)
        self.record, self.size = proof.member.record, proof.header.log_size
        try:
            check_rest(rest)
        except Malformed as e:
            raise Fault("issuer", "tampered", str(e)) from None
        if rest.hash() != self.record.rest:
            raise Fault("issuer", "tampered", "the rest is not the one that the record names")
        self.count, self.head = rest.events
        self.seen, self.folded, self.end, self.statuses = 0, bytes(32), 0, {}

    def add(self, first_index: int, entries):
        if not entries:
            raise Fault("encoding", "tampered", "a line without entries")
        if self.seen + len(entries) > self.count:
            raise Fault("entries", "tampered", f"more than the {self.count} entries that the record counts")
        for index, data in enumerate(entries, first_index):
            if not self.end <= index < self.size:
                raise Fault("entries", "tampered", f"an entry at log index {index} is out of order")
            try:
                entry = read_entry(data)
            except Malformed as e:
                raise Fault("entries", "tampered", f"the entry at log index {index}: {e}") from None
            if entry.issuer != self.record.id and EVENTS[entry.event] not in BY_OTHERS:
                raise Fault("entries", "tampered", f"the entry at log index {index} is by {entry.issuer}")
            self.folded = derive("sanad/v1 member events", self.folded + u64(index) + LOG.leaf(data))
            self.seen, self.end = self.seen + 1, index + 1
            self.enter(index, entry)

    def enter(self, index: int, entry):
        """entry.md, "Rules"."""
        event = EVENTS[entry.event]
        if event == "issue":
            self.statuses[index] = "active"
            return
        if event not in TARGETS or (event == "revoke-as-successor" and entry.issuer == self.record.id):
            return
        allowed = {
            "revoke": ("active", "suspended", "confirmed"), "suspend": ("active", "confirmed"), "reinstate": ("suspended",),
            "confirm": ("active", "suspended"),
        }  # fmt: skip
        event = "revoke" if event.startswith("revoke") else event
        if self.statuses.get(entry.body) not in allowed[event]:
            raise Fault("entries", "tampered", f"log index {index}: {event} of {entry.body} is against the rules")
        self.statuses[entry.body] = {
            "revoke": "revoked", "suspend": "suspended", "reinstate": "active", "confirm": "confirmed",
        }[event]  # fmt: skip

    def finish(self) -> dict:
        """The credential status of each log index."""
        if self.seen != self.count:
            raise Fault("entries", "not-proven", f"{self.seen} entries of {self.count}")
        if self.folded != self.head:
            raise Fault("entries", "tampered", "not the entries that the record was made with")
        read = {index: STATUSES.index(status) for index, status in self.statuses.items()}
        return {index: credential_status(bits, index, self.record) for index, bits in read.items()}


def verify_completeness(trust: Trust, data: bytes) -> dict:
    lines = data.split(b"\n")
    proof, rest = read_completeness_head(lines[0])
    verifier = Completeness(trust, proof, rest)
    if lines.pop() != b"":
        raise Fault("encoding", "tampered", "the last line has no end")
    for line in lines[1:]:
        try:
            run = read_entry_run(line)
        except Malformed as e:
            raise Fault("encoding", "tampered", str(e)) from None
        verifier.add(*run)
    return verifier.finish()


# Bytes to findings


def find(trust: Trust, data: bytes, document) -> dict:
    """A finding for the bytes of a receipt. Raises Malformed if they do not claim to be one, or DocumentNeeded."""
    finding = blank()
    try:
        binary = data.startswith(RECEIPT_MAGIC)
        receipt = read_binary_receipt(data, trust) if binary else read_receipt(data)
    except NewerVerifier as e:
        conclude(finding, Fault("encoding", "needs-newer-verifier", str(e)))
    except TooManyChanges:
        conclude(finding, Fault("validators", "needs-trust-file", "more than 64 validator changes"))
    except Fault as e:
        conclude(finding, e)
    except Malformed as e:
        if not is_claimed(data):
            raise
        conclude(finding, Fault("encoding", "tampered", str(e)))
    else:
        return verify(trust, receipt, document)
    return finding


def is_claimed(data: bytes) -> bool:
    """Whether bytes say that they are a receipt, whatever else is wrong with them."""
    if len(data) > RECEIPT_BYTES_MAX:
        return False
    if data.startswith(RECEIPT_MAGIC):
        return True
    try:
        value = json.loads(data.decode(), object_pairs_hook=list)
    except (ValueError, RecursionError):
        return False
    pairs = value if isinstance(value, list) and data.lstrip(b" \t\n\r").startswith(b"{") else []
    return [member for name, member in pairs if name == "format"] == [RECEIPT_FORMAT]


def read_trust(data: bytes):
    """A trust file in either encoding."""
    if len(data) > TRUST_BYTES_MAX:
        raise Malformed(f"longer than {TRUST_BYTES_MAX} bytes")
    return read_trust_binary(data) if data.startswith(TRUST_MAGIC) else read_trust_json(data)


def find_proof(trust: Trust, data: bytes, older=None) -> dict:
    """A finding for a history, consistency, completeness or evidence file. Raises Malformed if the bytes are none of them."""
    first = re.search(rb'"format"\s*:\s*"([^"]*)"', data[: 1 << 20])
    format_ = first[1].decode("ascii", "replace") if first else None
    finding = {"verdict": "proved", "reason": None}
    try:
        if format_ == COMPLETENESS_FORMAT:
            statuses = list(verify_completeness(trust, data).values())
            finding["statuses"] = {status: statuses.count(status) for status in sorted(set(statuses))}
        elif format_ == CONSISTENCY_FORMAT:
            verify_consistency(trust, read_consistency(data))
        elif format_ == EVIDENCE_FORMAT:
            verify_evidence(trust, *read_evidence(data))
        elif older is not None:
            verify_history(trust, older, read_history(data))
        else:
            raise Malformed("not a proof; a history proof needs --header")
        finding["rests_on"] = trust.rests_on()
    except Fault as e:
        finding = {"verdict": e.word, "reason": f"{e.part}: {e.reason}"}
    return finding


# The program


def check(trust: Trust, document_file, receipt_file: str) -> dict:
    """A finding. Raises OSError where a file cannot be read, Malformed where there is nothing to check."""
    document = None
    if document_file is not None:
        document = read_file(document_file, DOCUMENT_BYTES_MAX)
        if len(document) > DOCUMENT_BYTES_MAX:
            raise Malformed(f"the document has more than {DOCUMENT_BYTES_MAX} bytes")
    try:
        return find(trust, read_file(receipt_file, RECEIPT_BYTES_MAX), document)
    except Malformed as e:
        raise Malformed(f"{receipt_file} is not a receipt: {e}") from None
    except DocumentNeeded:
        raise Malformed("the document is needed to check this receipt") from None


def read_file(name: str, bytes_max: int) -> bytes:
    """At most one byte more than the limit, so that the limit's own check refuses it."""
    with open(name, "rb") as file:
        return file.read(bytes_max + 1)


def time_text(time_ms: int) -> str:
    try:
        moment = datetime.datetime(1970, 1, 1) + datetime.timedelta(milliseconds=time_ms)
    except OverflowError:
        return f"{time_ms} ms after 1970"
    return moment.isoformat(timespec="milliseconds") + "Z"


def for_people(finding: dict) -> str:
    word = "active, confirmed" if finding["verdict"] == "confirmed" else finding["verdict"].replace("-", " ")
    if finding["reason"] is not None or "as_of" not in finding:
        return f"{printable(finding['target'])}: {word}: {printable(finding['reason'] or 'every check holds')}"
    as_of, issuer, rests_on = finding["as_of"], finding["issuer"], finding["rests_on"]
    signers = f"{len(finding['signers'])} of {finding['validators']} validators: {', '.join(finding['signers'])}"
    signed = "sealed: the status is old by construction" if finding["form"] == "sealed" else f"signed by {signers}"
    anchor = "genesis only" if rests_on["anchor"] == "genesis" else f"the trust file of block {rests_on['height']}"
    seen = "".join(f"\n  not proved: {sentence}" for sentence in finding["not_proved"])
    return (
        f"{printable(finding['target'])}: {word} as of {as_of['time']}, block {as_of['height']}\n"
        f"  issued by {issuer['id']} ({printable(issuer['name'])}, {issuer['standing']})\n"
        f"  {signed}\n  rests on {anchor}{seen}"
    )


def printable(text_: str) -> str:
    """A name comes from a file: no control characters into somebody's terminal."""
    return "".join(c if c.isprintable() else "\ufffd" for c in text_)


def trust_of(options) -> Trust:
    """Raises OSError, Malformed or Fault."""
    chain_id = None
    if options.genesis:
        genesis = read_genesis(read_file(options.genesis, GENESIS_BYTES_MAX))
        if not options.trust:
            return of_genesis(genesis)
        chain_id = genesis.chain_id()
    now_ms = options.now_ms if options.now_ms is not None else int(time.time() * 1000)
    return of_trust_file(read_trust(read_file(options.trust, TRUST_BYTES_MAX)), now_ms, chain_id)


def main(arguments=None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("documents", metavar="DOCUMENT", nargs="*")
    parser.add_argument("--genesis", metavar="FILE", help="what is trusted")
    parser.add_argument("--trust", metavar="FILE", help="a trust file, compared with the genesis if that is given too")
    default = "otherwise DOCUMENT.receipt.json, or DOCUMENT.receipt where there is none"
    parser.add_argument("--receipt", metavar="FILE", help=f"of one document, or a paper receipt by itself; {default}")
    parser.add_argument("--proof", metavar="FILE", action="append", default=[], help="a history, consistency or completeness proof")
    parser.add_argument("--header", metavar="FILE", help="the older header of a history proof, in JSON")
    parser.add_argument("--now-ms", metavar="MS", type=int, help="the time, otherwise that of the clock")
    parser.add_argument("--json", action="store_true", help="print findings as JSON")
    options = parser.parse_args(arguments)
    if not options.genesis and not options.trust:
        parser.error("--genesis or --trust is needed")
    if options.receipt and len(options.documents) > 1:
        parser.error("--receipt goes with one document")
    try:
        trust = trust_of(options)
        older = options.header and header_of(parse_json(read_file(options.header, PROOF_BYTES_MAX), PROOF_BYTES_MAX))
    except (OSError, Malformed, Fault) as e:
        print(f"error: {options.trust or options.genesis}: {e}", file=sys.stderr)
        return 2

    findings, errors = [], []
    documents = options.documents or ([None] if options.receipt else [])
    for document in documents:
        receipt = options.receipt or document + ".receipt.json"
        if not options.receipt and not os.path.exists(receipt) and os.path.exists(document + ".receipt"):
            receipt = document + ".receipt"
        target = document or receipt
        try:
            findings.append({"target": target, **check(trust, document, receipt), "receipt": receipt})
        except (OSError, Malformed) as e:
            errors.append({"document": target, "error": str(e)})
    for proof in options.proof:
        try:
            most = TRUST_BYTES_MAX * 16  # completeness proofs grow with what a member issued
            findings.append({"target": proof, **find_proof(trust, read_file(proof, most), older)})
        except (OSError, Malformed) as e:
            errors.append({"document": proof, "error": str(e)})
    report(findings, errors, options.json)
    codes = [WORDS[finding["verdict"]] for finding in findings] + [2] * len(errors)
    return max(codes, default=0)


def report(findings, errors, as_json: bool):
    try:
        if as_json:
            gravest = None if errors else max((f["verdict"] for f in findings), key=GRAVITY.get, default=None)
            print(json.dumps({"verdict": gravest, "findings": findings, "errors": errors}, indent=2))
        else:
            for finding in findings:
                print(for_people(finding))
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    for error in errors:
        print(f"error: {error['document']}: {error['error']}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
