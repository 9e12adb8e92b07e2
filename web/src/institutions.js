// Who stands behind an award: docs/credentials.md, "Several institutions". A name is no signature: whoever signed the award chose it.
import { unbase64url } from "./bytes.js";
import { badgeOf, guessKind } from "./document.js";
import { Malformed } from "./faults.js";
import { isObject, parseDocument } from "./json.js";
import { KINDS, normalIssuerId } from "./layout.js";
import { readSdJwt } from "./sdjwt.js";

/** @typedef {import("./json.js").Json} Json */
/** @typedef {import("./json.js").JsonObject} JsonObject */
/** @typedef {import("./verify.js").Finding} Finding */
/** @typedef {{ id: string | null, name: string | null }} Named */
/** @typedef {{ id: string | null, digest: string | null, comment: string }} Endorsement */
/** @typedef {"entered" | "signed" | "achievement" | "id" | "not-good" | "named-only"} State */
/** @typedef {{ state: State, name: string, isNamed: boolean, file: string }} Institution */
/** @typedef {{ list: Institution[], hasMore: boolean }} Institutions */
/** What was opened, with what was found of it. @typedef {{ name: string, document: Uint8Array | null, finding: Finding, isGood: boolean }} Opened */

const INSTITUTIONS_MAX = 32;
const ID_CHARACTERS_MAX = 128;
const NAME_CHARACTERS_MAX = 200;
const ENDORSEMENT = "EndorsementCredential";
const CONTEXTS = ["https://www.w3.org/ns/credentials/v2", "https://www.w3.org/2018/credentials/v1"];
/** The lower, the more an institution has done. @type {State[]} */
const RANKS = ["entered", "signed", "achievement", "id", "not-good", "named-only"];

/** @param {Json | undefined} value @returns {Json[]} */
const list = (value) => (Array.isArray(value) ? value : value === undefined || value === null ? [] : [value]);

/** @param {Json | undefined} value @param {string} name @returns {Json | undefined} */
const member = (value, name) => (isObject(value) && name in value ? value[name] : undefined);

/** @param {Json | undefined} value */
const text = (value) => (typeof value === "string" ? value : null);

/** @param {Json | undefined} value @param {string} type */
const isType = (value, type) => list(member(value, "type")).includes(type);

/** The credential that a document is, or that an SD-JWT stands for; nothing for others.
 * @param {Uint8Array} document @returns {Promise<JsonObject | null>} */
export async function credentialIn(document) {
  try {
    const kind = KINDS[guessKind(document)];
    if (kind === "json") return credentialOf(parseDocument(document));
    if (kind !== "sd-jwt") return null;
    const { claims } = await readSdJwt(document);
    if (credentialOf(claims) !== null) return credentialOf(claims);
    return badgeOf(claims);
  } catch (error) {
    if (error instanceof Malformed) return null;
    throw error;
  }
}

/** @param {Json} value @returns {JsonObject | null} */
function credentialOf(value) {
  if (!isObject(value)) return null;
  const isKnown = list(value["@context"]).some((context) => typeof context === "string" && CONTEXTS.includes(context));
  return isType(value, "VerifiableCredential") || (isKnown && "credentialSubject" in value) ? value : null;
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

/** @param {Uint8Array} document */
const digestOf = async (document) =>
  `sha384-${btoa(String.fromCharCode(...new Uint8Array(await crypto.subtle.digest("SHA-384", new Uint8Array(document)))))}`;

/** What a credential endorses, if it is an endorsement. @param {JsonObject | null} credential @returns {Endorsement | null} */
export function endorsementIn(credential) {
  if (credential === null || !isType(credential, ENDORSEMENT)) return null;
  const given = credential.credentialSubject;
  const subject = Array.isArray(given) && given.length === 1 ? given[0] : given;
  const id = text(member(subject, "id"));
  const resources = Array.isArray(credential.relatedResource) ? credential.relatedResource : [];
  const related = resources.find((resource) => id !== null && member(resource, "id") === id);
  return { id, digest: text(member(related, "digestSRI")), comment: text(member(subject, "endorsementComment")) ?? "" };
}

/** What an endorsement has to do with an award. @param {Endorsement} endorsement @param {string} digest @param {JsonObject} award
 * @returns {State | null} */
function relation({ id, digest: bound }, digest, award) {
  const achievements = Array.isArray(award.credentialSubject) ? [] : [member(award.credentialSubject, "achievement")];
  if (bound === digest) return "signed";
  if (id === null) return null;
  if (id === text(award.id)) return bound === null ? "id" : "not-good";
  return achievements.some((achievement) => id === member(achievement, "id")) ? "achievement" : null;
}

/** Whether the document is shown to be the one that was entered. @param {Finding} finding */
const isEntered = ({ issuer, checks }) => issuer !== null && checks.some(({ part, holds }) => holds && part === "document");

/** Those of one of the things that were opened together; null if the award is its issuer's alone.
 * @param {Opened} award @param {Opened[]} opened @returns {Promise<Institutions | null>} */
export async function institutionsOf(award, opened) {
  const { finding, document } = award;
  const credential = document === null ? null : await credentialIn(document);
  if (document === null || credential === null || finding.issuer === null || !isEntered(finding) || endorsementIn(credential) !== null) return null;
  const digest = await digestOf(document);
  const own = finding.issuer.id;
  /** @type {{ state: State, file: string, by: { id: string, name: string }, ids: string[] }[]} */
  const endorsements = [];
  for (const other of opened) {
    const endorsement = other.document === null ? null : endorsementIn(await credentialIn(other.document));
    const { issuer: by, proof } = other.finding;
    if (endorsement === null || by === null || proof === null || !isEntered(other.finding) || by.id === own) continue;
    const state = relation(endorsement, digest, credential);
    if (state === null) continue;
    const terms = proof.issuer.record.issuerIds.filter(({ from, until }) => from <= proof.index && (until === undefined || proof.index < until));
    endorsements.push({ state: other.isGood ? state : "not-good", file: other.name, by, ids: terms.map(({ id }) => id) });
  }
  endorsements.sort((a, b) => RANKS.indexOf(a.state) - RANKS.indexOf(b.state));
  const ownIds = finding.proof?.issuer.record.issuerIds.map(({ id }) => id) ?? [];
  const { named, hasMore } = namedIn(credential);
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
