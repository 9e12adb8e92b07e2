"""What a verifier trusts, and when a header counts: docs/formats/trust-file.md, header.md, certificate.md, history.md."""

from typing import List, NamedTuple, Optional

from binary import Fault
from ed25519 import signature_holds
from layout import (
    HISTORY, LOG_SIZE_MAX, SEAL_HEADERS, TIME_MS_MAX, Certified, Genesis, Header, Sealed, TrustFile, ValidatorSet,
    fold_history, root_of, vote,
)  # fmt: skip
from reading import CHANGES_MAX, LAYOUT

AHEAD_MS_MAX = 5 * 60 * 1000
AGE_MS_MAX = 365 * 24 * 60 * 60 * 1000


class Trust(NamedTuple):
    """The genesis alone, or what a trust file was proved to say: then `header` is its anchor."""

    chain_id: bytes
    sets: List[ValidatorSet]  # the genesis set first
    header: Optional[Header] = None
    seals: List[bytes] = []
    now_ms: int = 0

    def set_at(self, height: int) -> Optional[ValidatorSet]:
        """The set that decides `height`, as far as it is known."""
        if self.header is None:
            return self.sets[0] if height == 1 else None
        if height > self.header.height + 1:
            return None
        return next((s for s in reversed(self.sets) if s.first_height <= height), None)

    def set_numbered(self, number: int) -> Optional[ValidatorSet]:
        return self.sets[number] if number < len(self.sets) else None

    def rests_on(self) -> dict:
        if self.header is None:
            return {"anchor": "genesis"}
        age = (self.now_ms - self.header.time_ms) // 1000
        height, time_ms = self.header.height, self.header.time_ms
        return {"anchor": "trust-file", "height": height, "time_ms": time_ms, "age_seconds": age}


class Basis(NamedTuple):
    """What makes a header final."""

    signers: List[str]
    validators: int


def of_genesis(genesis: Genesis) -> Trust:
    return Trust(genesis.chain_id(), [genesis.validators()])


def of_trust_file(file: TrustFile, now_ms: int, chain_id: Optional[bytes] = None) -> Trust:
    """ "Verification of a trust file", from step 2 on. Raises Fault. `chain_id`: that of the genesis that is trusted."""
    trust = of_genesis(file.genesis)
    if chain_id is not None and chain_id != trust.chain_id:
        raise Fault("chain", "foreign-chain", "the trust file is of another genesis")
    anchor = file.header
    check_form(trust, anchor)
    if file.past.hash() != anchor.past:
        raise Fault("history", "tampered", "what the anchor's past is said to be is not what it is")
    sets, below = list(trust.sets), 0
    for change, path in file.changes:
        height = change.header.height
        if not below < height <= anchor.height:
            raise Fault("validators", "tampered", f"the change at height {height} is out of order or above the anchor")
        below = height
        sets.append(follow_one(trust, sets[-1], change))
        if height < anchor.height:
            check_history(change.header, anchor.height, file.past.history_root, path)
        elif change.header.hash() != anchor.hash() or path:
            raise Fault("validators", "tampered", "a change at the anchor's height is not the anchor")
    deciding = next(s for s in reversed(sets) if s.first_height <= anchor.height)
    check_certificate(anchor, file.certificate, deciding)
    if sets[-1].hash() != anchor.next_validators_hash:
        raise Fault("validators", "not-proven", "the changes do not lead to the validators after the anchor")
    if fold_history(anchor.height - 1, file.seals, file.remainder) != file.past.history_root:
        raise Fault("history", "tampered", "the seals and the remainder are not those of the anchor")
    return Trust(trust.chain_id, sets, anchor, file.seals, now_ms)


def check_final(trust: Trust, header: Header, finality) -> Basis:
    """ "When a header counts". Raises Fault."""
    check_form(trust, header)
    if isinstance(finality, Sealed):
        return check_sealed(trust, header, finality.path)
    if isinstance(finality, Certified):
        return check_certified(trust, header, finality.certificate, finality.changes)
    newer = finality.header
    check_form(trust, newer)
    basis = check_certified(trust, newer, finality.certificate, finality.changes)
    if finality.past.hash() != newer.past:
        raise Fault("history", "tampered", f"what the past of height {newer.height} is said to be is not what it is")
    check_history(header, newer.height, finality.past.history_root, finality.path)
    if trust.header is not None and header.height == trust.header.height and header.hash() != trust.header.hash():
        raise Fault("history", "not-proven", f"the header at height {header.height} is not the one of the trust file")
    return basis


def check_form(trust: Trust, header: Header):
    """header.md, steps 1 to 3."""
    if header.layout != LAYOUT:
        raise Fault("header", "needs-newer-verifier", f"a header of layout {header.layout}")
    if header.height == 0 or header.time_ms > TIME_MS_MAX or header.log_size > LOG_SIZE_MAX:
        raise Fault("header", "tampered", "a header that no block can have")
    if header.chain_id != trust.chain_id:
        raise Fault("chain", "foreign-chain", f"a block of chain {header.chain_id.hex()}")


def check_sealed(trust: Trust, header: Header, path) -> Basis:
    if trust.header is None:
        raise Fault("anchor", "needs-trust-file", "a sealed header needs a trust file")
    seal, place = divmod(header.height - 1, SEAL_HEADERS)
    if seal >= len(trust.seals):
        raise Fault("anchor", "renew", f"the trust file has no seal over height {header.height}")
    if root_of(HISTORY, HISTORY.leaf(header.hash()), place, SEAL_HEADERS, path) != trust.seals[seal]:
        raise Fault("history", "tampered", f"height {header.height} is not under the seal")
    return Basis([], len(trust.set_at(header.height).validators))


def check_certified(trust: Trust, header: Header, certificate, changes) -> Basis:
    height = header.height
    if len(changes) > CHANGES_MAX:
        raise Fault("validators", "needs-trust-file", f"{len(changes)} validator changes")
    if trust.header is None:
        validators = follow(trust, trust.sets[0], 0, changes, height)
        if not changes and height > 1 and validators.hash() != header.validators_hash:
            raise Fault("anchor", "needs-trust-file", f"the genesis does not know the validators of height {height}")
        check_certificate(header, certificate, validators)
    elif height > trust.header.height:
        check_fresh(trust)
        at = trust.header.height
        known = next((i for i, change in enumerate(changes) if change.header.height > at), len(changes))
        validators = follow(trust, trust.sets[-1], at, changes[known:], height)
        if not changes[known:] and height > at + 1 and validators.hash() != header.validators_hash:
            raise Fault("anchor", "renew", f"the trust file does not know the validators of height {height}")
        check_certificate(header, certificate, validators)
    else:
        if height == trust.header.height and header.hash() != trust.header.hash():
            raise Fault("history", "not-proven", f"the header at height {height} is not the one of the trust file")
        validators = trust.set_at(height)
        check_certificate(header, certificate, validators)
        if height < trust.header.height:
            signers = [validators.validators[place] for place, _ in certificate.signatures]
            current = sum(signer in trust.sets[-1].validators for signer in signers)
            if current <= validators.faulty_max():
                reason = f"{current} of its signers still hold their key, {validators.faulty_max() + 1} needed"
                raise Fault("history", "needs-history-path", reason)
            check_fresh(trust)
    signers = [validators.validators[place][0] for place, _ in certificate.signatures]
    return Basis(signers, len(validators.validators))


def check_fresh(trust: Trust):
    time_ms = trust.header.time_ms
    if not time_ms - AHEAD_MS_MAX <= trust.now_ms <= time_ms + AGE_MS_MAX:
        raise Fault("anchor", "renew", "the trust file is too old, or from the future")


def follow(trust: Trust, validators: ValidatorSet, at: int, changes, last: int) -> ValidatorSet:
    for change in changes:
        if not at < change.header.height < last:
            raise Fault("validators", "tampered", f"the change at height {change.header.height} is out of order")
        at = change.header.height
        validators = follow_one(trust, validators, change)
    return validators


def follow_one(trust: Trust, validators: ValidatorSet, change) -> ValidatorSet:
    """certificate.md, "Validator change", steps 2 to 5."""
    header, following = change.header, change.next
    check_form(trust, header)
    check_certificate(header, change.certificate, validators)
    if following.hash() != header.next_validators_hash:
        raise Fault("validators", "tampered", f"not the validators that height {header.height} names as the next")
    if (
        following.number != validators.number + 1
        or following.first_height <= validators.first_height
        or following.first_height != header.height + 1
    ):
        raise Fault("validators", "tampered", f"the set after height {header.height} does not follow")
    return following


def check_certificate(header: Header, certificate, validators: ValidatorSet):
    """certificate.md, "Verification of a certificate"."""
    if validators.hash() != header.validators_hash:
        reason = f"the validators of height {header.height} are not those that the anchor leads to"
        raise Fault("validators", "not-proven", reason)
    if certificate.height != header.height or certificate.block != header.hash():
        raise Fault("certificate", "tampered", "the certificate is for another block")
    signatures, members = certificate.signatures, validators.validators
    if len(signatures) < validators.quorum():
        reason = f"{len(signatures)} signatures at height {header.height}, {validators.quorum()} needed"
        raise Fault("certificate", "not-proven", reason)
    places = [place for place, _ in signatures]
    if any(a >= b for a, b in zip(places, places[1:])):
        raise Fault("certificate", "tampered", "signatures are not in strictly ascending order of validator")
    message = vote(header, certificate.round)

    def holds(place, signature):
        return place < len(members) and signature_holds(members[place][1], signature, message)

    for place, signature in signatures:
        if place >= len(members):
            raise Fault("certificate", "not-proven", f"a signature of validator {place} of {len(members)}")
        if not holds(place, signature):
            if any(holds(*other) for other in signatures):
                reason = f"the signature of {members[place][0]} at height {header.height} does not hold"
            else:
                reason = "none of the signatures is over this block: a part that the signatures cover was changed"
            raise Fault("certificate", "tampered", reason)


def check_history(header: Header, newer: int, root: bytes, path):
    """history.md, step 3."""
    if root_of(HISTORY, HISTORY.leaf(header.hash()), header.height - 1, newer - 1, path) != root:
        raise Fault("history", "tampered", f"height {header.height} is not in the history of height {newer}")
