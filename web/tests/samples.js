// The golden samples of the Rust crates, and what they say as part and word of docs/formats/finding.md.
import { readFileSync, readdirSync } from "node:fs";
import { unhex, utf8 } from "../src/bytes.js";

const ROOT = new URL("../../crates/core/tests/testdata/", import.meta.url);

/** @param {string} path */
export const sample = (path) => JSON.parse(readFileSync(new URL(path, ROOT), "utf8"));

/** Names and contents. @param {string} folder @returns {[string, any][]} */
export const samples = (folder) => readdirSync(new URL(`${folder}/`, ROOT)).sort().map((name) => [name, sample(`${folder}/${name}`)]);

/** @param {any} given */
export const bytesOf = (given) => (given.hex === undefined ? utf8(given.text) : unhex(given.hex));

/** The first that is found. @type {[RegExp, string][]} */
const SENTENCES = [
  [/the genesis in the trust file is not valid|not the binary form/, "error"],
  [/of chain .*, not of the chain of this genesis/, "chain foreign-chain"],
  [/layout version/, "header needs-newer-verifier"],
  [/is out of order or above the anchor/, "validators tampered"],
  [/is not the anchor$/, "validators tampered"],
  [/the changes listed do not lead/, "validators not-proven"],
  [/the history roots listed/, "history tampered"],
  [/a sealed (proof|receipt) .*trust file/, "anchor needs-trust-file"],
  [/covers sealed proofs below/, "anchor renew"],
  [/no longer vouches for signatures/, "anchor renew"],
  [/a history path is needed/, "history needs-history-path"],
  [/is not the one that the trust file holds/, "history not-proven"],
  [/validator-set changes; a (receipt|proof) carries/, "validators needs-trust-file"],
  [/needs a newer verifier|^version \d+; this program knows/, "encoding needs-newer-verifier"],
  [/validator-set change at height .* is out of order/, "validators tampered"],
  [/the header names the validators/, "validators not-proven"],
  [/does not know the validators of height/, "anchor needs-trust-file"],
  [/the validators .* come, but the header names/, "validators tampered"],
  [/validator set after height .* does not follow/, "validators tampered"],
  [/validators signed|is not one of the .* validators|beyond the .* of the set/, "certificate not-proven"],
  [/is not final|certificate is for|stands twice or out of order|none of the .* signatures|not one of a precommit/, "certificate tampered"],
  [/is not proved to be in the history|is said to stand before height/, "history tampered"],
  [/the entry is not proved/, "inclusion tampered"],
  [/the status of log index .* is not proved/, "status tampered"],
  [/the record of .* is not proved|the record: |the entry is by .* the record/, "issuer tampered"],
  [/lead to the state root/, "state tampered"],
  [/the document or the secret was changed/, "document tampered"],
  [/^not (a|the) |has at most/, "error"],
];

/** @param {string} sentence */
export function expected(sentence) {
  if (sentence === "good") return "proved";
  return SENTENCES.find(([pattern]) => pattern.test(sentence))?.[1] ?? `no answer to: ${sentence}`;
}

// The 14 encodings of the eight points of small order: canonical or not, with either sign where x is 0.
const FIELD = (1n << 255n) - 19n;
const EIGHTH = 0x7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd84d3d706a17c7n;
/** Little-endian. @param {bigint} y */
export const encodeNumber = (y) => Uint8Array.from({ length: 32 }, (_, i) => Number((y >> BigInt(8 * i)) & 255n));
export const SMALL_ORDER = [0n, 1n, FIELD - 1n, FIELD, FIELD + 1n, EIGHTH, FIELD - EIGHTH].flatMap((y) => [encodeNumber(y), encodeNumber(y | (1n << 255n))]);
