import contextlib
import copy
import io
import json
import os
import random
import re
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # noqa: E402
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat  # noqa: E402

import binary as b  # noqa: E402
import document as d  # noqa: E402
import ed25519 as e  # noqa: E402
import layout as l  # noqa: E402
import reading as r  # noqa: E402
import signing as g  # noqa: E402
import snapshot  # noqa: E402
import strict as s  # noqa: E402
import trust as t  # noqa: E402
import verify as v  # noqa: E402
from consortium import (  # noqa: E402
    ISSUER, START_MS, Consortium, binary, json_of, key, member, naive_consistency, naive_path, naive_root, public, secret,
    trust_binary,
)  # fmt: skip

DOCUMENT = b'{"b": 2, "a": "\xc3\xa9"}'
HASH = "5a" * 32
GOOD = ("active", "confirmed", "suspended", "disputed", "revoked")
YEAR_MS = 365 * 24 * 60 * 60 * 1000


def outcome(trust, receipt, document=DOCUMENT):
    """The word where it is a status, else `part word`; `error` where there is no finding."""
    try:
        data = json.dumps(receipt).encode() if isinstance(receipt, dict) else receipt
        finding = v.find(trust, data, document)
    except (s.Malformed, d.DocumentNeeded):
        return "error"
    part = (finding["reason"] or "").partition(":")[0]
    return f"{part} {finding['verdict']}".strip()


def edited(value, path, change):
    """A copy with the value at `path` (`proof.index`) replaced by `change` or by what it makes of the value."""
    value = copy.deepcopy(value)
    *way, last = (int(step) if step.isdigit() else step for step in path.split("."))
    at = value
    for step in way:
        at = at[step]
    at[last] = change(at[last]) if callable(change) else change
    return value


def flipped(text):
    """Another last digit: keys and signatures begin with their algorithm."""
    return text[:-1] + ("1" if text[-1] == "0" else "0")


def encoded(value):
    return json.dumps(value).encode()


FORMATS = os.path.join(HERE, "../../docs/formats")
SAMPLES = os.path.join(HERE, "../../crates/core/tests/testdata")


def page_part(page, part):
    """The JSON blocks and the rows of a part of a page that stands between two comments."""
    with open(os.path.join(FORMATS, page), encoding="utf-8") as file:
        text = re.search(f"<!-- {part} -->\n(.*?)<!-- /{part} -->", file.read(), re.S)[1]
    blocks = re.findall("```json\n(.*?)```", text, re.S)
    return blocks, re.findall(r"^\| ([^|]+) \| `(.*)` \|$", text, re.M)


class Pages(unittest.TestCase):
    """The running example: every value that the pages show, computed anew."""

    @classmethod
    def setUpClass(cls):
        (file,), rows = page_part("genesis.md", "genesis")
        cls.genesis, cls.genesis_rows = r.read_genesis(file.encode()), dict(rows)
        cls.trust = t.of_genesis(cls.genesis)
        (header,), rows = page_part("header.md", "header")
        cls.header, cls.header_rows = r.header_of(json.loads(header)), dict(rows)
        cls.trees = dict(page_part("trees.md", "trees")[1])

    def seed(self, purpose, member_id):
        return Ed25519PrivateKey.from_private_bytes(l.derive(f"test {purpose}", member_id.encode()))

    def test_genesis(self):
        genesis, rows = self.genesis, self.genesis_rows
        self.assertEqual(genesis.encode().hex(), rows["encoding"])
        self.assertEqual((genesis.chain_id().hex(), genesis.fingerprint()), (rows["chain id"], rows["fingerprint"]))
        for m in genesis.members:
            possession, agreement = genesis.signatures[m.id]
            message = l.possession_message(genesis.name, genesis.nonce, m)
            self.assertEqual(len(possession), len(m.keys()))
            for key_, signature in zip(m.keys(), possession):
                self.assertTrue(e.signature_holds(key_, signature, message))
            message = l.agreement_message(genesis.chain_id())
            self.assertGreaterEqual(len(agreement), m.governance_threshold)
            for key_, signature in agreement.items():
                self.assertIn(key_, m.governance_keys)
                self.assertTrue(e.signature_holds(key_, signature, message))
            for purpose, key_ in zip(("governance", "issuing", "consensus", "network"), m.keys()):
                raw = self.seed(purpose, m.id).public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
                self.assertEqual(raw, key_)

    def test_member_file(self):
        rows = dict(page_part("genesis.md", "member-file")[1])
        m = self.genesis.members[0]
        message = l.possession_message(self.genesis.name, self.genesis.nonce, m)
        self.assertEqual((m.encode().hex(), message.hex()), (rows["member, encoded"], rows["message"]))
        signature = self.seed("governance", m.id).sign(message)
        self.assertEqual("ed25519:" + signature.hex(), rows["signature of the governance key"])
        message, signature = (value for _, value in page_part("genesis.md", "agreement")[1])
        self.assertEqual(l.agreement_message(self.genesis.chain_id()).hex(), message)
        self.assertEqual("ed25519:" + self.seed("governance", m.id).sign(bytes.fromhex(message)).hex(), signature)

    def test_member(self):
        (record,), rows = page_part("member.md", "record")
        record, rows = r.record_of(json.loads(record)), dict(rows)
        self.assertEqual(record.encode().hex(), rows["encoding"])
        self.assertEqual(l.MEMBERS.leaf(record.encode()).hex(), rows["leaf hash"])
        (rest,), rows = page_part("member.md", "rest")
        self.assertEqual(r.rest_of(json.loads(rest)).hash(), record.rest)
        self.assertEqual(record.rest.hex(), dict(rows)["rest hash"])

    def test_header_and_trees(self):
        rows, trees = self.header_rows, self.trees
        self.assertEqual(self.header.encode().hex(), rows["encoding"])
        self.assertEqual(len(self.header.encode()), 222)
        self.assertEqual(self.header.hash().hex(), rows["block hash"])
        past = l.Past(*(bytes.fromhex(rows[name]) for name in ("previous", "history root", "batches root")))
        self.assertEqual(past.hash(), self.header.past)
        log = [bytes.fromhex(trees[f"log leaf {n}"]) for n in range(4)]
        self.assertEqual(naive_root(l.LOG, log).hex(), trees["log root"])
        self.assertEqual(l.STATUS.leaf(bytes.fromhex(trees["status leaf 0"])).hex(), trees["status root"])
        leaves = [bytes.fromhex(trees[f"member leaf {n}"]) for n in range(2)]
        members = naive_root(l.MEMBERS, leaves)
        self.assertEqual(members.hex(), trees["members, root of the tree"])
        self.assertEqual(l.members_root(2, members).hex(), trees["M"])
        parameters = self.genesis.encode_parameters()
        self.assertEqual(parameters.hex(), trees["encoded parameters"])
        self.assertEqual(l.derive("sanad/v1 parameters", parameters).hex(), trees["root of part 1"])
        parts = [l.u8(n) + (l.u64(1) + bytes.fromhex(trees["root of part 1"]) if n == 1 else bytes(40)) for n in range(8)]
        others = naive_root(l.PARTS, [l.PARTS.leaf(part) for part in parts])
        self.assertEqual(others.hex(), trees["O"])
        state = l.state_root(*(bytes.fromhex(trees[name]) for name in ("status root", "M", "O")))
        self.assertEqual((state.hex(), state), (trees["state root"], self.header.state_root))
        hashes = [l.HISTORY.leaf(bytes.fromhex(trees[f"block hash {n}"])) for n in (1, 2)]
        self.assertEqual(naive_root(l.HISTORY, hashes).hex(), trees["history root of block 3"])
        self.assertEqual(l.HISTORY.empty.hex(), trees["history root of block 1"])

    def test_certificate(self):
        (given,), rows = page_part("certificate.md", "set")
        validators = r.set_of(json.loads(given))
        self.assertEqual(validators, self.genesis.validators())
        self.assertEqual([value for _, value in rows], [validators.encode().hex(), validators.hash().hex()])
        (given,), rows = page_part("certificate.md", "certificate")
        t.check_certificate(self.header, r.certificate_of(json.loads(given)), validators)
        self.assertEqual(l.vote(self.header, 0).hex(), dict(rows)["vote"])
        read = b.Reader(bytes.fromhex(dict(rows)["encoding"]))
        self.assertEqual(b.certificate_of(read), r.certificate_of(json.loads(given)))
        read.finish()

    def test_batch_and_block(self):
        rows = dict(page_part("batch.md", "batch")[1])
        data = bytes.fromhex(rows["signed batch"])
        self.assertEqual(data[:33], b"\1" + self.trust.chain_id)
        id_ = l.derive("sanad/v1 batch", data[:-65])
        self.assertEqual(id_.hex(), rows["id"])
        self.assertEqual(data[-65], 0)
        key_ = self.genesis.members[0].issuing_key
        self.assertTrue(e.signature_holds(key_, data[-64:], b"sanad/v1 batch signature" + id_))
        block, root = (value for _, value in page_part("block.md", "block")[1])
        self.assertEqual(bytes.fromhex(block)[222:], l.u32(1) + data)
        self.assertEqual(l.derive("sanad/v1 batches", l.u64(1) + l.BATCHES.leaf(id_ + data[-65:])).hex(), root)
        header = b.header_of(b.Reader(bytes.fromhex(block)[:222]))
        self.assertEqual(header.hash().hex(), self.trees["block hash 1"])
        past = l.Past(self.trust.chain_id, l.HISTORY.empty, bytes.fromhex(root))
        self.assertEqual(past.hash(), header.past)

    def test_entry(self):
        rows = page_part("entry.md", "entry")[1]
        for at in (0, 3):
            entry, in_json, leaf = (value for _, value in rows[at : at + 3])
            read = b.read_entry(bytes.fromhex(entry))
            self.assertEqual(read, r.entry_of(json.loads(in_json)))
            self.assertEqual(l.LOG.leaf(read.encode()).hex(), leaf)
            self.assertIn(leaf, self.trees.values())

    def test_receipt(self):
        (given,), rows = page_part("receipt.md", "running")
        document = b'{"name":"Lencana Guru Digital","credits":20}'
        data = bytes.fromhex(dict(rows)["binary"])
        self.assertEqual(outcome(self.trust, given.encode(), document), "active")
        self.assertEqual(outcome(self.trust, data, document), "active")
        self.assertEqual(binary(json.loads(given), self.trust), data)
        self.assertEqual(b.read_binary_receipt(data, self.trust), r.read_receipt(given.encode()))

    def test_trust_file(self):
        (given,), rows = page_part("trust-file.md", "trust")
        given = {**json.loads(given), "genesis": json.loads(page_part("genesis.md", "genesis")[0][0])}
        data = bytes.fromhex(dict(rows)["binary"])
        self.assertEqual(trust_binary(given), data)
        for file in (encoded(given), data):
            self.assertEqual(t.of_trust_file(v.read_trust(file), 0, self.trust.chain_id).header, self.header)

    def test_proofs(self):
        (proof,), _ = page_part("history.md", "history")
        block = bytes.fromhex(page_part("block.md", "block")[1][0][1])
        older = b.header_of(b.Reader(block[:222]))
        self.assertEqual(v.find_proof(self.trust, proof.encode(), older)["verdict"], "proved")
        (proof,), _ = page_part("consistency.md", "consistency")
        self.assertEqual(v.find_proof(self.trust, proof.encode())["verdict"], "proved")
        (proof,), _ = page_part("completeness.md", "completeness")
        finding = v.find_proof(self.trust, proof.encode())
        self.assertEqual((finding["verdict"], finding["statuses"]), ("proved", {"active": 1, "revoked": 1}))

    def test_commitment(self):
        rows = dict(page_part("commitment.md", "example")[1])
        document, chain_id = rows["document"].encode(), bytes.fromhex(rows["chain id"])
        digest, value = d.digest_of(0, document)
        self.assertEqual(digest.hex(), rows["digest"])
        self.assertEqual(d.encode_summary(d.summary_of(value)).hex(), rows["encoded summary"])
        for form in ("full", "paper", "closed-summary"):
            opening = r.opening_of(json.loads(rows[f"opening, {form}"]))
            found = d.commitment(chain_id, rows["issuer"], int(rows["kind"]), opening, digest)
            self.assertEqual(found.hex(), rows["commitment"])
        key_ = l.derive("sanad/v1 issuance key", l.text8(rows["issuer"]) + bytes.fromhex(rows["commitment"]))
        self.assertEqual(key_.hex(), rows["issuance key"])
        rows = dict(page_part("commitment.md", "sd-jwt")[1])
        digest, claims = d.digest_of(2, rows["document"].encode())
        self.assertEqual((digest.hex(), s.canonical(claims)), (rows["digest"], rows["processed claims"]))

    def test_every_context_is_on_the_page(self):
        with open(os.path.join(FORMATS, "README.md"), encoding="utf-8") as file:
            listed = re.findall("^- `(sanad/v1 [a-z ]+)`$", file.read(), re.M)
        used = set()
        for name in ("layout.py", "document.py", "verify.py", "snapshot.py"):
            with open(os.path.join(HERE, name), encoding="utf-8") as file:
                used |= set(re.findall('"(sanad/v1 [a-z ]+)"', file.read()))
        self.assertEqual(used - set(listed) - {"sanad/v1 vote", "sanad/v1 genesis signature", "sanad/v1 member file signature"}, set())


# What the Rust crates say of a sample, and the part and word of docs/formats/finding.md. The first that is found.
SENTENCES = (
    ("the two statements do not contradict each other", "history not-proven"),
    ("the two statements are no contradiction of one validator", "history not-proven"),
    ("the final header is of height", "history not-proven"),
    ("who decides height|the key was not one of a validator", "validators not-proven"),
    ("the genesis in the trust file is not valid", "error"),
    ("of chain .*, not of the chain of this genesis", "chain foreign-chain"),
    ("layout version", "header needs-newer-verifier"),
    ("is out of order or above the anchor", "validators tampered"),
    ("is not the anchor$", "validators tampered"),
    ("the changes listed do not lead", "validators not-proven"),
    ("the history roots listed", "history tampered"),
    ("a sealed (proof|receipt) .*trust file", "anchor needs-trust-file"),
    ("covers sealed proofs below", "anchor renew"),
    ("no longer vouches for signatures", "anchor renew"),
    ("a history path is needed", "history needs-history-path"),
    ("is not the one that the trust file holds", "history not-proven"),
    ("validator-set changes; a (receipt|proof) carries", "validators needs-trust-file"),
    ("needs a newer verifier", "encoding needs-newer-verifier"),
    ("validator-set change at height .* is out of order", "validators tampered"),
    ("does not know the validators of height", "anchor needs-trust-file"),
    ("the header names the validators", "validators not-proven"),
    ("the validators .* come, but the header names", "validators tampered"),
    ("validator set after height .* does not follow", "validators tampered"),
    ("validators signed", "certificate not-proven"),
    ("is not one of the .* validators|beyond the .* of the set", "certificate not-proven"),
    ("is not final|certificate is for|stands twice or out of order|none of the .* signatures|not one of a precommit", "certificate tampered"),
    ("is not proved to be in the history|is said to stand before height", "history tampered"),
    ("the entry is not proved", "inclusion tampered"),
    ("the status of log index .* is not proved", "status tampered"),
    ("the record of .* is not proved|names another rest|the record: |addresses has|the entry is by .* the record", "issuer tampered"),
    ("lead to the state root", "state tampered"),
    ("the document or the secret was changed", "document tampered"),
    ("is not proved to begin", "log tampered"),
    ("a line without entries", "encoding tampered"),
    (r"entries, but the record of the member counts", "entries"),
    ("an entry at log index|the entry at log index|the entries are not those|is against the rules", "entries tampered"),
    ("^version \\d+; this program knows", "encoding needs-newer-verifier"),
    ("^not (a|the) |has at most", "error"),
)


def expected_of(sentence):
    if sentence == "good":
        return "proved"
    for pattern, answer in SENTENCES:
        if re.search(pattern, sentence):
            if answer == "entries":
                actual, counted = map(int, re.match(r"(\d+) entries.* counts (\d+)", sentence).groups())
                return "entries not-proven" if actual < counted else "entries tampered"
            return answer
    return f"no answer to: {sentence}"


def samples(folder):
    folder = os.path.join(SAMPLES, folder)
    for name in sorted(os.listdir(folder)) if os.path.isdir(folder) else ():
        with open(os.path.join(folder, name), encoding="utf-8") as file:
            yield name, json.load(file)


def sample_bytes(sample):
    return bytes.fromhex(sample["hex"]) if "hex" in sample else sample["text"].encode()


class Samples(unittest.TestCase):
    """The samples of the Rust crates: the same answer, and the same part."""

    def trust_of(self, sample):
        return t.of_genesis(r.genesis_of(sample["context"]["genesis"]))

    def proof_outcome(self, trust, data, older=None):
        try:
            finding = v.find_proof(trust, data, older)
        except s.Malformed:
            return "error"
        return f"{(finding['reason'] or '').partition(':')[0]} {finding['verdict']}".strip()

    def test_receipts(self):
        for name, sample in samples("receipt"):
            if "trust_file" in sample:
                given = sample["trust_file"]
                data = bytes.fromhex(given) if isinstance(given, str) else encoded(given)
                trust = t.of_trust_file(v.read_trust(data), sample["now_ms"])
            else:
                trust = t.of_genesis(r.genesis_of(sample["genesis"]))
            document = sample["document"].encode() if "document" in sample else None
            for form, expected in sample["expected"].items():
                receipt = bytes.fromhex(sample["binary"]) if form == "binary" else sample["json"]
                found = outcome(trust, receipt, document)
                with self.subTest(name, form=form):
                    self.assertEqual(found, expected["status"] if "status" in expected else expected_of(expected["error"]))

    def test_proofs(self):
        for folder in ("consistency", "completeness", "evidence", "history"):
            for name, sample in samples(folder):
                context = sample["context"]
                older = r.header_of(context["header"]) if "header" in context else None
                with self.subTest(folder, name=name):
                    found = self.proof_outcome(self.trust_of(sample), sample_bytes(sample), older)
                    self.assertEqual(found, expected_of(sample["verdict"]))

    def test_signing_requests(self):
        """A person is asked to sign, or not: there is no finding."""
        for name, sample in samples("signing-request"):
            try:
                g.verify_request(self.trust_of(sample), g.read_request(sample_bytes(sample)))
                found = "good"
            except (s.Malformed, v.Fault) as error:
                found = error
            with self.subTest(name):
                self.assertEqual(found == "good", sample["verdict"] == "good", (found, sample["verdict"]))

    def test_member_proofs(self):
        for name, sample in samples("member-proof"):
            try:
                proof = r.member_proof_of(s.parse_json(sample_bytes(sample), r.PROOF_BYTES_MAX))
                v.verify_member(self.trust_of(sample), proof)
                found = "proved"
            except v.Fault as fault:
                found = f"{fault.part} {fault.word}"
            with self.subTest(name):
                self.assertEqual(found, expected_of(sample["verdict"]))

    def test_trust_files(self):
        for folder in ("trust-file", "trust-file-binary"):
            for name, sample in samples(folder):
                with self.subTest(folder, name=name):
                    try:
                        t.of_trust_file(v.read_trust(sample_bytes(sample)), sample["context"]["now_ms"])
                        found = "proved"
                    except v.Fault as fault:
                        found = f"{fault.part} {fault.word}"
                    except s.NewerVerifier:
                        found = "encoding needs-newer-verifier"
                    except s.Malformed:
                        found = "error"
                    expected = expected_of(sample["verdict"])
                    self.assertEqual(found, "error" if "not the binary form" in sample["verdict"] else expected)

    def holds(self, check, *arguments):
        """There is no word for what is wrong with a snapshot."""
        try:
            check(*arguments)
            return True
        except (v.Fault, s.Malformed):
            return False

    def test_snapshots(self):
        manifests = dict(samples("snapshot-manifest"))
        now_ms = manifests["sound.json"]["context"]["now_ms"]
        state, others = dict(samples("snapshot-state")), dict(samples("snapshot-chunk"))
        header = r.header_of(state["sound.json"]["context"]["header"])
        for name, sample in manifests.items():
            with self.subTest("manifest", name=name):
                read = lambda data: t.of_trust_file(snapshot.read_manifest(data).trust, now_ms)  # noqa: E731
                self.assertEqual(self.holds(read, sample_bytes(sample)), sample["verdict"] == "good")
        for name, sample in state.items():
            with self.subTest("state", name=name):
                read = lambda data: snapshot.read_state(snapshot.records(data), header)  # noqa: E731
                self.assertEqual(self.holds(read, sample_bytes(sample)), sample["verdict"] == "good")
        for name, sample in others.items():
            with self.subTest("chunk", name=name):
                self.assertEqual(self.holds(snapshot.records, sample_bytes(sample)), sample["verdict"] == "good")

        manifest = sample_bytes(manifests["sound.json"])
        trust = t.of_genesis(snapshot.read_manifest(manifest).trust.genesis)
        sound = [sample_bytes(f[name]) for f, name in (
            (state, "sound.json"), (others, "sound-blocks.json"), (others, "sound-certificates.json"),
        )]  # fmt: skip
        chunks = {snapshot.chunk_hash(chunk): chunk for chunk in sound}
        self.assertEqual(snapshot.check_snapshot(manifest, chunks.__getitem__, trust, now_ms), header)
        # Whatever is changed in a chunk, and named by its new hash.
        for chunk in sound:
            for at in range(4, len(chunk), 1 + len(chunk) // 60):
                other = chunk[:at] + bytes([chunk[at] ^ 1]) + chunk[at + 1 :]
                hash_ = snapshot.chunk_hash(other)
                renamed = manifest.replace(snapshot.chunk_hash(chunk), hash_)
                with self.subTest(at=at):
                    given = {**chunks, hash_: other}.__getitem__
                    self.assertFalse(self.holds(snapshot.check_snapshot, renamed, given, trust, now_ms))

    def test_certificates(self):
        for name, sample in samples("certificate"):
            header = b.header_of(b.Reader(bytes.fromhex(sample["context"]["header"])))
            validators = r.set_of(sample["context"]["validators"])
            try:
                read = b.Reader(sample_bytes(sample))
                certificate = b.certificate_of(read)
                read.finish()
                t.check_certificate(header, certificate, validators)
                found = "proved"
            except v.Fault as fault:
                found = f"{fault.part} {fault.word}"
            except s.Malformed:
                found = "no answer"
            with self.subTest(name):
                self.assertTrue(expected_of(sample["verdict"]).startswith(found), (found, sample["verdict"]))

    def test_what_is_read(self):
        """Accepted or not: there is no word for these."""

        def whole(read_part):
            def read(data):
                reader = b.Reader(data)
                found = read_part(reader)
                reader.finish()
                return found

            return read

        def header(reader):
            found = b.header_of(reader)
            if found.layout != 1:
                raise s.Malformed("layout")
            t.check_form(t.Trust(found.chain_id, []), found)

        def genesis(data):
            found = r.read_genesis(data)
            chain_id = found.chain_id()
            for m in found.members:
                possession, agreement = found.signatures.get(m.id, ([], {}))
                message = l.possession_message(found.name, found.nonce, m)
                good = len(possession) == len(m.keys()) and len(agreement) >= m.governance_threshold
                good = good and all(e.signature_holds(k, x, message) for k, x in zip(m.keys(), possession))
                message = l.agreement_message(chain_id)
                good = good and all(k in m.governance_keys and e.signature_holds(k, x, message) for k, x in agreement.items())
                if not good:
                    raise s.Malformed(f"{m.id} has not signed")
            if not found.signatures.keys() <= {m.id for m in found.members}:
                raise s.Malformed("a stranger has signed")

        def member_file(data):
            name, nonce, m, signatures = r.read_member_file(data)
            message = l.possession_message(name, nonce, m)
            if len(signatures) != len(m.keys()) or not all(
                e.signature_holds(k, x, message) for k, x in zip(m.keys(), signatures)
            ):
                raise s.Malformed("a key did not sign")

        def summary(data):
            reader = b.Reader(data)
            b.read_summary(reader)
            reader.finish()

        for folder, read in (
            ("entry", b.read_entry), ("validator-set", whole(b.set_of)), ("header", whole(header)), ("genesis", genesis),
            ("member", lambda data: r.check_member(r.member_of(s.parse_json(data, r.MEMBER_BYTES_MAX)))),
            ("member-file", member_file), ("summary", summary),
        ):  # fmt: skip
            for name, sample in samples(folder):
                try:
                    read(sample_bytes(sample))
                    found = "good"
                except (s.Malformed, v.Fault) as error:
                    found = error
                with self.subTest(folder, name=name):
                    self.assertEqual(found == "good", sample["verdict"] == "good", (found, sample["verdict"]))

    def test_commitments(self):
        for name, sample in samples("commitment"):
            given = json.loads(sample["text"])
            with self.subTest(name):
                try:
                    kind, opening = l.KINDS.index(given["kind"]), r.opening_of(given["opening"])
                    receipt = r.Receipt(kind, opening, None)
                    document = given["document"].encode() if "document" in given else None
                    commitment = bytes.fromhex(given["commitment"])
                    chain = bytes.fromhex(given["chain"])
                    d.check_document(chain, given["issuer"], commitment, receipt, document)
                    found = "good"
                except (s.Malformed, v.Fault, d.DocumentNeeded) as error:
                    found = error
                self.assertEqual(found == "good", sample["verdict"] == "good", (found, sample["verdict"]))

    def test_json_forms(self):
        path = os.path.join(SAMPLES, "json-form.json")
        with open(path, encoding="utf-8") as file:
            cases = json.load(file)
        with open(os.path.join(SAMPLES, cases["sample"]), encoding="utf-8") as file:
            sample = json.load(file)
        for name, value, read in (
            ("receipt", sample["json"], r.read_receipt), ("genesis", sample["genesis"], r.read_genesis),
        ):  # fmt: skip
            read(encoded(value))
            for case in cases[name]:
                text = "[" + ",".join([case["text"]] * case["times"]) + "]" if "times" in case else case["text"]
                with self.subTest(case["case"]):
                    data = json.dumps(edited(value, case["at"], "@")).replace('"@"', text).encode()
                    if case["error"] is None:
                        read(data)
                    else:
                        self.assertRaises((s.Malformed, r.TooManyChanges), read, data)


class Good(unittest.TestCase):
    def setUp(self):
        self.consortium = Consortium()

    def check(self, expected, receipt, trust=None, document=DOCUMENT):
        """In both encodings."""
        trust = trust or self.consortium.trust
        self.assertEqual(outcome(trust, receipt, document), expected)
        self.assertEqual(outcome(trust, binary(receipt, trust), document), expected)

    def test_statuses(self):
        disputed = {"disputed": [{"from": 2, "until": 4}]}
        for bits, plain, inside in (
            (0, "active", "disputed"), (1, "suspended", "suspended"), (2, "confirmed", "confirmed"),
            (3, "revoked", "revoked"),
        ):  # fmt: skip
            statuses = {3: bits, 2: 3, 4: 1}
            self.check(plain, self.consortium.receipt(DOCUMENT, statuses=statuses))
            self.check(inside, self.consortium.receipt(DOCUMENT, statuses=statuses, record=disputed))
            outside = {"disputed": [{"from": 0, "until": 3}, {"from": 4, "until": 9}]}
            self.check(plain, self.consortium.receipt(DOCUMENT, statuses=statuses, record=outside))

    def test_places_and_sizes(self):
        for size, index in ((1, 0), (2, 1), (3, 2), (255, 254), (256, 255), (257, 256), (600, 300), (777, 513)):
            self.check("revoked", self.consortium.receipt(DOCUMENT, size=size, index=index, statuses={index: 3}))

    def test_status_leaves(self):
        for filled in (0, 1, 54, 55, 56, 63):
            leaf = bytes([0] + [0xFF] * filled + [0] * (63 - filled))
            self.check("active", self.consortium.receipt(DOCUMENT, raw_leaf=leaf))

    def test_documents(self):
        receipt = self.consortium.receipt(DOCUMENT)
        self.check("active", receipt, document=b'\n{"a":"\\u00e9","b":2.0}')
        self.check("document tampered", receipt, document=b'{"a":"e","b":2}')
        self.check("document tampered", receipt, document=b"{")
        self.check("error", receipt, document=None)
        receipt = self.consortium.receipt(b"%PDF", "bytes")
        self.check("active", receipt, document=b"%PDF")
        self.check("document tampered", receipt, document=b"%PDF ")

    def test_openings(self):
        summary = {"holder": "Siti", "title": "Lencana"}
        full = {"form": "full", "secret": "05" * 32, "summary": summary}
        receipt = self.consortium.receipt(DOCUMENT, opening=full)
        self.check("active", receipt)
        closed = {"form": "closed-summary", "content_key": l.derive("sanad/v1 content key", b"\5" * 32).hex()}
        closed["summary"] = d.summary_hash(
            l.derive("sanad/v1 summary key", b"\5" * 32), sorted((r.LABELS.index(k), x) for k, x in summary.items())
        ).hex()
        self.check("active", {**receipt, "opening": closed})
        self.check("document tampered", edited(receipt, "opening.summary.holder", "Sita"))
        paper = self.consortium.receipt(DOCUMENT, opening=full, paper=True)
        self.check("active", paper, document=None)
        self.check("document not-proven", paper)
        self.check("document tampered", edited(paper, "opening.summary.holder", "Sita"), document=None)
        finding = v.find(self.consortium.trust, encoded(paper), None)
        self.assertIn("document not seen", finding["not_proved"])
        self.assertEqual(finding["summary"], summary)
        for opening, expected in (
            ({**full, "summary": {**summary, "grade": "A"}}, "encoding needs-newer-verifier"),
            ({**full, "summary": {}}, "encoding tampered"),
            ({**full, "summary": {"title": "a\u202eb"}}, "encoding tampered"),
            ({**full, "summary": {"awarded_on": "2 May"}}, "encoding tampered"),
            ({**full, "summary": {"title": "x" * 238}}, "encoding tampered"),
            ({"form": "half"}, "encoding tampered"),
        ):
            self.assertEqual(outcome(self.consortium.trust, {**receipt, "opening": opening}), expected)
        data = binary(receipt, self.consortium.trust)
        at = data.index(b"\2\0\4Siti") + 1
        unknown = data[:at] + b"\x09" + data[at + 1 :]
        self.assertEqual(outcome(self.consortium.trust, unknown), "encoding needs-newer-verifier")

    def test_summary_against_document(self):
        badge = {"type": "VerifiableCredential", "credentialSubject": {"name": "Siti", "achievement": {"name": "A"}}}
        for summary, expected in (
            ({"holder": "Siti", "title": "A"}, "active"), ({"title": "A"}, "active"),
            ({"holder": "Sita", "title": "A"}, "summary not-proven"), ({"title": "A", "level": "6"}, "summary not-proven"),
        ):  # fmt: skip
            opening = {"form": "full", "secret": "05" * 32, "summary": summary}
            self.check(expected, self.consortium.receipt(encoded(badge), opening=opening), document=encoded(badge))

    def test_issuer_ids(self):
        ids = [{"id": "https://ui.example", "from": 2}, {"id": "did:web:old.example", "from": 0, "until": 3}]
        for issuer, expected in (
            ("https://UI.example/", "active"), ({"id": "https://ui.example#key"}, "active"),
            ("https://ugm.example", "issuer-id not-proven"), ("did:web:old.example", "issuer-id not-proven"),
            ("not an id", "issuer-id not-proven"), (7, "issuer-id not-proven"), (None, "issuer-id not-proven"),
        ):  # fmt: skip
            document = encoded({"issuer": issuer})
            self.check(expected, self.consortium.receipt(document, record={"issuer_ids": ids}), document=document)
        document = encoded({"issuer": "https://ui.example"})
        self.check("issuer-id not-proven", self.consortium.receipt(document), document=document)

    def test_sets_of_all_sizes(self):
        for count in (1, 2, 3, 4, 7, 14, 128):
            consortium = Consortium(count)
            self.check("active", consortium.receipt(DOCUMENT), consortium.trust)
            all_sign = consortium.receipt(DOCUMENT, places=range(count), round_=7)
            self.assertEqual(outcome(consortium.trust, all_sign), "active")

    def test_other_members_and_fields(self):
        self.check("active", self.consortium.receipt(DOCUMENT, issuer="univ-002"))
        self.check("active", self.consortium.receipt(DOCUMENT, record={"standing": "retired", "since": 7}))
        following = {"next_validators_hash": b"\7" * 32}
        self.check("active", self.consortium.receipt(DOCUMENT, header_fields=following))
        self.check("active", self.consortium.receipt(DOCUMENT, header_fields={"round": 5, "rules": 9}))

    def test_finding(self):
        finding = v.find(self.consortium.trust, encoded(self.consortium.receipt(DOCUMENT)), DOCUMENT)
        self.assertEqual(finding["signers"], ["univ-000", "univ-001", "univ-002"])
        self.assertEqual(finding["issuer"]["id"], ISSUER)
        self.assertEqual(finding["as_of"], {"height": 9, "time_ms": 1700000009000, "time": "2023-11-14T22:13:29.000Z"})
        self.assertEqual(finding["existed_by"], "2023-11-14T22:13:35.000Z")
        self.assertEqual(finding["rests_on"], {"anchor": "genesis"})
        late = self.consortium.receipt(DOCUMENT, header_fields={"round": 6})
        finding = v.find(self.consortium.trust, encoded(late), DOCUMENT)
        self.assertEqual(finding["existed_by"], "2023-11-14T22:13:50.000Z")


class TrustRules(unittest.TestCase):
    """docs/formats/trust-file.md, each case."""

    @classmethod
    def setUpClass(cls):
        ids = [f"univ-{i:03}" for i in range(8)]
        cls.changes = [(4, ids[:3] + ids[4:5]), (12, ids[2:3] + ids[4:7]), (20, ids[4:8])]
        cls.consortium = Consortium(changes=cls.changes)
        cls.receipt = cls.consortium.receipt(DOCUMENT, height=9)

    def check(self, expected, receipt, trust):
        self.assertEqual(outcome(trust, receipt), expected)
        self.assertEqual(outcome(trust, binary(receipt, trust)), expected)

    def test_genesis_alone(self):
        consortium = self.consortium
        self.check("active", self.receipt, consortium.trust)
        late = consortium.receipt(DOCUMENT, height=30)
        self.check("active", late, consortium.trust)
        self.assertEqual(outcome(consortium.trust, consortium.receipt(DOCUMENT, height=30, changes=[])), "anchor needs-trust-file")
        gap = consortium.receipt(DOCUMENT, height=30, changes=consortium.changes[1:])
        self.assertEqual(outcome(consortium.trust, gap), "validators not-proven")

    def test_at_the_anchor(self):
        trust = self.consortium.trusting(9, now_ms=START_MS + 9 * YEAR_MS)
        compact = self.consortium.receipt(DOCUMENT, height=9, changes=[])
        self.check("active", compact, self.consortium.trusting(9))
        self.check("active", compact, self.consortium.trusting(9, now_ms=START_MS + 9 * YEAR_MS))
        other = self.consortium.header(9, time_ms=START_MS)
        other = edited(compact, "proof.header", json_of(other))
        other["proof"]["finality"] = self.consortium.certified(self.consortium.header(9, time_ms=START_MS), [])
        self.assertEqual(outcome(trust, other), "history not-proven")

    def test_below_the_anchor(self):
        compact = self.consortium.receipt(DOCUMENT, height=9, changes=[])
        # Of the set of height 9 those of height 15 have 2 of 4; the first three signed, of whom one is still there.
        self.check("history needs-history-path", compact, self.consortium.trusting(15))
        others = self.consortium.receipt(DOCUMENT, height=9, changes=[], places=[1, 2, 3])
        self.check("active", others, self.consortium.trusting(15))
        late = self.consortium.trusting(15, now_ms=START_MS + 15_000 + YEAR_MS + 1)
        self.check("anchor renew", others, late)
        self.check("history needs-history-path", compact, late)
        self.check("history needs-history-path", compact, self.consortium.trusting(25))
        early = self.consortium.trusting(15, now_ms=START_MS + 15_000 - 300_001)
        self.check("anchor renew", others, early)
        for now_ms in (START_MS + 15_000 - 300_000, START_MS + 15_000 + YEAR_MS):
            self.check("active", others, self.consortium.trusting(15, now_ms=now_ms))

    def test_above_the_anchor(self):
        consortium = self.consortium
        self.check("active", self.receipt, consortium.trusting(6))
        self.check("active", consortium.receipt(DOCUMENT, height=9, changes=[]), consortium.trusting(6))
        late = consortium.receipt(DOCUMENT, height=30, changes=consortium.changes[1:])
        self.check("active", late, consortium.trusting(6))
        without = consortium.receipt(DOCUMENT, height=30, changes=[])
        self.assertEqual(outcome(consortium.trusting(6), without), "anchor renew")
        self.check("anchor renew", late, consortium.trusting(6, now_ms=START_MS + 2 * YEAR_MS))
        whole = consortium.receipt(DOCUMENT, height=30)
        self.check("active", whole, consortium.trusting(6))
        turned = edited(whole, "proof.finality.validator_changes", lambda c: [c[1], c[0], c[2]])
        self.assertEqual(outcome(consortium.trusting(6), turned), "validators tampered")

    def test_history(self):
        consortium = self.consortium

        def receipt(newer, changes=None):
            return consortium.receipt(DOCUMENT, height=9, finality=lambda h: consortium.in_history(h, newer, changes))

        self.check("active", receipt(30), consortium.trust)
        self.check("active", receipt(30, []), consortium.trusting(25))
        # The anchor itself needs no clock.
        self.check("active", receipt(25, []), consortium.trusting(25, now_ms=START_MS + 9 * YEAR_MS))
        self.check("anchor renew", receipt(30, []), consortium.trusting(25, now_ms=START_MS + 9 * YEAR_MS))
        good = receipt(30)
        for path, value, expected in (
            ("path.0", flipped, "history tampered"), ("path", lambda p: p[:-1], "history tampered"),
            ("path", lambda p: p + [HASH], "history tampered"), ("past.batches_root", flipped, "history tampered"),
            ("header.time_ms", 1, "certificate tampered"), ("header.chain_id", flipped, "chain foreign-chain"),
            ("header.version.layout", 2, "header needs-newer-verifier"),
            ("certificate.signatures", lambda c: c[:2], "certificate not-proven"),
        ):  # fmt: skip
            with self.subTest(path):
                self.assertEqual(outcome(consortium.trust, edited(good, f"proof.finality.{path}", value)), expected)
        self.assertEqual(outcome(consortium.trust, edited(good, "proof.header.time_ms", 1)), "history tampered")
        # However many signed a newer header, the anchor stands.
        other = consortium.receipt(DOCUMENT, height=9, statuses={3: 3}, finality=lambda h: {})
        fork = consortium.receipt(DOCUMENT, height=9, finality=lambda h: consortium.in_history(h, 11, []))
        consortium.enter(r.header_of(other["proof"]["header"]))
        trust = consortium.trusting(9)
        self.assertEqual(outcome(trust, fork), "history not-proven")

    def test_sealed(self):
        consortium = self.consortium
        receipt = consortium.receipt(DOCUMENT, height=9, finality=consortium.sealed)
        trust = consortium.trusting(65537, now_ms=START_MS + 9 * YEAR_MS)
        self.assertEqual(len(trust.seals), 1)
        self.check("active", receipt, trust)
        self.assertEqual(outcome(consortium.trust, receipt), "anchor needs-trust-file")
        self.assertEqual(outcome(consortium.trust, binary(receipt, trust)), "anchor needs-trust-file")
        self.check("anchor renew", receipt, consortium.trusting(30))
        self.assertEqual(outcome(consortium.trusting(6), binary(receipt, trust)), "anchor renew")
        for path, value, expected in (
            ("proof.finality.path.0", flipped, "history tampered"),
            ("proof.finality.path", lambda p: p[:-1], "history tampered"),
            ("proof.header.time_ms", 1, "history tampered"),
            ("proof.header.height", 10, "history tampered"),
            ("proof.header.height", 65537, "anchor renew"),
            ("proof.entry.event.commitment", flipped, "inclusion tampered"),
        ):
            with self.subTest(path):
                self.assertEqual(outcome(trust, edited(receipt, path, value)), expected)

    def test_changes_of_validators(self):
        change = "proof.finality.validator_changes.0."
        for path, value, expected in (
            ("header.height", 9, "validators tampered"), ("header.height", 0, "validators tampered"),
            ("header.chain_id", flipped, "chain foreign-chain"), ("header.log_size", 2, "certificate tampered"),
            ("header.version.layout", 0, "header needs-newer-verifier"),
            ("next.validators.3.member", "univ-005", "validators tampered"),
            ("next.number", 2, "validators tampered"), ("next.first_height", 6, "validators tampered"),
            ("certificate.signatures", lambda x: x[:2], "certificate not-proven"),
            ("next.validators", lambda n: n[::-1], "encoding tampered"), ("next.validators", [], "encoding tampered"),
            ("next.number", 0, "encoding tampered"), ("next.first_height", 1, "encoding tampered"),
        ):  # fmt: skip
            with self.subTest(path, value=value):
                found = outcome(self.consortium.trust, edited(self.receipt, change + path, value))
                self.assertEqual(found, expected)
        following = l.ValidatorSet(2, 5, self.consortium.sets[1].validators)
        header = self.consortium.header(4, next_validators_hash=following.hash())
        signed = {"header": json_of(header), "certificate": json_of(self.consortium.certify(header)), "next": json_of(following)}
        wrong = edited(self.receipt, "proof.finality.validator_changes", [signed])
        self.assertEqual(outcome(self.consortium.trust, wrong), "validators tampered", "the number does not follow")
        twice = edited(self.receipt, "proof.finality.validator_changes", lambda c: c * 2)
        self.assertEqual(outcome(self.consortium.trust, twice), "validators tampered")
        many = Consortium(changes=[(i + 1, [f"univ-{i % 3:03}"]) for i in range(65)])
        sixty_four = many.receipt(DOCUMENT, height=65, changes=many.changes[:64])
        self.check("active", sixty_four, many.trust)
        beyond = many.receipt(DOCUMENT, height=99)
        self.assertEqual(outcome(many.trust, beyond), "validators needs-trust-file")
        data = binary(sixty_four, many.trust)
        at = data.index(b"\0\x40", 78) + 1
        self.assertEqual(outcome(many.trust, data[:at] + b"\x41" + data[at + 1 :]), "validators needs-trust-file")

    def test_sets_that_are_not_known(self):
        compact = self.consortium.receipt(DOCUMENT, height=9, changes=[])
        data = binary(compact, self.consortium.trusting(6))
        self.assertEqual(outcome(self.consortium.trust, data), "anchor needs-trust-file")
        self.assertEqual(outcome(self.consortium.trusting(2), data), "anchor renew")


class TrustFiles(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        ids = [f"univ-{i:03}" for i in range(8)]
        cls.consortium = Consortium(changes=[(4, ids[:3] + ids[4:5]), (12, ids[2:3] + ids[4:7])])

    def outcome(self, file, chain_id=None):
        try:
            found = v.read_trust(encoded(file) if isinstance(file, dict) else file)
            t.of_trust_file(found, 0, chain_id)
            return "proved"
        except v.Fault as fault:
            return f"{fault.part} {fault.word}"
        except s.NewerVerifier:
            return "encoding needs-newer-verifier"
        except s.Malformed:
            return "error"

    def test_sound(self):
        for height in (1, 2, 4, 5, 12, 13, 40):
            file = self.consortium.trust_file(height)
            self.assertEqual(self.outcome(file), "proved", height)
            self.assertEqual(self.outcome(trust_binary(file)), "proved", height)
            both = v.read_trust(encoded(file)), v.read_trust(trust_binary(file))
            self.assertEqual(*both)

    def test_each_part_has_its_word(self):
        file = self.consortium.trust_file(40)
        for path, value, expected in (
            ("anchor.header.time_ms", 1, "certificate tampered"), ("anchor.header.height", 0, "header tampered"),
            ("anchor.header.height", 41, "certificate tampered"), ("anchor.header.chain_id", flipped, "chain foreign-chain"),
            ("anchor.header.version.layout", 9, "header needs-newer-verifier"),
            ("anchor.past.previous", flipped, "history tampered"),
            ("anchor.past.history_root", flipped, "history tampered"),
            ("anchor.certificate.signatures", lambda c: c[:2], "certificate not-proven"),
            ("validator_changes", lambda c: c[1:], "validators not-proven"),
            ("validator_changes", lambda c: c[:1], "validators not-proven"),
            ("validator_changes", lambda c: c[:1] + c, "validators tampered"),
            ("validator_changes.0.path.0", flipped, "history tampered"),
            ("validator_changes.0.path", lambda p: p[1:], "history tampered"),
            ("validator_changes.1.next.validators.0.member", "univ-001", "validators tampered"),
            ("seals", [HASH], "history tampered"), ("remainder", lambda x: x[1:], "history tampered"),
            ("remainder.1", flipped, "history tampered"), ("format", "sanad-trust/v2", "error"),
            ("genesis.name", "Lain", "chain foreign-chain"), ("genesis.name", "", "error"),
            ("validator_changes", [], "error"), ("anchor.extra", 1, "error"),
        ):  # fmt: skip
            with self.subTest(path, value=value):
                self.assertEqual(self.outcome(edited(file, path, value)), expected)
        at_change = self.consortium.trust_file(12)
        self.assertEqual(self.outcome(edited(at_change, "validator_changes.1.path", [HASH])), "validators tampered")
        self.assertEqual(self.outcome(edited(at_change, "validator_changes", lambda c: c[:1])), "validators not-proven")
        self.assertEqual(self.outcome(file, chain_id=bytes(32)), "chain foreign-chain")

    def test_binary_has_one_encoding(self):
        good = trust_binary(self.consortium.trust_file(13))
        for bad, expected in (
            (good + b"\0", "error"), (good[:-1], "error"), (good[:4], "error"), (good[:5], "error"),
            (good[:4] + b"\2" + good[5:], "encoding needs-newer-verifier"), (good[:3], "error"),
        ):  # fmt: skip
            self.assertEqual(self.outcome(bad), expected)
        random_ = random.Random(5)
        for _ in range(300):
            bad = bytearray(good)
            at = random_.randrange(len(bad))
            bad[at] ^= random_.randrange(1, 256)
            self.assertNotEqual(self.outcome(bytes(bad)), "proved", at)

    def test_fold(self):
        random_ = random.Random(3)
        for seals in range(8):
            leaves = [random_.randbytes(32) for _ in range(seals)]
            for size in (seals * l.SEAL_HEADERS, seals * l.SEAL_HEADERS + 5):
                remainder = [random_.randbytes(32) for _ in range(bin(size % l.SEAL_HEADERS).count("1"))]
                expected = l.HISTORY.empty if size == 0 else None
                if leaves and not remainder:
                    expected = naive_root(l.HISTORY, leaves)
                elif remainder:
                    expected = l.HISTORY.node(*remainder)
                    expected = l.HISTORY.node(naive_root(l.HISTORY, leaves), expected) if seals in (1, 2, 4) else expected
                found = l.fold_history(size, leaves, remainder)
                if seals in (0, 1, 2, 4) or not remainder:
                    self.assertEqual(found, expected, (seals, size))
                self.assertIsNone(l.fold_history(size, leaves + [bytes(32)], remainder))
                self.assertIsNone(l.fold_history(size, leaves, remainder + [bytes(32)]))
        for size in range(1, 70):
            leaves = [l.HISTORY.leaf(bytes([i])) for i in range(size)]
            at, peaks = 0, []
            for level in reversed(range(8)):
                if size >> level & 1:
                    peaks.append(naive_root(l.HISTORY, leaves[at : at + (1 << level)]))
                    at += 1 << level
            self.assertEqual(l.fold_history(size, [], peaks), naive_root(l.HISTORY, leaves))


class Tampered(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.consortium = Consortium(changes=[(4, ["univ-000", "univ-001", "univ-002", "univ-009"])])
        cls.trust = cls.consortium.trust
        record = {"disputed": [{"from": 7, "until": 9}], "issuer_ids": [{"id": "did:web:a.example", "from": 1}]}
        cls.receipt = cls.consortium.receipt(DOCUMENT, size=600, index=300, statuses={9: 3}, record=record)

    def test_each_part_has_its_word(self):
        signatures = "proof.finality.certificate.signatures"
        for path, value, expected in (
            ("opening.secret", flipped, "document tampered"), ("document", "bytes", "document tampered"),
            ("document", "sd-jwt", "document tampered"), ("document", "pdf", "encoding tampered"),
            ("proof.entry.issuer", "univ-001", "inclusion tampered"),
            ("proof.entry.event.commitment", flipped, "inclusion tampered"),
            ("proof.index", 301, "inclusion tampered"), ("proof.index", 600, "inclusion tampered"),
            ("proof.log_path.0", flipped, "inclusion tampered"),
            ("proof.log_path", lambda p: p[:-1], "inclusion tampered"),
            ("proof.log_path", lambda p: p + [HASH], "inclusion tampered"),
            ("proof.status_leaf", flipped, "state tampered"), ("proof.status_path.0", flipped, "state tampered"),
            ("proof.status_path", lambda p: p[:-1], "status tampered"),
            ("proof.others_root", flipped, "state tampered"),
            ("proof.issuer.record.name", "Universitas Palsu", "state tampered"),
            ("proof.issuer.record.standing", "retired", "state tampered"),
            ("proof.issuer.record.disputed", [], "state tampered"),
            ("proof.issuer.record.issuer_ids.0.id", "did:web:b.example", "state tampered"),
            ("proof.issuer.record.issuer_ids.0.id", "did:web:B.example", "encoding tampered"),
            ("proof.issuer.record.rest", flipped, "state tampered"),
            ("proof.issuer.record.id", "univ-001", "issuer tampered"),
            ("proof.issuer.index", 1, "state tampered"), ("proof.issuer.index", 5, "issuer tampered"),
            ("proof.issuer.count", 6, "state tampered"), ("proof.issuer.count", 99, "issuer tampered"),
            ("proof.issuer.count", 4097, "encoding tampered"),
            ("proof.issuer.path.1", flipped, "state tampered"),
            ("proof.issuer.path", lambda p: p[:-1], "issuer tampered"),
            ("proof.header.version.layout", 2, "header needs-newer-verifier"),
            ("proof.header.version.rules", 2, "certificate tampered"),
            ("proof.header.chain_id", flipped, "chain foreign-chain"), ("proof.header.height", 0, "header tampered"),
            ("proof.header.height", 10, "certificate tampered"),
            ("proof.header.time_ms", 253402300800000, "header tampered"),
            ("proof.header.log_size", (1 << 40) + 1, "header tampered"),
            ("proof.header.round", 1, "certificate tampered"), ("proof.header.past", flipped, "certificate tampered"),
            ("proof.header.validators_hash", flipped, "validators not-proven"),
            ("proof.finality.certificate.height", 8, "certificate tampered"),
            ("proof.finality.certificate.round", 1, "certificate tampered"),
            ("proof.finality.certificate.block", flipped, "certificate tampered"),
            (signatures, lambda x: x[:2], "certificate not-proven"),
            (signatures, lambda x: x[:2] + x[1:2], "certificate tampered"),
            (signatures, lambda x: x[::-1], "certificate tampered"),
            (signatures + ".2.validator", 3, "certificate tampered"),
            (signatures + ".2.validator", 4, "certificate not-proven"),
            (signatures + ".1.signature", flipped, "certificate tampered"),
            ("proof.finality", lambda f: {k: x for k, x in f.items() if k != "validator_changes"}, "anchor needs-trust-file"),
            ("proof.finality.validator_changes", [], "encoding tampered"),
            ("proof.finality.by", "seal", "encoding tampered"),
        ):  # fmt: skip
            with self.subTest(path, value=value):
                found = outcome(self.trust, edited(self.receipt, path, value))
                self.assertEqual(found, expected)
        self.assertEqual(outcome(self.trust, edited(self.receipt, "format", "sanad-receipt/v2")), "error")

    def test_nothing_is_shown_that_is_not_proved(self):
        changed = edited(self.receipt, "proof.issuer.record.name", "Universitas Palsu")
        for data in (encoded(changed), binary(changed, self.trust)):
            finding = v.find(self.trust, data, DOCUMENT)
            self.assertIsNone(finding["issuer"])
            held = [check["part"] for check in finding["checks"] if check["holds"]]
            self.assertFalse({"issuer", "status", "document"} & set(held))
        finding = v.find(self.trust, binary(changed, self.trust), DOCUMENT)
        for name in ("as_of", "log_index", "commitment", "rests_on"):
            self.assertIsNone(finding[name])

    def test_another_chain(self):
        other = Consortium(name="Lain").trust
        self.assertEqual(outcome(other, self.receipt), "chain foreign-chain")
        self.assertEqual(outcome(other, binary(self.receipt, self.trust)), "chain foreign-chain")

    def test_a_copied_commitment_opens_to_nothing(self):
        theirs = self.consortium.receipt(DOCUMENT, issuer="univ-001")
        mine = self.consortium.receipt(DOCUMENT)
        self.assertNotEqual(*(receipt["proof"]["entry"]["event"] for receipt in (theirs, mine)))

    def test_votes_for_something_else(self):
        header = r.header_of(self.receipt["proof"]["header"])
        true = l.vote(header, 0)
        self.assertEqual(len(true), 95)
        for vote in (
            true.replace(b"vote", b"veto"),
            true[:45] + b"\0" + true[46:],  # a prevote
            true[:53] + b"\x08" + true[54:],  # another height
            true[:91] + b"\0\0\0\1",  # another round of first proposal
            true[:58] + b"\0" + bytes(36),  # for nil
            true[:91],  # without the round of first proposal
        ):
            certificate = json_of(self.consortium.certify(header, vote=vote))
            receipt = edited(self.receipt, "proof.finality.certificate", certificate)
            self.assertEqual(outcome(self.trust, receipt), "certificate tampered")
        certificate = json_of(self.consortium.certify(header, vote=true))
        self.assertEqual(outcome(self.trust, edited(self.receipt, "proof.finality.certificate", certificate)), "active")

    def test_a_validator_set_of_ones_own(self):
        own = l.ValidatorSet(0, 1, [("univ-666", public("univ-666 consensus"))])
        header = r.header_of(self.receipt["proof"]["header"])._replace(validators_hash=own.hash())
        receipt = edited(self.receipt, "proof.header", json_of(header))
        receipt["proof"]["finality"]["certificate"] = json_of(self.consortium.certify(header, validators=own))
        self.assertEqual(outcome(self.trust, receipt), "validators not-proven")

    def test_shape(self):
        def walk(value, path=()):
            if isinstance(value, dict):
                yield path, value
                for key_, item in value.items():
                    yield from walk(item, path + (key_,))
            elif isinstance(value, list):
                for at, item in enumerate(value):
                    yield from walk(item, path + (str(at),))

        wrongs = (None, True, 1.5, -1, 2**64, 2**53, "", "x", "G" * 64, "AB" * 32, {}, [{}], [[]])
        texts = ("id", "issuer", "member", "name")
        for path, value in walk(self.receipt):
            here = ".".join(path + ("",))
            if here != "":
                as_list = edited(self.receipt, ".".join(path), list(value.values()))
                self.assertEqual(outcome(self.trust, as_list), "encoding tampered")
            self.assertEqual(outcome(self.trust, edited(self.receipt, here + "extra", 1)), "encoding tampered")
            for name in value:
                if (name, here) == ("format", ""):
                    continue
                with self.subTest(path=path, name=name):
                    fewer = {key_: item for key_, item in value.items() if key_ != name}
                    without = edited(self.receipt, ".".join(path), fewer) if path else fewer
                    if name != "validator_changes":
                        self.assertEqual(outcome(self.trust, without), "encoding tampered")
                    for wrong in wrongs:
                        found = outcome(self.trust, edited(self.receipt, here + name, wrong))
                        if name not in texts or not isinstance(wrong, str) or not wrong:
                            self.assertEqual(found, "encoding tampered", wrong)

    def test_bytes_that_are_not_a_receipt(self):
        good = encoded(self.receipt)
        self.assertEqual(outcome(self.trust, good.ljust(1 << 20)), "active")
        for data in (
            b"", b"{", b"[]", b"null", b"\xff", b"\xef\xbb\xbf" + good, good + b"{}", good.ljust((1 << 20) + 1),
            b"[" * 10**6, b'{"a":' * 10**5, b'"\\"' * 10**5, b'["sanad-receipt/v1"]',
            b'{"format":"sanad-receipt/v1","format":"sanad-receipt/v1"}',
        ):  # fmt: skip
            with self.subTest(data[:20]):
                self.assertEqual(outcome(self.trust, data), "error")
        for data in (
            good.replace(b'"kind"', b'"kind": "issue", "k\\u0069nd"'), good.replace(b'"index": 300', b'"index": 3e2'),
            good.replace(b'"index": 300', b'"index": 300.0'), good.replace(b'"round": 0', b'"round": -0'),
            b'{"format":"sanad-receipt/v1"}', binary(self.receipt, self.trust)[:40],
        ):  # fmt: skip
            with self.subTest(data[:20]):
                self.assertEqual(outcome(self.trust, data), "encoding tampered")

    def test_single_byte_mutations(self):
        def facts(data):
            return b.read_binary_receipt(data, self.trust) if data.startswith(b.RECEIPT_MAGIC) else r.read_receipt(data)

        random_ = random.Random(11)
        compact = json.dumps(self.receipt, separators=(",", ":")).encode()
        for good in (compact, binary(self.receipt, self.trust)):
            for _ in range(400):
                bad = bytearray(good)
                at = random_.randrange(len(bad))
                bad[at] ^= random_.randrange(1, 256)
                if outcome(self.trust, bytes(bad)) in GOOD:
                    self.assertEqual(facts(bytes(bad)), facts(good), (at, bad[at]))
            for length in range(0, len(good), 41):
                self.assertIn(outcome(self.trust, good[:length]), ("error", "encoding tampered"))

    def test_binary_has_one_encoding(self):
        good = binary(self.receipt, self.trust)
        self.assertEqual(outcome(self.trust, good), "active")
        for at, bad, expected in (
            (4, b"\2", "encoding needs-newer-verifier"), (13, b"\x83", "encoding tampered"), (13, b"\3", "encoding tampered"),
            (13, b"\x30", "encoding tampered"), (79, b"\x81\0", "encoding tampered"),
        ):  # fmt: skip
            self.assertEqual(outcome(self.trust, good[:at] + bad + good[at + 1 :]), expected, at)
        self.assertEqual(outcome(self.trust, good + b"\0"), "encoding tampered")
        self.assertEqual(outcome(self.trust, good.ljust((1 << 20) + 1)), "error")


class Proofs(unittest.TestCase):
    """Consistency and completeness, on a log of one member."""

    def setUp(self):
        self.consortium = Consortium()
        chain = self.consortium.chain_id
        entries = [l.Entry(0, ISSUER, l.derive("c", bytes([n]))) for n in range(6)]
        entries += [l.Entry(1, ISSUER, 0), l.Entry(2, ISSUER, 1), l.Entry(2, ISSUER, 3), l.Entry(3, ISSUER, 3)]
        self.entries = [entry.encode() for entry in entries]
        leaves = [l.LOG.leaf(data) for data in self.entries]
        self.leaves = leaves
        head = bytes(32)
        for index, leaf in enumerate(leaves):
            head = l.derive("sanad/v1 member events", head + l.u64(index) + leaf)
        rest = {
            "role": "issuer", "governance_threshold": 1,
            "keys": [{"purpose": "issuing", "key": key("x"), "from": 0, "until": 4}],
            "issuing": {"next_sequence": 3, "last_batch": HASH}, "governance": {"next_sequence": 0, "last_batch": "00" * 32},
            "events": {"count": len(leaves), "head": head.hex()}, "revoked": {"day": 19675, "count": 1}, "addresses": [],
            "facts": [{"name": "accreditation", "value": "unggul"}],
        }  # fmt: skip
        record = self.consortium.record(ISSUER, rest=r.rest_of(rest).hash().hex(), disputed=[{"from": 4, "until": 5}])
        members = l.members_root(1, l.MEMBERS.leaf(r.record_of(record).encode()))
        self.header = self.consortium.header(
            9, log_size=len(leaves), log_root=naive_root(l.LOG, leaves),
            state_root=l.state_root(b"\5" * 32, members, b"\6" * 32), chain_id=chain,
        )  # fmt: skip
        final = {"header": json_of(self.header), "finality": self.consortium.certified(self.header)}
        self.head = {
            "format": "sanad-completeness-proof/v1",
            "proof": {
                "member": {"record": record, "index": 0, "count": 1, "path": []}, "status_root": "05" * 32,
                "others_root": "06" * 32, **final,
            },
            "rest": rest,
        }  # fmt: skip
        self.final = final

    def lines(self, *runs, head=None):
        runs = runs or ((0, self.entries[:6]), (6, self.entries[6:]))
        runs = [{"first_index": first, "entries": [entry.hex() for entry in entries]} for first, entries in runs]
        return "".join(json.dumps(line) + "\n" for line in (head or self.head, *runs)).encode()

    def outcome(self, data):
        try:
            finding = v.find_proof(self.consortium.trust, data)
        except s.Malformed:
            return "error"
        part = (finding["reason"] or "").partition(":")[0]
        return f"{part} {finding['verdict']}".strip()

    def test_completeness(self):
        finding = v.find_proof(self.consortium.trust, self.lines())
        self.assertEqual(finding["statuses"], {"active": 3, "disputed": 1, "revoked": 1, "suspended": 1})
        one, e_ = self.lines((0, self.entries)), self.entries
        self.assertEqual(self.outcome(one), "proved")
        for data, expected in (
            (self.lines((0, e_[:6])), "entries not-proven"), (self.lines((0, e_ + e_[:1])), "entries tampered"),
            (self.lines((0, e_[:6]), (5, e_[6:])), "entries tampered"), (self.lines((1, e_)), "entries tampered"),
            (self.lines((0, [])), "encoding tampered"), (self.lines((0, [e_[0][:-1]] + e_[1:])), "entries tampered"),
            (self.lines((0, [b"\x09" + e_[0][1:]] + e_[1:])), "entries tampered"),
            (self.lines((0, e_[1:2] + e_[:1] + e_[2:])), "entries tampered"),
            (self.lines((0, e_[:9] + e_[8:9])), "entries tampered"),
            (self.lines((0, [l.Entry(0, "univ-001", bytes(32)).encode()] + e_[1:])), "entries tampered"),
            (self.lines((0, [l.Entry(1, ISSUER, 0).encode()] + e_[1:])), "entries tampered"),
            (one[:-1], "encoding tampered"), (one + b"\n", "encoding tampered"), (one + b"{}\n", "encoding tampered"),
        ):  # fmt: skip
            self.assertEqual(self.outcome(data), expected)
        for path, value, expected in (
            ("rest.events.count", 9, "issuer tampered"), ("rest.keys.0.key", flipped, "issuer tampered"),
            ("rest.revoked.day", 1, "issuer tampered"), ("rest.addresses", ["x" * 256], "issuer tampered"),
            ("rest.addresses", ["x"] * 9, "issuer tampered"), ("rest.role", "king", "error"),
            ("proof.member.record.name", "Palsu", "state tampered"), ("proof.member.record.name", "", "issuer tampered"),
            ("proof.status_root", flipped, "state tampered"), ("proof.member.path", [HASH], "issuer tampered"),
            ("proof.header.time_ms", 1, "certificate tampered"), ("format", "sanad-completeness-proof/v2", "error"),
        ):  # fmt: skip
            with self.subTest(path):
                self.assertEqual(self.outcome(self.lines(head=edited(self.head, path, value))), expected)

    def test_consistency(self):
        def proof(m, n, **changed):
            heads = [{"size": size, "root": naive_root(l.LOG, self.leaves[:size]).hex()} for size in (m, n)]
            paths = [naive_consistency(l.LOG, m, self.leaves[:n]), naive_consistency(l.LOG, n, self.leaves)]
            return {
                "format": "sanad-consistency-proof/v1", "older": heads[0], "newer": heads[1],
                "path": [h.hex() for h in paths[0]], "head_path": [h.hex() for h in paths[1]], **self.final, **changed,
            }  # fmt: skip

        for m in range(1, 11):
            for n in range(m, 11):
                self.assertEqual(self.outcome(encoded(proof(m, n))), "proved", (m, n))
        good = proof(3, 7)
        for path, value, expected in (
            ("older.root", flipped, "log tampered"), ("older.size", 4, "log tampered"), ("older.size", 0, "log tampered"),
            ("newer.root", flipped, "log tampered"), ("newer.size", 2, "log tampered"), ("path.0", flipped, "log tampered"),
            ("path", lambda p: p[:-1], "log tampered"), ("head_path", lambda p: p + [HASH], "log tampered"),
            ("header.log_size", 11, "certificate tampered"), ("finality.certificate.round", 1, "certificate tampered"),
            ("format", "x", "error"), ("extra", 1, "error"),
        ):  # fmt: skip
            with self.subTest(path):
                self.assertEqual(self.outcome(encoded(edited(good, path, value))), expected)

    def test_history(self):
        older = self.consortium.enter(self.header)
        proof = self.consortium.in_history(older, 12)
        del proof["by"]
        find = v.find_proof
        self.assertEqual(find(self.consortium.trust, encoded(proof), older)["verdict"], "proved")
        for other, expected in (
            (older._replace(time_ms=1), "tampered"), (older._replace(height=10), "tampered"),
            (older._replace(height=0), "tampered"), (older._replace(height=12), "tampered"),
            (older._replace(chain_id=bytes(32)), "foreign-chain"), (older._replace(layout=2), "needs-newer-verifier"),
        ):  # fmt: skip
            self.assertEqual(find(self.consortium.trust, encoded(proof), other)["verdict"], expected)


class StrictSignatures(unittest.TestCase):
    def setUp(self):
        self.consortium = Consortium()
        self.receipt = self.consortium.receipt(DOCUMENT)
        given = self.receipt["proof"]["finality"]["certificate"]["signatures"][1]["signature"][len("ed25519:") :]
        self.r, self.s = bytes.fromhex(given[:64]), int.from_bytes(bytes.fromhex(given[64:]), "little")

    def outcome_of(self, r_, s_):
        path = "proof.finality.certificate.signatures.1.signature"
        changed = "ed25519:" + (r_ + s_.to_bytes(32, "little")).hex()
        return outcome(self.consortium.trust, edited(self.receipt, path, changed))

    def test_s_below_the_group_order(self):
        self.assertEqual(self.outcome_of(self.r, self.s), "active")
        self.assertEqual(self.outcome_of(self.r, self.s + e.GROUP_ORDER), "certificate tampered")

    def test_small_order_and_non_canonical(self):
        for y in (*e.SMALL_ORDER_Y, *(e.FIELD + n for n in range(19))):
            for sign in (0, 1 << 255):
                point = (y | sign).to_bytes(32, "little")
                self.assertFalse(e.usable_point(point))
                self.assertEqual(self.outcome_of(point, self.s), "certificate tampered")
                # The key of small order for which S = 0, R = the identity is good for many messages.
                self.assertFalse(e.signature_holds(point, b"\1" + bytes(63), b"message"))

    def test_points(self):
        self.assertTrue(e.usable_point(public("someone")))
        self.assertFalse(e.usable_point(b"\2" + bytes(31)), "not on the curve")


class GenesisRules(unittest.TestCase):
    def setUp(self):
        self.file = Consortium().genesis_json

    def test_refused(self):
        issuer, first, second, *_ = self.file["members"]
        protocol = {"layout": 1, "rules": 1}
        parameters = {"block_bytes_max": 1 << 20, "heartbeat_ms": 60000, "protocol": protocol}
        two = [key("a"), key("b")]
        two.sort()

        def members(**changed):
            return {"members": [{**issuer, **changed}, first]}

        for change in (
            {"version": 2}, {"name": ""}, {"name": "x" * 129}, {"name": "a\nb"}, {"name": "\u202ea"}, {"extra": 1},
            {"nonce": "07"}, {"log_origin": ""}, {"log_origin": "a b"}, {"log_origin": "a+b"}, {"log_origin": "x" * 129},
            {"log_origin": "a\n"}, {"predecessor": None}, {"predecessor": {"chain_id": HASH, "height": 1}},
            {"parameters": {}}, {"parameters": {**parameters, "block_bytes_max": 1}},
            {"parameters": {**parameters, "heartbeat_ms": 300001}}, {"parameters": {**parameters, "heartbeat_ms": 99}},
            {"parameters": {**parameters, "protocol": {"layout": 1, "rules": 2}}},
            {"parameters": {**parameters, "next_protocol": {"protocol": protocol, "height": 9}}},
            {"signatures": {}}, {"signatures": {ISSUER: {}}}, {"members": []}, {"members": [issuer]},
            {"members": [first, issuer]}, {"members": [issuer, first, first]},
            {"members": [issuer, first, {**second, "consensus_key": first["consensus_key"]}]},
            {"members": [issuer, first, {**second, "network_key": issuer["issuing_key"]}]},
            {"members": [{**issuer, "issuer_ids": ["did:web:a"]}, {**first, "issuer_ids": ["did:web:a"]}]},
            members(consensus_key=key("spare")), members(role="observer"), members(role="validator"), members(role="king"),
            members(issuing_key="ed25519:01" + "00" * 31), members(issuing_key="ed25519:02" + "00" * 31),
            members(issuing_key=key("spare").upper()), members(issuing_key=public("spare").hex()), members(issuing_key=None),
            members(network_key=issuer["issuing_key"]), members(governance_keys=[]), members(governance_keys=two[::-1]),
            members(governance_keys=two[:1] * 2), members(governance_threshold=0), members(governance_threshold=2),
            members(name=""), members(name="a\u2067b"), members(id="-a"), members(id="a" * 33), members(id="a\n"),
            members(issuer_ids=[]), members(issuer_ids=["https://A.example"]), members(issuer_ids=["did:web:b", "did:web:a"]),
            members(addresses=[]), members(addresses=["a\tb"]), members(addresses=[""]), members(addresses=["a"] * 9),
            members(facts=[{"name": "b", "value": "x"}, {"name": "a", "value": "x"}]), members(active_from=0),
        ):  # fmt: skip
            with self.subTest(change=change), self.assertRaises(s.Malformed):
                r.read_genesis(encoded({**self.file, **change}))

    def test_sound(self):
        issuer, first, *_ = self.file["members"]
        given = {"block_bytes_max": 1 << 20, "heartbeat_ms": 60000, "protocol": {"layout": 1, "rules": 1}}
        whole = {**issuer, "issuer_ids": ["did:web:a", "https://a"], "addresses": ["a:1"], "facts": [{"name": "a", "value": "b"}]}
        r.read_genesis(encoded({**self.file, "members": [whole, first]}))
        both = [r.read_genesis(encoded(file)).chain_id() for file in (self.file, {**self.file, "parameters": given})]
        self.assertEqual(*both)
        signed = {ISSUER: {"possession": ["ed25519:" + "00" * 64]}}
        self.assertEqual(both[0], r.read_genesis(encoded({**self.file, "signatures": signed})).chain_id())
        before = {"predecessor": {"chain_id": HASH, "height": 7, "block": HASH}}
        self.assertNotEqual(both[0], r.read_genesis(encoded({**self.file, **before})).chain_id())

    def test_issuer_ids(self):
        for given, normal in (
            ("HTTPS://UI.ac.id/", "https://ui.ac.id"), ("https://ui.ac.id:443/Fasilkom", "https://ui.ac.id/Fasilkom"),
            ("https://ui.ac.id#key", "https://ui.ac.id"), ("https://a?B", "https://a?B"), ("https://a/?", "https://a/?"),
            ("did:web:UI.ac.id:Fasilkom#key-1", "did:web:ui.ac.id:Fasilkom"), ("DID:Key:z6MkHaXU2", "did:key:z6MkHaXU2"),
            ("did:web:A?x", "did:web:a"), ("", None), ("ui.ac.id", None), ("http://ui.ac.id", None), ("https:ui.ac.id", None),
            ("https://a@b", None), ("did:web", None), ("did:w-b:x", None), ("did:web:\xfc", None), ("https://:443", None),
            ("https://a:443:443", None), ("https://" + "a" * 121, None),
        ):  # fmt: skip
            self.assertEqual(r.normal_issuer_id(given), normal, given)


class Json(unittest.TestCase):
    def test_numbers(self):
        """RFC 8785, appendix B, and the edges of ECMA-262's cases."""
        for text, expected in (
            ("0", "0"), ("-0", "0"), ("-0.0", "0"), ("5e-324", "5e-324"), ("-5e-324", "-5e-324"),
            ("1.7976931348623157e308", "1.7976931348623157e+308"), ("9007199254740991", "9007199254740991"),
            ("9007199254740992.0", "9007199254740992"), ("295147905179352830000.0", "295147905179352830000"),
            ("9.999999999999997e22", "9.999999999999997e+22"), ("1e23", "1e+23"), ("1e21", "1e+21"),
            ("1e20", "100000000000000000000"), ("999999999999999700000.0", "999999999999999700000"),
            ("333333333.33333329", "333333333.3333333"), ("4.50", "4.5"), ("2e-3", "0.002"), ("1e-6", "0.000001"),
            ("0.0000001", "1e-7"), ("1e-27", "1e-27"), ("-1.5e-9", "-1.5e-9"), ("1e-400", "0"), ("100.0", "100"),
            ("123.456", "123.456"), ("1424953923781206.2", "1424953923781206.2"),
        ):  # fmt: skip
            self.assertEqual(s.canonical(s.parse_json(text.encode(), 99)), expected)

    def test_strings_and_order(self):
        text = rb'{"\ufb33":1,"\ud83d\ude00":2,"\u20ac":3,"a":"\u0007\u000b\n\u007f\/\"\\\u2028"}'
        expected = '{"a":"\\u0007\\u000b\\n\x7f/\\"\\\\\u2028","\u20ac":3,"\U0001f600":2,"\ufb33":1}'
        self.assertEqual(s.canonical(s.parse_json(text, 999)), expected)

    def test_refused(self):
        for text in (
            b"", b"{", b"{}{}", b"[1,]", b"{'a':1}", b"NaN", b"Infinity", b"01", b"+1", b"1.", b".5", b"\x0c{}",
            b'{"a":1,"\\u0061":2}', b"9007199254740992", b"-9007199254740992", b"1" * 9999, b"1e400", b'"\n"',
            b'"\xff"', b'"\xed\xa0\x80"', b"\xef\xbb\xbf{}", b"[" * 65 + b"]" * 65, b'"\\x"', b'"\\u12g4"', b'"abc',
        ):  # fmt: skip
            with self.subTest(text[:20]), self.assertRaises(s.Malformed):
                s.canonical(s.parse_json(text, 1 << 20))
        for text in (rb'"\ud800"', rb'"\udc00\ud800"', rb'{"\ud800":1}'):
            with self.subTest(text), self.assertRaises(s.Malformed):
                s.canonical(s.parse_json(text, 1 << 20))
        s.parse_json(b"[" * 64 + b'"[[["' + b"]" * 64, 1 << 20)

    @unittest.skipUnless(os.environ.get("SANAD_VECTORS"), "SANAD_VECTORS is not set")
    def test_vectors(self):
        folder = os.path.join(os.environ["SANAD_VECTORS"], "jcs")
        names = os.listdir(os.path.join(folder, "input"))
        self.assertTrue(names)
        for name in names:
            with open(os.path.join(folder, "input", name), "rb") as file:
                found = s.canonical(s.parse_json(file.read(), 1 << 20))
            with open(os.path.join(folder, "output", name), "rb") as file:
                self.assertEqual(found.encode(), file.read(), name)


class Trees(unittest.TestCase):
    def test_against_the_words_of_the_rfc(self):
        for tree in (l.LOG, l.STATUS):
            for size in range(1, 40):
                leaves = [tree.leaf(bytes([i])) for i in range(size)]
                root = naive_root(tree, leaves)
                for index in range(size):
                    path = naive_path(tree, index, leaves)
                    self.assertEqual(l.root_of(tree, leaves[index], index, size, path), root)
                    for bad in (path[:-1] if path else [bytes(32)], path + [bytes(32)]):
                        self.assertIsNone(l.root_of(tree, leaves[index], index, size, bad))
                for m in range(1, size + 1):
                    path = naive_consistency(tree, m, leaves)
                    old = naive_root(tree, leaves[:m])
                    self.assertTrue(l.is_consistent(tree, m, old, size, root, path))
                    for bad in (path[:-1] if path else [bytes(32)], path + [bytes(32)]):
                        self.assertFalse(l.is_consistent(tree, m, old, size, root, bad))


class Program(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder, self.consortium = folder.name, Consortium()
        self.genesis = self.write("genesis.json", self.consortium.genesis_json)

    def write(self, name, content):
        name = os.path.join(self.folder, name)
        with open(name, "wb") as file:
            file.write(content if isinstance(content, bytes) else json.dumps(content).encode())
        return name

    def document(self, name, **options):
        self.write(name + ".receipt.json", self.consortium.receipt(DOCUMENT, **options))
        return self.write(name, DOCUMENT)

    def run_(self, *arguments, trust=("--genesis",)):
        out, err = io.StringIO(), io.StringIO()
        given = [*trust, self.genesis] if trust == ("--genesis",) else list(trust)
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = v.main([*given, *arguments])
        return code, out.getvalue(), err.getvalue()

    def test_exit_codes(self):
        active, revoked = self.document("active"), self.document("revoked", statuses={3: 3})
        confirmed = self.document("confirmed", statuses={3: 2})
        sealed = self.document("sealed", finality=lambda header: {"by": "sealed", "path": [HASH] * 16})
        missing = os.path.join(self.folder, "missing")
        self.assertEqual(self.run_(active)[0], 0)
        self.assertEqual(self.run_(confirmed)[0], 0)
        self.assertIn(": active, confirmed as of", self.run_(confirmed)[1])
        self.assertEqual(self.run_(active, revoked)[0], 1)
        self.assertEqual(self.run_(active, missing)[0], 2)
        self.assertEqual(self.run_(revoked, sealed)[0], 2)
        self.assertEqual(self.run_(active, "--receipt", self.write("r", b"{"))[0], 2)
        self.assertEqual(self.run_(active, "--genesis", self.write("g", b"{"))[0], 2)
        self.assertIn("univ-000, univ-001, univ-002", self.run_(active)[1])
        self.assertIn("genesis only", self.run_(active)[1])

    def test_json(self):
        document = self.document("revoked", statuses={3: 3})
        code, out, _ = self.run_(document, "--json")
        self.assertEqual((code, json.loads(out)["findings"][0]["verdict"]), (1, "revoked"))
        self.write("revoked", b"{}")
        code, out, _ = self.run_(document, "--json")
        finding = json.loads(out)["findings"][0]
        self.assertEqual((code, finding["verdict"], finding["reason"].partition(":")[0]), (1, "tampered", "document"))

    def test_other_files(self):
        document = self.write("doc", DOCUMENT)
        self.write("doc.receipt", binary(self.consortium.receipt(DOCUMENT), self.consortium.trust))
        self.assertEqual(self.run_(document)[0], 0)
        trust = self.write("t.trust", trust_binary(self.consortium.trust_file(9)))
        now = ("--now-ms", str(START_MS + 9000))
        self.assertEqual(self.run_(document, *now, trust=("--trust", trust))[0], 0)
        self.assertEqual(self.run_(document, "--trust", trust, *now)[0], 0)
        other = self.write("o", Consortium(name="Lain").genesis_json)
        self.assertEqual(self.run_(document, "--trust", trust, *now, trust=("--genesis", other))[0], 2)
        opening = {"form": "full", "secret": "05" * 32, "summary": {"title": "Lencana"}}
        paper = self.write("p", self.consortium.receipt(DOCUMENT, opening=opening, paper=True))
        code, out, _ = self.run_("--receipt", paper)
        self.assertEqual(code, 0)
        self.assertIn("document not seen", out)

    def test_names_do_not_reach_the_terminal_raw(self):
        self.assertEqual(v.printable("a\x1b[2Jb"), "a\ufffd[2Jb")


class Members(unittest.TestCase):
    def test_member_file(self):
        given = member("a.example", "issuer")
        message = l.possession_message("Tes", b"\7" * 32, r.member_of(given))
        signed = [
            "ed25519:" + secret(f"a.example {purpose}").sign(message).hex() for purpose in ("governance", "issuing")
        ]
        file = {
            "format": "sanad-member/v1", "consortium": {"name": "Tes", "nonce": "07" * 32}, "member": given,
            "signatures": signed,
        }  # fmt: skip
        name, nonce, parsed, signatures = r.read_member_file(encoded(file))
        found = l.possession_message(name, nonce, parsed)
        self.assertTrue(all(map(e.signature_holds, parsed.keys(), signatures, [found] * 2)))


if __name__ == "__main__":
    unittest.main()
