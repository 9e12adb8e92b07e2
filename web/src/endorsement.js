// Endorsements: which of the documents that are checked together another one endorses, and whether it holds, as `sanad verify` says it.
import { badgeOf, guessKind } from "./document.js";
import { source } from "./ed25519.js";
import { Malformed } from "./faults.js";
import { isObject, parseDocument } from "./json.js";
import { KINDS } from "./layout.js";
import { readSdJwt } from "./sdjwt.js";

/** @typedef {import("./json.js").Json} Json */
/** @typedef {{ name: string, id: string | null, achievement: string | null, digests: Map<string, string> }} Award */
/** `digest`: of the file that it is bound to, as it is written; empty if that is of no known kind.
 * @typedef {{ id: string | null, digest: string | null, comment: string }} Endorsement */
/** What an endorsement has to do with an award: `award` to the byte, `changed` another file with the award's id, `not-compared` one whose digest is of another
 * kind, `named` by its id alone, `achievement` by the achievement's id. @typedef {"award" | "changed" | "not-compared" | "named" | "achievement"} Relation */
/** `missing` where there are other documents and it is of none, `alone` where there is no other, `unreadable` nothing that has one id. `obstacle`: why it does
 * not hold, though it is active. @typedef {{ found: Relation | "missing" | "alone" | "unreadable", id: string, comment: string, name: string,
 *   obstacle: "standing" | "unsigned" | null }} Endorses */

const TYPE = "EndorsementCredential";
/** The strongest first (Subresource Integrity, 3.3.4). */
const HASHES = { "sha512-": "SHA-512", "sha384-": "SHA-384", "sha256-": "SHA-256" };
/** What binds a related resource to its content (VC Data Model 2.0, 5.3). */
const DIGESTS = ["digestSRI", "digestMultibase"];
/** The first that is found counts. @type {Relation[]} */
const RELATIONS = ["award", "changed", "not-compared", "named", "achievement"];

/** @param {Json | undefined} value */
const text = (value) => (typeof value === "string" ? value : null);

/** @param {Uint8Array} document @returns {Json} */
function jsonOf(document) {
  try {
    return parseDocument(document);
  } catch (error) {
    if (error instanceof Malformed) return null;
    throw error;
  }
}

/** The badge that an SD-JWT stands for. @param {Uint8Array} document */
async function badgeIn(document) {
  try {
    return KINDS[guessKind(document)] === "sd-jwt" ? badgeOf((await readSdJwt(document)).claims) : null;
  } catch (error) {
    if (error instanceof Malformed) return null;
    throw error;
  }
}

/** What endorsements are compared with. @param {string} name @param {Uint8Array} document @returns {Promise<Award>} */
export async function awardOf(name, document) {
  const json = jsonOf(document) ?? (await badgeIn(document));
  const said = isObject(json) ? json : {};
  const achievement = isObject(said.credentialSubject) && isObject(said.credentialSubject.achievement) ? text(said.credentialSubject.achievement.id) : null;
  const digests = new Map();
  for (const [kind, hash] of Object.entries(HASHES)) digests.set(kind, btoa(String.fromCharCode(...new Uint8Array(await crypto.subtle.digest(hash, source(document))))));
  return { name, id: text(said.id), achievement, digests };
}

/** What a document says that it endorses, if it is an endorsement. @param {Uint8Array} document @returns {Endorsement | null} */
export function endorsementIn(document) {
  const said = jsonOf(document);
  if (!isObject(said) || !(said.type === TYPE || (Array.isArray(said.type) && said.type.includes(TYPE)))) return null;
  const given = said.credentialSubject;
  const subject = Array.isArray(given) && given.length === 1 ? given[0] : given;
  const id = isObject(subject) ? text(subject.id) : null;
  const comment = isObject(subject) ? (text(subject.endorsementComment) ?? "") : "";
  const resources = Array.isArray(said.relatedResource) ? said.relatedResource : [said.relatedResource];
  const related = resources.find((resource) => id !== null && isObject(resource) && resource.id === id);
  // Whatever binds it to a file counts, though it may not be known.
  const isBound = isObject(related) && DIGESTS.some((name) => name in related);
  return { id, digest: isBound ? (text(related.digestSRI) ?? "") : null, comment };
}

/** Whether a `digestSRI` is of an award's file; null if it has no digest of a known kind. @param {string} written @param {Award} award */
function fits(written, { digests }) {
  for (const [kind, digest] of digests) {
    // Options follow a question mark, and none is defined.
    const given = written.split(/[ \t\n\f\r]+/).filter((one) => one.startsWith(kind)).map((one) => one.slice(kind.length).split("?")[0]).filter(isBase64);
    if (given.length > 0) return given.includes(digest);
  }
  return null;
}

/** @param {string} given */
const isBase64 = (given) => /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(given) && btoa(atob(given)) === given;

/** @param {Endorsement} endorsement @param {Award} award @returns {Relation | null} */
export function relation({ id, digest }, award) {
  const fit = digest === null ? undefined : fits(digest, award);
  if (fit === true) return "award";
  if (id === null) return null;
  if (id === award.id) return fit === undefined ? "named" : fit === null ? "not-compared" : "changed";
  return id === award.achievement ? "achievement" : null;
}

/** What a document endorses, if it is an endorsement. @param {Uint8Array} document @param {Award[]} awards all documents, itself too
 * @param {import("./verify.js").Finding} finding of the document @returns {Endorses | null} */
export function endorses(document, awards, finding) {
  const endorsement = endorsementIn(document);
  if (endorsement === null) return null;
  const { id, comment } = endorsement;
  const obstacle = obstacleOf(finding);
  if (id === null) return { found: "unreadable", id: "", comment: "", name: "", obstacle };
  for (const found of RELATIONS) {
    const award = awards.find((one) => relation(endorsement, one) === found);
    if (award !== undefined) return { found, id, comment, name: award.name, obstacle };
  }
  return { found: awards.length <= 1 ? "alone" : "missing", id, comment, name: "", obstacle };
}

/** Why an active endorsement endorses nothing all the same: it has to be signed, and its issuer one to rely on now. @param {import("./verify.js").Finding} finding */
export function obstacleOf({ issuer, credential }) {
  if (issuer !== null && ["suspended", "frozen"].includes(issuer.standing)) return "standing";
  return credential?.checks.some(({ part, word }) => part === "signature" && word === "good") ? null : "unsigned";
}
