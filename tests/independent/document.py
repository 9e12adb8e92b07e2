"""Documents, summaries and commitments: docs/formats/commitment.md."""

import base64
import re
from hashlib import sha256

from blake3 import blake3

from binary import Fault
from layout import KINDS, derive, text8, u8
from reading import LABELS, ClosedSummary, Full, Paper, check_summary
from strict import JSON_BYTES_MAX, JSON_DEPTH_MAX, Malformed, canonical, es6_number, parse_json

DOCUMENT_BYTES_MAX = 64 << 20
SD_JWT_BYTES_MAX = 1 << 20
DISCLOSURES_MAX = 1024


class DocumentNeeded(Exception):
    """The receipt cannot be checked without the document: nothing is said."""


def digest_of(kind: int, document: bytes):
    """Its digest, and what it says: parsed JSON, processed claims, or None. Raises Malformed."""
    if KINDS[kind] == "json":
        value = parse_json(document, JSON_BYTES_MAX, JSON_BYTES_MAX)
        return blake3(canonical(value).encode()).digest(), value
    if KINDS[kind] == "sd-jwt":
        issuer_signed, claims = read_sd_jwt(document)
        return blake3(issuer_signed.encode()).digest(), claims
    if len(document) > DOCUMENT_BYTES_MAX:
        raise Malformed(f"longer than {DOCUMENT_BYTES_MAX} bytes")
    return blake3(document).digest(), None


def encode_summary(summary) -> bytes:
    return u8(len(summary)) + b"".join(u8(label) + text8(text) for label, text in summary)


def commitment(chain_id: bytes, issuer: str, kind: int, opening, digest) -> bytes:
    if isinstance(opening, Full):
        summary = bytes(32)
        if opening.summary is not None:
            summary = summary_hash(derive("sanad/v1 summary key", opening.secret), opening.summary)
        content = derive("sanad/v1 content", derive("sanad/v1 content key", opening.secret) + digest)
    elif isinstance(opening, Paper):
        summary, content = summary_hash(opening.summary_key, opening.summary), opening.content
    else:
        summary, content = opening.summary, derive("sanad/v1 content", opening.content_key + digest)
    return derive("sanad/v1 credential", chain_id + text8(issuer) + u8(kind) + summary + content)


def summary_hash(key: bytes, summary) -> bytes:
    return derive("sanad/v1 summary", key + encode_summary(summary))


def check_document(chain_id: bytes, issuer: str, expected: bytes, receipt, document):
    """receipt.md, step 7. Returns what the document says. Raises Fault, or DocumentNeeded."""
    digest = said = None
    if document is not None:
        try:
            digest, said = digest_of(receipt.document, document)
        except Malformed as e:
            raise Fault("document", "tampered", f"the document has no digest: {e}") from None
    if isinstance(receipt.opening, Paper):
        if document is not None:
            raise Fault("document", "not-proven", "a paper receipt does not prove a document")
    elif document is None:
        raise DocumentNeeded()
    if commitment(chain_id, issuer, receipt.document, receipt.opening, digest) != expected:
        raise Fault("document", "tampered", "the document or the secret was changed")
    return said


def open_summary(opening):
    return None if isinstance(opening, ClosedSummary) else opening.summary


def contradictions(summary, document):
    """The labels of a summary that say something else than a JSON document; none where no rule applies."""
    derived = json_summary(document)
    if derived is None:
        return []
    return [LABELS[label] for label, text in summary if derived.get(label) != text]


def json_summary(document):
    """ "Summary of a JSON credential": texts by label; None if the rule does not apply."""
    if not isinstance(document, dict):
        return None
    types = document.get("type")
    if types != "VerifiableCredential" and not (isinstance(types, list) and "VerifiableCredential" in types):
        return None
    subject = document.get("credentialSubject")
    if isinstance(subject, list) and len(subject) == 1:
        subject = subject[0]
    if not isinstance(subject, dict):
        return None
    achievement = subject.get("achievement")
    inside = achievement if isinstance(achievement, dict) else {}
    title = inside.get("name") if "achievement" in subject else document.get("name")
    credits = subject["creditsEarned"] if "creditsEarned" in subject else inside.get("creditsAvailable")
    number = isinstance(credits, (int, float)) and not isinstance(credits, bool)
    found = {
        0: _holder(subject),
        1: title,
        2: _date(document, ("awardedDate", "validFrom", "issuanceDate")),
        3: (str(credits) if isinstance(credits, int) else es6_number(credits)) if number else None,
        4: subject.get("licenseNumber"),
        6: _date(document, ("validUntil", "expirationDate")),
    }
    return {label: text for label, text in found.items() if isinstance(text, str)}


def summary_of(document):
    """The summary that follows from a JSON document, or None."""
    derived = json_summary(document)
    if derived is None or 1 not in derived:
        return None
    try:
        return check_summary(sorted(derived.items()))
    except Malformed:
        return None


def _holder(subject):
    if "name" in subject:
        return subject["name"]
    identifiers = subject.get("identifier")
    identifiers = identifiers if isinstance(identifiers, list) else [identifiers]
    plain = [
        i for i in identifiers if isinstance(i, dict) and i.get("identityType") == "name" and i.get("hashed") is False
    ]
    return plain[0].get("identityHash") if len(plain) == 1 else None


def _date(document, names):
    value = next((document[name] for name in names if name in document), None)
    if not isinstance(value, str):
        return None
    date = value.partition("T")[0]
    return date if re.fullmatch(r"\d{4}-\d\d-\d\d", date, re.A) else None


def named_issuer(kind: int, said):
    """The issuer that a document names (receipt.md, step 9); None if it names none, "" if the name cannot be compared."""
    if not isinstance(said, dict):
        return None
    member = "iss" if KINDS[kind] == "sd-jwt" and "iss" in said else "issuer"
    if member not in said:
        return None
    named = said[member]
    if isinstance(named, dict):
        named = named.get("id")
    return named if isinstance(named, str) else ""


# SD-JWT


def read_sd_jwt(document: bytes):
    """The issuer-signed part, and the processed claims. Raises Malformed."""
    if len(document) > SD_JWT_BYTES_MAX:
        raise Malformed(f"longer than {SD_JWT_BYTES_MAX} bytes")
    try:
        text = document.decode().strip(" \t\n\r")
    except UnicodeDecodeError:
        raise Malformed("not UTF-8") from None
    if text.startswith("{"):
        text = _compact(text)
    front, tilde, binding = text.rpartition("~")
    if not tilde:
        raise Malformed("not an SD-JWT")
    issuer_signed, *disclosures = front.split("~")
    if len(disclosures) > DISCLOSURES_MAX:
        raise Malformed(f"{len(disclosures)} disclosures")
    parts = issuer_signed.split(".")
    if len(parts) != 3 or not all(parts):
        raise Malformed("not an SD-JWT")
    header, payload = (_read(base64url(part), dict) for part in parts[:2])
    base64url(parts[2])
    if not isinstance(header.get("alg"), str) or header["alg"].lower() == "none" or "crit" in header:
        raise Malformed("the protected header")
    if binding:
        bound = binding.split(".")
        if len(bound) != 3 or not all(bound):
            raise Malformed("the key binding")
        for part in bound:
            base64url(part)
    return issuer_signed, _Disclosures(disclosures).process(payload)


def _compact(text: str) -> str:
    whole = _read(text.encode(), dict)
    signed = whole
    if "signatures" in whole:
        signed = whole["signatures"]
        if {"protected", "signature", "header"} & whole.keys() or not isinstance(signed, list) or len(signed) != 1:
            raise Malformed("the JSON serialisation")
        signed = signed[0]
        _only(whole, "payload", "signatures")
        _only(signed, "protected", "signature", "header")
    else:
        _only(whole, "payload", "protected", "signature", "header")
    header = signed.get("header", {})
    _only(header, "disclosures", "kb_jwt")
    disclosures = header.get("disclosures", [])
    parts = [signed.get("protected"), whole.get("payload"), signed.get("signature")]
    if not isinstance(disclosures, list) or not all(isinstance(t, str) for t in parts + disclosures):
        raise Malformed("the JSON serialisation")
    binding = header.get("kb_jwt", "")
    if ("kb_jwt" in header and not binding) or not isinstance(binding, str):
        raise Malformed("the JSON serialisation")
    if any("~" in text for text in parts + disclosures + [binding]) or any("." in part for part in parts):
        raise Malformed("the JSON serialisation")
    return "~".join([".".join(parts), *disclosures, binding])


def _only(value, *names: str):
    """An object with no other members: the digest does not cover them, and people read them all the same."""
    if not isinstance(value, dict) or not value.keys() <= set(names):
        raise Malformed("the JSON serialisation, or a member that is not part of it")


def base64url(text: str) -> bytes:
    """Canonical: no padding, no other characters, unused bits zero."""
    if not re.fullmatch("[A-Za-z0-9_-]*", text) or len(text) % 4 == 1:
        raise Malformed("not base64url")
    data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if base64.urlsafe_b64encode(data).rstrip(b"=").decode() != text:
        raise Malformed("base64url that is not canonical")
    return data


def _read(data: bytes, type_):
    value = parse_json(data, JSON_BYTES_MAX, JSON_BYTES_MAX)
    canonical(value)  # refuses lone surrogates
    if not isinstance(value, type_):
        raise Malformed("a part of another type")
    return value


class _Disclosures:
    def __init__(self, texts):
        self.open = {}
        self.met = set()
        for text in texts:
            digest = sha256(text.encode()).digest()
            if digest in self.open:
                raise Malformed("a disclosure is there twice")
            self.open[digest] = _read(base64url(text), list)

    def process(self, payload):
        if payload.pop("_sd_alg", "sha-256") != "sha-256":
            raise Malformed("an unknown _sd_alg")
        claims = self.object(payload, 1)
        if self.open:
            raise Malformed("no digest refers to a disclosure")
        return claims

    def value(self, value, depth):
        if isinstance(value, dict):
            return self.object(value, depth)
        return self.array(value, depth) if isinstance(value, list) else value

    def object(self, value, depth):
        if depth > JSON_DEPTH_MAX or "..." in value:
            raise Malformed("nested too deep, or a reserved name")
        digests = value.pop("_sd", [])
        if not isinstance(digests, list):
            raise Malformed("_sd is not an array")
        claims = {name: self.value(inner, depth + 1) for name, inner in value.items()}
        for digest in digests:
            elements = self.referred(digest)
            if elements is None:
                continue
            if len(elements) != 3 or not all(isinstance(e, str) for e in elements[:2]):
                raise Malformed("a disclosure of a claim has salt, name and value")
            _, name, inner = elements
            if name in ("_sd", "...", "_sd_alg") or name in claims:
                raise Malformed("a disclosed claim has a reserved name, or is there already")
            claims[name] = self.value(inner, depth + 1)
        return claims

    def array(self, value, depth):
        if depth > JSON_DEPTH_MAX:
            raise Malformed("nested too deep")
        found = []
        for element in value:
            if isinstance(element, dict) and element.keys() == {"..."}:
                elements = self.referred(element["..."])
                if elements is None:
                    continue
                if len(elements) != 2 or not isinstance(elements[0], str):
                    raise Malformed("a disclosure of an element has salt and value")
                element = elements[1]
            found.append(self.value(element, depth + 1))
        return found

    def referred(self, digest):
        data = base64url(digest) if isinstance(digest, str) else b""
        if len(data) != 32 or data in self.met:
            raise Malformed("a digest is malformed, or met twice")
        self.met.add(data)
        return self.open.pop(data, None)
