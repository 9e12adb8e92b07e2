// What a document shows by itself: the same word as `sanad credential check`, of forms of our own and of the samples of crates/credential.
import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { checkCredential } from "../src/credential/credential.js";
import { canonicalForm } from "../src/credential/canonical.js";
import { isIri } from "../src/credential/iri.js";
import { forms } from "./forms.js";
import { PROGRAM, sanad } from "./ledger.js";

const SAMPLES = fileURLToPath(new URL("../../crates/credential/tests/testdata", import.meta.url));
const work = mkdtempSync(join(tmpdir(), "sanad-credential-"));
after(() => rmSync(work, { recursive: true, force: true }));

/** Documents within a file of samples, and the file itself. @param {string} path @returns {string[]} */
function documentsIn(path) {
  const found = [path];
  const keep = (/** @type {string} */ text) => {
    const inner = join(work, `${found.length}-${path.replace(/\W+/g, "-")}.txt`);
    writeFileSync(inner, text);
    found.push(inner);
  };
  const look = (/** @type {any} */ value) => {
    if (typeof value === "string" && /^[\w-]{20,}\.[\w-]+\.[\w-]*/.test(value)) keep(value);
    if (typeof value !== "object" || value === null) return;
    if ("@context" in value && ("issuer" in value || "credentialSubject" in value)) keep(JSON.stringify(value));
    Object.values(value).forEach(look);
  };
  try {
    look(JSON.parse(readFileSync(path, "utf8")));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  return found;
}

/** Whose key it is takes a member's record to tell. @param {string | null} word */
const normal = (word) => (word === "good" ? "key-unproven" : word);

test("every sample and every form has the word of sanad", { skip: existsSync(PROGRAM) ? false : "no programs of sanad" }, async () => {
  const samples = readdirSync(SAMPLES, { recursive: true, encoding: "utf8" }).map((name) => join(SAMPLES, name)).filter((path) => statSync(path).isFile());
  const paths = samples.flatMap(documentsIn);
  for (const [name, data] of forms()) {
    paths.push(join(work, name));
    writeFileSync(join(work, name), data);
  }
  /** @type {Map<string | null, number>} */
  const counts = new Map();
  for (const path of paths) {
    const found = await checkCredential(new Uint8Array(readFileSync(path)), /** @type {any} */ ({ issuerIds: [] }), Date.now());
    let said;
    try {
      said = sanad(["--json", "credential", "check", path]);
    } catch (error) {
      said = /** @type {{ stdout: string }} */ (error).stdout;
    }
    const expected = normal(said === "" ? null : (JSON.parse(said).verdict ?? null));
    assert.equal(normal(found?.word ?? null), expected, `${path}: ${JSON.stringify(found?.checks)}`);
    counts.set(expected, (counts.get(expected) ?? 0) + 1);
  }
  for (const word of ["key-unproven", "not-checked", "unsigned", "expired", "not-yet-valid", "not-covered", "malformed", "inconsistent", "bad"]) {
    assert.ok((counts.get(word) ?? 0) > 0, `no document is ${word}`);
  }
  assert.ok(paths.length > 150, `${paths.length}`);
});

test("names of blank nodes do not matter, and poison is refused in time", async () => {
  const quad = (/** @type {number} */ from, /** @type {number} */ to) => /** @type {[string, string, string, string]} */ ([`_:n${from}`, "<urn:x:next>", `_:n${to}`, ""]);
  const ring = (/** @type {number[]} */ order) => order.map((node, i) => quad(node, order[(i + 1) % order.length]));
  const expected = await canonicalForm(ring([0, 1, 2, 3, 4]));
  assert.equal(expected.split("\n").length, 6);
  assert.equal(await canonicalForm(ring([3, 1, 4, 0, 2])), expected);
  assert.notEqual(await canonicalForm([...ring([0, 1, 2, 3, 4]), quad(0, 5)]), expected);
  const star = Array.from({ length: 500 }, (_, leaf) => quad(0, leaf + 1));
  assert.equal((await canonicalForm(star)).split("\n").length, 501);
  const complete = Array.from({ length: 81 }, (_, i) => quad(Math.floor(i / 9), i % 9));
  await assert.rejects(canonicalForm(complete), /too alike/);
  await assert.rejects(canonicalForm(ring(Array.from({ length: 1000 }, (_, i) => i))), /too alike/);
  assert.match(await canonicalForm([["<urn:ex:s>", "<urn:ex:p>", '"\\b\\t\\n\\u000B\\f\\r\\"\\\\\\u007F"', "_:g"]]), /_:c14n0 \.\n$/);
});

test("absolute IRIs", () => {
  for (const text of ["urn:a", "https://a.example/b?c=d#e", "did:key:z6Mk", "https://[::1]:80/", "https://a.example:/", "mailto:a@b.example", "urn:ä", "a:", "x://", "https://a%20b/"]) assert.ok(isIri(text), text);
  for (const text of ["", "a", "//a", "1a:b", "https://a b", "https://a/<b>", "https://a/%2", "https://a/#b#c", "https://[a/", "https://a/[b]", "a_b:c", "https://a:b/", "urn:a\n"]) assert.ok(!isIri(text), text);
});
