"""Verifies a credential with openvc-core or openbadgeslib, as they are.

    python3 check_credential.py openvc|openbadgeslib CREDENTIAL DID_DOCUMENT [STATUS_LIST ...]

Exit code 0: proof and lists hold, and no list says otherwise; 1: one does not; 3: a status list says that the credential is revoked or
suspended. The credential is JSON, or an SD-JWT VC for openvc. Contexts, DID document and lists are given, and nothing else is loaded. Lists are JSON, or JWTs whose payload is the credential.
"""

import base64
import json
import pathlib
import socket
import sys

CONTEXT = "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"
CONTEXTS = pathlib.Path(__file__).parents[3] / "crates/credential/contexts"


def no_network(*_arguments):
    raise OSError("no network")


def by_openvc(credential, did, lists):
    from openvc.did.base import parse_did_document
    from openvc.errors import OpenvcError
    from openvc.proof._jws import verify_compact
    from openvc.proof._verify_common import check_validity_window
    from openvc.proof.data_integrity import DataIntegrityProofSuite
    from openvc.status.status_list import CredentialRevoked, CredentialSuspended
    from openvc.verify import verify_credential

    class Given:
        def supports(self, name):
            return name == did["id"]

        def resolve(self, name):
            return parse_did_document(did)

    contexts = {CONTEXT: json.loads((CONTEXTS / "open-badges-3.0.3.json").read_text())}

    def proved_list(url):
        # The library leaves the proof of a list to whoever gives it one.
        if is_jwt(lists[url]):
            # Its suite for JWTs knows those of VC 1.1, with a claim `vc`; one of VC 2.0 is verified by what that rests on.
            kid = jwt_part(lists[url], 0)["kid"]
            key = Given().resolve(did["id"]).key_by_kid(kid).public_key_jwk
            header, payload = verify_compact(lists[url], public_key_jwk=key)
            assert header["typ"] == "vc+jwt" and payload["issuer"] == payload["iss"] == did["id"], payload
            check_validity_window(payload, {}, now=None, leeway_s=60)
            return payload
        proved = DataIntegrityProofSuite().verify(lists[url], resolver=Given(), extra_contexts=contexts)
        assert proved.issuer == did["id"], proved.issuer
        return proved.credential

    try:
        verify_credential(credential, resolver=Given(), extra_contexts=contexts, resolve_status_list=proved_list)
    except CredentialRevoked as found:
        return 3, f"revocation: {found}"
    except CredentialSuspended as found:
        return 3, f"suspension: {found}"
    except OpenvcError as refused:
        return 1, str(refused)
    return 0, ""


def by_openbadgeslib(credential, did, lists):
    from openbadgeslib.ob3.did import resolve_verification_method
    from openbadgeslib.ob3.ldp import OB3LdpVerifier, verify_data_integrity_proof
    from openbadgeslib.ob3.verifier import OB3VerificationError

    def download(url):
        if url not in lists:
            assert url.endswith("/.well-known/did.json"), url
            return json.dumps(did).encode()
        if is_jwt(lists[url]):
            return lists[url].encode()
        # The library checks proofs of lists that are JWTs alone.
        key = resolve_verification_method(lists[url]["proof"]["verificationMethod"], download)
        verify_data_integrity_proof(lists[url], key)
        return json.dumps(lists[url]).encode()

    try:
        verifier = OB3LdpVerifier.for_issuer_did(did["id"])
        are_jwts = all(is_jwt(found) for found in lists.values())
        verifier.verify(credential, download=download, check_status=True, verify_status_list=are_jwts)
    except OB3VerificationError as refused:
        return 3 if str(refused).startswith("Credential status ") else 1, str(refused)
    return 0, ""


def is_jwt(found):
    return isinstance(found, str)


def jwt_part(token, part):
    text = token.split(".")[part]
    return json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))


def list_in(path):
    text = pathlib.Path(path).read_text()
    return (json.loads(text)["id"], json.loads(text)) if text.startswith("{") else (jwt_part(text, 1)["id"], text)


if __name__ == "__main__":
    socket.socket.connect = no_network
    library, credential, did, *lists = sys.argv[1:]
    credential = pathlib.Path(credential).read_text()
    credential = json.loads(credential) if credential.startswith("{") else credential.strip()
    did = json.loads(pathlib.Path(did).read_text())
    check = {"openvc": by_openvc, "openbadgeslib": by_openbadgeslib}[library]
    code, said = check(credential, did, dict(map(list_in, lists)))
    print({0: "good", 1: "refused", 3: "set"}[code], said)
    sys.exit(code)
