// Documents, summaries and commitments: docs/formats/commitment.md.
import { blake3, derive } from "./blake3.js";
import { concat, equal, text8, u8, utf8 } from "./bytes.js";
import { isCredential } from "./credential/read.js";
import { DocumentNeeded, Fault, Malformed } from "./faults.js";
import { canonical, isObject, parseDocument } from "./json.js";
import { KINDS, LABELS, encodeSummary, isDate } from "./layout.js";
import { readSdJwt } from "./sdjwt.js";

/** @typedef {import("./json.js").Json} Json */
/** @typedef {import("./layout.js").Opening} Opening */
/** @typedef {import("./layout.js").Summary} Summary */

const DOCUMENT_BYTES_MAX = 64 << 20;

/** Its digest, and what it says: parsed JSON, processed claims, or nothing. @param {number} kind @param {Uint8Array} document
 * @returns {Promise<{ digest: Uint8Array, said?: Json, holderBound?: boolean, shown?: import("./sdjwt.js").Shown }>} */
export async function digestOf(kind, document) {
  if (KINDS[kind] === "json") {
    const said = parseDocument(document);
    return { digest: blake3(utf8(canonical(said))), said };
  }
  if (KINDS[kind] === "sd-jwt") {
    const { issuerSigned, claims, holderBound, always, disclosed } = await readSdJwt(document);
    return { digest: blake3(utf8(issuerSigned)), said: claims, holderBound, shown: { always, disclosed } };
  }
  if (document.length > DOCUMENT_BYTES_MAX) throw new Malformed("longer than 64 MiB");
  return { digest: blake3(document) };
}

/** The kind that an issuer may guess. @param {Uint8Array} document */
export function guessKind(document) {
  const start = document.findIndex((byte) => ![0x20, 0x09, 0x0a, 0x0d].includes(byte));
  if (document[start] === 0x7b) return KINDS.indexOf("json");
  const end = document.indexOf(0x7e);
  const parts = start < 0 || end < 0 ? "" : new TextDecoder("latin1").decode(document.subarray(start, end));
  return KINDS.indexOf(/^[\w-]+\.[\w-]+\.[\w-]+$/.test(parts) ? "sd-jwt" : "bytes");
}

/** @param {Uint8Array} chainId @param {string} issuer @param {number} kind @param {Opening} opening @param {Uint8Array} digest */
export function commitmentOf(chainId, issuer, kind, opening, digest) {
  const contentFrom = (/** @type {Uint8Array} */ key) => derive("sanad/v1 content", concat(key, digest));
  let summary;
  let content;
  if (opening.form === "full") {
    summary = new Uint8Array(32);
    if (opening.summary !== undefined) summary = summaryHash(derive("sanad/v1 summary key", opening.secret), opening.summary);
    content = contentFrom(derive("sanad/v1 content key", opening.secret));
  } else if (opening.form === "paper") {
    summary = summaryHash(opening.summaryKey, opening.summary);
    content = opening.content;
  } else {
    summary = opening.summary;
    content = contentFrom(opening.contentKey);
  }
  return derive("sanad/v1 credential", concat(chainId, text8(issuer), u8(kind), summary, content));
}

/** @param {Uint8Array} key @param {Summary} summary */
const summaryHash = (key, summary) => derive("sanad/v1 summary", concat(key, encodeSummary(summary)));

/** receipt.md, step 7: what the document says.
 * @param {Uint8Array} chainId @param {string} issuer @param {Uint8Array} expected @param {number} kind @param {Opening} opening
 * @param {Uint8Array | null} document */
export async function checkDocument(chainId, issuer, expected, kind, opening, document) {
  let found;
  if (document !== null) {
    try {
      found = await digestOf(kind, document);
    } catch (error) {
      if (!(error instanceof Malformed)) throw error;
      throw new Fault("document", "tampered", `the document has no digest: ${error.message}`);
    }
  }
  if (opening.form === "paper") {
    if (document !== null) throw new Fault("document", "not-proven", "a paper receipt does not prove a document");
  } else if (document === null) throw new DocumentNeeded("the document is needed to check this receipt");
  if (!equal(commitmentOf(chainId, issuer, kind, opening, found?.digest ?? new Uint8Array(0)), expected)) {
    throw new Fault("document", "tampered", "the document or the secret was changed");
  }
  return { said: found?.said, holderBound: found?.holderBound ?? false, shown: found?.shown ?? null };
}

/** The open summary, if there is one. @param {Opening} opening */
export const openSummary = (opening) => (opening.form === "closed-summary" ? undefined : opening.summary);

/** Labels of a summary that say something else than the document. Null where no rule applies. @param {Summary} summary @param {Json} said */
export function contradictions(summary, said) {
  const derived = derivedFields(said);
  if (derived === null) return null;
  return summary.filter(({ label, text }) => derived.get(label) !== text).map(({ label }) => LABELS[label]);
}

/** "Summary of a JSON credential": texts by label; null if the rule does not apply. @param {Json | undefined} said */
export function derivedFields(said) {
  if (!isObject(said)) return null;
  const { type } = said;
  if (type !== "VerifiableCredential" && !(Array.isArray(type) && type.includes("VerifiableCredential"))) return null;
  const given = said.credentialSubject;
  const subject = Array.isArray(given) && given.length === 1 ? given[0] : given;
  if (!isObject(subject)) return null;
  const inside = isObject(subject.achievement) ? subject.achievement : {};
  const credits = "creditsEarned" in subject ? subject.creditsEarned : inside.creditsAvailable;
  /** @type {[number, Json | undefined][]} */
  const found = [
    [0, holderOf(subject)],
    [1, "achievement" in subject ? inside.name : said.name],
    [2, dateOf(said, ["awardedDate", "validFrom", "issuanceDate"])],
    [3, typeof credits === "number" ? canonical(credits) : undefined],
    [4, subject.licenseNumber],
    [6, dateOf(said, ["validUntil", "expirationDate"])],
  ];
  return new Map(found.flatMap(([label, text]) => (typeof text === "string" ? [[label, text]] : [])));
}

/** The Open Badge that the claims of an SD-JWT VC stand for, with as much as they disclose (docs/credentials.md, "As an SD-JWT VC"); null for
 * others. @param {Json} claims @returns {import("./json.js").JsonObject | null} */
export function badgeOf(claims) {
  if (!isObject(claims) || isCredential(claims) || !("vct" in claims) || !isObject(claims.achievement)) return null;
  /** @type {import("./json.js").JsonObject} */
  const badge = Object.assign(Object.create(null), { type: ["VerifiableCredential", "OpenBadgeCredential"], credentialSubject: claims });
  for (const [member, claim] of [["id", "jti"], ["issuer", "iss"], ["validFrom", "validFrom"], ["validUntil", "validUntil"], ["awardedDate", "awardedDate"]]) {
    if (claim in claims) badge[member] = claims[claim];
  }
  return badge;
}

/** @param {import("./json.js").JsonObject} subject */
function holderOf(subject) {
  if ("name" in subject) return subject.name;
  const given = Array.isArray(subject.identifier) ? subject.identifier : [subject.identifier];
  const names = given.filter((i) => isObject(i) && i.identityType === "name" && i.hashed === false);
  return names.length === 1 && isObject(names[0]) ? names[0].identityHash : undefined;
}

/** @param {import("./json.js").JsonObject} said @param {string[]} names */
function dateOf(said, names) {
  const name = names.find((n) => n in said);
  const value = name === undefined ? undefined : said[name];
  const date = typeof value === "string" ? value.split("T", 1)[0] : "";
  return isDate(date) ? date : undefined;
}

/** The issuer that a document names (receipt.md, step 9): undefined if it names none, null if the name cannot be compared.
 * @param {number} kind @param {Json | undefined} said */
export function namedIssuer(kind, said) {
  if (!isObject(said)) return undefined;
  const member = KINDS[kind] === "sd-jwt" && "iss" in said ? "iss" : "issuer";
  if (!(member in said)) return undefined;
  const named = isObject(said[member]) ? said[member].id : said[member];
  return typeof named === "string" ? named : null;
}
