// What a reader is shown: dates, and texts that hide something.
import assert from "node:assert/strict";
import { test } from "node:test";
import { shownVerdict } from "../page/result.js";
import { moment } from "../src/dates.js";
import { KINDS } from "../src/layout.js";
import { blank, readDates } from "../src/verify.js";
import { visible } from "../src/visible.js";
import { speaker } from "../src/words.js";

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

test("outside its own dates nothing is green", () => {
  const now = 1_735_689_600_000;
  const shown = (/** @type {object} */ fields) => shownVerdict({ ...blank(), verdict: "active", ...fields }, now);
  assert.equal(shown({}), "active");
  assert.equal(shown({ start: now + 120_000 }), "active");
  assert.equal(shown({ start: now + 120_001 }), "not-yet");
  assert.equal(shown({ start: Infinity }), "not-yet");
  assert.equal(shown({ expiry: now }), "expired");
  // A clock that is behind: the block is later.
  assert.equal(shown({ expiry: now + 1, asOf: { height: 9, timeMs: now + 1 } }), "expired");
  assert.equal(shown({ unreadable: ["validFrom"], expiry: now }), "dates");
  assert.equal(shown({ verdict: "revoked", start: now * 2 }), "revoked");
});

test("what a reader would not see is shown as an escape", () => {
  assert.equal(visible("Siti Nurhaliza, 学位, café"), "Siti Nurhaliza, 学位, café");
  assert.equal(visible("a\u202eb\u001b[31m\u200b\ufeff\u00ad"), "a\\u{202e}b\\u{1b}[31m\\u{200b}\\u{feff}\\u{ad}");
  assert.equal(visible("\u3164\u115f\u2028\u{e0041}\u{e007f}\u2066"), "\\u{3164}\\u{115f}\\u{2028}\\u{e0041}\\u{e007f}\\u{2066}");
  assert.match(speaker("en").say("trust-genesis", { name: "A\u202eB" }), /^A\\u\{202e\}B/);
});

test("every date of a document counts", () => {
  const read = (/** @type {number} */ kind, /** @type {import("../src/json.js").Json} */ said) => {
    const finding = { ...blank(), verdict: "active", stated: {} };
    readDates(finding, kind, said);
    return finding;
  };
  const json = KINDS.indexOf("json");
  const now = Date.parse("2026-09-01T00:00:00Z");
  const start = "2099-01-01T00:00:00Z";
  for (const said of /** @type {import("../src/json.js").JsonObject[]} */ ([{ validFrom: start }, { issuanceDate: start }, { validFrom: "2020-01-01T00:00:00Z", issuanceDate: start }, { nbf: 4e9 }])) {
    assert.equal(shownVerdict(read(json, said), now), "not-yet", JSON.stringify(said));
  }
  assert.equal(shownVerdict(read(json, { validUntil: start, expirationDate: "2026-01-01T00:00:00Z" }), now), "expired");
  assert.deepEqual(read(json, { validFrom: "soon", validUntil: 2030 }).unreadable, ["validFrom", "validUntil"]);
  assert.deepEqual(read(KINDS.indexOf("sd-jwt"), { exp: "never" }).unreadable, ["exp"]);
  assert.equal(shownVerdict(read(json, { validFrom: "2026-01-01T00:00:00Z" }), now), "active");
});
