// Data Integrity proofs of `eddsa-rdfc-2022`, `eddsa-jcs-2022`, `ecdsa-rdfc-2019`, `ecdsa-jcs-2019` and `Ed25519Signature2020`:
// VC Data Integrity 1.0, 4, and its cryptosuites for EdDSA and ECDSA, 3.
import { concat, utf8 } from "../bytes.js";
import { CLOCK_TOLERANCE_MS, moment } from "../dates.js";
import { sha256 } from "../ed25519.js";
import { canonical, isObject } from "../json.js";
import { canonicalForm } from "./canonical.js";
import { OPEN_BADGES_UNVERSIONED, contexts } from "./context.js";
import { Bad, Unchecked } from "./faults.js";
import { keyOfMethod, multikey, unbase58, verify } from "./keys.js";
import { idOf, valuesIn } from "./read.js";
import { convert, listOf } from "./rdf.js";

/** @typedef {import("../json.js").Json} Json */
/** @typedef {import("../json.js").JsonObject} JsonObject */
/** @typedef {{ method: string, signature: "good" | "bad" | "not-checked", reason: string, isIssuers: boolean, uncovered: string[] }} Proof */
/** @typedef {{ nowMs: number, isIssuersKey: (key: import("./keys.js").Key, issuer: string | undefined, method?: string) => boolean }} Circumstances */

const PROOFS_MAX = 8;
const PROOF_VALUES_MAX = 500;
const SIGNATURE_MAX = 100;
/** Whether as RDF, and the kind of key. @type {Record<string, [boolean, string]>} */
const SUITES = {
  "eddsa-rdfc-2022": [true, "Ed25519"], "eddsa-2022": [true, "Ed25519"], "eddsa-jcs-2022": [false, "Ed25519"], "ecdsa-rdfc-2019": [true, "P-256"],
  "ecdsa-jcs-2019": [false, "P-256"], Ed25519Signature2020: [true, "Ed25519"],
};

/** Each proof of a credential by itself, the others left out. @param {JsonObject} credential @param {Circumstances} circumstances @returns {Promise<Proof[]>} */
export async function checkProofs(credential, circumstances) {
  const given = "proof" in credential ? listOf(credential.proof) : [];
  const unsecured = Object.assign(Object.create(null), credential);
  delete unsecured.proof;
  const document = new Unsecured(unsecured);
  const found = [];
  for (const [i, proof] of given.slice(0, PROOFS_MAX).entries()) {
    found.push(await document.check(proof, Array.isArray(credential.proof) ? `/proof/${i}` : "/proof", circumstances));
  }
  if (given.length > PROOFS_MAX) found.push({ ...newProof("others"), reason: `more than ${PROOFS_MAX} proofs` });
  return found;
}

/** @param {string} method @returns {Proof} */
export const newProof = (method) => ({ method, signature: "not-checked", reason: "", isIssuers: false, uncovered: [] });

/** Notes why a proof is not good; throws what has nothing to do with it. @param {Proof} proof @param {unknown} error */
export function fail(proof, error) {
  if (!(error instanceof Bad || error instanceof Unchecked)) throw error;
  proof.signature = error instanceof Bad ? "bad" : "not-checked";
  proof.reason = error.message;
}

class Unsecured {
  /** @param {JsonObject} members */
  constructor(members) {
    this.members = members;
    /** The same for all proofs. @type {Promise<{ digest: Uint8Array, lost: string[] }> | undefined} */
    this.rdf = undefined;
  }

  /** @param {Json} proof @param {string} at @param {Circumstances} circumstances */
  async check(proof, at, circumstances) {
    const names = isObject(proof) ? [proof.cryptosuite, proof.type].filter((name) => typeof name === "string") : [];
    const found = newProof(String(names[0] ?? "unnamed"));
    try {
      await this.verify(proof, at, circumstances, found);
      found.signature = "good";
    } catch (error) {
      fail(found, error);
    }
    return found;
  }

  /** @param {Json} proof @param {string} at @param {Circumstances} circumstances @param {Proof} found */
  async verify(proof, at, circumstances, found) {
    if (valuesIn(proof) > PROOF_VALUES_MAX) throw new Unchecked("too many values of a proof");
    if (!isObject(proof)) throw new Bad("the proof is not an object");
    const [isRdf, kind] = suiteOf(proof);
    checkOptions(proof, circumstances.nowMs);
    const signature = unbase58(textOf(proof, "proofValue"), SIGNATURE_MAX);
    if (signature?.length !== 64) throw new Bad('the proof\'s proofValue is not "z" and 64 bytes in base58btc');
    const key = keyOf(proof);
    if (key.kind !== kind) throw new Bad(`the key is not one of ${kind}`);
    const method = typeof proof.verificationMethod === "string" ? proof.verificationMethod : undefined;
    found.isIssuers = circumstances.isIssuersKey(key, idOf(this.members.issuer), method);
    try {
      const config = Object.assign(Object.create(null), proof);
      delete config.proofValue;
      const { message, uncovered } = isRdf ? await this.rdfMessage(config, at) : await this.jsonMessage(config);
      found.uncovered = uncovered;
      await verify(key, signature, message);
    } catch (error) {
      if (!(isRdf && error instanceof Bad && this.contexts().includes(OPEN_BADGES_UNVERSIONED))) throw error;
      throw new Unchecked(`the context ${OPEN_BADGES_UNVERSIONED} was published with several texts`);
    }
  }

  contexts() {
    return "@context" in this.members ? listOf(this.members["@context"]) : [];
  }

  /** @param {JsonObject} config @param {string} at */
  async rdfMessage(config, at) {
    const own = config["@context"];
    const context = this.members["@context"];
    delete config["@context"];
    if (context !== undefined) config["@context"] = context;
    this.rdf ??= rdfDigest(this.members);
    const [document, options] = [await this.rdf, await rdfDigest(config)];
    const uncovered = [...document.lost, ...options.lost.map((place) => at + place)];
    // The document's own contexts count for the proof, whatever the proof says.
    if (own !== undefined && canonical(own) !== canonical(context ?? null)) uncovered.push(`${at}/@context is another one than the document has`);
    return { message: concat(options.digest, document.digest), uncovered };
  }

  /** eddsa-jcs-2022, 3.3.2: the document counts with the contexts that the proof has. @param {JsonObject} config */
  async jsonMessage(config) {
    /** @type {string[]} */
    const uncovered = [];
    const document = Object.assign(Object.create(null), this.members);
    if ("@context" in config) {
      const [ofProof, ofDocument] = [listOf(config["@context"]), this.contexts()];
      if (canonical(ofDocument.slice(0, ofProof.length)) !== canonical(ofProof)) throw new Bad("the proof was made under another @context than the document has");
      for (let i = ofProof.length; i < ofDocument.length; i++) uncovered.push(`/@context/${i} is not among the contexts of the proof`);
      document["@context"] = config["@context"];
    }
    return { message: concat(await sha256(utf8(canonical(config))), await sha256(utf8(canonical(document)))), uncovered };
  }
}

/** @param {JsonObject} members */
async function rdfDigest(members) {
  const { quads, lost } = convert(members, await contexts());
  return { digest: await sha256(utf8(await canonicalForm(quads))), lost };
}

/** @param {JsonObject} proof */
function suiteOf(proof) {
  const type = textOf(proof, "type");
  if (type !== "DataIntegrityProof" && type !== "Ed25519Signature2020") throw new Unchecked(`proofs of type ${type} are not known`);
  const name = type === "DataIntegrityProof" ? textOf(proof, "cryptosuite") : type;
  const isKnown = Object.hasOwn(SUITES, name) && !(type === "DataIntegrityProof" && name === "Ed25519Signature2020");
  if (!isKnown) throw new Unchecked(`the cryptosuite ${name} is not known`);
  return SUITES[name];
}

/** @param {JsonObject} proof @param {string} field */
function textOf(proof, field) {
  const value = proof[field];
  if (typeof value !== "string") throw new Bad(`the proof's ${field} is not a text`);
  return value;
}

/** @param {JsonObject} proof @param {number} nowMs */
function checkOptions(proof, nowMs) {
  if ("previousProof" in proof) throw new Unchecked("the proof builds on another one");
  if (textOf(proof, "proofPurpose") !== "assertionMethod") throw new Bad("the proof's proofPurpose is not assertionMethod");
  for (const field of ["created", "expires"].filter((name) => name in proof)) {
    const time = moment(proof[field]);
    if (time === null) throw new Bad(`the proof's ${field} is not a date and time`);
    if (field === "expires" && time + CLOCK_TOLERANCE_MS < nowMs) throw new Bad("the proof has expired");
  }
}

/** @param {JsonObject} proof */
function keyOf(proof) {
  const method = proof.verificationMethod;
  return isObject(method) ? multikey(textOf(method, "publicKeyMultibase")) : keyOfMethod(textOf(proof, "verificationMethod"));
}

