// Credentials as JWTs: VC-JWT of VC 1.1 and Open Badges 3.0, `vc+jwt` of VC 2.0, and SD-JWTs. Source: RFC 7515, 7518, 8037; VC Data Model 1.1, 6.3.1;
// Open Badges 3.0, 8.2; Securing VCs using JOSE and COSE; RFC 9901; SD-JWT-based Verifiable Credentials.
import { unbase64url, utf8 } from "../bytes.js";
import { moment } from "../dates.js";
import { canonical, isObject } from "../json.js";
import { disguised } from "./disguise.js";
import { Bad, NotRead, Unchecked } from "./faults.js";
import { checkProofs, fail, newProof } from "./integrity.js";
import { Elsewhere, keyOfJwk, keyOfMethod, verify } from "./keys.js";
import { CREDENTIAL_BYTES_MAX, TooLarge, VALUES_MAX, idOf, isCredential, latin, looksLikeCredential, readObject, valuesIn } from "./read.js";
import { listOf } from "./rdf.js";
import { validityOf } from "./validity.js";

/** @typedef {import("../json.js").Json} Json */
/** @typedef {import("../json.js").JsonObject} JsonObject */
/** @typedef {import("./integrity.js").Circumstances} Circumstances */
/** What a credential in another form is concluded from.
 * @typedef {{ credential: JsonObject, issuer: string | undefined, proofs: import("./integrity.js").Proof[], counted: number,
 *   validity: import("./validity.js").Validity, mismatches: string[], notes: string[] }} Own */

const HEADER_VALUES_MAX = 1000;
const HEADER_MAX = 64 << 10;
const SIGNATURE_MAX = 4096;
/** @type {Record<string, string>} */
const KINDS = { EdDSA: "Ed25519", Ed25519: "Ed25519", ES256: "P-256", RS256: "RSA" };
const TYPES = ["jwt", "vc+jwt", "vc-ld+jwt", "vc+ld+jwt", "vc+ld+json+jwt", "vc+sd-jwt", "dc+sd-jwt", "vc-ld+sd-jwt", "vc+ld+json+sd-jwt"];
const VCT_TYPES = ["dc+sd-jwt", "vc+sd-jwt"];
/** Those whose payload is the credential itself. */
const WHOLE_TYPES = ["vc+jwt", "vc+sd-jwt"];
/** The type of SD-JWT VCs that are made of Open Badges: docs/credentials.md. */
const SD_JWT_VCT = "urn:sanad:open-badge:1";
/** Claims that an SD-JWT VC may not leave to the holder to show. */
const NEVER_WITHHELD = ["iss", "nbf", "exp", "cnf", "vct", "status"];

/** @param {string} text */
function base64(text) {
  try {
    return unbase64url(text);
  } catch {
    return null;
  }
}

/** Null if the text is no JWT; throws where it is one that cannot be read. @param {string} text @returns {Jwt | null} */
export function readJwt(text) {
  const parts = text.split(".");
  const isLong = text.length > CREDENTIAL_BYTES_MAX;
  if (parts.slice(0, 6).some((part) => !/^[\w\-=]*$/.test(part)) || (isLong && !text.startsWith("ey"))) return null;
  const [header] = parts;
  if (!header.startsWith("ey") && header.length > HEADER_MAX) return null;
  if (parts.length === 5 && header.startsWith("ey")) throw new NotRead("an encrypted JWT");
  if (isLong || header.length > HEADER_MAX) throw new TooLarge("a JWT that is too long");
  if (parts.length !== 3) return null;
  const [head, payload] = [base64(header), base64(parts[1])];
  if (head === null) return null;
  let fields;
  try {
    fields = readObject(head);
  } catch (error) {
    if (error instanceof NotRead) return null;
    throw error;
  }
  if (!("alg" in fields)) return null;
  if (Object.values(fields).reduce((/** @type {number} */ sum, value) => sum + valuesIn(value), 0) > HEADER_VALUES_MAX) throw new TooLarge("too many values of a header");
  if (payload === null) return null;
  try {
    return new Jwt(fields, readObject(payload), text.slice(0, text.lastIndexOf(".")), parts[2]);
  } catch (error) {
    if (!(error instanceof NotRead) || error instanceof TooLarge || looksLikeCredential(latin(payload))) throw error;
    return null;
  }
}

/** Null if nothing in it looks like a credential. @param {string} text @param {Circumstances} circumstances @returns {Promise<Own | null>} */
export async function checkJwt(text, circumstances) {
  const jwt = readJwt(text);
  if (jwt === null) return null;
  return isCredential(jwt.credential()) ? jwt.check(circumstances) : jwt.other();
}

/** An SD-JWT that was read. The issuer's signature covers what is disclosed. @param {{ issuerSigned: string, claims: JsonObject }} given
 * @param {Circumstances} circumstances @returns {Promise<Own | null>} */
export async function checkSdJwt({ issuerSigned, claims }, circumstances) {
  const jwt = readJwt(issuerSigned);
  if (jwt === null) return null;
  if (valuesIn(claims) > VALUES_MAX) throw new TooLarge("too many JSON values");
  const signed = jwt.claims;
  jwt.claims = claims;
  jwt.noteWithheld(signed);
  jwt.withholdable = NEVER_WITHHELD.some((name) => name in claims && !(name in signed));
  if (!isCredential(jwt.credential()) && typeof claims.vct !== "string") {
    if (jwt.other() === null) throw new NotRead("an SD-JWT without a vct, which would name its type, and without a W3C credential in it");
  }
  return jwt.check(circumstances);
}

/** The credential in a JWT, with what the claims alone say of it; nothing is checked. @param {string} text @returns {JsonObject | null} */
export function credentialInJwt(text) {
  const jwt = readJwt(text);
  return jwt !== null && isCredential(jwt.credential()) ? jwt.completed() : null;
}

/** The credential in an SD-JWT, with what it discloses. @param {{ issuerSigned: string, claims: JsonObject }} given @returns {JsonObject | null} */
export function credentialInSdJwt({ issuerSigned, claims }) {
  const jwt = readJwt(issuerSigned);
  if (jwt === null) return null;
  jwt.claims = claims;
  return isCredential(jwt.credential()) ? jwt.completed() : null;
}

/** Whether an object has digests that nobody shows the claims of: `shown` is the same object with what is disclosed.
 * @param {JsonObject} signed @param {JsonObject} shown */
const withholds = (signed, shown) => Array.isArray(signed._sd) && signed._sd.length > Object.keys(shown).filter((name) => !(name in signed)).length;

class Jwt {
  /** @param {JsonObject} header @param {JsonObject} claims @param {string} signed @param {string} signature */
  constructor(header, claims, signed, signature) {
    this.header = header;
    this.claims = claims;
    this.signed = signed;
    this.signature = signature;
    /** Whether claims of an SD-JWT are withheld of which one may be the end of its validity. */
    this.endWithheld = false;
    /** Whether a claim that may not be left to the holder was. */
    this.withholdable = false;
  }

  /** Compares the claims with those of them that are signed as they stand, which every presentation shows. @param {JsonObject} signed */
  noteWithheld(signed) {
    const { vc } = this.claims;
    // VC 1.1 has its dates in a claim, which can have digests of its own, or be disclosed as a whole.
    const inside = isObject(vc) && isObject(signed.vc) ? withholds(signed.vc, vc) : "vc" in this.claims && !("vc" in signed);
    // `exp` is always shown (SD-JWT VC, 2.2.2.3), but not all types end by it alone. Ours shows both of its dates, as can be seen from the first.
    const showsDates = !isCredential(this.credential()) && signed.vct === SD_JWT_VCT && "nbf" in signed && "validFrom" in signed;
    this.endWithheld = (inside || withholds(signed, this.claims)) && !showsDates;
  }

  /** VC 1.1 has the credential in a claim; in VC 2.0 and Open Badges 3.0 it is the payload. */
  credential() {
    return isObject(this.claims.vc) ? this.claims.vc : this.claims;
  }

  /** A JWT whose payload is not a credential, but may hold some. @returns {null} */
  other() {
    const text = canonical(this.claims);
    if (looksLikeCredential(text) || disguised(text) !== null) throw new NotRead("JSON that only mentions a credential");
    return null;
  }

  issuer() {
    const { iss } = this.claims;
    return idOf(this.credential().issuer) ?? (typeof iss === "string" ? iss : undefined);
  }

  /** What `typ` says, in lower case and without `application/`. */
  kind() {
    const { typ } = this.header;
    return typeof typ === "string" ? typ.toLowerCase().replace(/^application\//, "") : undefined;
  }

  /** @param {Circumstances} circumstances @returns {Promise<Own>} */
  async check(circumstances) {
    const { alg } = this.header;
    const proof = newProof(`JWT ${typeof alg === "string" ? alg : ""}`);
    try {
      await this.verify(circumstances, proof);
      proof.signature = "good";
    } catch (error) {
      fail(proof, error);
    }
    const credential = this.credential();
    const validity = validityOf(credential, circumstances.nowMs, this.claims);
    validity.endWithholdable = this.endWithheld && validity.end === null;
    return {
      credential: this.completed(), issuer: this.issuer(), proofs: [proof, ...(await checkProofs(credential, circumstances))], counted: 1, validity,
      // VC-JOSE-COSE, 3.1.3: there, `exp` is the end of the signature.
      mismatches: mismatches(this.claims, credential, !WHOLE_TYPES.includes(this.kind() ?? "")), notes: [],
    };
  }

  /** The credential with what the claims alone say of it (VC 1.1, 6.3.1). */
  completed() {
    const credential = Object.assign(Object.create(null), this.credential());
    if (!("vc" in this.claims)) return credential;
    const { claims } = this;
    for (const [claim, field] of [["iss", "issuer"], ["jti", "id"]]) if (claim in claims && !(field in credential)) credential[field] = claims[claim];
    const isV2 = "validFrom" in credential || "validUntil" in credential;
    for (const [claim, field] of [["nbf", "issuanceDate"], ["exp", "expirationDate"]]) {
      const seconds = claims[claim];
      if (typeof seconds === "number" && !isV2 && !(field in credential)) credential[field] = dateOf(seconds);
    }
    if (isObject(credential.credentialSubject) && "sub" in claims && !("id" in credential.credentialSubject)) {
      credential.credentialSubject = Object.assign(Object.create(null), credential.credentialSubject, { id: claims.sub });
    }
    return credential;
  }

  /** @param {Circumstances} circumstances @param {import("./integrity.js").Proof} proof */
  async verify(circumstances, proof) {
    if ("crit" in this.header) throw new Bad("its header has extensions that no one may pass over");
    this.checkType();
    const { alg } = this.header;
    if (typeof alg !== "string") throw new Bad("its algorithm is not the name of one");
    if (alg.toLowerCase() === "none") throw new Bad('its algorithm is "none": anyone can have written it');
    if (!Object.hasOwn(KINDS, alg)) throw new Unchecked(`JWTs of the algorithm ${alg} are not checked`);
    const signature = this.signature.length > SIGNATURE_MAX ? null : base64(this.signature);
    if (signature === null || (alg !== "RS256" && signature.length !== 64)) throw new Bad("its signature is not base64url of the length that it needs");
    const key = this.key();
    if (key.kind !== KINDS[alg]) throw new Bad(`the key is not one of ${KINDS[alg]}, which ${alg} needs`);
    proof.isIssuers = circumstances.isIssuersKey(key, this.issuer());
    await verify(key, signature, utf8(this.signed));
  }

  /** RFC 8725, 3.11: a JWT for another purpose is not a credential. VC-JOSE-COSE, 3.1.1 and 3.2.1. */
  checkType() {
    const { header, claims } = this;
    if ("typ" in header && typeof header.typ !== "string") throw new Bad("its typ is not a type of credentials");
    // RFC 7519, 5.3.
    for (const name of ["iss", "sub", "aud"]) {
      if (name in header && !(name in claims && canonical(claims[name]) === canonical(header[name]))) throw new Bad(`its ${name} is not the same in the header and the claims`);
    }
    const isVct = typeof claims.vct === "string" && !isCredential(this.credential());
    if (isVct && this.withholdable) throw new Bad("its payload is not one that always shows its issuer, type, dates, holder and status");
    const kind = this.kind();
    if (kind === undefined ? isVct : !(isVct ? VCT_TYPES : TYPES).includes(kind)) throw new Unchecked(`JWTs of the type ${kind ?? "(none)"} are not checked`);
    if (WHOLE_TYPES.includes(kind ?? "") && ("vc" in claims || "vp" in claims)) throw new Bad("its payload is not the credential itself, as its typ has it");
  }

  /** The key that the header names or carries, else the issuer where it is a key. */
  key() {
    const { kid, jwk } = this.header;
    if (typeof kid === "string") {
      try {
        return keyOfMethod(kid);
      } catch (error) {
        if (!(error instanceof Elsewhere)) throw error;
      }
    }
    if (jwk !== undefined) return keyOfJwk(jwk);
    const issuer = this.issuer();
    if (issuer === undefined || !/^did:(key|jwk):/.test(issuer)) throw new Elsewhere("the key is not in the document");
    return keyOfMethod(issuer);
  }
}

/** @param {number} seconds */
function dateOf(seconds) {
  const date = new Date(Math.floor(seconds * 1000));
  return Number.isNaN(date.getTime()) ? `second ${seconds}` : date.toISOString();
}

/** Claims that say something else than the credential; those that only one of the two has are no contradiction.
 * @param {JsonObject} claims @param {JsonObject} credential @param {boolean} withDates */
function mismatches(claims, credential, withDates) {
  const found = [];
  const subjects = "credentialSubject" in credential ? listOf(credential.credentialSubject) : [];
  const subject = subjects.length === 1 && isObject(subjects[0]) ? subjects[0].id : undefined;
  for (const [claim, told] of /** @type {[string, string | undefined][]} */ ([
    ["iss", idOf(credential.issuer)], ["jti", idOf(credential.id)], ["sub", typeof subject === "string" ? subject : undefined],
  ])) {
    if (claim in claims && told !== undefined && claims[claim] !== told) found.push(`claim ${claim}: ${JSON.stringify(claims[claim])}, but the credential has ${told}`);
  }
  for (const [claim, ...fields] of withDates ? [["nbf", "validFrom", "issuanceDate"], ["exp", "validUntil", "expirationDate"]] : []) {
    if (!(claim in claims)) continue;
    const claimed = claims[claim];
    for (const told of fields.map((field) => credential[field]).filter((value) => typeof value === "string")) {
      const ms = moment(told);
      if (ms === null || typeof claimed !== "number" || Math.floor(claimed) !== Math.floor(ms / 1000)) found.push(`claim ${claim}: ${JSON.stringify(claimed)}, but the credential has ${told}`);
    }
  }
  return found;
}

