// Data that others wrote, where SANAD_VECTORS names them, and edge cases of Ed25519 that follow from its rule.
import assert from "node:assert/strict";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { hex, unhex, utf8 } from "../src/bytes.js";
import { isUsablePoint, signatureHolds } from "../src/ed25519.js";
import { canonical, parseDocument } from "../src/json.js";
import { LOG, isIncluded } from "../src/trees.js";
import { SMALL_ORDER, encodeNumber, sample, samples } from "./samples.js";

const VECTORS = process.env.SANAD_VECTORS;
const given = { skip: VECTORS === undefined ? "SANAD_VECTORS is not set" : false };
const folder = (/** @type {string} */ name) => join(/** @type {string} */ (VECTORS), name);

test("RFC 8785", given, () => {
  const names = readdirSync(folder("jcs/input"));
  assert.ok(names.length > 0);
  for (const name of names) {
    const value = parseDocument(readFileSync(join(folder("jcs/input"), name)));
    assert.equal(canonical(value), readFileSync(join(folder("jcs/output"), name), "utf8").trimEnd(), name);
  }
});

test("inclusion proofs of RFC 6962", given, async () => {
  const files = /** @type {string[]} */ (readdirSync(folder("merkle/inclusion"), { recursive: true })).filter((name) => name.endsWith(".json"));
  let count = 0;
  for (const name of files) {
    const { leafIdx, treeSize, root, leafHash, proof, wantErr } = JSON.parse(readFileSync(join(folder("merkle/inclusion"), name), "utf8"));
    const bytes = (/** @type {string | null} */ text) => new Uint8Array(Buffer.from(text ?? "", "base64"));
    const hashes = [leafHash, root, ...(proof ?? [])].map(bytes);
    const holds =
      hashes.every((hash) => hash.length === 32) && (await isIncluded(LOG, bytes(leafHash), leafIdx, treeSize, (proof ?? []).map(bytes), bytes(root)));
    assert.equal(!holds, wantErr === true, name);
    count += 1;
  }
  assert.ok(count > 0);
});

test("points of small order are refused as key and as R, whatever the equation says", async () => {
  assert.equal(new Set(SMALL_ORDER.map(hex)).size, 14);
  for (const key of SMALL_ORDER) {
    assert.ok(!isUsablePoint(key), hex(key));
    for (const r of SMALL_ORDER) {
      const signature = new Uint8Array(64);
      signature.set(r);
      assert.ok(!(await signatureHolds(key, signature, utf8("Zcash"))), `${hex(key)} ${hex(r)}`);
    }
  }
});

test("a good signature has one form", async () => {
  const { privateKey, publicKey } = await crypto.subtle.generateKey("Ed25519", true, ["sign", "verify"]);
  const key = new Uint8Array(await crypto.subtle.exportKey("raw", publicKey));
  const order = (1n << 252n) + 27742317777372353535851937790883648493n;
  for (let i = 0; i < 32; i++) {
    const message = utf8(`message ${i}`);
    const signature = new Uint8Array(await crypto.subtle.sign("Ed25519", privateKey, message));
    assert.ok(await signatureHolds(key, signature, message));
    assert.ok(isUsablePoint(key) && isUsablePoint(signature.slice(0, 32)));
    const s = BigInt(`0x${hex(signature.slice(32).reverse())}`);
    const high = signature.slice();
    high.set(encodeNumber(s + order), 32);
    assert.ok(!(await signatureHolds(key, high, message)));
    for (const small of SMALL_ORDER) {
      const other = signature.slice();
      other.set(small);
      assert.ok(!(await signatureHolds(key, other, message)));
      assert.ok(!(await signatureHolds(small, signature, message)));
    }
    for (let bit = 0; bit < 512; bit += 37) {
      const flipped = signature.slice();
      flipped[bit >> 3] ^= 1 << (bit & 7);
      assert.ok(!(await signatureHolds(key, flipped, message)));
    }
  }
});

test("keys of members: usable points and others", () => {
  for (const [name, { text, verdict }] of samples("member")) {
    if (!/key-not-canonical|small-order-key|sound/.test(name)) continue;
    const keys = [...text.matchAll(/ed25519:([0-9a-f]{64})"/g)].map(([, digits]) => unhex(digits));
    assert.equal(keys.every(isUsablePoint), verdict === "good", name);
  }
  assert.ok(sample("member/small-order-key.json"));
});

const EDGE = VECTORS === undefined ? "" : folder("ed25519/ed25519vectors.json");

test("the public edge cases of Ed25519", { skip: existsSync(EDGE) ? false : "ed25519/ed25519vectors.json is not in SANAD_VECTORS" }, async () => {
  const cases = JSON.parse(readFileSync(EDGE, "utf8"));
  for (const { number, key, sig, msg, flags } of cases) {
    const isRefused = (flags ?? []).some((/** @type {string} */ flag) => /^low_order_(A|R|residue)$|^non_canonical/.test(flag));
    assert.equal(await signatureHolds(unhex(key), unhex(sig), utf8(msg)), !isRefused, `case ${number}`);
  }
  assert.equal(cases.length, 914);
});
