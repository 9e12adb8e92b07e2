"""Verifies a credential with openvc-core or openbadgeslib, as they are.

    python3 check_credential.py openvc|openbadgeslib CREDENTIAL DID_DOCUMENT [STATUS_LIST ...]

Exit code 0: proof and lists hold, and no list says otherwise; 1: one does not; 3: a status list says that the credential is revoked or
suspended. Contexts, DID document and lists are given, and nothing else is loaded.
"""

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
        # The library checks proofs of lists that are JWTs alone.
        key = resolve_verification_method(lists[url]["proof"]["verificationMethod"], download)
        verify_data_integrity_proof(lists[url], key)
        return json.dumps(lists[url]).encode()

    try:
        verifier = OB3LdpVerifier.for_issuer_did(did["id"])
        verifier.verify(credential, download=download, check_status=True, verify_status_list=False)
    except OB3VerificationError as refused:
        return 3 if str(refused).startswith("Credential status ") else 1, str(refused)
    return 0, ""


if __name__ == "__main__":
    socket.socket.connect = no_network
    library, *paths = sys.argv[1:]
    credential, did, *lists = (json.loads(pathlib.Path(path).read_text()) for path in paths)
    check = {"openvc": by_openvc, "openbadgeslib": by_openbadgeslib}[library]
    code, said = check(credential, did, {found["id"]: found for found in lists})
    print({0: "good", 1: "refused", 3: "set"}[code], said)
    sys.exit(code)
