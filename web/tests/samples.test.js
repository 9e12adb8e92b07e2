import assert from "node:assert/strict";
import { test } from "node:test";
import { blake3, derive } from "../src/blake3.js";
import { Reader, hex, text8, unhex, utf8 } from "../src/bytes.js";
import { readSummary } from "../src/binary.js";
import { checkDocument, digestOf } from "../src/document.js";
import { readCertificate, readHeader, readSet } from "../src/encodings.js";
import { DocumentNeeded, Fault, Malformed, NewerVerifier } from "../src/faults.js";
import { openingOf, readGenesis, readReceiptJson, genesisOf, setOf } from "../src/forms.js";
import { parseForm } from "../src/json.js";
import { KINDS, chainIdOf, fingerprint } from "../src/layout.js";
import { checkCertificate, checkForm, readTrust, trustFile, trustGenesis } from "../src/trust.js";
import { WORDS, verifyReceipt } from "../src/verify.js";
import { WORDS_OF } from "../src/words.js";
import { bytesOf, expected, sample, samples } from "./samples.js";

const encoded = (/** @type {any} */ value) => utf8(JSON.stringify(value));
const genesisFrom = (/** @type {any} */ value) => genesisOf(parseForm(encoded(value), 16 << 20));

/** @param {any} given @returns {Promise<import("../src/trust.js").Trust>} */
async function trustOf(given) {
  if (given.trust_file === undefined) return trustGenesis(genesisFrom(given.genesis), 0);
  const data = typeof given.trust_file === "string" ? unhex(given.trust_file) : encoded(given.trust_file);
  return trustFile(readTrust(data), given.now_ms);
}

test("receipts have the same word and part, in both encodings", async () => {
  let count = 0;
  for (const [name, given] of samples("receipt")) {
    const trust = await trustOf(given);
    const document = given.document === undefined ? null : utf8(given.document);
    for (const form of Object.keys(given.expected)) {
      const finding = await verifyReceipt(trust, form === "binary" ? unhex(given.binary) : encoded(given.json), document);
      const wanted = given.expected[form];
      const found = finding.reason === null ? finding.verdict : `${finding.reason.split(":")[0]} ${finding.verdict}`;
      assert.equal(found, wanted.status ?? expected(wanted.error), `${name} ${form}: ${finding.reason}`);
      if (wanted.signers !== undefined) assert.deepEqual(finding.signers, wanted.signers, name);
      if (wanted.height !== undefined) assert.equal(finding.asOf?.height, wanted.height, name);
      count += 1;
    }
  }
  assert.ok(count > 50, `${count} receipts`);
});

test("trust files", async () => {
  for (const folder of ["trust-file", "trust-file-binary"]) {
    for (const [name, given] of samples(folder)) {
      let found = "proved";
      try {
        await trustFile(readTrust(bytesOf(given)), given.context.now_ms);
      } catch (error) {
        if (error instanceof Fault) found = `${error.part} ${error.word}`;
        else if (error instanceof NewerVerifier) found = "encoding needs-newer-verifier";
        else if (error instanceof Malformed) found = "error";
        else throw error;
      }
      assert.equal(found, expected(given.verdict), `${folder}/${name}: ${given.verdict}`);
    }
  }
});

test("certificates", async () => {
  for (const [name, given] of samples("certificate")) {
    const header = readHeader(new Reader(unhex(given.context.header)));
    const set = setOf(parseForm(encoded(given.context.validators), 1 << 20));
    let found = "proved";
    try {
      const read = new Reader(bytesOf(given));
      const certificate = readCertificate(read);
      read.finish();
      await checkCertificate(header, certificate, set);
    } catch (error) {
      if (error instanceof Fault) found = `${error.part} ${error.word}`;
      else if (error instanceof Malformed) found = "no answer";
      else throw error;
    }
    assert.ok(expected(given.verdict).startsWith(found), `${name}: ${found}, ${given.verdict}`);
  }
});

test("what is read and what is refused", async () => {
  const whole = (/** @type {(read: Reader) => unknown} */ part) => (/** @type {Uint8Array} */ data) => {
    const read = new Reader(data);
    part(read);
    read.finish();
  };
  const header = whole((read) => {
    const found = readHeader(read);
    checkForm({ ...trustGenesis(genesisFrom(sample("receipt/active.json").genesis), 0), chainId: found.chainId }, found);
  });
  /** @type {[string, (data: Uint8Array) => unknown][]} */
  const readers = [["header", header], ["validator-set", whole(readSet)], ["summary", whole(readSummary)], ["genesis", readGenesis]];
  for (const [folder, read] of readers) {
    for (const [name, given] of samples(folder)) {
      if (folder === "genesis" && /signature|unsigned/.test(name)) continue; // verifiers do not check these
      let found = "good";
      try {
        read(bytesOf(given));
      } catch (error) {
        if (!(error instanceof Malformed || error instanceof Fault)) throw error;
        found = error.message;
      }
      assert.equal(found === "good", given.verdict === "good", `${folder}/${name}: ${found}, ${given.verdict}`);
    }
  }
});

test("commitments", async () => {
  for (const [name, given] of samples("commitment")) {
    const opened = JSON.parse(given.text);
    let found = "good";
    try {
      const opening = openingOf(parseForm(encoded(opened.opening), 1 << 20));
      const document = opened.document === undefined ? null : utf8(opened.document);
      await checkDocument(unhex(opened.chain), opened.issuer, unhex(opened.commitment), KINDS.indexOf(opened.kind), opening, document);
    } catch (error) {
      if (!(error instanceof Malformed || error instanceof Fault || error instanceof DocumentNeeded)) throw error;
      found = error.message;
    }
    assert.equal(found === "good", given.verdict === "good", `${name}: ${found}, ${given.verdict}`);
  }
});

test("JSON forms", () => {
  const cases = sample("json-form.json");
  const given = sample(cases.sample);
  /** @type {[string, any, (data: Uint8Array) => unknown][]} */
  const forms = [["receipt", given.json, readReceiptJson], ["genesis", given.genesis, readGenesis]];
  for (const [name, value, read] of forms) {
    read(encoded(value));
    for (const { case: title, at, text, times, error } of cases[name]) {
      const replaced = times === undefined ? text : `[${Array(times).fill(text).join(",")}]`;
      const data = utf8(JSON.stringify(edited(value, at)).replace('"@"', () => replaced));
      if (error === null) assert.doesNotThrow(() => read(data), title);
      else assert.throws(() => read(data), Malformed, title);
    }
  }
});

/** A copy with "@" at a place. @param {any} value @param {string} at */
function edited(value, at) {
  const copy = structuredClone(value);
  if (at === "") return "@";
  const names = at.split(".");
  const last = /** @type {string} */ (names.pop());
  let inside = copy;
  for (const name of names) inside = inside[name];
  inside[last] = "@";
  return copy;
}

test("BLAKE3 of every sample", () => {
  for (const folder of ["genesis", "trust-file", "trust-file-binary", "header", "summary", "commitment"]) {
    for (const [name, given] of samples(folder)) assert.equal(hex(blake3(bytesOf(given))), given.blake3, `${folder}/${name}`);
  }
});

test("every word is there in both languages, with the same values", () => {
  const values = (/** @type {string} */ text) => (text.match(/\{\w+\}/g) ?? []).sort().join();
  assert.deepEqual(Object.keys(WORDS_OF.id), Object.keys(WORDS_OF.en));
  for (const [key, text] of Object.entries(WORDS_OF.en)) assert.equal(values(WORDS_OF.id[key]), values(text), key);
  for (const word of WORDS.keys()) assert.ok(["proved", "stale", "could-not-be-checked"].includes(word) || `verdict-${word}` in WORDS_OF.en, word);
});

test("the values of the pages", async () => {
  const genesis = sample("receipt/active.json").genesis;
  assert.equal(hex(chainIdOf(genesisFrom(genesis))), "ae76a147b4f3c488cb2c384a703df9bf90d9011e8c7a1ac08bb2cf44adc73aee");
  assert.equal(fingerprint(unhex("80197c9c29853240689de75227f7e01024790c914f2312d41e18b590878a2c49")), "32793 31900 10629 12864 26781 59218 10231 57360 09337 03217");
  const { digest } = await digestOf(0, utf8('{"b":2,"a":1}'));
  assert.equal(hex(digest), "8e80439b77ac62d4194499edd46684c479da3aa1ac80dd5511468efae049166e");
  const commitment = unhex("4bc0b06b1c2c8dce63710811159a5365b14a9a761e1f4a569fcabfba82ef3e5b");
  const key = derive("sanad/v1 issuance key", new Uint8Array([...text8("ui.example"), ...commitment]));
  assert.equal(hex(key), "67e08988bd3ebca6c61c95b1301f6ff0e1d8f6eea04c7d747efed440ef5e8178");
});
