// Who stands behind an award: docs/credentials.md, "Several institutions". A name is no signature: whoever signed the award chose it.
import { unbase64url, utf8 } from "./bytes.js";
import { unbake } from "./credential/badge.js";
import { NotRead } from "./credential/faults.js";
import { credentialInJwt, credentialInSdJwt } from "./credential/jwt.js";
import { isCredential, readObject, textOrNull } from "./credential/read.js";
import { badgeOf, guessKind } from "./document.js";
import { awardOf, endorsementIn, relation } from "./endorsement.js";
import { Malformed } from "./faults.js";
import { isObject, parseDocument } from "./json.js";
import { KINDS, normalIssuerId } from "./layout.js";
import { readSdJwt } from "./sdjwt.js";

/** @typedef {import("./json.js").Json} Json */
/** @typedef {import("./json.js").JsonObject} JsonObject */
/** @typedef {import("./verify.js").Finding} Finding */
/** @typedef {{ id: string | null, name: string | null }} Named */
/** @typedef {"entered" | "signed" | "achievement" | "id" | "not-good" | "named-only"} State */
/** @typedef {{ state: State, name: string, isNamed: boolean, file: string }} Institution */
/** @typedef {{ list: Institution[], hasMore: boolean }} Institutions */
/** What was opened, with what was found of it. @typedef {{ name: string, document: Uint8Array | null, finding: Finding, isGood: boolean }} Opened */

const INSTITUTIONS_MAX = 32;
const ID_CHARACTERS_MAX = 128;
const NAME_CHARACTERS_MAX = 200;
const ISSUER_NAME_BYTES_MAX = 512;
/** What an endorsement that holds makes of its signer. @type {Record<import("./endorsement.js").Relation, State>} */
const STATES = { award: "signed", changed: "not-good", "not-compared": "not-good", named: "id", achievement: "achievement" };
/** The lower, the more an institution has done. @type {State[]} */
const RANKS = ["entered", "signed", "achievement", "id", "not-good", "named-only"];

/** @param {Json | undefined} value @returns {Json[]} */
const list = (value) => (Array.isArray(value) ? value : value === undefined || value === null ? [] : [value]);

/** @param {Json | undefined} value @param {string} name @returns {Json | undefined} */
const member = (value, name) => (isObject(value) && name in value ? value[name] : undefined);

/** @param {Json | undefined} value */
const text = (value) => (typeof value === "string" ? value : null);

/** The credential in a document of any form, with what it discloses; null for others. @param {Uint8Array} document @returns {Promise<JsonObject | null>} */
export async function credentialIn(document) {
  try {
    const credential = (await unbake(document)) ?? document;
    const kind = KINDS[guessKind(credential)];
    if (kind === "sd-jwt") {
      const given = await readSdJwt(credential);
      return badgeOf(given.claims) ?? credentialInSdJwt(given);
    }
    if (kind !== "json") return credentialInJwt((textOrNull(credential) ?? "").trim());
    const object = readObject(credential);
    return isCredential(object) ? object : null;
  } catch (error) {
    if (error instanceof Malformed || error instanceof NotRead) return null;
    throw error;
  }
}

/** The name that a document gives its issuer, which whoever signed it chose; null where it gives none, or one that is longer than any member's could be.
 * @param {Uint8Array} document @returns {Promise<string | null>} */
export async function issuerNameIn(document) {
  const credential = await credentialIn(document);
  if (credential === null) return null;
  // An SD-JWT VC has the issuer beside the claims of the subject.
  const beside = KINDS[guessKind(document)] === "sd-jwt" ? member(credential.credentialSubject, "issuer") : undefined;
  const name = text(member(credential.issuer, "name")) ?? text(member(beside, "name"));
  return name === null || utf8(name).length > ISSUER_NAME_BYTES_MAX ? null : name;
}

/** Whom a credential names beside its issuer: creator, source, endorsers. @param {JsonObject} credential
 * @returns {{ named: Named[], hasMore: boolean }} */
export function namedIn(credential) {
  const issuer = text(member(credential.issuer, "id") ?? credential.issuer);
  const subjects = list(credential.credentialSubject);
  const achievements = subjects.map((subject) => member(subject, "achievement"));
  const profiles = [
    ...achievements.flatMap((achievement) => list(member(achievement, "creator"))),
    ...subjects.flatMap((subject) => list(member(subject, "source"))),
    ...[credential, ...subjects, ...achievements].flatMap((endorsed) => [
      ...list(member(endorsed, "endorsement")).map(endorser),
      ...list(member(endorsed, "endorsementJwt")).map(endorserOfJwt),
    ]),
  ];
  /** @type {Named[]} */
  const named = [];
  let hasMore = false;
  for (const profile of profiles) {
    if (profile === undefined || profile === null) continue;
    const id = typeof profile === "string" ? profile : text(member(profile, "id"));
    const name = text(member(profile, "name"));
    if (id !== null && issuer !== null && isSame(id, issuer)) continue;
    if (named.some((known) => (known.id === null || id === null ? known.id === id && known.name === name : isSame(known.id, id)))) continue;
    if (named.length === INSTITUTIONS_MAX) hasMore = true;
    else named.push({ id, name });
  }
  return { named, hasMore };
}

/** @param {Json | undefined} endorsement @returns {Json | undefined} */
const endorser = (endorsement) => member(endorsement, "issuer") ?? member(endorsement, "iss");

/** @param {Json} jwt @returns {Json | undefined} */
function endorserOfJwt(jwt) {
  try {
    const payload = parseDocument(unbase64url(String(jwt).split(".")[1] ?? ""));
    return endorser(member(payload, "vc")) ?? endorser(payload);
  } catch (error) {
    if (error instanceof Malformed) return jwt;
    throw error;
  }
}

/** As the register compares ids. @param {string} one @param {string} other */
const isSame = (one, other) => one === other || (normalIssuerId(one) !== null && normalIssuerId(one) === normalIssuerId(other));

/** Whether the document is shown to be the one that was entered. @param {Finding} finding */
const isEntered = ({ issuer, checks }) => issuer !== null && checks.some(({ part, holds }) => holds && part === "document");

/** Those of one of the things that were opened together; null if the award is its issuer's alone.
 * @param {Opened} award @param {Opened[]} opened @returns {Promise<Institutions | null>} */
export async function institutionsOf(award, opened) {
  const { finding, document } = award;
  if (document === null || finding.issuer === null || !isEntered(finding) || endorsementIn(document) !== null) return null;
  const credential = await credentialIn(document);
  const compared = await awardOf(award.name, document);
  const own = finding.issuer.id;
  /** @type {{ state: State, file: string, by: { id: string, name: string }, ids: string[] }[]} */
  const endorsements = [];
  for (const other of opened) {
    const endorsement = other.document === null ? null : endorsementIn(other.document);
    const { issuer: by, proof } = other.finding;
    if (endorsement === null || by === null || proof === null || !isEntered(other.finding) || by.id === own) continue;
    const found = relation(endorsement, compared);
    if (found === null) continue;
    const terms = proof.issuer.record.issuerIds.filter(({ from, until }) => from <= proof.index && (until === undefined || proof.index < until));
    endorsements.push({ state: other.isGood ? STATES[found] : "not-good", file: other.name, by, ids: terms.map(({ id }) => id) });
  }
  endorsements.sort((a, b) => RANKS.indexOf(a.state) - RANKS.indexOf(b.state));
  const ownIds = finding.proof?.issuer.record.issuerIds.map(({ id }) => id) ?? [];
  const { named, hasMore } = credential === null ? { named: [], hasMore: false } : namedIn(credential);
  /** @type {Institution[]} */
  const found = [];
  const counted = new Set();
  for (const { id, name } of named) {
    const normal = id === null ? null : normalIssuerId(id);
    if (normal !== null && ownIds.includes(normal)) continue;
    const best = endorsements.find(({ ids }) => normal !== null && ids.includes(normal));
    if (best !== undefined) counted.add(best.by.id);
    const claimed = [name === null ? "" : `“${cut(name, NAME_CHARACTERS_MAX)}”`, id === null ? "" : `(${cut(id, ID_CHARACTERS_MAX)})`];
    const shown = best === undefined ? claimed.filter((part) => part !== "").join(" ") : `${best.by.name} (${best.by.id})`;
    found.push({ state: best?.state ?? "named-only", name: shown, isNamed: true, file: best?.file ?? "" });
  }
  for (const { state, file, by } of endorsements) {
    if (state === "not-good" || counted.has(by.id)) continue;
    counted.add(by.id);
    found.push({ state, name: `${by.name} (${by.id})`, isNamed: false, file });
  }
  if (found.length === 0 && !hasMore) return null;
  const { id, name } = finding.issuer;
  return { list: [{ state: "entered", name: `${name} (${id})`, isNamed: false, file: "" }, ...found], hasMore };
}

/** @param {string} given @param {number} max */
const cut = (given, max) => (given.length > max ? `${given.slice(0, max)}…` : given);

/** Whether everybody who is named has signed. @param {Institutions | null} institutions */
export const haveAllSigned = (institutions) =>
  institutions === null || (!institutions.hasMore && institutions.list.every(({ state, isNamed }) => !isNamed || state === "signed"));
