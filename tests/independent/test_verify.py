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

import verify as v  # noqa: E402
from consortium import Consortium, binary, header_json, member, naive_path, naive_root, public  # noqa: E402

FORMATS = os.path.join(HERE, "../../docs/formats")
SAMPLES = os.path.join(HERE, "../../crates/core/tests/testdata/receipt")
DOCUMENT = b'{"b": 2, "a": "\xc3\xa9"}'
HASH = "5a" * 32


def page(name):
    with open(os.path.join(FORMATS, name), encoding="utf-8") as file:
        return file.read()


def outcome(genesis, receipt, document=DOCUMENT):
    """The verdict; or the check that fails; or `malformed`."""
    try:
        if isinstance(receipt, dict):
            receipt = json.dumps(receipt).encode()
        parsed = v.read_binary(receipt, genesis) if receipt.startswith(v.BINARY_MAGIC) else v.read_receipt(receipt)
        return v.verify(genesis, parsed, document)["verdict"]
    except v.Refused as e:
        return e.check
    except v.Malformed:
        return "malformed"


def edited(receipt, path, change):
    """A copy with the value at `path` (`proof.index`) replaced by `change` or by what it makes of the value."""
    receipt = copy.deepcopy(receipt)
    *way, last = (int(step) if step.isdigit() else step for step in path.split("."))
    at = receipt
    for step in way:
        at = at[step]
    at[last] = change(at[last]) if callable(change) else change
    return receipt


def flipped(text):
    return ("1" if text[0] == "0" else "0") + text[1:]


class Pages(unittest.TestCase):
    """What the pages state as samples."""

    def test_commitment(self):
        self.assertEqual(v.canonical(v.parse_json(b'{"b":2,"a":1}', 99)), '{"a":1,"b":2}')
        value = v.commitment("json", b"\7" * 32, b'{"b":2,"a":1}').hex()
        self.assertIn(f"| commitment | `{value}` |", page("commitment.md"))

    def test_entry(self):
        entry = b"\0" + v.text8("ui.example") + b"\x09" * 32
        self.assertIn(f"`{entry.hex()}`", page("entry.md"))
        self.assertIn(f"`{v.LOG.leaf(entry).hex()}`", page("entry.md"))

    def test_genesis(self):
        sample = re.search("```json\n(.*?)```", page("genesis.md"), re.S)[1]
        self.assertIn(f"`{v.read_genesis(sample.encode()).chain_id.hex()}`", page("genesis.md"))

    def test_sizes(self):
        consortium = Consortium()
        self.assertEqual(len(v.header_bytes(consortium.header(1, consortium.genesis.validators))), 281)
        self.assertEqual(len(v.vote_bytes(bytes(32), 1, 0, bytes(32))), 91)

    @unittest.skipUnless(os.path.isdir(SAMPLES), "the samples of receipts are not in this tree")
    def test_samples(self):
        for name in sorted(os.listdir(SAMPLES)):
            with open(os.path.join(SAMPLES, name), encoding="utf-8") as file:
                sample = json.load(file)
            if not {"genesis", "expected", "document"} <= sample.keys():
                continue
            genesis = v.read_genesis(json.dumps(sample["genesis"]).encode())
            for form, expected in sample["expected"].items():
                receipt = bytes.fromhex(sample["binary"]) if form == "binary" else sample["json"]
                found = outcome(genesis, receipt, sample["document"].encode())
                with self.subTest(name, form=form):
                    if "status" in expected:
                        self.assertEqual(found, expected["status"])
                    else:
                        self.assertNotIn(found, ("active", "suspended", "revoked"))


class Good(unittest.TestCase):
    def setUp(self):
        self.consortium = Consortium()

    def check(self, expected, receipt, genesis=None, document=DOCUMENT):
        genesis = genesis or self.consortium.genesis
        self.assertEqual(outcome(genesis, receipt, document), expected)
        if len(receipt["proof"]["certificate"]["signatures"]) == v.quorum(len(genesis.validators)):
            self.assertEqual(outcome(genesis, binary(receipt, genesis), document), expected)

    def test_statuses(self):
        for bits, word in ((0, "active"), (1, "suspended"), (3, "revoked"), (2, "status-bits")):
            self.check(word, self.consortium.receipt(DOCUMENT, statuses={3: bits, 2: 3, 4: 1}))

    def test_places_and_sizes(self):
        for size, index in ((1, 0), (2, 1), (3, 2), (255, 254), (256, 255), (257, 256), (600, 300), (777, 513)):
            self.check("revoked", self.consortium.receipt(DOCUMENT, size=size, index=index, statuses={index: 3}))

    def test_layout_of_a_json_document_is_free_and_bytes_are_not(self):
        self.check("active", self.consortium.receipt(DOCUMENT), document=b'\n{"a":"\\u00e9","b":2.0}')
        self.check("active", self.consortium.receipt(b"%PDF", "bytes"), document=b"%PDF")
        self.check("commitment", self.consortium.receipt(DOCUMENT, "bytes"), document=DOCUMENT + b" ")

    def test_sets_of_all_sizes(self):
        for count in (1, 2, 3, 4, 7, 14, 128):
            consortium = Consortium(count)
            self.check("active", consortium.receipt(DOCUMENT), consortium.genesis)
            all_sign = consortium.receipt(DOCUMENT, places=range(count), round=7)
            self.check("active", all_sign, consortium.genesis)

    def test_issuer_that_is_a_validator(self):
        self.check("active", self.consortium.receipt(DOCUMENT, issuer="univ-002"))

    def test_validator_changes(self):
        sets = [(2, ["univ-000", "univ-001", "univ-008"]), (3, ["univ-001"]), (8, [f"univ-{i:03}" for i in range(9)])]
        self.check("active", self.consortium.receipt(DOCUMENT, sets=sets))
        many = [(i + 1, [f"univ-{i % 3:03}"]) for i in range(64)]
        self.check("active", self.consortium.receipt(DOCUMENT, height=99, sets=many))

    def test_validators_are_those_active_at_height_1(self):
        spans = [{"active_from": 2}, {"active_until": 1}, {"active_from": 1}, {"active_until": 2}]
        members = [member("institut.example", "issuer")]
        members += [member(f"univ-{i}", "validator", **span) for i, span in enumerate(spans)]
        consortium = Consortium(members=members)
        self.assertEqual([m for m, _ in consortium.genesis.validators], ["univ-2", "univ-3"])
        self.check("active", consortium.receipt(DOCUMENT), consortium.genesis)

    def test_finding(self):
        receipt = self.consortium.receipt(DOCUMENT)
        finding = v.verify(self.consortium.genesis, v.read_receipt(json.dumps(receipt).encode()), DOCUMENT)
        self.assertEqual(finding["signers"], ["univ-000", "univ-001", "univ-002"])
        self.assertEqual(finding["issuer"]["id"], "institut.example")
        self.assertEqual(finding["as_of"], {"height": 9, "time_ms": 1700000009000, "time": "2023-11-14T22:13:29.000Z"})


class Tampered(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.consortium = Consortium()
        cls.genesis = cls.consortium.genesis
        sets = [(4, ["univ-000", "univ-001", "univ-002", "univ-009"])]
        cls.receipt = cls.consortium.receipt(DOCUMENT, size=600, index=300, statuses={9: 3}, sets=sets)

    def test_each_part_has_its_word(self):
        change = "proof.validator_changes.0."
        for path, value, expected in (
            ("salt", flipped, "commitment"),
            ("document", "bytes", "commitment"),
            ("proof.entry.issuer", "univ-001", "log-root"),
            ("proof.entry.event.commitment", flipped, "log-root"),
            ("proof.index", 301, "log-root"),
            ("proof.index", 44, "log-root"),
            ("proof.index", 600, "log-path"),
            ("proof.log_path.0", flipped, "log-root"),
            ("proof.log_path", lambda p: p[:-1], "log-path"),
            ("proof.log_path", lambda p: p + [HASH], "log-path"),
            ("proof.log_path", lambda p: p[1:] + p[:1], "log-root"),
            ("proof.status_leaf", flipped, "status-root"),
            ("proof.status_path.0", flipped, "status-root"),
            ("proof.status_path", lambda p: p[:-1], "status-path"),
            ("proof.status_path", lambda p: p + [HASH], "status-path"),
            ("proof.issuer.record.member.name", "Universitas Palsu", "registry-root"),
            ("proof.issuer.record.member.id", "univ-001", "issuer"),
            ("proof.issuer.record.chain.entries", 6, "registry-root"),
            ("proof.issuer.index", 1, "registry-root"),
            ("proof.issuer.index", 5, "registry-path"),
            ("proof.issuer.count", 99, "registry-path"),
            ("proof.issuer.path.1", flipped, "registry-root"),
            ("proof.issuer.path", lambda p: p[:-1], "registry-path"),
            ("proof.header.version", 2, "header-version"),
            ("proof.header.chain_id", flipped, "chain"),
            ("proof.header.height", 10, "certificate-height"),
            ("proof.header.time_ms", 1, "certificate-block"),
            ("proof.header.log_size", 601, "certificate-block"),
            ("proof.header.validators_hash", flipped, "validators"),
            ("proof.header.next_validators_hash", flipped, "certificate-block"),
            ("proof.certificate.height", 8, "certificate-height"),
            ("proof.certificate.round", 1, "signatures"),
            ("proof.certificate.block", flipped, "certificate-block"),
            ("proof.certificate.signatures", lambda s: s[:2], "quorum"),
            ("proof.certificate.signatures", lambda s: s[:2] + s[1:2], "signature-order"),
            ("proof.certificate.signatures", lambda s: s[::-1], "signature-order"),
            ("proof.certificate.signatures.2.validator", 3, "signature"),
            ("proof.certificate.signatures.2.validator", 4, "signer"),
            ("proof.certificate.signatures.1.signature", flipped, "signature"),
            ("proof.validator_changes", [], "validators"),
            ("proof.validator_changes", lambda c: c * 2, "change-order"),
            (change + "header.height", 9, "change-order"),
            (change + "header.chain_id", flipped, "chain"),
            (change + "header.log_size", 2, "certificate-block"),
            (change + "next.3.key", flipped, "next-validators"),
            (change + "certificate.signatures", lambda s: s[:2], "quorum"),
            (change + "next", lambda n: n[::-1], "malformed"),
            (change + "next", [], "malformed"),
        ):  # fmt: skip
            with self.subTest(path, value=value):
                self.assertEqual(outcome(self.genesis, edited(self.receipt, path, value)), expected)

    def test_document(self):
        for document in (DOCUMENT.replace(b"2", b"3"), b"{}"):
            self.assertEqual(outcome(self.genesis, self.receipt, document), "commitment")
        for document in (b"", b'{"a":1,"a":1}', b"\xef\xbb\xbf{}", b"%PDF"):
            self.assertEqual(outcome(self.genesis, self.receipt, document), "document")

    def test_another_chain(self):
        other = Consortium(name="Lain").genesis
        self.assertEqual(outcome(other, self.receipt), "chain")
        self.assertEqual(outcome(other, binary(self.receipt, self.genesis)), "chain")

    def test_forked_header_beside_true_trees(self):
        for fields in ({"log_root": bytes(32)}, {"status_root": bytes(32)}, {"registry_root": bytes(32)}):
            receipt = self.consortium.receipt(DOCUMENT, header_fields=fields)
            (name,) = fields
            self.assertEqual(outcome(self.genesis, receipt), name.replace("_", "-"))

    def test_no_block_has_height_0(self):
        receipt = edited(self.receipt, "proof.validator_changes", [])
        self.assertEqual(outcome(self.genesis, edited(receipt, "proof.header.height", 0)), "header-height")

    def test_votes_for_something_else(self):
        header = v.read_header(self.receipt["proof"]["header"])
        block = v.block_hash(header)
        true = v.vote_bytes(header.chain_id, 9, 0, block)
        validators = self.genesis.validators[:3] + [("univ-009", public("univ-009 consensus"))]
        for vote in (
            true.replace(b"vote", b"veto"),
            v.vote_bytes(bytes(32), 9, 0, block),
            true[:45] + b"\0" + true[46:],  # a prevote
            v.vote_bytes(header.chain_id, 8, 0, block),
            v.vote_bytes(header.chain_id, 9, 0, bytes(32)),
            true[:58] + b"\0" + bytes(32),  # for nil
        ):
            certificate = self.consortium.certify(header, validators, vote=vote)
            receipt = edited(self.receipt, "proof.certificate", certificate)
            self.assertEqual(outcome(self.genesis, receipt), "signatures")
        certificate = self.consortium.certify(header, validators, vote=true)
        self.assertEqual(outcome(self.genesis, edited(self.receipt, "proof.certificate", certificate)), "active")

    def test_a_validator_set_of_ones_own(self):
        receipt = edited(self.receipt, "proof.validator_changes", [])
        header = v.read_header(receipt["proof"]["header"])
        self_made = [("univ-666", public("univ-666 consensus"))]
        header = header._replace(validators_hash=v.validators_hash(self_made))
        receipt["proof"]["header"] = header_json(header)
        receipt["proof"]["certificate"] = self.consortium.certify(header, self_made)
        self.assertEqual(outcome(self.genesis, receipt), "validators")

    def test_shape(self):
        def walk(value, path=()):
            if isinstance(value, dict):
                yield path, value
                for key, item in value.items():
                    yield from walk(item, path + (key,))
            elif isinstance(value, list):
                for at, item in enumerate(value):
                    yield from walk(item, path + (str(at),))

        wrongs = (None, True, 1.5, -1, 2**64, 2**53, "", "x", "G" * 64, "AB" * 32, {}, [{}], [[]])
        for path, value in walk(self.receipt):
            here = ".".join(path + ("",))
            extra = edited(self.receipt, here + "extra", 1)
            self.assertEqual(outcome(self.genesis, extra), "malformed")
            if path:
                as_list = edited(self.receipt, ".".join(path), list(value.values()))
                self.assertEqual(outcome(self.genesis, as_list), "malformed")
            for key in value:
                with self.subTest(path=path, key=key):
                    if key not in ("issuing_key", "consensus_key", "network_key"):
                        fewer = {name: item for name, item in value.items() if name != key}
                        without = edited(self.receipt, ".".join(path), fewer) if path else fewer
                        self.assertEqual(outcome(self.genesis, without), "malformed")
                    for wrong in wrongs:
                        found = outcome(self.genesis, edited(self.receipt, here + key, wrong))
                        texts = key in ("id", "issuer", "member", "name") and isinstance(wrong, str)
                        self.assertIn(found, ("log-root", "issuer", "registry-root", "next-validators", "malformed"))
                        self.assertTrue(texts or found == "malformed", (wrong, found))

    def test_bytes_that_are_no_receipt(self):
        good = json.dumps(self.receipt).encode()
        self.assertEqual(outcome(self.genesis, good.ljust(1 << 20)), "active")
        for data in (
            b"", b"{", b"[]", b"null", b"\xff", b"\xef\xbb\xbf" + good, good + b"{}", good.ljust((1 << 20) + 1),
            good.replace(b'"kind"', b'"kind": "issue", "k\\u0069nd"'), b"[" * 10**6, b'{"a":' * 10**5, b'"\\"' * 10**5,
            good.replace(b'"index": 300', b'"index": 3e2'), good.replace(b'"index": 300', b'"index": 300.0'),
            good.replace(b'"round": 0', b'"round": -0'),
        ):  # fmt: skip
            with self.subTest(data[:20]):
                self.assertEqual(outcome(self.genesis, data), "malformed")

    def test_single_byte_mutations(self):
        """Only the count of members may change: a path of the same turns fits several counts."""

        def uncounted(data):
            parsed = v.read_binary(data, self.genesis) if data.startswith(v.BINARY_MAGIC) else v.read_receipt(data)
            return parsed._replace(record_count=0)

        random_ = random.Random(11)
        compact = json.dumps(self.receipt, separators=(",", ":")).encode()
        for good in (compact, binary(self.receipt, self.genesis)):
            for _ in range(400):
                bad = bytearray(good)
                at = random_.randrange(len(bad))
                bad[at] ^= random_.randrange(1, 256)
                if outcome(self.genesis, bytes(bad)) in ("active", "suspended", "revoked"):
                    self.assertEqual(uncounted(bytes(bad)), uncounted(good), (at, bad[at]))
            for length in range(0, len(good), 41):
                self.assertEqual(outcome(self.genesis, good[:length]), "malformed")

    def test_binary_has_one_encoding(self):
        good = binary(self.receipt, self.genesis)
        self.assertEqual(outcome(self.genesis, good), "active")
        for at, bad in (
            (4, b"\2"),  # version
            (13, b"\4"),  # flags
            (78, b"\x81\0"),  # number of changes, longer than needed
            (78, b"\x41"),  # too many
        ):
            self.assertEqual(outcome(self.genesis, good[:at] + bad + good[at + 1 :]), "malformed")
        self.assertEqual(outcome(self.genesis, good + b"\0"), "malformed")
        self.assertEqual(outcome(self.genesis, good.ljust((1 << 20) + 1)), "malformed")


class StrictSignatures(unittest.TestCase):
    def setUp(self):
        self.consortium = Consortium()
        self.receipt = self.consortium.receipt(DOCUMENT)
        signature = self.receipt["proof"]["certificate"]["signatures"][1]["signature"]
        self.r, self.s = bytes.fromhex(signature[:64]), int.from_bytes(bytes.fromhex(signature[64:]), "little")

    def outcome_of(self, r, s):
        path = "proof.certificate.signatures.1.signature"
        return outcome(self.consortium.genesis, edited(self.receipt, path, (r + s.to_bytes(32, "little")).hex()))

    def test_s_below_the_group_order(self):
        self.assertEqual(self.outcome_of(self.r, self.s), "active")
        self.assertEqual(self.outcome_of(self.r, self.s + v.GROUP_ORDER), "signature")

    def test_small_order_and_non_canonical(self):
        for y in (*v.SMALL_ORDER_Y, *(v.FIELD + n for n in range(19))):
            for sign in (0, 1 << 255):
                point = (y | sign).to_bytes(32, "little")
                self.assertFalse(v.usable_point(point))
                self.assertEqual(self.outcome_of(point, self.s), "signature")
                # The key of small order for which S = 0, R = the identity is good for many messages.
                self.assertFalse(v.signature_holds(point, b"\1" + bytes(63), b"message"))

    def test_points(self):
        self.assertTrue(v.usable_point(public("someone")))
        self.assertFalse(v.usable_point(b"\2" + bytes(31)), "not on the curve")


class GenesisRules(unittest.TestCase):
    def setUp(self):
        self.file = Consortium().genesis_json

    def test_refused(self):
        issuer, first, *rest = self.file["members"]
        key = public("spare").hex()
        for change in (
            {"version": 2}, {"name": ""}, {"name": "x" * 129}, {"time_ms": -1}, {"time_ms": 2**53}, {"extra": 1},
            {"parameters": {}}, {"parameters": {"block_bytes_max": 1}}, {"parameters": {"block_bytes_max": 5 << 20}},
            {"members": []}, {"members": [issuer]}, {"members": [first, issuer, *rest]},
            {"members": [issuer, first, first]},
            {"members": [issuer, first, {**rest[0], "consensus_key": first["consensus_key"]}]},
            {"members": [{**issuer, "consensus_key": key}, first]},
            {"members": [{**issuer, "role": "observer"}, first]},
            {"members": [{**issuer, "role": "validator"}, first]},
            {"members": [{**issuer, "role": "king"}, first]},
            {"members": [{**issuer, "issuing_key": "01" + "00" * 31}, first]},
            {"members": [{**issuer, "issuing_key": "02" + "00" * 31}, first]},
            {"members": [{**issuer, "issuing_key": key.upper()}, first]},
            {"members": [{**issuer, "active_until": 0}, first]},
            {"members": [{**issuer, "active_until": None}, first]},
            {"members": [{**issuer, "id": "-a"}, first]},
            {"members": [{**issuer, "id": "a" * 33}, first]},
        ):  # fmt: skip
            with self.subTest(change=change), self.assertRaises(v.Malformed):
                v.read_genesis(json.dumps({**self.file, **change}).encode())

    def test_parameters_have_a_default(self):
        silent = {key: value for key, value in self.file.items() if key != "parameters"}
        both = [v.read_genesis(json.dumps(file).encode()).chain_id for file in (self.file, silent)]
        self.assertEqual(*both)


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
            self.assertEqual(v.canonical(v.parse_json(text.encode(), 99)), expected)

    def test_strings_and_order(self):
        text = rb'{"\ufb33":1,"\ud83d\ude00":2,"\u20ac":3,"a":"\u0007\u000b\n\u007f\/\"\\\u2028"}'
        expected = '{"a":"\\u0007\\u000b\\n\x7f/\\"\\\\\u2028","\u20ac":3,"\U0001f600":2,"\ufb33":1}'
        self.assertEqual(v.canonical(v.parse_json(text, 999)), expected)

    def test_refused(self):
        for text in (
            b"", b"{", b"{}{}", b"[1,]", b"{'a':1}", b"NaN", b"Infinity", b"01", b"+1", b"1.", b".5", b"\x0c{}",
            b'{"a":1,"\\u0061":2}', b"9007199254740992", b"-9007199254740992", b"1" * 9999, b"1e400", b'"\n"',
            b'"\xff"', b'"\xed\xa0\x80"', b"\xef\xbb\xbf{}", b"[" * 65 + b"]" * 65, b'"\\x"', b'"\\u12g4"', b'"abc',
        ):  # fmt: skip
            with self.subTest(text[:20]), self.assertRaises(v.Malformed):
                v.canonical(v.parse_json(text, 1 << 20))
        for text in (rb'"\ud800"', rb'"\udc00\ud800"', rb'{"\ud800":1}'):
            with self.subTest(text), self.assertRaises(v.Malformed):
                v.canonical(v.parse_json(text, 1 << 20))
        v.parse_json(b"[" * 64 + b'"[[["' + b"]" * 64, 1 << 20)

    @unittest.skipUnless(os.environ.get("SANAD_VECTORS"), "SANAD_VECTORS is not set")
    def test_vectors(self):
        folder = os.path.join(os.environ["SANAD_VECTORS"], "jcs")
        names = os.listdir(os.path.join(folder, "input"))
        self.assertTrue(names)
        for name in names:
            with open(os.path.join(folder, "input", name), "rb") as file:
                found = v.canonical(v.parse_json(file.read(), 1 << 20))
            with open(os.path.join(folder, "output", name), "rb") as file:
                self.assertEqual(found.encode(), file.read(), name)


class JsonForm(unittest.TestCase):
    """The cases of crates/core/tests/json_form.rs: each value has one JSON form."""

    @unittest.skipUnless(os.path.isdir(SAMPLES), "the samples of receipts are not in this tree")
    def test_cases(self):
        def load(name):
            with open(os.path.join(SAMPLES, "..", name), encoding="utf-8") as file:
                return json.load(file)

        cases = load("json-form.json")
        sample = load(cases["sample"])
        for name, value, read in (
            ("receipt", sample["json"], v.read_receipt), ("genesis", sample["genesis"], v.read_genesis),
        ):  # fmt: skip
            read(json.dumps(value).encode())
            for case in cases[name]:
                text = "[" + ",".join([case["text"]] * case["times"]) + "]" if "times" in case else case["text"]
                data = json.dumps(edited(value, case["at"], "@")).replace('"@"', text).encode()
                with self.subTest(case["case"]):
                    if case["error"] is None:
                        read(data)
                    else:
                        self.assertRaises(v.Malformed, read, data)


class Trees(unittest.TestCase):
    def test_against_the_words_of_the_rfc(self):
        for tree in (v.LOG, v.STATUS):
            for size in range(1, 40):
                leaves = [tree.leaf(bytes([i])) for i in range(size)]
                root = naive_root(tree, leaves)
                for index in range(size):
                    path = naive_path(tree, index, leaves)
                    self.assertEqual(v.root_of(tree, leaves[index], index, size, path, "x"), root)
                    for bad in (path[:-1] if path else [bytes(32)], path + [bytes(32)]):
                        with self.assertRaises(v.Refused):
                            v.root_of(tree, leaves[index], index, size, bad, "x")


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

    def run_(self, *arguments):
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = v.main(["--genesis", self.genesis, *arguments])
        return code, out.getvalue(), err.getvalue()

    def test_exit_codes(self):
        active, revoked = self.document("active"), self.document("revoked", statuses={3: 3})
        missing = os.path.join(self.folder, "missing")
        self.assertEqual(self.run_(active)[0], 0)
        self.assertEqual(self.run_(active, revoked)[0], 1)
        self.assertEqual(self.run_(active, missing)[0], 2)
        self.assertEqual(self.run_(active, "--receipt", self.write("r", b"{"))[0], 2)
        self.assertEqual(self.run_(active, "--genesis", self.write("g", b"{"))[0], 2)
        self.assertIn("univ-000, univ-001, univ-002", self.run_(active)[1])

    def test_json(self):
        document = self.document("revoked", statuses={3: 3})
        code, out, _ = self.run_(document, "--json")
        self.assertEqual((code, json.loads(out)["findings"][0]["verdict"]), (1, "revoked"))
        self.write("revoked", b"{}")
        code, out, _ = self.run_(document, "--json")
        finding = json.loads(out)["findings"][0]
        self.assertEqual((code, finding["verdict"], finding["check"]), (1, "tampered", "commitment"))

    def test_binary_receipt(self):
        document = self.write("doc", DOCUMENT)
        self.write("doc.receipt", binary(self.consortium.receipt(DOCUMENT), self.consortium.genesis))
        self.assertEqual(self.run_(document)[0], 0)

    def test_names_do_not_reach_the_terminal_raw(self):
        self.assertEqual(v.printable("a\x1b[2Jb"), "a\ufffd[2Jb")


if __name__ == "__main__":
    unittest.main()
