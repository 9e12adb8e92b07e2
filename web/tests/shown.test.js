// What a reader is shown: the answer, dates, and texts that hide something.
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";
import { toneOf } from "../page/result.js";
import { keyOf, whyOf } from "../page/why.js";
import { answerOf } from "../src/answer.js";
import { moment } from "../src/dates.js";
import { Malformed, NewerVerifier } from "../src/faults.js";
import { WORDS, blank, isOver } from "../src/verify.js";
import { visible } from "../src/visible.js";
import { WORDS_OF, preferred, speaker } from "../src/words.js";
import { validityOf } from "../src/credential/validity.js";

test("moments", () => {
  for (const [text, ms] of /** @type {[string, number | null][]} */ ([
    ["2010-01-01T00:00:00Z", 1262304000000], ["2010-01-01T00:00:00", 1262304000000], ["2010-01-01T07:00:00.250+07:00", 1262304000250],
    ["2009-12-31T16:00:00-08:00", 1262304000000], ["2009-12-31T24:00:00.000Z", 1262304000000], ["0001-01-01T00:00:00Z", -62135596800000],
    ["-0001-03-01T00:00:00Z", -62193657600000], ["10000-01-01T00:00:00Z", 253402300800000], ["1234567890-01-01T00:00:00Z", Infinity],
    ["2010-01-01", null], ["2010-02-29T00:00:00Z", null], ["2010-13-01T00:00:00Z", null], ["2010-01-00T00:00:00Z", null],
    ["2010-01-01T24:00:01Z", null], ["2010-01-01T23:59:60Z", null], ["2010-01-01T00:00:00+14:01", null], ["02010-01-01T00:00:00Z", null],
    ["2010-01-01 00:00:00Z", null], ["2010-01-01T00:00:00Z\n", null], ["", null],
  ])) assert.equal(moment(text), ms, text);
});

/** A finding that says yes, but for what is given. @param {Partial<import("../src/verify.js").Finding>} fields */
const finding = (fields) => ({ ...blank(), verdict: "active", ...fields });

/** @param {string} word @param {Partial<import("../src/credential/validity.js").Validity>} [validity] @returns {import("../src/credential/credential.js").Finding} */
const credential = (word, validity = {}) => ({ word, checks: [], issuer: undefined, method: undefined, beyondLimits: false, validity: { ...validityOf(Object.create(null), 0), ...validity } });

test("the answer is the exit code of sanad verify, and nothing but a yes is green", () => {
  const asked = { source: "a" };
  const unanswered = { source: "a", why: "why-slow" };
  const endorses = (/** @type {import("../src/endorsement.js").Endorses["found"]} */ found, /** @type {import("../src/endorsement.js").Endorses["obstacle"]} */ obstacle = null) => ({ endorses: { found, id: "urn:a", comment: "", name: "", obstacle } });
  /** @type {[ReturnType<typeof answerOf>, string, "yes" | "no" | "unknown"][]} */
  const cases = [
    [answerOf(finding({}), asked), "active", "yes"],
    [answerOf(finding({}), null), "active-then", "yes"],
    [answerOf(finding({ verdict: "confirmed" }), null), "confirmed-then", "yes"],
    [answerOf(finding({}), unanswered), "unanswered", "unknown"],
    [answerOf(finding({ verdict: "stale" }), asked), "stale", "no"],
    [answerOf(finding({ verdict: null }), asked), "not-proven", "no"],
    [answerOf(finding({ verdict: "not-proven", reason: "issuer-id: another" }), asked), "issuer-id", "no"],
    [answerOf(finding({ expired: true }), unanswered), "expired", "no"],
    [answerOf(finding({ credential: credential("bad") }), unanswered), "own-signature", "no"],
    [answerOf(finding({ credential: credential("inconsistent", { unreadable: ["validFrom"] }) }), asked), "dates", "no"],
    [answerOf(finding({ credential: credential("not-checked", { endWithholdable: true }) }), asked), "withheld", "unknown"],
    [answerOf(finding({ credential: { ...credential("not-checked"), beyondLimits: true } }), asked), "too-large", "unknown"],
    [answerOf(finding({ expired: true, credential: { ...credential("not-checked"), beyondLimits: true } }), asked), "expired", "no"],
    [answerOf(finding({ verdict: "revoked", credential: credential("bad") }), asked), "revoked", "no"],
    [answerOf(finding({}), asked, endorses("award")), "endorsement", "yes"],
    [answerOf(finding({}), asked, endorses("alone")), "endorsement", "yes"],
    [answerOf(finding({}), asked, endorses("changed")), "endorses-changed", "no"],
    [answerOf(finding({}), asked, endorses("missing")), "endorses-missing", "unknown"],
    [answerOf(finding({}), asked, endorses("unreadable")), "endorses-unreadable", "unknown"],
    [answerOf(finding({}), asked, endorses("not-compared")), "endorses-not-compared", "unknown"],
    [answerOf(finding({}), asked, endorses("award", "unsigned")), "endorses-unsigned", "unknown"],
    [answerOf(finding({}), asked, endorses("award", "standing")), "endorses-standing", "no"],
    [answerOf(finding({}), unanswered, { isMixed: true }), "mixed-one", "no"],
    [answerOf(finding({ expired: true }), asked, { isMixed: true }), "expired", "no"],
    [answerOf(finding({ verdict: "renew", clockIsWrong: true }), asked), "clock", "unknown"],
    [answerOf(finding({ verdict: "revoked" }), asked, endorses("award")), "revoked", "no"],
  ];
  for (const word of ["good", "key-unproven", "not-checked", "unsigned"]) cases.push([answerOf(finding({ credential: credential(word) }), asked), "active", "yes"]);
  for (const word of ["not-yet-valid", "expired", "not-covered", "malformed", "inconsistent", "bad"]) {
    assert.equal(answerOf(finding({ credential: credential(word) }), asked).decision, "no", word);
  }
  for (const [word, code] of WORDS) assert.equal(answerOf(finding({ verdict: word }), asked).decision, ["yes", "no", "unknown"][word === "proved" ? 0 : code], word);
  for (const [answer, key, decision] of cases) {
    assert.deepEqual(answer, { key, decision });
    assert.ok(`verdict-${key}` in WORDS_OF.en, key);
    assert.equal(toneOf(answer) === "good", decision === "yes", key);
  }
});

test("a day is over once the next one has begun, in UTC", () => {
  const end = Date.parse("2026-10-02T00:00:00Z");
  assert.deepEqual([isOver("2026-10-01", end - 1), isOver("2026-10-01", end), isOver(undefined, end)], [false, true, false]);
});

test("every date of a credential counts, with clocks two minutes apart", () => {
  const now = Date.parse("2026-09-01T00:00:00Z");
  const later = "2099-01-01T00:00:00Z";
  const of = (/** @type {object} */ said, /** @type {object} */ claims = {}) => validityOf(Object.assign(Object.create(null), said), now, Object.assign(Object.create(null), claims));
  for (const said of [{ validFrom: later }, { issuanceDate: later }, { validFrom: "2020-01-01T00:00:00Z", issuanceDate: later }]) assert.ok(of(said).notYet, JSON.stringify(said));
  assert.ok(of({}, { nbf: 4e9 }).notYet && of({}, { exp: 1 }).expired);
  assert.ok(of({ validUntil: later, expirationDate: "2026-01-01T00:00:00Z" }).expired);
  assert.ok(!of({ validUntil: "2026-08-31T23:58:00Z" }).expired && of({ validUntil: "2026-08-31T23:57:59Z" }).expired);
  assert.ok(!of({ validFrom: "2026-09-01T00:02:00Z" }).notYet && of({ validFrom: "2026-09-01T00:02:01Z" }).notYet);
  assert.deepEqual(of({ validFrom: "soon", validUntil: 2030 }, { exp: "never" }).unreadable, ["validFrom", "validUntil", "exp"]);
});

test("a start is shown as it is written, a number as the language writes it", () => {
  const [en, id] = [speaker("en"), speaker("id")];
  assert.equal(en.written("2026-11-20T00:00:00+07:00"), "20 November 2026 at 00:00 UTC+07:00");
  assert.equal(id.written("2026-11-20T00:00:00+07:00"), "20 November 2026 pukul 00.00 UTC+07:00");
  assert.equal(en.written("2026-11-20T00:00:00Z"), "20 November 2026 at 00:00 UTC");
  assert.equal(en.written("99999999999-01-01T00:00:00Z"), "99999999999-01-01T00:00:00Z");
  assert.deepEqual([en.decimal("3.5"), id.decimal("3.5"), id.decimal("3"), id.decimal("3.5.1")], ["3.5", "3,5", "3", "3.5.1"]);
});

test("a browser in neither language gets English", () => {
  for (const [languages, expected] of /** @type {[string[], string][]} */ ([
    [["de-DE", "ar"], "en"], [["id-ID"], "id"], [["in"], "id"], [["de", "id", "en"], "id"], [["en-GB", "id"], "en"], [["idx", "indo"], "en"], [[], "en"],
  ])) assert.equal(preferred(languages), expected, languages.join());
});

test("what a reader would not see is shown as an escape", () => {
  assert.equal(visible("Siti Nurhaliza, 学位, café"), "Siti Nurhaliza, 学位, café");
  assert.equal(visible("a\u202eb\u001b[31m\u200b\ufeff\u00ad"), "a\\u{202e}b\\u{1b}[31m\\u{200b}\\u{feff}\\u{ad}");
  assert.equal(visible("\u3164\u115f\u2028\u{e0041}\u{e007f}\u2066"), "\\u{3164}\\u{115f}\\u{2028}\\u{e0041}\\u{e007f}\\u{2066}");
  assert.match(speaker("en").say("trust-genesis", { name: "A\u202eB" }), /^A\\u\{202e\}B/);
});

/** What the modules throw, for programmers. */
function messages() {
  const found = [];
  for (const folder of ["src", "page"]) {
    const root = new URL(`../${folder}/`, import.meta.url);
    for (const name of readdirSync(root, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".js"))) {
      const text = readFileSync(new URL(name, root), "utf8");
      for (const [, quoted] of text.matchAll(/new (?:Malformed|NewerVerifier|Unread)\(\s*(?:[^"`)]*\? )?["`]([^"`]+)["`]/g)) found.push(quoted.replace(/\$\{[^}]*\}/g, "7"));
    }
  }
  return found;
}

test("whatever is thrown is said in the reader's own language", () => {
  const thrown = messages();
  assert.ok(thrown.length > 150, `${thrown.length}`);
  const errors = [...thrown.map((message) => new Malformed(message)), new NewerVerifier("a box of another version"), new TypeError("Failed to fetch"), new RangeError("any other")];
  for (const error of errors) {
    const { why } = whyOf(error);
    const [en, id] = [speaker("en").say(why), speaker("id").say(why)];
    assert.notEqual(en, id, error.message);
    assert.ok(!/\b(the|is|not|a|of|file|and)\b/i.test(id), id);
  }
  for (const [message, key] of [
    ["the PDF is encrypted", "why-encrypted"], ["no receipt among the files", "why-no-receipt"], ["3 attachments, not two", "why-attachments"],
    ["neither a link, nor digits of a receipt, nor a receipt", "why-text"], ["the PDF is damaged: no end of a text", "why-pdf"], ["a ZIP archive that is cut short", "why-zip"],
  ]) assert.equal(keyOf(message), key);
});

test("no sentence of the catalogue is in the other language", () => {
  for (const [key, text] of Object.entries(WORDS_OF.id)) {
    if (key !== "language") assert.ok(!/\b(the|is|are|was|not|which|of|and|with)\b/i.test(text), `${key}: ${text}`);
  }
  for (const [key, text] of Object.entries(WORDS_OF.en)) {
    if (key !== "language") assert.ok(!/\b(yang|tidak|dan|adalah|berkas|dengan|untuk)\b/i.test(text), `${key}: ${text}`);
  }
});
