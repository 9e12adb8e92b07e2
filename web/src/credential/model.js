// What a credential has to have, and may not have, whoever signed it: Verifiable Credentials Data Model 2.0, 4 and 5; 1.1, 4 and 5.
import { moment } from "../dates.js";
import { isObject } from "../json.js";
import { CREDENTIALS_V1, CREDENTIALS_V2 } from "./context.js";
import { isIri } from "./iri.js";
import { checkNames } from "./names.js";
import { checkBadge } from "./open-badges.js";
import { unbase58 } from "./keys.js";
import { listOf } from "./rdf.js";
import { Faults, isStamp } from "./rules.js";

/** @typedef {import("../json.js").Json} Json */
/** @typedef {import("../json.js").JsonObject} JsonObject */

const DIGEST_BYTES = new Map([["sha256", 32], ["sha384", 48], ["sha512", 64]]);
const MULTIHASH_BYTES = new Map([[0x12, 32], [0x20, 48], [0x13, 64]]);
const MULTIBASE_MAX = 200;
const RELATED_COMPARED = 100;

/** The rules that a credential breaks: a place and what is wrong there. @param {JsonObject} credential @param {JsonObject} known contexts */
export function faultsOf(credential, known) {
  const faults = new Faults();
  // SD-JWT VC, 2.2.2: `vct` names the type; its claims are no W3C credential.
  if (typeof credential.vct === "string" && !("@context" in credential)) return faults.list;
  const isV1 = checkContexts(credential, faults);
  faults.someType(credential, "");
  faults.typeAmong(credential, "", "VerifiableCredential");
  checkNames(credential, known, faults);
  faults.id(credential, "", false);
  checkIssuer(credential, isV1, faults);
  if (!("credentialSubject" in credential)) faults.add("/credentialSubject", "is missing");
  for (const [subject, at] of faults.objects(credential, "credentialSubject", "")) {
    if (Object.keys(subject).length === 0) faults.add(at, "says nothing");
    faults.id(subject, at, false);
  }
  checkDates(credential, isV1, faults);
  for (const [field, needsId] of /** @type {[string, boolean][]} */ ([
    ["credentialStatus", isV1], ["credentialSchema", true], ["refreshService", isV1], ["termsOfUse", false], ["evidence", false], ["renderMethod", false],
    ["confidenceMethod", false], ["proof", false],
  ])) {
    for (const [object, at] of faults.objects(credential, field, "")) {
      faults.id(object, at, needsId);
      faults.someType(object, at);
    }
  }
  if (!isV1) {
    faults.texts(credential, "");
    checkRelated(credential, faults);
  }
  checkStatuses(credential, faults);
  checkBadge(credential, isV1, faults);
  return faults.list;
}

/** 4.3: a list that starts with the context of the data model. @param {JsonObject} credential @param {Faults} faults @returns {boolean} whether of 1.1 */
function checkContexts(credential, faults) {
  const given = credential["@context"];
  if (given === undefined) {
    faults.add("/@context", "is missing");
    return false;
  }
  if (!Array.isArray(given)) faults.add("/@context", "is not a list");
  const entries = listOf(given);
  for (const [i, entry] of entries.entries()) {
    if (!isObject(entry) && !(typeof entry === "string" && isIri(entry))) faults.add(`/@context/${i}`, "is neither a URL nor an object");
  }
  if (entries[0] === CREDENTIALS_V2) return false;
  if (entries[0] !== CREDENTIALS_V1) faults.add("/@context/0", `is neither ${CREDENTIALS_V2} nor ${CREDENTIALS_V1}`);
  return entries.includes(CREDENTIALS_V1);
}

/** 4.7: one URL, or an object with one as its id. @param {JsonObject} credential @param {boolean} isV1 @param {Faults} faults */
function checkIssuer(credential, isV1, faults) {
  const { issuer } = credential;
  if (issuer === undefined) faults.add("/issuer", "is missing");
  else if (isObject(issuer)) {
    faults.id(issuer, "/issuer", true);
    if (!isV1) faults.texts(issuer, "/issuer");
  } else if (typeof issuer !== "string" || !isIri(issuer)) faults.add("/issuer", "is neither one URL nor an object with one as its id");
}

/** 4.9; VC 1.1, 4.5 and 4.6. @param {JsonObject} credential @param {boolean} isV1 @param {Faults} faults */
function checkDates(credential, isV1, faults) {
  const [from, until] = isV1 ? ["issuanceDate", "expirationDate"] : ["validFrom", "validUntil"];
  if (isV1 && !(from in credential)) faults.add(`/${from}`, "is missing");
  for (const field of [from, until]) {
    if (field in credential && (isV1 ? moment(credential[field]) === null : !isStamp(credential[field]))) faults.add(`/${field}`, "is not a date and time");
  }
  const [start, end] = [moment(credential[from]), moment(credential[until])];
  if (start !== null && end !== null && start > end) faults.add(`/${until}`, `is before ${from}`);
}

/** VC 2.0, 5.3; Subresource Integrity, 3.5. None is fetched. @param {JsonObject} credential @param {Faults} faults */
function checkRelated(credential, faults) {
  /** @type {(Json | undefined)[]} */
  const seen = [];
  for (const [resource, at] of faults.objects(credential, "relatedResource", "")) {
    faults.id(resource, at, true);
    const { id } = resource;
    if (id !== undefined && seen.includes(id)) faults.add(`${at}/id`, "is that of another resource");
    if (seen.length < RELATED_COMPARED) seen.push(id);
    const { digestSRI, digestMultibase } = resource;
    if (digestSRI === undefined && digestMultibase === undefined) faults.add(at, "has no digest");
    if (digestSRI !== undefined && !isSubresource(digestSRI)) faults.add(`${at}/digestSRI`, "is not a digest");
    if (digestMultibase !== undefined && !isMultibase(digestMultibase)) faults.add(`${at}/digestMultibase`, "is not a digest");
  }
}

/** `sha384-` and base64, once or several times. @param {Json} text */
function isSubresource(text) {
  const digests = typeof text === "string" ? text.trim().split(/[ \t\n\f\r]+/) : [];
  return digests.length > 0 && digests.every((digest) => {
    const [, algorithm, base64] = /^([^-]*)-([A-Za-z0-9+/]*={0,2})(\?.*)?$/.exec(digest) ?? [];
    if (base64 === undefined || base64.length % 4 !== 0) return false;
    const bytes = atob(base64);
    return btoa(bytes) === base64 && bytes.length === DIGEST_BYTES.get(algorithm);
  });
}

/** The code of a hash and its value. @param {Json} text */
function isMultibase(text) {
  if (typeof text !== "string" || text.length > MULTIBASE_MAX) return false;
  let bytes = unbase58(text, MULTIBASE_MAX);
  if (/^u[\w-]*$/.test(text) && text.length % 4 !== 2) bytes = Uint8Array.from(atob(text.slice(1).replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
  return bytes !== null && bytes.length > (MULTIHASH_BYTES.get(bytes[0]) ?? Infinity);
}

/** Bitstring Status List 1.0, 2.1. @param {JsonObject} credential @param {Faults} faults */
function checkStatuses(credential, faults) {
  for (const [status, at] of faults.objects(credential, "credentialStatus", "")) {
    if (status.type !== "BitstringStatusListEntry") continue;
    const { statusPurpose, statusListIndex, statusListCredential } = status;
    if (typeof statusPurpose !== "string" || statusPurpose === "") faults.add(`${at}/statusPurpose`, "is not a text");
    if (typeof statusListIndex !== "string" || !/^\d+$/.test(statusListIndex)) faults.add(`${at}/statusListIndex`, "is not an index, as a text of digits");
    if (typeof statusListCredential !== "string" || !isIri(statusListCredential)) faults.add(`${at}/statusListCredential`, "is not a URL");
  }
}
