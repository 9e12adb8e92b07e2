// Who stands behind an award, and files of different certificates.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { toneOf } from "../page/result.js";
import { answerOf } from "../src/answer.js";
import { base64url, utf8 } from "../src/bytes.js";
import { awardOf, endorsementIn, relation } from "../src/endorsement.js";
import { credentialIn, haveAllSigned, institutionsOf, namedIn } from "../src/institutions.js";
import { mixedFolders } from "../src/mixed.js";
import { blank } from "../src/verify.js";

const profile = (/** @type {string} */ name) => ({ id: `did:web:${name.toLowerCase()}.example`, name });
const award = {
  type: ["VerifiableCredential"], id: "urn:uuid:1", issuer: profile("A"),
  credentialSubject: { source: profile("C"), achievement: { id: "https://a.example/1", creator: profile("B"), endorsement: [{ issuer: "did:web:B.example" }] } },
};
const json = (/** @type {unknown} */ value) => utf8(JSON.stringify(value));

/** @param {string} name @param {unknown} said @param {string} by @param {boolean} [isGood] */
function opened(name, said, by, isGood = true) {
  const document = json(said);
  const record = { issuerIds: [{ id: `did:web:${by.toLowerCase()}.example`, from: 0 }] };
  const finding = { ...blank(), issuer: { id: by, name: `Universitas ${by}`, standing: "active", since: 1 }, checks: [{ part: "document", holds: true, detail: "" }], proof: { index: 5, issuer: { record } } };
  return /** @type {import("../src/institutions.js").Opened} */ (/** @type {unknown} */ ({ name, document, finding, isGood }));
}

/** @param {string} by @param {object} subject @param {Uint8Array} [file] that it is bound to @param {boolean} [isGood] */
function endorsement(by, subject, file, isGood = true) {
  const digestSRI = file && `sha384-${createHash("sha384").update(file).digest("base64")}`;
  const related = digestSRI ? { relatedResource: [{ .../** @type {{ id: string }} */ (subject), digestSRI }] } : {};
  return opened(`${by}.json`, { type: ["VerifiableCredential", "EndorsementCredential"], issuer: profile(by), credentialSubject: subject, ...related }, by, isGood);
}

/** @param {import("../src/institutions.js").Opened[]} others */
async function states(...others) {
  const own = opened("award.json", award, "A");
  const found = await institutionsOf(own, [own, ...others]);
  return { all: haveAllSigned(found), states: found?.list.map(({ state, name }) => [state, name]) };
}

test("who is named", async () => {
  const named = async (/** @type {unknown} */ said) => namedIn(/** @type {import("../src/json.js").JsonObject} */ (await credentialIn(json(said)))).named;
  assert.deepEqual(await named(award), [{ id: "did:web:b.example", name: "B" }, { id: "did:web:c.example", name: "C" }]);
  const jwt = `e30.${base64url(json({ vc: { issuer: profile("D") } }))}.x`;
  assert.deepEqual((await named({ ...award, endorsementJwt: [jwt, "junk"] })).slice(2), [{ id: "did:web:d.example", name: null }, { id: "junk", name: null }].map((one, i) => (i ? one : { ...one, name: "D" })));
  assert.deepEqual(await named({ ...award, issuer: "did:web:B.example" }), [{ id: "did:web:c.example", name: "C" }]);
  for (const other of [{}, [], "text", { type: "Profile" }]) assert.equal(await credentialIn(json(other)), null);
  const many = namedIn({ ...award, endorsement: Array.from({ length: 99 }, (_, n) => ({ issuer: `urn:${n}` })) });
  assert.ok(many.hasMore && many.named.length === 32);
});

test("a JWT, an SD-JWT and a picture name institutions, too", async () => {
  const part = (/** @type {unknown} */ value) => base64url(json(value));
  const jwt = (/** @type {unknown} */ payload) => `${part({ alg: "EdDSA" })}.${part(payload)}.AAAA`;
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" xmlns:ob="https://purl.imsglobal.org/ob/v3p0"><ob:credential><![CDATA[${JSON.stringify(award)}]]></ob:credential></svg>`;
  const { issuer, ...rest } = award;
  const claims = { vct: "urn:a", iss: issuer.id, jti: award.id, ...award.credentialSubject };
  for (const text of [jwt(award), jwt({ iss: issuer.id, vc: rest }), `${jwt(award)}~`, `${jwt(claims)}~`, svg, svg.replace(/<ob.*l>/, `<ob:credential verify="${jwt(award)}"/>`)]) {
    const credential = await credentialIn(utf8(text));
    assert.deepEqual(credential && namedIn(credential).named.map(({ id }) => id), ["did:web:b.example", "did:web:c.example"], text);
  }
  for (const text of [jwt({ name: "a" }), `${jwt({ vct: "urn:a" })}~`, "a.b.c", "<svg/>"]) assert.equal(await credentialIn(utf8(text)), null, text);
});

test("what an endorsement is bound to", async () => {
  const file = utf8("abc");
  const given = { ...(await awardOf("a", file)), id: "urn:a", achievement: "urn:b" };
  const of = (/** @type {string | null} */ digest, id = "urn:a") => relation({ id, digest, comment: "" }, given);
  // NIST's examples for "abc".
  const sha256 = "sha256-ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=";
  const sha512 = "sha512-3a81oZNherrMQXNJriBBMRLm+k6JqX6iCp7u5ktV05ohkpkqJ0/BqDa6PCOj/uu9RU1EI2Q86A4qmslPpUyknw==";
  for (const digest of [sha256, sha512, ` ${sha256}?x ${sha512}`]) assert.equal(of(digest), "award", digest);
  for (const digest of [`${sha256} sha384-${"A".repeat(64)}`, "sha256-"]) assert.equal(of(digest), "changed", digest);
  for (const digest of ["", "md5-kAFQmDzST7DWlj99KOF/cg==", "sha256", "sha384-!"]) assert.equal(of(digest), "not-compared", digest);
  assert.deepEqual([of(null), of(null, "urn:b"), of("", "urn:b"), of(null, "urn:c")], ["named", "achievement", "achievement", null]);
  const read = (/** @type {unknown} */ related) => endorsementIn(json({ type: "EndorsementCredential", credentialSubject: { id: "urn:a" }, relatedResource: related }))?.digest;
  assert.deepEqual([read([{ id: "urn:a", digestSRI: sha256 }]), read({ id: "urn:a", digestMultibase: "z1" }), read([{ id: "urn:b", digestSRI: sha256 }]), read([{ id: "urn:a" }])], [sha256, "", null, null]);
});

test("a name is no signature", async () => {
  const entered = ["entered", "Universitas A (A)"];
  const claimed = ["named-only", "“C” (did:web:c.example)"];
  const subject = { id: award.id };
  assert.deepEqual(await states(), { all: false, states: [entered, ["named-only", "“B” (did:web:b.example)"], claimed] });
  const bound = json(award);
  const first = endorsement("B", subject, bound);
  assert.deepEqual(await states(first), { all: false, states: [entered, ["signed", "Universitas B (B)"], claimed] });
  assert.deepEqual((await states(first, endorsement("C", subject, bound))).all, true);
  // Of another file, by the id alone, of the achievement, not good, of the issuer itself, and by somebody who is not named.
  const state = async (/** @type {import("../src/institutions.js").Opened} */ other) => (await states(other)).states?.[1][0];
  assert.equal(await state(endorsement("B", subject, utf8("other"))), "not-good");
  assert.equal(await state(endorsement("B", subject)), "id");
  assert.equal(await state(endorsement("B", { id: "https://a.example/1" })), "achievement");
  assert.equal(await state(endorsement("B", subject, bound, false)), "not-good");
  assert.equal(await state(endorsement("A", subject, bound)), "named-only");
  const stranger = await states(endorsement("D", subject, bound));
  assert.deepEqual(stranger.states?.slice(3), [["signed", "Universitas D (D)"]]);
  assert.equal(stranger.all, false);
});

test("an award that names others is not green until they have signed", async () => {
  const own = opened("award.json", award, "A");
  const shown = async (/** @type {import("../src/institutions.js").Opened[]} */ ...others) => {
    const institutions = await institutionsOf(own, [own, ...others]);
    const finding = { ...blank(), verdict: "active" };
    const answers = [false, true].map((isMixed) => answerOf(finding, null, { institutions, isMixed }));
    return answers.map((answer) => [answer.key, answer.decision, toneOf(answer)].join(" "));
  };
  assert.deepEqual(await shown(), ["alone unknown wait", "mixed-one no wait"]);
  const signed = ["B", "C"].map((by) => endorsement(by, { id: award.id }, json(award)));
  assert.deepEqual(await shown(...signed), ["active-then yes good", "mixed-one no wait"]);
  // What was endorsed is another file.
  assert.deepEqual(await shown(signed[0], endorsement("C", { id: award.id }, utf8("other"))), ["alone no wait", "mixed-one no wait"]);
});

test("a wrong clock is said to be wrong", () => {
  const shown = (/** @type {boolean} */ clockIsWrong) => answerOf({ ...blank(), verdict: "renew", clockIsWrong }, null).key;
  assert.deepEqual([shown(true), shown(false)], ["clock", "renew"]);
});

test("files of different certificates in one folder", () => {
  const item = (/** @type {string} */ how, /** @type {string | null} */ entry, folder = "", isEndorsement = false) =>
    /** @type {import("../src/mixed.js").Item} */ ({ folder, how, entry, isEndorsement });
  const mixed = (/** @type {import("../src/mixed.js").Item[]} */ ...items) => [...mixedFolders(items)];
  assert.deepEqual(mixed(item("files", "1"), item("pdf", "1"), item("stray", "1")), []);
  assert.deepEqual(mixed(item("files", "1"), item("pdf", "2")), [""]);
  assert.deepEqual(mixed(item("pdf", "1"), item("stray", "2")), [""]);
  assert.deepEqual(mixed(item("pdf", "1"), item("stray", "1")), []);
  // Several certificates, an endorsement beside one, and folders of their own are no mixture.
  assert.deepEqual(mixed(item("pdf", "1"), item("pdf", "2")), []);
  assert.deepEqual(mixed(item("files", "1"), item("files", "2"), item("pdf", "2")), []);
  assert.deepEqual(mixed(item("pdf", "1"), item("files", "2", "", true)), []);
  assert.deepEqual(mixed(item("files", "1", "a/"), item("pdf", "2", "b/")), []);
  assert.deepEqual(mixed(item("files", "1"), item("pdf", "1"), item("pdf", "2"), item("files", "3", "c/")), [""]);
});
